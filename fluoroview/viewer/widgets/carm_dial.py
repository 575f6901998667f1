"""Two angles of a C-arm as one point: LAO to the right, cranial upward. Drag it to turn the arm.

Left and right are as on the image of a patient who faces the detector: to the right is the
patient's left. The ring is the requested position, the point the present one.
"""

from __future__ import annotations

from PyQt6.QtCore import QPointF, QRectF, Qt, pyqtSignal
from PyQt6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent, QPen
from PyQt6.QtWidgets import QSizePolicy, QWidget

from fluoroview.translation import tr
from fluoroview.viewer.widgets import theme

SIDE_PX = 168
_MARGIN_PX = 18
GRID_DEG = 30.0
SNAP_DEG = 2.0
"""The dial snaps to a straight view this near."""


class CArmDial(QWidget):
    """Shows both angles; emits what a drag requests."""

    angles_requested = pyqtSignal(float, float)
    """Primary and secondary angle, degrees."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.angles_deg = (0.0, 0.0)
        self.requested_deg = (0.0, 0.0)
        self._limits = ((-120.0, 120.0), (-45.0, 45.0))
        self._dragging = False
        self.setFixedSize(SIDE_PX, SIDE_PX)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setCursor(Qt.CursorShape.CrossCursor)
        self.setToolTip(tr("Drag to rotate the C-arm; double-click for AP"))
        self.setAccessibleName(tr("C-arm angles"))

    def set_limits(self, primary: tuple[float, float], secondary: tuple[float, float]) -> None:
        """Set how far the arm can go."""
        self._limits = (primary, secondary)
        self.update()

    def show_angles(
        self, angles_deg: tuple[float, float], requested_deg: tuple[float, float] | None = None
    ) -> None:
        """Show the present and the requested position."""
        requested = angles_deg if requested_deg is None else requested_deg
        if (angles_deg, requested) != (self.angles_deg, self.requested_deg):
            self.angles_deg, self.requested_deg = angles_deg, requested
            self.update()

    def point_of(self, primary_deg: float, secondary_deg: float) -> QPointF:
        """Return where a pair of angles lies on the dial."""
        area = self._area()
        (low_p, high_p), (low_s, high_s) = self._limits
        x = area.left() + (primary_deg - low_p) / (high_p - low_p) * area.width()
        y = area.bottom() - (secondary_deg - low_s) / (high_s - low_s) * area.height()
        return QPointF(x, y)

    def angles_at(self, point: QPointF) -> tuple[float, float]:
        """Return the angles under a point, whole degrees within the limits."""
        area = self._area()
        (low_p, high_p), (low_s, high_s) = self._limits
        primary = low_p + (point.x() - area.left()) / area.width() * (high_p - low_p)
        secondary = low_s + (area.bottom() - point.y()) / area.height() * (high_s - low_s)
        return _settled(primary, low_p, high_p), _settled(secondary, low_s, high_s)

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """Draw the plane of angles, its directions, the wish and the arm."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        area = self._area()
        painter.setPen(QPen(QColor(theme.LINE), 1))
        painter.setBrush(QColor(theme.GROUND))
        painter.drawRoundedRect(area, 6, 6)
        self._paint_grid(painter, area)
        self._paint_directions(painter, area)
        centre, here = self.point_of(0.0, 0.0), self.point_of(*self.angles_deg)
        painter.setPen(QPen(QColor(theme.ACCENT), 2))
        painter.drawLine(centre, here)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawEllipse(self.point_of(*self.requested_deg), 8, 8)
        painter.setBrush(QColor(theme.ACCENT))
        painter.drawEllipse(here, 5, 5)
        painter.end()

    def mousePressEvent(self, event: QMouseEvent | None) -> None:
        """Wish the angles under the pointer."""
        assert event is not None
        if event.button() == Qt.MouseButton.LeftButton:
            self._dragging = True
            self._request(event.position())

    def mouseMoveEvent(self, event: QMouseEvent | None) -> None:
        """Follow the drag."""
        assert event is not None
        if self._dragging:
            self._request(event.position())

    def mouseReleaseEvent(self, event: QMouseEvent | None) -> None:
        """End the drag."""
        self._dragging = False

    def mouseDoubleClickEvent(self, event: QMouseEvent | None) -> None:
        """Straight."""
        self._dragging = False
        self.angles_requested.emit(0.0, 0.0)

    def _request(self, point: QPointF) -> None:
        self.requested_deg = self.angles_at(point)
        self.update()
        self.angles_requested.emit(*self.requested_deg)

    def _area(self) -> QRectF:
        return QRectF(self.rect()).adjusted(_MARGIN_PX, _MARGIN_PX, -_MARGIN_PX, -_MARGIN_PX)

    def _paint_grid(self, painter: QPainter, area: QRectF) -> None:
        (low_p, high_p), (low_s, high_s) = self._limits
        for at in _multiples(low_p, high_p):
            x = self.point_of(at, 0.0).x()
            painter.setPen(QPen(QColor(theme.FAINT if at == 0 else theme.LINE), 1))
            painter.drawLine(QPointF(x, area.top()), QPointF(x, area.bottom()))
        for at in _multiples(low_s, high_s):
            y = self.point_of(0.0, at).y()
            painter.setPen(QPen(QColor(theme.FAINT if at == 0 else theme.LINE), 1))
            painter.drawLine(QPointF(area.left(), y), QPointF(area.right(), y))

    def _paint_directions(self, painter: QPainter, area: QRectF) -> None:
        painter.setPen(QColor(theme.DIM))
        painter.setFont(theme.font(10))
        centred = Qt.AlignmentFlag.AlignCenter
        high = _MARGIN_PX - 2
        painter.drawText(QRectF(area.left(), 0, area.width(), high), centred, "CRAN")
        painter.drawText(
            QRectF(area.left(), area.bottom() + 2, area.width(), high), centred, "CAUD"
        )
        middle = area.center().y()
        for words, x, turn in (("RAO", 0.0, -90), ("LAO", area.right() + 2, 90)):
            painter.save()
            painter.translate(x + high / 2, middle)
            painter.rotate(turn)
            painter.drawText(QRectF(-40, -high / 2, 80, high), centred, words)
            painter.restore()


def _settled(angle_deg: float, low: float, high: float) -> float:
    """Whole degrees within the limits; nearly straight is straight."""
    angle = float(round(min(max(angle_deg, low), high)))
    return 0.0 if abs(angle) <= SNAP_DEG else angle


def _multiples(low: float, high: float) -> list[float]:
    first = int(-(-low // GRID_DEG))
    return [GRID_DEG * n for n in range(first, int(high // GRID_DEG) + 1)]
