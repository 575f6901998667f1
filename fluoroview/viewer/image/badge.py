"""The badge that states what the image is: live, the last-image hold, or a replay.

21 CFR 1020.32(j): the display must clearly indicate whether it shows the last-image hold or live
fluoroscopy. Each state has its own colour, shape and text.
"""

from __future__ import annotations

from PyQt6.QtCore import QPointF, QRectF, Qt
from PyQt6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPen, QPixmap, QPolygonF

from fluoroview.translation import tr
from fluoroview.viewer.widgets import theme

HEIGHT_PX = 40
RECORDING_HEIGHT_PX = 28
_COLOURS = {"LIVE": theme.LIVE, "HOLD": theme.HOLD, "REPLAY": theme.REPLAY}


def colour(mode: str) -> QColor | None:
    """Return the colour of a mode ("LIVE", "HOLD", "REPLAY"), none for an idle image."""
    name = _COLOURS.get(mode)
    return QColor(name) if name else None


def render(mode: str, detail: str, dpr: float) -> QPixmap | None:
    """Return the badge of a mode with its detail ("mean of 4 frames"), or none when idle."""
    ground = colour(mode)
    if ground is None:
        return None
    large = theme.font(19, QFont.Weight.Bold)
    small = theme.font(14, QFont.Weight.Medium)
    title = _title(mode)
    title_width = QFontMetricsF(large).horizontalAdvance(title)
    detail_width = QFontMetricsF(small).horizontalAdvance(detail) + 12 if detail else 0.0
    width = 42 + title_width + detail_width + 18
    pixmap = QPixmap(round(width * dpr), round(HEIGHT_PX * dpr))
    pixmap.setDevicePixelRatio(dpr)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    body = QRectF(1.5, 1.5, width - 3, HEIGHT_PX - 3)
    ink = _body(painter, mode, body, ground)
    _glyph(painter, mode, QPointF(25, HEIGHT_PX / 2), ink)
    painter.setPen(ink)
    painter.setFont(large)
    middle = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
    painter.drawText(QRectF(42, 0, title_width + 4, HEIGHT_PX), middle, title)
    if detail:
        painter.setFont(small)
        painter.drawText(QRectF(42 + title_width + 12, 1, detail_width, HEIGHT_PX), middle, detail)
    painter.end()
    return pixmap


def render_recording(text: str, dpr: float) -> QPixmap | None:
    """Return the badge of a raw recording, such as "REC  0:12  34 MB"; none without text."""
    if not text:
        return None
    font = theme.font(14, QFont.Weight.DemiBold)
    width, height = QFontMetricsF(font).horizontalAdvance(text) + 46, RECORDING_HEIGHT_PX
    pixmap = QPixmap(round(width * dpr), round(height * dpr))
    pixmap.setDevicePixelRatio(dpr)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(20, 12, 12, 215))
    painter.drawRoundedRect(QRectF(0, 0, width, height), height / 2, height / 2)
    painter.setBrush(QColor(theme.RECORD))
    painter.drawEllipse(QPointF(18, height / 2), 5.5, 5.5)
    painter.setPen(QColor(theme.TEXT))
    painter.setFont(font)
    middle = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
    painter.drawText(QRectF(31, 0, width - 31, height), middle, text)
    painter.end()
    return pixmap


def render_note(text: str, dpr: float) -> QPixmap | None:
    """Return a line of text, readable over any image; none without text."""
    if not text:
        return None
    font = theme.font(15, QFont.Weight.Medium)
    width, height = QFontMetricsF(font).horizontalAdvance(text) + 32, 30
    pixmap = QPixmap(round(width * dpr), round(height * dpr))
    pixmap.setDevicePixelRatio(dpr)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(10, 12, 14, 190))
    painter.drawRoundedRect(QRectF(0, 0, width, height), height / 2, height / 2)
    painter.setPen(QColor(theme.TEXT))
    painter.setFont(font)
    painter.drawText(QRectF(0, 0, width, height), Qt.AlignmentFlag.AlignCenter, text)
    painter.end()
    return pixmap


def _title(mode: str) -> str:
    return {"LIVE": tr("LIVE"), "HOLD": tr("LAST-IMAGE HOLD"), "REPLAY": tr("REPLAY")}[mode]


def _body(painter: QPainter, mode: str, body: QRectF, ground: QColor) -> QColor:
    """Draw the outline that belongs to the mode; return the colour to write with."""
    dark = QColor("#0b1410")
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(ground)
    if mode == "LIVE":
        painter.drawRoundedRect(body, body.height() / 2, body.height() / 2)
        return dark
    if mode == "HOLD":
        painter.drawRoundedRect(body, 3, 3)
        return dark
    painter.setBrush(QColor(16, 12, 24, 235))
    painter.setPen(QPen(ground, 2.5))
    painter.drawRoundedRect(body, 8, 8)
    return ground


def _glyph(painter: QPainter, mode: str, centre: QPointF, ink: QColor) -> None:
    """Draw a dot for live, two bars for hold, a triangle for replay."""
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(ink)
    x, y = centre.x(), centre.y()
    if mode == "LIVE":
        painter.drawEllipse(centre, 6.5, 6.5)
    elif mode == "HOLD":
        painter.drawRect(QRectF(x - 6.5, y - 7, 4.5, 14))
        painter.drawRect(QRectF(x + 1.5, y - 7, 4.5, 14))
    else:
        corners = [QPointF(x - 5, y - 7.5), QPointF(x + 8, y), QPointF(x - 5, y + 7.5)]
        painter.drawPolygon(QPolygonF(corners))
