"""Subtraction of live images, and values that change on their own, on the theatre driver."""

import numpy as np
import pytest

from fluoroview.hal import FakeClock, ParameterInfo, ParameterSet
from fluoroview.hal.roles import Role
from fluoroview.hal.testing import until
from fluoroview.pipeline.subtraction import MIDDLE, first_window
from fluoroview.session.devices.parameter_polling import ParameterPolling, subtraction_stated
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
    until(lambda: session._core.devices.armed.frames.drain(5))
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
    theatre.subtract(True).result(30)
    seen = run_for(theatre)
    assert seen.source != plain.source
    assert theatre.snapshot().source == seen.source
    assert theatre.snapshot().window == first_window()
    theatre.subtract(False).result(30)
    again = run_for(theatre)
    assert again.source == plain.source
    assert theatre.snapshot().window != first_window()


def test_the_auto_window_of_a_subtracted_image_is_about_its_middle(theatre):
    theatre.subtract(True).result(30)
    run_for(theatre)
    window = theatre.auto_window()
    assert window.black < MIDDLE < window.white


def test_a_loop_of_both_is_replayed_each_with_its_own_window(theatre):
    first = run_for(theatre).source
    theatre.subtract(True).result(30)
    second = run_for(theatre).source
    theatre.replay_loop().result(30)
    player = theatre.player
    assert theatre.snapshot().source == first
    player.seek(player.frame_count - 1)
    until(lambda: theatre.snapshot().source == second)
    assert theatre.snapshot().window == first_window()


def test_the_choice_outlives_what_arms_the_device_again(theatre):
    theatre.subtract(True).result(30)
    theatre.set_parameter("Case", "aspiration").result(30)
    assert theatre.subtracts is True


def test_a_device_that_makes_images_for_display_cannot_be_subtracted(make_session):
    assert make_session().subtracts is None


def test_values_that_change_on_their_own_are_read_again(theatre):
    before = value(theatre, "ProcedureStatus")
    theatre.press_pedal()
    until(lambda: value(theatre, "ProcedureStatus") != before)
    theatre.release_pedal()


def test_devices_without_such_values_are_not_polled():
    clock = FakeClock()
    polling = ParameterPolling(clock)
    clock.advance_s(3600)
    assert not polling.take_due(ParameterSet([ParameterInfo("ExposureTime", 1.0)]))


def test_values_are_read_again_as_often_as_their_device_states():
    clock = FakeClock()
    polling = ParameterPolling(clock)
    heat = ParameterSet([ParameterInfo("AnodeHeat", 1.0, polling_interval_s=0.5)])
    assert not polling.take_due(heat)
    clock.advance_s(0.5)
    assert polling.take_due(ParameterSet(), heat)
    assert not polling.take_due(heat), "the next one is due an interval later"


@pytest.mark.parametrize(
    ("values", "stated"),
    [
        ({Role.ACQUISITION_TYPE: "DSA run"}, True),
        ({Role.ACQUISITION_TYPE: "fluoroscopy"}, False),
        ({Role.ACQUISITION_TYPE: "dsa"}, True),
        ({Role.DSA_DEFAULT: True}, True),
        ({Role.DSA_DEFAULT: True, Role.ACQUISITION_TYPE: "fluoroscopy"}, True),
        ({Role.DSA_DEFAULT: True, Role.ACQUISITION_TYPE: "single image"}, False),
        ({Role.DSA_DEFAULT: False, Role.ACQUISITION_TYPE: "acquisition"}, False),
        ({}, None),
    ],
)
def test_the_acquisition_type_decides_on_subtraction(values, stated):
    parameters = ParameterSet(
        ParameterInfo(role.value, value, role=role) for role, value in values.items()
    )
    assert subtraction_stated(parameters) is stated


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
    theatre.subtract(True).result(30)
    theatre.connect("theatre", "two").result(30)
    assert theatre.subtracts is False
    theatre.subtract(True).result(30)
    theatre.restart_device().result(30)
    assert theatre.subtracts is True, "the same device again"
