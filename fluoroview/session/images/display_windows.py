"""The window of each source of images: chosen by the operator, found, or told by a file."""

from itertools import count

from fluoroview.hal.window import Window
from fluoroview.pipeline.display import auto_window
from fluoroview.pipeline.subtraction import first_window, subtracted_window
from fluoroview.pipeline.technique import STEADY, Technique, technique_changed
from fluoroview.session.images.image_pool import ImagePixels

SETTLED_IMAGES = 5
"""While so many first images come, the average still settles, and so does the window."""

KEPT_SOURCES = 1000
"""Of older ones nothing is known any more: each arming of a device makes two."""


class ExposureStability:
    """Counts the images since brightness last changed: a window is found when it has settled."""

    def __init__(self) -> None:
        self.images = 0
        self._technique: Technique | None = None

    def begin_run(self) -> None:
        """Count from the next image on."""
        self.images = 0
        self._technique = None

    def look(self, technique: Technique | None) -> None:
        """Count one more image, with what it was exposed."""
        if technique_changed(technique, self._technique, STEADY):
            self.images = 0
        self.images += 1
        self._technique = technique


class DisplayWindows:
    """One window a source. A choice of the operator's is never changed."""

    def __init__(self) -> None:
        self._windows: dict[int, Window] = {}
        self._settled: set[int] = set()
        self._subtracted: set[int] = set()
        self._numbers = count(1)

    def new_source(self) -> int:
        """Return the number of a source that was not there yet; from any thread."""
        number = next(self._numbers)
        forgotten = number - KEPT_SOURCES
        self._windows.pop(forgotten, None)
        self._settled.discard(forgotten)
        self._subtracted.discard(forgotten)
        return number

    def of(self, source: int) -> Window | None:
        """Return the window of a source, if it has one yet."""
        return self._windows.get(source)

    def subtracted(self, source: int) -> None:
        """The images of this source are differences to a mask."""
        self._subtracted.add(source)
        self.choose(source, first_window())

    def is_subtracted(self, source: int) -> bool:
        """Whether the images of a source are differences to a mask."""
        return source in self._subtracted

    def choose(self, source: int, window: Window) -> None:
        """Keep this one, by the operator's choice or a file's."""
        self._windows[source] = window
        self._settled.add(source)

    def find(self, source: int, pixels: ImagePixels, maximum: int) -> Window:
        """Find the window that suits an image, and keep it."""
        if source in self._subtracted:
            window = subtracted_window(pixels)
        else:
            window = auto_window(pixels, maximum=maximum)
        self.choose(source, window)
        return window

    def settle(self, source: int, images: int, pixels: ImagePixels, maximum: int) -> None:
        """Follow the first `images` of a source, until they have settled."""
        if source in self._settled:
            return
        if images <= SETTLED_IMAGES:
            self._windows[source] = auto_window(pixels, maximum=maximum)
        else:
            self._settled.add(source)
