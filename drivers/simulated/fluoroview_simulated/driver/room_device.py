"""What parameters need of the device whose room they set: no more than this."""

from __future__ import annotations

from typing import Protocol

from fluoroview_simulated.procedures.base import Procedure
from fluoroview_simulated.render.scene import Scene
from fluoroview_simulated.room.owner import Room


class RoomDevice(Protocol):
    """A device with a simulated room; `SimulatedDetector` is one."""

    device_id: str
    room: Room

    def prepare(self) -> None:
        """Have the patient prepared for the state of the room as it is now."""

    def choose(self, procedure: str) -> None:
        """Choose another procedure."""

    def patient(self) -> Procedure:
        """Return the patient as soon as there is one."""

    def scene(self) -> Scene | None:
        """Return what is in front of the detector, or None while it is being prepared."""

    def reset_skin(self) -> None:
        """Begin the skin dose of another patient."""

    def now_s(self) -> float:
        """Return the procedure's time."""
