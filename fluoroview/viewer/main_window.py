"""The main window: shows an examination and sends it the user's commands. It decides nothing.

What lasts longer than a blink runs on the examination's threads; the window only hears of its end.
"""

from __future__ import annotations

from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path
from typing import Any

from PyQt6.QtCore import Qt, QTimer
from PyQt6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent, QResizeEvent
from PyQt6.QtWidgets import QMainWindow

from fluoroview.hal import DeviceState
from fluoroview.hal.window import Window
from fluoroview.pipeline.settings import RecursiveMode
from fluoroview.session.events import FIVE_MINUTES, Alarm, Mode, Problem
from fluoroview.session.images.image_pool import Image
from fluoroview.session.session import Session
from fluoroview.session.state import DeviceStatus, SessionState
from fluoroview.viewer.controllers.file_control import FileControl, files_in
from fluoroview.viewer.controllers.loop_control import LoopControl
from fluoroview.viewer.controllers.procedure_control import ProcedureControl
from fluoroview.viewer.controllers.record_control import RecordControl
from fluoroview.viewer.dialogs.calibration_dialog import CalibrationDialog
from fluoroview.viewer.dialogs.help_dialog import HelpDialog
from fluoroview.viewer.dialogs.skin_map import RESET as SKIN_RESET
from fluoroview.viewer.dialogs.skin_map import SkinMapDialog
from fluoroview.viewer.image.annotations import ImageAnnotations
from fluoroview.viewer.image.overlay_text import value_of
from fluoroview.viewer.image.warm_up import find_a_window, load_glyphs
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
"""When the window has settled, what is slow to make and not yet seen is made."""
_NEW_SOURCE_IMAGES = 8
"""While so many first images of a source come, its window may still be found."""
_READY = ("Ready", "Hold the pedal: the Space key, or the button on the right")
_PLAYS_BACK = ("Recording", "Hold the pedal to play it: the Space key, or the button on the right")
_PREPARING = ("Preparing the patient", "The first image comes in a moment")
_NO_DEVICE = ("No image", "Connect a source on the right, or open a DICOM file")
_RESTART = "Restart device"
_SILENCE = "Silence"


class MainWindow(QMainWindow):
    """One examination on the screen."""

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
        self.procedure = ProcedureControl(
            self, session, self.bridge, self.ui, self.sounder, self.waits.wait_for, self._say
        )
        self.recording = RecordControl(session, self.bridge, self.ui, self._say, self)
        self.help = HelpDialog(self)
        self.calibration = CalibrationDialog(session, self)
        self.skin_map = SkinMapDialog(session, self.bridge, self)
        self.loop = LoopControl(session, self.bridge, self.ui.loop_bar, self.refresh)
        self.files = FileControl(
            self,
            session,
            self.bridge,
            self.waits,
            opened=self._opened,
            recording_opened=self._recording_opened,
            say=self._say,
        )
        self.annotations = ImageAnnotations(
            session, self.ui, self.procedure, self.files.place_words
        )
        self._source = -1
        self._source_images = 0
        self._shown_mode: Mode | None = None
        self._shown: Image | None = None
        self._warm_for = DeviceStatus()
        self.actions_by_words = add_menus(self, menus_of(self))
        self._connect_session()
        self._join_widgets()
        self._timer = QTimer(self)
        self._timer.timeout.connect(self.refresh)
        self._timer.start(REFRESH_MS)
        self.ui.device_panel.show_drivers(
            [info.name for info in session.drivers()], session.room.detector.driver
        )
        self.canvas.overlay.warm_up()
        load_glyphs()
        self._later = QTimer(self)
        self._later.setSingleShot(True)
        self._later.timeout.connect(self._prepare)
        self._later.start(PREPARE_MS)
        self.canvas.setFocus()  # not the first text field, or Space would be typed there
        self.refresh()

    # -- what the examination tells --------------------------------------------------------------

    def take_image(self) -> None:
        """Show the newest image, if there is one that was not shown."""
        image = self.session.take_image()
        if image is None:
            return
        self._shown = image
        if image.source != self._source:
            self._source, self._source_images = image.source, 0
        self._source_images += 1
        news = image.mode is not self._shown_mode
        if news or self._source_images <= _NEW_SOURCE_IMAGES:
            self.refresh()
        self.canvas.show_image(image)

    def refresh(self) -> None:
        """Show the examination as it is now."""
        now = self.session.snapshot()
        ui = self.ui
        self._show_mode(now)
        ui.lamp.set_on(now.beam_on and not self.session.plays_back)
        if now.replay is not None and now.replay.dose is not None:
            ui.dose.show_recorded(now.replay.dose, now.five_minute_signal)
        else:
            ui.dose.show_reading(now.dose, now.five_minute_signal)
        if not now.five_minute_signal:
            self.sounder.silence()
        connected = now.device.state in (DeviceState.ARMED, DeviceState.RUNNING)
        plays_back = self.session.plays_back
        ready = _PLAYS_BACK if plays_back else _READY
        if connected and self.procedure.preparing:
            ready = _PREPARING
        self.canvas.set_empty_words(*ready if connected else _NO_DEVICE)
        ui.pedal_button.setEnabled(connected)
        ui.pedal_button.show_down(now.pedal_down, plays_back)
        ui.loop_bar.show_replay(now.replay)
        ui.loop_bar.set_available(
            # after a fault too: what the loop holds is there until the device is opened again
            bool(now.device.name) and now.runs > 0,
            self._shown is not None,
            connected,
        )
        self.recording.show_status(now.recording)
        if now.window is not None and now.source == self._source:
            self.canvas.set_window(now.window)
        ui.technique_panel.show_window(self.canvas.window_shown)
        self.procedure.show(now)
        self._show_tab(now)
        self.annotations.show(now, self._shown)
        self._warm_up(now.device)

    def _warm_up(self, device: DeviceStatus) -> None:
        """Make ready for the first image of a device that was just armed."""
        if device == self._warm_for or device.state is not DeviceState.ARMED:
            return
        self._warm_for = device
        parameters = self.session.parameters
        rows, columns = (int(value_of(parameters, name) or 0) for name in ("Height", "Width"))
        self.canvas.warm_up(rows, columns)
        self.session.submit(find_a_window)

    def _show_mode(self, now: SessionState) -> None:
        self._shown_mode = now.mode
        detail = ""
        if now.mode is Mode.HOLD and now.hold_made_of > 1:
            detail = f"mean of {now.hold_made_of} frames"
        elif now.mode is Mode.REPLAY and now.replay is not None and now.replay.speed != 1:
            detail = f"{now.replay.speed:g}×"
        mode = now.mode
        if mode is Mode.LIVE and self.session.plays_back:
            mode, detail = Mode.REPLAY, "from the device"
        if mode is Mode.IDLE and self._shown is not None and self._shown.mode is Mode.REPLAY:
            self._show_nothing()  # a replay was left, and there is no hold to go back to
        elif mode is Mode.IDLE and self._is_of_another(now):
            self._show_nothing()
        # no image, no badge: a run that ended before its first frame left nothing to hold
        self.canvas.set_mode(mode if self._shown is not None else Mode.IDLE, detail)

    def _is_of_another(self, now: SessionState) -> bool:
        """Whether the image is of a patient before, and another one lies there."""
        shown = self._shown is not None and self._shown.source != now.source
        return shown and now.device.state is DeviceState.ARMED and "Case" in self.procedure.names

    def _show_nothing(self) -> None:
        self._shown = None
        self.canvas.show_image(None)

    def _show_tab(self, now: SessionState) -> None:
        """Bring the tab that is seen up to date."""
        ui, running = self.ui, now.pedal_down
        page = ui.tabs.currentWidget()
        if page is ui.technique_panel:
            source = self.session.generator_parameters
            ui.technique_panel.show_parameters(self.session.parameters, running, source)
            ui.technique_panel.show_generator(self.session.generator_status(), source)
            ui.technique_panel.show_hold(now.hold_frames, running)
            settings = self.session.pipeline_settings
            ui.technique_panel.show_averaging(settings.recursive.mode if settings else None)
            ui.technique_panel.show_subtraction(self.session.subtracts)
        elif page is ui.device_panel:
            ui.device_panel.show_status(now.device, self.session.generator_status())
        elif page is ui.parameter_panel:
            ui.parameter_panel.show_parameters(
                self.session.parameters, running, self.session.generator_parameters
            )
        elif page is ui.stream_panel:
            ui.stream_panel.show_health(
                now.pulse_rate_hz, now.health, now.ledger, self.session.latencies_ms(), now.device
            )

    def show_problem(self, problem: Problem) -> None:
        """Show a sentence; offer a restart where that may help."""
        states = (self.session.device_status().state, self.session.generator_status().state)
        broken = problem.severity == "error" and DeviceState.FAULT in states
        action = _RESTART if broken else ""
        self.ui.messages.add(
            Message(
                problem.what,
                problem.remedy,
                problem.device,
                str(problem.severity),
                action,
                problem.about,
            )
        )

    def show_alarm(self, alarm: Alarm) -> None:
        """Signal by sight and by sound."""
        five_minutes = alarm.name == FIVE_MINUTES
        self.ui.messages.add(
            Message(alarm.sentence, severity="alarm", action=_SILENCE if five_minutes else "")
        )
        self.sounder.signal(until_silenced=five_minutes)

    # -- what the user wants ---------------------------------------------------------------------

    def open_files(self, paths: list[Path]) -> None:
        """Open the first of some files; the others are reached by page up and page down."""
        self.files.open(paths)

    def choose_window(self, window: Window) -> None:
        """Use a display window, and remember it for this source."""
        self.canvas.set_window(window)
        if self._source >= 0:
            self.session.set_window(self._source, window)
        self.refresh()

    def auto_window(self) -> None:
        """Find the window that suits the image."""
        window = self.session.auto_window()
        if window is not None:
            self.choose_window(replace(window, invert=self.canvas.window_shown.invert))

    def invert(self) -> None:
        """Turn black and white round."""
        window = self.canvas.window_shown
        self.choose_window(replace(window, invert=not window.invert))

    def toggle_subtraction(self) -> None:
        """Subtract the mask from live images, or do not."""
        if self.session.subtracts is None:
            self._say("Only logarithmic images of a linear detector can be subtracted")
        else:
            self.session.subtract(not self.session.subtracts)

    def write_parameter(self, name: str, value: Any) -> None:
        """Write a parameter; what is read back is shown, whether it worked or not."""
        self._wrote(name, value, self.session.set_parameter(name, value))

    def write_generator_parameter(self, name: str, value: Any) -> None:
        """Write a parameter of the generator, likewise."""
        self._wrote(name, value, self.session.set_generator_parameter(name, value))

    def _wrote(self, name: str, value: Any, future: Future[Any]) -> None:

        def done(written: Any) -> None:
            if written is not None:
                self.ui.messages.settle(name)
            self.refresh()
            if isinstance(value, float) and written is not None and written != value:
                self._say(f"{name}: asked {value:g}, the device set {written:g}")

        self.bridge.when_done(future, done)

    def toggle_full_screen(self) -> None:
        """Full screen hides menu and status bar; dose and lamp must stay in sight."""
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

    # -- Qt --------------------------------------------------------------------------------------

    def dragEnterEvent(self, event: QDragEnterEvent | None) -> None:
        """Accept files."""
        assert event is not None
        if files_in(event.mimeData()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent | None) -> None:
        """Open what was dropped."""
        assert event is not None
        self.open_files(files_in(event.mimeData()))
        event.acceptProposedAction()

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        """A low window leaves its height to what is done in it."""
        self.ui.set_compact(self.height() < COMPACT_BELOW_PX)
        super().resizeEvent(event)

    def closeEvent(self, event: QCloseEvent | None) -> None:
        """Take the foot off the pedal and let go of everything that ticks."""
        self.procedure.close()
        self.pedal.close()
        self._timer.stop()
        self._later.stop()
        self.calibration.shut()
        self.skin_map.shut()
        self.bridge.close()
        self.canvas.show_image(None)
        self.sounder.close()
        super().closeEvent(event)

    # -- wires -----------------------------------------------------------------------------------

    def _connect_session(self) -> None:
        bridge, session = self.bridge, self.session
        bridge.image_ready.connect(self.take_image)
        bridge.status_changed.connect(self.refresh)
        bridge.problem.connect(self.show_problem)
        bridge.alarm.connect(self.show_alarm)
        bridge.task.connect(self.waits.show_task)
        self.pedal.pressed.connect(session.press_pedal)
        self.pedal.released.connect(session.release_pedal)
        self.canvas.painted.connect(self._painted)

    def _join_widgets(self) -> None:
        ui, session = self.ui, self.session
        self.canvas.window_changed.connect(self.choose_window)
        self.canvas.view_changed.connect(lambda _: self.refresh())
        self.canvas.pointed.connect(self._show_pointer)
        ui.dose.reset_requested.connect(self.reset_dose)
        ui.dose.silence_requested.connect(session.acknowledge_alarm)
        ui.messages.action_requested.connect(self._act)
        ui.tabs.currentChanged.connect(lambda _: self.refresh())
        self.sounder.silent.connect(lambda why: ui.messages.add(Message(why, severity="warning")))
        ui.loop_bar.save_loop_requested.connect(self.files.save_loop)
        ui.loop_bar.save_image_requested.connect(self.files.save_image)
        self._join_panels()

    def _join_panels(self) -> None:
        panel, source = self.ui.technique_panel, self.ui.device_panel
        panel.write_requested.connect(self.write_parameter)
        panel.generator_write_requested.connect(self.write_generator_parameter)
        panel.hold_requested.connect(self._choose_hold)
        panel.averaging_requested.connect(self._choose_averaging)
        panel.subtraction_requested.connect(self.session.subtract)
        panel.auto_window_requested.connect(self.auto_window)
        panel.invert_requested.connect(lambda _: self.invert())
        panel.fit_requested.connect(self.canvas.fit)
        panel.one_to_one_requested.connect(self.canvas.one_to_one)
        parameters = self.ui.parameter_panel
        parameters.write_requested.connect(self.write_parameter)
        parameters.generator_write_requested.connect(self.write_generator_parameter)
        parameters.choice_changed.connect(self.refresh)
        source.devices_requested.connect(self._look_for_devices)
        source.connect_requested.connect(self.connect_device)
        source.disconnect_requested.connect(self.session.disconnect)
        source.restart_requested.connect(self.restart_device)
        source.file_requested.connect(self.files.ask)

    # -- small steps -----------------------------------------------------------------------------

    def _painted(self, number: int, painted_ns: int) -> None:
        image = self._shown
        if image is not None and image.number == number and image.mode is Mode.LIVE:
            self.session.painted((painted_ns - image.host_time_ns) / 1e6)

    def _prepare(self) -> None:
        """Load what a later click would wait for, but never while a run is shown."""
        if self.session.snapshot().pedal_down:
            self._later.start(PREPARE_MS)
        else:
            self.ui.stream_panel.prepare()

    def _act(self, message: Message) -> None:
        if message.action == _RESTART:
            self.restart_device()
        elif message.action == _SILENCE:
            self.session.acknowledge_alarm()

    def _look_for_devices(self, driver: str) -> None:
        def found(devices: Any) -> None:
            self.ui.device_panel.show_devices(driver, devices or [])

        self.bridge.when_done(self.session.submit(lambda: self.session.discover(driver)), found)

    def _choose_hold(self, frames: int) -> None:
        self.session.set_hold_frames(frames)

    def _choose_averaging(self, mode: RecursiveMode) -> None:
        settings = self.session.pipeline_settings
        if settings is not None:
            recursive = settings.recursive.model_copy(update={"mode": mode})
            self.session.configure_pipeline(settings.model_copy(update={"recursive": recursive}))

    def connect_device(self, driver: str = "", device: str = "") -> None:
        """Open and arm a device; without names, the room's."""
        self.waits.wait_for(
            f"Connecting {driver or 'the device'}", self.session.connect(driver, device)
        )

    def restart_device(self) -> None:
        """Open the same device again."""
        self.ui.messages.forget(_RESTART)
        self.waits.wait_for("Restarting the device", self.session.restart_device())

    @property
    def waiting(self) -> bool:
        """Whether something is being connected, opened or restarted."""
        return self.waits.waiting

    def _opened(self) -> None:
        self.canvas.fit()
        self.loop.play_from_start()

    def _recording_opened(self, is_device: bool) -> None:
        if is_device:
            self._show_nothing()  # what was seen before is not of this recording
        self.refresh()

    def _say(self, words: str) -> None:
        bar = self.statusBar()
        if bar is not None:
            bar.showMessage(words, 6000)

    def _show_pointer(self, pixel: tuple[int, int, int] | None) -> None:
        words = "" if pixel is None else f"x {pixel[0]}  y {pixel[1]}  counts {pixel[2]}"
        self.ui.pointer_label.setText(words)

    def reset_dose(self) -> None:
        """A new procedure begins: the totals, and the skin's dose where the device keeps it."""
        self.session.reset_dose()
        if any(p.name == SKIN_RESET for p in self.session.parameters):
            self.session.set_parameter(SKIN_RESET, "")
