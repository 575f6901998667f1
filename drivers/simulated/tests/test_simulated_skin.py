"""The map of the skin's dose: where the beam comes in, how much, and that it adds up exactly."""

from dataclasses import replace

import numpy as np
import pytest

from fluoroview_simulated.anatomy.mesh import tube_mesh
from fluoroview_simulated.anatomy.parts import Part
from fluoroview_simulated.physics.beam import beam, pulse_kerma_ugy
from fluoroview_simulated.room.skin import (
    COLUMNS,
    PATCH_MM,
    SkinMap,
    SkinSurface,
    backscatter_factor,
)
from fluoroview_simulated.room.skin_map import image
from fluoroview_simulated.room.technique import Geometry, Technique
from fluoroview_simulated.room.tube import heel

TECHNIQUE = Technique(kv=80.0, tube_current_ma=40.0, pulse_width_ms=5.0)


@pytest.fixture
def skin():
    return SkinMap(SkinSurface.ellipse((150.0, 110.0)))


@pytest.mark.parametrize(
    ("primary", "secondary", "side", "inward"),
    [
        (0.0, 0.0, "back", (0.0, 110.0)),
        (180.0, 0.0, "front", (0.0, -110.0)),
        (90.0, 0.0, "right", (-150.0, 0.0)),
        (-90.0, 0.0, "left", (150.0, 0.0)),
    ],
)
def test_the_beam_comes_in_opposite_the_detector(skin, primary, secondary, side, inward):
    skin.add(TECHNIQUE, Geometry(primary_deg=primary, secondary_deg=secondary, detector_mm=160.0))
    peak = skin.peak()
    assert peak.side == side
    assert peak.place_mm[:2] == pytest.approx(inward, abs=60.0)
    assert abs(peak.height_mm) < 60.0


def test_cranial_angle_brings_the_beam_in_from_below(skin):
    """The detector tilts to the head, so the source stands towards the feet."""
    skin.add(TECHNIQUE, Geometry(secondary_deg=30.0, detector_mm=160.0, field_height_mm=60.0))
    middle = np.average(skin.surface.heights_mm, weights=skin.kerma_mgy.sum(axis=1))
    assert middle == pytest.approx(-110.0 * np.tan(np.deg2rad(30.0)), abs=15.0)


def test_dose_at_the_skin_by_hand(skin):
    g = Geometry(detector_mm=160.0, field_width_mm=150.0, field_height_mm=150.0)
    skin.add(TECHNIQUE, g)
    row = int(np.argmin(np.abs(skin.surface.heights_mm - 5.0)))
    to_skin = g.source_isocentre_mm - 110.0
    hvl = beam(80.0, 2.8, 0.1).hvl_mm_al()
    field = 150.0 * to_skin / g.source_image_mm
    expected = pulse_kerma_ugy(TECHNIQUE, g) * 1e-3 * (g.source_reference_mm / to_skin) ** 2
    expected *= backscatter_factor(80.0, hvl, field)
    at_5_mm = float(heel(np.rad2deg(np.arctan(5.0 / to_skin))))
    dose = skin.kerma_mgy[row, COLUMNS // 2]
    assert dose == pytest.approx(expected * at_5_mm, rel=0.004)


def test_totals_are_the_sum_over_pulses(skin):
    rng = np.random.default_rng(1)
    total, kermas, pulses = 0.0, np.zeros_like(skin.kerma_mgy), []
    for i in range(300):
        technique = replace(TECHNIQUE, tube_current_ma=float(rng.uniform(5, 100)))
        geometry = Geometry(primary_deg=float(i // 50 * 10), detector_mm=200.0)
        pulses.append((technique, geometry))
        total += skin.add(technique, geometry)
    for technique, geometry in pulses:
        alone = SkinMap(skin.surface)
        alone.add(technique, geometry)
        kermas += alone.kerma_mgy
    assert skin.kerma_mgy.sum() == pytest.approx(total, rel=1e-9)
    assert skin.kerma_mgy == pytest.approx(kermas, rel=1e-9)


def test_kerma_over_the_skin_agrees_with_the_kerma_area_product(skin):
    """Without backscatter, kerma times area across the beam is the same at any distance."""
    g = Geometry(detector_mm=160.0, field_width_mm=120.0, field_height_mm=100.0)
    skin.add(TECHNIQUE, g)
    surface = skin.surface
    from fluoroview_simulated.anatomy.view import View

    ray = surface.points_mm - View(g).source
    ray /= np.linalg.norm(ray, axis=2, keepdims=True)
    around = np.roll(surface.points_mm, -1, axis=1) - np.roll(surface.points_mm, 1, axis=1)
    area = np.linalg.norm(around, axis=2) / 2.0 * PATCH_MM
    across = -np.einsum("ijk,ijk->ij", ray, surface.normals) * area
    got = float(np.sum(skin.kerma_mgy * across))  # mGy·mm²
    backscatter = skin.kerma_mgy.max() / (
        pulse_kerma_ugy(TECHNIQUE, g) * 1e-3 * (g.source_reference_mm / 770.0) ** 2
    )
    product = pulse_kerma_ugy(TECHNIQUE, g) * 1e-3 * g.field_area_reference_m2 * 1e6
    assert got / backscatter == pytest.approx(product, rel=0.08)


def test_only_patches_that_face_the_source_in_the_field_get_dose(skin):
    g = Geometry(detector_mm=160.0, field_width_mm=60.0, field_height_mm=50.0)
    skin.add(TECHNIQUE, g)
    hit = skin.kerma_mgy > 0.0
    assert np.all(skin.surface.normals[hit][:, 1] > 0.0)
    heights = np.abs(np.broadcast_to(skin.surface.heights_mm[:, None], hit.shape)[hit])
    assert heights.max() < 50.0 / 2 * 770.0 / 1100.0 + PATCH_MM
    iris = SkinMap(skin.surface)
    iris.add(TECHNIQUE, replace(g, iris_mm=40.0))
    assert 0 < np.count_nonzero(iris.kerma_mgy) < np.count_nonzero(hit)


# kV, mm Al and mm Cu in all: half-value layer in mm Al, and backscatter of water in square fields
# of 50, 100, 200, 250 and 350 mm. Monte Carlo results of Benmakhlouf et al., Phys. Med. Biol. 56
# (2011) 7179, as tabulated in PySkinDose (correction_medium_and_backscatter.csv).
PUBLISHED = [
    (50, 3.1, 0.0, 1.99, (1.204, 1.256, 1.281, 1.284, 1.286)),
    (50, 3.1, 0.9, 5.15, (1.301, 1.428, 1.511, 1.524, 1.533)),
    (60, 2.5, 0.0, 2.11, (1.210, 1.270, 1.302, 1.307, 1.310)),
    (60, 3.1, 0.2, 4.28, (1.280, 1.390, 1.461, 1.473, 1.480)),
    (70, 3.1, 0.1, 4.08, (1.270, 1.377, 1.448, 1.461, 1.469)),
    (70, 3.1, 0.6, 6.94, (1.305, 1.457, 1.576, 1.600, 1.617)),
    (80, 3.1, 0.0, 3.12, (1.242, 1.330, 1.388, 1.399, 1.406)),
    (80, 3.1, 0.3, 6.47, (1.295, 1.438, 1.550, 1.572, 1.589)),
    (100, 3.1, 0.1, 5.79, (1.276, 1.406, 1.507, 1.528, 1.545)),
    (100, 3.1, 0.9, 10.14, (1.280, 1.442, 1.591, 1.625, 1.655)),
    (120, 2.5, 0.0, 4.31, (1.248, 1.354, 1.436, 1.453, 1.467)),
    (120, 3.1, 0.6, 10.34, (1.269, 1.424, 1.568, 1.602, 1.632)),
]
FIELDS_MM = (50.0, 100.0, 200.0, 250.0, 350.0)


@pytest.mark.parametrize(("kv", "hvl", "expected"), [(p[0], p[3], p[4]) for p in PUBLISHED])
def test_backscatter_is_the_published_one_within_one_per_cent(kv, hvl, expected):
    assert [backscatter_factor(kv, hvl, mm) for mm in FIELDS_MM] == pytest.approx(
        expected, rel=0.01
    )


@pytest.mark.parametrize(("kv", "al", "cu", "expected"), [(*p[:3], p[4]) for p in PUBLISHED])
def test_backscatter_of_the_simulated_beam_is_the_published_one(kv, al, cu, expected):
    """With the half-value layer of the beam that makes the image: the same within 2 %."""
    hvl = beam(float(kv), al, cu).hvl_mm_al()
    assert [backscatter_factor(kv, hvl, mm) for mm in FIELDS_MM] == pytest.approx(
        expected, rel=0.02
    )


def test_backscatter_grows_with_the_field_from_none_to_the_largest():
    fields = [backscatter_factor(80.0, 4.0, mm) for mm in (0, 20, 50, 100, 150, 200, 300, 350)]
    assert fields[0] == 1.0
    assert fields == sorted(fields)
    steps = np.diff(fields) / np.diff([0, 20, 50, 100, 150, 200, 300, 350])
    assert np.all(np.diff(steps) < 0.0)
    assert backscatter_factor(80.0, 4.0, 600.0) == fields[-1]


def test_backscatter_beyond_the_published_voltages_is_that_at_their_limit():
    assert backscatter_factor(40.0, 1.8, 200.0) == backscatter_factor(50.0, 1.8, 200.0)


def test_skin_is_taken_from_the_parts_that_bound_the_body():
    body = tube_mesh(np.array([[20.0, 0, z] for z in np.linspace(-200, 200, 9)]), 90.0, sides=64)
    bone = tube_mesh(np.array([[20.0, 0, z] for z in np.linspace(-200, 200, 9)]), 15.0)
    surface = SkinSurface.of([Part(bone, soft=-1.0, bone=0.3), Part(body, soft=1.0, skin=True)])
    assert surface.there.all()
    radius = np.hypot(surface.points_mm[:, :, 0] - 20.0, surface.points_mm[:, :, 1])
    assert radius == pytest.approx(np.full(radius.shape, 90.0), abs=0.3)
    outward = surface.points_mm - (20.0, 0.0, 0.0)
    inner = slice(1, -1)
    along = np.einsum("ijk,ijk->ij", outward[inner, :, :2], surface.normals[inner, :, :2])
    assert np.all(along > 89.0)
    assert surface.heights_mm[0] > surface.heights_mm[-1]


def test_without_skin_the_body_is_an_ellipse():
    surface = SkinSurface.of([])
    assert np.abs(surface.points_mm[:, :, 0]).max() == pytest.approx(150.0)
    assert np.abs(surface.points_mm[:, :, 1]).max() == pytest.approx(110.0)


def test_reset_clears_the_dose(skin):
    skin.add(TECHNIQUE, Geometry())
    skin.reset()
    assert skin.kerma_mgy.max() == 0.0
    assert skin.peak().kerma_mgy == 0.0


def test_a_dose_scale_is_drawn_next_to_the_map_only_where_there_is_dose(skin):
    def scale(sheet):
        return np.ptp(sheet[60:300, -120], axis=0).any()  # its bar of colours

    assert not scale(image(skin))
    skin.add(TECHNIQUE, Geometry(primary_deg=0.0, secondary_deg=0.0, detector_mm=160.0))
    assert scale(image(skin))
