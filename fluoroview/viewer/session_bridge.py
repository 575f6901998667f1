"""From the examination's threads to the window's: every event becomes a queued Qt signal.

Slots of widgets connected here run on the window's thread, whatever thread the event came from.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import CancelledError, Future
from typing import Any

from PyQt6.QtCore import QObject, pyqtSignal

from fluoroview.session.events import Alarm, Problem, TaskProgress
from fluoroview.session.session import Session


class SessionBridge(QObject):
    """The examination's events, on the window's thread."""

    image_ready = pyqtSignal()
    status_changed = pyqtSignal()
    problem = pyqtSignal(object)
    alarm = pyqtSignal(object)
    task = pyqtSignal(object)
    _finished = pyqtSignal(object, object)

    def __init__(self, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._open = True
        self._finished.connect(self._call)
        events = session.events
        events.image_ready.connect(self._image_ready)
        events.status_changed.connect(self._status_changed)
        events.problem.connect(self._problem)
        events.alarm.connect(self._alarm)
        events.task.connect(self._task)

    def when_done(self, future: Future[Any], then: Callable[[Any | None], None]) -> None:
        """Call `then` on the window's thread with the result, none if the work failed.

        Its failure has been told by the examination as a problem already.
        """

        def pass_on(done: Future[Any]) -> None:
            if self._open:
                self._finished.emit(done, then)

        future.add_done_callback(pass_on)

    def close(self) -> None:
        """Pass nothing on any more."""
        self._open = False
        events = self._session.events
        events.image_ready.disconnect(self._image_ready)
        events.status_changed.disconnect(self._status_changed)
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

    def _image_ready(self) -> None:
        self.image_ready.emit()

    def _status_changed(self) -> None:
        self.status_changed.emit()

    def _problem(self, problem: Problem) -> None:
        self.problem.emit(problem)

    def _alarm(self, alarm: Alarm) -> None:
        self.alarm.emit(alarm)

    def _task(self, progress: TaskProgress) -> None:
        self.task.emit(progress)
