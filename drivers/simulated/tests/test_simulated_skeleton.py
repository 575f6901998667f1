"""The trunk's bones: whole, in their places, and with the shadows that a film shows."""

import numpy as np
import pytest

from fluoroview_simulated.anatomy import regions_skeleton as bones
from fluoroview_simulated.anatomy.landmarks import HIP_JOINT, VERTEBRAE
from fluoroview_simulated.anatomy.mesh import load
from fluoroview_simulated.anatomy.project import draw_mesh
from fluoroview_simulated.anatomy.view import View
from fluoroview_simulated.room.technique import Geometry

SIZE = 400


def shadow(parts, iso, fov_mm=200.0, primary=0.0):
    """Bone of a view (mm), and a function from points to their values in it."""
    geometry = Geometry(
        source_image_mm=1000.0,
        source_isocentre_mm=1000.0,
        detector_mm=fov_mm,
        primary_deg=primary,
        isocentre_mm=iso,
    )
    view = View(geometry)
    soft, bone = np.zeros((SIZE, SIZE), np.float32), np.zeros((SIZE, SIZE), np.float32)
    for part in parts:
        draw_mesh(part.mesh, view, soft, bone, (part.soft, part.bone, part.shell_mm, 0.0))

    def at(points):
        cells, _ = view.cells(np.atleast_2d(points), SIZE)
        columns, rows = np.rint(cells).astype(int).T
        return np.array(
            [bone[r - 1 : r + 2, c - 1 : c + 2].mean() for r, c in zip(rows, columns, strict=True)]
        )

    return bone, at


@pytest.mark.parametrize(
    "name",
    [
        *("T4", "L3", "L5", "sacrum", "hip", "femur_upper", "femur_wall"),
        *("rib_7", "costal_3", "costal_9", "sternum", "scapula"),
    ],
)
def test_meshes_are_closed(name):
    mesh = load(name)
    edges = np.concatenate([mesh.faces[:, [0, 1]], mesh.faces[:, [1, 2]], mesh.faces[:, [2, 0]]])
    there = edges[:, 0].astype(np.int64) * len(mesh.vertices) + edges[:, 1]
    back = edges[:, 1].astype(np.int64) * len(mesh.vertices) + edges[:, 0]
    assert np.array_equal(np.sort(there), np.sort(back))
    assert mesh.volume_ml > 0


def test_regions_stay_within_their_budgets():
    faces = [
        sum(len(p.mesh.faces) for p in region)
        for region in (bones.spine("T11", "L5") + bones.pelvis() + bones.femora(), bones.thorax())
    ]
    assert faces[0] <= 120_000
    assert faces[1] <= 150_000


def test_bone_is_denser_than_what_it_displaces():
    for part in bones.thorax() + bones.pelvis() + bones.femora()[:2]:
        assert part.soft + 1.9 * part.bone > 0.1
        assert part.mesh.volume_ml > 0


def test_vertebrae_stand_at_their_landmarks():
    for level in bones.LEVELS:
        vertices = load(level).vertices
        front = vertices[vertices[:, 1] < np.quantile(vertices[:, 1], 0.2)]
        assert abs((front[:, 2].max() + front[:, 2].min()) / 2 - VERTEBRAE[level]) < 6.0
        assert abs(vertices[:, 0].min() + vertices[:, 0].max()) < 1.0


def test_hip_and_femur_share_the_joint():
    head = load("femur_upper").vertices
    near = np.linalg.norm(head - np.array(HIP_JOINT), axis=1)
    inner = head[(near < 26.0) & (head[:, 0] < 88.0)]
    assert np.allclose(np.linalg.norm(inner - HIP_JOINT, axis=1), 24.0, atol=6.0)
    cup = np.linalg.norm(load("hip").vertices - np.array(HIP_JOINT), axis=1)
    assert cup.min() > 24.0  # no bone in the joint space


def test_front_view_shows_the_rings_of_the_pedicles():
    _, at = shadow([bones.vertebra("L3")], (0.0, 28.0, 0.0), 90.0)
    x = np.arange(4.0, 26.0, 0.4)
    line = at(np.stack([x, np.full_like(x, 28.0), np.full_like(x, 4.0)], 1))
    rim_in, middle, rim_out = (
        line[(x > a) & (x < b)] for a, b in ((8, 14), (14.5, 17), (17.5, 23))
    )
    assert rim_in.max() > 1.15 * middle.min()
    assert rim_out.max() > 1.15 * middle.min()


def test_side_view_shows_foramina_and_disc_spaces():
    _, at = shadow(bones.spine("L2", "L4"), (0.0, 40.0, 0.0), 140.0, primary=90.0)
    body, disc, foramen, pedicle = at([(0, 28, 0), (0, 28, -18.5), (0, 50, -14), (0, 50, 5)])
    assert body > 8.0
    assert disc < 0.1 * body
    assert foramen < 0.2 * pedicle


def test_femoral_shafts_have_a_thick_cortex():
    _, at = shadow(bones.femora(), (122.0, 20.0, -300.0), 120.0)
    x = np.arange(100.0, 146.0, 0.5)
    line = at(np.stack([x, np.full_like(x, 22.0), np.full_like(x, -325.0)], 1))
    inside = x[line > 0.5 * line.max()]
    middle = line[np.abs(x - inside.mean()) < 2.0].mean()
    assert line.max() > 1.3 * middle > 0.0


def test_ribs_slope_down_to_the_front():
    for number in range(2, 11):
        vertices = load(f"rib_{number}").vertices
        back = vertices[vertices[:, 1] > vertices[:, 1].max() - 20, 2].mean()
        front = vertices[vertices[:, 1] < vertices[:, 1].min() + 10, 2].mean()
        assert back - front > 25.0


def test_ribs_end_in_front_rounded_and_not_cut_off():
    for number in range(2, 11):
        vertices = load(f"rib_{number}").vertices
        rings = vertices[:-2].reshape(-1, 12, 3)
        tall = np.ptp(rings[..., 2], axis=1)
        assert tall[-1] < 0.3 * tall[-8]
        assert tall[-8] > 1.15 * tall[-30]  # flared
        assert np.linalg.norm(rings[-1].mean(0) - rings[-8].mean(0)) < 8.0


@pytest.mark.parametrize("seed", [0, 5])
def test_cartilages_join_the_ribs_to_the_sternum(seed):
    sternum, *cartilages = (p.mesh.vertices for p in bones.breastbone(seed))
    ribs = [p.mesh.vertices for p in bones.ribs(1, 10, seed)]
    for number, (cartilage, rib) in enumerate(zip(cartilages, ribs, strict=True)):
        assert gap(cartilage, rib) < 6.0
        if number < 14:  # the first seven of both sides
            assert gap(cartilage, sternum) < 9.0


def gap(a, b):
    """Least distance between the vertices of two meshes, mm."""
    return min(np.linalg.norm(b - p, axis=1).min() for p in a)


@pytest.mark.parametrize(("first", "last"), [("C4", "L1"), ("L6", "L5"), ("L3", "T12")])
def test_a_wrong_level_is_refused(first, last):
    with pytest.raises(ValueError, match=r"There is no vertebra|lies below"):
        bones.spine(first, last)


def middles(parts):
    """Where the middles of bones lie, mm."""
    return np.array([(p.mesh.vertices.min(0) + p.mesh.vertices.max(0)) / 2 for p in parts])


@pytest.mark.parametrize("seed", [1, 2, 7])
def test_a_patient_is_not_his_own_mirror_image(seed):
    straight, grown = (middles(bones.spine("T1", "L5", s))[:, 0] for s in (0, seed))
    assert np.abs(straight).max() < 1.0
    chest, loin = grown[6], grown[13]  # T7 and L2
    assert 2.0 < abs(chest) < 5.0
    assert chest * loin < 0.0  # bent back below
    assert np.abs(np.diff(grown)).max() < 2.5  # without a step
    left, right = middles(bones.femora(seed)[:2])
    assert 1.0 < abs(left[2] - right[2]) < 6.0
    sides = middles(bones.ribs(seed=seed))[:, 2].reshape(12, 2)
    assert 2.0 < np.abs(sides[:, 0] - sides[:, 1]).max() < 8.0


def test_bones_of_a_patient_are_made_once_and_keep_their_joints():
    first, again = bones.thorax(seed=3), bones.thorax(seed=3)
    assert all(a.mesh is b.mesh for a, b in zip(first, again, strict=True))
    hip, head = (p.mesh.vertices.astype(float) for p in (bones.pelvis(3)[1], bones.femora(3)[0]))
    straight = [load(n).vertices.astype(float) for n in ("hip", "femur_upper")]

    near = np.flatnonzero(np.linalg.norm(straight[1] - HIP_JOINT, axis=1) < 26.0)[::20]

    def gaps(a, b):
        return np.array([np.linalg.norm(a - p, axis=1).min() for p in b[near]])

    assert np.allclose(gaps(hip, head), gaps(*straight), atol=0.2)
