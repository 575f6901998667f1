"""The dose display: air kerma rate, cumulative air kerma, KAP, time, pulses and their origin.

21 CFR 1020.32(k): rate in mGy/min and cumulative air kerma in mGy, clearly distinguishable from
each other: here by place, colour, unit and heading. What is not available is never shown as zero.
"""

from __future__ import annotations

import math
from html import escape

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
from fluoroview.hal.foreign_text import plain
from fluoroview.translation import tr, translate_message
from fluoroview.viewer.panels.generator_status import WARM_PERCENT
from fluoroview.viewer.widgets import theme

NOT_AVAILABLE = "—"
_KAP = "KAP Gy·cm²"


class DosePanel(QWidget):
    """Shows a `DoseReading`, or what a file records; emits requests and fulfils none.

    While a file is shown, its own dose stands here and never the session's; heading, colour and
    text distinguish them.
    """

    new_patient_requested = pyqtSignal()
    """Another patient comes: the figures are to begin at zero."""
    silence_requested = pyqtSignal()
    """The 5-minute signal was noticed and is to end."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._recorded = False
        self.rate = _Figure(tr("AIR KERMA RATE"), "mGy/min", 30, theme.XRAY)
        self.cumulative = _Figure(tr("CUMULATIVE AIR KERMA"), "mGy", 30, theme.ACCENT)
        self.kap = _Figure(_KAP, "", 19)
        self.time = _Figure(tr("FLUORO TIME min"), "", 19)
        self.pulses = _Figure(tr("PULSES"), "", 19)
        self.skin = _Figure(tr("PEAK SKIN DOSE"), "mGy", 19)
        self.heat = _Figure(tr("ANODE HEAT"), "%", 19)
        self._skin_and_heat = QWidget()
        self.origin = QLabel()
        self.origin.setProperty("role", "dim")
        self.origin.setWordWrap(True)
        self.new_patient = QPushButton(tr("New patient…"))
        self.new_patient.setToolTip(
            tr("Show the dose summary, then set air kerma, KAP, time and pulses to zero")
        )
        self.new_patient.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.new_patient.clicked.connect(self.new_patient_requested)
        self.silence = QPushButton(tr("Silence 5 min"))
        self.silence.setStyleSheet(f"background: {theme.XRAY}; color: #171200; font-weight: 600;")
        self.silence.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.silence.clicked.connect(self.silence_requested)
        self.silence.hide()
        self._lay_out()

    def set_compact(self, on: bool) -> None:
        """Show the figures smaller, or in the usual size."""
        for figure in self.findChildren(_Figure):
            figure.set_compact(on)

    def show_reading(self, reading: DoseReading, signal: bool = False) -> None:
        """Show a reading; `signal`: whether the 5-minute signal is due."""
        self._show_kind(recorded=False)
        self.rate.show_value(figure_text(reading.air_kerma_rate_mgy_min))
        self.cumulative.show_value(figure_text(reading.cumulative_air_kerma_mgy))
        self.kap.show_value(figure_text(reading.kap_gycm2))
        self.time.show_value(minutes_text(reading.fluoroscopy_time_s).removesuffix(" min"))
        self.pulses.show_value(f"{reading.pulses:,}".replace(",", "\u2009"))
        self._show_signal(signal)
        self.new_patient.setEnabled(True)
        text = origin_text(reading.origin)
        if reading.acquisition_air_kerma_mgy:
            acquired = figure_text(reading.acquisition_air_kerma_mgy)
            text += "; " + tr("{kerma} mGy from acquisitions").format(kerma=acquired)
        if not reading.complete:
            missing = tr("air kerma missing for {count} pulses")
            text += "; " + missing.format(count=reading.pulses_without_kerma)
        if reading.kap_gycm2 is not None and reading.pulses_without_kap:
            missing = tr("KAP missing for {count} pulses")
            text += "; " + missing.format(count=reading.pulses_without_kap)
        self._show_origin(text)

    def show_recorded(self, dose: RecordedDose, signal: bool = False) -> None:
        """Show the dose that a file records; what it does not record is a dash."""
        self._show_kind(recorded=True)
        self.cumulative.show_value(figure_text(_known(dose.entrance_mgy)))
        self.kap.show_value(figure_text(_known(dose.kap_gycm2)))
        for figure in (self.rate, self.time, self.pulses):
            figure.show_value(NOT_AVAILABLE)
        self._show_signal(signal)
        self.new_patient.setEnabled(False)
        self._show_origin(
            origin_text(DoseOrigin.RECORDED)
            if dose.recorded
            else tr("No dose recorded in the file")
        )

    def show_heat_and_skin(
        self, heat_percent: float | None, skin_mgy: float | None, place: str = ""
    ) -> None:
        """Show anode heat and peak skin dose, where they are known."""
        self.heat.setVisible(heat_percent is not None)
        self.skin.setVisible(skin_mgy is not None)
        self._skin_and_heat.setVisible(heat_percent is not None or skin_mgy is not None)
        if heat_percent is not None:
            self.heat.show_value(f"{heat_percent:.0f}")
            self.heat.set_alarm(heat_percent >= WARM_PERCENT)
        if skin_mgy is not None:
            self.skin.show_value(figure_text(float(skin_mgy)))
            self.skin.setToolTip(escape(plain(place)))
            site = translate_message(plain(place.partition(",")[0])).upper()
            heading = tr("PEAK SKIN · {site}").format(site=site) if site else tr("PEAK SKIN DOSE")
            self.skin.title.setText(heading)

    def _show_kind(self, recorded: bool) -> None:
        """Label and colour the cards for the session's dose, or for a file's."""
        if recorded is self._recorded:
            return
        self._recorded = recorded
        if recorded:
            self.cumulative.set_head(tr("ENTRANCE, RECORDED"), "mGy", theme.REPLAY)
            self.kap.set_head(_KAP, "", theme.REPLAY)
        else:
            self.cumulative.set_head(tr("CUMULATIVE AIR KERMA"), "mGy", theme.ACCENT)
            self.kap.set_head(_KAP, "", "")

    def _show_signal(self, signal: bool) -> None:
        self.time.set_alarm(signal)
        self.silence.setVisible(signal)  # in the place of the other button, so that nothing moves
        self.new_patient.setVisible(not signal)

    def _show_origin(self, text: str) -> None:
        if self.origin.text() != text:
            self.origin.setText(text)

    def _lay_out(self) -> None:
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setSpacing(6)
        grid.addWidget(self.rate, 0, 0, 1, 3)
        grid.addWidget(self.cumulative, 0, 3, 1, 3)
        for column, figure in enumerate((self.kap, self.time, self.pulses)):
            grid.addWidget(figure, 1, 2 * column, 1, 2)
        pair = QHBoxLayout(self._skin_and_heat)
        pair.setContentsMargins(0, 0, 0, 0)
        pair.setSpacing(6)
        pair.addWidget(self.skin, 1)
        pair.addWidget(self.heat, 1)
        grid.addWidget(self._skin_and_heat, 2, 0, 1, 6)
        self.show_heat_and_skin(None, None)
        for column in range(6):
            grid.setColumnStretch(column, 1)
        row = QHBoxLayout()
        row.addWidget(self.origin, 1)
        row.addWidget(self.new_patient)
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
        """Take less height, or the usual height."""
        size_px = round(0.75 * self._size_px) if on else self._size_px
        self.value.setFont(theme.font(size_px, QFont.Weight.DemiBold))
        above = 3 if on else 6
        self._column.setContentsMargins(9, above, 6, above)

    def set_head(self, heading: str, unit: str, accent: str) -> None:
        """Set heading, unit and colour."""
        self.title.setText(heading)
        self.title.setStyleSheet(f"font-size: 10px; color: {accent or theme.DIM};")
        self.unit.setText(unit)
        self.setAccessibleName(heading)
        self._accent = accent
        self._dress(alarm=False)

    def show_value(self, text: str) -> None:
        """Show a number, or the dash of "not available"."""
        if text == self.value.text():
            return
        self.value.setText(text)
        self.setToolTip(tr("Not available") if text == NOT_AVAILABLE else "")

    def set_alarm(self, alarm: bool) -> None:
        """Colour the card while a signal is due."""
        if alarm != self.property("alarm"):
            self._dress(alarm=alarm)

    def _dress(self, *, alarm: bool) -> None:
        self.setProperty("alarm", alarm)
        left = f"border-left: 3px solid {self._accent};" if self._accent else ""
        edge = f"border: 2px solid {theme.XRAY};" if alarm else left
        self.setStyleSheet(f"_Figure {{ {edge} }}")


def origin_text(origin: DoseOrigin) -> str:
    """Return where a dose figure comes from."""
    return {
        DoseOrigin.MEASURED: tr("Measured"),
        DoseOrigin.RECORDED: tr("As recorded in the file"),
        DoseOrigin.COMPUTED: tr("Computed, not measured"),
        DoseOrigin.SIMULATED: tr("Simulated, not a real dose"),
        DoseOrigin.NOT_AVAILABLE: tr("Dose not available"),
    }[origin]


def _known(value: float) -> float | None:
    return None if math.isnan(value) else value


def figure_text(value: float | None) -> str:
    """Return about three figures, or the dash of "not available"."""
    if value is None:
        return NOT_AVAILABLE
    if value == 0:
        return "0.00"
    for limit, decimals in ((1.0, 3), (10.0, 2), (1000.0, 1)):
        if abs(value) < limit - 0.5 * 10**-decimals:
            return f"{value:.{decimals}f}"
    return f"{value:.0f}"
