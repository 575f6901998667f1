"""The swallow in time."""

import numpy as np
import pytest

from fluoroview_simulated.procedures.modified_barium_swallow.boluses import (
    BOLUSES,
    CRACKER,
    PUDDING,
)
from fluoroview_simulated.procedures.modified_barium_swallow.course import (
    motion_at,
    turns_until,
)
from fluoroview_simulated.procedures.modified_barium_swallow.turn import BUSY_S, ONSET_S, TURN_S


def test_each_turn_brings_the_next_bolus():
    turns = turns_until(1000.0)[: len(BOLUSES) + 1]
    assert [t.bolus for t in turns] == [*BOLUSES, BOLUSES[0]]
    gaps = np.diff([t.start_s for t in turns])
    assert gaps == pytest.approx([TURN_S + b.chew_s for b in BOLUSES])


def test_a_swallow_that_is_asked_for_comes_at_once_when_the_pharynx_is_free():
    too_early, in_time = BUSY_S - 0.1, BUSY_S + 0.5
    assert turns_until(7.9, [too_early])[-1].start_s == 0.0
    assert turns_until(7.9, [in_time])[-1].start_s == in_time
    assert turns_until(8.0 + in_time, [in_time])[-1].start_s == in_time + TURN_S


def test_a_chosen_bolus_comes_instead_of_the_next_one():
    turns = turns_until(20.0, (), lambda t: PUDDING if t >= 8.0 else None)
    assert [t.bolus for t in turns] == [BOLUSES[0], PUDDING, PUDDING]


def test_order_of_a_normal_swallow():
    """Velum before larynx, airway shut before the bolus is there, open again after it."""
    t = np.arange(-1.5, 2.5, 0.01)
    course = [motion_at(ONSET_S + s, seed=1) for s in t]

    def first(condition):
        return t[next(i for i, m in enumerate(course) if condition(m))]

    velum = first(lambda m: m.velum > 0.5)
    larynx = first(lambda m: m.larynx > 0.5)
    shut = first(lambda m: m.closure > 0.5)
    reached = first(lambda m: m.head_mm > 134)  # level of the arytenoids
    sphincter = first(lambda m: m.head_mm > 158)
    left = first(lambda m: m.tail_mm > 158)
    reopened = t[max(i for i, m in enumerate(course) if m.closure > 0.5)]
    assert velum < larynx
    assert shut < reached < sphincter < left
    assert reopened > reached + 0.2
    assert course[-1].closure == 0.0


@pytest.mark.parametrize("case", ["normal", "cricopharyngeal-bar"])
def test_head_stays_before_tail_and_neither_turns_back(case):
    course = [motion_at(ONSET_S + s, seed=1, case=case) for s in np.arange(-1.2, 4.0, 0.02)]
    heads, tails = np.array([m.head_mm for m in course]), np.array([m.tail_mm for m in course])
    assert (np.diff(heads) >= 0).all()
    assert (np.diff(tails) >= 0).all()
    assert (heads[:200] > tails[:200]).all()


@pytest.mark.parametrize("case", ["normal", "aspiration", "residue"])
@pytest.mark.parametrize("turn", range(1, 7))
def test_one_turn_passes_into_the_next_without_a_jump(turn, case):
    start = turns_until(200.0)[turn].start_s
    before, after = (motion_at(start + step, seed=1, case=case) for step in (-1e-6, 1e-6))
    for name in (
        "velum",
        "hyoid",
        "larynx",
        "closure",
        "jaw_mm",
        "spoon",
        "breath",
        "residue",
        "coat",
    ):
        assert getattr(after, name) == pytest.approx(getattr(before, name), abs=0.02), name
    assert after.sway_mm == pytest.approx(before.sway_mm, abs=1e-3)
    assert after.airway.aspirated_ml == pytest.approx(before.airway.aspirated_ml, abs=1e-3)
    assert after.loaded == 0.0
    assert before.tail_mm > 255.0  # the last one has left the field


def test_a_cracker_is_chewed_before_it_is_swallowed():
    turn = next(t for t in turns_until(60.0) if t.bolus is CRACKER)
    jaw = [motion_at(turn.start_s + 3.0 + s, seed=1).jaw_mm for s in np.arange(0, 2.5, 0.05)]
    assert np.sum(np.diff(np.sign(np.diff(jaw))) != 0) >= 5  # opens and shuts
    assert motion_at(turn.onset_s - 0.5, seed=1).head_mm < 60.0
    assert motion_at(turn.onset_s + 1.0, seed=1).tail_mm > 100.0
