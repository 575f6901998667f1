"""The bolus as a solid, for views that are not from the side.

It is a sheet as thick as the drawn one along the way; across, it is an ellipse in mouth and
oesophagus, and two lobes where epiglottis and larynx part it: most of it runs down on both sides,
through valleculae and piriform sinuses, and joins again at the upper sphincter.
"""

from __future__ import annotations

import numpy as np

from fluoroview_simulated.anatomy.mesh import Mesh
from fluoroview_simulated.arrays import FloatArray
from fluoroview_simulated.procedures.modified_barium_swallow import pharynx
from fluoroview_simulated.procedures.modified_barium_swallow.course import Motion
from fluoroview_simulated.procedures.modified_barium_swallow.moving_neck import in_space

ACROSS = -np.cos(np.linspace(0.0, np.pi, 31))
"""Places across, from the right edge (-1) to the left one (1)."""
LOBE, LOBE_HALF_WIDTH = 0.58, 0.40
"""Middle and half width of a lobe, as shares of the half width of the whole."""
UPPER_MM, LOWER_MM = (106.0, 124.0), (140.0, 156.0)
"""Along the way, in the lifted pharynx: where the bolus parts, and where it joins again."""
LIFT_ALONG_MM = 11.0
"""By so much all this lies farther along the way while the larynx is down."""


def bolus(m: Motion) -> list[Mesh]:
    """The bolus at one moment; nothing when it is chewed, swallowed or not taken yet."""
    head, tail = m.head_mm, m.tail_mm
    present = m.loaded * (1.0 - m.chewing) > 0.02 and head - tail > 3.0
    if not present or tail > pharynx.WAY_MM[-1]:
        return []
    s = np.linspace(tail, min(head, pharynx.WAY_MM[-1]), max(10, int((head - tail) / 2.5)))
    way, inward = pharynx.along(s, pharynx.lifted_way(m)), pharynx.along(s, pharynx.INWARD)
    near, far = pharynx.bolus_faces(s, m)
    thick = np.maximum(far - near, 0.0)
    ends = np.clip(np.minimum(s - tail, head - s) / 9.0, 0.0, 1.0)
    half_wide = _half_width(s, m) * (0.25 + 0.75 * np.sqrt(ends * (2.0 - ends)))
    half_wide = half_wide * np.clip(thick / 8.0, 0.3, 1.0) ** 0.5
    middle = in_space(way + inward * ((near + far) / 2)[:, None], _aside(s))
    towards = np.stack([np.zeros_like(s), inward[:, 0], -inward[:, 1]], axis=1)
    across = thick[:, None] * _section(s, m)
    across[[0, -1]] = 0.0
    return [sheet(middle, towards, half_wide, across)]


def _half_width(s: FloatArray, m: Motion) -> FloatArray:
    """Half of the room from side to side at `s` along the way, mm."""
    down = LIFT_ALONG_MM * (1.0 - m.larynx)
    pharynx_s = np.array([100, 112, 124, 134, 146, 156, 164, 174]) + down
    return np.interp(
        s,
        [0, 14, 34, 60, 88, *pharynx_s, 205, 262],
        [9, 13, 16, 15, 14, 14.5, 17.5, 18, 16.5, 12.5, 7.5, 5.8, 6.4, 8.0, 8.4],
    )


def _aside(s: FloatArray) -> FloatArray:
    """How far to the left the way runs: the oesophagus leaves the middle low in the neck, mm."""
    return np.interp(s, (172.0, 235.0), (0.0, 4.5)) + 0.5 * np.sin(0.09 * s)


def _section(s: FloatArray, m: Motion) -> FloatArray:
    """Thickness across at each place along the way, relative to the greatest, (n, across)."""
    down = LIFT_ALONG_MM * (1.0 - m.larynx)
    parted = np.interp(s, [*(v + down for v in (*UPPER_MM, *LOWER_MM))], [0.0, 1.0, 1.0, 0.0])
    parted = parted * parted * (3.0 - 2.0 * parted)
    whole = np.sqrt(np.clip(1.0 - ACROSS**2, 0.0, 1.0))
    place = (np.abs(ACROSS) - LOBE) / np.where(np.abs(ACROSS) > LOBE, 1.0 - LOBE, LOBE_HALF_WIDTH)
    lobes = np.sqrt(np.clip(1.0 - place**2, 0.0, 1.0)) * np.where(ACROSS > 0, 1.0, 0.9)
    film = 0.05 * whole  # a little runs over the epiglottis in the middle
    section: FloatArray = whole + parted[:, None] * (np.maximum(lobes, film) - whole)
    return section


def sheet(
    middle: np.ndarray, towards: np.ndarray, half_wide: np.ndarray, thick: np.ndarray
) -> Mesh:
    """A closed solid of varying thickness about a ribbon that is spread along x.

    Args:
        middle: (n, 3) the ribbon's middle line, mm.
        towards: (n, 3) unit vectors across its face.
        half_wide: (n,) mm.
        thick: (n, across) mm, zero at the first and last row; `ACROSS` says where.
    """
    ribbon = middle[:, None, :] + (half_wide[:, None] * ACROSS)[..., None] * np.array([1.0, 0, 0])
    lean = (thick / 2)[..., None] * towards[:, None, :]
    rows, columns = thick.shape
    vertices = np.concatenate([(ribbon - lean).reshape(-1, 3), (ribbon + lean).reshape(-1, 3)])
    start = (np.arange(rows - 1)[:, None] * columns + np.arange(columns - 1)).ravel()
    corners = start, start + 1, start + columns, start + columns + 1
    a, b, c, d = corners
    back = np.concatenate([np.stack([a, b, d], 1), np.stack([a, d, c], 1)])
    faces = np.concatenate([back, back[:, ::-1] + rows * columns]).astype(np.int32)
    mesh = Mesh(vertices.astype(np.float32), faces)
    return mesh if mesh.volume_ml > 0 else Mesh(mesh.vertices, faces[:, ::-1].copy())
