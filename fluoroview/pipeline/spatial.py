"""Third stage: light smoothing in the plane."""

import math

import cv2
import numpy as np

from fluoroview.pipeline.arrays import Plane
from fluoroview.pipeline.settings import SpatialSettings

MAX_REACH_PX = 3


class SpatialSmoothing:
    """Gaussian smoothing in float32 (OpenCV's 16-bit one is 5 times slower), band by band."""

    def __init__(self, settings: SpatialSettings, band_rows: int, columns: int) -> None:
        self._band: Plane = np.zeros((band_rows + 2 * MAX_REACH_PX, columns), np.float32)
        self.configure(settings)

    def configure(self, settings: SpatialSettings) -> None:
        """Use other settings from the next frame on."""
        self._sigma_px = settings.sigma_px
        # To 2 sigma: 3×3 up to sigma = 0.5, at most 7×7.
        self._reach_px = min(math.ceil(2 * settings.sigma_px), MAX_REACH_PX)

    @property
    def changes_pixels(self) -> bool:
        """Whether anything is smoothed at all."""
        return self._sigma_px > 0

    def apply(self, plane: Plane, top: int, bottom: int) -> Plane:
        """Return rows top to bottom of the plane (H, W), smoothed; they see the rows around them.

        The plane stays as it is; the next band overwrites the result.
        """
        if not self.changes_pixels:
            return plane[top:bottom]
        first = max(top - self._reach_px, 0)
        source = plane[first : bottom + self._reach_px]
        band = self._band[: len(source)]
        side_px = 2 * self._reach_px + 1
        cv2.GaussianBlur(source, (side_px, side_px), self._sigma_px, dst=band)
        return band[top - first : bottom - first]
