"""The procedure: which one, which case, teaching points, and the operator's controls.

Shows parameters, found by their roles, and the catalogue's titles; emits what is requested.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from PyQt6.QtCore import QSignalBlocker, Qt, pyqtSignal
from PyQt6.QtGui import QResizeEvent
from PyQt6.QtWidgets import (
    QComboBox,
    QCompleter,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from fluoroview.hal.parameter import ParameterSet
from fluoroview.hal.roles import POSITIONER_ROLES, Role
from fluoroview.session.devices.catalogue import (
    CaseEntry,
    Catalogue,
    CatalogueError,
    ProcedureEntry,
)
from fluoroview.translation import tr, translate_message
from fluoroview.viewer.image.overlay_text import choice_text, readable
from fluoroview.viewer.input.control_keys import Binding
from fluoroview.viewer.input.device_drag import DragTarget, DragTargets
from fluoroview.viewer.input.drag_mapping import (
    LEFT_RIGHT,
    UP_DOWN,
    DragMapping,
    direction_of_more,
    drag_mapping_for,
)
from fluoroview.viewer.widgets import theme
from fluoroview.viewer.widgets.control_rows import ControlRow, StepRow, row_for
from fluoroview.viewer.widgets.labels import foreign_label
from fluoroview.viewer.widgets.scrolling import scrolled

MIN_TEXT_PX, COMPACT_TEXT_PX = 118, 84
_BAR_PX = 12
_OTHERS_PX = 210
"""Height of pickers, headings and hints."""
_PICKED = (Role.PROCEDURE, Role.CASE, Role.PATIENT_SIZE)
LONG_LIST = 7
"""A list of more entries can be searched by typing."""


class ProcedurePanel(QWidget):
    """Pickers, teaching points and controls of the device's procedure."""

    write_requested = pyqtSignal(str, object)
    run_requested = pyqtSignal(str)
    controls_changed = pyqtSignal()
    """Other controls are shown, with other keys."""
    chosen = pyqtSignal()
    """Something was chosen: the keys belong to the image again."""
    stopped = pyqtSignal(str)
    """A sentence: a control is at its limit."""
    unknown = pyqtSignal(str, object)
    """The parameter, and the CatalogueError for a name that was typed."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.pending_value: Callable[[str, Any], Any] = lambda _name, value: value
        self._pickers = {role: _Picker() for role in _PICKED}
        self.procedure, self.case, self.body = self._pickers.values()
        self.teaching = TeachingPoints()
        self.procedure_status = foreign_label()
        self.hint = QLabel()
        self.mouse = QLabel()
        self.nothing = QLabel(tr("No controls for this procedure; press the pedal"))
        self.rows: dict[str, ControlRow] = {}
        self._names: dict[Role | None, str] = {}
        self.drag_mapping = DragMapping()
        self._kinds: list[tuple[str, str]] = []
        self._catalogue = Catalogue()
        self._driver, self._entry = "", ProcedureEntry(driver="", name="")
        self._controls = QVBoxLayout()
        self._compact = False
        self._lay_out()
        for role, picker in self._pickers.items():
            picker.picked.connect(lambda value, role=role: self._picked(role, value))
            picker.typed.connect(lambda text, role=role: self._typed(role, text))

    def set_compact(self, on: bool) -> None:
        """Set the controls closer together, or at the usual distance."""
        self._compact = on
        self._controls.setSpacing(2 if on else 6)
        for row in self.rows.values():
            row.set_compact(on)
        self._share_room()

    def use_catalogue(self, catalogue: Catalogue) -> None:
        """Show the titles of this catalogue from now on."""
        self._catalogue = catalogue

    def show_parameters(self, driver: str, parameters: ParameterSet, running: bool) -> None:
        """Show the procedure as read back."""
        self._names = {each.role: each.name for each in parameters if each.role in _PICKED}
        entry = self._catalogue.find(driver, str(parameters.value(Role.PROCEDURE) or ""))
        self._driver, self._entry = driver, entry or self._entry
        self._show_pickers(driver, parameters, entry, running)
        self._show_teaching(parameters, entry)
        status = choice_text(str(parameters.value(Role.PROCEDURE_STATUS) or ""))
        self.procedure_status.setVisible(bool(status))
        if self.procedure_status.text() != status:
            self.procedure_status.setText(status)
        self._show_controls(parameters, entry, running)

    def show_keys(self, active: bool) -> None:
        """Explain how to enable the keys, while they are not."""
        self.hint.setText("" if active else tr("Click the image to use the keys"))

    def bindings(self) -> dict[str, Binding]:
        """Return what the keys of the controls do."""
        return {key: b for row in self.rows.values() for key, b in row.bindings().items()}

    def drag_targets(self) -> DragTargets:
        """Return the controls that the mouse moves in the image."""
        return DragTargets(
            self._drag_target(self.drag_mapping.up_down),
            self._drag_target(self.drag_mapping.left_right),
        )

    def _drag_target(self, name: str) -> DragTarget | None:
        row = self.rows.get(name)
        return DragTarget(row, direction_of_more(row.keys)) if isinstance(row, StepRow) else None

    def select_for_drag(self, name: str = "") -> None:
        """Let the mouse move this control and its partner; without a name, the usual ones."""
        steps = {each: row for each, row in self.rows.items() if isinstance(row, StepRow)}
        self.drag_mapping = drag_mapping_for({each: row.keys for each, row in steps.items()}, name)
        for each, row in steps.items():
            row.show_mouse(self.drag_mapping.sign(each))
        self.mouse.setVisible(bool(steps))
        self.mouse.setText(_mouse_text(self.drag_mapping, len(steps)))

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        """Give the text the height that the controls leave."""
        super().resizeEvent(event)
        self._share_room()

    def _share_room(self) -> None:
        gap = self._controls.spacing()
        rows = sum(row.maximumHeight() + gap for row in self.rows.values())
        least = COMPACT_TEXT_PX if self._compact else MIN_TEXT_PX
        self.teaching.set_room(max(self.height() - rows - _OTHERS_PX, least))

    def _picked(self, role: Role, value: str) -> None:
        self.write_requested.emit(self._names[role], value)
        self.chosen.emit()

    def _typed(self, role: Role, text: str) -> None:
        """Find what was typed by name or title; else offer the nearest."""
        try:
            if role is Role.CASE:
                self._picked(role, self._entry.case(text).name)
            else:
                self._picked(role, self._catalogue.procedure(self._driver, text).name)
        except CatalogueError as error:
            self.unknown.emit(self._names[role], error)

    def _show_pickers(
        self, driver: str, parameters: ParameterSet, entry: ProcedureEntry | None, running: bool
    ) -> None:
        titles = {each.name: translate_message(each.title) for each in self._catalogue.of(driver)}
        cases = {each.name: translate_message(each.title) for each in entry.cases} if entry else {}
        known = {Role.PROCEDURE: titles, Role.CASE: cases}
        for role, picker in self._pickers.items():
            parameter = parameters.with_role(role)
            picker.setVisible(parameter is not None)
            if parameter is not None:
                requested = str(self.pending_value(parameter.name, parameter.value))
                picker.show_choices(parameter.choices, known.get(role, {}), requested)
                picker.setEnabled(not running)
                locked = tr("Release the pedal to change it")
                picker.setToolTip(locked if running else picker.currentText())

    def _show_teaching(self, parameters: ParameterSet, entry: ProcedureEntry | None) -> None:
        reported = parameters.with_role(Role.TEACHING_POINTS)
        case = parameters.with_role(Role.CASE)
        if reported is not None:
            texts = [str(reported.value)]
        elif entry is not None and case is not None:
            shown = (each for each in entry.cases if each.name == case.value)
            texts = [entry.teaching, next(shown, CaseEntry(name="")).teaching]
        else:
            texts = []
        self.teaching.show_text("\n\n".join(translate_message(text) for text in texts if text))

    def _show_controls(
        self, parameters: ParameterSet, entry: ProcedureEntry | None, running: bool
    ) -> None:
        controls = ParameterSet(
            each
            for name in control_names(parameters, entry)
            if (each := parameters.get(name)) is not None
        )
        kinds = [(each.name, each.kind) for each in controls]
        if kinds != self._kinds:
            self._kinds = kinds
            self._build(controls)
        for each in controls:
            self.rows[each.name].show_parameter(each, running)

    def _build(self, parameters: ParameterSet) -> None:
        for row in self.rows.values():
            self._controls.removeWidget(row)
            row.hide()
            row.deleteLater()
        self.rows = {each.name: row_for(each, self._ask) for each in parameters}
        for row in self.rows.values():
            row.write_requested.connect(self.write_requested)
            row.run_requested.connect(self.run_requested)
            row.set_compact(self._compact)
            self._controls.addWidget(row)
            if isinstance(row, StepRow):
                row.drag_selected.connect(self.select_for_drag)
                row.stopped.connect(self.stopped)
        self.select_for_drag()
        self.nothing.setVisible(not parameters)
        self.hint.setVisible(any(row.keys for row in self.rows.values()))
        self._share_room()
        self.controls_changed.emit()

    def _ask(self, name: str, value: Any) -> Any:
        return self.pending_value(name, value)

    def _lay_out(self) -> None:
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(0, 10, 8, 8)
        column.setSpacing(6)
        column.addWidget(self.procedure)
        patient = QHBoxLayout()
        patient.setSpacing(6)
        patient.addWidget(self.case, 1)
        self.body.setFixedWidth(96)
        patient.addWidget(self.body)
        column.addLayout(patient)
        column.addSpacing(2)
        column.addWidget(self.teaching)
        column.addSpacing(4)
        heading = QLabel(tr("CONTROLS"))
        heading.setProperty("role", "heading")
        column.addWidget(heading)
        self.procedure_status.setWordWrap(True)
        column.addWidget(self.procedure_status)
        self._controls.setSpacing(6)
        column.addLayout(self._controls)
        for label in (self.mouse, self.nothing, self.hint):
            label.setProperty("role", "faint")
            label.setWordWrap(True)
            column.addWidget(label)
        column.addStretch(1)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(scrolled(page))


def control_names(parameters: ParameterSet, entry: ProcedureEntry | None) -> list[str]:
    """Return which parameters are the procedure's controls, in its order."""
    if entry is not None:
        offered = {each.name for each in parameters}
        return [control.name for control in entry.controls if control.name in offered]
    return [
        each.name
        for each in parameters
        if each.shortcut
        and each.role is not Role.HIGH_LEVEL  # it works while it is held: a button of its own
        and each.role not in POSITIONER_ROLES
    ]


def _mouse_text(hand: DragMapping, count: int) -> str:
    """Return which control the mouse moves, and how."""
    signs = " / ".join(
        sign for sign, name in ((UP_DOWN, hand.up_down), (LEFT_RIGHT, hand.left_right)) if name
    )
    text = tr("Drag with the right button in the image: moves {signs}").format(signs=signs)
    held = sum(map(bool, (hand.up_down, hand.left_right)))
    return tr("{drag}. Click a name to select it").format(drag=text) if count > held else text


class TeachingPoints(QWidget):
    """Teaching points: a heading that folds the text away."""

    def __init__(self) -> None:
        super().__init__()
        self.fold = QPushButton()
        self.fold.setCheckable(True)
        self.fold.setChecked(True)
        self.fold.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.fold.setStyleSheet(
            f"QPushButton {{ border: none; background: transparent; color: {theme.DIM};"
            " font-size: 11px; font-weight: 600; padding: 0; text-align: left; min-height: 16px; }"
        )
        self.fold.toggled.connect(self._folded)
        self.text = QLabel()
        self.text.setWordWrap(True)
        self.text.setTextFormat(Qt.TextFormat.PlainText)
        self.text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.text.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.text.setStyleSheet(
            f"background: {theme.GROUND}; border-left: 3px solid {theme.ACCENT};"
            " border-radius: 4px; padding: 7px 9px;"
        )
        self.area = scrolled(self.text)
        self._max_px = MIN_TEXT_PX
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addWidget(self.fold)
        column.addWidget(self.area)
        self._folded(True)

    def set_room(self, height_px: int) -> None:
        """Take at most so much height; a longer text is scrolled."""
        self._max_px = height_px
        self._fit()

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        """A narrower text is longer."""
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        needed = self.text.heightForWidth(max(self.width() - _BAR_PX, 50)) + 2
        self.area.setFixedHeight(min(needed, self._max_px))

    def show_text(self, text: str) -> None:
        """Show the teaching points; an empty text hides the widget."""
        self.setVisible(bool(text))
        if self.text.text() != text:
            self.text.setText(text)
            self._fit()

    def _folded(self, shown: bool) -> None:
        self.fold.setText(f"{tr('TEACHING POINTS')}  {'▾' if shown else '▸'}")
        self.area.setVisible(shown)


class _Picker(QComboBox):
    """A list of names with titles; a long one can be searched by typing."""

    picked = pyqtSignal(str)
    typed = pyqtSignal(str)
    """A text that is no title of the list, and part of none or of several."""

    def __init__(self) -> None:
        super().__init__()
        self._shown: list[tuple[str, str]] = []
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.setMinimumContentsLength(8)
        self.setMaxVisibleItems(20)
        self.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.activated.connect(self._activated)

    def show_choices(self, names: Sequence[str], titles: dict[str, str], chosen: str) -> None:
        """List names by their titles, and show the chosen one unless somebody types."""
        shown = [(name, titles.get(name) or readable(name)) for name in names]
        with QSignalBlocker(self):
            if shown != self._shown:
                self._shown = shown
                self.clear()
                for name, title in shown:
                    self.addItem(title, name)
                self._make_searchable(len(shown) > LONG_LIST)
            at = self.findData(chosen)
            if at != self.currentIndex() and not self._typing():
                self.setCurrentIndex(at)

    def _make_searchable(self, on: bool) -> None:
        if on is self.isEditable():
            return
        self.setEditable(on)
        line = self.lineEdit()
        if line is None:
            return
        line.setPlaceholderText(tr("Type to find"))
        line.returnPressed.connect(self._entered)
        line.editingFinished.connect(self._back)
        completer = QCompleter(self.model(), self)
        completer.setFilterMode(Qt.MatchFlag.MatchContains)
        completer.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        self.setCompleter(completer)

    def _typing(self) -> bool:
        line = self.lineEdit()
        return line is not None and line.hasFocus() and line.isModified()

    def _activated(self, index: int) -> None:
        name = self.itemData(index)
        line = self.lineEdit()
        if line is not None:
            line.setModified(False)
        if name is not None:
            self.picked.emit(str(name))

    def _entered(self) -> None:
        """Choose the only title that contains the text; else emit it."""
        words = self.currentText().strip().casefold()
        titles = [self.itemText(index).casefold() for index in range(self.count())]
        found = [index for index, title in enumerate(titles) if words in title]
        if not words or words in titles:
            return
        if len(found) == 1:
            self.setCurrentIndex(found[0])
            self._activated(found[0])
        else:
            self.typed.emit(self.currentText().strip())

    def _back(self) -> None:
        """Discard a text that is no title."""
        if self.findText(self.currentText()) < 0:
            self.setEditText(self.itemText(self.currentIndex()))
