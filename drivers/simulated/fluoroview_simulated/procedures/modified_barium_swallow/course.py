"""The course of the procedure: which bolus is taken when, and what the pharynx does then.

The patient takes one bolus after another, each in its own turn. All is a function of the time, the
seed, the case and what the operator asked for, so any moment can be asked for on its own.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from fluoroview_simulated.procedures.modified_barium_swallow.airway import Airway, airway_at
from fluoroview_simulated.procedures.modified_barium_swallow.boluses import BOLUSES, Bolus
from fluoroview_simulated.procedures.modified_barium_swallow.faults import FAULTS, Fault
from fluoroview_simulated.procedures.modified_barium_swallow.shape import hump, rise
from fluoroview_simulated.procedures.modified_barium_swallow.turn import (
    ONSET_S,
    TURN_S,
    Turn,
)


def turns_until(
    t_s: float, asked_s: Sequence[float] = (), chosen: Callable[[float], Bolus | None] | None = None
) -> list[Turn]:
    """All turns that start up to `t_s`.

    Args:
        t_s: procedure time.
        asked_s: when the operator asked for a swallow; too early ones count for nothing.
        chosen: what the operator chose at a time, or None for the usual order.
    """
    turns: list[Turn] = []
    start, in_order = 0.0, 0
    while start <= t_s or not turns:
        bolus = chosen(start) if chosen else None
        if bolus is None:
            bolus = BOLUSES[in_order % len(BOLUSES)]
            in_order += 1
        turns.append(Turn(start, len(turns), bolus))
        last = turns[-1]
        start = last.end_s
        k = bisect_right(asked_s, last.free_s - 1e-9)
        if k < len(asked_s) and asked_s[k] < start:
            start = asked_s[k]
    return turns


@dataclass(frozen=True)
class Motion:
    """State of the pharynx at one moment; shares run from 0 (rest) to 1."""

    since_onset_s: float
    turn: int
    bolus: Bolus
    fault: Fault
    velum: float
    hyoid: float
    larynx: float
    closure: float
    epiglottis: float
    reopening: float
    loaded: float
    jaw_mm: float
    chewing: float
    spoon: float
    head_mm: float
    tail_mm: float
    bar_mm: float
    breath: float
    cough: float
    sway_mm: tuple[float, float]
    residue: float
    coat: float
    airway: Airway


def motion_at(
    t_s: float,
    seed: int,
    case: str = "normal",
    turns: Sequence[Turn] | None = None,
    coughs_s: Sequence[float] = (),
) -> Motion:
    """The pharynx at procedure time `t_s` (seconds from the first pulse).

    Args:
        t_s: procedure time.
        seed: chooses the person.
        case: key of FAULTS.
        turns: from `turns_until`; the usual order by default.
        coughs_s: when the operator asked the patient to cough.
    """
    turns = turns or turns_until(t_s)
    now, fault = turns[-1], FAULTS[case]
    bolus = now.bolus
    luck = np.random.default_rng([seed, 101, now.number]).uniform(-1.0, 1.0, 8)
    tau = t_s - now.onset_s - (0.12 * luck[0] if now.number else 0.0)
    # From the moment the bolus is held, thick ones go slower.
    x = tau if tau < -1.0 else -1.0 + (tau + 1.0) * bolus.pace * (1 + 0.06 * luck[1])
    person = np.random.default_rng([seed, 102]).uniform(-1.0, 1.0, 3)
    airway, cough = airway_at(t_s, seed, fault, turns, coughs_s)
    late = fault.closure_late_s
    hyoid = fault.lift * hump(x, -0.06, 0.30, 0.60, 1.10)
    larynx = fault.lift * hump(x, -0.02, 0.34, 0.64, 1.08)
    closure = fault.closure * hump(x, 0.04 + late, 0.24 + late, 0.70, 0.98)
    residue, coat = _left_behind(turns, fault, x, tau)
    quiet = 1.0 - hump(x, -0.3, 0.0, 0.9, 1.4)  # breathing stops while swallowing
    breath = quiet * np.sin(2 * np.pi * t_s / 4.1 + person[0])
    chewing = hump(t_s - now.start_s - ONSET_S, -1.2, -0.9, bolus.chew_s - 1.3, bolus.chew_s - 0.8)
    chewing *= bolus.chew_s > 0.0
    into_turn = t_s - now.start_s - ONSET_S
    return Motion(
        since_onset_s=tau,
        turn=now.number,
        bolus=bolus,
        fault=fault,
        velum=hump(x, -0.30, 0.02, 0.62, 1.0),
        hyoid=hyoid * (1 + 0.08 * luck[3]),
        larynx=max(0.0, larynx * (1 + 0.08 * luck[4]) + 0.10 * cough),
        closure=max(closure, cough),
        epiglottis=fault.tilt * hump(x, 0.10, 0.38, 0.64, 1.0),
        reopening=rise(x, 0.86, 1.15),
        loaded=rise(into_turn, -1.75, -1.25),
        # Opens for the spoon, hangs a little at rest, shuts for the swallow.
        jaw_mm=5.5 * hump(into_turn, -2.1, -1.75, -1.6, -1.25)
        + chewing * 3.1 * (1.0 - np.cos(2 * np.pi * 1.35 * t_s)) / 2
        + 0.5
        + 0.5 * quiet * (1 - chewing) * float(np.sin(0.9 * t_s + person[1]))
        - 2.2 * hump(x, -0.45, -0.1, 0.6, 1.1)
        + 1.5 * cough,
        chewing=chewing,
        spoon=hump(into_turn, -2.3, -1.8, -1.6, -1.2),
        head_mm=float(np.interp(x, *HEAD)),
        tail_mm=float(np.interp(x - _held_up(fault, x), *TAIL)),
        bar_mm=fault.bar_mm * (0.55 + 0.45 * larynx),
        breath=float(breath),
        cough=cough,
        sway_mm=(
            float(0.7 * np.sin(0.83 * t_s + person[2]) + 0.35 * np.sin(2.1 * t_s + 1.0) - cough),
            float(0.6 * np.sin(0.61 * t_s + 2.0) + 0.25 * breath - 0.36 * larynx + 0.8 * cough),
        ),
        residue=residue,
        coat=coat,
        airway=airway,
    )


# Head and tail of the bolus along the way from the incisors, mm against seconds.
HEAD = (
    np.array([-1.7, -1.0, -0.5, -0.30, -0.12, 0.05, 0.20, 0.30, 0.39, 0.52, 0.70, 1.0, 1.4]),
    np.array([22.0, 46.0, 48.0, 55.0, 72.0, 97.0, 124.0, 143.0, 160.0, 188.0, 218.0, 250.0, 264.0]),
)
TAIL = (
    np.array([-1.7, -0.5, -0.25, -0.05, 0.14, 0.32, 0.48, 0.62, 0.76, 0.90, 1.3, 2.0, 3.0, 3.8]),
    np.array(
        [6.0, 8.0, 15.0, 33.0, 58.0, 84.0, 104.0, 125.0, 147.0, 162.0, 178.0, 202.0, 236.0, 270.0]
    ),
)


def _held_up(fault: Fault, x: float) -> float:
    """Seconds by which the tail lags because the way out of the pharynx is narrow."""
    return min(fault.bar_mm / 5.6, 1.0) * 0.42 * rise(x, 0.25, 1.25) * (1 - rise(x, 1.3, 3.0))


def _left_behind(turns: Sequence[Turn], fault: Fault, x: float, tau: float) -> tuple[float, float]:
    """Residue in the pockets and coating of the walls: what earlier swallows left, and this one."""
    before = 0.0
    for turn, following in pairwise(turns[-9:]):
        before = _after(before, turn.bolus, fault) * _fade(following.start_s - turn.onset_s, fault)
    now = turns[-1].bolus
    passed = rise(x, 0.45, 1.0)
    residue = before * (1 - passed) + _after(before, now, fault) * passed * _fade(tau, fault)
    old_coat = 0.45 + 0.55 * _fade(TURN_S - ONSET_S, fault) if len(turns) > 1 else 0.0
    swallowed = rise(x, 0.05, 0.5)
    coat = old_coat * (1 - swallowed) + swallowed * (0.45 + 0.55 * _fade(tau, fault))
    return residue, coat


def _after(before: float, bolus: Bolus, fault: Fault) -> float:
    """Residue just after a swallow: part of the old is washed down."""
    return min(fault.kept * before + bolus.residue * fault.residue, fault.residue_limit)


def _fade(tau: float, fault: Fault) -> float:
    """Share of residue and coat that saliva has not carried off `tau` seconds after onset."""
    return float(np.exp(-max(tau - 1.0, 0.0) / (9.0 if fault.kept < 0.8 else 45.0)))
