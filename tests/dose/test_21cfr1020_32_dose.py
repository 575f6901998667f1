"""21 CFR 1020.32 (equipment since June 2006): what a fluoroscope must show of dose and time.

Each test names the paragraph it stands for. The clock is a fake one, so that hours take no time.
"""

import pytest

from fluoroview.dose import DoseEventKind, DoseReading, LimitWatch, minutes_text
from fluoroview.hal.frame import DoseOrigin

# (h)(2): fluoroscopic time


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0.0 min"),
        (5.999, "0.0 min"),
        (6, "0.1 min"),
        (59.9, "0.9 min"),
        (258, "4.3 min"),
        (299.99, "4.9 min"),
        (300, "5.0 min"),
        (3600, "60.0 min"),
        (6.0 * 43, "4.3 min"),
    ],
)
def test_h_time_is_in_minutes_and_tenths(seconds, text):
    assert minutes_text(seconds) == text


def test_h_time_is_updated_at_least_every_6_s_while_exposing(fluoroscope):
    fluoroscope.on()
    shown = []
    for _ in range(100):
        fluoroscope.clock.advance_s(6)
        shown.append(fluoroscope.account.timer.text)
    assert len(set(shown)) == 100
    assert shown[-1] == "10.0 min"


def test_h_time_is_shown_within_6_s_after_exposure_and_until_reset(fluoroscope):
    fluoroscope.hold_beam(90)
    timer = fluoroscope.account.timer
    assert timer.text == "1.5 min"  # at once, so within 6 s
    fluoroscope.clock.advance_s(3600)
    assert timer.text == "1.5 min"
    timer.reset()
    assert timer.text == "0.0 min"


def test_h_time_adds_up_over_exposures(fluoroscope):
    for _ in range(10):
        fluoroscope.hold_beam(30)
        fluoroscope.clock.advance_s(100)
    assert fluoroscope.account.timer.text == "5.0 min"


def test_h_a_signal_comes_at_each_passage_of_5_min_and_stays_until_reset(fluoroscope):
    timer = fluoroscope.account.timer
    fluoroscope.on()
    fluoroscope.clock.advance_s(299.9)
    assert not timer.signal
    fluoroscope.clock.advance_s(0.2)
    assert timer.signal
    fluoroscope.off()
    fluoroscope.clock.advance_s(3600)
    assert timer.signal
    timer.reset()
    assert not timer.signal


def test_h_an_acknowledged_signal_comes_again_at_the_next_passage(fluoroscope):
    timer = fluoroscope.account.timer
    fluoroscope.on()
    passages = []
    for second in range(1, 1801):
        fluoroscope.clock.advance_s(1)
        if timer.signal:
            passages.append(second)
            timer.acknowledge()
    assert passages == [300, 600, 900, 1200, 1500, 1800]
    assert timer.text == "30.0 min"


def test_h_each_passage_is_signalled_once(fluoroscope):
    timer = fluoroscope.account.timer
    fluoroscope.on()
    signals = 0
    for _ in range(1000):
        fluoroscope.clock.advance_s(0.7)
        signals += timer.new_passages()
    assert signals == 2
    fluoroscope.clock.advance_s(600)
    assert timer.new_passages() == 2


def test_h_the_signal_does_not_stop_the_beam(fluoroscope):
    fluoroscope.on()
    fluoroscope.run(310, rate_hz=3)
    assert fluoroscope.account.timer.signal
    fluoroscope.run(10, rate_hz=3)
    assert fluoroscope.account.reading().fluoroscopy_time_s == pytest.approx(320)
    assert fluoroscope.account.reading().pulses == 960
    assert not fluoroscope.account.runs()[-1].ended


# (k): air kerma rate and cumulative air kerma


@pytest.mark.parametrize("rate_hz", [30.0, 15.0, 7.5])
def test_k1_the_rate_is_updated_at_least_once_per_second(fluoroscope, rate_hz):
    fluoroscope.on()
    fluoroscope.run(5, rate_hz, kerma_ugy=1.0)
    before = fluoroscope.account.reading().air_kerma_rate_mgy_min
    fluoroscope.run(1.0 + 1 / rate_hz, rate_hz, kerma_ugy=3.0)
    after = fluoroscope.account.reading().air_kerma_rate_mgy_min
    # It has moved at each second, and here most of the way.
    assert after > 2.5 * before


def test_k1_the_rate_is_in_mgy_per_minute(fluoroscope):
    # 30 pulses/s of 1 µGy are 30 µGy/s = 1.8 mGy/min
    fluoroscope.on()
    fluoroscope.run(5)
    assert fluoroscope.account.reading().air_kerma_rate_mgy_min == pytest.approx(1.8)


def test_k2_cumulative_air_kerma_follows_each_pulse_and_stands_after_exposure(fluoroscope):
    fluoroscope.on()
    shown = []
    for _ in range(5):
        fluoroscope.run(1.0)
        shown.append(fluoroscope.account.reading().cumulative_air_kerma_mgy)
    assert shown == pytest.approx([0.03, 0.06, 0.09, 0.12, 0.15])
    fluoroscope.off()
    fluoroscope.clock.advance_s(5)
    assert fluoroscope.account.reading().cumulative_air_kerma_mgy == pytest.approx(0.15)
    fluoroscope.clock.advance_s(3600)
    assert fluoroscope.account.reading().cumulative_air_kerma_mgy == pytest.approx(0.15)


def test_k5_the_display_is_reset_before_a_new_patient(fluoroscope):
    fluoroscope.expose(10)
    fluoroscope.account.reset()
    assert fluoroscope.account.reading().cumulative_air_kerma_mgy == 0.0


def test_k_dose_counts_pulses_whose_images_were_lost(fluoroscope):
    # The account counts pulses and knows nothing of images: nothing can be lost.
    fluoroscope.expose(10)
    reading = fluoroscope.account.reading()
    assert reading.pulses == len(fluoroscope.sent) == 300


# (d), (e): limits, as events


def reading(rate=None, kerma=None, kap=None):
    return DoseReading(rate, kerma, kap, 0.0, 0, 0, 0, DoseOrigin.SIMULATED)


@pytest.mark.parametrize(
    ("rate", "high_level", "passed"),
    [
        (87.9, False, False),
        (88.0, False, False),
        (88.1, False, True),
        (100.0, True, False),
        (176.1, True, True),
        (None, False, False),
    ],
)
def test_d_e_the_rate_limit_is_88_or_under_high_level_control_176(rate, high_level, passed):
    events = LimitWatch().check(reading(rate=rate), high_level)
    assert [event.kind for event in events] == [DoseEventKind.AIR_KERMA_RATE] * passed


def test_a_passage_is_reported_once_and_again_after_falling_back():
    watch = LimitWatch()
    signals = [len(watch.check(reading(rate=rate))) for rate in (50, 90, 95, 90, 80, 90)]
    assert signals == [0, 1, 0, 0, 0, 1]
    assert watch.active == {DoseEventKind.AIR_KERMA_RATE}


@pytest.mark.parametrize(
    ("kerma", "kap", "kinds"),
    [
        (1999.0, 199.0, []),
        (2000.0, None, [DoseEventKind.AIR_KERMA]),
        (None, 200.0, [DoseEventKind.KAP]),
        (2500.0, 300.0, [DoseEventKind.AIR_KERMA, DoseEventKind.KAP]),
    ],
)
def test_notification_levels_are_2_gy_and_200_gycm2(kerma, kap, kinds):
    watch = LimitWatch()
    assert [event.kind for event in watch.check(reading(kerma=kerma, kap=kap))] == kinds
    assert watch.check(reading(kerma=kerma, kap=kap)) == ()


def test_an_event_states_figure_limit_and_unit():
    (event,) = LimitWatch().check(reading(rate=90.5))
    assert event.text == "Air kerma rate above its limit: 90.5 mGy/min (limit 88 mGy/min)."
