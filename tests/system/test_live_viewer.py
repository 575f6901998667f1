"""The main job in the real window: foot on the pedal, live; foot off, the last image is held."""

import os
import signal
import time

import numpy as np
import pytest
from PyQt6.QtCore import QCoreApplication, QEvent, Qt
from PyQt6.QtGui import QImage

from fluoroview.hal import DeviceState
from fluoroview.session.events import Mode
from fluoroview.viewer.main_window import MainWindow

PERIOD_MS = 1000 / 30


@pytest.fixture
def shown(qtbot, make_session):
    """Return the window of a connected session on the simulated source."""
    session = make_session(Matrix="512", PulseRate="30")
    window = MainWindow(session)
    window.resize(1280, 900)
    with qtbot.waitExposed(window):
        window.show()
    window.activateWindow()
    yield window
    window.close()
    window.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)


def pixels(window):
    """What is on the screen where the image is, as greys."""
    image = window.canvas.grab().toImage().convertToFormat(QImage.Format.Format_Grayscale8)
    data = image.constBits().asarray(image.sizeInBytes())
    return np.array(data, np.uint8).reshape(image.height(), image.bytesPerLine())


def step_on(qtbot, window, frames=5):
    qtbot.keyPress(window, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: window.session.snapshot().run_frames >= frames, timeout=15_000)
    qtbot.waitUntil(lambda: window.canvas.image.mode is Mode.LIVE, timeout=5_000)


def test_pedal_down_changes_the_image_and_the_badge_states_live(qtbot, shown):
    before = pixels(shown)
    step_on(qtbot, shown)
    first = pixels(shown)
    qtbot.waitUntil(lambda: shown.session.snapshot().run_frames >= 20, timeout=15_000)
    assert (first != before).mean() > 0.3
    assert (pixels(shown) != first).mean() > 0.05, "noise alone changes a live image"
    shown.refresh()
    assert shown.canvas.overlay.mode == "LIVE"
    assert shown.ui.lamp.on
    qtbot.keyRelease(shown, Qt.Key.Key_Space)


def test_pedal_up_holds_within_a_frame_period_and_no_pulse_comes_after(qtbot, shown):
    step_on(qtbot, shown, 20)
    session = shown.session
    held_ns = []
    session.events.image_ready.connect(
        lambda: (
            held_ns.append(time.monotonic_ns()) if session.snapshot().mode is Mode.HOLD else None
        )
    )
    qtbot.keyRelease(shown, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: not session.snapshot().pedal_down, timeout=1_000)
    released_ns = time.monotonic_ns()
    assert session.snapshot().mode is Mode.HOLD
    qtbot.waitUntil(lambda: len(session.runs) == 1, timeout=3_000)
    pulses = session.snapshot().dose.pulses
    qtbot.wait(200)
    assert session.snapshot().dose.pulses == pulses, "not one pulse after"
    assert (held_ns[0] - released_ns) / 1e6 < PERIOD_MS
    assert shown.canvas.image.mode is Mode.HOLD
    assert shown.canvas.overlay.mode == "HOLD"
    assert not shown.ui.lamp.on
    still = pixels(shown)
    qtbot.wait(100)
    assert np.array_equal(pixels(shown), still), "a hold does not move"


def test_every_frame_is_accounted_for_and_every_pulse_has_its_dose(qtbot, shown):
    step_on(qtbot, shown, 30)
    qtbot.keyRelease(shown, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: len(shown.session.runs) == 1, timeout=3_000)
    record = shown.session.runs[0]
    assert record.ledger.exact
    assert record.ledger.lost == 0
    assert record.dose.pulses == record.ledger.expected == record.frames
    assert record.dose.air_kerma_mgy > 0
    assert str(record.dose.origin) == "simulated"


def test_kill_9_leaves_the_viewer_its_last_image_and_a_restart(qtbot, shown):
    step_on(qtbot, shown, 10)
    session = shown.session
    os.kill(session.snapshot().device.pid, signal.SIGKILL)
    qtbot.waitUntil(lambda: session.snapshot().mode is Mode.HOLD, timeout=1_000)
    qtbot.waitUntil(lambda: bool(session.problems), timeout=1_000)
    qtbot.waitUntil(lambda: bool(shown.ui.messages.messages), timeout=1_000)
    assert "killed by signal 9" in shown.ui.messages.messages[0].what
    assert shown.ui.messages.messages[0].action == "Restart device"
    assert shown.canvas.image is not None
    qtbot.waitUntil(lambda: len(session.runs) == 1, timeout=3_000)
    assert session.runs[0].ledger.exact
    qtbot.keyRelease(shown, Qt.Key.Key_Space)
    future = session.restart_device()
    qtbot.waitUntil(future.done, timeout=10_000)
    assert session.snapshot().device.state is DeviceState.ARMED
    step_on(qtbot, shown)
    qtbot.keyRelease(shown, Qt.Key.Key_Space)


def test_losing_the_focus_releases_the_pedal(qtbot, shown):
    step_on(qtbot, shown)
    QCoreApplication.sendEvent(shown, QEvent(QEvent.Type.WindowDeactivate))
    qtbot.waitUntil(lambda: shown.session.state.mode is Mode.HOLD)
    assert not shown.session.state.pedal_down


def test_the_loop_is_replayed_and_the_pedal_ends_the_replay(qtbot, shown):
    step_on(qtbot, shown, 15)
    qtbot.keyRelease(shown, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: len(shown.session.runs) == 1, timeout=3_000)
    shown.session.replay_loop().result(30)
    qtbot.waitUntil(lambda: shown.canvas.image.mode is Mode.REPLAY, timeout=3_000)
    shown.refresh()
    assert shown.canvas.overlay.mode == "REPLAY"
    step_on(qtbot, shown)
    assert shown.session.player is None
    qtbot.keyRelease(shown, Qt.Key.Key_Space)
