"""Shows the state of the session in the window: mode, image, dose, the tab in front."""

from __future__ import annotations

from dataclasses import replace

from fluoroview.hal import DeviceState
from fluoroview.hal.window import Window
from fluoroview.session.events import Mode
from fluoroview.session.images.image_pool import Image
from fluoroview.session.session import Session
from fluoroview.session.state import DeviceStatus, SessionState
from fluoroview.translation import tr
from fluoroview.viewer.controllers.procedure_control import ProcedureControl
from fluoroview.viewer.controllers.record_control import RecordControl
from fluoroview.viewer.image.annotations import ImageAnnotations
from fluoroview.viewer.image.warm_up import find_a_window
from fluoroview.viewer.main_window_ui import MainWindowUi

_NEW_SOURCE_IMAGES = 8
"""During so many first images of a source its window may still change."""


class StateDisplay:
    """Reads the frozen state and shows it; it changes nothing in the session."""

    def __init__(
        self,
        session: Session,
        ui: MainWindowUi,
        procedure: ProcedureControl,
        recording: RecordControl,
        annotations: ImageAnnotations,
    ) -> None:
        self._session, self._ui = session, ui
        self._procedure, self._recording, self._annotations = procedure, recording, annotations
        self.shown: Image | None = None
        """The image on the screen."""
        self.source = -1
        """Where it comes from."""
        self._source_images = 0
        self._shown_mode: Mode | None = None
        self._warm_for = DeviceStatus()

    def show_newest_image(self) -> None:
        """Show the newest image, if there is one that was not shown."""
        image = self._session.take_image()
        if image is None:
            return
        self.shown = image
        if image.source != self.source:
            self.source, self._source_images = image.source, 0
        self._source_images += 1
        if image.mode is not self._shown_mode or self._source_images <= _NEW_SOURCE_IMAGES:
            self.refresh()
        self._ui.canvas.show_image(image)

    def show_no_image(self) -> None:
        """Remove the image from the screen."""
        self.shown = None
        self._ui.canvas.show_image(None)

    def painted(self, number: int, painted_ns: int) -> None:
        """Report the display latency of a live image to the session."""
        image = self.shown
        if image is not None and image.number == number and image.mode is Mode.LIVE:
            self._session.painted((painted_ns - image.host_time_ns) / 1e6)

    def auto_window(self) -> Window | None:
        """Return the automatic window of the image on the screen."""
        window = self._session.auto_window()
        if window is None:
            return None
        return replace(window, invert=self._ui.canvas.window_shown.invert)

    def refresh(self) -> None:
        """Show the session as it is now."""
        now = self._session.snapshot()
        ui = self._ui
        self._show_mode(now)
        ui.lamp.set_on(now.beam_on and not now.plays_back)
        if now.replay is not None and now.replay.dose is not None:
            ui.dose.show_recorded(now.replay.dose, now.five_minute_signal)
        else:
            ui.dose.show_reading(now.dose, now.five_minute_signal)
        self._show_controls(now)
        self._recording.show_status(now.recording)
        if now.window is not None and now.source == self.source:
            ui.canvas.set_window(now.window)
        ui.technique_panel.show_window(ui.canvas.window_shown)
        self._procedure.show(now)
        self._show_tab(now)
        self._annotations.show(now, self.shown)
        self._warm_up(now)

    def _show_controls(self, now: SessionState) -> None:
        ui = self._ui
        connected = now.device.state in (DeviceState.ARMED, DeviceState.RUNNING)
        ui.canvas.set_empty_text(*self._empty_text(now, connected))
        ui.pedal_button.setEnabled(connected)
        ui.pedal_button.show_down(now.pedal_down, now.plays_back)
        ui.loop_bar.show_replay(now.replay)
        ui.loop_bar.set_available(
            # after a fault too: the loop stays until the device is opened again
            bool(now.device.name) and now.runs > 0,
            self.shown is not None,
            connected,
        )

    def _empty_text(self, now: SessionState, connected: bool) -> tuple[str, str]:
        """Return title and hint for a screen without an image."""
        if not connected:
            return tr("No image"), tr("Connect a device on the right, or open a DICOM file")
        if self._procedure.preparing:
            return tr("Preparing the patient"), tr("The first image follows in a moment")
        if now.plays_back:
            return tr("Recording"), tr("Hold Space, or the button on the right, to play")
        return tr("Ready"), tr("Hold Space, or the button on the right, for x-ray")

    def _show_mode(self, now: SessionState) -> None:
        self._shown_mode = mode = now.mode
        detail = ""
        if mode is Mode.HOLD and now.hold_made_of > 1:
            detail = tr("mean of {count} frames").format(count=now.hold_made_of)
        elif mode is Mode.REPLAY and now.replay is not None and now.replay.speed != 1:
            detail = f"{now.replay.speed:g}×"
        if mode is Mode.LIVE and now.plays_back:
            mode, detail = Mode.REPLAY, tr("from the device")
        if mode is Mode.IDLE and self._is_outdated(now):
            self.show_no_image()
        # no image, no badge: a run that ended before its first frame left nothing to hold
        self._ui.canvas.set_mode(mode if self.shown is not None else Mode.IDLE, detail)

    def _is_outdated(self, now: SessionState) -> bool:
        """Return whether the replay of the image ended, or another patient lies there."""
        if self.shown is None:
            return False
        another = self.shown.source != now.source and self._procedure.offers_procedures
        armed = now.device.state is DeviceState.ARMED
        return self.shown.mode is Mode.REPLAY or (armed and another)

    def _show_tab(self, now: SessionState) -> None:
        """Update the tab in front."""
        ui, running = self._ui, now.pedal_down
        page = ui.tabs.currentWidget()
        if page is ui.technique_panel:
            panel = ui.technique_panel
            panel.show_parameters(now.parameters, running, now.generator_parameters)
            panel.show_generator(now.generator, now.generator_parameters)
            panel.show_hold(now.hold_frames, running)
            settings = self._session.pipeline_settings
            panel.show_averaging(settings.recursive.mode if settings else None)
            panel.show_subtraction(now.subtracts)
        elif page is ui.device_panel:
            ui.device_panel.show_status(now.device, now.generator)
        elif page is ui.parameter_panel:
            ui.parameter_panel.show_parameters(now.parameters, running, now.generator_parameters)
        elif page is ui.stream_panel:
            ui.stream_panel.show_stream(
                now.pulse_rate_hz, now.health, now.ledger, self._session.latencies_ms(), now.device
            )

    def _warm_up(self, now: SessionState) -> None:
        """Prepare for the first image of a device that was just armed."""
        device = now.device
        if device == self._warm_for or device.state is not DeviceState.ARMED:
            return
        self._warm_for = device
        height, width = (now.parameters.number(name) or 0 for name in ("Height", "Width"))
        self._ui.canvas.warm_up(int(height), int(width))
        self._session.submit(find_a_window)
