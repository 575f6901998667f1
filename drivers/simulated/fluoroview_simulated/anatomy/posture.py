"""How one patient's trunk differs from a mirror image: a curve of the spine, a tilt of the pelvis.

Nobody is symmetric: the thoracic spine bends a few millimetres to one side (mostly the right), the
lumbar spine back, with a turn of the vertebrae; the pelvis stands a little lower on one side, and
no two ribs of a pair run alike.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from fluoroview_simulated.anatomy.mesh import Mesh, load

STRAIGHT = 0
"""Seed of a patient who is his own mirror image."""
_PELVIC = ("sacrum", "hip", "femur")
_PIVOT_Z = -150.0
"""The pelvis tilts about its middle."""
_SPINE_Y = 55.0


@dataclass(frozen=True, eq=False)
class Posture:
    """Asymmetry of one patient.

    Attributes:
        thoracic_mm, lumbar_mm: how far the curve goes to the left at T7 and between L1 and L2.
        turn_deg: of the vertebrae at T7, towards the curve.
        tilt_deg: of the pelvis, left side down.
        droop_mm: how much lower the front of each rib is, (13, 2): by number; left and right.
    """

    thoracic_mm: float
    lumbar_mm: float
    turn_deg: float
    tilt_deg: float
    droop_mm: np.ndarray

    def aside_mm(self, z_mm: np.ndarray | float) -> np.ndarray:
        """How far the middle of the spine stands to the left at a height."""
        z = np.asarray(z_mm, float)
        chest = self.thoracic_mm * np.exp(-(((z - 235.0) / 95.0) ** 2))
        return chest + self.lumbar_mm * np.exp(-(((z - 45.0) / 62.0) ** 2))


@lru_cache(maxsize=16)
def posture(seed: int) -> Posture:
    """The posture of a patient; that of seed 0 is straight."""
    if seed == STRAIGHT:
        return Posture(0.0, 0.0, 0.0, 0.0, np.zeros((13, 2)))
    rng = np.random.default_rng((seed, 1905))
    side = -1.0 if rng.random() < 0.8 else 1.0
    droop = np.clip(rng.normal(0.0, 1.4, (13, 2)), -3.0, 3.0)
    droop[rng.integers(4, 11), rng.integers(0, 2)] -= 3.5  # one rib stands higher than its fellow
    return Posture(
        thoracic_mm=side * rng.uniform(2.5, 4.0),
        lumbar_mm=-side * rng.uniform(1.5, 2.8),
        turn_deg=side * rng.uniform(0.8, 1.8),
        tilt_deg=rng.choice([-1.0, 1.0]) * rng.uniform(0.5, 1.2),
        droop_mm=droop,
    )


@lru_cache(maxsize=256)
def bone_mesh(name: str, mirrored: bool, seed: int) -> Mesh:
    """A shipped bone of the left side, or its mirror image, as it stands in a patient."""
    mesh = load(name)
    if mirrored:
        mesh = mesh.moved(np.diag([-1.0, 1.0, 1.0]))
    if seed == STRAIGHT:
        return mesh
    return Mesh(_stands(mesh.vertices, name, mirrored, posture(seed)), mesh.faces)


def _stands(points: np.ndarray, name: str, mirrored: bool, p: Posture) -> np.ndarray:
    x, y, z = points.astype(float).T
    if name.startswith(("rib_", "costal_")):
        far = np.hypot(x, y - _SPINE_Y) / 150.0
        if name.startswith("costal_"):  # the sternum stays where it is
            far *= np.clip((np.abs(x) - 17.0) / 35.0, 0.0, 1.0)
        z = z - p.droop_mm[int(name.partition("_")[2]), int(mirrored)] * far
    aside = p.aside_mm(z)
    turn = np.deg2rad(p.turn_deg) * aside / p.thoracic_mm
    # The lowest lumbar vertebrae take up part of the pelvis's tilt.
    share = 1.0 if name.startswith(_PELVIC) else np.interp(z, [-100.0, -15.0], [1.0, 0.0])
    tilt = np.deg2rad(p.tilt_deg) * share
    moved = [x + aside - turn * (y - _SPINE_Y) + tilt * (z - _PIVOT_Z), y + turn * x, z - tilt * x]
    return np.stack(moved, axis=1).astype(np.float32)
