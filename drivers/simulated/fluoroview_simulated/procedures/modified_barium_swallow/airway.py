"""Barium in the larynx and the windpipe: how it gets in, how far it runs, what a cough clears."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from fluoroview_simulated.procedures.modified_barium_swallow.faults import Fault
from fluoroview_simulated.procedures.modified_barium_swallow.shape import hump, rise
from fluoroview_simulated.procedures.modified_barium_swallow.turn import Turn

FULL_ML = 0.9
"""Volume of one aspirated portion at full share."""
FALL_MM_S = 46.0
TRICKLE_MM_S = 11.0
"""Speed along the front wall of the windpipe: while it runs, and when it creeps."""


@dataclass(frozen=True)
class Strip:
    """Barium along the front wall of the windpipe: from and to, in mm below the folds."""

    top_mm: float
    front_mm: float
    amount: float


@dataclass(frozen=True)
class Airway:
    """What lies in the airway.

    Attributes:
        vestibule: share of the vestibule's front that is coated and filled, 0 to 1.
        depth: how far down it reaches, 1 is the vocal folds.
        glottis: stream between the folds, 0 to 1.
        strips: what has passed them, from this swallow and earlier ones.
    """

    vestibule: float = 0.0
    depth: float = 0.0
    glottis: float = 0.0
    strips: tuple[Strip, ...] = ()

    @property
    def aspirated_ml(self) -> float:
        """Volume below the folds."""
        return FULL_ML * sum(s.amount for s in self.strips)


def airway_at(
    t_s: float, seed: int, fault: Fault, turns: Sequence[Turn], asked_s: Sequence[float]
) -> tuple[Airway, float]:
    """What lies in the airway at `t_s`, and how strongly the patient coughs just then (0 to 1)."""
    coughs = sorted([*asked_s, *_own_coughs(seed, fault, turns)])
    cough = max((_cough(t_s - c) for c in coughs if 0.0 <= t_s - c < 1.5), default=0.0)
    if fault.enters <= 0.0:
        return Airway(), cough
    strips = []
    vestibule = depth = glottis = 0.0
    for turn in turns[-5:]:
        x = (t_s - turn.onset_s) * turn.bolus.pace
        old = 1.0 - rise(t_s - turn.onset_s, 16.0, 26.0)  # mucus carries it off
        leak = fault.enters * _share(seed, turn) * old
        if x < 0.0 or leak < 0.05:
            continue
        cleared = 1.0 - 0.55 * sum(rise(t_s - c, 0.3, 0.9) for c in coughs if c > turn.onset_s)
        cleared = max(cleared, 0.12)
        through = leak * fault.passes * turn.bolus.thinness
        # Squeezed out again when the vestibule shuts at last; less so where the folds let it by.
        entered = rise(x, 0.20, 0.46)
        expelled = (0.78 - 0.35 * fault.passes) * rise(x, 0.52, 0.86)
        faded = np.exp(-max(x - 1.0, 0.0) / 14.0)
        vestibule += leak * entered * (1.0 - expelled) * faded * (0.4 + 0.6 * cleared)
        depth = max(depth, entered * (0.80 + 0.2 * (fault.passes > 0)) * (leak > 0.08))
        glottis = max(glottis, through * hump(x, 0.30, 0.40, 0.75, 1.3))
        strip = _strip(x, through, cleared)
        if strip is not None:
            strips.append(strip)
    return Airway(min(vestibule, 1.0), depth, glottis, tuple(strips)), cough


def _share(seed: int, turn: Turn) -> float:
    """How much of this bolus leaks: thin ones do, thick ones hardly."""
    luck = float(np.random.default_rng([seed, 103, turn.number]).uniform(-1.0, 1.0))
    size = (turn.bolus.volume_ml / 10.0) ** 0.3
    return float(np.clip(turn.bolus.thinness * size * (1.0 + 0.15 * luck), 0.0, 1.0))


def _strip(x: float, through: float, cleared: float) -> Strip | None:
    """The barium of one swallow in the windpipe, `x` s after onset."""
    since = x - 0.36
    if through < 0.05 or since <= 0.0:
        return None
    front = FALL_MM_S * min(since, 1.1) + TRICKLE_MM_S * max(since - 1.1, 0.0)
    top = max(0.0, 20.0 * (since - 0.9)) if since < 2.4 else 30.0 + 7.0 * (since - 2.4)
    # A cough drives it up again, as far as it clears.
    front *= 0.45 + 0.55 * cleared
    top = min(top, 0.8 * front)
    amount = through * rise(since, 0.0, 0.5) * float(np.exp(-since / 25.0)) * cleared
    return Strip(top, front, amount)


def _own_coughs(seed: int, fault: Fault, turns: Sequence[Turn]) -> list[float]:
    """When the patient coughs unasked: some aspirations are felt, others are silent."""
    coughs = []
    for turn in turns[-4:]:
        luck = float(np.random.default_rng([seed, 104, turn.number]).uniform(-1.0, 1.0))
        felt = turn.number % 2 == 1 or luck > 0.7
        if felt and fault.passes > 0.0 and _share(seed, turn) > 0.3:
            coughs.append(turn.onset_s + 1.9 + 0.3 * luck)
    return coughs


def _cough(since_s: float) -> float:
    """Strength of a cough of two bursts `since_s` after it began."""
    return hump(since_s, 0.0, 0.18, 0.28, 0.42) + 0.7 * hump(since_s, 0.55, 0.68, 0.76, 0.95)
