"""All parameters of the device with units and limits, and a field to find one."""

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

from fluoroview.hal.parameter import ParameterSet, Visibility
from fluoroview.translation import tr
from fluoroview.viewer.widgets.labels import foreign_label
from fluoroview.viewer.widgets.parameter_editors import (
    ParameterEditor,
    editor_for,
    label_of,
    tip,
)


class ParameterPanel(QWidget):
    """A form built from parameters; it emits what is requested and writes nothing."""

    write_requested = pyqtSignal(str, object)
    """Name and value to be written to the detector."""
    generator_write_requested = pyqtSignal(str, object)
    """The same on the generator."""
    choice_changed = pyqtSignal()
    """The parameters of the other device are to be shown."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._editors: dict[str, ParameterEditor] = {}
        self._kinds: list[tuple[str, str, str]] = []
        self._of_generator = False
        self.detector, self.generator = QPushButton(tr("Detector")), QPushButton(tr("Generator"))
        self._choice = self._make_choice()
        self.search = QLineEdit()
        self.search.setPlaceholderText(tr("Find a parameter"))
        self.search.setClearButtonEnabled(True)
        self.search.textChanged.connect(self._filter)
        self.empty = QLabel(tr("No device connected"))
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
        generator: ParameterSet | None = None,
    ) -> None:
        """Show the parameters as read back; the form is rebuilt only when their set changes.

        Where the room has a generator, the user chooses whose are seen.
        """
        self._choice.setVisible(bool(generator))
        of_generator = bool(generator) and self.generator.isChecked()
        parameters = generator if generator and of_generator else detector
        kinds = [
            (each.name, each.kind, label_of(each))
            for each in parameters
            if each.visibility is not Visibility.INVISIBLE
        ]
        if kinds != self._kinds or of_generator != self._of_generator:
            self._kinds, self._of_generator = kinds, of_generator
            self._form = self._new_form(parameters)
            self._filter(self.search.text())
        for each in parameters:
            if each.name in self._editors:
                self._editors[each.name].show_parameter(each, running)

    def editor(self, name: str) -> ParameterEditor:
        """Return the editor of one parameter."""
        return self._editors[name]

    def _make_choice(self) -> QWidget:
        row = QWidget()
        line = QHBoxLayout(row)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(6)
        for button in (self.detector, self.generator):
            button.setCheckable(True)
            button.setAutoExclusive(True)
            button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
            line.addWidget(button, 1)
        self.detector.setChecked(True)
        self.generator.toggled.connect(lambda _: self.choice_changed.emit())
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
            if each.visibility is Visibility.INVISIBLE:
                continue
            editor = editor_for(each)
            editor.written.connect(
                self.generator_write_requested if self._of_generator else self.write_requested
            )
            label = foreign_label(label_of(each))
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

    def _filter(self, text: str) -> None:
        sought = text.casefold().replace(" ", "")
        for row, (name, _, label) in enumerate(self._kinds):
            names = f"{name}\n{label.replace(' ', '')}".casefold()
            self._form.setRowVisible(row, sought in names)
