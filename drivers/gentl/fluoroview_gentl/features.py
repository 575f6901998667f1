"""The device's node map as typed parameters: name, unit, limits, choices and access as it says.

Names are the device's own, which are those of the GenICam Standard Features Naming Convention.
Features that steer the stream belong to the HAL and are left out.
"""

import math
from collections.abc import Callable, Iterator
from typing import Any

from fluoroview.hal import (
    Access,
    BoolParameter,
    CommandParameter,
    EnumParameter,
    FloatParameter,
    IntParameter,
    Parameter,
    ParameterError,
    StrParameter,
    sfnc,
)
from fluoroview.hal.pixel_format import BY_CODE
from fluoroview_gentl import sdk

_INVISIBLE = 3  # EVisibility
_WRITE_ONLY, _READ_ONLY, _READ_WRITE = 2, 3, 4  # EAccessMode
# Limits as wide as the type itself are none.
_WIDEST_INT = 2**63 - 1
_WIDEST_FLOAT = 3e38


def mode(feature: Any) -> int:
    """Return the EAccessMode of a feature as it stands now."""
    return int(feature.get_access_mode())


class _Live(Parameter):
    """A parameter that asks the node map for its access each time: selectors and modes change it.

    A feature that cannot be read for the moment (another selector hides it) keeps its last value.
    """

    _feature: Any = None
    _idle_only = False
    _locked = False
    _last: Any = None

    @property
    def access(self) -> Access:
        """When the feature may be written, as the device says now."""
        if self._locked:  # read-only to the node map while streaming, but writable when idle
            return Access.RW_IDLE
        if mode(self._feature) not in (_WRITE_ONLY, _READ_WRITE):
            return Access.RO
        return Access.RW_IDLE if self._idle_only else Access.RW

    @access.setter
    def access(self, value: Access) -> None:
        """Ignore what the base class sets."""

    def read(self) -> Any:
        """Return the device's value, or the last one while it cannot be read."""
        if mode(self._feature) in (_READ_ONLY, _READ_WRITE):
            with sdk.sentences(f"{self.name} cannot be read"):
                self._last = self._get()
        return self._last

    def write(self, value: Any) -> None:
        """Hand a checked value to the device. Raises ParameterError where it refuses."""
        try:
            super().write(value)
        except sdk.errors() as error:
            raise ParameterError(
                f"The device refuses {value!r} for {self.name}: {sdk.reason(error)}."
            ) from error


class _LiveInt(_Live, IntParameter):
    pass


class _LiveFloat(_Live, FloatParameter):
    pass


class _LiveBool(_Live, BoolParameter):
    pass


class _LiveEnum(_Live, EnumParameter):
    pass


class _LiveStr(_Live, StrParameter):
    pass


class _LiveCommand(_Live, CommandParameter):
    def read(self) -> Any:
        """Return nothing: a command has no value."""
        return ""


_TYPES: dict[str, Callable[..., _Live]] = {
    "IInteger": _LiveInt,
    "IFloat": _LiveFloat,
    "IBoolean": _LiveBool,
    "IString": _LiveStr,
    "IEnumeration": _LiveEnum,
}


def parameters_of(node_map: Any) -> list[Parameter]:
    """Return a parameter for each feature that the device has and shows now."""
    locked = _locked_while_streaming(node_map)
    made: list[Parameter] = []
    for feature in _features(node_map.Root):
        name = str(feature.node.name)
        if sfnc.belongs_to_hal(name) or int(feature.node.visibility) >= _INVISIBLE:
            continue
        parameter = _make(feature, name, node_map)
        if parameter is not None:
            parameter._feature = feature
            parameter._locked = name in locked
            parameter._idle_only = sfnc.changes_layout(name)
            made.append(parameter)
    return made


def pixel_format_choices(node_map: Any) -> list[str]:
    """Return the pixel formats that the device offers now and the decoder understands."""
    offered = set(node_map.PixelFormat.symbolics)
    return [
        str(entry.symbolic)
        for entry in node_map.PixelFormat.entries
        if entry.symbolic in offered and int(entry.value) in BY_CODE
    ]


def _features(category: Any) -> Iterator[Any]:
    """Yield the features below `category`, each once, in the order of the device's description."""
    seen: set[str] = set()
    pending = [category]
    while pending:
        feature = pending.pop(0)
        name = feature.node.name
        if name in seen:
            continue
        seen.add(name)
        if type(feature).__name__ == "ICategory":
            pending = [*feature.features, *pending]
        else:
            yield feature


def _locked_while_streaming(node_map: Any) -> set[str]:
    """Return the features that the device itself locks while TLParamsLocked is set (SFNC)."""
    if not node_map.has_node("TLParamsLocked"):
        return set()
    before = _writable_names(node_map)
    try:
        node_map.TLParamsLocked.value = 1
        return before - _writable_names(node_map)
    except sdk.errors():
        return set()
    finally:
        _unlock(node_map)


def _unlock(node_map: Any) -> None:
    try:
        node_map.TLParamsLocked.value = 0
    except sdk.errors():
        return


def _writable_names(node_map: Any) -> set[str]:
    return {
        feature.node.name for feature in _features(node_map.Root) if mode(feature) == _READ_WRITE
    }


def _make(feature: Any, name: str, node_map: Any) -> _Live | None:
    """Return the parameter of the feature's type; None for registers and what is not there."""
    doc = str(feature.node.description or feature.node.tooltip)
    interface = type(feature).__name__
    if interface == "ICommand":
        executable = mode(feature) in (_WRITE_ONLY, _READ_WRITE)
        return _LiveCommand(name, feature.execute, doc=doc) if executable else None
    if interface not in _TYPES or mode(feature) not in (_READ_ONLY, _READ_WRITE):
        return None
    extra: dict[str, Any] = {}
    if interface in ("IInteger", "IFloat"):
        extra = {"unit": sfnc.unit_of(name, str(feature.unit)), **_limits(feature)}
    elif interface == "IEnumeration":
        extra = {"choices": _choices(feature, name, node_map)}
    return _TYPES[interface](name, _getter(feature), _setter(feature), doc=doc, **extra)


def _getter(feature: Any) -> Callable[[], Any]:
    return lambda: feature.value


def _setter(feature: Any) -> Callable[[Any], None]:
    def put(value: Any) -> None:
        feature.value = value

    return put


def _choices(feature: Any, name: str, node_map: Any) -> Callable[[], list[str]]:
    if name == "PixelFormat":
        return lambda: pixel_format_choices(node_map)
    return lambda: [str(symbolic) for symbolic in feature.symbolics]


def _limits(feature: Any) -> dict[str, Callable[[], int | float | None]]:
    return {
        "minimum": lambda: _limit(feature, "min"),
        "maximum": lambda: _limit(feature, "max"),
        "increment": lambda: _limit(feature, "inc"),
    }


def _limit(feature: Any, name: str) -> int | float | None:
    """Return a limit as it stands now; None where there is none or it is as wide as the type."""
    try:
        value: int | float = getattr(feature, name)
    except sdk.errors():
        return None
    widest = _WIDEST_INT if isinstance(value, int) else _WIDEST_FLOAT
    return None if not math.isfinite(value) or abs(value) >= widest else value
