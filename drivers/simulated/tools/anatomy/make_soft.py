"""Makes the soft tissue of the trunk: skin, muscle, lungs and what is in the mediastinum.

`python tools/anatomy/make_soft.py [NAME…]` writes `soft_NAME.npz`, all of them by default.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tools.anatomy import solid as s

from fluoroview_simulated.anatomy.landmarks import DIAPHRAGM_Z, spine_y
from fluoroview_simulated.anatomy.mesh import Mesh, save, tube_mesh

FOLDER = Path(__file__).resolve().parents[2] / "fluoroview_simulated" / "anatomy" / "meshes"

# Rows z, x, y, half width, half depth, squareness (2 is an ellipse).
SKIN = [
    (400, 0, 14, 62, 66, 2.0), (385, 0, 16, 66, 68, 2.0), (368, 0, 20, 84, 74, 2.0),
    (350, 0, 20, 118, 84, 2.0), (330, 0, 16, 148, 93, 2.2), (300, 0, 8, 160, 104, 2.4),
    (270, 0, 2, 161, 112, 2.5), (235, 0, 0, 160, 116, 2.5), (200, 0, 0, 159, 116, 2.5),
    (150, 0, 0, 156, 112, 2.5), (100, 0, 0, 151, 108, 2.5), (50, 0, 0, 146, 107, 2.5),
    (0, 0, 0, 150, 110, 2.5), (-50, 0, 2, 160, 112, 2.4), (-100, 0, 6, 169, 116, 2.4),
    (-150, 0, 10, 175, 118, 2.3), (-200, 0, 12, 177, 114, 2.3), (-235, 0, 12, 172, 104, 2.3),
    (-262, 0, 12, 150, 84, 2.2),
]  # fmt: skip
THIGH = [
    (-190, 90, 14, 80, 92, 2.1), (-240, 90, 13, 85, 94, 2.1), (-290, 91, 12, 84, 92, 2.1),
    (-350, 92, 8, 80, 88, 2.0), (-420, 94, 4, 75, 82, 2.0), (-480, 95, 2, 71, 77, 2.0),
]  # fmt: skip
# Inner side of the ribs.
CAGE = [
    (352, 0, 22, 44, 22, 2.0), (340, 0, 22, 70, 42, 2.0), (320, 0, 20, 95, 59, 2.1),
    (290, 0, 14, 115, 74, 2.2), (250, 0, 8, 127, 85, 2.3), (200, 0, 4, 133, 91, 2.4),
    (150, 0, 4, 134, 93, 2.4), (100, 0, 6, 131, 90, 2.4), (60, 0, 8, 127, 84, 2.4),
]  # fmt: skip


def both(part: s.Solid) -> s.Solid:
    """A solid of the left side on both sides."""
    return s.join(part, s.mirrored(part))


def skin_solid(inset: float = 0.0) -> s.Solid:
    """Trunk, shoulders without arms and two thighs; `inset` is the thickness of fat taken off."""
    rows = np.array(SKIN, float)
    trunk = s.lofted(None, rows)
    shoulder = s.join(
        s.capsule((105, 26, 322), (185, 18, 316), 52, 46),
        s.capsule((70, 30, 352), (180, 22, 336), 36, 30),
        smooth=20.0,
    )
    nape = s.tube([(0, 42, 420), (0, 50, 380), (30, 48, 345)], [40, 40, 40], smooth=15.0)
    buttock = s.ellipsoid((72, 68, -190), (78, 62, 92))
    whole = s.join(
        trunk, both(shoulder), both(nape), both(buttock), both(s.lofted(None, THIGH)), smooth=26.0
    )
    ends = s.common(s.half_space((0, 0, 400), (0, 0, 1)), s.half_space((0, 0, -480), (0, 0, -1)))
    furrow = s.tube([(0, 130, -120), (0, 132, -200), (0, 105, -262)], [6, 14, 16], smooth=8)
    body = s.cut(whole, furrow, smooth=14.0)
    return s.common(s.grown(body, -inset), s.grown(ends, -1.0 if inset else 0.0))


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
    return dome - middle + hump - deep * wall**3.2 - 8.0 * wall**2


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
        s.tube([(12, -46, 230), (24, -34, 256), (33, -4, 270), (48, 16, 262)], [15, 14, 12, 9], 6.0),
        s.tube([(18, -20, 262), (-8, -4, 260), (-34, 8, 256), (-48, 16, 246)], [12, 12, 11, 8], 6.0),
        s.tube([(-44, 18, 250), (-50, 26, 222), (-56, 36, 198)], [8, 6.5, 4.5], 4.0),
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
    cage = s.lofted(None, CAGE)
    apex = both(s.ellipsoid((44, 22, 318), (44, 42, 50)))
    space = s.common(s.join(cage, apex, smooth=14.0), lambda p: (diaphragm(p) - p[:, 2]) * 0.55)
    return s.cut(space, mediastinum(), smooth=5.0)


def lungs() -> Mesh:
    """Both lungs."""
    return s.mesh_of(lungs_solid(), (-142, -104, 84), (142, 104, 374), 2.5, 15000)


def skin() -> Mesh:
    """The body's surface."""
    return s.mesh_of(skin_solid(), (-245, -130, -482), (245, 145, 402), 5.0, 14000)


def muscle() -> Mesh:
    """The surface under the subcutaneous fat."""
    return s.mesh_of(
        s.uneven(skin_solid(12.0), 2.5, 70.0, 3), (-240, -125, -482), (240, 140, 402), 5.0, 14000
    )


def airway() -> Mesh:
    """Windpipe and main bronchi, air."""
    tubes = [tube_mesh(_fine(TRACHEA, 12), 8.5, 14)]
    for line, r in zip(BRONCHI, ((7, 3), (6.5, 3), (5, 3), (5, 3)), strict=True):
        points = _fine(line, 10)
        tubes.append(tube_mesh(points, np.linspace(*r, len(points)), 10))
    return tubes[0].joined(*tubes[1:])


def _fine(points: list, n: int) -> np.ndarray:
    from scipy.interpolate import make_interp_spline

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
    radius = 0.75 * flow ** (1 / 2.7)
    return _branches(np.array(nodes), parent, np.minimum(radius, 7.0))


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
            branches += tree(space, root, low, high, 210 - 50 * k, 11 + k)
    tubes = [tube_mesh(p, r, 7 if r[0] > 2 else 5) for p, r in branches]
    return tubes[0].joined(*tubes[1:])


MAKERS: dict[str, Callable[[], Mesh]] = {
    "skin": skin,
    "muscle": muscle,
    "lungs": lungs,
    "airway": airway,
    "lung_vessels": lung_vessels,
}


def main() -> None:
    """Makes the meshes that are named, or all."""
    for name in sys.argv[1:] or MAKERS:
        mesh = MAKERS[name]()
        path = save(f"soft_{name}", mesh, FOLDER)
        size = path.stat().st_size // 1000
        print(f"{name}: {len(mesh.faces)} faces, {mesh.volume_ml:.0f} ml, {size} kB")


if __name__ == "__main__":
    main()
