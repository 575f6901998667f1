"""The end of the log file, and where it lies."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from PyQt6.QtCore import QUrl
from PyQt6.QtGui import QDesktopServices, QFontDatabase
from PyQt6.QtWidgets import (
    QDialog,
    QHBoxLayout,
    QPlainTextEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from fluoroview import logs
from fluoroview.hal.foreign_text import plain
from fluoroview.session.session import Session
from fluoroview.translation import tr
from fluoroview.viewer.session_bridge import SessionBridge
from fluoroview.viewer.widgets.labels import foreign_label

_TAIL_BYTES = 64_000


class LogDialog(QDialog):
    """Shows the last lines of the log. Not modal: it may stay open next to the image."""

    def __init__(self, session: Session, bridge: SessionBridge, parent: QWidget) -> None:
        super().__init__(parent)
        self._session, self._bridge = session, bridge
        self.setWindowTitle(tr("Log"))
        self.setModal(False)
        self.resize(900, 520)
        self.path = foreign_label()
        self.text = QPlainTextEdit()
        self.text.setReadOnly(True)
        self.text.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.text.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        folder = QPushButton(tr("Open folder"))
        folder.clicked.connect(lambda: _open_folder(logs.log_file()))
        renew = QPushButton(tr("Refresh"))
        renew.clicked.connect(self.refresh)
        row = QHBoxLayout()
        row.addWidget(self.path, 1)
        row.addWidget(folder)
        row.addWidget(renew)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 14, 16, 14)
        column.addLayout(row)
        column.addWidget(self.text, 1)

    def open(self) -> None:
        """Show the dialog with the log as it is now."""
        self.refresh()
        self.show()
        self.raise_()

    def refresh(self) -> None:
        """Read the end of the log again, in the background."""
        file = logs.log_file()
        self.path.setText(plain(file))
        self._bridge.when_done(self._session.submit(lambda: _tail(file)), self._show)

    def _show(self, text: Any | None) -> None:
        self.text.setPlainText(text or tr("The log is empty"))
        bar = self.text.verticalScrollBar()
        if bar is not None:
            bar.setValue(bar.maximum())


def _tail(file: Path) -> str:
    """Return the last lines of a file; empty where there is none."""
    if not file.is_file():
        return ""
    with file.open("rb") as log:
        size = log.seek(0, 2)
        log.seek(max(0, size - _TAIL_BYTES))
        return log.read().decode("utf-8", "replace")


def _open_folder(file: Path) -> None:
    QDesktopServices.openUrl(QUrl.fromLocalFile(str(file.parent)))
