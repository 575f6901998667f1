"""The course of the examination: which bolus is taken when, and what the throat does then.

The patient takes one bolus after another, each from its own turn of `TURN_S` seconds. All is a
function of the procedure's time and the seed, so any moment can be asked for on its own.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

TURN_S = 8.0
"""From the start of one swallow's turn to the next."""
ONSET_S = 2.7
"""From the start of a turn to the moment when the bolus passes the angle of the jaw."""


@dataclass(frozen=True)
class Bolus:
    """What is swallowed. `barium_g_cm3` is the weight per volume (0.40 is 40 % w/v)."""

    name: str
    volume_ml: float
    barium_g_cm3: float
    pace: float
    residue: float


BOLUSES = (
    Bolus("thin liquid, 5 ml", 5.0, 0.24, 1.0, 0.35),
    Bolus("thin liquid, 10 ml", 10.0, 0.24, 1.0, 0.45),
    Bolus("nectar-thick, 10 ml", 10.0, 0.28, 0.92, 0.6),
    Bolus("thin liquid, sip of 15 ml", 15.0, 0.24, 1.05, 0.5),
    Bolus("honey-thick, 5 ml", 5.0, 0.32, 0.85, 0.9),
    Bolus("pudding, 5 ml", 5.0, 0.36, 0.78, 1.1),
)


@dataclass(frozen=True)
class Motion:
    """State of the throat at one moment; shares run from 0 (rest) to 1."""

    since_onset_s: float
    turn: int
    bolus: Bolus
    velum: float
    hyoid: float
    larynx: float
    closure: float
    epiglottis: float
    reopening: float
    loaded: float
    jaw_mm: float
    spoon: float
    head_mm: float
    tail_mm: float
    breath: float
    sway_mm: tuple[float, float]
    residue: float
    coat: float


def turn_at(t_s: float) -> int:
    """Number of the swallow whose turn it is at `t_s`."""
    return max(0, int(np.floor(t_s / TURN_S)))


def next_turn_start(t_s: float) -> float:
    """Procedure time at which the next bolus is taken."""
    return float(np.ceil(t_s / TURN_S) * TURN_S)


def motion_at(t_s: float, seed: int) -> Motion:
    """The throat at procedure time `t_s` (seconds from the first pulse)."""
    turn = turn_at(t_s)
    luck = np.random.default_rng([seed, 101, turn]).uniform(-1.0, 1.0, 8)
    bolus = BOLUSES[turn % len(BOLUSES)]
    tau = t_s - turn * TURN_S - ONSET_S - (0.12 * luck[0] if turn else 0.0)
    # From the moment the bolus is held, thick ones go slower.
    x = tau if tau < -1.0 else -1.0 + (tau + 1.0) * bolus.pace * (1 + 0.06 * luck[1])
    person = np.random.default_rng([seed, 102]).uniform(-1.0, 1.0, 3)
    hyoid = _hump(x, -0.06, 0.30, 0.60, 1.10)
    larynx = _hump(x, -0.02, 0.34, 0.64, 1.08)
    residue, coat = _left_behind(turn, x, tau)
    quiet = 1.0 - _hump(x, -0.3, 0.0, 0.9, 1.4)  # breathing stops while swallowing
    breath = quiet * np.sin(2 * np.pi * t_s / 4.1 + person[0])
    return Motion(
        since_onset_s=tau,
        turn=turn,
        bolus=bolus,
        velum=_hump(x, -0.30, 0.02, 0.62, 1.0),
        hyoid=hyoid * (1 + 0.08 * luck[3]),
        larynx=larynx * (1 + 0.08 * luck[4]),
        closure=_hump(x, 0.04, 0.24, 0.70, 0.98),
        epiglottis=_hump(x, 0.10, 0.38, 0.64, 1.0),
        reopening=_rise(x, 0.86, 1.15),
        loaded=_rise(x, -1.75, -1.25),
        # Opens for the spoon, hangs a little at rest, shuts for the swallow.
        jaw_mm=5.5 * _hump(x, -2.1, -1.75, -1.6, -1.25)
        + 0.5
        + 0.5 * quiet * float(np.sin(0.9 * t_s + person[1]))
        - 2.2 * _hump(x, -0.45, -0.1, 0.6, 1.1),
        spoon=_hump(x, -2.3, -1.8, -1.6, -1.2),
        head_mm=float(np.interp(x, HEAD[0], HEAD[1])),
        tail_mm=float(np.interp(x, TAIL[0], TAIL[1])),
        breath=float(breath),
        sway_mm=(
            float(0.7 * np.sin(0.83 * t_s + person[2]) + 0.35 * np.sin(2.1 * t_s + 1.0)),
            float(0.6 * np.sin(0.61 * t_s + 2.0) + 0.25 * breath - 0.9 * larynx * 0.4),
        ),
        residue=residue,
        coat=coat,
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


def _rise(x: float, start: float, end: float) -> float:
    """Smooth step from 0 to 1 between `start` and `end`."""
    t = min(max((x - start) / (end - start), 0.0), 1.0)
    return t * t * t * (t * (6 * t - 15) + 10)


def _hump(x: float, start: float, top: float, hold: float, end: float) -> float:
    """Rises from `start` to `top`, stays until `hold`, is back at `end`."""
    return _rise(x, start, top) * (1.0 - _rise(x, hold, end))


def _left_behind(turn: int, x: float, tau: float) -> tuple[float, float]:
    """Residue in the pockets and coating of the walls: what earlier swallows left, and this one."""
    before = 0.0
    for k in range(max(0, turn - 8), turn):
        before = _after(before, k) * _fade(TURN_S - ONSET_S)
    passed = _rise(x, 0.45, 1.0)
    residue = before * (1 - passed) + _after(before, turn) * passed * _fade(tau)
    old_coat = 0.45 + 0.55 * _fade(TURN_S - ONSET_S) if turn else 0.0
    swallowed = _rise(x, 0.05, 0.5)
    coat = old_coat * (1 - swallowed) + swallowed * (0.45 + 0.55 * _fade(tau))
    return residue, coat


def _after(before: float, turn: int) -> float:
    """Residue just after the swallow of `turn`: half of the old is washed down."""
    return min(0.5 * before + BOLUSES[turn % len(BOLUSES)].residue, 1.6)


def _fade(tau: float) -> float:
    """Share of residue and coat that saliva has not carried off `tau` seconds after onset."""
    return float(np.exp(-max(tau - 1.0, 0.0) / 9.0))
