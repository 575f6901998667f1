"""The main window: shows a session and sends it the user's commands. It decides nothing.

Whatever takes longer than a repaint runs on the session's threads; nothing here waits for a device.
"""

from __future__ import annotations

import logging
from dataclasses import replace
from pathlib import Path

from PyQt6.QtCore import Qt, QTimer
from PyQt6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent, QResizeEvent
from PyQt6.QtWidgets import QMainWindow

from fluoroview.hal import DeviceState
from fluoroview.hal.roles import Role
from fluoroview.hal.window import Window
from fluoroview.session.events import FIVE_MINUTES, Alarm, Problem
from fluoroview.session.session import Session
from fluoroview.translation import tr
from fluoroview.viewer.controllers.device_control import DeviceControl, restart_action
from fluoroview.viewer.controllers.file_control import FileControl, files_in
from fluoroview.viewer.controllers.loop_control import LoopControl
from fluoroview.viewer.controllers.procedure_control import ProcedureControl
from fluoroview.viewer.controllers.record_control import RecordControl
from fluoroview.viewer.controllers.state_display import StateDisplay
from fluoroview.viewer.dialogs.calibration_dialog import CalibrationDialog
from fluoroview.viewer.dialogs.help_dialog import HelpDialog
from fluoroview.viewer.dialogs.log_dialog import LogDialog
from fluoroview.viewer.dialogs.new_patient import NewPatientDialog
from fluoroview.viewer.dialogs.skin_map import SkinMapDialog
from fluoroview.viewer.image.annotations import ImageAnnotations
from fluoroview.viewer.image.warm_up import load_glyphs
from fluoroview.viewer.input.actions import add_menus
from fluoroview.viewer.input.pedal import Pedal
from fluoroview.viewer.main_window_ui import COMPACT_BELOW_PX, MainWindowUi
from fluoroview.viewer.menus import menus_of
from fluoroview.viewer.session_bridge import SessionBridge
from fluoroview.viewer.widgets.busy_indicator import BusyIndicator
from fluoroview.viewer.widgets.message_bar import Message
from fluoroview.viewer.widgets.sound import Sounder

REFRESH_MS = 100
PREPARE_MS = 2500
"""How long after its start the window prepares what is slow to make and not shown yet."""
_STATUS_MS = 6000
_INTERNAL_ERROR_CODE = "FV-GUI-001"

logger = logging.getLogger(__name__)


class MainWindow(QMainWindow):
    """One session on the screen."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.session = session
        self.setWindowTitle("FluoroView")
        self.setAcceptDrops(True)
        self.ui = MainWindowUi(self)
        self.canvas = self.ui.canvas
        self.pedal = Pedal(self)
        self.pedal.watch(self.ui.pedal_button)
        self.sounder = Sounder(self)
        self.bridge = SessionBridge(session, self)
        self.waits = BusyIndicator(self.bridge, self.ui, self)
        self._close_requested = False
        self._make_controllers()
        self._make_dialogs()
        self.actions_by_text = add_menus(self, menus_of(self))
        self._connect_session()
        self._connect_widgets()
        self.ui.device_panel.show_drivers(
            [info.name for info in session.drivers()], session.room.detector.driver
        )
        self.canvas.overlay.warm_up()
        load_glyphs()
        self._start_timers()
        self.canvas.setFocus()  # not the first text field, or Space would be typed there
        self.refresh()

    def _make_controllers(self) -> None:
        session, bridge, ui = self.session, self.bridge, self.ui
        self.procedure = ProcedureControl(
            self, session, bridge, ui, self.sounder, self.waits.wait_for, self.report
        )
        self.recording = RecordControl(session, bridge, ui, self.waits, self.report, self)
        self.devices = DeviceControl(session, bridge, ui, self.waits, self.refresh, self.report)
        self.loop = LoopControl(session, bridge, ui.loop_bar, self.refresh)
        self.files = FileControl(
            self,
            session,
            self.waits,
            opened=self._opened,
            recording_opened=self._recording_opened,
            report=self.report,
        )
        annotations = ImageAnnotations(session, ui, self.procedure, self.files.file_position)
        self.display = StateDisplay(session, ui, self.procedure, self.recording, annotations)

    def _make_dialogs(self) -> None:
        self.help = HelpDialog(self)
        self.log = LogDialog(self.session, self.bridge, self)
        self.new_patient = NewPatientDialog(self)
        self.calibration = CalibrationDialog(self.session, self)
        self.skin_map = SkinMapDialog(self.session, self.bridge, self)

    def _start_timers(self) -> None:
        self._timer = QTimer(self)
        self._timer.timeout.connect(self.refresh)
        self._timer.start(REFRESH_MS)
        self._prepare_timer = QTimer(self)
        self._prepare_timer.setSingleShot(True)
        self._prepare_timer.timeout.connect(self._prepare)
        self._prepare_timer.start(PREPARE_MS)

    # what the session reports

    def show_newest_image(self) -> None:
        """Show the newest image, if there is one that was not shown."""
        self.display.show_newest_image()

    def refresh(self) -> None:
        """Show the session as it is now."""
        self.display.refresh()
        if not self.session.state.five_minute_signal:
            self.sounder.silence()

    def show_problem(self, problem: Problem) -> None:
        """Show a message; offer a restart where that may help."""
        # as the devices are now: the state may follow this report
        states = (self.session.device_status().state, self.session.generator_status().state)
        faulted = DeviceState.FAULT in states
        action = restart_action() if faulted and problem.severity == "error" else ""
        self.ui.messages.add(
            Message(
                problem.what,
                problem.remedy,
                problem.device,
                str(problem.severity),
                action,
                problem.about,
                problem.code,
            )
        )

    def show_internal_error(self) -> None:
        """Show that the program has a defect; its traceback is in the log."""
        text = tr("Internal error ({code}): see the log").format(code=_INTERNAL_ERROR_CODE)
        self.ui.messages.add(Message(text, action=tr("Show log")))

    def show_alarm(self, alarm: Alarm) -> None:
        """Signal by sight and by sound."""
        five_minutes = alarm.name == FIVE_MINUTES
        action = tr("Silence") if five_minutes else ""
        self.ui.messages.add(Message(alarm.sentence, severity="alarm", action=action))
        self.sounder.signal(until_silenced=five_minutes)

    def report(self, text: str) -> None:
        """Show a short text in the status bar."""
        bar = self.statusBar()
        if bar is not None:
            bar.showMessage(text, _STATUS_MS)

    # what the user requests

    def open_files(self, paths: list[Path]) -> None:
        """Open the first of some files; Page up and Page down lead to the others."""
        self.files.open(paths)

    def choose_window(self, window: Window) -> None:
        """Use a display window, and set it for this source."""
        self.canvas.set_window(window)
        if self.display.source >= 0:
            self.session.set_window(self.display.source, window)
        self.refresh()

    def auto_window(self) -> None:
        """Set the automatic window of the image."""
        window = self.display.auto_window()
        if window is not None:
            self.choose_window(window)

    def invert(self) -> None:
        """Invert the grey scale."""
        window = self.canvas.window_shown
        self.choose_window(replace(window, invert=not window.invert))

    def ask_new_patient(self) -> None:
        """Show the dose summary, and ask before the figures are cleared."""
        self.new_patient.ask(self.session.snapshot())

    def reset_dose(self) -> None:
        """Begin with a new patient: totals, and skin dose where the device computes it."""
        self.session.reset_dose()
        skin = self.session.parameters.with_role(Role.SKIN_DOSE_RESET)
        if skin is not None:
            self.session.set_parameter(skin.name, "")

    def toggle_full_screen(self) -> None:
        """Enter or leave the full screen, without menu and status bar; dose and lamp stay."""
        full = not self.isFullScreen()
        for bar in (self.menuBar(), self.statusBar()):
            if bar is not None:
                bar.setVisible(not full)
        self.setWindowState(self.windowState() ^ Qt.WindowState.WindowFullScreen)

    def escape(self) -> None:
        """Leave the full screen, or else the replay."""
        if self.isFullScreen():
            self.toggle_full_screen()
        elif self.session.player is not None:
            self.loop.back_to_live()

    # Qt

    def dragEnterEvent(self, event: QDragEnterEvent | None) -> None:
        """Accept files."""
        assert event is not None
        if files_in(event.mimeData()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent | None) -> None:
        """Open the files that are dropped."""
        assert event is not None
        self.open_files(files_in(event.mimeData()))
        event.acceptProposedAction()

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        """Make the column compact in a low window."""
        self.ui.set_compact(self.height() < COMPACT_BELOW_PX)
        super().resizeEvent(event)

    def closeEvent(self, event: QCloseEvent | None) -> None:
        """Switch the beam off and close; a file that is being saved is finished first."""
        assert event is not None
        self.pedal.release()
        if self.waits.saving:
            event.ignore()
            self._close_when_saved()
            return
        self._shut()
        super().closeEvent(event)

    def _close_when_saved(self) -> None:
        if not self._close_requested:
            self._close_requested = True
            self.report(tr("The window closes when the file is saved"))
            self.waits.saved.connect(lambda: QTimer.singleShot(0, self.close))

    def _shut(self) -> None:
        """Stop whatever runs in the window; one part that fails does not keep the others."""
        for stop in (
            self.procedure.close,
            self.pedal.close,
            self._timer.stop,
            self._prepare_timer.stop,
            self.calibration.shut,
            self.skin_map.shut,
            self.bridge.close,
            self.display.show_no_image,
            self.sounder.close,
        ):
            try:
                stop()
            except Exception:
                logger.exception("the window closes although one part of it failed")

    # connections

    def _connect_session(self) -> None:
        bridge, session, pedal = self.bridge, self.session, self.pedal
        bridge.image_ready.connect(self.show_newest_image)
        bridge.status_changed.connect(self.refresh)
        bridge.problem.connect(self.show_problem)
        bridge.alarm.connect(self.show_alarm)
        bridge.task.connect(self.waits.show_task)
        pedal.pressed.connect(session.press_pedal)
        pedal.released.connect(session.release_pedal)
        pedal.alive.connect(session.operator_alive)
        pedal.still_held.connect(
            lambda: self.report(tr("Release the pedal, then press it again for x-ray"))
        )
        self.canvas.painted.connect(self.display.painted)

    def _connect_widgets(self) -> None:
        ui, session, canvas = self.ui, self.session, self.canvas
        canvas.window_changed.connect(self.choose_window)
        canvas.view_changed.connect(lambda _: self.refresh())
        canvas.pointed.connect(self._show_pointer)
        ui.dose.new_patient_requested.connect(self.ask_new_patient)
        self.new_patient.confirmed.connect(self.reset_dose)
        ui.dose.silence_requested.connect(session.acknowledge_alarm)
        ui.messages.action_requested.connect(self._act)
        ui.tabs.currentChanged.connect(lambda _: self.refresh())
        self.sounder.silent.connect(lambda why: ui.messages.add(Message(why, severity="warning")))
        ui.loop_bar.save_loop_requested.connect(self.files.save_loop)
        ui.loop_bar.save_image_requested.connect(self.files.save_image)
        ui.device_panel.file_requested.connect(self.files.ask)
        panel = ui.technique_panel
        panel.auto_window_requested.connect(self.auto_window)
        panel.invert_requested.connect(lambda _: self.invert())
        panel.fit_requested.connect(canvas.fit)
        panel.one_to_one_requested.connect(canvas.one_to_one)

    # small steps

    def _prepare(self) -> None:
        """Load what a later click would wait for, but never during a run."""
        if self.session.state.pedal_down:
            self._prepare_timer.start(PREPARE_MS)
        else:
            self.ui.stream_panel.prepare()
            self.sounder.prepare()

    def _act(self, message: Message) -> None:
        actions = {
            restart_action(): self.devices.restart,
            tr("Silence"): self.session.acknowledge_alarm,
            tr("Show log"): self.log.open,
        }
        actions[message.action]()

    def _opened(self) -> None:
        self.canvas.fit()
        self.loop.play_from_start()

    def _recording_opened(self, is_device: bool) -> None:
        if is_device:
            self.display.show_no_image()  # what was shown before is not of this recording
        self.refresh()

    def _show_pointer(self, pixel: tuple[int, int, int] | None) -> None:
        text = ""
        if pixel is not None:
            text = tr("x {x}  y {y}  counts {counts}").format(
                x=pixel[0], y=pixel[1], counts=pixel[2]
            )
        self.ui.pointer_label.setText(text)
