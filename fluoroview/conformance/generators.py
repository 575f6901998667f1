"""X-ray sources: the handshake, refusals, and the pulses that are told while exposing."""

import math
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import pairwise

from fluoroview.conformance import pulses
from fluoroview.conformance.probe import ToldPulse
from fluoroview.conformance.pulse_reporting import (
    INTERLOCK,
    PREPARE,
    TOLD,
    begin,
    provocation,
    told_in_time,
    wait_told,
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
    "refusal-said",
    f"Start without prepare, and prepare with {INTERLOCK} set (where offered), are refused by "
    "DeviceError with a sentence, and nothing is told.",
    "An exposure that does not begin needs its reason on the screen, and one that may not begin "
    "must not.",
)
_NO_HANDSHAKE = "There is no handshake."
_AFTER_RELEASE_S = 0.15
_LEAST_PULSES = 6
_SLOWEST_S = 10.0
_OFF, _WRONG = 0.05, 0.20


def _exposing(desk: TrialContext) -> Iterator[Finding]:
    yield _prepare(desk)
    yield from _refusal(desk)
    yield from _exposure(desk)


# the handshake


def _prepare(desk: TrialContext) -> Finding:
    rule = PREPARE.id
    took_s: list[float] = []
    with desk.open_rig() as rig:
        if not rig.traits.handshake:
            return not_applicable(rule, _NO_HANDSHAKE)
        rig.arm()
        for _ in range(2):
            rig.call("prepare", rule)
            took_s.append(rig.took_s["prepare"])
        rig.start(rule)
        rig.stop()
        rig.call("prepare", rule)  # and the pedal is up before the exposure: closed as it is
        took_s.append(rig.took_s["prepare"])
    seen = f"It was ready {len(took_s)} times, after at most {max(took_s):.2f} s."
    return (warned if max(took_s) > DEADLINE_S["prepare"] / 2 else passed)(rule, seen)


def _refusal(desk: TrialContext) -> Iterator[Finding]:
    with desk.open_rig() as rig:
        if not rig.traits.handshake:
            yield not_applicable(REFUSAL.id, _NO_HANDSHAKE)
            return
        rig.arm()
        yield _unprepared(desk, rig)
        yield from _door_open(desk, rig)


def _unprepared(desk: TrialContext, rig: Rig) -> Finding:
    rig.permit()
    said, fault = _refused(rig, "start", rig.server.do_start)
    until(lambda: False, desk.effort.settle_s)
    count = len(rig.log.pulses)
    rig.stop()
    if fault:
        return failed(REFUSAL.id, fault)
    if not said:
        return warned(REFUSAL.id, f"Start without prepare was accepted, and told {count} pulses.")
    if count:
        return failed(REFUSAL.id, f"It refused ({said}), and told {count} pulses all the same.")
    return passed(REFUSAL.id, f"Unprepared, it said: {said}")


def _door_open(desk: TrialContext, rig: Rig) -> Iterator[Finding]:
    offered = provocation(rig)
    if offered is None or offered[0] != INTERLOCK:
        return
    rig.call("write", REFUSAL.id, name=INTERLOCK, value=True, idle=True)
    said, fault = _refused(rig, "prepare", rig.server.do_prepare)
    with suppress(Violation):  # parameter-readback has something to say of it
        rig.call("write", REFUSAL.id, name=INTERLOCK, value=False, idle=True)
    if fault or not said:
        yield failed(REFUSAL.id, fault or f"Prepare was accepted with {INTERLOCK} set.")
        return
    begin(rig)
    rig.stop()
    yield passed(REFUSAL.id, f"With {INTERLOCK} set it said: {said}")


def _refused(rig: Rig, method: str, call: Callable[[], None]) -> tuple[str, str]:
    """Return the sentence with which a call was refused, and what is wrong with the refusal."""
    rig.step(REFUSAL.id)
    try:
        rig.do(method, call, REFUSAL.id)
    except FluoroError as error:
        fault = "" if error.what.strip() else f"{method.capitalize()} was refused without a word."
        return str(error), fault
    except Hang:
        raise
    except Exception as error:
        kind = type(error).__name__
        return "", f"{method.capitalize()} raised {kind}, no DeviceError: {error}"
    return "", ""


# the pulses


def _exposure(desk: TrialContext) -> Iterator[Finding]:
    with desk.open_rig() as rig:
        tells, rate_hz = rig.traits.reports_pulses, _pulse_rate(rig)
        rig.arm()
        begin(rig)
        wait_told(rig, 2)
        _watch(rig, desk.effort.stream_s, rate_hz)
        held_ns = time.monotonic_ns()
        rig.release_pedal()
        released_ns = time.monotonic_ns()
        until(lambda: False, _AFTER_RELEASE_S)
        rig.stop()
        until(lambda: False, desk.effort.settle_s)
        told, failures = told_in_time(rig), rig.log.failures
    if failures:
        yield failed(TOLD.id, f"The driver reported: {failures[0]}")
    elif not tells:
        yield _tells_none(told)
    else:
        yield _rate([entry for entry in told if entry.at_ns <= held_ns], rate_hz, held_ns)
    if tells:
        yield from pulses.judge_pulses(told, [], released_ns)
    else:
        for rule in pulses.RULES:
            yield not_applicable(rule.id, "The source cannot tell its pulses.")


def _watch(rig: Rig, seconds: float, rate_hz: float) -> None:
    """Let it expose for `seconds`, and longer where pulses are far apart."""
    if not rig.traits.reports_pulses:
        until(lambda: False, seconds)
        return
    wanted_s = _LEAST_PULSES / rate_hz if rate_hz > 0 else seconds
    until(lambda: bool(rig.log.failures), min(max(seconds, wanted_s), _SLOWEST_S))


def _pulse_rate(rig: Rig) -> float:
    """Return PulseRate in 1/s, NaN where it is not stated."""
    try:
        return float(rig.tree["PulseRate"].read()) if "PulseRate" in rig.tree else math.nan
    except ValueError:
        return math.nan  # a choice in words


def _tells_none(told: list[ToldPulse]) -> Finding:
    if not told:
        return passed(TOLD.id, "It cannot tell its pulses, and told none.")
    return failed(
        TOLD.id,
        f"It says that it cannot tell its pulses (reports_pulses is false), and told {len(told)}: "
        "they would be counted twice.",
    )


def _rate(told: list[ToldPulse], stated_hz: float, held_ns: int) -> Finding:
    """Judge the pulses told while the pedal was down, until `held_ns`."""
    times_ns = [entry.pulse.host_time_ns for entry in told]
    pause_s = max(b - a for a, b in pairwise([*(e.at_ns for e in told), held_ns])) / 1e9
    if pause_s > stall_s(stated_hz):
        return failed(TOLD.id, f"For {pause_s:.1f} s of the exposure nothing was told.")
    span_s = (times_ns[-1] - times_ns[0]) / 1e9
    rate_hz = (len(told) - 1) / span_s if span_s > 0 else math.nan
    seen = f"{len(told)} pulses, {rate_hz:.2f}/s"
    if math.isnan(stated_hz) or math.isnan(rate_hz):
        return passed(TOLD.id, f"{seen}; PulseRate is not stated.")
    off = abs(rate_hz / stated_hz - 1)
    say = failed if off > _WRONG else warned if off > _OFF else passed
    return say(TOLD.id, f"{seen}; PulseRate is {stated_hz:g}/s.")


EXPOSING = Trial(
    "handshake and pulses",
    _exposing,
    (PREPARE, REFUSAL, TOLD, *pulses.RULES),
    needs=("open-close",),
    kinds=(GENERATOR,),
)
