"""The oesophagus of a case: its line, how wide it can become, what presses on it, what bulges.

The line runs from the upper sphincter to the cardia and on along the lesser curvature, 2 mm a
node. In a hiatal hernia the oesophagus is short and ends in a pouch of stomach above the diaphragm.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fluoroview_simulated.anatomy import regions_gut as gut
from fluoroview_simulated.anatomy.parts import BODY_SCALE
from fluoroview_simulated.arrays import FloatArray

STEP_MM = 2.0
_STOMACH_WAY = ((36, 12, 128), (38, -4, 102), (38, -20, 74), (34, -34, 44), (24, -46, 20))
_HERNIA = (
    (0, 20, 390), (3, 23, 362), (6, 26, 335), (4, 26, 310), (2, 27, 285), (0, 29, 262),
    (-2, 30, 240), (4, 31, 224), (11, 31, 213),
)  # fmt: skip
_POUCH = ((11, 31, 213), (12, 31, 205), (15, 32, 190), (18, 31, 176), (19, 29, 166), (24, 25, 154))
_MEGA = (
    (0, 20, 390), (4, 25, 360), (10, 27, 325), (7, 27, 290), (-4, 27, 255), (-6, 28, 222),
    (4, 28, 195), (13, 28, 176), (18, 27, 165), (23, 25, 154), (31, 22, 143),
)  # fmt: skip
_POUCH_MM = gut.curve(
    [
        (0, 7.5),
        (4, 8.5),
        (8, 13),
        (15, 20),
        (26, 22.5),
        (37, 18),
        (46, 11),
        (54, 8),
        (60, 5),
        (70, 2),
    ]
)
_MEGA_MM = gut.curve(
    [(0, 5.5), (10, 8), (26, 14), (60, 19), (120, 22), (165, 23), (192, 20), (208, 14.5),
     (220, 8.5), (230, 3.6), (237, 1.8), (275, 1.5)]
)  # fmt: skip
"""Radius of the pouch from its ring to below the hiatus, and of the wide oesophagus, mm."""
PRESS_DIRECTION = np.array([0.80, -0.60, 0.0])
"""Arch, left main bronchus and left atrium press from the left and from in front."""
PRESSING_MM = ((308.0, 12.0, 3.6), (276.0, 8.0, 2.4), (228.0, 26.0, 2.6))
"""Height, extent along the oesophagus and depth of the three impressions."""


@dataclass(frozen=True, eq=False)
class Oesophagus:
    """One patient's oesophagus.

    Attributes:
        line: (n, 3) mm; s_mm: (n,) distance from the upper sphincter.
        sphincter_mm, end_mm: where the lower sphincter and the cardia (or the pouch) lie.
        wide_mm: (n,) greatest radius that it can take.
        shape: (n,) radius relative to its mean when it is moderately full.
        pressed: (n, 3) mm that the wall is moved by its neighbours when it is full.
        folds: four lines next to the middle, where coated folds lie when it is empty.
        sac: a part that holds a level: the pouch of a hernia or the wide oesophagus of achalasia.
        narrow_mm: where a fixed narrowing begins and ends, or None.
    """

    line: np.ndarray
    s_mm: np.ndarray
    sphincter_mm: float
    end_mm: float
    wide_mm: np.ndarray
    shape: np.ndarray
    pressed: np.ndarray
    folds: tuple[np.ndarray, ...]
    sac: gut.Lumen | None = None
    narrow_mm: tuple[float, float] | None = None


def make_oesophagus(case: str, body: str) -> Oesophagus:
    """The oesophagus of a case of the procedure."""
    points = {"hiatal-hernia": _HERNIA, "achalasia": _MEGA}.get(case, gut.OESOPHAGUS_POINTS)
    if case == "hiatal-hernia":
        points = (*points, *_POUCH[1:])
    cardia = len(points)
    line = gut.smooth_line((*points, *_STOMACH_WAY), STEP_MM)
    s: FloatArray = STEP_MM * np.arange(len(line), dtype=float)
    end = s[int(np.argmin(np.linalg.norm(line - np.array(points[cardia - 1]), axis=1)))]
    hiatus = s[int(np.argmin(np.linalg.norm(line - np.array(_hiatus(case)), axis=1)))]
    scale = BODY_SCALE[body]
    wide = _wide(case, s, hiatus, end)
    narrow = None
    if case == "stricture":
        narrow = (hiatus - 46.0, hiatus - 14.0)
    if case == "carcinoma":
        narrow = (126.0, 168.0)
    if narrow is not None:
        wide = _narrowed(case, s, wide, narrow)
    return Oesophagus(
        line * scale,
        s,
        float(hiatus),
        float(end),
        wide,
        _shape(s, hiatus),
        _pressed(line, s, end) + (_eaten(s, narrow) if case == "carcinoma" else 0.0),
        tuple(_fold(line, s, k) * scale for k in range(4)),
        _sac(case),
        narrow,
    )


def _hiatus(case: str) -> tuple[float, float, float]:
    """Where the sphincter is: at the diaphragm, or above the pouch."""
    return {"hiatal-hernia": (11, 31, 213), "achalasia": (19, 27, 164)}.get(case, (15, 29, 167))


def _shape(s: FloatArray, hiatus: float) -> FloatArray:
    """Relative width: a little narrower at the top, an ampulla above the sphincter."""
    ampulla = 0.32 * np.exp(-(((s - hiatus + 24.0) / 15.0) ** 2))
    uneven = 0.05 * gut.rough(s[:, None], np.zeros((1, 1)), 48.0, 3)[:, 0]
    return np.interp(s, [0, 12, 40, 400], [0.75, 0.85, 1.0, 1.0]) * (1 + ampulla + uneven)


def _wide(case: str, s: FloatArray, hiatus: float, end: float) -> FloatArray:
    """Greatest radius along the oesophagus, mm."""
    wide = np.interp(s, [0, 8, 30, hiatus - 18], [5.0, 6.5, 9.5, 11.5])
    ring = np.interp(s, [hiatus - 9, hiatus, end, end + 8], [11.5, 6.0, 6.0, 4.0])
    if case == "hiatal-hernia":
        ring = np.interp(s, [hiatus - 9, hiatus, hiatus + 6], [11.5, 8.0, 8.0])
    return np.minimum(wide, ring)


def _narrowed(
    case: str, s: FloatArray, wide: FloatArray, narrow: tuple[float, float]
) -> FloatArray:
    """A peptic stricture tapers smoothly; a carcinoma has shoulders and an eaten-out surface."""
    low, high = narrow
    bent = np.zeros((1, 1))
    if case == "stricture":
        ramp = np.interp(s, [low - 22, low, high, high + 10], [1, 0, 0, 1])
        ramp = ramp * ramp * (3 - 2 * ramp)
        channel = 2.3 + 0.25 * gut.rough(s[:, None], bent, 18.0, 6)[:, 0]
        dilated = 1.0 + 0.28 * np.exp(-(((s - low + 45.0) / 38.0) ** 2))
    else:
        ramp = np.interp(s, [low - 3, low + 1, high - 1, high + 4], [1, 0, 0, 1])
        channel = 2.7 + 0.8 * gut.rough(s[:, None], bent, 17.0, 8)[:, 0]
        channel = channel + 0.5 * gut.rough(s[:, None], bent, 7.0, 9)[:, 0]
        dilated = 1.0 + 0.16 * np.exp(-(((s - low + 30.0) / 30.0) ** 2))
    return np.maximum(wide * dilated * ramp + channel * (1 - ramp), 1.3)


def _eaten(s: np.ndarray, narrow: tuple[float, float] | None) -> np.ndarray:
    """The channel through a carcinoma does not run in the middle, (n, 3) mm."""
    assert narrow is not None
    within = np.clip((s - narrow[0]) / 6.0, 0, 1) * np.clip((narrow[1] - s) / 6.0, 0, 1)
    bent = np.zeros((1, 1))
    aside = [gut.rough(s[:, None], bent, 24.0, seed)[:, 0] for seed in (21, 22)]
    return np.stack([2.3 * within * aside[0], 2.0 * within * aside[1], 0.0 * s], axis=1)


def _pressed(line: FloatArray, s: FloatArray, end: float) -> FloatArray:
    """How far neighbours push the full oesophagus aside, (n, 3) mm."""
    deep = sum(d * np.exp(-(((line[:, 2] - z) / w) ** 2)) for z, w, d in PRESSING_MM)
    moved: FloatArray = -PRESS_DIRECTION * (deep * (s < end))[:, None]
    return moved


def _fold(line: FloatArray, s: FloatArray, number: int) -> FloatArray:
    """One of four winding lines in the furrows between the folds of the empty oesophagus."""
    turn = 2 * np.pi * number / 4 + 0.5 + 0.35 * np.sin(s / 37.0 + number)
    wave = 0.5 * np.sin(s / 13.0 + 2.0 * number)
    apart = 2.7 + wave
    return line + np.stack([apart * np.cos(turn), apart * np.sin(turn), 0 * s], axis=1)


def _sac(case: str) -> gut.Lumen | None:
    """The pouch of a hernia, or the wide oesophagus of achalasia with its beak."""
    if case == "hiatal-hernia":

        def pouch(s: FloatArray, angle: FloatArray) -> FloatArray:
            base = np.interp(
                s, [0, 4, 7, 14, 26, 38, 47, 56, 64], [7.5, 9, 13, 20, 22.5, 18, 10, 7, 2.5]
            )
            ridge = np.maximum(np.sin(7 * angle + 0.5 * gut.rough(s, 0 * angle, 25.0, 4)), 0)
            return base * (1 - 0.07 * ridge + 0.02 * gut.rough(s, angle, 30.0, 5))

        return gut.lumen(_POUCH, pouch, 1.6, 48, towards=(1, 0, 0), flat=0.92)
    if case == "achalasia":

        def mega(s: np.ndarray, angle: np.ndarray) -> np.ndarray:
            base = _MEGA_MM(s)
            rings = 0.035 * gut.rough(s, 0 * angle, 34.0, 14) + 0.03 * gut.rough(s, angle, 60.0, 15)
            return base * (1 + rings)

        return gut.lumen(_MEGA, mega, 2.0, 40, towards=(1, 0, 0), flat=0.95)
    return None
