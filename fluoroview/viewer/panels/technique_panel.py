"""What is set during an examination: technique, hold, averaging, display window."""

from __future__ import annotations

from PyQt6.QtCore import QSignalBlocker, Qt, pyqtSignal
from PyQt6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from fluoroview.hal.parameter import ParameterInfo, ParameterSet
from fluoroview.hal.window import Window
from fluoroview.pipeline.settings import RecursiveMode
from fluoroview.session.last_image_hold import MAX_HOLD_FRAMES
from fluoroview.session.state import DeviceStatus
from fluoroview.viewer.panels.brightness_panel import BrightnessControls
from fluoroview.viewer.panels.generator_status import GeneratorStatus
from fluoroview.viewer.widgets.parameter_editors import (
    NumberEditor,
    ParameterEditor,
    editor_for,
    leave_on_return,
    step_buttons,
    tip,
)
from fluoroview.viewer.widgets.scrolling import scrolled

# What an operator changes during an examination, where the device has it: name, words.
TECHNIQUE = {
    "Procedure": "Procedure",
    "AcquisitionFrameRate": "Pulse rate",
    "PulseRate": "Pulse rate",
    "RadiationMode": "Beam",
    "TubeVoltage": "Tube voltage",
    "KVP": "Tube voltage",
    "TubeCurrent": "Tube current",
    "PulseWidth": "Pulse width",
    "CopperFilter": "Copper filter",
    "FocalSpot": "Focal spot",
    "FieldWidth": "Field width",
    "FieldHeight": "Field height",
    "PlaybackSpeed": "Playback speed",
}
_OF_IMAGE = ("Procedure", "PlaybackSpeed")
"""What stays the detector's where a generator makes the x-rays."""
_FIGURES = 4
_OF_PATIENT = {"Procedure"}
_OF_STAND = {"FieldWidth", "FieldHeight"}
_AVERAGING = {
    RecursiveMode.OFF: "Off",
    RecursiveMode.PLAIN: "Plain",
    RecursiveMode.ADAPTIVE: "Motion-adaptive",
}


class TechniquePanel(QWidget):
    """The operator's settings; emits what is wanted, shows what is."""

    write_requested = pyqtSignal(str, object)
    generator_write_requested = pyqtSignal(str, object)
    """A parameter of the generator, where the room has one."""
    hold_requested = pyqtSignal(int)
    averaging_requested = pyqtSignal(object)
    subtraction_requested = pyqtSignal(bool)
    auto_window_requested = pyqtSignal()
    invert_requested = pyqtSignal(bool)
    fit_requested = pyqtSignal()
    one_to_one_requested = pyqtSignal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._editors: dict[str, ParameterEditor] = {}
        self._of_source: frozenset[str] = frozenset()
        self.brightness = BrightnessControls()
        self.technique = QFormLayout()
        self.generator = GeneratorStatus()
        self.hold = QSpinBox()
        self.hold_steps = step_buttons(self.hold)
        self.averaging = QComboBox()
        self.subtract = QCheckBox("Subtract the mask (DSA)")
        self.window_text = QLabel("—")
        self.auto, self.invert = QPushButton("Auto"), QPushButton("Invert")
        self.fit, self.one_to_one = QPushButton("Fit"), QPushButton("1:1")
        self._set_up()
        self._lay_out()

    def show_parameters(
        self,
        detector: ParameterSet,
        running: bool = False,
        source: ParameterSet | None = None,
    ) -> None:
        """Show the technique: the generator's where there is one, else the detector's."""
        of_source = {each.name: each for each in source or [] if each.name in TECHNIQUE}
        own = {each.name: each for each in detector if each.access != "ro"}
        if source:
            own = {name: own[name] for name in _OF_IMAGE if name in own}
        every = own | of_source
        elsewhere = _OF_PATIENT | (_OF_STAND if "PositionerPrimaryAngle" in own else set())
        if "Case" in own:  # the examination has its own tabs
            every = {name: each for name, each in every.items() if name not in elsewhere}
        chosen = {name: every[name] for name in TECHNIQUE if name in every}
        self.brightness.show_parameters(detector, running)
        asked = frozenset(of_source)
        new = list(chosen) != list(self._editors) or asked != self._of_source
        if new or not self.technique.rowCount():
            self._of_source = asked
            self._build(chosen)
        for name, each in chosen.items():
            self._editors[name].show_parameter(each, running)

    def show_generator(self, status: DeviceStatus, source: ParameterSet) -> None:
        """Show how the generator stands; nothing in a room without one."""
        self.generator.setVisible(bool(status.name))
        if status.name:
            self.generator.show_generator(status, source)

    def show_hold(self, frames: int, running: bool) -> None:
        """Show of how many frames the hold is made; it is chosen before the exposure."""
        for widget in (self.hold, *self.hold_steps):
            widget.setEnabled(not running)
        if not self.hold.hasFocus():
            with QSignalBlocker(self.hold):
                self.hold.setValue(frames)

    def show_averaging(self, mode: RecursiveMode | None) -> None:
        """Show how frames are averaged; none without a device."""
        self.averaging.setEnabled(mode is not None)
        if mode is not None:
            with QSignalBlocker(self.averaging):
                self.averaging.setCurrentIndex(list(_AVERAGING).index(mode))

    def show_subtraction(self, on: bool | None) -> None:
        """Show whether a mask is subtracted; none where images are not logarithmic."""
        self.subtract.setEnabled(on is not None)
        with QSignalBlocker(self.subtract):
            self.subtract.setChecked(bool(on))

    def show_window(self, window: Window) -> None:
        """Show the display window."""
        self.window_text.setText(f"centre {window.centre:.0f}   width {window.width:.0f}")
        with QSignalBlocker(self.invert):
            self.invert.setChecked(window.invert)

    def editor(self, name: str) -> ParameterEditor:
        """Return the editor of one technique parameter."""
        return self._editors[name]

    def _build(self, parameter: dict[str, ParameterInfo]) -> None:
        while self.technique.rowCount():
            self.technique.removeRow(0)
        self._editors = {}
        for name, each in parameter.items():
            editor = self._editors[name] = editor_for(each)
            if isinstance(editor, NumberEditor):
                editor.show_significant(_FIGURES)
            wanted = (
                self.generator_write_requested if name in self._of_source else self.write_requested
            )
            editor.written.connect(wanted)
            label = _dim(TECHNIQUE[name])
            label.setToolTip(tip(each))
            self.technique.addRow(label, editor)
        if not parameter:
            self.technique.addRow(_dim("This source has no technique to set."))

    def _set_up(self) -> None:
        self.hold.setRange(1, MAX_HOLD_FRAMES)
        self.hold.setSpecialValueText("last frame")
        self.hold.setPrefix("mean of ")
        self.hold.setSuffix(" frames")
        self.hold.setKeyboardTracking(False)
        leave_on_return(self.hold)
        self.hold.setButtonSymbols(QSpinBox.ButtonSymbols.NoButtons)
        self.hold.setToolTip("Of how many frames the last-image hold is made; before exposure only")
        self.hold.valueChanged.connect(self.hold_requested)
        self.averaging.addItems(list(_AVERAGING.values()))
        self.averaging.setToolTip("Recursive averaging of the live image")
        self.averaging.activated.connect(
            lambda index: self.averaging_requested.emit(list(_AVERAGING)[index])
        )
        self.subtract.setToolTip(
            "The mask is the mean of the first frames of a run: what stands still vanishes,\n"
            "and contrast medium is left (Ctrl+D)"
        )
        self.subtract.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.subtract.clicked.connect(self.subtraction_requested)
        self.invert.setCheckable(True)
        for button, words in (
            (self.auto, "Window that suits the image (A, or Ctrl+A)"),
            (self.invert, "Black and white turned round (I, or Ctrl+I)"),
            (self.fit, "The whole image (F, or double click)"),
            (self.one_to_one, "One image pixel on one screen pixel (1)"),
        ):
            button.setToolTip(words)
            button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.auto.clicked.connect(self.auto_window_requested)
        self.invert.clicked.connect(self.invert_requested)
        self.fit.clicked.connect(self.fit_requested)
        self.one_to_one.clicked.connect(self.one_to_one_requested)

    def _lay_out(self) -> None:
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(0, 10, 8, 8)
        column.setSpacing(5)
        column.addWidget(_heading("TECHNIQUE"))
        column.addWidget(self.generator)
        self.generator.hide()
        column.addWidget(self.brightness)
        self.technique.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        self.technique.setVerticalSpacing(4)
        column.addLayout(self.technique)
        column.addSpacing(4)
        column.addWidget(_heading("IMAGE"))
        form = QFormLayout()
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        form.setVerticalSpacing(4)
        hold = QHBoxLayout()
        hold.setSpacing(4)
        hold.addWidget(self.hold, 1)
        for button in self.hold_steps:
            hold.addWidget(button)
        form.addRow(_dim("Last image hold"), hold)
        form.addRow(_dim("Averaging"), self.averaging)
        form.addRow(_dim("Subtraction"), self.subtract)
        form.addRow(_dim("Window"), self.window_text)
        column.addLayout(form)
        row = QHBoxLayout()
        row.setSpacing(6)
        for push in (self.auto, self.invert, self.fit, self.one_to_one):
            row.addWidget(push, 1)
        column.addLayout(row)
        column.addStretch(1)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(scrolled(page))


def _heading(words: str) -> QLabel:
    label = QLabel(words)
    label.setProperty("role", "heading")
    return label


def _dim(words: str) -> QLabel:
    label = QLabel(words)
    label.setProperty("role", "dim")
    return label
