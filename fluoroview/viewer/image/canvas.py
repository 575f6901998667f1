"""The image on the screen: newest image only, windowed at the painted size, overlays on top.

An image is resampled first, in 16 bits, and windowed afterwards: the window then touches only the
pixels that are painted, and averaging happens on counts and not on clipped greys. Shrinking first
averages whole cells (as a display must, or noise turns into a pattern) and interpolates the rest
with a cubic, whose noise is far more even over the image than that of a linear one.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any, Protocol

import cv2
import numpy as np
from numpy.typing import NDArray
from PyQt6.QtCore import QPointF, QRect, QRectF, Qt, pyqtSignal
from PyQt6.QtGui import (
    QColor,
    QFont,
    QImage,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
    QWheelEvent,
)
from PyQt6.QtWidgets import QSizePolicy, QWidget

from fluoroview.hal.window import Window
from fluoroview.pipeline.display import WindowLut
from fluoroview.translation import tr
from fluoroview.viewer.image.overlay import Overlay
from fluoroview.viewer.image.view_geometry import Placement, View
from fluoroview.viewer.image.window_drag import dragged, rounded
from fluoroview.viewer.widgets import theme

NEAREST_FROM_ZOOM = 8.0
"""From this magnification on, pixels are shown as the squares they are."""


class ShownImage(Protocol):
    """What the canvas needs of an image."""

    @property
    def pixels(self) -> NDArray[np.uint16]:
        """Counts, (H, W)."""

    @property
    def number(self) -> int:
        """Frame number, handed on with `painted`."""


@dataclass(frozen=True, slots=True)
class _Blank:
    pixels: NDArray[np.uint16]
    number: int = -1


class ImageCanvas(QWidget):
    """Shows the newest 16-bit image.

    Left drag: window (right = wider, down = darker). Wheel: zoom at the cursor. Middle drag or
    Shift + left drag: pan. Double click: fit. The right button is `device_drag`'s.
    """

    painted = pyqtSignal(object, object)
    """(number, monotonic_ns) when a new image has been painted for the first time."""
    window_changed = pyqtSignal(object)
    """The new `Window` after a drag."""
    view_changed = pyqtSignal(float)
    """The new zoom, in screen pixels per image pixel."""
    pointed = pyqtSignal(object)
    """(x, y, counts) of the image pixel under the pointer, or none outside."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setAttribute(Qt.WidgetAttribute.WA_NoSystemBackground)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(256, 256)
        self.overlay = Overlay()
        self._empty_text = (tr("No image"), "")
        self._image: ShownImage | None = None
        self._window = self._dragging = Window(32768, 65536)
        self._painter = WindowLut(1, 1)
        self._view = View()
        self._buffers: dict[str, NDArray[Any]] = {}
        self._raster: QImage | None = None
        self._placement: Placement | None = None
        self._stale = True
        self._fresh = False
        self._drag_from: QPointF | None = None
        self._drag_pans = False

    # -- what is shown ---------------------------------------------------------------------------

    def show_image(self, image: ShownImage | None) -> None:
        """Keep this image as the newest and ask for a repaint; an unpainted older one is dropped.

        The pixels are read when painted: they must stay as they are until the next call.
        """
        self._image = image
        self._stale = True
        self._fresh = image is not None
        self.update()

    def warm_up(self, rows: int, columns: int) -> None:
        """Make the buffers for images of this size, and paint a black one unseen."""
        if self._image is not None or rows < 1 or columns < 1:
            return
        self._image = _Blank(np.zeros((rows, columns), np.uint16))
        self._render()
        self._image = None
        self._stale = True

    @property
    def image(self) -> ShownImage | None:
        """The newest image handed over, none in the empty state."""
        return self._image

    @property
    def window_shown(self) -> Window:
        """The display window now in use."""
        return self._window

    def set_window(self, window: Window) -> None:
        """Use another display window."""
        self._dragging = window
        if window != self._window:
            self._window = window
            self._painter.configure(window)
            self._stale = True
            self.update()

    def set_mode(self, mode: str, detail: str = "") -> None:
        """Choose the badge: "LIVE", "HOLD", "REPLAY" or "IDLE"; `detail` adds how it was made."""
        if self.overlay.set_mode(mode, detail):
            self.update()

    def set_empty_text(self, title: str, hint: str) -> None:
        """Set what is shown while there is no image: title, and what to do."""
        if (title, hint) != self._empty_text:
            self._empty_text = (title, hint)
            if self._image is None:
                self.update()

    def set_recording(self, words: str) -> None:
        """Show that raw frames are recorded, below the badge; empty: they are not."""
        if self.overlay.set_recording(words):
            self.update()

    def set_procedure_status(self, words: str) -> None:
        """Show in one line what happens in the patient now; empty: nothing."""
        if self.overlay.set_procedure_status(words):
            self.update()

    def set_moved(self, words: str) -> None:
        """Show which device is moved, and its position; empty: none."""
        if self.overlay.set_moved(words):
            self.update()

    def set_corner(self, corner: str, *lines: str) -> None:
        """Write lines of text into a corner ("top left", "bottom right", ...)."""
        if self.overlay.set_corner(corner, lines):
            self.update()

    def set_orientation(self, **marks: str) -> None:
        """Write the patient's directions at the edges, such as left="A", right="P"."""
        if self.overlay.set_orientation(**marks):
            self.update()

    # -- how it is looked at ---------------------------------------------------------------------

    @property
    def zoom(self) -> float:
        """Screen pixels per image pixel."""
        return self._resolved().zoom

    def fit(self) -> None:
        """Show the whole image, as large as it goes."""
        self._set_view(View())

    def one_to_one(self) -> None:
        """Show one image pixel on one screen pixel, about the present centre."""
        now = self._resolved()
        self._set_view(View(False, 1.0, now.centre_x, now.centre_y))

    def zoom_by(self, factor: float, at: QPointF | None = None) -> None:
        """Magnify about a point of the widget, its centre when none is given."""
        dpr = self.devicePixelRatioF()
        point = at if at is not None else QPointF(self.width() / 2, self.height() / 2)
        view = self._resolved().zoomed(self._screen(), point.x() * dpr, point.y() * dpr, factor)
        self._set_view(view)

    def to_image(self, point: QPointF) -> tuple[float, float]:
        """Return the image coordinates (x, y) under a point of the widget."""
        dpr = self.devicePixelRatioF()
        return self._resolved().to_image(self._screen(), point.x() * dpr, point.y() * dpr)

    def _set_view(self, view: View) -> None:
        if view != self._view:
            self._view = view
            self._stale = True
            self.update()
            self.view_changed.emit(self.zoom)

    def _screen(self) -> tuple[int, int]:
        dpr = self.devicePixelRatioF()
        return max(1, round(self.height() * dpr)), max(1, round(self.width() * dpr))

    def _resolved(self) -> View:
        if self._image is None:
            return self._view
        return self._view.resolved(self._shape(), self._screen())

    def _shape(self) -> tuple[int, int]:
        assert self._image is not None
        height, width = self._image.pixels.shape
        return height, width

    # -- painting --------------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """Resample, window and draw the newest image, then the overlays."""
        painter = QPainter(self)
        if self._image is None:
            self._paint_empty(painter)
            self.overlay.paint(painter, self.size(), self.devicePixelRatioF())
            return
        if self._stale:
            self._render()
            self._stale = False
        self._paint_image(painter)
        self.overlay.paint(painter, self.size(), self.devicePixelRatioF())
        painter.end()
        if self._fresh:
            self._fresh = False
            self.painted.emit(self._image.number, time.monotonic_ns())

    def _render(self) -> None:
        """Fill the screen image from the newest image at the painted size."""
        assert self._image is not None
        view = self._resolved()
        place = self._placement = view.placement(self._shape(), self._screen())
        if place.empty:
            self._raster = None
            return
        part: NDArray[Any] = self._image.pixels[place.y0 : place.y1, place.x0 : place.x1]
        grey = self._buffer("grey", (place.height, place.width), np.uint8)
        screen = self._buffer("screen", (*grey.shape, 4), np.uint8)
        self._painter.apply(self._resample(part, place, view.zoom), grey)
        cv2.cvtColor(grey, cv2.COLOR_GRAY2BGRA, dst=screen)  # faster than Qt's own conversion
        if self._raster is None:
            height, width = grey.shape
            form = QImage.Format.Format_RGB32
            self._raster = QImage(screen.data, width, height, 4 * width, form)  # type: ignore[call-overload]

    def _resample(self, part: NDArray[Any], place: Placement, zoom: float) -> NDArray[Any]:
        """Return `part` at the painted size: cells averaged when shrinking, then a cubic."""
        if place.reduce > 1:
            shape = (part.shape[0] // place.reduce, part.shape[1] // place.reduce)
            cells = self._buffer("cells", shape, np.uint16)
            part = cv2.resize(part, shape[::-1], dst=cells, interpolation=cv2.INTER_AREA)
        if part.shape == (place.height, place.width):
            return part
        counts = self._buffer("counts", (place.height, place.width), np.uint16)
        how = cv2.INTER_NEAREST if zoom >= NEAREST_FROM_ZOOM else cv2.INTER_CUBIC
        return cv2.resize(part, counts.shape[::-1], dst=counts, interpolation=how)

    def _buffer(self, name: str, shape: tuple[int, ...], dtype: type) -> NDArray[Any]:
        """Return the buffer of that name, reallocated only when its shape changes."""
        held = self._buffers.get(name)
        if held is None or held.shape != shape:
            held = self._buffers[name] = np.empty(shape, dtype)
            if name == "screen":
                self._raster = None
                self._painter = WindowLut(shape[0], shape[1], self._window)
        return held

    def _paint_image(self, painter: QPainter) -> None:
        place, dpr = self._placement, self.devicePixelRatioF()
        if self._raster is None or place is None:
            painter.fillRect(self.rect(), QColor(theme.IMAGE_GROUND))
            return
        covered = QRectF(place.left / dpr, place.top / dpr, place.width / dpr, place.height / dpr)
        self._paint_ground(painter, covered.toAlignedRect())
        if dpr == 1.0:
            painter.drawImage(place.left, place.top, self._raster)
            return
        painter.save()
        painter.scale(1 / dpr, 1 / dpr)  # the image is in physical pixels, whatever the screen
        painter.drawImage(place.left, place.top, self._raster)
        painter.restore()

    def _paint_ground(self, painter: QPainter, covered: QRect) -> None:
        """Fill what the image leaves free; nothing is painted twice."""
        if covered.contains(self.rect()):
            return
        colour = QColor(theme.IMAGE_GROUND)
        width, height = self.width(), self.height()
        left, right = max(0, covered.left()), min(width, covered.right() + 1)
        top, bottom = max(0, covered.top()), min(height, covered.bottom() + 1)
        for x, y, w, h in (
            (0, 0, width, top),
            (0, bottom, width, height - bottom),
            (0, top, left, bottom - top),
            (right, top, width - right, bottom - top),
        ):
            if w > 0 and h > 0:
                painter.fillRect(x, y, w, h, colour)

    def _paint_empty(self, painter: QPainter) -> None:
        painter.fillRect(self.rect(), QColor(theme.IMAGE_GROUND))
        title, hint = self._empty_text
        middle = self.rect().center().y()
        painter.setPen(QColor(theme.DIM))
        painter.setFont(theme.font(22, QFont.Weight.DemiBold))
        centred = Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignVCenter
        painter.drawText(QRect(0, middle - 40, self.width(), 36), centred, title)
        painter.setPen(QColor(theme.FAINT))
        painter.setFont(theme.font(14))
        painter.drawText(QRect(0, middle + 2, self.width(), 28), centred, hint)

    # -- the mouse -------------------------------------------------------------------------------

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        """Render again at the new size."""
        self._stale = True
        super().resizeEvent(event)
        if self._image is not None:
            self.view_changed.emit(self.zoom)

    def wheelEvent(self, event: QWheelEvent | None) -> None:
        """Zoom at the cursor, 1.2 a notch."""
        assert event is not None
        if self._image is not None:
            self.zoom_by(1.2 ** (event.angleDelta().y() / 120.0), event.position())
        event.accept()

    def mousePressEvent(self, event: QMouseEvent | None) -> None:
        """Begin a window drag (left) or a pan (middle, or Shift + left)."""
        assert event is not None
        shift = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        if event.button() in (Qt.MouseButton.LeftButton, Qt.MouseButton.MiddleButton):
            self._drag_from = event.position()
            self._drag_pans = event.button() == Qt.MouseButton.MiddleButton or shift
            self.setFocus(Qt.FocusReason.MouseFocusReason)
            if self._drag_pans:
                self.setCursor(Qt.CursorShape.ClosedHandCursor)

    def mouseMoveEvent(self, event: QMouseEvent | None) -> None:
        """Follow a drag; otherwise report the pixel under the pointer."""
        assert event is not None
        if self._drag_from is None or self._image is None:
            self._emit_pointed(event.position())
            return
        moved = event.position() - self._drag_from
        self._drag_from = event.position()
        if self._drag_pans:
            dpr = self.devicePixelRatioF()
            view = self._resolved().panned(moved.x() * dpr, moved.y() * dpr, self._shape())
            self._set_view(view)
            return
        exact = dragged(self._dragging, moved.x() / self.width(), moved.y() / self.height())
        self.set_window(rounded(exact))
        self._dragging = exact  # or slow drags would be rounded away
        self.window_changed.emit(self._window)

    def mouseReleaseEvent(self, event: QMouseEvent | None) -> None:
        """End a drag."""
        self._drag_from = None
        self.unsetCursor()

    def mouseDoubleClickEvent(self, event: QMouseEvent | None) -> None:
        """Fit."""
        self.fit()

    def leaveEvent(self, event: object) -> None:
        """The pointer is outside: no pixel."""
        self.pointed.emit(None)

    def _emit_pointed(self, point: QPointF) -> None:
        if self._image is None:
            return
        x, y = (int(np.floor(value)) for value in self.to_image(point))
        height, width = self._shape()
        inside = 0 <= x < width and 0 <= y < height
        self.pointed.emit((x, y, int(self._image.pixels[y, x])) if inside else None)
