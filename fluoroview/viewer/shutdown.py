"""Every way in which a viewer ends leads to the same close: beam off, run closed, files whole.

Signals close the window as the user does. When the X server dies, Qt reports it and then ends the
process without running any more Python code: the session is closed while Qt reports.
"""

from __future__ import annotations

import logging
import signal
import socket
import sys
from collections.abc import Callable
from types import FrameType, TracebackType

from PyQt6.QtCore import (
    QMessageLogContext,
    QObject,
    QSocketNotifier,
    QtMsgType,
    qInstallMessageHandler,
)
from PyQt6.QtWidgets import QApplication, QWidget
from PyQt6.sip import voidptr

from fluoroview.session.session import Session

CLOSING_SIGNALS = tuple(
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)
)
_CONNECTION_LOST = "connection broke"
"""What Qt reports, for X11 and for Wayland, before it ends the process."""

logger = logging.getLogger(__name__)


class SignalCloser(QObject):
    """Closes a window on SIGINT, SIGTERM and SIGHUP, at once and in the window's thread."""

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self._window = window
        self.received = 0
        """Number of the first signal; 0: none came."""
        self._reader, self._writer = socket.socketpair()
        for end in (self._reader, self._writer):
            end.setblocking(False)
        self._before_fd = signal.set_wakeup_fd(self._writer.fileno(), warn_on_full_buffer=False)
        self._before = {number: signal.signal(number, self._note) for number in CLOSING_SIGNALS}
        self._notifier = QSocketNotifier(
            voidptr(self._reader.fileno()), QSocketNotifier.Type.Read, self
        )
        self._notifier.activated.connect(self._read)

    def stop(self) -> None:
        """Restore what signals did before."""
        self._notifier.setEnabled(False)
        for number, handler in self._before.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(self._before_fd)
        self._reader.close()
        self._writer.close()

    def _note(self, number: int, _frame: FrameType | None) -> None:
        self.received = self.received or number

    def _read(self) -> None:
        """Close the window; the signal woke Qt's event loop through the socket."""
        self._reader.recv(64)
        if not self.received:
            return
        logger.info("closing on signal %d", self.received)
        while (dialog := QApplication.activeModalWidget()) is not None and dialog.close():
            pass
        self._window.close()


class QtMessages:
    """Passes Qt's messages to the log; closes the session when the display is lost."""

    def __init__(self) -> None:
        self.session: Session | None = None
        qInstallMessageHandler(self._handle)

    def _handle(self, kind: QtMsgType, context: QMessageLogContext, text: str | None) -> None:
        text = text or ""
        if text.startswith("This plugin does not support"):
            return  # a window in memory cannot be raised; nobody asked for it
        logger.log(_level(kind), "Qt: %s", text)
        if kind is QtMsgType.QtFatalMsg:
            _print(text)  # Qt ends the process now
        if _CONNECTION_LOST in text and self.session is not None:
            logger.error("the display is lost; the session is closed")
            self.session.close()


class ErrorReporter:
    """Calls `show` for an exception that nobody handled in a slot of Qt, after it is logged."""

    def __init__(self, show: Callable[[], None]) -> None:
        self._show = show
        self._before = sys.excepthook
        sys.excepthook = self._report

    def stop(self) -> None:
        """Restore the hook that was installed before."""
        sys.excepthook = self._before

    def _report(
        self, kind: type[BaseException], error: BaseException, traceback: TracebackType | None
    ) -> None:
        self._before(kind, error, traceback)
        try:
            self._show()
        except Exception:
            logger.exception("an internal error cannot be shown")


def _level(kind: QtMsgType) -> int:
    return {
        QtMsgType.QtDebugMsg: logging.DEBUG,
        QtMsgType.QtInfoMsg: logging.INFO,
        QtMsgType.QtWarningMsg: logging.WARNING,
    }.get(kind, logging.ERROR)


def _print(text: str) -> None:
    """Print to standard error, unless it is closed: a terminal may be gone after SIGHUP."""
    try:
        print(text, file=sys.stderr)
    except (OSError, ValueError):
        logger.info("standard error is closed")
