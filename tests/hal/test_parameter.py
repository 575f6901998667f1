"""Parameters: types, limits, access, read-back, and the sentence when a value is not allowed."""

import json

import pytest

from fluoroview.hal import (
    Access,
    BoolParameter,
    CommandParameter,
    EnumParameter,
    FloatParameter,
    IntParameter,
    ParameterError,
    ParameterInfo,
    ParameterTree,
    RelationshipParameter,
    Role,
    StrParameter,
)
from fluoroview.hal.testing import has_code


class Device:
    def __init__(self):
        self.exposure_us, self.width, self.mode, self.on, self.text = 100.0, 64, "A", True, "x"
        self.highest_us, self.reset = 5000.0, False

    def set(self, name):
        return lambda value: setattr(self, name, round(value, 1) if name.endswith("us") else value)

    def tree(self):
        return ParameterTree(
            [
                FloatParameter(
                    "ExposureTime", lambda: self.exposure_us, self.set("exposure_us"),
                    minimum=10.0, maximum=lambda: self.highest_us, unit="µs",
                ),
                IntParameter(
                    "Width", lambda: self.width, self.set("width"),
                    minimum=16, maximum=256, increment=16, unit="px", access=Access.RW_IDLE,
                ),
                EnumParameter("Mode", lambda: self.mode, self.set("mode"), choices=["A", "B"]),
                BoolParameter("On", lambda: self.on, self.set("on")),
                StrParameter("Text", lambda: self.text, self.set("text")),
                IntParameter("Serial", lambda: 42),
                CommandParameter("Reset", lambda: setattr(self, "reset", True)),
            ],
            "acme:1",
        )  # fmt: skip


def test_a_value_is_read_back_as_the_device_rounded_it():
    assert Device().tree().write("ExposureTime", 123.456) == 123.5


@pytest.mark.parametrize(
    ("name", "value", "allowed"),
    [
        ("ExposureTime", 9.0, "allowed is 10.0 to 5000.0 µs"),
        ("ExposureTime", 5000.1, "allowed is 10.0 to 5000.0 µs"),
        ("ExposureTime", float("nan"), "allowed is a finite number"),
        ("ExposureTime", "long", "allowed is a number"),
        ("ExposureTime", True, "allowed is a number"),
        ("Width", 17, "steps of 16 from 16 px"),
        ("Width", 272, "allowed is 16 to 256 px"),
        ("Width", 32.5, "allowed is a whole number"),
        ("Width", float("inf"), "allowed is a whole number"),
        ("Width", float("-inf"), "allowed is a whole number"),
        ("Width", float("nan"), "allowed is a whole number"),
        ("Width", True, "allowed is a whole number"),
        ("Mode", "C", "allowed are A, B"),
        ("On", 1, "allowed are true and false"),
        ("Text", 5, "allowed is a text"),
    ],
)
def test_an_error_names_device_parameter_value_and_what_is_allowed(name, value, allowed):
    with pytest.raises(ParameterError) as caught:
        Device().tree().write(name, value)
    sentence = str(caught.value)
    assert sentence.startswith(f"acme:1: parameter {name} cannot be {value}")
    assert allowed in sentence


def test_limits_follow_the_device():
    device = Device()
    tree = device.tree()
    device.highest_us = 200.0
    with pytest.raises(ParameterError, check=has_code("FV-HAL-016")):
        tree.write("ExposureTime", 300.0)


def test_read_only_and_idle_only_parameters_are_kept():
    tree = Device().tree()
    with pytest.raises(ParameterError, check=has_code("FV-HAL-014")):
        tree.write("Serial", 1)
    with pytest.raises(ParameterError, check=has_code("FV-HAL-015")):
        tree.write("Width", 32, idle=False)
    assert tree.write("Width", 32, idle=True) == 32


def test_an_unknown_parameter_error_lists_the_known_ones():
    with pytest.raises(ParameterError, check=has_code("FV-HAL-013")):
        Device().tree()["Exposure"]


def test_a_command_runs():
    device = Device()
    device.tree().write("Reset", "")
    assert device.reset


def test_a_description_is_plain_data():
    exposure = Device().tree().describe()[0]
    assert exposure == ParameterInfo(
        "ExposureTime", 100.0, "float", unit="µs", minimum=10.0, maximum=5000.0
    )
    assert ParameterInfo.of(json.loads(json.dumps(exposure.as_dict()))) == exposure


def test_a_parameter_is_found_by_name_and_by_role():
    voltage = FloatParameter("kV", lambda: 70.0, unit="kV", role=Role.TUBE_VOLTAGE)
    read = ParameterTree([voltage, StrParameter("Note", lambda: "")]).describe()
    assert read.names == ("kV", "Note")
    assert read.roles == {Role.TUBE_VOLTAGE}
    assert read.number("kV") == read.number(Role.TUBE_VOLTAGE) == 70.0
    assert read.value(Role.CASE, "none") == "none"
    assert read.get("Case") is read.with_role(Role.CASE) is None


def test_a_parameter_states_its_shortcut_and_its_step():
    advance = FloatParameter(
        "Advance", lambda: 0.0, lambda _: None, shortcut=("Up", "Down"), step=5.0, unit="mm"
    )
    inject = CommandParameter("Inject", lambda: None, shortcut=("I",))
    read = ParameterTree([advance, inject]).describe()
    assert [each.shortcut for each in read] == [("Up", "Down"), ("I",)]
    assert read[0].step == 5.0


def test_a_name_may_stand_only_once():
    with pytest.raises(ValueError, match="names a parameter twice"):
        ParameterTree([IntParameter("A", lambda: 1), IntParameter("A", lambda: 2)])


def test_the_relationship_that_the_operator_states_is_kept():
    tree = ParameterTree([RelationshipParameter("Video")], "camera-1")
    assert tree["PixelIntensityRelationship"].read() == "DISP"
    assert tree.write("PixelIntensityRelationship", "LIN") == "LIN"
    assert "Video does not say it" in tree["PixelIntensityRelationship"].description
    with pytest.raises(ParameterError, check=has_code("FV-HAL-016")):
        tree.write("PixelIntensityRelationship", "SQRT")
