"""Solids as signed distances, and their surfaces as meshes.

A solid is a function from points (n, 3) in mm to distances (n,), negative inside. Organs are
joined smoothly, as grown things are; `mesh_of` takes the surface out by marching cubes.
Needs scikit-image and fast-simplification, which only these scripts use.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from fluoroview_simulated.anatomy.mesh import Mesh

Solid = Callable[[np.ndarray], np.ndarray]


def ellipsoid(
    middle: Sequence[float], radii: Sequence[float], turn: np.ndarray | None = None
) -> Solid:
    """An ellipsoid; `turn` (3, 3) has its axes as rows."""
    c, r = np.asarray(middle, float), np.asarray(radii, float)

    def distance(p: np.ndarray) -> np.ndarray:
        q = p - c if turn is None else (p - c) @ turn.T
        k0 = np.linalg.norm(q / r, axis=1)
        k1 = np.linalg.norm(q / r**2, axis=1)
        return np.where(k0 < 1e-9, -r.min(), k0 * (k0 - 1.0) / np.maximum(k1, 1e-9))

    return distance


def capsule(a: Sequence[float], b: Sequence[float], ra: float, rb: float | None = None) -> Solid:
    """A rounded cone from `a` to `b` with the radii there."""
    a_, b_ = np.asarray(a, float), np.asarray(b, float)
    end = ra if rb is None else rb
    along = b_ - a_
    per = 1.0 / max(float(along @ along), 1e-9)

    def distance(p: np.ndarray) -> np.ndarray:
        t = np.clip((p - a_) @ along * per, 0.0, 1.0)
        return np.linalg.norm(p - a_ - t[:, None] * along, axis=1) - (ra + t * (end - ra))

    return distance


def tube(
    points: Sequence[Sequence[float]], radii: Sequence[float] | float, smooth: float = 0.0
) -> Solid:
    """A bent tube through points with radii, one or each."""
    p = np.asarray(points, float)
    r = np.broadcast_to(np.asarray(radii, float), (len(p),))
    pieces = [capsule(p[i], p[i + 1], r[i], r[i + 1]) for i in range(len(p) - 1)]
    return join(*pieces, smooth=smooth)


def box(
    middle: Sequence[float],
    half: Sequence[float],
    round_mm: float = 0.0,
    turn: np.ndarray | None = None,
) -> Solid:
    """A box with rounded edges; `turn` (3, 3) has its axes as rows."""
    c, h = np.asarray(middle, float), np.asarray(half, float) - round_mm

    def distance(p: np.ndarray) -> np.ndarray:
        q = np.abs(p - c if turn is None else (p - c) @ turn.T) - h
        outside = np.linalg.norm(np.maximum(q, 0.0), axis=1)
        return outside + np.minimum(q.max(axis=1), 0.0) - round_mm

    return distance


def half_space(point: Sequence[float], outward: Sequence[float]) -> Solid:
    """Everything behind a plane."""
    c, n = np.asarray(point, float), np.asarray(outward, float)
    n = n / np.linalg.norm(n)
    return lambda p: (p - c) @ n


def plate(points: np.ndarray, half_mm: float | np.ndarray) -> Solid:
    """A bent plate: all that is nearer than `half_mm` to a cloud of points (n, 3) on its middle."""
    from scipy.spatial import cKDTree

    tree = cKDTree(points)
    thick = np.broadcast_to(np.asarray(half_mm, float), (len(points),))

    def distance(p: np.ndarray) -> np.ndarray:
        d, i = tree.query(p, k=4)
        return (d - thick[i]).mean(axis=1)

    return distance


def lofted(axis: np.ndarray, sections: np.ndarray) -> Solid:
    """A stack of ellipses along z: rows (z, x, y, half width x, half depth y, power).

    Between the rows everything is interpolated; power 2 is an ellipse, more is squarer. `axis` is
    unused where the stack is upright and may be a (3, 3) turn with the axes as rows.
    """
    turn = np.eye(3) if axis is None else np.asarray(axis, float)
    rows = np.asarray(sections, float)
    rows = rows[np.argsort(rows[:, 0])]

    def distance(p: np.ndarray) -> np.ndarray:
        q = p @ turn.T
        z = q[:, 2]
        x, y, a, b, n = (np.interp(z, rows[:, 0], rows[:, k]) for k in range(1, 6))
        u, v = np.abs(q[:, 0] - x) / a, np.abs(q[:, 1] - y) / b
        radial = ((u**n + v**n) ** (1.0 / n) - 1.0) * np.minimum(a, b)
        ends = np.maximum(rows[0, 0] - z, z - rows[-1, 0])
        return np.maximum(radial, ends)

    return distance


def join(*solids: Solid, smooth: float = 0.0) -> Solid:
    """All of them together; edges between them filled over about `smooth` mm."""

    def distance(p: np.ndarray) -> np.ndarray:
        total = solids[0](p)
        for solid in solids[1:]:
            total = _smaller(total, solid(p), smooth)
        return total

    return distance


def cut(solid: Solid, *away: Solid, smooth: float = 0.0) -> Solid:
    """The first without the others."""

    def distance(p: np.ndarray) -> np.ndarray:
        total = solid(p)
        for other in away:
            total = -_smaller(-total, other(p), smooth)
        return total

    return distance


def common(*solids: Solid, smooth: float = 0.0) -> Solid:
    """What lies in all of them."""

    def distance(p: np.ndarray) -> np.ndarray:
        total = solids[0](p)
        for other in solids[1:]:
            total = -_smaller(-total, -other(p), smooth)
        return total

    return distance


def _smaller(a: np.ndarray, b: np.ndarray, smooth: float) -> np.ndarray:
    """Minimum, rounded over `smooth` (polynomial)."""
    if smooth <= 0.0:
        return np.minimum(a, b)
    h = np.maximum(smooth - np.abs(a - b), 0.0) / smooth
    return np.minimum(a, b) - h * h * smooth / 4.0


def grown(solid: Solid, mm: float) -> Solid:
    """Thicker by `mm` everywhere; thinner if negative (the inside of a cortex)."""
    return lambda p: solid(p) - mm


def mirrored(solid: Solid) -> Solid:
    """The other side of the body (x changes its sign)."""
    return lambda p: solid(p * np.array([-1.0, 1.0, 1.0]))


def placed(solid: Solid, turn: np.ndarray, at: Sequence[float]) -> Solid:
    """A solid modelled about its own origin: turned (columns: where its axes go), then moved."""
    t, c = np.asarray(turn, float), np.asarray(at, float)
    return lambda p: solid((p - c) @ t)


def uneven(solid: Solid, mm: float, scale_mm: float, seed: int) -> Solid:
    """The surface displaced by smooth noise: nothing grown is even."""
    rng = np.random.default_rng(seed)
    waves = rng.standard_normal((24, 3))
    waves *= (2 * np.pi / scale_mm) / np.linalg.norm(waves, axis=1, keepdims=True)
    waves *= rng.uniform(0.6, 1.6, (24, 1))
    phase = rng.uniform(0, 2 * np.pi, 24)
    return lambda p: solid(p) + mm * np.sin(p @ waves.T + phase).mean(axis=1) * 3.4


def turn(x_deg: float = 0.0, y_deg: float = 0.0, z_deg: float = 0.0) -> np.ndarray:
    """Rotation matrix (columns: where the axes go), about x, then y, then z."""
    (cx, cy, cz), (sx, sy, sz) = (f(np.deg2rad([x_deg, y_deg, z_deg])) for f in (np.cos, np.sin))
    x = np.array([[1, 0, 0], [0, cx, -sx], [0, sx, cx]])
    y = np.array([[cy, 0, sy], [0, 1, 0], [-sy, 0, cy]])
    z = np.array([[cz, -sz, 0], [sz, cz, 0], [0, 0, 1]])
    return z @ y @ x


def mesh_of(
    solid: Solid,
    low: Sequence[float],
    high: Sequence[float],
    step_mm: float,
    reduce_to: int | None = None,
) -> Mesh:
    """The surface of a solid between two corners (which must contain it), outside CCW.

    Only cells near the surface are looked at closely: a coarse pass first.
    """
    from skimage.measure import marching_cubes

    low_, high_ = np.asarray(low, float), np.asarray(high, float)
    shape = np.ceil((high_ - low_) / step_mm).astype(int) + 1
    axes = [low_[k] + step_mm * np.arange(shape[k]) for k in range(3)]
    block = 8
    field = np.full(shape, 1e3, np.float32)
    reach = step_mm * block * 0.87 + 2 * step_mm
    for i in range(0, shape[0], block):
        for j in range(0, shape[1], block):
            ks = np.arange(0, shape[2], block)
            middle = np.stack(
                [
                    np.full(len(ks), axes[0][min(i + block // 2, shape[0] - 1)]),
                    np.full(len(ks), axes[1][min(j + block // 2, shape[1] - 1)]),
                    axes[2][np.minimum(ks + block // 2, shape[2] - 1)],
                ],
                1,
            )
            d = solid(middle)
            for k, dk in zip(ks, d, strict=True):
                place = np.s_[i : i + block, j : j + block, k : k + block]
                if abs(dk) > 1.6 * reach:  # distances are not quite true after smooth joins
                    field[place] = dk
                    continue
                cells = np.stack(
                    np.meshgrid(*(a[s] for a, s in zip(axes, place, strict=True)), indexing="ij"),
                    -1,
                )
                field[place] = solid(cells.reshape(-1, 3)).reshape(cells.shape[:3])
    field = np.pad(field, 1, constant_values=1e3)
    vertices, faces, _, _ = marching_cubes(np.clip(field, -4 * step_mm, 4 * step_mm), 0.0)
    mesh = Mesh(((vertices - 1) * step_mm + low_).astype(np.float32), faces.astype(np.int32))
    if mesh.volume_ml < 0:
        mesh = Mesh(mesh.vertices, mesh.faces[:, ::-1].copy())
    return reduced(mesh, reduce_to) if reduce_to and len(mesh.faces) > reduce_to else mesh


def reduced(mesh: Mesh, faces: int) -> Mesh:
    """The mesh with fewer faces; flat places lose them first."""
    import fast_simplification

    v, f = fast_simplification.simplify(mesh.vertices, mesh.faces, target_count=faces)
    return Mesh(v.astype(np.float32), f.astype(np.int32))
