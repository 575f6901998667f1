"""Lamp, dose display, messages, loop bar, health and sound, each alone."""

import wave

import numpy as np
import pytest
from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QWidget

from fluoroview.dicom import RecordedDose
from fluoroview.dose.account import DoseReading
from fluoroview.hal import DeviceInfo, DeviceState, DoseOrigin, Ledger
from fluoroview.hal.runtime.time_fit import ClockFit
from fluoroview.hal.sequencing import Sequencing
from fluoroview.session.images.stream_statistics import HISTOGRAM_MS, Health
from fluoroview.session.state import DeviceStatus, ReplayStatus
from fluoroview.viewer.panels.device_panel import DevicePanel
from fluoroview.viewer.panels.dose_panel import NOT_AVAILABLE, DosePanel
from fluoroview.viewer.panels.stream_panel import StreamPanel
from fluoroview.viewer.widgets import sound
from fluoroview.viewer.widgets.lamp import XRayLamp
from fluoroview.viewer.widgets.loop_bar import LoopBar
from fluoroview.viewer.widgets.message_bar import MAX_SHOWN, Message, MessageBar


@pytest.fixture
def put(qtbot):
    """Show a widget and free it after the test."""

    def show(widget):
        qtbot.addWidget(widget)
        widget.show()
        qtbot.waitExposed(widget)
        return widget

    return show


def test_the_lamp_is_amber_only_while_the_beam_is_on(put, colours_of):
    lamp = put(XRayLamp())
    lamp.resize(300, 52)

    def amber():
        blue, green, red = (colours_of(lamp)[..., i].astype(int) for i in range(3))
        return float(np.mean((red > 200) & (green > 150) & (blue < 90)))

    assert amber() < 0.01
    lamp.set_on(True)
    assert amber() > 0.5
    lamp.set_on(False)
    assert amber() < 0.01


def reading(**more):
    figures = {
        "air_kerma_rate_mgy_min": 12.34,
        "cumulative_air_kerma_mgy": 0.456,
        "kap_gycm2": 1.5,
        "fluoroscopy_time_s": 125.0,
        "pulses": 12345,
        "pulses_without_kerma": 0,
        "pulses_without_kap": 0,
        "origin": DoseOrigin.SIMULATED,
    }
    return DoseReading(**(figures | more))


def test_dose_figures_stand_apart_with_their_units(put):
    panel = put(DosePanel())
    panel.show_reading(reading())
    assert (panel.rate.value.text(), panel.rate.unit.text()) == ("12.3", "mGy/min")
    assert (panel.cumulative.value.text(), panel.cumulative.unit.text()) == ("0.456", "mGy")
    assert panel.kap.value.text() == "1.50"
    assert panel.time.value.text() == "2.0", "minutes and tenths, cut"
    assert panel.pulses.value.text() == "12\u2009345"
    panel.show_reading(reading(pulses_without_kap=17))
    assert "KAP missing for 17 pulses" in panel.origin.text()
    assert panel.rate.geometry() != panel.cumulative.geometry()


def test_what_is_not_available_is_never_zero(put):
    panel = put(DosePanel())
    panel.show_reading(
        reading(
            air_kerma_rate_mgy_min=None,
            cumulative_air_kerma_mgy=None,
            kap_gycm2=None,
            origin=DoseOrigin.NOT_AVAILABLE,
        )
    )
    for figure in (panel.rate, panel.cumulative, panel.kap):
        assert figure.value.text() == NOT_AVAILABLE
    assert "not available" in panel.origin.text()


@pytest.mark.parametrize(
    ("origin", "word"),
    [
        (DoseOrigin.MEASURED, "Measured"),
        (DoseOrigin.RECORDED, "recorded"),
        (DoseOrigin.COMPUTED, "Computed"),
        (DoseOrigin.SIMULATED, "Simulated"),
    ],
)
def test_every_dose_states_where_it_comes_from(put, origin, word):
    panel = put(DosePanel())
    panel.show_reading(reading(origin=origin, pulses_without_kerma=3))
    assert word in panel.origin.text()
    assert "3 pulses" in panel.origin.text()


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0.00"),
        (0.0123, "0.012"),
        (0.9999, "1.00"),
        (9.994, "9.99"),
        (9.999, "10.0"),
        (87.96, "88.0"),
        (999.97, "1000"),
        (2345.6, "2346"),
    ],
)
def test_dose_numbers_have_about_three_figures(put, value, text):
    panel = put(DosePanel())
    panel.show_reading(reading(cumulative_air_kerma_mgy=value))
    assert panel.cumulative.value.text() == text


def test_the_five_minute_signal_offers_silence_and_goes_with_it(put, qtbot):
    panel = put(DosePanel())
    panel.show_reading(reading(), signal=True)
    assert panel.silence.isVisible()
    with qtbot.waitSignal(panel.silence_requested):
        panel.silence.click()
    panel.show_reading(reading(), signal=False)
    assert not panel.silence.isVisible()
    assert panel.new_patient.isVisible()


def test_a_file_shows_its_own_dose_and_never_the_sessions(put):
    panel = put(DosePanel())
    panel.show_reading(reading())
    panel.show_recorded(RecordedDose(entrance_mgy=4.5, kap_gycm2=0.75))
    assert panel.cumulative.value.text() == "4.50"
    assert panel.cumulative.title.text() == "ENTRANCE, RECORDED"
    assert panel.kap.value.text() == "0.750"
    assert [f.value.text() for f in (panel.rate, panel.time, panel.pulses)] == [NOT_AVAILABLE] * 3
    assert "recorded in the file" in panel.origin.text()
    assert not panel.new_patient.isEnabled()
    panel.show_recorded(RecordedDose())
    assert panel.cumulative.value.text() == panel.kap.value.text() == NOT_AVAILABLE
    assert "No dose recorded" in panel.origin.text()
    panel.show_reading(reading())
    assert (panel.cumulative.value.text(), panel.cumulative.unit.text()) == ("0.456", "mGy")
    assert panel.cumulative.title.text() == "CUMULATIVE AIR KERMA"
    assert panel.new_patient.isEnabled()


def test_the_five_minute_signal_is_seen_over_a_file_too(put):
    panel = put(DosePanel())
    panel.show_recorded(RecordedDose(), signal=True)
    assert panel.silence.isVisible()
    assert not panel.new_patient.isVisible()


@pytest.fixture
def messages(put):
    over = put(QWidget())
    over.resize(800, 600)
    bar = MessageBar(over)
    bar.over = over
    return bar


def test_messages_lie_over_the_foot_of_the_image_and_take_no_focus(messages):
    messages.add(Message("The panel is gone.", "Plug it in.", "xisl:1"))
    assert messages.isVisible()
    assert messages.geometry().bottom() < 600
    assert messages.geometry().top() > 300
    assert not messages.hasFocus()


def test_only_the_last_few_messages_are_kept(messages):
    for number in range(MAX_SHOWN + 2):
        messages.add(Message(f"Number {number}."))
    shown = [message.what for message in messages.messages]
    assert shown == [f"Number {number}." for number in range(2, MAX_SHOWN + 2)]


def test_the_same_message_again_is_one_message(messages):
    for _ in range(30):
        messages.add(Message("A frame was lost."))
    assert len(messages.messages) == 1


def test_of_a_refused_parameter_the_last_word_is_shown_until_it_is_settled(messages):
    messages.add(Message("The panel is gone."))
    for seconds in (4.6, 4.3):
        messages.add(Message(f"Swallow is possible in {seconds} s.", about="Swallow"))
    messages.add(Message("The drill has no guide.", about="Drill"))
    assert [each.what for each in messages.messages] == [
        "The panel is gone.",
        "Swallow is possible in 4.3 s.",
        "The drill has no guide.",
    ]
    messages.settle("Swallow")
    assert [each.about for each in messages.messages] == ["", "Drill"]
    messages.settle()
    assert [each.what for each in messages.messages] == ["The panel is gone."]


def test_a_refusal_expires_and_a_fault_does_not(messages):
    messages.add(Message("The panel is gone."))
    messages.add(Message("The drill has no guide.", about="Drill"))
    times = {line.message.about: line.time for line in messages._shown}
    assert times["Drill"].isActive()
    assert not times[""].isActive()
    times["Drill"].timeout.emit()
    assert [each.what for each in messages.messages] == ["The panel is gone."]


def test_words_are_not_taken_for_markup(messages, grey_of):
    messages.add(Message("<img src=x> a < b & c"))
    assert "&lt;img" in messages.findChildren(QWidget)[0].findChildren(QWidget)[0].text()


def test_a_message_is_dismissed_or_acted_on(messages, qtbot):
    from PyQt6.QtWidgets import QPushButton, QToolButton

    emitted = []
    messages.action_requested.connect(emitted.append)
    gone = Message("The panel is gone.", action="Restart device")
    messages.add(gone)
    qtbot.mouseClick(messages.findChildren(QPushButton)[0], Qt.MouseButton.LeftButton)
    assert emitted == [gone]
    assert messages.messages == []
    messages.add(Message("Another."))
    qtbot.mouseClick(messages.findChildren(QToolButton)[-1], Qt.MouseButton.LeftButton)
    assert messages.messages == []
    assert not messages.isVisible()


def status(**more):
    figures = {
        "title": "a.dcm",
        "index": 4,
        "frame_count": 20,
        "playing": True,
        "speed": 0.5,
        "sequencing": Sequencing.SWEEP,
        "timing": "FrameTime",
    }
    return ReplayStatus(**(figures | more))


def test_the_loop_bar_shows_where_a_replay_stands_and_asks_for_nothing(put):
    bar = put(LoopBar())
    asked = []
    for signal in (
        bar.seek_requested,
        bar.speed_requested,
        bar.sequencing_requested,
        bar.play_requested,
    ):
        signal.connect(asked.append)
    bar.show_replay(status())
    assert bar.place.text() == "5 / 20"
    assert bar.slider.value() == 4
    assert bar.speed.currentText() == "0.5×"
    assert bar.sequencing.currentText() == "Sweep"
    assert asked == []


def test_the_loop_bar_sends_what_the_user_does(put, qtbot):
    bar = put(LoopBar())
    bar.show_replay(status())
    asked = []
    bar.play_requested.connect(lambda play: asked.append(("play", play)))
    bar.step_requested.connect(lambda count: asked.append(("step", count)))
    bar.seek_requested.connect(lambda index: asked.append(("seek", index)))
    bar.speed_requested.connect(lambda speed: asked.append(("speed", speed)))
    bar.sequencing_requested.connect(lambda how: asked.append(("how", how)))
    bar.live_requested.connect(lambda: asked.append("live"))
    bar.play.click()
    bar.back.click()
    bar.on.click()
    bar.slider.setValue(11)
    bar.first.click()
    bar.speed.activated.emit(4)
    bar.sequencing.activated.emit(2)
    bar.live.click()
    assert asked == [
        ("play", False),
        ("step", -1),
        ("step", 1),
        ("seek", 11),
        ("seek", 0),
        ("speed", 4.0),
        ("how", Sequencing.ONCE),
        "live",
    ]


def test_a_replay_does_not_move_the_slider_out_of_the_hand(put):
    bar = put(LoopBar())
    bar.show_replay(status())
    bar.slider.setSliderDown(True)
    bar.slider.setValue(15)
    bar.show_replay(status(index=5))
    assert bar.slider.value() == 15


def test_losses_stand_out_in_the_health_panel(put):
    panel = put(StreamPanel())
    ledger = Ledger(run=2, expected=100, delivered=97, lost_link=3)
    health = Health(
        29.97, 33.3, 35.0, latency_p50_ms=8.0, latency_p99_ms=12.0, skipped_by_display=1
    )
    panel.show_stream(30.0, health, ledger, [8.0, 9.0], DeviceStatus())
    assert panel.values["rate"].text() == "30.0 / 30.0 /s"
    assert panel.values["latency"].text() == "8.0 / 12.0 ms"
    assert panel.values["link"].text() == "3"
    assert panel.values["link"].styleSheet() != panel.values["sdk"].styleSheet()
    assert panel.values["exact"].text() == "exact"
    panel.show_stream(None, Health(), Ledger(expected=5, delivered=3), [], DeviceStatus())
    assert panel.values["exact"].text() == "not exact"
    assert panel.values["rate"].text() == "— / — /s"


def test_jitter_clock_temperature_and_isolation_are_in_the_health_panel(put):
    panel = put(StreamPanel())
    clock = ClockFit(rate=1 - 12.3e-6, offset_ns=0, residual_rms_ms=0.21, residual_max_ms=0.9)
    health = Health(jitter_ms=0.42, temperature_c=31.25, clock=clock, missing_from_loop=2)
    device = DeviceStatus("gentl", "cam", DeviceState.RUNNING, "process", 4711)
    panel.show_stream(30.0, health, Ledger(run=3), [], device)
    shown = {key: label.text() for key, label in panel.values.items()}
    assert shown["jitter"] == "0.42 ms"
    assert shown["clock"] == "−12.3 ppm / 0.21 ms"
    assert "maximum 0.90 ms" in panel.values["clock"].toolTip()
    assert shown["temperature"] == "31.2 °C"
    assert shown["isolation"] == "process 4711"
    assert shown["left_out"] == "2"
    assert panel.run_heading.text() == "FRAMES OF RUN 3"
    panel.show_stream(None, Health(), Ledger(), [], DeviceStatus())
    for key in ("jitter", "clock", "temperature", "isolation"):
        assert panel.values[key].text() == "—"


def test_the_latency_histogram_has_a_bar_for_each_range(put):
    panel = put(StreamPanel())
    counts = (0, 1, 5, 200, 90, 3, 0, 1)
    assert len(counts) == len(HISTOGRAM_MS) - 1
    panel.show_stream(30.0, Health(latency_histogram=counts), Ledger(), [8.0], DeviceStatus())
    assert tuple(panel.bars.opts["height"]) == counts
    panel.show_stream(30.0, Health(), Ledger(), [], DeviceStatus())
    assert sum(panel.bars.opts["height"]) == 0


def test_the_source_panel_connects_to_what_was_found(put, qtbot):
    panel = put(DevicePanel())
    requested, looked = [], []
    panel.devices_requested.connect(looked.append)
    panel.connect_requested.connect(lambda driver, device: requested.append((driver, device)))
    panel.show_drivers(["gentl", "simulated"], "simulated")
    assert looked == ["simulated"]
    assert not panel.connect_button.isEnabled(), "while it searches"
    panel.show_devices("gentl", [DeviceInfo("gentl", "late")])
    assert panel.device.currentData() is None, "an answer for another driver comes too late"
    panel.show_devices("simulated", [DeviceInfo("simulated", "suite", model="RoomState")])
    panel.connect_button.click()
    assert requested == [("simulated", "suite")]
    panel.show_devices("simulated", [])
    assert not panel.connect_button.isEnabled()


def test_the_source_panel_states_how_the_device_is(put):
    panel = put(DevicePanel())
    panel.show_status(DeviceStatus("gentl", "cam", DeviceState.FAULT, "process", 77))
    assert panel.state.text() == "gentl:cam: fault"
    assert "77" in panel.detail.text()
    panel.show_status(DeviceStatus())
    assert panel.state.text() == "No device"


def test_no_sound_is_one_sentence_and_no_failure(qapp, monkeypatch):
    sounder = sound.Sounder()
    emitted = []
    sounder.silent.connect(emitted.append)
    monkeypatch.setitem(__import__("sys").modules, "PyQt6.QtMultimedia", None)
    for _ in range(3):
        sounder.signal()
    sounder.silence()
    sounder.close()
    assert len(emitted) == 1
    assert "No audio" in emitted[0]


def test_the_steady_tone_has_no_gap_where_it_begins_again(tmp_path):
    sound.write_steady_tone(tmp_path / "tone.wav")
    with wave.open(str(tmp_path / "tone.wav")) as file:
        counts = np.frombuffer(file.readframes(file.getnframes()), "<i2").astype(int)
    within = np.abs(np.diff(counts)).max()
    assert abs(counts[0] - counts[-1]) <= within
    power = np.abs(np.fft.rfft(counts))
    assert np.argmax(power) == 660
    assert power[660] > 0.99 * power[1:].max()


def test_without_sound_the_steady_tone_is_no_failure(qapp, monkeypatch):
    sounder = sound.Sounder()
    monkeypatch.setitem(__import__("sys").modules, "PyQt6.QtMultimedia", None)
    for on in (True, False, True):
        sounder.continuous(on)
    sounder.close()


def test_the_tone_can_be_heard(tmp_path):
    sound.write_tone(tmp_path / "tone.wav")
    with wave.open(str(tmp_path / "tone.wav")) as file:
        assert (file.getframerate(), file.getnchannels()) == (44_100, 1)
        counts = np.frombuffer(file.readframes(file.getnframes()), "<i2")
    assert counts.max() > 10_000
    power = np.abs(np.fft.rfft(counts[:8820]))
    assert abs(np.argmax(power) * 44_100 / 8820 - 880) < 10
