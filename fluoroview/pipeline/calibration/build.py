"""Building a calibration from frames: offset, gain over one or several levels, defects.

Gain. At each level l the target T_l is the mean flat above dark, smoothed over the good pixels
with sigma = width/16, so that only finer structure is flattened and heel effect and field edges
stay as they are. A pixel's signals S_l are fitted by S_l = s·T_l, a line through its own dark,
with weights n_l/T_l (n frames, quantum noise): s = Σ n_l·S_l / Σ n_l·T_l, and gain = 1/s. What a
pixel is off that line at a level is its non-linearity. A curve that all pixels share stays, since
the target has it too.
"""

from collections.abc import Iterable, Sequence
from typing import Self

import cv2
import numpy as np
import numpy.typing as npt

from fluoroview.pipeline.arrays import Mask, Plane, Raw
from fluoroview.pipeline.calibration.calibration import Calibration, CalibrationError, Level
from fluoroview.pipeline.calibration.defects import (
    Reason,
    complete,
    mark,
    nonlinear,
    response_reasons,
    robust_spread,
    summarise,
)

MAX_DEFECT_FRACTION = 0.05
"""A larger share of defects means wrong frames, not a bad detector."""
_CELLS_PER_SIGMA = 8


class FrameStatistics:
    """Mean and noise of frames of one kind, without keeping them; the mean of each frame."""

    def __init__(self) -> None:
        self.count = 0
        self.frame_means: list[float] = []
        self._sum: npt.NDArray[np.float64] | None = None
        self._squares: npt.NDArray[np.float64] | None = None

    @classmethod
    def of(cls, frames: Iterable[Raw]) -> Self:
        """Return the statistics of frames (H, W)."""
        made = cls()
        for frame in frames:
            made.add(frame)
        return made

    def add(self, frame: Raw) -> None:
        """Add one frame (H, W). Raises CalibrationError if its size differs from the others'."""
        if self._sum is None or self._squares is None:
            self._sum, self._squares = np.zeros(frame.shape), np.zeros(frame.shape)
        if frame.shape != self._sum.shape:
            raise CalibrationError(
                "The frames given for a calibration differ in size.",
                "Record all of them in one detector mode.",
                code="FV-CAL-001",
            )
        cv2.accumulate(frame, self._sum)
        cv2.accumulateSquare(frame, self._squares)
        self.count += 1
        self.frame_means.append(float(frame.mean()))

    @property
    def mean(self) -> Plane:
        """Mean of the frames, (H, W) counts."""
        return (self._needed(self._sum) / self.count).astype(np.float32)

    @property
    def noise(self) -> Plane:
        """Standard deviation of each pixel in time, (H, W) counts."""
        mean = self._needed(self._sum) / self.count
        variance = self._needed(self._squares) / self.count - mean**2
        scale = self.count / max(self.count - 1, 1)
        return np.sqrt(np.maximum(variance, 0.0) * scale).astype(np.float32)

    def _needed(self, plane: npt.NDArray[np.float64] | None) -> npt.NDArray[np.float64]:
        if plane is None:
            raise CalibrationError("There are no frames.", "Record some frames.", code="FV-CAL-002")
        return plane


def build_calibration(dark: FrameStatistics, flats: Sequence[FrameStatistics]) -> Calibration:
    """Build a calibration from dark frames and evenly exposed ones at one or more levels.

    Offset is the mean dark; gain and defects are as described here and in `defects`.
    Raises CalibrationError where the frames do not allow it.
    """
    _check_frames(dark, flats)
    offset, noise = dark.mean, dark.noise
    signals = [flat.mean - offset for flat in flats]
    strongest = max(signals, key=lambda signal: float(np.median(signal)))
    reasons = response_reasons(strongest, noise)
    targets = [_smooth_without(signal, reasons != 0) for signal in signals]
    counts = [flat.count for flat in flats]
    gain = _fit_gain(signals, targets, counts, reasons == 0)
    residuals = [_residual(gain, s, t) for s, t in zip(signals, targets, strict=True)]
    good = reasons == 0
    if len(flats) > 1:
        mark(reasons, nonlinear(residuals, good) & good, Reason.NONLINEAR)
    reasons = complete(reasons)
    defects: Mask = reasons != 0
    _check_defects(defects)
    gain[defects] = 1.0
    levels = tuple(
        Level(float(np.median(s)), n, robust_spread(r[good]))
        for s, n, r in zip(signals, counts, residuals, strict=True)
    )
    return Calibration(
        offset,
        gain,
        defects,
        reasons=reasons,
        levels=levels,
        dark_noise=float(np.median(noise)),
    )


def _check_frames(dark: FrameStatistics, flats: Sequence[FrameStatistics]) -> None:
    fewest = min((flat.count for flat in flats), default=0)
    if dark.count < 2 or fewest < 2:
        raise CalibrationError(
            f"A calibration needs at least 2 dark and 2 flat frames, but got {dark.count} and"
            f" {fewest}.",
            "Record more frames; 32 of each are usual.",
            code="FV-CAL-003",
        )
    if len({dark.mean.shape, *(flat.mean.shape for flat in flats)}) != 1:
        raise CalibrationError(
            "The frames given for a calibration differ in size.",
            "Record all of them in one detector mode.",
            code="FV-CAL-004",
        )


def _check_defects(defects: Mask) -> None:
    found = summarise(defects)
    if found.fraction > MAX_DEFECT_FRACTION:
        raise CalibrationError(
            f"These frames make {found.fraction:.1%} of the pixels defects, and at most"
            f" {MAX_DEFECT_FRACTION:.0%} are plausible for a detector.",
            "Open the collimator beyond the detector, remove everything from the beam, and record"
            " the flat frames again.",
            code="FV-CAL-005",
        )


def _fit_gain(
    signals: Sequence[Plane], targets: Sequence[Plane], counts: Sequence[int], good: Mask
) -> Plane:
    """Return 1/s of the line through dark, 1 where a pixel is not good."""
    signal = np.zeros(good.shape, np.float32)
    target = np.zeros(good.shape, np.float32)
    for s, t, n in zip(signals, targets, counts, strict=True):
        signal += n * s
        target += n * t
    gain = np.ones(good.shape, np.float32)
    np.divide(target, signal, out=gain, where=good)
    return gain


def _residual(gain: Plane, signal: Plane, target: Plane) -> Plane:
    """Return by what fraction a corrected flat is off its target."""
    return (gain * signal / np.maximum(target, 1e-6) - 1).astype(np.float32)


def _smooth_without(signal: Plane, defects: Mask) -> Plane:
    """Return the signal, smoothed with sigma = width/16 over the pixels that are not defects.

    A wide Gaussian is made on a coarser grid, of 8 cells a sigma: hundreds of times faster at
    2048², and within 0.2 % of the same.
    """
    rows, columns = signal.shape
    sigma_px = max(signal.shape) / 16
    coarser = max(1, int(sigma_px / _CELLS_PER_SIGMA))
    size = (max(1, rows // coarser), max(1, columns // coarser))
    weight = (~defects).astype(np.float32)
    total = _resized(signal * weight, size, cv2.INTER_AREA)
    weight = _resized(weight, size, cv2.INTER_AREA)
    sigma_cells = sigma_px / coarser
    smooth = cv2.GaussianBlur(total, (0, 0), sigma_cells) / np.maximum(
        cv2.GaussianBlur(weight, (0, 0), sigma_cells), 1e-6
    )
    return _resized(smooth.astype(np.float32), (rows, columns), cv2.INTER_LINEAR)


def _resized(plane: Plane, shape: tuple[int, int], interpolation: int) -> Plane:
    if plane.shape == shape:
        return plane
    return cv2.resize(plane, shape[::-1], interpolation=interpolation).astype(
        np.float32, copy=False
    )
