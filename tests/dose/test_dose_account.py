"""What the dose account promises: every pulse counts, and what is not stated is not 0."""

import math
import random

import pytest

from fluoroview.dose import DoseAccount
from fluoroview.dose.sums import CompensatedSum
from fluoroview.hal.clock import FakeClock
from fluoroview.hal.frame import DoseOrigin, Exposure, Pulse

NAN = math.nan


def test_totals_equal_the_sum_over_pulses_to_1e_9(fluoroscope):
    rng = random.Random(3)
    fluoroscope.on()
    for _ in range(20_000):
        fluoroscope.pulse(rng.lognormvariate(0, 3), kap_ugym2=rng.lognormvariate(-3, 2))
        fluoroscope.clock.advance_s(1 / 30)
    reading = fluoroscope.account.reading()
    kerma_mgy = math.fsum(pulse.air_kerma_ugy for pulse in fluoroscope.sent) / 1000
    kap_gycm2 = math.fsum(pulse.kap_ugym2 for pulse in fluoroscope.sent) / 100
    assert reading.cumulative_air_kerma_mgy == pytest.approx(kerma_mgy, rel=1e-12)
    assert reading.kap_gycm2 == pytest.approx(kap_gycm2, rel=1e-12)
    assert reading.pulses == 20_000
    assert reading.complete


def test_a_small_pulse_is_not_lost_next_to_a_large_total():
    total = CompensatedSum()
    for value in (1e16, *[1.0] * 1000, -1e16):
        total.add(value)
    assert total.value == 1000.0


def test_units_one_ugym2_is_a_hundredth_gycm2(fluoroscope):
    fluoroscope.expose(1.0, rate_hz=1.0, kerma_ugy=1000.0, kap_ugym2=100.0)
    reading = fluoroscope.account.reading()
    assert reading.cumulative_air_kerma_mgy == pytest.approx(1.0)
    assert reading.kap_gycm2 == pytest.approx(1.0)


def test_a_source_that_states_nothing_gives_none_and_never_zero(fluoroscope):
    before = fluoroscope.account.reading()
    fluoroscope.expose(2.0, kerma_ugy=NAN, origin=DoseOrigin.NOT_AVAILABLE)
    for reading in (before, fluoroscope.account.reading()):
        assert reading.air_kerma_rate_mgy_min is None
        assert reading.cumulative_air_kerma_mgy is None
        assert reading.kap_gycm2 is None
        assert reading.origin is DoseOrigin.NOT_AVAILABLE
    assert fluoroscope.account.reading().pulses == 60
    assert fluoroscope.account.reading().fluoroscopy_time_s == pytest.approx(2.0)


def test_a_meter_that_reads_on_after_the_run_leaves_its_pulse_rate_alone(fluoroscope):
    fluoroscope.expose(2.0, rate_hz=30.0)
    fluoroscope.clock.advance_s(3.0)
    late = fluoroscope.clock.monotonic_ns()
    fluoroscope.account.pulse(
        Pulse(-1, late, Exposure(), NAN, 0.5, DoseOrigin.MEASURED)  # a meter's reading
    )
    (run,) = fluoroscope.account.runs()
    assert run.kap_gycm2 == pytest.approx(0.005)
    assert run.pulse_rate_hz == pytest.approx(30.0)


def test_kerma_and_kap_are_missed_apart(fluoroscope):
    fluoroscope.expose(1.0, kerma_ugy=1.0, kap_ugym2=NAN)
    reading = fluoroscope.account.reading()
    assert reading.cumulative_air_kerma_mgy == pytest.approx(0.03)
    assert reading.kap_gycm2 is None
    assert reading.pulses_without_kap == 30
    assert reading.complete


def test_a_meter_that_fails_leaves_its_sums_short_and_no_rate(fluoroscope):
    def measure(kerma_ugy):
        now_ns = fluoroscope.clock.monotonic_ns()
        fluoroscope.account.pulse(
            Pulse(-1, now_ns, Exposure(), kerma_ugy, 0.5, DoseOrigin.MEASURED)
        )

    account = fluoroscope.account
    account.set_meter_present(True)
    fluoroscope.on()
    fluoroscope.run(1.0, kerma_ugy=NAN)
    measure(30.0)
    account.set_meter_present(False)
    fluoroscope.run(0.5, kerma_ugy=NAN)
    measure(5.0)  # what it had measured before, and was read late
    reading = account.reading()
    assert reading.cumulative_air_kerma_mgy == pytest.approx(0.035)
    assert reading.pulses_without_kerma == reading.pulses_without_kap == 15
    assert not reading.complete
    assert reading.air_kerma_rate_mgy_min is None, "not 0: the beam is on, and nobody measures"
    account.set_meter_present(True)
    fluoroscope.run(1.0, kerma_ugy=NAN)
    measure(30.0)
    fluoroscope.off()
    reading, (run,) = account.reading(), account.runs()
    assert reading.pulses_without_kerma == run.pulses_without_kap == 15
    assert reading.cumulative_air_kerma_mgy == pytest.approx(0.065)
    fluoroscope.expose(1.0, kerma_ugy=NAN)
    assert account.runs()[1].air_kerma_mgy is None, (
        "of a run that it never measured it states nothing"
    )


def test_one_pulse_without_kerma_makes_the_total_incomplete(fluoroscope):
    fluoroscope.on()
    fluoroscope.run(1.0)
    fluoroscope.pulse(NAN)
    fluoroscope.run(1.0)
    reading = fluoroscope.account.reading()
    assert reading.cumulative_air_kerma_mgy == pytest.approx(0.06)
    assert reading.pulses_without_kerma == 1
    assert not reading.complete


@pytest.mark.parametrize("kerma", [NAN, math.inf, -1.0])
def test_an_impossible_kerma_is_not_stated(fluoroscope, kerma):
    fluoroscope.expose(0.1, rate_hz=10, kerma_ugy=kerma)
    assert fluoroscope.account.reading().cumulative_air_kerma_mgy is None


def test_a_figure_without_an_origin_is_not_shown(fluoroscope):
    fluoroscope.expose(0.1, rate_hz=10, kerma_ugy=1.0, origin=DoseOrigin.NOT_AVAILABLE)
    assert fluoroscope.account.reading().cumulative_air_kerma_mgy is None


@pytest.mark.parametrize(
    ("origins", "expected"),
    [
        ([DoseOrigin.MEASURED], DoseOrigin.MEASURED),
        ([DoseOrigin.MEASURED, DoseOrigin.RECORDED], DoseOrigin.RECORDED),
        ([DoseOrigin.COMPUTED, DoseOrigin.MEASURED], DoseOrigin.COMPUTED),
        ([DoseOrigin.SIMULATED, DoseOrigin.COMPUTED], DoseOrigin.SIMULATED),
        ([DoseOrigin.MEASURED, DoseOrigin.NOT_AVAILABLE], DoseOrigin.MEASURED),
    ],
)
def test_a_sum_is_of_the_least_trusted_origin_in_it(fluoroscope, origins, expected):
    fluoroscope.on()
    for origin in origins:
        fluoroscope.pulse(1.0, origin=origin)
    assert fluoroscope.account.reading().origin is expected


def test_runs_add_up_to_the_totals(fluoroscope):
    for seconds in (1.0, 0.5, 2.0):
        fluoroscope.expose(seconds, kerma_ugy=seconds, kap_ugym2=0.1)
        fluoroscope.clock.advance_s(7.0)
    runs, total = fluoroscope.account.runs(), fluoroscope.account.reading()
    assert [run.run for run in runs] == [1, 2, 3]
    assert [run.pulses for run in runs] == [30, 15, 60]
    assert [run.duration_s for run in runs] == pytest.approx([1.0, 0.5, 2.0])
    assert sum(run.air_kerma_mgy for run in runs) == pytest.approx(total.cumulative_air_kerma_mgy)
    assert sum(run.kap_gycm2 for run in runs) == pytest.approx(total.kap_gycm2)
    assert sum(run.duration_s for run in runs) == pytest.approx(total.fluoroscopy_time_s)
    assert runs[0].pulse_rate_hz == pytest.approx(30.0)
    assert runs[0].mean_tube_voltage_kv == 70.0
    apart = runs[1].started_utc - runs[0].started_utc
    assert apart.total_seconds() == pytest.approx(8.0, abs=1e-3)


def test_a_pulse_reported_after_the_pedal_is_up_belongs_to_the_run_before(fluoroscope):
    fluoroscope.expose(1.0)
    fluoroscope.pulse(5.0)
    (run,) = fluoroscope.account.runs()
    assert run.pulses == 31
    assert fluoroscope.account.reading().cumulative_air_kerma_mgy == pytest.approx(0.035)


def test_beam_on_twice_is_one_run(fluoroscope):
    fluoroscope.on()
    fluoroscope.run(1.0)
    fluoroscope.on()
    fluoroscope.run(1.0)
    fluoroscope.off()
    fluoroscope.off()
    (run,) = fluoroscope.account.runs()
    assert run.ended
    assert run.duration_s == pytest.approx(2.0)


def test_reset_begins_a_procedure_with_zero_where_the_source_is_known(fluoroscope):
    fluoroscope.expose(1.0, kap_ugym2=NAN)
    fluoroscope.account.reset()
    reading = fluoroscope.account.reading()
    assert reading.cumulative_air_kerma_mgy == 0.0
    assert reading.kap_gycm2 is None
    assert reading.pulses == 0
    assert reading.fluoroscopy_time_s == 0.0
    assert fluoroscope.account.runs() == ()


def test_reset_under_beam_counts_on_from_then(fluoroscope):
    fluoroscope.on()
    fluoroscope.run(2.0)
    fluoroscope.account.reset()
    fluoroscope.run(1.0)
    fluoroscope.off()
    (run,) = fluoroscope.account.runs()
    assert run.pulses == 30
    assert run.duration_s == pytest.approx(1.0)
    assert fluoroscope.account.reading().fluoroscopy_time_s == pytest.approx(1.0)


@pytest.mark.parametrize("rate_hz", [30.0, 15.0, 7.5, 3.0, 1.0, 0.5])
def test_the_rate_of_a_steady_beam_is_exact_at_any_pulse_rate(fluoroscope, rate_hz):
    # 2 µGy per pulse
    fluoroscope.on()
    fluoroscope.run(6.0, rate_hz, kerma_ugy=2.0)
    rate = fluoroscope.account.reading().air_kerma_rate_mgy_min
    assert rate == pytest.approx(2e-3 * rate_hz * 60, rel=1e-6)


def test_the_rate_does_not_depend_on_when_it_is_read(fluoroscope):
    fluoroscope.on()
    fluoroscope.run(3.0, 3.0)
    rates = []
    for _ in range(10):
        fluoroscope.clock.advance_s(0.03)
        rates.append(fluoroscope.account.reading().air_kerma_rate_mgy_min)
    assert rates == pytest.approx([0.18] * 10)


def test_the_rate_is_zero_with_the_pedal_up_and_when_pulses_stop(fluoroscope):
    fluoroscope.on()
    fluoroscope.run(2.0)
    fluoroscope.clock.advance_s(1.1)
    assert fluoroscope.account.reading().air_kerma_rate_mgy_min == 0.0
    fluoroscope.run(2.0)
    assert fluoroscope.account.reading().air_kerma_rate_mgy_min > 1.0
    fluoroscope.off()
    assert fluoroscope.account.reading().air_kerma_rate_mgy_min == 0.0


def test_the_rate_of_a_new_run_knows_nothing_of_the_last_one(fluoroscope):
    fluoroscope.expose(1.0, kerma_ugy=100.0)
    fluoroscope.on()
    fluoroscope.run(0.2, kerma_ugy=1.0)
    rate = fluoroscope.account.reading().air_kerma_rate_mgy_min
    assert rate == pytest.approx(1.8)


def test_the_rate_is_not_available_while_a_pulse_in_its_window_is_not(fluoroscope):
    fluoroscope.on()
    fluoroscope.run(1.0)
    fluoroscope.pulse(NAN)
    assert fluoroscope.account.reading().air_kerma_rate_mgy_min is None
    fluoroscope.clock.advance_s(1 / 30)
    fluoroscope.run(1.2)
    assert fluoroscope.account.reading().air_kerma_rate_mgy_min == pytest.approx(1.8)


def test_the_peak_rate_of_a_run_is_kept(fluoroscope):
    fluoroscope.on()
    fluoroscope.run(3.0, kerma_ugy=1.0)
    fluoroscope.run(3.0, kerma_ugy=4.0)
    fluoroscope.run(3.0, kerma_ugy=2.0)
    fluoroscope.off()
    (run,) = fluoroscope.account.runs()
    assert run.peak_air_kerma_rate_mgy_min == pytest.approx(7.2, rel=0.01)


def test_a_dose_meter_adds_dose_and_no_pulses():
    clock = FakeClock()
    account = DoseAccount(clock)
    account.beam_on(clock.monotonic_ns())
    for index in range(10):
        account.pulse(Pulse(index, clock.monotonic_ns(), Exposure()))
        account.pulse(Pulse(-1, clock.monotonic_ns(), Exposure(), 2.0, 0.5, DoseOrigin.MEASURED))
        clock.advance_s(0.1)
    reading = account.reading()
    assert reading.pulses == 10
    assert reading.pulses_without_kerma == reading.pulses_without_kap == 0
    assert reading.cumulative_air_kerma_mgy == pytest.approx(20e-3, abs=1e-12)
    assert reading.kap_gycm2 == pytest.approx(5e-2, abs=1e-12)
    assert reading.air_kerma_rate_mgy_min == pytest.approx(2e-3 * 10 * 60)
    assert reading.origin is DoseOrigin.MEASURED
