"""What a trainee does wrong with the simulated source: one sentence each, and nothing is done."""

import time
from dataclasses import replace

import pytest
from PyQt6.QtCore import QPoint, Qt

from fluoroview.hal import ParameterError
from fluoroview.viewer.input.device_drag import STEP_PX

CATHETER = "CatheterAdvance"
SPACE = Qt.Key.Key_Space


@pytest.fixture
def make_phantom(make_window, qtbot):
    """Return a function that opens the window on the simulated source's test phantom."""

    def make():
        window = make_window("simulated", "suite", connect=False)
        session, parameters = window.session, {"Procedure": "phantom", "Matrix": "512"}
        section = session.room.detector.model_copy(update={"parameters": parameters})
        session._core.devices.room = session.room.model_copy(update={"detector": section})
        session.connect().result(30)
        qtbot.waitUntil(window.ui.pedal_button.isEnabled)
        return window

    return make


@pytest.fixture
def window(make_phantom):
    return make_phantom()


def suite(window):
    """Return the simulated device itself: it runs in this process."""
    return window.session._core.devices.armed.host._transport._server._device


def value(window, name):
    return window.session.parameters.value(name)


def message_texts(window):
    return [message.what for message in window.ui.messages.messages]


def test_factors_out_of_the_tubes_range(qtbot, window):
    for name, wish, sentence in (
        ("TubeVoltage", 200.0, "TubeVoltage cannot be 200.0 kV: allowed is 40.0 to 125.0 kV."),
        ("TubeVoltage", 20.0, "TubeVoltage cannot be 20.0 kV: allowed is 40.0 to 125.0 kV."),
        ("TubeCurrent", 5000.0, "TubeCurrent cannot be 5000.0 mA: allowed is 1.0 to 1000.0 mA."),
    ):
        before = value(window, name)
        window.devices.write(name, wish)
        qtbot.waitUntil(
            lambda sentence=sentence: any(s.endswith(sentence) for s in message_texts(window))
        )
        assert value(window, name) == before


def refuses(patient, depth_mm):
    try:
        patient.check(CATHETER, depth_mm, 0.0)
    except ParameterError:
        return True
    return False


def closed(window):
    window.session.set_parameter("IrisDiameter", 0.0).result(30)


def hot(window):
    def heat(state):
        now_s = time.monotonic_ns() / 1e9
        return replace(
            state, tube=replace(state.tube, heat_then_j=2 * state.tube.capacity_j, then_s=now_s)
        )

    suite(window).room.change(heat)


def test_an_exposure_that_cannot_be(qtbot, window):
    qtbot.waitUntil(lambda: suite(window).scene() is not None)  # or the tube cools meanwhile
    for spoil, words in ((closed, ("is closed", "Open it")), (hot, ("too hot", "Wait"))):
        spoil(window)
        qtbot.keyPress(window, SPACE)
        qtbot.waitUntil(lambda words=words: any(words[0] in each for each in message_texts(window)))
        qtbot.waitUntil(lambda: not window.session.snapshot().pedal_down)
        qtbot.keyRelease(window, SPACE)
        qtbot.waitUntil(lambda: not window.pedal.down)
        assert words[1] in message_texts(window)[-1]
        assert not window.ui.lamp.on
        assert window.session.snapshot().dose.pulses == 0
        window.session.set_parameter("IrisDiameter", 400.0).result(30)


def test_a_device_at_the_end_of_its_vessel_by_key_and_by_mouse(qtbot, window):
    window.session.set_parameter("Procedure", "peripheral-angiography").result(30)
    qtbot.waitUntil(lambda: CATHETER in window.ui.procedure_panel.rows)
    patient = suite(window).patient()
    deepest = next(mm for mm in range(600, 0, -10) if not refuses(patient, mm))
    window.session.set_parameter(CATHETER, float(deepest)).result(30)
    window.refresh()
    canvas, at = window.canvas, window.canvas.rect().center()
    canvas.setFocus()
    qtbot.keyClick(canvas, Qt.Key.Key_Up)
    qtbot.waitUntil(lambda: bool(message_texts(window)))
    by_key = message_texts(window)
    window.ui.messages.clear()
    qtbot.mousePress(canvas, Qt.MouseButton.RightButton, pos=at)
    qtbot.mouseMove(canvas, at - QPoint(0, round(STEP_PX)))
    qtbot.mouseRelease(canvas, Qt.MouseButton.RightButton)
    qtbot.waitUntil(lambda: bool(message_texts(window)))
    assert message_texts(window) == by_key
    assert "Too deep" in by_key[0], by_key
    assert "Withdraw (↓)" in window.ui.messages.messages[0].remedy
    assert value(window, CATHETER) == deepest


def test_a_damaged_patient_on_disk_is_made_again_with_a_warning(
    qtbot, make_phantom, tmp_path, monkeypatch
):
    patients = tmp_path / "patients"
    monkeypatch.setenv("FLUOROVIEW_SIMULATED_CACHE", str(patients))
    window = make_phantom()
    qtbot.waitUntil(lambda: suite(window).scene() is not None and any(patients.glob("*.npz")))
    for file in patients.glob("view-*.npz"):
        file.write_bytes(file.read_bytes()[:1000])
    window.devices.restart()
    qtbot.waitUntil(lambda: any("projected again" in each for each in message_texts(window)))
    (message,) = window.ui.messages.messages
    assert message.severity == "warning"
    assert message.what.startswith("simulated:suite: ")
