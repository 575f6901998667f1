"""The map of the skin's dose, as a device draws it: which patch has had how much."""

from __future__ import annotations

from concurrent.futures import Future
from typing import Any

from PyQt6.QtCore import QPoint, QRect, QSize, Qt, QTemporaryDir
from PyQt6.QtGui import QPainter, QPaintEvent, QPixmap
from PyQt6.QtWidgets import QDialog, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from fluoroview.session.session import Session
from fluoroview.viewer.session_bridge import SessionBridge

PARAMETER = "SkinDoseMapFile"
"""A device that has it writes the map to the file that is named there."""
RESET = "SkinDoseReset"
_OF_SCREEN = 0.9
_NONE = "This device keeps no map of the skin's dose."


class SkinMapDialog(QDialog):
    """Shows the map; not modal: it may stay open beside the image, and be drawn anew."""

    def __init__(self, session: Session, bridge: SessionBridge, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle("Skin dose")
        self.setModal(False)
        self._session, self._bridge = session, bridge
        self._folder: QTemporaryDir | None = None
        self.image = _Drawing()
        self.image.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.image.setMinimumSize(640, 360)
        self.anew = QPushButton("Draw anew")
        self.anew.clicked.connect(self.ask)
        row = QHBoxLayout()
        note = QLabel("Entrance surface air kerma with backscatter, since the last reset.")
        note.setProperty("role", "dim")
        row.addWidget(note, 1)
        row.addWidget(self.anew)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 14, 16, 14)
        column.addWidget(self.image, 1)
        column.addLayout(row)

    def open_for(self) -> None:
        """Show the dialog with the map as it is now."""
        self.ask()
        self.show()
        self.raise_()

    def ask(self) -> None:
        """Have the device draw its map; the image follows when it is there."""
        if not any(p.name == PARAMETER for p in self._session.parameters):
            self.image.setText(_NONE)
            return
        if self._folder is None:
            self._folder = QTemporaryDir()
        place = self._folder.filePath("skin.png")
        written: Future[Any] = self._session.set_parameter(PARAMETER, place)
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
            self.image.setText("The map could not be drawn.")
            return
        self.image.setPixmap(drawn)
        screen = self.screen()
        if screen is not None:
            self.resize(self.sizeHint().boundedTo(screen.availableSize() * _OF_SCREEN))


class _Drawing(QLabel):
    """An image that is seen whole, in whatever room it has."""

    def minimumSizeHint(self) -> QSize:
        """It may be drawn smaller than it is."""
        return QSize()

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """Draw the image as large as it goes, or the words."""
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
