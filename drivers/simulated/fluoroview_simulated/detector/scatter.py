"""Scattered radiation, anti-scatter grid and veiling glare: a smooth veil on a coarse grid.

Where a ray has passed tissue, a part of what was scattered there reaches the detector, spread over
some centimetres: a narrow part from near the exit and a wide one from deep in the body. As rays
outside the field send nothing, scatter grows with the field as well as with thickness. The amounts
follow the broad-field ratios of scatter to primary that text books give for 80 kV without a grid:
1.3, 3.2 and 5.4 behind 10, 20 and 30 cm of water in a field of 30 × 30 cm, and about half of them
in one of 10 × 10 cm.
"""

from __future__ import annotations

from math import erf, sqrt

import cv2
import numpy as np

from fluoroview_simulated.beam import GRID_PRIMARY_TRANSMISSION

COARSE = 64
"""Cells of the grid over the view: scatter has no finer detail."""
_WIDE = 16
"""Cells on which the wide part is spread."""

GRID_SCATTER_TRANSMISSION = 0.12
"""Of a 13:1 fluoroscopy grid."""
RATIO_AT_100_MM = 1.37
"""Scatter over primary without grid behind 100 mm of water, endless field."""
RATIO_POWER = 1.3
AIR_GAP_SHARE = 0.75
"""What the gap between patient and detector leaves of it."""
NARROW_SHARE, NARROW_SIGMA_MM, WIDE_SIGMA_MM = 0.4, 25.0, 75.0
BONE_AS_SOFT = 1.5
LARGEST_RATIO = 12.0
GLARE_SHARE = 0.008
GLARE_SIGMA_MM = 14.0


def scatter_ratio(soft_mm: np.ndarray | float, grid: bool = True) -> np.ndarray:
    """Scatter over primary at the detector behind tissue, in an endless field."""
    thick = np.maximum(np.asarray(soft_mm, np.float32), 0.0) / np.float32(100.0)
    ratio = np.minimum(RATIO_AT_100_MM * thick**RATIO_POWER, LARGEST_RATIO) * AIR_GAP_SHARE
    return ratio / grid_selectivity() if grid else ratio


def grid_selectivity() -> float:
    """Primary over scatter transmission of the grid."""
    return GRID_PRIMARY_TRANSMISSION / GRID_SCATTER_TRANSMISSION


def field_share(field_mm: float) -> float:
    """Scatter in the middle of a square field over that of an endless one."""
    narrow, wide = (
        erf(field_mm / 2 / (sigma * sqrt(2.0))) ** 2 for sigma in (NARROW_SIGMA_MM, WIDE_SIGMA_MM)
    )
    return NARROW_SHARE * narrow + (1.0 - NARROW_SHARE) * wide


def bucky_factor(soft_mm: float, field_mm: float = 300.0) -> float:
    """Dose at the grid over dose behind it: what the same signal costs more with the grid in."""
    scattered = float(scatter_ratio(soft_mm, grid=False)) * field_share(field_mm)
    behind = GRID_PRIMARY_TRANSMISSION + GRID_SCATTER_TRANSMISSION * scattered
    return (1.0 + scattered) / behind


class Scatter:
    """Veil of one view: resting maps, open field, grid in or out.

    Args:
        resting: soft tissue and bone in mm, (COARSE, COARSE).
        beam_shape: fluence without patient, any size.
        view_mm: side of the view in the plane of the isocentre.
        grid: whether the anti-scatter grid is in.
    """

    def __init__(
        self,
        resting: tuple[np.ndarray, np.ndarray],
        beam_shape: np.ndarray,
        view_mm: float,
        grid: bool = True,
    ) -> None:
        self._soft, self._bone = resting
        self._beam = cv2.resize(beam_shape, (COARSE, COARSE), interpolation=cv2.INTER_AREA)
        self._beam = np.maximum(self._beam, 0.0).astype(np.float32)
        self._grid = grid
        self._narrow = NARROW_SIGMA_MM / view_mm * COARSE
        self._wide = WIDE_SIGMA_MM / view_mm * _WIDE
        self._glare = GLARE_SIGMA_MM / view_mm * COARSE

    def veil(
        self,
        weights: np.ndarray,
        mu: np.ndarray,
        moving: tuple[np.ndarray, ...] = (),
        place: tuple[slice, slice] = (slice(None), slice(None)),
    ) -> np.ndarray:
        """Scattered quanta per quantum of the open beam, (COARSE, COARSE) float32.

        Args:
            weights, mu: the beam's exponentials, (terms,) and (terms, 4) per mm.
            moving: changes of soft tissue, bone, contrast and metal, as arrays of the coarse
                cells in `place`; what is left out does not change.
            place: where these lie on the coarse grid.
        """
        paths = np.zeros((4, COARSE, COARSE), np.float32)
        paths[0], paths[1] = self._soft, self._bone
        for path, change in zip(paths, moving, strict=False):
            path[place] += change
        np.maximum(paths, 0.0, out=paths)
        exponents = (mu.astype(np.float32) * np.float32(-1.0)) @ paths.reshape(4, -1)
        primary = weights.astype(np.float32) @ np.exp(exponents)
        primary = primary.reshape(COARSE, COARSE) * self._beam
        scattered = primary * scatter_ratio(paths[0] + BONE_AS_SOFT * paths[1], self._grid)
        spread = _spread(scattered, self._narrow)
        spread *= np.float32(NARROW_SHARE)
        deep = cv2.resize(scattered, (_WIDE, _WIDE), interpolation=cv2.INTER_AREA)
        deep = cv2.resize(_spread(deep, self._wide), (COARSE, COARSE))
        spread += np.float32(1.0 - NARROW_SHARE) * deep
        return spread + np.float32(GLARE_SHARE) * _spread(primary, self._glare)


def _spread(cells: np.ndarray, sigma: float) -> np.ndarray:
    """A Gaussian to which the surroundings send nothing."""
    sigma = max(sigma, 0.01)
    side = 2 * int(np.ceil(3.0 * sigma)) + 1
    return cv2.GaussianBlur(cells, (side, side), sigma, borderType=cv2.BORDER_CONSTANT)
