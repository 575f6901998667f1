"""Nailing of a hip fracture and pinning of a wrist: what metal does, and what is refused."""

import json

import numpy as np
import pytest

from fluoroview_simulated import procedures
from fluoroview_simulated.anatomy.view import View
from fluoroview_simulated.procedures.base import RefusedActionError
from fluoroview_simulated.render.canvas import Canvas, ViewLayers

GRID = 512


def drawn(procedure, t_s, geometry=None):
    view = View(geometry or procedure.info.geometry)
    canvas, layers = Canvas(), ViewLayers(view)
    procedure.layers(view, layers)
    canvas.begin(layers, t_s)
    procedure.draw(t_s, canvas)
    return view, canvas


def do(procedure, t_s, **controls):
    for name, value in controls.items():
        procedure.actions.record(t_s, name, procedure.check(name, float(value), t_s))


def nailed():
    p = procedures.make("femoral-nailing", "displaced")
    do(p, 1, Traction=18, Rotation=24, Abduction=13)
    do(p, 2, EntryWire=200)
    do(p, 3, Reamer=75)
    do(p, 4, Reamer=0, Nail=184)
    do(p, 5, EntryWire=0)
    return p


@pytest.mark.parametrize("name", ["femoral-nailing", "wrist-pinning"])
def test_gallery_does_nothing_forbidden(name):
    info = procedures.find(name).info
    p = procedures.make(name, info.cases[0].name)
    for t_s, control, value in sorted(info.gallery_actions, key=lambda a: a[0]):
        p.check(control, value, t_s)
        p.actions.record(t_s, control, value)
    json.dumps(p.truth(99.0))
    assert p.status(99.0)


def test_traction_brings_the_shaft_down():
    p = procedures.make("femoral-nailing", "displaced")
    knee = np.array((110.0, 16.0, -500.0))
    matrix, shift = p.pose(0.0)
    before = (matrix @ knee + shift)[2]
    do(p, 1, Traction=18)
    matrix, shift = p.pose(2.0)
    assert before - (matrix @ knee + shift)[2] == pytest.approx(18.0, abs=0.1)


def test_reduced_shaft_stands_where_it_was_before_it_broke():
    p = nailed()
    matrix, shift = p.pose(9.0)
    assert matrix == pytest.approx(np.eye(3), abs=1e-6)
    assert shift == pytest.approx(np.zeros(3), abs=1e-6)


def test_wire_through_the_nail_meets_the_head_and_not_the_joint():
    p = nailed()
    with pytest.raises(RefusedActionError, check=lambda e: e.code == "FV-SIM-027"):
        p.check("LagWire", 125.0, 6.0)
    do(p, 6, LagWire=108)
    assert p.tip_apex_mm(7.0) < 25.0
    tip = np.array(p.truth(7.0)["tip_mm"])
    assert np.linalg.norm(tip - (90, 15, -200)) < 24.0


def test_turning_the_nail_too_far_leaves_the_neck():
    p = nailed()
    do(p, 6, NailTurn=20)
    with pytest.raises(RefusedActionError, check=lambda e: e.code == "FV-SIM-027"):
        p.check("LagWire", 110.0, 7.0)


def test_order_of_instruments():
    p = procedures.make("femoral-nailing", "displaced")
    with pytest.raises(RefusedActionError, check=lambda e: e.code == "FV-SIM-022"):
        p.check("Reamer", 30.0, 1.0)
    with pytest.raises(RefusedActionError, check=lambda e: e.code == "FV-SIM-023"):
        p.check("Nail", 100.0, 1.0)
    with pytest.raises(RefusedActionError, check=lambda e: e.code == "FV-SIM-025"):
        p.check("LagWire", 20.0, 1.0)
    p = nailed()
    with pytest.raises(RefusedActionError, check=lambda e: e.code == "FV-SIM-026"):
        p.check("Drill", 50.0, 6.0)
    with pytest.raises(RefusedActionError, check=lambda e: e.code == "FV-SIM-021"):
        p.check("Traction", 4.0, 6.0)


def test_nail_has_a_hole_and_a_bore():
    p = nailed()
    view, canvas = drawn(p, 9.0)
    metal = canvas.metal
    assert metal.min() >= 0.0
    axis = p._track.at(184.0 - 180.0 + 20.0)
    hole = p._track.at(184.0 - 180.0 + 54.0)
    place, _ = view.cells(np.array([axis, hole]), GRID)
    solid, through = (metal[round(y), round(x)] for x, y in place)
    assert 0 < through < 0.75 * solid


def test_screw_is_threaded():
    p = nailed()
    do(p, 6, LagWire=110)
    do(p, 7, Drill=108)
    do(p, 8, LagScrew=106, Drill=0, LagWire=0)
    view, canvas = drawn(p, 9.0)
    aim = p._aim_now(9.0)
    across = np.cross(aim.direction, (0, 1, 0))
    edge = [aim.at(s) + across * 4.6 for s in np.arange(80, 102, 0.5)]
    place, _ = view.cells(np.array(edge), GRID)
    profile = np.array([canvas.metal[round(y), round(x)] for x, y in place])
    assert profile.max() > 2.0 * max(profile.min(), 0.1)


def test_cut_out_screw_stands_outside_of_the_head():
    p = procedures.make("femoral-nailing", "cut-out")
    tip = np.array(p.truth(1.0)["tip_mm"])
    assert np.linalg.norm(tip - (90, 15, -200)) > 24.0
    with pytest.raises(RefusedActionError, check=lambda e: e.code == "FV-SIM-020"):
        p.check("Traction", 2.0, 1.0)


def test_malreduction_has_a_long_tip_apex_distance():
    p = procedures.make("femoral-nailing", "malreduction")
    assert p.tip_apex_mm(1.0) > 25.0
    assert p.displacement(1.0)[1] > 10.0


def test_sound_hip_shows_no_metal():
    _, canvas = drawn(procedures.make("femoral-nailing", "normal"), 2.0)
    assert not canvas.used["metal"]


def test_small_body_is_smaller():
    metal = []
    for body in ("small", "large"):
        p = procedures.make("femoral-nailing", "cut-out", body=body)
        _, canvas = drawn(p, 1.0)
        metal.append(float(canvas.metal.sum()))
    assert metal[0] < metal[1]


# ---- wrist ---------------------------------------------------------------------------------------


def test_reduction_turns_the_hand_back():
    p = procedures.make("wrist-pinning", "colles")
    finger = np.array((3.0, 0.0, 60.0))
    matrix, shift = p.pose(0.0)
    assert (matrix @ finger + shift)[1] < -20.0  # to the back of the hand
    do(p, 1, Traction=5, PalmarFlexion=21, UlnarDeviation=8)
    matrix, shift = p.pose(2.0)
    assert matrix @ finger + shift == pytest.approx(finger, abs=1e-6)


def test_wire_stops_at_the_far_cortex():
    p = procedures.make("wrist-pinning", "colles")
    do(p, 1, Wire1Angle=21)
    far = p.course(1, 2.0).out_mm
    do(p, 2, Wire1=far + 3)
    with pytest.raises(RefusedActionError, check=lambda e: e.code == "FV-SIM-057"):
        p.check("Wire1", far + 6, 3.0)
    with pytest.raises(RefusedActionError, check=lambda e: e.code == "FV-SIM-055"):
        p.check("Wire1Angle", 30.0, 3.0)
    with pytest.raises(RefusedActionError, check=lambda e: e.code == "FV-SIM-054"):
        p.check("Traction", 4.0, 3.0)


def test_flat_wire_would_enter_the_joint():
    p = procedures.make("wrist-pinning", "colles")
    do(p, 1, Wire2Angle=118, Wire2Tilt=0)
    with pytest.raises(RefusedActionError, check=lambda e: e.code == "FV-SIM-056"):
        p.check("Wire2", 40.0, 2.0)


def test_hand_moves_with_its_skin():
    p = procedures.make("wrist-pinning", "colles")
    _, before = drawn(p, 0.0)
    assert before.soft.max() > 5.0  # soft tissue where none was
    do(p, 1, Traction=5, PalmarFlexion=21, UlnarDeviation=8)
    _, after = drawn(p, 2.0)
    bones = np.abs(after.bone) > 0
    assert after.soft[~bones].max() < 0.5


def test_wire_in_the_joint_is_seen_beyond_the_joint_surface():
    p = procedures.make("wrist-pinning", "joint-penetration")
    view, canvas = drawn(p, 1.0)
    (x, y), _ = (a[0] for a in view.cells(np.array([(4.8, -1.5, 13.5)]), GRID))
    assert canvas.metal[round(y) - 2 : round(y) + 3, round(x) - 2 : round(x) + 3].max() > 0.5


def test_child_has_growth_plates():
    adult = procedures.make("wrist-pinning", "normal").parts()
    child = procedures.make("wrist-pinning", "normal", body="child").parts()
    assert len(child) == len(adult) + 2
    assert sum(p.bone < 0 and p.soft > 0 for p in child) > sum(
        p.bone < 0 and p.soft > 0 for p in adult
    )
