"""What generators and meters share: how a run begins, many runs, close during a run, a fault."""

import time
from collections.abc import Iterator
from contextlib import suppress

from fluoroview.conformance import endurance
from fluoroview.conformance.endurance import Footprint, growth
from fluoroview.conformance.lifecycle import CLOSE_STREAMING, CLOSE_TWICE
from fluoroview.conformance.probe import ReportedPulse
from fluoroview.conformance.rig import Hang, Rig, Violation, until
from fluoroview.conformance.settings import writable
from fluoroview.conformance.trial import GENERATOR, METER, Trial, TrialContext
from fluoroview.conformance.verdict import Finding, Rule, failed, judged, passed
from fluoroview.hal.parameter import Value
from fluoroview.hal.states import DEADLINE_S

UNPLUG_COMMAND = "TestUnplug"
"""A CommandParameter with which a driver simulates a disconnected cable."""
INTERLOCK = "Interlock"
"""A writable BoolParameter with which a generator simulates an open door."""

PREPARE = Rule(
    "prepare",
    f"Prepare returns when ready, within {DEADLINE_S['prepare']:g} s, also twice in a row, and the "
    "following exposure is not refused.",
    "The foot is on the pedal: a slow rotor that looks like a fault costs the moment.",
)
PULSES_REPORTED = Rule(
    "pulses-reported",
    "A generator that reports pulses does so at PulseRate until stop (5 %; 20 % is a fault); one "
    "that cannot reports none.",
    "Dose is the sum of the reported pulses: a missing pulse is dose that nobody knows of.",
)
SILENT = Rule(
    "silent-after-stop",
    "When stop has returned, no pulse and no reading follows.",
    "A later pulse belongs to no run, or means that the beam is still on.",
)
IN_FAULT = Rule(
    "stop-in-fault",
    f"After a fault (by {INTERLOCK} or {UNPLUG_COMMAND}, where offered) the driver reports it, "
    "no pulse follows, stop and close return, and the device opens and runs again.",
    "A generator that trips must be off, state why, and be usable again without a restart of the "
    "room.",
)
_FIRST_S = 5.0
_QUIET_METER_S = 1.0
_REPORTED_S = 3.0


def begin(rig: Rig) -> None:
    """Begin a run of an armed device, as the session does: prepare, then start."""
    if rig.traits.handshake:
        rig.call("prepare", PREPARE.id)
        rig.start(PREPARE.id)
    else:
        rig.start()


def wait_reported(rig: Rig, count: int) -> None:
    """Wait until so many pulses or readings were reported in this run.

    A meter may have nothing to report; raises Violation for a generator that reports nothing.
    """
    traits = rig.traits
    if not traits.reports_pulses:
        return
    is_meter = traits.kind == METER
    limit_s = _QUIET_METER_S if is_meter else min(_FIRST_S, rig.effort.first_frame_s)
    until(lambda: len(rig.log.pulses) >= count or bool(rig.log.failures), limit_s)
    if rig.log.failures:
        rule = endurance.START_STOP if is_meter else PULSES_REPORTED
        raise Violation(rule.id, f"It reported: {rig.log.failures[0]}")
    if not is_meter and len(rig.log.pulses) < count:
        came = len(rig.log.pulses)
        raise Violation(
            PULSES_REPORTED.id, f"{came} of {count} pulses were reported in {limit_s:g} s."
        )


def reported_in_time(rig: Rig) -> list[ReportedPulse]:
    """Return what was reported in this run before stop returned."""
    return [entry for entry in rig.log.pulses if not entry.late]


# many runs


def _many_runs(context: TrialContext) -> Iterator[Finding]:
    start_s: list[float] = []
    stop_s: list[float] = []
    prints: list[Footprint] = []
    with context.open_rig() as rig:
        rig.arm()
        end = time.monotonic() + context.effort.budget_s
        for run in range(context.effort.runs):
            begin(rig)
            if run % 3:  # each third run is stopped before its first pulse
                wait_reported(rig, 1)
            rig.stop()
            start_s.append(rig.took_s["start"])
            stop_s.append(rig.took_s["stop"])
            prints.append(Footprint.now())
            if time.monotonic() > end and run >= endurance.WARM_UP + 6:
                break
        until(lambda: False, context.effort.settle_s)
        late = sum(entry.late for log in rig.logs for entry in log.pulses)
    yield passed(endurance.START_STOP.id, f"{len(start_s)} runs were started and stopped.")
    yield endurance.start_time(start_s)
    yield endurance.stop_time(stop_s)
    yield judged(
        SILENT.id,
        [f"{late} pulses or readings were reported after stop had returned."] if late else [],
        f"Nothing came after any of {len(stop_s)} stops.",
    )
    yield from growth(prints)


# close in a run, and after a fault


def _endings(context: TrialContext) -> Iterator[Finding]:
    yield _close_in_run(context)
    yield _fault(context)


def _close_in_run(context: TrialContext) -> Finding:
    rule = CLOSE_STREAMING.id
    with context.open_rig() as rig:
        rig.arm()
        begin(rig)
        wait_reported(rig, 2)
        context.step(rule)
        try:
            rig.do("close", rig.device.close, rule)
        except Hang:
            raise
        except Exception as error:
            return failed(rule, f"Close in a run raised {type(error).__name__}: {error}")
        before = len(rig.log.pulses)
        until(lambda: False, context.effort.settle_s)
        late = len(rig.log.pulses) - before
        rig.close(CLOSE_TWICE.id)
    if late:
        return failed(rule, f"{late} pulses or readings were reported after close had returned.")
    return _runs_again(context, rule)


def _fault(context: TrialContext) -> Finding:
    rule = IN_FAULT.id
    with context.open_rig() as rig:
        offered = provocation(rig)
        rig.arm()
        begin(rig)
        wait_reported(rig, 2)
        if offered is not None:
            fault = _provoke(context, rig, *offered)
            if fault:
                return failed(rule, fault)
        else:  # the HAL's own fault: it accepts nothing more and forbids pulses
            rig.sink.close()
            rig.release_pedal()
        rig.stop(rule)
        if offered is not None and offered[0] == INTERLOCK:
            with suppress(Exception):  # where a fault stays until the device is opened again
                rig.tree.write(INTERLOCK, False)
        rig.close(rule)
        reported = [*rig.log.failures, *rig.log.refusals]
    return _runs_again(context, rule, f"It reported: {reported[0]}. " if reported else "")


def provocation(rig: Rig) -> tuple[str, Value] | None:
    """Return the parameter that provokes a fault, and its value; None where there is none."""
    if UNPLUG_COMMAND in rig.tree:
        return UNPLUG_COMMAND, ""
    if INTERLOCK in rig.tree:
        parameter = rig.tree[INTERLOCK]
        if parameter.kind == "bool" and writable(parameter) and parameter.read() is False:
            return INTERLOCK, True
    return None


def _provoke(context: TrialContext, rig: Rig, name: str, value: Value) -> str:
    """Provoke a fault during a run; return what is wrong with the answer, or nothing."""
    rule = IN_FAULT.id
    context.step(rule)
    rig.do(name, lambda: rig.tree.write(name, value, idle=False), rule)
    log = rig.log
    limit_s = _REPORTED_S * context.effort.deadline_scale
    if not until(lambda: bool(log.failures or log.refusals), limit_s):
        return f"{limit_s:g} s after {name} nothing had been reported."
    reported, before = [*log.failures, *log.refusals][0], len(log.pulses)
    until(lambda: False, context.effort.settle_s)
    more = len(log.pulses) - before
    return f"It reported {reported!r}, and {more} pulses or readings after that." if more else ""


def _runs_again(context: TrialContext, rule: str, before: str = "") -> Finding:
    try:
        with context.open_rig() as rig:
            rig.arm()
            begin(rig)
            wait_reported(rig, 1)
            rig.stop()
    except Hang:
        raise
    except Violation as violation:
        return failed(rule, f"{before}After it was closed: {violation.seen}")
    return passed(rule, f"{before}It closed, opened again and ran.")


MANY_EXPOSURES = Trial(
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
