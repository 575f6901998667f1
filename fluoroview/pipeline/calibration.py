"""The calibration of one detector mode: dark picture, gain picture, defect map."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import cv2
import numpy as np

from fluoroview.hal.errors import FluoroError
from fluoroview.pipeline.arrays import Mask, Plane, Raw

LARGEST_GAIN_DEVIATION = 0.5
"""A pixel whose response is off by more than this fraction of its neighbourhood is a defect."""
LARGEST_NOISE_RATIO = 5.0
"""A pixel whose dark noise is above this many times the median one is a defect."""


class CalibrationError(FluoroError):
    """A calibration set that cannot be used."""


@dataclass(frozen=True, slots=True)
class Calibration:
    """Offset, gain and defects, each (H, W).

    corrected = (raw - offset) * gain, then defects are filled from their neighbours. `offset` is
    in detector counts, `gain` has a mean of about 1. It holds for one mode of the detector
    (binning, gain, integration time) only.
    """

    offset: Plane
    gain: Plane
    defects: Mask

    def __post_init__(self) -> None:
        shapes = {self.offset.shape, self.gain.shape, self.defects.shape}
        if len(shapes) != 1 or self.offset.ndim != 2:
            raise CalibrationError(
                f"The calibration's offset, gain and defect maps have shapes {self.offset.shape},"
                f" {self.gain.shape} and {self.defects.shape}, but must be one and the same.",
                "Calibrate this detector mode again.",
            )
        good = ~self.defects
        if not good.any():
            raise CalibrationError(
                "The calibration marks every pixel as defect.", "Calibrate this detector again."
            )
        if not (np.isfinite(self.offset[good]).all() and (self.gain[good] > 0).all()):
            raise CalibrationError(
                "The calibration has a pixel that is not marked as defect and whose offset is not"
                " finite or whose gain is not above 0.",
                "Calibrate this detector mode again.",
            )

    @property
    def shape(self) -> tuple[int, int]:
        """(rows, columns)."""
        rows, columns = self.offset.shape
        return rows, columns

    @classmethod
    def from_frames(cls, darks: Sequence[Raw], flats: Sequence[Raw]) -> Self:
        """Make a calibration from dark frames and from evenly exposed frames, each (H, W).

        Offset is the mean dark, gain the smoothed mean flat over the flat of each pixel (only
        structure below about 1/8 of the picture's width is flattened, so that heel effect and
        field edges stay as they are), and defects are pixels that are dead, far off in response
        or noisy in the dark. Raises CalibrationError where the frames do not allow it.
        """
        if len(darks) < 2 or len(flats) < 2:
            raise CalibrationError(
                f"A calibration needs at least 2 dark and 2 flat frames, but got {len(darks)} and"
                f" {len(flats)}.",
                "Record more frames; 32 of each are usual.",
            )
        if len({frame.shape for frame in (*darks, *flats)}) != 1:
            raise CalibrationError(
                "The frames given for a calibration differ in size.",
                "Record all of them in one detector mode.",
            )
        dark = np.stack(darks).astype(np.float32)
        offset = dark.mean(axis=0)
        noise = dark.std(axis=0)
        flat = np.stack(flats).astype(np.float32).mean(axis=0) - offset
        defects = _defects(flat, noise)
        smooth = _smooth_without(flat, defects)
        gain = np.ones_like(flat)
        np.divide(smooth, flat, out=gain, where=~defects)
        return cls(offset, gain, defects)


def _defects(flat: Plane, noise: Plane) -> Mask:
    """Return True where a pixel is dead, off or noisy."""
    local = cv2.medianBlur(flat, 5)
    bad: Mask = ~(np.abs(flat - local) <= LARGEST_GAIN_DEVIATION * local) | (flat <= 0)
    bad |= noise > LARGEST_NOISE_RATIO * max(float(np.median(noise)), 0.1)
    return bad


def _smooth_without(flat: Plane, defects: Mask) -> Plane:
    """Return the flat, smoothed with sigma = width / 16 over the pixels that are not defects."""
    weight = (~defects).astype(np.float32)
    sigma_px = max(flat.shape) / 16
    total = cv2.GaussianBlur(flat * weight, (0, 0), sigma_px)
    smooth = total / np.maximum(cv2.GaussianBlur(weight, (0, 0), sigma_px), 1e-6)
    return smooth.astype(np.float32)
