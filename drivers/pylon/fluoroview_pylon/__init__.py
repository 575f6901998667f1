"""Basler cameras (GigE Vision, USB3 Vision, emulated) as detectors, through pypylon.

`detector` is the driver, `cameras` finds and opens a camera, `features` turns its node map into
parameters, `stream` takes the grab results of one run, `block_ids` keeps the account of lost
frames, `image` unpacks pixels, `sdk` holds what the SDK needs to behave.
"""

from fluoroview_pylon.detector import PylonDetector

__all__ = ["PylonDetector"]
