"""The guided calibration as a dialog beside the image: what to do, how far it is, what is wrong.

It shows a `CalibrationWorkflow` and decides nothing. Not modal: the frames are seen as they come.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import Any

from PyQt6.QtCore import pyqtSignal
from PyQt6.QtGui import QCloseEvent, QShowEvent
from PyQt6.QtWidgets import (
    QCheckBox,
    QDialog,
    QFileDialog,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from fluoroview.hal import FluoroError
from fluoroview.pipeline.calibration.calibration import Calibration
from fluoroview.pipeline.calibration.defects import summarise
from fluoroview.pipeline.calibration.file import save_calibration
from fluoroview.session.calibration.unattended import FieldContentSwitch, take_unattended
from fluoroview.session.calibration.workflow import (
    MOST_LEVELS,
    CalibrationPlan,
    CalibrationWorkflow,
    StepKind,
    StepProgress,
    StepResult,
)
from fluoroview.session.session import Session
from fluoroview.viewer.widgets import theme

WIDTH_PX = 560
_FILTER = "Calibration set (*.h5)"
_BEAM_OFF = "Now switch the beam off. The frames go on."
_MARKS = {None: "○", True: "✓", False: "✗"}


class CalibrationDialog(QDialog):
    """Step by step through a calibration of the connected detector."""

    _heard = pyqtSignal()
    _progress = pyqtSignal(object)
    _beam_off = pyqtSignal()
    _finished = pyqtSignal(object, object)

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.session = session
        self.calibrating: CalibrationWorkflow | None = None
        self._made: Calibration | None = None
        self._busy = False
        self._open = True
        self.setWindowTitle("Calibrate the detector")
        self.setModal(False)
        self.setMinimumWidth(WIDTH_PX)
        self._build()
        self._heard.connect(self.refresh)
        self._progress.connect(self._show_progress)
        self._beam_off.connect(lambda: self._say(_BEAM_OFF, theme.XRAY))
        self._finished.connect(self._end)

    # -- Qt --------------------------------------------------------------------------------------

    def showEvent(self, event: QShowEvent | None) -> None:
        """Begin, unless a calibration is on its way."""
        super().showEvent(event)
        if self.calibrating is None:
            self.begin()

    def closeEvent(self, event: QCloseEvent | None) -> None:
        """Take nothing any more; what was taken stays until the program ends."""
        if self.calibrating is not None:
            self.calibrating.cancel()
        super().closeEvent(event)

    def shut(self) -> None:
        """Let go of the examination, before the window goes."""
        self._open = False
        self.close()

    # -- what the user wants ---------------------------------------------------------------------

    def begin(self) -> None:
        """Begin from the first step with what is chosen; frames taken so far are dropped."""
        plan = CalibrationPlan(
            self.darks.value(), self.flats.value(), self.levels.value(), self.lag.isChecked()
        )
        self.calibrating = calibrating = CalibrationWorkflow(self.session, plan)
        self._made = None
        events = calibrating.events
        events.changed.connect(self._tell_heard)
        events.progress.connect(self._tell_progress)
        events.beam_off_due.connect(self._tell_beam_off)
        self.news.clear()
        self.refresh()

    def take(self) -> None:
        """Take the frames of the step that is due."""
        calibrating = self.calibrating
        if calibrating is None:
            return
        self.news.clear()
        self._when_done(calibrating.take, self._taken)

    def leave_lag_out(self) -> None:
        """Go without the lag."""
        if self.calibrating is not None:
            self.calibrating.skip_lag()
            self._finish_if_done()

    def take_all(self) -> None:
        """Let a device that can do it take all steps alone."""
        calibrating, switch = self.calibrating, FieldContentSwitch.of(self.session)
        if calibrating is None or switch is None:
            return
        self.news.clear()
        self._when_done(
            lambda: self.session.submit(lambda: take_unattended(calibrating, switch)), self._taken
        )

    def save(self) -> None:
        """Ask where, and write the set."""
        name, _ = QFileDialog.getSaveFileName(
            self, "Save the calibration", "calibration.h5", _FILTER
        )
        if name:
            self.save_to(Path(name))

    def save_to(self, path: Path) -> None:
        """Write the set, and correct the images with it where that is wanted."""
        made = self._made
        if made is None:
            return

        def work() -> Path:
            save_calibration(path, made)
            if self.use_now.isChecked():
                self.session.use_calibration(path).result()
            return path

        def saved(future: Future[Any]) -> None:
            if (error := future.exception()) is not None:
                self._say(str(error), theme.ERROR)
            else:
                used = ", and the images are corrected with it" if self.use_now.isChecked() else ""
                self._say(f"Saved {path}{used}.", theme.TEXT)

        self._when_done(lambda: self.session.submit(work), saved)

    # -- what is shown ---------------------------------------------------------------------------

    def refresh(self) -> None:
        """Show the calibration as it is now."""
        calibrating = self.calibrating
        if calibrating is None:
            return
        step, busy = calibrating.current, self._busy or calibrating.taking
        self._show_detector()
        for at, row in enumerate(self._rows):
            self._show_row(row, calibrating, at)
        self.title.setText(step.title if step is not None else "All steps are taken")
        self.instruction.setText(step.instruction if step is not None else "")
        may_take = self.detector_known and not busy and step is not None
        self.take_button.setText(f"Take {step.frames} frames" if step is not None else "Taken")
        self.take_button.setEnabled(may_take)
        self.all_button.setEnabled(may_take)
        self.all_button.setVisible(FieldContentSwitch.of(self.session) is not None)
        self.skip_button.setVisible(may_take and step is not None and step.kind is StepKind.LAG)
        self.cancel_button.setEnabled(calibrating.taking)
        self.again_button.setEnabled(not busy)
        self.bar.setVisible(calibrating.taking)
        self.save_button.setEnabled(self._made is not None and not busy)

    @property
    def detector_known(self) -> bool:
        """Whether there is a detector to calibrate."""
        return bool(self.session.device_status().name)

    def _show_detector(self) -> None:
        try:
            name = self.session.calibration_key().name
        except FluoroError as error:
            name = str(error)
        self.detector.setText(name)

    def _show_row(
        self, row: tuple[QLabel, QLabel, QLabel], calibrating: CalibrationWorkflow, at: int
    ) -> None:
        mark, title, figures = row
        there = at < len(calibrating.steps)
        for label in row:
            label.setVisible(there)
        if not there:
            return
        step = calibrating.steps[at]
        result = calibrating.results.get(step)
        due = calibrating.current is step
        mark.setText("●" if due and result is None else _MARKS[result.passed if result else None])
        colour = theme.ACCENT if due else theme.TEXT
        if result is not None:
            colour = theme.LIVE if result.passed else theme.ERROR
        mark.setStyleSheet(f"color: {colour}; font-weight: 600;")
        title.setText(step.title)
        title.setStyleSheet("font-weight: 600;" if due else "")
        figures.setText(result.summary if result is not None else "")

    def _show_progress(self, now: StepProgress) -> None:
        self.bar.setRange(0, now.total)
        self.bar.setValue(now.done)
        self.bar.setFormat(f"%v of %m frames,  {now.counts:.0f} counts")

    def _taken(self, future: Future[Any]) -> None:
        error = None if future.cancelled() else future.exception()
        result = None if error is not None else future.result()
        if error is not None:
            self._say(str(error), theme.ERROR)
        elif isinstance(result, StepResult):
            colour = theme.WARNING if result.passed else theme.ERROR
            self._say("\n".join(finding.sentence for finding in result.findings), colour)
        self._finish_if_done()

    def _finish_if_done(self) -> None:
        """When all steps are taken, make the calibration of their frames."""
        calibrating = self.calibrating
        if calibrating is None or calibrating.current is not None or self._made is not None:
            return

        def finished(future: Future[Any]) -> None:
            if (error := future.exception()) is not None:
                self._say(str(error), theme.ERROR)
            elif self.calibrating is calibrating:
                self._made = future.result()
                self._say(_words(future.result()), theme.TEXT)

        self._when_done(lambda: self.session.submit(calibrating.finish), finished)

    def _say(self, words: str, colour: str) -> None:
        self.news.setStyleSheet(f"color: {colour};")
        self.news.setText(words)

    # -- how it is laid out ----------------------------------------------------------------------

    def _build(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(22, 18, 22, 18)
        column.setSpacing(10)
        self.detector = _label("", "dim")
        column.addWidget(self.detector)
        column.addLayout(self._plan_row())
        column.addSpacing(6)
        column.addLayout(self._step_grid())
        column.addSpacing(6)
        self.title, self.instruction = QLabel(), _label("", "")
        self.title.setFont(theme.font(16))
        self.news, self.bar = _label("", ""), QProgressBar()
        for widget in (self.title, self.instruction, self.bar, self.news):
            column.addWidget(widget)
        column.addStretch(1)
        column.addLayout(self._buttons())
        column.addLayout(self._saving())

    def _plan_row(self) -> QHBoxLayout:
        plan, row = CalibrationPlan(), QHBoxLayout()
        self.darks = _number(plan.darks, 2, 1000)
        self.flats = _number(plan.flats, 2, 1000)
        self.levels = _number(plan.levels, 1, MOST_LEVELS)
        self.lag = QCheckBox("Lag")
        self.lag.setChecked(plan.lag)
        for box in (self.darks, self.flats, self.levels):
            box.valueChanged.connect(lambda _: self._plan_changed())
        self.lag.toggled.connect(lambda _: self._plan_changed())
        self.again_button = _button("Begin again", self.begin)
        for words, widget in (
            ("Dark frames", self.darks),
            ("Frames a level", self.flats),
            ("Levels", self.levels),
        ):
            row.addWidget(_label(words, "dim"))
            row.addWidget(widget)
        row.addWidget(self.lag)
        row.addStretch(1)
        row.addWidget(self.again_button)
        return row

    def _step_grid(self) -> QGridLayout:
        grid = QGridLayout()
        grid.setHorizontalSpacing(12)
        grid.setColumnStretch(2, 1)
        self._rows: list[tuple[QLabel, QLabel, QLabel]] = []
        for at in range(MOST_LEVELS + 2):
            labels = (QLabel(), QLabel(), _label("", "dim"))
            for place, label in enumerate(labels):
                grid.addWidget(label, at, place)
            self._rows.append(labels)
        return grid

    def _buttons(self) -> QHBoxLayout:
        row = QHBoxLayout()
        self.take_button = _button("Take", self.take)
        self.take_button.setProperty("role", "primary")
        self.all_button = _button("Take all by itself", self.take_all)
        self.skip_button = _button("Leave the lag out", self.leave_lag_out)
        self.cancel_button = _button("Stop", self._cancel)
        for button in (self.take_button, self.all_button, self.skip_button, self.cancel_button):
            row.addWidget(button)
        row.addStretch(1)
        return row

    def _saving(self) -> QHBoxLayout:
        row = QHBoxLayout()
        self.use_now = QCheckBox("Correct the images with it from now on")
        self.use_now.setChecked(True)
        self.save_button = _button("Save…", self.save)
        row.addWidget(self.save_button)
        row.addWidget(self.use_now)
        row.addStretch(1)
        return row

    def _plan_changed(self) -> None:
        """Follow the plan while nothing was taken; later it counts when beginning again."""
        calibrating = self.calibrating
        if calibrating is not None and not calibrating.results and not self._busy:
            self.begin()

    def _cancel(self) -> None:
        if self.calibrating is not None:
            self.calibrating.cancel()

    # -- from other threads ----------------------------------------------------------------------

    def _when_done(
        self, work: Callable[[], Future[Any]], then: Callable[[Future[Any]], None]
    ) -> None:
        """Start work on the examination's threads, and hear of its end on the window's."""
        try:
            future = work()
        except FluoroError as error:
            self._say(str(error), theme.ERROR)
            return
        self._busy = True

        def pass_on(done: Future[Any]) -> None:
            if self._open:
                self._finished.emit(done, then)

        future.add_done_callback(pass_on)
        self.refresh()

    def _end(self, future: Future[Any], then: Callable[[Future[Any]], None]) -> None:
        self._busy = False
        then(future)
        self.refresh()

    def _tell_heard(self) -> None:
        if self._open:
            self._heard.emit()

    def _tell_progress(self, now: StepProgress) -> None:
        if self._open:
            self._progress.emit(now)

    def _tell_beam_off(self) -> None:
        if self._open:
            self._beam_off.emit()


def _label(words: str, role: str) -> QLabel:
    label = QLabel(words)
    label.setWordWrap(not role)
    if role:
        label.setProperty("role", role)
    return label


def _button(words: str, do: Callable[[], None]) -> QPushButton:
    button = QPushButton(words)
    button.setAutoDefault(False)  # Enter in a number field must not take frames
    button.clicked.connect(lambda _: do())
    return button


def _number(value: int, low: int, high: int) -> QSpinBox:
    box = QSpinBox()
    box.setRange(low, high)
    box.setValue(value)
    return box


def _words(made: Calibration) -> str:
    lag = ""
    if made.lag is not None:
        lag = f" Lag {made.lag.first_frame_residual:.2%} in the first frame."
    return f"{summarise(made.defects)}. Dark noise {made.dark_noise:.1f} counts.{lag}"
