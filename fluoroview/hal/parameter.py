"""Typed parameters of a device: unit, limits, choices, access.

Names follow the GenICam Standard Features Naming Convention where it has one (ExposureTime in µs,
Gain, Width, OffsetX). Limits may be callables, because in real devices they depend on other
values. A value is read back after each write, because SDKs round.
"""

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any, Self, TypedDict, Unpack, overload

from fluoroview.hal.errors import FluoroError
from fluoroview.hal.frame import PixelIntensityRelationship
from fluoroview.hal.roles import Role

Value = bool | int | float | str


class Access(StrEnum):
    """When a parameter may be written; RW_IDLE: only while the device is IDLE."""

    RO = "ro"
    RW = "rw"
    RW_IDLE = "rw when idle"


class Visibility(StrEnum):
    """Who needs to see a parameter (SFNC "Visibility")."""

    BEGINNER = "Beginner"
    EXPERT = "Expert"
    GURU = "Guru"
    INVISIBLE = "Invisible"


class ParameterError(FluoroError):
    """A parameter that does not exist, or a value that is not allowed."""


@dataclass(frozen=True, slots=True)
class ParameterInfo:
    """One parameter as it was last read: data only, safe to keep and to send.

    `kind` is "str", "bool", "int", "float", "enum" or "command".
    """

    name: str
    value: Any = ""
    """bool, int, float or str, by `kind`; None where it could not be read."""
    kind: str = "str"
    label: str = ""
    """What a console calls it; empty: the name with its words apart."""
    unit: str = ""
    minimum: int | float | None = None
    maximum: int | float | None = None
    increment: int | float | None = None
    choices: tuple[str, ...] = ()
    access: Access = Access.RW
    description: str = ""
    shortcut: tuple[str, ...] = ()
    """Keys by Qt's names: one to press or to switch, or two for more and less: ("Up", "Down")."""
    step: int | float | None = None
    """How far one press of a key goes; None: the increment, or what the viewer chooses."""
    polling_interval_s: float | None = None
    """How often the value changes without being written; None: only when it is written."""
    visibility: Visibility = Visibility.BEGINNER
    role: Role | None = None

    @classmethod
    def of(cls, described: Mapping[str, Any]) -> Self:
        """Return the parameter from a JSON object with these fields; unknown keys are an error."""
        given = dict(described)
        for name, convert in _CONVERT.items():
            if given.get(name) is not None:
                given[name] = convert(given[name])
        return cls(**given)

    def as_dict(self) -> dict[str, Any]:
        """Return a JSON-able dict with every field."""
        return asdict(self)

    @property
    def number(self) -> float:
        """Return the value as a number, also of a choice such as "30"; NaN where it is none."""
        try:
            return float(self.value)
        except (TypeError, ValueError):
            return math.nan


_CONVERT: dict[str, Callable[[Any], Any]] = {
    "choices": tuple,
    "shortcut": tuple,
    "access": Access,
    "visibility": Visibility,
    "role": Role,
}


class ParameterSet(Sequence[ParameterInfo]):
    """The parameters of one device as last read: immutable, found by name or by role."""

    def __init__(self, parameters: Iterable[ParameterInfo] = ()) -> None:
        self._all = tuple(parameters)
        self._by_name = {each.name: each for each in self._all}
        self._by_role = {each.role: each for each in self._all if each.role is not None}

    @overload
    def __getitem__(self, index: int) -> ParameterInfo: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[ParameterInfo]: ...
    def __getitem__(self, index: int | slice) -> ParameterInfo | Sequence[ParameterInfo]:
        return self._all[index]

    def __len__(self) -> int:
        return len(self._all)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ParameterSet) and self._all == other._all

    def __hash__(self) -> int:
        return hash(self._all)

    def __repr__(self) -> str:
        return f"ParameterSet({', '.join(self._by_name)})"

    @property
    def names(self) -> tuple[str, ...]:
        """The names, in the device's order."""
        return tuple(self._by_name)

    @property
    def roles(self) -> frozenset[Role]:
        """Every role that a parameter has."""
        return frozenset(self._by_role)

    def get(self, name: str) -> ParameterInfo | None:
        """Return the parameter of that name, if there is one."""
        return self._by_name.get(name)

    def with_role(self, role: Role) -> ParameterInfo | None:
        """Return the parameter with that role, if there is one."""
        return self._by_role.get(role)

    def value(self, key: "str | Role", default: Any = None) -> Any:
        """Return the value of a parameter by name or role, or `default` where there is none."""
        found = self._by_role.get(key) if isinstance(key, Role) else self._by_name.get(key)
        return default if found is None else found.value

    def number(self, key: "str | Role") -> float | None:
        """Return the value of a parameter by name or role as a number; None where there is none."""
        found = self._by_role.get(key) if isinstance(key, Role) else self._by_name.get(key)
        return None if found is None or math.isnan(found.number) else found.number


class Presentation(TypedDict, total=False):
    """How a parameter is shown and polled; each as in `ParameterInfo`."""

    label: str
    shortcut: Sequence[str]
    step: float | None
    polling_interval_s: float | None
    visibility: Visibility
    role: Role | None


class Parameter:
    """One named value of a device. Subclasses fix the type."""

    kind = "str"

    def __init__(
        self,
        name: str,
        get: Callable[[], Any],
        set: Callable[[Any], object] | None = None,
        *,
        unit: str = "",
        access: Access | None = None,
        description: str = "",
        **presentation: Unpack[Presentation],
    ) -> None:
        self.name = name
        self.unit = unit
        self.description = description
        self.presentation = presentation
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

    def describe(self) -> ParameterInfo:
        """Read the value and the limits, and return them with everything that is fixed."""
        return ParameterInfo.of(
            {
                "name": self.name,
                "kind": self.kind,
                "value": self.read(),
                "unit": self.unit,
                "access": self.access,
                "description": self.description,
                **self.presentation,
                **self.limits(),
            }
        )


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
        set: Callable[[Any], object] | None = None,
        *,
        minimum: Any = None,
        maximum: Any = None,
        increment: Any = None,
        unit: str = "",
        access: Access | None = None,
        description: str = "",
        **presentation: Unpack[Presentation],
    ) -> None:
        super().__init__(
            name, get, set, unit=unit, access=access, description=description, **presentation
        )
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
        set: Callable[[Any], object] | None = None,
        *,
        choices: Sequence[str] | Callable[[], Sequence[str]],
        unit: str = "",
        access: Access | None = None,
        description: str = "",
        **presentation: Unpack[Presentation],
    ) -> None:
        super().__init__(
            name, get, set, unit=unit, access=access, description=description, **presentation
        )
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
            description=f"How pixel values follow x-ray intensity. {silent} does not say it: LIN "
            f"for a "
            "flat panel, DISP for a camera.",
        )

    def _choose(self, value: str) -> None:
        self.chosen = PixelIntensityRelationship(value)


class CommandParameter(Parameter):
    """An action of the device; it has no value."""

    kind = "command"

    def __init__(
        self,
        name: str,
        execute: Callable[[], None],
        *,
        description: str = "",
        **presentation: Unpack[Presentation],
    ) -> None:
        super().__init__(
            name, lambda: "", lambda _value: execute(), description=description, **presentation
        )

    def check(self, value: Any) -> Value:
        """Accept anything: a command is executed, it takes no value."""
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
                code="FV-HAL-013",
            )
        return self._by_name[name]

    def __contains__(self, name: object) -> bool:
        return name in self._by_name

    def __iter__(self) -> Iterator[Parameter]:
        return iter(self._by_name.values())

    def describe(self) -> ParameterSet:
        """Read every parameter."""
        return ParameterSet(parameter.describe() for parameter in self)

    def write(self, name: str, value: Any, *, idle: bool = True) -> Value:
        """Check, write and read back; `idle` says whether RW_IDLE parameters may be written.

        Raises ParameterError naming device, parameter, value and what is allowed.
        """
        parameter = self[name]
        where = f"{self.device or 'The device'}: parameter {name}"
        if parameter.access is Access.RO:
            raise ParameterError(f"{where} is read-only.", device=self.device, code="FV-HAL-014")
        if parameter.access is Access.RW_IDLE and not idle:
            raise ParameterError(
                f"{where} can be written only while the device is IDLE.",
                "Release the pedal and disarm the device first.",
                self.device,
                code="FV-HAL-015",
            )
        try:
            checked = parameter.check(value)
        except ValueError as error:
            shown = f"{value}{_unit(parameter.unit)}"
            raise ParameterError(
                f"{where} cannot be {shown}: {error}.", device=self.device, code="FV-HAL-016"
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
