"""The generator and the dose meter that stand beside the detector of a room, if it has them."""

from collections.abc import Callable
from typing import Any

from fluoroview.exam.armed import status_of
from fluoroview.exam.auxiliary import Auxiliary
from fluoroview.exam.dose_desk import DoseDesk
from fluoroview.exam.room import Room
from fluoroview.exam.snapshot import DeviceStatus
from fluoroview.hal import Clock, DeviceError, FluoroError, Pulse


class Beside:
    """Both of them; methods do nothing where the room has none."""

    def __init__(self, room: Room, clock: Clock, desk: DoseDesk) -> None:
        self._room = room
        self._clock = clock
        self._desk = desk
        self._source: Auxiliary | None = None
        self._meter: Auxiliary | None = None

    def connect(
        self,
        on_source_pulses: Callable[[list[Pulse], int], None],
        on_source_fault: Callable[[FluoroError], None],
        on_meter_fault: Callable[[FluoroError], None],
    ) -> None:
        """Open what the room names. Raises FluoroError."""
        room, desk = self._room, self._desk
        if room.source.driver:
            self._source = source = Auxiliary(
                room.source,
                "source",
                clock=self._clock,
                on_pulses=on_source_pulses,
                on_fault=on_source_fault,
            )
            desk.source_tells_pulses = source.tells_pulses
            desk.technique = None if source.tells_pulses else source.technique
        if room.dosemeter.driver:
            self._meter = meter = Auxiliary(
                room.dosemeter,
                "dose meter",
                clock=self._clock,
                on_pulses=desk.meter_increments,
                on_fault=on_meter_fault,
            )
            desk.meter_there(True)
            meter.start()

    def disconnect(self) -> None:
        """Give both back."""
        beside, self._source, self._meter = (self._source, self._meter), None, None
        self._desk.source_tells_pulses = False
        self._desk.technique = None
        for auxiliary in beside:
            if auxiliary is not None:
                auxiliary.close()

    def prepare(self) -> None:
        """Shake hands with the generator. Raises DeviceError when it refuses."""
        if self._source is not None:
            self._source.prepare()

    def expose(self, pedal_held: Callable[[], bool]) -> None:
        """Let the generator expose. Raises FluoroError."""
        if self._source is not None:
            self._source.start(pedal_held)

    def release(self) -> None:
        """Forbid any further pulse, at once."""
        if self._source is not None:
            self._source.release()

    def stop(self) -> None:
        """End the exposure."""
        if self._source is not None:
            self._source.stop()

    @property
    def source_status(self) -> DeviceStatus:
        """Which generator, and its state."""
        return status_of(self._source.host) if self._source is not None else DeviceStatus()

    @property
    def source_parameters(self) -> list[dict[str, Any]]:
        """The generator's parameters, described; none where there is no generator."""
        return self._source.parameters if self._source is not None else []

    def write(self, name: str, value: Any) -> Any:
        """Write a parameter of the generator and return the value read back."""
        if self._source is None:
            raise DeviceError(
                "There is no generator in this room.", "Name one as source.driver in its file."
            )
        return self._source.write(name, value)
