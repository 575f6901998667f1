"""Head and neck in space: closed, in place, and right in what a ray meets."""

import numpy as np
import pytest

from fluoroview_simulated.anatomy import regions_head
from fluoroview_simulated.anatomy.landmarks import HEAD_TOP_Z, VERTEBRAE
from fluoroview_simulated.anatomy.mesh import load
from fluoroview_simulated.anatomy.project import project_parts
from fluoroview_simulated.anatomy.view import View
from fluoroview_simulated.room.technique import Geometry

MESHES = (
    "cranium", "face", "mandible", "petrous", "mastoid_cells", "sinuses", "nose_air", "pharynx",
    "skin", "skin_shoulders", "hyoid", "cartilage", "palate", "teeth_upper", "enamel_lower",
    *regions_head.CERVICAL,
)  # fmt: skip


@pytest.mark.parametrize("name", MESHES)
def test_meshes_are_closed_and_turned_outwards(name):
    mesh = load(f"head_{name}")
    edges = np.concatenate([mesh.faces[:, [0, 1]], mesh.faces[:, [1, 2]], mesh.faces[:, [2, 0]]])
    n = len(mesh.vertices)
    forward = edges[:, 0].astype(np.int64) * n + edges[:, 1]
    back = edges[:, 1].astype(np.int64) * n + edges[:, 0]
    assert np.isin(forward, back).mean() > 0.999
    assert mesh.volume_ml > 0


def test_landmarks():
    skin = load("head_skin").vertices
    assert skin[:, 2].max() == pytest.approx(HEAD_TOP_Z, abs=10)
    for name in regions_head.CERVICAL[2:]:
        z = load(f"head_{name}").vertices[:, 2]
        assert z.min() < VERTEBRAE[name] < z.max()
    cranium = load("head_cranium").vertices
    assert np.ptp(cranium[:, 0]) == pytest.approx(146, abs=10)  # breadth of the skull
    assert np.ptp(cranium[:, 1]) == pytest.approx(188, abs=14)  # and its length


def test_the_vault_is_two_tables_with_spongy_bone_between():
    view = View(Geometry(primary_deg=90.0, isocentre_mm=(0, 0, 600), detector_mm=125.0))
    soft, bone = project_parts(regions_head.head(), view, 64)
    middle = np.s_[26:38, 26:38]
    assert 2.5 < bone[middle].mean() < 9.0  # both walls, mm of compact bone
    assert 120 < soft[middle].mean() < 160  # brain and scalp


def test_petrous_bone_is_the_densest_place_from_the_side():
    view = View(Geometry(primary_deg=90.0, isocentre_mm=(0, 10, 545), detector_mm=250.0))
    _, bone = project_parts(regions_head.head(), view, 128)
    petrous = view.cells(np.array([[0.0, 10.0, 543.0]]), 128)[0][0].astype(int)
    brain = view.cells(np.array([[0.0, 10.0, 600.0]]), 128)[0][0].astype(int)
    assert bone[petrous[1], petrous[0]] > 4 * bone[brain[1], brain[0]]


def test_sinuses_and_windpipe_are_air():
    for point, primary, missing in (((27, -62, 519), 0.0, 20.0), ((0, -17, 380), 90.0, 10.0)):
        view = View(Geometry(primary_deg=primary, isocentre_mm=point, detector_mm=60.0))
        whole = project_parts(regions_head.head_and_neck(), view, 48)[0][22:26, 22:26].mean()
        skin = [p for p in regions_head.head_and_neck() if p.soft == 1.0]
        assert project_parts(skin, view, 48)[0][22:26, 22:26].mean() > whole + missing


def test_budget_of_faces():
    assert sum(len(p.mesh.faces) for p in regions_head.head()) < 250_000
    assert sum(len(p.mesh.faces) for p in regions_head.head_and_neck()) < 250_000


@pytest.mark.parametrize(
    ("first", "last", "sentence"),
    [("C3", "T1", "no vertebra 'T1'"), ("C6", "C2", "C6 lies below C2")],
)
def test_levels_that_are_not_there_are_refused(first, last, sentence):
    with pytest.raises(ValueError, match=sentence):
        regions_head.cervical_spine(first, last)
    assert len(regions_head.cervical_spine("C3", "C5")) == 3
