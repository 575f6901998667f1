"""Writes the corners, the edges and the middle of the picture, and the status bar."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from fluoroview.exam.events import Mode
from fluoroview.exam.examination import Examination
from fluoroview.exam.pictures import Picture
from fluoroview.exam.snapshot import ExamSnapshot, ReplayStatus
from fluoroview.viewer.corner_words import stream_words, technique_lines, value_of
from fluoroview.viewer.layout import Widgets
from fluoroview.viewer.orientation import PARAMETER as ORIENTATION
from fluoroview.viewer.orientation import edge_marks
from fluoroview.viewer.procedure_control import ProcedureControl
from fluoroview.viewer.wait_line import put


class PictureWords:
    """What is written around a picture: it belongs to that picture, or is not there."""

    def __init__(
        self,
        exam: Examination,
        widgets: Widgets,
        procedure: ProcedureControl,
        place_words: Callable[[str], str],
    ) -> None:
        """`place_words` tells of a file's name which of several it is."""
        self._exam = exam
        self._widgets = widgets
        self._procedure = procedure
        self._place_words = place_words

    def show(self, now: ExamSnapshot, shown: Picture | None) -> None:
        """Write what belongs to the picture that is shown, if one is."""
        if shown is None:
            self._clear()
        else:
            self._write(now, shown)
        device = now.device
        state = f"{device.name}  ·  {device.state.lower()}" if device.name else "No device"
        put(self._widgets.device_label, state)
        put(self._widgets.stream_label, stream_words(now) if device.name else "")

    def _clear(self) -> None:
        canvas = self._widgets.canvas
        for corner in ("top left", "top right", "bottom left", "bottom right"):
            canvas.set_corner(corner)
        canvas.set_orientation()
        canvas.set_situation("")

    def _write(self, now: ExamSnapshot, shown: Picture) -> None:
        canvas, procedure, replay = self._widgets.canvas, self._procedure, now.replay
        exposure = shown.header.exposure if shown.header is not None else None
        live = replay is None
        technique = technique_lines(now, self._exam.source_parameters, exposure)
        limit = procedure.limit_words() if live else ""
        canvas.set_corner("top right", *technique, *([limit] if limit else []))
        canvas.set_corner("top left", *(procedure.view_lines() if live else []))
        # of the patient now: beside a held picture it would be taken for the picture's
        canvas.set_situation(procedure.situation() if now.mode is Mode.LIVE else "")
        place = f"{replay.index + 1} / {replay.frame_count}" if replay else ""
        names = self._names(now, replay)
        canvas.set_corner("bottom left", *(line for line in (*names, place) if line))
        window = canvas.window_shown
        invert = "  inverted" if window.invert else ""
        words = f"C {window.centre:.0f}  W {window.width:.0f}{invert}"
        subtracted = ["subtracted"] if self._exam.is_subtracted(shown.source) else []
        canvas.set_corner("bottom right", *subtracted, words, f"{canvas.zoom * 100:.0f} %")
        canvas.set_orientation(**edge_marks(self._orientation(replay)))

    def _orientation(self, replay: ReplayStatus | None) -> str:
        """Return which way the picture lies: of a file by itself, else as the device tells."""
        if replay is not None and replay.dose is not None:
            return replay.orientation
        return str(value_of(self._exam.parameters, ORIENTATION) or "")

    def _names(self, now: ExamSnapshot, replay: ReplayStatus | None) -> tuple[str, ...]:
        """Return whose picture it is: a file's, or the examination's and that it is its loop."""
        if replay is None:
            return (self._title(now),)
        if replay.dose is not None:
            return (replay.title + self._place_words(replay.title),)
        return (self._procedure.title(now.device.driver), replay.title)

    def _title(self, now: ExamSnapshot) -> str:
        title = self._procedure.title(now.device.driver)
        if title:
            return title
        return Path(now.device.device).name if self._exam.plays_back else now.device.name
