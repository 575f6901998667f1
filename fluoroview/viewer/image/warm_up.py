"""What costs milliseconds the first time only, done before the first pulse: glyphs, buffers, code.

Between two pulses there are 33 ms; the first live image must not spend them on loading fonts.
"""

from __future__ import annotations

import numpy as np
from PyQt6.QtCore import QPointF
from PyQt6.QtGui import QFont, QPainter, QPixmap

from fluoroview.pipeline.display import auto_window
from fluoroview.viewer.widgets import theme

GLYPHS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ abcdefghijklmnopqrstuvwxyz 0123456789 .,:;/%·×±−–—()°µ²\u2009"
_FONTS = (
    (14, QFont.Weight.Medium),  # corners of the image
    (30, QFont.Weight.DemiBold),  # dose
    (19, QFont.Weight.DemiBold),
    (22, QFont.Weight.Bold),  # lamp
    (15, QFont.Weight.DemiBold),  # pedal
    (13, QFont.Weight.Normal),
)


def load_glyphs() -> None:
    """Draw every letter and figure once in the fonts that change while the beam is on."""
    pixmap = QPixmap(8, 8)
    painter = QPainter(pixmap)
    for size_px, weight in _FONTS:
        painter.setFont(theme.font(size_px, weight))
        painter.drawText(QPointF(0, 6), GLYPHS)
    painter.end()


def find_a_window() -> None:
    """Let NumPy and OpenCV load what the window of a first image takes; for a worker thread."""
    rows = np.arange(4096, dtype=np.uint16).reshape(64, 64)
    auto_window(np.tile(rows, (4, 4)), maximum=4095)
