"""The overlay of the image: badge, corner texts, orientation marks; drawn once, kept as pixmaps.

A pixmap is drawn again only when its text changes, so that a frame pays for blitting a few
small pixmaps and nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from PyQt6.QtCore import QPoint, QPointF, QRect, QSize, Qt
from PyQt6.QtGui import QColor, QFont, QFontMetricsF, QImage, QPainter, QPixmap

from fluoroview.viewer.image import badge
from fluoroview.viewer.widgets import theme

MARGIN_PX = 16
_HALO_PX = 6
FRAME_PX = 3
CORNERS = ("top left", "top right", "bottom left", "bottom right")
_MEDIUM = QFont.Weight.Medium
_BLUR_PX = 2.2
_DENSITY, _DARKEST = 2.4, 205
"""How fast the shadow under a text darkens, and how dark it gets, of 255."""
EDGES = ("left", "right", "top", "bottom")


@dataclass(slots=True)
class _Piece:
    words: tuple[str, ...]
    pixmap: QPixmap | None


class Overlay:
    """The pieces over one canvas; setters return whether anything changed."""

    def __init__(self) -> None:
        self._pieces: dict[str, _Piece] = {}
        self._placed: list[tuple[QPoint, QPixmap]] | None = None
        self._size = QSize()
        self._dpr = 1.0
        self.mode = "IDLE"

    def warm_up(self) -> None:
        """Draw what is drawn later once: loading its fonts would hold up the first live image."""
        for mode in ("LIVE", "HOLD", "REPLAY"):
            badge.render(mode, "mean of 2 frames", self._dpr)
        badge.render_recording("REC", self._dpr)
        _text(("0 kV",), theme.font(14, _MEDIUM), True, self._dpr)

    def set_mode(self, mode: str, detail: str = "") -> bool:
        """Choose the badge: "LIVE", "HOLD", "REPLAY" or "IDLE" (none)."""
        self.mode = mode
        return self._set("badge", (mode, detail))

    def set_recording(self, words: str) -> bool:
        """Show that raw frames are recorded ("REC  0:12  34 MB"); empty: they are not."""
        return self._set("recording", (words,))

    def set_procedure_status(self, words: str) -> bool:
        """Show in one line, low in the middle, what happens now; empty: nothing."""
        return self._set("procedure status", (words,))

    def set_moved(self, words: str) -> bool:
        """Show high in the middle which device is moved, and its position; empty: none."""
        return self._set("moved", (words,))

    def set_corner(self, corner: str, lines: tuple[str, ...]) -> bool:
        """Write lines of text into one of `CORNERS`; none removes them."""
        return self._set(corner, lines)

    def set_orientation(self, **marks: str) -> bool:
        """Write the patient's directions at the `EDGES`, such as left="A", right="P"."""
        changed = [self._set(edge, (marks.get(edge, ""),)) for edge in EDGES]
        return any(changed)

    def words(self, piece: str) -> tuple[str, ...]:
        """Return what is written in one of `CORNERS`, at one of `EDGES`, or as "recording"."""
        held = self._pieces.get(piece)
        return tuple(word for word in held.words if word) if held is not None else ()

    def places(self) -> dict[str, QRect]:
        """Return where each piece was painted last, in logical pixels."""
        places = {}
        for name, piece in self._pieces.items():
            if piece.pixmap is not None:
                size = piece.pixmap.deviceIndependentSize().toSize()
                places[name] = QRect(self._place(name, piece.pixmap, self._size), size)
        return places

    def paint(self, painter: QPainter, size: QSize, dpr: float) -> None:
        """Draw all pieces over a canvas of this logical size."""
        if dpr != self._dpr:
            self._dpr = dpr
            self._placed = None
            for piece in self._pieces.values():
                piece.pixmap = None
        if self._placed is None or size != self._size:
            self._placed = self._arrange(size)
        for point, pixmap in self._placed:
            painter.drawPixmap(point, pixmap)
        colour = badge.colour(self.mode)
        if colour is not None:
            _frame(painter, size, colour)

    def _set(self, name: str, words: tuple[str, ...]) -> bool:
        piece = self._pieces.get(name)
        if piece is not None and piece.words == words:
            return False
        self._pieces[name] = _Piece(words, None)
        self._placed = None
        return True

    def _arrange(self, size: QSize) -> list[tuple[QPoint, QPixmap]]:
        self._size = QSize(size)
        placed = []
        for name, piece in self._pieces.items():
            if piece.pixmap is None:
                piece.pixmap = self._render(name, piece.words)
            if piece.pixmap is not None:
                placed.append((self._place(name, piece.pixmap, size), piece.pixmap))
        return placed

    def _render(self, name: str, words: tuple[str, ...]) -> QPixmap | None:
        if name == "badge":
            return badge.render(words[0], words[1], self._dpr)
        if name in ("procedure status", "moved"):
            return badge.render_note(words[0], self._dpr)
        if name == "recording":
            return badge.render_recording(words[0], self._dpr)
        edge = name in EDGES
        font = theme.font(22, QFont.Weight.DemiBold) if edge else theme.font(14, _MEDIUM)
        return _text(words, font, "right" in name, self._dpr)

    def _place(self, name: str, pixmap: QPixmap, size: QSize) -> QPoint:
        width, height = round(pixmap.width() / self._dpr), round(pixmap.height() / self._dpr)
        right = size.width() - width - MARGIN_PX
        bottom = size.height() - height - MARGIN_PX
        middle_x, middle_y = (size.width() - width) // 2, (size.height() - height) // 2
        return {
            "badge": QPoint(MARGIN_PX, MARGIN_PX),
            "recording": QPoint(MARGIN_PX, MARGIN_PX + badge.HEIGHT_PX + 8),
            "top left": QPoint(MARGIN_PX, MARGIN_PX + badge.HEIGHT_PX + 44),
            "top right": QPoint(right, MARGIN_PX),
            "bottom left": QPoint(MARGIN_PX, bottom),
            "bottom right": QPoint(right, bottom),
            "left": QPoint(MARGIN_PX, middle_y),
            "right": QPoint(right, middle_y),
            "top": QPoint(middle_x, MARGIN_PX),
            "bottom": QPoint(middle_x, bottom),
            # above three lines in a corner: in a narrow window it is as wide as the image
            "procedure status": QPoint(middle_x, bottom - 72),
            "moved": QPoint(middle_x, MARGIN_PX + 76),
        }[name]


def _text(lines: tuple[str, ...], font: QFont, to_right: bool, dpr: float) -> QPixmap | None:
    """Draw light text with a soft dark halo, readable over bone, air and shutters."""
    if not any(lines):
        return None
    metrics = QFontMetricsF(font)
    widths = [metrics.horizontalAdvance(line) for line in lines]
    step = metrics.lineSpacing() + 2
    width, height = max(widths) + 2 * _HALO_PX, step * len(lines) + 2 * _HALO_PX
    pixmap = QPixmap(round(width * dpr) + 1, round(height * dpr) + 1)
    pixmap.setDevicePixelRatio(dpr)
    pixmap.fill(Qt.GlobalColor.transparent)
    places = []
    for number, (line, line_width) in enumerate(zip(lines, widths, strict=True)):
        x = width - _HALO_PX - line_width if to_right else float(_HALO_PX)
        places.append((QPointF(x, _HALO_PX + metrics.ascent() + number * step), line))
    _write(pixmap, places, font, QColor(0, 0, 0))
    halo = QPixmap.fromImage(_blurred(pixmap.toImage(), _BLUR_PX * dpr))
    halo.setDevicePixelRatio(dpr)
    _write(halo, places, font, QColor(theme.TEXT))
    return halo


def _write(pixmap: QPixmap, places: list[tuple[QPointF, str]], font: QFont, ink: QColor) -> None:
    painter = QPainter(pixmap)
    painter.setFont(font)
    painter.setPen(ink)
    for place, line in places:
        painter.drawText(place, line)
    painter.end()


def _blurred(image: QImage, sigma_px: float) -> QImage:
    """Return a soft shadow of what is drawn, the denser the nearer."""
    image = image.convertToFormat(QImage.Format.Format_ARGB32_Premultiplied)
    bits = image.bits()
    assert bits is not None
    raw: Any = bits.asarray(image.sizeInBytes())
    pixels = np.frombuffer(raw, np.uint8)
    pixels = pixels.reshape(image.height(), image.bytesPerLine())[:, : 4 * image.width()]
    opacity = np.ascontiguousarray(pixels[:, 3::4]).astype(np.float32)
    soft = cv2.GaussianBlur(opacity, (0, 0), sigma_px)
    pixels[:, 3::4] = np.minimum(soft * _DENSITY, _DARKEST).astype(np.uint8)
    return image


def _frame(painter: QPainter, size: QSize, colour: QColor) -> None:
    """Draw a thin frame in the colour of the state, seen from the corner of the eye."""
    width, height, line = size.width(), size.height(), FRAME_PX
    for rect in (
        (0, 0, width, line),
        (0, height - line, width, line),
        (0, line, line, height - 2 * line),
        (width - line, line, line, height - 2 * line),
    ):
        painter.fillRect(*rect, colour)
