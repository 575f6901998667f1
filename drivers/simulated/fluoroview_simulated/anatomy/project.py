"""From meshes to path lengths: each triangle adds its distance, with the sign of its side.

A ray's length inside a closed surface is the sum of the distances at which it leaves, less those at
which it enters; so a map of lengths is drawn triangle by triangle, in any order and from any angle
(Vidal et al., "Simulation of X-ray attenuation on the GPU", 2009, which calls it the L-buffer).
Corners are snapped to a fine grid and edges owned by one side only, so that no ray slips between
two triangles: it would leave a streak as long as the body.

A bone's cortex is a shell: each crossing adds its thickness over the cosine of the angle, grained
by a solid texture that stays with the bone when the view turns.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache

import cv2
import numpy as np
from numba import njit

from fluoroview_simulated.anatomy.facet import edges, facet
from fluoroview_simulated.anatomy.mesh import Mesh
from fluoroview_simulated.anatomy.parts import Part
from fluoroview_simulated.anatomy.view import View
from fluoroview_simulated.arrays import Float32Array, FloatArray, IntArray

GRAIN = 64
GRAIN_MM = 0.5
"""Solid texture: cells per side, and their size; it repeats every 32 mm."""
STEEPEST = 0.16
"""Smallest cosine of a shell's crossing: a cortex is bent, no ray runs in it for long."""


@lru_cache(maxsize=1)
def grain() -> Float32Array:
    """Periodic solid noise of unit variance between 0.8 and 4 mm, (GRAIN,)*3 float32."""
    noise = np.random.default_rng(20).standard_normal((GRAIN,) * 3)
    f = np.fft.fftfreq(GRAIN, GRAIN_MM)
    r = np.sqrt(f[:, None, None] ** 2 + f[None, :, None] ** 2 + f[None, None, :] ** 2)
    keep = np.exp(-((r / 0.62) ** 4)) * (1.0 - np.exp(-((r / 0.16) ** 2))) / np.maximum(r, 0.05)
    field = np.fft.ifftn(np.fft.fftn(noise) * keep).real
    unit: FloatArray = field / field.std()
    return unit.astype(np.float32)


@njit(cache=True, nogil=True, inline="always")
def _solid(tile: Float32Array, x: float, y: float, z: float) -> np.float32:
    """Trilinear value of the periodic texture at a point in mm."""
    x, y, z = x / GRAIN_MM, y / GRAIN_MM, z / GRAIN_MM
    i, j, k = int(np.floor(x)), int(np.floor(y)), int(np.floor(z))
    u, v, w = np.float32(x - i), np.float32(y - j), np.float32(z - k)
    m = GRAIN - 1
    i0, j0, k0 = i & m, j & m, k & m
    i1, j1, k1 = (i + 1) & m, (j + 1) & m, (k + 1) & m
    a = tile[i0, j0, k0] + w * (tile[i0, j0, k1] - tile[i0, j0, k0])
    b = tile[i0, j1, k0] + w * (tile[i0, j1, k1] - tile[i0, j1, k0])
    c = tile[i1, j0, k0] + w * (tile[i1, j0, k1] - tile[i1, j0, k0])
    d = tile[i1, j1, k0] + w * (tile[i1, j1, k1] - tile[i1, j1, k0])
    lower, upper = a + v * (b - a), c + v * (d - c)
    value: np.float32 = lower + u * (upper - lower)
    return value


@njit(cache=True, nogil=True)
def _draw(
    cells: FloatArray,
    depth: Float32Array,
    faces: IntArray,
    cosine: Float32Array,
    points: Float32Array,
    what: Float32Array,
    tile: Float32Array,
    soft: Float32Array,
    bone: Float32Array,
) -> None:
    """Adds one mesh to the maps; `what` is soft, bone, shell and grain."""
    rows, columns = soft.shape
    w_soft, w_bone, shell, grained = what[0], what[1], what[2], what[3]
    for f in range(faces.shape[0]):
        t = facet(cells, faces, f, rows, columns)
        a, b, c = t.a, t.b, t.c
        da, db, dc = t.sign * depth[a], t.sign * depth[b], t.sign * depth[c]
        for i in range(t.top, t.bottom + 1):
            ea, eb, ec, step_a, step_b, step_c = edges(t, i)
            for j in range(t.left, t.right + 1):
                if ea + t.oa >= 0 and eb + t.ob >= 0 and ec + t.oc >= 0:
                    u, v = np.float32(ea) * t.per, np.float32(eb) * t.per
                    w = np.float32(1.0) - u - v
                    length = u * da + v * db + w * dc
                    soft[i, j] += w_soft * length
                    value = w_bone * length
                    if shell != np.float32(0.0):
                        across = abs(u * cosine[a] + v * cosine[b] + w * cosine[c])
                        thick = shell / max(across, np.float32(STEEPEST))
                        if grained != np.float32(0.0):
                            thick *= np.float32(1.0) + grained * _solid(
                                tile,
                                u * points[a, 0] + v * points[b, 0] + w * points[c, 0],
                                u * points[a, 1] + v * points[b, 1] + w * points[c, 1],
                                u * points[a, 2] + v * points[b, 2] + w * points[c, 2],
                            )
                        value += thick
                    bone[i, j] += value
                ea -= step_a
                eb -= step_b
                ec -= step_c


def draw_mesh(
    mesh: Mesh,
    view: View,
    soft: np.ndarray,
    bone: np.ndarray,
    weights: tuple[float, float, float, float],
    origin: tuple[float, float] = (0.0, 0.0),
    grid: int | None = None,
) -> None:
    """Adds one mesh to two maps of path lengths in mm.

    Args:
        soft, bone: (rows, columns) float32, C-order.
        weights: per mm of path to `soft` and `bone`, then mm of shell at each crossing to `bone`
            and the shell's relative grain.
        origin: cell (column, row) of the whole view at which the maps begin.
        grid: cells over the whole view; the maps' rows by default.
    """
    cells, _ = view.cells(mesh.vertices, grid or soft.shape[0])
    cells -= origin
    away = mesh.vertices - view.source
    distance = np.linalg.norm(away, axis=1)
    if weights[2]:
        cosine = np.einsum("ij,ij->i", away / distance[:, None], mesh.normals)
    else:  # only a shell asks how steeply it is crossed
        cosine = np.ones(1)
    _draw(
        cells,
        (distance - view.geometry.source_isocentre_mm).astype(np.float32),
        mesh.faces,
        cosine.astype(np.float32),
        mesh.vertices,
        np.array(weights, np.float32),
        grain(),
        soft,
        bone,
    )


def project_parts(
    parts: Sequence[Part],
    view: View,
    size: int,
    going_on: Callable[[], bool] | None = None,
) -> tuple[np.ndarray, np.ndarray] | None:
    """Path lengths of soft tissue and bone, (size, size) float32 in mm, neither below zero.

    Args:
        parts: what is in the way of the rays.
        view: the geometry.
        size: rows and columns of the maps over the whole view.
        going_on: asked between parts; when it says no, the result is None.
    """
    soft, bone = np.zeros((size, size), np.float32), np.zeros((size, size), np.float32)
    for part in parts:
        if going_on is not None and not going_on():
            return None
        weights = (part.soft, part.bone, part.shell_mm, part.grain)
        draw_mesh(part.mesh, view, soft, bone, weights)
    np.maximum(bone, 0.0, out=bone)
    np.maximum(soft, 0.0, out=soft)
    return soft, bone


def unsharp(path_mm: np.ndarray, sigma_cells: float) -> np.ndarray:
    """A map as the focal spot and the scintillator spread it."""
    if sigma_cells >= 0.5:
        return cv2.GaussianBlur(path_mm, (0, 0), sigma_cells)
    # A sampled Gaussian this narrow would hardly blur: three taps of the right variance do.
    side = sigma_cells**2 / 2
    taps = np.array([side, 1.0 - 2.0 * side, side])
    return cv2.sepFilter2D(path_mm, -1, taps, taps)
