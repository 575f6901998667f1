"""The window on a real session with a device that is right: what the user does and sees."""

import numpy as np
import pytest
from PyQt6.QtCore import QPoint, Qt
from PyQt6.QtWidgets import QApplication

from fluoroview.hal.window import Window
from fluoroview.session.events import FIVE_MINUTES, Alarm, Mode
from fluoroview.viewer.widgets.message_bar import Message

SPACE = Qt.Key.Key_Space


def badge(window):
    return window.canvas.overlay.mode


def run(window, qtbot, frames=20):
    """Hold Space until some frames came, and release it."""
    runs = len(window.session.runs)
    qtbot.keyPress(window, SPACE)
    qtbot.waitUntil(lambda: window.session.snapshot().run_frames >= frames)
    qtbot.waitUntil(lambda: badge(window) == "LIVE")
    qtbot.keyRelease(window, SPACE)
    qtbot.waitUntil(lambda: len(window.session.runs) > runs)
    qtbot.waitUntil(lambda: shown_mode(window) is Mode.HOLD)


def shown_mode(window):
    image = window.canvas.image
    return image.mode if image is not None else None


def message_texts(window):
    return [message.what for message in window.ui.messages.messages]


def test_before_the_first_run_there_is_no_image_and_no_badge(window):
    assert window.canvas.image is None
    assert badge(window) == "IDLE"
    assert not window.ui.lamp.on


def test_space_down_is_live_space_up_is_hold(window, qtbot):
    qtbot.keyPress(window, SPACE)
    qtbot.waitUntil(lambda: badge(window) == "LIVE" and window.ui.lamp.on)
    first = window.canvas.image.number
    qtbot.waitUntil(lambda: window.canvas.image.number > first + 3)
    qtbot.keyRelease(window, SPACE)
    qtbot.waitUntil(lambda: badge(window) == "HOLD" and not window.ui.lamp.on)
    qtbot.waitUntil(lambda: shown_mode(window) is Mode.HOLD)
    pulses = window.session.snapshot().dose.pulses
    qtbot.wait(60)
    assert window.session.snapshot().dose.pulses == pulses, "not one pulse after"


def test_the_pedal_button_does_the_same(window, qtbot):
    button = window.ui.pedal_button
    qtbot.mousePress(button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: badge(window) == "LIVE")
    qtbot.mouseRelease(button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: badge(window) == "HOLD")


def test_losing_the_focus_ends_the_run(window, qtbot):
    from PyQt6.QtCore import QEvent

    qtbot.keyPress(window, SPACE)
    qtbot.waitUntil(lambda: badge(window) == "LIVE")
    QApplication.sendEvent(window, QEvent(QEvent.Type.WindowDeactivate))
    qtbot.waitUntil(lambda: not window.session.state.pedal_down)
    qtbot.waitUntil(lambda: badge(window) == "HOLD")


def test_the_dose_counts_while_the_pedal_is_down(window, qtbot):
    panel = window.ui.dose
    run(window, qtbot, 30)
    window.session.settled().result(30)
    shot = window.session.snapshot()
    assert shot.dose.pulses > 0
    qtbot.waitUntil(lambda: panel.pulses.value.text() == str(shot.dose.pulses))
    assert float(panel.cumulative.value.text()) == pytest.approx(shot.dose.pulses * 1e-3, abs=6e-4)
    panel.new_patient.click()
    assert window.new_patient.figures["pulses"].text() == str(shot.dose.pulses)
    assert panel.pulses.value.text() != "0", "nothing is cleared before it is confirmed"
    window.new_patient.clear.click()
    qtbot.waitUntil(lambda: panel.pulses.value.text() == "0")


def test_latency_is_reported_to_the_session(window, qtbot):
    run(window, qtbot, 30)
    latencies = window.session.latencies_ms()
    assert latencies
    assert all(0 < latency < 2000 for latency in latencies)


def test_a_refused_parameter_is_a_sentence_and_the_old_value_comes_back(window, qtbot):
    window.ui.tabs.setCurrentWidget(window.ui.parameter_panel)
    editor = window.ui.parameter_panel.editor("AcquisitionFrameRate")
    editor.written.emit("AcquisitionFrameRate", 5000.0)
    qtbot.waitUntil(lambda: bool(message_texts(window)))
    assert "AcquisitionFrameRate" in message_texts(window)[0]
    assert "1000" in message_texts(window)[0] + window.ui.messages.messages[0].remedy
    assert editor.field.text() == "200 Hz"


def test_a_parameter_is_shown_as_read_back(window, qtbot):
    window.ui.tabs.setCurrentWidget(window.ui.parameter_panel)
    editor = window.ui.parameter_panel.editor("AcquisitionFrameRate")
    editor.field.setValue(99.96)
    qtbot.waitUntil(lambda: editor.field.text() == "100 Hz")
    qtbot.waitUntil(lambda: "requested 99.96" in window.statusBar().currentMessage())


def test_a_window_dragged_belongs_to_its_source(window, qtbot):
    run(window, qtbot)
    chosen = Window(1234, 500)
    window.canvas.window_changed.emit(chosen)
    qtbot.waitUntil(lambda: window.session.snapshot().window == chosen)
    run(window, qtbot)
    qtbot.waitUntil(lambda: window.canvas.window_shown == chosen)


def test_invert_turns_the_image_round(window, qtbot, grey_of):
    run(window, qtbot)
    window.choose_window(Window(32768, 65536))
    middle = window.canvas.height() // 2, window.canvas.width() // 2
    before = int(grey_of(window.canvas)[middle])
    qtbot.keyClick(window, Qt.Key.Key_I)
    assert abs(int(grey_of(window.canvas)[middle]) - (255 - before)) <= 1


def test_the_loop_is_replayed_and_left_again(window, qtbot):
    run(window, qtbot, 30)
    qtbot.waitUntil(window.ui.loop_bar.replay_run.isEnabled)
    qtbot.keyClick(window, Qt.Key.Key_L)
    qtbot.waitUntil(lambda: badge(window) == "REPLAY" and window.session.player is not None)
    qtbot.waitUntil(lambda: shown_mode(window) is Mode.REPLAY)
    window.session.player.pause()
    window.ui.loop_bar.seek_requested.emit(7)
    assert window.session.player.index == 7
    qtbot.keyClick(window, Qt.Key.Key_Right)
    assert window.session.player.index == 8
    qtbot.keyClick(window, Qt.Key.Key_Home)
    assert window.session.player.index == 0
    qtbot.keyClick(window, Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: badge(window) == "HOLD")


def test_the_pedal_ends_a_replay(window, qtbot):
    run(window, qtbot, 20)
    qtbot.keyClick(window, Qt.Key.Key_L)
    qtbot.waitUntil(lambda: shown_mode(window) is Mode.REPLAY)
    qtbot.keyPress(window, SPACE)
    qtbot.waitUntil(lambda: badge(window) == "LIVE")
    qtbot.keyRelease(window, SPACE)


def test_a_file_that_is_no_image_is_a_sentence_and_nothing_is_lost(window, qtbot, tmp_path, drop):
    run(window, qtbot)
    path = tmp_path / "notes.dcm"
    path.write_text("not an image")
    drop(window, path)
    qtbot.waitUntil(lambda: bool(message_texts(window)))
    assert "notes.dcm" in message_texts(window)[0]
    assert shown_mode(window) is Mode.HOLD
    assert badge(window) == "HOLD"


def test_a_loop_that_was_saved_can_be_dropped_on_the_window(window, qtbot, tmp_path, drop):
    run(window, qtbot, 20)
    path = tmp_path / "loop.dcm"
    window.session.save_loop(path).result(30)
    drop(window, path)
    qtbot.waitUntil(lambda: shown_mode(window) is Mode.REPLAY)
    qtbot.waitUntil(lambda: badge(window) == "REPLAY")
    assert window.session.snapshot().replay.title == "loop.dcm"


def test_without_a_device_the_pedal_is_a_sentence(make_window, qtbot):
    window = make_window(connect=False)
    qtbot.keyPress(window, SPACE)
    qtbot.waitUntil(lambda: bool(message_texts(window)))
    qtbot.keyRelease(window, SPACE)
    assert window.canvas.image is None
    assert not window.ui.lamp.on


def test_an_alarm_is_seen_and_can_be_silenced(window, qtbot):
    window.show_alarm(Alarm(FIVE_MINUTES, "5.0 min of fluoroscopy. The beam is not stopped."))
    shown = window.ui.messages.messages
    assert shown[0].severity == "alarm"
    assert shown[0].action


def test_full_screen_keeps_dose_and_lamp_in_sight(window, qtbot):
    qtbot.keyClick(window, Qt.Key.Key_F11)
    assert window.isFullScreen()
    assert not window.menuBar().isVisible()
    assert window.ui.dose.isVisible()
    assert window.ui.lamp.isVisible()
    qtbot.keyClick(window, Qt.Key.Key_Escape)
    assert not window.isFullScreen()
    assert window.menuBar().isVisible()


def test_the_image_has_most_of_the_window(window, qtbot):
    window.resize(1600, 1200)
    qtbot.waitUntil(lambda: window.width() == 1600)
    assert window.canvas.width() >= 0.7 * 1600
    window.resize(1280, 800)
    qtbot.waitUntil(lambda: window.height() == 800)


def test_help_is_not_modal(window, qtbot):
    window.actions_by_text["Keys and mouse"].trigger()
    assert window.help.isVisible()
    assert not window.help.isModal()


def test_closing_while_the_pedal_is_down_ends_the_run(window, qtbot):
    qtbot.keyPress(window, SPACE)
    qtbot.waitUntil(lambda: badge(window) == "LIVE")
    window.close()
    qtbot.waitUntil(lambda: not window.session.snapshot().pedal_down)


def test_restart_is_offered_when_the_device_failed(make_window, qtbot):
    import os
    import signal

    window = make_window(isolation="process")
    qtbot.keyPress(window, SPACE)
    qtbot.waitUntil(lambda: badge(window) == "LIVE")
    os.kill(window.session.device_status().pid, signal.SIGKILL)
    qtbot.waitUntil(lambda: bool(message_texts(window)))
    qtbot.waitUntil(lambda: badge(window) == "HOLD")
    message = window.ui.messages.messages[0]
    assert message.action == "Restart device"
    qtbot.keyRelease(window, SPACE)
    window.ui.messages.action_requested.emit(message)
    qtbot.waitUntil(lambda: window.session.device_status().state == "ARMED")
    run(window, qtbot)


def test_the_first_image_already_has_its_window(window, qtbot, grey_of):
    painted = []
    window.canvas.painted.connect(lambda *_: painted.append(window.canvas.window_shown))
    run(window, qtbot)
    assert painted[0].width < 65536, "not the one of the empty canvas"


def test_corner_texts_show_what_is_known(window, qtbot):
    run(window, qtbot)
    technique = window.canvas.overlay.words("top right")
    assert technique[0] == "200 pulses/s"
    assert all("nan" not in line for line in technique)


def test_a_message_without_a_button_has_none(window):
    window.ui.messages.add(Message("A warning.", severity="warning"))
    assert window.ui.messages.messages[-1].action == ""


@pytest.mark.parametrize("size", [(1600, 1200), (1280, 800)])
def test_an_image_of_the_viewer_is_written_without_showing_it(make_window, tmp_path, qtbot, size):
    from fluoroview.viewer.image.offscreen import grab

    window = make_window()
    window.resize(*size)
    qtbot.waitUntil(lambda: (window.width(), window.height()) == size)
    grab(window, tmp_path / "viewer.png")
    import cv2

    seen = cv2.imread(str(tmp_path / "viewer.png"))
    assert seen.shape[:2] == size[::-1]
    assert np.ptp(seen) > 100


def test_panning_with_the_middle_button_keeps_the_window(window, qtbot):
    run(window, qtbot)
    before = window.canvas.window_shown
    qtbot.mousePress(window.canvas, Qt.MouseButton.MiddleButton, pos=QPoint(50, 50))
    qtbot.mouseMove(window.canvas, QPoint(90, 50))
    qtbot.mouseRelease(window.canvas, Qt.MouseButton.MiddleButton)
    assert window.canvas.window_shown == before


def test_a_replay_that_was_left_without_a_hold_leaves_no_image(make_window, qtbot, tmp_path):
    window = make_window()
    run(window, qtbot)
    path = window.session.save_loop(tmp_path / "loop.dcm").result(30)
    other = make_window(connect=False)
    other.session.open_file(path).result(30)
    qtbot.waitUntil(lambda: badge(other) == "REPLAY" and shown_mode(other) is Mode.REPLAY)
    other.session.stop_replay()
    qtbot.waitUntil(lambda: other.canvas.image is None)
    assert badge(other) == "IDLE"


def test_a_restart_by_key_takes_its_offer_away(window, qtbot):
    window.ui.messages.add(Message("It is gone.", action="Restart device"))
    window.devices.restart()
    assert not message_texts(window)
    qtbot.waitUntil(lambda: not window.waits.waiting)
