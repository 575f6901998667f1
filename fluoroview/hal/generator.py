"""What the author of a generator driver implements: `Generator`.

The exposure factors (TubeVoltage in kV, TubeCurrent in mA, PulseWidth in ms, PulseRate in 1/s …)
are parameters. A generator with a handshake is prepared before each run and may refuse; one
without a handshake starts at once.
"""

from enum import StrEnum

from fluoroview.hal.device import Device, DeviceKind


class GeneratorState(StrEnum):
    """Where a generator stands in its handshake."""

    OFF = "off"
    PREPARING = "preparing"
    READY = "ready"
    EXPOSING = "exposing"
    INTERLOCK = "interlock"
    FAULT = "fault"


class Generator(Device):
    """A device that makes x-ray pulses.

    `start(sink)` exposes: the driver reads `sink.stopping` before each pulse and reports the pulse
    with `sink.pulse(...)`. A trip during a run is `sink.fail("why")`. `stop` ends the exposure; the
    HAL also calls it when the operator falls silent. A generator that cannot report its pulses
    (the exposure factors are known, the pulses are not) has `reports_pulses = False`; the session
    then counts one pulse per frame at those factors.
    """

    kind = DeviceKind.GENERATOR
    handshake = False
    reports_pulses = True

    def prepare(self) -> None:
        """Make ready (rotor, filament, interlocks) and return when ready.

        Raise DeviceError with the reason when the generator refuses. Called only where
        `handshake` is true. A generator that is silent for 5 s is abandoned; one that needs longer
        calls `report_progress` meanwhile.
        """
