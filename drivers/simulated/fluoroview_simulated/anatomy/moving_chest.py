"""The chest as it breathes and the heart beats: lungs and heart are drawn anew for each pulse."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from fluoroview_simulated.anatomy.heart import Heart
from fluoroview_simulated.anatomy.mesh import Mesh, load
from fluoroview_simulated.anatomy.parts import BODY_SCALE, Part, in_body, tissue
from fluoroview_simulated.anatomy.posture import STRAIGHT
from fluoroview_simulated.anatomy.regions_skeleton import left, ribs, spine
from fluoroview_simulated.anatomy.regions_soft import AIR, LUNG, trunk_wall, upper_organs

if TYPE_CHECKING:
    from fluoroview_simulated.canvas import Canvas, ViewLayers


class MovingChest:
    """Trunk wall, bones and airway at rest; lungs and heart in motion."""

    def __init__(self, heart: Heart, body: str = "medium", seed: int = STRAIGHT) -> None:
        self.heart, self.body, self.seed = heart, body, seed

    def parts(self) -> list[Part]:
        """What stands still."""
        rest = [
            *trunk_wall(),
            tissue("soft_airway", AIR),
            *upper_organs(),
            tissue("soft_stomach_gas", AIR),
            *spine("T3", "T12", self.seed),
            *ribs(seed=self.seed),
            left("sternum", bone=0.13, seed=self.seed, shell_mm=0.45, grain=0.45),
        ]
        return [p.in_body(self.body) for p in rest]

    def layers(self, layers: ViewLayers) -> None:
        """Projects the lungs with their vessels, and the heart's place between them."""
        layers.solid("lungs", self._lungs)
        layers.solid("heart", self._heart)

    @cached_property
    def _lungs(self) -> Mesh:
        """Air, as if there were no heart, without the lungs' vessels."""
        open_, inside = load("vessel_lungs_open"), load("soft_lung_vessels")
        return in_body(open_.joined(inverse(inside)), self.body)

    @cached_property
    def _heart(self) -> Mesh:
        """What the heart takes of it."""
        open_, lungs = load("vessel_lungs_open"), load("soft_lungs")
        return in_body(open_.joined(inverse(lungs)), self.body)

    def draw(self, canvas: Canvas, contraction: float, breath_mm: float) -> None:
        """Lungs that follow the diaphragm, and the heart in them."""
        k = BODY_SCALE[self.body]
        (top, bottom), _ = canvas.view.project(_LUNG_ENDS * k)
        taller = 1.0 + breath_mm * k / max(abs(bottom[1] - top[1]), 60.0)
        canvas.organ("lungs", "soft", LUNG, (0.0, 0.0), (1.0, taller), (top[0], top[1]))
        still = self._outline(canvas, 0.0, 0.0)
        # Towards the great vessels, where atria fill as ventricles empty, the outline stays; and
        # below, where the heart lies on the diaphragm.
        rest = self._outline(canvas, 0.0, breath_mm)
        beating = self._outline(canvas, contraction, breath_mm)
        rest[1, 0] = beating[1, 0]
        canvas.organ("heart", "soft", -LUNG, *_fitted(still, rest))

    def _outline(self, canvas: Canvas, contraction: float, breath_mm: float) -> np.ndarray:
        """Corners of the heart's rectangle in the picture, upper left and lower right, mm."""
        moved = self.heart.moved(_SPREAD, contraction, breath_mm) * BODY_SCALE[self.body]
        place, _ = canvas.view.project(moved)
        return np.stack([place.min(axis=0), place.max(axis=0)])


def ventricles(heart: Heart, size: float) -> Mesh:
    """The ventricles, `size` times as large but cut at the same height, 1200 faces."""
    rows, columns, ring_s = 20, 30, -0.5 / size
    s = -np.cos(np.pi * np.arange(1, rows) / rows)
    s = np.maximum(s, ring_s)
    a = 2 * np.pi * np.arange(columns) / columns
    across = np.sqrt(1 - s**2)
    ring = np.stack(
        [
            np.repeat(s, columns),
            np.outer(across, np.cos(a)).ravel(),
            np.outer(across, np.sin(a)).ravel(),
        ],
        axis=1,
    )
    poles = np.array([[ring_s, 0, 0], [1.0, 0, 0]])
    vertices = heart.world(np.concatenate([ring, poles]) * size)
    k = np.arange(columns)
    n = (k + 1) % columns
    faces = []
    for i in range(rows - 2):
        low, high = i * columns, (i + 1) * columns
        faces += [np.stack([low + k, low + n, high + n], 1)]
        faces += [np.stack([low + k, high + n, high + k], 1)]
    first, last, end = len(ring), len(ring) + 1, (rows - 2) * columns
    faces += [np.stack([np.full(columns, first), n, k], 1)]
    faces += [np.stack([np.full(columns, last), end + k, end + n], 1)]
    mesh = Mesh(vertices.astype(np.float32), np.concatenate(faces).astype(np.int32))
    return mesh if mesh.volume_ml > 0 else Mesh(mesh.vertices, mesh.faces[:, ::-1].copy())


def inverse(mesh: Mesh) -> Mesh:
    """The mesh inside out: joined to another, it takes its room away."""
    return Mesh(mesh.vertices, mesh.faces[:, ::-1].copy())


def _fitted(
    still: np.ndarray, now: np.ndarray
) -> tuple[tuple[float, float], tuple[float, float], tuple[float, float]]:
    """Shift, scale and fixed point that bring one rectangle to another."""
    shift = now[0] - still[0]
    scale = (now[1] - now[0]) / (still[1] - still[0])
    return tuple(shift.tolist()), tuple(scale.tolist()), tuple(still[0].tolist())


def _spread() -> np.ndarray:
    """Places all over the ventricles, as `Heart.local`."""
    s, a = np.meshgrid(np.linspace(-0.5, 0.99, 7), np.linspace(0, 2 * np.pi, 12, endpoint=False))
    across = np.sqrt(1 - s**2)
    return np.stack([s, across * np.cos(a), across * np.sin(a)], -1).reshape(-1, 3)


_SPREAD = _spread()
_LUNG_ENDS = np.array([[0.0, 0.0, 350.0], [0.0, 0.0, 165.0]])
