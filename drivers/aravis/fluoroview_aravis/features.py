"""The device's node map as typed parameters: name, unit, limits, choices and access as it says.

Names are those of the GenICam Standard Features Naming Convention; a device that still has names
of its first edition (ExposureTimeAbs) is given the present ones. Features that steer the stream
belong to the HAL and are left out.
"""

import math
from collections.abc import Callable, Iterator
from contextlib import suppress
from types import ModuleType
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
from fluoroview_aravis import sdk

# Devices have these outside their tree of categories, and the HAL or the user wants them.
_BESIDE_THE_TREE = ("AcquisitionFrameRate", "GevSCPSPacketSize", "GevSCPD")
# Limits as wide as the type itself are none; Aravis says "no increment" with the least float.
_WIDEST_INT = 2**63 - 1
_WIDEST_FLOAT = 3e38
_NO_INCREMENT = 1e-300


class Feature:
    """The one thing that holds a node of Aravis: nodes must not outlive the device's document."""

    def __init__(self, node: Any) -> None:
        self.node = node

    def call(self, method: str) -> Callable[..., Any]:
        """Return a call of the node's method, looked up when it is made."""

        def late(*arguments: Any) -> Any:
            return getattr(self.node, method)(*arguments)

        return late

    def writable(self) -> bool:
        """Tell whether the device takes a value now."""
        return _writable(self.node)


class _Live(Parameter):
    """A parameter that asks the node map for its access each time: selectors and modes change it.

    A feature that cannot be read for the moment (another selector hides it) keeps its last value.
    """

    _feature: Feature
    _idle_only = False
    _locked = False
    _last: Any = None

    @property
    def access(self) -> Access:
        """When the feature may be written, as the device says now."""
        if self._locked:  # the node map locks it while streaming
            return Access.RW_IDLE
        if not self._feature.writable():
            return Access.RO
        return Access.RW_IDLE if self._idle_only else Access.RW

    @access.setter
    def access(self, value: Access) -> None:
        """Ignore what the base class sets."""

    def read(self) -> Any:
        """Return the device's value, or the last one while it cannot be read."""
        if _available(self._feature.node):
            with sdk.sentences(f"{self.name} cannot be read"):
                self._last = self._get()
        return self._last

    def write(self, value: Any) -> None:
        """Hand a checked value to the device. Raises ParameterError where it refuses."""
        try:
            super().write(value)
        except sdk.error_type() as error:
            raise ParameterError(
                f"The device refuses {value!r} for {self.name}: {sdk.reason(error)}."
            ) from error

    def forget(self) -> None:
        """Let go of Aravis' node; the parameter cannot be used any more."""
        self._feature.node = None


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


def parameters_of(genicam: Any) -> list[Parameter]:
    """Return a parameter for each feature of an Aravis.Gc that the device has and shows now."""
    aravis = sdk.load()
    nodes = {str(node.get_name()): node for node in _features(genicam, aravis)}
    locked = _locked_while_streaming(genicam, nodes)
    made: list[Parameter] = []
    for old_name, node in nodes.items():
        name = sfnc.present_name(old_name)
        if name != old_name and name in nodes:
            name = old_name  # the device has both
        parameter = None if sfnc.belongs_to_hal(name) else _make(node, name, aravis)
        if parameter is not None:
            parameter._locked = old_name in locked
            parameter._idle_only = sfnc.changes_layout(name)
            made.append(parameter)
    return made


def forget(parameters: list[Parameter]) -> None:
    """Let go of what the parameters hold of the device."""
    for parameter in parameters:
        if isinstance(parameter, _Live):
            parameter.forget()


def pixel_format_choices(genicam: Any) -> list[str]:
    """Return the pixel formats that the device offers now and the decoder understands."""
    node = genicam.get_node("PixelFormat")
    if node is None:
        return []
    with sdk.sentences("PixelFormat cannot be read"):
        offered = set(node.dup_available_string_values())
        return [
            entry.get_name()
            for entry in node.get_entries()
            if entry.get_name() in offered and entry.get_value() in BY_CODE
        ]


def lock(genicam: Any, locked: bool) -> None:
    """Tell the node map whether a stream runs (SFNC TLParamsLocked), where it wants to know."""
    node = genicam.get_node("TLParamsLocked")
    if node is not None:
        with suppress(sdk.error_type()):
            node.set_value(int(locked))


def _features(genicam: Any, aravis: ModuleType) -> Iterator[Any]:
    """Yield the features below Root, each once, in the order of the device's description."""
    seen: set[str] = set()
    pending = ["Root"]
    while pending:
        name = pending.pop(0)
        node = None if name in seen else genicam.get_node(name)
        seen.add(name)
        if isinstance(node, aravis.GcCategory):
            pending = [*node.get_features(), *pending]
        elif isinstance(node, aravis.GcFeatureNode) and (
            node.get_visibility() != aravis.GcVisibility.INVISIBLE
        ):
            yield node
        if not pending:
            pending = [beside for beside in _BESIDE_THE_TREE if beside not in seen]


def _available(node: Any) -> bool:
    with suppress(sdk.error_type()):
        return bool(node.is_implemented() and node.is_available())
    return False


def _writable(node: Any) -> bool:
    modes = sdk.load().GcAccessMode
    if node.get_actual_access_mode() not in (modes.RW, modes.WO) or not _available(node):
        return False
    with suppress(sdk.error_type()):
        return not node.is_locked()
    return False


def _locked_while_streaming(genicam: Any, nodes: dict[str, Any]) -> set[str]:
    """Return the features that the node map locks while TLParamsLocked is set (SFNC)."""
    before = {name for name, node in nodes.items() if _writable(node)}
    lock(genicam, True)
    try:
        return {name for name in before if not _writable(nodes[name])}
    finally:
        lock(genicam, False)


def _make(node: Any, name: str, aravis: ModuleType) -> _Live | None:
    """Return the parameter of the node's type; None for registers and what is not there."""
    feature = Feature(node)
    kinds = {  # in this order: to Aravis an enumeration is an integer and a text, too
        aravis.GcCommand: _command,
        aravis.GcBoolean: _boolean,
        aravis.GcEnumeration: _enumeration,
        aravis.GcInteger: _integer,
        aravis.GcFloat: _float,
        aravis.GcString: _text,
    }
    make = next((make for kind, make in kinds.items() if isinstance(node, kind)), None)
    write_only = node.get_actual_access_mode() == aravis.GcAccessMode.WO
    if make is None or not _available(node) or (write_only and make is not _command):
        return None
    parameter = make(feature, name, str(node.get_description() or node.get_tooltip() or ""))
    parameter._feature = feature
    return parameter


def _command(feature: Feature, name: str, doc: str) -> _Live:
    return _LiveCommand(name, feature.call("execute"), doc=doc)


def _boolean(feature: Feature, name: str, doc: str) -> _Live:
    return _LiveBool(name, feature.call("get_value"), feature.call("set_value"), doc=doc)


def _text(feature: Feature, name: str, doc: str) -> _Live:
    return _LiveStr(name, feature.call("get_value"), feature.call("set_value"), doc=doc)


def _integer(feature: Feature, name: str, doc: str) -> _Live:
    return _number(_LiveInt, feature, name, doc)


def _float(feature: Feature, name: str, doc: str) -> _Live:
    return _number(_LiveFloat, feature, name, doc)


def _number(kind: type[_LiveInt | _LiveFloat], feature: Feature, name: str, doc: str) -> _Live:
    return kind(
        name,
        feature.call("get_value"),
        feature.call("set_value"),
        unit=sfnc.unit_of(name, str(feature.node.get_unit() or "")),
        doc=doc,
        minimum=lambda: _limit(feature.call("get_min")),
        maximum=lambda: _limit(feature.call("get_max")),
        increment=lambda: _limit(feature.call("get_inc")),
    )


def _enumeration(feature: Feature, name: str, doc: str) -> _Live:
    def choices() -> list[str]:
        if name == "PixelFormat":
            return pixel_format_choices(feature.node.get_genicam())
        return list(feature.node.dup_available_string_values())

    return _LiveEnum(
        name,
        feature.call("get_string_value"),
        feature.call("set_string_value"),
        choices=choices,
        doc=doc,
    )


def _limit(ask: Callable[[], int | float]) -> int | float | None:
    """Return a limit as it stands now; None where there is none or it is as wide as the type."""
    try:
        value = ask()
    except sdk.error_type():
        return None
    widest = _WIDEST_INT if isinstance(value, int) else _WIDEST_FLOAT
    if not math.isfinite(value) or abs(value) >= widest or 0 < value < _NO_INCREMENT:
        return None
    return value
