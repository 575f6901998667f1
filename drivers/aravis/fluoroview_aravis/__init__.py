"""GigE Vision and USB3 Vision detectors through Aravis, by GObject introspection.

`detector` is the driver, `cameras` finds and claims them, `features` turns the node map into
parameters, `binning` tries whether a device bins at all, `stream` keeps the account of one run,
`watch` asks a silent device whether it is still there, `sdk` holds what Aravis needs to behave.
"""

from fluoroview_aravis.detector import AravisDetector

__all__ = ["AravisDetector"]
