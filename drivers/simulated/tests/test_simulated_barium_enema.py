"""The barium enema: volumes that add up, columns, air, pools, lesions, refusals."""

from dataclasses import replace

import numpy as np
import pytest

from fluoroview_simulated.anatomy import regions_gut as gut
from fluoroview_simulated.anatomy.breathing import breathing
from fluoroview_simulated.anatomy.view import View
from fluoroview_simulated.procedures.barium_enema import colon as anatomy
from fluoroview_simulated.procedures.barium_enema.filling import BARIUM_ML_S, filling
from fluoroview_simulated.procedures.barium_enema.procedure import SINGLE_G_CM3, BariumEnema
from fluoroview_simulated.procedures.base import RefusedActionError
from fluoroview_simulated.render.canvas import GRID, Canvas, ViewLayers

OPEN = (0.0, "Enema", True)


def drawn(
    case: str, t_s: float, *actions: tuple, body: str = "medium", **geometry
) -> tuple[Canvas, BariumEnema]:
    """The canvas of a case at a time, after actions."""
    procedure = BariumEnema(case, 1, body)
    for act in actions:
        procedure.actions.record(*act)
    layers = ViewLayers(View(replace(procedure.info.geometry, **geometry)))
    procedure.layers(layers.view, layers)
    canvas = Canvas()
    canvas.begin(layers, t_s)
    procedure.draw(t_s, canvas)
    return canvas, procedure


def at(canvas: Canvas, map_: np.ndarray, point: np.ndarray) -> float:
    """A map where a point of the patient lies in the image."""
    x, y = canvas.view.cells(np.atleast_2d(point), GRID)[0][0]
    return float(map_[round(float(y)), round(float(x))])


def test_what_ran_in_is_in_the_colon_or_drained():
    enema, drain, air = [(0.0, True), (15.0, False)], [(20.0, True), (23.0, False)], [(25.0, True)]
    for t in (5.0, 18.0, 22.0, 30.0, 60.0):
        now = filling(enema, drain, air, t, 1800.0, 1500.0)
        column = now.column_end_ml - now.column_start_ml
        assert now.let_in_ml == pytest.approx(min(t, 15.0) * BARIUM_ML_S)
        assert column + now.pooled_ml + now.drained_ml == pytest.approx(now.let_in_ml, abs=1e-6)


def test_a_shut_valve_keeps_the_column_where_it_is():
    shut = [(0.0, True), (10.0, False)]
    a, b = (filling(shut, [], [], t, 1800.0, 1500.0).column_end_ml for t in (10.0, 30.0))
    assert a == b == pytest.approx(10.0 * BARIUM_ML_S)
    assert filling(shut[:1], [], [], 300.0, 1800.0, 1500.0).column_end_ml == pytest.approx(1500.0)


def test_the_column_reaches_the_rectum_first():
    canvas, procedure = drawn("single-normal", 12.0, OPEN)
    line = procedure.colon.lumen
    assert at(canvas, canvas.contrast, line.at(90.0)) > 4.0
    assert at(canvas, canvas.contrast, line.at(840.0)) == 0.0
    later, _ = drawn("single-normal", 55.0, OPEN)
    assert at(later, later.contrast, line.at(840.0)) > 4.0


def test_the_head_of_the_column_is_round():
    canvas, _ = drawn("single-normal", 3.0, OPEN)
    filled = canvas.contrast > 0.3 * canvas.contrast.max()
    top = int(np.flatnonzero(filled.any(axis=1))[0])
    width = filled.sum(axis=1) * canvas.cell_mm
    near, below = (width[top + round(mm / canvas.cell_mm)] for mm in (4.0, 16.0))
    assert near < 0.75 * below


def test_the_mass_in_the_image_is_the_mass_that_ran_in():
    canvas, procedure = drawn("single-normal", 20.0, OPEN)
    grams = canvas.contrast.sum() * canvas.cell_mm**2 * 1e-3
    assert grams == pytest.approx(procedure.state(20.0).let_in_ml * SINGLE_G_CM3, rel=0.12)


def test_air_follows_and_leaves_a_coat_and_pools():
    actions = (OPEN, (18.0, "Insufflate", True))
    canvas, procedure = drawn("double-normal", 55.0, *actions)
    apex = procedure.colon.lumen.at(840.0)  # the transverse colon lies in front
    assert at(canvas, canvas.soft, apex) < -25.0
    assert 0.1 < at(canvas, canvas.contrast, apex) < 3.0
    rectum = procedure.colon.lumen.at(95.0)  # lies behind
    assert at(canvas, canvas.contrast, rectum) > 10.0


def test_turned_on_the_side_the_pools_move_down():
    actions = (OPEN, (18.0, "Insufflate", True))
    down = {}
    for side in ("left side down", "right side down"):
        canvas, _ = drawn("double-normal", 55.0, *actions, position=side)
        deep = np.maximum(canvas.contrast - 6.0, 0.0)[: GRID * 2 // 3]
        down[side] = float(np.average(np.arange(GRID), weights=deep.sum(axis=0)))
    assert down["left side down"] > down["right side down"] + 30.0


def test_drained_bowel_loses_its_column():
    full, procedure = drawn("single-normal", 20.0, OPEN)
    less, _ = drawn("single-normal", 30.0, OPEN, (20.0, "Drain", True))
    rectum = procedure.colon.lumen.at(90.0)
    assert at(less, less.contrast, rectum) < 0.5 * at(full, full.contrast, rectum)


def test_a_polyp_is_a_gap_in_the_column_and_a_ring_in_air():
    whole, _ = drawn("single-normal", 55.0, OPEN)
    gap, _ = drawn("single-polyp", 55.0, OPEN)
    head = BariumEnema("single-polyp").colon.polyps[1].mesh.vertices[216:234].mean(axis=0)
    assert at(gap, gap.contrast, head) < at(whole, whole.contrast, head) - 2.0
    actions = (OPEN, (18.0, "Insufflate", True))
    ring, _ = drawn("double-polyp", 55.0, *actions)
    none, _ = drawn("double-normal", 55.0, *actions)
    assert at(ring, ring.soft, head) > at(none, none.soft, head) + 8.0


def test_an_apple_core_is_a_short_narrow_channel_with_shoulders():
    sick = anatomy.make_colon("apple-core", "medium").lumen
    well = gut.colon()
    area = sick.area_mm2 / well.area_mm2
    i = sick.ring(anatomy.APPLE_CORE_MM)
    assert area[i - 4 : i + 5].max() < 0.25
    narrow = sick.s_mm[area < 0.4]
    assert 25.0 < np.ptp(narrow) < 55.0
    steep = np.abs(np.diff(np.sqrt(area))).max()
    assert steep > 0.15  # shoulders, not a taper


def test_diverticula_stand_outside_the_wall():
    colon = anatomy.make_colon("diverticulosis", "medium")
    assert len(colon.diverticula) > 20
    for sac in colon.diverticula:
        near = colon.lumen.ring(sac.s_mm)
        reach = np.linalg.norm(sac.mesh.vertices - colon.lumen.axis[near], axis=1).max()
        assert reach > colon.lumen.radius[near].mean() + 2.0


def test_necks_of_diverticula_are_seen_in_thin_barium():
    middle = min(np.arange(58.8, 60.0, 0.01), key=lambda t: abs(breathing((), t)))
    sick, procedure = drawn("single-diverticulosis", float(middle), OPEN)
    scout, _ = drawn("single-diverticulosis", 0.0)
    sides, necks = 14, []
    for sac in procedure.colon.diverticula:
        neck = sac.mesh.vertices[3 * sides : 4 * sides].mean(axis=0)
        necks.append(at(sick, sick.contrast, neck) - at(scout, scout.contrast, neck))
    alone = [n for n in necks if n < 2.5]  # not before or behind the bowel
    assert len(alone) >= 3
    assert min(alone) > 0.4


def test_air_is_refused_in_single_contrast():
    with pytest.raises(RefusedActionError, check=lambda e: e.code == "FV-SIM-004"):
        BariumEnema("single-polyp").check("Insufflate", True, 3.0)
    assert BariumEnema("double-polyp").check("Insufflate", True, 3.0) is True


def test_pieces_of_a_lumen_share_rings_and_add_up():
    lumen = gut.colon()
    pieces = [lumen.piece(a, b)[0] for a, b in ((0, 400), (400, 900), (900, 2000))]
    whole = lumen.piece()[0]
    assert sum(p.volume_ml for p in pieces) == pytest.approx(whole.volume_ml, rel=1e-3)
    assert lumen.volume_ml[-1] == pytest.approx(whole.volume_ml, rel=0.03)
    assert 1000.0 < whole.volume_ml < 2000.0


@pytest.mark.parametrize("case", [c.name for c in BariumEnema.info.cases])
def test_every_case_is_drawn_again_alike(case):
    actions = BariumEnema.info.gallery_actions
    first, procedure = drawn(case, 52.0, *actions)
    again, _ = drawn(case, 52.0, *actions)
    assert np.array_equal(first.contrast, again.contrast)
    assert first.contrast.max() > 4.0
    assert np.isfinite(first.soft).all()
    assert procedure.status(52.0).startswith("Barium")
    assert procedure.truth(52.0)["barium_ml"] > 50.0


@pytest.mark.parametrize("body", ["small", "large", "child"])
def test_bodies_of_other_sizes(body):
    canvas, _ = drawn("double-polyp", 52.0, *BariumEnema.info.gallery_actions, body=body)
    assert canvas.contrast.max() > 4.0
