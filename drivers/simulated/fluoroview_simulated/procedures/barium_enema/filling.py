"""How far barium and air have come: a function of what the operator opened and shut, and when.

All runs in from the rectum in the order in which it was let in, and pushes what is there ahead of
it: behind the front lies a full column, and air that follows drives the column on and leaves a
coat and a pool in each dependent part. Drained barium leaves the rectum first.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

BARIUM_ML_S = 30.0
AIR_ML_S = 42.0
DRAIN_ML_S = 45.0
POOLED = 0.085
BACK_PAST_AIR = 0.66
MAX_AIR = 0.9
"""Share of the volume that air has opened which stays behind as pools."""


@dataclass(frozen=True)
class Filling:
    """The state of the colon, all in ml; places are measured along its capacity from the rectum.

    Attributes:
        let_in_ml, drained_ml, air_ml: totals of barium and air.
        air_end_ml: how far air has come, with the pools behind it.
        column_start_ml, column_end_ml: where the full column of barium lies.
        coated_ml: how far barium has ever been.
        pooled_ml: barium lying in pools where air is.
    """

    let_in_ml: float = 0.0
    drained_ml: float = 0.0
    air_ml: float = 0.0
    air_end_ml: float = 0.0
    column_start_ml: float = 0.0
    column_end_ml: float = 0.0
    coated_ml: float = 0.0
    pooled_ml: float = 0.0


def filling(
    enema: Sequence[tuple[float, bool]],
    drain: Sequence[tuple[float, bool]],
    air: Sequence[tuple[float, bool]],
    t_s: float,
    bag_ml: float,
    capacity_ml: float,
) -> Filling:
    """What the valves, as histories of (time, open), have let through until `t_s`."""
    let_in = drained = blown = 0.0
    now = Filling()
    marks = {t for actions in (enema, drain, air) for t, _ in actions if 0.0 < t < t_s}
    steps = sorted({0.0, t_s, *marks})
    for a, b in pairwise(steps):
        if _open_at(enema, a) and not _open_at(drain, a):
            room = capacity_ml - max(now.column_end_ml, now.air_end_ml)
            let_in += max(min((b - a) * BARIUM_ML_S, bag_ml - let_in, room), 0.0)
        if _open_at(drain, a):
            drained += min((b - a) * DRAIN_ML_S, 0.8 * (let_in - drained))
        if _open_at(air, a):
            blown += max(min((b - a) * AIR_ML_S, MAX_AIR * capacity_ml - blown), 0.0)
        now = _laid(let_in, drained, blown, capacity_ml, now.coated_ml)
    return now


def _laid(let_in: float, drained: float, air: float, capacity: float, coated: float) -> Filling:
    """Where it all lies: column, air with its pools, coat."""
    # While air is blown in, the bag hangs low and some barium comes back past it.
    back = BACK_PAST_AIR * (let_in - drained) * _smooth(air / 400.0)
    held = let_in - drained - back
    # Air bubbles through the column once it is past the left colon and the patient turns.
    pooled = min(held, max(POOLED * air, held * _smooth((air - 450.0) / 500.0)))
    air_end = min(air + pooled, capacity) if air > 0.0 else 0.0
    start = min(max(drained, air_end), capacity)
    end = min(start + held - pooled, capacity)
    coated = max(coated, end, air_end if pooled >= 0.98 * held else 0.0)
    return Filling(let_in, drained + back, air, air_end, start, end, coated, pooled)


def _smooth(share: float) -> float:
    """0 to 1, without corners."""
    t = min(max(share, 0.0), 1.0)
    return t * t * (3 - 2 * t)


def _open_at(history: Sequence[tuple[float, bool]], t_s: float) -> bool:
    """Whether a valve stood open just after `t_s`."""
    state = False
    for t, value in history:
        if t <= t_s:
            state = bool(value)
    return state
