"""Generators: the handshake, refusals, and the pulses reported during an exposure."""

import math
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import pairwise

from fluoroview.conformance import pulses
from fluoroview.conformance.probe import ReportedPulse
from fluoroview.conformance.pulse_reporting import (
    INTERLOCK,
    PREPARE,
    PULSES_REPORTED,
    begin,
    provocation,
    reported_in_time,
    wait_reported,
)
from fluoroview.conformance.rig import Hang, Rig, Violation, stall_s, until
from fluoroview.conformance.trial import GENERATOR, Trial, TrialContext
from fluoroview.conformance.verdict import (
    Finding,
    Rule,
    failed,
    not_applicable,
    passed,
    warned,
)
from fluoroview.hal.errors import FluoroError
from fluoroview.hal.states import DEADLINE_S

REFUSAL = Rule(
    "refusal-reported",
    f"Start without prepare, and prepare with {INTERLOCK} set (where offered), are refused with a "
    "DeviceError that states the reason, and no pulse is reported.",
    "The screen must show why an exposure does not begin, and one that is not permitted must not "
    "begin.",
)
_NO_HANDSHAKE = "There is no handshake."
_AFTER_RELEASE_S = 0.15
_MIN_PULSES = 6
_SLOWEST_S = 10.0
_OFF, _WRONG = 0.05, 0.20


def _exposing(context: TrialContext) -> Iterator[Finding]:
    yield _prepare(context)
    yield from _refusal(context)
    yield from _exposure(context)


# the handshake


def _prepare(context: TrialContext) -> Finding:
    rule = PREPARE.id
    took_s: list[float] = []
    with context.open_rig() as rig:
        if not rig.traits.handshake:
            return not_applicable(rule, _NO_HANDSHAKE)
        rig.arm()
        for _ in range(2):
            rig.call("prepare", rule)
            took_s.append(rig.took_s["prepare"])
        rig.start(rule)
        rig.stop()
        rig.call("prepare", rule)  # the pedal is released before the exposure: closed in this state
        took_s.append(rig.took_s["prepare"])
    seen = f"It was ready {len(took_s)} times, after at most {max(took_s):.2f} s."
    return (warned if max(took_s) > DEADLINE_S["prepare"] / 2 else passed)(rule, seen)


def _refusal(context: TrialContext) -> Iterator[Finding]:
    with context.open_rig() as rig:
        if not rig.traits.handshake:
            yield not_applicable(REFUSAL.id, _NO_HANDSHAKE)
            return
        rig.arm()
        yield _unprepared(context, rig)
        yield from _door_open(context, rig)


def _unprepared(context: TrialContext, rig: Rig) -> Finding:
    rig.permit()
    sentence, fault = _refused(rig, "start", rig.server.do_start)
    until(lambda: False, context.effort.settle_s)
    count = len(rig.log.pulses)
    rig.stop()
    if fault:
        return failed(REFUSAL.id, fault)
    if not sentence:
        return warned(
            REFUSAL.id, f"Start without prepare was accepted, and {count} pulses were reported."
        )
    if count:
        return failed(REFUSAL.id, f"It refused ({sentence}), but reported {count} pulses.")
    return passed(REFUSAL.id, f"Unprepared, it reported: {sentence}")


def _door_open(context: TrialContext, rig: Rig) -> Iterator[Finding]:
    offered = provocation(rig)
    if offered is None or offered[0] != INTERLOCK:
        return
    rig.call("write", REFUSAL.id, name=INTERLOCK, value=True, idle=True)
    sentence, fault = _refused(rig, "prepare", rig.server.do_prepare)
    with suppress(Violation):  # parameter-readback has something to say of it
        rig.call("write", REFUSAL.id, name=INTERLOCK, value=False, idle=True)
    if fault or not sentence:
        yield failed(REFUSAL.id, fault or f"Prepare was accepted with {INTERLOCK} set.")
        return
    begin(rig)
    rig.stop()
    yield passed(REFUSAL.id, f"With {INTERLOCK} set it reported: {sentence}")


def _refused(rig: Rig, method: str, call: Callable[[], None]) -> tuple[str, str]:
    """Return the sentence with which a call was refused, and what is wrong with the refusal."""
    rig.step(REFUSAL.id)
    try:
        rig.do(method, call, REFUSAL.id)
    except FluoroError as error:
        fault = "" if error.what.strip() else f"{method.capitalize()} was refused without a reason."
        return str(error), fault
    except Hang:
        raise
    except Exception as error:
        kind = type(error).__name__
        return "", f"{method.capitalize()} raised {kind} instead of DeviceError: {error}"
    return "", ""


# the pulses


def _exposure(context: TrialContext) -> Iterator[Finding]:
    with context.open_rig() as rig:
        reports, rate_hz = rig.traits.reports_pulses, _pulse_rate(rig)
        rig.arm()
        begin(rig)
        wait_reported(rig, 2)
        _watch(rig, context.effort.stream_s, rate_hz)
        held_ns = time.monotonic_ns()
        rig.release_pedal()
        released_ns = time.monotonic_ns()
        until(lambda: False, _AFTER_RELEASE_S)
        rig.stop()
        until(lambda: False, context.effort.settle_s)
        reported, failures = reported_in_time(rig), rig.log.failures
    if failures:
        yield failed(PULSES_REPORTED.id, f"The driver reported: {failures[0]}")
    elif not reports:
        yield _reports_none(reported)
    else:
        yield _rate([entry for entry in reported if entry.at_ns <= held_ns], rate_hz, held_ns)
    if reports:
        yield from pulses.judge_pulses(reported, [], released_ns)
    else:
        for rule in pulses.RULES:
            yield not_applicable(rule.id, "The generator cannot report its pulses.")


def _watch(rig: Rig, seconds: float, rate_hz: float) -> None:
    """Let it expose for `seconds`, and longer where pulses are far apart."""
    if not rig.traits.reports_pulses:
        until(lambda: False, seconds)
        return
    needed_s = _MIN_PULSES / rate_hz if rate_hz > 0 else seconds
    until(lambda: bool(rig.log.failures), min(max(seconds, needed_s), _SLOWEST_S))


def _pulse_rate(rig: Rig) -> float:
    """Return PulseRate in 1/s, NaN where it is not stated."""
    try:
        return float(rig.tree["PulseRate"].read()) if "PulseRate" in rig.tree else math.nan
    except ValueError:
        return math.nan  # an enumeration


def _reports_none(reported: list[ReportedPulse]) -> Finding:
    if not reported:
        return passed(PULSES_REPORTED.id, "It cannot report its pulses, and reported none.")
    return failed(
        PULSES_REPORTED.id,
        "It states that it cannot report its pulses (reports_pulses is false), and reported "
        f"{len(reported)}: "
        "they would be counted twice.",
    )


def _rate(reported: list[ReportedPulse], stated_hz: float, held_ns: int) -> Finding:
    """Judge the pulses reported while the pedal was down, until `held_ns`."""
    times_ns = [entry.pulse.host_time_ns for entry in reported]
    pause_s = max(b - a for a, b in pairwise([*(e.at_ns for e in reported), held_ns])) / 1e9
    if pause_s > stall_s(stated_hz):
        return failed(
            PULSES_REPORTED.id, f"For {pause_s:.1f} s of the exposure no pulse was reported."
        )
    span_s = (times_ns[-1] - times_ns[0]) / 1e9
    rate_hz = (len(reported) - 1) / span_s if span_s > 0 else math.nan
    seen = f"{len(reported)} pulses, {rate_hz:.2f}/s"
    if math.isnan(stated_hz) or math.isnan(rate_hz):
        return passed(PULSES_REPORTED.id, f"{seen}; PulseRate is not stated.")
    off = abs(rate_hz / stated_hz - 1)
    verdict = failed if off > _WRONG else warned if off > _OFF else passed
    return verdict(PULSES_REPORTED.id, f"{seen}; PulseRate is {stated_hz:g}/s.")


EXPOSING = Trial(
    "handshake and pulses",
    _exposing,
    (PREPARE, REFUSAL, PULSES_REPORTED, *pulses.RULES),
    needs=("open-close",),
    kinds=(GENERATOR,),
)
