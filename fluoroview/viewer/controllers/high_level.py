"""The high-level control: more dose while it is held, with a signal as long as it is held.

21 CFR 1020.32(d)(2): above 88 mGy/min only with an optional high-level control that must be
activated continuously, with a continuous audible signal. Whatever could leave it held unseen
releases it: losing the focus, another window, minimising, closing.
"""

from __future__ import annotations

from collections.abc import Callable

from PyQt6.QtCore import QEvent, QObject, Qt
from PyQt6.QtWidgets import QApplication, QPushButton, QWidget

from fluoroview.translation import tr
from fluoroview.viewer.input.control_keys import HIGH_LEVEL_KEY, Binding
from fluoroview.viewer.widgets import theme

_LEAVING = (QEvent.Type.WindowDeactivate, QEvent.Type.Close, QEvent.Type.Hide)


class HighLevelButton(QPushButton):
    """A button next to the pedal: the high level is on while it is held."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(tr("High level  ({key})").format(key=HIGH_LEVEL_KEY), parent)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        tip = tr(
            "High-level control: dose rate up to 176 mGy/min while this button or the {key} key "
            "is held; a tone sounds"
        )
        self.setToolTip(tip.format(key=HIGH_LEVEL_KEY))
        self.show_held(False)

    def show_held(self, held: bool) -> None:
        """Look held, whatever holds it."""
        ground, ink = (theme.WARNING, "#1d1100") if held else (theme.HOVER, theme.TEXT)
        self.setStyleSheet(
            f"QPushButton {{ background: {ground}; color: {ink}; font-size: 13px; padding: 5px 6px;"
            f" min-height: 34px; font-weight: 600; border: 1px solid {theme.FAINT};"
            f" border-radius: 6px; }} QPushButton:disabled {{ background: {theme.PANEL};"
            f" color: {theme.FAINT}; border-color: {theme.LINE}; }}"
        )


class HighLevel(QObject):
    """Held by button or key; `set_level(on)` writes it, `tone(on)` sounds."""

    def __init__(
        self,
        window: QWidget,
        button: HighLevelButton,
        set_level: Callable[[bool], None],
        tone: Callable[[bool], None],
    ) -> None:
        super().__init__(window)
        self._window = window
        self._button = button
        self._set_level = set_level
        self._tone = tone
        self.held = False
        button.pressed.connect(self.hold)
        button.released.connect(self.release)
        window.installEventFilter(self)
        app = QApplication.instance()
        assert isinstance(app, QApplication)
        app.applicationStateChanged.connect(self._application_state)

    def binding(self) -> Binding:
        """Return what its key does."""
        return Binding(self.hold, self.release)

    def hold(self) -> None:
        """Hold the control, where there is one."""
        if not self.held and self._button.isVisibleTo(self._window) and self._button.isEnabled():
            self._become(True)

    def release(self) -> None:
        """Release the control."""
        if self.held:
            self._become(False)

    def close(self) -> None:
        """Release, and watch no more events."""
        self.release()
        self._window.removeEventFilter(self)

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:
        """Release when the window is left."""
        if event is None:
            return False
        kind = event.type()
        changed = kind == QEvent.Type.WindowStateChange
        if kind in _LEAVING or (changed and self._window.isMinimized()):
            self.release()
        return False

    def _become(self, held: bool) -> None:
        self.held = held
        self._button.show_held(held)
        self._set_level(held)
        self._tone(held)

    def _application_state(self, state: Qt.ApplicationState) -> None:
        if state != Qt.ApplicationState.ApplicationActive:
            self.release()
