"""One triangle of a mesh in the grid of an image: its cells, and who owns its edges.

Corners are snapped to a fine grid and edges owned by one side only, so that no ray slips between
two triangles, and none is counted twice.

Callers keep compiled code on disk that does not see a change here: touch `project.py` and
`strokes.py` with it.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit

from fluoroview_simulated.arrays import FloatArray, IntArray

SNAP = 16
"""Steps per cell to which corners are snapped."""


class Facet(NamedTuple):
    """A triangle turned so that the inside of each edge is positive.

    `sign` is -1 where the ray goes in and 1 where it comes out; `a`, `b`, `c` are vertices; the box
    is empty (right < left) where there is nothing to draw. `x` and `y` with a, b, c are corners,
    with ea, eb, ec the opposite edges, in steps; `o` is 0 for an edge that owns its points, else
    -1; `per` the inverse of twice the area.
    """

    sign: np.float32
    a: int
    b: int
    c: int
    left: int
    right: int
    top: int
    bottom: int
    xa: int
    ya: int
    xb: int
    yb: int
    xc: int
    yc: int
    oa: int
    ob: int
    oc: int
    per: np.float32


@njit(cache=True, nogil=True)
def facet(cells: FloatArray, faces: IntArray, f: int, rows: int, columns: int) -> Facet:
    """Face `f` of a mesh whose vertices are at `cells` (n, 2) of an image."""
    a, b, c = faces[f, 0], faces[f, 1], faces[f, 2]
    xa, ya = int(np.rint(cells[a, 0] * SNAP)), int(np.rint(cells[a, 1] * SNAP))
    xb, yb = int(np.rint(cells[b, 0] * SNAP)), int(np.rint(cells[b, 1] * SNAP))
    xc, yc = int(np.rint(cells[c, 0] * SNAP)), int(np.rint(cells[c, 1] * SNAP))
    area = (xb - xa) * (yc - ya) - (xc - xa) * (yb - ya)
    sign = np.float32(-1.0)  # outside faces the source: the ray goes in here
    if area < 0:
        sign = np.float32(1.0)
        b, c = c, b
        xb, yb, xc, yc = xc, yc, xb, yb
        area = -area
    left = max(min(xa, xb, xc) // SNAP, 0)
    right = min(max(xa, xb, xc) // SNAP + 1, columns - 1)
    top = max(min(ya, yb, yc) // SNAP, 0)
    bottom = min(max(ya, yb, yc) // SNAP + 1, rows - 1)
    if area == 0:
        right = left - 1
    # An edge owns its points when it is a top or a left one.
    oa = 0 if (yc < yb or (yc == yb and xc > xb)) else -1
    ob = 0 if (ya < yc or (ya == yc and xa > xc)) else -1
    oc = 0 if (yb < ya or (yb == ya and xb > xa)) else -1
    per = np.float32(1.0) / np.float32(max(area, 1))
    return Facet(sign, a, b, c, left, right, top, bottom, xa, ya, xb, yb, xc, yc, oa, ob, oc, per)


@njit(cache=True, nogil=True)
def edges(t: Facet, i: int) -> tuple[int, int, int, int, int, int]:
    """The three edge functions at the first cell of row `i`, and their steps per cell."""
    x, y = t.left * SNAP, i * SNAP
    ea = (t.xc - t.xb) * (y - t.yb) - (t.yc - t.yb) * (x - t.xb)
    eb = (t.xa - t.xc) * (y - t.yc) - (t.ya - t.yc) * (x - t.xc)
    ec = (t.xb - t.xa) * (y - t.ya) - (t.yb - t.ya) * (x - t.xa)
    return ea, eb, ec, (t.yc - t.yb) * SNAP, (t.ya - t.yc) * SNAP, (t.yb - t.ya) * SNAP
