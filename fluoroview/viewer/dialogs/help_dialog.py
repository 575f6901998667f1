"""What the keys and the mouse do. Not modal: it may stay open next to the image."""

from __future__ import annotations

from collections.abc import Sequence

from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QDialog, QGridLayout, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from fluoroview.translation import tr
from fluoroview.viewer.widgets import theme


def keys_and_texts() -> tuple[tuple[str, str], ...]:
    """Return keys and what they do; a heading has no text on the right."""
    return (
        (tr("X-ray"), ""),
        (
            tr("Space, held"),
            tr("Foot pedal: x-ray while held, last-image hold on release"),
        ),
        (tr("K, held"), tr("High-level control, where the device has one; a tone sounds")),
        ("Ctrl+R", tr("Restart device")),
        (tr("Procedure"), ""),
        (tr("Arrows, letters"), tr("The procedure's controls, while the image has the focus")),
        (tr("Right drag"), tr("Device: up/down the control marked ↕, left/right the one marked ↔")),
        (tr("Ctrl + wheel"), tr("Device: the control marked ↕, in steps")),
        (tr("Shift or Ctrl + arrows"), tr("C-arm: LAO/RAO and cranial/caudal")),
        (tr("Ctrl+Shift + arrows"), tr("Table")),
        (tr("Ctrl and +, Ctrl and −"), tr("Smaller FOV (magnifies), larger FOV")),
        (tr("Image"), ""),
        (tr("Left drag"), tr("Window: right = wider (less contrast), down = darker")),
        ("A, Ctrl+A", tr("Auto window")),
        ("I, Ctrl+I", tr("Invert")),
        ("Ctrl+D", tr("DSA on/off")),
        (tr("Wheel, + and −"), tr("Zoom at the cursor")),
        (tr("Middle drag, Shift + left drag"), tr("Pan")),
        (tr("F, Ctrl+F, double-click"), tr("Fit")),
        ("1", tr("One image pixel per screen pixel")),
        ("F11, Esc", tr("Full screen on/off")),
        _loops(),
        (tr("L, Shift+L, also with Ctrl"), tr("Replay loop, replay last run")),
        ("P, Ctrl+P", tr("Play or pause")),
        ("← →", tr("Previous / next frame")),
        (tr("Home, End"), tr("First / last frame")),
        (tr("Page up, Page down"), tr("Previous / next file")),
        ("Esc", tr("Back to live")),
        (tr("Files"), ""),
        (tr("Ctrl+O, or drop a file"), tr("Open a DICOM file or a recording")),
        ("Ctrl+Shift+R", tr("Record raw data on/off")),
        ("Ctrl+S", tr("Save loop")),
        ("Ctrl+Shift+S", tr("Save image")),
    )


def _loops() -> tuple[str, str]:
    """Return the heading at which the second column starts."""
    return tr("Loops"), ""


class HelpDialog(QDialog):
    """Keys and mouse, as a table."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("Keys and mouse"))
        self.setModal(False)
        column = QVBoxLayout(self)
        column.setContentsMargins(22, 18, 22, 18)
        tables = QHBoxLayout()
        tables.setSpacing(40)
        keys = keys_and_texts()
        at = keys.index(_loops())
        for part in (keys[:at], keys[at:]):
            tables.addLayout(_table(part))
        column.addLayout(tables)
        note = QLabel(
            tr(
                "FluoroView is not a medical device. Every dose figure states whether it is "
                "measured,\nrecorded, computed or simulated."
            )
        )
        note.setProperty("role", "dim")
        note.setAlignment(Qt.AlignmentFlag.AlignLeft)
        column.addSpacing(14)
        column.addWidget(note)


def _table(entries: Sequence[tuple[str, str]]) -> QGridLayout:
    """Return keys and texts in two columns, below their headings."""
    grid = QGridLayout()
    grid.setHorizontalSpacing(24)
    grid.setVerticalSpacing(5)
    for row, (keys, text) in enumerate(entries):
        left = QLabel(keys)
        if not text:
            left.setStyleSheet(f"color: {theme.ACCENT}; font-weight: 600;")
            left.setContentsMargins(0, 10 if row else 0, 0, 0)
        else:
            left.setStyleSheet("font-weight: 600;")
        grid.addWidget(left, row, 0)
        grid.addWidget(QLabel(text), row, 1)
    grid.setRowStretch(len(entries), 1)
    return grid
