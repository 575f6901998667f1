"""How barium clings to a wall: the texture of the coat, and its line without steps."""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np

from fluoroview_simulated.anatomy.view import View
from fluoroview_simulated.render.canvas import GRID, SIDE, Canvas


def grain(view: View, seed: int, blotches: float = 0.2) -> np.ndarray:
    """Unevenness of the coat: granules and streaks of barium, about 1, (SIDE, SIDE) float32."""
    return _grain(round(GRID / view.view_mm, 4), seed, blotches)


@lru_cache(maxsize=8)
def _grain(cells_per_mm: float, seed: int, blotches: float) -> np.ndarray:
    """Made once for all angles: it takes longer than all the rest of a preview."""
    rng = np.random.default_rng(seed + 77)
    total = np.ones((SIDE, SIDE), np.float32)
    for size_mm, strength in ((0.7, 0.14), (2.5, 0.12), (11.0, blotches)):
        noise = rng.standard_normal((SIDE, SIDE)).astype(np.float32)
        smooth = cv2.GaussianBlur(noise, (0, 0), size_mm * cells_per_mm)
        total += smooth * np.float32(strength / smooth.std())
    total = np.clip(total, 0.35, 2.0)
    total.flags.writeable = False
    return total


def soft(wall: np.ndarray) -> np.ndarray:
    """A projected wall without the steps of the grid."""
    return cv2.GaussianBlur(wall, (0, 0), 0.75) if wall.size > 1 else wall


def without_steps(canvas: Canvas) -> None:
    """Softens all edges of a pulse's contrast by half a cell of the grid."""
    if canvas.used["contrast"]:
        contrast = canvas.base["contrast"]
        cv2.GaussianBlur(contrast, (3, 3), 0.62, dst=contrast)
