"""Parameters while idle: required ones, limits, units, read-back, refusals."""

import math
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from typing import Any, TypeVar

from fluoroview.conformance.rig import Hang, Rig, Violation
from fluoroview.conformance.trial import DETECTOR, KINDS, Trial, TrialContext
from fluoroview.conformance.verdict import Finding, Rule, failed, judged, passed, warned
from fluoroview.hal.parameter import Access, Parameter, ParameterError, Value

T = TypeVar("T")

REQUIRED = Rule(
    "parameters-required",
    "Every value can be read; a detector has Width and Height (whole, at least 1) and PixelFormat.",
    "Without the size no buffer can be made; without the values no exposure factors can be shown.",
)
LIMITS = Rule(
    "parameter-limits",
    "Limits are finite, in order and contain the value; writable numbers have both; "
    "choices contain the value.",
    "The operator's sliders and menus are built from them.",
)
UNITS = Rule(
    "parameter-units",
    "Parameters of the GenICam SFNC carry its unit (ExposureTime µs, AcquisitionFrameRate Hz).",
    "An exposure time in ms where µs are meant is a thousandfold dose.",
)
READBACK = Rule(
    "parameter-readback",
    "Values at the limits, between them and of each choice are accepted, and read back as written "
    "or rounded.",
    "The screen must show what the device does.",
)
REFUSAL = Rule(
    "parameter-refusal",
    "A value beyond a limit, of a wrong type or outside the choices is refused, and the error "
    "states what is allowed.",
    "A silently clamped value is a setting that nobody chose.",
)
REQUIRED_NAMES = ("Width", "Height", "PixelFormat")
SFNC_UNITS: dict[str, tuple[str, ...]] = {
    "ExposureTime": ("µs", "us"),
    "TriggerDelay": ("µs", "us"),
    "AcquisitionFrameRate": ("Hz",),
    "AcquisitionLineRate": ("Hz",),
    "DeviceTemperature": ("°C", "C"),
    "PayloadSize": ("B",),
    "Width": ("px", "pixel", "pixels"),
    "Height": ("px", "pixel", "pixels"),
    "OffsetX": ("px", "pixel", "pixels"),
    "OffsetY": ("px", "pixel", "pixels"),
    "BitDepth": ("bit", "bits"),
    "FrameCounterBits": ("bit", "bits"),
    "TubeVoltage": ("kV",),
    "TubeCurrent": ("mA",),
    "PulseWidth": ("ms",),
}
"""The SFNC's units, and those of the HAL's own names."""
_MAY_BE_BARE = {"Width", "Height", "OffsetX", "OffsetY", "BitDepth", "FrameCounterBits"}
NEVER_WRITTEN = ("Gev", "UserSet", "DeviceUserID", "Firmware", "File", "Device")
"""Beginnings of names that are not written: they can lock a device out of its network."""


def writable(parameter: Parameter) -> bool:
    """Return whether the check may write a parameter."""
    return (
        parameter.access is not Access.RO
        and parameter.kind in ("int", "float", "enum", "bool")
        and not parameter.name.startswith(NEVER_WRITTEN)
    )


def writables(rig: Rig) -> list[Parameter]:
    """Return the parameters that may be written and have readable limits."""
    found = []
    for parameter in rig.tree:
        with suppress(Exception):  # which is parameter-limits' to find
            if writable(parameter):
                parameter.limits()
                found.append(parameter)
    return found


def values_to_try(parameter: Parameter) -> list[Value]:
    """Return the values to try as they are allowed now: both limits and the middle, or each."""
    limits = parameter.limits()
    if parameter.kind == "bool":
        return [True, False]
    if parameter.kind == "enum":
        return list(limits["choices"])
    low, high = limits["minimum"], limits["maximum"]
    if low is None or high is None:
        return [parameter.read()]
    middle = low + (high - low) / 2
    if parameter.kind == "int":
        step = limits["increment"] or 1
        whole = (high - low) // step
        return [low, low + whole // 2 * step, low + whole * step]
    return [low, middle, high]


def read_back_fault(parameter: Parameter, asked: Value, back: Value) -> str:
    """Return what is wrong with a value read back, or nothing."""
    shown = f"{parameter.name} was set to {asked!r} and reads {back!r}."
    if parameter.kind != "float":
        return "" if back == asked else shown
    limits = parameter.limits()
    asked_number, back_number = float(asked), float(back)
    span = (limits["maximum"] or 0.0) - (limits["minimum"] or 0.0)
    room = max(limits["increment"] or 0.0, 0.05 * abs(asked_number), 0.01 * abs(span))
    return "" if abs(back_number - asked_number) <= room else shown


def _settings(context: TrialContext) -> Iterator[Finding]:
    with context.open_rig() as rig:
        yield _required(rig)
        yield _in_driver(rig, LIMITS.id, _limits)
        yield _in_driver(rig, UNITS.id, _units)
        yield _readback(rig)
        yield _refusal(rig)


def _in_driver(rig: Rig, rule: str, look: Callable[[Rig], T]) -> T:
    """Run a check of the parameters in the driver's thread, with its own deadline."""
    rig.step(rule)
    try:
        return rig.do("settings", lambda: look(rig), rule)
    except Hang as hang:
        raise Hang(rule, "A parameter was read or written and did not return.") from hang


def _required(rig: Rig) -> Finding:
    rule = REQUIRED.id
    named = REQUIRED_NAMES if rig.traits.kind == DETECTOR else ()
    missing = [name for name in named if name not in rig.tree]
    if missing:
        raise Violation(rule, f"There is no parameter {' and no '.join(missing)}.")
    values: dict[str, Any] = {}
    rig.step(rule)
    for parameter in rig.tree:
        try:
            values[parameter.name] = rig.do("parameters", parameter.read, rule)
        except Hang:
            raise
        except Exception as error:
            return failed(rule, f"{parameter.name} cannot be read: {_described(error)}")
    if not named:
        return passed(rule, f"{len(values)} parameters.")
    bad = [n for n in ("Width", "Height") if not (isinstance(values[n], int) and values[n] >= 1)]
    if bad:
        return failed(rule, f"{bad[0]} is {values[bad[0]]!r}.")
    return passed(
        rule,
        f"{len(values)} parameters; {values['Width']}×{values['Height']} {values['PixelFormat']}.",
    )


def _limits(rig: Rig) -> Finding:
    faults, open_ended = [], []
    for parameter in rig.tree:
        try:
            fault, bounded = _limit_fault(parameter)
        except Exception as error:
            faults.append(f"The limits of {parameter.name} cannot be read: {_described(error)}")
            continue
        if fault:
            faults.append(fault)
        if not bounded:
            open_ended.append(parameter.name)
    if faults or not open_ended:
        return judged(LIMITS.id, faults, "All limits are finite and contain the value.")
    return warned(LIMITS.id, f"{', '.join(open_ended)} are writable and state no limits.")


def _limit_fault(parameter: Parameter) -> tuple[str, bool]:
    """Return what is wrong with the limits, and whether a writable number has both."""
    limits = parameter.limits()
    if parameter.kind == "enum":
        value, choices = parameter.read(), limits["choices"]
        fault = f"{parameter.name} is {value!r}, which is not one of {choices}."
        return ("" if value in choices else fault), True
    if parameter.kind not in ("int", "float"):
        return "", True
    low, high = limits["minimum"], limits["maximum"]
    bounded = parameter.access is Access.RO or not (low is None or high is None)
    return _number_fault(parameter, low, high, limits["increment"]), bounded


def _number_fault(
    parameter: Parameter, low: float | None, high: float | None, step: float | None
) -> str:
    name, number = parameter.name, float(parameter.read())
    if low is not None and high is not None and low > high:
        return f"{name} has a minimum of {low} above its maximum of {high}."
    if (low is not None and number < low) or (high is not None and number > high):
        return f"{name} is {number:g}, outside its own limits {low} to {high}."
    if step is not None and step <= 0 and parameter.kind == "int":
        return f"{name} has an increment of {step}."
    if not math.isfinite(number) and parameter.access is not Access.RO:
        return f"{name} is {number}."
    return ""


def _units(rig: Rig) -> Finding:
    wrong, bare, right = [], [], 0
    for parameter in rig.tree:
        allowed = SFNC_UNITS.get(parameter.name)
        if allowed is None or parameter.kind not in ("int", "float"):
            continue
        if parameter.unit in allowed:
            right += 1
        elif parameter.unit:
            wrong.append(f"{parameter.name} is in {parameter.unit!r}, not in {allowed[0]}.")
        elif parameter.name not in _MAY_BE_BARE:
            bare.append(parameter.name)
    if wrong or not bare:
        return judged(UNITS.id, wrong, f"{right} parameters of known names have the right unit.")
    return warned(UNITS.id, f"{', '.join(bare)} have no unit.")


def _readback(rig: Rig) -> Finding:
    faults, written = [], 0
    for parameter in _in_driver(rig, READBACK.id, writables):
        tried, fault = _try_all(rig, parameter)
        written += tried
        faults += [fault] if fault else []
    return judged(READBACK.id, faults, f"{written} values were written and read back.")


def _try_all(rig: Rig, parameter: Parameter) -> tuple[int, str]:
    """Write every value to try; return how many were written, and the first fault.

    Each write has a deadline of its own, as in the HAL.
    """
    rule = READBACK.id
    original = _in_driver(rig, rule, lambda _rig: parameter.read())
    written, fault = 0, ""
    for value in _in_driver(rig, rule, lambda _rig: values_to_try(parameter)):
        fault = _in_driver(rig, rule, partial(write_fault, parameter=parameter, value=value))
        written += 1
        if fault:
            break
    _in_driver(rig, rule, partial(_restore, parameter=parameter, original=original))
    return written, fault


def _restore(rig: Rig, parameter: Parameter, original: Value) -> None:
    with suppress(Exception):  # the first fault reported it
        rig.tree.write(parameter.name, original)


def write_fault(rig: Rig, parameter: Parameter, value: Value, *, idle: bool = True) -> str:
    """Write an allowed value; return what went wrong, or nothing."""
    try:
        back = rig.tree.write(parameter.name, value, idle=idle)
    except Exception as error:
        return f"{parameter.name} refused {value!r}, which its limits allow: {_described(error)}"
    return read_back_fault(parameter, value, back)


def _refusal(rig: Rig) -> Finding:
    faults, tried = [], 0
    for parameter in _in_driver(rig, REFUSAL.id, writables):
        count, fault = _in_driver(rig, REFUSAL.id, partial(_try_forbidden, parameter=parameter))
        tried += count
        faults += [fault] if fault else []
    return judged(REFUSAL.id, faults, f"{tried} values that are not allowed were refused.")


def _try_forbidden(rig: Rig, parameter: Parameter) -> tuple[int, str]:
    """Write every forbidden value; return how many were tried, and the first fault."""
    original = parameter.read()
    tried = 0
    for value, named in _forbidden(parameter):
        tried += 1
        fault = _refusal_fault(rig, parameter, value, named, original)
        if fault:
            with suppress(Exception):
                rig.tree.write(parameter.name, original)
            return tried, fault
    return tried, ""


def _forbidden(parameter: Parameter) -> list[tuple[Any, Any]]:
    """Return values that must be refused, each with what the error must name (or None)."""
    limits = parameter.limits()
    if parameter.kind == "enum":
        choices = limits["choices"]
        return [("no such choice", choices[0] if choices else None)]
    if parameter.kind == "bool":
        return [("yes", None)]
    beyond: list[tuple[Any, Any]] = [("seven", None)]
    if parameter.kind == "float":
        beyond.append((math.nan, None))
    for bound, way in ((limits["minimum"], -1), (limits["maximum"], 1)):
        if bound is not None:
            step = limits["increment"] or (1 if parameter.kind == "int" else 0.01 * abs(bound) + 1)
            beyond.append((bound + way * step, bound))
    return beyond


def _refusal_fault(rig: Rig, parameter: Parameter, value: Any, named: Any, original: Value) -> str:
    name = parameter.name
    try:
        back = rig.tree.write(name, value)
    except ParameterError as error:
        if named is not None and str(named) not in str(error):
            return f"{name} refused {value!r} without naming {named!r}: {error}"
        now = parameter.read()
        return "" if now == original else f"{name} refused {value!r}, but reads {now!r} afterwards."
    except Exception as error:
        return f"{name} answered {value!r} with {_described(error)} instead of ParameterError."
    return f"{name} accepted {value!r} and reads {back!r}; allowed are {_allowed(parameter)}."


def _allowed(parameter: Parameter) -> str:
    limits = parameter.limits()
    if limits.get("choices"):
        return ", ".join(limits["choices"])
    return f"{limits.get('minimum')} to {limits.get('maximum')}"


def _described(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}"


SETTINGS = Trial(
    "parameters, idle",
    _settings,
    (REQUIRED, LIMITS, UNITS, READBACK, REFUSAL),
    needs=("open-close",),
    kinds=KINDS,
)
