"""What the author of a collimator's driver implements: `Collimator`.

A collimator limits the beam with blades and wedge filters. It delivers no frames and no pulses:
its blades are parameters, and the role of each parameter states which one it is (hal/roles.py).
Positions are in mm at the detector, as the field of an `Exposure` is.
"""

from fluoroview.hal.device import Device, DeviceKind
from fluoroview.hal.sink import FrameSink


class Collimator(Device):
    """A device whose parameters are the edges of the field and the wedge filters."""

    kind = DeviceKind.COLLIMATOR

    def start(self, sink: FrameSink) -> None:
        """Note that a run begins; a collimator has nothing to deliver."""

    def stop(self) -> None:
        """Note that the run has ended; the blades stay where they are."""
