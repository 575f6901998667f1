"""An image of the running viewer in each of its states, made with the simulated source.

Run by `fluoroview screenshots`; the image in the README is one of them.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import Any

from PyQt6.QtCore import QCoreApplication

from fluoroview.hal import DeviceError, FluoroError
from fluoroview.recording import SUFFIX as RECORDING_SUFFIX
from fluoroview.session.room import HoldSection, LoopSection, Room
from fluoroview.session.session import Session
from fluoroview.viewer.app import application
from fluoroview.viewer.display_check import DisplayError, require_display
from fluoroview.viewer.image.offscreen import close, save
from fluoroview.viewer.main_window import MainWindow

SIZES_PX = ((1600, 1200), (1280, 800))
BOLUS_AT_FRAME = 84
"""When the bolus of the first swallow is in the pharynx, at 30 pulses a second."""
_DEADLINE_S = 30.0
Step = Callable[[float, float], None]


def write_screenshots(out_dir: Path, step: Step = lambda done, total: None) -> list[Path]:
    """Drive the real viewer through its states at both sizes; return the files written.

    Without a display Qt draws into memory. Raises FluoroError when a state cannot be reached.
    """
    try:
        require_display()
    except DisplayError:
        os.environ["QT_QPA_PLATFORM"] = "offscreen"
    try:
        out_dir.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise FluoroError(
            f"The folder {out_dir} cannot be made: {error.strerror}.",
            "Name another one with --out.",
            code="FV-GUI-005",
        ) from error
    application()
    written: list[Path] = []
    states = len(_Tour.STATES) * len(SIZES_PX)
    for size in SIZES_PX:
        with tempfile.TemporaryDirectory(prefix="fluoroview-") as folder:
            tour = _Tour(size, Path(folder))
            images = {}
            try:
                for name in _Tour.STATES:
                    getattr(tour, name)()
                    images[name] = tour.shown.grab()
                    step(len(written) + len(images), states)
            finally:
                tour.end()
        for name, image in images.items():  # later, so that writing delays no live image
            path = out_dir / f"{name}_{size[0]}x{size[1]}.png"
            save(image, path)
            written.append(path)
    return written


class _Tour:
    """One window, led from state to state; each method leaves it in the state of its name."""

    STATES = (
        "idle",
        "source",
        "live",
        "patient",
        "c_arm",
        "health",
        "recording",
        "hold",
        "parameters",
        "zoomed",
        "replay",
        "device",
        "error",
        "alarm",
        "help",
        "full_screen",
    )

    def __init__(self, size_px: tuple[int, int], folder: Path) -> None:
        loop = LoopSection(seconds=10.0, folder=str(folder))
        self.session = Session(Room(hold=HoldSection(frames=4), loop=loop))
        self.window = MainWindow(self.session)
        self.shown: Any = self.window
        self.folder, self.size_px = folder, size_px
        self.window.resize(*size_px)
        self.window.show()

    def end(self) -> None:
        close(self.window)
        self.session.close()

    def idle(self) -> None:
        self._spin(0.3)

    def source(self) -> None:
        self._wait(self.session.connect())
        panel = self.window.ui.device_panel
        self.window.ui.tabs.setCurrentWidget(panel)
        self._until(panel.connect_button.isEnabled)
        self._spin(0.3)

    def live(self) -> None:
        self.window.ui.tabs.setCurrentWidget(self.window.ui.technique_panel)
        self.window.pedal.pressed.emit()
        self._until(lambda: self.session.snapshot().run_frames > BOLUS_AT_FRAME)
        self.window.refresh()

    def patient(self) -> None:
        self.window.ui.tabs.setCurrentWidget(self.window.ui.procedure_panel)
        self._spin(0.5)

    def c_arm(self) -> None:
        self.window.ui.tabs.setCurrentWidget(self.window.ui.positioner_panel)
        self._spin(0.5)

    def health(self) -> None:
        self.window.ui.tabs.setCurrentWidget(self.window.ui.stream_panel)
        self._spin(1.5)

    def recording(self) -> None:
        self.session.start_recording(self.folder / f"raw{RECORDING_SUFFIX}")
        self._until(lambda: bool(self.window.canvas.overlay.words("recording")))
        self._spin(1.2)

    def hold(self) -> None:
        self.session.stop_recording()
        self.window.ui.tabs.setCurrentWidget(self.window.ui.technique_panel)
        self.window.pedal.released.emit()
        self._until(lambda: self.session.snapshot().runs > 0)
        self._spin(0.4)

    def parameters(self) -> None:
        self.window.ui.tabs.setCurrentWidget(self.window.ui.parameter_panel)
        self._spin(0.3)

    def zoomed(self) -> None:
        self.window.ui.tabs.setCurrentWidget(self.window.ui.technique_panel)
        self.window.canvas.zoom_by(2.5)
        self.window.invert()
        self._spin(0.3)

    def replay(self) -> None:
        self.window.invert()
        self.window.canvas.fit()
        self.window.ui.loop_bar.replay_run.click()
        self._until(lambda: self.session.player is not None and self.session.player.index > 45)

    def device(self) -> None:
        self.session.stop_replay()
        self._wait(self.session.set_parameter("Procedure", "central-line"))
        self.window.ui.tabs.setCurrentWidget(self.window.ui.procedure_panel)
        self.window.pedal.pressed.emit()
        self._until(lambda: self.session.snapshot().run_frames > 0)
        self._wait(self.session.set_parameter("GuidewireAdvance", 200.0))
        self._wait(self.session.set_parameter("CatheterAdvance", 120.0))
        self._spin(1.5)

    def error(self) -> None:
        self.window.pedal.released.emit()
        self._until(lambda: not self.session.snapshot().pedal_down)
        self.window.ui.tabs.setCurrentWidget(self.window.ui.technique_panel)
        broken = self.folder / "notes.dcm"
        broken.write_text("not an image")
        self.window.open_files([broken])
        self.session.set_parameter("TubeVoltage", 400.0)
        self._until(lambda: len(self.window.ui.messages.messages) >= 2)
        self._until(lambda: not self.window.waits.waiting)
        self._spin(0.3)

    def alarm(self) -> None:
        self.window.ui.messages.clear()
        self.session.add_fluoroscopy_time(301.0)
        self._until(lambda: bool(self.window.ui.messages.messages))
        self._spin(0.3)

    def help(self) -> None:
        self.window.help.show()
        self.shown = self.window.help
        self._spin(0.2)

    def full_screen(self) -> None:
        self.session.acknowledge_alarm()
        self.window.ui.messages.clear()
        self.window.help.close()
        self.shown = self.window
        self.window.toggle_full_screen()
        self._spin(0.2)
        self.window.resize(*self.size_px)  # a full screen of this size, whatever the real one is
        self._spin(0.3)

    def _wait(self, future: Future[Any]) -> None:
        self._until(future.done)
        future.result()

    def _until(self, reached: Callable[[], bool]) -> None:
        deadline = time.monotonic() + _DEADLINE_S
        while not reached():
            if time.monotonic() > deadline:
                said = "; ".join(m.what for m in self.window.ui.messages.messages)
                raise DeviceError(
                    f"A state of the viewer was not reached within {_DEADLINE_S:g} s. {said}",
                    "Check that the simulated source works: `fluoroview live --headless`.",
                    code="FV-GUI-006",
                )
            self._spin(0.02)

    def _spin(self, seconds: float) -> None:
        """Let the window live; painting and events go on."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            QCoreApplication.processEvents()
            time.sleep(0.002)
