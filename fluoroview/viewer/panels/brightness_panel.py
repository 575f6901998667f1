"""Run kind, dose level and automatic brightness of a source that has them.

What the regulation of brightness cannot reach any more (a limit of tube or dose) is said in words.
"""

from __future__ import annotations

from PyQt6.QtCore import pyqtSignal
from PyQt6.QtWidgets import QFormLayout, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from fluoroview.dose.account import is_acquisition
from fluoroview.hal.parameter import ParameterInfo, ParameterSet
from fluoroview.viewer.image.overlay_text import capitalised
from fluoroview.viewer.widgets import theme
from fluoroview.viewer.widgets.parameter_editors import ParameterEditor, editor_for, tip
from fluoroview.viewer.widgets.segments import Segments

RUN, LEVEL = "AcquisitionType", "DoseLevel"
AUTOMATIC, CURVE, LIMIT = "AutomaticBrightnessControl", "BrightnessCurve", "BrightnessLimit"
NAMES = frozenset({RUN, LEVEL, AUTOMATIC, CURVE, LIMIT})
_LABEL_PX = 82


class BrightnessControls(QWidget):
    """Shows those of its parameters that the device has; emits what is wished."""

    write_requested = pyqtSignal(str, object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.run, self.level = Segments(capitalised), Segments(capitalised)
        self.limit = QLabel()
        self.limit.setWordWrap(True)
        self.limit.setStyleSheet(f"color: {theme.WARNING}; font-weight: 600;")
        self.factors = QLabel("These are fluoroscopy's; the image has those of the run")
        self.factors.setWordWrap(True)
        self.factors.setProperty("role", "faint")
        self._editors: dict[str, ParameterEditor] = {}
        self._shown: list[str] = []
        self._form = QFormLayout()
        self._form.setContentsMargins(0, 0, 0, 0)
        self._form.setVerticalSpacing(5)
        self._form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(5)
        column.addLayout(self._form)
        column.addWidget(self.limit)
        column.addWidget(self.factors)
        self.run.choice_requested.connect(lambda value: self.write_requested.emit(RUN, value))
        self.level.choice_requested.connect(lambda value: self.write_requested.emit(LEVEL, value))
        self._form.addRow(_dim("Run"), self.run)
        self._form.addRow(_dim("Dose level"), self.level)
        self._automatic = QHBoxLayout()
        self._automatic.setSpacing(8)
        self._form.addRow(_dim("Brightness"), self._automatic)
        self.hide()

    def show_parameters(self, parameters: ParameterSet, running: bool = False) -> None:
        """Show the device's values as read back."""
        by_name = {each.name: each for each in parameters if each.name in NAMES}
        self.setVisible(bool(by_name))
        if list(by_name) != self._shown:
            self._shown = list(by_name)
            self._build(by_name)
        for name, segments in ((RUN, self.run), (LEVEL, self.level)):
            if name in by_name:
                each = by_name[name]
                segments.show_choices(each.choices, str(each.value))
                segments.setEnabled(not (running and each.access == "rw when idle"))
                segments.setToolTip(tip(each))
        for name, editor in self._editors.items():
            editor.show_parameter(by_name[name], running)
        self.factors.setVisible(RUN in by_name and is_acquisition(str(by_name[RUN].value)))
        words = str(by_name[LIMIT].value) if LIMIT in by_name else ""
        self.limit.setVisible(bool(words))
        if self.limit.text() != words:
            self.limit.setText(words)

    def _build(self, by_name: dict[str, ParameterInfo]) -> None:
        for editor in self._editors.values():
            self._automatic.removeWidget(editor)
            editor.hide()
            editor.deleteLater()
        self._editors = {
            name: editor_for(by_name[name]) for name in (AUTOMATIC, CURVE) if name in by_name
        }
        for name, editor in self._editors.items():
            editor.written.connect(self.write_requested)
            if name == AUTOMATIC:
                editor.field.setText("Automatic")  # type: ignore[attr-defined]
            self._automatic.addWidget(editor, name == CURVE)
        self._form.setRowVisible(0, RUN in by_name)
        self._form.setRowVisible(1, LEVEL in by_name)
        self._form.setRowVisible(2, bool(self._editors))


def _dim(words: str) -> QLabel:
    label = QLabel(words)
    label.setProperty("role", "dim")
    label.setFixedWidth(_LABEL_PX)
    return label
