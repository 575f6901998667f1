"""Files: asked for, dropped, opened one after the other, saved."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import Any

from PyQt6.QtCore import QMimeData
from PyQt6.QtWidgets import QFileDialog, QWidget

from fluoroview.recording import SUFFIX as RECORDING_SUFFIX
from fluoroview.recording import Recording
from fluoroview.session.session import Session
from fluoroview.viewer.session_bridge import SessionBridge
from fluoroview.viewer.widgets.busy_indicator import BusyIndicator

_NAME_FILTER = "DICOM (*.dcm *.dicom *.ima);;All files (*)"
_RECORDINGS = f"*{RECORDING_SUFFIX}"
_OPEN_FILTER = (
    f"DICOM and recordings (*.dcm *.dicom *.ima {_RECORDINGS});;Recordings ({_RECORDINGS});;"
    "All files (*)"
)
_RECORDING_DRIVER = "recording"


class FileControl:
    """Opens and saves beside the window, and tells it when that is done."""

    def __init__(
        self,
        window: QWidget,
        session: Session,
        bridge: SessionBridge,
        waits: BusyIndicator,
        *,
        opened: Callable[[], None],
        recording_opened: Callable[[bool], None],
        say: Callable[[str], None],
    ) -> None:
        """`recording_opened` is called with whether the recording is the device now."""
        self._window = window
        self._session = session
        self._bridge = bridge
        self._waits = waits
        self._opened = opened
        self._recording_opened = recording_opened
        self._say = say
        self._files: list[Path] = []
        self._at = -1

    def open(self, paths: list[Path]) -> None:
        """Open the first of some files; the others are reached by page up and page down."""
        if paths:
            self._files, self._at = list(paths), 0
            self._open(paths[0])

    def ask(self) -> None:
        """Ask for files and open them."""
        names, _ = QFileDialog.getOpenFileNames(self._window, "Open files", "", _OPEN_FILTER)
        self.open([Path(name) for name in names])

    def go(self, step: int) -> None:
        """Open the file before or after the present one."""
        at = self._at + step
        if 0 <= at < len(self._files):
            self._at = at
            self._open(self._files[at])

    def place_words(self, title: str) -> str:
        """Return which of several files the one of this name is; nothing where it is the only."""
        several = len(self._files) > 1 and title == self._files[self._at].name
        return f"   file {self._at + 1} of {len(self._files)}" if several else ""

    def save_loop(self) -> None:
        """Ask where, and store the loop as DICOM."""
        name, _ = QFileDialog.getSaveFileName(
            self._window, "Save the loop", "loop.dcm", _NAME_FILTER
        )
        if name:
            self._report_saved(self._session.save_loop(name))

    def save_image(self) -> None:
        """Ask where, and store the image as DICOM or PNG."""
        kinds = "DICOM (*.dcm);;PNG (*.png)"
        name, _ = QFileDialog.getSaveFileName(self._window, "Save the image", "image.dcm", kinds)
        if name:
            self._report_saved(self._session.save_hold(name))

    def _open(self, path: Path) -> None:
        if path.name.endswith(RECORDING_SUFFIX):
            self._open_recording(path)
            return
        self._waits.wait_for(
            f"Opening {path.name}", self._session.open_file(path), lambda _: self._opened()
        )

    def _open_recording(self, path: Path) -> None:
        """A recording is a device: it plays while the pedal is held.

        It is looked at first, so that one that cannot be played costs nobody their device.
        """

        def opened(_: Any) -> None:
            self._recording_opened(self._session.device_status().device == device)

        def looked_at(found: str | None) -> None:
            if found is not None:
                connected = self._session.connect(_RECORDING_DRIVER, device)
                self._waits.wait_for(words, connected, opened)

        device = str(path.resolve())
        words = f"Opening {path.name}"
        self._waits.wait_for(words, self._session.submit(lambda: _looked_at(path)), looked_at)

    def _report_saved(self, future: Future[Path]) -> None:
        def saved(path: Any) -> None:
            if path is not None:
                self._say(f"Saved {path}")

        self._bridge.when_done(future, saved)


def files_in(data: QMimeData | None) -> list[Path]:
    """Return the files that are dragged, if any are."""
    urls = data.urls() if data is not None else []
    return [Path(url.toLocalFile()) for url in urls if url.isLocalFile()]


def _looked_at(path: Path) -> str:
    """Return the path of a recording that can be opened. Raises RecordError."""
    with Recording(path):
        return str(path)
