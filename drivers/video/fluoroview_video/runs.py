"""The images of one run: of a file, at their due times; of a live source, as they come.

Video has no counter of its own. Images are counted here, from 0 in each run: a frame that cannot
be decoded leaves a gap, frames lost before it are not seen.
"""

from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable

import numpy as np

from fluoroview.hal import Clock, DeviceError, FrameHeader
from fluoroview_video.capture import Capture
from fluoroview_video.image import ImageMaker, Pixels, images_per_frame
from fluoroview_video.timetable import Timetable

_NS = 1_000_000_000
_PATIENCE_NS = 2 * _NS  # a live source without an image for so long is lost
_PAUSE_S = 0.05  # between two tries of a source without an image
_WAITED_NS = 5_000_000  # a frame that is there sooner was waiting in the grabber's queue
_MAX_QUEUE = 16

Wait = Callable[[float], bool]
"""Waits so many seconds; True as soon as the run is to end."""


class Run(ABC):
    """What one run delivers. `take` returns None when no image was due in time."""

    def __init__(self, capture: Capture, maker: ImageMaker, clock: Clock, wait: Wait) -> None:
        self._capture = capture
        self._maker = maker
        self._clock = clock
        self._wait = wait
        self._frame: Pixels | None = None
        self._shape: tuple[int, ...] | None = None
        self._counter = 0

    @abstractmethod
    def take(self, pixels: Pixels, timeout_s: float) -> FrameHeader | None:
        """Write the next image to `pixels` (rows × columns) and return its header."""

    @abstractmethod
    def close(self) -> None:
        """End the run."""

    def _retrieve(self) -> list[Pixels]:
        """Return the images of the frame grabbed last; none, and a gap, where it is damaged."""
        frame = self._capture.retrieve(self._frame)
        if frame is None:
            self._counter += images_per_frame(self._maker.deinterlacing)
            return []
        if self._shape is not None and frame.shape != self._shape:
            was, now = (f"{shape[1]}×{shape[0]}" for shape in (self._shape, frame.shape))
            raise DeviceError(
                f"the image changed its size from {was} to {now}.",
                "Open it again to take the new size.",
                code="FV-VID-009",
            )
        self._frame, self._shape = frame, frame.shape
        return self._maker.images(frame)

    def _deliver(self, image: Pixels, pixels: Pixels, time_ns: int) -> FrameHeader:
        np.copyto(pixels, image)
        counter, self._counter = self._counter, self._counter + 1
        return FrameHeader(hardware_counter=counter, hardware_time_ns=time_ns)


class FileRun(Run):
    """A file from its beginning, each image at its due time."""

    def __init__(
        self,
        reopen: Callable[[], Capture],
        maker: ImageMaker,
        clock: Clock,
        wait: Wait,
        *,
        rate_hz: Callable[[], float],
        loop: Callable[[], bool],
    ) -> None:
        super().__init__(reopen(), maker, clock, wait)
        self._reopen = reopen
        self._rate_hz = rate_hz
        self._loop = loop
        self._timetable = Timetable()
        self._images: deque[Pixels] = deque()
        self._due_ns: int | None = None

    def take(self, pixels: Pixels, timeout_s: float) -> FrameHeader | None:
        """Decode ahead, wait until the image is due, then write it.

        Raises DeviceError at the end of the file, unless it is to be looped.
        """
        if not self._images:
            self._images.extend(self._decode())
            if not self._images:
                return None
        if self._due_ns is None:
            self._due_ns = self._timetable.next(self._clock.monotonic_ns(), self._rate_hz())
        wait_s = (self._due_ns - self._clock.monotonic_ns()) / _NS
        if wait_s > 0 and (self._wait(min(wait_s, timeout_s)) or wait_s > timeout_s):
            return None
        due_ns, self._due_ns = self._due_ns, None
        return self._deliver(self._images.popleft(), pixels, due_ns)

    def close(self) -> None:
        """End the run and close the file."""
        self._capture.release()

    def _decode(self) -> list[Pixels]:
        if not self._capture.grab():
            self._go_back()
        return self._retrieve()

    def _go_back(self) -> None:
        """Reopen the file: seeking to the first frame is not exact in every format."""
        name = self._capture.source.name
        if not self._loop():
            raise DeviceError(
                f"{name} is at its end after {self._counter} images.",
                "Open it again, with Loop set to true if it is to go round.",
                name,
                code="FV-VID-010",
            )
        self._capture.release()
        self._capture = self._reopen()
        if not self._capture.grab():
            raise DeviceError(
                f"{name} cannot be read from its beginning again.",
                "Check the file.",
                name,
                code="FV-VID-011",
            )


class LiveRun(Run):
    """A grabber or a stream: images as they come.

    `held` says that the capture was open before the run: it stays open after it, and frames that
    grew old in its queue are thrown away first.
    `frame_rate_hz` (0: unknown) places the second field half a frame after the first.
    """

    def __init__(
        self,
        capture: Capture,
        maker: ImageMaker,
        clock: Clock,
        wait: Wait,
        *,
        held: bool,
        frame_rate_hz: float,
    ) -> None:
        super().__init__(capture, maker, clock, wait)
        self._held = held
        self._has_old_frames = held
        self._half_frame_ns = round(_NS / (2 * frame_rate_hz)) if frame_rate_hz else 0
        self._second: tuple[Pixels, int] | None = None
        self._alive_ns = clock.monotonic_ns()

    def take(self, pixels: Pixels, timeout_s: float) -> FrameHeader | None:
        """Wait for the next frame; raises DeviceError when the source is lost."""
        if self._has_old_frames:
            self._has_old_frames = False
            self._discard_stale()
        if self._second is not None:
            return self._take_second(pixels)
        if not self._capture.grab():
            self._check_alive()
            return None
        time_ns = self._alive_ns = self._clock.monotonic_ns()
        images = self._retrieve()
        if not images:
            return None
        if len(images) == 2:
            self._second = images[1], time_ns + max(1, self._half_frame_ns)
        return self._deliver(images[0], pixels, time_ns)

    def close(self) -> None:
        """End the run; a source that was opened for it is closed."""
        if not self._held:
            self._capture.release()

    def _take_second(self, pixels: Pixels) -> FrameHeader | None:
        assert self._second is not None
        image, due_ns = self._second
        wait_s = (due_ns - self._clock.monotonic_ns()) / _NS
        if wait_s > 0 and self._wait(wait_s):
            return None
        self._second = None
        return self._deliver(image, pixels, due_ns)

    def _discard_stale(self) -> None:
        """Discard the frames that queued up before the run: they come at once."""
        for _ in range(_MAX_QUEUE):
            asked_ns = self._clock.monotonic_ns()
            if not self._capture.grab() or self._clock.monotonic_ns() - asked_ns > _WAITED_NS:
                return

    def _check_alive(self) -> None:
        source = self._capture.source
        if not source.exists():
            raise DeviceError(
                f"{source.name} was unplugged.",
                "Plug it in, then open it again.",
                source.name,
                code="FV-VID-012",
            )
        if self._clock.monotonic_ns() - self._alive_ns >= _PATIENCE_NS:
            raise DeviceError(
                f"{source.name} gave no image for {_PATIENCE_NS // _NS} s.",
                "Check its signal, cable or network, then open it again.",
                source.name,
                code="FV-VID-013",
            )
        self._wait(_PAUSE_S)
