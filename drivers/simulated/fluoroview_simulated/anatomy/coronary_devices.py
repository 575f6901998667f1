"""What is brought into a coronary artery: the preshaped catheter, the wire, the balloon."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from fluoroview_simulated.anatomy.coronary_tree import LEFT_OSTIUM, RIGHT_OSTIUM
from fluoroview_simulated.anatomy.vessels import smooth_line
from fluoroview_simulated.arrays import FloatArray

AORTA = np.array(
    [
        (4, -14, 232), (-14, -34, 258), (-14, -34, 285), (-4, -18, 307), (12, 6, 313),
        (25, 32, 303), (27, 46, 280), (24, 50, 250), (20, 50, 200),
        (14, 44, 150), (8, 32, 110), (6, 24, 80),
    ],
    float,
)  # fmt: skip
"""Middle of the aorta from its root to the abdomen."""
ROOT_AXIS = np.array([-0.2, -0.22, 0.95])
CATHETER_RADIUS_MM = 1.0
"""6 French."""
DEEPEST_MM = 5.0
"""How far past the ostium a tip may go before it closes the vessel."""

_UP = [(6, 26, 70), (11, 37, 110), (19, 49, 180), (23, 52, 245), (27, 47, 282), (23, 29, 308)]
_OVER = [(8, 2, 319), (-7, -21, 314)]
_DOWN_LEFT = [(-19, -38, 295), (-25, -43, 274), (-23, -40, 258), (-12, -29, 246), (0, -20, 245)]
_DOWN_RIGHT = [(-10, -26, 297), (-6, -24, 276), (-4, -25, 258), (-7, -31, 247), (-12, -38, 243.5)]
TURN_DEG = {"left": 0.0, "right": 60.0}
"""Rotation at which each catheter points to its ostium."""


@lru_cache(maxsize=512)
def catheter(side: str, depth_mm: float, rotation_deg: float) -> np.ndarray:
    """A JL4 (side "left") or JR4 ("right") catheter from the groin to its tip, (k, 3).

    Args:
        depth_mm: of the tip past the ostium; negative is above it, in the aorta.
        rotation_deg: clockwise seen from the hub.
    """
    ostium = LEFT_OSTIUM if side == "left" else RIGHT_OSTIUM
    down = np.array(_DOWN_LEFT if side == "left" else _DOWN_RIGHT, float)
    into = ostium - down[-1]
    into /= np.linalg.norm(into)
    tip = ostium + into * np.clip(depth_mm, -6.0, DEEPEST_MM + 1.0)
    low = np.concatenate([down, [tip]])
    share = np.linspace(0.25, 1.0, len(low))[:, None]
    low = low + ROOT_AXIS * max(-depth_mm - 2.0, 0.0) * share
    # In the ostium the tip is held, whatever the hub does within reason.
    held = 40.0 if engaged(side, depth_mm, rotation_deg) else 0.0
    turned = rotation_deg - TURN_DEG[side]
    off = np.deg2rad(np.sign(turned) * max(abs(turned) - held, 0.0))
    low = _spun(low, off * share[:, 0])
    line, _ = smooth_line(np.concatenate([_UP, _OVER, low]), 3.0)
    return line


def _spun(points: FloatArray, angle: FloatArray) -> FloatArray:
    """Points turned about the axis of the ascending aorta by their own angles."""
    k = ROOT_AXIS / np.linalg.norm(ROOT_AXIS)
    origin = np.array([-14.0, -33.0, 270.0])
    v = points - origin
    cos, sin = np.cos(angle)[:, None], np.sin(angle)[:, None]
    along: FloatArray = (v @ k)[:, None] * k
    spun: FloatArray = origin + along + (v - along) * cos + np.cross(k, v) * sin
    return spun


def engaged(side: str, depth_mm: float, rotation_deg: float) -> bool:
    """Whether the tip lies in the ostium."""
    off = (rotation_deg - TURN_DEG[side] + 180.0) % 360.0 - 180.0
    return depth_mm > -2.0 and abs(off) < 40.0


@dataclass(frozen=True)
class Inflation:
    """What the balloon has done up to a moment.

    Attributes:
        pressure: 0 empty … 1 nominal.
        pressed_s: how long it has stood at high pressure in the lesion.
    """

    pressure: float
    pressed_s: float

    @property
    def opened(self) -> float:
        """Share of the stenosis that has yielded."""
        return float(0.86 * (1.0 - np.exp(-self.pressed_s / 0.8)))


FILL_S, EMPTY_S, HIGH = 3.0, 1.4, 0.6


def inflation(switches: Sequence[tuple[float, bool, float]], t_s: float) -> Inflation:
    """The balloon's state at `t_s`.

    `switches`: time, whether it is inflated from then on, and its distance from the lesion in mm.
    """
    pressure, pressed, on, since, off_mm = 0.0, 0.0, False, 0.0, 0.0
    for when, next_on, next_off_mm in [*switches, (t_s, False, 0.0)]:
        gone = max(min(when, t_s) - since, 0.0)
        if on:
            if abs(off_mm) < 7.0:
                pressed += max(gone - max(HIGH - pressure, 0.0) * FILL_S, 0.0)
            pressure = min(pressure + gone / FILL_S, 1.0)
        else:
            pressure = max(pressure - gone / EMPTY_S, 0.0)
        on, since, off_mm = next_on, when, next_off_mm
    return Inflation(pressure, pressed)
