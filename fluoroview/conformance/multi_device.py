"""Two devices at once, and the cable pulled: what needs more than one device on the bench."""

from collections.abc import Iterator

from fluoroview.conformance.pulse_reporting import UNPLUG_COMMAND
from fluoroview.conformance.rig import Rig, Violation, until
from fluoroview.conformance.trial import Trial, TrialContext
from fluoroview.conformance.verdict import Finding, Rule, failed, not_applicable, passed
from fluoroview.hal.errors import FluoroError

TWO = Rule(
    "two-devices",
    "Two devices of one driver stream at once, and stopping one does not affect the other.",
    "State kept in the class or the module makes biplane systems impossible.",
)
UNPLUG = Rule(
    "unplug",
    f"After {UNPLUG_COMMAND} the driver calls `sink.fail` with a sentence, and stop and close "
    "return.",
    "A disconnected cable must not look like a still image.",
)
_UNPLUG_S = 3.0


def _companions(context: TrialContext) -> Iterator[Finding]:
    yield _two(context)
    yield _unplug(context)


def _two(context: TrialContext) -> Finding:
    others = [device for device in context.others if device != context.device_id]
    if not others:
        return not_applicable(TWO.id, "Discover found no second device.")
    with context.open_rig() as one, context.open_rig(others[0]) as two:
        for rig in (one, two):
            rig.arm()
        context.step(TWO.id)
        for rig in (one, two):
            rig.start()
        for rig in (one, two):
            rig.wait_frames(3, TWO.id)
        one.stop(TWO.id)
        _goes_on(two)
        two.stop(TWO.id)
        for rig in (one, two):
            rig.drain()
    return passed(TWO.id, f"{context.device_id} and {others[0]} streamed together.")


def _goes_on(rig: Rig) -> None:
    rig.drain()
    try:
        rig.wait_frames(3, TWO.id, rig.stall_s)
    except Violation as violation:
        text = f"After the stop of the first device, {violation.seen}"
        raise Violation(TWO.id, text) from violation


def _unplug(context: TrialContext) -> Finding:
    rule = UNPLUG.id
    with context.open_rig() as rig:
        if UNPLUG_COMMAND not in rig.tree:
            return not_applicable(rule, f"The driver offers no command {UNPLUG_COMMAND}.")
        rig.arm()
        rig.start()
        rig.wait_frames(2)
        context.step(rule)
        try:
            rig.do(UNPLUG_COMMAND, lambda: rig.tree.write(UNPLUG_COMMAND, ""), rule)
        except FluoroError as error:
            return failed(rule, f"{UNPLUG_COMMAND} was refused: {error}")
        reported = until(lambda: bool(rig.log.failures), _UNPLUG_S * context.effort.deadline_scale)
        rig.stop(rule)
        rig.drain()
        rig.close(rule)
        failures = rig.log.failures
    if not reported:
        return failed(rule, f"{_UNPLUG_S:g} s after {UNPLUG_COMMAND} nothing had been reported.")
    return passed(rule, f"It reported: {failures[0]}")


COMPANIONS = Trial(
    "two devices, unplug",
    _companions,
    (TWO, UNPLUG),
)
