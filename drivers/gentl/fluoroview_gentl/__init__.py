"""Detectors behind any GenICam GenTL producer (a vendor's .cti file), through harvesters.

`detector` is the driver, `producers` finds and loads the .cti files, `features` turns the node
map into parameters, `picture` finds the picture in a buffer, `pixel_format` decodes it,
`frame_ids` keeps the account of lost frames, `timestamps` makes nanoseconds, `sdk` holds what the
SDK needs to behave.
"""

from fluoroview_gentl.detector import GenTLDetector

__all__ = ["GenTLDetector"]
