"""Scattered radiation and veiling glare: a smooth veil, computed on a coarse grid per pulse."""

from __future__ import annotations

import cv2
import numpy as np

from fluoroview_simulated.patient.maps import PATH_UNIT_MM, PatientMaps

COARSE = 64
"""Cells of the grid over the view: scatter has no finer detail."""
GRID_SCATTER_SHARE = 0.26
"""Scatter over primary behind 100 mm of tissue in a wide field, after the anti-scatter grid."""
SCATTER_SIGMA_MM = 24.0
GLARE_SHARE = 0.008
GLARE_SIGMA_MM = 14.0


def coarse(maps: PatientMaps) -> tuple[np.ndarray, np.ndarray]:
    """Soft and bone maps in mm on the coarse grid."""
    soft, bone = (
        cv2.resize(m, (COARSE, COARSE), interpolation=cv2.INTER_AREA) * np.float32(PATH_UNIT_MM)
        for m in (maps.soft, maps.bone)
    )
    return soft, bone


class Scatter:
    """Veil from the maps of the patient and what moves in it."""

    def __init__(
        self, resting: tuple[np.ndarray, np.ndarray], beam_shape: np.ndarray, view_mm: float
    ) -> None:
        self._soft, self._bone = resting
        self._beam = cv2.resize(beam_shape, (COARSE, COARSE), interpolation=cv2.INTER_AREA)
        self._sigma = SCATTER_SIGMA_MM / view_mm * COARSE
        self._glare = GLARE_SIGMA_MM / view_mm * COARSE

    def veil(
        self,
        weights: np.ndarray,
        mu: np.ndarray,
        moving: tuple[np.ndarray, ...],
        place: tuple[slice, slice],
    ) -> np.ndarray:
        """Scattered quanta per quantum of the open beam, (COARSE, COARSE) float32.

        Args:
            weights, mu: the beam's exponentials, per mm.
            moving: soft, bone and barium changes as arrays of the coarse cells in `place`.
            place: where these lie on the coarse grid.
        """
        soft, bone = self._soft.copy(), self._bone.copy()
        barium = np.zeros_like(soft)
        soft[place] += moving[0]
        bone[place] += moving[1]
        barium[place] += moving[2]
        np.maximum(soft, 0.0, out=soft)
        paths = np.stack([soft, bone, barium], axis=-1)
        primary = (np.exp(-paths @ mu[:, :3].T) @ weights).astype(np.float32) * self._beam
        matter = np.minimum((soft + 1.5 * bone) * (GRID_SCATTER_SHARE / 100.0), 1.1)
        spread = cv2.GaussianBlur(
            (primary * matter).astype(np.float32),
            (0, 0),
            self._sigma,
            borderType=cv2.BORDER_CONSTANT,
        )
        glare = cv2.GaussianBlur(primary, (0, 0), self._glare, borderType=cv2.BORDER_CONSTANT)
        return spread + GLARE_SHARE * glare
