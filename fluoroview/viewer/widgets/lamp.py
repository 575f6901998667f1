"""The x-ray lamp: amber with a trefoil while radiation is on, dark when it is off."""

from __future__ import annotations

from PyQt6.QtCore import QPointF, QRectF, QSize, Qt
from PyQt6.QtGui import QColor, QFont, QPainter, QPainterPath, QPaintEvent, QPen
from PyQt6.QtWidgets import QSizePolicy, QWidget

from fluoroview.translation import tr
from fluoroview.viewer.widgets import theme

HEIGHT_PX, COMPACT_PX = 52, 36


class XRayLamp(QWidget):
    """Shows whether x-rays are on: by colour, by word and by the trefoil."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._on = False
        self._height_px = HEIGHT_PX
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(tr("X-ray lamp"))

    @property
    def on(self) -> bool:
        """Whether the lamp is lit."""
        return self._on

    def set_on(self, on: bool) -> None:
        """Switch the lamp on or off."""
        if on != self._on:
            self._on = on
            self.setAccessibleDescription(tr("X-ray on") if on else tr("X-ray off"))
            self.update()

    def set_compact(self, on: bool) -> None:
        """Take less height, or as much as usual."""
        self._height_px = COMPACT_PX if on else HEIGHT_PX
        self.updateGeometry()

    def sizeHint(self) -> QSize:
        """Return the lamp's size."""
        return QSize(280, self._height_px)

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """Draw the lamp."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        body = QRectF(self.rect()).adjusted(1, 1, -1, -1)
        painter.setPen(QPen(QColor(theme.XRAY if self._on else theme.LINE), 1.5))
        painter.setBrush(QColor(theme.XRAY if self._on else theme.GROUND))
        painter.drawRoundedRect(body, 6, 6)
        ink = QColor("#171200" if self._on else theme.FAINT)
        words = tr("X-RAY ON") if self._on else tr("X-RAY OFF")
        painter.setFont(theme.font(round(0.42 * self._height_px), QFont.Weight.Bold))
        width = painter.fontMetrics().horizontalAdvance(words)
        left, radius = (self.width() - width - 48) / 2, self._height_px / 3
        painter.fillPath(_trefoil(QPointF(left + 17, self.height() / 2), radius), ink)
        painter.setPen(ink)
        place = QRectF(left + 48, 0, width + 8, self.height())
        painter.drawText(place, Qt.AlignmentFlag.AlignVCenter, words)


def _trefoil(centre: QPointF, radius: float) -> QPainterPath:
    """Return the radiation sign of ISO 361: disc of radius R, blades from 1.5 R to 5 R."""
    path = QPainterPath()
    unit = radius / 5.0
    path.addEllipse(centre, unit, unit)
    inner, outer = _square(centre, 1.5 * unit), _square(centre, radius)
    for start in (60, 180, 300):
        blade = QPainterPath()
        blade.arcMoveTo(outer, start)
        blade.arcTo(outer, start, 60)
        blade.arcTo(inner, start + 60, -60)
        blade.closeSubpath()
        path.addPath(blade)
    return path


def _square(centre: QPointF, half: float) -> QRectF:
    return QRectF(centre.x() - half, centre.y() - half, 2 * half, 2 * half)
