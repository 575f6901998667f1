"""Vertebrae and sacrum as solids: sizes by level, and how their parts join.

Sizes are the means of adult morphometry (Panjabi et al. 1991 and 1992), heights fitted to the
landmarks. A vertebra is modelled about the middle of its body: x left, y back, z to the head.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.interpolate import PchipInterpolator
from solid import (
    Solid,
    box,
    capsule,
    common,
    cut,
    ellipsoid,
    half_space,
    join,
    placed,
    tube,
    turn,
    uneven,
)

from fluoroview_simulated.anatomy.landmarks import VERTEBRAE, spine_y

LEVELS = tuple(v for v in VERTEBRAE if v[0] in "TL")


@dataclass(frozen=True)
class Size:
    """Measures of one vertebra, mm."""

    width: float
    depth: float
    height: float
    canal_width: float
    canal_depth: float
    pedicle_width: float
    pedicle_height: float
    transverse: float
    """Half the distance between the tips of the transverse processes."""
    back: float
    """How far the spinous process reaches behind the canal, and how far its tip drops."""
    drop: float
    wedge: float = 0.0
    """How much higher the body is in front than behind."""


_T = {  # width, depth, canal w, d, pedicle w, h, transverse, back, drop
    1: (28, 17, 21, 16, 8.5, 9.5, 37, 32, 14), 2: (28, 18, 19, 15, 8, 11, 34, 31, 17),
    3: (27, 19, 18, 15, 7, 11.5, 31, 29, 20), 4: (27, 21, 17, 16, 6, 12, 30, 28, 23),
    5: (28, 23, 17, 16, 6, 12, 31, 28, 27), 6: (29, 25, 17, 16, 6, 12, 31, 28, 29),
    7: (30, 27, 17, 16, 6.5, 12, 31, 29, 29), 8: (31, 28, 17, 16, 7, 13, 31, 29, 28),
    9: (33, 29, 17, 16, 7.5, 14, 30, 28, 24), 10: (35, 30, 18, 15, 8, 15, 28, 27, 19),
    11: (38, 31, 19, 16, 9, 17, 24, 25, 11), 12: (41, 32, 21, 17, 9, 16.5, 21, 26, 6),
}  # fmt: skip
_L = {
    1: (43, 33, 23, 17, 8.5, 15.5, 36, 29, 4), 2: (45, 34, 23, 17, 9, 15, 39, 30, 4),
    3: (47, 35, 23, 17, 10.5, 14.5, 44, 30, 4), 4: (49, 35, 24, 17, 13, 14.5, 43, 28, 5),
    5: (51, 35, 26, 17, 16, 14, 44, 21, 6),
}  # fmt: skip
_WEDGE = {"L5": 4.5, "L4": 1.5, "T6": -1.5, "T7": -1.5, "T8": -1.5, "T12": -1.5, "L1": -1.0}
_PLATE_SHARE = {"T": 0.81, "L": 0.765}
"""Body against the distance of the middles: the rest is disc."""


def size(level: str) -> Size:
    """The measures of one level."""
    names = list(VERTEBRAE)
    at = names.index(level)
    below = VERTEBRAE[names[at + 1]] if level != "L5" else -110.0
    gap = (VERTEBRAE[names[at - 1]] - below) / 2
    rows = _T if level[0] == "T" else _L
    w, d, *rest = rows[int(level[1:])]
    height = gap * _PLATE_SHARE[level[0]] / np.cos(np.deg2rad(lean_deg(level)))
    return Size(w, d, float(height), *rest, wedge=_WEDGE.get(level, 0.0))


def lean_deg(level: str) -> float:
    """How far the level leans forward (head side towards the front), degrees."""
    if level == "L5":
        return -20.0
    z = VERTEBRAE[level]
    return float(np.rad2deg(np.arctan2(spine_y(z + 16) - spine_y(z - 16), 32.0)))


def frame(level: str) -> tuple[np.ndarray, np.ndarray]:
    """Turn (columns: where the vertebra's axes go) and place of the middle of the body."""
    z = VERTEBRAE[level]
    return turn(x_deg=-lean_deg(level)), np.array([0.0, float(spine_y(z)), z])


def squeezed(solid: Solid, scale: tuple[float, float, float]) -> Solid:
    """A solid stretched along the axes about the origin (distances about right)."""
    s = np.asarray(scale, float)
    return lambda p: solid(p / s) * s.min()


def oval(a: tuple, b: tuple, across: tuple[float, float], end: tuple[float, float]) -> Solid:
    """A rod along mostly one direction with half axes (sideways, up) at its two ends."""
    a_, b_ = np.asarray(a, float), np.asarray(b, float)
    along = b_ - a_
    length = np.linalg.norm(along)
    along = along / length
    up = np.array([0.0, 0.0, 1.0]) - along * along[2]
    up /= np.linalg.norm(up)
    side = np.cross(up, along)

    def distance(p: np.ndarray) -> np.ndarray:
        q = p - a_
        t = q @ along
        k = np.clip(t / length, 0.0, 1.0)
        rs, ru = across[0] + k * (end[0] - across[0]), across[1] + k * (end[1] - across[1])
        over = np.maximum(np.maximum(-t, t - length), 0.0)
        u, v = q @ side / rs, q @ up / ru
        least = np.minimum(rs, ru)
        return (np.sqrt(u * u + v * v + (over / least) ** 2) - 1.0) * least

    return distance


def slab(a: tuple, b: tuple, height: float, thick: float, round_mm: float = 2.0) -> Solid:
    """A board from a to b, upright, `height` high and `thick` across."""
    a_, b_ = np.asarray(a, float), np.asarray(b, float)
    along = b_ - a_
    length = np.linalg.norm(along)
    along = along / length
    up = np.array([0.0, 0.0, 1.0]) - along * along[2]
    up /= np.linalg.norm(up)
    rows = np.stack([along, np.cross(up, along), up])
    return box((a_ + b_) / 2, (length / 2, thick / 2, height / 2), round_mm, rows)


def body(s: Size, dish: float = 1.6, waist: float = 0.11) -> Solid:
    """Vertebral body: waisted, kidney-shaped from above, end plates dished within a rim."""
    half = s.height / 2

    def distance(p: np.ndarray) -> np.ndarray:
        x, y, z = p.T
        rise = np.clip(z / half, -1.0, 1.0)
        slim = 1.0 - waist * (1.0 - rise**4) ** 1.5
        a, b = s.width / 2 * slim * (1.0 - 0.02 * rise), s.depth / 2 * slim
        u, v = np.abs(x) / a, np.abs(y) / b
        r = (u**2.3 + v**2.3) ** (1 / 2.3)
        radial = (r - 1.0) * np.minimum(a, b)
        hollow = y - s.depth / 2 + 2.6 - 5.0 * np.minimum(u, 1.2) ** 2 - 0.8 * rise**2
        side = np.maximum(radial, hollow)
        inner = np.minimum(r, 1.0)
        deep = dish * np.where(z > 0, 0.75, 1.25) * (1.0 - inner**4)
        edge = half - s.wedge * y / s.depth / 2 - deep
        return _softer(side, np.abs(z) - edge, 1.2)

    return distance


def _softer(a: np.ndarray, b: np.ndarray, smooth: float) -> np.ndarray:
    """Maximum with a rounded edge."""
    h = np.maximum(smooth - np.abs(a - b), 0.0) / smooth
    return np.maximum(a, b) + h * h * smooth / 4.0


def both(make: Solid) -> Solid:
    """A solid of the left side and its mirror image."""
    return lambda p: make(np.stack([np.abs(p[:, 0]), p[:, 1], p[:, 2]], 1))


def canal(s: Size) -> Solid:
    """The vertebral canal of one level, a column a little flattened behind the body."""
    y = s.depth / 2 - 1.5 + s.canal_depth / 2
    a, b = s.canal_width / 2, s.canal_depth / 2

    def distance(p: np.ndarray) -> np.ndarray:
        u, v = p[:, 0] / a, (p[:, 1] - y) / b
        return ((np.abs(u) ** 2.4 + np.abs(v) ** 2.4) ** (1 / 2.4) - 1.0) * min(a, b)

    return distance


def lumbar(level: str) -> Solid:
    """One lumbar vertebra in its own frame."""
    s = size(level)
    h, yb = s.height / 2, s.depth / 2
    yc, px = yb + s.canal_depth - 1.5, s.canal_width / 2 + s.pedicle_width / 2 - 0.5
    pz = h * 0.42
    spread = {"L1": -1.0, "L2": -0.5, "L3": 0.0, "L4": 2.0, "L5": 5.0}[level]
    # Facets: the lower pair lies between the upper pair of the vertebra beneath.
    up_x, low_x = px + 3.6, px - 3.2 + spread * 0.6
    pedicle = oval(
        (px - 1.0, yb - 8.0, pz), (px + 1.0, yb + 10.0, pz - 0.5),
        (s.pedicle_width / 2 + 0.2, s.pedicle_height / 2),
        (s.pedicle_width / 2, s.pedicle_height / 2 - 0.5),
    )  # fmt: skip
    pars = slab((px + 1.0, yb + 11.0, -1.0), (low_x, yc - 1.0, -h - 1.0), 13.0, 7.5, 2.5)
    lamina = slab((px - 0.5, yc - 3.0, -h * 0.55), (0.0, yc + 5.0, -h * 0.6), 17.0, 5.5)
    upper = oval((up_x - 2.0, yb + 10.0, pz), (up_x + 1.0, yb + 13.0, h + 6.5), (4.6, 5), (3.6, 5))
    mamillary = ellipsoid((up_x + 2.0, yb + 15.5, h - 1.5), (3.6, 4.5, 5.5))
    lower = oval((low_x, yc - 1.0, -h * 0.5), (low_x, yc + 0.5, -h - 10.0), (5, 5), (4.2, 5))
    thin = 6.0 if level == "L5" else 3.2
    wing = tube(
        [(px + 2, yb + 7, 2.5), ((px + s.transverse) / 2, yb + 10, 3.0),
         (s.transverse - 3, yb + 12, 4.5 + 3 * (level == "L5"))],
        [thin + 2, thin, thin],
    )  # fmt: skip
    wing = squeezed_about(wing, (0, yb + 9, 3), (1, 0.85, 1.45))
    arch = join(lamina, pars, upper, mamillary, lower, wing, smooth=4.0)
    half = join(arch, pedicle, smooth=2.5)
    tip = yc + s.back
    blade = slab((0, yc + 1, -h * 0.45), (0, tip - 3, -h * 0.5 - s.drop * 0.5), 17.0, 5.0)
    edge = oval((0, yc + 4, -h - 1.5), (0, tip - 3, -h - s.drop), (3.2, 3), (4.5, 4))
    end = ellipsoid((0, tip - 3, -h * 0.7 - s.drop * 0.7), (4.2, 4.5, 9.5))
    spinous = join(blade, edge, end, smooth=4.0)
    ring = cut(join(both(half), spinous, smooth=4.0), canal(s), smooth=1.5)
    clipped = common(ring, half_space((0, yb - 11, 0), (0, -1, 0)))
    return join(body(s), clipped, smooth=1.6)


def squeezed_about(solid: Solid, middle: tuple, scale: tuple) -> Solid:
    """A solid stretched along the axes about a point."""
    c, s = np.asarray(middle, float), np.asarray(scale, float)
    return lambda p: solid((p - c) / s + c) * s.min()


def thoracic(level: str) -> Solid:
    """One thoracic vertebra in its own frame."""
    s = size(level)
    number = int(level[1:])
    h, yb = s.height / 2, s.depth / 2
    yc, px = yb + s.canal_depth - 1.5, s.canal_width / 2 + s.pedicle_width / 2 - 0.5
    pz = h * 0.45
    pedicle = oval(
        (px, yb - 7.0, pz), (px + 1.0, yb + 9.0, pz),
        (s.pedicle_width / 2 + 0.8, s.pedicle_height / 2 + 0.5),
        (s.pedicle_width / 2, s.pedicle_height / 2 - 0.5),
    )  # fmt: skip
    lamina = slab((px + 1, yc - 5.0, -1.5), (0.0, yc + 4.0, -4.0), s.height * 0.9, 5.0)
    late = max(0, number - 10)
    upper = oval((px + 1, yb + 10, pz), (px + late, yb + 11, h + 6), (5, 3.5), (4.2, 2.8))
    lower = oval((px - 1, yc - 0.5, -2), (px - 1.5, yc, -h - 6), (5, 3.2), (4, 2.6))
    back = 11.0 + 0.7 * number if number < 11 else 12.0
    wing = tube(
        [(px + 1, yb + 9, 2), ((px + s.transverse) / 2, yb + 11 + back * 0.35, 3.0),
         (s.transverse - 5, yb + 10 + back * 0.75, 4.0)],
        [5.2, 4.4, 5.0 if number < 11 else 4.0], smooth=3.0,
    )  # fmt: skip
    half = join(lamina, upper, lower, wing, pedicle, smooth=3.5)
    tip = yc + s.back
    spinous = squeezed(
        tube(
            [(0, yc + 1, -2), (0, yc + s.back * 0.5, -4 - s.drop * 0.42), (0, tip, -6 - s.drop)],
            [6.5, 4.8, 3.8], smooth=3.0,
        ),
        (0.68, 1, 1),
    )  # fmt: skip
    ring = cut(join(both(half), spinous, smooth=4.0), canal(s), smooth=1.5)
    clipped = common(ring, half_space((0, yb - 9, 0), (0, -1, 0)))
    return join(body(s, dish=1.0, waist=0.08), clipped, smooth=2.5)


def vertebra(level: str) -> Solid:
    """One vertebra in the patient."""
    at, middle = frame(level)
    return placed(lumbar(level) if level[0] == "L" else thoracic(level), at, middle)


# The sacrum's segments from S1 to S5.
_SACRAL = np.array(
    [
        # y, z, body a, body b, ala, lean in degrees
        (57, -107, 25, 16, 56, 42), (74, -129, 20, 12, 50, 33), (86, -149, 16, 10, 40, 20),
        (91, -167, 13, 8, 32, 3), (89, -183, 11, 6.5, 22, -20),
    ],
    float,
)  # fmt: skip


def sacrum() -> Solid:
    """Sacrum with its foramina, canal and crest, and the coccyx."""
    line = _SACRAL[:, :2]
    core = _column()
    holes = []
    for i in range(4):
        y, z = (line[i] + line[i + 1]) / 2
        along = np.array([0.0, line[i + 1, 0] - line[i, 0], line[i + 1, 1] - line[i, 1]])
        through = np.cross([1.0, 0.0, 0.0], along / np.linalg.norm(along))
        x = (_SACRAL[i, 2] + _SACRAL[i + 1, 2]) / 2 + 1.5 - i * 0.8
        c = np.array([x, y, z])
        r = 5.6 - 0.7 * i
        holes.append(capsule(c - through * 26, c + through * 26, r + 2.0, r + 2.0 - 3.4))
    canal_ = tube(
        [(0, y + b + 5 - i * 0.8, z + 10) for i, (y, z, _, b, _, _) in enumerate(_SACRAL)],
        [8.5, 7.5, 6, 4.5, 3.5],
    )
    canal_ = squeezed(canal_, (1.45, 1, 1))
    crest = join(
        *(
            slab((0, y + b + 10, z + 12), (0, y + b + 17 - 2 * i, z + 4), 13.0, 4.0)
            for i, (y, z, _, b, _, _) in enumerate(_SACRAL[:4])
        ),
        smooth=4.0,
    )
    bone = join(cut(core, canal_, smooth=2.0), crest, smooth=3.0)
    facets = both(oval((20, 70, -96), (21, 70, -83), (4.5, 4), (4, 3.5)))
    bone = cut(join(bone, facets, smooth=4.0), *(both(h) for h in holes), smooth=2.0)
    lines = [_gap(i) for i in range(4)]
    bone = cut(bone, *lines, smooth=1.0)
    coccyx = join(
        ellipsoid((0, 84, -196), (13, 4.5, 5)), ellipsoid((0, 78, -204), (7, 4, 4.5)),
        ellipsoid((0, 71, -210), (5, 3.6, 4)), ellipsoid((0, 64, -214), (3.5, 3, 3.2)),
        smooth=1.5,
    )  # fmt: skip
    return uneven(join(bone, coccyx, smooth=1.0), 0.9, 20.0, 3)


def _gap(i: int) -> Solid:
    """The remnant of a disc between two sacral segments, open in front."""
    y, z = (_SACRAL[i, :2] + _SACRAL[i + 1, :2]) / 2
    lean = np.deg2rad((_SACRAL[i, 5] + _SACRAL[i + 1, 5]) / 2)
    rows = np.array([[1, 0, 0], [0, np.cos(lean), np.sin(lean)], [0, -np.sin(lean), np.cos(lean)]])
    a, b = (_SACRAL[i, 2:4] + _SACRAL[i + 1, 2:4]) / 2
    return ellipsoid((0, y - 1.5, z), (a * 0.72, b * 0.62, 1.9 - 0.3 * i), rows)


def _column() -> Solid:
    """The bodies and alae of the sacrum: a curved wedge, swept along its segments."""
    y0, z0 = _SACRAL[:, 0], _SACRAL[:, 1]
    lean = np.deg2rad(_SACRAL[0, 5])
    top = half_space((0, 50, -96), (0, -np.sin(lean), np.cos(lean)))
    order = np.argsort(z0)

    def distance(p: np.ndarray) -> np.ndarray:
        x, y, z = np.abs(p[:, 0]), p[:, 1], p[:, 2]
        # Heights along the curve: the segments lean, so that a plane of one z is not a section.
        zs = z + 0.55 * (y - np.interp(z, z0[order], y0[order])) * (z > -175)
        middle = np.interp(zs, z0[order], y0[order])
        a, b, ala = (
            PchipInterpolator(z0[order], _SACRAL[order, k])(np.clip(zs, z0.min(), z0.max()))
            for k in (2, 3, 4)
        )
        dy = (y - middle) * 0.86
        body_ = (((x / a) ** 2.6 + np.abs(dy / b) ** 2.6) ** (1 / 2.6) - 1.0) * b
        # Alae: behind the bodies, thinner outward; their outer face is the joint, slanting.
        arch = np.clip((x - 0.4 * a) / np.maximum(ala - 0.4 * a, 1.0), 0.0, 1.0)
        thick = b * (1.25 - 0.35 * arch)
        side = (
            x
            - ala * (1.0 - 0.05 * np.cos((z + 107.0) / 11.0))
            + 0.16 * np.maximum(dy, 0.0)
            + 0.10 * np.maximum(-dy, 0.0)
        )
        wings = np.maximum(np.abs(dy - b * (0.55 - 0.30 * arch)) - thick, side)
        mass = np.minimum(body_, wings)
        ends = np.maximum(-190.0 - z, top(p) + np.clip(x - a, 0.0, 40.0) * 0.42)
        return _softer(mass, ends, 9.0)

    return distance
