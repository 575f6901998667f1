"""Trabeculae: bundles of thin struts along the lines of load, kept within a bone's spongy space."""

from __future__ import annotations

import numpy as np

from anatomy import solid as s
from fluoroview_simulated.anatomy.mesh import Mesh


def rounded(rows: np.ndarray) -> np.ndarray:
    """Sections every 5 mm between the given ones, without kinks."""
    from scipy.interpolate import PchipInterpolator

    rows = rows[np.argsort(rows[:, 0])]
    z = np.arange(rows[0, 0], rows[-1, 0] + 1, 5.0)
    return np.column_stack([z, PchipInterpolator(rows[:, 0], rows[:, 1:])(z)])


def struts(curves: list[np.ndarray], radius_mm: np.ndarray) -> Mesh:
    """Many thin three-sided prisms along curves (n, 3), as one mesh."""
    vertices, faces, start = [], [], 0
    for curve, r in zip(curves, radius_mm, strict=True):
        along = np.gradient(curve, axis=0)
        along /= np.linalg.norm(along, axis=1, keepdims=True)
        side = np.cross(along, (0.31, 0.87, 0.38))
        side /= np.linalg.norm(side, axis=1, keepdims=True)
        up = np.cross(along, side)
        taper = np.sin(np.linspace(0.25, np.pi - 0.25, len(curve)))[:, None] * r
        rings = [
            curve + taper * (np.cos(a) * side + np.sin(a) * up)
            for a in np.arange(3) * 2 * np.pi / 3
        ]
        vertices.append(np.stack(rings, 1).reshape(-1, 3))
        n = len(curve)
        i = start + 3 * np.arange(n - 1)
        for k in range(3):
            j = (k + 1) % 3
            faces += [
                np.stack([i + k, i + j, i + 3 + j], 1),
                np.stack([i + k, i + 3 + j, i + 3 + k], 1),
            ]
        end = start + 3 * (n - 1)
        faces += [np.array([[start, start + 2, start + 1], [end, end + 1, end + 2]])]
        start += 3 * n
    return Mesh(np.concatenate(vertices).astype(np.float32), np.concatenate(faces).astype(np.int32))


def bundle(
    inner: s.Solid,
    ways: np.ndarray,
    count: int,
    spread: tuple[float, float],
    seed: int,
    points: int = 9,
) -> list[np.ndarray]:
    """Random curves between the outer ways of a fan, kept within the spongy space.

    `ways` is (m, k, 3): m neighbouring ways of k points each; a strut lies somewhere between two.
    """
    rng = np.random.default_rng(seed)
    kept = []
    t = np.linspace(0, 1, points)
    basis = np.linspace(0, 1, ways.shape[1])
    for _ in range(count):
        at = rng.uniform(0, ways.shape[0] - 1)
        i = min(int(at), ways.shape[0] - 2)
        way = ways[i] + (at - i) * (ways[i + 1] - ways[i])
        a, b = np.sort(rng.uniform(-0.1, 1.1, 2))
        if b - a < 0.3:
            a, b = max(a - 0.25, 0.0), min(b + 0.25, 1.0)
        u = np.clip(a + t * (b - a), 0, 1)
        curve = np.stack([_smooth_way(u, basis, way[:, k]) for k in range(3)], 1)
        aside = rng.normal(0, 1, 3) * (spread[0], spread[1], spread[0])
        curve += aside + np.cumsum(rng.normal(0, 0.22, (points, 3)), axis=0)
        ok = inner(curve) < -0.3
        if ok.sum() >= 4:
            run = np.flatnonzero(ok)
            curve = curve[run[0] : run[-1] + 1]
            if np.all(inner(curve) < 0.5):
                kept.append(curve)
    return kept


def _smooth_way(u: np.ndarray, basis: np.ndarray, values: np.ndarray) -> np.ndarray:
    from scipy.interpolate import make_interp_spline

    return make_interp_spline(basis, values, k=min(3, len(basis) - 1))(u)


def hip_trabeculae(inner: s.Solid) -> list[np.ndarray]:
    """The groups of the upper femur: principal compressive and tensile, secondary, trochanteric.

    Between them Ward's triangle stays empty.
    """
    y = 21.0
    compressive = np.array(
        [
            [(114, y + 4, -262), (107, y, -237), (97, y - 4, -212), (83, 15, -181)],
            [(117, y + 5, -266), (112, y + 1, -238), (105, y - 3, -212), (95, 15, -178)],
            [(119, y + 5, -270), (116, y + 2, -240), (112, y - 2, -214), (107, 16, -184)],
        ],
        float,
    )
    tensile = np.array(
        [
            [(151, 30, -262), (141, 28, -226), (118, 21, -207), (85, 15, -208), (72, 14, -216)],
            [(152, 30, -246), (140, 28, -216), (118, 21, -201), (88, 15, -202), (69, 14, -208)],
        ],
        float,
    )
    second = np.array(
        [
            [(119, 30, -284), (127, 30, -262), (139, 32, -235), (150, 34, -214)],
            [(118, 30, -272), (126, 30, -250), (136, 32, -226), (146, 34, -205)],
        ],
        float,
    )
    great = np.array(
        [
            [(153, 34, -240), (150, 35, -222), (143, 38, -203)],
            [(147, 34, -240), (144, 35, -220), (138, 38, -203)],
        ],
        float,
    )
    return [
        *bundle(inner, compressive, 330, (0.6, 6.5), 1),
        *bundle(inner, tensile, 170, (0.8, 5.5), 2),
        *bundle(inner, second, 70, (1.2, 6.0), 3),
        *bundle(inner, great, 60, (1.0, 6.0), 4),
    ]


def upright_trabeculae(
    inner: s.Solid, low: tuple, high: tuple, length_mm: float, count: int, seed: int, cross: float
) -> list[np.ndarray]:
    """Struts about parallel to z, where a joint presses, and some across them."""
    rng = np.random.default_rng(seed)
    kept = []
    for _ in range(count):
        start = rng.uniform(low, high)
        way = np.array((0, 0, -1.0)) if rng.uniform() > cross else rng.normal(0, 1, 3) * (1, 1, 0.1)
        way += rng.normal(0, 0.06, 3)
        steps = np.linspace(0, length_mm * rng.uniform(0.4, 1.0), 6)
        curve = start + steps[:, None] * way + np.cumsum(rng.normal(0, 0.25, (6, 3)), axis=0)
        ok = inner(curve) < -0.2
        if ok.all():
            kept.append(curve)
    return kept
