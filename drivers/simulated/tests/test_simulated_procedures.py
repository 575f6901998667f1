"""What every procedure keeps to: cases, texts, controls, reproducible images from any side."""

from dataclasses import replace

import numpy as np
import pytest

from fluoroview_simulated import procedures
from fluoroview_simulated.anatomy.view import View
from fluoroview_simulated.driver.catalogue import gallery_frames, listed
from fluoroview_simulated.procedures.base import BODIES
from fluoroview_simulated.render.canvas import Canvas, ViewLayers
from fluoroview_simulated.render.scene import Scene
from fluoroview_simulated.room.scene_builder import settled
from fluoroview_simulated.room.technique import POSITIONS, PULSE_RATES_HZ
from fluoroview_simulated.room.tube import collimation_refusal, technique_refusal

NAMES = procedures.names()
REQUIRED = {
    "modified-barium-swallow": {
        "normal",
        "penetration",
        "aspiration",
        "residue",
        "cricopharyngeal-bar",
    },
    "oesophagogram": {"normal", "stricture", "hiatal-hernia", "achalasia"},
    "upper-gi": {"normal", "ulcer"},
    "barium-enema": {
        f"{contrast}-{finding}"
        for contrast in ("single", "double")
        for finding in ("normal", "diverticulosis", "polyp", "apple-core")
    },
    "cerebral-angiography": {"normal", "stenosis", "aneurysm", "occlusion"},
    "peripheral-angiography": {"normal", "stenosis", "aneurysm", "occlusion"},
    "cystography": {"normal", "residual-urine"},
    "voiding-cystourethrography": {"normal", "reflux-2", "reflux-4", "residual-urine"},
    "myelography": {"normal", "disc-protrusion"},
    "hysterosalpingography": {"normal", "blocked-tube", "septum"},
    "coronary-angiography": {"normal", "stenosis", "balloon"},
    "central-line": {"good", "malposition"},
    "stent-placement": {"stenosis"},
    "femoral-nailing": {"displaced", "normal"},
    "wrist-pinning": {"colles", "normal"},
}


def every_case():
    return [(n, c.name) for n in NAMES for c in procedures.find(n).info.cases]


def acted(name, case="", body=""):
    """A patient with the actions of the gallery, and the moment of its still."""
    patient = procedures.make(name, case, 1, body)
    for t_s, control, value in patient.info.gallery_actions_of(patient.case):
        patient.actions.record(t_s, control, value)
    start, end = patient.info.gallery_s
    return patient, start + (end - start) * 2 / 3


def drawn(patient, t_s, view):
    """The four maps at one moment."""
    layers = ViewLayers(view)
    patient.layers(view, layers)
    canvas = Canvas()
    canvas.begin(layers, t_s)
    patient.draw(t_s, canvas)
    canvas.finish()
    return {name: m.copy() for name, m in canvas.base.items()}


def test_every_required_procedure_exists_with_its_cases():
    for name, cases in REQUIRED.items():
        assert cases <= {c.name for c in procedures.find(name).info.cases}, name


@pytest.mark.parametrize("name", NAMES)
def test_procedure_describes_itself_and_starts_within_the_tube(name):
    info = procedures.find(name).info
    assert info.name == name
    assert len(info.teaching) > 60
    assert info.rate_hz in PULSE_RATES_HZ
    assert technique_refusal(info.technique) == ""
    assert collimation_refusal(info.geometry) == ""
    assert info.geometry.position in POSITIONS
    assert set(info.bodies) <= set(BODIES)
    assert info.agent in ("barium", "iodine", "none")
    for case in info.cases:
        assert len(case.teaching) > 60, case.name
        assert case.title


@pytest.mark.parametrize("name", [n for n in NAMES if n != "phantom"])
def test_procedure_has_an_abnormal_case(name):
    assert any(c.abnormal for c in procedures.find(name).info.cases)


@pytest.mark.parametrize("name", NAMES)
def test_keys_of_the_controls_do_not_collide(name):
    keys = [k for c in procedures.find(name).info.controls for k in c.shortcut]
    assert len(keys) == len(set(keys))
    assert not {"Space", "K", "Ctrl+Left", "Ctrl+Right", "Ctrl+Up", "Ctrl+Down"} & set(keys)
    for control in procedures.find(name).info.controls:
        assert control.kind in ("command", "number", "step", "choice", "switch")
        assert control.description
        if control.kind == "choice":
            assert control.default in control.choices
        if control.kind in ("number", "step"):
            assert control.minimum <= control.default <= control.maximum


@pytest.mark.parametrize(("name", "case"), every_case())
def test_a_moment_is_the_same_whenever_it_is_asked_for(name, case):
    patient, t_s = acted(name, case)
    view = View(procedures.start_geometry(patient.info, patient.case, patient.body))
    first = drawn(patient, t_s, view)
    drawn(patient, t_s + 1.0, view)
    drawn(patient, 0.0, view)
    again = drawn(patient, t_s, view)
    other = drawn(acted(name, case)[0], t_s, view)
    for material, map_ in first.items():
        assert np.array_equal(map_, again[material]), material
        assert np.array_equal(map_, other[material]), material
        assert np.isfinite(map_).all()


@pytest.mark.parametrize("name", NAMES)
def test_something_moves_or_is_done(name):
    patient, t_s = acted(name)
    view = View(procedures.start_geometry(patient.info, patient.case, patient.body))
    early, late = drawn(procedures.make(name), 0.0, view), drawn(patient, t_s, view)
    assert max(np.abs(late[m] - early[m]).max() for m in late) > 0.05


@pytest.mark.parametrize("name", NAMES)
def test_seen_from_other_sides_and_in_other_positions(name):
    patient, t_s = acted(name)
    start = procedures.start_geometry(patient.info, patient.case, patient.body)
    for changes in (
        {"primary_deg": 45.0, "secondary_deg": -20.0},
        {"primary_deg": -90.0},
        {"position": "erect"},
        {"position": "left side down", "tilt_deg": 15.0},
        {"isocentre_mm": (300.0, 0.0, 500.0)},
    ):
        maps = drawn(patient, t_s, View(replace(start, **changes)))
        assert all(np.isfinite(m).all() for m in maps.values())


@pytest.mark.parametrize("name", NAMES)
def test_every_body_gives_an_image(name):
    info = procedures.find(name).info
    for body in info.bodies:
        patient, t_s = acted(name, "", body)
        scene = Scene(patient, 512)
        inner = scene.frame(0, t_s, settled(scene, t_s, info.rate_hz))[100:400, 100:400]
        assert 40 < np.median(inner) < 12000, body
        assert inner.std() > 20, body


@pytest.mark.parametrize("name", NAMES)
def test_truth_and_status_are_available_at_any_time(name):
    import json

    patient, t_s = acted(name)
    for t in (0.0, t_s, t_s + 20.0):
        assert json.loads(json.dumps(patient.truth(t))) is not None
        assert "\n" not in patient.status(t)
        assert patient.begin(t) >= t


def test_unknown_names_are_refused_with_the_nearest():
    with pytest.raises(ValueError, match="barium-enema"):
        procedures.make("barium-enena")
    with pytest.raises(ValueError, match="penetration"):
        procedures.make("modified-barium-swallow", "penetratoin")
    with pytest.raises(ValueError, match="medium"):
        procedures.make("phantom", "", 1, "huge")


def test_catalogue_lists_everything_as_json():
    import json

    catalogue = json.loads(json.dumps(listed()))
    assert [entry["name"] for entry in catalogue] == NAMES
    assert all(entry["cases"] for entry in catalogue)


def test_gallery_renders_the_movie_of_a_case():
    about, frames = gallery_frames("phantom", "water-drum", 300, 4)
    frames = list(frames)
    assert about["rate_hz"] == 30.0
    assert len(frames) == 4
    assert frames[0][1].shape == (300, 300)
    assert not np.array_equal(frames[0][1], frames[1][1])


def test_other_matrices_are_refused():
    with pytest.raises(ValueError, match="512, 1024, 2048"):
        Scene(procedures.make("phantom"), 768)
