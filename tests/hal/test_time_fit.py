"""The line between a device's clock and the host's."""

import random

import pytest

from fluoroview.hal.runtime.time_fit import MIN_FRAMES, SPAN_FRAMES, TimeFit

PERIOD_NS = 33_333_333


def fitted(count, drift_ppm=0.0, jitter_ms=0.0, offset_ns=5 * 10**9):
    rng, fit = random.Random(1), TimeFit()
    for number in range(count):
        hardware = number * PERIOD_NS
        late_ns = rng.gauss(0, jitter_ms) * 1e6
        fit.add(hardware, round(offset_ns + hardware * (1 + drift_ppm * 1e-6) + late_ns))
    return fit


@pytest.mark.parametrize("drift_ppm", [-200.0, 0.0, 50.0])
def test_drift_is_found(drift_ppm):
    reading = fitted(SPAN_FRAMES, drift_ppm).reading()
    assert reading.drift_ppm == pytest.approx(drift_ppm, abs=0.01)
    assert reading.residual_rms_ms < 1e-3


def test_the_residual_is_the_jitter():
    reading = fitted(SPAN_FRAMES, jitter_ms=0.5).reading()
    assert reading.residual_rms_ms == pytest.approx(0.5, rel=0.15)
    assert reading.residual_max_ms > reading.residual_rms_ms


def test_hardware_time_is_mapped_to_host_time():
    reading = fitted(SPAN_FRAMES, drift_ppm=100.0).reading()
    at = 200 * PERIOD_NS
    assert reading.to_host_ns(at) == pytest.approx(5 * 10**9 + at * 1.0001, abs=1e3)


def test_too_few_frames_or_no_clock_give_no_fit():
    assert fitted(MIN_FRAMES - 1).reading() is None
    silent = TimeFit()
    for number in range(50):
        silent.add(0, number)
    assert silent.reading() is None


def test_a_clock_that_is_set_back_restarts_the_fit():
    fit = fitted(100)
    fit.add(0, 10**12)
    assert fit.reading() is None
