"""A session under random interleavings of everything that may happen to it, against a model.

The threads of the session are stepped one task at a time in an order that hypothesis chooses, on
a virtual clock and devices in the test's hands. After each step the session agrees with the model.
A step is one action, or up to twenty in a row.

    pytest tests/session/test_interleaving.py                                6 000 steps
    FLUOROVIEW_INTERLEAVING_STEPS=10000 pytest tests/session/test_interleaving.py
"""

import os
import random
import shutil
import tempfile

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from stepped_session import FakeHost, FakeRecorder, Stepped

from fluoroview.hal import DeviceState
from fluoroview.session import acquisition
from fluoroview.session.events import Mode

PARTS = (
    "changes", "changes", "commands", "frames", "pulses", "player", "work", "devices", "devices",
)  # fmt: skip
ACTIONS = (
    *PARTS, *PARTS, "press_the_pedal", "release", "tap", "report_the_operator", "replay_the_loop",
    "stop_replay", "start_recording", "new_patient", "run_through",
)  # fmt: skip
STEPS_IN_EXAMPLE = 50
STEPS = int(os.environ.get("FLUOROVIEW_INTERLEAVING_STEPS", "6000"))


class FakeInfo:
    """What a recording would state of its device."""

    @staticmethod
    def of(_host):
        return None


class Interleaving(RuleBasedStateMachine):
    """The session, and what must be true of it."""

    @initialize(generator=st.booleans())
    def begin(self, generator):
        self.folder = tempfile.mkdtemp()
        self.replaced = (acquisition.Recorder, acquisition.RecordingInfo)
        acquisition.Recorder, acquisition.RecordingInfo = FakeRecorder, FakeInfo
        FakeRecorder.still_open = ()
        self.generator = generator
        self.stepped = Stepped(self.folder, generator=generator, restart="automatic").connect()
        self.session = self.stepped.session
        self.made = 0  # pulses since the last reset that the state shows
        self.forgotten = 0  # pulses that were counted for earlier patients
        self.reset = self.stepped.core.runs.reset
        self.stepped.core.runs.reset = self.note_reset
        self.numbers = set()

    def note_reset(self):
        self.forgotten += self.stepped.core.dose.reading().pulses
        self.reset()

    # what the operator does

    @rule(beam=st.sampled_from([True, True, True, False]))
    def press(self, beam):
        self.session.press_pedal(beam=beam)

    @rule()
    def release(self):
        self.session.release_pedal()
        assert not self.beam(), "the beam outlives the release"

    @rule()
    def tap(self):
        self.session.press_pedal()
        self.session.release_pedal()

    @rule()
    def report_the_operator(self):
        self.session.operator_alive()

    @rule(last_run_only=st.booleans())
    def replay(self, last_run_only):
        self.session.replay_loop(last_run_only=last_run_only)

    @rule()
    def stop_replay(self):
        self.session.stop_replay()

    @rule(name=st.sampled_from(["Gain", "Width", "Case"]), value=st.sampled_from([16, 32]))
    def write(self, name, value):
        self.session.set_parameter(name, value)

    @rule()
    def start_recording(self):
        self.session.start_recording("raw.h5")

    @rule()
    def stop_recording(self):
        self.session.stop_recording()

    @rule()
    def new_patient(self):
        self.session.reset_dose()

    @rule(device=st.sampled_from(["", "f", "another"]))
    def connect(self, device):
        self.session.connect("fake" if device else "", device)

    @rule()
    def disconnect(self):
        self.session.disconnect()

    # what the devices do

    def hosts(self):
        """Return the devices that are open."""
        return [host for host in FakeHost.made if host.state is not DeviceState.CLOSED]

    def beam(self):
        """Return whether a device may make pulses now."""
        return any(host.permitted for host in self.hosts())

    @rule(count=st.integers(1, 5), frames=st.booleans())
    def expose(self, count, frames):
        for host in self.hosts():
            made = host.expose(count, frames=frames and host.driver == "fake")
            reports = host.driver == "tube" or not self.generator
            self.made += made if reports else 0

    @rule(driver=st.sampled_from(["fake", "fake", "tube"]))
    def fail(self, driver):
        for host in self.hosts():
            if host.driver == driver:
                host.fail()

    @rule(
        call=st.sampled_from(["start", "stop", "prepare", "write", "arm", "disarm", "open"]),
        what=st.sampled_from(["press", "release", "disconnect", "replay", "start_recording"]),
    )
    def meanwhile(self, call, what):
        """Do something in the middle of the next such call."""
        for host in self.hosts():
            host.during[call] = getattr(self, what) if what != "press" else self.session.press_pedal
            if what == "replay":
                host.during[call] = self.session.replay_loop

    @precondition(lambda self: self.stepped.core.devices.armed is not None)
    @rule()
    def break_the_pipeline(self):
        def broken(*_arguments):
            raise ZeroDivisionError("a bug")

        self.stepped.core.devices.armed.pipeline.process = broken

    # who is next

    @rule(seed=st.integers(0, 2**32 - 1), count=st.integers(1, 20))
    def one_after_the_other(self, seed, count):
        """Do what many threads do, in an order by chance; everything holds after each of it."""
        for action in random.Random(seed).choices(ACTIONS, k=count):
            if action in PARTS:
                self.step_one(action)
            else:
                getattr(self, action)()
            self.check()

    def step_one(self, part):
        """Let one queue or one kind of reader advance."""
        if part == "changes":
            self.stepped.changes.step()
        elif part == "commands":
            self.stepped.commands.step()
        elif part == "devices":
            self.expose(1, True)
        elif part == "work":
            self.stepped.schedule.work.step()
        else:
            self.stepped.read(part)

    @rule(seconds=st.sampled_from([0.05, 0.3, 1.0]))
    def time_passes(self, seconds):
        self.stepped.tick(seconds)

    @rule(pulses=st.integers(0, 3))
    def run_begins(self, pulses):
        """Bring the session to where a run is under way, from wherever it is."""
        self.stepped.settle()
        armed = self.stepped.core.devices.armed
        if armed is None or armed.host.state is DeviceState.FAULT or armed.failed_reader:
            self.session.connect()
        self.session.release_pedal()
        self.stepped.settle()
        self.session.press_pedal()
        self.stepped.settle()
        self.expose(pulses, True)

    @rule(pulses=st.integers(0, 3))
    def run_ends(self, pulses):
        """Expose once more and release, with everything that follows still to come."""
        self.expose(pulses, True)
        self.release()

    @rule()
    def rest(self):
        self.stepped.settle()
        state = self.session.state
        assert state.dose.pulses + self.forgotten == self.made, "a pulse was lost"
        assert state.run is None or state.pedal_down, "a run without a pedal"
        assert len(FakeRecorder.still_open) == (self.recorder() is not None)
        if state.run is None:
            recorded = [record.dose for record in state.records]
            assert recorded == list(self.stepped.core.dose.runs()), "records and dose disagree"
            assert sum(dose.pulses for dose in recorded) == state.dose.pulses

    def recorder(self):
        """Return the recorder of the armed device."""
        armed = self.stepped.core.devices.armed
        return armed.recorder if armed is not None else None

    def press_the_pedal(self):
        self.session.press_pedal()

    def replay_the_loop(self):
        self.session.replay_loop()

    def run_through(self):
        """Bring a run to where the beam is on and pulses come."""
        self.run_begins(2)

    # what must be true after each step

    @invariant()
    def everything_holds(self):
        if hasattr(self, "stepped"):
            self.check()

    def check(self):
        """Compare the session with the model."""
        self.no_beam_without_a_permit()
        self.the_lamp_is_the_beam()
        self.the_mode_follows_pedal_run_replay_and_hold()
        self.the_dose_is_the_sum_of_its_pulses_and_of_its_runs()
        self.each_run_is_recorded_once()
        self.every_recording_has_an_owner()

    def no_beam_without_a_permit(self):
        if self.beam():
            assert self.stepped.core.pedal.down

    def the_lamp_is_the_beam(self):
        if self.stepped.changes.tasks:
            return  # a change is on its way
        state = self.session.state
        beam = any(host.permitted and host.driver == "fake" for host in self.hosts())
        with_beam = state.run is not None and state.run.with_beam
        assert state.beam_on == (beam and with_beam)

    def the_mode_follows_pedal_run_replay_and_hold(self):
        state = self.session.state
        expected = Mode.HOLD if state.held else Mode.IDLE
        if state.replay is not None:
            expected = Mode.REPLAY
        if state.beam_on:
            expected = Mode.LIVE
            assert state.pedal_down
            assert state.replay is None
        assert state.mode is expected
        assert (self.stepped.core.replays.current is not None) == (state.replay is not None)

    def the_dose_is_the_sum_of_its_pulses_and_of_its_runs(self):
        tracker = self.stepped.core.dose
        total, runs = tracker.reading(), tracker.runs()
        assert total.pulses == sum(run.pulses for run in runs)
        assert total.pulses + self.forgotten <= self.made
        kerma = sum(run.air_kerma_mgy or 0.0 for run in runs)
        assert (total.cumulative_air_kerma_mgy or 0.0) == pytest.approx(kerma, abs=1e-12)

    def each_run_is_recorded_once(self):
        numbers = [record.dose.run for record in self.session.state.records]
        assert numbers == list(range(1, len(numbers) + 1))
        assert all(record.dose.ended for record in self.session.state.records)

    def every_recording_has_an_owner(self):
        if not self.stepped.commands.running:
            assert set(FakeRecorder.still_open) <= {self.recorder()}

    def teardown(self):
        if not hasattr(self, "stepped"):
            return
        try:
            self.stepped.close()
            assert FakeRecorder.still_open == (), "a recording was left open"
            assert self.hosts() == [], "a device was left open"
            assert self.stepped.schedule.alive("") == [], "a thread was left running"
            state = self.session.state
            assert state.dose.pulses + self.forgotten == self.made
            assert not state.beam_on
            assert state.run is None
            assert state.recording is None
        finally:
            acquisition.Recorder, acquisition.RecordingInfo = self.replaced
            shutil.rmtree(self.folder)


TestInterleaving = Interleaving.TestCase
TestInterleaving.settings = settings(
    max_examples=max(1, STEPS // STEPS_IN_EXAMPLE),
    stateful_step_count=STEPS_IN_EXAMPLE,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
