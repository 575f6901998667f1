"""Positioner and collimator: C-arm, table, patient position, field of view, collimation, grid.

Shows the parameters that the device has, found by their roles; emits what is requested.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtWidgets import (
    QFormLayout,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from fluoroview.hal.parameter import ParameterInfo, ParameterSet
from fluoroview.hal.roles import Role
from fluoroview.session.labels import angle_words
from fluoroview.translation import tr
from fluoroview.viewer.input.control_keys import Binding
from fluoroview.viewer.widgets import theme
from fluoroview.viewer.widgets.carm_dial import CArmDial
from fluoroview.viewer.widgets.control_rows import KeyCap, stepped
from fluoroview.viewer.widgets.parameter_editors import ParameterEditor, editor_for, tip
from fluoroview.viewer.widgets.scrolling import scrolled
from fluoroview.viewer.widgets.segments import Segments

PRIMARY, SECONDARY = Role.PRIMARY_ANGLE, Role.SECONDARY_ANGLE
LATERAL, LONGITUDINAL = Role.TABLE_LATERAL, Role.TABLE_LONGITUDINAL
VERTICAL = Role.TABLE_VERTICAL
FIELD = Role.FIELD_OF_VIEW
ANGLE_STEP_DEG, TABLE_STEP_MM = 2.0, 10.0
PRESETS = (("AP", 0.0, 0.0), ("LAO 30", 30.0, 0.0), ("RAO 30", -30.0, 0.0), ("LAT", 90.0, 0.0))
_PATIENT = (Role.PATIENT_POSITION, Role.TABLE_TILT)
_COLLIMATOR = (Role.FIELD_WIDTH, Role.FIELD_HEIGHT, Role.IRIS, Role.ANTI_SCATTER_GRID)
_SHOWN = frozenset(
    {PRIMARY, SECONDARY, LATERAL, LONGITUDINAL, VERTICAL, FIELD, *_PATIENT, *_COLLIMATOR}
)


class PositionerPanel(QWidget):
    """What the operator moves around the patient."""

    write_requested = pyqtSignal(str, object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.pending_value: Callable[[str, Any], Any] = lambda _name, value: value
        self._by_role: dict[Role, ParameterInfo] = {}
        self._editors: dict[Role, ParameterEditor] = {}
        self.dial = CArmDial()
        self.view = QLabel()
        self.field = Segments(lambda mm: f"{float(mm) / 10:g}")
        self.table = QLabel()
        self.patient, self.collimation = QFormLayout(), QFormLayout()
        self._sections: dict[str, QWidget] = {}
        self._lay_out()
        self.dial.angles_requested.connect(self._turn)
        self.field.choice_requested.connect(self._choose_field)

    def follow(self, parameters: ParameterSet) -> None:
        """Note where everything stands, for the keys, while the panel is hidden."""
        by_role = {
            each.role: each for each in parameters if each.role is not None and each.role in _SHOWN
        }
        if list(by_role) == list(self._by_role):
            self._by_role = by_role
        else:
            self.show_parameters(parameters)

    def show_parameters(self, parameters: ParameterSet, running: bool = False) -> None:
        """Show where everything stands; what the device does not have is hidden."""
        by_role = {
            each.role: each for each in parameters if each.role is not None and each.role in _SHOWN
        }
        if list(by_role) != list(self._by_role):
            self._by_role = by_role
            self._build()
        self._by_role = by_role
        self._show_angles()
        self._show_table()
        if FIELD in by_role:
            self.field.show_choices(by_role[FIELD].choices, str(by_role[FIELD].value))
        for name, editor in self._editors.items():
            editor.show_parameter(by_role[name], running)

    def bindings(self) -> dict[str, Binding]:
        """Return what the window's own keys do: arm with Shift or Ctrl, table with both."""
        steps = {
            "Left": (PRIMARY, -1),
            "Right": (PRIMARY, +1),
            "Up": (SECONDARY, +1),
            "Down": (SECONDARY, -1),
        }
        moves = {
            "Left": (LATERAL, -1),
            "Right": (LATERAL, +1),
            "Up": (LONGITUDINAL, +1),
            "Down": (LONGITUDINAL, -1),
        }
        bound = {}
        for with_keys, what in (("Shift+", steps), ("Ctrl+", steps), ("Ctrl+Shift+", moves)):
            for key, (role, way) in what.items():
                bound[with_keys + key] = Binding(_stepping(self.step, role, way), repeats=True)
        for key, way in (("Ctrl++", +1), ("Ctrl+=", +1), ("Ctrl+-", -1)):
            bound[key] = Binding(_magnifying(self.magnify, way))
        return bound

    def step(self, role: Role, way: int) -> None:
        """Request one step more or less of an angle or of the table."""
        parameter = self._by_role.get(role)
        if parameter is None or parameter.access == "ro":
            return
        by = ANGLE_STEP_DEG if role in (PRIMARY, SECONDARY) else TABLE_STEP_MM
        value = stepped(parameter, self._ask, way, by)
        if value is not None:
            self.write_requested.emit(parameter.name, value)
            self._show_angles()

    def magnify(self, way: int) -> None:
        """Request the next smaller field of view, which magnifies, or the next larger one."""
        parameter = self._by_role.get(FIELD)
        if parameter is None:
            return
        fields = sorted(parameter.choices, key=float, reverse=True)
        now = str(self._ask(parameter.name, parameter.value))
        at = fields.index(now) + way if now in fields else 0
        if 0 <= at < len(fields):
            self.write_requested.emit(parameter.name, fields[at])

    def view_text(self) -> str:
        """Return the present view as text; empty where the device has no C-arm."""
        if PRIMARY not in self._by_role or SECONDARY not in self._by_role:
            return ""
        return angle_words(*self._angles())

    def field_text(self) -> str:
        """Return the field of view as text; empty where it is not reported."""
        parameter = self._by_role.get(FIELD)
        return f"{parameter.number / 10:g} cm" if parameter is not None else ""

    def _ask(self, name: str, value: Any) -> Any:
        return self.pending_value(name, value)

    def _angles(self) -> tuple[float, float]:
        first, second = (float(self._by_role[name].value) for name in (PRIMARY, SECONDARY))
        return first, second

    def _turn(self, primary_deg: float, secondary_deg: float) -> None:
        for role, value in ((PRIMARY, primary_deg), (SECONDARY, secondary_deg)):
            parameter = self._by_role.get(role)
            if parameter is not None and value != self._ask(parameter.name, parameter.value):
                self.write_requested.emit(parameter.name, value)

    def _choose_field(self, value: object) -> None:
        self.write_requested.emit(self._by_role[FIELD].name, value)

    def _show_angles(self) -> None:
        if PRIMARY not in self._by_role or SECONDARY not in self._by_role:
            return
        angles = self._angles()
        first, second = (
            float(self._ask(each.name, each.value))
            for each in (self._by_role[PRIMARY], self._by_role[SECONDARY])
        )
        self.dial.show_angles(angles, (first, second))
        self.view.setText(angle_words(*angles).replace("  ", "\n"))

    def _show_table(self) -> None:
        parts = [
            f"{self._by_role[name].number:+.0f}"
            for name in (LATERAL, LONGITUDINAL, VERTICAL)
            if name in self._by_role
        ]
        self.table.setText("  ".join(parts))
        self.table.setToolTip(tr("Table position in mm: lateral, longitudinal, vertical"))

    def _build(self) -> None:
        by_role = self._by_role
        if PRIMARY in by_role and SECONDARY in by_role:
            self.dial.set_limits(_span(by_role[PRIMARY], 120.0), _span(by_role[SECONDARY], 45.0))
        self._editors = {}
        labels = _labels()
        for form, roles in ((self.patient, _PATIENT), (self.collimation, _COLLIMATOR)):
            while form.rowCount():
                form.removeRow(0)
            for role in roles:
                if role in by_role:
                    label = _dim(labels[role], tip(by_role[role]))
                    form.addRow(label, self._editor(role, by_role[role]))
        shown = {
            "C-ARM": PRIMARY in by_role and SECONDARY in by_role,
            "TABLE": bool({LATERAL, LONGITUDINAL, VERTICAL} & set(by_role)),
            "PATIENT": bool(set(_PATIENT) & set(by_role)),
            "FIELD": FIELD in by_role,
            "COLLIMATION": bool(set(_COLLIMATOR) & set(by_role)),
        }
        for heading, there in shown.items():
            self._sections[heading].setVisible(there)

    def _editor(self, role: Role, parameter: ParameterInfo) -> ParameterEditor:
        editor = self._editors[role] = editor_for(parameter)
        editor.written.connect(self.write_requested)
        return editor

    def _lay_out(self) -> None:
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(0, 10, 8, 8)
        column.setSpacing(7)
        for name, content in (
            ("C-ARM", _section(tr("C-ARM"), self._arm())),
            ("FIELD", _labelled(tr("FOV (cm)"), self.field)),
            ("TABLE", _labelled(tr("Table"), self._table_pad())),
            ("PATIENT", _formed(self.patient)),
            ("COLLIMATION", _section(tr("COLLIMATION"), _formed(self.collimation))),
        ):
            self._sections[name] = content
            column.addWidget(content)
        column.addStretch(1)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(scrolled(page))

    def _arm(self) -> QWidget:
        arm = QWidget()
        line = QHBoxLayout(arm)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(12)
        line.addWidget(self.dial)
        right = QVBoxLayout()
        right.setSpacing(6)
        self.view.setFont(theme.font(22))
        self.view.setMinimumHeight(58)
        right.addWidget(self.view)
        grid = QGridLayout()
        grid.setSpacing(5)
        for number, (text, primary, secondary) in enumerate(PRESETS):
            button = QPushButton(text)
            button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
            button.setStyleSheet("padding: 3px 2px;")
            button.clicked.connect(_turning(self._turn, primary, secondary))
            grid.addWidget(button, number // 2, number % 2)
        right.addLayout(grid)
        right.addLayout(_caps("Shift+←→↑↓", tr("rotate")))
        right.addStretch(1)
        line.addLayout(right, 1)
        return arm

    def _table_pad(self) -> QWidget:
        pad = QWidget()
        line = QHBoxLayout(pad)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(5)
        for sign, role, way, what in (
            ("←", LATERAL, -1, tr("Left on the screen")),
            ("→", LATERAL, +1, tr("Right on the screen")),
            ("↑", LONGITUDINAL, +1, tr("Towards the head")),
            ("↓", LONGITUDINAL, -1, tr("Towards the feet")),
            ("▲", VERTICAL, -1, tr("Towards the detector")),
            ("▼", VERTICAL, +1, tr("Towards the tube")),
        ):
            button = QToolButton()
            button.setText(sign)
            button.setProperty("role", "step")
            button.setAutoRepeat(True)
            button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
            button.setToolTip(what)
            button.setAccessibleName(what)
            button.clicked.connect(_stepping(self.step, role, way))
            line.addWidget(button)
        self.table.setProperty("role", "dim")
        self.table.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        # its text must not widen the column
        self.table.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        line.addWidget(self.table, 1)
        return pad


def _labels() -> dict[Role, str]:
    return {
        Role.PATIENT_POSITION: tr("Patient"),
        Role.TABLE_TILT: tr("Table tilt"),
        Role.FIELD_WIDTH: tr("Width"),
        Role.FIELD_HEIGHT: tr("Height"),
        Role.IRIS: tr("Iris"),
        Role.ANTI_SCATTER_GRID: tr("Anti-scatter grid"),
    }


def _span(parameter: ParameterInfo, otherwise: float) -> tuple[float, float]:
    low, high = parameter.minimum, parameter.maximum
    return (-otherwise if low is None else low), (otherwise if high is None else high)


def _stepping(step: Callable[[Role, int], None], role: Role, way: int) -> Callable[[], None]:
    return lambda: step(role, way)


def _magnifying(magnify: Callable[[int], None], way: int) -> Callable[[], None]:
    return lambda: magnify(way)


def _turning(
    turn: Callable[[float, float], None], primary: float, secondary: float
) -> Callable[[], None]:
    return lambda: turn(primary, secondary)


def _section(heading: str, content: QWidget) -> QWidget:
    section = QWidget()
    column = QVBoxLayout(section)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(5)
    label = QLabel(heading)
    label.setProperty("role", "heading")
    column.addWidget(label)
    column.addWidget(content)
    return section


def _labelled(words: str, content: QWidget) -> QWidget:
    row = QWidget()
    line = QHBoxLayout(row)
    line.setContentsMargins(0, 0, 0, 0)
    line.addWidget(_dim(words, ""))
    line.addWidget(content, 1)
    return row


def _formed(form: QFormLayout) -> QWidget:
    form.setContentsMargins(0, 0, 0, 0)
    form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
    form.setVerticalSpacing(5)
    holder = QWidget()
    holder.setLayout(form)
    return holder


def _dim(words: str, tip_words: str) -> QLabel:
    label = QLabel(words)
    label.setProperty("role", "dim")
    label.setToolTip(tip_words)
    label.setWordWrap(True)
    label.setFixedWidth(78)
    return label


def _caps(keys: str, words: str) -> QHBoxLayout:
    line = QHBoxLayout()
    line.setSpacing(5)
    line.addWidget(KeyCap(keys))
    label = QLabel(words)
    label.setProperty("role", "faint")
    line.addWidget(label, 1)
    return line
