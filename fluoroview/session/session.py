"""The examination: pedal, runs, last-image hold, dose, loop. The heart, without a face.

The viewer shows it and sends commands; the command line runs the same object without Qt.
Commands to the device run one after the other on a thread of their own; the pedal's release does
not wait for them: it forbids the next pulse at once, in shared memory.
"""

from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import Any, TypeVar

from fluoroview.dicom import new_study_uid
from fluoroview.hal import (
    Clock,
    DeviceError,
    DeviceInfo,
    DeviceState,
    FluoroError,
    Ledger,
    PixelIntensityRelationship,
    Pulse,
    SystemClock,
)
from fluoroview.hal.parameter import ParameterSet
from fluoroview.hal.runtime.registry import DriverInfo, installed_drivers, look_for
from fluoroview.hal.runtime.ring import RingReader
from fluoroview.hal.window import Window
from fluoroview.pipeline.calibration.key import CalibrationKey
from fluoroview.pipeline.settings import PipelineSettings
from fluoroview.recording import RecordingStatus
from fluoroview.session import export as saving
from fluoroview.session.acquisition import Acquisition, Listeners, value_of
from fluoroview.session.device_manager import Detector, Hooks
from fluoroview.session.devices.back_off import BackOff
from fluoroview.session.devices.parameter_polling import ACQUISITION_TYPE, is_new_patient
from fluoroview.session.dispatcher import Dispatcher
from fluoroview.session.dose_tracker import DoseTracker
from fluoroview.session.events import Mode, SessionEvents
from fluoroview.session.images.display_windows import DisplayWindows
from fluoroview.session.images.image_pool import Image, ImageBuffer, Screen
from fluoroview.session.images.stream_statistics import StreamStatistics
from fluoroview.session.peripherals import Peripherals
from fluoroview.session.playback.player import LoopPlayer
from fluoroview.session.replay import Opened, ReplayController, open_file, open_loop
from fluoroview.session.room import Room
from fluoroview.session.runs import Runs
from fluoroview.session.state import DeviceStatus, SessionState

T = TypeVar("T")


class Session:
    """One examination in one room. Methods may be called from any thread."""

    def __init__(self, room: Room | None = None, clock: Clock | None = None) -> None:
        room = room or Room()
        self.clock = clock or SystemClock()
        self.events = SessionEvents()
        self._workplace = Dispatcher(self.events)
        self.dose = DoseTracker(room, self.clock, self.events.alarm.emit, self._pulses_missed)
        self.dose.acquisition_type = lambda: str(self._detector.told(ACQUISITION_TYPE) or "")
        self.dose.high_level = lambda: bool(self._detector.told("HighLevelControl"))
        self.study_uid = new_study_uid()
        self._screen = Screen()
        self._health = StreamStatistics()
        self._windows = DisplayWindows()
        self._beside = Peripherals(room, self.clock, self.dose)
        self._replays = ReplayController(
            self._screen, self.clock, self.events, self._workplace.unexpected
        )
        self._restart = BackOff(self._restart_by_itself, self._restart_announced)
        self._detector = Detector(
            room,
            self.clock,
            self._workplace,
            self.events,
            screen=self._screen,
            health=self._health,
            windows=self._windows,
        )
        self._runs = Runs(
            self._detector,
            self._beside,
            self.dose,
            self._workplace,
            self.events,
            self._restart.went_well,
        )
        self.runs = self._runs.records
        self._detector.join(
            self._listeners(),
            Hooks(self.stop_replay, self._runs.unarmed, self._faulted, self._refused),
        )

    def _listeners(self) -> Listeners:
        return Listeners(
            image=self._image,
            pulses=self.dose.detector_pulses,
            frame=self._runs.frame,
            beam=self._runs.beam,
            error=self._workplace.unexpected,
            problem=self.events.problem.emit,
            warn=self._workplace.warn,
        )

    @property
    def room(self) -> Room:
        """What the room has and how it is used; its calibration is the one chosen last."""
        return self._detector.room

    @room.setter
    def room(self, room: Room) -> None:
        self._detector.room = room

    @property
    def _device(self) -> Acquisition | None:
        return self._detector.armed

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
            self._detector.wanted = (driver, device)
        self._restart.cancel()
        return self._workplace.command(self._connect)

    def restart_device(self) -> "Future[None]":
        """Open the same device again, after a fault."""
        self._restart.cancel()
        return self._workplace.command(self._connect)

    def disconnect(self) -> "Future[None]":
        """Give the device back."""
        self._restart.cancel()
        return self._workplace.command(self._disconnect)

    def set_parameter(self, name: str, value: Any) -> "Future[Any]":
        """Write a parameter; the future has the value read back, or ParameterError.

        A parameter that fixes the format is written between two runs, by arming again.
        """
        return self._workplace.command(lambda: self._set_parameter(name, value), name)

    @property
    def parameters(self) -> ParameterSet:
        """The device's parameters, described, as last read; also while it is armed again."""
        return self._detector.parameters

    @property
    def plays_back(self) -> bool:
        """Whether the device plays what was recorded: there is no beam, and nothing is live."""
        return any(each.name == "PlaybackSpeed" for each in self.parameters)

    # calibration

    def calibration_key(self) -> CalibrationKey:
        """Return the key of the device as it is now. Raises DeviceError without a device."""
        return self._detector.need().calibration_key

    @property
    def calibration_file(self) -> Path | None:
        """The calibration that corrects the images, if one does."""
        return self._device.calibration_file if self._device is not None else None

    def use_calibration(self, place: Path | None) -> "Future[None]":
        """Correct with the set at `place` (a file or a folder) from now on; None: with none.

        CalibrationError in the future, with the reason, where none there fits the device.
        """
        return self._workplace.command(lambda: self._use_calibration(place))

    def frame_reader(self) -> RingReader:
        """Return a reader of the raw frames from now on; to be closed before the device is.

        Raises DeviceError without an armed device.
        """
        ring = self._detector.need().host.ring
        if ring is None:
            raise DeviceError("The device is not armed.", "Restart it.")
        return ring.reader()

    # pedal

    def press_pedal(self, *, beam: bool = True) -> None:
        """Begin a run; returns at once.

        Without `beam` the detector delivers frames and the generator is left alone: dark frames.
        """
        if self._runs.press(beam):
            self.stop_replay()
            self._workplace.command(self._runs.start)

    def release_pedal(self) -> None:
        """End the run: no pulse after this, and the last image is held. Returns at once."""
        self._runs.release()

    def end_beam(self) -> None:
        """End the exposure but let the frames go on until the pedal is released."""
        self._runs.end_beam()

    @property
    def hold_frames(self) -> int:
        """Of how many images the next hold is made."""
        return self._runs.hold_frames

    @hold_frames.setter
    def hold_frames(self, frames: int) -> None:
        self._runs.hold_frames = frames

    # images

    def take_image(self) -> Image | None:
        """Return the newest image if it was not taken yet; the one before is given back."""
        return self._screen.take()

    def painted(self, latency_ms: float) -> None:
        """Note the commit-to-painted latency of a live image."""
        self._health.painted(latency_ms)

    def set_window(self, source: int, window: Window) -> None:
        """Remember the window that the operator chose for a source."""
        self._windows.choose(source, window)

    def auto_window(self) -> Window | None:
        """Find the window that suits the image on the screen, and make it its source's."""
        entry = self._screen.current()
        if entry is None:
            return None
        image, buffer = entry
        try:
            return self._windows.find(image.source, image.pixels, self.image_maximum)
        finally:
            buffer.drop()

    @property
    def generator_parameters(self) -> ParameterSet:
        """The generator's parameters, described; none where the room has no generator."""
        return self._beside.generator_parameters

    def set_generator_parameter(self, name: str, value: Any) -> "Future[Any]":
        """Write a parameter of the generator; the future has the value read back."""
        return self._workplace.command(lambda: self._beside.write(name, value), name)

    @property
    def image_maximum(self) -> int:
        """Largest count of the images on the screen."""
        file, device = self._replays.file, self._device
        if file is not None:
            return file.image_max
        return device.pipeline.image_maximum if device is not None else 65535

    @property
    def relationship(self) -> PixelIntensityRelationship:
        """How the images on the screen follow x-ray intensity; the tone makes LIN to LOG."""
        file, device = self._replays.file, self._device
        if file is not None:
            return file.intensity_relationship
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
        """Whether a mask is subtracted from the images; None where that cannot be done."""
        device = self._device
        if device is None or device.pipeline.subtraction is None:
            return None
        return device.pipeline.subtracts

    def is_subtracted(self, source: int) -> bool:
        """Whether the images of a source are differences to a mask."""
        return self._windows.is_subtracted(source)

    def subtract(self, on: bool) -> None:
        """Subtract a mask (DSA) from the next frame on, or do not; kept for devices to come."""
        self._detector.subtract(on)

    # replay

    @property
    def player(self) -> LoopPlayer | None:
        """The player of what is replayed, if anything is."""
        replay = self._replays.current
        return replay.player if replay is not None else None

    def open_file(self, path: str | Path) -> "Future[None]":
        """Open a DICOM file and stand on its first image. DicomError in the future."""
        return self.submit(lambda: self._replay(open_file(Path(path), self._windows)))

    def replay_loop(self, *, last_run_only: bool = False) -> "Future[None]":
        """Replay what the loop store holds."""
        return self.submit(
            lambda: self._replay(open_loop(self._detector.need().store, last_run_only))
        )

    def stop_replay(self) -> None:
        """Go back to the hold."""
        if not self._replays.end():
            return
        device = self._device
        self._runs.mode = Mode.IDLE
        if device is not None and device.road.show_hold():
            self._runs.mode = Mode.HOLD
        self.events.status_changed.emit()

    # raw recording

    def start_recording(self, path: str | Path | None = None) -> Path:
        """Record every committed frame and pulse, raw, from now on; return the file.

        Without a name it lies in the user's recordings folder. Raises RecordError or DeviceError.
        """
        path = self._detector.need().record(
            Path(path) if path is not None else None,
            clock=self.clock,
            ring_pulses=not self.dose.generator_reports_pulses,
            warn=self._workplace.warn,
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
        with self._runs.lock:
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
        return self.submit(
            lambda: saving.save_loop(self, self._detector.need().store, Path(path), last_run_only)
        )

    def save_hold(self, path: str | Path) -> "Future[Path]":
        """Store the image on the screen: DICOM (.dcm), or PNG as windowed (.png)."""
        return self.submit(lambda: saving.save_hold(self, self._screen, Path(path)))

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

    def snapshot(self) -> SessionState:
        """Return the examination as it is now."""
        device, replay = self._device, self._replays.current
        source = replay.source if replay else device.source if device else 0
        return SessionState(
            mode=self._runs.mode,
            pedal_down=self._runs.pedal_down,
            beam_on=self._runs.mode is Mode.LIVE,
            device=self.device_status(),
            dose=self.dose.reading(),
            five_minute_signal=self.dose.five_minute_signal,
            pulse_rate_hz=value_of(self.parameters, "AcquisitionFrameRate"),
            health=self._health.reading(
                self._screen.skipped, device.store.left_out if device else 0
            ),
            ledger=self.ledger(),
            hold_frames=self.hold_frames,
            hold_made_of=device.road.hold_made_of if device else 0,
            source=source,
            window=self._windows.of(source),
            image_maximum=self.image_maximum,
            run_frames=device.road.frames if device else 0,
            runs=len(self.runs),
            replay=replay.status() if replay else None,
            recording=device.recorder.status if device and device.recorder else None,
        )

    def device_status(self) -> DeviceStatus:
        """Return which device there is, and its state."""
        return self._device.status if self._device is not None else DeviceStatus()

    def generator_status(self) -> DeviceStatus:
        """Return which generator there is, and its state."""
        return self._beside.generator_status

    def ledger(self) -> Ledger:
        """Return the account of the present or last run."""
        return self._device.ledger if self._device is not None else Ledger()

    def latencies_ms(self) -> list[float]:
        """Return the last commit-to-painted latencies, oldest first."""
        return self._health.latencies_ms()

    def submit(self, work: Callable[[], T]) -> "Future[T]":
        """Run long work beside the examination; errors become problems and stay in the future."""
        return self._workplace.submit(work)

    def close(self) -> None:
        """End the examination: beam off, device given back, files released."""
        self._restart.close()
        self._detector.close()
        self.release_pedal()
        self.stop_replay()
        self._workplace.quiet_command(self._disconnect).result()
        self._workplace.close()

    # on the command thread

    def _connect(self) -> None:
        self._detector.keep_loop()
        self._leave()
        try:
            self._detector.open()
            if not self.plays_back:  # a recording makes no x-rays
                self._beside.connect(self._source_pulses, self._source_faulted, self._meter_faulted)
        except BaseException:  # no pedal works in a room that is not whole
            self._detector.leave()
            self._beside.disconnect()
            raise
        finally:
            self.events.status_changed.emit()

    def _disconnect(self) -> None:
        self._detector.drop_loop()
        self._leave()

    def _leave(self) -> None:
        """Give the present device back."""
        device = self._device
        if device is None:
            self._beside.disconnect()
            return
        if device.host.state is DeviceState.RUNNING:
            self.release_pedal()
            self._runs.stop()
        self._detector.leave()
        self._beside.disconnect()
        self.events.status_changed.emit()

    def _set_parameter(self, name: str, value: Any) -> Any:
        new_patient = is_new_patient(self._detector.need().parameters, name, value)
        written = self._detector.write(name, value)
        if new_patient:
            self._begin_patient()
        self.events.status_changed.emit()
        return written

    def _begin_patient(self) -> None:
        """Another patient lies there: what is held and counted was of the one before."""
        with self._runs.lock:
            if self._runs.mode is Mode.HOLD:
                self._runs.mode = Mode.IDLE
        self.reset_dose()

    def _use_calibration(self, place: Path | None) -> None:
        self._detector.use_calibration(place)
        self.events.status_changed.emit()

    # from other threads

    def _refused(self, refusal: FluoroError) -> None:
        """The device lets no pulse be made: the run ends, the reason is told, nothing is broken."""
        self.release_pedal()
        self._workplace.tell(refusal)

    def _faulted(self, fault: FluoroError) -> None:
        self._workplace.fault = fault
        self._runs.break_off()
        self._workplace.tell(fault)
        self.events.status_changed.emit()
        self._workplace.command(self._runs.stop)
        if self.room.detector.restart == "automatic":
            self._restart.after_fault()

    def _restart_by_itself(self) -> None:
        """Restart; a device that is not back yet is tried again, later each time."""

        def again(restarted: "Future[None]") -> None:
            error = restarted.exception()
            # a fault has asked for it already
            if error is not None and error is not self._workplace.fault:
                self._restart.after_fault()

        self.restart_device().add_done_callback(again)

    def _restart_announced(self, delay_s: float) -> None:
        self._workplace.warn(
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
        self._workplace.tell_fault(fault)
        self.release_pedal()

    def _meter_faulted(self, fault: FluoroError) -> None:
        self.dose.set_meter_present(False)
        self._workplace.tell_fault(fault, "What it measures is missing from the dose from now on.")

    def _image(self, buffer: ImageBuffer) -> None:
        device = self._device
        if device is not None:
            maximum = device.pipeline.image_maximum
            seen = device.road.steadiness.images
            self._windows.settle(device.source, seen, buffer.pixels, maximum)
        self.events.image_ready.emit()

    def _pulses_missed(self, missed: int) -> None:
        self._workplace.warn(
            f"{missed} x-ray pulses could not be counted; the dose shown is too low.",
            "The computer was too busy; close other programs.",
        )

    # replay, on a worker

    def _replay(self, opened: Opened) -> None:
        self.release_pedal()
        self.stop_replay()
        with self._runs.lock:
            if self._runs.pedal_down:  # pressed in this instant: live goes first
                opened.close()
                return
            self._replays.begin(opened)  # before the mode, which says that there is a replay
            self._runs.mode = Mode.REPLAY
            self._replays.show()  # after the mode: an image of no replay would be taken away
        self.events.status_changed.emit()
        for warning in opened.info.warnings:
            self._workplace.warn(warning, "")
