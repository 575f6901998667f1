"""Hollow organs as bent tubes of any section: a line through the lumen and a radius all round it.

Each ring of a tube knows how far along the lumen it lies, which is what fills, peristalsis and
pools need; so these organs are made here, in milliseconds, and not kept as files. The shapes of
the organs are below: oesophagus, stomach, duodenum, colon.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from fluoroview_simulated.anatomy import regions_skeleton, regions_soft
from fluoroview_simulated.anatomy.breathing import Trunk
from fluoroview_simulated.anatomy.mesh import Mesh, load
from fluoroview_simulated.arrays import FloatArray

Radius = Callable[[np.ndarray, np.ndarray], np.ndarray]
"""Distance along (n, 1) mm and angle round (1, m) rad to radius (n, m) mm."""
Reshape = Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]
"""The same, with the healthy radius as third: what a disease makes of it."""


@dataclass(frozen=True, eq=False)
class Lumen:
    """A hollow organ: rings of points around a line.

    Attributes:
        axis: (n, 3) mm, points of the line.
        s_mm: (n,) distance along it.
        side, up: (n, 3) unit vectors across the line; angle 0 is `side`, 90° is `up`.
        radius: (n, m) mm at m equal angles.
        flat: radius along `up` over radius along `side`.
    """

    axis: FloatArray
    s_mm: FloatArray
    side: FloatArray
    up: FloatArray
    radius: FloatArray
    flat: float = 1.0

    @cached_property
    def rings(self) -> FloatArray:
        """Points of the wall, (n, m, 3)."""
        angle = 2 * np.pi * np.arange(self.radius.shape[1]) / self.radius.shape[1]
        across = (
            np.cos(angle)[None, :, None] * self.side[:, None]
            + self.flat * np.sin(angle)[None, :, None] * self.up[:, None]
        )
        rings: FloatArray = self.axis[:, None] + self.radius[:, :, None] * across
        return rings

    @cached_property
    def area_mm2(self) -> FloatArray:
        """Section of the lumen at each ring, (n,)."""
        step = 2 * np.pi / self.radius.shape[1]
        area: FloatArray = 0.5 * step * self.flat * (self.radius**2).sum(axis=1)
        return area

    @cached_property
    def volume_ml(self) -> np.ndarray:
        """Volume from the start to each ring, (n,)."""
        area = self.area_mm2
        between = 0.5 * (area[1:] + area[:-1]) * np.diff(self.s_mm)
        return np.concatenate([[0.0], np.cumsum(between)]) * 1e-3

    def at(self, s_mm: float | np.ndarray) -> np.ndarray:
        """The point(s) of the line at a distance along it."""
        return np.stack([np.interp(s_mm, self.s_mm, self.axis[:, k]) for k in range(3)], axis=-1)

    def ring(self, s_mm: float) -> int:
        """Number of the nearest ring."""
        return int(np.argmin(np.abs(self.s_mm - np.clip(s_mm, 0.0, self.s_mm[-1]))))

    def wall(self, s_mm: float, angle_deg: float) -> tuple[np.ndarray, np.ndarray]:
        """A point of the wall and the direction outward there."""
        i = self.ring(s_mm)
        a = np.deg2rad(angle_deg)
        out = np.cos(a) * self.side[i] + self.flat * np.sin(a) * self.up[i]
        j = round(angle_deg / 360 * self.radius.shape[1]) % self.radius.shape[1]
        return self.axis[i] + self.radius[i, j] * out, out / np.linalg.norm(out)

    def piece(self, first_mm: float = -np.inf, last_mm: float = np.inf) -> tuple[Mesh, np.ndarray]:
        """A closed mesh between two distances, and `s_mm` of its vertices.

        It runs from ring to ring, so that pieces that meet share one and leave no gap.
        """
        i = np.arange(self.ring(first_mm), self.ring(last_mm) + 1)
        rings, s = self.rings[i], self.s_mm[i]
        n, m = rings.shape[:2]
        vertices = np.concatenate([rings.reshape(-1, 3), self.axis[i[:1]], self.axis[i[-1:]]])
        along = np.concatenate([np.repeat(s, m), s[:1], s[-1:]])
        k = np.arange(m)
        a = (np.arange(n - 1) * m)[:, None] + k
        b = (np.arange(n - 1) * m)[:, None] + (k + 1) % m
        faces = [
            np.stack([a, b, b + m], -1).reshape(-1, 3),
            np.stack([a, b + m, a + m], -1).reshape(-1, 3),
            np.stack([np.full(m, n * m), (k + 1) % m, k], 1),
            np.stack([np.full(m, n * m + 1), (n - 1) * m + k, (n - 1) * m + (k + 1) % m], 1),
        ]
        mesh = Mesh(vertices.astype(np.float32), np.concatenate(faces).astype(np.int32))
        if mesh.volume_ml < 0:
            mesh = Mesh(mesh.vertices, mesh.faces[:, ::-1].copy())
        return mesh, along.astype(np.float32)


def smooth_line(points: Sequence[Sequence[float]], step_mm: float) -> np.ndarray:
    """A line through points (n, 3) without corners (Catmull-Rom), in equal steps."""
    p = np.asarray(points, float)
    p = np.concatenate([2 * p[:1] - p[1:2], p, 2 * p[-1:] - p[-2:-1]])
    t = np.linspace(0, 1, 40, endpoint=False)[:, None]
    pieces = []
    for a, b, c, d in zip(p[:-3], p[1:-2], p[2:-1], p[3:], strict=True):
        pieces.append(
            0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2)
            + 0.5 * (3 * b - a - 3 * c + d) * t**3
        )
    line = np.concatenate([*pieces, p[-2:-1]])
    far = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(line, axis=0), axis=1))])
    at = np.linspace(0, far[-1], int(np.ceil(far[-1] / step_mm)) + 1)
    return np.stack([np.interp(at, far, line[:, k]) for k in range(3)], axis=1)


def curve(
    table: Sequence[Sequence[float]], round_mm: float = 4.0
) -> Callable[[np.ndarray], np.ndarray]:
    """A function through (place, value) pairs, its corners rounded over `round_mm`."""
    points = np.asarray(table, float)
    far = 3.0 * round_mm
    at = np.arange(points[0, 0] - far, points[-1, 0] + far, 0.5)
    window = np.exp(-((np.arange(-far, far + 0.5, 0.5) / round_mm) ** 2))
    values = np.interp(at, points[:, 0], points[:, 1])
    half = len(window) // 2
    padded = np.pad(values, half, mode="edge")
    smooth = np.convolve(padded, window / window.sum(), "valid")
    return lambda s: np.interp(s, at, smooth)


def lumen(
    points: Sequence[Sequence[float]],
    radius: Radius,
    step_mm: float = 3.0,
    sides: int = 24,
    towards: Sequence[float] = (1.0, 0.0, 0.0),
    flat: float = 1.0,
) -> Lumen:
    """A hollow organ along points, with `radius` all round; angle 0 starts `towards`."""
    axis = smooth_line(points, step_mm)
    s = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(axis, axis=0), axis=1))])
    tangent = np.gradient(axis, axis=0)
    tangent /= np.linalg.norm(tangent, axis=1, keepdims=True)
    side = np.empty_like(axis)
    carried = np.asarray(towards, float)
    for i, d in enumerate(tangent):
        carried = carried - d * (carried @ d)  # without twist
        carried /= np.linalg.norm(carried)
        side[i] = carried
    angle = 2 * np.pi * np.arange(sides) / sides
    r = np.broadcast_to(radius(s[:, None], angle[None]), (len(s), sides))
    return Lumen(axis, s, side, np.cross(tangent, side), np.maximum(r, 0.3), flat)


def rough(s: np.ndarray, angle: np.ndarray, scale_mm: float, seed: int) -> np.ndarray:
    """Smooth unevenness of about unit size over a wall."""
    rng = np.random.default_rng(seed)
    total = np.zeros(np.broadcast_shapes(s.shape, angle.shape))
    for _ in range(9):
        k = 2 * np.pi / scale_mm * rng.uniform(0.5, 1.5)
        total = total + np.sin(k * s + rng.integers(-3, 4) * angle + rng.uniform(0, 6.3))
    return total / 2.1


def rounded_ends(s: FloatArray, length: float, first_mm: float, last_mm: float) -> FloatArray:
    """Factor of the radius that shuts a tube like a dome at both ends."""
    a = np.clip(s / max(first_mm, 1e-6), 0, 1) if first_mm else np.ones_like(s)
    b = np.clip((length - s) / max(last_mm, 1e-6), 0, 1) if last_mm else np.ones_like(s)
    return np.sqrt(np.maximum(1 - (1 - a) ** 2, 0)) * np.sqrt(np.maximum(1 - (1 - b) ** 2, 0))


# ------------------------------------------------------------------------------------- colon

COLON_POINTS = (
    (0, 34, -258), (0, 36, -240), (2, 50, -215), (4, 64, -185), (3, 66, -158), (6, 56, -128),
    (14, 36, -108), (4, 8, -92), (-26, -14, -94), (-46, -24, -76), (-42, -30, -46),
    (-14, -33, -30), (18, -31, -48), (42, -28, -80), (64, -16, -98), (84, -4, -80),
    (91, 6, -40), (92, 16, 6), (95, 26, 46), (101, 34, 84), (97, 36, 112), (84, 10, 114),
    (77, -24, 84), (60, -50, 46), (30, -64, 16), (-8, -66, 6), (-44, -60, 24), (-72, -42, 54),
    (-87, -12, 78), (-92, 12, 66), (-91, 20, 32), (-88, 14, -8), (-85, 6, -44),
    (-78, -4, -78), (-71, -10, -98),
)  # fmt: skip
"""From the anus to the pole of the caecum."""
_COLON_RADIUS = np.array(
    [
        (0, 5), (18, 5), (36, 15), (70, 23), (100, 24), (135, 17), (150, 14), (300, 15), (430, 15),
        (480, 16), (560, 18), (640, 19), (700, 19), (900, 21), (1040, 23), (1120, 25), (1220, 29),
        (1500, 29),
    ],
    float,
)  # fmt: skip


def colon(reshape: Reshape | None = None) -> Lumen:
    """The colon blown up, from the anus; `reshape` may narrow it (a tumour)."""
    length = _length(COLON_POINTS)

    def wall(s: np.ndarray, angle: np.ndarray) -> np.ndarray:
        r = colon_radius(s, angle, length)
        return r if reshape is None else reshape(s, angle, r)

    return lumen(COLON_POINTS, wall, step_mm=2.2, sides=40, towards=(1, 0, 0))


def colon_radius(s: FloatArray, angle: FloatArray, length: float) -> FloatArray:
    """Haustra: three rows of sacs between the taeniae, whose folds do not meet."""
    base = np.interp(s, _COLON_RADIUS[:, 0], _COLON_RADIUS[:, 1])
    base = base * (1 + 0.06 * rough(s, 0 * angle, 130.0, 5))
    spacing = np.interp(s, [0, 250, 500, 800, 1100, 1500], [40, 34, 31, 30, 33, 38])
    phase = 2 * np.pi * np.cumsum(np.gradient(s[:, 0]) / spacing[:, 0])[:, None]
    phase = phase + 0.9 * rough(s, 0 * angle, 150.0, 9)
    sacs: FloatArray = np.zeros(np.broadcast_shapes(s.shape, angle.shape))
    for row in range(3):
        middle = 2 * np.pi * row / 3 + 0.5
        near = np.maximum(np.cos((angle - middle + np.pi) % (2 * np.pi) - np.pi) - 0.4, 0) / 0.6
        deep = 0.46 + 0.14 * rough(s, 0 * angle, 90.0, 80 + row)
        fold = np.exp(-((np.sin((phase + row * 2.2) / 2) / 0.21) ** 2))
        sacs = sacs + near**0.5 * (0.13 - deep * fold)
    taenia = -0.05 * np.cos(3 * (angle - 0.5) + np.pi) - 0.05
    depth = np.interp(s, [0, 110, 170, 480, 640, 1500], [0.0, 0.12, 0.55, 0.6, 1.0, 1.0])
    valves = sum(
        -0.34 * np.exp(-(((s - at) / 4.5) ** 2)) * np.maximum(np.cos(angle - turn), 0)
        for at, turn in ((74, 0.4), (98, 3.5), (122, 0.6))
    )  # Houston's folds
    uneven = 0.035 * rough(s, angle, 45.0, 3)
    shape = 1 + depth * (sacs + taenia) + valves + uneven
    radius: FloatArray = base * shape * rounded_ends(s, length, 0.0, 26.0)
    return radius


def _length(points: Sequence[Sequence[float]]) -> float:
    line = smooth_line(points, 3.0)
    return float(np.linalg.norm(np.diff(line, axis=0), axis=1).sum())


# ----------------------------------------------------------------------------------- stomach

STOMACH_POINTS = (
    (58, 30, 158), (62, 30, 146), (66, 26, 124), (66, 14, 96), (64, -8, 64), (58, -32, 30),
    (46, -50, 0), (22, -58, -18), (-4, -56, -8), (-22, -48, 12), (-32, -40, 30), (-35, -37, 36),
)  # fmt: skip
"""From the top of the fundus to the pylorus."""
_STOMACH_RADIUS = curve(
    [(0, 37), (20, 37), (60, 37), (100, 33), (140, 29), (180, 26), (215, 23), (245, 20), (268, 18),
     (284, 12), (293, 6), (297, 3.2), (320, 3.2)]
)  # fmt: skip
OESOPHAGUS_POINTS = (
    (0, 20, 390), (3, 23, 362), (6, 26, 335), (5, 26, 310), (3, 26, 285), (1, 28, 260),
    (1, 30, 235), (4, 30, 210), (9, 29, 188), (15, 29, 167), (23, 25, 152), (31, 22, 143),
)  # fmt: skip
"""From the upper sphincter behind the cricoid to the cardia."""


def stomach(reshape: Reshape | None = None) -> Lumen:
    """The J-shaped stomach, blown up; angle 0 is the greater curvature, 180 degrees the lesser."""
    length = _length(STOMACH_POINTS)

    def wall(s: np.ndarray, angle: np.ndarray) -> np.ndarray:
        base = _STOMACH_RADIUS(s)
        folds = -0.10 * ruga(s, angle)
        r = base * (1 + folds + 0.02 * rough(s, angle, 50.0, 7)) * rounded_ends(s, length, 36, 0)
        return r if reshape is None else reshape(s, angle, r)

    return lumen(STOMACH_POINTS, wall, step_mm=2.5, sides=96, towards=(1, -0.2, 0), flat=0.86)


def ruga(s: FloatArray, angle: FloatArray) -> FloatArray:
    """How high the folds of the stomach stand, 0 to 1: long, winding, largest on the left."""
    wander = 0.8 * rough(s, 0 * angle, 95.0, 31) + 0.3 * rough(s, angle, 48.0, 33)
    ridge = np.maximum(np.sin(12 * angle + 1.7 * wander), 0) ** 1.3
    along = np.interp(s, [0, 25, 70, 165, 205, 235], [0.3, 1.0, 1.0, 0.85, 0.3, 0.0])
    return along * (0.6 + 0.4 * np.cos(angle)) * ridge


DUODENUM_POINTS = (
    (-35, -37, 36), (-39, -32, 44), (-46, -22, 54), (-54, -8, 62), (-62, 8, 60), (-66, 17, 44),
    (-67, 20, 18), (-64, 20, -10), (-54, 15, -30), (-34, 6, -38), (-8, -2, -36), (16, -2, -26),
    (30, 4, -4), (34, 6, 22), (40, -4, 34), (54, -18, 26), (66, -24, 6),
)  # fmt: skip
_BULB = np.array(
    [(0, 3.0), (3, 3.2), (5, 11), (9, 16), (16, 15), (26, 11), (36, 8), (46, 8.5),
     (60, 11), (400, 12)],
    float,
)  # fmt: skip


def duodenum() -> Lumen:
    """Bulb and C-loop with its circular folds, from the pylorus to the jejunum."""
    length = _length(DUODENUM_POINTS)

    def wall(s: FloatArray, angle: FloatArray) -> FloatArray:
        base = np.interp(s, _BULB[:, 0], _BULB[:, 1])
        phase = 2 * np.pi * s / 4.6 + 1.1 * rough(s, angle, 30.0, 17) + 1.3 * np.sin(angle)
        folds = np.maximum(np.sin(phase), 0) ** 2 * np.interp(s, [44, 60], [0, 1])
        radius: FloatArray = base * (1 - 0.26 * folds + 0.05 * rough(s, angle, 30.0, 13))
        return radius * rounded_ends(s, length, 0.0, 8.0)

    return lumen(DUODENUM_POINTS, wall, step_mm=1.15, sides=20, towards=(0, -1, 0.3), flat=0.9)


# ------------------------------------------------------------------------------------ bodies


def abdomen(body: str, seed: int) -> Trunk:
    """What lies about a bowel that was cleaned: organs, spine, pelvis and lower ribs."""
    parts = [
        *regions_soft.abdomen(gas=False, stomach_gas=False),
        *regions_skeleton.spine("T9", "L5", seed),
        *regions_skeleton.pelvis(seed),
        *regions_skeleton.ribs(8, 12, seed),
        *regions_skeleton.femora(seed),
    ]
    return Trunk(parts, body)


def chest(body: str, seed: int, stomach_gas: bool = True) -> Trunk:
    """What lies about the oesophagus: the chest and the upper abdomen."""
    parts = [*regions_soft.chest(), *regions_skeleton.thorax("T1", "T12", seed)]
    if not stomach_gas:
        gas = load("soft_stomach_gas")
        parts = [p for p in parts if p.mesh is not gas]
    return Trunk(parts, body)
