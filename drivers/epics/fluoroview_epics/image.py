"""One NTNDArray: its size, type, colour and time, and its pixels as those of a frame.

An NTNDArray (EPICS Normative Types, "NTNDArray") lists its dimensions innermost first and says in
the attribute ColorMode which of them is the colour. Here are no p4p objects' lifetimes and no
network: a value in, pixels out.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from fluoroview.hal import DeviceError
from fluoroview.hal.sdk.pixel_format import BY_NAME, Decoder, PixelFormat, Pixels

_MONO, _BAYER = 0, 1
_RGB_AXIS = {2: 2, 3: 1, 4: 0}  # RGB1, RGB2, RGB3: where the colour is, outermost first
_BAYER_ORDER = {0: "RG", 1: "GB", 2: "GR", 3: "BG"}
_COLOUR_NAMES = {5: "YUV444", 6: "YUV422", 7: "YUV421"}
# What is delivered of each type of pixel. Wider and signed ones have their rules in `_narrow`.
_DELIVERED = {
    "int8": "uint8",
    "uint8": "uint8",
    "int16": "uint16",
    "uint16": "uint16",
    "int32": "uint16",
    "uint32": "uint16",
}
_LARGEST = 65535
_CONVERT = "Convert it in the IOC (NDPluginProcess, Output data type UInt16), and choose that PV."
_NS_PER_S = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Layout:
    """What must not change during a run."""

    rows: int
    columns: int
    pixel_type: str  # NumPy name of the type that is served
    colour_mode: int
    bayer: int = 0

    @property
    def dtype(self) -> str:
        """Type of the delivered pixels: "uint8" or "uint16"."""
        return _DELIVERED[self.pixel_type]

    @property
    def pixel_format(self) -> str:
        """SFNC name of what is delivered."""
        return "Mono8" if self.dtype == "uint8" else "Mono16"

    @property
    def encoding(self) -> PixelFormat | None:
        """Colour format in which the pixels lie, once the colour is innermost; None: mono."""
        bits = 8 if self.dtype == "uint8" else 16
        if self.colour_mode == _MONO:
            return None
        if self.colour_mode == _BAYER:
            return BY_NAME[f"Bayer{_BAYER_ORDER[self.bayer]}{bits}"]
        return BY_NAME[f"RGB{bits}"]

    def __str__(self) -> str:
        colour = "" if self.colour_mode == _MONO else " in colour"
        return f"{self.columns}×{self.rows} {self.pixel_type}{colour}"


def layout_of(value: Any, name: str) -> Layout:
    """Return the layout of an NTNDArray. Raises DeviceError where it cannot be shown."""
    if not _is_ndarray(value):
        raise DeviceError(
            f"{name} is no NTNDArray, but {_id(value) or 'something without a type'}.",
            "Choose the image of an areaDetector's Pva plugin, such as 13SIM1:Pva1:Image.",
            name,
            code="FV-EPX-004",
        )
    if codec := str(value.codec.name):
        raise DeviceError(
            f"{name} is compressed ({codec}), which the epics driver does not read.",
            "Choose a PV before the codec plugin, or set its Compressor to None.",
            name,
            code="FV-EPX-005",
        )
    shape = [int(dimension.size) for dimension in reversed(list(value.dimension))]
    pixels = value.value
    if pixels is None or pixels.size == 0 or not shape:
        raise DeviceError(
            f"{name} has no image yet.",
            "Enable callbacks of its Pva plugin and acquire one image.",
            name,
            code="FV-EPX-006",
        )
    if pixels.dtype.name not in _DELIVERED:
        raise DeviceError(
            f"{name} has pixels of type {pixels.dtype.name}; read are {', '.join(_DELIVERED)}.",
            _CONVERT,
            name,
            code="FV-EPX-007",
        )
    return _checked(shape, pixels, _attributes(value), name)


def counter_of(value: Any) -> int:
    """Return uniqueId, a signed 32-bit counter."""
    return int(value.uniqueId)


def time_ns(value: Any) -> int:
    """Return when the image was taken, ns since 1970; the IOC's time where it does not say."""
    for stamp in (value.dataTimeStamp, value.timeStamp):
        taken_ns = int(stamp.secondsPastEpoch) * _NS_PER_S + int(stamp.nanoseconds)
        if taken_ns > 0:
            return taken_ns
    return 0


def binning_of(value: Any) -> int:
    """Return the horizontal binning."""
    return max(1, int(value.dimension[0].binning))


class ImageReader:
    """Turns NTNDArrays of one layout into frames; its work space is allocated once."""

    def __init__(self, layout: Layout, name: str) -> None:
        self._layout = layout
        self._name = name
        encoding = layout.encoding
        self._decoder = Decoder(encoding, layout.rows, layout.columns) if encoding else None
        self._axis = _RGB_AXIS.get(layout.colour_mode, 2)

    def read(self, value: Any, out: Pixels) -> None:
        """Write the image to `out` (rows × columns). Raises DeviceError for another layout."""
        found = layout_of(value, self._name)
        if found != self._layout:
            raise DeviceError(
                f"{self._name} delivered {found}, but {self._layout} was agreed when armed.",
                "Size, type and colour may change only while the device is idle.",
                self._name,
                code="FV-EPX-008",
            )
        pixels = self._narrow(value.value)
        if self._decoder is None:
            np.copyto(out, pixels.reshape(out.shape), casting="unsafe")
        else:
            self._decoder.decode(self._interleaved(pixels).view(np.uint8), out)

    def _narrow(self, pixels: Pixels) -> Pixels:
        """Return the pixels in the delivered type.

        Below zero there is no radiation: negative values become 0. Values that 16 bits cannot hold
        are not cut off: they end the run.
        """
        if pixels.dtype == self._layout.dtype:
            return pixels
        if pixels.dtype.itemsize > 2 and (largest := int(pixels.max())) > _LARGEST:
            raise DeviceError(
                f"{self._name} has a pixel of {largest}, but at most {_LARGEST} can be shown.",
                _CONVERT,
                self._name,
                code="FV-EPX-009",
            )
        narrowed: Pixels = np.maximum(pixels, 0).astype(self._layout.dtype)
        return narrowed

    def _interleaved(self, pixels: Pixels) -> Pixels:
        """Return the pixels flat, with the colour innermost."""
        if self._axis == 2:
            return pixels
        sizes = [self._layout.rows, self._layout.columns]
        sizes.insert(self._axis, 3)
        innermost: Pixels = np.moveaxis(pixels.reshape(sizes), self._axis, 2)
        return innermost.ravel()


def _checked(shape: list[int], pixels: Pixels, attributes: dict[str, Any], name: str) -> Layout:
    mode = int(attributes.get("ColorMode", _MONO))
    bayer = int(attributes.get("BayerPattern", 0))
    if mode not in (_MONO, _BAYER, *_RGB_AXIS) or bayer not in _BAYER_ORDER:
        raise DeviceError(
            f"{name} has ColorMode {_COLOUR_NAMES.get(mode, mode)}; read are Mono, Bayer and RGB.",
            "Convert it in the IOC (NDPluginColorConvert), and choose that PV.",
            name,
            code="FV-EPX-010",
        )
    rgb = mode in _RGB_AXIS
    fits = len(shape) == (3 if rgb else 2) and int(np.prod(shape)) == pixels.size
    sizes = list(shape)
    if not fits or (rgb and sizes.pop(_RGB_AXIS[mode]) != 3):
        raise DeviceError(
            f"{name} has the dimensions {'×'.join(map(str, reversed(shape)))} and {pixels.size} "
            "pixels, which make no image.",
            "Choose a PV of two-dimensional images, or of three colours.",
            name,
            code="FV-EPX-011",
        )
    return Layout(sizes[0], sizes[1], pixels.dtype.name, mode, bayer if mode == _BAYER else 0)


def _attributes(value: Any) -> dict[str, Any]:
    return {str(attribute.name): attribute.value for attribute in value.attribute}


def _is_ndarray(value: Any) -> bool:
    return _id(value).startswith("epics:nt/NTNDArray:")


def _id(value: Any) -> str:
    return str(value.getID()) if hasattr(value, "getID") else ""
