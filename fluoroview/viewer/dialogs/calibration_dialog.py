"""The guided calibration as a dialog: what to do, the progress, what is wrong.

It shows a `CalibrationWorkflow` and decides nothing. Not modal: the live image stays visible.
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
from fluoroview.hal.foreign_text import plain
from fluoroview.pipeline.calibration.calibration import Calibration
from fluoroview.pipeline.calibration.defects import summarise
from fluoroview.pipeline.calibration.file import save_calibration
from fluoroview.session.calibration.unattended import FieldContentSwitch, take_unattended
from fluoroview.session.calibration.workflow import (
    MAX_LEVELS,
    CalibrationPlan,
    CalibrationWorkflow,
    StepKind,
    StepProgress,
    StepResult,
)
from fluoroview.session.session import Session
from fluoroview.translation import tr, translate_message
from fluoroview.viewer.widgets import theme

WIDTH_PX = 560
_MARKS = {None: "○", True: "✓", False: "✗"}


class CalibrationDialog(QDialog):
    """Step by step through a calibration of the connected detector."""

    _changed = pyqtSignal()
    _progress = pyqtSignal(object)
    _beam_off = pyqtSignal()
    _finished = pyqtSignal(object, object)

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.session = session
        self.workflow: CalibrationWorkflow | None = None
        self._made: Calibration | None = None
        self._busy = False
        self._open = True
        self.setWindowTitle(tr("Detector calibration"))
        self.setModal(False)
        self.setMinimumWidth(WIDTH_PX)
        self._build()
        self._changed.connect(self.refresh)
        self._progress.connect(self._show_progress)
        self._beam_off.connect(
            lambda: self._show(tr("Switch the beam off now; frames continue"), theme.XRAY)
        )
        self._finished.connect(self._end)

    # Qt

    def showEvent(self, event: QShowEvent | None) -> None:
        """Start, unless a calibration is in progress."""
        super().showEvent(event)
        if self.workflow is None:
            self.begin()

    def closeEvent(self, event: QCloseEvent | None) -> None:
        """Acquire nothing more; acquired frames are kept until the program ends."""
        if self.workflow is not None:
            self.workflow.cancel()
        super().closeEvent(event)

    def shut(self) -> None:
        """Release the session before the window is closed."""
        self._open = False
        self.close()

    # what the user requests

    def begin(self) -> None:
        """Start with the first step and the chosen plan; frames acquired so far are discarded."""
        plan = CalibrationPlan(
            self.darks.value(), self.flats.value(), self.levels.value(), self.lag.isChecked()
        )
        self.workflow = workflow = CalibrationWorkflow(self.session, plan)
        self._made = None
        events = workflow.events
        events.changed.connect(self._emit_changed)
        events.progress.connect(self._emit_progress)
        events.beam_off_due.connect(self._emit_beam_off)
        self.news.clear()
        self.refresh()

    def acquire(self) -> None:
        """Acquire the frames of the step that is due."""
        workflow = self.workflow
        if workflow is None:
            return
        self.news.clear()
        self._when_done(workflow.take, self._acquired)

    def skip_lag(self) -> None:
        """Skip the lag."""
        if self.workflow is not None:
            self.workflow.skip_lag()
            self._finish_if_done()

    def acquire_all(self) -> None:
        """Let a device that can do it acquire all steps unattended."""
        workflow, switch = self.workflow, FieldContentSwitch.of(self.session)
        if workflow is None or switch is None:
            return
        self.news.clear()
        self._when_done(
            lambda: self.session.submit(lambda: take_unattended(workflow, switch)),
            self._acquired,
        )

    def save(self) -> None:
        """Ask where, and write the set."""
        name, _ = QFileDialog.getSaveFileName(
            self, tr("Save calibration"), "calibration.h5", f"{tr('Calibration set')} (*.h5)"
        )
        if name:
            self.save_to(Path(name))

    def save_to(self, path: Path) -> None:
        """Write the set, and correct the images with it where requested."""
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
                self._show(translate_message(str(error)), theme.ERROR)
            else:
                text = tr("Saved {file}")
                if self.use_now.isChecked():
                    text = tr("Saved {file}; images are corrected with it")
                self._show(text.format(file=plain(path)), theme.TEXT)

        self._when_done(lambda: self.session.submit(work), saved)

    # what is shown

    def refresh(self) -> None:
        """Show the calibration as it is now."""
        workflow = self.workflow
        if workflow is None:
            return
        step, busy = workflow.current, self._busy or workflow.taking
        self._show_detector()
        for at, row in enumerate(self._rows):
            self._show_row(row, workflow, at)
        self.title.setText(
            translate_message(step.title) if step is not None else tr("All steps acquired")
        )
        self.instruction.setText(translate_message(step.instruction) if step is not None else "")
        may_acquire = self.detector_known and not busy and step is not None
        self.acquire_button.setText(
            tr("Acquire {count} frames").format(count=step.frames)
            if step is not None
            else tr("Acquired")
        )
        self.acquire_button.setEnabled(may_acquire)
        self.all_button.setEnabled(may_acquire)
        self.all_button.setVisible(FieldContentSwitch.of(self.session) is not None)
        self.skip_button.setVisible(may_acquire and step is not None and step.kind is StepKind.LAG)
        self.cancel_button.setEnabled(workflow.taking)
        self.again_button.setEnabled(not busy)
        self.bar.setVisible(workflow.taking)
        self.save_button.setEnabled(self._made is not None and not busy)

    @property
    def detector_known(self) -> bool:
        """Whether there is a detector to calibrate."""
        return bool(self.session.device_status().name)

    def _show_detector(self) -> None:
        try:
            name = self.session.calibration_key().name
        except FluoroError as error:
            name = translate_message(str(error))
        self.detector.setText(plain(name))

    def _show_row(
        self, row: tuple[QLabel, QLabel, QLabel], workflow: CalibrationWorkflow, at: int
    ) -> None:
        mark, title, figures = row
        there = at < len(workflow.steps)
        for label in row:
            label.setVisible(there)
        if not there:
            return
        step = workflow.steps[at]
        result = workflow.results.get(step)
        due = workflow.current is step
        mark.setText("●" if due and result is None else _MARKS[result.passed if result else None])
        colour = theme.ACCENT if due else theme.TEXT
        if result is not None:
            colour = theme.LIVE if result.passed else theme.ERROR
        mark.setStyleSheet(f"color: {colour}; font-weight: 600;")
        title.setText(translate_message(step.title))
        title.setStyleSheet("font-weight: 600;" if due else "")
        figures.setText(translate_message(result.summary) if result is not None else "")

    def _show_progress(self, now: StepProgress) -> None:
        self.bar.setRange(0, now.total)
        self.bar.setValue(now.done)
        self.bar.setFormat(
            tr("%v of %m frames,  {counts} counts").format(counts=f"{now.counts:.0f}")
        )

    def _ask_beam_off(self) -> None:
        self._show(tr("Switch the beam off now; frames continue"), theme.XRAY)

    def _acquired(self, future: Future[Any]) -> None:
        error = None if future.cancelled() else future.exception()
        result = None if error is not None else future.result()
        if error is not None:
            self._show(translate_message(str(error)), theme.ERROR)
        elif isinstance(result, StepResult):
            colour = theme.WARNING if result.passed else theme.ERROR
            self._show(
                "\n".join(translate_message(finding.sentence) for finding in result.findings),
                colour,
            )
        self._finish_if_done()

    def _finish_if_done(self) -> None:
        """Compute the calibration when all steps are acquired."""
        workflow = self.workflow
        if workflow is None or workflow.current is not None or self._made is not None:
            return

        def finished(future: Future[Any]) -> None:
            if (error := future.exception()) is not None:
                self._show(translate_message(str(error)), theme.ERROR)
            elif self.workflow is workflow:
                self._made = future.result()
                self._show(_summary(future.result()), theme.TEXT)

        self._when_done(lambda: self.session.submit(workflow.finish), finished)

    def _show(self, text: str, colour: str) -> None:
        self.news.setStyleSheet(f"color: {colour};")
        self.news.setText(text)

    # layout

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
        self.levels = _number(plan.levels, 1, MAX_LEVELS)
        self.lag = QCheckBox(tr("Lag"))
        self.lag.setChecked(plan.lag)
        for box in (self.darks, self.flats, self.levels):
            box.valueChanged.connect(lambda _: self._plan_changed())
        self.lag.toggled.connect(lambda _: self._plan_changed())
        self.again_button = _button(tr("Restart"), self.begin)
        for words, widget in (
            (tr("Dark frames"), self.darks),
            (tr("Frames per level"), self.flats),
            (tr("Levels"), self.levels),
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
        for at in range(MAX_LEVELS + 2):
            labels = (QLabel(), QLabel(), _label("", "dim"))
            for place, label in enumerate(labels):
                grid.addWidget(label, at, place)
            self._rows.append(labels)
        return grid

    def _buttons(self) -> QHBoxLayout:
        row = QHBoxLayout()
        self.acquire_button = _button(tr("Acquire"), self.acquire)
        self.acquire_button.setProperty("role", "primary")
        self.all_button = _button(tr("Acquire all automatically"), self.acquire_all)
        self.skip_button = _button(tr("Skip lag"), self.skip_lag)
        self.cancel_button = _button(tr("Stop"), self._cancel)
        for button in (self.acquire_button, self.all_button, self.skip_button, self.cancel_button):
            row.addWidget(button)
        row.addStretch(1)
        return row

    def _saving(self) -> QHBoxLayout:
        row = QHBoxLayout()
        self.use_now = QCheckBox(tr("Correct images with it from now on"))
        self.use_now.setChecked(True)
        self.save_button = _button(tr("Save…"), self.save)
        row.addWidget(self.save_button)
        row.addWidget(self.use_now)
        row.addStretch(1)
        return row

    def _plan_changed(self) -> None:
        """Follow the plan while nothing is acquired; later it applies after a restart."""
        workflow = self.workflow
        if workflow is not None and not workflow.results and not self._busy:
            self.begin()

    def _cancel(self) -> None:
        if self.workflow is not None:
            self.workflow.cancel()

    # from other threads

    def _when_done(
        self, work: Callable[[], Future[Any]], then: Callable[[Future[Any]], None]
    ) -> None:
        """Start work on the session's threads; `then` is called in the window's thread."""
        try:
            future = work()
        except FluoroError as error:
            self._show(translate_message(str(error)), theme.ERROR)
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

    def _emit_changed(self) -> None:
        if self._open:
            self._changed.emit()

    def _emit_progress(self, now: StepProgress) -> None:
        if self._open:
            self._progress.emit(now)

    def _emit_beam_off(self) -> None:
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
    button.setAutoDefault(False)  # Enter in a number field must not acquire frames
    button.clicked.connect(lambda _: do())
    return button


def _number(value: int, low: int, high: int) -> QSpinBox:
    box = QSpinBox()
    box.setRange(low, high)
    box.setValue(value)
    return box


def _summary(made: Calibration) -> str:
    noise = tr("Dark noise {counts} counts").format(counts=f"{made.dark_noise:.1f}")
    parts = [translate_message(str(summarise(made.defects))), noise]
    if made.lag is not None:
        lag = tr("Lag {share} in the first frame")
        parts.append(lag.format(share=f"{made.lag.first_frame_residual:.2%}"))
    return ". ".join(parts)
