"""The tube's output against SpekPy's figures, and what is stated where."""

import math
from dataclasses import replace

import pytest

from fluoroview.hal import DoseOrigin, Exposure
from fluoroview.hal.tube_output import (
    ALUMINIUM_MM,
    COPPER_MM,
    KVP,
    kerma_ugy_per_mas,
    pulse_output,
)

TECHNIQUE = Exposure(
    tube_voltage_kv=70.0,
    tube_current_ma=20.0,
    pulse_width_ms=5.0,
    filter_al_mm=2.5,
    filter_cu_mm=0.1,
    sid_mm=1000.0,
    field_width_mm=200.0,
    field_height_mm=300.0,
)

# SpekPy 2.5.4, casim, tungsten 12°, no air: µGy per mAs at 100 cm behind 2.5 mm Al and copper
PUBLISHED = {
    60: (48.9, 18.8, 10.0, 6.14),
    70: (64.9, 28.1, 16.5, 11.0),
    80: (82.0, 39.2, 24.7, 17.5),
    100: (118.9, 65.8, 46.0, 35.2),
    120: (158.7, 97.4, 72.5, 58.2),
}


@pytest.mark.parametrize(
    ("tube_voltage_kv", "copper_mm", "expected"),
    [
        (tube_voltage_kv, copper_mm, expected)
        for tube_voltage_kv, row in PUBLISHED.items()
        for copper_mm, expected in zip((0.0, 0.1, 0.2, 0.3), row, strict=True)
    ],
)
def test_the_table_is_met(tube_voltage_kv, copper_mm, expected):
    assert kerma_ugy_per_mas(tube_voltage_kv, 2.5, copper_mm) == pytest.approx(expected, rel=0.03)


@pytest.mark.parametrize(
    ("tube_voltage_kv", "aluminium_mm", "copper_mm", "expected"),
    [  # SpekPy at points that are not in the table
        (65.0, 2.5, 0.1, 23.28),
        (75.0, 2.5, 0.2, 20.38),
        (105.0, 2.5, 0.0, 128.82),
        (70.0, 2.8, 0.0, 58.39),
        (70.0, 4.5, 0.1, 19.15),
        (100.0, 3.5, 0.3, 31.84),
        (60.0, 2.0, 0.0, 60.97),
        (85.0, 2.5, 0.45, 14.59),
    ],
)
def test_between_the_points_it_stays_within_its_stated_accuracy(
    tube_voltage_kv, aluminium_mm, copper_mm, expected
):
    computed = kerma_ugy_per_mas(tube_voltage_kv, aluminium_mm, copper_mm)
    assert computed == pytest.approx(expected, rel=0.06)


@pytest.mark.parametrize("copper_mm", COPPER_MM)
def test_more_voltage_gives_more_and_more_filter_gives_less(copper_mm):
    rising = [
        kerma_ugy_per_mas(tube_voltage_kv, 2.5, copper_mm) for tube_voltage_kv in range(40, 126)
    ]
    assert rising == sorted(rising)
    assert kerma_ugy_per_mas(70, 3.0, copper_mm) < kerma_ugy_per_mas(70, 2.5, copper_mm)


def test_kerma_follows_charge_and_the_inverse_square():
    output = pulse_output(TECHNIQUE, 1000.0)
    assert output.air_kerma_ugy == pytest.approx(28.1 * 0.1, rel=1e-6)  # 20 mA · 5 ms = 0.1 mAs
    assert pulse_output(TECHNIQUE, 500.0).air_kerma_ugy == pytest.approx(4 * 2.81, rel=1e-6)
    doubled = replace(TECHNIQUE, pulse_width_ms=10.0)
    assert pulse_output(doubled, 1000.0).air_kerma_ugy == pytest.approx(2 * 2.81, rel=1e-6)
    assert output.origin is DoseOrigin.COMPUTED


def test_kap_is_kerma_times_field_at_any_one_distance():
    output = pulse_output(TECHNIQUE, 730.0)
    field_at_reference_m2 = 0.2 * 0.3 * 0.73**2
    assert output.kap_ugym2 == pytest.approx(output.air_kerma_ugy * field_at_reference_m2)
    assert output.kap_ugym2 == pytest.approx(2.81 * 0.06)


@pytest.mark.parametrize(
    "unknown",
    [
        {"tube_voltage_kv": math.nan},
        {"tube_voltage_kv": KVP[0] - 0.1},
        {"tube_voltage_kv": KVP[-1] + 0.1},
        {"tube_current_ma": math.nan},
        {"tube_current_ma": -1.0},
        {"pulse_width_ms": math.nan},
        {"pulse_width_ms": math.inf},
        {"filter_al_mm": math.nan},
        {"filter_al_mm": ALUMINIUM_MM[0] - 0.1},
        {"filter_al_mm": ALUMINIUM_MM[1] + 0.1},
        {"filter_cu_mm": math.nan},
        {"filter_cu_mm": COPPER_MM[-1] + 0.1},
        {"filter_cu_mm": -0.1},
    ],
)
def test_an_unknown_technique_states_nothing(unknown):
    output = pulse_output(replace(TECHNIQUE, **unknown), 730.0)
    assert math.isnan(output.air_kerma_ugy)
    assert math.isnan(output.kap_ugym2)
    assert output.origin is DoseOrigin.NOT_AVAILABLE


@pytest.mark.parametrize("missing", ["sid_mm", "field_width_mm", "field_height_mm"])
def test_without_the_field_there_is_kerma_but_no_kap(missing):
    output = pulse_output(replace(TECHNIQUE, **{missing: math.nan}), 730.0)
    assert output.air_kerma_ugy > 0
    assert math.isnan(output.kap_ugym2)
    assert output.origin is DoseOrigin.COMPUTED


@pytest.mark.parametrize("distance_mm", [math.nan, 0.0, -730.0])
def test_without_the_reference_point_there_is_kap_but_no_kerma(distance_mm):
    output = pulse_output(TECHNIQUE, distance_mm)
    assert math.isnan(output.air_kerma_ugy)
    assert output.kap_ugym2 == pytest.approx(2.81 * 0.06)
