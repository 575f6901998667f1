"""Soft tissue of the trunk: closed surfaces, plausible sizes, and a texture that turns with it."""

from importlib.resources import files

import cv2
import numpy as np
import pytest

from fluoroview_simulated.anatomy import regions_soft
from fluoroview_simulated.anatomy.mesh import load
from fluoroview_simulated.anatomy.project import project_parts
from fluoroview_simulated.anatomy.texture import soft_texture
from fluoroview_simulated.anatomy.view import View
from fluoroview_simulated.room.technique import Geometry

FOLDER = files("fluoroview_simulated").joinpath("anatomy", "meshes")
NAMES = sorted(p.name[:-4] for p in FOLDER.iterdir() if p.name.startswith("soft_"))
SIZE = 256


def view(primary=0.0, z=235.0, side_mm=340.0):
    return View(
        Geometry(detector_mm=side_mm * 1.25, primary_deg=primary, isocentre_mm=(0.0, 0.0, z))
    )


def soft_of(parts, seen):
    soft, bone = project_parts(parts, seen, SIZE)
    assert not bone.any()
    return soft


def at(soft, seen, x, y, z):
    (column, row), *_ = seen.cells(np.array([[x, y, z]], float), SIZE)[0]
    r, c = round(row), round(column)
    return float(soft[r - 2 : r + 3, c - 2 : c + 3].mean())


@pytest.mark.parametrize("name", NAMES)
def test_each_edge_is_passed_once_in_either_direction(name):
    f = load(name).faces.astype(np.int64)
    a, b = f.ravel(), np.roll(f, -1, axis=1).ravel()
    n = int(f.max()) + 1
    assert np.array_equal(np.sort(a * n + b), np.sort(b * n + a)), "a ray would leave no more"


@pytest.mark.parametrize(
    ("name", "low_ml", "high_ml"),
    [
        ("soft_skin", 40e3, 60e3),
        ("soft_lungs", 4000, 6000),
        ("soft_lung_vessels", 60, 300),
        ("soft_liver", 800, 1800),
        ("soft_kidneys", 220, 400),
        ("soft_spleen", 60, 250),
        ("soft_bladder", 80, 250),
        ("soft_uterus", 50, 150),
        ("soft_colon_gas", 60, 400),
    ],
)
def test_an_organ_has_the_volume_of_an_adult_s(name, low_ml, high_ml):
    assert low_ml < load(name).volume_ml < high_ml


@pytest.mark.parametrize(
    "make", [regions_soft.chest, regions_soft.abdomen, regions_soft.pelvis_soft]
)
def test_a_region_is_small_enough_to_turn(make):
    assert sum(len(p.mesh.faces) for p in make()) < 80_000


def test_the_meshes_are_small_enough_to_ship():
    sizes = [FOLDER.joinpath(f"{name}.npz").stat().st_size for name in NAMES]
    assert max(sizes) < 400_000
    assert sum(sizes) < 3_000_000


def test_lungs_are_light_and_the_heart_lies_to_the_left():
    seen = view()
    soft = soft_of(regions_soft.chest(), seen)
    right, left = at(soft, seen, -80, 0, 250), at(soft, seen, 80, 0, 250)
    middle = at(soft, seen, 0, 0, 215)
    assert middle > 1.8 * max(right, left)
    assert at(soft, seen, 60, 0, 195) > 1.2 * at(soft, seen, -60, 0, 215), "apex of the heart"
    assert at(soft, seen, -60, 0, 140) > 1.5 * right, "liver under the right dome"


def test_the_right_dome_stands_higher():
    seen = view()
    soft = soft_of(regions_soft.chest(), seen)
    assert at(soft, seen, -70, 0, 167) > 1.15 * at(soft, seen, 100, 0, 167)


def test_gas_is_seen_through_the_abdomen_and_can_be_omitted():
    seen = view(z=0.0)
    with_gas = soft_of(regions_soft.abdomen(), seen)
    without = soft_of(regions_soft.abdomen(gas=False, stomach_gas=False), seen)
    taken = without - with_gas
    assert 20.0 < taken.max() < 80.0
    assert (taken > 5.0).mean() < 0.35, "pockets, not everywhere"
    assert taken.min() > -0.5


def test_a_woman_s_pelvis_has_a_uterus():
    seen = view(z=-170.0, side_mm=200.0)
    more = soft_of(regions_soft.pelvis_soft(female=True), seen)
    more -= soft_of(regions_soft.pelvis_soft(), seen)
    assert at(more, seen, 0, -12, -165) > 2.0
    assert abs(at(more, seen, 80, 0, -165)) < 0.1


def test_two_legs_below_the_crotch():
    seen = view(z=-330.0)
    soft = soft_of(regions_soft.trunk_wall(), seen)
    assert at(soft, seen, 0, 0, -380) < 1.0
    assert min(at(soft, seen, side * 92, 0, -380) for side in (-1, 1)) > 100.0


def texture(primary=0.0, size=SIZE, path_mm=200.0):
    path = np.full((SIZE, SIZE), path_mm, np.float32)
    return soft_texture(view(primary, 0.0, 200.0), size, path)


def test_texture_is_a_few_hundredths_of_the_path():
    spread = texture().std() / 200.0
    assert 0.008 < spread < 0.03


def test_texture_grows_with_the_root_of_the_path_and_ends_at_the_skin():
    ratio = texture(path_mm=240.0).std() / texture(path_mm=60.0).std()
    assert 1.5 < ratio < 2.7
    assert not texture(path_mm=0.0).any()


def test_texture_stays_with_the_body_when_the_view_turns():
    def alike(a, b):
        return float(np.corrcoef(a[64:192, 64:192].ravel(), b[64:192, 64:192].ravel())[0, 1])

    still = texture()
    assert alike(still, texture(0.7)) > 0.8
    assert abs(alike(still, texture(35.0))) < 0.4
    assert np.array_equal(still, texture())


def test_texture_is_the_same_at_any_matrix():
    fine = cv2.resize(texture(size=512), (SIZE, SIZE), interpolation=cv2.INTER_AREA)
    assert np.corrcoef(fine.ravel(), texture().ravel())[0, 1] > 0.97
