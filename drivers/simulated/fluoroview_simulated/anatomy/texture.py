"""Unevenness of soft tissue: fat lobules and muscle streaks, too many to model one by one.

A periodic solid noise is summed along each ray over as much of the body as the ray has soft tissue,
so it turns with the patient when the C-arm turns and grows with the root of the thickness. Coarse
streaks (8 to 40 mm, drawn out along the body) and fine lobules (3 to 10 mm) are sampled apart: the
fine ones need many rays but, being independent from one depth to the next, few depths.
"""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np
from numba import njit

from fluoroview_simulated.anatomy.view import View
from fluoroview_simulated.arrays import Float32Array, FloatArray

CELLS = 64
COARSE_MM, FINE_MM = 3.0, 1.1
"""Cell of the noise as it is laid into the body; it repeats every 64 cells."""
COARSE_STEP_MM, FINE_STEP_MM = 8.0, 19.0
COARSE_GRID, FINE_GRID = 112, 256
STRENGTH = 0.040
"""Standard deviation of the density in a coarse lobule; fat is a tenth lighter than muscle."""
FINE_PART = 0.032
STREAK = 0.45
"""Coarse lobules are longer along z by the inverse of this."""


@lru_cache(maxsize=1)
def lobules() -> Float32Array:
    """Periodic solid noise, 2.5 to 14 cells, unit variance, (CELLS,)*3 float32."""
    noise = np.random.default_rng(7).standard_normal((CELLS,) * 3)
    f = np.fft.fftfreq(CELLS)
    r = np.sqrt(f[:, None, None] ** 2 + f[None, :, None] ** 2 + f[None, None, :] ** 2)
    keep = (
        np.exp(-((r / 0.36) ** 4)) * (1 - np.exp(-((r / 0.06) ** 2))) / np.maximum(r, 0.02) ** 1.3
    )
    field = np.fft.ifftn(np.fft.fftn(noise) * keep).real
    unit: FloatArray = field / field.std()
    return unit.astype(np.float32)


@njit(cache=True, nogil=True, inline="always")
def _at(tile: Float32Array, x: float, y: float, z: float) -> np.float32:
    """Trilinear value of the periodic noise at a place in cells."""
    i, j, k = int(np.floor(x)), int(np.floor(y)), int(np.floor(z))
    u, v, w = np.float32(x - i), np.float32(y - j), np.float32(z - k)
    m = CELLS - 1
    i0, j0, k0, i1, j1, k1 = i & m, j & m, k & m, (i + 1) & m, (j + 1) & m, (k + 1) & m
    a = tile[i0, j0, k0] + w * (tile[i0, j0, k1] - tile[i0, j0, k0])
    b = tile[i0, j1, k0] + w * (tile[i0, j1, k1] - tile[i0, j1, k0])
    c = tile[i1, j0, k0] + w * (tile[i1, j0, k1] - tile[i1, j0, k0])
    d = tile[i1, j1, k0] + w * (tile[i1, j1, k1] - tile[i1, j1, k0])
    low, high = a + v * (b - a), c + v * (d - c)
    value: np.float32 = low + u * (high - low)
    return value


@njit(cache=True, nogil=True)
def _march(
    tile: Float32Array,
    path: Float32Array,
    start: Float32Array,
    right: Float32Array,
    down: Float32Array,
    first: Float32Array,
    step: np.float32,
    cell: np.float32,
    streak: np.float32,
    out: Float32Array,
) -> None:
    """Sums the noise over `path` mm about the body's axis; `first` is the ray of cell (0, 0)."""
    rows, columns = path.shape
    per = np.float32(1.0 / cell)
    for i in range(rows):
        for j in range(columns):
            length = path[i, j]
            if length < np.float32(2.0):
                out[i, j] = np.float32(0.0)
                continue
            dx = first[0] + j * right[0] + i * down[0]
            dy = first[1] + j * right[1] + i * down[1]
            dz = first[2] + j * right[2] + i * down[2]
            norm = np.float32(1.0) / np.float32(np.sqrt(dx * dx + dy * dy + dz * dz))
            dx, dy, dz = dx * norm, dy * norm, dz * norm
            middle = -(start[0] * dx + start[1] * dy) / max(dx * dx + dy * dy, np.float32(0.05))
            half = np.float32(0.5) * length
            count = int(half / step) + 1
            total = np.float32(0.0)
            for n in range(-count, count + 1):
                t = np.float32(n * step)
                weight = (half - abs(t)) / step + np.float32(0.5)
                if weight <= np.float32(0.0):
                    continue
                t += middle
                total += min(weight, np.float32(1.0)) * _at(
                    tile,
                    (start[0] + t * dx) * per,
                    (start[1] + t * dy) * per,
                    (start[2] + t * dz) * per * streak + (start[0] + t * dx) * per * 0.2,
                )
            out[i, j] = total * step


def _sums(view: View, soft_path: Float32Array, grid: int, fine: bool) -> np.ndarray:
    path = np.asarray(cv2.resize(soft_path, (grid, grid), interpolation=cv2.INTER_AREA), np.float32)
    cell_mm = view.view_mm / grid
    right, down, ray = view.axes
    corner = -0.5 * view.view_mm + 0.5 * cell_mm
    first = ray * view.geometry.source_isocentre_mm + corner * (right + down)
    out = np.empty((grid, grid), np.float32)
    _march(
        lobules(),
        path,
        view.source.astype(np.float32),
        (right * cell_mm).astype(np.float32),
        (down * cell_mm).astype(np.float32),
        first.astype(np.float32),
        np.float32(FINE_STEP_MM if fine else COARSE_STEP_MM),
        np.float32(FINE_MM if fine else COARSE_MM),
        np.float32(1.0 if fine else STREAK),
        out,
    )
    return out


def soft_texture(view: View, size: int, soft_path: np.ndarray) -> np.ndarray:
    """What the unevenness adds to a map of soft tissue, about 2 % of 200 mm.

    Args:
        view: the geometry that `soft_path` was projected in.
        size: rows and columns of the result, over the whole view.
        soft_path: (n, n) float32, mm of soft tissue over the same view; n need not be `size`.

    Returns:
        (size, size) float32 in mm, of either sign; zero outside of the body.
    """
    path = np.ascontiguousarray(soft_path, np.float32)
    coarse = _sums(view, path, min(size, COARSE_GRID), fine=False)
    fine = _sums(view, path, min(size, FINE_GRID), fine=True)
    total = cv2.resize(fine, (size, size), interpolation=cv2.INTER_CUBIC) * FINE_PART
    total += cv2.resize(coarse, (size, size), interpolation=cv2.INTER_CUBIC) * STRENGTH
    return total
