"""Last-image hold: the last image of a run, or the mean of its last n.

21 CFR 1020.32(j): if the hold is made of several frames, the operator chooses how many before the
exposure, and the choice is indicated.
"""

from collections import deque

import cv2
import numpy as np
import numpy.typing as npt

from fluoroview.session.images.image_pool import ImageBuffer, ImagePixels

MAX_HOLD_FRAMES = 8


class LastImageHold:
    """Remembers the last images of the run under way."""

    def __init__(self, rows: int, columns: int, frames: int = 1) -> None:
        self._sum: npt.NDArray[np.float32] = np.zeros((rows, columns), np.float32)
        self._last: deque[ImageBuffer] = deque()
        self.frames = frames

    def begin(self, frames: int) -> None:
        """Start a run whose hold will be made of `frames` images."""
        self.frames = frames
        self.clear()

    def add(self, image: ImageBuffer) -> None:
        """Remember one more image, and release the one that is too old."""
        self._last.append(image.keep())
        while len(self._last) > self.frames:
            self._last.popleft().drop()

    def form(self, out: ImagePixels) -> int:
        """Write the hold to `out`; return of how many images it is made (0 where there is none)."""
        count = len(self._last)
        if count == 1:
            np.copyto(out, self._last[0].pixels)
        elif count > 1:
            self._sum.fill(0)
            for image in self._last:
                cv2.accumulate(image.pixels, self._sum)
            np.copyto(out, np.rint(self._sum / count), casting="unsafe")
        return count

    def clear(self) -> None:
        """Release every image."""
        while self._last:
            self._last.popleft().drop()
