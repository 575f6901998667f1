"""Pixel formats of the GenICam Pixel Format Naming Convention (PFNC 2.x) and their decoding.

One table lists the supported formats; `Decoder` turns the bytes of one image into the pixels of a
frame: monochrome formats to their counts, colour to luminance. No SDK lives here: bytes in,
pixels out.
"""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Bytes = npt.NDArray[np.uint8]
Pixels = npt.NDArray[np.uint8] | npt.NDArray[np.uint16]

# Luminance of ITU-R BT.601: 0.299 R + 0.587 G + 0.114 B, in 256ths that sum to 256, so that a
# grey of value v stays v and the 8-bit sum fits in 16 bits.
_RED, _GREEN, _BLUE = 77, 150, 29
_ONE = 256
_HALF = _ONE // 2  # half a count: the shift that ends each sum then rounds


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a packed pixel: ((byte >> right) & mask) << left."""

    byte: int
    right: int
    mask: int
    left: int


@dataclass(frozen=True, slots=True)
class Packing:
    """How a group of pixels shares a group of bytes; `pixels[k]` are the pieces of pixel k."""

    bytes_per_group: int
    pixels: tuple[tuple[Piece, ...], ...]


Mosaic = tuple[tuple[int, int], tuple[int, int]]


@dataclass(frozen=True, slots=True)
class PixelFormat:
    """One PFNC format.

    `bits` are significant per delivered pixel. Unpacked formats have `components` samples per
    pixel, of which `weights` ((index, 256ths), ...) make the delivered one; packed formats have
    `packing` instead. Bayer formats have a `mosaic`: the weight of each pixel of a 2×2 window.
    """

    name: str
    code: int
    bits: int
    components: int = 1
    weights: tuple[tuple[int, int], ...] = ((0, _ONE),)
    packing: Packing | None = None
    mosaic: Mosaic | None = None

    @property
    def bits_per_pixel(self) -> int:
        """Bits of a pixel in memory; part of the PFNC code."""
        return (self.code >> 16) & 0xFF

    @property
    def dtype(self) -> str:
        """Type of the delivered pixels: "uint8" or "uint16"."""
        return "uint8" if self.bits <= 8 else "uint16"

    @property
    def delivered_name(self) -> str:
        """Name of the delivered format: Mono8, or MonoN in 16-bit words of N significant bits."""
        return f"Mono{self.bits}"

    def line_bytes(self, columns: int) -> int:
        """Return the bytes of `columns` pixels; a last byte that is partly filled counts."""
        return (columns * self.bits_per_pixel + 7) // 8


def _lsb_packing(bits: int) -> Packing:
    """Return the PFNC "p" packing: pixels follow each other bit by bit, lowest bit first."""
    group = 8 // math.gcd(bits, 8)
    return Packing(
        bytes_per_group=group * bits // 8,
        pixels=tuple(_lsb_pieces(k * bits, bits) for k in range(group)),
    )


def _lsb_pieces(first_bit: int, bits: int) -> tuple[Piece, ...]:
    pieces, done = [], 0
    while done < bits:
        byte, right = divmod(first_bit + done, 8)
        here = min(8 - right, bits - done)
        pieces.append(Piece(byte, right, (1 << here) - 1, done))
        done += here
    return tuple(pieces)


# GigE Vision's "Packed": two pixels in three bytes, their low bits together in the middle one.
_GEV10 = Packing(
    3, ((Piece(0, 0, 255, 2), Piece(1, 0, 3, 0)), (Piece(2, 0, 255, 2), Piece(1, 4, 3, 0)))
)
_GEV12 = Packing(
    3, ((Piece(0, 0, 255, 4), Piece(1, 0, 15, 0)), (Piece(2, 0, 255, 4), Piece(1, 4, 15, 0)))
)


def _rgb(name: str, code: int, bits: int, components: int = 3) -> PixelFormat:
    first, last = (_BLUE, _RED) if name.startswith("BGR") else (_RED, _BLUE)
    return PixelFormat(name, code, bits, components, ((0, first), (1, _GREEN), (2, last)))


# Each 2×2 window of a Bayer mosaic has a red, a blue and two green pixels.
_HALF_GREEN = _GREEN // 2
_MOSAICS: dict[str, Mosaic] = {
    "RG": ((_RED, _HALF_GREEN), (_HALF_GREEN, _BLUE)),
    "BG": ((_BLUE, _HALF_GREEN), (_HALF_GREEN, _RED)),
    "GR": ((_HALF_GREEN, _RED), (_BLUE, _HALF_GREEN)),
    "GB": ((_HALF_GREEN, _BLUE), (_RED, _HALF_GREEN)),
}


def _bayer(kind: str, bits: int, *codes: int, packing: Packing | None = None) -> list[PixelFormat]:
    """Return the four Bayer formats of a kind, codes in the order GR, RG, GB, BG."""
    return [
        PixelFormat(f"Bayer{order}{kind}", code, bits, packing=packing, mosaic=_MOSAICS[order])
        for order, code in zip(("GR", "RG", "GB", "BG"), codes, strict=True)
    ]


def _luma(name: str, code: int, components: int, index: int) -> PixelFormat:
    """Return an 8-bit YUV or YCbCr format: its luma sample is the luminance."""
    return PixelFormat(name, code, 8, components, ((index, _ONE),))


_FORMATS = (
    PixelFormat("Mono8", 0x01080001, 8),
    PixelFormat("Mono10", 0x01100003, 10),
    PixelFormat("Mono12", 0x01100005, 12),
    PixelFormat("Mono14", 0x01100025, 14),
    PixelFormat("Mono16", 0x01100007, 16),
    PixelFormat("Mono10p", 0x010A0046, 10, packing=_lsb_packing(10)),
    PixelFormat("Mono12p", 0x010C0047, 12, packing=_lsb_packing(12)),
    PixelFormat("Mono14p", 0x010E0104, 14, packing=_lsb_packing(14)),
    PixelFormat("Mono10Packed", 0x010C0004, 10, packing=_GEV10),
    PixelFormat("Mono12Packed", 0x010C0006, 12, packing=_GEV12),
    *_bayer("8", 8, 0x01080008, 0x01080009, 0x0108000A, 0x0108000B),
    *_bayer("10", 10, 0x0110000C, 0x0110000D, 0x0110000E, 0x0110000F),
    *_bayer("12", 12, 0x01100010, 0x01100011, 0x01100012, 0x01100013),
    *_bayer("16", 16, 0x0110002E, 0x0110002F, 0x01100030, 0x01100031),
    *_bayer("10p", 10, 0x010A0056, 0x010A0058, 0x010A0054, 0x010A0052, packing=_lsb_packing(10)),
    *_bayer("12p", 12, 0x010C0057, 0x010C0059, 0x010C0055, 0x010C0053, packing=_lsb_packing(12)),
    *_bayer("10Packed", 10, 0x010C0026, 0x010C0027, 0x010C0028, 0x010C0029, packing=_GEV10),
    *_bayer("12Packed", 12, 0x010C002A, 0x010C002B, 0x010C002C, 0x010C002D, packing=_GEV12),
    _rgb("RGB8", 0x02180014, 8),
    _rgb("BGR8", 0x02180015, 8),
    _rgb("RGBa8", 0x02200016, 8, 4),
    _rgb("BGRa8", 0x02200017, 8, 4),
    _rgb("RGB10", 0x02300018, 10),
    _rgb("BGR10", 0x02300019, 10),
    _rgb("RGB12", 0x0230001A, 12),
    _rgb("BGR12", 0x0230001B, 12),
    _rgb("RGB14", 0x0230005E, 14),
    _rgb("BGR14", 0x0230004A, 14),
    _rgb("RGB16", 0x02300033, 16),
    _rgb("BGR16", 0x0230004B, 16),
    _rgb("RGBa16", 0x02400064, 16, 4),
    _rgb("BGRa16", 0x02400051, 16, 4),
    _luma("YUV422_8", 0x02100032, 2, 0),
    _luma("YUV422_8_UYVY", 0x0210001F, 2, 1),
    _luma("YUV8_UYV", 0x02180020, 3, 1),
    _luma("YCbCr8", 0x0218005B, 3, 0),
    _luma("YCbCr8_CbYCr", 0x0218003A, 3, 1),
    _luma("YCbCr601_8_CbYCr", 0x0218003D, 3, 1),
    _luma("YCbCr709_8_CbYCr", 0x02180040, 3, 1),
    _luma("YCbCr422_8", 0x0210003B, 2, 0),
    _luma("YCbCr422_8_CbYCrY", 0x02100043, 2, 1),
    _luma("YCbCr601_422_8", 0x0210003E, 2, 0),
    _luma("YCbCr601_422_8_CbYCrY", 0x02100044, 2, 1),
    _luma("YCbCr709_422_8", 0x02100041, 2, 0),
    _luma("YCbCr709_422_8_CbYCrY", 0x02100045, 2, 1),
)

BY_NAME = {entry.name: entry for entry in _FORMATS}
BY_CODE = {entry.code: entry for entry in _FORMATS}


class Decoder:
    """Decodes images of one format and size; its work space is allocated once."""

    def __init__(self, pixel_format: PixelFormat, rows: int, columns: int) -> None:
        self.pixel_format = pixel_format
        self.rows = rows
        self.columns = columns
        wide = np.uint16 if pixel_format.bits <= 8 else np.uint32
        size = (rows, columns)
        summing = len(pixel_format.weights) > 1 or pixel_format.mosaic is not None
        self._sum = np.empty(size if summing else (0, 0), wide)
        self._term = np.empty(size if summing else (0, 0), wide)
        self._raw = np.empty(size if pixel_format.mosaic else (0, 0), pixel_format.dtype)

    def line_step(self, line_padding: int) -> int:
        """Return the bytes from one line to the next, where lines begin on whole bytes."""
        return self.pixel_format.line_bytes(self.columns) + line_padding

    def needed_bytes(self, line_padding: int = 0) -> int:
        """Return the bytes of a whole image with `line_padding` bytes after each line.

        Without padding packed pixels run on across lines (GigE Vision, USB3 Vision).
        """
        if line_padding == 0:
            return self.pixel_format.line_bytes(self.rows * self.columns)
        return self.line_step(line_padding) * self.rows

    def decode(
        self, data: Bytes, out: Pixels, *, line_padding: int = 0, big_endian: bool = False
    ) -> None:
        """Write the image in `data` (1-D) to `out` (rows × columns, C order).

        `out` has the format's dtype; `line_padding` is in bytes. Raises ValueError when `data`
        is shorter than a whole image.
        """
        needed = self.needed_bytes(line_padding)
        if data.size < needed:
            raise ValueError(f"{data.size} bytes are too few, {needed} make the image")
        if self.pixel_format.mosaic is None:
            self._decode_samples(data[:needed], out, line_padding, big_endian)
        else:
            self._decode_samples(data[:needed], self._raw, line_padding, big_endian)
            self._sum_windows(self.pixel_format.mosaic)
            np.right_shift(self._sum, 8, out=out, casting="unsafe")

    def _decode_samples(
        self, data: Bytes, out: Pixels, line_padding: int, big_endian: bool
    ) -> None:
        packing = self.pixel_format.packing
        if packing is None:
            self._decode_unpacked(data, out, line_padding, big_endian)
        elif line_padding == 0:
            _unpack(packing, data[None, :], out.reshape(1, -1))
        else:
            _unpack(packing, data.reshape(self.rows, -1), out)

    def _decode_unpacked(
        self, data: Bytes, out: Pixels, line_padding: int, big_endian: bool
    ) -> None:
        fmt = self.pixel_format
        lines = data.reshape(self.rows, -1)
        lines = lines[:, : lines.shape[1] - line_padding]
        sample = "u1" if fmt.bits <= 8 else (">u2" if big_endian else "<u2")
        samples = lines.view(sample).reshape(self.rows, self.columns, fmt.components)
        if len(fmt.weights) == 1:
            np.copyto(out, samples[:, :, fmt.weights[0][0]], casting="same_kind")
            return
        self._weigh(samples)
        np.right_shift(self._sum, 8, out=out, casting="unsafe")

    def _weigh(self, samples: npt.NDArray[np.unsignedinteger]) -> None:
        self._sum.fill(_HALF)
        for index, weight in self.pixel_format.weights:
            np.multiply(samples[:, :, index], weight, out=self._term, dtype=self._term.dtype)
            self._sum += self._term

    def _sum_windows(self, mosaic: Mosaic) -> None:
        """Sum the weighted mosaic over the 2×2 window that begins at each pixel.

        Every window holds each colour of the mosaic, so that the sum is the BT.601 luminance, half
        a pixel to the right and below. The last line and column take the window before theirs.
        """
        term, total = self._term, self._sum
        for row in (0, 1):
            for column in (0, 1):
                part = np.s_[row::2, column::2]
                weight = mosaic[row][column]
                np.multiply(self._raw[part], weight, out=term[part], dtype=term.dtype)
        total.fill(_HALF)
        inner = total[:-1, :-1]
        for row in (0, 1):
            for column in (0, 1):
                inner += term[row : row + inner.shape[0], column : column + inner.shape[1]]
        total[:, -1] = total[:, -2]
        total[-1] = total[-2]


def _unpack(packing: Packing, data: Bytes, out: Pixels) -> None:
    """Write the packed pixels of each line of `data` to the same line of `out`."""
    group = len(packing.pixels)
    for k, pieces in enumerate(packing.pixels):
        target = out[:, k::group]
        count = target.shape[1]
        value = np.zeros(target.shape, np.uint16)
        for piece in pieces:
            part = data[:, piece.byte :: packing.bytes_per_group][:, :count].astype(np.uint16)
            part >>= piece.right
            part &= piece.mask
            part <<= piece.left
            value |= part
        target[...] = value
