"""Raw recording from the window: the button, the badge, and opening what was recorded."""

import numpy as np
import pytest

from fluoroview.recording import Recording
from fluoroview.recording.places import VARIABLE
from fluoroview.session.room import DeviceSection
from fluoroview.viewer.main_window import MainWindow


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Where recordings go."""
    monkeypatch.setenv(VARIABLE, str(tmp_path / "recordings"))
    return tmp_path / "recordings"


def rec(window):
    return " ".join(window.canvas.overlay.words("recording"))


def record(window, qtbot, hold_pedal, frames=20):
    """Record a run with the button; return the file."""
    button = window.ui.loop_bar.record
    button.click()
    qtbot.waitUntil(lambda: rec(window).startswith("REC  0:0"))
    hold_pedal(window, frames)
    button.click()
    qtbot.waitUntil(lambda: rec(window) == "")
    qtbot.waitUntil(lambda: "Recorded" in window.statusBar().currentMessage())
    return window.statusBar().currentMessage().rpartition(": ")[2]


def test_every_frame_of_a_run_is_recorded(window, qtbot, folder, hold_pedal):
    path = record(window, qtbot, hold_pedal)
    assert str(folder) in path
    with Recording(path) as recording:
        assert recording.frame_count == window.session.runs[-1].ledger.delivered > 0
        assert recording.damage == []
        assert np.unique(recording.read(0)).size == 1, "the ramp's frames are even"


def test_recording_never_hides_that_the_image_is_live(window, qtbot, folder, hold_pedal):
    window.ui.loop_bar.record.click()
    qtbot.waitUntil(lambda: rec(window) != "")
    overlay = window.canvas.overlay
    hold_pedal(window)
    qtbot.waitUntil(lambda: overlay.mode == "HOLD")
    assert rec(window).startswith("REC"), "it goes on between two runs"
    window.canvas.grab()
    places = overlay.places()
    assert not places["badge"].intersects(places["recording"])
    assert window.ui.loop_bar.record.text() == "Stop recording"


def test_without_a_device_nothing_can_be_recorded(make_window):
    window = make_window(connect=False)
    assert not window.ui.loop_bar.record.isEnabled()


def test_a_folder_that_takes_no_file_is_a_sentence_and_the_button_goes_back(
    window, qtbot, tmp_path, monkeypatch
):
    (tmp_path / "a-file").write_text("")
    monkeypatch.setenv(VARIABLE, str(tmp_path / "a-file"))
    window.ui.loop_bar.record.click()
    qtbot.waitUntil(lambda: bool(window.ui.messages.messages))
    assert "a-file" in window.ui.messages.messages[0].what
    qtbot.waitUntil(lambda: window.ui.loop_bar.record.text() == "Record raw data")
    assert not window.ui.loop_bar.record.isChecked()


def opened(window: MainWindow, path):
    status = window.session.device_status()
    return status.driver == "recording" and status.device == path and not window.waits.waiting


def test_a_recording_dropped_on_the_window_is_a_device_that_replays(
    window, qtbot, folder, hold_pedal, drop
):
    path = record(window, qtbot, hold_pedal)
    drop(window, path)
    qtbot.waitUntil(lambda: opened(window, path), timeout=20_000)
    qtbot.waitUntil(lambda: window.canvas.image is None)
    qtbot.waitUntil(window.ui.pedal_button.isEnabled)
    assert "play" in window.ui.pedal_button.text()
    lit = []
    window.canvas.painted.connect(
        lambda *_: lit.append((window.canvas.overlay.mode, window.ui.lamp.on))
    )
    hold_pedal(window, frames=10)
    assert ("REPLAY", False) in lit
    assert not any(mode == "LIVE" or on for mode, on in lit), "there is no beam"


def test_a_file_that_is_no_recording_costs_nobody_their_device(window, qtbot, drop, tmp_path):
    path = tmp_path / "broken.fluoro.h5"
    path.write_text("not a recording")
    drop(window, path)
    qtbot.waitUntil(lambda: bool(window.ui.messages.messages))
    assert "broken.fluoro.h5" in window.ui.messages.messages[0].what
    qtbot.waitUntil(lambda: not window.waits.waiting)
    assert window.session.device_status().name == "ramp:r0"
    assert window.session.device_status().state == "ARMED"


def test_a_recording_starts_no_generator(make_window, qtbot, folder, hold_pedal, drop):
    window = make_window(generator=DeviceSection(driver="tube", device="x", isolation="thread"))
    assert window.session.generator_parameters
    path = record(window, qtbot, hold_pedal)
    drop(window, path)
    qtbot.waitUntil(lambda: opened(window, path), timeout=20_000)
    assert not window.session.generator_parameters
    assert window.session.generator_status().name == ""
