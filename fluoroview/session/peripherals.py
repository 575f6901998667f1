"""The generator and the dose meter next to the detector of a room, where it has them.

The methods run on the command thread where nothing else is stated; what others may see is in the
state of the session.
"""

from collections.abc import Callable
from contextlib import suppress
from typing import Any

from fluoroview.hal import DeviceError, DeviceHost, DeviceKind, FluoroError, ParameterSet
from fluoroview.session.acquisition import Surroundings, status_of
from fluoroview.session.devices.peripheral import Peripheral
from fluoroview.session.dose_tracker import DoseTracker
from fluoroview.session.room import DeviceSection, Room
from fluoroview.session.state import DeviceStatus


class Peripherals:
    """Both of them; methods do nothing where the room has none."""

    def __init__(
        self,
        room: Room,
        around: Surroundings,
        dose: DoseTracker,
        make_host: Callable[..., DeviceHost] = DeviceHost,
    ) -> None:
        self._room = room
        self._around = around
        self._dispatcher = around.dispatcher
        self._dose = dose
        self._make_host = make_host
        self._generator: Peripheral | None = None
        self._meter: Peripheral | None = None

    def connect(self) -> None:
        """Open what the room names. Raises FluoroError."""
        room = self._room
        if room.generator.driver:
            self._generator = self._open(room.generator, DeviceKind.GENERATOR)
            self._publish_generator(self._generator)
        if room.dose_meter.driver:
            self._meter = self._open(room.dose_meter, DeviceKind.DOSE_METER)
            self._dispatcher.ask(lambda: self._dose.set_meter_present(True))
            self._meter.start()

    def disconnect(self) -> None:
        """Close both."""
        devices = (self._generator, self._meter)
        self._generator = self._meter = None
        for device in devices:
            if device is not None:
                device.close()
        self._dispatcher.ask(self._no_generator)

    def prepare(self) -> None:
        """Shake hands with the generator. Raises DeviceError when it refuses."""
        if self._generator is not None:
            self._generator.prepare()

    def expose(self, pedal_held: Callable[[], bool]) -> None:
        """Let the generator expose. Raises FluoroError."""
        if self._generator is not None:
            self._generator.start(pedal_held)

    def release(self) -> None:
        """Forbid any further pulse, at once; from any thread."""
        generator = self._generator
        if generator is not None:
            generator.release()

    def stop(self) -> None:
        """End the exposure."""
        if self._generator is not None:
            self._generator.stop()

    def refresh(self) -> None:
        """Read the generator's parameters again."""
        generator = self._generator
        if generator is None:
            return
        with suppress(FluoroError):  # a fault is reported when it comes
            generator.refresh()
        self._publish_generator(generator)

    def write(self, name: str, value: Any) -> Any:
        """Write a parameter of the generator and return the value read back."""
        generator = self._generator
        if generator is None:
            raise DeviceError(
                "There is no generator in this room.",
                "Name one as generator.driver in its file.",
                code="FV-SES-023",
            )
        written = generator.write(name, value)
        self._publish_generator(generator)
        return written

    def status(self) -> DeviceStatus:
        """Return which generator there is, and its state; from any thread."""
        generator = self._generator
        return status_of(generator.host) if generator is not None else DeviceStatus()

    def _open(self, section: DeviceSection, kind: DeviceKind) -> Peripheral:
        around = self._around
        return Peripheral(
            section,
            kind,
            clock=around.clock,
            schedule=around.schedule,
            pedal=around.pedal,
            send=around.send,
            make_host=self._make_host,
        )

    def _publish_generator(self, generator: Peripheral) -> None:
        status, parameters = status_of(generator.host), generator.parameters
        reports = generator.reports_pulses

        def publish() -> None:
            self._dose.generator(reports_pulses=reports, parameters=parameters)
            self._dispatcher.change(generator=status, generator_parameters=parameters)

        self._dispatcher.ask(publish)

    def _no_generator(self) -> None:
        self._dose.no_generator()
        self._dispatcher.change(generator=DeviceStatus(), generator_parameters=ParameterSet())
