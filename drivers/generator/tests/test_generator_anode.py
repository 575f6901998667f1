"""Heat of the anode and the rating of the tube, on a fake clock."""

import math

import pytest

from fluoroview.hal import FakeClock
from fluoroview_generator.anode import Anode
from fluoroview_generator.technique import Rating, Technique


@pytest.fixture
def clock():
    return FakeClock()


@pytest.fixture
def anode(clock):
    return Anode(clock, capacity_kj=10.0, cooling_time_s=100.0)


def test_it_is_cold_when_new(anode):
    assert anode.heat_kj == 0.0
    assert anode.seconds_until(100.0) == 0.0


def test_pulses_add_up(anode):
    for _ in range(4):
        anode.add(1.5)
    assert anode.heat_kj == pytest.approx(6.0)
    assert anode.heat_percent == pytest.approx(60.0)


def test_it_cools_exponentially(anode, clock):
    anode.add(8.0)
    clock.advance_s(100.0)
    assert anode.heat_kj == pytest.approx(8.0 / math.e)
    clock.advance_s(100.0)
    assert anode.heat_kj == pytest.approx(8.0 / math.e**2)


def test_it_states_how_long_it_must_cool(anode, clock):
    anode.add(25.0)
    seconds = anode.seconds_until(100.0)
    assert seconds == pytest.approx(100.0 * math.log(2.5))
    clock.advance_s(seconds)
    assert anode.heat_percent == pytest.approx(100.0)


def test_another_cooling_time_counts_from_now_on(anode, clock):
    anode.add(8.0)
    clock.advance_s(100.0)
    anode.cooling_time_s = 10.0
    assert anode.heat_kj == pytest.approx(8.0 / math.e)
    clock.advance_s(10.0)
    assert anode.heat_kj == pytest.approx(8.0 / math.e**2)


def test_a_technique_states_power_charge_and_heat():
    technique = Technique(kv=100.0, tube_current_ma=50.0, pulse_width_ms=10.0)
    assert technique.power_kw == pytest.approx(5.0)
    assert technique.charge_mas == pytest.approx(0.5)
    assert technique.energy_kj == pytest.approx(0.05)


@pytest.mark.parametrize(
    ("technique", "sentence"),
    [
        (Technique(), ""),
        (Technique(kv=125.0, tube_current_ma=120.0), ""),
        (
            Technique(kv=125.0, tube_current_ma=200.0),
            "125 kV at 200 mA are 25.0 kW, and the tube is rated for 15 kW",
        ),
        (
            Technique(kv=50.0, tube_current_ma=200.0, pulse_width_ms=25.0),
            "200 mA for 25 ms are 5.00 mAs, and a pulse may have 4 mAs",
        ),
        (
            Technique(pulse_width_ms=40.0),
            "pulses of 40 ms do not fit into the 33.3 ms between pulses at 30/s",
        ),
    ],
)
def test_what_is_outside_the_rating_is_reported(technique, sentence):
    assert Rating().objection(technique) == sentence
