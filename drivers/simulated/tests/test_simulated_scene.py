"""Pictures: reproducible, right in mean and variance, dark where barium is."""

import numpy as np
import pytest

from fluoroview_simulated.beam import SWANK, beam
from fluoroview_simulated.detector.panel import CEILING, NOISE_UNIT
from fluoroview_simulated.procedure.course import ONSET_S, TURN_S
from fluoroview_simulated.scene import Scene
from fluoroview_simulated.technique import Geometry, Technique

OPEN_AIR = np.s_[300:400, 30:90]
"""In front of the neck, at 512²: nothing but air."""


@pytest.fixture(scope="module")
def scene():
    return Scene(512, seed=3)


def test_same_seed_and_pulse_give_the_same_pixels(scene):
    first = scene.frame(5, 1.7, Technique(), previous_t_s=1.6)
    scene.frame(9, 3.0, Technique())
    assert np.array_equal(scene.frame(5, 1.7, Technique(), previous_t_s=1.6), first)
    assert np.array_equal(Scene(512, seed=3).frame(5, 1.7, Technique(), previous_t_s=1.6), first)


def test_in_sequence_and_on_its_own_a_frame_is_the_same(scene):
    technique = Technique()
    scene.frame(0, 0.0, technique)
    scene.frame(1, 1 / 30, technique, previous_t_s=0.0)
    in_sequence = scene.frame(2, 2 / 30, technique, previous_t_s=1 / 30)
    assert np.array_equal(
        Scene(512, seed=3).frame(2, 2 / 30, technique, previous_t_s=1 / 30), in_sequence
    )


def test_another_pulse_or_seed_gives_other_pixels(scene):
    first = scene.frame(0, 1.7, Technique())
    assert not np.array_equal(scene.frame(1, 1.7, Technique()), first)
    assert not np.array_equal(Scene(512, seed=4).frame(0, 1.7, Technique()), first)


def test_signal_is_proportional_to_tube_charge(scene):
    low, high = (
        scene.frame(0, 0.0, Technique(tube_current_ma=ma, pulse_width_ms=ms))[OPEN_AIR].mean()
        for ma, ms in ((2.0, 3.0), (4.0, 4.5))
    )
    assert high / low == pytest.approx(3.0, rel=0.01)


@pytest.mark.parametrize("kv", [60.0, 85.0])
def test_signal_follows_the_beam(scene, kv):
    base, other = Technique(tube_current_ma=3.0), Technique(kv=kv, tube_current_ma=3.0)
    measured = [scene.frame(0, 0.0, t)[OPEN_AIR].mean() for t in (other, base)]
    expected = [beam(t.kv, 2.8, 0.1).quanta_per_mm2_mas(1100.0) for t in (other, base)]
    # Scatter adds a few per cent that need not follow exactly.
    assert measured[0] / measured[1] == pytest.approx(expected[0] / expected[1], rel=0.02)


@pytest.mark.parametrize("tube_current_ma", [1.0, 4.0, 8.0])
def test_variance_is_that_of_counted_quanta(scene, tube_current_ma):
    technique = Technique(tube_current_ma=tube_current_ma)
    frames = np.stack([scene.frame(i, 0.0, technique).astype(float) for i in range(16)])
    variance = frames.var(axis=0, ddof=1)
    mean = frames.mean(axis=0)
    panel = scene.panel
    blur = (panel.tile.astype(float) * NOISE_UNIT).var()
    gain = panel.counts_per_quantum
    expected = blur * (gain * mean / SWANK + panel.electronic_quanta2 * gain**2) + 1 / 12
    for low, high in ((100, 400), (400, 1500), (1500, CEILING * 0.9)):
        chosen = (mean > low) & (mean < high)
        if chosen.sum() > 2000:
            assert variance[chosen].mean() == pytest.approx(expected[chosen].mean(), rel=0.04)


def test_open_field_is_not_saturated_at_the_default_technique(scene):
    picture = scene.frame(0, 0.0, Technique())
    assert 0.4 * CEILING < np.median(picture[OPEN_AIR]) < 0.9 * CEILING


def test_bolus_is_dark_where_it_passes(scene):
    t = TURN_S + ONSET_S
    before, during = (
        np.mean([scene.frame(i, s, Technique()) for i in range(4)], axis=0)
        for s in (t - 1.2, t + 0.3)
    )
    throat = np.s_[190:280, 300:322]  # before the spine, behind the tongue
    assert during[throat].min() < 0.35 * before[throat].mean()


def test_shutters_cut_the_field_and_not_the_middle():
    scene = Scene(512, seed=3)
    wide = scene.frame(0, 0.0, Technique()).astype(float)
    scene.collimate(Geometry(field_width_mm=120.0, field_height_mm=100.0))
    narrow = scene.frame(0, 0.0, Technique()).astype(float)
    assert narrow[:120].mean() < 0.05 * wide[:120].mean()
    assert narrow[230:280, 200:300].mean() == pytest.approx(wide[230:280, 200:300].mean(), rel=0.2)


@pytest.mark.parametrize(("pause_s", "expected"), [(1 / 30, 0.025), (1 / 3, 0.0025)])
def test_lag_holds_a_share_of_the_pulse_before(scene, pause_s, expected):
    technique, t = Technique(tube_current_ma=8.0), TURN_S + ONSET_S + 0.3
    alone = scene.frame(1, t, technique).astype(float)
    after = scene.frame(1, t, technique, previous_t_s=t - pause_s).astype(float)
    before = scene.frame(0, t - pause_s, technique).astype(float)
    share = np.sum((after - alone) * (before - alone)) / np.sum((before - alone) ** 2)
    assert share == pytest.approx(expected, rel=0.05)


def test_raw_panel_shows_its_own_pattern():
    corrected = Scene(512, seed=3).frame(0, 0.0, Technique())
    raw = Scene(512, seed=3, raw=True).frame(0, 0.0, Technique())
    assert raw[OPEN_AIR].astype(float).std() > 1.2 * corrected[OPEN_AIR].astype(float).std()
    assert raw.min() > 100


@pytest.mark.parametrize("size", [512, 1024, 2048])
def test_every_matrix_shows_the_same_patient(scene, size):
    import cv2

    technique = Technique(tube_current_ma=60.0, pulse_width_ms=5.0, kv=60.0, filter_cu_mm=0.3)
    picture = Scene(size, seed=3).frame(0, 2.0, technique).astype(np.float32)
    small = cv2.resize(picture, (64, 64), interpolation=cv2.INTER_AREA)
    reference = cv2.resize(
        scene.frame(0, 2.0, technique).astype(np.float32), (64, 64), interpolation=cv2.INTER_AREA
    )
    assert np.median(np.abs(small / reference - 1)) < 0.02
