"""Pixels of a grab result as counts: plain ones copied, packed and coloured ones converted.

pypylon's converter, asked for LSB-aligned output, gives the counts as they are (a 12-bit pixel
stays 0 to 4095) and colour as luminance. Plain pixels are copied straight from the SDK's buffer.
"""

from typing import Any

import numpy as np
import numpy.typing as npt

from fluoroview_pylon import sdk

Pixels = npt.NDArray[Any]


class PixelDecoder:
    """Writes grab results of one pixel type to arrays of uint8 or uint16, whichever fits."""

    def __init__(self, pixel_type: int) -> None:
        pylon, _ = sdk.load()
        self._pylon = pylon
        self.pixel_type = pixel_type
        self._plain = is_plain(pixel_type)
        self._dtype = np.dtype(np.uint8 if bits(pixel_type) == 8 else np.uint16)
        self._converter = None if self._plain else _converter(pylon, self._dtype)

    def decode(self, image: Any, pixels: Pixels) -> bool:
        """Write `image` (a grab result or PylonImage) to `pixels`, rows × columns.

        Returns False, and writes nothing, for an image with fewer bytes than its size needs.
        """
        rows, columns = pixels.shape
        if self._converter is not None:
            if image.GetImageSize() < -(
                -rows * columns * self._pylon.BitPerPixel(self.pixel_type) // 8
            ):
                return False
            image = self._converter.Convert(image)
        stride = columns * self._dtype.itemsize + image.GetPaddingX()
        view = _memory(image)
        if view.nbytes < stride * (rows - 1) + columns * self._dtype.itemsize:
            return False
        source = np.ndarray(
            (rows, columns), self._dtype, view, strides=(stride, self._dtype.itemsize)
        )
        np.copyto(pixels, source)
        return True


def bits(pixel_type: int) -> int:
    """Return the significant bits of a pixel, or of one colour of it."""
    return int(sdk.load()[0].BitDepth(pixel_type))


def is_plain(pixel_type: int) -> bool:
    """Return whether pixels lie in memory as uint8 or little-endian uint16 grey values."""
    pylon, _ = sdk.load()
    grey = pylon.IsMonoImage(pixel_type) and not pylon.IsPacked(pixel_type)
    return bool(grey and pylon.BitPerPixel(pixel_type) in (8, 16))


def is_known(pixel_type: int) -> bool:
    """Return whether pixels of this type can be delivered as grey values of 8 to 16 bits."""
    pylon, _ = sdk.load()
    if pixel_type == pylon.PixelType_Mono8signed or pylon.IsFloatingPoint(pixel_type):
        return False
    try:
        known = pylon.ImageFormatConverter.IsSupportedInputFormat(pixel_type)
        return bool(known and 8 <= bits(pixel_type) <= 16)
    except sdk.errors():
        return False


def _converter(pylon: Any, dtype: np.dtype[Any]) -> Any:
    converter = pylon.ImageFormatConverter()
    converter.OutputPixelFormat = (
        pylon.PixelType_Mono8 if dtype.itemsize == 1 else pylon.PixelType_Mono16
    )
    converter.OutputBitAlignment.Value = "LsbAligned"
    return converter


def _memory(image: Any) -> memoryview:
    """Return the pixels' memory without a copy; valid until the image is released."""
    take = getattr(image, "GetImageMemoryView", None) or image.GetMemoryView
    view: memoryview = take()
    return view
