"""What the author of a generator driver implements: `Generator`.

The technique (TubeVoltage in kV, TubeCurrent in mA, PulseWidth in ms, PulseRate in 1/s …) are
parameters. A source that shakes hands is asked to `prepare` before each run and may refuse; one
that does not simply starts.
"""

from enum import StrEnum

from fluoroview.hal.device import Device


class GeneratorState(StrEnum):
    """Where a generator stands, in the words of the handshake."""

    OFF = "off"
    PREPARING = "preparing"
    READY = "ready"
    EXPOSING = "exposing"
    INTERLOCK = "interlock"
    FAULT = "fault"


class Generator(Device):
    """A source of x-ray pulses.

    `start(sink)` exposes: each pulse is told with `sink.pulse(...)`, after a look at
    `sink.stopping`. A trip in the middle of a run is `sink.fail("why")`. `stop` ends the exposure.
    A source that cannot tell its pulses (the technique is known, the pulses are not) has
    `reports_pulses = False`; the examination then counts one pulse a frame, at that technique.
    """

    kind = "source"
    handshake = False
    reports_pulses = True

    def prepare(self) -> None:
        """Make ready (rotor, filament, interlocks) and return when ready.

        Raise DeviceError with the reason when the generator refuses. Only called where
        `handshake` is true; the HAL's deadline is 5 s.
        """
