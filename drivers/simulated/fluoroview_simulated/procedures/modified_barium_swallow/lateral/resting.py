"""The patient at rest, drawn from the side: two maps for any view that is nearly lateral.

The drawing lies in a plane of patient coordinates, `ORIGIN_MM` in its middle: to the right is the
patient's back, down is the feet. A view that is magnified, shifted or turned a little shows the
same drawing, resampled; the two halves part with depth as the view turns.
"""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np

from fluoroview_simulated.anatomy.view import View
from fluoroview_simulated.arrays import FloatArray
from fluoroview_simulated.procedures.modified_barium_swallow.lateral.body import add_body
from fluoroview_simulated.procedures.modified_barium_swallow.lateral.drawing import Canvas, Pose
from fluoroview_simulated.procedures.modified_barium_swallow.lateral.jaw import add_upper_teeth
from fluoroview_simulated.procedures.modified_barium_swallow.lateral.skull import (
    add_cavity_texture,
    add_skull,
)
from fluoroview_simulated.procedures.modified_barium_swallow.lateral.spine import add_spine

ORIGIN_MM = (0.0, -28.0, 450.0)
"""Patient coordinates of the middle of the drawing."""
EXTENT_MM = 240.0
"""Side of the square that is drawn; beyond it nothing is known from the side."""
CELLS, COARSE_CELLS = 1256, 400
"""Rows and columns of the drawing, and those of the one for previews."""
UNSHARPNESS_MM = 0.28
"""Focal spot and scintillator, as the standard deviation of a Gaussian at the isocentre.

The resting maps get it with every other projected patient; the moving parts bring it along."""
TURN_DEG = 8.0
"""A view within this of the true lateral is drawn."""


def turn_of(view: View) -> tuple[float, float]:
    """Degrees out of the true lateral, about the long axis and towards the head."""
    return view.geometry.primary_deg - 90.0, view.geometry.secondary_deg


def covers(view: View, scale: float = 1.0) -> bool:
    """Whether the drawing serves this view: nearly lateral, and within what is drawn."""
    if max(abs(a) for a in turn_of(view)) > TURN_DEG:
        return False
    corner = view.view_mm / 2
    where = place(view, np.array([[-corner, -corner], [corner, corner]]), scale)
    return bool(np.abs(where).max() <= EXTENT_MM / 2 + 1.0)


def place(view: View, image_mm: FloatArray, scale: float = 1.0) -> FloatArray:
    """From image mm (n, 2) to mm of the drawing (n, 2)."""
    matrix = drawing_to_image(view, scale)
    from_middle: FloatArray = np.asarray(image_mm) - matrix[:, 2]
    return from_middle @ np.linalg.inv(matrix[:, :2]).T


def drawing_to_image(view: View, scale: float = 1.0) -> np.ndarray:
    """Affine (2, 3) from mm of the drawing to image mm, in a body of relative size `scale`."""
    origin = np.array(ORIGIN_MM)
    points = scale * (origin + np.array([[0.0, 0, 0], [0, 50.0, 0], [0, 0, -50.0]]))
    shown, _ = view.project(points)
    return np.column_stack([(shown[1] - shown[0]) / 50, (shown[2] - shown[0]) / 50, shown[0]])


def patient_pose(seed: int, turn: tuple[float, float] = (0.0, 0.0)) -> Pose:
    """How far this patient is turned out of the true side view; the view's own turn is added."""
    luck = np.random.default_rng([seed, 8]).uniform(-1.0, 1.0, 2)
    yaw, roll = np.deg2rad(turn)
    return Pose(
        yaw_rad=0.032 + 0.016 * float(luck[0]) + float(yaw),
        roll_rad=0.024 + 0.014 * float(luck[1]) - float(roll),
    )


@lru_cache(maxsize=2)
def drawn(
    seed: int, turn: tuple[float, float] = (0.0, 0.0), cells: int = CELLS
) -> tuple[np.ndarray, np.ndarray]:
    """Soft tissue and bone of the whole drawing in mm, (cells, cells) float32."""
    canvas = Canvas(cells, EXTENT_MM, seed, patient_pose(seed, turn))
    add_body(canvas)
    add_skull(canvas)
    add_spine(canvas)
    add_upper_teeth(canvas)
    add_cavity_texture(canvas)
    return np.maximum(canvas.soft, 0.0), np.maximum(canvas.bone, 0.0)


def resting_maps(
    view: View, size: int, seed: int, scale: float = 1.0, girth: float = 1.0
) -> tuple[np.ndarray, np.ndarray] | None:
    """Soft tissue and bone in a view, (size, size) float32 in mm; None when not from the side.

    `scale` is the size of the body against the medium adult, `girth` that across.
    """
    if not covers(view, scale):
        return None
    yaw, roll = (round(a, 1) for a in turn_of(view))
    cells = COARSE_CELLS if size <= COARSE_CELLS else CELLS
    matrix = cells_matrix(view, cells / EXTENT_MM, cells, size, scale)
    soft, bone = (
        cv2.warpAffine(
            path, matrix, (size, size), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE
        )
        for path in drawn(seed, (yaw, roll), cells)
    )
    return np.maximum(soft, 0.0) * np.float32(girth), np.maximum(bone, 0.0) * np.float32(scale)


def cells_matrix(
    view: View, per_mm: float, cells: int, size: int, scale: float = 1.0
) -> np.ndarray:
    """Affine (2, 3) from cells of a drawing about ORIGIN_MM to cells of a grid over the view."""
    matrix = drawing_to_image(view, scale)
    linear = matrix[:, :2] * (size / view.view_mm / per_mm)
    middle = matrix[:, 2] * (size / view.view_mm) + size / 2 - 0.5
    shift = middle - linear @ np.full(2, cells / 2 - 0.5)
    return np.column_stack([linear, shift])
