"""Aravis' node map as the HAL's features: what a feature is, may and holds."""

from collections.abc import Callable, Collection, Iterable, Sequence
from contextlib import suppress
from types import ModuleType
from typing import Any

from fluoroview.hal import Parameter
from fluoroview.hal.sdk.genicam import Kind, Limit, NodeParameter, parameters_of, walk
from fluoroview_aravis import sdk

# Devices have these outside their tree of categories; the HAL or the user needs them.
_OUTSIDE_THE_TREE = ("AcquisitionFrameRate", "GevSCPSPacketSize", "GevSCPD")


class AravisFeature:
    """One feature of Aravis' node map (see `fluoroview.hal.sdk.genicam.Feature`).

    It alone holds Aravis' node, which must not outlive the device's document: `forget` releases it.
    """

    def __init__(self, node: Any) -> None:
        self._node = node
        self.name = str(node.get_name())
        self.kind = _kind(node, sdk.load())
        self.description = str(node.get_description() or node.get_tooltip() or "")

    @property
    def unit(self) -> str:
        """Unit as the device states it."""
        return str(self._node.get_unit() or "")

    def readable(self) -> bool:
        """Return whether it has a value now."""
        return self._available() and self._mode() != sdk.load().GcAccessMode.WO

    def writable(self) -> bool:
        """Return whether the device accepts a value now."""
        modes = sdk.load().GcAccessMode
        if self._mode() not in (modes.RW, modes.WO) or not self._available():
            return False
        with suppress(*sdk.errors()):
            return not self._node.is_locked()
        return False

    def get(self) -> Any:
        """Return the value."""
        is_text = self.kind is Kind.ENUMERATION
        return self._node.get_string_value() if is_text else self._node.get_value()

    def set(self, value: Any) -> None:
        """Hand a value to the device."""
        if self.kind is Kind.ENUMERATION:
            self._node.set_string_value(value)
        else:
            self._node.set_value(value)

    def execute(self) -> None:
        """Run the command."""
        self._node.execute()

    def minimum(self) -> Limit:
        """Return the least value."""
        value: Limit = self._node.get_min()
        return value

    def maximum(self) -> Limit:
        """Return the greatest value."""
        value: Limit = self._node.get_max()
        return value

    def increment(self) -> Limit:
        """Return the step from the minimum."""
        value: Limit = self._node.get_inc()
        return value

    def choices(self) -> Sequence[str]:
        """Return the choices that the device offers now."""
        return list(self._node.dup_available_string_values())

    def codes(self) -> Iterable[tuple[str, int]]:
        """Return the choices with their integer values, in the order of the description."""
        offered = set(self.choices())
        entries = (entry for entry in self._node.get_entries() if entry.get_name() in offered)
        return [(entry.get_name(), entry.get_value()) for entry in entries]

    def forget(self) -> None:
        """Let go of Aravis' node; the feature cannot be used any more."""
        self._node = None

    def _mode(self) -> Any:
        return self._node.get_actual_access_mode()

    def _available(self) -> bool:
        with suppress(*sdk.errors()):
            return bool(self._node.is_implemented() and self._node.is_available())
        return False


def device_parameters(
    genicam: Any, streaming: Callable[[], bool], *, without: Collection[str] = ()
) -> list[NodeParameter]:
    """Return a parameter for each feature of an Aravis.Gc that the device has and shows now.

    `without` are the names of those that mean nothing to this device.
    """
    aravis = sdk.load()

    def nodes(names: Iterable[str]) -> list[Any]:
        found = (genicam.get_node(name) for name in names)
        return [node for node in found if isinstance(node, aravis.GcFeatureNode)]

    def children(node: Any) -> list[Any] | None:
        return nodes(node.get_features()) if isinstance(node, aravis.GcCategory) else None

    found = walk(nodes(["Root", *_OUTSIDE_THE_TREE]), lambda node: str(node.get_name()), children)
    hidden = aravis.GcVisibility.INVISIBLE
    shown = [node for node in found if node.get_visibility() != hidden]
    features = [AravisFeature(node) for node in shown if node.get_name() not in without]
    return parameters_of(
        features, sdk, lock=lambda locked: lock(genicam, locked), streaming=streaming
    )


def forget(parameters: Iterable[Parameter]) -> None:
    """Release what the parameters hold of the device."""
    for parameter in parameters:
        if isinstance(parameter, NodeParameter) and isinstance(parameter.feature, AravisFeature):
            parameter.feature.forget()


def lock(genicam: Any, locked: bool) -> None:
    """Inform the node map whether a stream runs (SFNC TLParamsLocked), where it has that node."""
    node = genicam.get_node("TLParamsLocked")
    if node is not None:
        with suppress(*sdk.errors()):
            node.set_value(int(locked))


def _kind(node: Any, aravis: ModuleType) -> Kind | None:
    kinds = {  # in this order: to Aravis an enumeration is an integer and a text, too
        aravis.GcCommand: Kind.COMMAND,
        aravis.GcBoolean: Kind.BOOLEAN,
        aravis.GcEnumeration: Kind.ENUMERATION,
        aravis.GcInteger: Kind.INTEGER,
        aravis.GcFloat: Kind.FLOAT,
        aravis.GcString: Kind.STRING,
    }
    return next((kind for interface, kind in kinds.items() if isinstance(node, interface)), None)
