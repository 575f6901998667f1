"""A node map as parameters: a stand-in for an SDK's nodes that changes its mind."""

import math
from contextlib import contextmanager

import pytest

from fluoroview.hal import Access, DeviceError, IntParameter, ParameterError, ParameterTree
from fluoroview.hal.sdk.genicam import (
    Kind,
    decoded_formats,
    frame_parameters,
    in_place_of,
    limit,
    not_decoded,
    parameters_of,
    walk,
)
from fluoroview.hal.testing import has_code

MONO8, COORD3D = 0x01080001, 0x026000C0


class NodeError(Exception):
    """What the stand-in SDK raises."""


class StandInSdk:
    def errors(self):
        return (NodeError,)

    def reason(self, error):
        return str(error)

    @contextmanager
    def sentences(self, what):
        try:
            yield
        except NodeError as error:
            raise DeviceError(f"{what}: {error}.", "Check its cable.") from error


class Node:
    """One node, whose properties can be set at any time."""

    description, unit = "", ""
    is_readable = is_writable = True
    refusal = ""
    executed = 0

    def __init__(self, name, kind=Kind.INTEGER, value=0, **properties):
        self.name, self.kind, self.value = name, kind, value
        self.limits = {"minimum": 0, "maximum": 100, "increment": 1}
        self.offered = {}
        for key, value in properties.items():
            setattr(self, key, value)

    def readable(self):
        return self.is_readable

    def writable(self):
        return self.is_writable

    def get(self):
        if self.refusal:
            raise NodeError(self.refusal)
        return self.value

    def set(self, value):
        if self.refusal:
            raise NodeError(self.refusal)
        self.value = value

    def execute(self):
        self.executed += 1

    def minimum(self):
        return self.limits["minimum"]

    def maximum(self):
        return self.limits["maximum"]

    def increment(self):
        return self.limits["increment"]

    def choices(self):
        return list(self.offered)

    def codes(self):
        return self.offered.items()


class Device:
    """Some nodes, the ones among them that it locks, and whether it streams."""

    def __init__(self, *nodes, locks=()):
        self.nodes = {node.name: node for node in nodes}
        self._locks = locks
        self.streaming = False

    def lock(self, locked):
        for name in self._locks:
            self.nodes[name].is_writable = not locked

    def stream(self, streaming):
        self.streaming = streaming
        self.lock(streaming)

    def tree(self):
        made = parameters_of(
            self.nodes.values(), StandInSdk(), lock=self.lock, streaming=lambda: self.streaming
        )
        return ParameterTree(made, "fake")


def tree_of(*nodes):
    return Device(*nodes).tree()


@pytest.mark.parametrize(
    ("node", "described"),
    [
        (
            Node("Width", value=64),
            {"kind": "int", "value": 64, "unit": "px", "minimum": 0, "maximum": 100},
        ),
        (Node("Gain", Kind.FLOAT, 1.5, unit="dB"), {"kind": "float", "value": 1.5, "unit": "dB"}),
        (Node("ReverseX", Kind.BOOLEAN, True), {"kind": "bool", "value": True}),
        (Node("DeviceUserID", Kind.STRING, "C-arm"), {"kind": "str", "value": "C-arm"}),
        (
            Node("TriggerMode", Kind.ENUMERATION, "Off", offered={"Off": 0, "On": 1}),
            {"kind": "enum", "value": "Off", "choices": ("Off", "On")},
        ),
        (
            Node("TriggerSoftware", Kind.COMMAND, description="Fire."),
            {"kind": "command", "description": "Fire."},
        ),
    ],
    ids=lambda value: getattr(value, "name", ""),
)
def test_a_feature_is_described_as_the_device_states_it(node, described):
    seen = tree_of(node).describe()[0].as_dict()
    assert seen.items() >= described.items()


def test_what_is_not_there_or_not_the_users_is_no_parameter():
    tree = tree_of(
        Node("Gain"),
        Node("Register", kind=None),
        Node("Absent", is_readable=False),
        Node("DeadCommand", Kind.COMMAND, is_writable=False),
        Node("AcquisitionStart", Kind.COMMAND),
        Node("TLParamsLocked"),
    )
    assert [parameter.name for parameter in tree] == ["Gain"]


def test_an_old_name_becomes_the_present_one():
    exposure = Node("ExposureTimeAbs", Kind.FLOAT, 10.0, unit="us")
    tree = tree_of(exposure)
    assert tree.write("ExposureTime", 20.0) == exposure.value == 20.0
    assert tree["ExposureTime"].unit == "µs"


def test_a_device_with_old_and_present_names_keeps_both():
    tree = tree_of(Node("ExposureTimeAbs"), Node("ExposureTime"))
    assert [parameter.name for parameter in tree] == ["ExposureTimeAbs", "ExposureTime"]


def test_access_and_value_are_those_of_the_moment():
    gain = Node("Gain", value=10)
    tree = tree_of(gain)
    assert tree.write("Gain", 20) == 20
    gain.is_writable = False  # an automatic took over
    with pytest.raises(ParameterError, check=has_code("FV-HAL-014")):
        tree.write("Gain", 30)
    gain.is_readable, gain.value = False, 99  # hidden by a selector: the last value stands
    assert tree["Gain"].read() == 20


def test_what_changes_the_layout_is_for_the_idle_device():
    with pytest.raises(ParameterError, check=has_code("FV-HAL-015")):
        tree_of(Node("BinningHorizontal", value=1)).write("BinningHorizontal", 2, idle=False)


def test_what_the_device_locks_while_streaming_is_known_when_idle():
    device = Device(Node("TriggerSource"), Node("Gain"), locks=["TriggerSource"])
    tree = device.tree()
    assert device.nodes["TriggerSource"].is_writable  # unlocked after the trial
    assert tree["TriggerSource"].access is Access.RW_IDLE
    assert tree["Gain"].access is Access.RW


def test_a_locked_feature_is_read_only_for_the_run_alone():
    device = Device(Node("TriggerSource"), locks=["TriggerSource"])
    tree = device.tree()
    device.stream(True)
    assert tree["TriggerSource"].access is Access.RW_IDLE
    device.stream(False)
    device.nodes["TriggerSource"].is_writable = False  # another feature rules it out
    assert tree["TriggerSource"].access is Access.RO


def test_a_device_that_refuses_to_be_locked_locks_nothing():
    def refuse(_locked):
        raise NodeError("not writable")

    made = parameters_of([Node("Gain")], StandInSdk(), lock=refuse, streaming=lambda: False)
    assert [parameter.access for parameter in made] == [Access.RW]


def test_the_devices_refusal_is_a_sentence():
    gain = Node("Gain")
    tree = tree_of(gain)
    gain.refusal = "the automatic is on"
    with pytest.raises(ParameterError, check=has_code("FV-SDK-001")):
        tree.write("Gain", 3)
    with pytest.raises(DeviceError, match=r"^Gain cannot be read: the automatic is on\."):
        tree["Gain"].read()


def test_a_command_is_run_by_writing_it():
    trigger = Node("TriggerSoftware", Kind.COMMAND)
    tree = tree_of(trigger)
    assert tree.write("TriggerSoftware", True) == ""
    assert trigger.executed == 1


def test_formats_that_are_not_decoded_are_not_offered():
    node = Node("PixelFormat", Kind.ENUMERATION, "Mono8")
    node.offered = {"Mono8": MONO8, "Coord3D_ABC32f": COORD3D}
    tree = tree_of(node)
    assert tree["PixelFormat"].limits()["choices"] == decoded_formats(node) == ["Mono8"]
    assert decoded_formats(node, lambda _code: True) == ["Mono8", "Coord3D_ABC32f"]


@pytest.mark.parametrize(
    ("formats", "remedy"),
    [(["Mono8", "Mono16"], "one of: Mono8, Mono16."), ([], "It offers no other.")],
)
def test_a_format_that_is_not_decoded_is_refused(formats, remedy):
    error = str(not_decoded("cam", "gentl", "Coord3D", formats))
    assert "cam is set to PixelFormat Coord3D, which the gentl driver does not decode." in error
    assert remedy in error


@pytest.mark.parametrize(
    ("stated", "is_limit"),
    [
        (5, True),
        (2.5, True),
        (0, True),
        (None, False),
        (2**63 - 1, False),
        (-(2**63), False),
        (3.4e38, False),
        (-1.7976931348623157e308, False),
        (2.2250738585072014e-308, False),
        (math.inf, False),
        (-math.inf, False),
        (math.nan, False),
    ],
)
def test_limits_as_wide_as_the_type_are_none(stated, is_limit):
    assert limit(lambda: stated, (NodeError,)) == (stated if is_limit else None)


def test_a_limit_that_cannot_be_asked_is_none():
    def refuse():
        raise NodeError

    assert limit(refuse, (NodeError,)) is None


def test_a_tree_of_categories_gives_each_feature_once_in_its_order():
    below = {"Root": ["A", "B"], "A": ["Width", "Height"], "B": ["Gain", "Width", "A"]}
    found = walk(["Root", "Gain", "Peripherals"], str, below.get)
    assert list(found) == ["Width", "Height", "Gain", "Peripherals"]


def test_the_drivers_own_parameter_takes_the_place_of_the_features():
    own = frame_parameters(lambda: 12)
    tree = ParameterTree(in_place_of([IntParameter("BitDepth", lambda: 99)], own))
    assert {parameter.name: parameter.read() for parameter in tree} == {
        "BitDepth": 12,
        "FrameCounterBits": 64,
    }
