"""The session: pedal, runs, last-image hold, dose, loop, replay; without a face.

The viewer shows it and sends commands; the command line runs the same object without Qt. Every
method returns at once. What it asks for happens afterwards, in order, and its future has the
result. A release of the pedal does not wait for its turn: it forbids the next pulse at once.
"""

import threading
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import Any, Self, TypeVar

from fluoroview.hal import (
    Clock,
    DeviceError,
    DeviceHost,
    DeviceInfo,
    Ledger,
    ParameterSet,
    PixelIntensityRelationship,
    SystemClock,
)
from fluoroview.hal.runtime.registry import DriverInfo, installed_drivers, look_for
from fluoroview.hal.runtime.ring import RingReader
from fluoroview.hal.window import Window
from fluoroview.pipeline.calibration.key import CalibrationKey
from fluoroview.pipeline.settings import PipelineSettings
from fluoroview.recording import RecordingStatus
from fluoroview.session.core import Core
from fluoroview.session.events import SessionEvents
from fluoroview.session.images.image_pool import Image
from fluoroview.session.playback.player import LoopPlayer
from fluoroview.session.readings import Readings, save_hold, save_loop
from fluoroview.session.replay import open_file, open_loop
from fluoroview.session.room import Room
from fluoroview.session.schedule import Schedule, ThreadSchedule
from fluoroview.session.state import DeviceStatus, RunRecord, SessionState

T = TypeVar("T")


class Session:
    """One use of one room. Methods may be called from any thread."""

    def __init__(
        self,
        room: Room | None = None,
        clock: Clock | None = None,
        *,
        schedule: Schedule | None = None,
        make_host: Callable[..., DeviceHost] = DeviceHost,
    ) -> None:
        """Make a session; `schedule` and `make_host` are for tests."""
        self.clock = clock or SystemClock()
        self.events = SessionEvents()
        self._core = Core(
            room or Room(), self.clock, self.events, schedule or ThreadSchedule(), make_host
        )
        self._dispatcher = self._core.dispatcher
        self._readings = Readings(self._core)
        self._closing = threading.Lock()
        self._closed = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    def __repr__(self) -> str:
        state = self.state
        return f"<Session {state.mode}, {state.device.name or 'no device'}, {state.runs} runs>"

    # what it is

    @property
    def state(self) -> SessionState:
        """The session as it is now: one frozen value. Reading it changes nothing."""
        return self._dispatcher.state

    def snapshot(self) -> SessionState:
        """Return the state with what changes without any event, measured now."""
        return self._readings.snapshot()

    @property
    def runs(self) -> tuple[RunRecord, ...]:
        """The closed runs of this patient, oldest first."""
        return self.state.records

    @property
    def study_uid(self) -> str:
        """StudyInstanceUID of this patient's images."""
        return self.state.study_uid

    @property
    def room(self) -> Room:
        """What the room has and how it is used; its calibration is the one chosen last."""
        return self._core.devices.room

    def device_status(self) -> DeviceStatus:
        """Return which detector there is, and its state."""
        return self._readings.device()

    def generator_status(self) -> DeviceStatus:
        """Return which generator there is, and its state."""
        return self._core.peripherals.status()

    def ledger(self) -> Ledger:
        """Return the ledger of the present or last run."""
        return self._readings.ledger()

    def latencies_ms(self) -> list[float]:
        """Return the last display latencies, oldest first."""
        return self._core.statistics.latencies_ms()

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
        """Open and arm a detector instead of the present one. Without names: the room's."""
        return self._core.connect((driver, device) if driver else None)

    def restart_device(self) -> "Future[None]":
        """Open the same detector again, after a fault."""
        return self._core.connect(None)

    def disconnect(self) -> "Future[None]":
        """Close the devices."""
        return self._core.disconnect()

    @property
    def parameters(self) -> ParameterSet:
        """The detector's parameters as last read; also while it is armed again."""
        return self.state.parameters

    def set_parameter(self, name: str, value: Any) -> "Future[Any]":
        """Write a parameter; the future has the value read back, or ParameterError.

        A parameter that fixes the format is written between two runs, by arming again.
        """
        return self._dispatcher.command(lambda: self._core.write(name, value), name)

    @property
    def generator_parameters(self) -> ParameterSet:
        """The generator's parameters; none where the room has no generator."""
        return self.state.generator_parameters

    def set_generator_parameter(self, name: str, value: Any) -> "Future[Any]":
        """Write a parameter of the generator; the future has the value read back."""
        return self._dispatcher.command(lambda: self._core.peripherals.write(name, value), name)

    @property
    def plays_back(self) -> bool:
        """Whether the device plays a recording: there is no beam, and nothing is live."""
        return self.state.plays_back

    # calibration

    def calibration_key(self) -> CalibrationKey:
        """Return the key of the detector as it is now. Raises DeviceError without one."""
        return self._core.devices.calibration_key()

    @property
    def calibration_file(self) -> Path | None:
        """The calibration that corrects the images, if one does."""
        armed = self._core.devices.armed
        return armed.calibration_file if armed is not None else None

    def use_calibration(self, place: Path | None) -> "Future[None]":
        """Correct with the set at `place` (a file or a folder) from now on; None: with none.

        CalibrationError in the future, with the reason, where none there fits the device.
        """
        return self._dispatcher.command(lambda: self._core.devices.use_calibration(place))

    def frame_reader(self) -> RingReader:
        """Return a reader of the raw frames from now on; to be closed before the device is.

        Raises DeviceError without an armed detector.
        """
        host = self._core.devices.need().host
        if host.ring is None:
            raise DeviceError(
                "The device is not armed.", "Restart it.", host.name, code="FV-SES-027"
            )
        return host.ring.reader()

    # pedal

    def press_pedal(self, *, beam: bool = True) -> "Future[None]":
        """Begin a run.

        Without `beam` the detector delivers frames and the generator is left alone: dark frames.
        """
        return self._core.runs.press(beam=beam)

    def release_pedal(self) -> "Future[None]":
        """End the run: no pulse from the moment of the call, and the last image is held."""
        return self._core.runs.release()

    def operator_alive(self) -> None:
        """Report that the operator still holds the pedal, at least every 50 ms.

        From the first report of a press on, 200 ms of silence release the pedal: a frozen window
        does not keep the beam on. Whether or not anybody reports, a stopped process ends the beam.
        """
        self._core.pedal.alive()

    def end_beam(self) -> "Future[None]":
        """End the exposure but let the frames go on until the pedal is released."""
        return self._core.runs.end_beam()

    def set_hold_frames(self, frames: int) -> "Future[None]":
        """Choose of how many images the next hold is made. ParameterError in the future."""
        return self._dispatcher.call(lambda: self._core.runs.choose_hold_frames(frames))

    # images

    def take_image(self) -> Image | None:
        """Return the newest image if it was not taken yet; the one before is released."""
        return self._core.latest.take()

    def painted(self, latency_ms: float) -> None:
        """Note the display latency of a live image."""
        self._core.statistics.painted(latency_ms)

    def set_window(self, source: int, window: Window) -> None:
        """Set the window that the operator chose for a source."""
        self._core.windows.choose(source, window)

    def auto_window(self) -> Window | None:
        """Compute the window of the image on the screen and set it for its source."""
        entry = self._core.latest.current()
        if entry is None:
            return None
        image, buffer = entry
        try:
            return self._core.windows.find(image.source, image.pixels, self.image_maximum)
        finally:
            buffer.drop()

    @property
    def image_maximum(self) -> int:
        """Largest count of the images on the screen."""
        return self._readings.image_maximum()

    @property
    def relationship(self) -> PixelIntensityRelationship:
        """How the images on the screen follow x-ray intensity; the pipeline makes LIN to LOG."""
        return self._readings.relationship()

    @property
    def pipeline_settings(self) -> PipelineSettings | None:
        """Settings of the pipeline; None without a device."""
        armed = self._core.devices.armed
        return armed.pipeline.settings if armed is not None else None

    def configure_pipeline(self, settings: PipelineSettings) -> "Future[None]":
        """Use other settings from the next frame on."""
        return self._dispatcher.call(lambda: self._core.devices.configure(settings))

    @property
    def subtracts(self) -> bool | None:
        """Whether a mask is subtracted from the images; None where that cannot be done."""
        return self.state.subtracts

    def is_subtracted(self, source: int) -> bool:
        """Return whether the images of a source are differences to a mask."""
        return self._core.windows.is_subtracted(source)

    def subtract(self, on: bool) -> "Future[None]":
        """Subtract a mask (DSA) from the next frame on, or stop; also after a restart."""
        return self._dispatcher.call(lambda: self._core.devices.subtract(on))

    # replay

    @property
    def player(self) -> LoopPlayer | None:
        """The player of what is replayed, if anything is."""
        replay = self._core.replays.current
        return replay.player if replay is not None else None

    def open_file(self, path: str | Path) -> "Future[None]":
        """Open a DICOM file and show its first image. DicomError in the future."""
        return self._core.replay(lambda: open_file(Path(path), self._core.windows))

    def replay_loop(self, *, last_run_only: bool = False) -> "Future[None]":
        """Replay what the loop buffer holds."""
        return self._core.replay(
            lambda: open_loop(self._core.devices.need().loop_buffer, last_run_only)
        )

    def stop_replay(self) -> "Future[None]":
        """Show the last-image hold again."""
        return self._dispatcher.call(self._core.stop_replay)

    # raw recording

    def start_recording(self, path: str | Path | None = None) -> "Future[Path]":
        """Record every committed frame and pulse, raw, from now on; the future has the file.

        Without a name it lies in the user's recordings folder. RecordError or DeviceError in the
        future. While the device is armed again the recording waits for it.
        """
        file = Path(path) if path is not None else None
        return self._dispatcher.command(lambda: self._core.start_recording(file))

    def stop_recording(self) -> "Future[RecordingStatus | None]":
        """End the recording; the future has how it ended, None if there was none."""
        return self._dispatcher.command(self._core.devices.stop_recording)

    # dose

    def reset_dose(self) -> "Future[None]":
        """Begin with a new patient: cumulative figures and time start at zero."""
        return self._dispatcher.call(self._core.new_patient)

    def acknowledge_alarm(self) -> "Future[None]":
        """Silence the 5-minute signal until its next passage."""
        return self._dispatcher.call(self._core.acknowledge_alarm)

    def add_fluoroscopy_time(self, seconds: float) -> "Future[None]":
        """Count time of this procedure that was used before this program was started."""
        return self._dispatcher.call(lambda: self._core.add_fluoroscopy_time(seconds))

    def dose_report(self) -> dict[str, Any]:
        """Return dose, runs and device, JSON-able, every figure with its unit and origin."""
        return self._dispatcher.ask(self._core.dose_report)

    def health_report(self) -> dict[str, Any]:
        """Return ledger, jitter, latency and the device's clock, JSON-able."""
        now = self.snapshot()
        return {
            "device": now.device.name,
            "state": str(now.device.state),
            "ledger": now.ledger.as_dict(),
            "health": now.health.as_dict(),
        }

    # saving

    def save_loop(self, path: str | Path, *, last_run_only: bool = False) -> "Future[Path]":
        """Store the loop as DICOM. Progress comes as the task "Saving the loop"."""
        file, readings = Path(path), self._readings
        return self.submit(lambda: save_loop(self._core, readings, file, last_run_only))

    def save_hold(self, path: str | Path) -> "Future[Path]":
        """Store the image on the screen: DICOM (.dcm), or PNG as windowed (.png)."""
        file, readings = Path(path), self._readings
        return self.submit(lambda: save_hold(self._core, readings, file))

    def submit(self, work: Callable[[], T]) -> "Future[T]":
        """Do long work next to the session; its exception is reported and stays in the future."""
        return self._dispatcher.submit(work)

    def settled(self) -> "Future[None]":
        """Return a future that is done when everything requested until now is done."""
        return self._dispatcher.command(lambda: None)

    def close(self) -> None:
        """End the session: beam off, saving finished, run and recording closed, devices closed.

        Waits for all of it. May be called from any thread, twice, and whatever listeners do.
        """
        with self._closing:
            if not self._closed:
                self._closed = True
                self._core.close()
