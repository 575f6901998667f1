"""The parts of a session put together, and how a message or a tick goes to the right one.

`Session` is the face: it turns calls into changes and commands. Here is what they do where more
than one part takes part in it.
"""

import logging
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from pathlib import Path
from typing import Any

from fluoroview.dicom import new_study_uid
from fluoroview.hal import Clock, DeviceHost, DeviceKind, FluoroError, Pulse
from fluoroview.hal.roles import Role
from fluoroview.hal.runtime.dead_man import BEAT_S
from fluoroview.session.acquisition import Surroundings
from fluoroview.session.device_manager import DeviceManager
from fluoroview.session.devices.back_off import BackOff
from fluoroview.session.devices.parameter_polling import ParameterPolling, is_new_patient
from fluoroview.session.dispatcher import Dispatcher
from fluoroview.session.dose_tracker import DoseTracker
from fluoroview.session.events import Problem, SessionEvents, emit
from fluoroview.session.images.display_windows import DisplayWindows
from fluoroview.session.images.image_pool import LatestImage
from fluoroview.session.images.stream_statistics import StreamStatistics
from fluoroview.session.messages import (
    BeamSeen,
    DeviceFaulted,
    DeviceProgressed,
    DeviceRefused,
    FrameProcessed,
    Message,
    PulsesRead,
    ReaderFailed,
)
from fluoroview.session.pedal import Pedal, Permit
from fluoroview.session.peripherals import Peripherals
from fluoroview.session.replay import Opened, ReplayController
from fluoroview.session.room import Room
from fluoroview.session.runs import Runs
from fluoroview.session.schedule import Schedule, periodic
from fluoroview.session.state import SessionState

logger = logging.getLogger(__name__)


class Core:
    """Everything a session has."""

    def __init__(
        self,
        room: Room,
        clock: Clock,
        events: SessionEvents,
        schedule: Schedule,
        make_host: Callable[..., DeviceHost],
    ) -> None:
        self.latest = LatestImage()
        self.statistics = StreamStatistics()
        self.windows = DisplayWindows()
        self.pedal = Pedal(clock, self._operator_silent)
        self.clock = clock
        self.events = events
        self._restart = BackOff(clock)
        self._polling = ParameterPolling(clock)
        self.dispatcher = dispatcher = Dispatcher(
            SessionState(hold_frames=room.hold.frames, study_uid=new_study_uid()),
            events,
            schedule,
            self._tick,
        )
        around = Surroundings(
            clock,
            schedule,
            events,
            dispatcher,
            self.pedal,
            self.latest,
            self.statistics,
            self.windows,
            self._send,
        )
        self.dose = DoseTracker(room, clock)
        self.replays = ReplayController(dispatcher, self.latest, clock, schedule, events)
        self.devices = DeviceManager(room, around, self.replays, make_host)
        self.peripherals = Peripherals(room, around, self.dose, make_host)
        self.runs = Runs(
            dispatcher,
            self.devices,
            self.peripherals,
            self.dose,
            self.pedal,
            self.replays,
            self._restart.went_well,
        )
        self._watch = periodic(schedule, "pedal", self.pedal.watch, BEAT_S)
        self._watch.start()
        dispatcher.start()

    # messages, on the dispatcher

    def _send(self, message: Message) -> None:
        """Pass a message to the dispatcher; from any thread."""
        self.dispatcher.post(lambda: self._take(message))

    def _take(self, message: Message) -> None:
        match message:
            case PulsesRead(reporter, pulses, missed):
                self._pulses(reporter, pulses, missed)
            case FrameProcessed(header):
                self.dispatcher.change(progress=None)
                self._missed(self.runs.frame(header))
            case DeviceProgressed(progress):
                self.dispatcher.change(progress=progress)
            case BeamSeen(on):
                self.runs.beam_seen(on)
            case ReaderFailed(what, device, error, withdrawn):
                self.runs.withdrawn(withdrawn)
                self._reader_failed(what, device, error)
            case DeviceFaulted(kind, fault, withdrawn):
                self.runs.withdrawn(withdrawn)
                self._faulted(kind, fault)
            case DeviceRefused(refusal, withdrawn):
                self.runs.withdrawn(withdrawn)
                self.dispatcher.report(refusal)

    def _pulses(self, reporter: DeviceKind, pulses: list[Pulse], missed: int) -> None:
        self.dose.pulses(reporter, pulses)
        if reporter is DeviceKind.GENERATOR:
            armed = self.devices.armed
            recorder = armed.recorder if armed is not None else None
            if recorder is not None:
                recorder.add_pulses(pulses, missed)
        if reporter is not DeviceKind.DETECTOR or self.dose.detector_reports:
            self._missed(missed)
        self._show_dose()
        if self.dispatcher.state.run is None:  # late ones: they belong to the last run
            self.runs.publish_records()

    def _missed(self, missed: int) -> None:
        if missed:
            self.dispatcher.warn(
                f"{missed} x-ray pulses could not be counted; the dose shown is too low.",
                "The computer was too busy; close other programs.",
            )

    def _reader_failed(self, what: str, device: str, error: Exception) -> None:
        armed = self.devices.armed
        if armed is not None and armed.host.name == device:
            armed.failed_reader = what
        kept = (
            "Pulses are still counted." if what == "frames" else "Pulses are not counted any more."
        )
        self.dispatcher.problem(
            Problem(
                f"The {what} of {device} are no longer read: {type(error).__name__}: {error}.",
                f"The run was ended. {kept} Restart the device; the log has the details.",
                device,
                code="FV-SES-002",
            )
        )

    def _faulted(self, kind: DeviceKind, fault: FluoroError) -> None:
        if kind is DeviceKind.DOSE_METER:
            self.dose.set_meter_present(False)
            self.dispatcher.report_fault(
                fault, "What it measures is missing from the dose from now on."
            )
            return
        self.dispatcher.report_fault(fault)
        if kind is DeviceKind.DETECTOR and self.devices.room.detector.restart == "automatic":
            self._plan_restart()

    def _operator_silent(self, permit: Permit, seconds: float) -> None:
        """Close the run of an operator who fell silent; from the pedal's thread."""

        def silence() -> None:
            self.runs.withdrawn(permit)
            self.dispatcher.warn(
                f"The run was ended: the program did not hear of the operator for {seconds:.1f} s.",
                "Release the pedal and press it again.",
            )

        self.dispatcher.post(silence)

    # time, on the dispatcher

    def _tick(self) -> None:
        """Raise the alarms that are due, read parameters again, restart a failed device."""
        self._show_dose()
        state = self.dispatcher.state
        if (
            self.dispatcher.idle
            and self.devices.armed is not None
            and self._polling.take_due(state.parameters, state.generator_parameters)
        ):
            self.dispatcher.put_command(self._refresh)
        if self._restart.take_due():
            self.dispatcher.put_command(self._restart_now)

    def _show_dose(self) -> None:
        high_level = bool(self.dispatcher.state.parameters.value(Role.HIGH_LEVEL))
        for alarm in self.dose.alarms(high_level=high_level):
            emit(self.events.alarm, alarm)
        self.dispatcher.change(
            dose=self.dose.reading(), five_minute_signal=self.dose.five_minute_signal
        )

    def _plan_restart_again(self) -> None:
        if not self._restart.waiting:  # else the fault has planned it already
            self._plan_restart()

    def _plan_restart(self) -> None:
        delay_s = self._restart.after_fault()
        self.dispatcher.warn(
            f"The device is restarted automatically in {delay_s:g} s.",
            "Press the pedal again when it is armed.",
        )

    # commands

    def connect(self, requested: tuple[str, str] | None) -> "Future[None]":
        """Open and arm a detector, and the peripherals of the room."""

        def work() -> None:
            if requested is not None:
                self.devices.requested = requested
            self._connect()

        self.dispatcher.post(self._restart.cancel)
        return self.dispatcher.command(work)

    def disconnect(self) -> "Future[None]":
        """Close all devices."""

        def work() -> None:
            self._leave()
            self.devices.drop_loop()

        self.dispatcher.post(self._restart.cancel)
        return self.dispatcher.command(work)

    def write(self, name: str, value: Any) -> Any:
        """Write a parameter of the detector; another patient begins at zero."""
        new_patient = is_new_patient(self.dispatcher.state.parameters, name, value)
        written = self.devices.write(name, value)
        if new_patient:
            self.dispatcher.ask(self._other_patient)
        return written

    def start_recording(self, path: Path | None) -> Path:
        """Begin a raw recording; its pulses are those of the device that reports them."""
        return self.devices.start_recording(path, ring_pulses=not self.dose.generator_reports)

    def _refresh(self) -> None:
        self.devices.refresh()
        self.peripherals.refresh()

    def _restart_now(self) -> None:
        """Restart; a device that is not back yet is tried again, later each time."""
        try:
            self._connect()
        except FluoroError:
            self.dispatcher.ask(self._plan_restart_again)
            raise

    def _connect(self) -> None:
        self.runs.finish()
        self.devices.keep_loop()
        self._leave()
        try:
            self.devices.open()
            if not self.dispatcher.state.plays_back:  # a recording makes no x-rays
                self.peripherals.connect()
        except BaseException:  # no pedal works in a room that is not whole
            self.devices.leave()
            self.peripherals.disconnect()
            raise

    def _leave(self) -> None:
        self.runs.finish()
        self.devices.leave()
        self.peripherals.disconnect()

    # changes

    def new_patient(self) -> None:
        """Begin at zero: dose, time, runs and study are another patient's."""
        self.runs.reset()
        self._show_dose()
        self.dispatcher.change(study_uid=new_study_uid())

    def _other_patient(self) -> None:
        if self.devices.armed is not None:
            self.devices.armed.frames.forget_hold()
        self.dispatcher.change(held=False)
        self.new_patient()

    def acknowledge_alarm(self) -> None:
        """Silence the 5-minute signal until its next passage."""
        self.dose.acknowledge()
        self._show_dose()

    def add_fluoroscopy_time(self, seconds: float) -> None:
        """Count time that was used before this program was started."""
        self.dose.add_fluoroscopy_time(seconds)
        self._show_dose()

    def dose_report(self) -> dict[str, Any]:
        """Return dose, runs and device, JSON-able."""
        report = self.dose.report()
        ledgers = {
            record.dose.run: record.ledger.as_dict() for record in self.dispatcher.state.records
        }
        report["device"] = self.dispatcher.state.device.name
        for run in report["runs"]:
            if run["run"] in ledgers:
                run["ledger"] = ledgers[run["run"]]
        return report

    def stop_replay(self) -> None:
        """Show the last-image hold again, where there is one."""
        if not self.replays.end():
            return
        armed = self.devices.armed
        held = self.dispatcher.state.held and armed is not None and armed.frames.show_hold()
        self.dispatcher.change(held=held)

    def replay(self, open_cine: Callable[[], Opened]) -> "Future[None]":
        """Open a cine and replay it; the pedal is released, and a press cancels the replay."""
        begun: Future[None] = Future()
        self.runs.release()

        def work() -> None:
            opened = open_cine()
            self.dispatcher.post(lambda: self.replays.request(opened, begun))

        def failed(opening: "Future[None]") -> None:
            if (error := opening.exception()) is not None:
                begun.set_exception(error)

        self.dispatcher.submit(work).add_done_callback(failed)
        return begun

    # the end

    def close(self) -> None:
        """Beam off, work finished, run, recording and devices closed, threads ended."""
        self.runs.release()
        self.dispatcher.ask(self._shut)
        self.dispatcher.finish_work()
        with suppress(Exception):  # reported already
            self.dispatcher.wait(self.dispatcher.command(self._close))
        self._watch.close()
        self.dispatcher.close()

    def _shut(self) -> None:
        self._restart.cancel()
        self.replays.shut()

    def _close(self) -> None:
        self.runs.finish()
        self.devices.stop_recording()
        self._leave()
        self.devices.drop_loop()
