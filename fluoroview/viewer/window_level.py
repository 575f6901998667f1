"""The display window: which counts of a 16-bit picture become black, grey and white on the screen.

The linear function of PS3.3 C.11.2.1.2.1 with whole-count edges, done in two saturating OpenCV
passes (0.2 ms per megapixel; a table of 65 536 entries takes 0.3, NumPy 3).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

FULL_SCALE = 65535
"""Largest count of a 16-bit picture."""


@dataclass(frozen=True, slots=True)
class WindowLevel:
    """Centre and width in picture counts; `invert` turns black and white round."""

    centre: float = 32768.0
    width: float = 65536.0
    invert: bool = False

    @property
    def low(self) -> int:
        """The highest count that is painted black (white when inverted)."""
        return round(self.centre - self.width / 2)

    def apply(
        self, pixels: NDArray[np.uint16], scratch: NDArray[np.uint16], out: NDArray[np.uint8]
    ) -> None:
        """Write the windowed picture into `out`, all three (H, W); `scratch` may be `pixels`.

        `out = 255·clip((x − low)/(width − 1), 0, 1)`, rounded to the nearest whole number.
        """
        cv2.subtract(pixels, float(self.low), dst=scratch)  # type: ignore[call-overload]
        cv2.convertScaleAbs(scratch, dst=out, alpha=255.0 / max(self.width - 1.0, 1.0))
        if self.invert:
            cv2.bitwise_not(out, dst=out)

    def dragged(self, right: float, down: float) -> WindowLevel:
        """Return the window after a drag of so many fractions of the picture's size.

        To the right widens it (less contrast), down raises its centre (darker picture). Both go
        in proportion to the width, so that a drag feels the same for 10- and for 16-bit pictures.
        """
        width = float(np.clip(self.width * np.exp(2.0 * right), 2.0, 4 * FULL_SCALE))
        centre = self.centre + self.width * down
        return replace(
            self, width=width, centre=float(np.clip(centre, -FULL_SCALE, 2 * FULL_SCALE))
        )

    @classmethod
    def fitted(cls, pixels: NDArray[np.uint16], invert: bool = False) -> WindowLevel:
        """Return the window that spans the 0.5th to 99.5th percentile of a (H, W) picture."""
        step = max(1, int(np.sqrt(pixels.size / 65536)))
        low, high = np.percentile(pixels[::step, ::step], (0.5, 99.5))
        return cls(float(low + high) / 2, max(float(high - low), 2.0), invert)
