"""What sources and meters have in common: how a run begins, many runs, close in one, a fault."""

import time
from collections.abc import Iterator
from contextlib import suppress

from fluoroview.conformance import endurance
from fluoroview.conformance.endurance import Footprint, growth
from fluoroview.conformance.lifecycle import CLOSE_STREAMING, CLOSE_TWICE
from fluoroview.conformance.probe import ToldPulse
from fluoroview.conformance.rig import Hang, Rig, Violation, until
from fluoroview.conformance.settings import writable
from fluoroview.conformance.trial import GENERATOR, METER, Trial, TrialContext
from fluoroview.conformance.verdict import Finding, Rule, failed, judged, passed
from fluoroview.hal.parameter import Value
from fluoroview.hal.states import DEADLINE_S

UNPLUG_COMMAND = "TestUnplug"
"""A CommandParameter by which a driver offers to act as if the cable had been pulled."""
INTERLOCK = "Interlock"
"""A writable BoolParameter by which a source offers to act as if the door had been opened."""

PREPARE = Rule(
    "prepare",
    f"Prepare returns ready within {DEADLINE_S['prepare']:g} s, also twice in a row, and the "
    "exposure after it is not refused.",
    "The foot is on the pedal: a rotor that is not told from a fault costs the moment.",
)
TOLD = Rule(
    "pulses-told",
    "A source that tells its pulses tells them at PulseRate until stop (5 %; 20 % is a fault); "
    "one that cannot tells none.",
    "Dose is the sum of what is told: a pulse that is left out is dose that nobody knows of.",
)
SILENT = Rule(
    "silent-after-stop",
    "When stop has returned, no pulse and no reading follows.",
    "What is told then belongs to no run, or means that the beam is still on.",
)
IN_FAULT = Rule(
    "stop-in-fault",
    f"After a fault (by {INTERLOCK} or {UNPLUG_COMMAND}, where offered) it is said, nothing more "
    "is told, stop and close return, and the device opens and runs again.",
    "A generator that trips must be off, say why, and be had back without a restart of the room.",
)
_FIRST_S = 5.0
_QUIET_METER_S = 1.0
_SAID_S = 3.0


def begin(rig: Rig) -> None:
    """Begin a run of an armed device, as the examination does: prepared, then started."""
    if rig.traits.handshake:
        rig.call("prepare", PREPARE.id)
        rig.start(PREPARE.id)
    else:
        rig.start()


def wait_told(rig: Rig, count: int) -> None:
    """Wait until so many pulses or readings were told in this run.

    A meter may have nothing to tell; raises Violation for a source that tells nothing.
    """
    traits = rig.traits
    if not traits.reports_pulses:
        return
    is_meter = traits.kind == METER
    limit_s = _QUIET_METER_S if is_meter else min(_FIRST_S, rig.effort.first_frame_s)
    until(lambda: len(rig.log.pulses) >= count or bool(rig.log.failures), limit_s)
    if rig.log.failures:
        rule = endurance.START_STOP if is_meter else TOLD
        raise Violation(rule.id, f"It said: {rig.log.failures[0]}")
    if not is_meter and len(rig.log.pulses) < count:
        came = len(rig.log.pulses)
        raise Violation(TOLD.id, f"{came} of {count} pulses were told in {limit_s:g} s.")


def told_in_time(rig: Rig) -> list[ToldPulse]:
    """Return what was told in this run before stop had returned."""
    return [entry for entry in rig.log.pulses if not entry.late]


# many runs


def _many_runs(desk: TrialContext) -> Iterator[Finding]:
    start_s: list[float] = []
    stop_s: list[float] = []
    prints: list[Footprint] = []
    with desk.open_rig() as rig:
        rig.arm()
        end = time.monotonic() + desk.effort.budget_s
        for run in range(desk.effort.runs):
            begin(rig)
            if run % 3:  # each third run is stopped before its first pulse
                wait_told(rig, 1)
            rig.stop()
            start_s.append(rig.took_s["start"])
            stop_s.append(rig.took_s["stop"])
            prints.append(Footprint.now())
            if time.monotonic() > end and run >= endurance.WARM_UP + 6:
                break
        until(lambda: False, desk.effort.settle_s)
        late = sum(entry.late for log in rig.logs for entry in log.pulses)
    yield passed(endurance.START_STOP.id, f"{len(start_s)} runs were started and stopped.")
    yield endurance.start_time(start_s)
    yield endurance.stop_time(stop_s)
    yield judged(
        SILENT.id,
        [f"{late} pulses or readings were told after stop had returned."] if late else [],
        f"Nothing came after any of {len(stop_s)} stops.",
    )
    yield from growth(prints)


# close in a run, and after a fault


def _endings(desk: TrialContext) -> Iterator[Finding]:
    yield _close_in_run(desk)
    yield _fault(desk)


def _close_in_run(desk: TrialContext) -> Finding:
    rule = CLOSE_STREAMING.id
    with desk.open_rig() as rig:
        rig.arm()
        begin(rig)
        wait_told(rig, 2)
        desk.step(rule)
        try:
            rig.do("close", rig.device.close, rule)
        except Hang:
            raise
        except Exception as error:
            return failed(rule, f"Close in a run raised {type(error).__name__}: {error}")
        before = len(rig.log.pulses)
        until(lambda: False, desk.effort.settle_s)
        late = len(rig.log.pulses) - before
        rig.close(CLOSE_TWICE.id)
    if late:
        return failed(rule, f"{late} pulses or readings were told after close had returned.")
    return _runs_again(desk, rule)


def _fault(desk: TrialContext) -> Finding:
    rule = IN_FAULT.id
    with desk.open_rig() as rig:
        offered = provocation(rig)
        rig.arm()
        begin(rig)
        wait_told(rig, 2)
        if offered is not None:
            fault = _provoke(desk, rig, *offered)
            if fault:
                return failed(rule, fault)
        else:  # the HAL's own: it takes nothing more and forbids pulses
            rig.sink.close()
            rig.release_pedal()
        rig.stop(rule)
        if offered is not None and offered[0] == INTERLOCK:
            with suppress(Exception):  # where a fault stays until the device is opened again
                rig.tree.write(INTERLOCK, False)
        rig.close(rule)
        said = [*rig.log.failures, *rig.log.refusals]
    return _runs_again(desk, rule, f"It said: {said[0]}. " if said else "")


def provocation(rig: Rig) -> tuple[str, Value] | None:
    """Return the parameter that makes a fault, and its value; None where none is offered."""
    if UNPLUG_COMMAND in rig.tree:
        return UNPLUG_COMMAND, ""
    if INTERLOCK in rig.tree:
        parameter = rig.tree[INTERLOCK]
        if parameter.kind == "bool" and writable(parameter) and parameter.read() is False:
            return INTERLOCK, True
    return None


def _provoke(desk: TrialContext, rig: Rig, name: str, value: Value) -> str:
    """Make a fault during a run; return what is wrong with the answer, or nothing."""
    rule = IN_FAULT.id
    desk.step(rule)
    rig.do(name, lambda: rig.tree.write(name, value, idle=False), rule)
    log = rig.log
    limit_s = _SAID_S * desk.effort.deadline_scale
    if not until(lambda: bool(log.failures or log.refusals), limit_s):
        return f"{limit_s:g} s after {name} nothing had been said."
    said, before = [*log.failures, *log.refusals][0], len(log.pulses)
    until(lambda: False, desk.effort.settle_s)
    more = len(log.pulses) - before
    return f"It said {said!r}, and told {more} pulses or readings after that." if more else ""


def _runs_again(desk: TrialContext, rule: str, before: str = "") -> Finding:
    try:
        with desk.open_rig() as rig:
            rig.arm()
            begin(rig)
            wait_told(rig, 1)
            rig.stop()
    except Hang:
        raise
    except Violation as violation:
        return failed(rule, f"{before}After it was closed: {violation.seen}")
    return passed(rule, f"{before}It closed, opened again and ran.")


MANY_TOLD = Trial(
    "many exposures",
    _many_runs,
    (
        endurance.START_STOP,
        endurance.START_AT_ONCE,
        endurance.STOP_DEADLINE,
        SILENT,
        endurance.MEMORY,
        endurance.THREADS,
        endurance.HANDLES,
        endurance.PROCESSES,
    ),
    needs=("open-close",),
    kinds=(GENERATOR, METER),
)
ENDINGS = Trial(
    "close and faults",
    _endings,
    (CLOSE_STREAMING, IN_FAULT),
    needs=("open-close", "start-stop"),
    kinds=(GENERATOR, METER),
)
