"""What exists while a detector is armed: its host, readers, pipeline, loop buffer and recorder."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from fluoroview.hal import (
    Clock,
    DeviceError,
    DeviceHost,
    DeviceKind,
    Ledger,
    ParameterSet,
    PixelIntensityRelationship,
)
from fluoroview.hal.runtime.ring import FrameRing
from fluoroview.pipeline.calibration.key import CalibrationKey
from fluoroview.pipeline.chain import Pipeline
from fluoroview.pipeline.settings import PipelineSettings
from fluoroview.recording import Recorder, RecordingInfo, RecordingStatus, new_recording_path
from fluoroview.session.calibration.selection import calibration_for
from fluoroview.session.dispatcher import Dispatcher
from fluoroview.session.events import SessionEvents, emit
from fluoroview.session.frame_processor import FrameProcessor
from fluoroview.session.images.beam_on import BeamOnDetector
from fluoroview.session.images.display_windows import DisplayWindows
from fluoroview.session.images.image_pool import LatestImage
from fluoroview.session.images.stream_statistics import StreamStatistics
from fluoroview.session.loop_buffer import LoopBuffer
from fluoroview.session.messages import Message
from fluoroview.session.pedal import Pedal
from fluoroview.session.pulse_reader import PulseReader
from fluoroview.session.room import Room
from fluoroview.session.schedule import Schedule
from fluoroview.session.state import DeviceStatus

DEFAULT_RATE_HZ = 30.0


@dataclass(frozen=True)
class Surroundings:
    """What an acquisition shares with the rest of its session."""

    clock: Clock
    schedule: Schedule
    events: SessionEvents
    dispatcher: Dispatcher
    pedal: Pedal
    latest: LatestImage
    statistics: StreamStatistics
    windows: DisplayWindows
    send: Callable[[Message], None]


@dataclass
class Acquisition:
    """One armed detector and everything that reads from it.

    Opened, changed and closed on the command thread; figures may be read from any.
    """

    host: DeviceHost
    pipeline: Pipeline
    loop_buffer: LoopBuffer
    frames: FrameProcessor
    pulses: PulseReader
    calibration_file: Path | None = None
    recorder: Recorder | None = field(default=None)
    failed_reader: str = ""
    """What is no longer read after a failure: "frames" or "pulses"."""

    @property
    def status(self) -> DeviceStatus:
        """Which device, and its state."""
        return status_of(self.host)

    @property
    def ledger(self) -> Ledger:
        """The ledger of the present or last run."""
        return self.host.ledger(self.frames.lost_consumer)

    @property
    def relationship(self) -> PixelIntensityRelationship:
        """How its images follow x-ray intensity; the pipeline makes LIN to LOG."""
        made = self.host.relationship
        lin = made is PixelIntensityRelationship.LIN
        return PixelIntensityRelationship.LOG if lin else made

    @property
    def subtracts(self) -> bool | None:
        """Whether a mask is subtracted from its images; None where that cannot be done."""
        return None if self.pipeline.subtraction is None else self.pipeline.subtracts

    def subtract(self, on: bool) -> None:
        """Subtract a mask (DSA) from the next frame on, or stop doing so."""
        settings = self.pipeline.settings
        subtraction = settings.subtraction.model_copy(update={"on": on})
        self.pipeline.configure(settings.model_copy(update={"subtraction": subtraction}))

    def require_ready(self) -> None:
        """Raise FluoroError unless a run could start now."""
        if self.failed_reader:
            raise DeviceError(
                f"The {self.failed_reader} of {self.host.name} are no longer read after an"
                " internal error.",
                "Restart the device.",
                self.host.name,
                code="FV-SES-003",
            )
        self.host.require_ready()

    def drain(self, timeout_s: float) -> bool:
        """Wait until every pulse and frame was read; return False if that takes too long."""
        pulses = self.pulses.drain(timeout_s)
        return self.frames.drain(timeout_s) and pulses

    def record(
        self,
        path: Path | None,
        *,
        clock: Clock,
        ring_pulses: bool,
        warn: Callable[[str, str], None],
    ) -> Path:
        """Begin a raw recording instead of the present one; return its file. Raises RecordError."""
        self.stop_recording()
        info = RecordingInfo.of(self.host)
        path = path or new_recording_path(info, clock)
        if self.host.ring is None:
            raise DeviceError(
                f"{self.host.name} is not armed.", "Restart it.", self.host.name, code="FV-SES-004"
            )
        self.recorder = Recorder(
            self.host.ring, path, info, clock=clock, ring_pulses=ring_pulses, on_problem=warn
        )
        return path

    def stop_recording(self) -> RecordingStatus | None:
        """End the raw recording; return how it ended, None if there was none."""
        recorder, self.recorder = self.recorder, None
        return recorder.close() if recorder is not None else None

    def close(self) -> LoopBuffer:
        """Leave the ring and return the loop buffer, still open; the host is not closed."""
        try:
            self.stop_recording()
        finally:
            self.pulses.close()
            self.frames.close()
        return self.loop_buffer


def arm(
    host: DeviceHost,
    room: Room,
    sources: tuple[int, int],
    around: Surroundings,
    earlier: LoopBuffer | None = None,
) -> tuple[Acquisition, ParameterSet]:
    """Arm an open device and begin to read from it. Raises FluoroError.

    `sources` are the numbers of its plain and of its subtracted images. `earlier` is the loop
    buffer from before a restart: it continues where the images are alike, and is closed where
    they are not.
    """
    ring = host.arm()
    parameters = host.parameters()
    rows, columns = ring.layout.format.rows, ring.layout.format.columns
    settings = room.pipeline or PipelineSettings.for_relationship(host.relationship)
    key = CalibrationKey.of(host.driver, host.device_id, parameters)
    file, calibration, problem = calibration_for(
        room.calibration, key, parameters, lag_requested=settings.correction.lag
    )
    if problem is not None:
        around.dispatcher.problem(problem)
    pipeline = Pipeline(
        rows, columns, settings, host.relationship, calibration, bits=host.bit_depth
    )
    rate_hz = parameters.number("AcquisitionFrameRate") or DEFAULT_RATE_HZ
    loop_buffer = _loop_buffer(room, (rows, columns), rate_hz, earlier, around.dispatcher.warn)
    try:
        frames = _frame_processor(host, ring, pipeline, room, sources, loop_buffer, around)
    except BaseException:
        loop_buffer.close()
        raise
    pulses = PulseReader(
        ring,
        DeviceKind.DETECTOR,
        host.name,
        schedule=around.schedule,
        send=around.send,
        withdraw=around.pedal.release,
    )
    return Acquisition(host, pipeline, loop_buffer, frames, pulses, file), parameters


def _frame_processor(
    host: DeviceHost,
    ring: FrameRing,
    pipeline: Pipeline,
    room: Room,
    sources: tuple[int, int],
    loop_buffer: LoopBuffer,
    around: Surroundings,
) -> FrameProcessor:
    threshold = room.beam.threshold_counts if room.beam.detect == "signal" else None
    return FrameProcessor(
        ring,
        pipeline,
        host.name,
        latest=around.latest,
        loop_buffer=loop_buffer,
        statistics=around.statistics,
        windows=around.windows,
        sources=sources,
        clock=around.clock,
        schedule=around.schedule,
        send=around.send,
        image_ready=lambda: emit(around.events.image_ready),
        withdraw=around.pedal.release,
        beam=BeamOnDetector(threshold) if threshold is not None else None,
    )


def _loop_buffer(
    room: Room,
    shape: tuple[int, int],
    rate_hz: float,
    earlier: LoopBuffer | None,
    warn: Callable[[str, str], None],
) -> LoopBuffer:
    """Return a new loop buffer, or the one from before the restart where it can continue."""
    rows, columns = shape
    if earlier is not None:
        if earlier.fits(rows, columns, rate_hz):
            earlier.carry_over()
            return earlier
        earlier.close()
    return LoopBuffer(
        rows,
        columns,
        rate_hz,
        seconds=room.loop.seconds,
        folder=Path(room.loop.folder) if room.loop.folder else None,
        on_problem=warn,
    )


def status_of(host: DeviceHost) -> DeviceStatus:
    """Return which device a host has, and its state."""
    return DeviceStatus(host.driver, host.device_id, host.state, host.isolation, host.pid)
