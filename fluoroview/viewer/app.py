"""The program with its window: one session, one main window, one event loop."""

from __future__ import annotations

import sys
from pathlib import Path

from PyQt6.QtCore import QEvent, QRect
from PyQt6.QtWidgets import QApplication

from fluoroview.session.room import Room
from fluoroview.session.session import Session
from fluoroview.viewer.language import use_chosen_language
from fluoroview.viewer.main_window import MainWindow
from fluoroview.viewer.shutdown import ErrorReporter, QtMessages, SignalCloser
from fluoroview.viewer.widgets import theme

SIZE_PX = (1600, 1200)

_made: list[QApplication] = []  # PyQt ends an application that nobody holds
_messages: list[QtMessages] = []


def application() -> QApplication:
    """Return the Qt application with the program's style; create it if there is none."""
    app = QApplication.instance()
    if not isinstance(app, QApplication):
        app = QApplication(sys.argv[:1])
        app.setApplicationName("FluoroView")
        _made.append(app)
        _messages.append(QtMessages())
    if app.property("dressed") is None:
        theme.apply(app)
        app.setProperty("dressed", True)
    return app


def run(room: Room, files: list[Path] | None = None, connect: bool = True) -> int:
    """Show a session until its window is closed; return the exit code.

    `files` are DICOM files, the first of which is opened; `connect` arms the room's device. A
    signal closes the window in the same order, and the exit code is 0 for it, too.
    """
    app = application()
    use_chosen_language()
    session = Session(room)
    for messages in _messages:
        messages.session = session
    try:
        window = MainWindow(session)
        closer, errors = SignalCloser(window), ErrorReporter(window.show_internal_error)
        screen = window.screen()
        room_px = screen.availableGeometry() if screen is not None else QRect(0, 0, *SIZE_PX)
        window.resize(min(SIZE_PX[0], room_px.width()), min(SIZE_PX[1], room_px.height()))
        window.show()
        if connect:
            window.devices.connect()
        window.open_files(files or [])
        code = app.exec()
        errors.stop()
        session.close()  # still with the signals that close, which are ignored now
        closer.stop()
        window.deleteLater()
        app.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
        return code
    finally:
        session.close()
