"""The dose display: air kerma rate and cumulative air kerma apart, KAP, time, pulses, origin.

21 CFR 1020.32(k): rate in mGy/min and cumulative air kerma in mGy, clearly distinguishable from
each other: here by place, colour, unit and words. What is not available is never shown as zero.
"""

from __future__ import annotations

import math

from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtGui import QFont
from PyQt6.QtWidgets import (
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from fluoroview.dicom import RecordedDose
from fluoroview.dose.account import DoseReading
from fluoroview.dose.timer import minutes_text
from fluoroview.hal import DoseOrigin
from fluoroview.viewer.panels.generator_status import WARM_PERCENT
from fluoroview.viewer.widgets import theme

NOT_AVAILABLE = "—"
_CUMULATIVE = "CUMULATIVE AIR KERMA"
_OF_FILE = "ENTRANCE, RECORDED"
_KAP = "KAP Gy·cm²"
_RECORDED = "As recorded in the file"
_NOT_RECORDED = "The file records no dose"

_ORIGIN_WORDS = {
    DoseOrigin.MEASURED: "Measured",
    DoseOrigin.RECORDED: "As recorded in the file",
    DoseOrigin.COMPUTED: "Computed, not measured",
    DoseOrigin.SIMULATED: "Simulated, not a real dose",
    DoseOrigin.NOT_AVAILABLE: "Dose not available",
}


class DosePanel(QWidget):
    """Shows a `DoseReading`, or what a file records; asks for a reset or for silence.

    While a file is seen, its own dose stands here and never the examination's: heading, colour and
    words tell them apart. It asks for a reset or for silence, and does neither itself.
    """

    reset_requested = pyqtSignal()
    """The user begins a new procedure."""
    silence_requested = pyqtSignal()
    """The user has heard the 5-minute signal."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._recorded = False
        self.rate = _Figure("AIR KERMA RATE", "mGy/min", 30, theme.XRAY)
        self.cumulative = _Figure(_CUMULATIVE, "mGy", 30, theme.ACCENT)
        self.kap = _Figure(_KAP, "", 19)
        self.time = _Figure("FLUORO min", "", 19)
        self.pulses = _Figure("PULSES", "", 19)
        self.skin = _Figure("PEAK SKIN DOSE", "mGy", 19)
        self.heat = _Figure("ANODE HEAT", "%", 19)
        self._beside = QWidget()
        self.origin = QLabel()
        self.origin.setProperty("role", "dim")
        self.origin.setWordWrap(True)
        self.reset = QPushButton("Reset dose")
        self.reset.setToolTip("New procedure: cumulative air kerma, KAP, time and pulses to zero")
        self.reset.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.reset.clicked.connect(self.reset_requested)
        self.silence = QPushButton("Silence 5 min")
        self.silence.setStyleSheet(f"background: {theme.XRAY}; color: #171200; font-weight: 600;")
        self.silence.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.silence.clicked.connect(self.silence_requested)
        self.silence.hide()
        self._lay_out()

    def set_compact(self, on: bool) -> None:
        """Write the figures smaller, or as large as usual."""
        for figure in self.findChildren(_Figure):
            figure.set_compact(on)

    def show_reading(self, reading: DoseReading, signal: bool = False) -> None:
        """Show a reading; `signal` says whether the 5-minute signal is due."""
        self._show_kind(recorded=False)
        self.rate.show_value(_number(reading.air_kerma_rate_mgy_min))
        self.cumulative.show_value(_number(reading.cumulative_air_kerma_mgy))
        self.kap.show_value(_number(reading.kap_gycm2))
        self.time.show_value(minutes_text(reading.fluoroscopy_time_s).removesuffix(" min"))
        self.pulses.show_value(f"{reading.pulses:,}".replace(",", "\u2009"))
        self._show_signal(signal)
        self.reset.setEnabled(True)
        words = _ORIGIN_WORDS[reading.origin]
        if reading.acquisition_air_kerma_mgy:
            words += f"; {_number(reading.acquisition_air_kerma_mgy)} mGy by acquisitions"
        if not reading.complete:
            words += f"; {reading.pulses_without_kerma} pulses did not state theirs"
        if reading.kap_gycm2 is not None and reading.pulses_without_kap:
            words += f"; {reading.pulses_without_kap} pulses are not in the KAP"
        self._say(words)

    def show_recorded(self, dose: RecordedDose, signal: bool = False) -> None:
        """Show what a file records of its dose; what it does not record is a dash."""
        self._show_kind(recorded=True)
        self.cumulative.show_value(_number(_known(dose.entrance_mgy)))
        self.kap.show_value(_number(_known(dose.kap_gycm2)))
        for figure in (self.rate, self.time, self.pulses):
            figure.show_value(NOT_AVAILABLE)
        self._show_signal(signal)
        self.reset.setEnabled(False)
        self._say(_RECORDED if dose.recorded else _NOT_RECORDED)

    def show_heat_and_skin(
        self, heat_percent: float | None, skin_mgy: float | None, place: str = ""
    ) -> None:
        """Show the anode's heat and the dose of the skin's hottest patch, where they are known."""
        self.heat.setVisible(heat_percent is not None)
        self.skin.setVisible(skin_mgy is not None)
        self._beside.setVisible(heat_percent is not None or skin_mgy is not None)
        if heat_percent is not None:
            self.heat.show_value(f"{heat_percent:.0f}")
            self.heat.set_alarm(heat_percent >= WARM_PERCENT)
        if skin_mgy is not None:
            self.skin.show_value(_number(float(skin_mgy)))
            self.skin.setToolTip(place)
            self.skin.title.setText(
                f"PEAK SKIN · {place.partition(',')[0].upper()}" if place else "PEAK SKIN DOSE"
            )

    def _show_kind(self, recorded: bool) -> None:
        """Head and colour the cards for the examination's dose, or for a file's."""
        if recorded is self._recorded:
            return
        self._recorded = recorded
        if recorded:
            self.cumulative.set_head(_OF_FILE, "mGy", theme.REPLAY)
            self.kap.set_head(_KAP, "", theme.REPLAY)
        else:
            self.cumulative.set_head(_CUMULATIVE, "mGy", theme.ACCENT)
            self.kap.set_head(_KAP, "", "")

    def _show_signal(self, signal: bool) -> None:
        self.time.set_alarm(signal)
        self.silence.setVisible(signal)  # in the place of the reset, so that nothing moves
        self.reset.setVisible(not signal)

    def _say(self, words: str) -> None:
        if self.origin.text() != words:
            self.origin.setText(words)

    def _lay_out(self) -> None:
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setSpacing(6)
        grid.addWidget(self.rate, 0, 0, 1, 3)
        grid.addWidget(self.cumulative, 0, 3, 1, 3)
        for column, figure in enumerate((self.kap, self.time, self.pulses)):
            grid.addWidget(figure, 1, 2 * column, 1, 2)
        pair = QHBoxLayout(self._beside)
        pair.setContentsMargins(0, 0, 0, 0)
        pair.setSpacing(6)
        pair.addWidget(self.skin, 1)
        pair.addWidget(self.heat, 1)
        grid.addWidget(self._beside, 2, 0, 1, 6)
        self.show_heat_and_skin(None, None)
        for column in range(6):
            grid.setColumnStretch(column, 1)
        row = QHBoxLayout()
        row.addWidget(self.origin, 1)
        row.addWidget(self.reset)
        row.addWidget(self.silence)
        grid.addLayout(row, 3, 0, 1, 6)


class _Figure(QFrame):
    """A heading, a large number and its unit."""

    def __init__(self, heading: str, unit: str, size_px: int, accent: str = "") -> None:
        super().__init__()
        self.setProperty("role", "card")
        self._accent = accent
        self._size_px = size_px
        self.title = QLabel()
        self.title.setProperty("role", "heading")
        self.value = QLabel(NOT_AVAILABLE)
        self.unit = QLabel()
        self.unit.setProperty("role", "dim")
        self.unit.setStyleSheet("font-size: 11px;")
        line = QHBoxLayout()
        line.setSpacing(4)
        line.addWidget(self.value)
        baseline = Qt.AlignmentFlag.AlignBottom
        line.addWidget(self.unit, 0, baseline)
        line.addStretch(1)
        self._column = QVBoxLayout(self)
        self._column.setSpacing(0)
        self._column.addWidget(self.title)
        self._column.addLayout(line)
        self.set_compact(False)
        # the width comes from the grid, not from the digits, or the cards would breathe
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.set_head(heading, unit, accent)

    def set_compact(self, on: bool) -> None:
        """Take less height, or as much as usual."""
        size_px = round(0.75 * self._size_px) if on else self._size_px
        self.value.setFont(theme.font(size_px, QFont.Weight.DemiBold))
        above = 3 if on else 6
        self._column.setContentsMargins(9, above, 6, above)

    def set_head(self, heading: str, unit: str, accent: str) -> None:
        """Say what the figure is."""
        self.title.setText(heading)
        self.title.setStyleSheet(f"font-size: 10px; color: {accent or theme.DIM};")
        self.unit.setText(unit)
        self.setAccessibleName(heading)
        self._accent = accent
        self._dress(alarm=False)

    def show_value(self, text: str) -> None:
        """Show a number, or that there is none."""
        if text == self.value.text():
            return
        self.value.setText(text)
        self.setToolTip("Not available" if text == NOT_AVAILABLE else "")

    def set_alarm(self, alarm: bool) -> None:
        """Colour the card while a signal is due."""
        if alarm != self.property("alarm"):
            self._dress(alarm=alarm)

    def _dress(self, *, alarm: bool) -> None:
        self.setProperty("alarm", alarm)
        left = f"border-left: 3px solid {self._accent};" if self._accent else ""
        edge = f"border: 2px solid {theme.XRAY};" if alarm else left
        self.setStyleSheet(f"_Figure {{ {edge} }}")


def _known(value: float) -> float | None:
    return None if math.isnan(value) else value


def _number(value: float | None) -> str:
    """Return about three figures, or the dash of "not available"."""
    if value is None:
        return NOT_AVAILABLE
    if value == 0:
        return "0.00"
    for limit, decimals in ((1.0, 3), (10.0, 2), (1000.0, 1)):
        if abs(value) < limit - 0.5 * 10**-decimals:
            return f"{value:.{decimals}f}"
    return f"{value:.0f}"
