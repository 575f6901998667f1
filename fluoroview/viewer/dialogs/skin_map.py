"""The skin dose map, as a device draws it: the dose of each patch of skin."""

from __future__ import annotations

from concurrent.futures import Future
from typing import Any

from PyQt6.QtCore import QPoint, QRect, QSize, Qt, QTemporaryDir
from PyQt6.QtGui import QPainter, QPaintEvent, QPixmap
from PyQt6.QtWidgets import QDialog, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from fluoroview.hal.roles import Role
from fluoroview.session.session import Session
from fluoroview.translation import tr
from fluoroview.viewer.session_bridge import SessionBridge

_OF_SCREEN = 0.9


class SkinMapDialog(QDialog):
    """Shows the map. Not modal: it may stay open next to the image, and is refreshed on request."""

    def __init__(self, session: Session, bridge: SessionBridge, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("Skin dose map"))
        self.setModal(False)
        self._session, self._bridge = session, bridge
        self._folder: QTemporaryDir | None = None
        self.image = _Drawing()
        self.image.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.image.setMinimumSize(640, 360)
        self.renew = QPushButton(tr("Refresh"))
        self.renew.clicked.connect(self.ask)
        row = QHBoxLayout()
        note = QLabel(tr("Entrance surface air kerma with backscatter, since the last reset"))
        note.setProperty("role", "dim")
        row.addWidget(note, 1)
        row.addWidget(self.renew)
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
        """Request the map from the device; the image follows when it is drawn."""
        parameter = self._session.parameters.with_role(Role.SKIN_DOSE_MAP)
        if parameter is None:
            self.image.setText(tr("This device computes no skin dose map"))
            return
        if self._folder is None:
            self._folder = QTemporaryDir()
        place = self._folder.filePath("skin.png")
        written: Future[Any] = self._session.set_parameter(parameter.name, place)
        self._bridge.when_done(written, self._show)

    def shut(self) -> None:
        """Close for good, and remove the drawing from the disk."""
        self.close()
        if self._folder is not None:
            self._folder.remove()
            self._folder = None

    def _show(self, place: Any | None) -> None:
        drawn = QPixmap(str(place)) if place else QPixmap()
        if drawn.isNull():
            self.image.setText(tr("The map cannot be drawn"))
            return
        self.image.setPixmap(drawn)
        screen = self.screen()
        if screen is not None:
            self.resize(self.sizeHint().boundedTo(screen.availableSize() * _OF_SCREEN))


class _Drawing(QLabel):
    """An image that is shown whole, at any size."""

    def minimumSizeHint(self) -> QSize:
        """Allow any size."""
        return QSize()

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """Draw the image as large as it fits, or the text."""
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
