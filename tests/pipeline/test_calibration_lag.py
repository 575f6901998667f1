"""Lag: the decay after the beam, the fit, and the correction."""

import numpy as np
import pytest

from fluoroview.hal.frame import PixelIntensityRelationship
from fluoroview.hal.testing import has_code
from fluoroview.pipeline import (
    Calibration,
    CorrectionSettings,
    Pipeline,
    PipelineSettings,
    RecursiveMode,
    RecursiveSettings,
    SpatialSettings,
)
from fluoroview.pipeline.lag import LagCorrection, LagError, LagModel, decay_after, fit_lag

SHORT, LONG = (0.03, 0.01), (0.8, 12.0)


def laggy(signal, fractions=SHORT, constants=LONG):
    """Return what a panel with lag reads of a series of signals."""
    held, read = np.zeros(len(fractions)), []
    kept = np.exp(-1 / np.array(constants))
    for x in signal:
        read.append((1 - sum(fractions)) * x + held.sum())
        held = kept * held + np.array(fractions) * (1 - kept) * x
    return np.array(read)


STEP = np.r_[np.full(200, 5000.0), np.zeros(40)]


def test_the_fractions_are_what_the_first_frame_has_left():
    decay = decay_after(laggy(STEP))
    assert decay[0] == pytest.approx(0.04, rel=1e-3)
    np.testing.assert_allclose(LagModel(SHORT, LONG).residual([1, 2, 10]), decay[[0, 1, 9]], 1e-3)


def test_two_exponentials_are_found_again(rng):
    model = fit_lag(decay_after(laggy(STEP) + rng.normal(0, 0.05, STEP.size)), 30.0)
    assert model.first_frame_residual == pytest.approx(0.04, rel=0.03)
    assert model.fractions == pytest.approx(SHORT, rel=0.15)
    assert model.time_constants == pytest.approx(LONG, rel=0.25)
    assert model.frame_rate_hz == 30.0


def test_one_exponential_is_not_made_two():
    model = fit_lag(decay_after(laggy(STEP, (0.025,), (3.0,))))
    assert len(model.fractions) == 1
    assert model.time_constants[0] == pytest.approx(3.0, rel=0.1)


def test_a_panel_without_lag_has_none(rng):
    model = fit_lag(np.zeros(20))
    assert model.first_frame_residual == 0.0


def test_a_partly_exposed_frame_is_skipped():
    series = laggy(STEP)
    torn = np.r_[series[:200], 2000.0, series[200:]]
    np.testing.assert_allclose(decay_after(torn), decay_after(series))


@pytest.mark.parametrize(
    ("series", "reason"),
    [
        (np.zeros(30), "begin without signal"),
        (np.r_[np.zeros(5), STEP], "begin without signal"),
        (np.full(50, 100.0), "did not go off"),
        (STEP[:205], "Only 5 frames"),
        (np.r_[np.full(50, 100.0), np.full(20, 30.0)], "30% of its signal was left"),
    ],
)
def test_what_is_no_decay_is_refused(series, reason):
    with pytest.raises(LagError, match=reason):
        decay_after(series)


@pytest.mark.parametrize("fractions", [(0.5,), (-0.1,), (0.1, 0.1, 0.1)])
def test_lag_that_cannot_be_is_refused(fractions):
    with pytest.raises(LagError, check=has_code("FV-PIP-003")):
        LagModel(fractions, (1.0,) * len(fractions))


def test_the_correction_gives_the_signal_back():
    signal = np.r_[np.zeros(3), np.full(30, 5000.0), np.zeros(10), np.full(5, 900.0)]
    stage = LagCorrection(LagModel(SHORT, LONG), (3, 4), on=True)
    for y, x in zip(laggy(signal), signal, strict=True):
        plane = np.full((3, 4), y, np.float32)
        np.testing.assert_allclose(stage.apply(plane), x, atol=0.01)


def test_it_is_off_unless_asked_for():
    stage = LagCorrection(LagModel(SHORT, LONG), (3, 4))
    plane = np.full((3, 4), 7.0, np.float32)
    assert not stage.changes_pixels
    assert (stage.apply(plane) == 7.0).all()


def images(frames, lag):
    """Return the images of DISP frames, 4×4, with the lag removed or not."""
    calibration = Calibration(
        np.zeros((4, 4), np.float32),
        np.ones((4, 4), np.float32),
        np.zeros((4, 4), bool),
        lag=LagModel((0.1,), (5.0,)),
    )
    settings = PipelineSettings(
        correction=CorrectionSettings(lag=lag),
        recursive=RecursiveSettings(mode=RecursiveMode.OFF),
        spatial=SpatialSettings(sigma_px=0),
    )
    pipeline = Pipeline(4, 4, settings, PixelIntensityRelationship.DISP, calibration)
    out = np.zeros((4, 4), np.uint16)
    shown = []
    for counts in frames:
        pipeline.process(np.full((4, 4), counts, np.uint16), out)
        shown.append(int(out[0, 0]))
    pipeline.reset()
    pipeline.process(np.full((4, 4), 900, np.uint16), out)
    return shown, int(out[0, 0])


def test_in_the_chain_it_follows_the_settings_and_forgets_the_last_run():
    read = np.rint(laggy([10_000] * 40 + [0] * 5, (0.1,), (5.0,)))
    assert images(read, lag=False)[0] == read.tolist()
    shown, first_of_next_run = images(read, lag=True)
    np.testing.assert_allclose(shown, [10_000] * 40 + [0] * 5, atol=2)
    assert first_of_next_run == 1000
