"""The window of each source of images: chosen by the operator, computed, or stated by a file."""

import threading
from itertools import count

from fluoroview.hal.window import Window
from fluoroview.pipeline.display import auto_window
from fluoroview.pipeline.subtraction import first_window, subtracted_window
from fluoroview.pipeline.technique import STEADY, Technique, technique_changed
from fluoroview.session.images.image_pool import ImagePixels

SETTLED_IMAGES = 5
"""During the first images the recursive average still settles, and so does the window."""

KEPT_SOURCES = 1000
"""Older ones are forgotten: each arming of a device makes two."""


class ExposureStability:
    """Counts the images since brightness last changed: the window follows until it has settled."""

    def __init__(self) -> None:
        self.images = 0
        self._technique: Technique | None = None

    def begin_run(self) -> None:
        """Count from the next image on."""
        self.images = 0
        self._technique = None

    def look(self, technique: Technique | None) -> None:
        """Count one more image, exposed with `technique`."""
        if technique_changed(technique, self._technique, STEADY):
            self.images = 0
        self.images += 1
        self._technique = technique


class DisplayWindows:
    """One window for each source. The operator's choice is never overwritten. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._windows: dict[int, Window] = {}
        self._settled: set[int] = set()
        self._subtracted: set[int] = set()
        self._numbers = count(1)

    def new_source(self) -> int:
        """Return the number of a new source."""
        with self._lock:
            number = next(self._numbers)
            oldest = number - KEPT_SOURCES
            self._windows.pop(oldest, None)
            self._settled.discard(oldest)
            self._subtracted.discard(oldest)
            return number

    def of(self, source: int) -> Window | None:
        """Return the window of a source, if it has one yet."""
        return self._windows.get(source)

    def subtracted(self, source: int) -> None:
        """Note that the images of a source are differences to a mask."""
        self._subtracted.add(source)
        self.choose(source, first_window())

    def is_subtracted(self, source: int) -> bool:
        """Return whether the images of a source are differences to a mask."""
        return source in self._subtracted

    def choose(self, source: int, window: Window) -> None:
        """Set a window for good: the operator's choice, or the one that a file states."""
        with self._lock:
            self._windows[source] = window
            self._settled.add(source)

    def find(self, source: int, pixels: ImagePixels, maximum: int) -> Window:
        """Compute the window of an image at the operator's request, and set it for good."""
        if source in self._subtracted:
            window = subtracted_window(pixels)
        else:
            window = auto_window(pixels, maximum=maximum)
        self.choose(source, window)
        return window

    def settle(self, source: int, images: int, pixels: ImagePixels, maximum: int) -> None:
        """Follow the first `images` of a source, until brightness has settled."""
        if source in self._settled:
            return
        window = auto_window(pixels, maximum=maximum) if images <= SETTLED_IMAGES else None
        with self._lock:
            if source in self._settled:
                return  # the operator chose while the window was computed
            if window is None:
                self._settled.add(source)
            else:
                self._windows[source] = window
