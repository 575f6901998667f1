"""Run-off of the leg and stents: when contrast arrives, what stands in its way, what is refused."""

import json

import numpy as np
import pytest

from fluoroview_simulated import procedures
from fluoroview_simulated.anatomy import limb_vessels as arteries
from fluoroview_simulated.anatomy.view import View
from fluoroview_simulated.procedures.base import RefusedActionError
from fluoroview_simulated.render.canvas import Canvas, ViewLayers


def make(case, inject_s=0.0):
    p = procedures.make("peripheral-angiography", case)
    p.actions.record(inject_s, "Inject", None)
    return p


def drawn(procedure, t_s):
    view = View(procedure.info.geometry)
    canvas, layers = Canvas(), ViewLayers(view)
    procedure.layers(view, layers)
    canvas.begin(layers, t_s)
    procedure.draw(t_s, canvas)
    return view, canvas


def do(procedure, t_s, name, value=None):
    procedure.actions.record(t_s, name, procedure.check(name, value, t_s))


def arrival_s(case):
    """When the popliteal artery at the knee is first seen."""
    p = make(case)
    name = "popliteal" if case == "occlusion" else "femoral"
    run = p._tree.run(name)
    node = run[np.argmin(np.abs(p._tree.points[run, 2] + 620))]
    for t_s in np.arange(0.5, 15, 0.25):
        c = p.concentration(t_s, p.injections(t_s))
        if c is not None and c[node] > 0.03:
            return t_s
    return np.inf


def test_disease_delays_the_knee():
    normal, stenosis, occlusion = (arrival_s(c) for c in ("normal", "stenosis", "occlusion"))
    assert 1.0 < normal < 4.0
    assert normal < stenosis < occlusion < 10.0


def test_aneurysm_holds_contrast_after_the_artery_above_has_cleared():
    p = make("aneurysm")
    run = p._tree.run("femoral")
    z = p._tree.points[run, 2]
    above, sac = (run[np.argmin(np.abs(z - k))] for k in (-430, -588))
    c = p.concentration(8.5, p.injections(8.5))
    assert c[above] < 0.01 < c[sac]
    assert p._tree.radius_mm[sac] > 9.0


def test_occlusion_leaves_a_gap_in_the_artery():
    p = make("occlusion")
    top, low = p._tree.run("femoral"), p._tree.run("popliteal")
    assert p._tree.points[top, 2].min() - p._tree.points[low[1:], 2].max() > 60.0


def test_catheter_below_gives_nothing_above():
    p = procedures.make("peripheral-angiography", "normal")
    do(p, 0.0, "CatheterAdvance", 250.0)
    do(p, 0.1, "Inject")
    c = p.concentration(2.5, p.injections(2.5))
    profunda = p._tree.run("profunda")[10:]
    assert c[profunda].max() < 1e-3 < c.max()


def test_contrast_is_what_was_injected():
    p = make("normal")
    i, _ = p.injections(10.0)[0]
    assert p.truth(10.0)["given_ml"] == pytest.approx(12.0)
    assert i.span_s == pytest.approx((0.5, 0.5 + 12.0 / 5.0))
    assert p.truth(0.4)["given_ml"] == 0.0


def test_wash_out_and_purity():
    p = make("normal")
    first = drawn(p, 3.0)[1].contrast.copy()
    late = drawn(p, 40.0)[1].contrast.sum()
    again = drawn(p, 3.0)[1].contrast
    assert late < 0.01 * first.sum()
    assert np.array_equal(first, again)


def test_catheter_may_not_leave_through_the_end():
    p = procedures.make("peripheral-angiography", "occlusion")
    with pytest.raises(RefusedActionError, check=lambda e: e.code == "FV-SIM-035"):
        p.check("CatheterAdvance", 400.0, 1.0)


def test_injector_refuses_twice_and_too_fast_in_a_small_vessel():
    p = make("normal")
    with pytest.raises(RefusedActionError, check=lambda e: e.code == "FV-SIM-036"):
        p.check("Inject", None, 1.0)
    p = procedures.make("peripheral-angiography", "normal")
    p.actions.record(0.0, "CatheterAdvance", 400.0)
    p.actions.record(0.0, "CatheterAdvance", p.way(1.0).end_mm - 20.0)
    with pytest.raises(RefusedActionError, check=lambda e: e.code == "FV-SIM-037"):
        p.check("Inject", None, 1.0)


@pytest.mark.parametrize("case", ["normal", "stenosis", "occlusion", "aneurysm"])
def test_every_case_states_its_ground_truth(case):
    p = make(case)
    json.dumps(p.truth(4.0))
    assert p.status(4.0)


def test_tree_follows_its_height():
    tree = arteries.leg_tree()
    at = arteries.at_height(tree, "femoral", -400.0)
    assert tree.points[tree.node("femoral", at), 2] == pytest.approx(-400.0, abs=2.0)


# ---- stent ---------------------------------------------------------------------------------------


def stented(dilated=True):
    p = procedures.make("stent-placement", "stenosis")
    do(p, 0.0, "WireAdvance", 190.0)
    if dilated:
        do(p, 1.0, "BalloonAdvance", 65.0)
        do(p, 2.0, "Inflate", True)
        do(p, 7.0, "Inflate", False)
        do(p, 9.0, "BalloonAdvance", 0.0)
    do(p, 10.0, "StentAdvance", 65.0)
    do(p, 11.0, "Deploy", 60.0)
    do(p, 12.0, "StentAdvance", 0.0)
    return p


def test_gallery_of_the_stent_does_nothing_forbidden():
    info = procedures.find("stent-placement").info
    p = procedures.make("stent-placement", "stenosis")
    for t_s, control, value in sorted(info.gallery_actions, key=lambda a: a[0]):
        p.check(control, value, t_s)
        p.actions.record(t_s, control, value)
    assert p.truth(13.0)["stenosis_percent"] < 10.0


def test_balloon_shows_a_waist_that_yields():
    p = procedures.make("stent-placement", "stenosis")
    do(p, 0.0, "WireAdvance", 190.0)
    do(p, 1.0, "BalloonAdvance", 65.0)
    do(p, 2.0, "Inflate", True)
    early = float(p._profile(np.array([p.sheath + p.lesion]), 3.1)[0][0])
    late = float(p._profile(np.array([p.sheath + p.lesion]), 7.0)[0][0])
    assert early < 0.55 * late
    assert p.truth(7.0)["stenosis_percent"] == pytest.approx(40.0, abs=3.0)


def test_stent_opens_from_the_far_end():
    p = procedures.make("stent-placement", "stenosis")
    do(p, 0.0, "WireAdvance", 190.0)
    do(p, 1.0, "StentAdvance", 65.0)

    def width(z, t_s):
        view, canvas = drawn(p, t_s)
        s = p.sheath + z
        (_, row), _ = (a[0] for a in view.cells(p.line.at(s), 512))
        band = canvas.metal[round(row) - 8 : round(row) + 8].max(axis=0)
        lit = np.flatnonzero(band > 0.02)
        return np.ptp(lit) * canvas.cell_mm

    crimped = width(88.0, 2.0)
    do(p, 3.0, "Deploy", 30.0)
    assert crimped < 4.0
    assert width(88.0, 4.0) > 5.0
    assert width(45.0, 4.0) < 4.0


def test_only_the_finding_is_left_in_the_other_cases():
    under, wrong = (procedures.make("stent-placement", c) for c in ("underexpanded", "malposition"))
    assert 40.0 < under.truth(1.0)["stenosis_percent"] < 70.0
    assert wrong.truth(1.0)["stenosis_percent"] == pytest.approx(80.0)
    assert stented().truth(20.0)["stenosis_percent"] < 45.0
    assert stented(dilated=False).truth(20.0)["stenosis_percent"] == pytest.approx(44.0, abs=1.0)


def test_inflated_balloon_stops_the_flow():
    p = procedures.make("stent-placement", "stenosis")
    do(p, 0.0, "WireAdvance", 190.0)
    do(p, 1.0, "BalloonAdvance", 65.0)
    do(p, 2.0, "Inflate", True)
    p.actions.record(5.0, "Inject", None)
    view, canvas = drawn(p, 6.5)
    (_, row), _ = (a[0] for a in view.cells(p.line.at(p.sheath + p.lesion + 40.0), 512))
    assert canvas.contrast[round(row) :].max() < 0.02 < canvas.contrast.max()


def test_stent_refusals():
    p = procedures.make("stent-placement", "stenosis")
    with pytest.raises(RefusedActionError, check=lambda e: e.code == "FV-SIM-049"):
        p.check("Deploy", 10.0, 0.0)
    with pytest.raises(RefusedActionError, check=lambda e: e.code == "FV-SIM-042"):
        p.check("StentAdvance", 65.0, 0.0)
    with pytest.raises(RefusedActionError, check=lambda e: e.code == "FV-SIM-040"):
        p.check("WireAdvance", 420.0, 0.0)
    do(p, 0.0, "WireAdvance", 190.0)
    with pytest.raises(RefusedActionError, check=lambda e: e.code == "FV-SIM-043"):
        p.check("Inflate", True, 1.0)
    do(p, 1.0, "StentAdvance", 65.0)
    with pytest.raises(RefusedActionError, check=lambda e: e.code == "FV-SIM-041"):
        p.check("WireAdvance", 100.0, 2.0)
    with pytest.raises(RefusedActionError, check=lambda e: e.code == "FV-SIM-045"):
        p.check("BalloonAdvance", 60.0, 2.0)
    do(p, 2.0, "Deploy", 20.0)
    with pytest.raises(RefusedActionError, check=lambda e: e.code == "FV-SIM-051"):
        p.check("Deploy", 10.0, 3.0)
    with pytest.raises(RefusedActionError, check=lambda e: e.code == "FV-SIM-047"):
        p.check("StentAdvance", 80.0, 3.0)
    with pytest.raises(RefusedActionError, check=lambda e: e.code == "FV-SIM-039"):
        procedures.make("stent-placement", "malposition").check("Deploy", 10.0, 0.0)
