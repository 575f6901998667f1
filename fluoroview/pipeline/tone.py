"""Last stage: float counts to the uint16 image, logarithmic for linear detectors."""

import math
from typing import Protocol

import cv2
import numpy as np

from fluoroview.hal.frame import PixelIntensityRelationship
from fluoroview.pipeline.arrays import Image, Plane

COUNTS_PER_E_FOLD = 4096.0
"""Image counts per factor e of detector signal, in images of linear detectors.

image = round(COUNTS_PER_E_FOLD · ln(max(signal in counts, 1))), so that a difference of two
images divided by this constant is a difference of line integrals ∫µ dx (for one energy), and a
step of 1 is 0.024 % of the signal. A signal of 16 bits reaches 45 426.
"""


class Tone(Protocol):
    """Writes bands of float counts as image counts."""

    maximum: int
    """Largest count to be expected, for the limits of a window."""

    def apply(self, counts: Plane, out: Image) -> None:
        """Write `out` (rows, W) uint16; `counts` (rows, W) stay as they are."""
        ...


class LogTransform:
    """image = round(COUNTS_PER_E_FOLD · ln(max(signal, 1)))."""

    def __init__(self, band_rows: int, columns: int, bits: int) -> None:
        self._band: Plane = np.zeros((band_rows, columns), np.float32)
        self.maximum = round(COUNTS_PER_E_FOLD * math.log(max(2**bits - 1, 2)))

    def apply(self, counts: Plane, out: Image) -> None:
        """Write the logarithm of a band of counts."""
        band = self._band[: len(counts)]
        np.clip(counts, 1.0, np.inf, out=band)
        cv2.log(band, dst=band)
        cv2.addWeighted(band, COUNTS_PER_E_FOLD, band, 0.0, 0.5, dst=band)
        np.copyto(out, band, casting="unsafe")  # truncates


class IdentityTransform:
    """image = round(signal), clamped to 0 … 65 535: LOG and DISP counts are unchanged."""

    def __init__(self, band_rows: int, columns: int, bits: int) -> None:
        self._band: Plane = np.zeros((band_rows, columns), np.float32)
        self.maximum = 2**bits - 1

    def apply(self, counts: Plane, out: Image) -> None:
        """Write a band of counts, rounded."""
        band = self._band[: len(counts)]
        np.clip(counts, 0.0, 65535.0, out=band)
        np.add(band, 0.5, out=band)
        np.copyto(out, band, casting="unsafe")  # truncates


def tone_for(
    relationship: PixelIntensityRelationship, band_rows: int, columns: int, bits: int
) -> Tone:
    """Return the tone stage for a source."""
    if relationship is PixelIntensityRelationship.LIN:
        return LogTransform(band_rows, columns, bits)
    return IdentityTransform(band_rows, columns, bits)
