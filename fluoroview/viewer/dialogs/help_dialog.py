"""What the keys and the mouse do. Not modal: it may stay open beside the image."""

from __future__ import annotations

from collections.abc import Sequence

from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QDialog, QGridLayout, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from fluoroview.viewer.widgets import theme

KEYS = (
    ("X-ray", ""),
    ("Space, held", "Foot pedal: x-ray while it is held, last image hold when it is released"),
    ("Ctrl+R", "Restart the device"),
    ("K, held", "High-level control, where the source has one; a tone sounds as long"),
    ("Session", ""),
    ("Arrows, letters", "What the examination's own controls say, while the image has the focus"),
    ("Right drag", "Device: up and down what is marked ↕, left and right what is marked ↔"),
    ("Ctrl + wheel", "Device: what is marked ↕, step by step; click another name to mark that"),
    ("Shift or Ctrl + arrows", "C-arm: LAO and RAO, cranial and caudal"),
    ("Ctrl+Shift + arrows", "Table"),
    ("Ctrl and +, Ctrl and −", "Smaller field of view, which magnifies; larger one"),
    ("Image", ""),
    ("Left drag", "Window: right = wider (less contrast), down = darker"),
    ("A, Ctrl+A", "Window that suits the image"),
    ("I, Ctrl+I", "Invert"),
    ("Ctrl+D", "Subtract the mask (DSA), or do not"),
    ("Wheel, + and −", "Zoom, at the cursor"),
    ("Middle drag, Shift + left drag", "Pan"),
    ("F, Ctrl+F, double click", "Fit"),
    ("1", "One image pixel on one screen pixel"),
    ("F11, Esc", "Full screen, and back"),
    ("Loops", ""),
    ("L, Shift+L, both with Ctrl too", "Replay the loop, or the last run only"),
    ("P, Ctrl+P", "Play, pause"),
    ("← →", "One image back, on"),
    ("Home, End", "First, last image"),
    ("Page up, Page down", "File before, file after"),
    ("Esc", "Back to live"),
    ("Files", ""),
    ("Ctrl+O, or drop a file", "Open a DICOM file or a recording"),
    ("Ctrl+Shift+R", "Record every raw frame; end the recording"),
    ("Ctrl+S", "Save the loop"),
    ("Ctrl+Shift+S", "Save the image"),
)
_SECOND_COLUMN = ("Loops", "")


class HelpDialog(QDialog):
    """Keys and mouse, as a table."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle("Keys and mouse")
        self.setModal(False)
        column = QVBoxLayout(self)
        column.setContentsMargins(22, 18, 22, 18)
        beside = QHBoxLayout()
        beside.setSpacing(40)
        at = KEYS.index(_SECOND_COLUMN)
        for part in (KEYS[:at], KEYS[at:]):
            beside.addLayout(_table(part))
        column.addLayout(beside)
        note = QLabel(
            "FluoroView is not a medical device. Every dose figure says whether it is measured,\n"
            "recorded, computed or simulated."
        )
        note.setProperty("role", "dim")
        note.setAlignment(Qt.AlignmentFlag.AlignLeft)
        column.addSpacing(14)
        column.addWidget(note)


def _table(entries: Sequence[tuple[str, str]]) -> QGridLayout:
    """Return keys and words in two columns, under their headings."""
    grid = QGridLayout()
    grid.setHorizontalSpacing(24)
    grid.setVerticalSpacing(5)
    for row, (keys, words) in enumerate(entries):
        left = QLabel(keys)
        if not words:
            left.setStyleSheet(f"color: {theme.ACCENT}; font-weight: 600;")
            left.setContentsMargins(0, 10 if row else 0, 0, 0)
        else:
            left.setStyleSheet("font-weight: 600;")
        grid.addWidget(left, row, 0)
        grid.addWidget(QLabel(words), row, 1)
    grid.setRowStretch(len(entries), 1)
    return grid
