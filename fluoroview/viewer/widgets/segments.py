"""A choice of few values as buttons side by side: read at a glance, chosen with one click."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtWidgets import QHBoxLayout, QPushButton, QSizePolicy, QWidget

from fluoroview.viewer.widgets import theme

_STYLE = (
    f"QPushButton {{ padding: 0 4px; min-height: 26px; max-height: 26px; border-radius: 0;"
    f" border: 1px solid {theme.LINE}; }}"
    f" QPushButton:checked {{ background: {theme.HOVER}; color: {theme.TEXT};"
    f" border-bottom: 2px solid {theme.ACCENT}; font-weight: 600; }}"
)


class Segments(QWidget):
    """One of some values; emits what is requested, shows what is set."""

    choice_requested = pyqtSignal(object)

    def __init__(self, words: Callable[[str], str] = str) -> None:
        super().__init__()
        self._words = words
        self._buttons: dict[str, QPushButton] = {}
        self._line = QHBoxLayout(self)
        self._line.setContentsMargins(0, 0, 0, 0)
        self._line.setSpacing(0)

    def show_choices(self, choices: Sequence[str], chosen: str) -> None:
        """Show the choices, and which one is set."""
        if list(choices) != list(self._buttons):
            self._build(choices)
        for choice, button in self._buttons.items():
            button.setChecked(choice == chosen)

    def button(self, choice: str) -> QPushButton:
        """Return the button of one choice."""
        return self._buttons[choice]

    def _build(self, choices: Sequence[str]) -> None:
        for button in self._buttons.values():
            self._line.removeWidget(button)
            button.deleteLater()
        self._buttons = {choice: self._made(choice) for choice in choices}
        for button in self._buttons.values():
            self._line.addWidget(button, 1)

    def _made(self, choice: str) -> QPushButton:
        button = QPushButton(self._words(choice))
        button.setCheckable(True)
        button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        button.setStyleSheet(_STYLE)
        # the width comes from the row, or long texts would widen the column
        button.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        button.clicked.connect(lambda _: self._clicked(choice))
        return button

    def _clicked(self, choice: str) -> None:
        for each, button in self._buttons.items():
            button.setChecked(each == choice)
        self.choice_requested.emit(choice)
