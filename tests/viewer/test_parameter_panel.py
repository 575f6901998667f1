"""The form is built from parameters, by type, with units, limits and access."""

from dataclasses import replace

import pytest
from PyQt6.QtWidgets import QCheckBox, QComboBox, QDoubleSpinBox, QLineEdit, QPushButton

from fluoroview.hal import ParameterInfo, ParameterSet
from fluoroview.viewer.panels.parameter_panel import ParameterPanel
from fluoroview.viewer.panels.technique_panel import TechniquePanel


def parameter(name, kind, value, **more):
    return ParameterInfo.of({"name": name, "value": value, "kind": kind, **more})


EXPOSURE = parameter(
    "ExposureTime",
    "float",
    33.5,
    unit="ms",
    minimum=1.0,
    maximum=100.0,
    description="Time of integration",
)
ALL = ParameterSet(
    [
        EXPOSURE,
        parameter("Width", "int", 1024, unit="px", access="ro"),
        parameter("Timestamp", "int", 2**52),
        parameter("ReverseX", "bool", False),
        parameter("PulseRate", "enum", "30", unit="1/s", choices=["30", "15"]),
        parameter("DeviceUserID", "str", "left"),
        parameter("Reset", "command", None),
        parameter("BinningHorizontal", "int", 1, minimum=1, maximum=4, access="rw when idle"),
    ]
)


@pytest.fixture
def panel(qtbot):
    made = ParameterPanel()
    qtbot.addWidget(made)
    made.resize(320, 500)
    made.show()
    made.show_parameters(ALL)
    made.wrote = []
    made.write_requested.connect(lambda name, value: made.wrote.append((name, value)))
    return made


def field(panel, name):
    return panel.editor(name).field


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("ExposureTime", QDoubleSpinBox),
        ("Width", QDoubleSpinBox),
        ("ReverseX", QCheckBox),
        ("PulseRate", QComboBox),
        ("DeviceUserID", QLineEdit),
        ("Reset", QPushButton),
    ],
)
def test_each_type_has_its_editor(panel, name, kind):
    assert isinstance(field(panel, name), kind)


def test_numbers_show_unit_and_limits(panel):
    box = field(panel, "ExposureTime")
    assert box.text() == "33.5 ms"
    assert (box.minimum(), box.maximum()) == (1.0, 100.0)
    assert "1 to 100 ms" in box.toolTip()
    assert "Time of integration" in box.toolTip()


def test_whole_numbers_beyond_32_bits_are_exact(panel):
    assert field(panel, "Timestamp").text() == str(2**52)


def test_read_only_is_greyed_and_idle_only_is_locked_while_running(panel):
    assert not field(panel, "Width").isEnabled()
    assert field(panel, "BinningHorizontal").isEnabled()
    panel.show_parameters(ALL, running=True)
    assert not field(panel, "BinningHorizontal").isEnabled()
    assert field(panel, "ExposureTime").isEnabled()
    assert "pedal is up" in field(panel, "BinningHorizontal").toolTip()


def test_a_write_is_requested_by_name_in_its_type(panel):
    field(panel, "ExposureTime").setValue(40.0)
    field(panel, "BinningHorizontal").setValue(2)
    field(panel, "ReverseX").click()
    combo = field(panel, "PulseRate")
    combo.setCurrentIndex(1)
    combo.activated.emit(1)
    line = field(panel, "DeviceUserID")
    line.setText("right")
    line.editingFinished.emit()
    field(panel, "Reset").click()
    assert panel.wrote == [
        ("ExposureTime", 40.0),
        ("BinningHorizontal", 2),
        ("ReverseX", True),
        ("PulseRate", "15"),
        ("DeviceUserID", "right"),
        ("Reset", "run"),
    ]
    assert isinstance(panel.wrote[1][1], int)


def test_showing_values_writes_nothing_and_puts_what_was_read_back(panel):
    field(panel, "ExposureTime").setValue(40.0)
    panel.wrote.clear()
    panel.show_parameters(ParameterSet([replace(EXPOSURE, value=39.96), *ALL[1:]]))
    assert field(panel, "ExposureTime").text() == "39.96 ms"
    assert panel.wrote == []


def test_limits_follow_what_the_device_states(panel):
    panel.show_parameters(ParameterSet([replace(EXPOSURE, maximum=50.0), *ALL[1:]]))
    assert field(panel, "ExposureTime").maximum() == 50.0


def test_a_value_outside_its_own_limits_is_shown_as_it_is(panel):
    panel.show_parameters(ParameterSet([replace(EXPOSURE, value=250.0), *ALL[1:]]))
    assert field(panel, "ExposureTime").text() == "250 ms"


def test_finding_hides_the_others(panel):
    panel.search.setText("exposure t")
    assert field(panel, "ExposureTime").isVisible()
    assert not field(panel, "Width").isVisible()
    panel.search.clear()
    assert field(panel, "Width").isVisible()


def test_without_a_device_it_states_it(panel):
    panel.show_parameters([])
    assert panel.empty.isVisible()


def test_the_same_editors_stay_while_the_parameters_do(panel):
    before = panel.editor("ExposureTime")
    panel.show_parameters(ParameterSet(replace(each) for each in ALL))
    assert panel.editor("ExposureTime") is before


def test_the_technique_shows_what_can_be_set_and_only_that(qtbot):
    panel = TechniquePanel()
    qtbot.addWidget(panel)
    panel.show_parameters(ALL)
    assert panel.editor("PulseRate").field.currentText() == "30 /s"
    with pytest.raises(KeyError):
        panel.editor("Width")
    before = panel.editor("PulseRate")
    panel.show_parameters(ALL)
    assert panel.editor("PulseRate") is before, "not rebuilt ten times a second"
