"""genicam's node map as the HAL's features: what a feature is, may and holds."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from fluoroview.hal.sdk.genicam import Kind, Limit, NodeParameter, parameters_of, walk
from fluoroview_gentl import sdk

_INVISIBLE = 3  # EVisibility
_WRITE_ONLY, _READ_ONLY, _READ_WRITE = 2, 3, 4  # EAccessMode
_KINDS = {
    "IInteger": Kind.INTEGER,
    "IFloat": Kind.FLOAT,
    "IBoolean": Kind.BOOLEAN,
    "IString": Kind.STRING,
    "IEnumeration": Kind.ENUMERATION,
    "ICommand": Kind.COMMAND,
}


class GenapiFeature:
    """One feature of genicam's node map (see `fluoroview.hal.sdk.genicam.Feature`)."""

    def __init__(self, feature: Any) -> None:
        self._feature = feature
        self.name = str(feature.node.name)
        self.kind = _KINDS.get(type(feature).__name__)
        self.description = str(feature.node.description or feature.node.tooltip)

    @property
    def unit(self) -> str:
        """Unit as the device states it."""
        return str(self._feature.unit)

    def readable(self) -> bool:
        """Return whether it has a value now."""
        return int(self._feature.get_access_mode()) in (_READ_ONLY, _READ_WRITE)

    def writable(self) -> bool:
        """Return whether the device accepts a value now."""
        return int(self._feature.get_access_mode()) in (_WRITE_ONLY, _READ_WRITE)

    def get(self) -> Any:
        """Return the value."""
        return self._feature.value

    def set(self, value: Any) -> None:
        """Hand a value to the device."""
        self._feature.value = value

    def execute(self) -> None:
        """Run the command."""
        self._feature.execute()

    def minimum(self) -> Limit:
        """Return the least value."""
        value: Limit = self._feature.min
        return value

    def maximum(self) -> Limit:
        """Return the greatest value."""
        value: Limit = self._feature.max
        return value

    def increment(self) -> Limit:
        """Return the step from the minimum."""
        value: Limit = self._feature.inc
        return value

    def choices(self) -> Sequence[str]:
        """Return the choices that the device offers now."""
        return [str(symbolic) for symbolic in self._feature.symbolics]

    def codes(self) -> Iterable[tuple[str, int]]:
        """Return the choices with their integer values, in the order of the description."""
        offered = set(self._feature.symbolics)
        entries = (entry for entry in self._feature.entries if entry.symbolic in offered)
        return [(str(entry.symbolic), int(entry.value)) for entry in entries]


def device_parameters(node_map: Any, streaming: Callable[[], bool]) -> list[NodeParameter]:
    """Return a parameter for each feature that the device has and shows now."""

    def lock(locked: bool) -> None:
        if node_map.has_node("TLParamsLocked"):
            node_map.TLParamsLocked.value = int(locked)

    nodes = walk([node_map.Root], lambda node: str(node.node.name), _children)
    shown = (node for node in nodes if int(node.node.visibility) < _INVISIBLE)
    features = [GenapiFeature(node) for node in shown]
    return parameters_of(features, sdk, lock=lock, streaming=streaming)


def _children(node: Any) -> Iterable[Any] | None:
    return node.features if type(node).__name__ == "ICategory" else None
