"""The thecal sac with its cord and roots: lumen, sleeves and cauda equina of each case."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from fluoroview_simulated.anatomy.mesh import Mesh
from fluoroview_simulated.anatomy.posture import posture
from fluoroview_simulated.arrays import FloatArray

# Middle of the thecal sac and its half axes: z, y, half width, half depth.
_THECAL_SAC = np.array(
    [
        (152, 74.5, 7.6, 6.6), (119, 69.4, 7.8, 6.6), (94, 65.6, 8.3, 6.9), (66, 60.9, 8.6, 6.9),
        (33, 55.8, 8.5, 6.7), (-1, 52.6, 8.3, 6.5), (-33, 54.6, 8.0, 6.3), (-55, 60.0, 7.6, 6.0),
        (-72, 66.8, 7.0, 5.4), (-88, 75.4, 6.0, 4.8), (-104, 83.5, 4.8, 4.0),
        (-117, 88.8, 3.4, 3.0), (-127, 92.5, 1.4, 1.3), (-130, 93.5, 0.3, 0.3),
    ],
    float,
)[::-1]  # fmt: skip
DISCS = {"T12/L1": 84.0, "L1/2": 53.0, "L2/3": 18.0, "L3/4": -18.0, "L4/5": -55.0, "L5/S1": -91.0}
_ROOTS = {  # z where the sleeve leaves the thecal sac, its length down and outward, mm
    "T12": (95, 9, 5), "L1": (66, 10, 6), "L2": (33, 11, 7), "L3": (-1, 13, 8),
    "L4": (-33, 15, 8.5), "L5": (-66, 18, 9.5), "S1": (-92, 23, 9), "S2": (-112, 16, 6),
}  # fmt: skip
CONUS_Z = 57.0
SIDES = 36
TUMOUR = (0.0, 14.0)
"""Case "block": middle (z) of the mass and its half height; the lumen ends in a cup below it."""


@dataclass(frozen=True)
class Sleeve:
    """One root's sleeve outside of the thecal sac."""

    name: str
    left: bool
    line: np.ndarray
    radius: np.ndarray
    root: np.ndarray


class ThecalSac:
    """Shape of one case, in the medium adult times `scale`."""

    def __init__(self, case: str, seed: int, scale: float = 1.0) -> None:
        self.case, self.scale = case, scale
        self._rng = np.random.default_rng(seed)
        self._phase = self._rng.uniform(0.0, 6.0)
        self._posture = posture(seed)
        self.top = TUMOUR[0] - 1.0 if case == "block" else 150.0
        self.mesh = self._lumen()
        self.sleeves = [
            self._sleeve(name, left)
            for name in _ROOTS
            for left in (True, False)
            if self.fills(name, left)
        ]
        self.roots = self._cauda()
        z = np.linspace(150.0, CONUS_Z, 30)
        self.cord = self.at(np.zeros(30), np.full(30, 0.08), z)
        self.cord_mm = np.interp(z, [CONUS_Z, 64, 78, 100, 150], [0.6, 2.2, 4.2, 4.7, 4.3]) * scale

    def fills(self, root: str, left: bool) -> bool:
        """Whether a root's sleeve fills."""
        if self.case == "block" and _ROOTS[root][0] > TUMOUR[0] - TUMOUR[1]:
            return False
        return not (self.case == "disc-protrusion" and root == "L5" and left)

    def axes(self, z: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Middle y, half width and half depth at heights of the medium adult."""
        y, a, b = (np.interp(z, _THECAL_SAC[:, 0], _THECAL_SAC[:, k]) for k in (1, 2, 3))
        return y, a, b

    def pressed(self, angle: FloatArray, z: FloatArray) -> FloatArray:
        """Radius of the wall against the ellipse; angle 0 is left, π/2 the back."""
        front = np.clip(-np.sin(angle), 0.0, 1.0) ** 1.5
        radius = 1.0 + 0.025 * np.sin(0.21 * z + 2.0 * angle + self._phase) * np.ones_like(z)
        radius = radius + 0.02 * np.sin(0.39 * z - angle)
        for name, disc in DISCS.items():
            near = np.exp(-(((z - disc) / 5.5) ** 2))
            radius = radius - 0.13 * front * near
            if self.case == "stenosis":
                tight = {"L1/2": 0.08, "L2/3": 0.27, "L3/4": 0.42, "L4/5": 0.60}.get(name, 0.0)
                wide = np.exp(-(np.abs((z - disc) / 8.5) ** 2.6))
                radius = radius - tight * wide * (0.86 + 0.14 * np.sin(3.0 * angle))
        if self.case == "disc-protrusion":
            turn = np.angle(np.exp(1j * (angle - np.deg2rad(-30.0))))
            near = np.exp(-(np.abs((z - DISCS["L4/5"] + 1.0) / 7.5) ** 2.4))
            radius = radius - 0.68 * near * np.exp(-((turn / np.deg2rad(60.0)) ** 2))
        if self.case == "block":
            radius = radius + 0.10 * np.exp(-(((z - TUMOUR[0]) / 14.0) ** 2))
        return np.maximum(radius, 0.12)

    def at(self, u: np.ndarray, v: np.ndarray, z: np.ndarray) -> np.ndarray:
        """Points (n, 3) in the patient at (u, v) of the section at height z; the wall is at 1."""
        y, a, b = self.axes(z)
        room = self.pressed(np.arctan2(v, u), z)
        lean = np.gradient(np.interp(np.arange(-140, 160), _THECAL_SAC[:, 0], _THECAL_SAC[:, 1]))
        slope = np.interp(z, np.arange(-140, 160), lean)
        across = 1.0 / np.sqrt(1.0 + slope**2)
        x = a * u * room + self._posture.aside_mm(z)
        back = b * v * room * across
        return self.scale * np.stack([x, y + back, z - back * slope], axis=-1)

    def inside(self, point_mm: np.ndarray) -> float:
        """How far from the middle of the thecal sac a point lies: below 1 is in it."""
        x, y, z = np.asarray(point_mm, float) / self.scale
        middle, a, b = self.axes(z)
        u, v = (x - float(self._posture.aside_mm(z))) / a, (y - middle) / b
        if not -128.0 < z < self.top:
            return 9.0
        return float(np.hypot(u, v) / self.pressed(np.arctan2(v, u), z))

    @cached_property
    def rings(self) -> np.ndarray:
        """The wall's rings from the lower end upwards, (n, SIDES, 3)."""
        angle = 2 * np.pi * np.arange(SIDES) / SIDES
        heights = np.arange(-129.5, self.top, 1.8)
        return np.array([self._ring(angle, z, 1.0) for z in heights])

    @cached_property
    def capacity_ml(self) -> FloatArray:
        """What the thecal sac holds about each of its rings, (n,), all together its volume."""
        middle = self.rings.mean(axis=1, keepdims=True)
        spokes = self.rings - middle
        across = np.cross(spokes, np.roll(spokes, -1, axis=1)).sum(axis=1)
        area: FloatArray = np.linalg.norm(across, axis=1)
        if self.case == "block":  # the mass hangs into the upper ones
            depth = (self.rings[:, :, 2].mean(axis=1) / self.scale - TUMOUR[0]) / TUMOUR[1]
            area *= np.where(depth > -1.0, np.clip(depth, -1.0, 0.0) ** 2, 1.0)
        return area * (self.mesh.volume_ml / float(area.sum()))

    def _lumen(self) -> Mesh:
        angle = 2 * np.pi * np.arange(SIDES) / SIDES
        rings = list(self.rings)
        if self.case == "block":  # turns in at the rim and follows the mass down to its pole
            for share in np.linspace(0.93, 0.02, 18):
                z = TUMOUR[0] - TUMOUR[1] * np.sqrt(1.0 - share**2)
                rings.append(self._ring(angle, min(z, self.top - 0.3), share))
        return swept(np.array(rings))

    def _ring(self, angle: np.ndarray, z: float, size: float) -> np.ndarray:
        return self.at(size * np.cos(angle), size * np.sin(angle), np.full(len(angle), z))

    def _sleeve(self, name: str, left: bool) -> Sleeve:
        z0, usual, out = _ROOTS[name]
        down = usual * self._rng.uniform(0.85, 1.12)
        sign = 1.0 if left else -1.0
        s = np.linspace(0.0, 1.0, 9)
        z = z0 - down * s
        start = self.at(np.array([sign * 0.86]), np.array([-0.25]), np.array([float(z0)]))[0]
        y = np.interp(z, _THECAL_SAC[:, 0], _THECAL_SAC[:, 1])
        drift = y - y[0] - 3.0 * s
        line = start + self.scale * np.stack([sign * out * s**1.15, drift, -down * s], axis=1)
        radius = np.interp(s, [0, 0.25, 0.8, 1], [2.1, 1.7, 1.35, 0.5]) * self.scale
        return Sleeve(name, left, line, radius, line + self.scale * np.array([0.15 * sign, 0, 0]))

    def _cauda(self) -> list[np.ndarray]:
        """The roots from the conus to their exits, each as one or two strands (n, 3)."""
        strands = []
        for order, (name, (z1, _, _)) in enumerate(_ROOTS.items()):
            if z1 > CONUS_Z - 12:
                continue
            for sign in (1.0, -1.0):
                for back in (0.45, -0.5):
                    strands.append(self._strand(order, sign, back, float(z1), name))
        for sign in (1.0, -1.0):
            for u in (0.10, 0.24):
                strands.append(self._strand(8, sign * u / 0.9, 0.35, -124.0, "S3"))
        return strands

    def _strand(self, order: int, sign: float, back: float, z1: float, name: str) -> np.ndarray:
        n = 42
        s = np.linspace(0.0, 1.0, n)
        z0 = CONUS_Z + 14.0 - 2.5 * order
        z = z0 + (z1 - z0) * s
        start = 0.50 - 0.045 * order
        u = abs(sign) * (start + (0.84 - start) * np.clip(1.15 * s - 0.15, 0, 1) ** 1.6)
        u = u + 0.06 * np.sin(2 * np.pi * (s * self._rng.uniform(0.7, 1.6) + self._rng.random()))
        v = back * (1.0 - 0.8 * s**2) + self._rng.uniform(-0.15, 0.15)
        if self.case == "stenosis":  # long roots wind above the narrow place
            wind = np.exp(-(((z - 34.0) / 26.0) ** 2)) + 0.7 * np.exp(-(((z + 2.0) / 9.0) ** 2))
            turns = z / self._rng.uniform(17.0, 26.0) + self._rng.random()
            u = u + 0.42 * wind * np.sin(2 * np.pi * turns)
        if self.case == "disc-protrusion" and name == "L5" and sign > 0:
            u = u * (1.0 - 0.25 * np.exp(-(((z + 55.0) / 9.0) ** 2)))
        if self.case == "block":
            u = u + (0.8 - u) * 0.5 * np.exp(-(((z - TUMOUR[0]) / 24.0) ** 2))
        size = np.maximum(np.hypot(u, v) / 0.84, 1.0)
        strand = self.at(np.copysign(u / size, sign), v / size, z)
        free = z < TUMOUR[0] - 0.75 * TUMOUR[1] if self.case == "block" else z < 1e3
        return strand[free] if free.sum() > 1 else strand[-2:]


def swept(rings: np.ndarray) -> Mesh:
    """A closed mesh over rings (n, sides, 3) of points."""
    n, sides, _ = rings.shape
    vertices = np.concatenate([rings.reshape(-1, 3), rings[:1].mean(1), rings[-1:].mean(1)])
    k = np.arange(sides)
    after = (k + 1) % sides
    faces = []
    for i in range(n - 1):
        a, b = i * sides, (i + 1) * sides
        faces += [
            np.stack([a + k, a + after, b + after], 1),
            np.stack([a + k, b + after, b + k], 1),
        ]
    first, end = n * sides, (n - 1) * sides
    faces.append(np.stack([np.full(sides, first), after, k], 1))
    faces.append(np.stack([np.full(sides, first + 1), end + k, end + after], 1))
    mesh = Mesh(vertices.astype(np.float32), np.concatenate(faces).astype(np.int32))
    return mesh if mesh.volume_ml > 0 else Mesh(mesh.vertices, mesh.faces[:, ::-1].copy())
