"""The map of the skin's dose, as a device draws it: which patch has had how much."""

from __future__ import annotations

from concurrent.futures import Future
from typing import Any

from PyQt6.QtCore import QPoint, QRect, QSize, Qt, QTemporaryDir
from PyQt6.QtGui import QPainter, QPaintEvent, QPixmap
from PyQt6.QtWidgets import QDialog, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from fluoroview.exam.examination import Examination
from fluoroview.viewer.bridge import ExamBridge

PARAMETER = "SkinDoseMapFile"
"""A device that has it writes the map to the file that is named there."""
RESET = "SkinDoseReset"
_OF_SCREEN = 0.9
_NONE = "This device keeps no map of the skin's dose."


class SkinMapDialog(QDialog):
    """Shows the map; not modal: it may stay open beside the picture, and be drawn anew."""

    def __init__(self, exam: Examination, bridge: ExamBridge, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle("Skin dose")
        self.setModal(False)
        self._exam, self._bridge = exam, bridge
        self._folder: QTemporaryDir | None = None
        self.picture = _Drawing()
        self.picture.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.picture.setMinimumSize(640, 360)
        self.anew = QPushButton("Draw anew")
        self.anew.clicked.connect(self.ask)
        row = QHBoxLayout()
        note = QLabel("Entrance surface air kerma with backscatter, since the last reset.")
        note.setProperty("role", "dim")
        row.addWidget(note, 1)
        row.addWidget(self.anew)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 14, 16, 14)
        column.addWidget(self.picture, 1)
        column.addLayout(row)

    def open_for(self) -> None:
        """Show the dialog with the map as it is now."""
        self.ask()
        self.show()
        self.raise_()

    def ask(self) -> None:
        """Have the device draw its map; the picture follows when it is there."""
        if not any(p["name"] == PARAMETER for p in self._exam.parameters):
            self.picture.setText(_NONE)
            return
        if self._folder is None:
            self._folder = QTemporaryDir()
        place = self._folder.filePath("skin.png")
        written: Future[Any] = self._exam.set_parameter(PARAMETER, place)
        self._bridge.when_done(written, self._take)

    def shut(self) -> None:
        """Close for good, and take the drawing from the disk."""
        self.close()
        if self._folder is not None:
            self._folder.remove()
            self._folder = None

    def _take(self, place: Any | None) -> None:
        drawn = QPixmap(str(place)) if place else QPixmap()
        if drawn.isNull():
            self.picture.setText("The map could not be drawn.")
            return
        self.picture.setPixmap(drawn)
        screen = self.screen()
        if screen is not None:
            self.resize(self.sizeHint().boundedTo(screen.availableSize() * _OF_SCREEN))


class _Drawing(QLabel):
    """A picture that is seen whole, in whatever room it has."""

    def minimumSizeHint(self) -> QSize:
        """It may be drawn smaller than it is."""
        return QSize()

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """Draw the picture as large as it goes, or the words."""
        drawn = self.pixmap()
        if drawn.isNull():
            super().paintEvent(event)
            return
        size = drawn.size()
        if size.width() > self.width() or size.height() > self.height():
            size.scale(self.size(), Qt.AspectRatioMode.KeepAspectRatio)
        place = QRect(QPoint(), size)
        place.moveCenter(self.rect().center())
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.drawPixmap(place, drawn)
