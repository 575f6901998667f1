"""What goes over a wire into an artery of the leg: wire, balloon, self-expanding stent.

All lie on a line by their distance from its start; the state of balloon and lesion is a function of
the history of what the operator did.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from fluoroview_simulated.render.canvas import Canvas

FILL_S, EMPTY_S = 1.2, 0.6
"""Inflation to full pressure and back."""
BALLOON_MM, BALLOON_RADIUS_MM = 40.0, 2.6
DILUTE_G_CM3 = 0.18
STENT_MM, STENT_RADIUS_MM, CRIMPED_MM = 60.0, 3.3, 0.8
STRUT_RADIUS_MM = 0.15
NITINOL = 0.75
WIRES = 7
CELL_TURN_MM = 40.0
"""Length over which a strut goes once around."""
MARKER = 2.4
"""Platinum or tantalum against steel."""


class Line:
    """A smooth line by its length, with a frame across it that does not twist."""

    def __init__(self, points: np.ndarray) -> None:
        self.points = np.asarray(points, float)
        step = np.linalg.norm(np.diff(self.points, axis=0), axis=1)
        self.along = np.concatenate([[0.0], np.cumsum(step)])
        tangent = np.gradient(self.points, axis=0)
        tangent /= np.linalg.norm(tangent, axis=1, keepdims=True)
        side = np.cross(tangent, (0.0, 1.0, 0.0))
        self.side = side / np.linalg.norm(side, axis=1, keepdims=True)
        self.up = np.cross(tangent, self.side)

    def at(self, s: np.ndarray | float, aside: np.ndarray | float = 0.0) -> np.ndarray:
        """Points at lengths `s` (n,), moved across by `aside` towards the line's side."""
        s = np.atleast_1d(s)
        across = np.broadcast_to(aside, s.shape)[:, None] * self._of(self.side, s)
        return np.asarray(self._of(self.points, s) + across)

    def around(self, s: np.ndarray, radius: np.ndarray, angle: np.ndarray) -> np.ndarray:
        """Points on a tube about the line."""
        side, up = self._of(self.side, s), self._of(self.up, s)
        ring = np.cos(angle)[:, None] * side + np.sin(angle)[:, None] * up
        return np.asarray(self._of(self.points, s) + radius[:, None] * ring)

    def _of(self, values: np.ndarray, s: np.ndarray) -> np.ndarray:
        return np.stack([np.interp(s, self.along, values[:, k]) for k in range(3)], axis=1)


@dataclass(frozen=True)
class Inflation:
    """The balloon at a moment: pressure 0 to 1, and for how long it has pressed on the lesion."""

    pressure: float
    pressed_s: float


def inflation(switches: Sequence[tuple[float, bool, bool]], t_s: float) -> Inflation:
    """State at `t_s` from (time, whether inflated from then on, whether it lies in the lesion)."""
    pressure, pressed, on, inside, since = 0.0, 0.0, False, False, 0.0
    for when, next_on, next_inside in [*switches, (t_s, False, False)]:
        gone = max(min(when, t_s) - since, 0.0)
        if on:
            if inside:
                pressed += max(gone - max(0.6 - pressure, 0.0) * FILL_S, 0.0)
            pressure = min(pressure + gone / FILL_S, 1.0)
        else:
            pressure = max(pressure - gone / EMPTY_S, 0.0)
        on, inside, since = next_on, next_inside, when
    return Inflation(pressure, pressed)


def draw_wire(canvas: Canvas, line: Line, start: float, tip: float, scale: float) -> None:
    """A 0.035 inch guide wire: dense core, brighter floppy tip with a small J."""
    s = np.arange(start, max(tip - 5.0, start + 1.0), 1.5)
    points = line.at(s)
    end, ahead = points[-1], points[-1] - points[-2]
    ahead /= np.linalg.norm(ahead)
    aside = line.side[int(np.searchsorted(line.along, s[-1]) - 1)]
    turn = np.linspace(0.1, 2.6, 9)[:, None]
    curl = end + 2.6 * (np.sin(turn) * ahead + (1 - np.cos(turn)) * aside)
    points = np.concatenate([points, curl]) * scale
    canvas.tube(points, 0.42, 0.85, "metal")
    canvas.tube(points[-24:], 0.44, 0.7, "metal")


def draw_shaft(canvas: Canvas, line: Line, start: float, end: float, radius: float, scale: float,
               metal: float = 0.03) -> None:  # fmt: skip
    """A catheter's shaft of faintly radio-opaque plastic."""
    if end > start + 1.0:
        canvas.tube(line.at(np.arange(start, end, 2.0)) * scale, radius, metal, "metal")


def draw_marker(canvas: Canvas, line: Line, s: float, radius: float, scale: float) -> None:
    """A ring of platinum."""
    canvas.tube(line.at(np.array([s - 0.6, s + 0.6])) * scale, radius, MARKER * 0.5, "metal")


def draw_balloon(
    canvas: Canvas, line: Line, middle: float, pressure: float, room: np.ndarray, scale: float
) -> None:
    """Dilute contrast in a balloon that the lumen's `room` (radii on its length) holds in."""
    x = np.linspace(-BALLOON_MM / 2, BALLOON_MM / 2, len(room))
    ends = np.sqrt(np.clip(1.0 - (np.abs(x) / x[-1]) ** 10, 0.03, 1.0))
    free = 0.5 + (BALLOON_RADIUS_MM - 0.5) * min(1.0, 1.25 * pressure)
    radius = np.minimum(free, room) * ends
    amount = DILUTE_G_CM3 * min(1.0, 3.0 * pressure)
    canvas.tube(line.at(middle + x) * scale, radius * scale, amount, "contrast")


def draw_stent(canvas: Canvas, line: Line, top: float, radius_at: np.ndarray, scale: float) -> None:
    """The mesh of a stent from `top` downward; `radius_at` are radii on its whole length."""
    s = np.linspace(top, top + STENT_MM, 64)
    radius = np.interp(s, np.linspace(top, top + STENT_MM, len(radius_at)), radius_at)
    turn = 2 * np.pi * (s - top) / CELL_TURN_MM
    for way in (1.0, -1.0):
        struts, amounts = [], []
        for k in range(WIRES):
            # Struts bow a little between their crossings, as laser-cut cells do.
            phase = 2 * np.pi * k / WIRES
            bow = 0.10 * np.sin(turn * 2 * WIRES)
            struts.append(line.around(s, radius, phase + way * (turn + bow)))
            amount = np.full(len(s), NITINOL)
            amount[[0, -1]] = 0.0
            amounts.append(amount)
        points = np.concatenate(struts) * scale
        canvas.tube(points, STRUT_RADIUS_MM, np.concatenate(amounts), "metal")
    for end, r in ((s[0], radius[0]), (s[-1], radius[-1])):
        for k in range(4):
            angle = np.full(2, 2 * np.pi * k / 4 + 0.4)
            place = line.around(np.array([end - 0.5, end + 0.5]), np.full(2, r), angle)
            canvas.tube(place * scale, 0.32, MARKER * 0.7, "metal")
