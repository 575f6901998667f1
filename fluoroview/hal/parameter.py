"""Typed parameters of a device: unit, limits, choices, access.

Names follow the GenICam Standard Features Naming Convention where it has one (ExposureTime in µs,
Gain, Width, OffsetX). Limits may be callables, because in real devices they depend on other
values. A value is read back after each write, because SDKs round.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from enum import StrEnum
from typing import Any

from fluoroview.hal.errors import FluoroError
from fluoroview.hal.frame import PixelIntensityRelationship

Value = bool | int | float | str


class Access(StrEnum):
    """When a parameter may be written; RW_IDLE: only while the device is IDLE."""

    RO = "ro"
    RW = "rw"
    RW_IDLE = "rw when idle"


class ParameterError(FluoroError):
    """A parameter that does not exist, or a value that is not allowed."""


class Parameter:
    """One named value of a device. Subclasses fix the type."""

    kind = "str"

    def __init__(
        self,
        name: str,
        get: Callable[[], Any],
        set: Callable[[Any], None] | None = None,
        *,
        unit: str = "",
        access: Access | None = None,
        doc: str = "",
        keys: Sequence[str] = (),
        step: float | None = None,
    ) -> None:
        self.name = name
        self.unit = unit
        self.doc = doc
        self.keys = tuple(keys)
        """Keys of a keyboard that suit it, by Qt's names: one to press or to switch, or two for
        more and less, as ("Up", "Down")."""
        self.step = step
        """How far one press of a key goes; None: the increment, or what the viewer thinks fit."""
        self.access = access or (Access.RW if set else Access.RO)
        self._get = get
        self._set = set

    def read(self) -> Value:
        """Return the current value, as the device has it."""
        return self._get()  # type: ignore[no-any-return]

    def check(self, value: Any) -> Value:
        """Return `value` in the parameter's type, or raise ValueError saying what is allowed."""
        if not isinstance(value, str):
            raise ValueError("allowed is a text")
        return value

    def write(self, value: Value) -> None:
        """Hand a checked value to the device."""
        if self._set is not None:
            self._set(value)

    def limits(self) -> dict[str, Any]:
        """Return what bounds the value, JSON-able."""
        return {}

    def describe(self) -> dict[str, Any]:
        """Return the parameter as a JSON-able dict: name, type, value, unit, limits, access."""
        described: dict[str, Any] = {
            "name": self.name,
            "type": self.kind,
            "value": self.read(),
            "unit": self.unit,
            "minimum": None,
            "maximum": None,
            "increment": None,
            "choices": None,
            "access": str(self.access),
            "doc": self.doc,
            "keys": list(self.keys),
            "step": self.step,
        }
        return described | self.limits()


class StrParameter(Parameter):
    """A text."""


class BoolParameter(Parameter):
    """True or false."""

    kind = "bool"

    def check(self, value: Any) -> Value:
        """Accept True and False only."""
        if not isinstance(value, bool):
            raise ValueError("allowed are true and false")
        return value


class _NumberParameter(Parameter):
    """A number between limits."""

    def __init__(
        self,
        name: str,
        get: Callable[[], Any],
        set: Callable[[Any], None] | None = None,
        *,
        minimum: Any = None,
        maximum: Any = None,
        increment: Any = None,
        unit: str = "",
        access: Access | None = None,
        doc: str = "",
        keys: Sequence[str] = (),
        step: float | None = None,
    ) -> None:
        super().__init__(name, get, set, unit=unit, access=access, doc=doc, keys=keys, step=step)
        self._bounds = {"minimum": minimum, "maximum": maximum, "increment": increment}

    def limits(self) -> dict[str, Any]:
        """Return minimum, maximum and increment as they stand now."""
        return {key: self._bound(key) for key in self._bounds}

    def _bound(self, key: str) -> int | float | None:
        bound = self._bounds[key]
        value: int | float | None = bound() if callable(bound) else bound
        if value is not None and not math.isfinite(value):
            raise ValueError(f"the driver states {value} as its {key}, which is no limit")
        return value

    def _check_limits(self, number: int | float) -> None:
        low, high = self._bound("minimum"), self._bound("maximum")
        if (low is not None and number < low) or (high is not None and number > high):
            raise ValueError(f"allowed is {_span(low, high)}{_unit(self.unit)}")


class IntParameter(_NumberParameter):
    """A whole number between limits, on a raster of `increment` from the minimum."""

    kind = "int"

    def check(self, value: Any) -> Value:
        """Accept a whole number within the limits and on the raster."""
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if not is_number or not math.isfinite(value) or value != int(value):
            raise ValueError("allowed is a whole number")
        number = int(value)
        self._check_limits(number)
        step, low = self._bound("increment") or 1, self._bound("minimum") or 0
        if (number - low) % step:
            raise ValueError(f"allowed are steps of {step} from {low}{_unit(self.unit)}")
        return number


class FloatParameter(_NumberParameter):
    """A finite number between limits."""

    kind = "float"

    def check(self, value: Any) -> Value:
        """Accept a finite number within the limits."""
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise ValueError("allowed is a number")
        if not math.isfinite(value):
            raise ValueError("allowed is a finite number")
        self._check_limits(float(value))
        return float(value)


class EnumParameter(Parameter):
    """One of several texts."""

    kind = "enum"

    def __init__(
        self,
        name: str,
        get: Callable[[], Any],
        set: Callable[[Any], None] | None = None,
        *,
        choices: Sequence[str] | Callable[[], Sequence[str]],
        unit: str = "",
        access: Access | None = None,
        doc: str = "",
        keys: Sequence[str] = (),
        step: float | None = None,
    ) -> None:
        super().__init__(name, get, set, unit=unit, access=access, doc=doc, keys=keys, step=step)
        self._choices = choices

    def limits(self) -> dict[str, Any]:
        """Return the choices as they stand now."""
        return {"choices": list(self._choices() if callable(self._choices) else self._choices)}

    def check(self, value: Any) -> Value:
        """Accept one of the choices."""
        choices = self.limits()["choices"]
        if value not in choices:
            raise ValueError(f"allowed are {', '.join(choices)}")
        return str(value)


class RelationshipParameter(EnumParameter):
    """PixelIntensityRelationship where the operator says it, because `silent` does not.

    `silent` is the interface that leaves it open ("GenICam"). It keeps what was chosen; DISP at
    first.
    """

    def __init__(self, silent: str) -> None:
        self.chosen = PixelIntensityRelationship.DISP
        super().__init__(
            "PixelIntensityRelationship",
            lambda: str(self.chosen),
            self._choose,
            choices=[str(choice) for choice in PixelIntensityRelationship],
            access=Access.RW_IDLE,
            doc=f"How pixel values follow x-ray intensity. {silent} does not say it: LIN for a "
            "flat panel, DISP for a camera.",
        )

    def _choose(self, value: str) -> None:
        self.chosen = PixelIntensityRelationship(value)


class CommandParameter(Parameter):
    """Something the device does when told; it has no value."""

    kind = "command"

    def __init__(
        self,
        name: str,
        execute: Callable[[], None],
        *,
        doc: str = "",
        keys: Sequence[str] = (),
    ) -> None:
        super().__init__(name, lambda: "", lambda _value: execute(), doc=doc, keys=keys)

    def check(self, value: Any) -> Value:
        """Accept anything: a command is told to run, not what to be."""
        return str(value)


class ParameterTree:
    """The parameters of one device, in the order the driver gives them."""

    def __init__(self, parameters: Sequence[Parameter], device: str = "") -> None:
        self.device = device
        self._by_name: dict[str, Parameter] = {}
        self.replace(parameters)

    def replace(self, parameters: Sequence[Parameter]) -> None:
        """Takes these parameters for the old ones: a device in another mode may have others."""
        by_name = {parameter.name: parameter for parameter in parameters}
        if len(by_name) != len(parameters):
            raise ValueError(f"{self.device or 'a device'} names a parameter twice")
        self._by_name = by_name

    def __getitem__(self, name: str) -> Parameter:
        if name not in self._by_name:
            raise ParameterError(
                f"{self.device or 'The device'} has no parameter {name}.",
                f"It has: {', '.join(self._by_name)}.",
                self.device,
            )
        return self._by_name[name]

    def __contains__(self, name: object) -> bool:
        return name in self._by_name

    def __iter__(self) -> Iterator[Parameter]:
        return iter(self._by_name.values())

    def describe(self) -> list[dict[str, Any]]:
        """Return every parameter as a JSON-able dict."""
        return [parameter.describe() for parameter in self]

    def write(self, name: str, value: Any, *, idle: bool = True) -> Value:
        """Check, write and read back; `idle` says whether RW_IDLE parameters may be written.

        Raises ParameterError naming device, parameter, value and what is allowed.
        """
        parameter = self[name]
        where = f"{self.device or 'The device'}: parameter {name}"
        if parameter.access is Access.RO:
            raise ParameterError(f"{where} is read-only.", device=self.device)
        if parameter.access is Access.RW_IDLE and not idle:
            raise ParameterError(
                f"{where} can be written only while the device is IDLE.",
                "Release the pedal and disarm the device first.",
                self.device,
            )
        try:
            checked = parameter.check(value)
        except ValueError as error:
            shown = f"{value}{_unit(parameter.unit)}"
            raise ParameterError(
                f"{where} cannot be {shown}: {error}.", device=self.device
            ) from error
        parameter.write(checked)
        return parameter.read()


def _unit(unit: str) -> str:
    return f" {unit}" if unit else ""


def _span(low: float | None, high: float | None) -> str:
    if low is None:
        return f"at most {high}"
    if high is None:
        return f"at least {low}"
    return f"{low} to {high}"
