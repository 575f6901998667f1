"""Solids of the chest: lungs and their vessels, airway, heart and great vessels, diaphragm.

`make_soft.py` writes them to files.
"""

from __future__ import annotations

import numpy as np
from scipy.interpolate import make_interp_spline

from fluoroview_simulated.anatomy.landmarks import DIAPHRAGM_Z, spine_y
from fluoroview_simulated.anatomy.mesh import Mesh, tube_mesh
from tools.anatomy import solid as s

# Inner side of the ribs.
CAGE = [
    (352, 0, 22, 44, 22, 2.0), (340, 0, 22, 70, 42, 2.0), (320, 0, 20, 95, 59, 2.1),
    (290, 0, 14, 115, 74, 2.2), (250, 0, 8, 127, 85, 2.3), (200, 0, 4, 133, 91, 2.4),
    (150, 0, 4, 134, 93, 2.4), (100, 0, 6, 131, 90, 2.4), (60, 0, 8, 127, 84, 2.4),
]  # fmt: skip


def both(part: s.Solid) -> s.Solid:
    """A solid of the left side on both sides."""
    return s.join(part, s.mirrored(part))


def inside_ribs(inset_mm: float = 0.0) -> s.Solid:
    """The room inside the ribs, or what is left of it within a layer."""
    rows = np.array(CAGE, float)
    rows[:, 3:5] -= inset_mm
    return s.lofted(None, rows)


def diaphragm(p: np.ndarray) -> np.ndarray:
    """Height of the diaphragm over (x, y): two domes that hang steeply at the ribs."""
    x, y = p[:, 0], p[:, 1]
    right, left = DIAPHRAGM_Z
    out = np.hypot(x / 136.0, (y - 4.0) / 94.0)
    wall = np.clip(out, 0, 1.05)
    deep = 62.0 + 26.0 * np.clip((y - 4.0) / 94.0, -1, 1)  # lowest behind
    dome = right + (left - right) / (1.0 + np.exp(-x / 14.0))
    middle = 9.0 * np.exp(-((x - 4.0) ** 2) / 24.0**2)  # the saddle under the heart
    hump = 7.0 * np.exp(-((x + 58.0) ** 2 + (y + 40.0) ** 2) / 48.0**2)
    return dome - middle + hump - deep * wall**4.4 - 8.0 * wall**2


def heart_solid() -> s.Solid:
    """The heart in its bag, as the lungs touch it."""
    axis = np.array([0.72, -0.46, -0.52])
    axis /= np.linalg.norm(axis)
    side = np.cross(axis, (0, 0, 1.0))
    side /= np.linalg.norm(side)
    ventricles = s.ellipsoid(
        (34, -34, 196), (66, 46, 45), np.stack([axis, side, np.cross(axis, side)])
    )
    return s.uneven(
        s.join(
            ventricles,
            s.ellipsoid((-14, -16, 203), (33, 38, 42)),
            s.ellipsoid((10, -52, 200), (44, 32, 40)),
            s.ellipsoid((8, 22, 224), (40, 24, 28)),
            s.ellipsoid((36, -38, 163), (46, 34, 20)),  # fat between heart and diaphragm
            smooth=16.0,
        ),
        1.2,
        40.0,
        5,
    )  # fmt: skip


AORTA = [
    (4, -14, 232), (-14, -34, 258), (-14, -34, 285), (-4, -18, 307), (12, 6, 313), (25, 32, 303),
    (27, 46, 280), (24, 50, 250), (20, 50, 200), (14, 44, 150), (8, 32, 110), (6, 24, 80),
]  # fmt: skip
TRACHEA = [(0, -14, 405), (0, -4, 365), (1, 8, 325), (2, 18, 285)]
BRONCHI = (
    [(1, 17, 287), (-16, 21, 272), (-32, 24, 256), (-40, 28, 238), (-46, 36, 212)],
    [(3, 17, 287), (22, 24, 268), (42, 28, 256), (50, 32, 240), (56, 40, 214)],
    [(-27, 23, 263), (-42, 20, 270), (-54, 14, 284)],
    [(40, 28, 257), (54, 16, 268), (62, 8, 282)],
)


def vessels_solid() -> s.Solid:
    """Great vessels that give the mediastinum its edge."""
    return s.join(
        s.tube(AORTA, [15, 16, 15.5, 14, 13.5, 13, 12.5, 12, 12, 11.5, 11, 10], smooth=3.0),
        s.tube([(-26, -6, 345), (-29, -8, 300), (-28, -12, 245)], [9, 10.5, 12], smooth=4.0),
        s.tube([(12, -46, 230), (24, -34, 256), (33, -4, 270), (48, 16, 262)], [15, 14, 12, 9], 6),
        s.tube([(18, -20, 262), (-8, -4, 260), (-34, 8, 256), (-48, 16, 246)], [12, 12, 11, 8], 6),
        s.tube([(-42, 16, 252), (-50, 24, 234), (-56, 34, 206)], [7.5, 6.5, 4], 4.0),
        s.tube([(46, 20, 258), (56, 32, 226), (62, 42, 200)], [8, 6.5, 4.5], 4.0),
        s.tube([(-18, -4, 395), (-22, -4, 350), (-26, -6, 330)], [7, 8, 9], 4.0),
        s.tube([(20, 0, 395), (24, 4, 350), (18, 4, 318)], [6, 7, 9], 4.0),
        smooth=5.0,
    )  # fmt: skip


def mediastinum() -> s.Solid:
    """All that is between the lungs."""
    z = np.arange(60.0, 380.0, 20.0)
    spine = s.tube(np.stack([0 * z, spine_y(z) + 4, z], 1), 21.0, smooth=6.0)
    arches = s.tube(np.stack([0 * z, spine_y(z) + 34, z], 1), 22.0, smooth=6.0)
    middle = s.box((0, -18, 250), (15, 66, 150), 8.0)
    return s.join(
        spine, arches, middle, heart_solid(), vessels_solid(), s.tube(TRACHEA, 13.0), smooth=9.0
    )


def lungs_solid() -> s.Solid:
    """Both lungs: the cage above the diaphragm without the mediastinum."""
    cage = inside_ribs()
    apex = both(s.ellipsoid((44, 22, 318), (44, 42, 50)))
    space = s.common(s.join(cage, apex, smooth=14.0), lambda p: (diaphragm(p) - p[:, 2]) * 0.55)
    return s.cut(space, mediastinum(), smooth=5.0)


def lungs() -> Mesh:
    """Both lungs."""
    return s.mesh_of(lungs_solid(), (-142, -104, 84), (142, 104, 374), 2.5, 9000)


def airway() -> Mesh:
    """Windpipe and main bronchi, air."""
    tubes = [tube_mesh(_fine(TRACHEA, 24), np.r_[np.full(20, 8.5), 8.2, 7.4, 5.8, 3.5], 14)]
    for line, r in zip(BRONCHI, ((7, 3), (6.5, 3), (5, 3), (5, 3)), strict=True):
        points = _fine(line, 10)
        tubes.append(tube_mesh(points, np.linspace(*r, len(points)), 10))
    return tubes[0].joined(*tubes[1:])


def _fine(points: list, n: int) -> np.ndarray:
    p = np.asarray(points, float)
    u = np.r_[0, np.cumsum(np.linalg.norm(np.diff(p, axis=0), axis=1))]
    return make_interp_spline(u, p, k=min(3, len(p) - 1))(np.linspace(0, u[-1], n))


def tree(
    space: s.Solid, root: list[tuple], low: tuple, high: tuple, ends: int, seed: int
) -> list[tuple[np.ndarray, np.ndarray]]:
    """Branches (points, radii) that grow from a stem into a space until they serve all of it."""
    rng = np.random.default_rng(seed)
    goals = rng.uniform(low, high, (ends * 30, 3))
    goals = goals[space(goals) < -4.0][:ends]
    nodes = [np.array(p, float) for p in root]
    parent = [-1, *range(len(root) - 1)]
    run = list(np.r_[0, np.cumsum(np.linalg.norm(np.diff(np.array(root), axis=0), axis=1))])
    for goal in goals[np.argsort(np.linalg.norm(goals - nodes[0], axis=1))]:
        at = np.array(nodes)
        from_ = int(np.argmin(np.linalg.norm(at - goal, axis=1) + 0.45 * np.array(run)))
        far = float(np.linalg.norm(goal - at[from_]))
        steps = max(int(far / 12.0), 1)
        bend = rng.normal(0, 0.06 * far, 3)
        for k in range(1, steps + 1):
            f = k / steps
            nodes.append(at[from_] + f * (goal - at[from_]) + bend * np.sin(np.pi * f))
            parent.append(from_ if k == 1 else len(nodes) - 2)
            run.append(run[parent[-1]] + far / steps)
    flow = np.zeros(len(nodes))
    leaf = np.ones(len(nodes), bool)
    leaf[[p for p in parent if p >= 0]] = False
    flow[leaf] = 1.0
    for i in range(len(nodes) - 1, 0, -1):
        flow[parent[i]] += flow[i]
    radius = 1.15 * flow ** (1 / 2.5)
    return _branches(np.array(nodes), parent, np.minimum(radius, 7.5))


def _branches(nodes: np.ndarray, parent: list[int], radius: np.ndarray) -> list:
    children: dict[int, list[int]] = {}
    for i, p in enumerate(parent):
        children.setdefault(p, []).append(i)
    found, starts = [], [(-1, 0)]
    while starts:
        before, i = starts.pop()
        line = [before, i] if before >= 0 else [i]
        while children.get(i):
            on, *off = sorted(children[i], key=lambda c: -radius[c])
            starts += [(i, c) for c in off]
            line.append(on)
            i = on
        r = radius[line]
        if before >= 0:
            r[0] = r[1]
        if len(line) > 1:
            found.append((nodes[line], r))
    return found


def lung_vessels() -> Mesh:
    """Arteries and veins of both lungs."""
    space = lungs_solid()
    left, right = ((16, -90, 92), (132, 92, 362)), ((-132, -90, 92), (-16, 92, 362))
    branches = []
    for (low, high), roots in (
        (right, ([(-32, 8, 256), (-46, 18, 248)], [(-24, 20, 224), (-40, 22, 226)])),
        (left, ([(40, 8, 264), (50, 20, 258)], [(30, 20, 228), (46, 22, 230)])),
    ):
        for k, root in enumerate(roots):
            branches += tree(space, root, low, high, 270 - 50 * k, 11 + k)
    tubes = [tube_mesh(p, r, 7 if r[0] > 2.5 else 5) for p, r in branches]
    return tubes[0].joined(*tubes[1:])
