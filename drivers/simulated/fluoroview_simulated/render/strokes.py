"""The compiled loops of the canvas: tubes, clouds, pools, and the tracing of layers."""

from __future__ import annotations

import numpy as np
from numba import njit

from fluoroview_simulated.anatomy.facet import edges, facet
from fluoroview_simulated.anatomy.project import STEEPEST
from fluoroview_simulated.arrays import Float32Array, FloatArray, IntArray

SOFTEST = 0.9
"""Unsharpness in cells of a thin tube: it keeps its area, loses its height, and does not bead."""
THIN = 2.5
"""Tubes below this radius in cells have the profile (1 - (d/R)²)² of the chord's area and width."""
_WIDER = np.sqrt(3.5 / 2.0)
_AREA = np.pi * 15.0 / 16.0
LONGEST = 3.0
"""A tube that runs along the ray is at most this much longer than it is wide."""
Box = tuple[int, int, int, int] | IntArray
"""Rows and columns: top, bottom, left, right."""


@njit(cache=True, nogil=True)
def placed(
    points: FloatArray,
    isocentre: FloatArray,
    axes: FloatArray,
    distance_mm: float,
    cells_per_mm: float,
    middle: float,
) -> tuple[FloatArray, FloatArray]:
    """What `View.cells` says of a few points, without the cost of calling NumPy for them."""
    n = points.shape[0]
    cells, scale = np.empty((n, 2)), np.empty(n)
    for i in range(n):
        x, y, z = (
            points[i, 0] - isocentre[0],
            points[i, 1] - isocentre[1],
            points[i, 2] - isocentre[2],
        )
        depth = x * axes[2, 0] + y * axes[2, 1] + z * axes[2, 2]
        k = distance_mm / (distance_mm + depth) * cells_per_mm
        cells[i, 0] = (x * axes[0, 0] + y * axes[0, 1] + z * axes[0, 2]) * k + middle
        cells[i, 1] = (x * axes[1, 0] + y * axes[1, 1] + z * axes[1, 2]) * k + middle
        scale[i] = k
    return cells, scale


@njit(cache=True, nogil=True)
def box_of(cells: FloatArray, radius: FloatArray, side: int) -> tuple[int, int, int, int]:
    """Rows and columns within `side` that thick points reach: top, bottom, left, right."""
    reach = int(min(radius.max(), float(side))) + 2
    low_x, high_x, low_y, high_y = 1e9, -1e9, 1e9, -1e9
    for i in range(cells.shape[0]):
        low_x, high_x = min(low_x, cells[i, 0]), max(high_x, cells[i, 0])
        low_y, high_y = min(low_y, cells[i, 1]), max(high_y, cells[i, 1])
    top, bottom = max(int(np.floor(low_y)) - reach, 0), min(int(np.ceil(high_y)) + reach + 1, side)
    left, right = max(int(np.floor(low_x)) - reach, 0), min(int(np.ceil(high_x)) + reach + 1, side)
    return top, bottom, left, right


@njit(cache=True, nogil=True)
def lengthened(points: FloatArray, source: FloatArray) -> FloatArray:
    """How much longer than across a ray runs in a tube at each of its points, (n,)."""
    n = points.shape[0]
    out = np.ones(n)
    for i in range(n):
        a, b = max(i - 1, 0), min(i + 1, n - 1)
        dx = points[b, 0] - points[a, 0]
        dy = points[b, 1] - points[a, 1]
        dz = points[b, 2] - points[a, 2]
        rx, ry = points[i, 0] - source[0], points[i, 1] - source[1]
        rz = points[i, 2] - source[2]
        d = np.sqrt((dx * dx + dy * dy + dz * dz) * (rx * rx + ry * ry + rz * rz))
        if d > 1e-9:
            cosine = (dx * rx + dy * ry + dz * rz) / d
            sine = np.sqrt(max(1.0 - cosine * cosine, 1e-9))
            out[i] = min(1.0 / sine, LONGEST)
    return out


@njit(cache=True, nogil=True, fastmath=True)
def tube(
    cells: FloatArray,
    radius: FloatArray,
    longer: FloatArray,
    amount: FloatArray,
    per_scale: FloatArray,
    scratch: Float32Array,
    box: Box,
) -> None:
    """Greatest chord in mm × amount of all pieces, into `scratch`.

    `cells` (n, 2), `radius` in cells (n,), `longer` (n,), `amount` (n,), `per_scale` (n,) the mm
    of a cell where the piece is.
    """
    top, bottom, left, right = box
    for s in range(cells.shape[0] - 1):
        xa, ya, xb, yb = cells[s, 0], cells[s, 1], cells[s + 1, 0], cells[s + 1, 1]
        ra, rb = radius[s], radius[s + 1]
        ka, kb = amount[s] * longer[s] * per_scale[s], amount[s + 1] * longer[s + 1] * per_scale[s]
        if ka <= 0.0 and kb <= 0.0:
            continue
        thin = ra < THIN and rb < THIN
        if thin:
            wa = np.sqrt(ra * ra + SOFTEST**2) * _WIDER
            wb = np.sqrt(rb * rb + SOFTEST**2) * _WIDER
            ka, kb = ka * _AREA * ra * ra / wa, kb * _AREA * rb * rb / wb
        else:
            wa, wb = ra, rb
            ka, kb = ka * 2.0 * ra, kb * 2.0 * rb
        reach = max(wa, wb)
        i0 = max(int(np.floor(min(ya, yb) - reach)), top)
        i1 = min(int(np.ceil(max(ya, yb) + reach)), bottom - 1)
        j0 = max(int(np.floor(min(xa, xb) - reach)), left)
        j1 = min(int(np.ceil(max(xa, xb) + reach)), right - 1)
        dx, dy = xb - xa, yb - ya
        span = dx * dx + dy * dy
        per = 1.0 / span if span > 1e-12 else 0.0
        for i in range(i0, i1 + 1):
            py = i - ya
            for j in range(j0, j1 + 1):
                px = j - xa
                u = min(max((px * dx + py * dy) * per, 0.0), 1.0)
                ex, ey = px - u * dx, py - u * dy
                w = wa + u * (wb - wa)
                inside = 1.0 - (ex * ex + ey * ey) / (w * w + 1e-9)
                if inside > 0.0:
                    profile = inside * inside if thin else np.sqrt(inside)
                    value = np.float32(profile * (ka + u * (kb - ka)))
                    scratch[i, j] = max(scratch[i, j], value)


@njit(cache=True, nogil=True)
def take(scratch: Float32Array, out: Float32Array, box: Box, factor: np.float32) -> None:
    """Adds `scratch` × factor to a map and empties it."""
    for i in range(box[0], box[1]):
        for j in range(box[2], box[3]):
            out[i, j] += scratch[i, j] * factor
            scratch[i, j] = np.float32(0.0)


@njit(cache=True, nogil=True, fastmath=True)
def carry(source: Float32Array, down: Float32Array, out: Float32Array) -> None:
    """Adds a map with each row moved down by its `down` cells, by a cubic through four rows.

    The cubic keeps edges as sharp between rows as on them; a line would let them breathe too.
    """
    rows, columns = source.shape
    for i in range(rows):
        at = np.float32(i) - down[i]
        k = int(np.floor(at))
        t = at - np.float32(k)
        a, b = min(max(k - 1, 0), rows - 1), min(max(k, 0), rows - 1)
        c, d = min(max(k + 1, 0), rows - 1), min(max(k + 2, 0), rows - 1)
        half = np.float32(0.5)
        wa = half * t * (np.float32(-1.0) + t * (np.float32(2.0) - t))
        wb = half * (np.float32(2.0) + t * t * (np.float32(3.0) * t - np.float32(5.0)))
        wc = half * t * (np.float32(1.0) + t * (np.float32(4.0) - np.float32(3.0) * t))
        wd = half * t * t * (t - np.float32(1.0))
        for j in range(columns):
            out[i, j] += (
                wa * source[a, j] + wb * source[b, j] + wc * source[c, j] + wd * source[d, j]
            )


@njit(cache=True, nogil=True, fastmath=True)
def blobs(cells: FloatArray, sigma: FloatArray, mass: FloatArray, out: Float32Array) -> None:
    """Adds Gaussians whose sum over cells is `mass`, at places (n, 2)."""
    rows, columns = out.shape
    for n in range(cells.shape[0]):
        s = max(sigma[n], 0.6)
        peak = mass[n] / (2.0 * np.pi * s * s)
        x, y = cells[n, 0], cells[n, 1]
        reach = 3.2 * s
        i0, i1 = max(int(y - reach), 0), min(int(y + reach) + 1, rows - 1)
        j0, j1 = max(int(x - reach), 0), min(int(x + reach) + 1, columns - 1)
        for i in range(i0, i1 + 1):
            for j in range(j0, j1 + 1):
                q = ((i - y) ** 2 + (j - x) ** 2) / (2.0 * s * s)
                if q < 5.2:
                    out[i, j] += np.float32(peak * np.exp(-q))


@njit(cache=True, nogil=True)
def pool(
    path: Float32Array,
    low: Float32Array,
    high: Float32Array,
    levels: Float32Array,
    corner: tuple[int, int],
    amount: np.float32,
    displaces: np.float32,
    out: Float32Array,
    soft: Float32Array,
) -> None:
    """Adds the part of each path below its row's level; heights run evenly along the ray."""
    for i in range(path.shape[0]):
        level = levels[i]
        for j in range(path.shape[1]):
            p = path[i, j]
            if p > np.float32(0.0) and level > low[i, j]:
                span = max(high[i, j] - low[i, j], np.float32(0.05))
                share = min((level - low[i, j]) / span, np.float32(1.0))
                out[corner[0] + i, corner[1] + j] += p * share * amount
                if displaces != np.float32(0.0):
                    soft[corner[0] + i, corner[1] + j] += p * share * displaces


@njit(cache=True, nogil=True)
def trace(
    cells: FloatArray,
    depth: Float32Array,
    faces: IntArray,
    walls: int,
    cosine: Float32Array,
    scalar: Float32Array,
    height: Float32Array,
    maps: tuple[Float32Array, ...],
) -> None:
    """Draws a mesh into path, wall, sum and count of the scalar, least and greatest height.

    The first `walls` faces have a wall of 1 mm, which counts by the cosine of its crossing.
    """
    path, wall, total, count, low, high = maps
    rows, columns = path.shape
    carries = scalar.shape[0] > 1
    for f in range(faces.shape[0]):
        t = facet(cells, faces, f, rows, columns)
        a, b, c = t.a, t.b, t.c
        for i in range(t.top, t.bottom + 1):
            ea, eb, ec, step_a, step_b, step_c = edges(t, i)
            for j in range(t.left, t.right + 1):
                if ea + t.oa >= 0 and eb + t.ob >= 0 and ec + t.oc >= 0:
                    u, v = np.float32(ea) * t.per, np.float32(eb) * t.per
                    w = np.float32(1.0) - u - v
                    path[i, j] += t.sign * (u * depth[a] + v * depth[b] + w * depth[c])
                    if f < walls:
                        across = abs(u * cosine[a] + v * cosine[b] + w * cosine[c])
                        wall[i, j] += np.float32(1.0) / max(across, np.float32(STEEPEST))
                    h = u * height[a] + v * height[b] + w * height[c]
                    low[i, j] = min(low[i, j], h)
                    high[i, j] = max(high[i, j], h)
                    if carries:
                        total[i, j] += u * scalar[a] + v * scalar[b] + w * scalar[c]
                        count[i, j] += np.float32(1.0)
                ea -= step_a
                eb -= step_b
                ec -= step_c
