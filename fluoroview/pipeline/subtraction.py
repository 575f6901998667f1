"""Digital subtraction angiography: the difference of an image to the mask, in the log domain.

In images of linear detectors a factor in signal is a step in counts (`COUNTS_PER_E_FOLD`), so
that a difference of two images is a difference of attenuation: bone and soft tissue that did not
move vanish, whatever they are, and what is left is contrast medium (and motion).
"""

import math

import cv2
import numpy as np
import numpy.typing as npt

from fluoroview.hal.frame import PixelIntensityRelationship
from fluoroview.hal.window import Window
from fluoroview.pipeline.arrays import Image, Plane
from fluoroview.pipeline.display import EDGE_PX, SAMPLE_PX, collimator_edges
from fluoroview.pipeline.settings import SubtractionSettings
from fluoroview.pipeline.technique import STEADY, Technique, technique_changed
from fluoroview.pipeline.tone import COUNTS_PER_E_FOLD

MIDDLE = 32768
"""Count of no difference; contrast medium lies below it, and is shown dark."""
USUAL_DEPTH = 0.5
"""Attenuation of contrast medium, in factors e, that the first window reaches down to."""
MIN_DEPTH = 0.05
SAME_KV = 0.003
TISSUE = (15.0, 70.0)
"""Percentiles of the mask between which tissue lies."""
MAX_AWAITED = 90
"""Frames after which the mask is formed although brightness has not settled."""
ABOVE = 0.3
"""The window's part above no difference, of its part below: noise and motion are seen as grey."""


def can_be_subtracted(relationship: PixelIntensityRelationship) -> bool:
    """Whether images of such a source are logarithmic; those made for display are not."""
    return relationship is not PixelIntensityRelationship.DISP


class Subtraction:
    """image := MIDDLE + image - mask, in place; the mask is the mean of a run's first frames.

    While the mask is being made, what there is of it is subtracted: the image is grey. It is
    made whether or not it is used, so that subtraction can be switched on at any time of a run.
    Brightness that still settles restarts the mask; once it is complete, a change of technique,
    which is about a constant in the log domain (`counts_per_e_fold`), is removed.
    """

    def __init__(
        self,
        settings: SubtractionSettings,
        shape: tuple[int, int],
        counts_per_e_fold: float | None = None,
    ) -> None:
        self._settings = settings
        self._per_e_fold = counts_per_e_fold
        self._technique: Technique | None = None
        self._mean: Plane = np.zeros(shape, np.float32)
        self._mask: Image = np.zeros(shape, np.uint16)
        self._stale = False
        self._shut = (0, 0, 0, 0)
        self.reset()

    def configure(self, settings: SubtractionSettings) -> None:
        """Use other settings from the next frame on; other frames for the mask, in the next run."""
        self._stale |= settings != self._settings
        self._settings = settings

    def reset(self) -> None:
        """Begin a new run, with a new mask."""
        self._seen = self._used = 0
        self._technique = None
        self._skipped, self._mask_size = self._settings.skip_frames, self._settings.mask_frames

    @property
    def mask_frames(self) -> int:
        """Number of frames in the mask so far."""
        return self._used

    def apply(self, image: Image, technique: Technique | None = None, *, on: bool = True) -> None:
        """Add an image (H, W) uint16 to the mask until it is complete; if `on`, subtract."""
        self._seen += 1
        if self._used < self._mask_size:
            awaited = self._seen <= MAX_AWAITED
            changed = awaited and technique_changed(technique, self._technique, STEADY)
            self._take(image, fresh=changed or self._seen <= self._skipped + 1)
            self._technique = technique
        if not on:
            return
        if self._stale:
            self._shift()
        # One pass, saturating and rounded: OpenCV's own arithmetic for 16 bits.
        none = MIDDLE - self._brighter(image, technique)
        cv2.addWeighted(image, 1.0, self._mask, -1.0, none, dst=image)
        self._blank(image)

    def _brighter(self, image: Image, technique: Technique | None) -> float:
        """Return by how many counts an image is brighter than its mask for its technique alone.

        Of another mAs that is known; another voltage changes all tissue, and contrast medium lies
        over less than half of it, so that the median shows it.
        """
        before = self._technique
        if technique is None or before is None:
            return 0.0
        if abs(technique[0] - before[0]) > SAME_KV * before[0]:
            return self._median_difference(image)
        if self._per_e_fold is None or not before[1] > 0 or not technique[1] > 0:
            return 0.0
        return self._per_e_fold * math.log(technique[1] / before[1])

    def _median_difference(self, image: Image) -> float:
        """Return the median difference over the darker field, without collimator and open air."""
        stride = max(1, max(image.shape) // SAMPLE_PX)
        mask = self._mask[::stride, ::stride].astype(np.float32)
        low, high = np.percentile(mask, TISSUE)
        tissue = (mask >= low) & (mask <= high)
        return float(np.median((image[::stride, ::stride] - mask)[tissue]))

    def _take(self, image: Image, *, fresh: bool) -> None:
        """Add one more image to the mean, or begin with it."""
        if fresh:
            self._used = 0
            np.copyto(self._mean, image)
        else:
            cv2.accumulateWeighted(image, self._mean, 1.0 / (self._used + 1))
        self._used += self._seen > self._skipped
        self._stale = True

    def _shift(self) -> None:
        """Round the mean, moved by what the operator asks for (pixel shift), to the mask."""
        self._stale = False
        dx, dy = self._settings.shift_x_px, self._settings.shift_y_px
        moved: npt.NDArray[np.float32] = self._mean
        if dx or dy:
            rows, columns = self._mean.shape
            move = np.array([[1, 0, dx], [0, 1, dy]], np.float32)
            moved = np.empty_like(self._mean)
            cv2.warpAffine(
                self._mean,
                move,
                (columns, rows),
                dst=moved,
                flags=cv2.INTER_LINEAR,
                borderMode=cv2.BORDER_REPLICATE,
            )
        np.copyto(self._mask, np.rint(moved), casting="unsafe")
        self._shut = _shut(self._mask)

    def _blank(self, image: Image) -> None:
        """Make the area behind straight collimator edges grey: it holds nothing but noise."""
        rows, columns = image.shape
        left, right, top, bottom = self._shut
        image[:top] = image[rows - bottom :] = MIDDLE
        image[:, :left] = image[:, columns - right :] = MIDDLE


def _shut(mask: Image) -> tuple[int, int, int, int]:
    """Return the columns from left and right and rows from top and bottom behind the collimator."""
    stride = max(1, max(mask.shape) // SAMPLE_PX)
    coarse = collimator_edges(np.ascontiguousarray(mask[::stride, ::stride]))
    turned = (mask, mask[:, ::-1], mask.T, mask.T[:, ::-1])
    left, right, top, bottom = (
        _fine_edge(side, n, stride) for side, n in zip(turned, coarse, strict=True)
    )
    return left, right, top, bottom


def _fine_edge(mask: Image, sampled: int, stride: int) -> int:
    """Return how many columns from the left lie behind an edge found in the sample."""
    if not sampled:
        return 0
    first, last = max(sampled - EDGE_PX - 1, 0) * stride, (sampled + 1) * stride
    middle = mask[len(mask) // 4 : -(len(mask) // 4) : stride, first : last + 1]
    profile = np.median(middle.astype(np.float32), axis=0)
    return first + int(np.argmax(np.diff(profile))) + 1


def first_window(invert: bool = False) -> Window:
    """Return the window with which subtracted images begin, before contrast arrives."""
    return _window(USUAL_DEPTH * COUNTS_PER_E_FOLD, invert)


def subtracted_window(image: Image, invert: bool = False) -> Window:
    """Return the auto window of a subtracted image: from its deepest contrast to above grey."""
    stride = max(1, max(image.shape) // (4 * SAMPLE_PX))  # vessels are thin
    sample = image[::stride, ::stride]
    depth = MIDDLE - float(np.percentile(sample, 0.5))
    return _window(max(depth * 1.1, MIN_DEPTH * COUNTS_PER_E_FOLD), invert)


def _window(depth: float, invert: bool) -> Window:
    width = 2 * round(depth * (1 + ABOVE) / 2)  # an even width about a whole centre: whole edges
    return Window(float(round(MIDDLE + ABOVE * depth - width / 2)), float(width), invert)
