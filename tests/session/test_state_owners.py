"""Every state has one owner: the faults that came of several, each on a chosen interleaving."""

import logging
from dataclasses import fields

import pytest
from stepped_session import FakeRecorder, Stepped

from fluoroview.hal import DeviceState, ParameterError
from fluoroview.pipeline.display import Window
from fluoroview.session.events import FIVE_MINUTES, Mode
from fluoroview.session.pedal import OPERATOR_SILENCE_S
from fluoroview.session.state import RunPhase, SessionState


@pytest.fixture
def make(tmp_path):
    made = []

    def make_stepped(**how):
        made.append(Stepped(tmp_path, **how))
        return made[-1].connect()

    yield make_stepped
    for each in made:
        each.close()


@pytest.fixture
def stepped(make):
    return make()


# beam on, lamp off


def test_a_pedal_pressed_while_one_replay_replaces_another_shows_the_lamp_with_the_beam(stepped):
    stepped.run()
    stepped.session.replay_loop()
    stepped.settle()
    stepped.session.replay_loop()
    stepped.schedule.work.run()  # opened, and not yet begun
    stepped.session.press_pedal()
    stepped.settle()
    assert stepped.host().permitted
    assert stepped.state.beam_on
    assert stepped.state.mode is Mode.LIVE
    assert stepped.state.replay is None


def test_the_lamp_is_on_before_the_first_pulse_may_be_made(stepped):
    seen = []
    stepped.host().during["start"] = lambda: seen.append(stepped.state.beam_on)
    stepped.session.press_pedal()
    stepped.settle()
    assert seen == [True]


def test_a_release_forbids_pulses_before_its_turn_comes(stepped):
    stepped.session.press_pedal()
    stepped.settle()
    stepped.session.release_pedal()
    assert not stepped.host().permitted, "although the dispatcher has not run"
    assert stepped.host().expose(5) == 0
    stepped.changes.run()
    assert not stepped.state.beam_on


def test_a_release_while_the_device_starts_is_not_undone(stepped):
    stepped.host().during["start"] = stepped.session.release_pedal
    stepped.session.press_pedal()
    stepped.settle()
    assert not stepped.host().permitted
    assert stepped.host().expose(5) == 0
    assert stepped.state.run is None
    assert stepped.host().state is DeviceState.ARMED


def test_a_release_is_shown_while_a_device_command_takes_long(stepped):
    stepped.session.press_pedal()
    stepped.settle()
    modes = []

    def meanwhile():
        stepped.session.release_pedal()
        stepped.changes.run()
        modes.append((stepped.state.mode, stepped.host().permitted))

    stepped.host().during["write"] = meanwhile
    stepped.session.set_parameter("Gain", 2)
    stepped.settle()
    assert modes == [(Mode.HOLD, False)]


def test_the_mode_is_derived_and_stored_nowhere():
    assert "mode" not in {each.name for each in fields(SessionState)}
    assert "beam_on" not in {each.name for each in fields(SessionState)}


# two readers


@pytest.fixture
def broken_pipeline(stepped, monkeypatch):
    stepped.session.press_pedal()
    stepped.settle()

    def broken(*_arguments):
        raise ZeroDivisionError("a bug")

    monkeypatch.setattr(stepped.core.devices.armed.pipeline, "process", broken)
    return stepped


def test_a_fault_in_an_image_releases_the_pedal_at_once(broken_pipeline):
    broken_pipeline.host().expose(1)
    broken_pipeline.read("frames")
    assert not broken_pipeline.host().permitted, "although the dispatcher has not run"
    broken_pipeline.settle()
    assert not broken_pipeline.state.beam_on
    assert broken_pipeline.state.mode is Mode.HOLD


def test_pulses_are_counted_although_no_image_can_be_made(broken_pipeline):
    made = broken_pipeline.host().expose(6)
    broken_pipeline.read("frames")
    broken_pipeline.settle()
    assert broken_pipeline.state.dose.pulses == made == 6
    assert [record.dose.pulses for record in broken_pipeline.state.records] == [6]


def test_the_end_of_a_reader_is_logged_and_reported_and_needs_a_restart(broken_pipeline, caplog):
    broken_pipeline.host().expose(1)
    with caplog.at_level(logging.ERROR):
        broken_pipeline.settle()
    assert any("ZeroDivisionError" in str(record.exc_info) for record in caplog.records)
    assert "FV-SES-002" in [problem.code for problem in broken_pipeline.problems]
    broken_pipeline.session.press_pedal()
    broken_pipeline.settle()
    assert not broken_pipeline.host().permitted
    broken_pipeline.session.restart_device()
    broken_pipeline.settle()
    assert broken_pipeline.run(3) == 3


def test_a_fault_in_the_pulse_reader_releases_the_pedal_and_images_go_on(stepped, monkeypatch):
    stepped.session.press_pedal()
    stepped.settle()

    def broken():
        raise ZeroDivisionError("a bug")

    monkeypatch.setattr(stepped.core.devices.armed.pulses._cursor, "read", broken)
    stepped.host().expose(2)
    stepped.read("pulses")
    assert not stepped.host().permitted
    stepped.settle()
    assert stepped.session.take_image() is not None
    assert any("pulses" in problem.what for problem in stepped.problems)


# windows


def test_a_window_chosen_while_the_automatic_one_is_computed_stays(stepped, monkeypatch):
    from fluoroview.session.images import display_windows

    chosen = Window(1000, 500)
    compute = display_windows.auto_window

    def computed_meanwhile(pixels, *, maximum):
        window = compute(pixels, maximum=maximum)
        stepped.session.set_window(stepped.session.snapshot().source, chosen)
        return window

    monkeypatch.setattr(display_windows, "auto_window", computed_meanwhile)
    stepped.run(1)
    assert stepped.session.snapshot().window == chosen


# reading the state


def test_reading_the_state_raises_no_alarm(stepped):
    stepped.core.dose.add_fluoroscopy_time(301.0)
    for _ in range(3):
        stepped.session.snapshot()
        assert stepped.session.state.dose is not None
    assert stepped.alarms == []
    stepped.tick()
    stepped.tick()
    assert [alarm.name for alarm in stepped.alarms] == [FIVE_MINUTES], "once, by the dispatcher"


# recordings


@pytest.fixture
def recorders(monkeypatch):
    FakeRecorder.still_open = ()
    monkeypatch.setattr("fluoroview.session.acquisition.Recorder", FakeRecorder)
    monkeypatch.setattr("fluoroview.session.acquisition.RecordingInfo", FakeInfo)
    yield lambda: FakeRecorder.still_open
    assert FakeRecorder.still_open == (), "somebody lost a recording"


class FakeInfo:
    @staticmethod
    def of(host):
        return None


def test_a_recording_requested_while_the_device_is_armed_again_is_not_lost(make, recorders):
    stepped = make()
    started = []
    stepped.host().during["disarm"] = lambda: started.append(
        stepped.session.start_recording("raw.h5")
    )
    stepped.session.set_parameter("Width", 32)
    stepped.settle()
    assert started[0].result(0).name == "raw.h5"
    assert recorders() == (stepped.core.devices.armed.recorder,)
    stepped.close()
    assert recorders() == ()


def test_a_recording_ends_with_a_sentence_when_its_device_is_armed_again(make, recorders):
    stepped = make()
    stepped.session.start_recording("raw.h5")
    stepped.settle()
    stepped.session.set_parameter("Width", 32)
    stepped.settle()
    assert recorders() == ()
    assert stepped.state.recording is None
    assert any("recording" in problem.what for problem in stepped.problems)


# runs


@pytest.mark.parametrize("generator", [False, True])
def test_a_tap_that_ends_while_devices_prepare_records_no_run(make, generator):
    stepped = make(generator=generator)
    pulses = 4
    if generator:
        stepped.session.press_pedal()
        stepped.settle()
        stepped.host("tube").expose(pulses, frames=False)
        stepped.session.release_pedal()
        stepped.settle()
    else:
        stepped.run(pulses)
    for _ in range(5):
        host, call = (stepped.host("tube"), "prepare") if generator else (stepped.host(), "start")
        host.during[call] = stepped.session.release_pedal
        stepped.session.press_pedal()
        stepped.settle()
    assert [record.dose.pulses for record in stepped.state.records] == [pulses]
    assert stepped.state.dose.pulses == pulses
    assert len(stepped.session.dose_report()["runs"]) == stepped.state.runs == 1


def test_pulses_that_are_read_late_belong_to_their_run(stepped):
    stepped.session.press_pedal()
    stepped.settle()
    host = stepped.host()
    host.expose(3)
    stepped.session.release_pedal()
    stepped.settle()
    host.sink.pulse(next(iter(host.ring.pulses_since(0)[1])))  # no pulse is ever dropped
    stepped.settle()
    assert stepped.state.dose.pulses == 4
    assert [record.dose.pulses for record in stepped.state.records] == [4]


def test_a_run_that_is_under_way_when_the_device_is_left_is_recorded_once(stepped):
    stepped.session.press_pedal()
    stepped.settle()
    stepped.host().expose(3)
    stepped.session.disconnect()
    stepped.settle()
    assert [record.dose.pulses for record in stepped.state.records] == [3]
    assert stepped.state.mode is Mode.HOLD
    assert not stepped.state.pedal_down


def test_a_device_that_fails_in_a_run_ends_it_once(stepped):
    stepped.session.press_pedal()
    stepped.settle()
    stepped.host().expose(3)
    stepped.host().fail()
    stepped.settle()
    stepped.session.release_pedal()
    stepped.settle()
    assert [record.dose.pulses for record in stepped.state.records] == [3]
    assert len(stepped.problems) == 1, "a fault is reported once"


def test_a_new_run_needs_a_new_press(stepped):
    stepped.session.press_pedal()
    stepped.settle()
    stepped.host().fail()
    stepped.settle()
    stepped.session.restart_device()
    stepped.settle()
    assert not stepped.state.pedal_down
    assert not stepped.host().permitted


def test_a_reset_during_a_run_counts_its_further_pulses_for_the_new_patient(stepped):
    stepped.session.press_pedal()
    stepped.settle()
    stepped.host().expose(3)
    stepped.settle()
    stepped.session.reset_dose()
    stepped.settle()
    stepped.host().expose(2)
    stepped.session.release_pedal()
    stepped.settle()
    assert stepped.state.dose.pulses == 2
    assert [record.dose.pulses for record in stepped.state.records] == [2]


def test_a_reset_while_the_last_pulses_are_read_leaves_none_outside_of_all_runs(stepped):
    stepped.session.press_pedal()
    stepped.settle()
    stepped.host().expose(3)
    stepped.read("pulses")
    stepped.changes.run()
    stepped.host().expose(2)  # not read yet
    stepped.session.release_pedal()
    stepped.session.reset_dose()
    stepped.settle()
    assert stepped.state.dose.pulses == 2
    assert [record.dose.pulses for record in stepped.state.records] == [2]


# the operator


def test_an_operator_who_falls_silent_ends_the_beam_before_300_ms(stepped):
    stepped.session.press_pedal()
    stepped.settle()
    stepped.session.operator_alive()
    silent_s = 0.0
    while stepped.host().permitted:
        stepped.clock.advance_s(0.05)
        stepped.read("pedal")
        silent_s += 0.05
    assert OPERATOR_SILENCE_S < silent_s < 0.3
    stepped.settle()
    assert not stepped.state.pedal_down
    assert stepped.state.run is None
    assert any("operator" in problem.what for problem in stepped.problems)
    stepped.session.operator_alive()
    stepped.tick()
    assert not stepped.host().permitted, "a new run needs a new press"


def test_the_heartbeat_reaches_the_device_as_long_as_the_operator_reports(stepped):
    stepped.session.press_pedal()
    stepped.settle()
    for _ in range(20):
        stepped.session.operator_alive()
        stepped.tick(0.05)
    assert stepped.host().beats >= 20
    assert stepped.host().permitted
    stepped.session.release_pedal()
    before = stepped.host().beats
    stepped.tick(0.05)
    assert stepped.host().beats == before


def test_a_program_that_stood_still_as_a_whole_hears_the_operator_before_it_judges(stepped):
    stepped.session.press_pedal()
    stepped.settle()
    stepped.session.operator_alive()
    stepped.clock.advance_s(1.0)
    stepped.read("pedal")
    assert stepped.host().permitted
    stepped.session.operator_alive()
    stepped.tick(0.05)
    assert stepped.host().permitted
    for _ in range(5):
        stepped.tick(0.05)
    assert not stepped.host().permitted


# listeners and the end


def test_a_listener_that_raises_disturbs_nobody(stepped, caplog):
    def broken(*_arguments):
        raise RuntimeError("the window is gone")

    stepped.session.events.status_changed.connect(broken)
    stepped.session.events.image_ready.connect(broken)
    stepped.session.events.problem.connect(broken)
    assert stepped.run(3) == 3
    stepped.host().fail()
    stepped.settle()
    assert stepped.state.runs == 1
    stepped.close()
    assert stepped.state.device.name == ""


def test_closing_ends_the_run_and_finishes_what_is_being_saved(make, tmp_path):
    stepped = make()
    stepped.run(5)
    saved = stepped.session.save_loop(tmp_path / "loop.dcm")
    stepped.session.press_pedal()
    stepped.settle()
    saved_before = saved.done()
    again = stepped.session.save_loop(tmp_path / "again.dcm")
    stepped.clock.advance_s(0.1)
    stepped.host().expose(2)
    stepped.close()
    assert saved_before
    assert again.result(0).stat().st_size > 0, "saving was under way"
    assert stepped.state.runs == 2
    assert stepped.state.run is None
    assert all(host.state is DeviceState.CLOSED for host in (stepped.host(),))
    assert [loop.name for loop in stepped.schedule.alive("")] == []


def test_a_closed_session_answers_with_a_sentence(make):
    stepped = make()
    stepped.close()
    stepped.close()
    assert "closed" in str(stepped.session.connect().exception(0))
    assert "closed" in str(stepped.session.save_hold("x.dcm").exception(0))


def test_the_hold_cannot_be_chosen_during_a_run(stepped):
    stepped.session.press_pedal()
    stepped.settle()
    chosen = stepped.session.set_hold_frames(4)
    stepped.settle()
    assert isinstance(chosen.exception(0), ParameterError)
    assert stepped.state.run.phase is RunPhase.EXPOSING
    assert stepped.state.hold_frames == 1


def test_a_replay_requested_during_a_run_begins_when_the_run_is_closed(stepped):
    stepped.run(2)
    stepped.session.press_pedal()
    stepped.settle()
    stepped.host().expose(3)
    begun = stepped.session.replay_loop()
    stepped.schedule.work.run()
    stepped.changes.run()
    assert not stepped.host().permitted, "a replay ends the beam"
    stepped.settle()
    assert begun.done()
    assert stepped.state.mode is Mode.REPLAY
    assert stepped.state.runs == 2


def test_a_press_cancels_a_replay_that_waits(stepped):
    stepped.run(2)
    stepped.session.press_pedal()
    stepped.settle()
    begun = stepped.session.replay_loop()
    stepped.schedule.work.run()
    stepped.changes.run()
    stepped.session.press_pedal()
    stepped.settle()
    assert begun.done()
    assert stepped.state.mode is Mode.LIVE
