"""Generator, technique typed in, dose meter, and a detector without a link: who speaks of dose."""

import os
import signal

import pytest

from fluoroview.exam.back_off import LONGEST_S, BackOff
from fluoroview.exam.events import Mode
from fluoroview.exam.room import BeamSection, DetectorSection, DeviceSection, DoseMeterSection
from fluoroview.hal import DeviceError, DoseOrigin
from fluoroview.hal.testing import until
from fluoroview.hal.tube_output import kerma_ugy_per_mas


def run_for(exam, condition):
    runs = len(exam.runs)
    exam.press_pedal()
    until(condition)
    exam.release_pedal()
    until(lambda: len(exam.runs) > runs)
    return exam.runs[-1]


def frames(exam, count):
    return lambda: exam.snapshot().mode is Mode.LIVE and exam.snapshot().run_frames >= count


def section(driver, device="x", **parameters):
    return DeviceSection(driver=driver, device=device, isolation="thread", parameters=parameters)


def test_a_generator_speaks_for_the_pulses_and_not_the_detector(make_exam):
    exam = make_exam(source=section("tube"))
    run = run_for(exam, frames(exam, 30))
    assert run.dose.air_kerma_mgy == pytest.approx(run.dose.pulses * 10e-3), "10 µGy, not 1"


def test_a_generator_that_refuses_prevents_the_run(make_exam):
    exam = make_exam(source=section("tube", "door-open"))
    exam.press_pedal()
    until(lambda: exam.heard.problems)
    assert "The door is open. Close it." in exam.heard.problems[0].sentence
    assert not exam.snapshot().pedal_down
    assert exam.snapshot().dose.pulses == 0
    exam.set_source_parameter("Interlock", False).result(30)
    assert run_for(exam, lambda: exam.snapshot().dose.pulses > 0).dose.pulses > 0


def test_a_generator_that_trips_ends_the_run_and_the_image_is_held(make_exam):
    exam = make_exam(source=section("tube", TripAfter=20))
    exam.press_pedal()
    until(lambda: exam.heard.problems)
    assert "the generator tripped: overcurrent" in exam.heard.problems[0].what
    until(lambda: len(exam.runs) == 1)
    assert exam.snapshot().mode is Mode.HOLD
    assert exam.snapshot().dose.pulses == 20


def test_a_typed_in_technique_counts_one_pulse_a_frame_also_for_lost_frames(make_exam):
    exam = make_exam(source=section("typed"))
    exam.set_parameter("DropEvery", 4).result(30)
    run = run_for(exam, frames(exam, 30))
    assert run.ledger.lost_link > 0
    assert run.dose.pulses in (run.ledger.expected, run.ledger.expected - 1)
    per_pulse = kerma_ugy_per_mas(80.0, 2.5, 0.1) * 10.0 * 5e-3 * (1000 / 600) ** 2
    assert run.dose.air_kerma_mgy == pytest.approx(run.dose.pulses * per_pulse * 1e-3)
    assert run.dose.origin is DoseOrigin.COMPUTED


def test_what_a_meter_measures_is_taken_from_the_meter_alone(make_exam):
    meter = DoseMeterSection(driver="meter", device="m", isolation="thread")
    exam = make_exam(dosemeter=meter)
    run = run_for(exam, frames(exam, 60))
    assert run.dose.air_kerma_mgy == pytest.approx(run.dose.pulses * 1e-3), "of the detector"
    steps = run.dose.kap_gycm2 / 0.5e-2
    assert steps == pytest.approx(round(steps)), "whole increments of the meter, nothing else"


def test_pulses_after_a_meter_failed_are_told_as_missing_from_what_it_measured(make_exam):
    meter = DoseMeterSection(driver="meter", device="fails", isolation="thread")
    exam = make_exam(dosemeter=meter)
    exam.press_pedal()
    until(lambda: exam.heard.problems)
    missing_first = exam.dose.reading().pulses_without_kap
    until(lambda: exam.dose.reading().pulses_without_kap > missing_first + 20)
    exam.release_pedal()
    until(lambda: len(exam.runs) == 1)
    figure = exam.dose.report()["kerma_area_product_gycm2"]
    assert figure["value"] == pytest.approx(39 * 0.5e-2)
    assert 20 < figure["pulses_not_included"] <= exam.runs[0].dose.pulses


@pytest.mark.parametrize(
    ("as_source", "driver", "sentence"),
    [(True, "meter", "is a dose meter, not a source"), (False, "tube", "is a source, not a dose")],
)
def test_a_device_of_the_wrong_kind_is_refused(make_exam, as_source, driver, sentence):
    meter = DoseMeterSection(driver=driver, device="m", isolation="thread")
    beside = {"source": section(driver)} if as_source else {"dosemeter": meter}
    exam = make_exam(connect=False, **beside)
    with pytest.raises(DeviceError, match=sentence):
        exam.connect().result(30)


def test_a_device_without_an_id_is_called_by_its_driver(make_exam):
    unnamed = DeviceSection(driver="ramp", isolation="thread")
    exam = make_exam(connect=False, source=unnamed)
    with pytest.raises(DeviceError, match=r"^ramp is a detector, not a source"):
        exam.connect().result(30)


def test_a_generator_is_no_detector(make_exam):
    exam = make_exam("tube", "t", connect=False)
    with pytest.raises(DeviceError, match="is a source, not a detector"):
        exam.connect().result(30)


def test_without_a_link_the_beam_is_seen_in_the_signal(make_exam):
    exam = make_exam("lamp", "l", beam=BeamSection(detect="signal", threshold_counts=1000.0))
    modes = []
    exam.events.status_changed.connect(lambda: modes.append(exam.snapshot().mode))
    exam.press_pedal()
    until(lambda: modes.count(Mode.HOLD) >= 1 and modes.count(Mode.LIVE) >= 2)
    picture = exam.take_picture()
    exam.release_pedal()
    until(lambda: len(exam.runs) == 1)
    assert (picture.pixels == 5000).all(), "dark frames are not shown"
    shot = exam.snapshot()
    assert shot.dose.cumulative_air_kerma_mgy is None, "a signal is no dose"
    assert 0.05 < shot.dose.fluoroscopy_time_s < 5
    exam.replay_loop().result(30)
    assert exam.snapshot().replay.frame_count >= 20, "the loop holds exposed frames only"


def test_a_device_restarts_by_itself_where_the_room_says_so(make_exam):
    detector = DetectorSection(driver="ramp", device="r0", restart="automatic")
    exam = make_exam(detector=detector)
    exam.press_pedal()
    until(frames(exam, 3))
    pid = exam.snapshot().device.pid
    os.kill(pid, signal.SIGKILL)
    until(lambda: exam.snapshot().device.pid not in (None, pid))
    until(lambda: exam.snapshot().device.state == "ARMED")
    assert any("restarted by itself in 0.5 s" in p.what for p in exam.heard.problems)
    assert not exam.snapshot().pedal_down, "the beam does not come back by itself"
    assert run_for(exam, frames(exam, 3)).frames >= 3


def test_restarts_come_later_each_time_until_a_run_goes_well():
    said = []
    back_off = BackOff(lambda: None, said.append)
    for _ in range(8):
        back_off.after_fault()
    assert said == [0.5, 1, 2, 4, 8, 16, 30, LONGEST_S]
    back_off.went_well()
    assert back_off.delay_s == 0.5
    back_off.close()
