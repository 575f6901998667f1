"""Joins an examination's controls to the window: panels, keys, high level, words on the image."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

from PyQt6.QtCore import QObject, QTimer
from PyQt6.QtWidgets import QMainWindow

from fluoroview.hal import DeviceState
from fluoroview.session.devices.catalogue import Catalogue, CatalogueError, read_catalogue_apart
from fluoroview.session.session import Session
from fluoroview.session.state import SessionState
from fluoroview.viewer.controllers import high_level
from fluoroview.viewer.controllers.parameter_writer import ParameterWriter
from fluoroview.viewer.image.overlay_text import capitalised, readable, value_of
from fluoroview.viewer.input.control_keys import HIGH_LEVEL_KEY, ControlKeys
from fluoroview.viewer.input.device_drag import DeviceDrag, DragTargets
from fluoroview.viewer.main_window_ui import MainWindowUi
from fluoroview.viewer.panels.brightness_panel import LIMIT
from fluoroview.viewer.panels.positioner_panel import NAMES as STAND
from fluoroview.viewer.session_bridge import SessionBridge
from fluoroview.viewer.widgets.message_bar import Message
from fluoroview.viewer.widgets.sound import Sounder

PATIENT_PARAMETERS = ("Procedure", "Case", "Body")
_PREPARING = "Preparing the patient"
WaitFor = Callable[[str, "Future[Any]"], None]


class ProcedureControl(QObject):
    """Shows and sends what belongs to a simulated examination; idle for every other device."""

    def __init__(
        self,
        window: QMainWindow,
        session: Session,
        bridge: SessionBridge,
        ui: MainWindowUi,
        sounder: Sounder,
        wait_for: WaitFor,
        say: Callable[[str], None],
    ) -> None:
        super().__init__(window)
        self._session, self._bridge, self._ui = session, bridge, ui
        self._wait_for, self._say = wait_for, say
        self._asked: str | None = None
        self.catalogue = Catalogue()
        self.names: set[str] = set()
        """The parameters of the device, when it was shown last."""
        self.writer = ParameterWriter(self._write, bridge, self._written)
        self.keys = ControlKeys(ui.canvas, self._keys_work)
        self.mouse = DeviceDrag(ui.canvas, ui.procedure_panel.drag_targets, self._why_not)
        self.high_level = high_level.HighLevel(
            window,
            ui.high_level_button,
            lambda on: self.writer.put(high_level.NAME, on),
            sounder.continuous,
        )
        self._join()

    def show(self, now: SessionState) -> None:
        """Show the examination as it is now."""
        parameters = self._session.parameters
        names = self.names = {each.name for each in parameters}
        ui = self._ui
        self._ask_catalogue(now.device.driver, "Case" in names)
        ui.show_procedure_tabs("Case" in names, bool(STAND & names))
        page = ui.tabs.currentWidget()
        # The controls' keys follow the examination, whichever tab is seen.
        ui.procedure_panel.show_parameters(now.device.driver, parameters, now.pedal_down)
        ui.procedure_panel.show_keys(ui.canvas.hasFocus())
        self.mouse.report_position()
        if page is ui.positioner_panel or not page:
            ui.positioner_panel.show_parameters(parameters, now.pedal_down)
        else:
            ui.positioner_panel.follow(parameters)
        has_level = high_level.NAME in names
        ui.high_level_button.setVisible(has_level)
        connected = now.device.state in (DeviceState.ARMED, DeviceState.RUNNING)
        ui.high_level_button.setEnabled(connected)
        if not (has_level and connected):
            self.high_level.release()
        heat = value_of(parameters, "AnodeHeat")
        of_file = now.replay is not None and now.replay.dose is not None
        ui.dose.show_heat_and_skin(
            None if heat is None or of_file else float(heat),
            None if of_file else value_of(parameters, "PeakSkinDose"),
            str(value_of(parameters, "PeakSkinDosePlace") or ""),
        )

    def view_lines(self) -> list[str]:
        """Return C-arm and field of view for the corner of the image."""
        stand = self._ui.positioner_panel
        return [words for words in (stand.view_words(), stand.field_words()) if words]

    def limit_words(self) -> str:
        """Return what keeps the brightness from being reached; nothing if nothing does."""
        return str(value_of(self._session.parameters, LIMIT) or "")

    def procedure_status(self) -> str:
        """Return what happens in the patient now; nothing where the device does not tell."""
        return capitalised(str(value_of(self._session.parameters, "ProcedureStatus") or ""))

    @property
    def preparing(self) -> bool:
        """Whether the patient is still being made, so that a pedal has to wait for an image."""
        return self.procedure_status() == "Preparing"

    def title(self, driver: str) -> str:
        """Return examination and case by their titles; nothing where there is none."""
        parameters = self._session.parameters
        procedure, case = value_of(parameters, "Procedure"), value_of(parameters, "Case")
        if procedure is None:
            return ""
        entry = self.catalogue.find(driver, str(procedure))
        if entry is None:
            return readable(str(procedure))
        cases = {each.name: each.title for each in entry.cases}
        return "  ·  ".join(word for word in (entry.title, cases.get(str(case), "")) if word)

    def close(self) -> None:
        """Let go of every key and of the high level."""
        self.keys.release_all()
        self.high_level.close()

    def _join(self) -> None:
        panel, stand = self._ui.procedure_panel, self._ui.positioner_panel
        brightness = self._ui.technique_panel.brightness
        for each in (panel, stand):
            each.pending_value = self.writer.pending
        for wishes in (panel, stand, brightness):
            wishes.write_requested.connect(self.writer.put)
        panel.run_requested.connect(self.writer.run)
        panel.chosen.connect(self._ui.canvas.setFocus)
        panel.controls_changed.connect(self._other_controls)
        panel.stopped.connect(self._say)
        panel.unknown.connect(self._unknown)
        self.mouse.moved.connect(self._ui.canvas.set_moved)
        self.mouse.refused.connect(self._say)
        self.keys.bind_own(stand.bindings() | {HIGH_LEVEL_KEY: self.high_level.binding()})

    def _unknown(self, name: str, error: CatalogueError) -> None:
        self._ui.messages.add(Message(error.what, error.remedy, about=name))

    def _other_controls(self) -> None:
        self.mouse.forget()
        self.keys.bind_procedure(self._ui.procedure_panel.bindings())

    def _keys_work(self) -> bool:
        return self._session.player is None and bool(self._session.parameters)

    def _why_not(self) -> str:
        """Return why the mouse moves no device of an examination; nothing where it does."""
        if "Case" not in self.names:
            return ""
        if not self._keys_work():
            return "Nothing is moved while a loop is replayed: Esc leads back to live"
        if self._ui.procedure_panel.drag_targets() == DragTargets():
            return "This examination has no device to move"
        return ""

    def _write(self, name: str, value: Any) -> Future[Any]:
        future = self._session.set_parameter(name, value)
        if name in PATIENT_PARAMETERS:
            self._wait_for(_PREPARING, future)
        return future

    def _written(self, name: str, wish: Any, read: Any) -> None:
        if read is not None:  # a new patient refuses nothing yet
            self._ui.messages.settle(None if name in PATIENT_PARAMETERS else name)
        self._bridge.status_changed.emit()

    def _ask_catalogue(self, driver: str, wanted: bool) -> None:
        """Read the titles beside the window, once for each driver that offers cases."""
        if not wanted or driver == self._asked:
            return
        self._asked = driver
        QTimer.singleShot(0, self._read_catalogue)

    def _read_catalogue(self) -> None:
        def read(catalogue: Catalogue | None) -> None:
            if catalogue is not None:
                self.catalogue = catalogue
                self._ui.procedure_panel.use_catalogue(catalogue)
                self._bridge.status_changed.emit()

        self._bridge.when_done(self._session.submit(read_catalogue_apart), read)
