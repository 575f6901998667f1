"""Subtraction of live images, and values that move, in an examination on the theatre driver."""

import time

import numpy as np
import pytest

from fluoroview.hal import ParameterInfo, ParameterSet
from fluoroview.hal.testing import until
from fluoroview.pipeline.subtraction import MIDDLE, first_window
from fluoroview.session.devices.parameter_polling import ParameterPolling, told_subtraction
from fluoroview.session.events import Mode


@pytest.fixture
def theatre(make_session):
    return make_session("theatre", "one")


def run_for(session, frames=12):
    runs = len(session.runs)
    session.press_pedal()
    until(lambda: session.snapshot().mode is Mode.LIVE and session.snapshot().run_frames >= frames)
    session.release_pedal()
    until(lambda: len(session.runs) > runs)
    until(lambda: session.snapshot().mode is Mode.HOLD)
    until(lambda: session._device.road.drain(5))
    return session.take_image()


def value(session, name):
    return session.parameters.value(name)


def test_a_dsa_run_is_subtracted_and_fluoroscopy_is_not(theatre):
    plain = run_for(theatre)
    assert np.ptp(plain.pixels) > 1000
    assert theatre.subtracts is False
    theatre.set_parameter("AcquisitionType", "DSA run").result(30)
    assert theatre.subtracts is True
    seen = run_for(theatre)
    assert np.abs(seen.pixels.astype(int) - MIDDLE).max() <= 1, "nothing moved"
    theatre.set_parameter("AcquisitionType", "fluoroscopy").result(30)
    assert theatre.subtracts is False


def test_plain_and_subtracted_images_have_windows_of_their_own(theatre):
    plain = run_for(theatre)
    theatre.subtract(True)
    seen = run_for(theatre)
    assert seen.source != plain.source
    assert theatre.snapshot().source == seen.source
    assert theatre.snapshot().window == first_window()
    theatre.subtract(False)
    again = run_for(theatre)
    assert again.source == plain.source
    assert theatre.snapshot().window != first_window()


def test_the_window_that_suits_a_subtracted_image_is_about_its_middle(theatre):
    theatre.subtract(True)
    run_for(theatre)
    window = theatre.auto_window()
    assert window.black < MIDDLE < window.white


def test_a_loop_of_both_is_replayed_each_with_its_own(theatre):
    first = run_for(theatre).source
    theatre.subtract(True)
    second = run_for(theatre).source
    theatre.replay_loop().result(30)
    player = theatre.player
    assert theatre.snapshot().source == first
    player.seek(player.frame_count - 1)
    until(lambda: theatre.snapshot().source == second)
    assert theatre.snapshot().window == first_window()


def test_the_choice_outlives_what_arms_the_device_again(theatre):
    theatre.subtract(True)
    theatre.set_parameter("Case", "aspiration").result(30)
    assert theatre.subtracts is True


def test_a_device_that_makes_images_for_display_cannot_be_subtracted(make_session):
    assert make_session().subtracts is None


def test_what_moves_by_itself_is_read_again_and_again(theatre):
    before = value(theatre, "ProcedureStatus")
    theatre.press_pedal()
    until(lambda: value(theatre, "ProcedureStatus") != before)
    theatre.release_pedal()


def test_devices_without_such_values_are_left_alone():
    asked = []
    values = ParameterPolling(lambda: asked.append(1))
    values.follow(ParameterSet([ParameterInfo("ExposureTime", 1.0)]))
    time.sleep(0.3)
    values.close()
    assert not asked


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"AcquisitionType": "DSA run"}, True),
        ({"AcquisitionType": "fluoroscopy"}, False),
        ({"AcquisitionType": "dsa"}, True),
        ({"DsaDefault": True}, True),
        ({"DsaDefault": True, "AcquisitionType": "fluoroscopy"}, True),
        ({"DsaDefault": True, "AcquisitionType": "spot image"}, False),
        ({"DsaDefault": False, "AcquisitionType": "acquisition"}, False),
        ({}, None),
    ],
)
def test_the_kind_of_run_tells_whether_to_subtract(values, told):
    described = ParameterSet(ParameterInfo(name, value) for name, value in values.items())
    assert told_subtraction(described) is told


def test_a_runs_kind_is_noted_and_its_time_is_fluoroscopy_or_not(theatre):
    run_for(theatre)
    before = theatre.snapshot().dose.fluoroscopy_time_s
    theatre.set_parameter("AcquisitionType", "DSA run").result(30)
    run_for(theatre)
    assert [run.dose.kind for run in theatre.runs] == ["fluoroscopy", "DSA run"]
    assert theatre.snapshot().dose.fluoroscopy_time_s == before > 0
    assert [run["kind"] for run in theatre.dose_report()["runs"]] == ["fluoroscopy", "DSA run"]


def test_another_patient_begins_with_no_dose_and_no_image(theatre):
    run_for(theatre)
    assert theatre.snapshot().dose.fluoroscopy_time_s > 0
    theatre.set_parameter("Case", "aspiration").result(30)
    now = theatre.snapshot()
    assert now.mode is Mode.IDLE
    assert now.dose.fluoroscopy_time_s == 0
    assert now.runs == 0


def test_the_same_patient_again_is_no_other(theatre):
    run_for(theatre)
    theatre.set_parameter("Case", "normal").result(30)
    theatre.set_parameter("TubeVoltage", 80.0).result(30)
    assert theatre.snapshot().runs == 1


def test_another_devices_images_are_not_subtracted_for_it(theatre):
    theatre.subtract(True)
    theatre.connect("theatre", "two").result(30)
    assert theatre.subtracts is False
    theatre.subtract(True)
    theatre.restart_device().result(30)
    assert theatre.subtracts is True, "the same device again"
