"""Pedal, runs, hold, dose, loop and faults of a session on a device that is right."""

import os
import signal
import threading
import time

import numpy as np
import pydicom
import pytest

from fluoroview.hal import DeviceError, DeviceKind, DeviceState, DoseOrigin, ParameterError
from fluoroview.hal.errors import FluoroError
from fluoroview.hal.testing import BROKEN_S, has_code, until
from fluoroview.session.device_manager import DeviceManager
from fluoroview.session.events import Mode
from fluoroview.session.messages import DeviceFaulted
from fluoroview.session.room import DetectorSection


def run_of(session, frames):
    """Press the pedal until `frames` frames came, release it and wait for the run's end."""
    runs = len(session.runs)
    session.press_pedal()
    until(lambda: session.snapshot().mode is Mode.LIVE)
    until(lambda: session.snapshot().run_frames >= frames)
    session.release_pedal()
    until(lambda: len(session.runs) > runs)
    return session.runs[-1]


def taken(session):
    image = None
    while (newer := session.take_image()) is not None:
        image = newer
    return image


def test_before_the_first_run_nothing_is_shown_and_no_dose_is_claimed(session):
    shot = session.snapshot()
    assert shot.mode is Mode.IDLE
    assert session.take_image() is None
    assert shot.dose.cumulative_air_kerma_mgy is None, "not available is not zero"


def test_pedal_down_is_live_and_pedal_up_is_hold_at_once(session):
    session.press_pedal()
    until(lambda: (image := session.take_image()) and image.mode is Mode.LIVE)
    assert session.snapshot().mode is Mode.LIVE
    session.release_pedal().result(30)
    assert session.snapshot().mode is Mode.HOLD
    until(lambda: (image := session.take_image()) and image.mode is Mode.HOLD)


def test_the_hold_is_the_last_image_of_the_run(session):
    run = run_of(session, 10)
    image = taken(session)
    assert image.mode is Mode.HOLD
    last = (run.ledger.expected + 65530) % 65536
    assert (image.pixels == last).all()
    assert run.hold_made_of == 1


def test_the_hold_can_be_the_mean_of_several_chosen_before(session):
    session.set_hold_frames(4).result(30)
    run = run_of(session, 30)
    last = run.ledger.expected + 65530 - 65536
    assert (taken(session).pixels == round(np.mean([last, last - 1, last - 2, last - 3]))).all()
    assert run.hold_made_of == 4
    session.press_pedal()
    with pytest.raises(ParameterError, check=has_code("FV-SES-026")):
        session.set_hold_frames(2).result(30)
    session.release_pedal()


def test_every_pulse_is_counted_also_those_whose_image_was_lost(session):
    session.set_parameter("DropEvery", 3).result(30)
    run = run_of(session, 20)
    assert run.ledger.exact
    assert run.ledger.lost_link > 0
    assert run.dose.pulses >= run.ledger.expected
    assert run.dose.air_kerma_mgy == pytest.approx(run.dose.pulses * 1e-3, abs=1e-12)
    assert session.snapshot().dose.origin is DoseOrigin.SIMULATED


def test_the_dose_adds_up_over_runs_and_resets(session):
    pulses = sum(run_of(session, 5).dose.pulses for _ in range(3))
    reading = session.snapshot().dose
    assert reading.cumulative_air_kerma_mgy == pytest.approx(pulses * 1e-3, abs=1e-12)
    assert reading.air_kerma_rate_mgy_min == 0.0
    session.reset_dose().result(30)
    assert session.snapshot().dose.cumulative_air_kerma_mgy == 0.0
    assert session.runs == ()


def test_no_pulse_comes_after_the_release(session):
    run_of(session, 10)
    before = session.snapshot().dose.pulses
    time.sleep(0.05)  # ten pulses' worth
    assert session.snapshot().dose.pulses == before


def test_a_pedal_that_only_twitches_leaves_everything_at_rest(session):
    for _ in range(20):
        session.press_pedal()
        session.release_pedal()
    session.set_parameter("DropEvery", 0).result(30)  # the commands before it are through
    assert session.snapshot().device.state is DeviceState.ARMED
    assert session.snapshot().mode in (Mode.HOLD, Mode.IDLE)


def test_the_loop_holds_the_images_of_the_runs_in_order(session):
    run_of(session, 10)
    run_of(session, 10)
    session.replay_loop().result(30)
    until(lambda: (image := session.take_image()) and image.mode is Mode.REPLAY)
    shot = session.snapshot()
    assert shot.mode is Mode.REPLAY
    assert shot.replay.frame_count == sum(run.frames for run in session.runs)
    session.player.seek(3)
    until(lambda: (image := session.take_image()) and (image.pixels == 65530 + 4).all())
    session.stop_replay().result(30)
    assert session.snapshot().mode is Mode.HOLD
    assert taken(session).mode is Mode.HOLD


def test_the_pedal_ends_a_replay(session):
    run_of(session, 5)
    session.replay_loop().result(30)
    session.press_pedal()
    until(lambda: session.snapshot().mode is Mode.LIVE)
    assert session.player is None
    session.release_pedal()


def test_a_loop_is_saved_as_dicom_with_progress(session, tmp_path):
    run = run_of(session, 10)
    session.save_loop(tmp_path / "loop.dcm").result(30)
    stored = pydicom.dcmread(tmp_path / "loop.dcm")
    assert int(stored.NumberOfFrames) == run.frames
    assert (stored.pixel_array[0] == 65531).all()
    assert session.heard.tasks[-1].done == session.heard.tasks[-1].total == run.frames


def test_the_held_image_is_saved_as_dicom_and_as_png(session, tmp_path):
    run_of(session, 5)
    session.save_hold(tmp_path / "hold.dcm").result(30)
    session.save_hold(tmp_path / "hold.png").result(30)
    assert (pydicom.dcmread(tmp_path / "hold.dcm").pixel_array == taken(session).pixels).all()
    assert (tmp_path / "hold.png").stat().st_size > 0


def test_the_dose_report_states_units_and_origin(session):
    run = run_of(session, 5)
    report = session.dose_report()
    assert report["air_kerma_at_reference_point_mgy"]["origin"] == "simulated"
    assert report["runs"][0]["pulses"] == run.dose.pulses
    assert report["runs"][0]["ledger"]["exact"]


def test_a_parameter_that_fixes_the_format_is_written_between_runs(session):
    assert session.set_parameter("Width", 128).result(30) == 128
    run_of(session, 3)
    assert taken(session).pixels.shape == (48, 128)


def test_a_wrong_parameter_is_a_problem_that_states_what_is_allowed(session):
    with pytest.raises(ParameterError):
        session.set_parameter("AcquisitionFrameRate", 5000.0).result(30)
    sentence = session.heard.problems[-1].sentence
    assert "AcquisitionFrameRate cannot be 5000.0 Hz" in sentence
    assert "allowed is 1.0 to 1000.0 Hz" in sentence


def test_a_driver_that_does_not_exist_is_a_problem_and_the_session_goes_on(session):
    with pytest.raises(FluoroError, check=has_code("FV-HAL-031")):
        session.connect("nosuch").result(30)
    session.connect("ramp", "r1").result(30)
    assert run_of(session, 3).frames >= 3


def test_a_device_that_fails_is_held_reported_and_restarted(make_session):
    session = make_session(isolation="process")
    session.press_pedal()
    until(lambda: session.ledger().delivered > 5)
    os.kill(session.snapshot().device.pid, signal.SIGKILL)
    until(lambda: session.snapshot().mode is Mode.HOLD)
    until(lambda: session.heard.problems)
    assert "killed by signal 9" in session.heard.problems[0].what
    assert taken(session) is not None
    until(lambda: len(session.runs) == 1)
    assert session.runs[0].ledger.exact
    session.press_pedal()
    until(lambda: len(session.heard.problems) > 1)
    assert not session.snapshot().pedal_down
    session.restart_device().result(30)
    assert run_of(session, 3).frames >= 3


@pytest.mark.parametrize("device", ["raise-open", "raise-start", "raise-parameters"])
def test_a_driver_that_raises_is_a_problem(make_session, device):
    session = make_session("rude", device, connect=False)
    if device == "raise-start":
        session.connect().result(30)
        session.press_pedal()
    else:
        with pytest.raises(FluoroError, check=has_code("FV-HAL-039")):
            session.connect().result(30)
    until(lambda: session.heard.problems)
    assert "the driver raised ZeroDivisionError" in session.heard.problems[0].what
    until(lambda: not session.snapshot().beam_on)


def test_without_a_device_the_pedal_states_it(make_session):
    session = make_session(connect=False)
    session.press_pedal()
    until(lambda: session.heard.problems)
    assert "There is no device" in session.heard.problems[0].what
    assert not session.snapshot().pedal_down


def test_a_file_that_cannot_be_opened_is_a_problem(session, tmp_path):
    with pytest.raises(FluoroError, check=has_code("FV-DCM-001")):
        session.open_file(tmp_path / "nothing.dcm").result(30)
    assert session.heard.problems
    assert session.snapshot().mode is Mode.IDLE


def test_disconnecting_while_live_ends_the_run(session):
    session.press_pedal()
    until(lambda: session.ledger().delivered > 2)
    session.disconnect().result(30)
    assert session.snapshot().device.name == ""
    assert session.snapshot().mode is Mode.HOLD, "the held image stays and keeps its badge"
    with pytest.raises(DeviceError, check=has_code("FV-SES-005")):
        session.set_parameter("Width", 64).result(30)


def test_after_a_restart_the_image_still_states_that_it_is_the_hold(session):
    run_of(session, 3)
    session.restart_device().result(30)
    assert session.snapshot().mode is Mode.HOLD


def test_a_device_that_cannot_be_armed_again_is_released(session, monkeypatch):
    def no_room(_host):
        raise DeviceError("There is no room.")

    host = session._core.devices.armed.host
    with monkeypatch.context() as broken:
        broken.setattr(session._core.devices, "_arm", no_room)
        with pytest.raises(DeviceError, match="There is no room"):
            session.set_parameter("Width", 128).result(30)
    assert host.state is DeviceState.CLOSED
    session.restart_device().result(30)
    assert run_of(session, 3).frames >= 3


def test_a_device_that_is_not_back_yet_is_restarted_again_later(make_session, monkeypatch):
    detector = DetectorSection(driver="ramp", device="r0", isolation="thread", restart="automatic")
    session = make_session(detector=detector)
    absent = threading.Event()

    def gone(_manager):
        absent.set()
        raise DeviceError("There is no such device.")

    with monkeypatch.context() as unplugged:
        unplugged.setattr(DeviceManager, "open", gone)
        session._core._send(DeviceFaulted(DeviceKind.DETECTOR, DeviceError("It is gone."), None))
        assert absent.wait(BROKEN_S)
        until(lambda: any("in 1 s" in problem.what for problem in session.heard.problems))
    until(lambda: session.snapshot().device.state is DeviceState.ARMED)


def test_a_restart_by_the_operator_cancels_the_automatic_one(session):
    session._core._restart.after_fault()
    session.restart_device().result(30)
    assert not session._core._restart.waiting, "else it would end the next run"
