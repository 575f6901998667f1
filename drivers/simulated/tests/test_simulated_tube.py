"""Tube heat and ratings, focal spot, heel, collimation; and scatter with grid in and out."""

from dataclasses import replace

import numpy as np
import pytest

from fluoroview_simulated.physics.beam import GRID_PRIMARY_TRANSMISSION, beam
from fluoroview_simulated.physics.scatter import (
    COARSE,
    Scatter,
    bucky_factor,
    field_share,
    grid_selectivity,
    scatter_ratio,
)
from fluoroview_simulated.room.technique import Geometry, Technique
from fluoroview_simulated.room.tube import (
    FOCAL_SPOT_REAL,
    LEAF_TRANSMISSION,
    Tube,
    collimation_refusal,
    field_map,
    focal_blur_mm,
    heel,
    penumbra_mm,
    pulse_heat_j,
    rating_kw,
    technique_refusal,
)

RUN = Technique(kv=80.0, tube_current_ma=400.0, pulse_width_ms=40.0)
"""A pulse of a demanding angiographic run: 1.28 kJ."""


def test_a_pulse_heats_by_kv_times_mas():
    tube = Tube()
    assert pulse_heat_j(RUN) == pytest.approx(80e3 * 0.4 * 0.040)
    tube = tube.heated(RUN, 0.0)
    tube = tube.heated(RUN, 0.0)
    assert tube.heat_j(0.0) == pytest.approx(2560.0)


def test_the_anode_cools_exponentially():
    tube = Tube(capacity_j=100_000.0, cooling_w=500.0)
    for _ in range(50):
        tube = tube.heated(RUN, 0.0)
    first = tube.heat_j(0.0)
    assert first - tube.heat_j(1.0) == pytest.approx(500.0 * first / 100_000.0, rel=0.01)
    assert tube.heat_share(200.0) == pytest.approx(first / 100_000.0 / np.e, rel=1e-6)


def test_fluoroscopy_never_gets_too_hot():
    tube, technique = Tube(), Technique(kv=90.0, tube_current_ma=40.0, pulse_width_ms=8.0)
    t = 0.0
    for _ in range(15 * 1200):
        assert tube.refusal(technique, t) == ""
        tube = tube.heated(technique, t)
        t += 1 / 15
    assert 0.1 < tube.heat_share(t) < 0.5


def test_too_hot_is_reported_with_the_wait_and_ends_after_it():
    tube, t, pulses = Tube(), 0.0, 0
    while not (sentence := tube.refusal(RUN, t)):
        tube = tube.heated(RUN, t)
        t += 1 / 30
        pulses += 1
    assert 200 < pulses < 400
    assert "too hot" in sentence
    assert "kHU" in sentence
    tube = tube.latched(RUN, t)
    wait = tube.wait_s(RUN, t)
    assert f"Wait {int(np.ceil(wait))} s" in sentence
    assert tube.refusal(RUN, t + 0.5 * wait)
    assert tube.refusal(RUN, t + wait + 0.01) == ""
    assert tube.heat_share(t + wait) == pytest.approx(tube.restart_share, abs=0.01)


def test_a_pulse_larger_than_the_anode_is_not_asked_to_wait():
    tube = Tube(capacity_j=1000.0)
    assert "lower TubeCurrent or PulseWidth" in tube.refusal(RUN, 0.0)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"kv": 130.0}, "TubeVoltage 130 kV is out of the tube's range: allowed are 40 to 125 kV"),
        ({"kv": 39.0}, "TubeVoltage 39 kV"),
        ({"tube_current_ma": 0.2}, "TubeCurrent 0.2 mA"),
        ({"pulse_width_ms": 99.0}, "PulseWidth 99 ms"),
        ({"tube_current_ma": 900.0}, "choose the focal spot 1.0"),
    ],
)
def test_factors_out_of_range_are_refused_in_a_sentence(change, sentence):
    assert sentence in technique_refusal(replace(Technique(), **change))


def test_ratings_of_the_focal_spots():
    assert technique_refusal(Technique(kv=80.0, tube_current_ma=390.0)) == ""
    assert "takes 8 kW" in technique_refusal(Technique(kv=80.0, tube_current_ma=150.0), "0.3")
    assert rating_kw("0.3") < rating_kw("0.6") < rating_kw("1.0")
    with pytest.raises(ValueError, match=r"0\.3, 0\.6, 1\.0"):
        rating_kw("0.5")


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"field_width_mm": 0.0}, "FieldWidth"),
        ({"field_height_mm": 2.0}, "FieldHeight"),
        ({"iris_mm": 1.0}, "IrisDiameter"),
    ],
)
def test_closed_collimation_is_reported(change, named):
    sentence = collimation_refusal(Geometry(**change))
    assert "collimation is closed" in sentence
    assert named in sentence
    assert collimation_refusal(Geometry()) == ""


def test_focal_spot_blurs_by_its_size_and_the_magnification():
    near, far = Geometry(source_isocentre_mm=1000.0), Geometry(source_isocentre_mm=600.0)
    assert focal_blur_mm("0.6", near) == pytest.approx(0.6 * FOCAL_SPOT_REAL / 12**0.5 * 0.1)
    assert focal_blur_mm("0.6", far) > 5 * focal_blur_mm("0.6", near)
    assert focal_blur_mm("1.0", far) == pytest.approx(focal_blur_mm("0.6", far) / 0.6)
    assert focal_blur_mm("0.6", near, depth_mm=100.0) == 0.0
    assert focal_blur_mm("0.6", near, depth_mm=-200.0) > focal_blur_mm("0.6", near)


def test_heel_weakens_towards_the_anode():
    angles = np.array([-13.0, -8.0, -4.0, 0.0, 4.0, 8.0])
    relative = heel(angles)
    assert relative[0] == 0.0
    assert np.all(np.diff(relative) > 0.0)
    assert relative[3] == 1.0
    assert 0.55 < relative[1] < 0.75


def test_inverse_square_across_the_anode():
    """Along the image's rows the heel is the same: only distance and slant are left."""
    g = Geometry(detector_mm=420.0, field_width_mm=420.0, field_height_mm=420.0)
    row = field_map(1024, g, shutters=False)[512]
    x = ((np.arange(1024) + 0.5) / 1024 - 0.5) * 420.0
    expected = (1100.0**2 / (1100.0**2 + x**2)) ** 1.5
    assert row / row[512] == pytest.approx(expected / expected[512], rel=1e-4)


def test_shutters_and_iris_cut_the_field_where_they_stand():
    g = Geometry(field_width_mm=120.0, field_height_mm=100.0)
    open_, cut = field_map(1000, g, shutters=False), field_map(1000, g) / 1.0
    share, mm = cut / open_, 0.25
    half = np.flatnonzero(share[500] > 0.5)
    assert (half[-1] - half[0] + 1) * mm == pytest.approx(120.0, abs=0.5)
    assert np.count_nonzero(share[:, 500] > 0.5) * mm == pytest.approx(100.0, abs=0.5)
    assert share[20, 20] == pytest.approx(LEAF_TRANSMISSION, rel=1e-3)
    partly = (share[500] > 0.02) & (share[500] < 0.98)
    assert partly.sum() / 2 * mm == pytest.approx(penumbra_mm("0.6", g), abs=0.3)
    iris = field_map(1000, Geometry(iris_mm=80.0)) / open_
    assert np.count_nonzero(iris > 0.5) * mm**2 == pytest.approx(np.pi * 40.0**2, rel=0.01)


def _veil_over_primary(soft_mm, field_mm, grid):
    g = Geometry(detector_mm=500.0, field_width_mm=field_mm * 1.25, field_height_mm=field_mm * 1.25)
    resting = np.full((COARSE, COARSE), soft_mm, np.float32), np.zeros((COARSE, COARSE), np.float32)
    weights, mu = beam(80.0, 2.8, 0.1).terms
    veil = Scatter(resting, field_map(256, g), g.view_mm, grid).veil(weights, mu)
    primary = float(np.exp(-mu[:, 0] * soft_mm) @ weights)
    return float(veil[COARSE // 2, COARSE // 2]) / primary


# Behind mm of water in the isocentre at 80 kV, in square fields of 100, 200 and 300 mm there, no
# grid: photons transported by tools/make_scatter.py.
TRANSPORTED = [
    (100.0, (0.25, 0.61, 0.92)),
    (150.0, (0.44, 1.11, 1.68)),
    (200.0, (0.72, 1.82, 2.71)),
    (250.0, (1.07, 2.75, 4.03)),
    (300.0, (1.57, 3.93, 5.61)),
]


@pytest.mark.parametrize(("soft_mm", "ratios"), TRANSPORTED)
def test_scatter_over_primary_is_that_of_transported_photons(soft_mm, ratios):
    model = [
        float(scatter_ratio(soft_mm, grid=False)) * field_share(side, soft_mm)
        for side in (100.0, 200.0, 300.0)
    ]
    assert model == pytest.approx(ratios, rel=0.1)


@pytest.mark.parametrize("side", [100.0, 200.0, 300.0])
@pytest.mark.parametrize("soft_mm", [100.0, 200.0, 300.0])
def test_the_veil_in_the_middle_of_a_field_is_that_of_the_model(soft_mm, side):
    """Glare, 1 % of the primary, comes on top."""
    expected = float(scatter_ratio(soft_mm, grid=False)) * field_share(side, soft_mm)
    assert _veil_over_primary(soft_mm, side, False) == pytest.approx(expected + 0.008, rel=0.06)


@pytest.mark.parametrize("soft_mm", [100.0, 250.0])
def test_the_grid_holds_back_scatter(soft_mm):
    without, with_grid = (_veil_over_primary(soft_mm, 250.0, grid) for grid in (False, True))
    assert without / with_grid == pytest.approx(
        grid_selectivity(), rel=0.05
    )  # glare arises behind it


def test_bucky_factor_grows_with_scatter():
    assert bucky_factor(0.0) == pytest.approx(1.0 / GRID_PRIMARY_TRANSMISSION)
    assert bucky_factor(100.0) < bucky_factor(200.0) < bucky_factor(300.0) < 6.0
    assert float(scatter_ratio(200.0, grid=False)) > 5 * float(scatter_ratio(200.0))


def test_contrast_and_metal_stop_what_would_scatter():
    resting = np.full((COARSE, COARSE), 150.0, np.float32), np.zeros((COARSE, COARSE), np.float32)
    weights, mu = beam(80.0, 2.8, 0.1).terms
    scatter = Scatter(resting, field_map(256, Geometry()), 200.0)
    nothing, much = np.zeros((COARSE, COARSE), np.float32), np.full((COARSE, COARSE), 3.0)
    for material in (2, 3):
        moving = [nothing] * 4
        moving[material] = much
        veil = scatter.veil(weights, mu, tuple(moving))
        assert veil.max() < 0.6 * scatter.veil(weights, mu).max()
