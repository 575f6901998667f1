"""What is set during a procedure: technique, last-image hold, averaging, display window."""

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
from fluoroview.hal.roles import COLLIMATOR_ROLES, Role
from fluoroview.hal.window import Window
from fluoroview.pipeline.settings import RecursiveMode
from fluoroview.session.last_image_hold import MAX_HOLD_FRAMES
from fluoroview.session.state import DeviceStatus
from fluoroview.translation import tr
from fluoroview.viewer.panels.brightness_panel import BrightnessControls
from fluoroview.viewer.panels.generator_status import GeneratorStatus
from fluoroview.viewer.widgets.labels import role_label
from fluoroview.viewer.widgets.parameter_editors import (
    NumberEditor,
    ParameterEditor,
    editor_for,
    label_of,
    leave_on_return,
    step_buttons,
    tip,
)
from fluoroview.viewer.widgets.scrolling import scrolled

TECHNIQUE = (
    "Procedure",
    "AcquisitionFrameRate",
    "PulseRate",
    "RadiationMode",
    "TubeVoltage",
    "KVP",
    "TubeCurrent",
    "PulseWidth",
    "CopperFilter",
    "FocalSpot",
    "FieldWidth",
    "FieldHeight",
    "PlaybackSpeed",
)
"""What an operator changes during a procedure, where the device has it, in this order."""
_OF_IMAGE = ("Procedure", "PlaybackSpeed")
"""What stays the detector's where a generator makes the x-rays."""
_FIGURES = 4
_AVERAGING = (RecursiveMode.OFF, RecursiveMode.PLAIN, RecursiveMode.ADAPTIVE)


class TechniquePanel(QWidget):
    """The operator's settings; emits what is requested, shows what is set."""

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
        self._of_generator: frozenset[str] = frozenset()
        self.brightness = BrightnessControls()
        self.technique = QFormLayout()
        self.generator = GeneratorStatus()
        self.hold = QSpinBox()
        self.hold_steps = step_buttons(self.hold)
        self.averaging = QComboBox()
        self.subtract = QCheckBox(tr("DSA on"))
        self.window_text = QLabel("—")
        self.auto, self.invert = QPushButton(tr("Auto window")), QPushButton(tr("Invert"))
        self.fit, self.one_to_one = QPushButton(tr("Fit")), QPushButton("1:1")
        self._set_up()
        self._lay_out()

    def show_parameters(
        self,
        detector: ParameterSet,
        running: bool = False,
        generator: ParameterSet | None = None,
    ) -> None:
        """Show the exposure factors: the generator's where there is one, else the detector's."""
        of_generator = {each.name: each for each in generator or [] if each.name in TECHNIQUE}
        own = {each.name: each for each in detector if each.access != "ro"}
        if generator:
            own = {name: own[name] for name in _OF_IMAGE if name in own}
        every = own | of_generator
        if detector.with_role(Role.CASE) is not None:  # a simulated procedure has its own tabs
            elsewhere = {Role.PROCEDURE, *COLLIMATOR_ROLES}
            every = {name: each for name, each in every.items() if each.role not in elsewhere}
        chosen = {name: every[name] for name in TECHNIQUE if name in every}
        self.brightness.show_parameters(detector, running)
        asked = frozenset(of_generator)
        new = list(chosen) != list(self._editors) or asked != self._of_generator
        if new or not self.technique.rowCount():
            self._of_generator = asked
            self._build(chosen)
        for name, each in chosen.items():
            self._editors[name].show_parameter(each, running)

    def show_generator(self, status: DeviceStatus, parameters: ParameterSet) -> None:
        """Show the generator's state; nothing in a room without one."""
        self.generator.setVisible(bool(status.name))
        if status.name:
            self.generator.show_generator(status, parameters)

    def show_hold(self, frames: int, running: bool) -> None:
        """Show of how many frames the hold is made; it is set before the exposure."""
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
                self.averaging.setCurrentIndex(_AVERAGING.index(mode))

    def show_subtraction(self, on: bool | None) -> None:
        """Show whether a mask is subtracted; none where images are not logarithmic."""
        self.subtract.setEnabled(on is not None)
        with QSignalBlocker(self.subtract):
            self.subtract.setChecked(bool(on))

    def show_window(self, window: Window) -> None:
        """Show the display window."""
        self.window_text.setText(
            tr("centre {centre}   width {width}").format(
                centre=f"{window.centre:.0f}", width=f"{window.width:.0f}"
            )
        )
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
            editor.written.connect(
                self.generator_write_requested
                if name in self._of_generator
                else self.write_requested
            )
            label = role_label(technique_label(each), "dim")
            label.setToolTip(tip(each))
            self.technique.addRow(label, editor)
        if not parameter:
            self.technique.addRow(
                role_label(tr("This device has no exposure factors to set"), "dim")
            )

    def _set_up(self) -> None:
        self.hold.setRange(1, MAX_HOLD_FRAMES)
        self.hold.setSpecialValueText(tr("last frame"))
        self.hold.setPrefix(tr("mean of "))
        self.hold.setSuffix(tr(" frames"))
        self.hold.setKeyboardTracking(False)
        leave_on_return(self.hold)
        self.hold.setButtonSymbols(QSpinBox.ButtonSymbols.NoButtons)
        self.hold.setToolTip(tr("Number of frames in the last-image hold; set before exposure"))
        self.hold.valueChanged.connect(self.hold_requested)
        self.averaging.addItems([tr("Off"), tr("Recursive"), tr("Motion-adaptive")])
        self.averaging.setToolTip(tr("Recursive averaging of the live image"))
        self.averaging.activated.connect(
            lambda index: self.averaging_requested.emit(_AVERAGING[index])
        )
        self.subtract.setToolTip(
            tr(
                "Subtract the mask, the mean of the first frames of a run:\n"
                "only contrast medium and motion remain (Ctrl+D)"
            )
        )
        self.subtract.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.subtract.clicked.connect(self.subtraction_requested)
        self.invert.setCheckable(True)
        for button, tip_text in (
            (self.auto, tr("Auto window (A or Ctrl+A)")),
            (self.invert, tr("Invert grey scale (I or Ctrl+I)")),
            (self.fit, tr("Fit the whole image (F or double-click)")),
            (self.one_to_one, tr("One image pixel per screen pixel (1)")),
        ):
            button.setToolTip(tip_text)
            button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
            button.setStyleSheet("padding: 4px 2px;")
        self.auto.clicked.connect(self.auto_window_requested)
        self.invert.clicked.connect(self.invert_requested)
        self.fit.clicked.connect(self.fit_requested)
        self.one_to_one.clicked.connect(self.one_to_one_requested)

    def _lay_out(self) -> None:
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(0, 10, 8, 8)
        column.setSpacing(5)
        column.addWidget(role_label(tr("TECHNIQUE"), "heading"))
        column.addWidget(self.generator)
        self.generator.hide()
        column.addWidget(self.brightness)
        self.technique.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        self.technique.setVerticalSpacing(4)
        column.addLayout(self.technique)
        column.addSpacing(4)
        column.addWidget(role_label(tr("IMAGE"), "heading"))
        form = QFormLayout()
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        form.setVerticalSpacing(4)
        hold = QHBoxLayout()
        hold.setSpacing(4)
        hold.addWidget(self.hold, 1)
        for button in self.hold_steps:
            hold.addWidget(button)
        form.addRow(role_label(tr("Last-image hold"), "dim"), hold)
        form.addRow(role_label(tr("Averaging"), "dim"), self.averaging)
        form.addRow(role_label(tr("Subtraction"), "dim"), self.subtract)
        form.addRow(role_label(tr("Window"), "dim"), self.window_text)
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


def technique_label(parameter: ParameterInfo) -> str:
    """Return what a console calls a parameter of the technique."""
    if parameter.label:
        return label_of(parameter)
    labels = {
        "AcquisitionFrameRate": tr("Pulse rate"),
        "RadiationMode": tr("Mode"),
        "KVP": tr("Tube voltage"),
        "TubeVoltage": tr("Tube voltage"),
        "TubeCurrent": tr("Tube current"),
        "PulseWidth": tr("Pulse width"),
        "PulseRate": tr("Pulse rate"),
        "CopperFilter": tr("Copper filter"),
        "FocalSpot": tr("Focal spot"),
        "FieldWidth": tr("Field width"),
        "FieldHeight": tr("Field height"),
        "PlaybackSpeed": tr("Playback speed"),
        "Procedure": tr("Procedure"),
    }
    return labels.get(parameter.name) or label_of(parameter)
