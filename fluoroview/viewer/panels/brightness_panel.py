"""Acquisition type, dose level and automatic brightness of a device that has them.

A limit of tube or dose that the automatic brightness control has reached is shown as a text.
"""

from __future__ import annotations

from PyQt6.QtCore import pyqtSignal
from PyQt6.QtWidgets import QFormLayout, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from fluoroview.dose.account import is_acquisition
from fluoroview.hal.parameter import ParameterInfo, ParameterSet
from fluoroview.hal.roles import Role
from fluoroview.translation import tr, translate_message
from fluoroview.viewer.image.overlay_text import choice_text
from fluoroview.viewer.widgets import theme
from fluoroview.viewer.widgets.labels import foreign_label
from fluoroview.viewer.widgets.parameter_editors import (
    BoolEditor,
    ParameterEditor,
    editor_for,
    tip,
)
from fluoroview.viewer.widgets.segments import Segments

_EDITED = (Role.BRIGHTNESS_CONTROL, Role.BRIGHTNESS_CURVE)
_ROLES = (Role.ACQUISITION_TYPE, Role.DOSE_LEVEL, *_EDITED, Role.BRIGHTNESS_LIMIT)
_LABEL_PX = 82


class BrightnessControls(QWidget):
    """Shows those of its parameters that the device has; emits what is requested."""

    write_requested = pyqtSignal(str, object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.run, self.level = Segments(choice_text), Segments(choice_text)
        self.limit = foreign_label()
        self.limit.setWordWrap(True)
        self.limit.setStyleSheet(f"color: {theme.WARNING}; font-weight: 600;")
        self.factors = QLabel(tr("Fluoroscopy factors; the image shows the acquisition's"))
        self.factors.setWordWrap(True)
        self.factors.setProperty("role", "faint")
        self._editors: dict[Role, ParameterEditor] = {}
        self._names: dict[Role, str] = {}
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
        self.run.choice_requested.connect(lambda value: self._request(Role.ACQUISITION_TYPE, value))
        self.level.choice_requested.connect(lambda value: self._request(Role.DOSE_LEVEL, value))
        self._form.addRow(_dim(tr("Acquisition")), self.run)
        self._form.addRow(_dim(tr("Dose level")), self.level)
        self._automatic = QHBoxLayout()
        self._automatic.setSpacing(8)
        self._form.addRow(_dim(tr("Brightness")), self._automatic)
        self.hide()

    def show_parameters(self, parameters: ParameterSet, running: bool = False) -> None:
        """Show the device's values as read back."""
        found = {role: parameters.with_role(role) for role in _ROLES}
        present = {role: each for role, each in found.items() if each is not None}
        self.setVisible(bool(present))
        names = {role: each.name for role, each in present.items()}
        if names != self._names:
            self._names = names
            self._build(present)
        for role, segments in ((Role.ACQUISITION_TYPE, self.run), (Role.DOSE_LEVEL, self.level)):
            each = present.get(role)
            if each is not None:
                segments.show_choices(each.choices, str(each.value))
                segments.setEnabled(not (running and each.access == "rw when idle"))
                segments.setToolTip(tip(each))
        for role, editor in self._editors.items():
            editor.show_parameter(present[role], running)
        acquisition = present.get(Role.ACQUISITION_TYPE)
        self.factors.setVisible(acquisition is not None and is_acquisition(str(acquisition.value)))
        limit = translate_message(str(parameters.value(Role.BRIGHTNESS_LIMIT) or ""))
        self.limit.setVisible(bool(limit))
        if self.limit.text() != limit:
            self.limit.setText(limit)

    def _request(self, role: Role, value: object) -> None:
        self.write_requested.emit(self._names[role], value)

    def _build(self, present: dict[Role, ParameterInfo]) -> None:
        for editor in self._editors.values():
            self._automatic.removeWidget(editor)
            editor.hide()
            editor.deleteLater()
        self._editors = {role: editor_for(present[role]) for role in _EDITED if role in present}
        for role, editor in self._editors.items():
            editor.written.connect(self.write_requested)
            if isinstance(editor, BoolEditor):
                editor.field.setText(tr("Automatic"))
            self._automatic.addWidget(editor, role is Role.BRIGHTNESS_CURVE)
        self._form.setRowVisible(0, Role.ACQUISITION_TYPE in present)
        self._form.setRowVisible(1, Role.DOSE_LEVEL in present)
        self._form.setRowVisible(2, bool(self._editors))


def _dim(words: str) -> QLabel:
    label = QLabel(words)
    label.setProperty("role", "dim")
    label.setFixedWidth(_LABEL_PX)
    return label
