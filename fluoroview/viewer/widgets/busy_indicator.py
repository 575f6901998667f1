"""Work in progress, at the right of the status bar: a text and a bar, if it takes long enough."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

from PyQt6.QtCore import QObject, QTimer, pyqtSignal
from PyQt6.QtWidgets import QLabel

from fluoroview.session.events import TaskProgress
from fluoroview.translation import translate_message
from fluoroview.viewer.main_window_ui import MainWindowUi
from fluoroview.viewer.session_bridge import SessionBridge

BUSY_MS = 250
"""Work that is done sooner is not announced."""


class BusyIndicator(QObject):
    """Follows futures, and tasks that report their progress."""

    saved = pyqtSignal()
    """Nothing is being saved any more."""

    def __init__(self, bridge: SessionBridge, ui: MainWindowUi, parent: QObject) -> None:
        super().__init__(parent)
        self._bridge = bridge
        self._bar = ui.progress
        self._label = ui.busy_label
        self._waits: set[tuple[str, object]] = set()
        self._saving: set[tuple[str, object]] = set()

    @property
    def waiting(self) -> bool:
        """Whether something is being connected, opened, saved or restarted."""
        return bool(self._waits)

    @property
    def saving(self) -> bool:
        """Whether a file is being saved, which closing the window would lose."""
        return bool(self._saving)

    def wait_for(
        self,
        text: str,
        future: Future[Any],
        then: Callable[[Any], None] = lambda _: None,
        *,
        saves: bool = False,
    ) -> None:
        """Show what goes on until it is done, if that takes long enough to be read.

        `then` is called with the result, None if the work failed; `saves`: a file is written.
        """

        def done(result: Any) -> None:
            self._waits.discard(token)
            self._show_waits()
            then(result)
            if token in self._saving:
                self._saving.discard(token)
                if not self._saving:
                    self.saved.emit()

        token = (text, object())
        if saves:
            self._saving.add(token)
        self._waits.add(token)
        QTimer.singleShot(BUSY_MS, self._show_waits)
        self._bridge.when_done(future, done)

    def show_task(self, progress: TaskProgress) -> None:
        """Show how far long work is."""
        bar, going_on = self._bar, progress.done < progress.total
        bar.setVisible(going_on)
        bar.setRange(0, max(progress.total, 1))
        bar.setValue(progress.done)
        put(self._label, translate_message(progress.name) if going_on else "")

    def _show_waits(self) -> None:
        bar = self._bar
        if self._waits:
            bar.setRange(0, 0)
            put(self._label, next(iter(self._waits))[0] + " …")
        elif bar.maximum() == 0:
            bar.setRange(0, 1)
            put(self._label, "")
        bar.setVisible(bool(self._waits))


def put(label: QLabel, text: str) -> None:
    """Show a text unless it is shown already."""
    if label.text() != text:
        label.setText(text)
