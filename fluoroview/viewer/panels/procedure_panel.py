"""The examination: which one, which case, what to see, and what the operator does beside the pedal.

Shows parameters and the catalogue's titles; emits what is wished.
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

from fluoroview.hal.parameter import ParameterInfo, ParameterSet
from fluoroview.session.devices.catalogue import (
    CaseEntry,
    Catalogue,
    CatalogueError,
    ProcedureEntry,
)
from fluoroview.viewer.controllers.high_level import NAME as HIGH_LEVEL
from fluoroview.viewer.image.overlay_text import capitalised, readable, value_of
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
from fluoroview.viewer.widgets.scrolling import scrolled

MIN_TEXT_PX, COMPACT_TEXT_PX = 118, 84
_BAR_PX = 12
_OTHERS_PX = 210
"""Height of pickers, headings and hints."""
LONG_LIST = 7
"""A list of more entries can be searched by typing."""


class ProcedurePanel(QWidget):
    """Pickers, teaching text and controls of the device's examination."""

    write_requested = pyqtSignal(str, object)
    run_requested = pyqtSignal(str)
    controls_changed = pyqtSignal()
    """Other controls are shown, with other keys."""
    chosen = pyqtSignal()
    """Something was picked: the keys belong to the image again."""
    stopped = pyqtSignal(str)
    """A sentence: a control is at its end."""
    unknown = pyqtSignal(str, object)
    """"Procedure" or "Case", and the CatalogueError for a name that was typed."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.pending_value: Callable[[str, Any], Any] = lambda _name, value: value
        self.procedure, self.case, self.body = _Picker(), _Picker(), _Picker()
        self.teaching = TeachingText()
        self.procedure_status = QLabel()
        self.hint = QLabel("Keys work while the image has the focus: click it")
        self.mouse = QLabel()
        self.nothing = QLabel("Nothing to do here but to step on the pedal.")
        self.rows: dict[str, ControlRow] = {}
        self.drag_mapping = DragMapping()
        self._kinds: list[tuple[str, str]] = []
        self._catalogue = Catalogue()
        self._driver, self._entry = "", ProcedureEntry(driver="", name="")
        self._controls = QVBoxLayout()
        self._compact = False
        self._lay_out()
        for name, picker in self._pickers().items():
            picker.picked.connect(lambda value, name=name: self._picked(name, value))
            picker.typed.connect(lambda words, name=name: self._typed(name, words))

    def set_compact(self, on: bool) -> None:
        """Put the controls closer together, or as usual."""
        self._compact = on
        self._controls.setSpacing(2 if on else 6)
        for row in self.rows.values():
            row.set_compact(on)
        self._share_room()

    def use_catalogue(self, catalogue: Catalogue) -> None:
        """Know the titles of what drivers offer from now on."""
        self._catalogue = catalogue

    def show_parameters(self, driver: str, parameters: ParameterSet, running: bool) -> None:
        """Show the examination as read back."""
        by_name = {each.name: each for each in parameters}
        entry = self._catalogue.find(driver, str(value_of(parameters, "Procedure") or ""))
        self._driver, self._entry = driver, entry or self._entry
        self._show_pickers(driver, by_name, entry, running)
        self._show_teaching(by_name, entry)
        situation = capitalised(str(value_of(parameters, "ProcedureStatus") or ""))
        self.procedure_status.setVisible(bool(situation))
        if self.procedure_status.text() != situation:
            self.procedure_status.setText(situation)
        self._show_controls(by_name, entry, running)

    def show_keys(self, active: bool) -> None:
        """Say how the keys are had, while they are not."""
        self.hint.setText("" if active else "Click the image: its keys then work here")

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

    def take(self, name: str = "") -> None:
        """Let the mouse move this control, and the one beside it; without a name, the usual one."""
        steps = {each: row for each, row in self.rows.items() if isinstance(row, StepRow)}
        self.drag_mapping = drag_mapping_for({each: row.keys for each, row in steps.items()}, name)
        for each, row in steps.items():
            row.show_mouse(self.drag_mapping.sign(each))
        self.mouse.setVisible(bool(steps))
        self.mouse.setText(_mouse_words(self.drag_mapping, len(steps)))

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        """The text has what the controls leave."""
        super().resizeEvent(event)
        self._share_room()

    def _share_room(self) -> None:
        gap = self._controls.spacing()
        rows = sum(row.maximumHeight() + gap for row in self.rows.values())
        least = COMPACT_TEXT_PX if self._compact else MIN_TEXT_PX
        self.teaching.set_room(max(self.height() - rows - _OTHERS_PX, least))

    def _pickers(self) -> dict[str, _Picker]:
        return {"Procedure": self.procedure, "Case": self.case, "Body": self.body}

    def _picked(self, name: str, value: str) -> None:
        self.write_requested.emit(name, value)
        self.chosen.emit()

    def _typed(self, name: str, words: str) -> None:
        """Find what was typed by name or title; else offer the nearest."""
        try:
            if name == "Case":
                self._picked(name, self._entry.case(words).name)
            else:
                self._picked(name, self._catalogue.procedure(self._driver, words).name)
        except CatalogueError as error:
            self.unknown.emit(name, error)

    def _show_pickers(
        self,
        driver: str,
        by_name: dict[str, ParameterInfo],
        entry: ProcedureEntry | None,
        running: bool,
    ) -> None:
        titles = {each.name: each.title for each in self._catalogue.of(driver)}
        cases = {each.name: each.title for each in entry.cases} if entry else {}
        for name, words in (("Procedure", titles), ("Case", cases), ("Body", {})):
            picker, parameter = self._pickers()[name], by_name.get(name)
            picker.setVisible(parameter is not None)
            if parameter is not None:
                wished = str(self.pending_value(name, parameter.value))
                picker.show_choices(parameter.choices, words, wished)
                picker.setEnabled(not running)
                locked = "Release the pedal to change it"
                picker.setToolTip(locked if running else picker.currentText())

    def _show_teaching(
        self, by_name: dict[str, ParameterInfo], entry: ProcedureEntry | None
    ) -> None:
        told = by_name.get("TeachingText")
        if told is not None:
            self.teaching.show_text(str(told.value))
        elif entry is not None and "Case" in by_name:
            case = next(
                (c for c in entry.cases if c.name == by_name["Case"].value), CaseEntry(name="")
            )
            self.teaching.show_text(f"{entry.teaching}\n\n{case.teaching}".strip())
        else:
            self.teaching.show_text("")

    def _show_controls(
        self, by_name: dict[str, ParameterInfo], entry: ProcedureEntry | None, running: bool
    ) -> None:
        names = control_names(by_name.values(), entry)
        kinds = [(name, by_name[name].kind) for name in names]
        if kinds != self._kinds:
            self._kinds = kinds
            self._build(ParameterSet(by_name[name] for name in names))
        for name in names:
            self.rows[name].show_parameter(by_name[name], running)

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
                row.taken.connect(self.take)
                row.stopped.connect(self.stopped)
        self.take()
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
        heading = QLabel("CONTROLS")
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


def control_names(parameters: Any, entry: ProcedureEntry | None) -> list[str]:
    """Return which parameters are the examination's controls, in its own order."""
    if entry is not None:
        offered = {each.name for each in parameters}
        return [control.name for control in entry.controls if control.name in offered]
    return [
        each.name
        for each in parameters
        if each.shortcut
        and each.name != HIGH_LEVEL  # it works while it is held: a button of its own
        and not each.name.startswith(("Positioner", "Table"))
    ]


def _mouse_words(hand: DragMapping, count: int) -> str:
    """Return how the mouse moves what, in a few words."""
    ways = " and ".join(
        sign for sign, name in ((UP_DOWN, hand.up_down), (LEFT_RIGHT, hand.left_right)) if name
    )
    words = f"Drag in the image with the right button to move what is marked {ways}."
    held = sum(map(bool, (hand.up_down, hand.left_right)))
    return f"{words} Click another name to mark that." if count > held else words


class TeachingText(QWidget):
    """What to see: a heading that folds the text away."""

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
        self._most_px = MIN_TEXT_PX
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addWidget(self.fold)
        column.addWidget(self.area)
        self._folded(True)

    def set_room(self, height_px: int) -> None:
        """Take at most so much height; a longer text is scrolled."""
        self._most_px = height_px
        self._fit()

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        """A narrower text is longer."""
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        wanted = self.text.heightForWidth(max(self.width() - _BAR_PX, 50)) + 2
        self.area.setFixedHeight(min(wanted, self._most_px))

    def show_text(self, words: str) -> None:
        """Show what there is to see; nothing hides the whole."""
        self.setVisible(bool(words))
        if self.text.text() != words:
            self.text.setText(words)
            self._fit()

    def _folded(self, shown: bool) -> None:
        self.fold.setText(f"WHAT TO SEE  {'▾' if shown else '▸'}")
        self.area.setVisible(shown)


class _Picker(QComboBox):
    """A list of names with titles; a long one is searched by typing."""

    picked = pyqtSignal(str)
    typed = pyqtSignal(str)
    """Words that are no title of the list, and part of none or of several."""

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
        line.setPlaceholderText("Type to find")
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
        """Take the only title that has the words that were typed; else hand them on."""
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
        """What was typed and is no title is forgotten."""
        if self.findText(self.currentText()) < 0:
            self.setEditText(self.itemText(self.currentIndex()))
