"""Second stage: the recursive average, plain or adaptive to motion."""

import cv2
import numpy as np

from fluoroview.pipeline.arrays import Plane
from fluoroview.pipeline.settings import RecursiveMode, RecursiveSettings

MIN_VARIANCE = 1e-3
"""Smallest variance, counts²: a test pattern has none."""
MAX_SIDE_FOR_2_PX = 1536
MEDIAN_OF_SQUARE = 0.45494
"""Median of the square of a standard normal variable (chi-square, 1 degree of freedom)."""


class RecursiveAverage:
    """y = y + k·(x - y), with one k (plain) or one k per pixel (adaptive).

    Plain: noise variance falls to k/(2 - k), lag is about 1/k frames.
    Adaptive: see `WeightMap`.

    `scratch` is a (H, W) float32 plane that others may overwrite between two frames.
    """

    def __init__(self, settings: RecursiveSettings, scratch: Plane) -> None:
        rows, columns = scratch.shape
        self._scratch = scratch
        self._average: Plane = np.zeros_like(scratch)
        self._weights = WeightMap(rows, columns)
        self._settings = settings
        self._fresh = True

    def configure(self, settings: RecursiveSettings) -> None:
        """Use other settings from the next frame on; another mode restarts the average."""
        self._fresh |= settings.mode is not self._settings.mode
        self._settings = settings

    def reset(self) -> None:
        """Discard all frames: the next one is passed as it is."""
        self._fresh = True

    @property
    def changes_pixels(self) -> bool:
        """Whether frames are averaged at all."""
        return self._settings.mode is not RecursiveMode.OFF

    def apply(self, frame: Plane) -> Plane:
        """Add one frame and return the average, both (H, W) float32.

        The frame's own pixels are used up (they hold the difference afterwards); the average
        belongs to this stage and must not be written to.
        """
        mode = self._settings.mode
        if mode is RecursiveMode.OFF:
            return frame
        if self._fresh:
            self._fresh = False
            np.copyto(self._average, frame)
            self._weights.start(frame)
        elif mode is RecursiveMode.PLAIN:
            cv2.accumulateWeighted(frame, self._average, self._settings.weight)
        else:
            self._adapt(frame)
        return self._average

    def _adapt(self, frame: Plane) -> None:
        rows, columns = frame.shape
        difference = frame  # in place
        cv2.subtract(frame, self._average, dst=difference)
        weight = self._weights.update(difference, self._settings)
        cv2.resize(weight, (columns, rows), dst=self._scratch, interpolation=cv2.INTER_LINEAR)
        cv2.accumulateProduct(difference, self._scratch, self._average)


class WeightMap:
    """The weight k of the new frame, one for each block of 2×2 pixels (4×4 on large detectors).

    Where nothing moves, k is 1/age (the optimal mean of all frames so far) down to the least
    weight. Where the change is larger than noise can explain, k rises towards 1 and the age with
    it starts again, softly:

        k := max(k / (1 + k), least weight, motion)
        motion = clip((E - onset) / (full - onset), 0, 1)
        E = mean over 3×3 blocks of s² / variance(level), s the block's mean change

    Blocks are not only cheaper than pixels. The mean over a block lifts a wire out of the noise
    before it is squared, and summing energy (not amplitude) over 3×3 keeps a thin line and a
    moving edge, whose two signs would cancel. `fluoroview bench pipeline` prints what each keeps;
    large detectors have smaller pixels and fewer quanta in each, so their blocks are larger.
    """

    def __init__(self, rows: int, columns: int) -> None:
        block_px = 2 if max(rows, columns) <= MAX_SIDE_FOR_2_PX else 4
        shape = (-(-rows // block_px), -(-columns // block_px))
        self._size = (shape[1], shape[0])  # OpenCV's order
        self._level: Plane = np.zeros(shape, np.float32)
        self._change: Plane = np.zeros(shape, np.float32)
        self._energy: Plane = np.zeros(shape, np.float32)
        self._variance: Plane = np.zeros(shape, np.float32)
        self._blurred: Plane = np.zeros(shape, np.float32)
        self._weight: Plane = np.ones(shape, np.float32)
        self._noise = NoiseLaw(shape)

    def start(self, frame: Plane) -> None:
        """Begin with one frame: full weight everywhere. The noise model is kept."""
        cv2.resize(frame, self._size, dst=self._level, interpolation=cv2.INTER_AREA)
        self._weight.fill(1.0)

    def update(self, difference: Plane, settings: RecursiveSettings) -> Plane:
        """Return the weights of all blocks, given a frame's difference (H, W) to the average."""
        weight, change, energy, variance = self._weight, self._change, self._energy, self._variance
        cv2.resize(difference, self._size, dst=change, interpolation=cv2.INTER_AREA)
        cv2.multiply(change, change, dst=energy)
        per_count, constant = self._noise.learn(energy, self._level)
        cv2.addWeighted(self._level, per_count, self._level, 0.0, constant, dst=variance)
        np.clip(variance, MIN_VARIANCE, np.inf, out=variance)
        cv2.divide(energy, variance, dst=energy)
        cv2.blur(energy, (3, 3), dst=self._blurred)
        np.add(weight, 1.0, out=variance)
        cv2.divide(weight, variance, dst=weight)
        slope = 1.0 / (settings.motion_full - settings.motion_onset)
        motion = cv2.addWeighted(
            self._blurred, slope, self._blurred, 0.0, -settings.motion_onset * slope, dst=energy
        )
        cv2.max(weight, motion, dst=weight)
        np.clip(weight, settings.weight, 1.0, out=weight)
        cv2.accumulateProduct(change, weight, self._level)
        return weight


class NoiseLaw:
    """The variance of noise as a line over the signal level, learned from the images.

    Quanta give a variance proportional to the level, electronics a constant one. The line is moved
    until it explains the median squared change in the darker as in the brighter half of a sample
    of blocks. It is learned at the scale at which motion is tested, so that neither a calibration
    nor white noise is needed. A median forgives motion in less than half of the image; a rise is
    followed slowly so that a change of the whole image (a jump in kV) is not mistaken for noise.
    """

    SAMPLES = 2048
    MIN_ALIVE = 1 / 8  # fraction of samples that must change at all to show noise
    RISE = 1.25  # largest factor per frame
    FOLLOW = 0.3  # fraction of a fall followed per frame

    def __init__(self, shape: tuple[int, int]) -> None:
        stride = max(1, int((shape[0] * shape[1] / self.SAMPLES) ** 0.5))
        self._sample = (slice(stride // 2, None, stride), slice(stride // 2, None, stride))
        self._known: tuple[float, float] | None = None
        self._line = (1.0, 0.0)

    def learn(self, energy: Plane, level: Plane) -> tuple[float, float]:
        """Return variance per count and constant variance, given squared changes and levels."""
        squares = energy[self._sample].ravel()
        levels = level[self._sample].ravel()
        alive = squares > 0  # a collimator painted with a constant shows no noise
        if np.count_nonzero(alive) < max(16, squares.size * self.MIN_ALIVE):
            return self._line if self._known else (0.0, MIN_VARIANCE)
        squares, levels = squares[alive], levels[alive]
        expected = np.maximum(levels * self._line[0] + self._line[1], MIN_VARIANCE)
        excess = squares / (expected * MEDIAN_OF_SQUARE)
        dark = levels <= levels.mean()
        if dark.all():  # one level: no line to be drawn
            variance = _median(excess) * float(expected.mean())
            self._line = (0.0, self._follow(variance, variance)[0])
            return self._line
        low, high = self._follow(
            _median(excess[dark]) * float(expected[dark].mean()),
            _median(excess[~dark]) * float(expected[~dark].mean()),
        )
        low_level, high_level = float(levels[dark].mean()), float(levels[~dark].mean())
        per_count = max((high - low) / max(high_level - low_level, 1e-6), 0.0)
        per_count = min(per_count, high / max(high_level, 1e-6))  # the constant is not negative
        self._line = (per_count, max(high - per_count * high_level, 0.0))
        return self._line

    def _follow(self, low: float, high: float) -> tuple[float, float]:
        """Return the two variances, smoothed over frames."""
        if self._known is None:
            self._known = (low, high)
        else:
            self._known = (self._step(self._known[0], low), self._step(self._known[1], high))
        return self._known

    def _step(self, known: float, measured: float) -> float:
        if measured > known:
            return min(measured, max(known, MIN_VARIANCE) * self.RISE)
        return known + self.FOLLOW * (measured - known)


def _median(values: Plane) -> float:
    """Return the upper median; np.median is 3 times slower."""
    middle = values.size // 2
    return float(np.partition(values, middle)[middle])
