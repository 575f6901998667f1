"""The generator and the dose meter that stand beside the detector of a room, if it has them."""

from collections.abc import Callable
from typing import Any

from fluoroview.hal import Clock, DeviceError, FluoroError, Pulse
from fluoroview.hal.parameter import ParameterSet
from fluoroview.session.acquisition import status_of
from fluoroview.session.devices.peripheral import Peripheral
from fluoroview.session.dose_tracker import DoseTracker
from fluoroview.session.room import Room
from fluoroview.session.state import DeviceStatus


class Peripherals:
    """Both of them; methods do nothing where the room has none."""

    def __init__(self, room: Room, clock: Clock, desk: DoseTracker) -> None:
        self._room = room
        self._clock = clock
        self._desk = desk
        self._source: Peripheral | None = None
        self._meter: Peripheral | None = None

    def connect(
        self,
        on_source_pulses: Callable[[list[Pulse], int], None],
        on_source_fault: Callable[[FluoroError], None],
        on_meter_fault: Callable[[FluoroError], None],
    ) -> None:
        """Open what the room names. Raises FluoroError."""
        room, desk = self._room, self._desk
        if room.source.driver:
            self._source = source = Peripheral(
                room.source,
                "generator",
                clock=self._clock,
                on_pulses=on_source_pulses,
                on_fault=on_source_fault,
            )
            desk.generator_reports_pulses = source.reports_pulses
            desk.technique = None if source.reports_pulses else source.technique
        if room.dose_meter.driver:
            self._meter = meter = Peripheral(
                room.dose_meter,
                "dose meter",
                clock=self._clock,
                on_pulses=desk.meter_increments,
                on_fault=on_meter_fault,
            )
            desk.set_meter_present(True)
            meter.start()

    def disconnect(self) -> None:
        """Give both back."""
        beside, self._source, self._meter = (self._source, self._meter), None, None
        self._desk.generator_reports_pulses = False
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
    def generator_status(self) -> DeviceStatus:
        """Which generator, and its state."""
        return status_of(self._source.host) if self._source is not None else DeviceStatus()

    @property
    def generator_parameters(self) -> ParameterSet:
        """The generator's parameters, described; none where there is no generator."""
        return self._source.parameters if self._source is not None else ParameterSet()

    def write(self, name: str, value: Any) -> Any:
        """Write a parameter of the generator and return the value read back."""
        if self._source is None:
            raise DeviceError(
                "There is no generator in this room.", "Name one as source.driver in its file."
            )
        return self._source.write(name, value)
