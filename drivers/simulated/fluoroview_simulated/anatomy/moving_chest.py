"""The chest as it breathes and the heart beats: lungs and heart are drawn again for each pulse."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from fluoroview_simulated.anatomy.heart import Heart
from fluoroview_simulated.anatomy.mesh import Mesh, load
from fluoroview_simulated.anatomy.parts import BODY_SCALE, Part, in_body, tissue
from fluoroview_simulated.anatomy.posture import STRAIGHT
from fluoroview_simulated.anatomy.regions_skeleton import breastbone, ribs, spine
from fluoroview_simulated.anatomy.regions_soft import AIR, LUNG, trunk_wall, upper_organs

if TYPE_CHECKING:
    from fluoroview_simulated.render.canvas import Canvas, ViewLayers


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
            *breastbone(self.seed),
        ]
        return [p.in_body(self.body) for p in rest]

    def layers(self, layers: ViewLayers) -> None:
        """Projects the lungs without their vessels and without what the heart moves of them."""
        moving = np.zeros(len(self._lungs.faces), bool)
        moving[: len(self._beating.moves)] = self._beating.moves
        layers.solid("lungs", self._lungs, moving)

    @cached_property
    def _beating(self) -> Impression:
        return Impression(load("soft_lungs"), self.heart)

    @cached_property
    def _lungs(self) -> Mesh:
        """The lungs, without their vessels."""
        return in_body(load("soft_lungs").joined(inverse(load("soft_lung_vessels"))), self.body)

    def draw(self, canvas: Canvas, contraction: float, breath_mm: float) -> None:
        """Lungs that follow the diaphragm below and the heart between them."""
        k = BODY_SCALE[self.body]
        (top, bottom), _ = canvas.view.project(_LUNG_ENDS * k)
        taller = 1.0 + breath_mm * k / max(abs(bottom[1] - top[1]), 60.0)
        beating = in_body(self._beating.at(contraction, breath_mm), self.body)
        canvas.organ(
            "lungs", "soft", LUNG, (0.0, 0.0), (1.0, taller), (top[0], top[1]), patch=beating
        )


class Impression:
    """Where the lungs lie on the beating heart, and how their surface follows it.

    Attributes:
        moves: (n_faces,) which faces of the lungs follow; the others meet them at rest.
    """

    def __init__(self, lungs: Mesh, heart: Heart) -> None:
        local = heart.local(lungs.vertices)
        out = np.linalg.norm(local, axis=1)
        away = lungs.vertices - heart.middle
        facing = -np.einsum("ij,ij->i", lungs.normals, away) / np.linalg.norm(away, axis=1)
        # Less the farther off the heart, where a lung turns away from it, and towards the great
        # vessels: atria fill as ventricles empty.
        share = (
            np.clip((1.6 - out) / 0.4, 0.0, 1.0)
            * np.clip(2.0 * facing, 0.0, 1.0)
            * np.clip((local[:, 0] + 0.8) / 0.4, 0.0, 1.0)
        )
        self.moves = (share[lungs.faces] > 0.0).any(axis=1)
        used, faces = np.unique(lungs.faces[self.moves], return_inverse=True)
        self._faces = faces.reshape(-1, 3).astype(np.int32)
        self._rest, self._local, self._share = lungs.vertices[used], local[used], share[used, None]
        self._heart = heart

    def at(self, contraction: float, breath_mm: float) -> Mesh:
        """The faces that follow, in the medium adult, where lungs are not stretched by the breath.

        The heart goes down less than they do.
        """
        go = self._heart.moved(self._local, contraction, breath_mm)
        go -= self._heart.world(self._local)
        (_, _, top), (_, _, bottom) = _LUNG_ENDS
        go[:, 2] += breath_mm / (top - bottom) * (top - self._rest[:, 2])
        return Mesh((self._rest + self._share * go).astype(np.float32), self._faces)


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


_LUNG_ENDS = np.array([[0.0, 0.0, 350.0], [0.0, 0.0, 165.0]])
