"""The canvas: what is drawn holds the mass it should, from any side, at any level."""

import numpy as np
import pytest

from fluoroview_simulated.anatomy.mesh import tube_mesh
from fluoroview_simulated.anatomy.parts import Part
from fluoroview_simulated.anatomy.view import View
from fluoroview_simulated.render import strokes
from fluoroview_simulated.render.canvas import GRID, Canvas, ViewLayers
from fluoroview_simulated.room.technique import Geometry

HALF_MM, RADIUS_MM = 40.0, 10.0
LINE = np.stack([np.zeros(41), np.zeros(41), np.linspace(-HALF_MM, HALF_MM, 41)], axis=1)
CAN = tube_mesh(LINE, RADIUS_MM, 64)
"""A standing can of 25 ml."""


def canvas_in(geometry):
    canvas = Canvas()
    layers = ViewLayers(View(geometry))
    layers.path("can", CAN, CAN.vertices[:, 2])
    layers.shell("wall", CAN)
    canvas.begin(layers, 0.0)
    return canvas


def grams(canvas):
    """Mass in the contrast map: mm·g/cm³ over mm² of the plane of the isocentre."""
    return canvas.contrast.sum() * canvas.cell_mm**2 / 1e3


ERECT = Geometry(position="erect", primary_deg=20.0)


def test_tube_holds_the_mass_of_a_rod_with_round_ends():
    canvas = canvas_in(ERECT)
    canvas.tube(LINE, RADIUS_MM, 0.3)
    ml = np.pi * RADIUS_MM**2 * (2 * HALF_MM + 4 / 3 * RADIUS_MM) / 1e3
    assert grams(canvas) == pytest.approx(0.3 * ml, rel=0.01)


@pytest.mark.parametrize("radius_mm", [0.3, 0.5, 1.0, 4.0])
def test_thin_tubes_keep_their_mass(radius_mm):
    canvas = canvas_in(ERECT)
    canvas.tube(LINE, radius_mm, 1.0)
    ml = np.pi * radius_mm**2 * (2 * HALF_MM + 4 / 3 * radius_mm) / 1e3
    assert grams(canvas) == pytest.approx(ml, rel=0.04)


@pytest.mark.parametrize("primary_deg", [0.0, 37.0, 90.0])
def test_mesh_and_layer_hold_the_volume_from_any_side(primary_deg):
    canvas = canvas_in(Geometry(position="erect", primary_deg=primary_deg))
    canvas.mesh(CAN, contrast=0.2)
    assert grams(canvas) == pytest.approx(0.2 * CAN.volume_ml, rel=0.01)
    canvas.begin(canvas.layers, 0.0)
    canvas.organ("can", "contrast", 0.2)
    assert grams(canvas) == pytest.approx(0.2 * CAN.volume_ml, rel=0.01)


def test_a_turned_layer_lies_where_its_matrix_puts_it():
    canvas = canvas_in(ERECT)
    quarter = np.array([[0.0, -1.0, 7.0], [1.0, 0.0, -3.0]])
    canvas.turned_organ("can", "contrast", 0.2, quarter)
    assert grams(canvas) == pytest.approx(0.2 * CAN.volume_ml, rel=0.01)
    rows, columns = np.nonzero(canvas.contrast > 0.1)
    middle = (np.array([columns.mean(), rows.mean()]) + 0.5 - GRID / 2) * canvas.cell_mm
    assert middle == pytest.approx([7.0, -3.0], abs=0.2)
    assert np.ptp(columns) > 3 * np.ptp(rows)


@pytest.mark.parametrize("cortex_mm", [0.0, 1.0])
def test_bones_are_kept_with_what_they_take_of_the_tissue(cortex_mm):
    layers, canvas = ViewLayers(View(ERECT)), Canvas()
    layers.bones("rod", [Part(CAN, soft=-0.3, bone=0.3, shell_mm=cortex_mm)])
    canvas.begin(layers, 0.0)
    canvas.organ("rod soft", "soft", 1.0)
    canvas.organ("rod bone", "bone", 1.0)
    ml = canvas.cell_mm**2 / 1e3
    assert canvas.soft.sum() * ml == pytest.approx(-0.3 * CAN.volume_ml, rel=0.01)
    spongy = 0.3 * CAN.volume_ml
    cortex = cortex_mm * 2 * np.pi * RADIUS_MM * 2 * HALF_MM / 1e3
    assert canvas.bone.sum() * ml == pytest.approx(spongy + cortex, rel=0.12)


def test_bends_are_not_counted_twice():
    canvas = canvas_in(ERECT)
    canvas.tube(np.concatenate([LINE, LINE[::-1]]), RADIUS_MM, 0.3)
    twice = canvas.contrast.copy()
    canvas.begin(canvas.layers, 0.0)
    canvas.tube(LINE, RADIUS_MM, 0.3)
    assert np.allclose(twice, canvas.contrast, atol=0.02)


def test_cloud_holds_its_grams():
    canvas = canvas_in(ERECT)
    canvas.blobs([(0, 0, 0), (10, 5, 20)], (4.0, 8.0), (0.5, 0.25))
    assert grams(canvas) == pytest.approx(0.75, rel=0.015)


@pytest.mark.parametrize("share", [0.25, 0.5, 0.9])
@pytest.mark.parametrize("position", ["erect", "supine", "left side down"])
def test_pool_holds_its_volume_in_any_position(share, position):
    canvas = canvas_in(Geometry(position=position, primary_deg=20.0))
    canvas.pool("can", share * canvas.volume_ml("can"), 0.4)
    assert grams(canvas) == pytest.approx(0.4 * share * CAN.volume_ml, rel=0.05)


def test_erect_the_pool_is_level_and_below():
    canvas = canvas_in(ERECT)
    level = canvas.pool("can", 0.5 * canvas.volume_ml("can"), 1.0)
    assert level == pytest.approx(0.0, abs=0.5)
    rows = np.flatnonzero(canvas.contrast.max(axis=1) > 1.0)
    assert rows.min() == pytest.approx(GRID / 2, abs=2)
    assert rows.max() > GRID / 2 + 60


def test_displacing_takes_the_same_path_from_the_soft_tissue():
    canvas = canvas_in(ERECT)
    canvas.tube(LINE, 5.0, 0.5, displaces=1.0)
    assert np.allclose(canvas.soft, -canvas.contrast / 0.5, atol=1e-4)


def test_flow_fills_by_the_scalar():
    canvas = canvas_in(ERECT)
    table = np.where(np.arange(256) < 128, 1.0, 0.0)  # the lower half
    canvas.flow("can", table, -HALF_MM, HALF_MM)
    assert grams(canvas) == pytest.approx(0.5 * CAN.volume_ml, rel=0.03)
    assert canvas.contrast[: GRID // 2 - 20].max() == 0.0


def test_wall_is_seen_best_where_it_is_seen_on_edge():
    canvas = canvas_in(ERECT)
    canvas.coat("wall", 0.1)
    row = canvas.contrast[GRID // 2]
    middle = row[GRID // 2]
    assert middle == pytest.approx(0.2, rel=0.02)  # in and out, straight through
    assert row.max() > 3 * middle


def test_moved_organ_keeps_its_mass_and_moves():
    canvas = canvas_in(ERECT)
    canvas.organ("can", "contrast", 1.0, shift_mm=(12.0, 0.0), scale=(1.2, 0.9))
    assert grams(canvas) == pytest.approx(1.08 * CAN.volume_ml, rel=0.01)
    x = np.average(np.arange(GRID), weights=canvas.contrast.sum(axis=0))
    assert (x - GRID / 2) * canvas.cell_mm == pytest.approx(12.0, abs=0.5)


def test_nothing_is_left_of_the_pulse_before():
    canvas = canvas_in(ERECT)
    canvas.tube(LINE, 5.0, 0.5, "metal")
    canvas.begin(canvas.layers, 0.0)
    assert canvas.metal.max() == 0.0


def test_what_lies_outside_the_view_is_no_error():
    canvas = canvas_in(Geometry(isocentre_mm=(0.0, 0.0, 900.0)))
    canvas.tube(LINE, RADIUS_MM, 0.3)
    canvas.pool("can", 5.0, 1.0)
    canvas.coat("wall", 1.0)
    canvas.organ("can", "soft", 1.0, shift_mm=(3.0, 0.0))
    assert canvas.contrast.max() == 0.0


def test_points_of_a_tube_lie_where_the_view_sees_them():
    view = View(Geometry(primary_deg=31.0, secondary_deg=-17.0, isocentre_mm=(5.0, -8.0, 40.0)))
    points = np.random.default_rng(3).normal(0.0, 60.0, (40, 3))
    cells, scale = strokes.placed(
        points,
        view.isocentre,
        view.axes,
        float(view.geometry.source_isocentre_mm),
        GRID / view.view_mm,
        0.5 * GRID - 0.5,
    )
    seen, per_mm = view.cells(points, GRID)
    assert np.allclose(cells, seen)
    assert np.allclose(scale, per_mm)
