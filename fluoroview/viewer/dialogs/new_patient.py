"""Asks before the figures of a patient are cleared, and shows their dose summary."""

from __future__ import annotations

from PyQt6.QtCore import pyqtSignal
from PyQt6.QtWidgets import QDialog, QDialogButtonBox, QFormLayout, QLabel, QVBoxLayout, QWidget

from fluoroview.dose.timer import minutes_text
from fluoroview.session.state import SessionState
from fluoroview.translation import tr
from fluoroview.viewer.panels.dose_panel import figure_text, origin_text
from fluoroview.viewer.widgets.labels import role_label


class NewPatientDialog(QDialog):
    """Shows the dose of the present patient. Not modal: the beam goes on behind it."""

    confirmed = pyqtSignal()
    """The figures are to be cleared."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("New patient"))
        self.setModal(False)
        self.figures: dict[str, QLabel] = {}
        self._form = QFormLayout()
        self._form.setHorizontalSpacing(24)
        self.buttons = QDialogButtonBox()
        clear = self.buttons.addButton(
            tr("New patient"), QDialogButtonBox.ButtonRole.DestructiveRole
        )
        cancel = self.buttons.addButton(tr("Cancel"), QDialogButtonBox.ButtonRole.RejectRole)
        assert clear is not None
        assert cancel is not None
        self.clear, self.cancel = clear, cancel
        clear.clicked.connect(self._confirm)
        cancel.clicked.connect(self.reject)
        column = QVBoxLayout(self)
        column.setContentsMargins(22, 18, 22, 18)
        column.setSpacing(14)
        column.addWidget(role_label(tr("DOSE SUMMARY OF THIS PATIENT"), "heading"))
        column.addLayout(self._form)
        note = tr("A new patient sets all figures to zero. Save loops and images first.")
        column.addWidget(role_label(note, "dim"))
        column.addWidget(self.buttons)

    def ask(self, now: SessionState) -> None:
        """Show the summary of the session as it is now, and ask."""
        dose = now.dose
        kerma = f"{figure_text(dose.cumulative_air_kerma_mgy)} mGy"
        while self._form.rowCount():
            self._form.removeRow(0)
        self.figures.clear()
        for key, label, text in (
            (
                "kerma",
                tr("Cumulative air kerma"),
                kerma,
            ),
            ("kap", tr("KAP"), f"{figure_text(dose.kap_gycm2)} Gy·cm²"),
            ("time", tr("Fluoroscopy time"), minutes_text(dose.fluoroscopy_time_s)),
            ("runs", tr("Runs"), str(now.runs)),
            ("pulses", tr("Pulses"), str(dose.pulses)),
            ("origin", tr("Origin of the dose"), origin_text(dose.origin)),
        ):
            self.figures[key] = QLabel(text)
            self._form.addRow(role_label(label, "dim"), self.figures[key])
        self.show()
        self.raise_()
        self.cancel.setFocus()

    def _confirm(self) -> None:
        self.accept()
        self.confirmed.emit()
