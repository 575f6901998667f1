"""Central venous catheter: the wire's way, the catheter over it, its tip, and what is refused."""

import json

import numpy as np
import pytest

from fluoroview_simulated.anatomy import central_veins
from fluoroview_simulated.anatomy.view import View
from fluoroview_simulated.procedures import make
from fluoroview_simulated.procedures.base import RefusedActionError
from fluoroview_simulated.render.canvas import Canvas, ViewLayers


def patient(case="good", *actions):
    procedure = make("central-line", case)
    for act in actions:
        procedure.actions.record(*act)
    return procedure


def drawn(procedure, t_s):
    layers = ViewLayers(View(procedure.info.geometry))
    procedure.layers(layers.view, layers)
    canvas = Canvas()
    canvas.begin(layers, t_s)
    procedure.draw(t_s, canvas)
    return canvas


def wire(depth_mm, turn_deg=0.0, at=1.0):
    return (at, "GuidewireRotate", turn_deg), (at, "GuidewireAdvance", depth_mm)


@pytest.mark.parametrize(
    ("case", "depth_mm", "turn_deg", "vein"),
    [
        ("good", 120.0, 0.0, "superior vena cava"),
        ("good", 300.0, 0.0, "inferior vena cava"),
        ("good", 270.0, 90.0, "right ventricle"),
        ("malposition", 170.0, 0.0, "right internal jugular vein"),
        ("malposition", 180.0, 180.0, "superior vena cava"),
        ("azygos", 260.0, 0.0, "azygos vein"),
        ("azygos", 240.0, 180.0, "superior vena cava"),
    ],
)
def test_the_wire_takes_the_vein_to_which_its_tip_points(case, depth_mm, turn_deg, vein):
    truth = patient(case, *wire(depth_mm, turn_deg)).truth(2.0)
    assert truth["guidewire_vein"] == vein
    assert truth["guidewire_mm"] == depth_mm


def test_a_wrong_way_is_mended_by_drawing_back_turning_and_advancing():
    procedure = patient("malposition", *wire(180.0))
    assert procedure.truth(1.5)["tip_mm"][2] > 375.0
    for act in [
        (2.0, "GuidewireAdvance", 90.0),
        (3.0, "GuidewireRotate", 180.0),
        (4.0, "GuidewireAdvance", 240.0),
    ]:
        procedure.actions.record(*act)
    assert procedure.truth(5.0)["guidewire_vein"] == "right atrium"
    assert procedure.truth(5.0)["tip_mm"][2] < 240.0
    assert procedure.truth(1.5)["tip_mm"][2] > 375.0  # the past stays as it was


def test_the_catheter_is_well_placed_at_the_junction_and_not_in_the_neck():
    good = patient("good", *wire(260.0), (2.0, "CatheterAdvance", 170.0))
    truth = good.truth(3.0)
    assert truth["well_placed"]
    assert abs(truth["tip_from_junction_mm"]) < 25.0
    assert "cavo-atrial junction" in good.status(3.0)
    bad = patient("malposition", *wire(180.0), (2.0, "CatheterAdvance", 170.0)).truth(3.0)
    assert not bad["well_placed"]
    assert bad["tip_from_junction_mm"] is None
    assert bad["catheter_vein"] == "right internal jugular vein"


def test_without_the_wire_the_tip_is_the_catheters():
    actions = (*wire(260.0), (2.0, "CatheterAdvance", 160.0))
    with_wire = patient("good", *actions).truth(4.0)["tip_mm"]
    without = patient("good", *actions, (3.0, "GuidewireOut", True)).truth(4.0)["tip_mm"]
    assert without[2] > with_wire[2] + 80.0


def test_extra_beats_are_noted_in_the_ventricle():
    assert "Extra beats" in patient("good", *wire(270.0, 90.0)).status(2.0)


@pytest.mark.parametrize(
    ("actions", "name", "value", "code"),
    [
        (wire(185.0), "GuidewireAdvance", 250.0, "FV-SIM-010"),
        ((), "CatheterAdvance", 100.0, "FV-SIM-012"),
        ((), "Inject", None, "FV-SIM-006"),
        (
            (*wire(120.0), (1.5, "CatheterAdvance", 80.0)),
            "GuidewireAdvance",
            60.0,
            "FV-SIM-009",
        ),
        ((*wire(120.0), (1.5, "CatheterAdvance", 80.0)), "Inject", None, "FV-SIM-007"),
        (
            (*wire(120.0), (1.5, "CatheterAdvance", 80.0), (1.6, "GuidewireOut", True)),
            "CatheterAdvance",
            90.0,
            "FV-SIM-011",
        ),
        ((), "GuidewireOut", True, "FV-SIM-005"),
    ],
)
def test_what_would_do_harm_is_refused(actions, name, value, code):
    with pytest.raises(RefusedActionError, check=lambda e: e.code == code):
        patient("malposition", *actions).check(name, value, 2.0)


def test_what_is_safe_is_allowed():
    procedure = patient("malposition", *wire(120.0), (1.5, "CatheterAdvance", 80.0))
    assert procedure.check("GuidewireAdvance", 110.0, 2.0) == 110.0
    assert procedure.check("CatheterAdvance", 100.0, 2.0) == 100.0
    assert procedure.check("GuidewireOut", True, 2.0) is True
    procedure.actions.record(2.1, "GuidewireOut", True)
    assert procedure.check("CatheterAdvance", 60.0, 2.5) == 60.0
    assert procedure.check("Inject", None, 2.5) is None


def test_the_wire_is_steel_and_the_catheter_hardly_seen():
    steel = drawn(patient("good", *wire(200.0)), 1.5).metal
    assert 0.7 < np.percentile(steel[steel > 0], 90) < 1.1
    actions = (*wire(200.0), (1.2, "CatheterAdvance", 150.0), (1.3, "GuidewireOut", True))
    shaft = drawn(patient("good", *actions), 1.5).metal
    assert 0.1 < np.percentile(shaft[shaft > 0], 90) < 0.6


def test_contrast_runs_off_in_the_cava_and_stays_in_the_azygos():
    dark = {}
    for case, depth in (("good", 170.0), ("azygos", 262.0)):
        actions = (*wire(275.0), (1.2, "CatheterAdvance", depth), (1.3, "GuidewireOut", True))
        procedure = patient(case, *actions, (1.5, "Inject", None))
        dark[case] = [float(drawn(procedure, t).contrast.max()) for t in (2.8, 6.0, 11.0)]
    assert dark["good"][2] < 0.1 * dark["good"][0]
    assert dark["azygos"][1] > 3.0 * dark["good"][1]


def test_the_truth_can_be_sent():
    for actions in ((), (*wire(200.0), (1.2, "CatheterAdvance", 150.0))):
        truth = patient("good", *actions).truth(2.0)
        assert json.loads(json.dumps(truth)) == dict(truth)


def test_every_access_leads_to_the_heart():
    for access in central_veins.ACCESS:
        tree = central_veins.veins(access)
        for name in ("superior vena cava", "right atrium", "azygos vein"):
            assert name in tree.names
        gap = np.linalg.norm(tree.points - central_veins.JUNCTION, axis=1)
        assert gap.min() < 2.0


def test_the_same_moment_gives_the_same_image():
    actions = (*wire(200.0), (1.2, "CatheterAdvance", 150.0))
    first, again = (drawn(patient("azygos", *actions), 1.7) for _ in range(2))
    for material in ("soft", "metal"):
        assert np.array_equal(first.map(material), again.map(material))
