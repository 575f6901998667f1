"""Writes the corners, the edges and the middle of the image, and the status bar."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from fluoroview.session.events import Mode
from fluoroview.session.images.image_pool import Image
from fluoroview.session.session import Session
from fluoroview.session.state import ReplayStatus, SessionState
from fluoroview.viewer.controllers.procedure_control import ProcedureControl
from fluoroview.viewer.image.orientation import PARAMETER as ORIENTATION
from fluoroview.viewer.image.orientation import edge_marks
from fluoroview.viewer.image.overlay_text import stream_words, technique_lines, value_of
from fluoroview.viewer.main_window_ui import MainWindowUi
from fluoroview.viewer.widgets.busy_indicator import put


class ImageAnnotations:
    """What is written around an image: it belongs to that image, or is not there."""

    def __init__(
        self,
        session: Session,
        ui: MainWindowUi,
        procedure: ProcedureControl,
        place_words: Callable[[str], str],
    ) -> None:
        """`place_words` tells of a file's name which of several it is."""
        self._session = session
        self._ui = ui
        self._procedure = procedure
        self._place_words = place_words

    def show(self, now: SessionState, shown: Image | None) -> None:
        """Write what belongs to the image that is shown, if one is."""
        if shown is None:
            self._clear()
        else:
            self._write(now, shown)
        device = now.device
        state = f"{device.name}  ·  {device.state.lower()}" if device.name else "No device"
        put(self._ui.device_label, state)
        put(self._ui.stream_label, stream_words(now) if device.name else "")

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
        technique = technique_lines(now, self._session.generator_parameters, exposure)
        limit = procedure.limit_words() if live else ""
        canvas.set_corner("top right", *technique, *([limit] if limit else []))
        canvas.set_corner("top left", *(procedure.view_lines() if live else []))
        # of the patient now: beside a held image it would be taken for the image's
        canvas.set_procedure_status(procedure.procedure_status() if now.mode is Mode.LIVE else "")
        place = f"{replay.index + 1} / {replay.frame_count}" if replay else ""
        names = self._names(now, replay)
        canvas.set_corner("bottom left", *(line for line in (*names, place) if line))
        window = canvas.window_shown
        invert = "  inverted" if window.invert else ""
        words = f"C {window.centre:.0f}  W {window.width:.0f}{invert}"
        subtracted = ["subtracted"] if self._session.is_subtracted(shown.source) else []
        canvas.set_corner("bottom right", *subtracted, words, f"{canvas.zoom * 100:.0f} %")
        canvas.set_orientation(**edge_marks(self._orientation(replay)))

    def _orientation(self, replay: ReplayStatus | None) -> str:
        """Return which way the image lies: of a file by itself, else as the device tells."""
        if replay is not None and replay.dose is not None:
            return replay.orientation
        return str(value_of(self._session.parameters, ORIENTATION) or "")

    def _names(self, now: SessionState, replay: ReplayStatus | None) -> tuple[str, ...]:
        """Return whose image it is: a file's, or the examination's and that it is its loop."""
        if replay is None:
            return (self._title(now),)
        if replay.dose is not None:
            return (replay.title + self._place_words(replay.title),)
        return (self._procedure.title(now.device.driver), replay.title)

    def _title(self, now: SessionState) -> str:
        title = self._procedure.title(now.device.driver)
        if title:
            return title
        return Path(now.device.device).name if self._session.plays_back else now.device.name
