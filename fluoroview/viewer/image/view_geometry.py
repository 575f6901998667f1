"""Where an image lies in the canvas: zoom, pan, fit, and the placement in whole pixels.

Pure arithmetic without Qt. Lengths on the screen are physical pixels; lengths in the image are
image pixels, with (0, 0) the outer corner of the first one.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

SNAP = 1.1
"""A fit between 1 and this is painted 1:1: sharper than any interpolation, and nearly as large."""

MAX_ZOOM = 64.0


@dataclass(frozen=True, slots=True)
class Placement:
    """The part of the image that is seen, and the rectangle of screen pixels it covers."""

    x0: int
    y0: int
    x1: int
    y1: int
    left: int
    top: int
    width: int
    height: int
    reduce: int
    """Whole-number factor by which the part is averaged before it is interpolated."""

    @property
    def empty(self) -> bool:
        """True when nothing of the image is on the screen."""
        return self.width <= 0 or self.height <= 0 or self.x1 <= self.x0 or self.y1 <= self.y0


@dataclass(frozen=True, slots=True)
class View:
    """What the user looks at: fitted, or `zoom` screen pixels per image pixel about a centre."""

    fitted: bool = True
    zoom: float = 1.0
    centre_x: float = 0.0
    centre_y: float = 0.0

    def resolved(self, image: tuple[int, int], screen: tuple[int, int]) -> View:
        """Return the view with a fit turned into numbers; `image`, `screen` are (H, W)."""
        if not self.fitted:
            return self
        zoom = min(screen[0] / image[0], screen[1] / image[1])
        if 1.0 <= zoom <= SNAP:
            zoom = 1.0
        return View(True, max(zoom, 1e-3), image[1] / 2, image[0] / 2)

    def to_image(self, screen: tuple[int, int], x: float, y: float) -> tuple[float, float]:
        """Return the image point (x, y) under a screen point of a resolved view."""
        return (
            self.centre_x + (x - screen[1] / 2) / self.zoom,
            self.centre_y + (y - screen[0] / 2) / self.zoom,
        )

    def zoomed(self, screen: tuple[int, int], x: float, y: float, factor: float) -> View:
        """Return the view magnified about a screen point, which keeps its image point."""
        zoom = min(max(self.zoom * factor, 0.05), MAX_ZOOM)
        px, py = self.to_image(screen, x, y)
        return View(False, zoom, px - (x - screen[1] / 2) / zoom, py - (y - screen[0] / 2) / zoom)

    def panned(self, dx: float, dy: float, image: tuple[int, int]) -> View:
        """Return the view moved by screen pixels; its centre stays on the image."""
        x = min(max(self.centre_x - dx / self.zoom, 0.0), float(image[1]))
        y = min(max(self.centre_y - dy / self.zoom, 0.0), float(image[0]))
        return replace(self, fitted=False, centre_x=x, centre_y=y)

    def placement(self, image: tuple[int, int], screen: tuple[int, int]) -> Placement:
        """Return which image pixels are seen and which screen rectangle they cover."""
        reduce = max(1, math.floor(1.0 / self.zoom + 1e-6))
        x0, x1, left, width = self._axis(image[1], screen[1], self.centre_x, reduce)
        y0, y1, top, height = self._axis(image[0], screen[0], self.centre_y, reduce)
        return Placement(x0, y0, x1, y1, left, top, width, height, reduce)

    def _axis(
        self, extent: int, screen: int, centre: float, reduce: int
    ) -> tuple[int, int, int, int]:
        """One axis: first and last source pixel, first screen pixel and their number.

        The source is cut at multiples of `reduce`, so that averaged cells do not shimmer in a pan.
        """
        origin = screen / 2 - centre * self.zoom  # screen position of the image's edge
        first = max(0, math.floor(-origin / self.zoom))
        last = min(extent, math.ceil((screen - origin) / self.zoom))
        first -= first % reduce
        last = min(extent - extent % reduce, last + (-last) % reduce)
        start = round(origin + first * self.zoom)
        return first, last, start, round(origin + last * self.zoom) - start
