"""Coronary angiography: a heart that beats and breathes, selective injection, balloon."""

import json

import numpy as np
import pytest

from fluoroview_simulated.anatomy import coronary_devices as devices
from fluoroview_simulated.anatomy.coronary_tree import left_coronary, right_coronary
from fluoroview_simulated.anatomy.heart import Heart, Rhythm
from fluoroview_simulated.anatomy.mesh import Mesh, load
from fluoroview_simulated.anatomy.moving_chest import Impression, MovingChest
from fluoroview_simulated.anatomy.parts import Part
from fluoroview_simulated.anatomy.project import draw_mesh, project_parts
from fluoroview_simulated.anatomy.view import View
from fluoroview_simulated.procedures import make
from fluoroview_simulated.procedures.base import RefusedActionError
from fluoroview_simulated.render.canvas import Canvas, ViewLayers


@pytest.fixture(scope="module")
def layers():
    procedure = make("coronary-angiography")
    view = View(procedure.info.geometry)
    found = ViewLayers(view)
    procedure.layers(view, found)
    return found


def examined(case="normal", *actions):
    procedure = make("coronary-angiography", case)
    for act in [(0.0, "CatheterRotate", 30.0), (0.0, "CatheterAdvance", 0.0), *actions]:
        procedure.actions.record(*act)
    return procedure


def drawn(procedure, layers, t_s):
    canvas = Canvas()
    canvas.begin(layers, t_s)
    procedure.draw(t_s, canvas)
    return canvas


def test_the_heart_beats_about_seventy_times_a_minute():
    rhythm = Rhythm(seed=4)
    t = np.arange(0.0, 30.0, 0.01)
    c = np.array([rhythm.contraction(s) for s in t])
    beats = np.count_nonzero((c[1:] > 0.5) & (c[:-1] <= 0.5))
    assert 33 <= beats <= 37
    assert c.min() < 0.02
    assert c.max() > 0.95
    assert np.abs(np.diff(c)).max() < 0.12  # no jumps


def test_the_base_comes_down_and_the_apex_stays():
    heart = Heart()
    base, apex = heart.local(heart.surface([(-0.45, 60)])), heart.local(heart.surface([(0.98, 0)]))
    moved = [
        np.linalg.norm(heart.moved(p, 1.0, 0.0) - heart.moved(p, 0.0, 0.0)) for p in (base, apex)
    ]
    assert 9.0 < moved[0] < 20.0
    assert moved[1] < 5.0


def test_breath_hold_stops_the_breath_and_not_the_heart():
    procedure = examined("normal", (2.0, "BreathHold", True), (9.0, "BreathHold", False))
    free = [procedure.breath_mm(t) for t in np.arange(10.5, 16.0, 0.1)]
    held = [procedure.breath_mm(t) for t in np.arange(3.2, 9.0, 0.1)]
    assert max(free) - min(free) > 8.0
    assert max(held) - min(held) < 0.01
    c = [procedure.truth(t)["contraction"] for t in np.arange(4.0, 6.0, 0.1)]
    assert max(c) - min(c) > 0.8


def test_the_lungs_go_down_with_the_breath_and_the_heart_narrows_with_the_beat(layers):
    chest = MovingChest(Heart())

    def soft(contraction, breath_mm):
        canvas = Canvas()
        canvas.begin(layers, 0.0)
        chest.draw(canvas, contraction, breath_mm)
        return canvas.soft.copy()

    rest = soft(0.0, 0.0)
    assert rest.min() < -60.0  # air where the resting maps have none
    inspired = (soft(0.0, 10.0) - rest)[380:, 200:]
    assert inspired.min() < -20.0  # the diaphragm left room for air
    squeezed = (soft(1.0, 0.0) - rest)[:, 400:]
    assert squeezed.min() < -5.0  # air follows the heart's border


def test_the_lungs_follow_the_heart_and_meet_it_without_a_gap():
    lungs, beating = load("soft_lungs"), Impression(load("soft_lungs"), Heart())
    assert 200 < beating.moves.sum() < 3000
    still = Mesh(lungs.vertices, lungs.faces[~beating.moves])
    whole = [still.joined(beating.at(c, 0.0)) for c in (0.0, 1.0)]
    assert whole[0].volume_ml == pytest.approx(lungs.volume_ml, rel=1e-4)
    assert 10.0 < whole[1].volume_ml - lungs.volume_ml < 120.0, "ml that the heart gives way"
    view = View(make("coronary-angiography").info.geometry)
    for mesh in whole:
        path, _ = project_parts([Part(mesh, soft=1.0)], view, 200)
        signed = np.zeros_like(path)
        draw_mesh(mesh, view, signed, np.zeros_like(path), (1.0, 0.0, 0.0, 0.0))
        assert signed.min() > -1.0, "a gap would leave a ray with one end"


def test_the_truth_can_be_sent_and_names_the_devices():
    for case in ("normal", "balloon", "right-coronary"):
        truth = examined(case, (0.5, "Inject", None)).truth(1.5)
        assert json.loads(json.dumps(truth)) == dict(truth)
        assert truth["engaged"] is True
        assert truth["injected_ml"] == pytest.approx(3.0)


def test_calibres_are_those_of_adults_and_fall_towards_the_apex():
    tree = left_coronary(Heart(), seed=2)
    main, first, last = (2 * tree.radius_mm[tree.node("LAD", at)] for at in (0.05, 0.3, 0.98))
    assert 3.0 < main < 4.5
    assert main > first > last
    assert 0.4 < last < 1.2
    right = right_coronary(Heart(), seed=2)
    assert 3.0 < 2 * right.radius_mm[right.node("RCA", 0.2)] < 4.6


def test_contrast_fills_the_tree_within_two_seconds_and_leaves(layers):
    procedure = examined("normal", (0.5, "Inject", None))

    def iodine(t):
        canvas = drawn(procedure, layers, t)
        return float(canvas.contrast.sum()) * canvas.cell_mm**2

    before, full, after = iodine(0.4), iodine(2.6), iodine(14.0)
    assert before == 0.0
    assert full > 500.0  # mm³·g/cm³: about 1.5 ml of undiluted agent in vessels and catheter
    assert after < 0.12 * full


def test_an_injection_above_the_ostium_hardly_fills_the_artery(layers):
    def dark(*actions):
        procedure = make("coronary-angiography")
        for act in [*actions, (0.5, "Inject", None)]:
            procedure.actions.record(*act)
        return float(drawn(procedure, layers, 2.4).contrast[250:400, 380:500].max())

    assert dark((0.0, "CatheterAdvance", 0.0)) > 2.5 * dark((0.0, "CatheterAdvance", -20.0))


def test_the_vessel_beyond_the_stenosis_fills_later():
    ill, well = (examined(case, (0.5, "Inject", None)) for case in ("stenosis", "normal"))
    node = well._tree.node("LAD", 0.7)
    shots = well._injections(1.5)
    assert well._flow.concentration(1.5, shots)[node] > 0.2
    assert ill._late.concentration(1.5, shots)[node] < 0.1
    assert ill.truth(1.5)["stenosis"] == pytest.approx(0.76, abs=0.03)
    assert "stenosis" not in well.truth(1.5)


def test_the_balloon_opens_the_stenosis_only_where_it_lies():
    at = ("balloon", (1.0, "Inflate", True), (7.0, "Inflate", False))
    in_place = examined(at[0], (0.0, "BalloonAdvance", 0.0), *at[1:])
    past_it = examined(at[0], (0.0, "BalloonAdvance", 20.0), *at[1:])
    assert in_place.truth(1.0)["stenosis"] == pytest.approx(0.76, abs=0.03)
    assert in_place.truth(2.5)["stenosis"] > 0.7  # the waist holds at low pressure
    assert in_place.truth(10.0)["stenosis"] < 0.2
    assert past_it.truth(10.0)["stenosis"] > 0.7
    assert in_place.truth(5.0)["balloon_pressure"] == 1.0
    assert in_place.truth(10.0)["balloon_pressure"] == 0.0


def test_each_catheter_has_the_turn_that_engages_it():
    assert devices.engaged("left", 0.0, 0.0)
    assert not devices.engaged("left", 0.0, 90.0)
    assert devices.engaged("right", 0.0, 60.0)
    assert not devices.engaged("right", 0.0, -30.0)
    assert not devices.engaged("left", -10.0, 0.0)
    tip = devices.catheter("left", 0.0, 0.0)[-1]
    assert np.linalg.norm(tip - devices.LEFT_OSTIUM) < 0.1


@pytest.mark.parametrize(
    ("case", "actions", "name", "value", "code"),
    [
        (
            "normal",
            [],
            "CatheterAdvance",
            8.0,
            "FV-SIM-014",
        ),
        ("right-coronary", [], "CatheterAdvance", 8.0, "FV-SIM-014"),
        ("normal", [], "Inflate", True, "FV-SIM-015"),
        ("normal", [(1.0, "Inject", None)], "Inject", None, "FV-SIM-017"),
        ("balloon", [(0.0, "Inflate", True)], "BalloonAdvance", 3.0, "FV-SIM-016"),
    ],
)
def test_what_would_do_harm_is_refused(case, actions, name, value, code):
    procedure = examined(case, *actions)
    with pytest.raises(RefusedActionError, check=lambda e: e.code == code):
        procedure.check(name, value, 2.0)
    assert procedure.check("CatheterAdvance", 4.0, 2.0) == 4.0


def test_the_same_moment_gives_the_same_image(layers):
    actions = ("balloon", (0.5, "Inject", None), (1.5, "Inflate", True))
    first = drawn(examined(*actions), layers, 2.3)
    again = drawn(examined(*actions), layers, 2.3)
    for material in ("soft", "contrast", "metal"):
        assert np.array_equal(first.map(material), again.map(material))


def test_status_states_the_next_step():
    procedure = make("coronary-angiography")
    assert "advance with Up" in procedure.status(0.0)
    procedure.actions.record(1.0, "CatheterAdvance", 0.0)
    assert "inject with I" in procedure.status(1.1)
    procedure.actions.record(2.0, "Inject", None)
    assert procedure.status(2.5) == "Injecting"
