"""The beating, breathing heart: how its surface moves, and how far in the beat and breath it is.

The ventricles are an ellipsoid about the long axis from base to apex. In systole the base comes
down to the apex, which stays, the walls come in, and the apex turns against the base; lungs,
diaphragm and heart go down with each breath.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from math import cos, pi, sin

import numpy as np

from fluoroview_simulated.arrays import FloatArray

_BEAT = np.array(
    [  # share of the cycle, contraction 0…1
        (0.00, 0.00), (0.05, 0.06), (0.12, 0.42), (0.20, 0.76), (0.30, 0.96), (0.38, 1.00),
        (0.44, 0.93), (0.52, 0.60), (0.60, 0.30), (0.68, 0.20), (0.86, 0.15), (0.94, 0.03),
        (1.00, 0.00),
    ]
)  # fmt: skip
SYSTOLE = (0.05, 0.42)
"""From opening to closing of the aortic valve, shares of the cycle."""


@dataclass(frozen=True)
class Rhythm:
    """When the heart beats and the patient breathes.

    Attributes:
        rate_per_min: heart rate; each beat is a little longer or shorter than the last.
        breath_s: duration of one breath.
        seed: of the phases.
    """

    rate_per_min: float = 70.0
    breath_s: float = 4.4
    seed: int = 1
    _phase: tuple[float, float] = field(init=False)

    def __post_init__(self) -> None:
        phase = np.random.default_rng((self.seed, 77)).uniform(0, 1, 2)
        object.__setattr__(self, "_phase", (float(phase[0]), float(phase[1])))

    def beats(self, t_s: float) -> float:
        """Beats since the beginning, whole numbers at the R wave."""
        even = t_s * self.rate_per_min / 60.0 + self._phase[0]
        return even + 0.03 * (sin(1.43 * t_s) + sin(0.61 * t_s + 2.0))

    def contraction(self, t_s: float) -> float:
        """0 at the end of diastole, 1 at the end of systole."""
        at = self.beats(t_s) % 1.0
        raw = np.interp((at + np.array([-0.03, 0.0, 0.03])) % 1.0, _BEAT[:, 0], _BEAT[:, 1])
        return float(raw @ (0.25, 0.5, 0.25))

    def ejected(self, t_s: float) -> float:
        """Stroke volumes that have gone through the aortic valve."""
        beats = self.beats(t_s)
        at = min(max((beats % 1.0 - SYSTOLE[0]) / (SYSTOLE[1] - SYSTOLE[0]), 0.0), 1.0)
        return beats // 1.0 + at * at * (3.0 - 2.0 * at)

    def coronary_clock(self, t_s: float) -> float:
        """Flow time in s of the coronary arteries, which fill in diastole."""
        beats = self.beats(t_s)
        at = beats % 1.0
        slow = 0.55 * sin(2 * pi * (at - 0.02)) / (2 * pi)
        return (beats - slow) * 60.0 / self.rate_per_min

    def breath_mm(self, t_s: float, holds: Sequence[tuple[float, bool]] = ()) -> float:
        """How far the diaphragm is below its resting place, 0…14 mm.

        `holds`: when breath was held (True; in moderate inspiration) and let go (False).
        """
        at = t_s / self.breath_s + self._phase[1]
        free = 10.0 * (0.5 - 0.5 * cos(2 * pi * at)) ** 1.4
        share = 0.0
        for start, held in holds:
            if start > t_s:
                break
            gone = min((t_s - start) / 0.9, 1.0)
            gone = gone * gone * (3.0 - 2.0 * gone)
            share += (float(held) - share) * gone
        return float(free + share * (13.0 - free))


@dataclass(frozen=True, eq=False)
class Heart:
    """The ventricles' outer surface at the end of diastole and expiration.

    Attributes:
        middle: of the ellipsoid, mm.
        axis: unit vector from base to apex.
        front: unit vector across it to the anterior interventricular groove.
        lateral: unit vector across both to the free wall of the left ventricle.
        radii: half lengths along the three, mm.
    """

    middle: np.ndarray = field(default_factory=lambda: np.array([34.0, -34.0, 197.0]))
    axis: FloatArray = field(default_factory=lambda: _unit(0.72, -0.46, -0.52))
    septum_normal: tuple[float, float, float] = (-0.55, -0.83, -0.03)
    radii: tuple[float, float, float] = (66.0, 43.0, 43.0)

    @cached_property
    def frame(self) -> FloatArray:
        """Unit vectors to the apex, to the anterior groove and to the left free wall, (3, 3)."""
        lateral = -_unit(*self.septum_normal)
        lateral = _unit(*(lateral - self.axis * (lateral @ self.axis)))
        front = np.cross(lateral, self.axis)
        return np.stack([self.axis, front if front[2] > 0 else -front, lateral])

    def local(self, points: np.ndarray) -> FloatArray:
        """Points (n, 3) in units of the half lengths along `frame`."""
        local: FloatArray = (np.asarray(points, float) - self.middle) @ self.frame.T / self.radii
        return local

    def world(self, local: FloatArray) -> FloatArray:
        """The reverse of `local`."""
        points: FloatArray = (np.asarray(local, float) * self.radii) @ self.frame + self.middle
        return points

    def surface(self, places: Sequence[Sequence[float]]) -> np.ndarray:
        """Points on the surface: rows (s, azimuth deg[, depth]).

        `s` runs from -1 at the base to 1 at the apex; the azimuth from the anterior groove towards
        the free wall of the left ventricle; `depth` 1 is the surface, less is inside.
        """
        rows = np.array([(*p, 1.0)[:3] if len(p) == 2 else p for p in places], float)
        s, a, depth = rows[:, 0], np.deg2rad(rows[:, 1]), rows[:, 2]
        across = np.sqrt(np.maximum(1.0 - s**2, 0.0)) * depth
        return self.world(np.stack([s, across * np.cos(a), across * np.sin(a)], axis=1))

    def kept(self, points: np.ndarray) -> np.ndarray:
        """Points brought onto the surface."""
        q = self.local(points)
        return self.world(q / np.maximum(np.linalg.norm(q, axis=1, keepdims=True), 1e-9))

    def moved(self, local: np.ndarray, contraction: float, breath_mm: float) -> np.ndarray:
        """Points given as `local`, where they are at that moment of the beat and breath.

        Long axis -14 %, radius -13 % in the middle of the wall, 10° of twist: cine angiograms.
        """
        c = contraction
        s = local[:, 0]
        # The ring of the valves comes down most; the root of the aorta follows it in part.
        pulled = (1.0 - s) * np.clip(1.0 - 0.9 * (-0.45 - s), 0.45, 1.0)
        along = s + 0.14 * c * pulled
        narrow = 1.0 - c * (0.13 - 0.05 * np.clip(np.abs(s), 0, 1.4))
        twist = np.deg2rad(c * (2.0 + 8.0 * np.clip(s, -1.2, 1.0)))
        u, v = np.cos(twist) * narrow, np.sin(twist) * narrow
        x, y = local[:, 1], local[:, 2]
        out = self.world(np.stack([along, x * u - y * v, x * v + y * u], axis=1))
        out += (-2.0 * c, -1.5 * c, 0.0)
        out += heart_shift_mm(breath_mm)
        return out


def heart_shift_mm(breath_mm: float) -> np.ndarray:
    """How far the heart goes when the diaphragm is `breath_mm` lower, (3,)."""
    return np.array([-0.06, -0.08, -0.62]) * breath_mm


def _unit(*v: float) -> FloatArray:
    a = np.array(v, float)
    return a / float(np.linalg.norm(a))
