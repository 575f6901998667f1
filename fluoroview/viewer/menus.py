"""The menus of the main window: their words, their keys, and what of the window they call."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PyQt6.QtWidgets import QDialog

from fluoroview.viewer.input.actions import Entry

if TYPE_CHECKING:
    from fluoroview.viewer.main_window import MainWindow

_LAST = 10**9


def menus_of(window: MainWindow) -> dict[str, list[Entry]]:
    """Return all menus by their titles."""
    return {
        "File": _file(window),
        "Exam": _session(window),
        "Image": _image(window),
        "Loop": _loop(window),
        "Help": [Entry("Keys and mouse", ("F1",), lambda: _bring_up(window.help))],
    }


def _file(window: MainWindow) -> list[Entry]:
    files = window.files
    return [
        Entry("Open files…", ("Ctrl+O",), files.ask),
        Entry("File before", ("PgUp",), lambda: files.go(-1)),
        Entry("File after", ("PgDown",), lambda: files.go(1)),
        Entry(),
        Entry("Save loop…", ("Ctrl+S",), files.save_loop),
        Entry("Save image…", ("Ctrl+Shift+S",), files.save_image),
        Entry(),
        Entry("Quit", ("Ctrl+Q",), window.close),
    ]


def _session(window: MainWindow) -> list[Entry]:
    return [
        Entry("Reset dose", (), window.reset_dose),
        Entry("Skin dose…", (), window.skin_map.open_for),
        Entry("Record or stop recording", ("Ctrl+Shift+R",), window.recording.toggle),
        Entry("Restart device", ("Ctrl+R",), window.restart_device),
        Entry("Calibrate…", (), lambda: _bring_up(window.calibration)),
    ]


def _image(window: MainWindow) -> list[Entry]:
    canvas = window.canvas
    return [
        # An examination may take a single letter; each has a second key with Ctrl.
        Entry("Window that suits", ("A", "Ctrl+A"), window.auto_window),
        Entry("Invert", ("I", "Ctrl+I"), window.invert),
        Entry("Subtract", ("Ctrl+D",), window.toggle_subtraction),
        Entry(),
        Entry("Fit", ("F", "Ctrl+F"), canvas.fit),
        Entry("1:1", ("1",), canvas.one_to_one),
        Entry("Zoom in", ("+", "="), lambda: canvas.zoom_by(1.25)),
        Entry("Zoom out", ("-",), lambda: canvas.zoom_by(0.8)),
        Entry(),
        Entry("Full screen", ("F11",), window.toggle_full_screen),
        Entry("Leave full screen or replay", ("Esc",), window.escape),
    ]


def _loop(window: MainWindow) -> list[Entry]:
    loop = window.loop
    return [
        Entry("Replay loop", ("L", "Ctrl+L"), lambda: loop.replay(False)),
        Entry("Replay last run", ("Shift+L", "Ctrl+Shift+L"), lambda: loop.replay(True)),
        Entry(),
        Entry("Play or pause", ("P", "Ctrl+P"), loop.toggle_play),
        Entry("One image back", ("Left",), lambda: loop.step(-1)),
        Entry("One image on", ("Right",), lambda: loop.step(1)),
        Entry("First image", ("Home",), lambda: loop.seek(0)),
        Entry("Last image", ("End",), lambda: loop.seek(_LAST)),
    ]


def _bring_up(dialog: QDialog) -> None:
    dialog.show()
    dialog.raise_()
