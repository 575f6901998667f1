"""A room with a generator: its technique, its state, its anode, and its faults."""

import pytest

from fluoroview.hal import Access, DeviceState, ParameterInfo, ParameterSet
from fluoroview.hal.roles import Role
from fluoroview.session.room import DeviceSection
from fluoroview.session.state import DeviceStatus
from fluoroview.viewer.panels.generator_status import GeneratorStatus
from fluoroview.viewer.panels.technique_panel import TechniquePanel
from fluoroview.viewer.widgets.parameter_editors import EnumEditor


def parameter(name, value, kind="float", access="rw", **more):
    return ParameterInfo(name, value, kind, access=Access(access), **more)


DETECTOR = ParameterSet(
    [
        parameter(
            "Procedure",
            "modified-barium-swallow",
            "enum",
            choices=("modified-barium-swallow",),
            role=Role.PROCEDURE,
        ),
        parameter("AcquisitionFrameRate", 30.0),
        parameter("TubeVoltage", 60.0),
    ]
)
GENERATOR = ParameterSet(
    [
        parameter("TubeVoltage", 72.0),
        parameter("PulseRate", "15", "enum", choices=("15", "30")),
        parameter("GeneratorState", "ready", "enum", access="ro"),
    ]
)


def test_the_generators_technique_stands_in_the_place_of_the_detectors(qtbot):
    panel = TechniquePanel()
    qtbot.addWidget(panel)
    panel.show_parameters(DETECTOR, generator=GENERATOR)
    assert panel.editor("TubeVoltage").parameter.value == 72.0
    assert panel.editor("Procedure").parameter.value == "modified-barium-swallow"
    with pytest.raises(KeyError):
        panel.editor("AcquisitionFrameRate")
    written = []
    panel.write_requested.connect(lambda name, _: written.append(("detector", name)))
    panel.generator_write_requested.connect(lambda name, _: written.append(("generator", name)))
    panel.editor("TubeVoltage").emit_value(80.0)
    panel.show_parameters(DETECTOR)
    panel.editor("TubeVoltage").emit_value(80.0)
    assert written == [("generator", "TubeVoltage"), ("detector", "TubeVoltage")]


def test_procedures_have_readable_names_and_keep_their_values(qtbot):
    editor = EnumEditor(DETECTOR[0])
    qtbot.addWidget(editor)
    assert editor.field.currentText() == "Modified barium swallow"
    assert editor.field.currentData() == "modified-barium-swallow"


def heat(kj, percent):
    return ParameterSet(
        [
            parameter("AnodeHeat", kj, role=Role.ANODE_HEAT),
            parameter("AnodeHeatPercent", percent, role=Role.ANODE_HEAT_PERCENT),
        ]
    )


def status(state=DeviceState.ARMED):
    return DeviceStatus("generator", "tube", state, "thread")


@pytest.mark.parametrize(
    ("device", "reported", "words"),
    [
        (DeviceState.ARMED, "ready", "Ready"),
        (DeviceState.RUNNING, "exposing", "Exposing"),
        (DeviceState.ARMED, "interlock", "Interlock"),
        (DeviceState.FAULT, "exposing", "Fault"),  # its last report is out of date
        (DeviceState.RUNNING, None, "Exposing"),
    ],
)
def test_the_state_of_the_generator_is_a_word(qtbot, device, reported, words):
    line = GeneratorStatus()
    qtbot.addWidget(line)
    line.show_generator(
        status(device),
        ParameterSet(
            [parameter("GeneratorState", reported, role=Role.GENERATOR_STATE)] if reported else []
        ),
    )
    assert words in line.state.text()


def test_anode_heat_is_shown_where_it_is_reported_and_warns(qtbot):
    line = GeneratorStatus()
    qtbot.addWidget(line)
    line.show_generator(status(), ParameterSet())
    assert not line.heat.isVisibleTo(line)
    line.show_generator(status(), heat(24.0, 12.0))
    assert line.heat.isVisibleTo(line)
    assert line.heat.text() == "Anode 24.0 kJ · 12 %"
    calm = line.heat.styleSheet()
    line.show_generator(status(), heat(210.0, 105))
    assert line.heat.value() == 100
    assert line.heat.styleSheet() != calm


@pytest.fixture
def room(make_window):
    return make_window(
        generator=DeviceSection(driver="generator", device="tube", isolation="thread"),
    )


def test_setting_the_technique_sets_the_generator(room, qtbot, hold_pedal):
    editor = room.ui.technique_panel.editor("TubeVoltage")
    editor.field.setValue(81.0)
    values = lambda: {p.name: p.value for p in room.session.generator_parameters}  # noqa: E731
    qtbot.waitUntil(lambda: values()["TubeVoltage"] == 81.0)
    hold_pedal(room, frames=40)
    qtbot.waitUntil(lambda: "81 kV" in " ".join(room.canvas.overlay.words("top right")))
    rate = float(values()["PulseRate"])
    assert room.canvas.overlay.words("top right")[0] == f"{rate:g} pulses/s", "not the detector's"
    assert room.session.runs[-1].dose.pulses > 0


def test_state_and_heat_follow_the_generator(room, qtbot, hold_pedal):
    line = room.ui.technique_panel.generator
    qtbot.waitUntil(line.isVisible)
    room.session.set_generator_parameter("TubeCurrent", 200.0).result(30)
    before = line.heat.text()
    hold_pedal(room, frames=60)
    qtbot.waitUntil(lambda: line.heat.text() != before)


def test_its_parameters_are_shown_and_set_next_to_the_detectors(room, qtbot):
    panel = room.ui.parameter_panel
    room.ui.tabs.setCurrentWidget(panel)
    assert panel.editor("DropEvery").isVisible()
    panel.generator.click()
    panel.editor("Interlock").field.click()
    qtbot.waitUntil(lambda: room.session.generator_parameters.value("Interlock"))
    with pytest.raises(KeyError):
        panel.editor("DropEvery")
    panel.detector.click()
    assert panel.editor("DropEvery").isVisible()


def test_an_open_door_is_a_sentence_and_no_run(room, qtbot):
    room.session.set_generator_parameter("Interlock", True).result(30)
    room.session.press_pedal()
    qtbot.waitUntil(lambda: bool(room.ui.messages.messages))
    assert "interlock" in room.ui.messages.messages[0].what
    assert room.session.snapshot().dose.pulses == 0
    line = room.ui.technique_panel.generator
    qtbot.waitUntil(lambda: "Interlock" in line.state.text())


def test_a_trip_offers_the_restart_that_mends_it(room, qtbot):
    room.session.set_generator_parameter("TripAfterPulses", 3).result(30)
    room.session.press_pedal()
    qtbot.waitUntil(lambda: bool(room.ui.messages.messages))
    message = room.ui.messages.messages[0]
    assert message.action == "Restart device"
    line = room.ui.technique_panel.generator
    qtbot.waitUntil(lambda: "Fault" in line.state.text())
    room.ui.messages.action_requested.emit(message)
    qtbot.waitUntil(lambda: room.session.generator_status().state is DeviceState.ARMED)
