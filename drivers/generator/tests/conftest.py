"""A sink that records its run, and a clock on which waiting takes no time."""

import pytest

from fluoroview.hal import FakeClock


class RecordingSink:
    """A run as a driver sees it: the pedal is released after `pulses_requested` pulses."""

    def __init__(self, pulses_requested):
        self.pulses_requested = pulses_requested
        self.pulses = []
        self.failures = []
        self.released = False

    @property
    def stopping(self):
        return self.released or len(self.pulses) >= self.pulses_requested

    def pulse(self, pulse):
        self.pulses.append(pulse)

    def fail(self, error):
        self.failures.append(str(error))


class Time:
    """A clock that a wait advances; `late_s` is added to the waits by their number."""

    def __init__(self):
        self.clock = FakeClock()
        self.waits = []
        self.late_s = {}

    def wait(self, seconds):
        self.clock.advance_s(seconds + self.late_s.get(len(self.waits), 0.0))
        self.waits.append(seconds)
        return False


@pytest.fixture
def fake_time():
    return Time()


@pytest.fixture
def sink_of():
    """Return a function that makes a sink for a number of pulses."""
    return RecordingSink
