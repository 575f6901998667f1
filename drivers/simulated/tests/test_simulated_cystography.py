"""Cystography: volumes that add up, reflux as graded, and contrast drawn as much as there is."""

import numpy as np
import pytest

from fluoroview_simulated.anatomy.view import View
from fluoroview_simulated.procedures import find, make
from fluoroview_simulated.procedures.base import RefusedActionError
from fluoroview_simulated.procedures.cystography.shape import BladderShape, UpperTract
from fluoroview_simulated.render.canvas import Canvas, ViewLayers

VOIDING, ADULT = "voiding-cystourethrography", "cystography"
DRAINED = ((0, "Fill", True), (16, "Fill", False), (16, "Drain", True))
ALL = [(name, c.name) for name in (VOIDING, ADULT) for c in find(name).info.cases]


def patient(name, case, *actions):
    made = make(name, case)
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


def grams(canvas):
    """Iodine in the image; the magnification about the isocentre is near one."""
    return float(canvas.contrast.sum()) * canvas.cell_mm**2 / 1e3


@pytest.mark.parametrize(("name", "case"), ALL)
def test_nothing_is_lost(name, case):
    p = patient(name, case, (0, "Fill", True), (20, "Void", None), (70, "Fill", True))
    start = p.truth(0.0)["bladder_ml"]
    for t in (5.0, 19.0, 23.0, 50.0, 75.0):
        s = p.truth(t)
        there = sum(
            s[k]
            for k in (
                "bladder_ml", "voided_ml", "drained_ml", "reflux_left_ml", "reflux_right_ml",
                "diverticulum_ml", "leaked_ml",
            )
        )  # fmt: skip
        assert there == pytest.approx(start + s["infused_ml"], abs=1e-6)
        assert min(s.values()) >= 0.0


def test_the_drip_stops_at_capacity_and_follows_its_rate():
    p = patient(VOIDING, "normal", (0, "Fill", True), (5, "FillRate", 15.0))
    first = p.truth(4.0)["infused_ml"]
    assert first == pytest.approx(30 / 60 * 20 * 4.0, rel=0.03)
    assert p.truth(8.0)["infused_ml"] - p.truth(6.0)["infused_ml"] == pytest.approx(10, rel=0.02)
    assert p.truth(60.0)["bladder_ml"] == pytest.approx(180.0, abs=2.0)


def test_a_normal_child_voids_all_but_a_few_ml_without_reflux():
    p = patient(VOIDING, "normal")
    assert p.truth(24.0)["urine_flow_ml_s"] > 8.0
    end = p.truth(60.0)
    assert end["urine_flow_ml_s"] == 0.0
    assert end["bladder_ml"] < 5.0
    assert end["reflux_left_ml"] == end["reflux_right_ml"] == 0.0


@pytest.mark.parametrize(
    ("case", "side", "filling", "voiding"),
    [("reflux-2", "left", False, True), ("reflux-3", "left", False, True),
     ("reflux-4", "right", True, True), ("reflux-5", "left", True, True)],
)  # fmt: skip
def test_low_grades_reflux_on_voiding_high_ones_while_filling(case, side, filling, voiding):
    p = patient(VOIDING, case)
    assert (p.truth(17.5)[f"reflux_{side}_ml"] > 0.5) == filling
    assert (p.truth(25.0)[f"reflux_{side}_ml"] > 0.5) == voiding


def test_refluxed_volume_runs_back_after_voiding():
    p = patient(VOIDING, "reflux-2")
    most = max(p.truth(t)["reflux_left_ml"] for t in np.arange(20.0, 40.0, 1.0))
    assert p.truth(70.0)["reflux_left_ml"] < 0.3 * most


def test_each_grade_is_wider_than_the_one_before():
    tracts = [UpperTract(1, g, 1.0) for g in (1, 2, 3, 4, 5)]
    assert np.all(np.diff([t.capacity_ml for t in tracts]) > 0)
    winding = [np.abs(np.diff(t.ureter[:, 0], 2)).sum() for t in tracts]
    assert winding[4] > winding[3] > winding[1]


def test_the_right_kidney_lies_lower():
    left, right = (UpperTract(side, 4, 1.0) for side in (1, -1))
    assert right.calyces.vertices[:, 2].mean() < left.calyces.vertices[:, 2].mean() - 10
    assert right.calyces.vertices[:, 0].max() < 0 < left.calyces.vertices[:, 0].min()
    assert right.calyces.volume_ml == pytest.approx(left.calyces.volume_ml, rel=0.01)


@pytest.mark.parametrize(
    ("name", "case", "least"),
    [
        (VOIDING, "residual-urine", 120),
        (VOIDING, "urethral-valve", 50),
        (ADULT, "residual-urine", 140),
    ],
)
def test_some_bladders_do_not_empty(name, case, least):
    p = patient(name, case, (0, "Fill", True), (20, "Void", None))
    end = p.truth(140.0)
    assert end["urine_flow_ml_s"] == 0.0
    assert end["bladder_ml"] > least


def test_old_urine_thins_the_contrast():
    agent = [
        patient(ADULT, case, (0, "Fill", True)).truth(6.0)["iodine_g_cm3"]
        for case in ("normal", "residual-urine")
    ]
    assert agent[1] < 0.7 * agent[0]


def test_a_diverticulum_grows_while_the_bladder_voids():
    p = patient(ADULT, "diverticulum", (0, "Fill", True), (20, "Void", None))
    before, during = p.truth(19.9), p.truth(26.0)
    assert during["bladder_ml"] < before["bladder_ml"]
    assert during["diverticulum_ml"] > before["diverticulum_ml"] + 5.0


def test_a_leak_stays_when_the_bladder_is_drained():
    p = patient(ADULT, "rupture", *DRAINED)
    leaked, end = p.truth(16.0)["leaked_ml"], p.truth(40.0)
    assert leaked > 10.0
    assert end["bladder_ml"] < 6.0
    assert end["leaked_ml"] >= leaked
    whole = patient(ADULT, "normal", *DRAINED)
    assert grams(drawn(p, 40.0)) > 2.0 * grams(drawn(whole, 40.0))


@pytest.mark.parametrize("volume", [10.0, 60.0, 180.0, 420.0])
@pytest.mark.parametrize("trabeculated", [0.0, 0.9])
def test_the_bladder_is_as_large_as_its_volume(volume, trabeculated):
    mesh = BladderShape(1, trabeculated).mesh(volume, 0.0, 1.0)
    assert mesh.volume_ml == pytest.approx(volume, rel=0.01)
    assert BladderShape(1).mesh(volume, 0.0, 0.62).volume_ml == pytest.approx(volume, rel=0.01)


@pytest.mark.parametrize("t_s", [4.0, 12.0])
def test_as_much_iodine_is_drawn_as_is_there(t_s):
    p = patient(VOIDING, "normal", (0, "Fill", True))
    s = p.truth(t_s)
    assert grams(drawn(p, t_s)) == pytest.approx(s["bladder_ml"] * s["iodine_g_cm3"], rel=0.06)


def test_refluxed_iodine_is_in_the_image_too():
    p = patient(VOIDING, "reflux-5", (0, "Fill", True))
    s = p.truth(17.0)
    held = s["bladder_ml"] + s["reflux_left_ml"] + s["reflux_right_ml"]
    assert s["reflux_left_ml"] > 10.0
    canvas = drawn(p, 17.0)
    assert grams(canvas) == pytest.approx(held * s["iodine_g_cm3"], rel=0.15)
    upper = canvas.contrast[:250]
    assert upper[:, 256:].sum() > 0.02 * canvas.contrast.sum(), "in the left kidney"


def test_the_urethra_shows_while_it_flows_only():
    p = patient(VOIDING, "normal")
    below = np.s_[430:, :]
    assert not drawn(p, 17.0).contrast[below].any() or p.truth(17.0)["urine_flow_ml_s"] == 0
    flowing = drawn(p, 24.0).contrast[below].sum()
    assert flowing > 20 * max(drawn(p, 60.0).contrast[below].sum(), 1.0)


@pytest.mark.parametrize(("name", "case"), ALL)
def test_a_moment_is_the_same_in_any_order(name, case):
    p = patient(name, case)
    first = drawn(p, 24.0).contrast.copy()
    drawn(p, 3.0), drawn(p, 40.0)
    assert np.array_equal(drawn(p, 24.0).contrast, first)
    assert np.array_equal(drawn(patient(name, case), 24.0).contrast, first)
    assert p.status(24.0)


def test_a_later_act_changes_only_what_follows():
    p = patient(VOIDING, "normal", (0, "Fill", True))
    before, full = p.truth(9.0), p.truth(30.0)
    p.actions.record(10.0, "Fill", False)
    assert p.truth(9.0) == before
    assert p.truth(30.0)["bladder_ml"] < full["bladder_ml"] - 50


def test_an_empty_bladder_cannot_void():
    p = make(VOIDING, "normal")
    with pytest.raises(RefusedActionError, check=lambda e: e.code == "FV-SIM-018"):
        p.check("Void", None, 1.0)
    filled = patient(VOIDING, "normal", (0, "Fill", True))
    assert filled.check("Void", None, 15.0) is None


def test_a_catheter_that_is_out_drains_nothing_until_it_is_laid_again():
    p = patient(VOIDING, "normal")
    with pytest.raises(RefusedActionError, check=lambda e: e.code == "FV-SIM-019"):
        p.check("Drain", True, 30.0)
    p.actions.record(60.0, "Fill", True)
    assert p.check("Drain", True, 100.0) is True
    assert p.truth(100.0)["bladder_ml"] > 150.0
    p.actions.record(101.0, "Fill", False)
    p.actions.record(101.0, "Drain", True)
    assert p.truth(115.0)["bladder_ml"] < 6.0
