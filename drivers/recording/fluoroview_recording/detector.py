"""`RecordingReplay`: plays a recording as the recorded device delivered its frames."""

import math
from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from fluoroview.hal import (
    Detector,
    DeviceError,
    DeviceInfo,
    DoseOrigin,
    EnumParameter,
    FloatParameter,
    FrameHeader,
    FrameSink,
    IntParameter,
    Parameter,
    ParameterTree,
    PixelIntensityRelationship,
    Pulse,
    StrParameter,
)
from fluoroview.hal.runtime.run_thread import RunThread
from fluoroview.hal.sdk.playback import Playback
from fluoroview.hal.sequencing import Sequencing
from fluoroview.recording import RecordError, Recording
from fluoroview_recording.discovery import discover_recordings
from fluoroview_recording.timeline import (
    Event,
    FrameEvent,
    Losses,
    PulseEvent,
    Timeline,
    build_timeline,
)

_SEQUENCES = (Sequencing.ONCE, Sequencing.LOOP)


class RecordingReplay(Detector):
    """A recording as a detector; `device_id` is its path. `thread` is there for tests.

    A run plays the timeline from its start.
    """

    none_found = (
        "Record a run, or name a recording of yours: `--device FILE`; or its folder, in the "
        "variable FLUOROVIEW_RECORDING_PATH."
    )

    def __init__(self, device_id: str, thread: RunThread | None = None) -> None:
        super().__init__(device_id)
        self._recording: Recording | None = None
        self._timeline: Timeline | None = None
        self._playback = Playback(thread)
        self._sequencing = Sequencing.LOOP
        self._run = 0
        self._current = 0
        self._first_start_ns: int | None = None

    @classmethod
    def discover(cls) -> list[DeviceInfo]:
        """Return the recordings in FLUOROVIEW_RECORDING_PATH, or in the user's folder."""
        return discover_recordings("recording")

    def open(self) -> None:
        """Open the file. Raises RecordError with a sentence."""
        recording = Recording(self.device_id)
        if recording.frame_count == 0:
            recording.close()
            raise RecordError(
                f"The recording {self.device_id} holds no frames that can be played.",
                "Choose another one; `fluoroview recover` reports what is in this one.",
                code="FV-PLB-001",
            )
        self._recording = recording
        self._timeline = build_timeline(recording, self._run)

    def parameters(self) -> ParameterTree:
        """Return format, playback and what is known of the recording."""
        recording = self._require_open()
        return ParameterTree(
            [
                *self._format_parameters(recording),
                *self._playback_parameters(recording),
                *_facts(recording),
            ]
        )

    def start(self, sink: FrameSink) -> None:
        """Play from the beginning."""
        recording, timeline = self._require_open(), self._timeline
        assert timeline is not None
        self._playback.start(
            self.device_id, sink, lambda sink: self._play(sink, recording, timeline)
        )

    def stop(self) -> None:
        """End the run; no frame follows."""
        self._playback.stop()

    def close(self) -> None:
        """Stop, and close the file."""
        self.stop()
        recording, self._recording = self._recording, None
        if recording is not None:
            recording.close()

    # playing, in the thread of a run

    def _play(self, sink: FrameSink, recording: Recording, timeline: Timeline) -> None:
        image = np.empty((recording.format.rows, recording.format.columns), recording.format.dtype)
        clock_ns = self._device_clock_ns()
        last_ns = 0
        for again, event in self._events(timeline):
            damage = _read(recording, event, image)
            moment = self._playback.wait(sink, event.due_ns - last_ns)
            if moment is None:
                return
            last_ns = event.due_ns
            if isinstance(event, PulseEvent):
                sink.pulse(replayed(event.pulse, moment[1], again=again))
            else:
                _report_losses(sink, event.lost)
            if isinstance(event, FrameEvent):
                self._current = event.place
                header = _later(event.header, clock_ns)
                self._playback.deliver(sink, image, header, damage, timeline.frames)

    def _events(self, timeline: Timeline) -> Iterator[tuple[bool, Event]]:
        """Yield (played before in this run, event)."""
        times = 0
        while True:
            for event in timeline.passed(times):
                yield times > 0, event
            if self._sequencing is Sequencing.ONCE:
                return
            times += 1

    def _device_clock_ns(self) -> int:
        """Return by how much the recorded device's clock is ahead of the recording by now.

        The first run keeps the recorded times; it goes on from there, as a device's clock does,
        so that no later run repeats the times.
        """
        now_ns = self._playback.thread.clock.monotonic_ns()
        if self._first_start_ns is None:
            self._first_start_ns = now_ns
        return now_ns - self._first_start_ns

    # parameters

    def _require_open(self) -> Recording:
        if self._recording is None:
            raise DeviceError(f"{self.device_id} is not open.", "Open it first.", code="FV-PLB-002")
        return self._recording

    def _format_parameters(self, recording: Recording) -> list[Parameter]:
        pixel_format = "Mono8" if recording.format.dtype == "uint8" else "Mono16"
        return [
            IntParameter("Width", lambda: recording.format.columns, unit="px"),
            IntParameter("Height", lambda: recording.format.rows, unit="px"),
            EnumParameter("PixelFormat", lambda: pixel_format, choices=[pixel_format]),
            IntParameter("BitDepth", lambda: recording.info.bit_depth, unit="bit"),
            EnumParameter(
                "PixelIntensityRelationship",
                lambda: str(recording.info.relationship),
                choices=[str(each) for each in PixelIntensityRelationship],
                description="How values follow x-ray intensity, as the recorded device stated.",
            ),
            FloatParameter(
                "AcquisitionFrameRate",
                self._rate_hz,
                unit="Hz",
                description="Mean rate at this speed.",
            ),
        ]

    def _playback_parameters(self, recording: Recording) -> list[Parameter]:
        runs = {header.run for header in recording.headers}
        return [
            IntParameter(
                "Run",
                lambda: self._run,
                self._set_run,
                minimum=0,
                maximum=max(runs),
                description="The recorded run that is played; 0: all. Takes effect with the next "
                "run.",
            ),
            self._playback.speed_parameter("Times the recorded timing."),
            EnumParameter(
                "PlaybackSequencing",
                lambda: str(self._sequencing),
                self._set_sequencing,
                choices=[str(each) for each in _SEQUENCES],
                description="What follows the last frame.",
            ),
            IntParameter("CurrentFrame", lambda: self._current + 1),
            IntParameter("FrameCount", lambda: recording.frame_count),
            IntParameter("RunCount", lambda: len(runs)),
        ]

    def _rate_hz(self) -> float:
        rate_hz = self._timeline.rate_hz if self._timeline is not None else math.nan
        return rate_hz * self._playback.speed

    def _set_run(self, run: int) -> None:
        recording = self._require_open()
        timeline = build_timeline(recording, run)
        if timeline.frames == 0:
            raise DeviceError(
                f"The recording {self.device_id} has no frames of run {run}.",
                "Choose another run, or 0 for all.",
                code="FV-PLB-003",
            )
        self._run, self._timeline = run, timeline

    def _set_sequencing(self, sequencing: str) -> None:
        self._sequencing = Sequencing(sequencing)


def replayed(pulse: Pulse, host_time_ns: int, *, again: bool) -> Pulse:
    """Return a recorded pulse as it is reported now.

    An origin never gets better by having been recorded: MEASURED becomes RECORDED (it was
    measured, but not now); COMPUTED and SIMULATED stay what they are. `again`: in a later pass it
    adds a dose of 0, because nothing more was recorded; NaN stays NaN.
    """
    measured = pulse.origin is DoseOrigin.MEASURED
    share = 0.0 if again else 1.0
    return replace(
        pulse,
        host_time_ns=host_time_ns,
        origin=DoseOrigin.RECORDED if measured else pulse.origin,
        air_kerma_ugy=pulse.air_kerma_ugy * share,
        kap_ugym2=pulse.kap_ugym2 * share,
    )


def _read(recording: Recording, event: Event, image: np.ndarray) -> RecordError | None:
    """Read a frame's pixels; damage is returned, because the frame still counts."""
    if isinstance(event, FrameEvent):
        try:
            recording.read(event.place, image)
        except RecordError as error:
            return error
    return None


def _later(header: FrameHeader, time_ns: int) -> FrameHeader:
    """Move the hardware time; 0 means that the device has none, and stays."""
    last_ns = header.hardware_time_ns
    return replace(header, hardware_time_ns=last_ns + time_ns) if last_ns and time_ns else header


def _report_losses(sink: FrameSink, lost: Losses) -> None:
    for cause, count in lost.items():
        sink.lost(count, cause)


def _facts(recording: Recording) -> list[Parameter]:
    notes = list(recording.damage)
    if recording.in_progress:
        notes.append(
            "It is still being recorded; only what was there when it was opened is played."
        )
    if recording.left_out:
        notes.append(
            f"{recording.left_out} frames were not recorded, because the disk was slow; "
            "they count as lost (SDK)."
        )
    return [
        StrParameter("RecordedDevice", lambda: recording.info.name),
        StrParameter("RecordedUTC", lambda: recording.started_utc.isoformat(timespec="seconds")),
        StrParameter("RecordingNotes", lambda: " ".join(notes)),
    ]
