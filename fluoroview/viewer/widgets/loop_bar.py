"""Below the image: the player of a replay or, when live, buttons for replay, recording and saving.

Shows a `ReplayStatus` and emits requests; it plays nothing.
"""

from __future__ import annotations

from PyQt6.QtCore import QSignalBlocker, Qt, pyqtSignal
from PyQt6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QSlider,
    QStackedWidget,
    QToolButton,
    QWidget,
)

from fluoroview.hal.sequencing import Sequencing
from fluoroview.session.playback.player import SPEEDS
from fluoroview.session.state import ReplayStatus
from fluoroview.translation import tr, translate_message
from fluoroview.viewer.widgets.icons import icon

_SEQUENCES = (Sequencing.LOOP, Sequencing.SWEEP, Sequencing.ONCE)


class LoopBar(QStackedWidget):
    """Two pages: what to replay or to keep, and the player of what is replayed."""

    replay_requested = pyqtSignal(bool)
    """Replay the loop buffer; True: the last run only."""
    record_requested = pyqtSignal(bool)
    """True: record every raw frame from now on; False: end that."""
    save_loop_requested = pyqtSignal()
    save_image_requested = pyqtSignal()
    play_requested = pyqtSignal(bool)
    """True: play, False: pause."""
    step_requested = pyqtSignal(int)
    seek_requested = pyqtSignal(int)
    speed_requested = pyqtSignal(float)
    sequencing_requested = pyqtSignal(object)
    live_requested = pyqtSignal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._playing = False
        self._shown_playing: bool | None = None
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.addWidget(self._live_page())
        self.addWidget(self._replay_page())

    def show_replay(self, status: ReplayStatus | None) -> None:
        """Show where a replay stands; none shows the page of the live image."""
        self.setCurrentIndex(0 if status is None else 1)
        if status is None:
            return
        self._playing = status.playing
        if self._shown_playing is not status.playing:
            self._shown_playing = status.playing
            self.play.setIcon(icon("pause" if status.playing else "play"))
            self.play.setToolTip(tr("Pause (P)") if status.playing else tr("Play (P)"))
        with QSignalBlocker(self.slider):
            self.slider.setRange(0, status.frame_count - 1)
            if not self.slider.isSliderDown():
                self.slider.setValue(status.index)
        self.place.setText(f"{status.index + 1} / {status.frame_count}")
        self.place.setToolTip(
            "\n".join(
                (
                    tr("Timing: {source}").format(source=translate_message(status.timing)),
                    *map(translate_message, status.warnings),
                )
            )
        )
        with QSignalBlocker(self.speed), QSignalBlocker(self.sequencing):
            if status.speed in SPEEDS:
                self.speed.setCurrentIndex(SPEEDS.index(status.speed))
            self.sequencing.setCurrentIndex(_SEQUENCES.index(status.sequencing))

    def show_recording(self, recording: bool) -> None:
        """Show whether raw frames are recorded."""
        self.record.setChecked(recording)
        words = tr("Stop recording") if recording else tr("Record raw data")
        if self.record.text() != words:
            self.record.setText(words)

    def set_available(self, loop: bool, image: bool, device: bool) -> None:
        """Enable what there is: a loop to replay or save, an image, a device to record."""
        self.record.setEnabled(device)
        for button in (self.replay_loop, self.replay_run, self.save_loop):
            button.setEnabled(loop)
        self.save_image.setEnabled(image)

    def _live_page(self) -> QWidget:
        page = QWidget()
        row = _row(page)
        self.replay_loop = _button(tr("Replay loop"), tr("Replay the loop buffer (L)"))
        self.replay_run = _button(tr("Replay last run"), tr("Replay the last run only (Shift+L)"))
        for button in (self.replay_loop, self.replay_run):
            button.setIcon(icon("play"))
        self.save_loop = _button(
            tr("Save loop…"), tr("Save the loop as multi-frame DICOM (Ctrl+S)")
        )
        self.save_image = _button(
            tr("Save image…"), tr("Save the displayed image as DICOM or PNG (Ctrl+Shift+S)")
        )
        self.record = _button("", tr("Record every raw frame with its header (Ctrl+Shift+R)"))
        self.record.setIcon(icon("record"))
        self.record.setCheckable(True)
        self.record.clicked.connect(self.record_requested)
        self.show_recording(False)
        self.replay_loop.clicked.connect(lambda: self.replay_requested.emit(False))
        self.replay_run.clicked.connect(lambda: self.replay_requested.emit(True))
        self.save_loop.clicked.connect(self.save_loop_requested)
        self.save_image.clicked.connect(self.save_image_requested)
        row.addWidget(self.replay_loop)
        row.addWidget(self.replay_run)
        row.addStretch(1)
        row.addWidget(self.record)
        row.addStretch(1)
        row.addWidget(self.save_loop)
        row.addWidget(self.save_image)
        return page

    def _replay_page(self) -> QWidget:
        page = QWidget()
        row = _row(page)
        self.first = _tool("first", tr("First frame (Home)"))
        self.back = _tool("step back", tr("Previous frame (←)"))
        self.play = _tool("play", tr("Play (P)"))
        self.on = _tool("step on", tr("Next frame (→)"))
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.place = QLabel()
        self.place.setMinimumWidth(86)
        self.place.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.speed = _combo([f"{speed:g}×" for speed in SPEEDS], tr("Speed"))
        self.sequencing = _combo(
            [tr("Loop"), tr("Sweep"), tr("Once")], tr("Order of playback after the last frame")
        )
        self.live = _button(tr("Back to live"), tr("End the replay (Esc)"))
        self.live.setProperty("role", "primary")
        for tool in (self.first, self.back, self.play, self.on):
            row.addWidget(tool)
        row.addWidget(self.slider, 1)
        for widget in (self.place, self.speed, self.sequencing, self.live):
            row.addWidget(widget)
        self._connect_replay()
        return page

    def _connect_replay(self) -> None:
        self.first.clicked.connect(lambda: self.seek_requested.emit(0))
        self.back.clicked.connect(lambda: self.step_requested.emit(-1))
        self.on.clicked.connect(lambda: self.step_requested.emit(1))
        self.play.clicked.connect(lambda: self.play_requested.emit(not self._playing))
        self.slider.valueChanged.connect(self.seek_requested)
        self.speed.activated.connect(lambda index: self.speed_requested.emit(SPEEDS[index]))
        self.sequencing.activated.connect(
            lambda index: self.sequencing_requested.emit(_SEQUENCES[index])
        )
        self.live.clicked.connect(self.live_requested)


def _row(page: QWidget) -> QHBoxLayout:
    row = QHBoxLayout(page)
    row.setContentsMargins(10, 7, 10, 7)
    row.setSpacing(6)
    return row


def _button(words: str, tip: str) -> QPushButton:
    button = QPushButton(words)
    button.setToolTip(tip)
    button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    return button


def _tool(name: str, tip: str) -> QToolButton:
    button = QToolButton()
    button.setIcon(icon(name))
    button.setToolTip(tip)
    button.setAccessibleName(tip)
    button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    return button


def _combo(choices: list[str], tip: str) -> QComboBox:
    combo = QComboBox()
    combo.addItems(choices)
    combo.setToolTip(tip)
    combo.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    return combo
