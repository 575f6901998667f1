"""The detector of an examination: opened, armed, written to, armed again, given back.

Its methods, where nothing else is said, run on the examination's command thread.
"""

from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from fluoroview.hal import Access, Clock, DeviceError, DeviceHost, DeviceState, FluoroError
from fluoroview.hal.parameter import ParameterSet
from fluoroview.hal.runtime.registry import look_for
from fluoroview.pipeline.calibration.file import fitting_calibration
from fluoroview.session.acquisition import Acquisition, Listeners, arm
from fluoroview.session.devices.parameter_polling import NOTICE, ParameterPolling, told_subtraction
from fluoroview.session.dispatcher import Dispatcher
from fluoroview.session.events import SessionEvents
from fluoroview.session.images.display_windows import DisplayWindows
from fluoroview.session.images.image_pool import Screen
from fluoroview.session.images.stream_statistics import StreamStatistics
from fluoroview.session.loop_buffer import LoopBuffer
from fluoroview.session.room import Room

T = TypeVar("T")


@dataclass(frozen=True)
class Hooks:
    """What the examination does when its detector comes and goes."""

    leaving: Callable[[], None]
    """Before the loop store may be closed: nothing may replay it."""
    unarmed: Callable[[], None]
    faulted: Callable[[FluoroError], None]
    refused: Callable[[FluoroError], None]


class Detector:
    """The one that is armed, if one is, and what outlives its arming."""

    def __init__(
        self,
        room: Room,
        clock: Clock,
        workplace: Dispatcher,
        events: SessionEvents,
        *,
        screen: Screen,
        health: StreamStatistics,
        windows: DisplayWindows,
    ) -> None:
        self.room = room
        self.armed: Acquisition | None = None
        self.wanted = (room.detector.driver, room.detector.device)
        """Driver and device to be opened next."""
        self._clock = clock
        self._workplace = workplace
        self._events = events
        self._screen = screen
        self._health = health
        self._windows = windows
        self._listeners: Listeners
        self._hooks: Hooks
        self._parameters_between = ParameterSet()
        self._kept_loop: tuple[str, LoopBuffer] | None = None
        self._subtract: bool | None = None
        self._told_subtraction: bool | None = None
        self._subtraction_of = self.wanted
        self._notice = ""
        self._live_values = ParameterPolling(self._refresh)

    def join(self, listeners: Listeners, hooks: Hooks) -> None:
        """Tell these of what comes from the detector, and of its coming and going."""
        self._listeners, self._hooks = listeners, hooks

    @property
    def parameters(self) -> ParameterSet:
        """Its parameters, described, as last read; also while it is armed again."""
        device = self.armed
        return device.parameters if device is not None else self._parameters_between

    def told(self, name: str) -> Any:
        """Return the value of a parameter as last read, if the device has it."""
        return next((each.value for each in self.parameters if each.name == name), None)

    def need(self) -> Acquisition:
        """Return the armed device. Raises DeviceError without one."""
        if self.armed is None:
            raise DeviceError("There is no device.", "Choose a driver and a device, and connect.")
        return self.armed

    def open(self) -> None:
        """Open and arm what is wanted, when the one before was left. Raises FluoroError."""
        driver, device_id = self.wanted
        if self.wanted != self._subtraction_of:  # another device's images are not subtracted
            self._subtract = self._told_subtraction = None
            self._subtraction_of = self.wanted
        section = self.room.detector
        host = DeviceHost(
            driver,
            device_id or look_for(driver).first_id(),
            section.isolation,
            clock=self._clock,
            on_fault=self._hooks.faulted,
            on_refuse=self._hooks.refused,
            faults=Path(section.faults) if section.faults else None,
        )
        try:
            host.open()
            _require_detector(host)
            if driver == section.driver:
                for name, value in section.parameters.items():
                    host.write(name, value)
            self._arm(host)
        except BaseException:
            self._disarm()
            host.close()
            raise

    def leave(self) -> None:
        """Give the device back, if there is one."""
        device = self.armed
        if device is not None:
            self._disarm()
            device.host.close()

    def keep_loop(self) -> None:
        """Leave a device that failed, but keep its loop: it can be replayed after the restart."""
        device = self.armed
        if device is None or device.host.state is not DeviceState.FAULT:
            return
        self.drop_loop()
        self._hooks.leaving()
        self._kept_loop = (device.host.name, device.close_but_loop())
        self._unarm()
        device.host.close()

    def drop_loop(self) -> None:
        """Forget the loop that was kept of a device that failed."""
        kept, self._kept_loop = self._kept_loop, None
        if kept is not None:
            kept[1].close()

    def write(self, name: str, value: Any) -> Any:
        """Write a parameter and return the value read back. Raises FluoroError."""
        device = self.need()
        access = next((p.access for p in device.parameters if p.name == name), Access.RW)
        if access == Access.RW_IDLE and device.host.state is DeviceState.ARMED:
            return self._while_idle(device, lambda: device.host.write(name, value))
        written = device.host.write(name, value)
        device.parameters = device.host.parameters()
        self._hear(device)
        return written

    def use_calibration(self, place: Path | None) -> None:
        """Correct with the set at `place` from now on; None: with none. Raises FluoroError."""
        device = self.need()
        if device.host.state is not DeviceState.ARMED:
            raise DeviceError(
                "The calibration cannot be changed while the device runs.", "Release the pedal."
            )
        if place is not None:
            fitting_calibration(place, device.calibration_key)
        self.room = self.room.model_copy(update={"calibration": str(place or "")})
        self._while_idle(device, lambda: None)

    def subtract(self, on: bool) -> None:
        """Subtract a mask (DSA) from the next frame on, or do not; also after a restart.

        May be called from any thread.
        """
        self._subtract = on
        device = self.armed
        if device is not None:
            settings = device.pipeline.settings
            subtraction = settings.subtraction.model_copy(update={"on": on})
            device.pipeline.configure(settings.model_copy(update={"subtraction": subtraction}))
        self._events.status_changed.emit()

    def close(self) -> None:
        """Read no values any more. To be called from outside of the command thread."""
        self._live_values.close()

    def _arm(self, host: DeviceHost) -> None:
        plain, subtracted = self._windows.new_source(), self._windows.new_source()
        self._windows.subtracted(subtracted)
        self.armed = arm(
            host,
            self.room,
            (plain, subtracted),
            clock=self._clock,
            screen=self._screen,
            health=self._health,
            loop=self._loop_of(host),
            listeners=self._listeners,
        )
        self._kept_loop = None  # armed: the loop goes on, or was of no use
        if self._subtract is not None:
            self.subtract(self._subtract)
        self._hear(self.armed)

    def _loop_of(self, host: DeviceHost) -> LoopBuffer | None:
        """Return the loop that was kept of this device; None: there is none."""
        if self._kept_loop is not None and self._kept_loop[0] != host.name:
            self.drop_loop()
        return self._kept_loop[1] if self._kept_loop is not None else None

    def _disarm(self) -> None:
        if self.armed is not None:
            self._hooks.leaving()
            self.armed.close()
            self._unarm()

    def _unarm(self) -> None:
        self.armed = None
        self._hooks.unarmed()

    def _while_idle(self, device: Acquisition, work: Callable[[], T]) -> T:
        """Disarm, do something, and arm again."""
        self._parameters_between = device.parameters
        self._disarm()
        try:
            device.host.disarm()
            try:
                return work()
            finally:
                self._arm(device.host)
        finally:
            self._parameters_between = ParameterSet()
            if self.armed is None:  # it could not be armed again: others may have it
                device.host.close()

    def _hear(self, device: Acquisition) -> None:
        """Follow what the device tells: values that move, notices, whether its runs are for DSA."""
        self._live_values.follow(device.parameters)
        told = told_subtraction(device.parameters)
        if told is not None and told is not self._told_subtraction:
            self.subtract(told)
        self._told_subtraction = told
        notice = str(self.told(NOTICE) or "")
        if notice and notice != self._notice:
            self._workplace.warn(f"{device.host.name}: {notice}.", "")
        self._notice = notice

    def _refresh(self) -> "Future[None]":
        """Read the parameters again, after the commands that wait."""
        return self._workplace.quiet_command(self._read)

    def _read(self) -> None:
        device = self.armed
        if device is None or device.host.state not in (DeviceState.ARMED, DeviceState.RUNNING):
            return
        with suppress(FluoroError):  # a fault is told when it comes
            device.parameters = device.host.parameters()
            self._hear(device)


def _require_detector(host: DeviceHost) -> None:
    kind = host.traits.kind
    if kind != "detector":
        raise DeviceError(
            f"{host.name} is a {kind}, not a detector: it gives no frames.",
            f"Name it as [{kind.replace(' ', '')}] in a room file, beside a detector.",
        )
