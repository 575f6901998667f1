"""The simulated meter on a fake clock: it measures the rate that is set, with repeatable noise."""

import math

import numpy as np
import pytest

from fluoroview.hal import DeviceError, DoseOrigin
from fluoroview_generator import SimulatedDoseMeter


def readings(fake_time, sink_of, count, **settings):
    """Return the pulses that a newly opened meter reports."""
    meter = SimulatedDoseMeter("meter", fake_time.clock, fake_time.wait)
    meter.open()
    tree = meter.parameters()
    for name, value in settings.items():
        tree.write(name, value)
    sink = sink_of(count)
    meter.start(sink)
    assert meter._thread.ended_within(5.0)
    meter.close()
    assert sink.failures == []
    return sink.pulses


def test_ten_readings_a_second_add_up_to_the_rate(fake_time, sink_of):
    start_ns = fake_time.clock.monotonic_ns()
    reported = readings(fake_time, sink_of, 50, KapRate=3.0, NoisePercent=0.0)
    assert [pulse.host_time_ns - start_ns for pulse in reported[:3]] == [
        100_000_000,
        200_000_000,
        300_000_000,
    ]
    assert sum(pulse.kap_ugym2 for pulse in reported) == pytest.approx(15.0)  # 5 s
    assert all(math.isnan(pulse.air_kerma_ugy) for pulse in reported)
    assert {pulse.origin for pulse in reported} == {DoseOrigin.SIMULATED}


def test_a_late_reading_includes_the_missed_time(fake_time, sink_of):
    fake_time.late_s = {2: 0.25}
    reported = readings(fake_time, sink_of, 8, KapRate=3.0, NoisePercent=0.0)
    assert [round(pulse.kap_ugym2, 9) for pulse in reported[:5]] == [0.3, 0.3, 0.3, 0.9, 0.3]


@pytest.mark.parametrize(
    ("quantity", "kap", "kerma"), [("KAP", 1, 0), ("air kerma", 0, 1), ("both", 1, 1)]
)
def test_it_states_only_what_it_measures(fake_time, sink_of, quantity, kap, kerma):
    (reported,) = readings(
        fake_time, sink_of, 1, Quantity=quantity, KapRate=2.0, AirKermaRate=60.0, NoisePercent=0.0
    )
    assert (reported.kap_ugym2 == pytest.approx(0.2)) if kap else math.isnan(reported.kap_ugym2)
    # 60 mGy/min are 1000 µGy/s
    assert (
        (reported.air_kerma_ugy == pytest.approx(100))
        if kerma
        else math.isnan(reported.air_kerma_ugy)
    )


def test_noise_is_as_wide_as_set_and_repeatable(fake_time, sink_of):
    settings = {"KapRate": 10.0, "NoisePercent": 5.0}
    first = [p.kap_ugym2 for p in readings(fake_time, sink_of, 400, Seed=3, **settings)]
    again = [p.kap_ugym2 for p in readings(fake_time, sink_of, 400, Seed=3, **settings)]
    other = [p.kap_ugym2 for p in readings(fake_time, sink_of, 400, Seed=4, **settings)]
    assert first == again
    assert first != other
    assert np.mean(first) == pytest.approx(1.0, abs=0.01)
    assert np.std(first) == pytest.approx(0.05, rel=0.15)


def test_a_reading_is_never_negative(fake_time, sink_of):
    reported = readings(fake_time, sink_of, 200, KapRate=1.0, NoisePercent=100.0)
    assert min(pulse.kap_ugym2 for pulse in reported) == 0.0


def test_the_one_device_is_found_and_any_other_is_refused():
    (found,) = SimulatedDoseMeter.discover()
    assert (found.driver, found.id) == ("dose_meter_sim", "meter")
    with pytest.raises(DeviceError, match=r"has no device 'other'\. It has one: meter\."):
        SimulatedDoseMeter("other").open()
