"""The modified barium swallow: what each case shows, and that every view shows the same swallow."""

from dataclasses import replace

import numpy as np
import pytest

from fluoroview_simulated.anatomy.view import View
from fluoroview_simulated.procedures.base import RefusedActionError
from fluoroview_simulated.procedures.modified_barium_swallow import PROCEDURE
from fluoroview_simulated.procedures.modified_barium_swallow.boluses import (
    NECTAR,
    PUDDING,
    THIN_10,
)
from fluoroview_simulated.procedures.modified_barium_swallow.course import ONSET_S
from fluoroview_simulated.procedures.modified_barium_swallow.faults import FAULTS
from fluoroview_simulated.procedures.modified_barium_swallow.lateral.resting import ORIGIN_MM
from fluoroview_simulated.render.canvas import GRID, Canvas, ViewLayers

SECOND = 8.0 + ONSET_S
"""When the second swallow begins: thin, 10 ml."""


def drawn(procedure, t_s, **geometry):
    view = View(replace(procedure.info.geometry, **geometry))
    layers, canvas = ViewLayers(view), Canvas()
    procedure.layers(view, layers)
    canvas.begin(layers, t_s)
    procedure.draw(t_s, canvas)
    return canvas


def cells(y_mm, z_mm):
    """Row and column of a place in the patient's middle, in the lateral start view."""
    at = (np.array([ORIGIN_MM[2] - z_mm, y_mm - ORIGIN_MM[1]]) / 200.0 + 0.5) * GRID
    return tuple(int(v) for v in at)


def barium(canvas, low, high):
    """Barium in a rectangle of the lateral view, g; corners (y, z) in mm."""
    (r1, c0), (r0, c1) = cells(*low), cells(*high)
    return float(canvas.contrast[r0:r1, c0:c1].sum()) * canvas.cell_mm**2 * 1e-3


TRACHEA = ((-30.0, 352.0), (-7.0, 412.0))
PHARYNX_OUT = ((-32.0, 420.0), (-14.0, 442.0))


@pytest.mark.parametrize("case", [c.name for c in PROCEDURE.info.cases])
def test_only_aspiration_gets_below_the_folds(case):
    procedure = PROCEDURE(case)
    below = procedure.truth(SECOND + 1.5)["aspirated_ml"]
    assert (below > 0.1) == (case == "aspiration")


def test_aspirated_barium_lies_in_the_windpipe():
    safe, unsafe = (barium(drawn(PROCEDURE(c), 6.5), *TRACHEA) for c in ("normal", "aspiration"))
    assert unsafe > safe + 0.05


def test_the_first_aspiration_is_silent_and_a_cough_clears_part():
    silent, asked = PROCEDURE("aspiration"), PROCEDURE("aspiration")
    asked.actions.record(ONSET_S + 1.5, "Cough")
    t = ONSET_S + 3.5
    assert all(silent.truth(s)["cough"] == 0.0 for s in np.arange(2.7, 7.9, 0.1))
    assert max(asked.truth(s)["cough"] for s in np.arange(4.2, 5.0, 0.05)) > 0.5
    left, before = (p.truth(t)["aspirated_ml"] for p in (asked, silent))
    assert 0.2 * before < left < 0.7 * before


def test_penetration_stays_above_the_folds_and_is_expelled_in_part():
    procedure = PROCEDURE("penetration")
    course = [procedure.truth(SECOND + s)["penetrated"] for s in np.arange(0, 2.0, 0.05)]
    assert max(course) > 0.6
    assert 0.05 < course[-1] < 0.4 * max(course)


@pytest.mark.parametrize(("bolus", "least", "most"), [(NECTAR, 0.1, 0.5), (PUDDING, 0.0, 0.0)])
def test_thicker_boluses_are_safer(bolus, least, most):
    aspirated = []
    for given in (bolus, THIN_10):
        procedure = PROCEDURE("aspiration")
        procedure.actions.record(0.0, "Bolus", given.name)
        aspirated.append(procedure.truth(ONSET_S + 2.0)["aspirated_ml"])
    assert least <= aspirated[0] / aspirated[1] <= most


def test_residue_grows_with_every_swallow():
    procedure = PROCEDURE("residue")
    left = [procedure.truth(8.0 * k + 6.0)["residue"] for k in range(4)]
    assert (np.diff(left) > 0.3).all()
    assert left[-1] > 2.5 * PROCEDURE("normal").truth(30.0)["residue"]


def test_the_bar_narrows_the_column_before_c5():
    narrowest = {}
    for case in ("normal", "cricopharyngeal-bar"):
        canvas = drawn(PROCEDURE(case), SECOND + 0.65)
        column = canvas.contrast[:, cells(-22, 0)[1] : cells(8, 0)[1]] > 0.4
        rows = slice(cells(0, 428)[0], cells(0, 402)[0])
        narrowest[case] = float(column[rows].sum(axis=1).min()) * canvas.cell_mm
    assert 0.5 < narrowest["cricopharyngeal-bar"] < 0.6 * narrowest["normal"]


def test_a_magnified_or_shifted_side_view_shows_the_same_barium():
    procedure = PROCEDURE("normal")
    start = drawn(procedure, SECOND + 0.2)
    total = start.contrast.sum() * start.cell_mm**2
    x, y, z = ORIGIN_MM
    shifted = drawn(procedure, SECOND + 0.2, isocentre_mm=(x, y + 5.0, z - 5.0), detector_mm=240.0)
    assert shifted.contrast.sum() * shifted.cell_mm**2 == pytest.approx(total, rel=0.02)


@pytest.mark.parametrize("primary_deg", [0.0, 30.0, 60.0])
def test_every_other_view_shows_the_bolus_in_space(primary_deg):
    procedure = PROCEDURE("normal")
    side = drawn(procedure, SECOND + 0.1)
    turned = drawn(procedure, SECOND + 0.1, primary_deg=primary_deg)
    grams = [float(c.contrast.sum()) * c.cell_mm**2 * 1e-3 for c in (side, turned)]
    assert grams[1] == pytest.approx(grams[0], rel=0.5)
    heights = [np.average(np.arange(GRID), weights=c.contrast.sum(axis=1)) for c in (side, turned)]
    assert heights[1] * side.cell_mm == pytest.approx(heights[0] * side.cell_mm, abs=8.0)


def test_from_the_front_pools_lie_on_both_sides():
    canvas = drawn(PROCEDURE("residue"), 38.0, primary_deg=0.0)
    left, right = (canvas.contrast[:, s].sum() for s in (slice(0, 250), slice(262, 512)))
    assert left == pytest.approx(right, rel=0.3)
    assert canvas.contrast[:, 254:258].sum() < 0.05 * (left + right)


def across(canvas, z_mm):
    """Barium over x in the rows of a height, from the front: places in mm and mm·g/cm³."""
    row = cells(0.0, z_mm)[0]
    profile = canvas.contrast[row - 4 : row + 5].mean(axis=0)
    return (np.arange(GRID) + 0.5 - GRID / 2) * canvas.cell_mm, profile


def test_from_the_front_the_bolus_parts_at_the_larynx_and_joins_again():
    canvas = drawn(PROCEDURE("normal"), SECOND + 0.3, primary_deg=0.0)
    x, parted = across(canvas, 447.0)
    middle = parted[np.abs(x) < 2.0].max()
    sides = [parted[(s * x > 5.0) & (s * x < 15.0)].max() for s in (-1, 1)]
    assert middle < 0.4 * min(sides)
    x, whole = across(drawn(PROCEDURE("normal"), SECOND + 0.65, primary_deg=0.0), 405.0)
    assert whole[np.abs(x) < 2.0].max() > 0.9 * whole.max() > 0.5


def test_from_the_front_aspirated_barium_runs_down_the_middle():
    safe, unsafe = (
        drawn(PROCEDURE(c), 6.5, primary_deg=0.0).contrast for c in ("normal", "aspiration")
    )
    rows = slice(cells(0, 405)[0], cells(0, 360)[0])
    down = (unsafe - safe)[rows].sum(axis=0)
    middle = slice(GRID // 2 - 20, GRID // 2 + 20)
    assert down[middle].sum() > 0.95 * np.abs(down).sum() > 0.0


def test_from_the_front_larynx_and_windpipe_rise_with_the_swallow():
    procedure = PROCEDURE("normal")
    rest, lifted = (drawn(procedure, t, primary_deg=0.0) for t in (SECOND + 2.5, SECOND + 0.5))
    rows = slice(cells(0, 432)[0], cells(0, 380)[0])
    middle = slice(GRID // 2 - 60, GRID // 2 + 60)
    cartilage = [c.bone[rows, middle].sum() for c in (rest, lifted)]
    assert cartilage[1] < 0.4 * cartilage[0]
    air = [-c.soft[rows, middle] for c in (rest, lifted)]
    assert np.abs(air[0] - air[1]).sum() > 0.2 * air[0].sum()


def test_from_the_front_the_epiglottis_turns_down_and_leaves_a_gap(monkeypatch):
    turned = drawn(PROCEDURE("normal"), SECOND + 0.42, primary_deg=0.0)
    monkeypatch.setitem(FAULTS, "normal", replace(FAULTS["normal"], tilt=0.0))
    upright = drawn(PROCEDURE("normal"), SECOND + 0.42, primary_deg=0.0)
    middle = slice(GRID // 2 - 6, GRID // 2 + 6)  # the residue in the recesses lies lateral to it
    assert (upright.contrast - turned.contrast)[:, middle].max() > 0.3
    tissue = (turned.soft - upright.soft)[:, middle].sum(axis=1)
    rows = np.arange(GRID)
    where = [np.average(rows, weights=np.maximum(sign * tissue, 0.0)) for sign in (1, -1)]
    assert (where[0] - where[1]) * turned.cell_mm > 5.0, "its tip comes down"


def test_from_the_front_the_jaw_opens_for_the_spoon():
    procedure = PROCEDURE("normal")
    heights = []
    for t in (ONSET_S + 2.5, ONSET_S - 1.7):
        bone = drawn(procedure, t, primary_deg=0.0).bone
        lateral_to_the_hyoid = bone[:, GRID // 2 + 60 : GRID // 2 + 80].sum(axis=1)
        heights.append(float(np.average(np.arange(GRID), weights=lateral_to_the_hyoid)))
    assert (heights[1] - heights[0]) * 200.0 / GRID > 1.5


def test_the_drawing_serves_small_turns_and_the_meshes_large_ones():
    procedure = PROCEDURE("normal")
    g = procedure.info.geometry
    assert procedure.resting(View(replace(g, primary_deg=96.0)), 64) is not None
    assert procedure.resting(View(replace(g, primary_deg=60.0)), 64) is None
    assert procedure.resting(View(replace(g, detector_mm=420.0)), 64) is None


def test_a_mouth_that_is_full_takes_nothing():
    procedure = PROCEDURE("normal")
    with pytest.raises(RefusedActionError, check=lambda e: e.code == "FV-SIM-029"):
        procedure.check("Swallow", None, 3.0)
    procedure.check("Swallow", None, 6.5)


def test_a_pause_brings_the_next_bolus():
    procedure = PROCEDURE("normal")
    assert procedure.begin(0.0) == 0.0
    assert procedure.begin(3.0) == 8.0
    assert "thin, 10 ml" in procedure.status(procedure.begin(3.0) + 1.0)
