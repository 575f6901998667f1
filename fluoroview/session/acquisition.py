"""What exists while a device is armed: its host, road, pipeline, loop store and recorder."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from fluoroview.hal import Clock, DeviceHost, FrameHeader, Ledger, PixelIntensityRelationship, Pulse
from fluoroview.hal.parameter import ParameterSet
from fluoroview.pipeline.calibration.key import CalibrationKey
from fluoroview.pipeline.chain import Pipeline
from fluoroview.pipeline.settings import PipelineSettings
from fluoroview.recording import Recorder, RecordingInfo, RecordingStatus, new_recording_path
from fluoroview.session.calibration.selection import calibration_for
from fluoroview.session.events import Problem
from fluoroview.session.frame_processor import FrameProcessor
from fluoroview.session.images.beam_on import BeamOnDetector
from fluoroview.session.images.image_pool import ImageBuffer, Screen
from fluoroview.session.images.stream_statistics import StreamStatistics
from fluoroview.session.loop_buffer import LoopBuffer
from fluoroview.session.room import Room
from fluoroview.session.state import DeviceStatus

DEFAULT_RATE_HZ = 30.0


@dataclass(frozen=True)
class Listeners:
    """Who hears of what comes down the road; all but `problem` from the road's thread."""

    image: Callable[[ImageBuffer], None]
    pulses: Callable[[list[Pulse], int], None]
    frame: Callable[[FrameHeader], None]
    beam: Callable[[bool], None]
    error: Callable[[Exception], None]
    problem: Callable[[Problem], None]
    warn: Callable[[str, str], None]


@dataclass
class Acquisition:
    """One armed device and everything on its road."""

    host: DeviceHost
    road: FrameProcessor
    pipeline: Pipeline
    store: LoopBuffer
    parameters: ParameterSet
    calibration_file: Path | None = None
    recorder: Recorder | None = field(default=None)

    @property
    def status(self) -> DeviceStatus:
        """Which device, and its state."""
        return status_of(self.host)

    @property
    def source(self) -> int:
        """Whose its last image is: plain and subtracted images are two sources."""
        return self.road.source

    @property
    def ledger(self) -> Ledger:
        """The account of the present or last run."""
        return self.host.ledger(self.road.lost_consumer)

    @property
    def relationship(self) -> PixelIntensityRelationship:
        """How its images follow x-ray intensity; the tone makes LIN to LOG."""
        made = self.host.relationship
        lin = made is PixelIntensityRelationship.LIN
        return PixelIntensityRelationship.LOG if lin else made

    @property
    def calibration_key(self) -> CalibrationKey:
        """What a calibration must have been made with to fit."""
        return CalibrationKey.of(self.host.driver, self.host.device_id, self.parameters)

    def value(self, name: str) -> float | None:
        """Return the value of a numeric parameter, as last read, if it is there."""
        return value_of(self.parameters, name)

    def record(
        self,
        path: Path | None,
        *,
        clock: Clock,
        ring_pulses: bool,
        warn: Callable[[str, str], None],
    ) -> Path:
        """Begin a raw recording instead of the present one; return its file."""
        self.stop_recording()
        info = RecordingInfo.of(self.host)
        path = path or new_recording_path(info, clock)
        assert self.host.ring is not None
        self.recorder = Recorder(
            self.host.ring, path, info, clock=clock, ring_pulses=ring_pulses, on_problem=warn
        )
        return path

    def stop_recording(self) -> RecordingStatus | None:
        """End the raw recording; return how it ended, None if there was none."""
        recorder, self.recorder = self.recorder, None
        return recorder.close() if recorder is not None else None

    def close(self) -> None:
        """Leave the ring: recorder, road and loop store end. The host goes on."""
        self.close_but_loop().close()

    def close_but_loop(self) -> LoopBuffer:
        """Leave the ring, and return the loop store for the device's restart."""
        self.stop_recording()
        self.road.close()
        return self.store


def arm(
    host: DeviceHost,
    room: Room,
    sources: tuple[int, int],
    *,
    clock: Clock,
    screen: Screen,
    health: StreamStatistics,
    listeners: Listeners,
    loop: LoopBuffer | None = None,
) -> Acquisition:
    """Arm an open device and build its road. Raises FluoroError.

    `sources` are the numbers of its plain and of its subtracted images. `loop` is the store of
    before its restart: it goes on where the images are alike, and is closed where they are not.
    """
    ring = host.arm()
    parameters = host.parameters()
    rows, columns = ring.layout.format.rows, ring.layout.format.columns
    settings = room.pipeline or PipelineSettings.for_relationship(host.relationship)
    key = CalibrationKey.of(host.driver, host.device_id, parameters)
    file, calibration, problem = calibration_for(
        room.calibration, key, parameters, lag_wanted=settings.correction.lag
    )
    if problem is not None:
        listeners.problem(problem)
    pipeline = Pipeline(
        rows, columns, settings, host.relationship, calibration, bits=host.bit_depth
    )
    rate_hz = value_of(parameters, "AcquisitionFrameRate") or DEFAULT_RATE_HZ
    store = _store(room, rows, columns, rate_hz, loop, listeners.warn)
    threshold = room.beam.threshold_counts if room.beam.detect == "signal" else None
    road = FrameProcessor(
        ring,
        pipeline,
        screen,
        store,
        health,
        clock=clock,
        source=sources[0],
        subtracted_source=sources[1],
        on_image=listeners.image,
        on_pulses=listeners.pulses,
        on_frame=listeners.frame,
        beam=BeamOnDetector(threshold) if threshold is not None else None,
        on_beam=listeners.beam,
        on_error=listeners.error,
    )
    return Acquisition(host, road, pipeline, store, parameters, calibration_file=file)


def _store(
    room: Room,
    rows: int,
    columns: int,
    rate_hz: float,
    before: LoopBuffer | None,
    warn: Callable[[str, str], None],
) -> LoopBuffer:
    """Return a new loop store, or the one of before the restart where it can go on."""
    if before is not None:
        if before.fits(rows, columns, rate_hz):
            before.go_on()
            return before
        before.close()
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


def value_of(parameters: ParameterSet, name: str) -> float | None:
    """Return the value of a number among described parameters, if it is there."""
    return parameters.number(name)
