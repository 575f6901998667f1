"""Raw recording: the wish to begin or end one, and what the badge and the button say of it."""

from __future__ import annotations

from collections.abc import Callable

from PyQt6.QtCore import QObject

from fluoroview.recording import RecordingStatus
from fluoroview.session.session import Session
from fluoroview.viewer.main_window_ui import MainWindowUi
from fluoroview.viewer.session_bridge import SessionBridge

_MB = 1e6


class RecordControl(QObject):
    """Begins and ends recordings beside the window: making and closing a file takes a moment."""

    def __init__(
        self,
        session: Session,
        bridge: SessionBridge,
        ui: MainWindowUi,
        say: Callable[[str], None],
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._session = session
        self._bridge = bridge
        self._ui = ui
        self._say = say
        self._since_ns = 0
        self._shown: RecordingStatus | None = None
        self._ending = False
        ui.loop_bar.record_requested.connect(self.record)

    def record(self, on: bool) -> None:
        """Begin a recording under a name of its own, or end it."""
        if not on:
            self._end()
            return

        def begun(path: object) -> None:
            if path is None:
                self.show_status(None)  # the button goes back; why was told as a problem
            else:
                self._say(f"Recording to {path}")

        self._bridge.when_done(self._session.start_recording(), begun)

    def toggle(self) -> None:
        """Begin one, or end the one that runs."""
        self.record(self._shown is None)

    def show_status(self, status: RecordingStatus | None) -> None:
        """Show how a recording stands; one that ended by itself is put away."""
        if status is not None and not status.running:
            self._end()
            status = None
        before, self._shown = self._shown, status
        if status is not None and (before is None or before.path != status.path):
            self._since_ns = self._session.clock.monotonic_ns()
        self._ui.loop_bar.show_recording(status is not None)
        self._ui.canvas.set_recording("" if status is None else self._words(status))

    def _end(self) -> None:
        if self._ending:
            return
        self._ending = True

        def ended(status: RecordingStatus | None) -> None:
            self._ending = False
            if status is not None:
                size = f"{status.bytes_written / _MB:.0f} MB"
                self._say(f"Recorded {status.frames} frames, {size}: {status.path}")

        self._bridge.when_done(self._session.stop_recording(), ended)

    def _words(self, status: RecordingStatus) -> str:
        """Time since it began and what is on the disk; frames left out are no secret."""
        seconds = (self._session.clock.monotonic_ns() - self._since_ns) // 1_000_000_000
        words = f"REC  {seconds // 60}:{seconds % 60:02d}   {status.bytes_written / _MB:.0f} MB"
        return words + (f"   {status.left_out} left out" if status.left_out else "")
