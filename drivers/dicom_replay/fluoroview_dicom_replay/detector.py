"""`DicomReplay`: plays a DICOM file as a detector delivers frames, at the file's own timing."""

import numpy as np

from fluoroview.dicom import DicomCine, DicomError
from fluoroview.hal import (
    Access,
    Detector,
    DeviceError,
    DeviceInfo,
    EnumParameter,
    FloatParameter,
    FrameHeader,
    FrameSink,
    IntParameter,
    ParameterTree,
    PixelIntensityRelationship,
    StrParameter,
)
from fluoroview.hal.runtime.run_thread import RunThread
from fluoroview.hal.sdk.playback import Playback
from fluoroview.hal.sequencing import Sequencing
from fluoroview_dicom_replay.discovery import VARIABLE, discover_files
from fluoroview_dicom_replay.dose import recorded_pulse
from fluoroview_dicom_replay.sequence import playback_order

_NS_PER_MS = 1e6


class DicomReplay(Detector):
    """A recorded file as a detector; `device_id` is its path. `thread` is there for tests.

    The pulse is reported when its image is due. A file of one frame is a still: it is shown once in
    a run, by one pulse.
    """

    none_found = (
        "Name a file of yours: `--device FILE`; or the folder that holds several, in the variable "
        f"{VARIABLE}."
    )

    def __init__(self, device_id: str, thread: RunThread | None = None) -> None:
        super().__init__(device_id)
        self._cine: DicomCine | None = None
        self._playback = Playback(thread)
        self._sequencing = Sequencing.LOOP
        self._first = self._last = self._current = 0

    @classmethod
    def discover(cls) -> list[DeviceInfo]:
        """Return the files in the folders of FLUOROVIEW_REPLAY_PATH that can be played."""
        return discover_files("dicom_replay")

    def open(self) -> None:
        """Open the file. Raises DicomError with a sentence."""
        cine = DicomCine(self.device_id)
        self._cine = cine
        self._sequencing = Sequencing.ONCE if cine.frame_count == 1 else cine.timing.sequencing
        self._first, self._last = cine.timing.first_frame, cine.timing.last_frame
        self._current = self._first

    def parameters(self) -> ParameterTree:
        """Return format, timing and playback parameters."""
        return ParameterTree([*self._format_parameters(), *self._playback_parameters()])

    def start(self, sink: FrameSink) -> None:
        """Play from FirstFrame."""
        self._require_open()
        self._playback.start(self.device_id, sink, self._play)

    def stop(self) -> None:
        """End the run; no frame follows."""
        self._playback.stop()

    def close(self) -> None:
        """Stop, and close the file."""
        self.stop()
        cine, self._cine = self._cine, None
        if cine is not None:
            cine.close()

    # playing, in the thread of a run

    def _play(self, sink: FrameSink) -> None:
        cine, playback = self._require_open(), self._playback
        image = np.empty((cine.rows, cine.columns), np.uint16)
        frames, shown_ns = self._last - self._first + 1, 0.0
        order = playback_order(self._first, self._last, self._sequencing)
        for counter, (frame, again) in enumerate(order):
            damage = _read(cine, frame, image)
            moment = playback.wait(sink, shown_ns)
            if moment is None:
                return
            due_ns, now_ns = moment
            self._current = frame
            pulse = recorded_pulse(cine, frame, counter, now_ns, again=again)
            sink.pulse(pulse)
            header = FrameHeader(counter, round(due_ns), counter, pulse.exposure)
            playback.deliver(sink, image, header, damage, frames)
            shown_ns = cine.duration_ms(frame) * _NS_PER_MS

    # parameters

    def _require_open(self) -> DicomCine:
        if self._cine is None:
            raise DeviceError(f"{self.device_id} is not open.", "Open it first.", code="FV-RPL-001")
        return self._cine

    def _format_parameters(self) -> list[IntParameter | FloatParameter | EnumParameter]:
        cine = self._require_open()
        return [
            IntParameter("Width", lambda: cine.columns, unit="px"),
            IntParameter("Height", lambda: cine.rows, unit="px"),
            EnumParameter("PixelFormat", lambda: "Mono16", choices=["Mono16"]),
            IntParameter(
                "BitDepth",
                lambda: max(1, cine.image_max.bit_length()),
                unit="bit",
                description="Bits that the file's values take.",
            ),
            EnumParameter(
                "PixelIntensityRelationship",
                lambda: str(cine.intensity_relationship),
                choices=[str(x) for x in PixelIntensityRelationship],
                description="How values follow x-ray intensity, as the file says; DISP if it "
                "does not.",
            ),
            FloatParameter(
                "AcquisitionFrameRate",
                lambda: cine.timing.mean_fps * self._playback.speed,
                unit="Hz",
                description="Mean rate at the present speed.",
            ),
            *_window_parameters(cine),
        ]

    def _playback_parameters(
        self,
    ) -> list[StrParameter | IntParameter | FloatParameter | EnumParameter]:
        cine = self._require_open()
        return [
            StrParameter("TimingSource", lambda: cine.timing.source),
            StrParameter("FileNotes", lambda: " ".join(cine.warnings)),
            self._playback.speed_parameter("Times the file's own timing."),
            EnumParameter(
                "PlaybackSequencing",
                lambda: str(self._sequencing),
                self._set_sequencing,
                choices=["once"] if cine.frame_count == 1 else [str(x) for x in Sequencing],
                access=Access.RW,
                description="What follows the last frame; takes effect with the next run.",
            ),
            IntParameter(
                "FirstFrame",
                lambda: self._first + 1,
                self._set_first,
                minimum=1,
                maximum=lambda: self._last + 1,
                description="Counted from 1; takes effect with the next run.",
            ),
            IntParameter(
                "LastFrame",
                lambda: self._last + 1,
                self._set_last,
                minimum=lambda: self._first + 1,
                maximum=cine.frame_count,
                description="Counted from 1; takes effect with the next run.",
            ),
            IntParameter("CurrentFrame", lambda: self._current + 1),
            IntParameter("FrameCount", lambda: cine.frame_count),
        ]

    def _set_sequencing(self, sequencing: str) -> None:
        self._sequencing = Sequencing(sequencing)

    def _set_first(self, number: int) -> None:
        self._first = number - 1

    def _set_last(self, number: int) -> None:
        self._last = number - 1


def _window_parameters(cine: DicomCine) -> list[FloatParameter]:
    window = cine.window
    if window is None:
        return []
    return [
        FloatParameter("WindowCenter", lambda: window.centre, description="In image values."),
        FloatParameter("WindowWidth", lambda: window.width, description="In image values."),
    ]


def _read(cine: DicomCine, frame: int, image: np.ndarray) -> DicomError | None:
    """Read a frame; a damaged one is returned as its error, because its pulse still counts."""
    try:
        cine.read(frame, image)
    except DicomError as error:
        return error
    return None
