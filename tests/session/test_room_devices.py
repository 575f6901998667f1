"""Generator, technique typed in, dose meter, detector without a link: whose figures are dose."""

import os
import signal

import pytest

from fluoroview.hal import DeviceError, DoseOrigin
from fluoroview.hal.testing import has_code, until
from fluoroview.hal.tube_output import kerma_ugy_per_mas
from fluoroview.session.events import Mode
from fluoroview.session.room import BeamSection, DetectorSection, DeviceSection, DoseMeterSection


def run_for(session, condition):
    runs = len(session.runs)
    session.press_pedal()
    until(condition)
    session.release_pedal()
    until(lambda: len(session.runs) > runs)
    return session.runs[-1]


def frames(session, count):
    return lambda: session.snapshot().mode is Mode.LIVE and session.snapshot().run_frames >= count


def section(driver, device="x", **parameters):
    return DeviceSection(driver=driver, device=device, isolation="thread", parameters=parameters)


def test_a_generator_reports_the_pulses_and_not_the_detector(make_session):
    session = make_session(generator=section("tube"))
    run = run_for(session, frames(session, 30))
    assert run.dose.air_kerma_mgy == pytest.approx(run.dose.pulses * 10e-3), "10 µGy, not 1"


def test_a_generator_that_refuses_prevents_the_run(make_session):
    session = make_session(generator=section("tube", "door-open"))
    session.press_pedal()
    until(lambda: session.heard.problems)
    assert "The door is open. Close it." in session.heard.problems[0].sentence
    assert not session.snapshot().pedal_down
    assert session.snapshot().dose.pulses == 0
    session.set_generator_parameter("Interlock", False).result(30)
    assert run_for(session, lambda: session.snapshot().dose.pulses > 0).dose.pulses > 0


def test_a_generator_that_trips_ends_the_run_and_the_image_is_held(make_session):
    session = make_session(generator=section("tube", TripAfter=20))
    session.press_pedal()
    until(lambda: session.heard.problems)
    assert "the generator tripped: overcurrent" in session.heard.problems[0].what
    until(lambda: len(session.runs) == 1)
    assert session.snapshot().mode is Mode.HOLD
    assert session.snapshot().dose.pulses == 20


def test_a_typed_in_technique_counts_one_pulse_a_frame_also_for_lost_frames(make_session):
    session = make_session(generator=section("typed"))
    session.set_parameter("DropEvery", 4).result(30)
    run = run_for(session, frames(session, 30))
    assert run.ledger.lost_link > 0
    assert run.dose.pulses in (run.ledger.expected, run.ledger.expected - 1)
    per_pulse = kerma_ugy_per_mas(80.0, 2.5, 0.1) * 10.0 * 5e-3 * (1000 / 600) ** 2
    assert run.dose.air_kerma_mgy == pytest.approx(run.dose.pulses * per_pulse * 1e-3)
    assert run.dose.origin is DoseOrigin.COMPUTED


def test_what_a_meter_measures_is_taken_from_the_meter_alone(make_session):
    meter = DoseMeterSection(driver="meter", device="m", isolation="thread")
    session = make_session(dose_meter=meter)
    run = run_for(session, frames(session, 60))
    assert run.dose.air_kerma_mgy == pytest.approx(run.dose.pulses * 1e-3), "of the detector"
    steps = run.dose.kap_gycm2 / 0.5e-2
    assert steps == pytest.approx(round(steps)), "whole increments of the meter, nothing else"


def test_pulses_after_a_meter_failed_are_missing_from_its_figures(make_session):
    meter = DoseMeterSection(driver="meter", device="fails", isolation="thread")
    session = make_session(dose_meter=meter)
    session.press_pedal()
    until(lambda: session.heard.problems)
    missing_first = session.snapshot().dose.pulses_without_kap
    until(lambda: session.snapshot().dose.pulses_without_kap > missing_first + 20)
    session.release_pedal()
    until(lambda: len(session.runs) == 1)
    figure = session.dose_report()["kerma_area_product_gycm2"]
    assert figure["value"] == pytest.approx(39 * 0.5e-2)
    assert 20 < figure["pulses_not_included"] <= session.runs[0].dose.pulses


@pytest.mark.parametrize(
    ("as_source", "driver", "sentence"),
    [
        (True, "meter", "is a dose meter, not a generator"),
        (False, "tube", "is a generator, not a dose"),
    ],
)
def test_a_device_of_the_wrong_kind_is_refused(make_session, as_source, driver, sentence):
    meter = DoseMeterSection(driver=driver, device="m", isolation="thread")
    peripherals = {"generator": section(driver)} if as_source else {"dose_meter": meter}
    session = make_session(connect=False, **peripherals)
    with pytest.raises(DeviceError, match=sentence):
        session.connect().result(30)


def test_a_device_without_an_id_is_called_by_its_driver(make_session):
    unnamed = DeviceSection(driver="ramp", isolation="thread")
    session = make_session(connect=False, generator=unnamed)
    with pytest.raises(DeviceError, check=has_code("FV-SES-014")):
        session.connect().result(30)


def test_a_generator_is_no_detector(make_session):
    session = make_session("tube", "t", connect=False)
    with pytest.raises(DeviceError, check=has_code("FV-SES-007")):
        session.connect().result(30)


def test_without_a_link_the_beam_is_seen_in_the_signal(make_session):
    session = make_session("lamp", "l", beam=BeamSection(detect="signal", threshold_counts=1000.0))
    modes = []
    session.events.status_changed.connect(lambda: modes.append(session.snapshot().mode))
    session.press_pedal()
    until(lambda: modes.count(Mode.HOLD) >= 1 and modes.count(Mode.LIVE) >= 2)
    image = session.take_image()
    session.release_pedal()
    until(lambda: len(session.runs) == 1)
    assert (image.pixels == 5000).all(), "dark frames are not shown"
    shot = session.snapshot()
    assert shot.dose.cumulative_air_kerma_mgy is None, "a signal is no dose"
    assert 0.05 < shot.dose.fluoroscopy_time_s < 5
    session.replay_loop().result(30)
    assert session.snapshot().replay.frame_count >= 20, "the loop holds exposed frames only"


def test_a_device_restarts_automatically_where_the_room_asks_for_it(make_session):
    detector = DetectorSection(driver="ramp", device="r0", restart="automatic")
    session = make_session(detector=detector)
    session.press_pedal()
    until(frames(session, 3))
    pid = session.snapshot().device.pid
    os.kill(pid, signal.SIGKILL)
    until(lambda: session.snapshot().device.pid not in (None, pid))
    until(lambda: session.snapshot().device.state == "ARMED")
    assert any("restarted automatically in 0.5 s" in p.what for p in session.heard.problems)
    assert not session.snapshot().pedal_down, "a new run needs a new press"
    assert run_for(session, frames(session, 3)).frames >= 3
