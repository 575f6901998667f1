"""All parameters of the device, by type, with units and limits, and a field to find one."""

from __future__ import annotations

from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtWidgets import (
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from fluoroview.hal.parameter import ParameterSet
from fluoroview.viewer.widgets.parameter_editors import ParameterEditor, editor_for, tip


class ParameterPanel(QWidget):
    """A form built from parameters; values are written by whoever listens."""

    write_requested = pyqtSignal(str, object)
    """Name and value that the user wants on the detector."""
    generator_write_requested = pyqtSignal(str, object)
    """The same on the generator."""
    choice_changed = pyqtSignal()
    """The user wants to see the other device's parameters."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._editors: dict[str, ParameterEditor] = {}
        self._kinds: list[tuple[str, str]] = []
        self._of_source = False
        self.detector, self.source = QPushButton("Detector"), QPushButton("Generator")
        self._choice = self._make_choice()
        self.search = QLineEdit()
        self.search.setPlaceholderText("Find a parameter")
        self.search.setClearButtonEnabled(True)
        self.search.textChanged.connect(self._filter)
        self.empty = QLabel("No device is connected.")
        self.empty.setProperty("role", "dim")
        self.empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._area = QScrollArea()
        self._area.setWidgetResizable(True)
        self._area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 8, 0, 0)
        column.addWidget(self._choice)
        column.addWidget(self.search)
        column.addWidget(self.empty)
        column.addWidget(self._area, 1)
        self._form = self._new_form(ParameterSet())

    def show_parameters(
        self,
        detector: ParameterSet,
        running: bool = False,
        source: ParameterSet | None = None,
    ) -> None:
        """Show the parameters as read back; the form is built anew only when their set changes.

        Where the room has a generator, the user chooses whose are seen.
        """
        self._choice.setVisible(bool(source))
        of_source = bool(source) and self.source.isChecked()
        parameter = source if source and of_source else detector
        kinds = [(each.name, each.kind) for each in parameter]
        if kinds != self._kinds or of_source != self._of_source:
            self._kinds, self._of_source = kinds, of_source
            self._form = self._new_form(parameter)
            self._filter(self.search.text())
        for each in parameter:
            self._editors[each.name].show_parameter(each, running)

    def editor(self, name: str) -> ParameterEditor:
        """Return the editor of one parameter."""
        return self._editors[name]

    def _make_choice(self) -> QWidget:
        row = QWidget()
        line = QHBoxLayout(row)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(6)
        for button in (self.detector, self.source):
            button.setCheckable(True)
            button.setAutoExclusive(True)
            button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
            line.addWidget(button, 1)
        self.detector.setChecked(True)
        self.source.toggled.connect(lambda _: self.choice_changed.emit())
        row.hide()
        return row

    def _new_form(self, parameters: ParameterSet) -> QFormLayout:
        page = QWidget()
        form = QFormLayout(page)
        form.setContentsMargins(0, 4, 14, 8)
        form.setVerticalSpacing(6)
        form.setHorizontalSpacing(10)
        form.setRowWrapPolicy(QFormLayout.RowWrapPolicy.DontWrapRows)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        form.setLabelAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        self._editors = {}
        for each in parameters:
            editor = editor_for(each)
            wanted = self.generator_write_requested if self._of_source else self.write_requested
            editor.written.connect(wanted)
            label = QLabel(humanize(each.name))
            label.setProperty("role", "dim")
            label.setToolTip(f"{each.name}\n{tip(each)}")
            label.setWordWrap(True)
            label.setFixedWidth(118)
            form.addRow(label, editor)
            self._editors[each.name] = editor
        self._area.setWidget(page)
        self.empty.setVisible(not parameters)
        self._area.setVisible(bool(parameters))
        self.search.setVisible(bool(parameters))
        return form

    def _filter(self, words: str) -> None:
        wanted = words.casefold().replace(" ", "")
        for row, (name, _) in enumerate(self._kinds):
            self._form.setRowVisible(row, wanted in name.casefold())


def humanize(name: str) -> str:
    """Return a GenICam name with its words apart: "AcquisitionFrameRate" as they are read."""
    words = ""
    for before, letter in zip(" " + name, name, strict=False):
        words += " " if letter.isupper() and before.islower() else ""
        words += letter
    return words
