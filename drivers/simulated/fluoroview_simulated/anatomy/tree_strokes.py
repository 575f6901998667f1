"""The compiled loop that draws all branches of a tree of vessels in one call."""

from __future__ import annotations

import numpy as np
from numba import njit

from fluoroview_simulated.arrays import Float32Array, FloatArray, IntArray
from fluoroview_simulated.render import strokes


@njit(cache=True, nogil=True)
def tubes(
    cells: FloatArray,
    radius: FloatArray,
    longer: FloatArray,
    amount: FloatArray,
    per_scale: FloatArray,
    starts: IntArray,
    scratch: Float32Array,
    out: Float32Array,
) -> None:
    """Adds chord × amount of each run to a map: within a run the greatest counts, runs add up.

    Args:
        cells: (n, 2), all runs one after the other; run k is starts[k] up to starts[k + 1].
        radius: (n,) in cells; `longer`, `amount`, `per_scale` (n,) as in `strokes.tube`.
        scratch: zeros of the shape of `out`, left as zeros.
    """
    rows, columns = out.shape
    box = np.zeros(4, np.int64)
    for k in range(starts.shape[0] - 1):
        a, b = starts[k], starts[k + 1]
        if amount[a:b].max() <= 0.0:
            continue
        reach = int(radius[a:b].max()) + 2
        box[0] = max(int(np.floor(cells[a:b, 1].min())) - reach, 0)
        box[1] = min(int(np.ceil(cells[a:b, 1].max())) + reach + 1, rows)
        box[2] = max(int(np.floor(cells[a:b, 0].min())) - reach, 0)
        box[3] = min(int(np.ceil(cells[a:b, 0].max())) + reach + 1, columns)
        if box[1] - box[0] < 2 or box[3] - box[2] < 2:
            continue
        strokes.tube(
            cells[a:b], radius[a:b], longer[a:b], amount[a:b], per_scale[a:b], scratch, box
        )
        strokes.take(scratch, out, box, np.float32(1.0))


@njit(cache=True, nogil=True)
def room_mm(points: FloatArray, others: FloatArray) -> FloatArray:
    """Distance of each point (n, 3) to the nearest of others (m, 3)."""
    out = np.empty(points.shape[0])
    for i in range(points.shape[0]):
        least = np.inf
        for j in range(others.shape[0]):
            dx = points[i, 0] - others[j, 0]
            dy = points[i, 1] - others[j, 1]
            dz = points[i, 2] - others[j, 2]
            least = min(least, dx * dx + dy * dy + dz * dz)
        out[i] = np.sqrt(least)
    return out
