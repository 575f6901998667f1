"""Scattered radiation, anti-scatter grid and veiling glare: a smooth veil on a coarse grid.

Where a ray has passed tissue, a part of what was scattered there reaches the detector, spread over
some centimetres, the more narrowly the thicker the patient, whose back then lies nearer to the
detector. As rays outside the field send nothing, scatter grows with the field as well as with
thickness.

The amounts are fitted to photons transported through water slabs in the isocentre of the simulated
stand (`tools/make_scatter.py`, 80 kV, 0.1 mm Cu): 0.9, 2.7 and 5.6 times the primary behind 100,
200 and 300 mm in a field of 300 mm without a grid, a quarter of that in one of 100 mm. The fit is
within 10 % of them from 100 to 350 mm and in fields of 100 to 400 mm; 60 and 110 kV differ by as
much, which is neglected. The transport itself meets published backscatter within 3 %. Tables of
measured ratios for this geometry were looked for (Boone, Chan and Doi, Persliden and Carlsson,
Fetterly and Schueler, the IAEA's handbook) and only their abstracts found, which give no values.
"""

from __future__ import annotations

from math import erf, sqrt

import cv2
import numpy as np

from fluoroview_simulated.arrays import Float32Array, FloatArray
from fluoroview_simulated.physics.beam import GRID_PRIMARY_TRANSMISSION

COARSE = 64
"""Cells of the grid over the view: scatter has no finer detail."""
_WIDE = 16
"""Cells on which it is spread."""

GRID_SCATTER_TRANSMISSION = 0.12
"""Of a 13:1 fluoroscopy grid. Perfect lamellae (70/cm, 36 µm of lead) let 0.09 through
(`tools/make_scatter.py`); of a real 10:1 grid 0.21 was measured, with 0.706 of the primary
(Altunbas et al., Med. Phys. 43 (2016), doi:10.1118/1.4957763)."""
LARGEST_RATIO = 12.0
NARROW_SIGMA_MM, WIDE_SIGMA_MM = 60.0, 150.0
"""In the plane of the isocentre."""
BONE_AS_SOFT = 1.5
GLARE_SHARE = 0.008
GLARE_SIGMA_MM = 14.0
"""Light that spreads far within the detector; assumed, no published value was found."""


def scatter_ratio(soft_mm: np.ndarray | float, grid: bool = True) -> np.ndarray:
    """Scatter over primary at the detector behind tissue, in an endless field."""
    thick = np.maximum(np.asarray(soft_mm, np.float32), 0.0) / np.float32(100.0)
    ratio = np.minimum(thick + np.float32(0.5) * thick * thick, np.float32(LARGEST_RATIO))
    return ratio / np.float32(grid_selectivity()) if grid else ratio


def narrow_share(soft_mm: np.ndarray | float) -> np.ndarray:
    """Share of the scatter that is spread by NARROW_SIGMA_MM, the rest by WIDE_SIGMA_MM."""
    thick = np.maximum(np.asarray(soft_mm, np.float32), 0.0) / np.float32(100.0)
    return np.minimum(np.float32(0.2) + np.float32(0.1) * thick, np.float32(1.0))


def grid_selectivity() -> float:
    """Primary over scatter transmission of the grid."""
    return GRID_PRIMARY_TRANSMISSION / GRID_SCATTER_TRANSMISSION


def field_share(field_mm: float, soft_mm: float) -> float:
    """Scatter in the middle of a square field over that of an endless one.

    Args:
        field_mm: side in the plane of the isocentre.
        soft_mm: tissue that scatters.
    """
    narrow, wide = (
        erf(field_mm / 2 / (sigma * sqrt(2.0))) ** 2 for sigma in (NARROW_SIGMA_MM, WIDE_SIGMA_MM)
    )
    share = float(narrow_share(soft_mm))
    return share * narrow + (1.0 - share) * wide


def bucky_factor(soft_mm: float, field_mm: float = 300.0) -> float:
    """Dose at the grid over dose behind it: what the same signal costs more with the grid in."""
    scattered = float(scatter_ratio(soft_mm, grid=False)) * field_share(field_mm, soft_mm)
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
        self._narrow = NARROW_SIGMA_MM / view_mm * _WIDE
        self._wide = WIDE_SIGMA_MM / view_mm * _WIDE
        self._glare = GLARE_SIGMA_MM / view_mm * COARSE

    def veil(
        self,
        weights: FloatArray,
        mu: FloatArray,
        moving: tuple[np.ndarray, ...] = (),
        place: tuple[slice, slice] = (slice(None), slice(None)),
    ) -> Float32Array:
        """Scattered quanta per quantum of the open beam, (COARSE, COARSE) float32.

        Args:
            weights, mu: the beam's exponentials, (terms,) and (terms, 4) per mm.
            moving: changes of soft tissue, bone, contrast and metal, as arrays of the coarse
                cells in `place`; materials not given do not change.
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
        thick = paths[0] + BONE_AS_SOFT * paths[1]
        scattered = primary * scatter_ratio(thick, self._grid)
        narrow = _coarser(scattered * narrow_share(thick))
        wide = _coarser(scattered) - narrow
        spread = _spread(narrow, self._narrow) + _spread(wide, self._wide)
        glare = np.float32(GLARE_SHARE) * _spread(primary, self._glare)
        veil: Float32Array = cv2.resize(spread, (COARSE, COARSE)) + glare
        return veil


def _coarser(cells: np.ndarray) -> np.ndarray:
    return cv2.resize(cells, (_WIDE, _WIDE), interpolation=cv2.INTER_AREA)


def _spread(cells: np.ndarray, sigma: float) -> np.ndarray:
    """A Gaussian to which the surroundings send nothing."""
    sigma = max(sigma, 0.01)
    side = 2 * int(np.ceil(3.0 * sigma)) + 1
    return cv2.GaussianBlur(cells, (side, side), sigma, borderType=cv2.BORDER_CONSTANT)
