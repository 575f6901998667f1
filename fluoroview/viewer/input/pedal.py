"""The foot pedal: down while the Space key or a button is held.

Each press permits one run. Whatever could leave a pedal down unseen releases it: losing the focus,
another window, minimising, closing. A key that is still held when the focus returns starts nothing:
another run needs another press, and the auto-repeat of a held key is none.
"""

from __future__ import annotations

from collections.abc import Callable

from PyQt6.QtCore import QEvent, QObject, Qt, QTimer, pyqtSignal
from PyQt6.QtGui import QKeyEvent, QMouseEvent
from PyQt6.QtWidgets import (
    QApplication,
    QComboBox,
    QLineEdit,
    QPlainTextEdit,
    QPushButton,
    QTextEdit,
    QWidget,
)

from fluoroview.translation import tr
from fluoroview.viewer.widgets import theme

REPEAT_GAP_MS = 6
"""A press that follows a release this soon is a repeat: no finger is so fast."""
ALIVE_MS = 40
"""How often a held pedal reports; the session ends the beam after 200 ms without a report."""
_TEXT_FIELDS = (QLineEdit, QTextEdit, QPlainTextEdit)  # in a number, a space has no meaning
_LEAVING = (QEvent.Type.WindowDeactivate, QEvent.Type.Close, QEvent.Type.Hide)


class Pedal(QObject):
    """Joins key and button into one pedal that is down while either is held."""

    pressed = pyqtSignal()
    """The pedal went down."""
    released = pyqtSignal()
    """The pedal came up."""
    alive = pyqtSignal()
    """The pedal is held, and the window's thread runs: emitted every `ALIVE_MS` while down."""
    still_held = pyqtSignal()
    """The key starts nothing: it was not released since the window lost it."""

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self._window = window
        self._held: set[str] = set()
        self._button: QPushButton | None = None
        self._key_down = False
        """Whether the key is down as far as anybody knows, whatever it does there."""
        # Some X servers repeat a held key as release and press within a millisecond, unmarked.
        self._gap = _single_shot(self, REPEAT_GAP_MS, self._look_again)
        self._last_look = _single_shot(self, 0, self._key_released)
        self._alive_timer = QTimer(self)
        self._alive_timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._alive_timer.setInterval(ALIVE_MS)
        self._alive_timer.timeout.connect(self.alive)
        app = QApplication.instance()
        assert isinstance(app, QApplication)
        app.installEventFilter(self)
        app.applicationStateChanged.connect(self._application_state)

    @property
    def down(self) -> bool:
        """Whether key or button is held."""
        return bool(self._held)

    def watch(self, button: QPushButton) -> None:
        """Let a button be the pedal while the mouse holds it."""
        self._button = button
        button.pressed.connect(lambda: self._hold("button"))
        button.released.connect(lambda: self._let_go("button"))

    def release(self) -> None:
        """Release the pedal; key and button do nothing until they are pressed again."""
        if self._button is not None:
            self._button.setDown(False)
        held, self._held = self._held, set()
        if held:
            self._alive_timer.stop()
            self.released.emit()

    def close(self) -> None:
        """Release, and watch no more events: an application must not outlive its filters."""
        self.release()
        self._gap.stop()
        self._last_look.stop()
        app = QApplication.instance()
        if app is not None:
            app.removeEventFilter(self)

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:
        """Catch Space wherever the focus is, and everything that ends the holding."""
        if event is None:
            return False
        kind = event.type()
        if kind in (QEvent.Type.KeyPress, QEvent.Type.KeyRelease) and isinstance(event, QKeyEvent):
            return self._key(event)
        if watched is self._window and (kind in _LEAVING or self._window.isMinimized()):
            self.release()
        elif watched is self._button and kind == QEvent.Type.EnabledChange:
            self._let_go("button")
        return False

    def _key(self, event: QKeyEvent) -> bool:
        if event.key() != Qt.Key.Key_Space:
            return False
        if event.type() == QEvent.Type.KeyRelease:
            if not event.isAutoRepeat():
                self._gap.start()
            return "key" in self._held
        waiting = self._gap.isActive() or self._last_look.isActive()
        again = self._key_down or waiting or event.isAutoRepeat()
        self._key_down = True
        self._gap.stop()
        self._last_look.stop()
        if "key" in self._held:
            return True
        if not self._may_press():
            return False
        if again:
            if not (waiting or event.isAutoRepeat()):
                self.still_held.emit()
            return True
        self._hold("key")
        return True

    def _look_again(self) -> None:
        """Let waiting keys come first: a busy window reads the repeated press after the timer."""
        self._last_look.start()

    def _key_released(self) -> None:
        self._key_down = False
        self._let_go("key")

    def _may_press(self) -> bool:
        """Return whether Space is the pedal: it types in a text field, and picks in a list."""
        if QApplication.activePopupWidget() is not None:
            return False
        if QApplication.activeWindow() not in (None, self._window):
            return False
        focus = QApplication.focusWidget()
        editable = isinstance(focus, QComboBox) and focus.isEditable()
        return not (isinstance(focus, _TEXT_FIELDS) or editable)

    def _hold(self, what: str) -> None:
        was_down = self.down
        self._held.add(what)
        if not was_down:
            self.pressed.emit()
            self.alive.emit()
            self._alive_timer.start()

    def _let_go(self, what: str) -> None:
        if what in self._held:
            self._held.discard(what)
            if not self._held:
                self._alive_timer.stop()
                self.released.emit()

    def _application_state(self, state: Qt.ApplicationState) -> None:
        if state != Qt.ApplicationState.ApplicationActive:
            self.release()


def _single_shot(parent: QObject, interval_ms: int, do: Callable[[], None]) -> QTimer:
    timer = QTimer(parent)
    timer.setSingleShot(True)
    timer.setTimerType(Qt.TimerType.PreciseTimer)
    timer.setInterval(interval_ms)
    timer.timeout.connect(do)
    return timer


class PedalButton(QPushButton):
    """A wide button that is the pedal while the mouse holds it."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(tr("Hold for x-ray  (Space)"), parent)
        self._shown: tuple[bool, bool] | None = None
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setToolTip(tr("Foot pedal: x-ray is on while this button or the Space key is held"))
        self.show_down(False)

    def mouseMoveEvent(self, event: QMouseEvent | None) -> None:
        """Release when the mouse leaves; do not press again when it comes back still held."""
        if self.isDown():
            super().mouseMoveEvent(event)

    def show_down(self, down: bool, plays_back: bool = False) -> None:
        """Look pressed, whatever pressed it; a device that `plays_back` makes no x-rays."""
        if (down, plays_back) == self._shown:
            return
        self._shown = (down, plays_back)
        up = tr("Hold to play  (Space)") if plays_back else tr("Hold for x-ray  (Space)")
        held = (
            tr("Playing: release to stop")
            if plays_back
            else tr("X-ray on: release for last-image hold")
        )
        self.setText(held if down else up)
        ground, ink = (theme.XRAY, "#171200") if down else (theme.HOVER, theme.TEXT)
        self.setStyleSheet(
            f"QPushButton {{ background: {ground}; color: {ink}; padding: 5px 2px;"
            f" font-size: {13 if down else 15}px; min-height: 34px;"
            f" font-weight: 600; border: 1px solid {theme.FAINT}; border-radius: 6px; }}"
            f" QPushButton:disabled {{ background: {theme.PANEL}; color: {theme.FAINT};"
            f" border-color: {theme.LINE}; }}"
        )
