"""Fluoroscopy and acquisitions (spot images, cine, DSA) are kept apart; both are dose."""

import math

import pytest

from fluoroview.dose import DoseLimits, DoseReport, LimitWatch
from fluoroview.dose.account import is_acquisition


def run(fluoroscope, kind, seconds=2.0, kerma_ugy=1.0):
    fluoroscope.account.beam_on(fluoroscope.clock.monotonic_ns(), kind)
    fluoroscope.run(seconds, rate_hz=10.0, kerma_ugy=kerma_ugy, kap_ugym2=0.1)
    fluoroscope.off()


def test_an_acquisition_is_dose_but_no_fluoroscopy_time(fluoroscope):
    run(fluoroscope, "fluoroscopy", kerma_ugy=1.0)
    run(fluoroscope, "DSA run", kerma_ugy=100.0)
    run(fluoroscope, "", kerma_ugy=1.0)
    reading = fluoroscope.account.reading()
    assert reading.cumulative_air_kerma_mgy == pytest.approx(2.04, rel=1e-9)
    assert reading.acquisition_air_kerma_mgy == pytest.approx(2.0, rel=1e-9)
    assert reading.acquisition_kap_gycm2 == pytest.approx(0.02, rel=1e-9)
    assert reading.fluoroscopy_time_s == pytest.approx(4.0)
    assert [each.kind for each in fluoroscope.account.runs()] == [
        "fluoroscopy",
        "DSA run",
        "fluoroscopy",
    ]


def test_the_report_states_it_of_every_run_and_in_total(fluoroscope):
    run(fluoroscope, "single image", kerma_ugy=50.0)
    report = DoseReport.of(fluoroscope.account, fluoroscope.clock).to_dict()
    assert report["runs"][0]["kind"] == "single image"
    assert report["acquisition_air_kerma_at_reference_point_mgy"] == pytest.approx(1.0)


def test_the_limit_of_fluoroscopy_is_none_of_an_acquisition(fluoroscope):
    watch = LimitWatch(DoseLimits())

    def events(kind):
        fluoroscope.account.beam_on(fluoroscope.clock.monotonic_ns(), kind)
        fluoroscope.run(2.0, rate_hz=10.0, kerma_ugy=200.0)
        passed = watch.check(fluoroscope.account.reading())
        fluoroscope.off()
        watch.check(fluoroscope.account.reading())
        return passed

    assert not events("DSA run")
    assert events("fluoroscopy")


def test_a_reset_forgets_acquisitions_too(fluoroscope):
    run(fluoroscope, "DSA run")
    fluoroscope.account.reset()
    assert fluoroscope.account.reading().acquisition_air_kerma_mgy == 0.0


def test_what_no_source_states_is_not_available(fluoroscope):
    fluoroscope.account.beam_on(fluoroscope.clock.monotonic_ns(), "DSA run")
    fluoroscope.run(1.0, kerma_ugy=math.nan)
    assert fluoroscope.account.reading().acquisition_air_kerma_mgy is None


@pytest.mark.parametrize(
    ("kind", "acquired"),
    [("", False), ("fluoroscopy", False), ("Fluoroscopy", False), ("acquisition", True)],
)
def test_only_what_is_called_otherwise_is_an_acquisition(kind, acquired):
    assert is_acquisition(kind) is acquired
