"""The camera's node map as typed parameters: name, unit, limits, choices and access as it says.

Names are the camera's own, which are those of the GenICam Standard Features Naming Convention;
names of older cameras that end in Abs become those of today. Features that steer the stream belong
to the HAL and are left out.
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
)
from fluoroview_pylon import sdk
from fluoroview_pylon.picture import is_known

# The HAL starts and stops, pylon locks; what restarts the camera takes it from under us.
_LEFT_OUT = {
    "AcquisitionStart",
    "AcquisitionStop",
    "AcquisitionAbort",
    "AcquisitionMode",
    "DeviceFeaturePersistenceEnd",
    "DeviceFeaturePersistenceStart",
    "DeviceRegistersStreamingEnd",
    "DeviceRegistersStreamingStart",
    "DeviceReset",
    "TLParamsLocked",
}
# Cameras of GigE Vision that follow SFNC 1: the same things, in the same units.
_OLD_NAMES = {
    "AcquisitionFrameRateAbs": "AcquisitionFrameRate",
    "ExposureTimeAbs": "ExposureTime",
    "ResultingFrameRateAbs": "ResultingFrameRate",
}
# These change the size or layout of the picture, whether or not the camera locks them.
_LAYOUT = {
    "Width",
    "Height",
    "OffsetX",
    "OffsetY",
    "PixelFormat",
    "ChunkModeActive",
    "ChunkEnable",
    "ImageCompressionMode",
    "UserSetLoad",
}
_LAYOUT_BEGINNINGS = ("Binning", "Decimation", "GevSCPS")
# The emulation lets binning be set and does not bin.
_DUMMIES_OF_THE_EMULATION = ("Binning",)
_UNITS = {"us": "µs", "Bps": "B/s"}
# Units that SFNC gives and cameras do not say.
_SFNC_UNITS = {
    "Width": "px",
    "Height": "px",
    "OffsetX": "px",
    "OffsetY": "px",
    "WidthMax": "px",
    "HeightMax": "px",
    "SensorWidth": "px",
    "SensorHeight": "px",
    "PayloadSize": "B",
    "GevSCPSPacketSize": "B",
    "DeviceLinkThroughputLimit": "B/s",
    "ResultingFrameRate": "Hz",
}
_STATISTICS = "Statistic_"
_INVISIBLE = 3  # EVisibility
_WRITE_ONLY, _READ_ONLY, _READ_WRITE = 2, 3, 4  # EAccessMode
_FIXED_INCREMENT = 1  # EIncMode
# Limits as wide as the type itself are none.
_WIDEST_INT = 2**63 - 1
_WIDEST_FLOAT = 3e38


def mode(feature: Any) -> int:
    """Return the EAccessMode of a feature as it stands now."""
    return int(feature.GetNode().GetAccessMode())


class _Live(Parameter):
    """A parameter that asks the node map for its access each time: selectors and modes change it.

    A feature that cannot be read for the moment (another selector hides it) keeps its last value.
    """

    _feature: Any = None
    _idle_only = False
    _streaming: Callable[[], bool] = staticmethod(lambda: False)
    _last: Any = None

    @property
    def access(self) -> Access:
        """When the feature may be written, as the camera says now."""
        if mode(self._feature) not in (_WRITE_ONLY, _READ_WRITE):
            locked = self._idle_only and self._streaming()
            return Access.RW_IDLE if locked else Access.RO
        return Access.RW_IDLE if self._idle_only else Access.RW

    @access.setter
    def access(self, value: Access) -> None:
        """Ignore what the base class sets."""

    def read(self) -> Any:
        """Return the camera's value, or the last one while it cannot be read."""
        with sdk.sentences(f"{self.name} cannot be read"):
            if mode(self._feature) in (_READ_ONLY, _READ_WRITE):
                self._last = self._get()
        return self._last

    def write(self, value: Any) -> None:
        """Hand a checked value to the camera. Raises ParameterError where it refuses."""
        try:
            super().write(value)
        except sdk.errors() as error:
            raise ParameterError(
                f"The camera refuses {value!r} for {self.name}: {sdk.reason(error)}."
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
    "IntegerParameter": _LiveInt,
    "FloatParameter": _LiveFloat,
    "BooleanParameter": _LiveBool,
    "StringParameter": _LiveStr,
    "EnumParameter": _LiveEnum,
}


def parameters_of(camera: Any) -> list[Parameter]:
    """Return a parameter for each feature that the camera has and shows now.

    The stream grabber's counters (Statistic_...) are among them, read-only.
    """
    node_map = camera.GetNodeMap()
    locked = _locked_while_streaming(node_map)
    dummies = _DUMMIES_OF_THE_EMULATION if is_emulated(camera) else ()
    made: dict[str, _Live] = {}
    for feature in _features(node_map):
        name = str(feature.GetNode().GetName())
        if _is_left_out(name, feature, node_map) or name.startswith(dummies):
            continue
        parameter = _make(feature, _OLD_NAMES.get(name, name))
        if parameter is not None:
            parameter._streaming = camera.IsGrabbing
            parameter._idle_only = (
                name in locked or name in _LAYOUT or name.startswith(_LAYOUT_BEGINNINGS)
            )
            made[parameter.name] = parameter
    for parameter in _statistics(camera):
        made.setdefault(parameter.name, parameter)
    return list(made.values())


def pixel_format_choices(feature: Any) -> list[str]:
    """Return the pixel formats that the camera offers now and the driver decodes."""
    offered = set(feature.GetSettableValues())
    return [
        entry.GetSymbolic()
        for entry in feature.GetEntries()
        if entry.GetSymbolic() in offered and is_known(entry.GetValue())
    ]


def is_emulated(camera: Any) -> bool:
    """Tell whether the camera is pylon's own emulation."""
    return str(camera.GetDeviceInfo().GetDeviceClass()) == "BaslerCamEmu"


def node(node_map: Any, name: str) -> Any | None:
    """Return the feature `name`, or None where the camera has none."""
    found = node_map.GetNode(name)
    return found if found is not None and found.IsValid() else None


def _is_left_out(name: str, feature: Any, node_map: Any) -> bool:
    superseded = name in _OLD_NAMES and node(node_map, _OLD_NAMES[name]) is not None
    return name in _LEFT_OUT or superseded or int(feature.GetNode().GetVisibility()) >= _INVISIBLE


def _features(node_map: Any) -> Iterator[Any]:
    """Yield the features, each once, in the order of the camera's description."""
    seen: set[str] = set()
    pending = [node_map.GetNode("Root")]
    while pending:
        feature = pending.pop(0)
        name = feature.GetNode().GetName()
        if name in seen:
            continue
        seen.add(name)
        if type(feature).__name__ == "CategoryParameter":
            pending = [*feature.GetFeatures(), *pending]
        else:
            yield feature


def _statistics(camera: Any) -> Iterator[_Live]:
    for feature in _features(camera.GetStreamGrabberNodeMap()):
        name = str(feature.GetNode().GetName())
        if name.startswith(_STATISTICS):
            parameter = _make(feature, name)
            if parameter is not None:
                yield parameter


def _locked_while_streaming(node_map: Any) -> set[str]:
    """Return the features that the camera itself locks while TLParamsLocked is set (SFNC)."""
    lock = node(node_map, "TLParamsLocked")
    if lock is None:
        return set()
    before = _writable_names(node_map)
    try:
        lock.SetValue(1)
        return before - _writable_names(node_map)
    except sdk.errors():
        return set()
    finally:
        _unlock(lock)


def _unlock(lock: Any) -> None:
    try:
        lock.SetValue(0)
    except sdk.errors():
        return


def _writable_names(node_map: Any) -> set[str]:
    return {
        feature.GetNode().GetName()
        for feature in _features(node_map)
        if mode(feature) in (_WRITE_ONLY, _READ_WRITE)
    }


def _make(feature: Any, name: str) -> _Live | None:
    """Return the parameter of the feature's type; None for registers and what is not there."""
    parameter: _Live
    doc = str(feature.GetNode().GetDescription() or feature.GetNode().GetToolTip())
    kind = type(feature).__name__
    if kind == "CommandParameter":
        if mode(feature) not in (_WRITE_ONLY, _READ_WRITE):
            return None
        parameter = _LiveCommand(name, feature.Execute, doc=doc)
    elif kind in _TYPES and mode(feature) in (_READ_ONLY, _READ_WRITE):
        extra = _extra(feature, name, kind)
        parameter = _TYPES[kind](name, feature.GetValue, feature.SetValue, doc=doc, **extra)
    else:
        return None
    parameter._feature = feature
    return parameter


def _extra(feature: Any, name: str, kind: str) -> dict[str, Any]:
    if kind == "EnumParameter":
        if name == "PixelFormat":
            return {"choices": lambda: pixel_format_choices(feature)}
        return {"choices": lambda: list(feature.GetSettableValues())}
    if kind not in ("IntegerParameter", "FloatParameter"):
        return {}
    unit = str(feature.GetUnit()) or _SFNC_UNITS.get(name, "")
    return {
        "unit": _UNITS.get(unit, unit),
        "minimum": lambda: _limit(feature.GetMin),
        "maximum": lambda: _limit(feature.GetMax),
        "increment": lambda: _increment(feature),
    }


def _limit(get: Callable[[], int | float]) -> int | float | None:
    """Return a limit as it stands now; None where there is none or it is as wide as the type."""
    try:
        value = get()
    except sdk.errors():
        return None
    widest = _WIDEST_INT if isinstance(value, int) else _WIDEST_FLOAT
    return None if not math.isfinite(value) or abs(value) >= widest else value


def _increment(feature: Any) -> int | float | None:
    try:
        fixed = int(feature.GetIncMode()) == _FIXED_INCREMENT
    except sdk.errors():
        return None
    return _limit(feature.GetInc) if fixed else None
