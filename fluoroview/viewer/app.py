"""The program with its window: one examination, one main window, one event loop."""

from __future__ import annotations

import signal
import sys
from pathlib import Path

from PyQt6.QtCore import (
    QEvent,
    QMessageLogContext,
    QRect,
    QTimer,
    QtMsgType,
    qInstallMessageHandler,
)
from PyQt6.QtWidgets import QApplication

from fluoroview.session.room import Room
from fluoroview.session.session import Session
from fluoroview.viewer.main_window import MainWindow
from fluoroview.viewer.widgets import theme

SIZE_PX = (1600, 1200)


_made: list[QApplication] = []  # PyQt ends an application that nobody holds


def application() -> QApplication:
    """Return the Qt application, dressed; make it if there is none."""
    app = QApplication.instance()
    if not isinstance(app, QApplication):
        app = QApplication(sys.argv[:1])
        app.setApplicationName("FluoroView")
        _made.append(app)
        if app.platformName() == "offscreen":
            qInstallMessageHandler(_without_offscreen_notes)
    if app.property("dressed") is None:
        theme.apply(app)
        app.setProperty("dressed", True)
    return app


def _without_offscreen_notes(
    kind: QtMsgType, context: QMessageLogContext, words: str | None
) -> None:
    """Print Qt's messages, but not that a window in memory cannot be raised or hinted at."""
    if words and not words.startswith("This plugin does not support"):
        print(words, file=sys.stderr)


def run(room: Room, files: list[Path] | None = None, connect: bool = True) -> int:
    """Show an examination until its window is closed; return the exit code.

    `files` are DICOM files, the first of which is opened; `connect` arms the room's device.
    """
    app = application()
    session = Session(room)
    try:
        window = MainWindow(session)
        screen = window.screen()
        room_px = screen.availableGeometry() if screen is not None else QRect(0, 0, *SIZE_PX)
        window.resize(min(SIZE_PX[0], room_px.width()), min(SIZE_PX[1], room_px.height()))
        window.show()
        if connect:
            window.connect_device()
        window.open_files(files or [])
        beat = _let_python_hear_ctrl_c(window)
        code = app.exec()
        beat.stop()
        window.deleteLater()
        app.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
        return code
    finally:
        session.close()


def _let_python_hear_ctrl_c(window: MainWindow) -> QTimer:
    """Close the window on Ctrl+C; Python sees signals only when it runs, so let it, regularly."""
    signal.signal(signal.SIGINT, lambda *_: window.close())
    beat = QTimer(window)
    beat.timeout.connect(lambda: None)
    beat.start(200)
    return beat
