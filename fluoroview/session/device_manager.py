"""The detector of a session: opened, armed, written to, armed again, closed.

Its methods run on the command thread where nothing else is stated; what others may see of it is
in the state of the session.
"""

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

from fluoroview.hal import (
    Access,
    DeviceError,
    DeviceHost,
    DeviceKind,
    DeviceState,
    FluoroError,
    ParameterSet,
    Progress,
)
from fluoroview.hal.roles import Role
from fluoroview.hal.runtime.registry import look_for
from fluoroview.pipeline.calibration.file import fitting_calibration
from fluoroview.pipeline.calibration.key import CalibrationKey
from fluoroview.pipeline.settings import PipelineSettings
from fluoroview.recording import RecordingStatus
from fluoroview.session.acquisition import Acquisition, Surroundings, arm
from fluoroview.session.devices.parameter_polling import subtraction_stated
from fluoroview.session.loop_buffer import LoopBuffer
from fluoroview.session.messages import DeviceFaulted, DeviceProgressed, DeviceRefused
from fluoroview.session.replay import ReplayController
from fluoroview.session.room import Room
from fluoroview.session.state import DeviceStatus

T = TypeVar("T")


class DeviceManager:
    """The armed detector, if there is one, and what outlives its arming."""

    def __init__(
        self,
        room: Room,
        around: Surroundings,
        replays: ReplayController,
        make_host: Callable[..., DeviceHost] = DeviceHost,
    ) -> None:
        self.room = room
        self.armed: Acquisition | None = None
        """Replaced by the dispatcher alone."""
        self.requested = (room.detector.driver, room.detector.device)
        """Driver and device to be opened next."""
        self._around = around
        self._dispatcher = around.dispatcher
        self._replays = replays
        self._make_host = make_host
        self._kept_loop: tuple[str, LoopBuffer] | None = None
        self._subtract: bool | None = None
        """Whether to subtract, as last chosen; it outlives the arming of the device."""
        self._subtraction_stated: bool | None = None
        self._subtraction_of = self.requested
        self._status_message = ""

    def need(self) -> Acquisition:
        """Return the armed device; from any thread. Raises DeviceError without one."""
        armed = self.armed
        if armed is None:
            raise DeviceError(
                "There is no device.",
                "Choose a driver and a device, and connect.",
                code="FV-SES-005",
            )
        return armed

    def calibration_key(self) -> CalibrationKey:
        """Return what a calibration must have been made with to fit; from any thread."""
        host = self.need().host
        return CalibrationKey.of(host.driver, host.device_id, self._dispatcher.state.parameters)

    def open(self) -> None:
        """Open and arm the requested device; the one before was left. Raises FluoroError."""
        driver, device_id = self.requested
        if self.requested != self._subtraction_of:  # a choice for another device's images
            self._subtract = self._subtraction_stated = None
            self._subtraction_of = self.requested
        section = self.room.detector
        host = self._make_host(
            driver,
            device_id or look_for(driver).first_id(),
            section.isolation,
            clock=self._around.clock,
            on_fault=self._faulted,
            on_refuse=self._refused,
            on_progress=self._progressed,
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
        """Close the device, if there is one."""
        armed = self.armed
        if armed is not None:
            self._disarm()
            armed.host.close()
        self._dispatcher.ask(lambda: self._dispatcher.change(parameters=ParameterSet()))

    def keep_loop(self) -> None:
        """Leave a device that failed, but keep its loop: it can be replayed after the restart."""
        armed = self.armed
        if armed is None or armed.host.state is not DeviceState.FAULT:
            return
        self.drop_loop()
        self._kept_loop = (armed.host.name, self._unarm(armed))
        armed.host.close()

    def drop_loop(self) -> None:
        """Forget the loop that was kept of a device that failed."""
        kept, self._kept_loop = self._kept_loop, None
        if kept is not None:
            kept[1].close()

    def write(self, name: str, value: Any) -> Any:
        """Write a parameter and return the value read back. Raises FluoroError."""
        armed = self.need()
        info = self._dispatcher.state.parameters.get(name)
        access = Access.RW if info is None else info.access
        if access is Access.RW_IDLE and armed.host.state is DeviceState.ARMED:
            return self._while_idle(armed, lambda: armed.host.write(name, value))
        written = armed.host.write(name, value)
        self._read_back(armed)
        return written

    def use_calibration(self, place: Path | None) -> None:
        """Correct with the set at `place` from now on; None: with none. Raises FluoroError."""
        armed = self.need()
        if armed.host.state is not DeviceState.ARMED:
            raise DeviceError(
                "The calibration cannot be changed while the device runs.",
                "Release the pedal.",
                code="FV-SES-006",
            )
        if place is not None:
            fitting_calibration(place, self.calibration_key())
        self.room = self.room.model_copy(update={"calibration": str(place or "")})
        self._while_idle(armed, lambda: None)

    def refresh(self) -> None:
        """Read the parameters again."""
        armed = self.armed
        if armed is None or armed.host.state not in (DeviceState.ARMED, DeviceState.RUNNING):
            return
        with suppress(FluoroError):  # a fault is reported when it comes
            self._read_back(armed)

    def start_recording(self, path: Path | None, *, ring_pulses: bool) -> Path:
        """Begin a raw recording; return its file. Raises DeviceError or RecordError."""
        armed = self.need()
        file = armed.record(
            path,
            clock=self._around.clock,
            ring_pulses=ring_pulses,
            warn=self._dispatcher.warn,
        )
        recorder = armed.recorder
        self._dispatcher.ask(
            lambda: self._dispatcher.change(recording=recorder.status if recorder else None)
        )
        return file

    def stop_recording(self) -> RecordingStatus | None:
        """End the raw recording; return how it ended, None if there was none."""
        status = self.armed.stop_recording() if self.armed is not None else None
        self._dispatcher.ask(lambda: self._dispatcher.change(recording=None))
        return status

    # changes of the state, on the dispatcher

    def subtract(self, on: bool) -> None:
        """Subtract a mask (DSA) from the next frame on, or stop doing so; also after a restart."""
        self._subtract = on
        if self.armed is not None:
            self.armed.subtract(on)
            self._dispatcher.change(subtracts=self.armed.subtracts)

    def configure(self, settings: PipelineSettings) -> None:
        """Use other settings of the pipeline from the next frame on."""
        if self.armed is not None:
            self.armed.pipeline.configure(settings)
            self._dispatcher.change(subtracts=self.armed.subtracts)

    def _armed(self, armed: Acquisition, parameters: ParameterSet) -> None:
        self.armed = armed
        if self._subtract is not None:
            armed.subtract(self._subtract)
        self._dispatcher.change(device=armed.status, subtracts=armed.subtracts, progress=None)
        self._heard(armed, parameters)

    def _unarmed(self) -> None:
        self._replays.end_loop()
        self.armed = None
        self._dispatcher.change(device=DeviceStatus(), subtracts=None, recording=None)

    def _heard(self, armed: Acquisition, parameters: ParameterSet) -> None:
        """Note what the device states: its values, whether its runs are for DSA, messages."""
        if armed is not self.armed:
            return
        self._dispatcher.change(parameters=parameters)
        stated = subtraction_stated(parameters)
        if stated is not None and stated is not self._subtraction_stated:
            self.subtract(stated)
        self._subtraction_stated = stated
        message = str(parameters.value(Role.STATUS_MESSAGE) or "")
        if message and message != self._status_message:
            self._dispatcher.warn(f"{armed.host.name}: {message}.", "")
        self._status_message = message

    # on the command thread

    def _arm(self, host: DeviceHost) -> None:
        windows = self._around.windows
        plain, subtracted = windows.new_source(), windows.new_source()
        windows.subtracted(subtracted)
        armed, parameters = arm(
            host, self.room, (plain, subtracted), self._around, self._loop_of(host)
        )
        self._kept_loop = None  # it continues, or was of no use
        self._around.pedal.attach(host)
        self._dispatcher.ask(lambda: self._armed(armed, parameters))

    def _loop_of(self, host: DeviceHost) -> LoopBuffer | None:
        """Return the loop that was kept of this device; None where there is none."""
        if self._kept_loop is not None and self._kept_loop[0] != host.name:
            self.drop_loop()
        return self._kept_loop[1] if self._kept_loop is not None else None

    def _disarm(self) -> None:
        armed = self.armed
        if armed is not None:
            self._unarm(armed).close()

    def _unarm(self, armed: Acquisition) -> LoopBuffer:
        """Take the device out of the session; return its loop buffer, still open."""
        recording = armed.recorder is not None
        self._dispatcher.ask(self._unarmed)
        self._around.pedal.detach(armed.host)
        loop_buffer = armed.close()
        if recording:
            self._dispatcher.warn(
                f"The recording of {armed.host.name} ended: the device is closed or armed again.",
                "Start another recording when it is armed.",
            )
        return loop_buffer

    def _while_idle(self, armed: Acquisition, work: Callable[[], T]) -> T:
        """Disarm, do something, and arm again."""
        self._disarm()
        try:
            armed.host.disarm()
            try:
                return work()
            finally:
                self._arm(armed.host)
        finally:
            if self.armed is None:  # it could not be armed again: others may have it
                armed.host.close()

    def _read_back(self, armed: Acquisition) -> None:
        parameters = armed.host.parameters()
        self._dispatcher.ask(lambda: self._heard(armed, parameters))

    # from threads of the host

    def _faulted(self, fault: FluoroError) -> None:
        withdrawn = self._around.pedal.release()
        self._around.send(DeviceFaulted(DeviceKind.DETECTOR, fault, withdrawn))

    def _progressed(self, progress: Progress) -> None:
        self._around.send(DeviceProgressed(progress))

    def _refused(self, refusal: FluoroError) -> None:
        withdrawn = self._around.pedal.release()
        self._around.send(DeviceRefused(refusal, withdrawn))


def _require_detector(host: DeviceHost) -> None:
    kind = host.traits.kind
    if kind is not DeviceKind.DETECTOR:
        raise DeviceError(
            f"{host.name} is a {kind}, not a detector: it delivers no frames.",
            f"Name it as [{kind.replace(' ', '_')}] in a room file, next to a detector.",
            code="FV-SES-007",
        )
