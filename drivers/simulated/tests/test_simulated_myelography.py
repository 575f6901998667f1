"""Lumbar myelography: where the contrast goes, what the cases show, what the needle may not do."""

from dataclasses import replace

import numpy as np
import pytest

from fluoroview_simulated.anatomy.view import View
from fluoroview_simulated.driver.device import DEVICE_ID, SimulatedDetector
from fluoroview_simulated.procedures.base import RefusedActionError
from fluoroview_simulated.procedures.myelography import PROCEDURE
from fluoroview_simulated.procedures.myelography.info import IODINE_G_ML, PORTION_ML
from fluoroview_simulated.render.canvas import GRID, Canvas, ViewLayers

GEOMETRY = PROCEDURE.info.geometry


def made(case="normal", depth=62.0, portions=4, lean=0.0):
    procedure = PROCEDURE(case)
    procedure.actions.record(0.1, "NeedleLean", lean)
    procedure.actions.record(0.2, "NeedleAdvance", depth)
    for i in range(portions):
        procedure.actions.record(1.0 + 6.0 * i, "Inject", None)
    return procedure


def drawn(procedure, t_s=40.0, **geometry):
    canvas = Canvas()
    view = View(replace(GEOMETRY, **geometry))
    layers = ViewLayers(view)
    procedure.layers(view, layers)
    canvas.begin(layers, t_s)
    procedure.draw(t_s, canvas)
    return canvas


def grams(canvas):
    return float(canvas.contrast.sum()) * canvas.cell_mm**2 * 1e-3


def height_mm(canvas):
    """Mean height z of the contrast in a view from the front."""
    rows = canvas.contrast.sum(axis=1)
    y = (np.arange(GRID) + 0.5 - GRID / 2) * canvas.cell_mm
    return GEOMETRY.isocentre_mm[2] - float((rows * y).sum() / rows.sum())


def band(canvas, z, left):
    """Contrast of one side at a height z (mm), view from the front."""
    row = int(GRID / 2 + (GEOMETRY.isocentre_mm[2] - z) / canvas.cell_mm)
    strip = canvas.contrast[row - 4 : row + 5]
    return float((strip[:, GRID // 2 :] if left else strip[:, : GRID // 2]).sum())


def test_nothing_is_drawn_before_the_injection_but_the_needle():
    canvas = drawn(made(portions=0))
    assert canvas.contrast.max() == 0.0
    assert canvas.metal.max() > 0.3


def test_iodine_of_the_sac_is_what_was_given():
    procedure = made(portions=3)
    given = 3 * PORTION_ML * IODINE_G_ML
    truth = procedure.truth(40.0)
    assert truth["needle_in_thecal_sac"]
    assert truth["iodine_in_sac_g"] == pytest.approx(given, rel=1e-6)
    # Roots and cord keep some of the room of the lumen; the fluid around them is as strong.
    assert 0.75 * given < grams(drawn(procedure, detector_mm=420.0)) < 1.1 * given


def test_contrast_follows_gravity():
    procedure = made(portions=3)
    feet = height_mm(drawn(procedure, tilt_deg=40.0, detector_mm=420.0))
    level = height_mm(drawn(procedure, tilt_deg=0.0, detector_mm=420.0))
    head = height_mm(drawn(procedure, tilt_deg=-25.0, detector_mm=420.0))
    assert feet < level - 20.0 < head - 40.0


def tilted(*tilts, portions=3):
    """A patient whose table was moved at times to tilts, having begun at the procedure's."""
    procedure, before = made(portions=portions), GEOMETRY.tilt_deg
    for t_s, tilt_deg in tilts:
        procedure.actions.turned(t_s, "TableTilt", before, tilt_deg)
        before = tilt_deg
    return procedure


WIDE = {"detector_mm": 420.0, "isocentre_mm": (0.0, 55.0, 10.0)}


def test_after_a_tilt_contrast_takes_seconds_to_run():
    procedure = tilted((40.0, -10.0))
    z = [height_mm(drawn(procedure, t, tilt_deg=-10.0, **WIDE)) for t in (40.0, 41.0, 43.0, 60.0)]
    before = height_mm(drawn(procedure, 39.9, **WIDE))
    assert z[0] == pytest.approx(before, abs=4.0)
    assert z[0] + 15.0 < z[1] < z[2] - 5.0
    assert z[2] < z[3] < z[2] + 40.0
    at_once = drawn(made(portions=3), 60.0, tilt_deg=-10.0, **WIDE)
    assert z[3] == pytest.approx(height_mm(at_once), abs=0.1)


def test_no_contrast_is_lost_on_the_way_and_none_jumps_when_it_rests():
    procedure = tilted((40.0, 0.0), (41.0, -10.0))
    canvases = [drawn(procedure, t, tilt_deg=-10.0, **WIDE) for t in (41.5, 43.0, 55.3, 55.5)]
    whole = grams(canvases[-1])
    assert all(grams(c) == pytest.approx(whole, rel=0.06) for c in canvases)
    last, rest = (c.contrast for c in canvases[-2:])
    assert np.abs(last - rest).mean() < 0.01 * rest.mean()


def test_a_tilt_that_is_taken_back_finds_the_contrast_on_its_way():
    there = tilted((40.0, -10.0))
    back = tilted((40.0, -10.0), (41.0, 25.0))
    z = [
        height_mm(drawn(p, 41.05, tilt_deg=tilt, **WIDE))
        for p, tilt in ((there, -10.0), (back, 25.0))
    ]
    assert z[1] == pytest.approx(z[0], abs=5.0)


def test_the_patient_receives_the_history_of_the_table():
    device = SimulatedDetector(DEVICE_ID)
    device.open()
    try:
        tree = device.parameters()
        tree.write("Procedure", "myelography")
        patient = device.patient()
        tree.write("TableTilt", -10.0)
        tree.write("PatientPosition", "erect")
        assert [v for _, v in patient.actions.history("TableTilt", 1e9)] == [25.0, -10.0]
        assert [v for _, v in patient.actions.history("PatientPosition", 1e9)] == ["prone", "erect"]
    finally:
        device.close()


def test_contrast_runs_from_the_needle_before_it_rests():
    procedure = made(portions=1)
    early, late = height_mm(drawn(procedure, 1.8)), height_mm(drawn(procedure, 30.0))
    assert abs(early - -18.0) < 25.0
    assert late < early - 40.0


@pytest.mark.parametrize("depth", [40.0, 70.0])
def test_contrast_outside_the_sac_stays_at_the_tip(depth):
    procedure = made(depth=depth, portions=1)
    assert not procedure.truth(40.0)["needle_in_thecal_sac"]
    canvas = drawn(procedure, detector_mm=420.0)
    assert grams(canvas) == pytest.approx(PORTION_ML * IODINE_G_ML, rel=0.05)
    assert abs(height_mm(canvas) - -18.0) < 12.0


def test_protrusion_presses_the_left_side_at_the_disc():
    normal, ill = drawn(made()), drawn(made("disc-protrusion"))
    assert band(ill, -55.0, left=True) < 0.8 * band(ill, -55.0, left=False)
    assert band(normal, -55.0, left=True) > 0.85 * band(normal, -55.0, left=False)
    assert band(ill, -20.0, left=True) == pytest.approx(band(normal, -20.0, left=True), rel=0.1)


def test_stenosis_is_narrowest_at_the_disc_l45():
    canvas = drawn(made("stenosis"))
    total = {z: band(canvas, z, True) + band(canvas, z, False) for z in (-37.0, -55.0, -74.0)}
    assert total[-55.0] < 0.4 * min(total[-37.0], total[-74.0])


def test_nothing_passes_the_block_even_with_the_head_down():
    canvas = drawn(made("block"), tilt_deg=-30.0)
    assert band(canvas, 20.0, True) + band(canvas, 20.0, False) == 0.0
    assert band(canvas, -20.0, True) > 0.0
    normal = drawn(made(), tilt_deg=-30.0)
    assert band(normal, 20.0, True) > 0.0


def test_any_moment_can_be_asked_for_again():
    procedure = made()
    first = drawn(procedure, 9.0).contrast.copy()
    drawn(procedure, 20.0)
    assert np.array_equal(first, drawn(procedure, 9.0).contrast)


@pytest.mark.parametrize(
    ("name", "value", "depth", "code"),
    [
        ("NeedleAdvance", 76.0, 60.0, "FV-SIM-033"),
        ("NeedleLean", 4.0, 60.0, "FV-SIM-032"),
        ("Inject", None, 60.0, "FV-SIM-030"),
    ],
)
def test_what_cannot_be_is_refused(name, value, depth, code):
    with pytest.raises(RefusedActionError, check=lambda e: e.code == code):
        made(depth=depth).check(name, value, 40.0)


def test_a_leaning_needle_meets_the_lamina():
    procedure = made(depth=38.0, lean=16.0, portions=0)
    with pytest.raises(RefusedActionError, check=lambda e: e.code == "FV-SIM-031"):
        procedure.check("NeedleAdvance", 44.0, 1.0)
    assert procedure.check("NeedleAdvance", 36.0, 1.0) == 36.0


@pytest.mark.parametrize(("body", "depth"), [("small", 51.0), ("large", 91.0)])
def test_the_sac_is_reached_in_every_body(body, depth):
    procedure = PROCEDURE("normal", 1, body)
    assert procedure.check("NeedleAdvance", depth, 0.0) == depth
    procedure.actions.record(0.1, "NeedleAdvance", depth)
    assert procedure.truth(1.0)["needle_in_thecal_sac"]
    assert drawn(procedure, 1.0).metal.max() > 0.3
