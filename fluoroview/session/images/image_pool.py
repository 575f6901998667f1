"""Images on their way to the screen, the last-image hold and the loop buffer, without copies.

A pool of buffers is allocated once. Each buffer counts its users and may be written again when it
has none. `LatestImage` keeps the newest image only: a slow display never builds a queue.
"""

import threading
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from fluoroview.hal import FrameHeader
from fluoroview.session.events import Mode

ImagePixels = npt.NDArray[np.uint16]


class ImageBuffer:
    """One uint16 image of the pool, and the number of its users."""

    def __init__(self, pool: "ImagePool", rows: int, columns: int) -> None:
        self.pixels: ImagePixels = np.zeros((rows, columns), np.uint16)
        self.users = 0
        self._pool = pool

    def keep(self) -> "ImageBuffer":
        """Count one more user."""
        self._pool.count(self, +1)
        return self

    def drop(self) -> None:
        """Count one user less; without users the buffer may be written again."""
        self._pool.count(self, -1)


class ImagePool:
    """`count` buffers of one size. Thread-safe."""

    def __init__(self, rows: int, columns: int, count: int) -> None:
        self._lock = threading.Lock()
        self._buffers = [ImageBuffer(self, rows, columns) for _ in range(count)]

    def take(self) -> ImageBuffer | None:
        """Return a buffer without users, counting the caller as one; None when all are in use."""
        with self._lock:
            for buffer in self._buffers:
                if buffer.users == 0:
                    buffer.users = 1
                    return buffer
        return None

    def count(self, buffer: ImageBuffer, change: int) -> None:
        """Change a buffer's number of users."""
        with self._lock:
            buffer.users += change


@dataclass(frozen=True, slots=True)
class Image:
    """What the screen shows. `pixels` is (rows, columns) uint16, valid until the next is taken.

    `number` counts the images of this session; `source` changes when images come from elsewhere
    (another device, mode or file) and their counts no longer compare; `host_time_ns` is when the
    frame was committed.
    """

    pixels: ImagePixels
    number: int
    mode: Mode
    source: int
    host_time_ns: int
    header: FrameHeader | None = None


class LatestImage:
    """The newest image. Publishing never waits; taking always returns the newest. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._newest: tuple[Image, ImageBuffer] | None = None
        self._shown: tuple[Image, ImageBuffer] | None = None
        self.published = 0
        self.skipped = 0
        self.source = 0
        """Where the newest image comes from; 0 before the first one."""

    def publish(
        self,
        buffer: ImageBuffer,
        mode: Mode,
        source: int,
        host_time_ns: int,
        header: FrameHeader | None = None,
    ) -> Image:
        """Make a buffer's image the newest; it stays in use until another one is taken."""
        buffer.keep()
        with self._lock:
            self.published += 1
            self.source = source
            image = Image(buffer.pixels, self.published, mode, source, host_time_ns, header)
            old, self._newest = self._newest, (image, buffer)
            if old is not None:
                self.skipped += mode is Mode.LIVE
        if old is not None:
            old[1].drop()
        return image

    def take(self) -> Image | None:
        """Return the newest image if it was not taken yet; the one taken before is released."""
        with self._lock:
            if self._newest is None:
                return None
            old, self._shown, self._newest = self._shown, self._newest, None
        if old is not None:
            old[1].drop()
        return self._shown[0]

    def current(self) -> tuple[Image, ImageBuffer] | None:
        """Return the newest image, taken or not, with its buffer kept for the caller."""
        with self._lock:
            entry = self._newest or self._shown
            if entry is not None:
                entry[1].keep()
            return entry
