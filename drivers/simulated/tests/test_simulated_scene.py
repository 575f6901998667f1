"""Images: reproducible, right in mean and variance, following beam, patient and stand."""

from dataclasses import replace

import numpy as np
import pytest

from fluoroview_simulated.panel.panel import LAG_PULSES
from fluoroview_simulated.physics.beam import beam
from fluoroview_simulated.procedures.phantom.procedure import (
    DRUM_MM,
    IODINE_G_CM3,
    TUBE_MM,
    Phantom,
)
from fluoroview_simulated.render.scene import Scene
from fluoroview_simulated.room.technique import Geometry, Technique

OPEN_AIR = np.s_[150:350, 30:70]
"""Next to the drum, at 512²: nothing but air."""
BASE = Phantom.info.technique


def fresh(seed=3):
    return Scene(Phantom("water-drum", seed), 512, seed)


@pytest.fixture(scope="module")
def scene():
    return fresh()


def test_same_seed_and_pulse_give_the_same_pixels(scene):
    before = [(1.6, BASE), (1.5, BASE)]
    first = scene.frame(5, 1.7, BASE, before=before)
    scene.frame(9, 3.0, BASE)
    assert np.array_equal(scene.frame(5, 1.7, BASE, before=before), first)
    assert np.array_equal(fresh().frame(5, 1.7, BASE, before=before), first)


def test_in_sequence_and_on_its_own_a_frame_is_the_same(scene):
    pulses = [(i / 30, replace(BASE, tube_current_ma=4.0 + i % 3)) for i in range(8)]
    images = [scene.frame(i, *pulse, before=pulses[:i][::-1]) for i, pulse in enumerate(pulses)]
    for i in (7, 3, 5):
        again = fresh().frame(i, *pulses[i], before=pulses[:i][::-1])
        assert np.array_equal(again, images[i])
    other = fresh()
    for i in (5, 2, 7, 6):
        assert np.array_equal(other.frame(i, *pulses[i], before=pulses[:i][::-1]), images[i])


def test_of_the_pulses_before_only_the_lags_count(scene):
    pulses = [(i / 30, BASE) for i in range(9)]
    all_, last = (scene.frame(9, 0.3, BASE, before=pulses[::-1][:n]) for n in (9, LAG_PULSES))
    fewer = scene.frame(9, 0.3, BASE, before=pulses[::-1][: LAG_PULSES - 1])
    assert np.array_equal(all_, last)
    assert not np.array_equal(all_, fewer)


def test_pulses_in_sequence_are_drawn_once(scene, monkeypatch):
    drawn = []
    monkeypatch.setattr(scene, "draw", lambda t_s, width_ms: drawn.append(t_s))
    pulses = [(10 + i / 30, BASE) for i in range(7)]
    for i, pulse in enumerate(pulses):
        scene.frame(i, *pulse, before=pulses[:i][::-1])
    assert drawn == [t_s for t_s, _ in pulses]


def test_another_pulse_or_seed_gives_other_pixels(scene):
    first = scene.frame(0, 1.7, BASE)
    assert not np.array_equal(scene.frame(1, 1.7, BASE), first)
    assert not np.array_equal(fresh(4).frame(0, 1.7, BASE), first)


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


def test_noise_is_that_of_the_quanta(scene):
    quiet = Technique(tube_current_ma=3.0)
    first, second = (scene.frame(i, 0.0, quiet)[OPEN_AIR].astype(float) for i in (0, 1))
    quanta = first.mean() / scene.panel.counts_per_quantum
    expected = quanta * scene.panel.noise_gain * scene.panel.noise_variance
    expected += scene.panel.electronic_quanta2
    variance = (first - second).var() / 2 / scene.panel.counts_per_quantum**2
    assert variance == pytest.approx(expected, rel=0.05)


def test_truth_knows_the_maps_and_the_image_without_noise(scene):
    known = scene.truth(1.0, BASE)
    assert known.soft[256].max() == pytest.approx(2 * DRUM_MM, rel=0.01)
    x = round((20.0 / scene.geometry.view_mm + 0.5) * 512)
    # At 1 s the tube is filled from z = -50 to -10: below the middle.
    below, above = known.contrast[300:330, x - 3 : x + 3], known.contrast[180:210, x - 3 : x + 3]
    assert below.max() == pytest.approx(2 * TUBE_MM * IODINE_G_CM3, rel=0.04)
    assert above.max() == 0.0
    assert known.metal.max() == pytest.approx(1.0, rel=0.25)
    assert known.facts == {"filled_mm": 40.0}
    # Far from full scale the mean of many noisy frames is the image without noise.
    low = replace(BASE, tube_current_ma=4.0)
    known = scene.truth(1.0, low)
    mean = np.mean([scene.frame(i, 1.0, low).astype(float) for i in range(24)], axis=0)
    inner = np.s_[60:450, 140:370]
    off = (mean - known.noiseless)[inner]
    assert abs(off.mean()) < 0.01 * known.noiseless[inner].mean()


def test_truth_leaves_no_trace():
    one, other = fresh(), fresh()
    one.frame(0, 0.0, BASE)
    other.frame(0, 0.0, BASE)
    one.truth(0.7, BASE)
    assert np.array_equal(
        one.frame(1, 0.1, BASE, before=[(0.0, BASE)]),
        other.frame(1, 0.1, BASE, before=[(0.0, BASE)]),
    )


def test_iodine_darkens_where_it_flows(scene):
    x = round((20.0 / scene.geometry.view_mm + 0.5) * 512)
    before, after = (scene.truth(t, BASE).noiseless for t in (0.0, 2.5))
    place = np.s_[220:290, x - 2 : x + 2]
    assert (after[place] < 0.97 * before[place]).all()
    elsewhere = np.s_[220:290, 240:260]
    assert after[elsewhere].mean() == pytest.approx(before[elsewhere].mean(), rel=0.02)


def test_lag_leaves_a_share_of_the_pulse_before():
    scene = fresh()
    bright, dark = replace(BASE, tube_current_ma=6.0), replace(BASE, tube_current_ma=1.0)
    scene.frame(0, 0.0, bright)
    with_lag = scene.frame(1, 1 / 30, dark, before=[(0.0, bright)])[OPEN_AIR].mean()
    without = fresh().frame(1, 1 / 30, dark)[OPEN_AIR].mean()
    high = fresh().frame(0, 0.0, bright)[OPEN_AIR].mean()
    assert (with_lag - without) / (high - without) == pytest.approx(0.020, rel=0.15)


def test_shutters_and_stand_move():
    scene = fresh()
    open_ = scene.frame(0, 0.0, BASE).mean()
    scene.move(Geometry(field_width_mm=80.0))
    shut = scene.frame(0, 0.0, BASE)
    assert shut.mean() < 0.6 * open_
    assert shut[250, 20] < 100
    scene.move(Geometry(isocentre_mm=(40.0, 0.0, 0.0)), wait=True)
    soft = scene.truth(0.0, BASE).soft
    middle = np.average(np.arange(512), weights=soft[256])
    assert (middle - 255.5) * scene.geometry.view_mm / 512 == pytest.approx(-40.0, abs=1.0)


def test_turning_the_stand_shows_a_preview_and_then_the_whole():
    scene = fresh()
    first = scene.projected
    scene.move(Geometry(primary_deg=40.0))
    while scene.projector.busy:
        pass
    scene.move(Geometry(primary_deg=40.0))
    assert scene.projected is not first
    assert scene.projected.view.geometry.primary_deg == 40.0
    assert not scene.projected.preview


def test_magnification_shows_less_and_larger():
    scene = fresh()
    scene.move(Geometry(detector_mm=160.0, field_width_mm=154.0, field_height_mm=154.0), wait=True)
    soft = scene.truth(0.0, BASE).soft[256]
    wide = np.count_nonzero(soft > 1.0) * scene.geometry.view_mm / 512
    assert scene.geometry.view_mm == pytest.approx(128.0)
    assert wide == pytest.approx(2 * DRUM_MM, rel=0.02)


def test_while_a_magnified_view_is_projected_the_patient_sways_within_the_old_one():
    class Restless(Phantom):
        def sway_mm(self, t_s):
            return (50.0, -50.0)

    scene = Scene(Restless("water-drum", 3), 512, 3)
    scene.move(Geometry(detector_mm=420.0), wait=True)
    scene.projector.request = lambda _view: None  # it takes its time
    scene.move(Geometry(detector_mm=160.0))
    x, y = scene._sway_px(0.0)
    assert max(abs(x), abs(y)) < scene.projected.pad
    assert scene.frame(0, 0.0, BASE).max() > 0
