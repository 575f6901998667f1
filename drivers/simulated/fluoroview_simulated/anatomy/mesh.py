"""Closed triangle meshes: the shape of every organ, bone and device, and where they are kept."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache
from importlib.resources import files
from pathlib import Path

import numpy as np

from fluoroview_simulated.arrays import Float32Array, FloatArray, IntArray

STEP_MM = 0.05
"""Resolution of the stored vertices (int16: ±1638 mm)."""


@dataclass(frozen=True, eq=False)
class Mesh:
    """A closed surface with its outside to the left of each edge seen from outside (CCW).

    Attributes:
        vertices: (n, 3) float32, mm, patient coordinates.
        faces: (m, 3) int32.
    """

    vertices: Float32Array
    faces: IntArray

    @cached_property
    def normals(self) -> Float32Array:
        """Unit vectors outward at the vertices, (n, 3) float32."""
        v, f = self.vertices.astype(np.float64), self.faces
        across = np.cross(v[f[:, 1]] - v[f[:, 0]], v[f[:, 2]] - v[f[:, 0]])
        total = np.stack(
            [
                np.bincount(f.ravel(), np.repeat(across[:, k], 3), minlength=len(v))
                for k in range(3)
            ],
            axis=1,
        )
        length = np.linalg.norm(total, axis=1, keepdims=True)
        normals: FloatArray = total / np.maximum(length, 1e-12)
        return normals.astype(np.float32)

    @property
    def volume_ml(self) -> float:
        """Volume inside, positive when the faces are the right way round."""
        v = self.vertices.astype(np.float64)[self.faces]
        return float(np.einsum("ij,ij->", v[:, 0], np.cross(v[:, 1], v[:, 2]))) / 6e3

    def moved(
        self, matrix: np.ndarray, shift_mm: np.ndarray | tuple[float, float, float] = (0, 0, 0)
    ) -> Mesh:
        """The mesh with `matrix` (3, 3) and then `shift_mm` applied to its points."""
        points = self.vertices @ np.asarray(matrix, np.float32).T + np.asarray(shift_mm, np.float32)
        flips = np.linalg.det(matrix) < 0
        return Mesh(points.astype(np.float32), self.faces[:, ::-1] if flips else self.faces)

    def joined(self, *others: Mesh) -> Mesh:
        """One mesh of several that lie apart."""
        meshes = (self, *others)
        starts = np.cumsum([0, *(len(m.vertices) for m in meshes[:-1])])
        return Mesh(
            np.concatenate([m.vertices for m in meshes]),
            np.concatenate([m.faces + s for m, s in zip(meshes, starts, strict=True)]).astype(
                np.int32
            ),
        )


def save(name: str, mesh: Mesh, folder: Path) -> Path:
    """Stores a mesh as `folder`/`name`.npz for `load`."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.npz"
    small = len(mesh.vertices) < 65536
    np.savez_compressed(
        path,
        vertices=np.rint(mesh.vertices / STEP_MM).astype(np.int16),
        faces=mesh.faces.astype(np.uint16 if small else np.uint32),
    )
    return path


@lru_cache(maxsize=256)
def load(name: str) -> Mesh:
    """The shipped mesh of that name; FileNotFoundError if there is none."""
    place = files("fluoroview_simulated").joinpath("anatomy", "meshes", f"{name}.npz")
    with place.open("rb") as stream, np.load(stream, allow_pickle=False) as kept:
        return Mesh(kept["vertices"].astype(np.float32) * STEP_MM, kept["faces"].astype(np.int32))


def tube_mesh(points: np.ndarray, radius_mm: np.ndarray | float, sides: int = 16) -> Mesh:
    """A closed tube around a line (n, 3) with radii (n,) or one, ends shut by cones."""
    points = np.asarray(points, float)
    radius = np.broadcast_to(np.asarray(radius_mm, float), (len(points),))
    tangent = np.gradient(points, axis=0)
    tangent /= np.maximum(np.linalg.norm(tangent, axis=1, keepdims=True), 1e-9)
    side = np.cross(tangent[0], np.eye(3)[np.argmin(np.abs(tangent[0]))])
    angle = 2 * np.pi * np.arange(sides) / sides
    rings = []
    for p, d, r in zip(points, tangent, radius, strict=True):
        side = side - d * (side @ d)  # carried along without twist
        side /= np.linalg.norm(side)
        up = np.cross(d, side)
        rings.append(p + r * (np.cos(angle)[:, None] * side + np.sin(angle)[:, None] * up))
    vertices = np.concatenate([*rings, points[:1], points[-1:]])
    k = np.arange(sides)
    n = (k + 1) % sides
    faces = []
    for i in range(len(points) - 1):
        a, b = i * sides, (i + 1) * sides
        faces.append(np.stack([a + k, a + n, b + n], 1))
        faces.append(np.stack([a + k, b + n, b + k], 1))
    first, last = len(points) * sides, len(points) * sides + 1
    end = (len(points) - 1) * sides
    faces.append(np.stack([np.full(sides, first), n, k], 1))
    faces.append(np.stack([np.full(sides, last), end + k, end + n], 1))
    return Mesh(vertices.astype(np.float32), np.concatenate(faces).astype(np.int32))
