"""Devices: searched, connected, restarted; their parameters written. Nothing here waits for one."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

from fluoroview.hal.foreign_text import plain
from fluoroview.pipeline.settings import RecursiveMode
from fluoroview.session.session import Session
from fluoroview.translation import tr
from fluoroview.viewer.main_window_ui import MainWindowUi
from fluoroview.viewer.session_bridge import SessionBridge
from fluoroview.viewer.widgets.busy_indicator import BusyIndicator


def restart_action() -> str:
    """Return the label of the button that restarts a device."""
    return tr("Restart device")


class DeviceControl:
    """Sends what the panels request to the devices, and shows what came of it."""

    def __init__(
        self,
        session: Session,
        bridge: SessionBridge,
        ui: MainWindowUi,
        waits: BusyIndicator,
        refresh: Callable[[], None],
        report: Callable[[str], None],
    ) -> None:
        self._session, self._bridge, self._ui, self._waits = session, bridge, ui, waits
        self._refresh, self._report = refresh, report
        self._connect_panels()

    def connect(self, driver: str = "", device: str = "") -> None:
        """Open and arm a device; without names, the room's."""
        text = tr("Connecting")
        if driver:
            text = tr("Connecting {device}").format(device=plain(driver))
        self._waits.wait_for(text, self._session.connect(driver, device))

    def restart(self) -> None:
        """Open the same device again."""
        self._ui.messages.forget(restart_action())
        self._waits.wait_for(tr("Restarting the device"), self._session.restart_device())

    def write(self, name: str, value: Any) -> None:
        """Write a parameter; what is read back is shown, whether or not it was written."""
        self._written(name, value, self._session.set_parameter(name, value))

    def write_generator(self, name: str, value: Any) -> None:
        """Write a parameter of the generator, likewise."""
        self._written(name, value, self._session.set_generator_parameter(name, value))

    def toggle_subtraction(self) -> None:
        """Switch DSA on or off."""
        if self._session.subtracts is None:
            self._report(tr("DSA needs logarithmic images of a linear detector"))
        else:
            self._session.subtract(not self._session.subtracts)

    def _connect_panels(self) -> None:
        panel, devices = self._ui.technique_panel, self._ui.device_panel
        for each in (panel, self._ui.parameter_panel):
            each.write_requested.connect(self.write)
            each.generator_write_requested.connect(self.write_generator)
        panel.hold_requested.connect(self._session.set_hold_frames)
        panel.averaging_requested.connect(self._choose_averaging)
        panel.subtraction_requested.connect(self._session.subtract)
        self._ui.parameter_panel.choice_changed.connect(self._refresh)
        devices.devices_requested.connect(self._search)
        devices.connect_requested.connect(self.connect)
        devices.disconnect_requested.connect(self._session.disconnect)
        devices.restart_requested.connect(self.restart)

    def _written(self, name: str, value: Any, future: Future[Any]) -> None:
        def done(written: Any) -> None:
            if written is not None:
                self._ui.messages.settle(name)
            self._refresh()
            if isinstance(value, float) and written is not None and written != value:
                text = tr("{name}: requested {requested}, the device set {written}")
                self._report(
                    text.format(name=plain(name), requested=f"{value:g}", written=f"{written:g}")
                )

        self._bridge.when_done(future, done)

    def _search(self, driver: str) -> None:
        def found(devices: Any) -> None:
            self._ui.device_panel.show_devices(driver, devices or [])

        self._bridge.when_done(self._session.submit(lambda: self._session.discover(driver)), found)

    def _choose_averaging(self, mode: RecursiveMode) -> None:
        settings = self._session.pipeline_settings
        if settings is not None:
            recursive = settings.recursive.model_copy(update={"mode": mode})
            self._session.configure_pipeline(settings.model_copy(update={"recursive": recursive}))
