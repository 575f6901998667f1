"""The examination: pedal, runs, last-image hold, dose, loop. The heart, without a face.

The viewer shows it and sends commands; the command line runs the same object without Qt.
Commands to the device run one after the other on a thread of their own; the pedal's release does
not wait for them: it forbids the next pulse at once, in shared memory.
"""

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

from fluoroview.dicom import DicomCine, WrittenFile, new_study_uid
from fluoroview.exam import saving
from fluoroview.exam.armed import ArmedDevice, Listeners, arm, value_of
from fluoroview.exam.back_off import BackOff
from fluoroview.exam.beside import Beside
from fluoroview.exam.dose_desk import DoseDesk
from fluoroview.exam.events import ExamEvents, Mode, Problem, Severity, TaskProgress
from fluoroview.exam.health import HealthMonitor
from fluoroview.exam.hold import MOST_FRAMES
from fluoroview.exam.live_values import (
    RUN_KIND,
    LiveValues,
    is_new_patient,
    told_subtraction,
)
from fluoroview.exam.loop_store import LoopStore
from fluoroview.exam.pictures import Picture, PictureBuffer, Screen
from fluoroview.exam.player import LoopPlayer
from fluoroview.exam.replay import Replay, ReplayInfo, info_of
from fluoroview.exam.room import Room
from fluoroview.exam.snapshot import DeviceStatus, ExamSnapshot, RunRecord
from fluoroview.exam.windows import SourceWindows
from fluoroview.hal import (
    Access,
    Clock,
    DeviceError,
    DeviceHost,
    DeviceInfo,
    DeviceState,
    FluoroError,
    FrameHeader,
    Ledger,
    ParameterError,
    PixelIntensityRelationship,
    Pulse,
    SystemClock,
)
from fluoroview.hal.registry import DriverInfo, installed_drivers, look_for
from fluoroview.hal.ring import RingReader
from fluoroview.pipeline.calibration_file import fitting_calibration
from fluoroview.pipeline.calibration_key import CalibrationKey
from fluoroview.pipeline.display import Window
from fluoroview.pipeline.settings import PipelineSettings
from fluoroview.record import RecordingStatus

T = TypeVar("T")
_DRAIN_S = 2.0
_SETTLED_PICTURES = 5
DEFAULT_RATE_HZ = 30.0


class Examination:
    """One examination in one room. Methods may be called from any thread."""

    def __init__(self, room: Room | None = None, clock: Clock | None = None) -> None:
        self.room = room or Room()
        self.clock = clock or SystemClock()
        self.events = ExamEvents()
        self.dose = DoseDesk(self.room, self.clock, self.events.alarm.emit, self._pulses_missed)
        self.dose.run_kind = lambda: str(self._told(RUN_KIND) or "")
        self.dose.high_level = lambda: bool(self._told("HighLevelControl"))
        self.study_uid = new_study_uid()
        self.runs: list[RunRecord] = []
        self._hold_frames = self.room.hold.frames
        self._screen = Screen()
        self._health = HealthMonitor()
        self._device: ArmedDevice | None = None
        self._beside = Beside(self.room, self.clock, self.dose)
        self._wanted = (self.room.detector.driver, self.room.detector.device)
        self._replay: Replay | None = None
        self._mode = Mode.IDLE
        self._pedal_down = False
        self._with_beam = True
        self._fault: FluoroError | None = None
        self._run_open = False
        self._run_exposed = True
        self._sources = 0
        self._subtract: bool | None = None
        self._told_subtraction: bool | None = None
        self._subtraction_of = self._wanted
        self._parameters_between: list[dict[str, Any]] = []
        self._live_values = LiveValues(self._refresh_parameters)
        self._windows = SourceWindows()
        self._kept_loop: tuple[str, LoopStore] | None = None
        self._lock = threading.RLock()
        self._restart = BackOff(self._restart_by_itself, self._restart_announced)
        self._commands = ThreadPoolExecutor(1, "device commands")
        self._work = ThreadPoolExecutor(2, "work")

    # devices

    @staticmethod
    def drivers() -> list[DriverInfo]:
        """Return the installed drivers."""
        return installed_drivers()

    @staticmethod
    def discover(driver: str) -> list[DeviceInfo]:
        """Return the devices of one driver. Takes up to seconds. Raises FluoroError."""
        return look_for(driver).devices

    def connect(self, driver: str = "", device: str = "") -> "Future[None]":
        """Open and arm a device, instead of the present one. Without names: the room's."""
        if driver:
            self._wanted = (driver, device)
        self._restart.cancel()
        return self._command(self._connect)

    def restart_device(self) -> "Future[None]":
        """Open the same device again, after a fault."""
        self._restart.cancel()
        return self._command(self._connect)

    def disconnect(self) -> "Future[None]":
        """Give the device back."""
        self._restart.cancel()
        return self._command(self._disconnect)

    def set_parameter(self, name: str, value: Any) -> "Future[Any]":
        """Write a parameter; the future has the value read back, or ParameterError.

        A parameter that fixes the format is written between two runs, by arming again.
        """
        return self._command(lambda: self._set_parameter(name, value))

    @property
    def parameters(self) -> list[dict[str, Any]]:
        """The device's parameters, described, as last read; also while it is armed again."""
        device = self._device
        return device.parameters if device is not None else self._parameters_between

    @property
    def plays_back(self) -> bool:
        """Whether the device plays what was recorded: there is no beam, and nothing is live."""
        return any(each["name"] == "PlaybackSpeed" for each in self.parameters)

    # calibration

    def calibration_key(self) -> CalibrationKey:
        """Return the key of the device as it is now. Raises DeviceError without a device."""
        return self._need_device().calibration_key

    @property
    def calibration_file(self) -> Path | None:
        """The calibration that corrects the pictures, if one does."""
        return self._device.calibration_file if self._device is not None else None

    def use_calibration(self, place: Path | None) -> "Future[None]":
        """Correct with the set at `place` (a file or a folder) from now on; None: with none.

        CalibrationError in the future, with the reason, where none there fits the device.
        """
        return self._command(lambda: self._use_calibration(place))

    def frame_reader(self) -> RingReader:
        """Return a reader of the raw frames from now on; to be closed before the device is.

        Raises DeviceError without an armed device.
        """
        ring = self._need_device().host.ring
        if ring is None:
            raise DeviceError("The device is not armed.", "Restart it.")
        return ring.reader()

    # pedal

    def press_pedal(self, *, beam: bool = True) -> None:
        """Begin a run; returns at once.

        Without `beam` the detector delivers frames and the generator is left alone: dark frames.
        """
        with self._lock:
            if self._pedal_down:
                return
            self._pedal_down = True
            self._with_beam = beam
        self.stop_replay()
        self._command(self._start_run)

    def release_pedal(self) -> None:
        """End the run: no pulse after this, and the last image is held. Returns at once."""
        with self._lock:
            if not self._pedal_down:
                return
            self._pedal_down = False
            device = self._device
            self._beside.release()
            if device is not None:
                device.host.release_pedal()
                device.road.end_live()
            self._beam_off()
        self._command(self._stop_run)
        self.events.status_changed.emit()

    def end_beam(self) -> None:
        """End the exposure but let the frames go on until the pedal is released."""
        with self._lock:
            self._with_beam = False
            self._beside.release()
            self._beam_off()
        self.events.status_changed.emit()

    @property
    def hold_frames(self) -> int:
        """Of how many pictures the next hold is made."""
        return self._hold_frames

    @hold_frames.setter
    def hold_frames(self, frames: int) -> None:
        if not 1 <= frames <= MOST_FRAMES:
            raise ParameterError(
                f"The hold cannot be made of {frames} pictures.",
                f"Allowed are 1 (the last picture) to {MOST_FRAMES} (their mean).",
            )
        if self._pedal_down:
            raise ParameterError(
                "The hold cannot be changed while the pedal is down.",
                "Choose it before the exposure.",
            )
        self._hold_frames = frames
        self.events.status_changed.emit()

    # pictures

    def take_picture(self) -> Picture | None:
        """Return the newest picture if it was not taken yet; the one before is given back."""
        return self._screen.take()

    def painted(self, latency_ms: float) -> None:
        """Note the commit-to-painted latency of a live picture."""
        self._health.painted(latency_ms)

    def set_window(self, source: int, window: Window) -> None:
        """Remember the window that the operator chose for a source."""
        self._windows.choose(source, window)

    def auto_window(self) -> Window | None:
        """Find the window that suits the picture on the screen, and make it its source's."""
        entry = self._screen.current()
        if entry is None:
            return None
        picture, buffer = entry
        try:
            return self._windows.find(picture.source, picture.pixels, self.picture_maximum)
        finally:
            buffer.drop()

    @property
    def _beam_from_signal(self) -> bool:
        return self.room.beam.detect == "signal"

    @property
    def source_parameters(self) -> list[dict[str, Any]]:
        """The generator's parameters, described; none where the room has no generator."""
        return self._beside.source_parameters

    def set_source_parameter(self, name: str, value: Any) -> "Future[Any]":
        """Write a parameter of the generator; the future has the value read back."""
        return self._command(lambda: self._beside.write(name, value))

    @property
    def picture_maximum(self) -> int:
        """Largest count of the pictures on the screen."""
        replay, device = self._replay, self._device
        if replay is not None and isinstance(replay.cine, DicomCine):
            return replay.cine.picture_max
        return device.pipeline.picture_maximum if device is not None else 65535

    @property
    def relationship(self) -> PixelIntensityRelationship:
        """How the pictures on the screen follow x-ray intensity; the tone makes LIN to LOG."""
        replay, device = self._replay, self._device
        if replay is not None and isinstance(replay.cine, DicomCine):
            return replay.cine.intensity_relationship
        return device.relationship if device is not None else PixelIntensityRelationship.DISP

    @property
    def pipeline_settings(self) -> PipelineSettings | None:
        """Settings of the pipeline; None without a device."""
        return self._device.pipeline.settings if self._device is not None else None

    def configure_pipeline(self, settings: PipelineSettings) -> None:
        """Use other settings from the next frame on."""
        if self._device is not None:
            self._device.pipeline.configure(settings)

    @property
    def subtracts(self) -> bool | None:
        """Whether a mask is subtracted from the pictures; None where that cannot be done."""
        device = self._device
        if device is None or device.pipeline.subtraction is None:
            return None
        return device.pipeline.subtracts

    def is_subtracted(self, source: int) -> bool:
        """Whether the pictures of a source are differences to a mask."""
        return self._windows.is_subtracted(source)

    def subtract(self, on: bool) -> None:
        """Subtract a mask (DSA) from the next frame on, or do not; kept for devices to come."""
        self._subtract = on
        device = self._device
        if device is not None:
            settings = device.pipeline.settings
            subtraction = settings.subtraction.model_copy(update={"on": on})
            self.configure_pipeline(settings.model_copy(update={"subtraction": subtraction}))
        self.events.status_changed.emit()

    # replay

    @property
    def player(self) -> LoopPlayer | None:
        """The player of what is replayed, if anything is."""
        replay = self._replay
        return replay.player if replay is not None else None

    def open_file(self, path: str | Path) -> "Future[None]":
        """Open a DICOM file and stand on its first picture. DicomError in the future."""
        return self.submit(lambda: self._open_file(Path(path)))

    def replay_loop(self, *, last_run_only: bool = False) -> "Future[None]":
        """Replay what the loop store holds."""
        return self.submit(lambda: self._replay_loop(last_run_only))

    def stop_replay(self) -> None:
        """Go back to the hold."""
        with self._lock:
            replay, self._replay = self._replay, None
        if replay is None:
            return
        replay.close()
        device = self._device
        self._mode = Mode.IDLE
        if device is not None and device.road.show_hold():
            self._mode = Mode.HOLD
        self.events.status_changed.emit()

    # raw recording

    def start_recording(self, path: str | Path | None = None) -> Path:
        """Record every committed frame and pulse, raw, from now on; return the file.

        Without a name it lies in the user's recordings folder. Raises RecordError or DeviceError.
        """
        path = self._need_device().record(
            Path(path) if path is not None else None,
            clock=self.clock,
            ring_pulses=not self.dose.source_tells_pulses,
            warn=self._warn,
        )
        self.events.status_changed.emit()
        return path

    def stop_recording(self) -> RecordingStatus | None:
        """End the recording; return how it ended, None if there was none."""
        status = self._device.stop_recording() if self._device is not None else None
        self.events.status_changed.emit()
        return status

    # dose

    def reset_dose(self) -> None:
        """Begin a new procedure: cumulative figures and time start at zero."""
        with self._lock:
            self.dose.reset()
            self.runs.clear()
            self.study_uid = new_study_uid()
        self.events.status_changed.emit()

    def acknowledge_alarm(self) -> None:
        """Silence the 5-minute signal until its next passage."""
        self.dose.acknowledge()
        self.events.status_changed.emit()

    # saving

    def save_loop(self, path: str | Path, *, last_run_only: bool = False) -> "Future[Path]":
        """Store the loop as DICOM. Progress comes as the task "Saving the loop"."""
        return self.submit(lambda: self._save_loop(Path(path), last_run_only))

    def save_hold(self, path: str | Path) -> "Future[Path]":
        """Store the picture on the screen: DICOM (.dcm), or PNG as windowed (.png)."""
        return self.submit(lambda: self._save_hold(Path(path)))

    def dose_report(self) -> dict[str, Any]:
        """Return dose, runs and device, JSON-able, every figure with its unit and origin."""
        report = self.dose.report()
        ledgers = [run.ledger.as_dict() for run in self.runs]
        report["device"] = self.device_status().name
        for run, ledger in zip(report["runs"], ledgers, strict=False):
            run["ledger"] = ledger
        return report

    def health_report(self) -> dict[str, Any]:
        """Return ledger, jitter, latency and the device's clock, JSON-able."""
        shot = self.snapshot()
        return {
            "device": shot.device.name,
            "state": str(shot.device.state),
            "ledger": shot.ledger.as_dict(),
            "health": shot.health.as_dict(),
        }

    # everything else

    def snapshot(self) -> ExamSnapshot:
        """Return the examination as it is now."""
        device, replay = self._device, self._replay
        source = replay.source if replay else device.source if device else 0
        return ExamSnapshot(
            mode=self._mode,
            pedal_down=self._pedal_down,
            beam_on=self._mode is Mode.LIVE,
            device=self.device_status(),
            dose=self.dose.reading(),
            five_minute_signal=self.dose.five_minute_signal,
            pulse_rate_hz=value_of(self.parameters, "AcquisitionFrameRate"),
            health=self._health.reading(
                self._screen.skipped, device.store.left_out if device else 0
            ),
            ledger=self.ledger(),
            hold_frames=self._hold_frames,
            hold_made_of=device.road.hold_made_of if device else 0,
            source=source,
            window=self._windows.of(source),
            picture_maximum=self.picture_maximum,
            run_frames=device.road.frames if device else 0,
            runs=len(self.runs),
            replay=replay.status() if replay else None,
            recording=device.recorder.status if device and device.recorder else None,
        )

    def device_status(self) -> DeviceStatus:
        """Return which device there is, and its state."""
        return self._device.status if self._device is not None else DeviceStatus()

    def source_status(self) -> DeviceStatus:
        """Return which generator there is, and its state."""
        return self._beside.source_status

    def ledger(self) -> Ledger:
        """Return the account of the present or last run."""
        return self._device.ledger if self._device is not None else Ledger()

    def latencies_ms(self) -> list[float]:
        """Return the last commit-to-painted latencies, oldest first."""
        return self._health.latencies_ms()

    def submit(self, work: Callable[[], T]) -> "Future[T]":
        """Run long work beside the examination; errors become problems and stay in the future."""
        return self._work.submit(self._guard, work)

    def close(self) -> None:
        """End the examination: beam off, device given back, files released."""
        self._restart.close()
        self._live_values.close()
        self.release_pedal()
        self.stop_replay()
        self._commands.submit(self._disconnect).result()
        self._commands.shutdown()
        self._work.shutdown()

    # on the command thread

    def _command(self, work: Callable[[], T]) -> "Future[T]":
        return self._commands.submit(self._guard, work)

    def _guard(self, work: Callable[[], T]) -> T:
        try:
            return work()
        except FluoroError as error:
            if error is not self._fault:  # a fault was told when it came
                self.events.problem.emit(Problem(error.what, error.remedy, error.device))
            raise
        except Exception as error:
            self._unexpected(error)
            raise

    def _connect(self) -> None:
        self._keep_loop()
        self._leave()
        driver, wanted = self._wanted
        if self._wanted != self._subtraction_of:  # another device's pictures are not subtracted
            self._subtract = self._told_subtraction = None
            self._subtraction_of = self._wanted
        device_id = wanted or look_for(driver).first_id()
        host = DeviceHost(
            driver,
            device_id,
            self.room.detector.isolation,
            clock=self.clock,
            on_fault=self._faulted,
            on_refuse=self._refused,
            faults=Path(self.room.detector.faults) if self.room.detector.faults else None,
        )
        try:
            host.open()
            kind = host.traits()["kind"]
            if kind != "detector":
                raise DeviceError(
                    f"{host.name} is a {kind}, not a detector: it gives no frames.",
                    f"Name it as [{kind.replace(' ', '')}] in a room file, beside a detector.",
                )
            if driver == self.room.detector.driver:
                for name, value in self.room.detector.parameters.items():
                    host.write(name, value)
            self._arm(host)
            if not self.plays_back:  # a recording makes no x-rays
                self._beside.connect(self._source_pulses, self._source_faulted, self._meter_faulted)
        except BaseException:  # no pedal works in a room that is not whole
            if self._device is not None and self._device.host is host:
                self._disarm(self._device)
            self._beside.disconnect()
            host.close()
            raise
        finally:
            self.events.status_changed.emit()

    def _arm(self, host: DeviceHost) -> None:
        plain, subtracted = self._new_source(), self._new_source()
        self._windows.subtracted(subtracted)
        self._device = arm(
            host,
            self.room,
            (plain, subtracted),
            clock=self.clock,
            screen=self._screen,
            health=self._health,
            loop=self._loop_of(host),
            listeners=Listeners(
                picture=self._picture,
                pulses=self.dose.detector_pulses,
                frame=self._frame,
                beam=self._beam,
                error=self._unexpected,
                problem=self.events.problem.emit,
                warn=self._warn,
            ),
        )
        self._kept_loop = None  # armed: the loop goes on, or was of no use
        if self._subtract is not None:
            self.subtract(self._subtract)
        self._hear_parameters(self._device)

    def _told(self, name: str) -> Any:
        """Return the value of a parameter as last read, if the device has it."""
        return next((each["value"] for each in self.parameters if each["name"] == name), None)

    def _hear_parameters(self, device: ArmedDevice) -> None:
        """Follow what the device tells: values that move, and whether its runs are for DSA."""
        self._live_values.follow(device.parameters)
        told = told_subtraction(device.parameters)
        if told is not None and told is not self._told_subtraction:
            self.subtract(told)
        self._told_subtraction = told

    def _refresh_parameters(self) -> "Future[None]":
        """Read the parameters again, after the commands that wait."""
        return self._commands.submit(self._read_parameters)

    def _read_parameters(self) -> None:
        device = self._device
        if device is None or device.host.state not in (DeviceState.ARMED, DeviceState.RUNNING):
            return
        with suppress(FluoroError):  # a fault is told when it comes
            device.parameters = device.host.parameters()
            self._hear_parameters(device)

    def _disarm(self, device: ArmedDevice) -> None:
        device.close()
        self._unarm()

    def _unarm(self) -> None:
        self._device = None
        if self._mode is Mode.LIVE:  # a hold stays on the screen, and says so
            self._mode = Mode.IDLE

    def _keep_loop(self) -> None:
        """Keep the loop of a device that failed: it can be replayed after the restart."""
        device = self._device
        if device is None or device.host.state is not DeviceState.FAULT:
            return
        self._drop_loop()
        self.stop_replay()
        self._kept_loop = (device.host.name, device.close_but_loop())
        self._unarm()
        device.host.close()

    def _loop_of(self, host: DeviceHost) -> LoopStore | None:
        """Return the loop that was kept of this device; None: there is none."""
        if self._kept_loop is not None and self._kept_loop[0] != host.name:
            self._drop_loop()
        return self._kept_loop[1] if self._kept_loop is not None else None

    def _drop_loop(self) -> None:
        kept, self._kept_loop = self._kept_loop, None
        if kept is not None:
            kept[1].close()

    def _disconnect(self) -> None:
        self._drop_loop()
        self._leave()

    def _leave(self) -> None:
        """Give the present device back."""
        device = self._device
        if device is None:
            self._beside.disconnect()
            return
        if device.host.state is DeviceState.RUNNING:
            self.release_pedal()
            self._stop_run()
        self.stop_replay()
        self._disarm(device)
        device.host.close()
        self._beside.disconnect()
        self.events.status_changed.emit()

    def _set_parameter(self, name: str, value: Any) -> Any:
        device = self._need_device()
        access = next((p["access"] for p in device.parameters if p["name"] == name), Access.RW)
        new_patient = is_new_patient(device.parameters, name, value)
        if access == Access.RW_IDLE and device.host.state is DeviceState.ARMED:
            written = self._while_idle(device, lambda: device.host.write(name, value))
        else:
            written = device.host.write(name, value)
            device.parameters = device.host.parameters()
            self._hear_parameters(device)
        if new_patient:
            self._begin_patient()
        self.events.status_changed.emit()
        return written

    def _begin_patient(self) -> None:
        """Another patient lies there: what is held and counted was of the one before."""
        with self._lock:
            if self._mode is Mode.HOLD:
                self._mode = Mode.IDLE
        self.reset_dose()

    def _while_idle(self, device: ArmedDevice, work: Callable[[], T]) -> T:
        """Disarm, do something, and arm again."""
        self.stop_replay()
        self._parameters_between = device.parameters
        self._disarm(device)
        try:
            device.host.disarm()
            try:
                return work()
            finally:
                self._arm(device.host)
        finally:
            self._parameters_between = []
            if self._device is None:  # it could not be armed again: others may have it
                device.host.close()

    def _use_calibration(self, place: Path | None) -> None:
        device = self._need_device()
        if device.host.state is not DeviceState.ARMED:
            raise DeviceError(
                "The calibration cannot be changed while the device runs.", "Release the pedal."
            )
        if place is not None:
            fitting_calibration(place, self.calibration_key())
        self.room = self.room.model_copy(update={"calibration": str(place or "")})
        self._while_idle(device, lambda: None)
        self.events.status_changed.emit()

    def _need_device(self) -> ArmedDevice:
        if self._device is None:
            raise DeviceError("There is no device.", "Choose a driver and a device, and connect.")
        return self._device

    def _start_run(self) -> None:
        if not self._pedal_down:
            return
        try:
            device = self._need_device()
            device.host.require_ready()
            if self._with_beam:
                self._beside.prepare()
        except FluoroError:
            self._pedal_down = False
            self.events.status_changed.emit()
            raise
        device.road.begin_run(self._hold_frames)
        self._run_open = True
        self._run_exposed = self._with_beam
        with self._lock:
            if not self._pedal_down:
                return
            if self._with_beam and not self._beam_from_signal:
                self._mode = Mode.LIVE
                self.dose.beam_on()
        self.events.status_changed.emit()
        self._expose(device)

    def _expose(self, device: ArmedDevice) -> None:
        def held() -> bool:
            return self._pedal_down

        device.host.start(held)
        if not self._with_beam:
            return
        try:
            self._beside.expose(held)
        except FluoroError:
            self.release_pedal()
            raise

    def _stop_run(self) -> None:
        device = self._device
        self._beside.stop()
        if device is None:
            return
        if device.host.state is DeviceState.RUNNING:
            device.host.stop()
        self._close_run(device)

    def _close_run(self, device: ArmedDevice) -> None:
        open_run, self._run_open = self._run_open, False
        if not open_run:
            return
        if not device.road.drain(_DRAIN_S):
            self._warn("Frames of the last run were still unread after 2 s.", "See the ledger.")
        dose = self.dose.last_run() if self._run_exposed else None
        if dose is not None:  # None: the dose was reset meanwhile; this run belongs to the past
            record = RunRecord(dose, device.road.frames, self.ledger(), device.road.hold_made_of)
            self.runs.append(record)
        if device.recorder is not None:
            device.recorder.end_run(self.ledger())
        if device.host.state is DeviceState.ARMED:
            self._restart.went_well()
        self.events.status_changed.emit()

    # from other threads

    def _beam_off(self) -> None:
        """Call with the lock held."""
        if self._mode is Mode.LIVE:
            self._mode = Mode.HOLD
            self.dose.beam_off()

    def _refused(self, refusal: FluoroError) -> None:
        """The device lets no pulse be made: the run ends, the reason is told, nothing is broken."""
        self.release_pedal()
        self.events.problem.emit(Problem(refusal.what, refusal.remedy, refusal.device))

    def _faulted(self, fault: FluoroError) -> None:
        self._fault = fault
        with self._lock:
            self._pedal_down = False
            self._beside.release()
            if self._device is not None:
                self._device.road.end_live()
            self._beam_off()
        self.events.problem.emit(Problem(fault.what, fault.remedy, fault.device))
        self.events.status_changed.emit()
        self._command(self._stop_run)
        if self.room.detector.restart == "automatic":
            self._restart.after_fault()

    def _restart_by_itself(self) -> None:
        """Restart; a device that is not back yet is tried again, later each time."""

        def again(restarted: "Future[None]") -> None:
            error = restarted.exception()
            if error is not None and error is not self._fault:  # a fault has asked for it already
                self._restart.after_fault()

        self.restart_device().add_done_callback(again)

    def _restart_announced(self, delay_s: float) -> None:
        self._warn(
            f"The device is restarted by itself in {delay_s:g} s.",
            "Press the pedal again when it is armed.",
        )

    def _source_pulses(self, pulses: list[Pulse], missed: int) -> None:
        self.dose.source_pulses(pulses, missed)
        device = self._device
        recorder = device.recorder if device is not None else None
        if recorder is not None:
            recorder.add_pulses(pulses, missed)

    def _source_faulted(self, fault: FluoroError) -> None:
        self._fault = fault
        self.events.problem.emit(Problem(fault.what, fault.remedy, fault.device))
        self.release_pedal()

    def _meter_faulted(self, fault: FluoroError) -> None:
        self._fault = fault
        remedy = f"What it measures is missing from the dose from now on. {fault.remedy}"
        self.events.problem.emit(Problem(fault.what, remedy, fault.device))

    def _picture(self, buffer: PictureBuffer) -> None:
        device = self._device
        if device is not None:
            maximum = device.pipeline.picture_maximum
            seen = device.road.steadiness.pictures
            self._windows.settle(device.source, seen, buffer.pixels, maximum)
        self.events.picture_ready.emit()

    def _frame(self, header: FrameHeader) -> None:
        if self._with_beam:
            self.dose.frame(header)

    def _pulses_missed(self, missed: int) -> None:
        self._warn(
            f"{missed} x-ray pulses could not be counted; the dose shown is too low.",
            "The computer was too busy; close other programs.",
        )

    def _beam(self, on: bool) -> None:
        """The signal says that the beam went on or off; the pedal only armed the detector."""
        with self._lock:
            if on and self._pedal_down:
                self._mode = Mode.LIVE
                self.dose.beam_on()
            else:
                self._beam_off()
        self.events.status_changed.emit()

    def _warn(self, what: str, remedy: str) -> None:
        self.events.problem.emit(Problem(what, remedy, severity=Severity.WARNING))

    def _unexpected(self, error: Exception) -> None:
        if isinstance(error, FluoroError):
            self.events.problem.emit(Problem(error.what, error.remedy, error.device))
            return
        self.events.problem.emit(
            Problem(
                f"Something failed that should not: {type(error).__name__}: {error}.",
                "The examination goes on where it can; please report this sentence.",
            )
        )

    # replay and saving, on a worker

    def _open_file(self, path: Path) -> None:
        cine = DicomCine(path)
        source = self._new_source()
        if cine.window is not None:
            self._windows.choose(source, Window(cine.window.center, cine.window.width))
        else:
            self._windows.find(source, cine.read(0), cine.picture_max)
        self._begin_replay(cine, info_of(cine), source, cine.close)
        for warning in cine.warnings:
            self._warn(warning, "")

    def _replay_loop(self, last_run_only: bool) -> None:
        device = self._need_device()
        cine = device.store.snapshot(last_run_only)
        if cine.frame_count == 0:
            raise DeviceError("There is no loop to replay.", "Press the pedal first.")
        title = "Last run" if last_run_only else "Loop"
        info = ReplayInfo(title, "as committed")
        self._begin_replay(cine, info, cine.source_of(0), source_of=cine.source_of)

    def _begin_replay(
        self,
        cine: Any,
        info: ReplayInfo,
        source: int,
        on_close: Callable[[], None] = lambda: None,
        source_of: Callable[[int], int] | None = None,
    ) -> None:
        self.release_pedal()
        self.stop_replay()
        with self._lock:
            if self._pedal_down:  # pressed in this instant: live goes first
                on_close()
                return
            self._mode = Mode.REPLAY
            self._replay = Replay(
                cine,
                info,
                self._screen,
                clock=self.clock,
                source=source,
                on_picture=self.events.picture_ready.emit,
                on_error=self._unexpected,
                on_close=on_close,
                source_of=source_of,
            )
        self.events.status_changed.emit()

    def _new_source(self) -> int:
        with self._lock:
            self._sources += 1
            return self._sources

    def _save_loop(self, path: Path, last_run_only: bool) -> Path:
        device = self._need_device()
        cine = device.store.snapshot(last_run_only)
        if cine.frame_count == 0:
            raise DeviceError("There is no loop to save.", "Press the pedal first.")
        name = "Saving the loop"

        def progress(done: int, total: int) -> None:
            self.events.task.emit(TaskProgress(name, done, total))

        self._stored(saving.save_loop(self, path, cine, progress))
        return path

    def _stored(self, written: WrittenFile | None) -> None:
        for warning in written.warnings if written is not None else ():
            self._warn(warning, "")

    def _save_hold(self, path: Path) -> Path:
        entry = self._screen.current()
        if entry is None:
            raise DeviceError("There is no picture to save.", "Press the pedal first.")
        picture, buffer = entry
        try:
            self._stored(saving.save_picture(self, path, picture))
        finally:
            buffer.drop()
        return path
