"""A GenICam node map as typed parameters, with the unit, limits, choices and access of the device.

The drivers of all GenICam SDKs share this. A driver shows the nodes of its SDK as
`Feature`s and its SDK's errors as `Sdk`, and gets parameters; no SDK lives here. Names are those
of the GenICam Standard Features Naming Convention (sfnc.py). Features that steer the stream
belong to the HAL and are omitted.
"""

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from enum import Enum, auto
from typing import Any, Protocol, TypeVar

from fluoroview.hal.errors import DeviceError
from fluoroview.hal.parameter import (
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
from fluoroview.hal.sdk import sfnc
from fluoroview.hal.sdk.pixel_format import BY_CODE

# Limits as wide as the type are no limits; Aravis states "no increment" as the smallest float.
_MAX_INT = 2**63 - 1
_MAX_FLOAT = 3e38
_MIN_FLOAT = 1e-300

Limit = int | float | None
Node = TypeVar("Node")


class Kind(Enum):
    """The GenICam interface of a feature; registers have no kind and are not parameters."""

    INTEGER = auto()
    FLOAT = auto()
    BOOLEAN = auto()
    STRING = auto()
    ENUMERATION = auto()
    COMMAND = auto()


class Feature(Protocol):
    """One node of a device's description, as a driver's adapter shows it.

    Every call reads the device and may raise the SDK's exceptions. What a kind does not have
    (limits of a text, choices of a number) is never read.
    """

    @property
    def name(self) -> str:
        """Name in the device's description."""

    @property
    def kind(self) -> Kind | None:
        """Its kind; None where a user neither sets nor reads it."""

    @property
    def description(self) -> str:
        """Description or, without one, tooltip."""

    @property
    def unit(self) -> str:
        """Unit as the device states it; read for numbers only."""

    def readable(self) -> bool:
        """Return whether it has a value now."""

    def writable(self) -> bool:
        """Return whether the device accepts a value, or runs the command, now."""

    def get(self) -> Any:
        """Return the value: a number, a bool or a text; the choice of an enumeration."""

    def set(self, value: Any) -> None:
        """Write a value to the device."""

    def execute(self) -> None:
        """Run the command."""

    def minimum(self) -> Limit:
        """Return the minimum."""

    def maximum(self) -> Limit:
        """Return the maximum."""

    def increment(self) -> Limit:
        """Return the step from the minimum; None where there is no fixed one."""

    def choices(self) -> Sequence[str]:
        """Return the choices that the enumeration offers now."""

    def codes(self) -> Iterable[tuple[str, int]]:
        """Return `choices` with their integer values, in the order of the device's description."""


class Sdk(Protocol):
    """How an SDK fails; a driver's module `sdk` is one."""

    def errors(self) -> tuple[type[Exception], ...]:
        """Return the base classes of the SDK's exceptions."""

    def reason(self, error: BaseException) -> str:
        """Return the SDK's reason in one line without a full stop."""

    def sentences(self, what: str) -> AbstractContextManager[None]:
        """Turn the SDK's exceptions into DeviceError: "`what`: the SDK's reason."."""


class NodeParameter(Parameter):
    """A parameter that reads its access from the device each time: selectors and modes change it.

    A feature that cannot be read for the moment (another selector hides it) keeps its last value.
    """

    feature: Feature
    _sdk: Sdk
    _streaming: Callable[[], bool]
    _idle_only = False
    _last: Any = None

    @property
    def access(self) -> Access:
        """When the feature may be written, as the device states it now."""
        if self._idle_only and self._streaming():
            return Access.RW_IDLE  # the device calls it read-only as long as it locks it
        if not self.feature.writable():
            return Access.RO
        return Access.RW_IDLE if self._idle_only else Access.RW

    @access.setter
    def access(self, value: Access) -> None:
        """Ignore the value that the base class sets."""

    def read(self) -> Any:
        """Return the device's value, or the last one while it cannot be read."""
        with self._sdk.sentences(f"{self.name} cannot be read"):
            if self.feature.readable():
                self._last = self._get()
        return self._last

    def write(self, value: Any) -> None:
        """Write a checked value to the device. Raises ParameterError where it refuses."""
        try:
            super().write(value)
        except self._sdk.errors() as error:
            raise ParameterError(
                f"The device refuses {value!r} for {self.name}: {self._sdk.reason(error)}.",
                code="FV-SDK-001",
            ) from error


class _Int(NodeParameter, IntParameter):
    pass


class _Float(NodeParameter, FloatParameter):
    pass


class _Bool(NodeParameter, BoolParameter):
    pass


class _Str(NodeParameter, StrParameter):
    pass


class _Enum(NodeParameter, EnumParameter):
    pass


class _Command(NodeParameter, CommandParameter):
    def read(self) -> Any:
        """Return nothing: a command has no value."""
        return ""


_CLASSES: dict[Kind, Callable[..., NodeParameter]] = {
    Kind.INTEGER: _Int,
    Kind.FLOAT: _Float,
    Kind.BOOLEAN: _Bool,
    Kind.STRING: _Str,
    Kind.ENUMERATION: _Enum,
}


def is_decoded(code: int) -> bool:
    """Return whether the HAL decodes the pixel format of a PFNC code."""
    return code in BY_CODE


def parameters_of(
    features: Iterable[Feature],
    sdk: Sdk,
    *,
    lock: Callable[[bool], None],
    streaming: Callable[[], bool],
    decodes: Callable[[int], bool] = is_decoded,
) -> list[NodeParameter]:
    """Return a parameter for each feature that the device has now and a user may use.

    Args:
        features: what the device shows, each once, in the order of its description.
        sdk: how the SDK fails.
        lock: sets or clears TLParamsLocked (SFNC), where the device has it; what the device then
            locks is written only when idle, as is what changes the image's layout.
        streaming: returns whether the device streams now.
        decodes: returns whether the driver decodes a pixel format, by its PFNC code.

    A feature of SFNC 1.x is given its present name, unless the device has both.
    """
    shown = {feature.name: feature for feature in features}
    locked = _locked_while_streaming(shown, lock, sdk)
    made: list[NodeParameter] = []
    for old_name, feature in shown.items():
        present = sfnc.present_name(old_name)
        name = old_name if present in shown else present
        parameter = None if sfnc.belongs_to_hal(name) else _make(feature, name, sdk, decodes)
        if parameter is not None:
            parameter.feature = feature
            parameter._sdk = sdk
            parameter._streaming = streaming
            parameter._idle_only = old_name in locked or sfnc.changes_layout(name)
            made.append(parameter)
    return made


def decoded_formats(
    pixel_format: Feature, decodes: Callable[[int], bool] = is_decoded
) -> list[str]:
    """Return the pixel formats that the device offers now and the driver decodes."""
    return [name for name, code in pixel_format.codes() if decodes(code)]


def not_decoded(device_id: str, driver: str, chosen: str, formats: Sequence[str]) -> DeviceError:
    """Return the error for a device that is set to a format that the driver does not decode."""
    return DeviceError(
        f"{device_id} is set to PixelFormat {chosen}, which the {driver} driver does not decode.",
        f"Set PixelFormat to one of: {', '.join(formats)}." if formats else "It offers no other.",
        device_id,
        code="FV-SDK-002",
    )


def frame_parameters(bits: Callable[[], int]) -> list[Parameter]:
    """Return what the HAL needs to know about delivered frames and GenICam does not state.

    `bits` returns the significant bits of a pixel in the format that is chosen now.
    """
    return [
        IntParameter(
            "BitDepth",
            bits,
            unit="bit",
            description="Significant bits of a delivered pixel; colour is delivered as luminance.",
        ),
        IntParameter(
            "FrameCounterBits",
            lambda: 64,
            unit="bit",
            description="Frame ids of 16 bits (GigE Vision) are unwrapped by the driver.",
        ),
    ]


def in_place_of(features: Sequence[Parameter], own: Sequence[Parameter]) -> list[Parameter]:
    """Return the features that the driver does not replace, then the driver's own."""
    taken = {parameter.name for parameter in own}
    return [*(feature for feature in features if feature.name not in taken), *own]


def walk(
    roots: Iterable[Node],
    name: Callable[[Node], str],
    children: Callable[[Node], Iterable[Node] | None],
) -> Iterator[Node]:
    """Yield the features below `roots`, each once, in the order of the device's description.

    `children` returns what a category holds, and None for a feature.
    """
    seen: set[str] = set()
    pending = list(roots)
    while pending:
        node = pending.pop(0)
        if name(node) in seen:
            continue
        seen.add(name(node))
        below = children(node)
        if below is None:
            yield node
        else:
            pending = [*below, *pending]


def limit(ask: Callable[[], Limit], errors: tuple[type[Exception], ...]) -> Limit:
    """Return a limit as it stands now; None where there is none or it is as wide as the type."""
    try:
        value = ask()
    except errors:
        return None
    if value is None or not math.isfinite(value) or 0 < value < _MIN_FLOAT:
        return None
    widest = _MAX_INT if isinstance(value, int) else _MAX_FLOAT
    return None if abs(value) >= widest else value


def _locked_while_streaming(
    features: dict[str, Feature], lock: Callable[[bool], None], sdk: Sdk
) -> set[str]:
    """Return the features that the device itself locks while TLParamsLocked is set (SFNC)."""
    before = {name for name, feature in features.items() if feature.writable()}
    try:
        lock(True)
        return {name for name in before if not features[name].writable()}
    except sdk.errors():
        return set()
    finally:
        _unlock(lock, sdk)


def _unlock(lock: Callable[[bool], None], sdk: Sdk) -> None:
    try:
        lock(False)
    except sdk.errors():
        return


def _make(
    feature: Feature, name: str, sdk: Sdk, decodes: Callable[[int], bool]
) -> NodeParameter | None:
    """Return the parameter of the feature's kind; None for registers and missing features."""
    kind, description = feature.kind, feature.description
    if kind is Kind.COMMAND:
        return (
            _Command(name, feature.execute, description=description) if feature.writable() else None
        )
    if kind is None or not feature.readable():
        return None
    extra: dict[str, Any] = {}
    if kind in (Kind.INTEGER, Kind.FLOAT):
        extra = {"unit": sfnc.unit_of(name, feature.unit), **_limits(feature, sdk)}
    elif kind is Kind.ENUMERATION:
        extra = {"choices": _choices(feature, name, decodes)}
    return _CLASSES[kind](name, feature.get, feature.set, description=description, **extra)


def _choices(
    feature: Feature, name: str, decodes: Callable[[int], bool]
) -> Callable[[], Sequence[str]]:
    if name == "PixelFormat":
        return lambda: decoded_formats(feature, decodes)
    return feature.choices


def _limits(feature: Feature, sdk: Sdk) -> dict[str, Callable[[], Limit]]:
    return {
        "minimum": lambda: limit(feature.minimum, sdk.errors()),
        "maximum": lambda: limit(feature.maximum, sdk.errors()),
        "increment": lambda: limit(feature.increment, sdk.errors()),
    }
