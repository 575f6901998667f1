"""Where the image lies in a GenTL buffer: plain image, chunk data or multi-part payload."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from fluoroview.hal import DeviceError
from fluoroview.hal.sdk.pixel_format import BY_CODE, Bytes
from fluoroview_gentl import sdk

# PAYLOADTYPE_INFO_IDS of the GenTL standard. UNKNOWN and RAW_DATA come from producers
# that leave the reading to the node map.
_IMAGE_LIKE = {0: "UNKNOWN", 1: "IMAGE", 2: "RAW_DATA", 4: "CHUNK_DATA"}
_MULTI_PART = 10
_REFUSED = {
    3: ("a file", "Choose an uncompressed transfer."),
    5: ("JPEG data", "Switch the image compression off (ImageCompressionMode)."),
    6: ("JPEG 2000 data", "Switch the image compression off (ImageCompressionMode)."),
    7: ("H.264 data", "Switch the image compression off (ImageCompressionMode)."),
    8: ("chunk data without an image", "Switch the image component on (ComponentEnable)."),
    11: ("GenDC containers", "Set GenDCStreamingMode to Off."),
}
_BIG_ENDIAN = 2  # PIXELENDIANNESS_BIG


@dataclass(frozen=True, slots=True)
class Image:
    """The bytes of one image (a view of the SDK's buffer) and how to read them.

    `code` is the PFNC value of the pixel format, `line_padding` is in bytes.
    """

    data: Bytes
    code: int
    rows: int
    columns: int
    line_padding: int = 0
    big_endian: bool = False
    complete: bool = True


def find_image(buffer: Any, node_map: Any) -> Image:
    """Return the image of a delivered genicam.gentl.Buffer; valid until it is queued again.

    Of a multi-part payload this is the first part whose pixel format is understood. Raises
    DeviceError for a payload that holds none; its sentence starts with "it", for `sink.fail`.
    """
    kind = int(buffer.payload_type)
    if kind in _IMAGE_LIKE:
        return _plain(buffer, node_map)
    if kind == _MULTI_PART:
        return _first_part(buffer)
    what, remedy = _REFUSED.get(kind, (f"payload type {kind}", "Choose an image payload."))
    raise DeviceError(
        f"it sends {what}, which the gentl driver does not decode.", remedy, code="FV-GTL-002"
    )


def _plain(buffer: Any, node_map: Any) -> Image:
    rows = _ask(buffer, "height") or int(node_map.Height.value)
    offset = _ask(buffer, "image_offset") or 0
    delivered_rows = _ask(buffer, "delivered_image_height")
    return Image(
        data=_filled(buffer)[offset:],
        code=_ask(buffer, "pixel_format") or int(node_map.PixelFormat.get_int_value()),
        rows=rows,
        columns=_ask(buffer, "width") or int(node_map.Width.value),
        line_padding=_ask(buffer, "padding_x") or 0,
        big_endian=_ask(buffer, "pixel_endianness") == _BIG_ENDIAN,
        complete=not delivered_rows or delivered_rows >= rows,
    )


def _first_part(buffer: Any) -> Image:
    data = _filled(buffer)
    big_endian = _ask(buffer, "pixel_endianness") == _BIG_ENDIAN
    codes = []
    # part.data_type is not asked: genicam leaks memory and writes to stderr there.
    for part in buffer.parts:
        code = int(part.data_format)
        codes.append(f"0x{code:08X}")
        if code in BY_CODE:
            rows = int(part.height)
            delivered_rows = _ask(part, "delivered_image_height")
            padding_bits = (_ask(part, "x_padding") or 0) * BY_CODE[code].bits_per_pixel
            return Image(
                data=data[part.data_offset : part.data_offset + part.data_size],
                code=code,
                rows=rows,
                columns=int(part.width),
                line_padding=(padding_bits + 7) // 8,
                big_endian=big_endian,
                complete=not delivered_rows or delivered_rows >= rows,
            )
    raise DeviceError(
        f"it sends multi-part data without an image (formats {', '.join(codes) or 'none'}).",
        "Switch the intensity component on (ComponentSelector, ComponentEnable).",
        code="FV-GTL-003",
    )


def _filled(buffer: Any) -> Bytes:
    data = np.frombuffer(buffer.raw_buffer, np.uint8)
    filled = _ask(buffer, "size_filled")
    return data[:filled] if filled else data


def _ask(source: Any, name: str) -> int | None:
    """Return what the producer says, None where it does not say."""
    try:
        return int(getattr(source, name))
    except sdk.errors(RuntimeError):
        return None
