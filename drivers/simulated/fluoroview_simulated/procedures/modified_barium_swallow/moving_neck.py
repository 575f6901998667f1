"""What moves of the neck besides barium, in views that are not from the side.

Lower jaw, hyoid and cartilages go as a whole; the air of pharynx and windpipe is drawn out and
pressed together along the neck, and vanishes where the walls meet. Each is projected once for a
view and only carried to its place for a pulse.
"""

from __future__ import annotations

import numpy as np

from fluoroview_simulated.anatomy.parts import BODY_SCALE
from fluoroview_simulated.anatomy.regions_head import AIR, larynx, lower_jaw, pharynx_air
from fluoroview_simulated.anatomy.view import View
from fluoroview_simulated.arrays import FloatArray
from fluoroview_simulated.procedures.modified_barium_swallow import pharynx
from fluoroview_simulated.procedures.modified_barium_swallow.course import Motion
from fluoroview_simulated.procedures.modified_barium_swallow.lateral.resting import ORIGIN_MM
from fluoroview_simulated.procedures.modified_barium_swallow.lateral.rigid import (
    CONDYLE_MM,
    INCISOR_MM,
)
from fluoroview_simulated.render.canvas import GRID, MARGIN, SIDE, Canvas, ViewLayers

JAW_MM = np.array(
    [(0, -90, 435), (50, -9, 523), (-50, -9, 523), (45, -15, 455), (-45, -15, 455)], float
)
"""Chin, both condyles and both angles of the lower jaw, which say where a view shows it."""
HELD_Y_MM, LIFTED_Y_MM = -45.0, -4.0
"""Heights of the drawing between which the pharynx is drawn up: above the one it stays."""
HEIGHTS_MM = np.arange(-110.0, 190.0, 2.0)


def in_space(points: np.ndarray, x_mm: float | np.ndarray = 0.0) -> np.ndarray:
    """Points of the drawing (n, 2) in patient coordinates (n, 3), `x_mm` to the left."""
    x = np.broadcast_to(np.asarray(x_mm, float), (len(points),))
    return np.stack([x, ORIGIN_MM[1] + points[:, 0], ORIGIN_MM[2] - points[:, 1]], axis=1)


def add_layers(layers: ViewLayers, body: str) -> None:
    """Projects jaw, hyoid, cartilages and air once for a view."""
    layers.bones("jaw", [p.in_body(body) for p in lower_jaw()])
    for key, part in zip(("hyoid", "cartilage"), larynx(), strict=True):
        layers.bones(key, [part.in_body(body)])
    layers.solid("air", pharynx_air().in_body(body).mesh)


def draw(m: Motion, canvas: Canvas, body: str) -> None:
    """Jaw, hyoid, cartilages and air at one moment."""
    scale = BODY_SCALE[body]
    _add(canvas, "jaw", _jaw(m, canvas.view, scale))
    breath = np.array([0.0, 1.1 * m.breath])
    for key, lift_mm in (
        ("hyoid", m.hyoid * pharynx.HYOID_LIFT_MM + breath),
        ("cartilage", m.larynx * pharynx.LARYNX_LIFT_MM + breath),
    ):
        _add(canvas, key, _shifted(lift_mm, canvas.view, scale))
    _air(m, canvas, scale)


def _add(canvas: Canvas, key: str, matrix: np.ndarray) -> None:
    for material in ("soft", "bone"):
        canvas.turned_organ(f"{key} {material}", material, 1.0, matrix)


def _jaw(m: Motion, view: View, scale: float) -> FloatArray:
    """The affine of image mm that comes nearest to the jaw's turn about its condyles."""
    angle = m.jaw_mm / INCISOR_MM
    pivot = in_space(CONDYLE_MM[None])[0]
    turn = np.array(
        [[1, 0, 0], [0, np.cos(angle), -np.sin(angle)], [0, np.sin(angle), np.cos(angle)]]
    )
    shut, _ = view.project(JAW_MM * scale)
    opened, _ = view.project(((JAW_MM - pivot) @ turn.T + pivot) * scale)
    known = np.column_stack([shut, np.ones(len(shut))])
    affine: FloatArray = np.linalg.lstsq(known, opened, rcond=None)[0].T
    return affine


def _shifted(lift_mm: np.ndarray, view: View, scale: float) -> np.ndarray:
    """The affine of image mm that moves the larynx by `lift_mm` of the drawing."""
    rest = np.array([(0.0, 20.0)])
    (before, after), _ = view.project(in_space(np.concatenate([rest, rest + lift_mm])) * scale)
    return np.column_stack([np.eye(2), after - before])


def _air(m: Motion, canvas: Canvas, scale: float) -> None:
    """The air of pharynx and windpipe, drawn up with the larynx, pressed out where walls meet."""
    y = HEIGHTS_MM
    at = np.stack([np.full_like(y, 12.0), y], axis=1)
    held = np.clip((y - HELD_Y_MM) / (LIFTED_Y_MM - HELD_Y_MM), 0.0, 1.0)
    moved = at + held[:, None] * (pharynx.lift(at, m) - at)
    open_ = (1.0 - pharynx.closed_share(moved[:, 1], m) * ((y > -40.0) & (y < 34.0))) * (
        1.0 - 0.85 * m.closure * np.clip(np.minimum(y + 6.0, 33.0 - y) / 6.0, 0.0, 1.0)
    )
    before, after = (
        canvas.view.cells(in_space(p) * scale, GRID)[0][:, 1] + MARGIN for p in (at, moved)
    )
    rows = np.arange(SIDE)
    with canvas.carried(np.interp(rows, after, after - before)):
        canvas.organ("air", "soft", AIR)
        canvas.base["soft"] *= np.interp(rows, before, open_).astype(np.float32)[:, None]
