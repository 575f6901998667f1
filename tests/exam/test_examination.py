"""Pedal, runs, hold, dose, loop and faults of an examination on a device that is right."""

import os
import signal
import time
from concurrent.futures import Future

import numpy as np
import pydicom
import pytest

from fluoroview.exam.events import Mode
from fluoroview.hal import DeviceError, DeviceState, DoseOrigin, ParameterError
from fluoroview.hal.testing import until


def run_of(exam, frames):
    """Press the pedal until `frames` frames came, release it and wait for the run's end."""
    runs = len(exam.runs)
    exam.press_pedal()
    until(lambda: exam.snapshot().mode is Mode.LIVE)
    until(lambda: exam.snapshot().run_frames >= frames)
    exam.release_pedal()
    until(lambda: len(exam.runs) > runs)
    return exam.runs[-1]


def taken(exam):
    picture = None
    while (newer := exam.take_picture()) is not None:
        picture = newer
    return picture


def test_before_the_first_run_nothing_is_shown_and_no_dose_is_claimed(exam):
    shot = exam.snapshot()
    assert shot.mode is Mode.IDLE
    assert exam.take_picture() is None
    assert shot.dose.cumulative_air_kerma_mgy is None, "not available is not zero"


def test_pedal_down_is_live_and_pedal_up_is_hold_at_once(exam):
    exam.press_pedal()
    until(lambda: (picture := exam.take_picture()) and picture.mode is Mode.LIVE)
    assert exam.snapshot().mode is Mode.LIVE
    exam.release_pedal()
    assert exam.snapshot().mode is Mode.HOLD
    until(lambda: (picture := exam.take_picture()) and picture.mode is Mode.HOLD)


def test_the_hold_is_the_last_picture_of_the_run(exam):
    run = run_of(exam, 10)
    picture = taken(exam)
    assert picture.mode is Mode.HOLD
    last = (run.ledger.expected + 65530) % 65536
    assert (picture.pixels == last).all()
    assert run.hold_made_of == 1


def test_the_hold_can_be_the_mean_of_several_chosen_before(exam):
    exam.hold_frames = 4
    run = run_of(exam, 30)
    last = run.ledger.expected + 65530 - 65536
    assert (taken(exam).pixels == round(np.mean([last, last - 1, last - 2, last - 3]))).all()
    assert run.hold_made_of == 4
    exam.press_pedal()
    with pytest.raises(ParameterError, match="while the pedal is down"):
        exam.hold_frames = 2
    exam.release_pedal()


def test_every_pulse_is_counted_also_those_whose_picture_was_lost(exam):
    exam.set_parameter("DropEvery", 3).result(30)
    run = run_of(exam, 20)
    assert run.ledger.exact
    assert run.ledger.lost_link > 0
    assert run.dose.pulses >= run.ledger.expected
    assert run.dose.air_kerma_mgy == pytest.approx(run.dose.pulses * 1e-3, abs=1e-12)
    assert exam.snapshot().dose.origin is DoseOrigin.SIMULATED


def test_the_dose_adds_up_over_runs_and_resets(exam):
    pulses = sum(run_of(exam, 5).dose.pulses for _ in range(3))
    reading = exam.snapshot().dose
    assert reading.cumulative_air_kerma_mgy == pytest.approx(pulses * 1e-3, abs=1e-12)
    assert reading.air_kerma_rate_mgy_min == 0.0
    exam.reset_dose()
    assert exam.snapshot().dose.cumulative_air_kerma_mgy == 0.0
    assert exam.runs == []


def test_no_pulse_comes_after_the_release(exam):
    run_of(exam, 10)
    before = exam.snapshot().dose.pulses
    time.sleep(0.05)  # ten pulses' worth
    assert exam.snapshot().dose.pulses == before


def test_a_pedal_that_only_twitches_leaves_everything_at_rest(exam):
    for _ in range(20):
        exam.press_pedal()
        exam.release_pedal()
    exam.set_parameter("DropEvery", 0).result(30)  # the commands before it are through
    assert exam.snapshot().device.state is DeviceState.ARMED
    assert exam.snapshot().mode in (Mode.HOLD, Mode.IDLE)


def test_the_loop_holds_the_pictures_of_the_runs_in_order(exam):
    run_of(exam, 10)
    run_of(exam, 10)
    exam.replay_loop().result(30)
    until(lambda: (picture := exam.take_picture()) and picture.mode is Mode.REPLAY)
    shot = exam.snapshot()
    assert shot.mode is Mode.REPLAY
    assert shot.replay.frame_count == sum(run.frames for run in exam.runs)
    exam.player.seek(3)
    until(lambda: (picture := exam.take_picture()) and (picture.pixels == 65530 + 4).all())
    exam.stop_replay()
    assert exam.snapshot().mode is Mode.HOLD
    assert taken(exam).mode is Mode.HOLD


def test_the_pedal_ends_a_replay(exam):
    run_of(exam, 5)
    exam.replay_loop().result(30)
    exam.press_pedal()
    until(lambda: exam.snapshot().mode is Mode.LIVE)
    assert exam.player is None
    exam.release_pedal()


def test_a_loop_is_saved_as_dicom_with_progress(exam, tmp_path):
    run = run_of(exam, 10)
    exam.save_loop(tmp_path / "loop.dcm").result(30)
    stored = pydicom.dcmread(tmp_path / "loop.dcm")
    assert int(stored.NumberOfFrames) == run.frames
    assert (stored.pixel_array[0] == 65531).all()
    assert exam.heard.tasks[-1].done == exam.heard.tasks[-1].total == run.frames


def test_the_held_picture_is_saved_as_dicom_and_as_png(exam, tmp_path):
    run_of(exam, 5)
    exam.save_hold(tmp_path / "hold.dcm").result(30)
    exam.save_hold(tmp_path / "hold.png").result(30)
    assert (pydicom.dcmread(tmp_path / "hold.dcm").pixel_array == taken(exam).pixels).all()
    assert (tmp_path / "hold.png").stat().st_size > 0


def test_the_dose_report_says_units_and_origin(exam):
    run = run_of(exam, 5)
    report = exam.dose_report()
    assert report["air_kerma_at_reference_point_mgy"]["origin"] == "simulated"
    assert report["runs"][0]["pulses"] == run.dose.pulses
    assert report["runs"][0]["ledger"]["exact"]


def test_a_parameter_that_fixes_the_format_is_written_between_runs(exam):
    assert exam.set_parameter("Width", 128).result(30) == 128
    run_of(exam, 3)
    assert taken(exam).pixels.shape == (48, 128)


def test_a_wrong_parameter_is_a_problem_that_says_what_is_allowed(exam):
    with pytest.raises(ParameterError):
        exam.set_parameter("AcquisitionFrameRate", 5000.0).result(30)
    sentence = exam.heard.problems[-1].sentence
    assert "AcquisitionFrameRate cannot be 5000.0 Hz" in sentence
    assert "allowed is 1.0 to 1000.0 Hz" in sentence


def test_a_driver_that_does_not_exist_is_a_problem_and_the_examination_goes_on(exam):
    with pytest.raises(Exception, match="There is no driver 'nosuch'"):
        exam.connect("nosuch").result(30)
    exam.connect("ramp", "r1").result(30)
    assert run_of(exam, 3).frames >= 3


def test_a_device_that_fails_is_held_told_and_restarted(make_exam):
    exam = make_exam(isolation="process")
    exam.press_pedal()
    until(lambda: exam.ledger().delivered > 5)
    os.kill(exam.snapshot().device.pid, signal.SIGKILL)
    until(lambda: exam.snapshot().mode is Mode.HOLD)
    until(lambda: exam.heard.problems)
    assert "killed by signal 9" in exam.heard.problems[0].what
    assert taken(exam) is not None
    until(lambda: len(exam.runs) == 1)
    assert exam.runs[0].ledger.exact
    exam.press_pedal()
    until(lambda: len(exam.heard.problems) > 1)
    assert not exam.snapshot().pedal_down
    exam.restart_device().result(30)
    assert run_of(exam, 3).frames >= 3


@pytest.mark.parametrize("device", ["raise-open", "raise-start", "raise-parameters"])
def test_a_driver_that_raises_is_a_problem(make_exam, device):
    exam = make_exam("rude", device, connect=False)
    if device == "raise-start":
        exam.connect().result(30)
        exam.press_pedal()
    else:
        with pytest.raises(Exception, match="the driver raised ZeroDivisionError"):
            exam.connect().result(30)
    until(lambda: exam.heard.problems)
    assert "the driver raised ZeroDivisionError" in exam.heard.problems[0].what
    until(lambda: not exam.snapshot().beam_on)


def test_without_a_device_the_pedal_says_so(make_exam):
    exam = make_exam(connect=False)
    exam.press_pedal()
    until(lambda: exam.heard.problems)
    assert "There is no device" in exam.heard.problems[0].what
    assert not exam.snapshot().pedal_down


def test_a_file_that_cannot_be_opened_is_a_problem(exam, tmp_path):
    with pytest.raises(Exception, match=r"nothing\.dcm"):
        exam.open_file(tmp_path / "nothing.dcm").result(30)
    assert exam.heard.problems
    assert exam.snapshot().mode is Mode.IDLE


def test_disconnecting_while_live_ends_the_run(exam):
    exam.press_pedal()
    until(lambda: exam.ledger().delivered > 2)
    exam.disconnect().result(30)
    assert exam.snapshot().device.name == ""
    assert exam.snapshot().mode is Mode.HOLD, "the picture stays on the screen, and says what it is"
    with pytest.raises(DeviceError, match="There is no device"):
        exam.set_parameter("Width", 64).result(30)


def test_after_a_restart_the_picture_still_says_that_it_is_the_hold(exam):
    run_of(exam, 3)
    exam.restart_device().result(30)
    assert exam.snapshot().mode is Mode.HOLD


def test_a_device_that_cannot_be_armed_again_is_given_back(exam, monkeypatch):
    def no_room(_host):
        raise DeviceError("There is no room.")

    host = exam._device.host
    with monkeypatch.context() as broken:
        broken.setattr(exam._detector, "_arm", no_room)
        with pytest.raises(DeviceError, match="There is no room"):
            exam.set_parameter("Width", 128).result(30)
    assert host.state is DeviceState.CLOSED
    exam.restart_device().result(30)
    assert run_of(exam, 3).frames >= 3


def test_a_device_that_is_not_back_yet_is_restarted_again_later(exam, monkeypatch):
    absent, asked = Future(), []
    absent.set_exception(DeviceError("There is no such device."))
    monkeypatch.setattr(exam, "restart_device", lambda: absent)
    monkeypatch.setattr(exam._restart, "after_fault", lambda: asked.append(True))
    exam._restart_by_itself()
    assert asked


def test_a_restart_by_hand_forgets_the_one_that_waits(exam):
    exam._restart.after_fault()
    exam.restart_device().result(30)
    assert exam._restart._timer is None, "else it would end the next run"
