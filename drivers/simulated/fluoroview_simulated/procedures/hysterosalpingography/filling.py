"""Where the contrast has gone: cavity, uterine tubes, peritoneum, back along the cannula; in ml."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

TO_UTERINE_TUBES = 0.62
"""Share of the cavity that is full when contrast reaches the cornua and enters the tubes."""


@dataclass(frozen=True)
class Tube:
    """How one tube takes contrast.

    Attributes:
        capacity_ml: of its lumen.
        opens: whether its far end is open.
        patent: whether its horn lets anything in.
    """

    capacity_ml: float
    opens: bool = True
    patent: bool = True


@dataclass(frozen=True)
class Filling:
    """All in ml; (left, right)."""

    given_ml: float
    cavity_ml: float
    uterine_tubes_ml: tuple[float, float]
    spilled_ml: tuple[float, float]
    back_ml: float


def given_ml(
    plunger: Sequence[tuple[float, bool]],
    rates: Sequence[tuple[float, float]],
    syringe: float,
    t_s: float,
) -> float:
    """What has left the syringe by `t_s`: it runs at the rate set, while the plunger is pressed.

    Both are histories of (time, value); the first rate holds from the beginning.
    """
    marks = sorted({0.0, t_s, *(t for t, _ in (*plunger, *rates) if 0.0 < t < t_s)})
    total, pressed, rate = 0.0, False, rates[0][1]
    for a, b in pairwise(marks):
        pressed = next((v for t, v in reversed(plunger) if t <= a), False)
        rate = next((v for t, v in reversed(rates) if t <= a), rate)
        total += (b - a) * rate * pressed
    return min(total, syringe)


def filling(given: float, cavity_ml: float, left: Tube, right: Tube) -> Filling:
    """Shares out a volume: first up to the horns, then into the cavity and what is open to it.

    An open tube that is full goes on taking its share and spills it; when nothing takes any more,
    the rest runs back along the cannula.
    """
    first = min(given, TO_UTERINE_TUBES * cavity_ml)
    uterine_tubes = (left, right)
    rooms = [(1.0 - TO_UTERINE_TUBES) * cavity_ml]
    rooms += [np.inf if t.opens and t.patent else t.capacity_ml * t.patent for t in uterine_tubes]
    taken, back = _shared(given - first, rooms, [1.2, 1.0, 1.0])
    held = [min(v, t.capacity_ml) for v, t in zip(taken[1:], uterine_tubes, strict=True)]
    spilled = [v - h for v, h in zip(taken[1:], held, strict=True)]
    return Filling(given, first + taken[0], (held[0], held[1]), (spilled[0], spilled[1]), back)


def _shared(volume: float, rooms: list[float], pull: list[float]) -> tuple[list[float], float]:
    """Fills rooms at rates in the ratio of `pull`; returns what each took and what found none."""
    taken = [0.0] * len(rooms)
    for _ in rooms:
        open_ = [i for i, room in enumerate(rooms) if room - taken[i] > 1e-9]
        if not open_ or volume <= 1e-9:
            break
        total = sum(pull[i] for i in open_)
        step = min([volume, *((rooms[i] - taken[i]) * total / pull[i] for i in open_)])
        for i in open_:
            taken[i] += step * pull[i] / total
        volume -= step
    return taken, max(volume, 0.0)
