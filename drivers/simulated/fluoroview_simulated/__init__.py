"""A simulated pulsed x-ray source and flat detector: modified barium swallow, lateral view.

Apart by concern: `technique` and `beam` (what leaves the tube), `patient` (what stands in it),
`procedure` (what moves and flows), `detector` (what makes pixels of it), `scene` (all of it for
one pulse) and `device` (the driver that the HAL loads).
"""
