"""A rectangle of the moving window, with scratch buffers to draw contours in.

Everything per frame is drawn in the smallest rectangle that holds it: the cost of a blur is its
area.
"""

from __future__ import annotations

import cv2
import numpy as np

from fluoroview_simulated.arrays import FloatArray, Int32Array


class Buffers:
    """Scratch of the whole window, shared by all areas: nothing is allocated per frame."""

    def __init__(self, shape: tuple[int, int], origin_mm: tuple[float, float], cell: float) -> None:
        self.shape, self.cell_mm = shape, cell
        self.origin_mm = np.array(origin_mm)
        """Millimetres (x, y) of the window's upper left corner."""
        self.mask = np.zeros(shape, np.uint8)
        self.blur = np.zeros(shape, np.uint8)
        self.path = np.zeros(shape, np.float32)
        self.scratch = np.zeros(shape, np.float32)

    def pixels(self, points: np.ndarray) -> Int32Array:
        """Millimetres to fixed-point cells of the window (4 fractional bits)."""
        cells: FloatArray = ((points - self.origin_mm) / self.cell_mm - 0.5) * 16.0
        return np.rint(cells).astype(np.int32)

    def area(self, low_mm: tuple[float, float], high_mm: tuple[float, float]) -> Area:
        """The area between two corners."""
        return self._within(self.pixels(np.array([low_mm, high_mm], float)), 0)

    def around(self, points: np.ndarray, margin: int) -> Area:
        """The area around a curve, `margin` cells wider."""
        return self._within(self.pixels(points), margin)

    def _within(self, pixels: np.ndarray, margin: int) -> Area:
        last = np.array(self.shape[::-1])
        low = np.clip(pixels.min(axis=0) // 16 - margin, 0, last - 1)
        high = np.clip(pixels.max(axis=0) // 16 + margin + 1, low + 1, last)
        return Area(self, (slice(int(low[1]), int(high[1])), slice(int(low[0]), int(high[0]))))


class Area:
    """Views of the buffers over one rectangle, and what is drawn there."""

    def __init__(self, buffers: Buffers, place: tuple[slice, slice]) -> None:
        self.place = place
        self._buffers = buffers
        self._corner = np.array([place[1].start, place[0].start], np.int32) * 16
        self.mask, self.blur = buffers.mask[place], buffers.blur[place]
        self.path, self.scratch = buffers.path[place], buffers.scratch[place]
        self.mask[:] = 0

    def clear(self) -> None:
        """Starts a new mask."""
        self.mask[:] = 0

    def fill(self, points: np.ndarray, value: int = 255) -> None:
        """Fills a closed curve in the mask."""
        pixels = self._buffers.pixels(points) - self._corner
        cv2.fillPoly(self.mask, [pixels], value, cv2.LINE_AA, 4)

    def stroke(self, points: np.ndarray, value: int, width: int) -> None:
        """Draws an open curve into the mask, `width` cells wide."""
        pixels = self._buffers.pixels(points) - self._corner
        cv2.polylines(self.mask, [pixels], False, value, width, cv2.LINE_AA, 4)

    def blurred(self, sigma: float, full: float) -> np.ndarray:
        """The mask blurred over `sigma` cells, as float32 with `full` where it was 255."""
        span = 2 * int(np.ceil(2.2 * sigma)) + 1
        cv2.GaussianBlur(self.mask, (span, span), sigma, dst=self.blur)
        return np.multiply(self.blur, np.float32(full / 255), out=self.scratch)

    def rounded(self, sigma: float, profile: np.ndarray, out: np.ndarray) -> np.ndarray:
        """The mask blurred over `sigma` cells and read through a table of 256 float32."""
        if sigma > 4.0:  # a wide blur is done on a quarter of the rows and columns
            size = self.mask.shape[::-1]
            small = cv2.resize(
                self.mask, (size[0] // 4, size[1] // 4), interpolation=cv2.INTER_AREA
            )
            cv2.GaussianBlur(small, (0, 0), sigma / 4, dst=small)
            cv2.resize(small, size, dst=self.blur, interpolation=cv2.INTER_LINEAR)
        else:
            span = 2 * int(np.ceil(2.0 * sigma)) + 1
            cv2.GaussianBlur(self.mask, (span, span), sigma, dst=self.blur)
        return cv2.LUT(self.blur, profile, dst=out)

    def tube(self, radius_mm: float) -> np.ndarray:
        """The mask as a filled tube: elliptic over `radius_mm` from its edge, 0 to 1, in `path`."""
        far = cv2.distanceTransform(self.mask, cv2.DIST_L2, 3, dstType=cv2.CV_32F)
        depth = np.asarray(far, np.float32)
        depth *= np.float32(self._buffers.cell_mm / radius_mm)
        np.minimum(depth, np.float32(1.0), out=depth)
        depth *= np.float32(2.0) - depth
        cv2.sqrt(depth, dst=depth)
        return cv2.GaussianBlur(depth, (5, 5), 1.1, dst=self.path)
