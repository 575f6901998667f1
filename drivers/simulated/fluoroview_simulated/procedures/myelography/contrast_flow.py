"""How contrast flows along the thecal sac when the table or the patient is turned, in seconds.

The thecal sac is a tube. Each part of the contrast makes for where it will rest, faster when it
has to go, and keeps its place in the row; across the tube it lies level at once. Where it is
depends on when the table stood how, and on nothing else.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from fluoroview_simulated.arrays import FloatArray
from fluoroview_simulated.procedures.myelography.thecal_sac import ThecalSac

FOLLOWS_S = 1.8
"""Time in which two thirds of the way are gone."""
SETTLED_S = 8.0 * FOLLOWS_S
TOGETHER_S = 0.2
"""Steps of the table that follow each other faster count as one."""
PARTS = np.linspace(1e-4, 1.0 - 1e-4, 121)
MAX_KEPT = 256
_ACROSS = np.linspace(-1.0, 1.0, 201)
_BELOW = 0.5 + (_ACROSS * np.sqrt(1.0 - _ACROSS**2) + np.arcsin(_ACROSS)) / np.pi
"""Share of an ellipse below a level, which runs from -1 at its bottom to 1 at its top."""


class Running:
    """Contrast in one thecal sac."""

    def __init__(self, thecal_sac: ThecalSac) -> None:
        self._rings = thecal_sac.rings
        self._capacity = thecal_sac.capacity_ml
        self._ends = np.concatenate([[0.0], np.cumsum(thecal_sac.capacity_ml)])
        self._tables: dict[tuple[float, ...], tuple[FloatArray, ...]] = {}
        self._rests: dict[tuple[float, ...], tuple[FloatArray, float]] = {}

    @property
    def middles(self) -> FloatArray:
        """Middle of the thecal sac at each ring, (n, 3) mm."""
        middles: FloatArray = self._rings.mean(axis=1)
        return middles

    def filled(
        self,
        downs: Sequence[tuple[float, FloatArray]],
        volume_ml: float,
        level_mm: float,
        t_s: float,
    ) -> FloatArray:
        """Share of the thecal sac that is filled at each ring, (n,).

        Args:
            downs: from when gravity pointed where in the patient, (3,) each, in order.
            volume_ml: how much contrast there is.
            level_mm: where its level will be at rest.
            t_s: the moment.
        """
        rests = [self._resting(down, volume_ml) for _, down in downs[:-1]]
        rests.append(self._rest(downs[-1][1], level_mm))
        place, held = rests[-1]
        for (before, after), (since, _) in zip(pairwise(rests), downs[1:], strict=True):
            left = float(np.exp(-max(t_s - since, 0.0) / FOLLOWS_S))
            place = place + left * (before[0] - after[0])
            held += left * (before[1] - after[1])
        share = np.interp(self._ends, place, PARTS, left=0.0, right=1.0)
        filled: FloatArray = np.clip(np.diff(share) * held / self._capacity, 0.0, 1.0)
        return filled

    def levels_mm(self, filled: np.ndarray, down: np.ndarray) -> np.ndarray:
        """Height of the level in each ring's place, (n,) mm against gravity."""
        middle, reach, _, _ = self._table(down)
        level = middle + reach * np.interp(filled, _BELOW, _ACROSS)
        return np.where(filled > 0.997, 1e4, np.where(filled < 0.003, -1e4, level))

    def _resting(self, down: np.ndarray, volume_ml: float) -> tuple[FloatArray, float]:
        """`_rest` of a volume, kept for the pulses that follow."""
        _, _, heights, below = self._table(down)
        key = (*np.round(down, 4), volume_ml)
        if key not in self._rests:
            if len(self._rests) > MAX_KEPT:
                self._rests.clear()
            self._rests[key] = self._rest(down, float(np.interp(volume_ml, below, heights)))
        return self._rests[key]

    def _rest(self, down: np.ndarray, level_mm: float) -> tuple[FloatArray, float]:
        """Where parts of the contrast rest below a level: ml of the sac below each, and ml held."""
        middle, reach, _, _ = self._table(down)
        held = self._capacity * _ellipse_below((level_mm - middle) / reach)
        total = np.concatenate([[0.0], np.cumsum(held)]) + 1e-9 * self._ends
        return np.interp(PARTS * total[-1], total, self._ends), float(total[-1])

    def _table(self, down: np.ndarray) -> tuple[FloatArray, ...]:
        """Middle and reach of each ring in height; heights, and ml of the sac below them."""
        key = tuple(np.round(down, 4))
        if key not in self._tables:
            height = -(self._rings @ down)
            middle, reach = height.mean(axis=1), np.maximum(np.ptp(height, axis=1) / 2, 0.05)
            heights = np.linspace((middle - reach).min(), (middle + reach).max(), 160)
            share = _ellipse_below((heights[:, None] - middle) / reach)
            self._tables[key] = middle, reach, heights, share @ self._capacity
        return self._tables[key]


def _ellipse_below(level: FloatArray) -> FloatArray:
    return np.interp(level, _ACROSS, _BELOW)


def turned(
    tilts: Sequence[tuple[float, float]],
    positions: Sequence[tuple[float, str]],
    start: tuple[float, str],
    t_s: float,
) -> list[tuple[float, float, str]]:
    """From when the table stood how, as (since, tilt in degrees, position), still felt at `t_s`.

    Args:
        tilts, positions: histories up to `t_s` as (time, value).
        start: tilt and position before any.
    """
    tilt, position = start
    found = [(-np.inf, tilt, position)]
    actions: list[tuple[float, float | None, str | None]] = [
        *((t, value, None) for t, value in tilts),
        *((t, None, name) for t, name in positions),
    ]
    for t, new_tilt, new_position in sorted(actions, key=lambda act: act[0]):
        tilt = tilt if new_tilt is None else new_tilt
        position = position if new_position is None else new_position
        since = -np.inf if t <= max(t_s - SETTLED_S, 0.0) else t
        if since - found[-1][0] < TOGETHER_S or since == found[-1][0]:
            since = found.pop()[0]
        found.append((since, tilt, position))
    return found
