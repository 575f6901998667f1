"""The texts around the image and in the status bar."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from fluoroview.hal.foreign_text import plain
from fluoroview.hal.roles import Role
from fluoroview.session.events import Mode
from fluoroview.session.images.image_pool import Image
from fluoroview.session.session import Session
from fluoroview.session.state import ReplayStatus, SessionState
from fluoroview.translation import tr, translate_message
from fluoroview.viewer.controllers.procedure_control import ProcedureControl
from fluoroview.viewer.image.orientation import edge_marks
from fluoroview.viewer.image.overlay_text import exposure_lines, stream_text
from fluoroview.viewer.main_window_ui import MainWindowUi
from fluoroview.viewer.panels.device_panel import state_text
from fluoroview.viewer.widgets.busy_indicator import put


class ImageAnnotations:
    """Shows around an image what belongs to that image, and nothing else."""

    def __init__(
        self,
        session: Session,
        ui: MainWindowUi,
        procedure: ProcedureControl,
        file_position: Callable[[str], str],
    ) -> None:
        """`file_position` returns, for a file's name, which of several it is."""
        self._session = session
        self._ui = ui
        self._procedure = procedure
        self._file_position = file_position

    def show(self, now: SessionState, shown: Image | None) -> None:
        """Show what belongs to the displayed image, if there is one."""
        if shown is None:
            self._clear()
        else:
            self._write(now, shown)
        device = now.device
        state = tr("No device")
        if device.name:
            state = f"{plain(device.name)}  ·  {state_text(device.state).lower()}"
        put(self._ui.device_label, state)
        put(self._ui.stream_label, stream_text(now) if device.name else "")

    def _clear(self) -> None:
        canvas = self._ui.canvas
        for corner in ("top left", "top right", "bottom left", "bottom right"):
            canvas.set_corner(corner)
        canvas.set_orientation()
        canvas.set_procedure_status("")

    def _write(self, now: SessionState, shown: Image) -> None:
        canvas, procedure, replay = self._ui.canvas, self._procedure, now.replay
        exposure = shown.header.exposure if shown.header is not None else None
        live = replay is None
        factors = exposure_lines(now, self._session.generator_parameters, exposure)
        limit = procedure.limit_text() if live else ""
        canvas.set_corner("top right", *factors, *([limit] if limit else []))
        canvas.set_corner("top left", *(procedure.view_lines() if live else []))
        # of the patient now: next to a held image it would be taken for the image's
        canvas.set_procedure_status(procedure.procedure_status() if now.mode is Mode.LIVE else "")
        place = f"{replay.index + 1} / {replay.frame_count}" if replay else ""
        names = self._names(now, replay)
        canvas.set_corner("bottom left", *(line for line in (*names, place) if line))
        window = canvas.window_shown
        invert = f"  {tr('inverted')}" if window.invert else ""
        levels = f"C {window.centre:.0f}  W {window.width:.0f}{invert}"
        subtracted = [tr("subtracted")] if self._session.is_subtracted(shown.source) else []
        canvas.set_corner("bottom right", *subtracted, levels, f"{canvas.zoom * 100:.0f} %")
        canvas.set_orientation(**edge_marks(self._orientation(replay)))

    def _orientation(self, replay: ReplayStatus | None) -> str:
        """Return the orientation of the image: a file's own, else as the device reports."""
        if replay is not None and replay.dose is not None:
            return replay.orientation
        return str(self._session.parameters.value(Role.PATIENT_ORIENTATION) or "")

    def _names(self, now: SessionState, replay: ReplayStatus | None) -> tuple[str, ...]:
        """Return where the image comes from: a file, or the procedure and its loop."""
        if replay is None:
            return (self._title(now),)
        if replay.dose is not None:
            return (plain(replay.title) + self._file_position(replay.title),)
        return (self._procedure.title(now.device.driver), translate_message(replay.title))

    def _title(self, now: SessionState) -> str:
        title = self._procedure.title(now.device.driver)
        if title:
            return title
        return plain(Path(now.device.device).name if now.plays_back else now.device.name)
