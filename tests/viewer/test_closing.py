"""Closing the window: the beam goes off, and nothing that is being saved is lost."""

import time
from concurrent.futures import Future
from pathlib import Path

from PyQt6.QtCore import Qt


def save(window, path: Path, monkeypatch) -> Future:
    """Begin to save the loop; the file is written when the test sets the future's result."""
    future: Future = Future()
    monkeypatch.setattr(window.session, "save_loop", lambda _path: future)
    window.files.save_loop_to(path)
    return future


def test_a_window_with_nothing_to_save_closes_at_once(window):
    assert window.close()
    assert not window.isVisible()


def test_a_window_closes_when_the_loop_is_saved(window, qtbot, tmp_path, monkeypatch):
    path = tmp_path / "loop.dcm"
    future = save(window, path, monkeypatch)
    assert not window.close()
    assert not window.close(), "asked twice, it waits as before"
    assert window.isVisible()
    assert "closes when the file is saved" in window.statusBar().currentMessage()
    future.set_result(path)
    qtbot.waitUntil(lambda: not window.isVisible())


def test_a_loop_that_cannot_be_saved_does_not_keep_the_window(window, qtbot, tmp_path, monkeypatch):
    future = save(window, tmp_path / "loop.dcm", monkeypatch)
    window.close()
    future.set_exception(OSError("full"))
    qtbot.waitUntil(lambda: not window.isVisible())


def test_closing_releases_the_pedal_although_a_file_is_being_saved(
    window, qtbot, tmp_path, monkeypatch
):
    future = save(window, tmp_path / "loop.dcm", monkeypatch)
    qtbot.keyPress(window, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: window.session.state.pedal_down)
    window.close()
    qtbot.waitUntil(lambda: not window.session.state.pedal_down)
    future.set_result(None)
    qtbot.waitUntil(lambda: not window.isVisible())


def test_a_part_that_fails_does_not_keep_the_others_from_closing(window, monkeypatch, caplog):
    def fail():
        raise RuntimeError("the sound is gone")

    monkeypatch.setattr(window.procedure, "close", fail)
    assert window.close()
    assert not window._timer.isActive()
    assert "the sound is gone" in caplog.text


def test_a_frozen_window_releases_the_pedal(window, qtbot):
    """Its thread stands still with the key held: the session hears of nobody and ends the run."""
    qtbot.keyPress(window, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: window.session.snapshot().run_frames >= 10)
    deadline = time.monotonic() + 30.0
    while window.session.state.pedal_down:  # no event of Qt is handled here
        assert time.monotonic() < deadline
    window.refresh()
    assert not window.ui.lamp.on
    qtbot.waitUntil(lambda: any("operator" in m.what for m in window.ui.messages.messages))
    qtbot.keyRelease(window, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: not window.pedal.down)
    qtbot.keyPress(window, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: window.session.state.pedal_down)
    qtbot.keyRelease(window, Qt.Key.Key_Space)
