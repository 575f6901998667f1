"""What happens in the stomach when: swallows, gas, waves of the antrum, emptying. Pure functions.

The granules are taken at the start and the first three mouthfuls follow by themselves; each press
of Swallow adds one. Then the patient turns over once, so that the coat becomes complete.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

SIP_ML = 36.0
FIRST_SIPS_S = (1.5, 4.5, 7.5)
PASSAGE_S = 3.2
"""From the lips to the cardia and through it, erect."""
GAS_ML = 420.0
FASTING_GAS_ML = 45.0
ROLLED_S = 13.0
WAVE_EVERY_S = 18.0
FIRST_WAVE_S = 12.0
WAVE_START_MM, WAVE_MM_S = 150.0, 4.6
SPURT_ML = 6.0
BULB_EMPTIES_S = 5.0


@dataclass(frozen=True)
class Moment:
    """The stomach at one moment.

    Attributes:
        barium_ml: barium in the stomach.
        gas: how far it is blown up, 0 to 1.
        coat: how complete the coat is, 0 to 1.
        sips: seconds since each swallow that is still on its way.
        waves: place along the stomach in mm of each contraction.
        bulb: how full the bulb is, 0 to 1.
        spurts: seconds since each spurt that is on its way down the duodenum.
        pylorus: how wide open, 0 to 1.
    """

    barium_ml: float
    gas: float
    coat: float
    sips: tuple[float, ...]
    waves: tuple[float, ...]
    bulb: float
    spurts: tuple[float, ...]
    pylorus: float


def moment(t_s: float, swallows: Sequence[float], rolls: Sequence[float], length: float) -> Moment:
    """The stomach at `t_s`, after swallows and turns of the patient at these times."""
    taken = [*FIRST_SIPS_S, *swallows]
    arrived = sum(_rise((t_s - at - 1.6) / 2.2) for at in taken)
    gas = FASTING_GAS_ML + (GAS_ML - FASTING_GAS_ML) * _rise((t_s - 0.5) / 9.0)
    wet = 0.42 * _rise((t_s - 4.0) / 6.0)
    for at in (ROLLED_S, *rolls):
        wet = wet + (1.0 - wet) * 0.85 * _rise((t_s - at) / 3.0)
    arrivals = _arrivals(t_s, length)
    since = [t_s - at for at in arrivals]
    emptied = SPURT_ML * sum(_rise(s / 1.2) for s in since)
    bulb = sum(_rise(s / 1.2) * (1 - 0.85 * _rise((s - BULB_EMPTIES_S) / 2.0)) for s in since)
    return Moment(
        barium_ml=max(SIP_ML * arrived - emptied, 0.0),
        gas=gas / GAS_ML,
        coat=wet,
        sips=tuple(t_s - at for at in taken if 0.0 <= t_s - at < PASSAGE_S + 3.0),
        waves=_waves(t_s, length),
        bulb=min(bulb, 1.0),
        spurts=tuple(s - BULB_EMPTIES_S for s in since if 0.0 < s - BULB_EMPTIES_S < 40.0),
        pylorus=max([_rise(s / 0.5 + 0.6) * (1 - _rise((s - 1.4) / 0.8)) for s in since] or [0.0]),
    )


def _waves(t_s: float, length: float) -> tuple[float, ...]:
    """Contractions that are on their way to the pylorus, mm along the stomach."""
    first = FIRST_WAVE_S - WAVE_EVERY_S
    number = np.arange(int(max(t_s, 0.0) / WAVE_EVERY_S) + 3)
    at = WAVE_START_MM + (t_s - first - number * WAVE_EVERY_S) * WAVE_MM_S
    return tuple(float(s) for s in at[(at > WAVE_START_MM) & (at < length + 6.0)])


def _arrivals(t_s: float, length: float) -> list[float]:
    """When waves have reached the pylorus and pressed a spurt through it."""
    way = (length - 14.0 - WAVE_START_MM) / WAVE_MM_S
    first = FIRST_WAVE_S - WAVE_EVERY_S + way
    times = first + WAVE_EVERY_S * np.arange(int(max(t_s, 0.0) / WAVE_EVERY_S) + 3)
    return [float(t) for t in times if 8.0 < t <= t_s]


def _rise(share: float) -> float:
    """0 to 1, without corners."""
    t = min(max(share, 0.0), 1.0)
    return t * t * (3 - 2 * t)
