"""From the session's threads to the window's: every event becomes a queued Qt signal.

Slots connected here run in the window's thread, whatever thread the event comes from. Events that
only ask for a look at the state are merged: a window that was busy catches up with one look.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import CancelledError, Future
from typing import Any

from PyQt6.QtCore import QObject, Qt, pyqtSignal

from fluoroview.session.events import Alarm, Problem, TaskProgress
from fluoroview.session.session import Session


class SessionBridge(QObject):
    """The session's events, in the window's thread."""

    image_ready = pyqtSignal()
    status_changed = pyqtSignal()
    problem = pyqtSignal(object)
    alarm = pyqtSignal(object)
    task = pyqtSignal(object)
    _image_due = pyqtSignal()
    _status_due = pyqtSignal()
    _finished = pyqtSignal(object, object)

    def __init__(self, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._open = True
        self._image, self._status = _Merged(self._image_due), _Merged(self._status_due)
        self._image_due.connect(self._show_image, Qt.ConnectionType.QueuedConnection)  # type: ignore[call-arg]
        self._status_due.connect(self._show_status, Qt.ConnectionType.QueuedConnection)  # type: ignore[call-arg]
        self._finished.connect(self._call)
        events = session.events
        events.image_ready.connect(self._image.request)
        events.status_changed.connect(self._status.request)
        events.problem.connect(self._problem)
        events.alarm.connect(self._alarm)
        events.task.connect(self._task)

    def when_done(self, future: Future[Any], then: Callable[[Any | None], None]) -> None:
        """Call `then` in the window's thread with the result, None if the work failed.

        The session has reported the failure as a problem.
        """

        def pass_on(done: Future[Any]) -> None:
            if self._open:
                self._finished.emit(done, then)

        future.add_done_callback(pass_on)

    def close(self) -> None:
        """Pass nothing on any more."""
        self._open = False
        events = self._session.events
        events.image_ready.disconnect(self._image.request)
        events.status_changed.disconnect(self._status.request)
        events.problem.disconnect(self._problem)
        events.alarm.disconnect(self._alarm)
        events.task.disconnect(self._task)

    def _call(self, future: Future[Any], then: Callable[[Any | None], None]) -> None:
        if not self._open:
            return
        try:
            failed = future.exception() is not None
        except CancelledError:
            failed = True
        then(None if failed else future.result())

    def _show_image(self) -> None:
        self._image.served()
        if self._open:
            self.image_ready.emit()

    def _show_status(self) -> None:
        self._status.served()
        if self._open:
            self.status_changed.emit()

    def _problem(self, problem: Problem) -> None:
        self.problem.emit(problem)

    def _alarm(self, alarm: Alarm) -> None:
        self.alarm.emit(alarm)

    def _task(self, progress: TaskProgress) -> None:
        self.task.emit(progress)


class _Merged:
    """Emits a signal unless it is on its way already."""

    def __init__(self, signal: Any) -> None:
        self._signal = signal
        self._lock = threading.Lock()
        self._requested = False

    def request(self) -> None:
        """Emit the signal, from any thread."""
        with self._lock:
            if self._requested:
                return
            self._requested = True
        self._signal.emit()

    def served(self) -> None:
        """Allow the next one; called before the state is read, so that no change is missed."""
        with self._lock:
            self._requested = False
