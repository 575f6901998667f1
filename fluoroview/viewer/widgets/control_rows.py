"""The operator's controls apart from the pedal, as rows: a button, a stepper, a switch, a choice.

Each row emits what is requested and shows what the device reads back; keys are shown as key caps.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PyQt6.QtCore import QSignalBlocker, Qt, pyqtSignal
from PyQt6.QtGui import QMouseEvent
from PyQt6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QSizePolicy, QToolButton, QWidget

from fluoroview.hal.parameter import ParameterInfo
from fluoroview.session.labels import key_cap
from fluoroview.translation import tr
from fluoroview.viewer.input.control_keys import Binding, is_reserved
from fluoroview.viewer.widgets import theme
from fluoroview.viewer.widgets.parameter_editors import (
    ParameterEditor,
    editor_for,
    label_of,
    tip,
    unit_words,
)

ROW_PX, COMPACT_ROW_PX = 30, 26
CAP_PX = 36
"""Wide enough for a cap with Shift and an arrow."""
_CAP = (
    f"background: {theme.GROUND}; color: {theme.DIM}; border: 1px solid {theme.FAINT};"
    " border-bottom-width: 2px; border-radius: 4px; padding: 0 5px; font-size: 12px;"
)


class KeyCap(QLabel):
    """A key as it looks on a keyboard."""

    def __init__(self, key: str) -> None:
        super().__init__(key_cap(key))
        self.setStyleSheet(_CAP)
        self.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.setFixedHeight(21)
        self.setMinimumWidth(22)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)


class ControlRow(QWidget):
    """Base of the rows; `parameter` is the parameter as a JSON-able dict."""

    write_requested = pyqtSignal(str, object)
    """Name, and the value that is requested."""
    run_requested = pyqtSignal(str)
    """The name of a command to be run."""

    def __init__(self, parameter: ParameterInfo) -> None:
        super().__init__()
        self.parameter = parameter
        self.name = parameter.name
        self.text = label_of(parameter)
        self.keys = [key for key in parameter.shortcut if not is_reserved(key)]
        self.setFixedHeight(ROW_PX)
        self.setToolTip(tip(parameter))
        self.line = QHBoxLayout(self)
        self.line.setContentsMargins(0, 0, 0, 0)
        self.line.setSpacing(5)

    def set_compact(self, on: bool) -> None:
        """Take less height, or as much as usual."""
        self.setFixedHeight(COMPACT_ROW_PX if on else ROW_PX)

    def bindings(self) -> dict[str, Binding]:
        """Return what its keys do."""
        return {}

    def show_parameter(self, parameter: ParameterInfo, running: bool = False) -> None:
        """Show the value as read back."""
        self.parameter = parameter

    def add_label(self, label: QLabel | None = None) -> None:
        """Add the label on the left."""
        label = label or QLabel(self.text)
        label.setProperty("role", "dim")
        self.line.addWidget(label, 1)


class CommandRow(ControlRow):
    """A wide button that runs a command."""

    def __init__(self, parameter: ParameterInfo) -> None:
        super().__init__(parameter)
        self.button = _capped(QPushButton(), self.text, self.keys)
        self.button.clicked.connect(self._run)
        self.line.addWidget(self.button, 1)

    def bindings(self) -> dict[str, Binding]:
        """Press to run; held, it runs once."""
        return {key: Binding(self._run) for key in self.keys[:1]}

    def _run(self) -> None:
        self.run_requested.emit(self.name)


class SwitchRow(ControlRow):
    """A wide button that stays down while the switch is on."""

    def __init__(self, parameter: ParameterInfo, pending_value: Callable[[str, Any], Any]) -> None:
        super().__init__(parameter)
        self._pending_value = pending_value
        self.button = _capped(QPushButton(), self.text, self.keys)
        self.button.setCheckable(True)
        self.button.clicked.connect(lambda on: self.write_requested.emit(self.name, on))
        self.line.addWidget(self.button, 1)
        self.show_parameter(parameter)

    def show_parameter(self, parameter: ParameterInfo, running: bool = False) -> None:
        """Show whether it is on."""
        super().show_parameter(parameter, running)
        with QSignalBlocker(self.button):
            self.button.setChecked(bool(self._pending_value(self.name, parameter.value)))

    def bindings(self) -> dict[str, Binding]:
        """Press to turn it."""
        return {key: Binding(self.button.click) for key in self.keys[:1]}


class StepRow(ControlRow):
    """A number that changes in steps: less and more, with their keys next to them."""

    drag_selected = pyqtSignal(str)
    """Its name was clicked: the mouse moves it in the image."""
    stopped = pyqtSignal(str)
    """A sentence: the control is at its limit."""

    def __init__(self, parameter: ParameterInfo, pending_value: Callable[[str, Any], Any]) -> None:
        super().__init__(parameter)
        self._pending_value = pending_value
        self.less, self.more = _step_button("−", tr("Decrease")), _step_button("+", tr("Increase"))
        self.value = QLabel()
        self.value.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.value.setFixedWidth(72)
        self.less.clicked.connect(lambda: self.step(-1))
        self.more.clicked.connect(lambda: self.step(+1))
        self.label = _Name(self.text)
        self.label.clicked.connect(lambda: self.drag_selected.emit(self.name))
        self.add_label(self.label)
        for widget in (_cap_of(self.keys[1:2]), self.less, self.value, self.more):
            self.line.addWidget(widget)
        self.line.addWidget(_cap_of(self.keys[:1]))
        self.show_parameter(parameter)

    def words(self) -> str:
        """Return label and requested value, for the image."""
        value = float(self._pending_value(self.name, self.parameter.value))
        return f"{self.text}  {value:.6g}{unit_words(self.parameter)}"

    def show_mouse(self, sign: str) -> None:
        """Show in which direction the mouse moves it in the image; empty: it does not."""
        self.label.show_sign(sign)

    def show_parameter(self, parameter: ParameterInfo, running: bool = False) -> None:
        """Show the number, and whether there is more and less."""
        super().show_parameter(parameter, running)
        value, unit = float(parameter.value), unit_words(parameter)
        self.value.setText(f"{value:.6g}{unit}")
        low, high = parameter.minimum, parameter.maximum
        self.less.setEnabled(low is None or value > low)
        self.more.setEnabled(high is None or value < high)

    def bindings(self) -> dict[str, Binding]:
        """The first key is more, the second less; held, they go on."""
        ways = zip(self.keys, (+1, -1), strict=False)
        return {key: Binding(_calling(self.step, way), repeats=True) for key, way in ways}

    def step(self, way: int) -> None:
        """Request one step more (+1) or less (-1); report when it is at its limit."""
        value = stepped(self.parameter, self._pending_value, way)
        if value is not None:
            self.write_requested.emit(self.name, value)
        else:
            self.stopped.emit(tr("{control}: limit reached").format(control=self.words()))


class _Name(QLabel):
    """A control's name; a click selects it for dragging."""

    clicked = pyqtSignal()

    def __init__(self, words: str) -> None:
        super().__init__(words)
        self._words = words
        self.setCursor(Qt.CursorShape.PointingHandCursor)

    def show_sign(self, sign: str) -> None:
        self.setText(f"{sign} {self._words}" if sign else self._words)
        self.setStyleSheet(f"color: {theme.ACCENT};" if sign else "")

    def mousePressEvent(self, event: QMouseEvent | None) -> None:
        """Any click on the name."""
        self.clicked.emit()


class EditorRow(ControlRow):
    """A choice, or a number to be typed: the editor of its type."""

    def __init__(self, parameter: ParameterInfo) -> None:
        super().__init__(parameter)
        self.editor: ParameterEditor = editor_for(parameter)
        self.editor.written.connect(self.write_requested)
        self.add_label()
        for key in self.keys[:1]:
            self.line.addWidget(KeyCap(key))
        self.editor.setFixedWidth(196)
        self.line.addWidget(self.editor)

    def show_parameter(self, parameter: ParameterInfo, running: bool = False) -> None:
        """Show the value."""
        super().show_parameter(parameter, running)
        self.editor.show_parameter(parameter, running)

    def bindings(self) -> dict[str, Binding]:
        """One key selects the next choice."""
        if not self.parameter.choices:
            return {}
        return {key: Binding(self._next, repeats=True) for key in self.keys[:1]}

    def _next(self) -> None:
        choices = self.parameter.choices
        at = choices.index(self.parameter.value) if self.parameter.value in choices else -1
        self.write_requested.emit(self.name, choices[(at + 1) % len(choices)])


def row_for(parameter: ParameterInfo, pending_value: Callable[[str, Any], Any]) -> ControlRow:
    """Return the row for a parameter."""
    kind = parameter.kind
    if kind == "command":
        return CommandRow(parameter)
    if kind == "bool":
        return SwitchRow(parameter, pending_value)
    if kind in ("int", "float") and parameter.step and parameter.shortcut:
        return StepRow(parameter, pending_value)
    return EditorRow(parameter)


def stepped(
    parameter: ParameterInfo,
    pending_value: Callable[[str, Any], Any],
    way: int,
    step: float | None = None,
) -> float | int | None:
    """Return a number one step on from the requested one, within its limits; None at a limit."""
    by = step or parameter.step or parameter.increment or 1.0
    now = float(pending_value(parameter.name, parameter.value))
    value = now + way * by
    low, high = parameter.minimum, parameter.maximum
    value = value if low is None else max(value, low)
    value = value if high is None else min(value, high)
    if value == now:
        return None
    return round(value) if parameter.kind == "int" else value


def _capped(button: QPushButton, words: str, keys: list[str]) -> QPushButton:
    """Write the label on a button, and its key at the right."""
    button.setAccessibleName(words)
    button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    button.setSizePolicy(QSizePolicy.Policy.Minimum, QSizePolicy.Policy.Expanding)
    button.setStyleSheet("padding: 0;")
    line = QHBoxLayout(button)
    line.setContentsMargins(10, 0, 6, 0)
    label = QLabel(words)
    label.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
    line.addWidget(label, 1)
    for key in keys[:1]:
        line.addWidget(KeyCap(key))
    return button


def _cap_of(keys: list[str]) -> QWidget:
    """Return the cap of the first key, or its place: buttons and figures stand in columns."""
    place = QWidget()
    place.setFixedWidth(CAP_PX)
    line = QHBoxLayout(place)
    line.setContentsMargins(0, 0, 0, 0)
    for key in keys[:1]:
        line.addWidget(KeyCap(key), 0, Qt.AlignmentFlag.AlignCenter)
    return place


def _step_button(words: str, name: str) -> QToolButton:
    button = QToolButton()
    button.setText(words)
    button.setProperty("role", "step")
    button.setAutoRepeat(True)
    button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    button.setAccessibleName(name)
    return button


def _calling(call: Callable[[int], None], way: int) -> Callable[[], None]:
    return lambda: call(way)
