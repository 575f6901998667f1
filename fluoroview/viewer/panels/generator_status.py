"""The generator's state as a word and a colour, and the heat of its anode."""

from __future__ import annotations

from PyQt6.QtGui import QColor
from PyQt6.QtWidgets import QHBoxLayout, QLabel, QProgressBar, QSizePolicy, QWidget

from fluoroview.hal import DeviceState, GeneratorState
from fluoroview.hal.parameter import ParameterSet
from fluoroview.hal.roles import Role
from fluoroview.session.state import DeviceStatus
from fluoroview.translation import tr
from fluoroview.viewer.widgets import theme

WARM_PERCENT, HOT_PERCENT = 80.0, 100.0
_COLOURS = {
    GeneratorState.OFF: theme.DIM,
    GeneratorState.PREPARING: theme.WARNING,
    GeneratorState.READY: theme.LIVE,
    GeneratorState.EXPOSING: theme.XRAY,
    GeneratorState.INTERLOCK: theme.ERROR,
    GeneratorState.FAULT: theme.ERROR,
}
_OF_DEVICE = {DeviceState.FAULT: GeneratorState.FAULT, DeviceState.RUNNING: GeneratorState.EXPOSING}


class GeneratorStatus(QWidget):
    """One line: state on the left, anode heat on the right where the generator reports it."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.state = QLabel()
        self.heat = QProgressBar()
        self.heat.setRange(0, 100)
        self.heat.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.heat.setToolTip(tr("Heat stored in the anode"))
        self.heat.setAccessibleName(tr("Anode heat"))
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(10)
        row.addWidget(self.state)
        row.addWidget(self.heat, 1)

    def show_generator(self, status: DeviceStatus, parameters: ParameterSet) -> None:
        """Show what the generator reports."""
        state = generator_state(status, parameters)
        text = f"● {_state_text(state)}"  # the word too: nothing rests on colour alone
        if self.state.text() != text:
            self.state.setText(text)
            self.state.setStyleSheet(f"color: {_COLOURS[state]}; font-weight: 600;")
        self._show_heat(
            parameters.number(Role.ANODE_HEAT), parameters.number(Role.ANODE_HEAT_PERCENT)
        )

    def _show_heat(self, heat_kj: float | None, percent: float | None) -> None:
        self.heat.setVisible(heat_kj is not None or percent is not None)
        stored = f"{heat_kj:.1f} kJ" if heat_kj is not None else ""
        share = f"{percent:.0f} %" if percent is not None else ""
        text = tr("Anode {heat}").format(heat=" · ".join(part for part in (stored, share) if part))
        if self.heat.format() == text:
            return
        self.heat.setFormat(text)
        self.heat.setValue(round(min(percent or 0.0, 100.0)))
        colour = theme.ACCENT
        if percent is not None and percent >= WARM_PERCENT:
            colour = theme.ERROR if percent >= HOT_PERCENT else theme.WARNING
        dark = QColor(colour).darker(180).name()  # the figure is read on it
        self.heat.setStyleSheet(f"QProgressBar::chunk {{ background: {dark}; }}")


def generator_state(status: DeviceStatus, parameters: ParameterSet) -> GeneratorState:
    """Return the generator's state; that of the HAL where the generator reports none."""
    if status.state is DeviceState.FAULT:
        return GeneratorState.FAULT
    reported = str(parameters.value(Role.GENERATOR_STATE, ""))
    if reported in tuple(GeneratorState):
        return GeneratorState(reported)
    return _OF_DEVICE.get(status.state, GeneratorState.READY)


def _state_text(state: GeneratorState) -> str:
    return {
        GeneratorState.OFF: tr("Off"),
        GeneratorState.PREPARING: tr("Preparing"),
        GeneratorState.READY: tr("Ready"),
        GeneratorState.EXPOSING: tr("Exposing"),
        GeneratorState.INTERLOCK: tr("Interlock"),
        GeneratorState.FAULT: tr("Fault"),
    }[state]
