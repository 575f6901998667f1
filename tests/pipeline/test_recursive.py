"""The recursive average: what it does to noise, and what it leaves of what moves."""

import numpy as np
import pytest
from pydantic import ValidationError

from fluoroview.pipeline import RecursiveMode, RecursiveSettings
from fluoroview.pipeline.recursive import RecursiveAverage

SIDE = 192
COUNTS = 10.0  # per quantum
QUANTA = 40.0  # per pixel


def average(shape, **settings):
    return RecursiveAverage(RecursiveSettings(**settings), np.zeros(shape, np.float32))


def noisy(rng, quanta, shape=None):
    return (rng.poisson(quanta, shape) * COUNTS).astype(np.float32)


def wire(x_px, sigma_px=1.2):
    """Return the transmission of a slanted wire at x."""
    row, column = np.mgrid[0:SIDE, 0:SIDE]
    across = column - x_px - 0.15 * (row - SIDE / 2)
    return np.exp(-0.5 * np.exp(-0.5 * (across / sigma_px) ** 2))


def kept_of_a_wire(rng, speed_px, **settings):
    """Return the fraction of the contrast of a moving wire that is left, mean over frames."""
    stage = average((SIDE, SIDE), **settings)
    kept = []
    for frame in range(24):
        truth = QUANTA * wire(30 + speed_px * frame)
        image = stage.apply(noisy(rng, truth)) / COUNTS
        if frame >= 12:
            shadow = QUANTA - truth
            kept.append((shadow * (QUANTA - image)).sum() / (shadow * shadow).sum())
    return float(np.mean(kept))


@pytest.mark.parametrize("k", [0.1, 0.25, 0.5])
def test_plain_noise_variance_is_k_over_2_minus_k(rng, k):
    stage = average((256, 256), mode=RecursiveMode.PLAIN, weight=k)
    for _ in range(round(6 / k)):
        image = stage.apply(rng.normal(1000, 30, (256, 256)).astype(np.float32))
    assert image.var() / 30**2 == pytest.approx(k / (2 - k), rel=0.05)


def test_plain_equals_the_numpy_reference(rng):
    stage = average((37, 53), mode=RecursiveMode.PLAIN, weight=0.3)
    frames = rng.normal(500, 50, (10, 37, 53)).astype(np.float32)
    expected = frames[0].astype(np.float64)
    for frame in frames:
        expected += 0.3 * (frame - expected)
        image = stage.apply(frame.copy())
    np.testing.assert_allclose(image, expected, rtol=1e-5)


def test_plain_lag_is_1_over_k_frames():
    stage = average((8, 8), mode=RecursiveMode.PLAIN, weight=0.2)
    stage.apply(np.zeros((8, 8), np.float32))
    seen = [float(stage.apply(np.ones((8, 8), np.float32))[0, 0]) for _ in range(60)]
    assert sum(1 - value for value in seen) == pytest.approx(1 / 0.2 - 1, rel=0.01)


def test_adaptive_reaches_the_noise_of_its_least_weight_where_nothing_moves(rng):
    stage = average((256, 256), weight=0.1)
    for _ in range(60):
        image = stage.apply(noisy(rng, QUANTA, (256, 256)))
    variance = image.var() / (QUANTA * COUNTS**2)
    assert variance == pytest.approx(0.1 / 1.9, rel=0.2)


def test_adaptive_is_the_mean_of_the_first_frames(rng):
    # 1/age: after 8 frames a variance of about 1/8, where the plain average has 0.43 + 0.05.
    adaptive, plain = average((256, 256)), average((256, 256), mode=RecursiveMode.PLAIN)
    for _ in range(8):
        frame = noisy(rng, QUANTA, (256, 256))
        first = adaptive.apply(frame.copy()).var()
        second = plain.apply(frame.copy()).var()
    assert first / (QUANTA * COUNTS**2) < 0.18
    assert first < second / 1.4


@pytest.mark.parametrize("scale", [0.25, 1.0, 4.0])
@pytest.mark.parametrize("gain", [1.0, 50.0])
def test_adaptive_learns_the_noise_at_any_dose_and_gain(rng, scale, gain):
    stage = average((256, 256))
    for _ in range(60):
        image = stage.apply((rng.poisson(QUANTA * scale, (256, 256)) * gain).astype(np.float32))
    assert image.var() / (QUANTA * scale * gain**2) < 0.07


def test_adaptive_learns_noise_that_differs_across_the_image(rng):
    quanta = np.linspace(5, 200, 256)[None, :] * np.ones((256, 1))
    stage = average((256, 256))
    for _ in range(60):
        image = stage.apply(noisy(rng, quanta) + rng.normal(0, 30, (256, 256)).astype("f4"))
    error = (image - quanta * COUNTS) ** 2 / (quanta * COUNTS**2 + 30**2)
    assert error[:, :64].mean() < 0.08
    assert error[:, -64:].mean() < 0.08


def test_adaptive_learns_correlated_noise(rng):
    import cv2

    stage = average((256, 256))
    for _ in range(60):
        frame = cv2.GaussianBlur(rng.normal(0, 100, (256, 256)).astype(np.float32), (0, 0), 0.8)
        alone = frame.var()
        image = stage.apply(frame + 1000)
    assert image.var() / alone < 0.1


@pytest.mark.parametrize(("speed_px", "least"), [(1, 0.75), (6, 0.9)])
def test_adaptive_keeps_a_moving_wire_that_the_plain_average_loses(rng, speed_px, least):
    plain = kept_of_a_wire(rng, speed_px, mode=RecursiveMode.PLAIN, weight=0.1)
    adaptive = kept_of_a_wire(rng, speed_px, mode=RecursiveMode.ADAPTIVE, weight=0.1)
    assert plain < 0.3
    assert adaptive > least


def test_adaptive_follows_a_jump_of_the_whole_image_at_once(rng):
    stage = average((128, 128))
    for _ in range(20):
        stage.apply(noisy(rng, QUANTA, (128, 128)))
    image = stage.apply(noisy(rng, 2 * QUANTA, (128, 128)))
    assert image.mean() == pytest.approx(2 * QUANTA * COUNTS, rel=0.01)


def test_adaptive_does_not_choke_on_an_image_without_noise():
    stage = average((64, 64))
    frame = np.full((64, 64), 1000, np.float32)
    for _ in range(5):
        image = stage.apply(frame.copy())
    np.testing.assert_array_equal(image, frame)
    frame[20:40, 20:40] = 500
    image = stage.apply(frame.copy())
    np.testing.assert_allclose(image[25:35, 25:35], 500, rtol=1e-4)
    assert np.isfinite(image).all()


def test_adaptive_learns_noise_next_to_a_painted_collimator(rng):
    stage = average((256, 256))
    for _ in range(60):
        frame = noisy(rng, QUANTA, (256, 256))
        frame[:, :150] = 0
        image = stage.apply(frame)
    assert image[:, 160:].var() / (QUANTA * COUNTS**2) < 0.07


def test_reset_lets_nothing_of_the_last_run_through(rng):
    for mode in (RecursiveMode.PLAIN, RecursiveMode.ADAPTIVE):
        stage = average((32, 32), mode=mode)
        for _ in range(5):
            stage.apply(noisy(rng, QUANTA, (32, 32)))
        stage.reset()
        frame = noisy(rng, 2 * QUANTA, (32, 32))
        np.testing.assert_array_equal(stage.apply(frame.copy()), frame)


def test_another_mode_starts_afresh_and_another_weight_goes_on():
    stage = average((8, 8), mode=RecursiveMode.PLAIN, weight=0.5)
    stage.apply(np.zeros((8, 8), np.float32))
    stage.configure(RecursiveSettings(mode=RecursiveMode.PLAIN, weight=0.25))
    assert stage.apply(np.ones((8, 8), np.float32))[0, 0] == 0.25
    stage.configure(RecursiveSettings(mode=RecursiveMode.ADAPTIVE))
    assert stage.apply(np.ones((8, 8), np.float32))[0, 0] == 1.0


@pytest.mark.parametrize("shape", [(1, 1), (2, 3), (7, 5), (63, 65), (1537, 3), (5, 1539)])
def test_any_size_works(rng, shape):
    stage = average(shape)
    for _ in range(4):
        image = stage.apply(noisy(rng, QUANTA, shape))
    assert image.shape == shape
    assert np.isfinite(image).all()


@pytest.mark.parametrize(
    "settings",
    [
        {"weight": 0.0},
        {"weight": 1.1},
        {"motion_onset": 5.0, "motion_full": 4.0},
        {"weigth": 0.2},
        {"mode": "fancy"},
    ],
)
def test_settings_out_of_limits_are_refused(settings):
    with pytest.raises(ValidationError):
        RecursiveSettings(**settings)
