"""The menus of the main window: their texts, their keys, and what of the window they call."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from PyQt6.QtWidgets import QDialog

from fluoroview.samples import samples
from fluoroview.translation import language, tr, translate_message
from fluoroview.viewer.controllers.device_control import DeviceControl
from fluoroview.viewer.controllers.file_control import FileControl
from fluoroview.viewer.controllers.loop_control import LoopControl
from fluoroview.viewer.controllers.record_control import RecordControl
from fluoroview.viewer.dialogs.calibration_dialog import CalibrationDialog
from fluoroview.viewer.dialogs.help_dialog import HelpDialog
from fluoroview.viewer.dialogs.log_dialog import LogDialog
from fluoroview.viewer.dialogs.skin_map import SkinMapDialog
from fluoroview.viewer.image.canvas import ImageCanvas
from fluoroview.viewer.input.actions import Entry, Menu
from fluoroview.viewer.language import LANGUAGES, choose_language

_LAST = 10**9


class MenuWindow(Protocol):
    """What the menus need of the window; `MainWindow` has it."""

    canvas: ImageCanvas
    devices: DeviceControl
    files: FileControl
    loop: LoopControl
    recording: RecordControl
    calibration: CalibrationDialog
    help: HelpDialog
    log: LogDialog
    skin_map: SkinMapDialog

    def close(self) -> bool:
        """Ask the window to close."""

    def ask_new_patient(self) -> None:
        """Ask whether another patient begins."""

    def auto_window(self) -> None:
        """Set the window from the image."""

    def invert(self) -> None:
        """Swap black and white."""

    def toggle_full_screen(self) -> None:
        """Fill the screen, or no more."""

    def escape(self) -> None:
        """Leave full screen or replay."""

    def open_files(self, paths: list[Path]) -> None:
        """Open files."""

    def report(self, text: str) -> None:
        """Show a short text in the status bar."""


def menus_of(window: MenuWindow) -> list[Menu]:
    """Return all menus of the menu bar."""
    return [
        Menu(tr("File"), _file(window)),
        Menu(tr("Session"), _session(window)),
        Menu(tr("View"), _view(window)),
        Menu(tr("Loop"), _loop(window)),
        Menu(
            tr("Help"),
            [
                Entry(tr("Keys and mouse"), ("F1",), lambda: _bring_up(window.help)),
                Entry(tr("Show log"), (), window.log.open),
            ],
        ),
    ]


def _file(window: MenuWindow) -> list[Entry | Menu]:
    files = window.files
    return [
        Entry(tr("Open files…"), ("Ctrl+O",), files.ask),
        Menu(
            tr("Open sample"),
            [
                Entry(translate_message(each.title), (), _opening(window, each.path))
                for each in samples()
            ],
        ),
        Entry(tr("Previous file"), ("PgUp",), lambda: files.go(-1)),
        Entry(tr("Next file"), ("PgDown",), lambda: files.go(1)),
        Entry(),
        Entry(tr("Save loop…"), ("Ctrl+S",), files.save_loop),
        Entry(tr("Save image…"), ("Ctrl+Shift+S",), files.save_image),
        Entry(),
        Entry(tr("Quit"), ("Ctrl+Q",), window.close),
    ]


def _session(window: MenuWindow) -> list[Entry | Menu]:
    return [
        Entry(tr("New patient…"), (), window.ask_new_patient),
        Entry(tr("Skin dose map…"), (), window.skin_map.open_for),
        Entry(tr("Record raw data on/off"), ("Ctrl+Shift+R",), window.recording.toggle),
        Entry(tr("Restart device"), ("Ctrl+R",), window.devices.restart),
        Entry(tr("Calibrate…"), (), lambda: _bring_up(window.calibration)),
    ]


def _view(window: MenuWindow) -> list[Entry | Menu]:
    canvas = window.canvas
    return [
        # A procedure may use a single letter; each has a second key with Ctrl.
        Entry(tr("Auto window"), ("A", "Ctrl+A"), window.auto_window),
        Entry(tr("Invert"), ("I", "Ctrl+I"), window.invert),
        Entry(tr("DSA on/off"), ("Ctrl+D",), window.devices.toggle_subtraction),
        Entry(),
        Entry(tr("Fit"), ("F", "Ctrl+F"), canvas.fit),
        Entry("1:1", ("1",), canvas.one_to_one),
        Entry(tr("Zoom in"), ("+", "="), lambda: canvas.zoom_by(1.25)),
        Entry(tr("Zoom out"), ("-",), lambda: canvas.zoom_by(0.8)),
        Entry(),
        Entry(tr("Full screen"), ("F11",), window.toggle_full_screen),
        Entry(tr("Leave full screen or replay"), ("Esc",), window.escape),
        Entry(),
        Menu(
            tr("Language"),
            [
                Entry(name, (), _choosing(window, code), checked=code == language())
                for code, name in LANGUAGES.items()
            ],
        ),
    ]


def _loop(window: MenuWindow) -> list[Entry | Menu]:
    loop = window.loop
    return [
        Entry(tr("Replay loop"), ("L", "Ctrl+L"), lambda: loop.replay(False)),
        Entry(tr("Replay last run"), ("Shift+L", "Ctrl+Shift+L"), lambda: loop.replay(True)),
        Entry(),
        Entry(tr("Play or pause"), ("P", "Ctrl+P"), loop.toggle_play),
        Entry(tr("Previous frame"), ("Left",), lambda: loop.step(-1)),
        Entry(tr("Next frame"), ("Right",), lambda: loop.step(1)),
        Entry(tr("First frame"), ("Home",), lambda: loop.seek(0)),
        Entry(tr("Last frame"), ("End",), lambda: loop.seek(_LAST)),
    ]


def _opening(window: MenuWindow, path: Path) -> Callable[[], None]:
    return lambda: window.open_files([path])


def _choosing(window: MenuWindow, code: str) -> Callable[[], None]:
    def choose() -> None:
        choose_language(code)
        window.report(tr("The language changes at the next start"))

    return choose


def _bring_up(dialog: QDialog) -> None:
    dialog.show()
    dialog.raise_()
