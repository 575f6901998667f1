"""Parameters during a run, the rate after it was set, and settings that survive start."""

import math
from collections.abc import Iterator
from contextlib import suppress

from fluoroview.conformance.rig import Hang, Rig
from fluoroview.conformance.settings import values_to_try, writables, write_fault
from fluoroview.conformance.timing import rate_finding
from fluoroview.conformance.trial import Trial, TrialContext
from fluoroview.conformance.verdict import Finding, Rule, judged, not_applicable
from fluoroview.hal.parameter import Access, Parameter, Value

STREAMING = Rule(
    "parameters-streaming",
    "While frames come, parameters can be read, those of access rw written, and frames continue.",
    "Exposure and rate are changed with the pedal down.",
)
RATE_SET = Rule(
    "rate-set",
    "After AcquisitionFrameRate is set to about half, frames come at that rate.",
    "A rate that is read back but not applied is dose that nobody asked for.",
)
KEPT = Rule(
    "settings-kept",
    "Settings made before a run (ExposureTime, Gain, AcquisitionFrameRate, BlackLevel) hold during "
    "and after it.",
    "A start that loads defaults exposes with exposure factors that nobody chose.",
)
_TECHNIQUE = ("AcquisitionFrameRate", "ExposureTime", "Gain", "BlackLevel")
"""In the order in which they are set: later ones may narrow the limits of the first."""
_NOT_CHANGED = ("Trigger", "Acquisition", "Line", "Counter", "Timer", "Test")
"""Beginnings of names whose change ends the stream, except AcquisitionFrameRate."""


def _live(context: TrialContext) -> Iterator[Finding]:
    yield _streaming(context)
    yield _rate_set(context)
    yield _kept(context)


def _streaming(context: TrialContext) -> Finding:
    rule = STREAMING.id
    faults: list[str] = []
    turned = 0
    with context.open_rig() as rig:
        context.step(rule)
        changeable = rig.do("settings", lambda: _changeable(rig), rule)
        rig.arm()
        rig.start()
        rig.wait_frames(2)
        context.step(rule)
        for parameter in list(rig.tree):
            fault, written = _change_one(rig, parameter, change=parameter.name in changeable)
            turned += written
            if fault:
                faults.append(fault)
        rig.stop()
    return judged(rule, faults, f"{turned} parameters were written while frames came.")


def _changeable(rig: Rig) -> set[str]:
    """Return the parameters that may be written in a run and can be written while idle."""
    candidates = [parameter for parameter in writables(rig) if _may_change_one(parameter)]
    return {p.name for p in candidates if not _write_both(rig, p, p.read())}


def _change_one(rig: Rig, parameter: Parameter, *, change: bool) -> tuple[str, bool]:
    """Write a parameter during the run and restore it; return the fault and whether it was set."""
    rule, name = STREAMING.id, parameter.name
    try:
        original = rig.do(f"the reading of {name}", parameter.read, rule)
    except Hang:
        raise
    except Exception as error:
        return f"{name} cannot be read while frames come: {type(error).__name__}: {error}", False
    if not change:
        return "", False
    method = f"the writing of {name} while frames came"
    fault = rig.do(method, lambda: _write_both(rig, parameter, original), rule)
    rig.drain()
    if not fault and not any(True for _ in rig.frames(0.0, 1, rig.stall_s)):
        fault = f"No frame came any more after {name} was written."
    return fault, True


def _may_change_one(parameter: Parameter) -> bool:
    name = parameter.name
    return parameter.access is Access.RW and (
        name == "AcquisitionFrameRate" or not name.startswith(_NOT_CHANGED)
    )


def _write_both(rig: Rig, parameter: Parameter, original: Value) -> str:
    values = values_to_try(parameter)
    fault = write_fault(rig, parameter, values[len(values) // 2], idle=False)
    with suppress(Exception):  # its fault was reported above
        rig.tree.write(parameter.name, original, idle=False)
    return fault


def _rate_set(context: TrialContext) -> Finding:
    rule, name = RATE_SET.id, "AcquisitionFrameRate"
    with context.open_rig() as rig:
        if name not in {parameter.name for parameter in writables(rig)}:
            return not_applicable(rule, f"{name} cannot be written.")
        limits, now = rig.tree[name].limits(), float(rig.tree[name].read())
        slower = max(now / 2, limits["minimum"] or 0.0)
        if slower > 0.8 * now:
            return not_applicable(rule, f"{name} is at its minimum of {limits['minimum']} Hz.")
        fault = rig.do("the writing of the rate", lambda: _set_rate(rig, name, slower), rule)
        if fault:
            return not_applicable(rule, f"{fault} See parameter-readback.")
        rig.arm()
        rig.start()
        for _ in rig.frames(context.effort.stream_s, at_least=8):
            pass
        rig.stop()
        frames = rig.log.frames[1:]
    if len(frames) < 4:
        return not_applicable(rule, f"Only {len(rig.log.frames)} frames came.")
    return rate_finding(rule, frames, rig.rate_hz, triggered=False)


def _kept(context: TrialContext) -> Finding:
    rule = KEPT.id
    with context.open_rig() as rig:
        context.step(rule)
        before = rig.do("settings", lambda: _change(rig), rule)
        if not before:
            return not_applicable(rule, f"None of {', '.join(_TECHNIQUE)} can be changed.")
        rig.arm()
        rig.start()
        rig.wait_frames(2)
        context.step(rule)
        faults = rig.do("settings", lambda: _reverted(before, "in the run"), rule)
        rig.stop()
        context.step(rule)
        faults += rig.do("settings", lambda: _reverted(before, "after the run"), rule)
        rig.do("settings", lambda: _restore(rig, before), rule)
    return judged(rule, faults, f"{', '.join(p.name for p, _, _ in before)} kept their values.")


Changed = tuple[Parameter, float, float]
"""A parameter, its previous value, and its value after all had been written."""


def _change(rig: Rig) -> list[Changed]:
    """Write another value to each exposure factor; return those that accepted it."""
    numbers = {p.name: p for p in writables(rig) if p.kind in ("int", "float")}
    technique = [numbers[name] for name in _TECHNIQUE if name in numbers]
    originals = {parameter.name: float(parameter.read()) for parameter in technique}
    for parameter in technique:
        with suppress(Exception):  # parameter-readback finds what is refused
            rig.tree.write(parameter.name, _another(parameter))
    read = [(p, originals[p.name], float(p.read())) for p in technique]
    return [(p, old, new) for p, old, new in read if not math.isclose(old, new, rel_tol=0.1)]


def _another(parameter: Parameter) -> Value:
    """Return a value half as large again or two thirds, or a limit where neither is allowed."""
    limits, now = parameter.limits(), float(parameter.read())
    low, high = limits["minimum"] or 0.0, limits["maximum"] or 0.0
    other = next((v for v in (1.5 * now, now / 1.5) if v != now and low <= v <= high), high)
    if parameter.kind == "float":
        return other
    step = limits["increment"] or 1
    return int(low + (other - low) // step * step)


def _reverted(before: list[Changed], when: str) -> list[str]:
    """Return what has its old value again. An automatic moves other values elsewhere."""
    return [
        f"{parameter.name} was set from {old:g} to {new:g} and is {old:g} again {when}."
        for parameter, old, new in before
        if math.isclose(float(parameter.read()), old, rel_tol=0.01, abs_tol=1e-9)
    ]


def _restore(rig: Rig, before: list[Changed]) -> None:
    for parameter, old, _ in before:
        with suppress(Exception):
            rig.tree.write(parameter.name, int(old) if parameter.kind == "int" else old)


def _set_rate(rig: Rig, name: str, rate_hz: float) -> str:
    return write_fault(rig, rig.tree[name], rate_hz)


LIVE = Trial(
    "parameters, live",
    _live,
    (STREAMING, RATE_SET, KEPT),
)
