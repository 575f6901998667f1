"""Cerebral angiography: what fills when, what each case shows, what the injector refuses."""

from dataclasses import replace

import numpy as np
import pytest

from fluoroview_simulated.anatomy.cerebral import load_tree
from fluoroview_simulated.anatomy.view import View
from fluoroview_simulated.procedures.base import RefusedActionError
from fluoroview_simulated.procedures.cerebral_angiography import PROCEDURE
from fluoroview_simulated.render.canvas import GRID, Canvas, ViewLayers


def injected(case="normal", **settings):
    procedure = PROCEDURE(case)
    procedure.actions.record(0.0, "InjectionDelay", 0.0)
    for name, value in settings.items():
        procedure.actions.record(0.0, name, value)
    procedure.actions.record(0.0, "Inject")
    return procedure


class Room:
    """A view and its layers, projected once."""

    def __init__(self, procedure, primary_deg=90.0, secondary_deg=0.0):
        geometry = replace(
            procedure.info.geometry, primary_deg=primary_deg, secondary_deg=secondary_deg
        )
        self.procedure, self.view = procedure, View(geometry)
        self.layers, self.canvas = ViewLayers(self.view), Canvas()
        procedure.layers(self.view, self.layers)

    def contrast(self, t_s):
        self.canvas.begin(self.layers, t_s)
        self.procedure.draw(t_s, self.canvas)
        return self.canvas.contrast.copy()

    def around(self, point_mm, cells=6):
        (x, y), _ = (v[0] for v in self.view.cells(np.array([point_mm], float), GRID))
        return np.s_[int(y) - cells : int(y) + cells, int(x) - cells : int(x) + cells]


@pytest.fixture(scope="module")
def lateral():
    return {c.name: Room(injected(c.name)) for c in PROCEDURE.info.cases}


def test_nothing_but_the_catheter_is_drawn_before_the_injection():
    room = Room(PROCEDURE("normal"))
    assert room.contrast(1.0).max() == 0.0
    assert room.canvas.metal.max() > 0.05


def test_arteries_then_tissue_then_veins(lateral):
    room = lateral["normal"]
    tree, veins = room.procedure.tree, room.procedure.veins
    places = {
        "carotid": tree.points[tree.node("ICA", 0.3)],
        "angular": tree.points[tree.node("angular", 0.8)],
        "sagittal sinus": veins.points[veins.node("sagittal sinus", 0.25)],
    }
    times = np.arange(0.0, 9.0, 0.25)
    course = [room.contrast(t) for t in times]
    peaks = {
        name: times[int(np.argmax([c[room.around(p)].max() for c in course]))]
        for name, p in places.items()
    }
    blush = times[int(np.argmax([room.procedure.truth(t)["blush_g_cm3"] for t in times]))]
    assert 0.3 < peaks["carotid"] < peaks["angular"] < blush < peaks["sagittal sinus"] < 8.0
    assert course[-1][room.around(places["carotid"])].max() < 0.02


def test_contrast_in_the_carotid_is_what_the_injector_gives():
    slow, fast = (injected(InjectionRate=r).truth(1.2)["iodine_g_cm3"]["ICA"] for r in (2.75, 8.0))
    assert fast == pytest.approx(0.30, rel=0.02)
    assert slow == pytest.approx(0.15, rel=0.05)


def test_delay_leaves_time_for_the_mask():
    procedure = PROCEDURE("normal")
    procedure.actions.record(2.0, "Inject")
    assert procedure.truth(2.5)["injected_ml"] == 0.0
    assert procedure.truth(3.1)["injected_ml"] == pytest.approx(3.0, abs=0.05)
    assert procedure.truth(9.0)["injected_ml"] == 8.0


def test_aneurysm_fills_next_to_the_carotid_and_keeps_contrast(lateral):
    sick, healthy = lateral["aneurysm"], lateral["normal"]
    tree = sick.procedure.tree
    place = sick.around(tree.points[tree.run("ICA sac")[10]], 3)
    assert sick.contrast(1.4)[place].mean() > healthy.contrast(1.4)[place].mean() + 0.8
    arteries = sick.around(tree.points[tree.node("ICA", 0.4)], 3)
    late = sick.contrast(2.6)
    assert late[place].mean() > 5 * late[arteries].mean()


def test_stenosis_is_narrow_and_late(lateral):
    tree, normal = (lateral[c].procedure.tree for c in ("stenosis", "normal"))
    run = tree.run("ICA")
    share = tree.radius_mm[run] / normal.radius_mm[normal.run("ICA")]
    assert share.min() == pytest.approx(0.24, abs=0.03)
    m1 = [lateral[c].procedure.truth(0.9)["iodine_g_cm3"]["M1"] for c in ("stenosis", "normal")]
    assert m1[0] < 0.5 * m1[1]


def test_occlusion_leaves_the_middle_cerebral_empty():
    rooms = {c: Room(injected(c), 0.0, 20.0) for c in ("normal", "occlusion")}
    tree = rooms["normal"].procedure.tree
    beyond = rooms["normal"].around(tree.points[tree.node("M2 superior", 0.6)], 5)
    before = rooms["normal"].around(tree.points[tree.node("M1", 0.2)], 3)
    filled = {c: r.contrast(1.4) for c, r in rooms.items()}
    assert filled["occlusion"][beyond].max() < 0.1 * filled["normal"][beyond].max()
    assert filled["occlusion"][before].max() == pytest.approx(
        filled["normal"][before].max(), rel=0.3
    )


def test_the_run_is_a_function_of_time_alone(lateral):
    room = lateral["normal"]
    first = room.contrast(1.3)
    room.contrast(6.0)
    assert np.array_equal(room.contrast(1.3), first)


def test_the_injector_needs_its_pause():
    procedure = injected()
    with pytest.raises(RefusedActionError, check=lambda e: e.code == "FV-SIM-013"):
        procedure.check("Inject", None, 1.0)
    procedure.check("Inject", None, 7.5)


def test_another_seed_is_another_patient_with_the_same_vessels():
    one, other = load_tree("arteries", 1), load_tree("arteries", 2)
    assert one.names == other.names
    moved = np.linalg.norm(one.points - other.points, axis=1)
    assert 0.5 < moved.max() < 10.0
    assert moved[one.run("ICA")[:20]].max() < 0.1


def test_a_child_is_drawn_smaller():
    adult, child = PROCEDURE("normal"), PROCEDURE("normal", 1, "child")
    assert np.ptp(child.tree.points, axis=0) == pytest.approx(
        0.62 * np.ptp(adult.tree.points, axis=0)
    )
    assert child.status(0.0).startswith("Catheter in the left internal carotid")
