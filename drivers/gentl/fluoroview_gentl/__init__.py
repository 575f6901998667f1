"""Detectors behind any GenICam GenTL producer (a vendor's .cti file), through harvesters.

`detector` is the driver, `producers` finds and loads the .cti files, `features` turns the node
map into parameters, `image` finds the image in a buffer (`fluoroview.hal.sdk.pixel_format` decodes
it), `stream` keeps the account of one run, `timestamps` makes nanoseconds, `sdk` holds what the SDK
needs to behave.
"""

from fluoroview_gentl.detector import GenTLDetector

__all__ = ["GenTLDetector"]
