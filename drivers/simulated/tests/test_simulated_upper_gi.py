"""The upper GI series: volumes, levels that follow gravity, waves, lesions, refusals."""

from dataclasses import replace

import numpy as np
import pytest

from fluoroview_simulated.anatomy.view import View
from fluoroview_simulated.procedures.base import RefusedActionError
from fluoroview_simulated.procedures.upper_gi import anatomy, course
from fluoroview_simulated.procedures.upper_gi.procedure import UpperGI
from fluoroview_simulated.render.canvas import GRID, Canvas, ViewLayers

LENGTH = 300.0


def drawn(case: str, t_s: float, body: str = "medium", **geometry) -> tuple[Canvas, UpperGI]:
    """The canvas of a case at a time."""
    procedure = UpperGI(case, 1, body)
    procedure.actions.record(0.0, "BreathHold", True)
    layers = ViewLayers(View(replace(procedure.info.geometry, **geometry)))
    procedure.layers(layers.view, layers)
    canvas = Canvas()
    canvas.begin(layers, t_s)
    procedure.draw(t_s, canvas)
    canvas.finish()
    return canvas, procedure


def test_swallowed_barium_is_in_the_stomach_less_what_was_emptied():
    dry = course.moment(0.0, [], [], LENGTH)
    full = course.moment(12.0, [], [], LENGTH)
    more = course.moment(12.0, [2.0], [], LENGTH)
    late = course.moment(120.0, [], [], LENGTH)
    assert dry.barium_ml == 0.0
    assert dry.gas < 0.2
    assert full.barium_ml == pytest.approx(3 * course.SIP_ML, abs=1.0)
    assert more.barium_ml - full.barium_ml == pytest.approx(course.SIP_ML, abs=0.5)
    assert full.barium_ml - 20 * course.SPURT_ML < late.barium_ml < full.barium_ml


def test_waves_run_to_the_pylorus_three_a_minute_and_fill_the_bulb():
    times = np.arange(20.0, 80.0, 0.1)
    bulbs = np.array([course.moment(t, [], [], LENGTH).bulb for t in times])
    starts = np.flatnonzero((bulbs[1:] > 0.5) & (bulbs[:-1] <= 0.5))
    assert len(starts) == pytest.approx(60.0 / course.WAVE_EVERY_S, abs=1)
    now, then = (course.moment(t, [], [], LENGTH).waves for t in (40.0, 41.0))
    moved = min(b - a for a in now for b in then if b > a)
    assert moved == pytest.approx(course.WAVE_MM_S, rel=0.01)


def test_a_wave_narrows_the_antrum_where_it_is():
    antrum = anatomy.make_anatomy("normal", "medium").antrum
    rest, wave = (antrum.mesh(w, 0.0) for w in ((), (250.0,)))
    assert wave.volume_ml < 0.9 * rest.volume_ml
    assert antrum.mesh((), 0.0).volume_ml == rest.volume_ml > 0.0


@pytest.mark.parametrize(("position", "low", "high"), [("supine", 90, 150), ("erect", -45, 20)])
def test_the_pool_lies_where_gravity_takes_it(position, low, high):
    canvas, _ = drawn("normal", 34.0, position=position)
    deep = canvas.contrast > 12.0
    rows = np.flatnonzero(deep.any(axis=1))
    z = canvas.view.isocentre[2] - (np.average(rows, weights=deep.sum(axis=1)[rows]) - 256) * (
        canvas.cell_mm
    )
    assert low < z < high


def test_erect_the_level_is_flat():
    canvas, _ = drawn("normal", 34.0, position="erect")
    deep = canvas.contrast > 12.0
    deep[:, : GRID // 3] = False  # the bulb has a level of its own
    across = deep.sum(axis=1)
    top = int(np.argmax(across > 60))
    assert top > 0
    assert across[top - 3] < 20


def test_the_amount_in_the_image_is_the_amount_swallowed():
    canvas, procedure = drawn("normal", 11.5)
    assert procedure.state(11.5).coat < 0.5
    grams = canvas.contrast.sum() * canvas.cell_mm**2 * 1e-3
    # 108 ml of 1.2 g/ml, some coat; organs behind the isocentre are drawn a little smaller.
    assert 0.85 * 130 < grams < 1.25 * 130


def test_the_ulcer_holds_barium_outside_the_line_of_the_wall():
    ulcer, procedure = drawn("ulcer", 34.0, position="erect")
    normal, _ = drawn("normal", 34.0, position="erect")
    wall, out = procedure.organs.stomach.wall(anatomy.ULCER_MM, anatomy.ULCER_DEG)
    (x, y) = ulcer.view.cells((wall + 7.0 * out)[None], GRID)[0][0]
    place = (round(float(y)), round(float(x)))
    assert ulcer.contrast[place] > 6.0 > 2.0 > normal.contrast[place]


def test_the_carcinoma_narrows_the_antrum_and_stops_the_waves():
    sick, well = (anatomy.make_anatomy(c, "medium").stomach for c in ("carcinoma", "normal"))
    i = well.ring(anatomy.TUMOUR_MM)
    assert sick.area_mm2[i] < 0.6 * well.area_mm2[i]
    t = 30.0
    assert any(w > anatomy.TUMOUR_MM for w in UpperGI("carcinoma").state(t).waves)
    still, moving = (
        drawn(c, t)[0].soft - drawn(c, t + 1.0)[0].soft for c in ("carcinoma", "normal")
    )
    assert np.abs(moving).sum() > 1.5 * np.abs(still).sum()


def test_a_full_stomach_refuses_another_mouthful():
    procedure = UpperGI("normal")
    for k in range(11):
        procedure.check("Swallow", None, 10.0 + 0.2 * k)
        procedure.actions.record(10.0 + 0.2 * k, "Swallow")
    with pytest.raises(RefusedActionError, check=lambda e: e.code == "FV-SIM-052"):
        procedure.check("Swallow", None, 20.0)


def test_breath_hold_stops_the_stomach():
    held, free = UpperGI("normal"), UpperGI("normal")
    held.actions.record(2.0, "BreathHold", True)
    layers = ViewLayers(View(free.info.geometry))
    free.layers(layers.view, layers)
    canvas, ways = Canvas(), []
    for procedure in (free, held):
        tops = []
        for t in (24.2, 26.2):  # out and in
            canvas.begin(layers, t)
            procedure.draw(t, canvas)
            tops.append(int(np.argmax((canvas.contrast > 12.0).any(axis=1))))
        ways.append(abs(tops[1] - tops[0]) * canvas.cell_mm)
    assert ways[0] > 6.0
    assert ways[1] < 1.0


@pytest.mark.parametrize("case", [c.name for c in UpperGI.info.cases])
def test_every_case_is_drawn_again_alike(case):
    first, procedure = drawn(case, 34.0)
    again, _ = drawn(case, 34.0)
    assert np.array_equal(first.contrast, again.contrast)
    assert np.isfinite(first.soft).all()
    assert first.contrast.min() >= -1e-3
    assert procedure.status(34.0)
    assert procedure.truth(34.0)["barium_ml"] > 50.0


@pytest.mark.parametrize("body", ["small", "large", "child"])
def test_bodies_of_other_sizes(body):
    canvas, _ = drawn("ulcer", 34.0, body=body)
    assert canvas.contrast.max() > 8.0


def test_the_tumour_has_tissue_about_its_lumen():
    organs = anatomy.make_anatomy("carcinoma", "medium")
    assert organs.mass is not None
    well, sick = (anatomy.make_anatomy(c, "medium").stomach for c in ("normal", "carcinoma"))
    lost_ml = well.volume_ml[-1] - sick.volume_ml[-1]
    assert lost_ml < organs.mass.volume_ml < 6.0 * lost_ml
    layers = ViewLayers(View(UpperGI.info.geometry))
    layers.path("mass", organs.mass)
    assert 20.0 < layers.maps["mass"].path.max() < 110.0
