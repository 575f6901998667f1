"""The foot pedal: the Space key while it is held, a button while it is held, and when it lets go.

Whatever could leave a pedal down unseen releases it: losing the focus, another window, minimising,
closing. The auto-repeat of a held key is not a new step and not a release.
"""

from __future__ import annotations

from PyQt6.QtCore import QEvent, QObject, Qt, QTimer, pyqtSignal
from PyQt6.QtGui import QKeyEvent
from PyQt6.QtWidgets import (
    QApplication,
    QComboBox,
    QLineEdit,
    QPlainTextEdit,
    QPushButton,
    QTextEdit,
    QWidget,
)

from fluoroview.viewer.widgets import theme

REPEAT_GAP_MS = 6
"""A press that follows a release this soon is no finger's: the key is still held."""
_WRITING = (QLineEdit, QTextEdit, QPlainTextEdit)  # in a number, a space has no meaning
_LEAVING = (QEvent.Type.WindowDeactivate, QEvent.Type.Close, QEvent.Type.Hide)


class Pedal(QObject):
    """Joins key and button into one pedal that is down while either is held."""

    pressed = pyqtSignal()
    """The pedal went down."""
    released = pyqtSignal()
    """The pedal came up."""

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self._window = window
        self._held: set[str] = set()
        # Some X servers repeat a held key as release and press within a millisecond, unmarked.
        self._release_timer = QTimer(self)
        self._release_timer.setSingleShot(True)
        self._release_timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._release_timer.setInterval(REPEAT_GAP_MS)
        self._release_timer.timeout.connect(self._look_again)
        self._last_look = QTimer(self)
        self._last_look.setSingleShot(True)
        self._last_look.setInterval(0)
        self._last_look.timeout.connect(lambda: self._let_go("key"))
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
        button.pressed.connect(lambda: self._hold("button"))
        button.released.connect(lambda: self._let_go("button"))

    def release(self) -> None:
        """Take every foot off the pedal."""
        self._stay()
        held, self._held = self._held, set()
        if held:
            self.released.emit()

    def close(self) -> None:
        """Listen no more; an application must not outlive what filters its events."""
        self.release()
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
        return False

    def _key(self, event: QKeyEvent) -> bool:
        if event.key() != Qt.Key.Key_Space:
            return False
        if event.type() == QEvent.Type.KeyRelease:
            held = "key" in self._held
            if held and not event.isAutoRepeat():
                self._release_timer.start()
            return held
        if "key" in self._held:
            self._stay()
            return True
        if event.isAutoRepeat() or not self._may_press():
            return False
        self._hold("key")
        return True

    def _look_again(self) -> None:
        """Let waiting keys come first: a busy window reads the repeated press after the timer."""
        self._last_look.start()

    def _stay(self) -> None:
        self._release_timer.stop()
        self._last_look.stop()

    def _may_press(self) -> bool:
        """Space writes in a text field and chooses in an open list; elsewhere it is the pedal."""
        if QApplication.activePopupWidget() is not None:
            return False
        if QApplication.activeWindow() not in (None, self._window):
            return False
        focus = QApplication.focusWidget()
        editable = isinstance(focus, QComboBox) and focus.isEditable()
        return not (isinstance(focus, _WRITING) or editable)

    def _hold(self, what: str) -> None:
        was_down = self.down
        self._held.add(what)
        if not was_down:
            self.pressed.emit()

    def _let_go(self, what: str) -> None:
        if what in self._held:
            self._held.discard(what)
            if not self._held:
                self.released.emit()

    def _application_state(self, state: Qt.ApplicationState) -> None:
        if state != Qt.ApplicationState.ApplicationActive:
            self.release()


class PedalButton(QPushButton):
    """A wide button that is the pedal while the mouse holds it."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Hold for x-ray  (Space)", parent)
        self._shown: tuple[bool, bool] | None = None
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setToolTip("The foot pedal: x-ray runs while this button or the Space key is held")
        self.show_down(False)

    def show_down(self, down: bool, plays_back: bool = False) -> None:
        """Look trodden on, whoever does it; a device that `plays_back` makes no x-rays."""
        if (down, plays_back) == self._shown:
            return
        self._shown = (down, plays_back)
        up = "Hold to play  (Space)" if plays_back else "Hold for x-ray  (Space)"
        runs = "Plays: release to hold" if plays_back else "X-ray runs: release to hold"
        self.setText(runs if down else up)
        ground, ink = (theme.XRAY, "#171200") if down else (theme.HOVER, theme.TEXT)
        self.setStyleSheet(
            f"QPushButton {{ background: {ground}; color: {ink}; font-size: 15px; min-height: 34px;"
            f" font-weight: 600; border: 1px solid {theme.FAINT}; border-radius: 6px; }}"
            f" QPushButton:disabled {{ background: {theme.PANEL}; color: {theme.FAINT};"
            f" border-color: {theme.LINE}; }}"
        )
