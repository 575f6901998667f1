"""The panel: noise of the model's power and spectrum, patterns, defects, lag; every switch."""

import itertools
from dataclasses import replace

import numpy as np
import pytest

from fluoroview_simulated.panel.panel import (
    CEILING,
    ELECTRONIC_QUANTA,
    LAG_PULSES,
    MTF_SIGMA_MM,
    NOISE_UNIT,
    make_panel,
    unsharpness_mm,
)
from fluoroview_simulated.panel.settings import IDEAL, DetectorSettings, jitter_s
from fluoroview_simulated.physics.beam import SWANK
from fluoroview_simulated.room.technique import Geometry

WHITE = replace(DetectorSettings(), correlated=False)


def _tile(panel):
    return panel.tile.astype(np.float64) * NOISE_UNIT


def radial_power(noise, pixel_mm, bands=8):
    """Noise power in mm² by bands of frequency up to Nyquist: (frequencies, power)."""
    side = noise.shape[0]
    power = np.abs(np.fft.fft2(noise - noise.mean())) ** 2 / side**2 * pixel_mm**2
    axis = np.fft.fftfreq(side, pixel_mm)
    f = np.hypot(axis[:, None], axis[None, :])
    edges = np.linspace(0.02, 0.5, bands + 1) / pixel_mm
    chosen = [(f >= low) & (f < high) for low, high in itertools.pairwise(edges)]
    return [f[c] for c in chosen], np.array([power[c].mean() for c in chosen])


@pytest.mark.parametrize(("size", "detector_mm"), [(512, 250.0), (1024, 250.0), (1024, 420.0)])
def test_noise_has_the_spectrum_of_the_model(size, detector_mm):
    panel = make_panel(size, detector_mm, seed=1)
    frequencies, power = radial_power(_tile(panel), panel.pixel_mm)
    expected = [np.mean(panel.mtf(f) ** 2) * panel.pixel_mm**2 for f in frequencies]
    assert power == pytest.approx(expected, rel=0.03)


@pytest.mark.parametrize(("size", "detector_mm"), [(512, 250.0), (1024, 250.0), (2048, 160.0)])
def test_noise_has_the_variance_of_the_model(size, detector_mm):
    """The mean of MTF² over the pixels' band, by a numerical integral that is not the panel's."""
    panel = make_panel(size, detector_mm, seed=1)
    f = np.linspace(-0.5, 0.5, 2001)[1:-1] / panel.pixel_mm
    share = np.mean(np.exp(-4.0 * (np.pi * MTF_SIGMA_MM * f) ** 2)) ** 2
    assert panel.noise_variance == pytest.approx(share, rel=0.005)
    assert _tile(panel).var() == pytest.approx(share, rel=0.005)


def test_uncorrelated_noise_is_white():
    panel = make_panel(512, 250.0, seed=1, settings=WHITE)
    _, power = radial_power(_tile(panel), panel.pixel_mm)
    assert power == pytest.approx(np.full(8, panel.pixel_mm**2), rel=0.03)
    assert panel.noise_variance == 1.0


@pytest.mark.parametrize(
    ("noise", "gain"), [("off", 0.0), ("Poisson", 1.0), ("compound", 1 / SWANK)]
)
def test_quantum_noise_can_be_chosen(noise, gain):
    panel = make_panel(256, 250.0, 1, settings=DetectorSettings(noise=noise))
    assert panel.noise_gain == pytest.approx(gain)


def test_ideal_poisson_noise_has_its_mean_for_variance():
    settings = replace(IDEAL, noise="Poisson")
    panel = make_panel(512, 250.0, 1, settings=settings)
    quanta = np.array([5.0, 200.0, 2000.0])
    counts2 = panel.variance(quanta) - 1.0 / 12.0
    assert counts2 / panel.counts_per_quantum**2 == pytest.approx(quanta)


def test_noise_power_integrates_to_the_variance():
    panel = make_panel(512, 250.0, 1)
    axis = (np.arange(400) + 0.5) / 400 * 0.5 / panel.pixel_mm
    power = panel.noise_power(40.0, np.hypot(axis[:, None], axis[None, :]))
    assert power.mean() / panel.pixel_mm**2 == pytest.approx(float(panel.variance(40.0)), rel=0.01)


def test_electronic_noise_is_white_and_independent_of_that_of_the_quanta():
    panel = make_panel(512, 250.0, 1)
    white = panel.white.astype(np.float64) * NOISE_UNIT
    _, power = radial_power(white, panel.pixel_mm)
    assert power == pytest.approx(np.full(8, panel.pixel_mm**2), rel=0.03)
    assert abs(np.corrcoef(panel.white.ravel(), panel.tile.ravel())[0, 1]) < 0.005


def test_every_switch_switches_its_own_property():
    on, off = make_panel(256, 250.0, 1, raw=True), make_panel(256, 250.0, 1, True, IDEAL)
    assert (on.electronic_quanta2, off.electronic_quanta2) == (ELECTRONIC_QUANTA * 4, 0.0)
    assert (on.lag, off.lag) == (True, False)
    assert (on.ceiling, off.ceiling) == (CEILING, 65535)
    assert (on.mtf_sigma_mm, off.mtf_sigma_mm) == (MTF_SIGMA_MM, 0.0)
    assert on.defects.any()
    assert not off.defects.any()
    assert on.residual.std() > 0.002
    assert off.residual.std() == 0.0
    assert off.raw_gain.std() == 0.0
    assert off.raw_offset.std() == 0.0


def test_a_corrected_panel_shows_no_raw_pattern():
    panel = make_panel(256, 250.0, 1)
    assert panel.raw_gain is None
    assert panel.defects is None
    assert panel.residual.std() == pytest.approx(0.003, rel=0.3)


def test_defects_are_where_pixels_do_not_follow():
    panel = make_panel(512, 250.0, 1, raw=True)
    clean = make_panel(512, 250.0, 1, True, replace(DetectorSettings(), defects=False))
    touched = (panel.raw_gain != clean.raw_gain) | (panel.raw_offset != clean.raw_offset)
    assert np.array_equal(panel.defects, touched)
    assert 0.003 < panel.defects.mean() < 0.01


def test_lag_of_the_frames_after_a_pulse_is_the_published_one():
    """Siewerdsen and Jaffray 1999: 2 to 10 % in the first frame, then 0.7, 0.4 and 0.3 %."""
    shares = make_panel(256, 250.0, 1).lag_after(np.arange(1, LAG_PULSES + 1) / 30.0)
    assert shares == pytest.approx([0.020, 0.007, 0.004, 0.003], abs=0.0003)


def test_lag_fades_with_the_time_since_the_pulse():
    shares = make_panel(256, 250.0, 1).lag_after([1 / 60, 1 / 30, 1 / 15, 1 / 7.5, 1.0])
    assert shares[0] == shares[1]
    assert np.all(np.diff(shares[1:]) < 0.0)
    assert shares[-1] < 1e-5


def test_quantum_noise_keeps_mean_and_variance_and_is_never_below_nothing():
    """By the panel's shape, from normal deviates: to a thousandth of the quanta."""
    panel = make_panel(512, 250.0, 1)
    factor, less = panel.noise_shape
    z = np.random.default_rng(3).standard_normal(2_000_000) * np.sqrt(panel.noise_variance)
    for quanta in (1.0, 5.0, 50.0):
        noisy = (np.sqrt(quanta - less) + factor * z) ** 2 - less
        assert noisy.mean() == pytest.approx(quanta, rel=0.002)
        assert noisy.var() == pytest.approx(quanta / SWANK * panel.noise_variance, rel=0.005)
        assert noisy.min() >= -less


def test_same_seed_same_panel():
    first, second, other = (make_panel(256, 250.0, seed, True) for seed in (1, 1, 2))
    assert np.array_equal(first.tile, second.tile)
    assert np.array_equal(first.raw_gain, second.raw_gain)
    assert not np.array_equal(first.tile, other.tile)


def test_full_scale_holds_2000_quanta_per_pixel_in_the_normal_field():
    assert CEILING / make_panel(1024, 250.0, 1).counts_per_quantum > 2300


def test_frame_times_jitter_as_asked():
    assert jitter_s(DetectorSettings(), 1, 5) == 0.0
    settings = DetectorSettings(jitter_ms=2.0)
    delays = np.array([jitter_s(settings, 1, i) for i in range(2000)]) * 1e3
    assert delays.std() == pytest.approx(2.0, rel=0.05)
    assert np.abs(delays).max() <= 6.0
    assert jitter_s(settings, 1, 7) == jitter_s(settings, 1, 7) != jitter_s(settings, 2, 7)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"noise": "pink"}, "QuantumNoise 'pink' does not exist: allowed are off, Poisson, comp"),
        ({"jitter_ms": 50.0}, "FrameJitter 50 ms is out of range: allowed are 0 to 20 ms"),
    ],
)
def test_unknown_settings_are_refused_in_a_sentence(change, sentence):
    with pytest.raises(ValueError, match=sentence):
        DetectorSettings(**change)


def test_unsharpness_joins_scintillator_and_focal_spot():
    g = Geometry()
    light = unsharpness_mm(DetectorSettings(), Geometry(source_isocentre_mm=1099.9))
    assert light == pytest.approx(MTF_SIGMA_MM, rel=0.01)
    spot = unsharpness_mm(IDEAL, g)
    both = unsharpness_mm(DetectorSettings(), g)
    assert both**2 == pytest.approx(spot**2 + (MTF_SIGMA_MM / g.magnification) ** 2)
    assert unsharpness_mm(DetectorSettings(), g, "1.0") > both
