"""Which pixels are defects, for which reason, and their pattern: pixels, clusters, lines.

The limits are those of ASTM E2597 for digital detector arrays: under- and over-responding below
0.6 and above 1.3 times the median of the neighbourhood, noisy above 6 times the median noise, a
line from more than 10 pixels in a row of which no more than 10 % are good, and a pixel amid
defects is one too.
"""

from dataclasses import dataclass
from enum import IntFlag

import cv2
import numpy as np
import numpy.typing as npt

from fluoroview.pipeline.arrays import Mask, Plane

ReasonMap = npt.NDArray[np.uint8]

MIN_RESPONSE = 0.6
MAX_RESPONSE = 1.3
NO_RESPONSE = 0.05
"""Of the neighbourhood's median; below this a pixel is called dead."""
MAX_NOISE_RATIO = 6.0
MAX_NONLINEARITY = 0.02
"""Relative deviation from the fit at any level, beyond what is noise there."""
NOISE_SIGMAS = 6.0
LINE_PX = 11
"""Smallest length of a line."""
MAX_GOOD_SHARE_OF_LINE = 0.1
MAX_LINE_WIDTH_PX = 3
_BLOCK_PX = 32
_MIN_NOISE = 0.1


class Reason(IntFlag):
    """Why a pixel is a defect; several may hold."""

    DEAD = 1
    UNDER_RESPONDING = 2
    OVER_RESPONDING = 4
    NOISY = 8
    NONLINEAR = 16
    IN_A_LINE = 32
    AMID_DEFECTS = 64


@dataclass(frozen=True, slots=True)
class DefectSummary:
    """The number of defects and their pattern."""

    pixels: int
    """All pixels that are defects."""
    fraction: float
    singles: int
    clusters: int
    """Groups of two and more that touch, also at a corner, and are no line."""
    largest_cluster_px: int
    rows: int
    """Lines along a row: whole ones and parts."""
    columns: int

    def __str__(self) -> str:
        return (
            f"{self.pixels} defect pixels ({self.fraction:.3%}): {self.singles} single,"
            f" {self.clusters} clusters (largest {self.largest_cluster_px} px),"
            f" {self.rows} lines along rows, {self.columns} along columns"
        )


def response_reasons(signal: Plane, noise: Plane) -> ReasonMap:
    """Return the reasons that a flat above dark and the dark noise give, (H, W).

    `signal` is mean counts above dark under an even field, `noise` the standard deviation in
    time of the dark frames, counts.
    """
    around = np.maximum(neighbourhood(signal), 1e-6)
    response = signal / around
    reasons = np.zeros(signal.shape, np.uint8)
    mark(reasons, ~(response >= MIN_RESPONSE), Reason.UNDER_RESPONDING)
    mark(reasons, ~(response >= NO_RESPONSE), Reason.DEAD)
    mark(reasons, response > MAX_RESPONSE, Reason.OVER_RESPONDING)
    limit = MAX_NOISE_RATIO * max(float(np.median(noise)), _MIN_NOISE)
    mark(reasons, noise > limit, Reason.NOISY)
    return reasons


def mark(reasons: ReasonMap, where: Mask, reason: Reason) -> None:
    """Add a reason to the pixels of a mask, in place."""
    reasons[where] |= np.uint8(reason)


def neighbourhood(plane: Plane) -> Plane:
    """Return the median of blocks of about 32×32 px, interpolated between their middles, (H, W).

    A block is larger than the 21×21 px that ASTM E2597 asks for, and its median stands against
    clusters and lines.
    """
    blocks = block_medians(plane)
    size = (plane.shape[1], plane.shape[0])
    return cv2.resize(blocks, size, interpolation=cv2.INTER_LINEAR).astype(np.float32, copy=False)


def block_medians(plane: Plane) -> Plane:
    """Return the median of each block of about 32×32 px, (rows, columns) of blocks, float32."""
    rows, columns = (max(1, length // _BLOCK_PX) for length in plane.shape)
    medians = [
        [np.median(block) for block in np.array_split(strip, columns, axis=1)]
        for strip in np.array_split(plane, rows, axis=0)
    ]
    return np.array(medians, np.float32)


def nonlinear(residuals: list[Plane], good: Mask) -> Mask:
    """Return True where a pixel is off its own fit at any level by more than noise explains.

    `residuals` are gain·signal/target - 1, one (H, W) plane a level.
    """
    bad: Mask = np.zeros(good.shape, bool)
    for residual in residuals:
        limit = max(MAX_NONLINEARITY, NOISE_SIGMAS * robust_spread(residual[good]))
        bad |= np.abs(residual) > limit
    return bad


def robust_spread(values: npt.NDArray[np.float32]) -> float:
    """Return the standard deviation from the median absolute deviation."""
    return 1.4826 * float(np.median(np.abs(values - np.median(values))))


def complete(reasons: ReasonMap) -> ReasonMap:
    """Complete lines, and mark pixels whose neighbours are all defects; return a new map."""
    done = reasons.copy()
    for row_wise in (True, False):
        line = _lines(done != 0, row_wise)
        mark(done, line & (done == 0), Reason.IN_A_LINE)
    kernel = np.ones((3, 3), np.uint8)
    kernel[1, 1] = 0
    bad = (done != 0).astype(np.uint8)
    around = cv2.erode(bad, kernel, borderType=cv2.BORDER_CONSTANT, borderValue=1)
    mark(done, np.asarray(around == 1) & (bad == 0), Reason.AMID_DEFECTS)
    return done


def summarise(defects: Mask) -> DefectSummary:
    """Count single pixels, clusters and lines."""
    left = defects.copy()
    lines = []
    for row_wise in (True, False):
        line = _lines(defects, row_wise)
        lines.append(_line_count(line))
        left &= ~line
    count, _, stats, _ = cv2.connectedComponentsWithStats(left.astype(np.uint8), connectivity=8)
    areas = stats[1:count, cv2.CC_STAT_AREA]
    clusters = areas[areas > 1]
    return DefectSummary(
        int(defects.sum()),
        float(defects.mean()),
        int((areas == 1).sum()),
        len(clusters),
        int(clusters.max(initial=0)),
        lines[0],
        lines[1],
    )


def _lines(defects: Mask, row_wise: bool) -> Mask:
    """Return the pixels, good ones included, of lines along the rows (else along columns)."""
    bad = defects.astype(np.uint8)
    if not row_wise:
        bad = np.ascontiguousarray(bad.T)
    if bad.shape[1] < LINE_PX:
        return np.zeros(defects.shape, bool)
    closed = cv2.morphologyEx(bad, cv2.MORPH_CLOSE, np.ones((1, 3), np.uint8))
    runs = cv2.morphologyEx(closed, cv2.MORPH_OPEN, np.ones((1, LINE_PX), np.uint8))
    count, labels, stats, _ = cv2.connectedComponentsWithStats(runs, connectivity=4)
    found = np.bincount(labels.ravel(), weights=bad.ravel(), minlength=count)
    area = stats[:, cv2.CC_STAT_AREA]
    right = (found >= (1.0 - MAX_GOOD_SHARE_OF_LINE) * area) & (
        stats[:, cv2.CC_STAT_HEIGHT] <= MAX_LINE_WIDTH_PX
    )
    right[0] = False
    mask: Mask = right[labels]
    return mask if row_wise else mask.T


def _line_count(line: Mask) -> int:
    return int(cv2.connectedComponents(line.astype(np.uint8), connectivity=4)[0]) - 1
