"""The one place that talks to OpenCV's VideoCapture: opening, frames, what it states."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from fluoroview.hal import DeviceError
from fluoroview_video import sdk
from fluoroview_video.source import FORMS, Kind, Source

_OPEN_TIMEOUT_MS = 8000  # below the deadline that the HAL gives to open
_HIGHEST_RATE_HZ = 1000.0  # above it a stated rate is a guess of the container's time base

Pixels = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class Mode:
    """What a grabber is asked for; 0 and "" leave it as it is."""

    columns: int = 0
    rows: int = 0
    four_cc: str = ""
    channel: int = -1
    rate_hz: float = 0.0


class Capture:
    """An opened source. Raises DeviceError with a sentence when it cannot be opened."""

    def __init__(self, source: Source, mode: Mode | None = None) -> None:
        self.source = source
        self._cv2 = sdk.load()
        self._video = self._open()
        if mode is not None:
            self._apply(mode)

    def grab(self) -> bool:
        """Wait for the next frame; False at the end, when none came, or when the source is gone."""
        return bool(self._video.grab())

    def retrieve(self, into: Pixels | None = None) -> Pixels | None:
        """Return the frame grabbed last, rows × columns × BGR or rows × columns, uint8.

        None when it cannot be decoded. `into` is used again where it fits.
        """
        decoded, frame = self._video.retrieve(into)
        return frame if decoded and frame is not None and frame.size else None

    def rate_hz(self) -> float:
        """Return the frames per second that the source states, 0 where it states none."""
        rate = float(self._video.get(self._cv2.CAP_PROP_FPS))
        return rate if 0 < rate <= _HIGHEST_RATE_HZ else 0.0

    def frame_count(self) -> int:
        """Return how many frames a file states, 0 where it states none."""
        return max(0, int(self._video.get(self._cv2.CAP_PROP_FRAME_COUNT)))

    def four_cc(self) -> str:
        """Return the four letters of the pixel format or codec, "" where there are none."""
        code = int(self._video.get(self._cv2.CAP_PROP_FOURCC))
        letters = code.to_bytes(4, "little", signed=code < 0).decode("latin-1").strip("\0 ")
        return letters if letters.isprintable() else ""

    def channel(self) -> int:
        """Return the number of the grabber's input, -1 where it has none."""
        return int(self._video.get(self._cv2.CAP_PROP_CHANNEL))

    def release(self) -> None:
        """Give the source back; safe twice."""
        self._video.release()

    def _apply(self, mode: Mode) -> None:
        """Request the settings in the order that V4L2 needs; `get` returns what it chose."""
        cv2, video = self._cv2, self._video
        if mode.channel >= 0:
            video.set(cv2.CAP_PROP_CHANNEL, mode.channel)
        if mode.four_cc:
            video.set(cv2.CAP_PROP_FOURCC, cv2.VideoWriter.fourcc(*mode.four_cc))
        if mode.columns and mode.rows:  # V4L2 takes them together, when the second is set
            video.set(cv2.CAP_PROP_FRAME_WIDTH, mode.columns)
            video.set(cv2.CAP_PROP_FRAME_HEIGHT, mode.rows)
        if mode.rate_hz:
            video.set(cv2.CAP_PROP_FPS, mode.rate_hz)

    def _open(self) -> Any:
        cv2, source = self._cv2, self.source
        if source.kind is Kind.GRABBER:
            video = cv2.VideoCapture(source.target, cv2.CAP_V4L2)
        elif source.kind is Kind.STREAM:
            timeouts = [
                cv2.CAP_PROP_OPEN_TIMEOUT_MSEC,
                _OPEN_TIMEOUT_MS,
                cv2.CAP_PROP_READ_TIMEOUT_MSEC,
                sdk.STREAM_TIMEOUT_MS,
            ]
            video = cv2.VideoCapture(source.target, cv2.CAP_FFMPEG, timeouts)
        else:
            _require_file(source)
            video = cv2.VideoCapture(source.target, cv2.CAP_FFMPEG)
        if not video.isOpened():
            raise _cannot_open(source)
        return video


def first_frame(capture: Capture, tries: int = 3) -> Pixels:
    """Return the first frame that can be decoded, or raise DeviceError when none comes."""
    for _ in range(tries):
        if capture.grab() and (frame := capture.retrieve()) is not None:
            return frame
    name = capture.source.name
    if capture.source.is_live:
        raise DeviceError(
            f"{name} is open but gives no image.",
            "Check the signal at its input, and that it is the input that is chosen.",
            name,
            code="FV-VID-001",
        )
    raise DeviceError(
        f"{name} is a video file without an image that can be decoded.",
        "It may be cut off or damaged: copy it again.",
        name,
        code="FV-VID-002",
    )


def _require_file(source: Source) -> None:
    if not source.exists():
        raise DeviceError(
            f"There is no video file {source.name}.", FORMS, source.name, code="FV-VID-003"
        )


def _cannot_open(source: Source) -> DeviceError:
    if source.kind is Kind.FILE:
        return DeviceError(
            f"{source.name} cannot be opened as a video.",
            "It must be a file that FFmpeg reads (AVI, MP4, MKV, MOV, MPEG) with a video in it, "
            "and you must be allowed to read it.",
            source.name,
            code="FV-VID-004",
        )
    if source.kind is Kind.STREAM:
        return DeviceError(
            f"{source.name} does not answer, or sends no video.",
            "Check the address, its user and password, the network and the sender.",
            source.name,
            code="FV-VID-005",
        )
    if not source.exists():
        return DeviceError(
            f"There is no frame grabber {source.name}.",
            "Plug it in; `fluoroview devices --driver video` lists those that are there.",
            source.name,
            code="FV-VID-006",
        )
    return DeviceError(
        f"{source.name} cannot be opened.",
        "Another program may hold it, or you may not read it: close that program, or join the "
        "group video.",
        source.name,
        code="FV-VID-007",
    )
