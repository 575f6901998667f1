"""What the author of a positioner's driver implements: `Positioner`.

A positioner holds the tube and the detector (a C-arm, a stand, a tilting table). It delivers no
frames and no pulses: what it has and how far it may go are its parameters, and the role of each
parameter states which axis it is (hal/roles.py). Writing such a parameter moves the axis;
the position reached is read back.
"""

from fluoroview.hal.device import Device, DeviceKind
from fluoroview.hal.sink import FrameSink


class Positioner(Device):
    """A device whose parameters are angles, distances and table positions."""

    kind = DeviceKind.POSITIONER

    def start(self, sink: FrameSink) -> None:
        """Note that a run begins; a positioner has nothing to deliver."""

    def stop(self) -> None:
        """Note that the run has ended; the positioner stays where it is."""
