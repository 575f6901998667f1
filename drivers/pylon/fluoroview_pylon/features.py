"""pylon's node maps as the HAL's features: its kind, its access and its value.

The stream grabber's counters (Statistic_...) are read-only features next to the camera's own.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from fluoroview.hal.sdk import sfnc
from fluoroview.hal.sdk.genicam import Kind, Limit, NodeParameter, parameters_of, walk
from fluoroview_pylon import sdk
from fluoroview_pylon.image import is_known

# The emulation lets binning be set and does not bin.
_DUMMIES_OF_THE_EMULATION = ("Binning",)
_STATISTICS = "Statistic_"
_INVISIBLE = 3  # EVisibility
_WRITE_ONLY, _READ_ONLY, _READ_WRITE = 2, 3, 4  # EAccessMode
_FIXED_INCREMENT = 1  # EIncMode
_KINDS = {
    "IntegerParameter": Kind.INTEGER,
    "FloatParameter": Kind.FLOAT,
    "BooleanParameter": Kind.BOOLEAN,
    "StringParameter": Kind.STRING,
    "EnumParameter": Kind.ENUMERATION,
    "CommandParameter": Kind.COMMAND,
}


class PylonFeature:
    """One feature of a pylon node map (see `fluoroview.hal.sdk.genicam.Feature`)."""

    def __init__(self, feature: Any) -> None:
        self._feature = feature
        node = feature.GetNode()
        self.name = str(node.GetName())
        self.kind = _KINDS.get(type(feature).__name__)
        self.description = str(node.GetDescription() or node.GetToolTip())
        self.is_visible = int(node.GetVisibility()) < _INVISIBLE

    @property
    def unit(self) -> str:
        """Unit as the camera states it."""
        return str(self._feature.GetUnit())

    def readable(self) -> bool:
        """Return whether it has a value now."""
        return self._mode() in (_READ_ONLY, _READ_WRITE)

    def writable(self) -> bool:
        """Return whether the camera accepts a value now."""
        return self._mode() in (_WRITE_ONLY, _READ_WRITE)

    def get(self) -> Any:
        """Return the value."""
        return self._feature.GetValue()

    def set(self, value: Any) -> None:
        """Hand a value to the camera."""
        self._feature.SetValue(value)

    def execute(self) -> None:
        """Run the command."""
        self._feature.Execute()

    def minimum(self) -> Limit:
        """Return the least value."""
        value: Limit = self._feature.GetMin()
        return value

    def maximum(self) -> Limit:
        """Return the greatest value."""
        value: Limit = self._feature.GetMax()
        return value

    def increment(self) -> Limit:
        """Return the step from the minimum; None where there is no fixed one."""
        fixed = int(self._feature.GetIncMode()) == _FIXED_INCREMENT
        return self._feature.GetInc() if fixed else None

    def choices(self) -> Sequence[str]:
        """Return the choices that the camera offers now."""
        return list(self._feature.GetSettableValues())

    def codes(self) -> Iterable[tuple[str, int]]:
        """Return the choices with their integer values, in the order of the description."""
        offered = set(self.choices())
        entries = (entry for entry in self._feature.GetEntries() if entry.GetSymbolic() in offered)
        return [(entry.GetSymbolic(), entry.GetValue()) for entry in entries]

    def _mode(self) -> int:
        return int(self._feature.GetNode().GetAccessMode())


def device_parameters(camera: Any) -> list[NodeParameter]:
    """Return a parameter for each feature that the camera has and shows now."""
    tl_params_locked = node(camera.GetNodeMap(), "TLParamsLocked")

    def lock(locked: bool) -> None:
        if tl_params_locked is not None:
            tl_params_locked.SetValue(int(locked))

    return parameters_of(
        [*_of_the_camera(camera), *_of_the_stream(camera)],
        sdk,
        lock=lock,
        streaming=camera.IsGrabbing,
        decodes=is_known,
    )


def is_emulated(camera: Any) -> bool:
    """Return whether the camera is pylon's own emulation."""
    return str(camera.GetDeviceInfo().GetDeviceClass()) == "BaslerCamEmu"


def node(node_map: Any, name: str) -> Any | None:
    """Return the feature `name`, or None where the camera has none."""
    found = node_map.GetNode(name)
    return found if found is not None and found.IsValid() else None


def _of_the_camera(camera: Any) -> Iterator[PylonFeature]:
    """Yield the camera's features, without old names that a present one supersedes."""
    node_map = camera.GetNodeMap()
    dummies = _DUMMIES_OF_THE_EMULATION if is_emulated(camera) else ()
    for feature in _features(node_map):
        present = sfnc.present_name(feature.name)
        superseded = present != feature.name and node(node_map, present) is not None
        if feature.is_visible and not superseded and not feature.name.startswith(dummies):
            yield feature


def _of_the_stream(camera: Any) -> Iterator[PylonFeature]:
    for feature in _features(camera.GetStreamGrabberNodeMap()):
        if feature.name.startswith(_STATISTICS):
            yield feature


def _features(node_map: Any) -> Iterator[PylonFeature]:
    found = walk([node_map.GetNode("Root")], lambda each: each.GetNode().GetName(), _children)
    return map(PylonFeature, found)


def _children(feature: Any) -> Iterable[Any] | None:
    return feature.GetFeatures() if type(feature).__name__ == "CategoryParameter" else None
