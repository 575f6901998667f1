"""The driver: a frame grabber, a video stream or a video file as a FluoroView detector."""

import re
import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from fluoroview.hal import (
    Access,
    BoolParameter,
    Clock,
    DeviceError,
    DeviceInfo,
    EnumParameter,
    FloatParameter,
    FrameHeader,
    FrameSink,
    IntParameter,
    Parameter,
    ParameterTree,
    PixelIntensityRelationship,
    PolledDetector,
    StrParameter,
    SystemClock,
)
from fluoroview_video import discovery
from fluoroview_video.capture import Capture, Mode, first_frame
from fluoroview_video.image import (
    Crop,
    Deinterlacing,
    FieldOrder,
    ImageMaker,
    Luminance,
    Pixels,
    images_per_frame,
)
from fluoroview_video.opening import Opening
from fluoroview_video.runs import FileRun, LiveRun, Run
from fluoroview_video.source import Kind, Source, parse

DEFAULT_RATE_HZ = 25.0
"""For a file that states no rate of its own."""
_SLOWEST_HZ, _FASTEST_HZ = 0.1, 500.0
_SIZE = re.compile(r"(\d{2,5})x(\d{2,5})")
_FOUR_CC = re.compile(r"[\x20-\x7e]{4}")
_IDLE = Access.RW_IDLE


class PatternParameter(StrParameter):
    """A text of a certain form; `expected` describes it."""

    def __init__(
        self, *arguments: Any, pattern: re.Pattern[str], expected: str, **named: Any
    ) -> None:
        super().__init__(*arguments, **named)
        self._pattern = pattern
        self._expected = expected

    def check(self, value: Any) -> str:
        """Accept a text of that form."""
        if not isinstance(value, str) or not self._pattern.fullmatch(value):
            raise ValueError(self._expected)
        return value


class VideoDetector(PolledDetector):
    """A source of video; `device_id` is N or /dev/videoN, a URL, or the path of a file."""

    none_found = (
        "Plug a frame grabber in, or name a file of yours or a stream: `--device FILE` or "
        "`--device rtsp://…`."
    )

    def __init__(self, device_id: str, clock: Clock | None = None) -> None:
        super().__init__(device_id)
        self._clock = clock or SystemClock()
        self._end = threading.Event()
        self._source: Source | None = None
        self._capture: Capture | None = None  # of a grabber: held while it is open
        self._opening: Opening | None = None
        self._run: Run | None = None
        self._tree: ParameterTree | None = None
        self._mode = Mode()
        self._columns = self._rows = self._frame_count = 0
        self._rate_hz = 0.0  # frames of the source per second, 0: not stated
        self._four_cc, self._channel = "", -1
        self._crop = Crop(0, 0, 0, 0)
        self._luminance = Luminance.BT601
        self._deinterlacing = Deinterlacing.OFF
        self._field_order = FieldOrder.TOP_FIRST
        self._relationship = PixelIntensityRelationship.DISP
        self._loop = True

    @classmethod
    def discover(cls) -> list[DeviceInfo]:
        """Return the V4L2 devices of this machine; streams and files are named by the user."""
        return discovery.discover()

    def open(self) -> None:
        """Open the source and look at its first image.

        Raises DriverError without OpenCV, DeviceError when it cannot be opened or gives nothing.
        """
        self.close()
        self._source = parse(self.device_id)
        self._learn()
        self._tree = ParameterTree(self._parameters(), self.device_id)

    def parameters(self) -> ParameterTree:
        """Return crop, luminance, deinterlacing, rate, and what the source can be asked for."""
        if self._tree is None:
            raise DeviceError(
                f"{self.device_id} is not open.",
                "Open it first.",
                self.device_id,
                code="FV-VID-008",
            )
        return self._tree

    def start(self, sink: FrameSink) -> None:
        """Start the reading of images; a stream or a file is opened by the reading thread."""
        self._end.clear()
        super().start(sink)

    def read(self, pixels: Pixels, timeout_s: float) -> FrameHeader | None:
        """Write the next image to `pixels` (rows × columns); None when none came in time."""
        if self._run is None:
            self._run = self._new_run(timeout_s)
        return None if self._run is None else self._run.take(pixels, timeout_s)

    def stop(self) -> None:
        """End the reading; a read that blocks is waited for, a second at most."""
        self._end.set()
        super().stop()
        run, self._run = self._run, None
        opening, self._opening = self._opening, None
        if opening is not None:
            opening.abandon()
        if run is not None:
            run.close()

    def close(self) -> None:
        """Give the source back."""
        self.stop()
        capture, self._capture = self._capture, None
        self._tree = None
        if capture is not None:
            capture.release()

    # ---- source ---------------------------------------------------------------------------

    @property
    def _opened(self) -> Source:
        assert self._source is not None
        return self._source

    def _open_capture(self) -> Capture:
        return Capture(self._opened, self._mode)

    def _learn(self) -> None:
        """Open the source and note what it states and how large its images are."""
        if self._capture is not None:
            self._capture.release()
        self._capture = capture = self._open_capture()
        try:
            rows, columns = first_frame(capture).shape[:2]
            self._rate_hz = capture.rate_hz()
            self._frame_count = capture.frame_count()
            self._four_cc, self._channel = capture.four_cc(), capture.channel()
        except DeviceError:
            self._capture = None
            capture.release()
            raise
        if self._opened.kind is not Kind.GRABBER:
            # Only a grabber stays open: an idle stream becomes stale, and a file starts again.
            self._capture = None
            capture.release()
        if not self._opened.is_live and not self._rate_hz:
            self._rate_hz = DEFAULT_RATE_HZ
        if (columns, rows) != (self._columns, self._rows):
            self._columns, self._rows = columns, rows
            self._crop = Crop(0, 0, columns, rows)

    def _new_run(self, timeout_s: float) -> Run | None:
        """Return the run; None while its stream is still being opened."""
        if not self._opened.is_live:
            return FileRun(
                self._open_capture,
                self._maker(),
                self._clock,
                self._end.wait,
                rate_hz=self._image_rate_hz,
                loop=lambda: self._loop,
            )
        capture = self._capture or self._wait_for_stream(timeout_s)
        if capture is None:
            return None
        return LiveRun(
            capture,
            self._maker(),
            self._clock,
            self._end.wait,
            held=capture is self._capture,
            frame_rate_hz=self._rate_hz,
        )

    def _wait_for_stream(self, timeout_s: float) -> Capture | None:
        if self._opening is None:
            self._opening = Opening(self._open_capture)
        return self._opening.wait(timeout_s)

    def _maker(self) -> ImageMaker:
        return ImageMaker(
            lambda: self._luminance, self._deinterlacing, self._field_order, self._crop
        )

    def _image_rate_hz(self) -> float:
        return self._rate_hz * images_per_frame(self._deinterlacing)

    # ---- parameters -----------------------------------------------------------------------

    def _parameters(self) -> list[Parameter]:
        return [
            *self._crop_parameters(),
            *self._image_parameters(),
            *self._rate_parameters(),
            *(self._grabber_parameters() if self._opened.kind is Kind.GRABBER else []),
            *(self._file_parameters() if self._opened.kind is Kind.FILE else []),
            IntParameter("FrameCounterBits", lambda: 64, unit="bit"),
            EnumParameter(
                "FrameCounterSource",
                lambda: "Driver",
                choices=["Driver"],
                description="Who counts the frames. Video carries no counter: the driver counts "
                "what "
                "arrives, and losses before it cannot be seen.",
            ),
        ]

    def _crop_parameters(self) -> list[Parameter]:
        return [
            self._edge("Width", "width", 1, lambda: self._columns - self._crop.offset_x),
            self._edge("Height", "height", 1, lambda: self._rows - self._crop.offset_y),
            self._edge("OffsetX", "offset_x", 0, lambda: self._columns - self._crop.width),
            self._edge("OffsetY", "offset_y", 0, lambda: self._rows - self._crop.height),
            IntParameter(
                "WidthMax", lambda: self._columns, unit="px", description="Of the source."
            ),
            IntParameter("HeightMax", lambda: self._rows, unit="px", description="Of the source."),
        ]

    def _edge(
        self, name: str, field: str, minimum: int, maximum: Callable[[], int]
    ) -> IntParameter:
        def put(value: int) -> None:
            self._crop = replace(self._crop, **{field: value})

        return IntParameter(
            name,
            lambda: getattr(self._crop, field),
            put,
            minimum=minimum,
            maximum=maximum,
            unit="px",
            access=_IDLE,
            description="The part of the source's image that is delivered.",
        )

    def _image_parameters(self) -> list[Parameter]:
        return [
            EnumParameter("PixelFormat", lambda: "Mono8", choices=["Mono8"]),
            IntParameter("BitDepth", lambda: 8, unit="bit"),
            self._choice(
                "PixelIntensityRelationship",
                PixelIntensityRelationship,
                "_relationship",
                _IDLE,
                "How pixel values follow x-ray intensity. Video of a monitor is DISP.",
            ),
            self._choice(
                "Luminance",
                Luminance,
                "_luminance",
                Access.RW,
                "How a grey value is made of colour. Grey video is the same with each.",
            ),
            self._choice(
                "Deinterlacing",
                Deinterlacing,
                "_deinterlacing",
                _IDLE,
                "Bob: each field becomes an image, at twice the rate. Blend: the mean of both "
                "fields. Off: fields stay interleaved.",
            ),
            self._choice(
                "FieldOrder",
                FieldOrder,
                "_field_order",
                _IDLE,
                "Which field comes first with Bob. If movement trembles, choose the other.",
            ),
        ]

    def _choice(
        self, name: str, kind: Any, attribute: str, access: Access, description: str
    ) -> EnumParameter:
        return EnumParameter(
            name,
            lambda: str(getattr(self, attribute)),
            lambda value: setattr(self, attribute, kind(value)),
            choices=[str(choice) for choice in kind],
            access=access,
            description=description,
        )

    def _rate_parameters(self) -> list[Parameter]:
        """Return the rate, where the source states one."""
        if not self._rate_hz:
            return []
        kind = self._opened.kind
        setters = {Kind.FILE: self._set_pace, Kind.GRABBER: self._set_grabber_rate}
        access = {Kind.FILE: Access.RW, Kind.GRABBER: _IDLE, Kind.STREAM: Access.RO}
        return [
            FloatParameter(
                "AcquisitionFrameRate",
                self._image_rate_hz,
                setters.get(kind),
                minimum=_SLOWEST_HZ,
                maximum=_FASTEST_HZ,
                unit="Hz",
                access=access[kind],
                description="Images per second; with Bob twice the frames of the source. A file is "
                "played at it, a grabber is asked for it, a stream states it.",
            )
        ]

    def _grabber_parameters(self) -> list[Parameter]:
        parameters: list[Parameter] = [
            PatternParameter(
                "SourceSize",
                lambda: f"{self._columns}x{self._rows}",
                self._set_size,
                pattern=_SIZE,
                expected="columns x rows are expected, such as 1920x1080",
                access=_IDLE,
                description="Image that the grabber is asked for, such as 1920x1080. The crop is "
                "reset.",
            ),
            PatternParameter(
                "SourceFourCC",
                lambda: self._four_cc,
                self._set_four_cc,
                pattern=_FOUR_CC,
                expected="four letters are expected, such as YUYV or MJPG",
                access=_IDLE,
                description="Pixel format that the grabber is asked for: four letters, such as "
                "YUYV or "
                "MJPG.",
            ),
        ]
        if self._channel >= 0:
            parameters.append(
                IntParameter(
                    "SourceInput",
                    lambda: self._channel,
                    self._set_channel,
                    minimum=0,
                    access=_IDLE,
                    description="Which of the grabber's inputs is taken (composite, S-Video ...).",
                )
            )
        return parameters

    def _file_parameters(self) -> list[Parameter]:
        return [
            BoolParameter(
                "Loop",
                lambda: self._loop,
                lambda value: setattr(self, "_loop", value),
                description="Whether the file starts again at its end. If not, its end is a fault.",
            ),
            IntParameter(
                "FrameCount", lambda: self._frame_count, description="As the file states it."
            ),
            StrParameter("SourceFourCC", lambda: self._four_cc, description="Codec of the file."),
        ]

    def _set_pace(self, images_per_s: float) -> None:
        self._rate_hz = images_per_s / images_per_frame(self._deinterlacing)

    def _set_grabber_rate(self, images_per_s: float) -> None:
        frames_per_s = images_per_s / images_per_frame(self._deinterlacing)
        self._ask(rate_hz=frames_per_s)

    def _set_size(self, text: str) -> None:
        columns, rows = text.split("x")
        self._ask(columns=int(columns), rows=int(rows))

    def _set_four_cc(self, text: str) -> None:
        self._ask(four_cc=text)

    def _set_channel(self, channel: int) -> None:
        self._ask(channel=channel)

    def _ask(self, **changes: Any) -> None:
        """Open the grabber with another mode; if it gives no image then, with the old one."""
        before, self._mode = self._mode, replace(self._mode, **changes)
        try:
            self._learn()
        except DeviceError:
            self._mode = before
            self._learn()
            raise
