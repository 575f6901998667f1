"""Hysterosalpingography: where the contrast goes, and that each case shows its finding."""

import numpy as np
import pytest

from fluoroview_simulated.anatomy.view import View
from fluoroview_simulated.procedures import find, make
from fluoroview_simulated.procedures.base import RefusedActionError
from fluoroview_simulated.procedures.hysterosalpingography.filling import (
    Tube,
    filling,
    given_ml,
)
from fluoroview_simulated.procedures.hysterosalpingography.info import SYRINGE_ML
from fluoroview_simulated.render.canvas import Canvas, ViewLayers

NAME = "hysterosalpingography"
CASES = [c.name for c in find(NAME).info.cases]


def patient(case, *actions):
    made = make(NAME, case)
    for t, control, value in actions or made.info.gallery_actions:
        made.actions.record(t, control, value)
    return made


def drawn(procedure, t_s):
    seen = View(procedure.info.geometry)
    layers = ViewLayers(seen)
    procedure.layers(seen, layers)
    canvas = Canvas()
    canvas.begin(layers, t_s)
    procedure.draw(t_s, canvas)
    return canvas


def around(canvas, x, y, z, mm=5.0):
    """Contrast about a place."""
    ((column, row),) = canvas.view.cells(np.array([[x, y, z]], float), 512)[0]
    r, c, n = round(row), round(column), round(mm / canvas.cell_mm)
    return float(canvas.contrast[r - n : r + n, c - n : c + n].mean())


def test_the_plunger_gives_what_its_rate_states():
    plunger = [(1.0, True), (3.0, False), (6.0, True)]
    rates = [(0.0, 0.5), (7.0, 1.5)]
    assert given_ml(plunger, rates, 20.0, 5.0) == pytest.approx(1.0)
    assert given_ml(plunger, rates, 20.0, 8.0) == pytest.approx(1.0 + 0.5 + 1.5)
    assert given_ml(plunger, rates, 1.5, 80.0) == 1.5
    assert given_ml([], rates, 20.0, 80.0) == 0.0


@pytest.mark.parametrize("given", [0.0, 1.0, 3.5, 8.0, 20.0])
@pytest.mark.parametrize(
    ("left", "right"),
    [
        (Tube(0.8), Tube(0.9)),
        (Tube(4.0, opens=False), Tube(0.9)),
        (Tube(0.8), Tube(0.9, patent=False)),
        (Tube(4.0, opens=False), Tube(0.9, patent=False)),
    ],
)
def test_nothing_is_lost(given, left, right):
    f = filling(given, 4.0, left, right)
    total = f.cavity_ml + sum(f.uterine_tubes_ml) + sum(f.spilled_ml) + f.back_ml
    assert total == pytest.approx(given, abs=1e-9)
    assert f.uterine_tubes_ml[0] <= left.capacity_ml + 1e-9
    if not right.patent:
        assert f.uterine_tubes_ml[1] == f.spilled_ml[1] == 0.0
    if not left.opens:
        assert f.spilled_ml[0] == 0.0


def test_what_finds_no_way_runs_back():
    shut = filling(12.0, 4.0, Tube(3.0, opens=False), Tube(1.0, patent=False))
    assert shut.back_ml == pytest.approx(5.0)
    assert filling(12.0, 4.0, Tube(1.0), Tube(1.0)).back_ml == 0.0


@pytest.mark.parametrize(
    ("case", "left", "right"),
    [("normal", True, True), ("septum", True, True), ("blocked-tube", False, True),
     ("cornual-block", True, False)],
)  # fmt: skip
def test_each_case_spills_on_the_sides_that_are_open(case, left, right):
    end = patient(case).truth(24.0)
    assert (end["spilled_left_ml"] > 0.5) == left
    assert (end["spilled_right_ml"] > 0.5) == right


def test_the_cavity_fills_from_the_os_before_the_tubes():
    p = patient("normal")
    early, late = drawn(p, 3.5), drawn(p, 12.0)
    assert around(early, 0, 8, -185) > 0.2
    assert around(early, 0, -14, -155) < 0.05
    assert around(late, 0, -14, -156) > 0.3
    assert around(early, 58, 8, -152) == 0.0
    assert around(late, 58, 8, -152, 9.0) > 0.05


def test_a_blocked_horn_shows_no_tube():
    canvas = drawn(patient("cornual-block"), 20.0)
    assert around(canvas, 40, -6, -149) > 0.02
    assert around(canvas, -40, -6, -149) == 0.0


def test_a_septum_parts_the_cavity():
    plain, parted = (drawn(patient(case), 20.0) for case in ("normal", "septum"))
    assert around(plain, 0, -10, -160, 2.5) > 0.5
    assert around(parted, 0, -10, -160, 2.5) < 0.1 * around(plain, 0, -10, -160, 2.5)
    assert around(parted, 14, -11, -158, 3.0) > 0.2


def test_a_hydrosalpinx_is_wide_and_keeps_its_contrast():
    normal, closed = (patient(c) for c in ("normal", "blocked-tube"))
    assert closed.shapes["left"].radius_mm.max() > 1.6 * normal.shapes["left"].radius_mm.max()
    assert closed.truth(24.0)["tube_left_ml"] > 2.0 * normal.truth(24.0)["tube_left_ml"]


def test_the_spill_holds_the_iodine_that_was_spilled():
    p = patient("normal")
    before, after = 16.0, 30.0
    spilled = [
        sum(p.truth(t)[f"spilled_{s}_ml"] for s in ("left", "right")) for t in (before, after)
    ]
    sums = []
    for t in (before, after):
        canvas = drawn(p, t)
        sums.append(float(canvas.contrast.sum()) * canvas.cell_mm**2 / 1e3)
    assert spilled[1] > spilled[0] + 3.0
    assert sums[1] - sums[0] == pytest.approx(0.30 * (spilled[1] - spilled[0]), rel=0.15)


def test_cannula_and_forceps_are_steel():
    canvas = drawn(patient("normal"), 0.5)
    assert canvas.metal.max() > 1.5
    assert not canvas.contrast.any()


@pytest.mark.parametrize("case", CASES)
def test_a_moment_is_the_same_in_any_order(case):
    p = patient(case)
    first = drawn(p, 15.0).contrast.copy()
    drawn(p, 25.0)
    assert np.array_equal(drawn(p, 15.0).contrast, first)
    assert p.status(15.0)


def test_an_empty_syringe_is_refused():
    p = patient("normal")
    end = 1.0 + SYRINGE_ML / 0.5 + 1.0
    with pytest.raises(RefusedActionError, check=lambda e: e.code == "FV-SIM-028"):
        p.check("Inject", True, end)
    assert p.check("Inject", True, 5.0) is True
