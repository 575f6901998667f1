"""Small pictograms, drawn as shapes so that they are sharp on every screen and need no files."""

from __future__ import annotations

from PyQt6.QtCore import QPointF, QRectF, Qt
from PyQt6.QtGui import QColor, QIcon, QPainter, QPixmap, QPolygonF

from fluoroview.viewer.widgets import theme

SIZE_PX = 16
_SCALE = 3


def icon(name: str) -> QIcon:
    """Return "play", "pause", "step back", "step on", "first", "last" or "record"."""
    made = QIcon()
    made.addPixmap(_pixmap(name, theme.RECORD if name == "record" else theme.TEXT))
    made.addPixmap(_pixmap(name, theme.FAINT), QIcon.Mode.Disabled)
    return made


def _pixmap(name: str, colour: str) -> QPixmap:
    pixmap = QPixmap(SIZE_PX * _SCALE, SIZE_PX * _SCALE)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.scale(_SCALE, _SCALE)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(colour))
    if name in ("step back", "first"):
        painter.translate(SIZE_PX, 0)
        painter.scale(-1, 1)
    _draw(painter, name)
    painter.end()
    return pixmap


def _draw(painter: QPainter, name: str) -> None:
    if name == "play":
        _triangle(painter, 3.5, 14)
    elif name == "record":
        painter.drawEllipse(QRectF(3, 3, 10, 10))
    elif name == "pause":
        painter.drawRect(QRectF(3, 2, 3.6, 12))
        painter.drawRect(QRectF(9.4, 2, 3.6, 12))
    elif name in ("step on", "step back"):
        _triangle(painter, 7, 15)
        painter.drawRect(QRectF(2.5, 2.5, 2.4, 11))
    else:
        _triangle(painter, 2.5, 11)
        painter.drawRect(QRectF(11.3, 2.5, 2.4, 11))


def _triangle(painter: QPainter, left: float, tip: float) -> None:
    painter.drawPolygon(QPolygonF([QPointF(left, 2), QPointF(tip, 8), QPointF(left, 14)]))
