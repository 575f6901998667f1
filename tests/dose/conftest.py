"""A fluoroscope on a fake clock for the dose tests."""

import math

import pytest

from fluoroview.dose import DoseAccount
from fluoroview.hal.clock import FakeClock
from fluoroview.hal.frame import DoseOrigin, Exposure, Pulse

TECHNIQUE = Exposure(tube_voltage_kv=70.0, tube_current_ma=20.0, pulse_width_ms=5.0)


class Fluoroscope:
    """A beam on a fake clock, wired to a dose account."""

    def __init__(self):
        self.clock = FakeClock()
        self.account = DoseAccount(self.clock)
        self.sent = []

    def pulse(self, kerma_ugy=1.0, kap_ugym2=math.nan, origin=DoseOrigin.SIMULATED):
        pulse = Pulse(
            len(self.sent), self.clock.monotonic_ns(), TECHNIQUE, kerma_ugy, kap_ugym2, origin
        )
        self.sent.append(pulse)
        self.account.pulse(pulse)

    def expose(self, seconds, rate_hz=30.0, kerma_ugy=1.0, **pulse):
        """Pedal down for a time, pulses from its first instant, pedal up."""
        self.on()
        self.run(seconds, rate_hz, kerma_ugy, **pulse)
        self.off()

    def run(self, seconds, rate_hz=30.0, kerma_ugy=1.0, **pulse):
        for _ in range(round(seconds * rate_hz)):
            self.pulse(kerma_ugy, **pulse)
            self.clock.advance_s(1 / rate_hz)

    def on(self):
        self.account.beam_on(self.clock.monotonic_ns())

    def off(self):
        self.account.beam_off(self.clock.monotonic_ns())

    def hold_beam(self, seconds):
        """Beam on for a time without reporting pulses."""
        self.on()
        self.clock.advance_s(seconds)
        self.off()


@pytest.fixture
def fluoroscope():
    return Fluoroscope()
