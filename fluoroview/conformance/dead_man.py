"""The dead man's switch: the beam goes off when the operator falls silent."""

import time
from collections.abc import Iterator

from fluoroview.conformance.pulse_reporting import begin, wait_reported
from fluoroview.conformance.rig import Rig, until
from fluoroview.conformance.trial import DETECTOR, GENERATOR, TO_STREAM, Trial, TrialContext
from fluoroview.conformance.verdict import Finding, Rule, failed, not_applicable, passed
from fluoroview.hal.errors import FluoroError
from fluoroview.hal.runtime.ring import Word

OFF_MS = 300
DEAD_MAN = Rule(
    "dead-man",
    f"When the operator falls silent, no pulse follows after {OFF_MS} ms, and stop returns.",
    "A program that stands still with the pedal held must not leave the beam on.",
)
_UNDER_WAY_MS = 20
"""A pulse that began in time may be reported so much later."""
_NOTICED_S = 1.0
_WATCHED_MS = 2 * OFF_MS


def _dead_man(context: TrialContext) -> Iterator[Finding]:
    with context.open_rig() as rig:
        rig.arm()
        rig.hold_pedal()
        begin(rig)
        if rig.traits.kind == DETECTOR:
            rig.wait_frames(3)
        else:
            wait_reported(rig, 2)
        context.step(DEAD_MAN.id)
        yield _fall_silent(rig)
        rig.drain()


def _fall_silent(rig: Rig) -> Finding:
    """Stop the heartbeat and watch the beam; the driver's side is on its own now."""
    rule = DEAD_MAN.id
    rig.fall_silent()
    beat_ns = int(rig.ring.words[Word.OPERATOR])
    until(lambda: bool(rig.silences), _NOTICED_S)
    until(lambda: time.monotonic_ns() > beat_ns + _WATCHED_MS * 1_000_000, _NOTICED_S)
    try:
        rig.await_end_of_run()
    except FluoroError as error:
        return failed(rule, f"Stop was called for the silent operator, and raised: {error}")
    rig.stop(rule)
    pulses = rig.log.pulses
    if not pulses and not (rig.traits.makes_radiation and not rig.traits.reports_pulses):
        return not_applicable(rule, "The device reports no pulses.")
    after_ms = [(entry.at_ns - beat_ns) / 1e6 for entry in pulses]
    late = sum(ms > OFF_MS + _UNDER_WAY_MS for ms in after_ms)
    if late:
        return failed(
            rule,
            f"{late} pulses came more than {OFF_MS} ms after the operator's last heartbeat, the "
            f"last {after_ms[-1]:.0f} ms after it.",
        )
    last = f"; the last pulse came {max(0.0, after_ms[-1]):.0f} ms after it" if after_ms else ""
    return passed(rule, f"The run ended after the last heartbeat{last}.")


DEAD_MAN_TRIAL = Trial(
    "dead man's switch",
    _dead_man,
    (DEAD_MAN,),
    needs=TO_STREAM,
    kinds=(DETECTOR, GENERATOR),
)
