"""The swallow in time."""

import numpy as np
import pytest

from fluoroview_simulated.procedure.course import (
    BOLUSES,
    ONSET_S,
    TURN_S,
    motion_at,
    next_turn_start,
    turn_at,
)


def test_each_turn_brings_the_next_bolus():
    names = [motion_at(k * TURN_S + 1.0, seed=1).bolus.name for k in range(len(BOLUSES) + 1)]
    assert names[: len(BOLUSES)] == [b.name for b in BOLUSES]
    assert names[-1] == names[0]


@pytest.mark.parametrize(
    ("turns_passed", "turn", "following"), [(0.0, 0, 0.0), (0.9, 0, 1.0), (1.1, 1, 2.0)]
)
def test_turns(turns_passed, turn, following):
    assert turn_at(turns_passed * TURN_S) == turn
    assert next_turn_start(turns_passed * TURN_S) == following * TURN_S


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


def test_head_stays_before_tail_and_neither_turns_back():
    course = [motion_at(ONSET_S + s, seed=1) for s in np.arange(-1.2, 4.0, 0.02)]
    heads, tails = np.array([m.head_mm for m in course]), np.array([m.tail_mm for m in course])
    assert (np.diff(heads) >= 0).all()
    assert (np.diff(tails) >= 0).all()
    assert (heads[:200] > tails[:200]).all()


@pytest.mark.parametrize("turn", range(1, 7))
def test_one_turn_passes_into_the_next_without_a_jump(turn):
    before, after = (motion_at(turn * TURN_S + step, seed=1) for step in (-1e-6, 1e-6))
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
    assert after.loaded == 0.0
    assert before.tail_mm > 255.0  # the last one has left the field
