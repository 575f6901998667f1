"""Raw recording: starts and ends it, and shows its state on badge and button."""

from __future__ import annotations

from collections.abc import Callable

from PyQt6.QtCore import QObject

from fluoroview.hal.foreign_text import plain
from fluoroview.recording import RecordingStatus
from fluoroview.session.session import Session
from fluoroview.translation import tr
from fluoroview.viewer.main_window_ui import MainWindowUi
from fluoroview.viewer.session_bridge import SessionBridge
from fluoroview.viewer.widgets.busy_indicator import BusyIndicator

_MB = 1e6


class RecordControl(QObject):
    """Starts and ends recordings in the background, because creating a file takes a moment."""

    def __init__(
        self,
        session: Session,
        bridge: SessionBridge,
        ui: MainWindowUi,
        waits: BusyIndicator,
        report: Callable[[str], None],
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._session = session
        self._bridge = bridge
        self._ui = ui
        self._waits, self._report = waits, report
        self._since_ns = 0
        self._shown: RecordingStatus | None = None
        self._ending = False
        ui.loop_bar.record_requested.connect(self.record)

    def record(self, on: bool) -> None:
        """Start a recording under a new name, or end it."""
        if not on:
            self._end()
            return

        def begun(path: object) -> None:
            if path is None:
                self.show_status(None)  # the button is released; the session reports why
            else:
                self._report(tr("Recording to {path}").format(path=plain(path)))

        self._bridge.when_done(self._session.start_recording(), begun)

    def toggle(self) -> None:
        """Start a recording, or end the one that runs."""
        self.record(self._shown is None)

    def show_status(self, status: RecordingStatus | None) -> None:
        """Show a recording's state; one that ended on its own is closed."""
        if status is not None and not status.running:
            self._end()
            status = None
        before, self._shown = self._shown, status
        if status is not None and (before is None or before.path != status.path):
            self._since_ns = self._session.clock.monotonic_ns()
        self._ui.loop_bar.show_recording(status is not None)
        self._ui.canvas.set_recording("" if status is None else self._text(status))

    def _end(self) -> None:
        if self._ending:
            return
        self._ending = True

        def ended(status: RecordingStatus | None) -> None:
            self._ending = False
            if status is not None:
                size = f"{status.bytes_written / _MB:.0f} MB"
                self._report(
                    tr("Recorded {frames} frames, {size}: {path}").format(
                        frames=status.frames, size=size, path=plain(status.path)
                    )
                )

        self._waits.wait_for(
            tr("Closing the recording"), self._session.stop_recording(), ended, saves=True
        )

    def _text(self, status: RecordingStatus) -> str:
        """Return the time since its start, its size, and how many frames it lacks."""
        seconds = (self._session.clock.monotonic_ns() - self._since_ns) // 1_000_000_000
        text = f"REC  {seconds // 60}:{seconds % 60:02d}   {status.bytes_written / _MB:.0f} MB"
        lacks = tr("{count} frames missing").format(count=status.left_out)
        return f"{text}   {lacks}" if status.left_out else text
