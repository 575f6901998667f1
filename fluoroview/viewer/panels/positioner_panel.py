"""The stand: C-arm angles, table, how the patient lies, field of view, shutters, grid.

Shows parameters, those that the device has; emits what is wished.
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
from fluoroview.session.labels import angle_words
from fluoroview.viewer.input.control_keys import Binding
from fluoroview.viewer.widgets import theme
from fluoroview.viewer.widgets.carm_dial import CArmDial
from fluoroview.viewer.widgets.control_rows import KeyCap, stepped
from fluoroview.viewer.widgets.parameter_editors import ParameterEditor, editor_for, tip
from fluoroview.viewer.widgets.scrolling import scrolled
from fluoroview.viewer.widgets.segments import Segments

PRIMARY, SECONDARY = "PositionerPrimaryAngle", "PositionerSecondaryAngle"
LATERAL = "TableLateralPosition"
LONGITUDINAL = "TableLongitudinalPosition"
VERTICAL = "TableVerticalPosition"
FIELD = "FieldOfView"
ANGLE_STEP_DEG, TABLE_STEP_MM = 2.0, 10.0
PRESETS = (("AP", 0.0, 0.0), ("LAO 30", 30.0, 0.0), ("RAO 30", -30.0, 0.0), ("Lateral", 90.0, 0.0))
# Next to the dial and the pad: parameter, words.
PATIENT = {"PatientPosition": "Patient", "TableTilt": "Tilt"}
SHUTTERS = {
    "FieldWidth": "Width",
    "FieldHeight": "Height",
    "IrisDiameter": "Iris",
    "AntiScatterGrid": "Grid in",
}
NAMES = frozenset({PRIMARY, SECONDARY, LATERAL, LONGITUDINAL, VERTICAL, FIELD, *PATIENT, *SHUTTERS})
_MAX_SEGMENTS = 6


class PositionerPanel(QWidget):
    """What the operator moves beside the patient."""

    write_requested = pyqtSignal(str, object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.pending_value: Callable[[str, Any], Any] = lambda _name, value: value
        self._by_name: dict[str, ParameterInfo] = {}
        self._editors: dict[str, ParameterEditor] = {}
        self.dial = CArmDial()
        self.view = QLabel()
        self.field = Segments(lambda mm: f"{float(mm) / 10:g}")
        self.table = QLabel()
        self.patient, self.shutters = QFormLayout(), QFormLayout()
        self._sections: dict[str, QWidget] = {}
        self._lay_out()
        self.dial.angles_requested.connect(self._turn)
        self.field.choice_requested.connect(lambda value: self.write_requested.emit(FIELD, value))

    def follow(self, parameters: ParameterSet) -> None:
        """Know where everything stands, for the keys, while the panel is not seen."""
        by_name = {each.name: each for each in parameters if each.name in NAMES}
        if list(by_name) == list(self._by_name):
            self._by_name = by_name
        else:
            self.show_parameters(parameters)

    def show_parameters(self, parameters: ParameterSet, running: bool = False) -> None:
        """Show where everything stands; what the device does not have is not seen."""
        by_name = {each.name: each for each in parameters if each.name in NAMES}
        if list(by_name) != list(self._by_name):
            self._by_name = by_name
            self._build()
        self._by_name = by_name
        self._show_angles()
        self._show_table()
        if FIELD in by_name:
            self.field.show_choices(by_name[FIELD].choices, str(by_name[FIELD].value))
        for name, editor in self._editors.items():
            editor.show_parameter(by_name[name], running)

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
            for key, (name, way) in what.items():
                bound[with_keys + key] = Binding(_stepping(self.step, name, way), repeats=True)
        for key, way in (("Ctrl++", +1), ("Ctrl+=", +1), ("Ctrl+-", -1)):
            bound[key] = Binding(_magnifying(self.magnify, way))
        return bound

    def step(self, name: str, way: int) -> None:
        """Wish one step more or less of an angle or of the table."""
        parameter = self._by_name.get(name)
        if parameter is None or parameter.access == "ro":
            return
        by = ANGLE_STEP_DEG if name in (PRIMARY, SECONDARY) else TABLE_STEP_MM
        value = stepped(parameter, self._ask, way, by)
        if value is not None:
            self.write_requested.emit(name, value)
            self._show_angles()

    def magnify(self, way: int) -> None:
        """Wish the next smaller field, which magnifies, or the next larger one."""
        parameter = self._by_name.get(FIELD)
        if parameter is None:
            return
        fields = sorted(parameter.choices, key=float, reverse=True)
        now = str(self._ask(FIELD, parameter.value))
        at = fields.index(now) + way if now in fields else 0
        if 0 <= at < len(fields):
            self.write_requested.emit(FIELD, fields[at])

    def view_words(self) -> str:
        """Return the present view in words; nothing where the device has no C-arm."""
        if PRIMARY not in self._by_name or SECONDARY not in self._by_name:
            return ""
        return angle_words(*self._angles())

    def field_words(self) -> str:
        """Return the field of view in words; nothing where it is not told."""
        parameter = self._by_name.get(FIELD)
        return f"{parameter.number / 10:g} cm" if parameter is not None else ""

    def _ask(self, name: str, value: Any) -> Any:
        return self.pending_value(name, value)

    def _angles(self) -> tuple[float, float]:
        first, second = (float(self._by_name[name].value) for name in (PRIMARY, SECONDARY))
        return first, second

    def _turn(self, primary_deg: float, secondary_deg: float) -> None:
        for name, value in ((PRIMARY, primary_deg), (SECONDARY, secondary_deg)):
            parameter = self._by_name.get(name)
            if parameter is not None and value != self._ask(name, parameter.value):
                self.write_requested.emit(name, value)

    def _show_angles(self) -> None:
        if PRIMARY not in self._by_name or SECONDARY not in self._by_name:
            return
        angles = self._angles()
        first, second = (
            float(self._ask(name, self._by_name[name].value)) for name in (PRIMARY, SECONDARY)
        )
        self.dial.show_angles(angles, (first, second))
        self.view.setText(angle_words(*angles).replace("  ", "\n"))

    def _show_table(self) -> None:
        parts = [
            f"{self._by_name[name].number:+.0f}"
            for name in (LATERAL, LONGITUDINAL, VERTICAL)
            if name in self._by_name
        ]
        self.table.setText("  ".join(parts))
        self.table.setToolTip("Where the table stands, mm: across, along, height")

    def _build(self) -> None:
        by_name = self._by_name
        if PRIMARY in by_name and SECONDARY in by_name:
            self.dial.set_limits(_span(by_name[PRIMARY], 120.0), _span(by_name[SECONDARY], 45.0))
        self._editors = {}
        for form, names in ((self.patient, PATIENT), (self.shutters, SHUTTERS)):
            while form.rowCount():
                form.removeRow(0)
            for name, words in names.items():
                if name in by_name:
                    form.addRow(_dim(words, tip(by_name[name])), self._editor(by_name[name]))
        shown = {
            "C-ARM": PRIMARY in by_name and SECONDARY in by_name,
            "TABLE": bool({LATERAL, LONGITUDINAL, VERTICAL} & set(by_name)),
            "PATIENT": bool(set(PATIENT) & set(by_name)),
            "FIELD": FIELD in by_name,
            "SHUTTERS": bool(set(SHUTTERS) & set(by_name)),
        }
        for heading, there in shown.items():
            self._sections[heading].setVisible(there)

    def _editor(self, parameter: ParameterInfo) -> ParameterEditor:
        editor = self._editors[parameter.name] = editor_for(parameter)
        editor.written.connect(self.write_requested)
        return editor

    def _lay_out(self) -> None:
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(0, 10, 8, 8)
        column.setSpacing(7)
        for heading, content in (
            ("C-ARM", self._arm()),
            ("FIELD", _beside("Field cm", self.field)),
            ("TABLE", _beside("Table", self._table_pad())),
            ("PATIENT", _formed(self.patient)),
            ("SHUTTERS", _formed(self.shutters)),
        ):
            headed = heading in ("C-ARM", "SHUTTERS")
            self._sections[heading] = section = _section(heading, content) if headed else content
            column.addWidget(section)
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
        beside = QVBoxLayout()
        beside.setSpacing(6)
        self.view.setFont(theme.font(22))
        self.view.setMinimumHeight(58)
        beside.addWidget(self.view)
        grid = QGridLayout()
        grid.setSpacing(5)
        for number, (words, primary, secondary) in enumerate(PRESETS):
            button = QPushButton(words)
            button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
            button.setStyleSheet("padding: 3px 2px;")
            button.clicked.connect(_turning(self._turn, primary, secondary))
            grid.addWidget(button, number // 2, number % 2)
        beside.addLayout(grid)
        beside.addLayout(_caps("Shift+arrows", "turns the arm"))
        beside.addStretch(1)
        line.addLayout(beside, 1)
        return arm

    def _table_pad(self) -> QWidget:
        pad = QWidget()
        line = QHBoxLayout(pad)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(5)
        for words, name, way, what in (
            ("←", LATERAL, -1, "To the left of the screen"),
            ("→", LATERAL, +1, "To the right of the screen"),
            ("↑", LONGITUDINAL, +1, "Towards the head"),
            ("↓", LONGITUDINAL, -1, "Towards the feet"),
            ("▲", VERTICAL, -1, "Towards the detector"),
            ("▼", VERTICAL, +1, "Towards the tube"),
        ):
            button = QToolButton()
            button.setText(words)
            button.setProperty("role", "step")
            button.setAutoRepeat(True)
            button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
            button.setToolTip(what)
            button.setAccessibleName(what)
            button.clicked.connect(_stepping(self.step, name, way))
            line.addWidget(button)
        self.table.setProperty("role", "dim")
        self.table.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        # its words must not widen the column
        self.table.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        line.addWidget(self.table, 1)
        return pad


def _span(parameter: ParameterInfo, otherwise: float) -> tuple[float, float]:
    low, high = parameter.minimum, parameter.maximum
    return (-otherwise if low is None else low), (otherwise if high is None else high)


def _stepping(step: Callable[[str, int], None], name: str, way: int) -> Callable[[], None]:
    return lambda: step(name, way)


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


def _beside(words: str, content: QWidget) -> QWidget:
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
    label.setFixedWidth(70)
    return label


def _caps(keys: str, words: str) -> QHBoxLayout:
    line = QHBoxLayout()
    line.setSpacing(5)
    line.addWidget(KeyCap(keys))
    label = QLabel(words)
    label.setProperty("role", "faint")
    line.addWidget(label, 1)
    return line
