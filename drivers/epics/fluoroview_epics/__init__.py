"""Images that EPICS areaDetector serves as NTNDArray over pvAccess, through p4p.

`detector` is the driver, `image` reads one NTNDArray and says what it cannot show,
`subscription` is one run's stream of updates, `sdk` imports p4p.
"""

from fluoroview_epics.detector import EpicsDetector

__all__ = ["EpicsDetector"]
