"""Meshes of leg and hand: closed, of human size, and dense where bone is dense."""

import numpy as np
import pytest

from fluoroview_simulated.anatomy import regions_limbs as limbs
from fluoroview_simulated.anatomy.mesh import load
from fluoroview_simulated.anatomy.project import project_parts
from fluoroview_simulated.anatomy.tree_strokes import room_mm
from fluoroview_simulated.anatomy.view import View
from fluoroview_simulated.room.technique import Geometry

BONES = (
    "limb_femur", "limb_tibia", "limb_fibula", "limb_patella", "limb_foot", "limb_fragment_head",
    "limb_fragment_shaft", "limb_leg_skin", "limb_leg_muscles", "limb_hip_skin", "hand_radius",
    "hand_ulna", "hand_fingers", "hand_skin", *(f"hand_{n}" for n in limbs.CARPALS),
)  # fmt: skip


def maps(parts, iso, fov_mm, primary=0.0, size=256):
    side = fov_mm * 1.25
    geometry = Geometry(
        detector_mm=side,
        field_width_mm=side,
        field_height_mm=side,
        isocentre_mm=iso,
        primary_deg=primary,
    )
    view = View(geometry)
    soft, bone = project_parts(parts, view, size)
    return view, soft, bone


def at(view, image, point, size=256):
    (column, row), _ = (a[0] for a in view.cells(np.array([point], float), size))
    i, j = round(row), round(column)
    return float(image[i - 1 : i + 2, j - 1 : j + 2].mean())


@pytest.mark.parametrize("name", BONES)
def test_every_edge_has_two_faces(name):
    f = load(name).faces
    edges = np.concatenate([f[:, [0, 1]], f[:, [1, 2]], f[:, [2, 0]]]).astype(np.int64)
    forth, back = edges[:, 0] << 32 | edges[:, 1], edges[:, 1] << 32 | edges[:, 0]
    assert np.array_equal(np.sort(forth), np.sort(back))
    assert load(name).volume_ml > 0


def test_femur_is_that_of_an_adult_of_175_cm():
    v = load("limb_femur").vertices
    assert 420 < np.ptp(v[:, 2]) < 460
    condyles = v[v[:, 2] < -575]
    assert 74 < np.ptp(condyles[:, 0]) < 90
    head = v[np.linalg.norm(v - (90, 15, -200), axis=1) < 27]
    top = np.linalg.norm(head[head[:, 2] > -195] - (90, 15, -200), axis=1)
    assert abs(np.median(top) - 24.0) < 1.0


def test_fragments_make_up_the_bone():
    whole = load("limb_femur_hip").volume_ml
    parts = load("limb_fragment_head").volume_ml + load("limb_fragment_shaft").volume_ml
    assert parts == pytest.approx(whole, rel=0.04)
    radius = load("hand_radius_end").volume_ml + load("hand_radius_shaft").volume_ml
    assert radius == pytest.approx(load("hand_radius").volume_ml, rel=0.03)


def test_shaft_has_thick_cortex_and_a_canal():
    view, _, bone = maps(limbs.leg_bones(), (124, 15, -400), 60)
    middle = at(view, bone, (124, 15, -400))
    rim = max(at(view, bone, (124 + x, 15, -400)) for x in (8, 9, 10, 11))
    assert rim > 1.3 * middle  # two walls seen from the front are thinner than one from the side
    assert 8 < middle < 18


def test_ward_triangle_is_emptier_than_the_principal_group():
    view, _, bone = maps([limbs.struts("limb_hip_struts")], (105, 15, -230), 150)
    group = at(view, bone, (104, 18, -215))
    ward = at(view, bone, (125, 24, -232))
    assert group > 2.0 * ward


def test_bones_weaken_the_beam_more_than_what_they_displace():
    for parts, iso in ((limbs.leg_bones(), (98, 18, -570)), (limbs.hand(), (0, 0, 22))):
        _, soft, bone = maps([*parts], iso, 60)
        signal = 0.019 * soft + 0.045 * bone  # 60 keV
        _, rest, _ = maps([limbs.leg_soft()[0], limbs.hand_soft()[0]], iso, 60)
        signal_with = signal + 0.019 * rest
        assert (signal_with > 0.019 * rest - 1e-3).mean() > 0.99


def test_eight_carpals_do_not_overlap():
    clouds = {n: load(f"hand_{n}") for n in limbs.CARPALS if n != "pisiform"}
    names = list(clouds)
    for i, a in enumerate(names):
        for b in names[i + 1 :]:
            gap_mm = room_mm(clouds[b].vertices, clouds[a].vertices)
            assert gap_mm.min() > 0.6, (a, b)


def test_fat_lies_under_the_skin():
    skin, flesh = load("limb_leg_skin"), load("limb_leg_muscles")
    level = np.abs(skin.vertices[:, 2] + 400) < 12
    inner = np.abs(flesh.vertices[:, 2] + 400) < 12
    wide = [np.ptp(m.vertices[k][:, 0]) for m, k in ((skin, level), (flesh, inner))]
    assert 14 < wide[0] - wide[1] < 40


def test_region_stays_within_its_budget():
    for parts in (
        [*limbs.leg_bones(), *limbs.leg_soft(), *limbs.foot_bones()],
        [*limbs.head_fragment(), *limbs.shaft_fragment(), *limbs.hip_soft(), *limbs.hip_socket()],
        [*limbs.hand(), *limbs.radius(), *limbs.hand_soft()],
    ):
        assert sum(len(p.mesh.faces) for p in parts) < 250_000
