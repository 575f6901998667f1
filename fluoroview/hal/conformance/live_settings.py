"""Parameters while frames come, and the rate that follows what is set."""

from collections.abc import Iterator
from contextlib import suppress

from fluoroview.hal.conformance.rig import Hang, Rig
from fluoroview.hal.conformance.settings import values_to_try, writables, write_fault
from fluoroview.hal.conformance.timing import rate_finding
from fluoroview.hal.conformance.trial import Desk, Trial
from fluoroview.hal.conformance.verdict import Finding, Rule, judged, not_applicable
from fluoroview.hal.parameter import Access, Parameter, Value

STREAMING = Rule(
    "parameters-streaming",
    "While frames come, parameters can be read and those of access rw written, and frames go on.",
    "Exposure and rate are turned with the pedal down.",
)
RATE_SET = Rule(
    "rate-set",
    "After AcquisitionFrameRate is set to about half, frames come at that rate.",
    "A rate that is read back but not obeyed is dose that nobody asked for.",
)
_NOT_TURNED = ("Trigger", "Acquisition", "Line", "Counter", "Timer", "Test")
"""Beginnings of names that end the stream when turned; AcquisitionFrameRate is turned."""


def _live(desk: Desk) -> Iterator[Finding]:
    yield _streaming(desk)
    yield _rate_set(desk)


def _streaming(desk: Desk) -> Finding:
    rule = STREAMING.id
    faults: list[str] = []
    turned = 0
    with desk.open_rig() as rig:
        desk.step(rule)
        turnable = rig.do("settings", lambda: _turnable(rig), rule)
        rig.arm()
        rig.start()
        rig.wait_frames(2)
        desk.step(rule)
        for parameter in list(rig.tree):
            fault, written = _turn(rig, parameter, turn=parameter.name in turnable)
            turned += written
            if fault:
                faults.append(fault)
        rig.stop()
    return judged(rule, faults, f"{turned} parameters were written while frames came.")


def _turnable(rig: Rig) -> set[str]:
    """Return the parameters that may be written in a run and can be written while idle."""
    candidates = [parameter for parameter in writables(rig) if _may_turn(parameter)]
    return {p.name for p in candidates if not _write_both(rig, p, p.read())}


def _turn(rig: Rig, parameter: Parameter, *, turn: bool) -> tuple[str, bool]:
    """Write a parameter during the run and put it back; return the fault, and if it was written."""
    rule, name = STREAMING.id, parameter.name
    try:
        original = rig.do(f"the reading of {name}", parameter.read, rule)
    except Hang:
        raise
    except Exception as error:
        return f"{name} cannot be read while frames come: {type(error).__name__}: {error}", False
    if not turn:
        return "", False
    method = f"the writing of {name} while frames came"
    fault = rig.do(method, lambda: _write_both(rig, parameter, original), rule)
    rig.drain()
    if not fault and not any(True for _ in rig.frames(0.0, 1, rig.stall_s)):
        fault = f"No frame came any more after {name} was written."
    return fault, True


def _may_turn(parameter: Parameter) -> bool:
    name = parameter.name
    return parameter.access is Access.RW and (
        name == "AcquisitionFrameRate" or not name.startswith(_NOT_TURNED)
    )


def _write_both(rig: Rig, parameter: Parameter, original: Value) -> str:
    values = values_to_try(parameter)
    fault = write_fault(rig, parameter, values[len(values) // 2], idle=False)
    with suppress(Exception):  # what it is to say was said above
        rig.tree.write(parameter.name, original, idle=False)
    return fault


def _rate_set(desk: Desk) -> Finding:
    rule, name = RATE_SET.id, "AcquisitionFrameRate"
    with desk.open_rig() as rig:
        if name not in {parameter.name for parameter in writables(rig)}:
            return not_applicable(rule, f"{name} cannot be written.")
        limits, now = rig.tree[name].limits(), float(rig.tree[name].read())
        wanted = max(now / 2, limits["minimum"] or 0.0)
        if wanted > 0.8 * now:
            return not_applicable(rule, f"{name} is at its minimum of {limits['minimum']} Hz.")
        fault = rig.do("the writing of the rate", lambda: _set_rate(rig, name, wanted), rule)
        if fault:
            return not_applicable(rule, f"{fault} See parameter-readback.")
        rig.arm()
        rig.start()
        for _ in rig.frames(desk.effort.stream_s, at_least=8):
            pass
        rig.stop()
        frames = rig.log.frames[1:]
    if len(frames) < 4:
        return not_applicable(rule, f"Only {len(rig.log.frames)} frames came.")
    return rate_finding(rule, frames, rig.rate_hz, triggered=False)


def _set_rate(rig: Rig, name: str, wanted: float) -> str:
    return write_fault(rig, rig.tree[name], wanted)


LIVE = Trial(
    "parameters, live",
    _live,
    (STREAMING, RATE_SET),
)
