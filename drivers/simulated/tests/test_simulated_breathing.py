"""Breathing: the domes go a centimetre, organs follow, bones and instruments stand still."""

from dataclasses import replace

import numpy as np
import pytest

from fluoroview_simulated import procedures
from fluoroview_simulated.anatomy.breathing import DEEP_MM, breathing, share
from fluoroview_simulated.anatomy.regions_gut import abdomen
from fluoroview_simulated.anatomy.view import View
from fluoroview_simulated.render.canvas import GRID, MARGIN, SIDE, Canvas, ViewLayers
from fluoroview_simulated.room.technique import Geometry

BREATHE = ("oesophagogram", "upper-gi", "barium-enema", "cystography", "myelography")


def canvas_of(geometry: Geometry) -> Canvas:
    """An empty canvas of a view."""
    canvas = Canvas()
    canvas.begin(ViewLayers(View(geometry)), 0.0)
    return canvas


def middle_row(map_: np.ndarray) -> float:
    """Where the weight of a map lies, in rows."""
    weight = map_.sum(axis=1, dtype=float)
    return float((weight * np.arange(len(weight))).sum() / weight.sum())


@pytest.mark.parametrize("cells", [0.0, 3.0, 2.37, -6.81])
def test_what_is_carried_goes_by_parts_of_a_cell_and_keeps_its_amount(cells):
    canvas = canvas_of(Geometry(isocentre_mm=(0.0, 0.0, 0.0)))
    line = np.array([[-20.0, 0.0, 0.0], [20.0, 0.0, 6.0]])
    canvas.tube(line, 4.0, 0.3)
    still = canvas.base["contrast"].copy()
    canvas.begin(canvas.layers, 0.0)
    with canvas.carried(np.full(SIDE, cells)):
        canvas.tube(line, 4.0, 0.3)
        assert canvas.base["contrast"].max() > 1.0
    moved = canvas.base["contrast"]
    assert middle_row(moved) - middle_row(still) == pytest.approx(cells, abs=0.02)
    assert moved.sum() == pytest.approx(still.sum(), rel=1e-4)
    assert moved.max() == pytest.approx(still.max(), rel=0.03)  # as sharp as before
    canvas.begin(canvas.layers, 0.0)
    with canvas.carried(np.full(SIDE, cells)):
        pass
    assert not canvas.base["contrast"].any()  # nothing is left over from the pulse before


def test_what_is_drawn_outside_stays():
    canvas = canvas_of(Geometry(isocentre_mm=(0.0, 0.0, 0.0)))
    needle = np.array([[0.0, 0.0, -30.0], [0.0, 0.0, 30.0]])
    canvas.tube(needle, 1.0, 1.0, "metal")
    still = canvas.metal.copy()
    with canvas.carried(np.full(SIDE, 5.0)):
        canvas.tube(needle, 4.0, 0.3)
    assert np.array_equal(canvas.metal, still)


def test_domes_go_about_a_centimetre_kidneys_less_pelvis_and_apex_hardly():
    full = 2 * DEEP_MM
    assert 10.0 <= full * share(175.0) <= 12.0
    assert 8.0 <= full * share(40.0) <= 11.0
    assert full * share(-210.0) < 0.6
    assert full * share(380.0) < 0.6
    assert np.abs(np.diff(share(np.arange(-300.0, 500.0)))).max() < 0.02  # nothing tears


@pytest.mark.parametrize("secondary_deg", [0.0, 30.0])
def test_the_liver_moves_in_the_image_as_in_the_patient(secondary_deg):
    trunk = abdomen("medium", 1)
    geometry = Geometry(isocentre_mm=(-60.0, 0.0, 165.0), secondary_deg=secondary_deg)
    layers = ViewLayers(View(geometry))
    trunk.layers(layers)
    canvas, edges = Canvas(), []
    for breath in (-1.0, 1.0):
        canvas.begin(layers, 0.0)
        with trunk.breathes(canvas, breath):
            pass
        column = canvas.soft[:, GRID // 2 - 2 : GRID // 2 + 2].mean(axis=1)
        rows = slice(GRID // 2 - 60, GRID // 2 + 100)
        edges.append(float(np.argmax(np.diff(column[rows]))))
    moved_mm = (edges[1] - edges[0]) * canvas.cell_mm
    assert moved_mm == pytest.approx(2 * DEEP_MM * np.cos(np.deg2rad(secondary_deg)), abs=1.5)


def test_breath_rests_when_it_is_out():
    depth = np.array([breathing((), t) for t in np.arange(0.0, 4.2, 0.01)])
    assert depth.min() == pytest.approx(-1.0, abs=1e-3)
    assert depth.max() == pytest.approx(1.0, abs=1e-3)
    assert (depth < -0.8).mean() > 1.7 * (depth > 0.8).mean()


def test_holding_stops_the_breath_where_it_is():
    free = [breathing((), t) for t in np.arange(3.0, 8.0, 0.1)]
    held = [breathing(((2.0, True),), t) for t in np.arange(3.0, 8.0, 0.1)]
    assert np.ptp(free) > 1.8
    assert np.ptp(held) < 0.25
    assert held[0] == pytest.approx(breathing((), 2.0), abs=0.1)
    after = [breathing(((2.0, True), (5.0, False)), t) for t in np.arange(5.0, 10.0, 0.1)]
    assert np.ptp(after) > 1.8


@pytest.mark.parametrize("name", BREATHE)
def test_bones_stand_still_and_gas_moves(name):
    patient = procedures.make(name)
    still = {id(p.mesh) for p in patient.anatomy()}
    assert not still & {id(p.mesh) for p in patient.trunk.moving}
    assert all(p.bone == 0.0 for p in patient.trunk.moving)
    assert sum(p.bone > 0.0 for p in patient.anatomy()) > 5
    geometry = procedures.start_geometry(patient.info, patient.case, patient.body)
    layers = ViewLayers(View(replace(geometry, isocentre_mm=(0.0, 0.0, 100.0))))
    patient.layers(layers.view, layers)
    canvas, seen = Canvas(), []
    for t_s in (3 * 4.2 / 4, 4.2 / 4):  # out and in
        canvas.begin(layers, t_s)
        patient.draw(t_s, canvas)
        canvas.finish()
        seen.append(canvas.soft.copy())
    inner = (slice(MARGIN, -MARGIN),) * 2
    assert np.abs(seen[1] - seen[0])[inner].max() > 10.0
