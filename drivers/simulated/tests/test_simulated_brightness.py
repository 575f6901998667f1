"""Automatic brightness control: it settles, it does not ring, and it keeps within its limits."""

import numpy as np
import pytest

from fluoroview_simulated.physics.beam import beam, pulse_kerma_ugy
from fluoroview_simulated.room.brightness import (
    CURVES,
    BrightnessControl,
    Limits,
    central_mean,
)
from fluoroview_simulated.room.technique import Geometry, Technique

FULL_SCALE = 40_000.0


class Room:
    """A slab of tissue before a detector with scatter, lag, saturation, noise and a late answer."""

    def __init__(self, rate_hz, water_mm, late=1, scatter=0.6, noise=0.005):
        self.geometry, self.rate_hz, self.water_mm = Geometry(), rate_hz, water_mm
        self.late, self.scatter, self.noise = late, scatter, noise
        self.rng = np.random.default_rng(1)
        self.previous, self.seen = 0.0, []

    def signal(self, t):
        b = beam(t.kv, t.filter_al_mm, t.filter_cu_mm)
        primary = b.quanta_per_mm2_mas(self.geometry.source_image_mm) * t.mas
        share = b.transmission(self.water_mm) * (1.0 + self.scatter * self.water_mm / 200.0)
        return primary * share

    def expose(self, control, technique, pulses, **asked):
        """Run `pulses`; return the control, the signal of each and the last technique."""
        signals, queue = [], [technique] * (self.late + 1)
        for _ in range(pulses):
            used = queue[-1]
            signal = self.signal(used)
            lag = min(0.025, 0.025 * self.rate_hz / 30.0)
            measured = min((1.0 - lag) * signal + lag * self.previous, FULL_SCALE)
            measured *= 1.0 + self.noise * self.rng.standard_normal()
            self.previous = signal
            signals.append(signal)
            self.seen.append((used, measured))
            evaluated, value = self.seen[max(len(self.seen) - 1 - self.late, 0)]
            control, chosen = control.next(evaluated, self.geometry, self.rate_hz, value, **asked)
            queue.append(chosen)
        return control, np.array(signals), queue[-1]


def target(level="normal"):
    return BrightnessControl.target_quanta_per_mm2(level, Geometry())


@pytest.mark.parametrize("curve", CURVES)
@pytest.mark.parametrize(("first_mm", "then_mm"), [(100, 300), (300, 100)])
def test_settles_within_a_second_without_ringing(curve, first_mm, then_mm):
    room, control = Room(15.0, first_mm), BrightnessControl()
    control, _, technique = room.expose(control, Technique(), 20, curve=curve)
    room.water_mm = then_mm
    control, signals, technique = room.expose(control, technique, 30, curve=curve)
    relative = signals / target()
    assert np.abs(relative[15:] - 1.0).max() < 0.05
    overshoot = relative.max() - 1 if then_mm > first_mm else 1 - relative.min()
    assert overshoot < 0.05
    assert control.limited_by == ""


@pytest.mark.parametrize("curve", CURVES)
def test_settles_within_a_few_pulses_at_a_low_rate(curve):
    room, control = Room(3.0, 100), BrightnessControl()
    control, _, technique = room.expose(control, Technique(), 8, curve=curve)
    room.water_mm = 300
    _, signals, _ = room.expose(control, technique, 12, curve=curve)
    relative = signals / target()
    assert np.abs(relative[5:] - 1.0).max() < 0.05
    assert relative.max() < 1.05


def test_a_still_patient_leaves_the_factors_alone():
    room, control = Room(15.0, 180, noise=0.003), BrightnessControl()
    control, _, technique = room.expose(control, Technique(), 20)
    settled = set()
    for _ in range(20):
        control, _, technique = room.expose(control, technique, 1)
        settled.add(technique.kv)
    assert len(settled) == 1


@pytest.mark.parametrize("late", [0, 3])
def test_a_late_answer_does_not_ring(late):
    room, control = Room(15.0, 300, late=late), BrightnessControl()
    control, _, technique = room.expose(control, Technique(), 20)
    room.water_mm = 100
    _, signals, _ = room.expose(control, technique, 30)
    assert (signals / target()).min() > 0.95


def _settled(water_mm, curve, rate_hz=15.0, level="normal", high_level=False, limits=None):
    control = BrightnessControl(limits or Limits())
    room = Room(rate_hz, water_mm, late=0, scatter=0.0, noise=0.0)
    asked = {"curve": curve, "level": level, "high_level": high_level}
    control, _, technique = room.expose(control, Technique(), 15, **asked)
    return technique, control.limited_by


def test_kv_first_leaves_the_charge_until_the_voltage_is_spent():
    limits = Limits()
    thin, middle, thick = (_settled(mm, "kV first")[0] for mm in (145, 175, 280))
    start_mas = limits.start_ma * limits.start_ms * 1e-3
    assert thin.kv < middle.kv < thick.kv == limits.kv[1]
    assert start_mas * 0.85 < thin.mas <= start_mas * 1.06
    assert start_mas * 0.85 < middle.mas <= start_mas * 1.06
    assert thick.tube_current_ma > 1.5 * limits.start_ma
    assert thick.pulse_width_ms == limits.start_ms


def test_ma_first_spends_the_current_then_the_width_then_the_voltage():
    limits = Limits()
    thin, middle, thick = (_settled(mm, "mA first")[0] for mm in (100, 205, 245))
    assert thin.kv == middle.kv == limits.kv[0] < thick.kv
    assert thin.tube_current_ma < limits.ma[1]
    assert thin.pulse_width_ms == limits.start_ms
    assert middle.tube_current_ma == pytest.approx(limits.ma[1], rel=0.01)
    assert limits.start_ms < middle.pulse_width_ms < limits.ms[1]


def test_pulse_width_first_spends_the_width_then_the_current_then_the_voltage():
    limits = Limits()
    thin, middle, thick = (_settled(mm, "pulse width first")[0] for mm in (100, 200, 245))
    assert thin.kv == middle.kv == limits.kv[0] < thick.kv
    assert thin.tube_current_ma == pytest.approx(limits.start_ma)
    assert thin.pulse_width_ms < limits.ms[1]
    assert middle.pulse_width_ms == limits.ms[1]
    assert limits.start_ma < middle.tube_current_ma < limits.ma[1]


@pytest.mark.parametrize("curve", CURVES)
@pytest.mark.parametrize(("high_level", "limit"), [(False, 88.0), (True, 176.0)])
def test_air_kerma_rate_stays_within_21_cfr_1020_32(curve, high_level, limit):
    technique, limited = _settled(420, curve, rate_hz=30.0, level="boost", high_level=high_level)
    rate = pulse_kerma_ugy(technique, Geometry()) * 30.0 * 60e-3
    assert limit * 0.99 < rate <= limit * 1.001
    assert f"air kerma rate {limit:g} mGy/min" in limited


def test_boost_needs_the_high_level_control():
    boosted, _ = _settled(150, "kV first", level="boost", high_level=True)
    released, limited = _settled(150, "kV first", level="boost")
    high, _ = _settled(150, "kV first", level="high")
    assert limited.startswith("Boost works only while High level (K) is held")
    assert released.kv == high.kv
    assert released.mas == pytest.approx(high.mas, rel=0.02)
    assert boosted.kv > high.kv


@pytest.mark.parametrize(("level", "share"), [("low", 0.5), ("normal", 1.0), ("high", 2.0)])
def test_dose_levels_are_shares_of_the_normal_one(level, share):
    technique, _ = _settled(180, "mA first", level=level)
    reached = Room(15.0, 180, scatter=0.0).signal(technique)
    assert reached == pytest.approx(share * target(), rel=0.015)


def test_tube_power_and_largest_pulse_are_reported():
    weak, limited = _settled(300, "kV first", limits=Limits(tube_power_kw=3.0), rate_hz=3.0)
    assert "tube power 3 kW" in limited
    assert weak.kv * weak.tube_current_ma <= 3000.0 * 1.001
    _, limited = _settled(450, "kV first", rate_hz=1.0)
    assert limited == "largest pulse: 110 kV, 150 mA, 12 ms"


def test_open_field_takes_the_smallest_pulse():
    technique, limited = _settled(0, "kV first")
    limits = Limits()
    assert technique.mas <= limits.start_ma * limits.start_ms * 1e-3
    if limited:
        assert limited.startswith("smallest pulse")
        assert technique.mas == pytest.approx(limits.ma[0] * limits.ms[0] * 1e-3)


def test_unknown_names_are_refused_with_what_is_allowed():
    control, g = BrightnessControl(), Geometry()
    with pytest.raises(ValueError, match="kV first, mA first, pulse width first"):
        control.next(Technique(), g, 15.0, 800.0, curve="kVp first")
    with pytest.raises(ValueError, match="low, normal, high, boost"):
        control.next(Technique(), g, 15.0, 800.0, level="max")


def test_measuring_field_is_the_irradiated_middle():
    image = np.zeros((512, 512), np.uint16)
    image[200:312, 200:312] = 1000
    image[0, :] = 16383
    assert central_mean(image, Geometry(field_width_mm=40.0, field_height_mm=40.0)) == 1000.0
    assert central_mean(image, Geometry(iris_mm=50.0)) == 1000.0
    assert 0 < central_mean(image, Geometry()) < 1000.0
