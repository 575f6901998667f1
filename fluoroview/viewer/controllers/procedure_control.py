"""Connects a procedure's controls to the window: panels, keys, mouse, high-level control."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

from PyQt6.QtCore import QObject, QTimer
from PyQt6.QtWidgets import QMainWindow

from fluoroview.hal import DeviceState
from fluoroview.hal.roles import COLLIMATOR_ROLES, PATIENT_ROLES, POSITIONER_ROLES, Role
from fluoroview.session.devices.catalogue import Catalogue, CatalogueError, read_catalogue_apart
from fluoroview.session.session import Session
from fluoroview.session.state import SessionState
from fluoroview.translation import tr, translate_message
from fluoroview.viewer.controllers import high_level
from fluoroview.viewer.controllers.parameter_writer import ParameterWriter
from fluoroview.viewer.image.overlay_text import choice_text, readable
from fluoroview.viewer.input.control_keys import HIGH_LEVEL_KEY, ControlKeys
from fluoroview.viewer.input.device_drag import DeviceDrag, DragTargets
from fluoroview.viewer.main_window_ui import MainWindowUi
from fluoroview.viewer.session_bridge import SessionBridge
from fluoroview.viewer.widgets.message_bar import Message
from fluoroview.viewer.widgets.sound import Sounder

_MOVED = POSITIONER_ROLES | COLLIMATOR_ROLES - {Role.FIELD_WIDTH, Role.FIELD_HEIGHT}
WaitFor = Callable[[str, "Future[Any]"], None]


class ProcedureControl(QObject):
    """Shows and sends what belongs to a procedure; does nothing for every other device."""

    def __init__(
        self,
        window: QMainWindow,
        session: Session,
        bridge: SessionBridge,
        ui: MainWindowUi,
        sounder: Sounder,
        wait_for: WaitFor,
        report: Callable[[str], None],
    ) -> None:
        super().__init__(window)
        self._session, self._bridge, self._ui = session, bridge, ui
        self._wait_for, self._report = wait_for, report
        self._asked: str | None = None
        self.catalogue = Catalogue()
        self.offers_procedures = False
        """Whether the device simulates procedures on patients."""
        self.writer = ParameterWriter(self._write, bridge, self._written)
        self.keys = ControlKeys(ui.canvas, self._keys_work)
        self.mouse = DeviceDrag(ui.canvas, ui.procedure_panel.drag_targets, self._why_not)
        self.high_level = high_level.HighLevel(
            window,
            ui.high_level_button,
            self._set_high_level,
            sounder.continuous,
        )
        self._connect()

    def show(self, now: SessionState) -> None:
        """Show the session as it is now."""
        parameters = self._session.parameters
        self.offers_procedures = parameters.with_role(Role.CASE) is not None
        ui = self._ui
        self._ask_catalogue(now.device.driver, self.offers_procedures)
        ui.show_procedure_tabs(self.offers_procedures, bool(_MOVED & parameters.roles))
        page = ui.tabs.currentWidget()
        # The controls' keys follow the procedure, whichever tab is shown.
        ui.procedure_panel.show_parameters(now.device.driver, parameters, now.pedal_down)
        ui.procedure_panel.show_keys(ui.canvas.hasFocus())
        self.mouse.report_position()
        if page is ui.positioner_panel or not page:
            ui.positioner_panel.show_parameters(parameters, now.pedal_down)
        else:
            ui.positioner_panel.follow(parameters)
        has_level = parameters.with_role(Role.HIGH_LEVEL) is not None
        ui.high_level_button.setVisible(has_level)
        connected = now.device.state in (DeviceState.ARMED, DeviceState.RUNNING)
        ui.high_level_button.setEnabled(connected)
        if not (has_level and connected):
            self.high_level.release()
        heat = parameters.number(Role.ANODE_HEAT_PERCENT)
        of_file = now.replay is not None and now.replay.dose is not None
        ui.dose.show_heat_and_skin(
            None if of_file else heat,
            None if of_file else parameters.number(Role.PEAK_SKIN_DOSE),
            str(parameters.value(Role.PEAK_SKIN_DOSE_PLACE) or ""),
        )

    def view_lines(self) -> list[str]:
        """Return C-arm angles and field of view for the corner of the image."""
        positioner = self._ui.positioner_panel
        return [text for text in (positioner.view_text(), positioner.field_text()) if text]

    def limit_text(self) -> str:
        """Return the limit that keeps the image too dark; empty where none does."""
        return translate_message(str(self._session.parameters.value(Role.BRIGHTNESS_LIMIT) or ""))

    def procedure_status(self) -> str:
        """Return what happens in the patient now; empty where the device does not report it."""
        return choice_text(str(self._session.parameters.value(Role.PROCEDURE_STATUS) or ""))

    @property
    def preparing(self) -> bool:
        """Whether the patient is still prepared, so that a press has to wait for an image."""
        return self._session.parameters.value(Role.PROCEDURE_STATUS) in ("preparing", "Preparing")

    def title(self, driver: str) -> str:
        """Return procedure and case by their titles; empty where there is none."""
        parameters = self._session.parameters
        procedure, case = parameters.value(Role.PROCEDURE), parameters.value(Role.CASE)
        if procedure is None:
            return ""
        entry = self.catalogue.find(driver, str(procedure))
        if entry is None:
            return readable(str(procedure))
        cases = {each.name: each.title for each in entry.cases}
        return "  ·  ".join(
            translate_message(title) for title in (entry.title, cases.get(str(case), "")) if title
        )

    def close(self) -> None:
        """Release every key and the high-level control."""
        self.keys.release_all()
        self.high_level.close()

    def _connect(self) -> None:
        panel, positioner = self._ui.procedure_panel, self._ui.positioner_panel
        brightness = self._ui.technique_panel.brightness
        for each in (panel, positioner):
            each.pending_value = self.writer.pending
        for source in (panel, positioner, brightness):
            source.write_requested.connect(self.writer.put)
        panel.run_requested.connect(self.writer.run)
        panel.chosen.connect(self._ui.canvas.setFocus)
        panel.controls_changed.connect(self._other_controls)
        panel.stopped.connect(self._report)
        panel.unknown.connect(self._unknown)
        self.mouse.moved.connect(self._ui.canvas.set_moved)
        self.mouse.refused.connect(self._report)
        self.keys.bind_own(positioner.bindings() | {HIGH_LEVEL_KEY: self.high_level.binding()})

    def _unknown(self, name: str, error: CatalogueError) -> None:
        self._ui.messages.add(Message(error.what, error.remedy, about=name))

    def _other_controls(self) -> None:
        self.mouse.forget()
        self.keys.bind_procedure(self._ui.procedure_panel.bindings())

    def _keys_work(self) -> bool:
        return self._session.player is None and bool(self._session.parameters)

    def _why_not(self) -> str:
        """Return why the mouse moves no device of the procedure; empty where it does."""
        if not self.offers_procedures:
            return ""
        if not self._keys_work():
            return tr("Not during replay: press Esc to return to live")
        if self._ui.procedure_panel.drag_targets() == DragTargets():
            return tr("This procedure has no device to move")
        return ""

    def _write(self, name: str, value: Any) -> Future[Any]:
        future = self._session.set_parameter(name, value)
        if self._is_of_patient(name):
            self._wait_for(tr("Preparing the patient"), future)
        return future

    def _set_high_level(self, on: bool) -> None:
        parameter = self._session.parameters.with_role(Role.HIGH_LEVEL)
        if parameter is not None:
            self.writer.put(parameter.name, on)

    def _is_of_patient(self, name: str) -> bool:
        parameter = self._session.parameters.get(name)
        return parameter is not None and parameter.role in PATIENT_ROLES

    def _written(self, name: str, _requested: Any, read: Any) -> None:
        if read is not None:  # nothing was refused for a new patient
            self._ui.messages.settle(None if self._is_of_patient(name) else name)
        self._bridge.status_changed.emit()

    def _ask_catalogue(self, driver: str, needed: bool) -> None:
        """Read the titles in the background, once for each driver that offers cases."""
        if not needed or driver == self._asked:
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
