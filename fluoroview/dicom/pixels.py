"""From stored pixel bytes to an image: uint16, one value per pixel, larger = brighter.

What is done, in order: unused and overlay bits are masked off (BitsStored, HighBit); signed
values are shifted to start at 0; MONOCHROME1, whose small values are bright, is turned over so
that every image reads alike; colour becomes luminance (ITU-R BT.601).

Rescale slope and intercept never change the image, only the `Scale` that leads from image
values back to the file's units. A modality look-up table is applied, except in XA and XRF, where
it serves to linearise the values for measurement and is not for the screen (PS3.3 C.8.7.1.1.2).
"""

import os
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
from pydicom.dataset import Dataset
from pydicom.pixels.processing import apply_color_lut, apply_modality_lut

from fluoroview.dicom.attributes import number, quiet, text, value
from fluoroview.dicom.errors import DicomError

Image = npt.NDArray[np.uint16]

MAX_PIXELS = 8192 * 8192
"""Largest frame that is opened; no x-ray detector is nearly as large."""

_XRAY_ANGIO_CLASSES = (
    "1.2.840.10008.5.1.4.1.1.12.1",  # XA
    "1.2.840.10008.5.1.4.1.1.12.1.1",  # enhanced XA
    "1.2.840.10008.5.1.4.1.1.12.2",  # XRF
    "1.2.840.10008.5.1.4.1.1.12.2.1",  # enhanced XRF
)


@dataclass(frozen=True, slots=True)
class Scale:
    """From image values to the file's own: value = slope · image + intercept, in `unit`.

    `unit` is the file's RescaleType, or "" for plain stored values.
    """

    slope: float = 1.0
    intercept: float = 0.0
    unit: str = ""

    def to_file(self, image: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """Return image values in the file's units (any shape, float64)."""
        return np.asarray(image, np.float64) * self.slope + self.intercept

    def to_image(self, file_value: float) -> float:
        """Return the image value of one value in the file's units."""
        return (file_value - self.intercept) / self.slope


@dataclass(frozen=True)
class PixelLayout:
    """How the pixels of a file are stored (PS3.3 C.7.6.3)."""

    rows: int
    columns: int
    samples: int
    bits_allocated: int
    bits_stored: int
    high_bit: int
    signed: bool
    photometric: str
    planar: int

    @property
    def frame_bytes(self) -> int:
        """Size of an uncompressed frame in bytes."""
        if self.photometric == "YBR_FULL_422":  # two chroma samples for every two pixels
            return self.rows * self.columns * 2 * self.bits_allocated // 8
        return self.rows * self.columns * self.samples * self.bits_allocated // 8

    @property
    def drop_bits(self) -> int:
        """Number of the lowest stored bits that an image drops."""
        return max(0, self.bits_stored - 16)

    @property
    def image_bits(self) -> int:
        """Bits of the values of an image without look-up table."""
        return min(self.bits_stored, 16)


def read_layout(path: str | os.PathLike[str], data: Dataset) -> PixelLayout:
    """Return the layout that a data set states. Raises DicomError where none can be shown."""
    rows, columns = (round(number(data, key) or 0) for key in ("Rows", "Columns"))
    if rows < 1 or columns < 1:
        raise DicomError(
            path,
            "does not state how many rows and columns its pixels have.",
            "Export it again.",
            code="FV-DCM-017",
        )
    if rows * columns > MAX_PIXELS:
        raise DicomError(
            path,
            f"claims frames of {columns} × {rows} pixels; up to {MAX_PIXELS} pixels are allowed.",
            "The file is damaged, or is no fluoroscopy.",
            code="FV-DCM-018",
        )
    allocated = round(number(data, "BitsAllocated") or 0)
    stored = round(number(data, "BitsStored") or allocated)
    high = number(data, "HighBit")
    high = stored - 1 if high is None else round(high)
    samples = round(number(data, "SamplesPerPixel") or 1)
    if allocated not in (8, 16, 32) or not 1 <= stored <= allocated or samples not in (1, 3):
        raise DicomError(
            path,
            f"has {samples} sample(s) per pixel of {allocated} bits, {stored} of them used; 1 or 3 "
            "samples of 8, 16 or 32 bits are allowed.",
            "Export it again with 8 or 16 bits per pixel.",
            code="FV-DCM-019",
        )
    if not stored - 1 <= high < allocated:
        high = stored - 1
    photometric = text(data, "PhotometricInterpretation") or (
        "MONOCHROME2" if samples == 1 else "RGB"
    )
    signed = number(data, "PixelRepresentation") == 1
    planar = round(number(data, "PlanarConfiguration") or 0)
    return PixelLayout(rows, columns, samples, allocated, stored, high, signed, photometric, planar)


class Converter:
    """Turns stored samples into images for one file; `warnings` are sentences.

    `image_max` is the largest value an image can have, `inverted` states that the file is
    MONOCHROME1 and was turned over, and `scale` leads back to the file's values.
    """

    def __init__(self, data: Dataset, layout: PixelLayout) -> None:
        self.layout = layout
        self.inverted = layout.photometric == "MONOCHROME1"
        self.warnings: list[str] = []
        bits = layout.image_bits
        self._shift = layout.high_bit + 1 - layout.bits_stored + layout.drop_bits
        self._mask = (1 << bits) - 1
        self.image_max = self._mask
        # Shifting a signed value by half the range flips its sign bit; turning a value over
        # flips all of them. So both are one exclusive or.
        self._flip = (1 << bits - 1 if layout.signed else 0) ^ (self._mask * self.inverted)
        self._table = self._make_table(data)
        self.scale = self._make_scale(data)

    def convert(self, stored: npt.NDArray[Any], out: Image) -> None:
        """Write the image of `stored` to `out` (rows × columns).

        `stored`: rows × columns of unsigned integers of 8, 16 or 32 bits as they lie in the file,
        or rows × columns × 3 for colour. It may be `out` itself.
        """
        if stored.ndim == 3:
            out[...] = _luminance(stored)
            return
        if self._shift:
            np.copyto(out, stored >> self._shift, casting="unsafe")
        elif stored is not out:
            np.copyto(out, stored, casting="same_kind")
        if self._mask != np.iinfo(stored.dtype).max or self._shift:
            np.bitwise_and(out, np.uint16(self._mask), out=out)
        if self._table is not None:
            np.take(self._table, out, out=out, mode="clip")
        elif self._flip:
            np.bitwise_xor(out, np.uint16(self._flip), out=out)

    def _make_table(self, data: Dataset) -> Image | None:
        """Return image values by stored code, for palettes and modality look-up tables."""
        try:
            with quiet():
                table = self._stated_table(data)
        except Exception as error:  # a wrong descriptor fails in many ways
            self.warnings.append(f"The file's look-up table is unusable ({error}) and is ignored.")
            return None
        if table is None:
            return None
        self.image_max = int(table.max())
        return self.image_max - table if self.inverted else table

    def _stated_table(self, data: Dataset) -> Image | None:
        if self.layout.photometric == "PALETTE COLOR":
            return self._palette_table(data)
        if has_modality_lut_for_display(data) and self.layout.drop_bits == 0:
            return self._modality_table(data)
        return None

    def _palette_table(self, data: Dataset) -> Image:
        codes = np.arange(self._mask + 1, dtype=np.uint16).reshape(1, -1)
        return _luminance(apply_color_lut(codes, data)).ravel()

    def _modality_table(self, data: Dataset) -> Image:
        codes = np.arange(self._mask + 1, dtype=np.int32)
        if self.layout.signed:
            codes -= (codes > self._mask >> 1) * (self._mask + 1)
        table = apply_modality_lut(codes, data)
        return np.ascontiguousarray(table, dtype=np.uint16)

    def _make_scale(self, data: Dataset) -> Scale:
        if self._table is not None or self.layout.samples == 3:
            if self.inverted:
                return Scale(-1.0, float(self.image_max))
            return Scale()
        turn, start = (-1.0, float(self._mask)) if self.inverted else (1.0, 0.0)
        if self.layout.signed:
            start -= 1 << self.layout.image_bits - 1
        step = float(1 << self.layout.drop_bits)
        slope, intercept, unit = _rescale(data)
        return Scale(slope * step * turn, slope * step * start + intercept, unit)


def has_modality_lut_for_display(data: Dataset) -> bool:
    """Return whether the image needs a modality look-up table that the file has."""
    if not value(data, "ModalityLUTSequence"):
        return False
    return text(data, "SOPClassUID") not in _XRAY_ANGIO_CLASSES


def _rescale(data: Dataset) -> tuple[float, float, str]:
    slope = number(data, "RescaleSlope")
    intercept = number(data, "RescaleIntercept") or 0.0
    kind = text(data, "RescaleType")
    # A slope of 0 would make every value the same: written by mistake, never meant.
    return slope or 1.0, intercept if slope != 0.0 else 0.0, "" if kind == "US" else kind


def _luminance(colour: npt.NDArray[Any]) -> Image:
    if colour.dtype not in (np.uint8, np.uint16):
        raise ValueError(f"colour of type {colour.dtype} has no luminance here")
    return cv2.cvtColor(np.ascontiguousarray(colour), cv2.COLOR_RGB2GRAY).astype(np.uint16)
