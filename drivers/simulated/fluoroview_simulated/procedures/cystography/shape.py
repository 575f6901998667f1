"""Shapes of the urinary tract, in millimetres of the medium adult: bladder, ureters, urethra."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from fluoroview_simulated.anatomy.mesh import Mesh, load
from fluoroview_simulated.arrays import FloatArray

NECK = np.array([0.0, -24.0, -214.0])
"""Neck of the bladder, behind the upper third of the symphysis."""
URETER = np.array(
    [
        (17, 0, -203), (27, 13, -202), (46, 28, -182), (56, 32, -152), (51, 26, -118),
        (41, 12, -92), (37, 10, -62), (36, 14, -22), (39, 21, 6), (45, 27.4, 31.2),
    ],
    float,
)  # fmt: skip
"""The left one, from the bladder to the kidney; the right kidney lies RIGHT_LOWER_MM lower."""
RIGHT_LOWER_MM = 14.0
URETHRA = np.array(
    [
        (0, -24, -213), (0, -21, -222), (0, -20, -233), (0, -21, -241), (0, -25, -247),
        (0, -37, -256), (1, -54, -258), (3, -72, -254), (7, -92, -260), (10, -110, -276),
        (12, -122, -298), (13, -128, -320), (13, -130, -328),
    ],
    float,
)  # fmt: skip
"""From the bladder's neck to the meatus: prostatic, membranous, bulbous, pendulous."""
WIDE_MM = np.array([4.2, 4.4, 5.2, 2.6, 2.2, 5.2, 4.9, 4.0, 3.8, 3.5, 3.4, 4.0, 1.9])
VALVE_MM = np.array([3.4, 8.5, 10.5, 7.5, 1.0, 2.2, 2.8, 2.5, 2.4, 2.3, 2.2, 2.4, 1.7])
"""Radius while voiding, normal and behind a posterior urethral valve."""
VERU = np.array([[0.0, -17.2, -229.0], [0.0, -17.0, -236.0]])
"""The verumontanum bulges into the back wall."""


MALE_PARTS = (
    (
        np.array([(4, -74, -248), (7, -92, -260), (11, -112, -278), (14, -124, -300),
                  (14, -130, -330.0)]),
        np.array([12, 14, 13, 13, 9.0]),
    ),
    (
        np.array([(-2, -52, -262), (-2, -58, -280), (-1, -62, -305), (-1, -62, -322.0)]),
        np.array([14, 26, 30, 10.0]),
    ),
)  # fmt: skip
"""What hangs before the skin of the trunk: lines and radii."""


def smooth_line(points: np.ndarray, n: int) -> np.ndarray:
    """`n` even places on a Catmull-Rom line through points (m, k)."""
    p = np.concatenate([2 * points[:1] - points[1:2], points, 2 * points[-1:] - points[-2:-1]])
    u = np.linspace(0, len(points) - 1 - 1e-9, n * 4)
    i = u.astype(int)
    t = (u - i)[:, None]
    a, b, c, d = p[i], p[i + 1], p[i + 2], p[i + 3]
    line = b + 0.5 * t * (c - a + t * (2 * a - 5 * b + 4 * c - d + t * (3 * (b - c) + d - a)))
    run = np.r_[0, np.cumsum(np.linalg.norm(np.diff(line[:, :3], axis=0), axis=1))]
    at = np.linspace(0, run[-1], n)
    return np.stack([np.interp(at, run, line[:, k]) for k in range(line.shape[1])], axis=1)


def ball(rows: int = 24, columns: int = 38) -> Mesh:
    """A unit sphere with its poles up and down."""
    polar = np.linspace(0, np.pi, rows + 1)[1:-1]
    turn = 2 * np.pi * np.arange(columns) / columns
    ring = np.stack(
        [
            np.outer(np.sin(polar), np.cos(turn)),
            np.outer(np.sin(polar), np.sin(turn)),
            np.outer(np.cos(polar), np.ones(columns)),
        ],
        axis=-1,
    ).reshape(-1, 3)
    vertices = np.concatenate([ring, [[0, 0, 1], [0, 0, -1]]])
    k, n = np.arange(columns), (np.arange(columns) + 1) % columns
    faces = []
    for i in range(rows - 2):
        a, b = i * columns, (i + 1) * columns
        faces += [np.stack([a + k, b + k, b + n], 1), np.stack([a + k, b + n, a + n], 1)]
    top, end = len(ring), (rows - 2) * columns
    faces.append(np.stack([np.full(columns, top), k, n], 1))
    faces.append(np.stack([np.full(columns, top + 1), end + n, end + k], 1))
    return Mesh(vertices.astype(np.float32), np.concatenate(faces).astype(np.int32))


def uneven_ball(seed: int, rows: int, columns: int) -> Mesh:
    """A unit ball as a sac grows: about its volume, but lopsided."""
    even = ball(rows, columns)
    d = even.vertices.astype(float)
    rng = np.random.default_rng(seed + 700)
    bumpy = 1.0 + 0.07 * _waves(d, rng, 2.5) + 0.02 * _waves(d, rng, 6.0)
    return Mesh((d * bumpy[:, None]).astype(np.float32), even.faces)


class BladderShape:
    """The bladder's inner surface at any volume.

    Args:
        seed: of its own unevenness.
        trabeculated: 0 smooth to 1: thick bundles with sacs of mucosa between them.
        prostate_mm: how far an enlarged prostate lifts the base.
    """

    def __init__(self, seed: int, trabeculated: float = 0.0, prostate_mm: float = 0.0) -> None:
        self._ball = ball()
        d = self._ball.vertices.astype(float)
        rng = np.random.default_rng(seed + 400)
        self._lumps = 0.045 * _waves(d, rng, 2.2) + 0.014 * _waves(d, rng, 5.0)
        cells = _waves(d, rng, 8.0) + 0.7 * _waves(d, rng, 13.0)
        self._cells = trabeculated * 0.075 * np.maximum(cells, -0.25) * (d[:, 2] > -0.93)
        self._tall = 1.0 + 0.35 * trabeculated
        self._prostate = prostate_mm

    def mesh(self, volume_ml: float, contracted: float, scale: float) -> Mesh:
        """The surface around a volume.

        Args:
            volume_ml: of this patient.
            contracted: 0 at rest, 1 while the detrusor squeezes: rounder, the neck a funnel.
            scale: of the body against the medium adult.
        """
        d = self._ball.vertices.astype(float)
        adult_ml = volume_ml / scale**3
        r = (3e3 * adult_ml / (4 * np.pi)) ** (1 / 3)
        full = np.clip(adult_ml / 450.0, 0.0, 1.3)
        half_x = r * (1.25 - 0.27 * full) / np.sqrt(self._tall)
        half_y = r * (1.08 - 0.14 * full) / np.sqrt(self._tall)
        half_z = r**3 / (half_x * half_y)
        bumpy = 1.0 + self._lumps + self._cells * (1.0 + 0.5 * contracted)
        p = d * bumpy[:, None] * [half_x, half_y, half_z]
        up = d[:, 2]
        p[:, 2] *= np.where(up < 0, 0.80, 1.05)  # the base is flatter than the dome
        sunk = (1.0 - np.clip(full / 0.7, 0, 1)) * 0.35  # bowel lies in the dome of a slack one
        p[:, 2] -= sunk * half_z * np.exp(-((d[:, 0] - 0.1) ** 2 + d[:, 1] ** 2) / 0.4) * (up > 0)
        funnel = np.clip(-up - 0.955, 0, None) / 0.045
        p[:, 2] -= (1.5 + 6.5 * contracted) * funnel**1.5
        if self._prostate:
            lift = np.exp(-((d[:, 0] / 0.42) ** 2 + ((d[:, 1] + 0.1) / 0.9) ** 2)) * (up < 0)
            p[:, 2] += self._prostate * lift
        mesh = Mesh(p.astype(np.float32), self._ball.faces)
        p *= (adult_ml / max(mesh.volume_ml, 1e-6)) ** (1 / 3)
        low = np.array([0.0, 0.0, p[:, 2].min()])
        behind = NECK + np.array([1.5, 0.62 * half_y - 6.0, 0.0])
        return Mesh(((p - low + behind) * scale).astype(np.float32), self._ball.faces)


def _waves(d: FloatArray, rng: np.random.Generator, per_turn: float) -> FloatArray:
    """Smooth noise over directions, about unit variance."""
    k = rng.standard_normal((24, 3))
    k *= per_turn / np.linalg.norm(k, axis=1, keepdims=True)
    waves: FloatArray = np.sin(d @ k.T + rng.uniform(0, 2 * np.pi, 24)).mean(axis=1)
    return waves * float(np.sqrt(48))


DILATION = {
    1: (1.5, 0.0, 2),
    2: (1.7, 0.0, 2),
    3: (3.0, 2.0, 2),
    4: (4.6, 6.0, 4),
    5: (7.0, 12.0, 5),
}
"""Grade: radius of the ureter, how far it winds, shape of the calyces."""


@dataclass(frozen=True, eq=False)
class UpperTract:
    """Ureter and collecting system of one side at a reflux grade, in one body.

    Attributes:
        side: 1 left, -1 right.
    """

    side: int
    grade: int
    scale: float

    @cached_property
    def ureter(self) -> np.ndarray:
        """From bladder to kidney, (120, 3)."""
        points = URETER.copy()
        if self.side < 0:
            points[:, 2] -= RIGHT_LOWER_MM * np.linspace(0, 1, len(points)) ** 2
        line = smooth_line(points, 120)
        u = np.linspace(0, 1, 120)
        winds = DILATION[self.grade][1] * np.sin(np.pi * u) ** 0.7
        line[:, 0] += winds * np.sin(17.0 * u + 0.6)
        line[:, 1] += 0.5 * winds * np.sin(12.0 * u)
        line[:, 2] += 0.6 * winds * np.sin(23.0 * u + 1.0)
        return line * [self.side, 1, 1] * self.scale

    @cached_property
    def radius_mm(self) -> np.ndarray:
        """Of the ureter, (120,): narrow where it goes through the bladder's wall."""
        u = np.linspace(0, 1, 120)
        r = DILATION[self.grade][0] * (
            1.0 + 0.12 * np.sin(31 * u) + 0.10 * np.sin(57 * u + self.side)
        )
        r *= 0.55 + 0.45 * np.clip(u / 0.06, 0, 1)
        r *= 1.0 - 0.3 * np.exp(-(((u - 0.965) / 0.02) ** 2))
        return r * self.scale

    @cached_property
    def ureter_ml(self) -> FloatArray:
        """Volume from the bladder to each place, (120,)."""
        step = np.linalg.norm(np.diff(self.ureter, axis=0), axis=1)
        mean = 0.5 * (self.radius_mm[1:] ** 2 + self.radius_mm[:-1] ** 2)
        return np.concatenate([[0.0], np.cumsum(np.pi * mean * step)]) / 1e3

    @cached_property
    def calyces(self) -> Mesh:
        """The collecting system."""
        mesh = load(f"soft_calyces_{DILATION[self.grade][2]}")
        lower = RIGHT_LOWER_MM if self.side < 0 else 0.0
        turn = np.diag([float(self.side), 1.0, 1.0]) * self.scale
        return mesh.moved(turn, np.array([0.0, 0.0, -lower * self.scale]))

    @cached_property
    def from_junction_mm(self) -> FloatArray:
        """Distance of the collecting system's vertices from the end of the ureter."""
        distance: FloatArray = np.linalg.norm(self.calyces.vertices - self.ureter[-1], axis=1)
        return distance

    @property
    def capacity_ml(self) -> float:
        """Ureter, and collecting system unless only the ureter is reached (grade I)."""
        kidney = 0.0 if self.grade == 1 else abs(self.calyces.volume_ml)
        return float(self.ureter_ml[-1]) + kidney
