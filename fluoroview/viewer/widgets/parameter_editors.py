"""One editor for each kind of parameter: shows its value, emits what the user entered.

An editor never keeps what was typed: after a write it shows the value read back, because devices
round.
"""

from __future__ import annotations

import math
from typing import Any

from PyQt6.QtCore import QSignalBlocker, Qt, pyqtSignal
from PyQt6.QtGui import QWheelEvent
from PyQt6.QtWidgets import (
    QAbstractSpinBox,
    QCheckBox,
    QComboBox,
    QDoubleSpinBox,
    QHBoxLayout,
    QLineEdit,
    QPushButton,
    QToolButton,
    QWidget,
)

from fluoroview.hal.parameter import ParameterInfo
from fluoroview.hal.roles import Role
from fluoroview.session.labels import humanize
from fluoroview.translation import tr, translate_message
from fluoroview.viewer.image.overlay_text import readable

RUN = "run"
"""Written to a command: a refusal then reads "cannot be run: ..."."""
_FAR = 9.0e15  # about 2**53: whole numbers up to here are exact in a double


class ParameterEditor(QWidget):
    """Base of the editors; `parameter` is the parameter as a JSON-able dict."""

    written = pyqtSignal(str, object)
    """Name, and the value that is requested."""

    def __init__(self, parameter: ParameterInfo) -> None:
        super().__init__()
        self.parameter = parameter
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        self.field = self.make_field(parameter)
        self.field.setToolTip(tip(parameter))
        self.field.setAccessibleName(label_of(parameter))
        row.setSpacing(4)
        row.addWidget(self.field, 1)
        self.field.setMinimumWidth(60)
        self.steps = self.make_steps(parameter)
        for button in self.steps:
            row.addWidget(button)
        self.show_parameter(parameter)

    def make_field(self, parameter: ParameterInfo) -> QWidget:
        """Return the widget that shows the value."""
        raise NotImplementedError

    def make_steps(self, parameter: ParameterInfo) -> list[QToolButton]:
        """Return buttons next to the field, if any."""
        return []

    def put(self, value: Any) -> None:
        """Show a value without emitting `written`."""
        raise NotImplementedError

    def show_parameter(self, parameter: ParameterInfo, running: bool = False) -> None:
        """Show value and limits as read back; while `running`, idle-only ones are locked."""
        self.parameter = parameter
        locked = parameter.access == "ro" or (running and parameter.access == "rw when idle")
        for widget in (self.field, *self.steps):
            widget.setEnabled(not locked)
        self.field.setToolTip(tip(parameter))
        if not self.field.hasFocus() or not self._typing():
            with QSignalBlocker(self.field):
                self.put(parameter.value)

    def emit_value(self, value: Any) -> None:
        """Emit a value that the user entered, if it differs."""
        if value != self.parameter.value:
            self.written.emit(self.parameter.name, value)

    def _typing(self) -> bool:
        return False


class _NumberBox(QDoubleSpinBox):
    """Shows as many decimals as the value needs; the wheel acts only where the focus is."""

    significant = 6

    def textFromValue(self, value: float) -> str:
        """Return up to `significant` figures, or a whole number."""
        if self.decimals() == 0:
            return f"{value:.0f}"
        return f"{value:.{self.significant}g}" if abs(value) < 1e6 else f"{value:.1f}"

    def wheelEvent(self, event: QWheelEvent | None) -> None:
        """Leave the wheel to the scroll area unless the field has the focus."""
        assert event is not None
        if self.hasFocus():
            super().wheelEvent(event)
        else:
            event.ignore()


class NumberEditor(ParameterEditor):
    """Integers and decimal numbers, with unit and limits."""

    field: _NumberBox

    def make_field(self, parameter: ParameterInfo) -> QWidget:
        """Return a spin box with the unit as its suffix."""
        box = _NumberBox()
        box.setDecimals(0 if parameter.kind == "int" else _decimals(parameter))
        box.setKeyboardTracking(False)
        box.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        box.setSuffix(unit_words(parameter))
        box.setButtonSymbols(QDoubleSpinBox.ButtonSymbols.NoButtons)
        box.valueChanged.connect(self._changed)
        leave_on_return(box)
        return box

    def show_significant(self, figures: int) -> None:
        """Show at most so many figures: a regulated value has many."""
        self.field.significant = figures
        self.field.setValue(self.field.value())

    def make_steps(self, parameter: ParameterInfo) -> list[QToolButton]:
        """Return minus and plus for a number that can be written."""
        return [] if parameter.access == "ro" else step_buttons(self.field)

    def put(self, value: Any) -> None:
        """Show a number within its present limits."""
        low, high = self.parameter.minimum, self.parameter.maximum
        low = -_FAR if low is None else min(float(low), float(value))
        high = _FAR if high is None else max(float(high), float(value))
        self.field.setRange(max(low, -_FAR), min(high, _FAR))
        self.field.setSingleStep(_step(self.parameter))
        self.field.setValue(float(value))

    def _changed(self, value: float) -> None:
        self.emit_value(round(value) if self.parameter.kind == "int" else value)

    def _typing(self) -> bool:
        line = self.field.lineEdit()
        return line is not None and line.isModified()


class BoolEditor(ParameterEditor):
    """True or false."""

    field: QCheckBox

    def make_field(self, parameter: ParameterInfo) -> QWidget:
        """Return a check box."""
        box = QCheckBox()
        box.clicked.connect(self.emit_value)
        return box

    def put(self, value: Any) -> None:
        """Show true or false."""
        self.field.setChecked(bool(value))


class _QuietCombo(QComboBox):
    def wheelEvent(self, event: QWheelEvent | None) -> None:
        assert event is not None
        event.ignore()  # a wheel over a long form must not change values in passing


class EnumEditor(ParameterEditor):
    """One of some choices."""

    field: _QuietCombo

    def make_field(self, parameter: ParameterInfo) -> QWidget:
        """Return a combo box."""
        box = _QuietCombo()
        box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        box.setMinimumContentsLength(5)
        box.activated.connect(lambda _: self.emit_value(box.currentData()))
        return box

    def put(self, value: Any) -> None:
        """Show the chosen one among the present choices, with their unit."""
        choices = [str(choice) for choice in self.parameter.choices or [value]]
        if [self.field.itemData(i) for i in range(self.field.count())] != choices:
            self.field.clear()
            for choice in choices:
                self.field.addItem(self._words(choice), choice)
        self.field.setCurrentIndex(self.field.findData(str(value)))

    def _words(self, choice: str) -> str:
        """Return a choice as it is shown: procedures by their names, others as the device does."""
        if self.parameter.role is Role.PROCEDURE:
            return readable(choice)
        return choice + unit_words(self.parameter)


class TextEditor(ParameterEditor):
    """A text."""

    field: QLineEdit

    def make_field(self, parameter: ParameterInfo) -> QWidget:
        """Return a line edit; a read-only text stays selectable."""
        line = QLineEdit()
        line.editingFinished.connect(lambda: self.emit_value(line.text()))
        line.returnPressed.connect(line.clearFocus)
        return line

    def put(self, value: Any) -> None:
        """Show a text from its beginning."""
        self.field.setText(str(value))
        self.field.setCursorPosition(0)

    def _typing(self) -> bool:
        return self.field.isModified()


class CommandEditor(ParameterEditor):
    """A button that makes the device do something."""

    def make_field(self, parameter: ParameterInfo) -> QWidget:
        """Return a button."""
        button = QPushButton(tr("Execute"))
        button.clicked.connect(lambda: self.written.emit(self.parameter.name, RUN))
        return button

    def put(self, value: Any) -> None:
        """Show nothing: a command has no value."""


_SIGNS = {"deg": "°", "1/s": " /s"}
_EDITORS: dict[str, type[ParameterEditor]] = {
    "int": NumberEditor,
    "float": NumberEditor,
    "bool": BoolEditor,
    "enum": EnumEditor,
    "command": CommandEditor,
}


def editor_for(parameter: ParameterInfo) -> ParameterEditor:
    """Return the editor for a parameter; a text field where the kind is not known."""
    return _EDITORS.get(parameter.kind, TextEditor)(parameter)


def leave_on_return(box: QAbstractSpinBox) -> None:
    """Return the keyboard focus to the image once a number is entered."""
    line = box.lineEdit()
    assert line is not None
    line.returnPressed.connect(box.clearFocus)


def step_buttons(box: QAbstractSpinBox) -> list[QToolButton]:
    """Return a minus and a plus button that step a number; held, they repeat."""
    buttons = []
    for words, step in (("−", box.stepDown), ("+", box.stepUp)):
        button = QToolButton()
        button.setText(words)
        button.setProperty("role", "step")
        button.setAutoRepeat(True)
        button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        button.setAccessibleName(tr("Decrease") if words == "−" else tr("Increase"))
        button.clicked.connect(step)
        buttons.append(button)
    return buttons


def label_of(parameter: ParameterInfo) -> str:
    """Return what a console calls a parameter, in the user's language."""
    return translate_message(parameter.label or humanize(parameter.name))


def unit_words(parameter: ParameterInfo) -> str:
    """Return the unit as it is written after a value."""
    unit = parameter.unit
    return _SIGNS.get(unit) or (f" {unit}" if unit else "")


def tip(parameter: ParameterInfo) -> str:
    """Return the tooltip: what the parameter is, what is allowed, when it can be written."""
    parts = [translate_message(parameter.description) or parameter.name]
    unit = unit_words(parameter)
    low, high = parameter.minimum, parameter.maximum
    if low is not None and high is not None:
        allowed = tr("Allowed: {low} to {high}")
        parts.append(allowed.format(low=f"{low:g}", high=f"{high:g}{unit}"))
    elif low is not None:
        parts.append(tr("At least {limit}").format(limit=f"{low:g}{unit}"))
    elif high is not None:
        parts.append(tr("At most {limit}").format(limit=f"{high:g}{unit}"))
    if parameter.increment not in (None, 1, 1.0):
        parts.append(tr("In steps of {step}").format(step=f"{parameter.increment:g}{unit}"))
    if parameter.access == "ro":
        parts.append(tr("Read-only"))
    elif parameter.access == "rw when idle":
        parts.append(tr("Can be changed while the pedal is up"))
    return "\n".join(parts)


def _decimals(parameter: ParameterInfo) -> int:
    increment = parameter.increment
    if increment:
        return max(0, min(9, math.ceil(-math.log10(abs(increment)) + 2)))
    return 6


def _step(parameter: ParameterInfo) -> float:
    by = parameter.step or parameter.increment
    if by:
        return float(by)
    if parameter.kind == "int":
        return 1.0
    size = abs(float(parameter.value)) or 1.0
    return float(10.0 ** math.floor(math.log10(size) - 1))
