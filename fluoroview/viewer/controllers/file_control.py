"""Files: chosen, dropped, opened one after the other, saved."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from PyQt6.QtCore import QMimeData
from PyQt6.QtWidgets import QFileDialog, QWidget

from fluoroview.hal.foreign_text import plain
from fluoroview.recording import SUFFIX as RECORDING_SUFFIX
from fluoroview.recording import Recording
from fluoroview.session.session import Session
from fluoroview.translation import tr
from fluoroview.viewer.widgets.busy_indicator import BusyIndicator

_DICOM = "*.dcm *.dicom *.ima"
_RECORDINGS = f"*{RECORDING_SUFFIX}"
_RECORDING_DRIVER = "recording"


class FileControl:
    """Opens and saves files in the background, and reports the result."""

    def __init__(
        self,
        window: QWidget,
        session: Session,
        waits: BusyIndicator,
        *,
        opened: Callable[[], None],
        recording_opened: Callable[[bool], None],
        report: Callable[[str], None],
    ) -> None:
        """`recording_opened` is called with whether the recording is the device now."""
        self._window = window
        self._session = session
        self._waits = waits
        self._opened = opened
        self._recording_opened = recording_opened
        self._report = report
        self._files: list[Path] = []
        self._at = -1

    def open(self, paths: list[Path]) -> None:
        """Open the first of some files; Page up and Page down lead to the others."""
        if paths:
            self._files, self._at = list(paths), 0
            self._open(paths[0])

    def ask(self) -> None:
        """Ask for files and open them."""
        kinds = [
            f"{tr('DICOM and recordings')} ({_DICOM} {_RECORDINGS})",
            f"{tr('Recordings')} ({_RECORDINGS})",
            f"{tr('All files')} (*)",
        ]
        names, _ = QFileDialog.getOpenFileNames(
            self._window, tr("Open files"), "", ";;".join(kinds)
        )
        self.open([Path(name) for name in names])

    def go(self, step: int) -> None:
        """Open the previous or the next file."""
        at = self._at + step
        if 0 <= at < len(self._files):
            self._at = at
            self._open(self._files[at])

    def file_position(self, title: str) -> str:
        """Return which of several files the one of this name is; empty where it is the only."""
        if len(self._files) < 2 or title != self._files[self._at].name:
            return ""
        position = tr("file {number} of {count}")
        return "   " + position.format(number=self._at + 1, count=len(self._files))

    def save_loop(self) -> None:
        """Ask where, and save the loop as DICOM."""
        kinds = f"DICOM ({_DICOM});;{tr('All files')} (*)"
        name, _ = QFileDialog.getSaveFileName(self._window, tr("Save loop"), "loop.dcm", kinds)
        if name:
            self.save_loop_to(Path(name))

    def save_loop_to(self, path: Path) -> None:
        """Save the loop as DICOM."""
        future = self._session.save_loop(path)
        self._waits.wait_for(tr("Saving the loop"), future, self._saved, saves=True)

    def save_image(self) -> None:
        """Ask where, and save the image as DICOM or PNG."""
        kinds = "DICOM (*.dcm);;PNG (*.png)"
        name, _ = QFileDialog.getSaveFileName(self._window, tr("Save image"), "image.dcm", kinds)
        if name:
            future = self._session.save_hold(name)
            self._waits.wait_for(tr("Saving the image"), future, self._saved, saves=True)

    def _open(self, path: Path) -> None:
        if path.name.endswith(RECORDING_SUFFIX):
            self._open_recording(path)
            return
        text = tr("Opening {file}").format(file=plain(path.name))
        self._waits.wait_for(text, self._session.open_file(path), lambda _: self._opened())

    def _open_recording(self, path: Path) -> None:
        """Connect a recording as the device: it plays while the pedal is held.

        It is read first, so that one that cannot be played costs nobody their device.
        """

        def opened(_: Any) -> None:
            self._recording_opened(self._session.device_status().device == device)

        def checked(readable: str | None) -> None:
            if readable is not None:
                connected = self._session.connect(_RECORDING_DRIVER, device)
                self._waits.wait_for(text, connected, opened)

        device = str(path.resolve())
        text = tr("Opening {file}").format(file=plain(path.name))
        self._waits.wait_for(text, self._session.submit(lambda: _checked(path)), checked)

    def _saved(self, path: Any | None) -> None:
        if path is not None:
            self._report(tr("Saved {file}").format(file=plain(path)))


def files_in(data: QMimeData | None) -> list[Path]:
    """Return the files that are dragged, if any are."""
    urls = data.urls() if data is not None else []
    return [Path(url.toLocalFile()) for url in urls if url.isLocalFile()]


def _checked(path: Path) -> str:
    """Return the path of a recording that can be opened. Raises RecordError."""
    with Recording(path):
        return str(path)
