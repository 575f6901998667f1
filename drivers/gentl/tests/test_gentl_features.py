"""The node map of a real producer as parameters, and a node map that changes its mind."""

from types import SimpleNamespace

import pytest
from genicam import genapi

from fluoroview.hal import Access, DeviceError, ParameterError, ParameterTree
from fluoroview.hal.sdk.genicam import decoded_formats
from fluoroview_gentl import GenTLDetector
from fluoroview_gentl.features import GenapiFeature, device_parameters


@pytest.fixture
def detector():
    opened = GenTLDetector("viky.cti:VikyTL_DEV_red")
    opened.open()
    yield opened
    opened.close()


@pytest.fixture
def tree(detector):
    return detector.parameters()


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Width", {"kind": "int", "value": 400, "minimum": 100, "maximum": 800, "increment": 1}),
        ("Height", {"kind": "int", "value": 400, "access": "rw when idle"}),
        ("PixelFormat", {"kind": "enum", "value": "RGBa8", "choices": ("RGBa8", "Mono8")}),
        (
            "AcquisitionFrameRate",
            {"kind": "float", "value": 20.0, "unit": "Hz", "minimum": 1.0, "maximum": 200.0},
        ),
        ("AspectRatio", {"kind": "float", "access": "ro", "minimum": None, "maximum": None}),
        ("PayloadSize", {"kind": "int", "unit": "B", "access": "ro"}),
        ("BouncingBallSize", {"kind": "int", "access": "rw", "maximum": 40}),
        ("ChunkModeActive", {"kind": "bool", "value": True}),
        ("FancyBallOperation", {"kind": "command", "access": "rw"}),
        ("BitDepth", {"value": 8, "unit": "bit", "access": "ro"}),
        ("FrameCounterBits", {"value": 64}),
        ("PixelIntensityRelationship", {"value": "DISP", "choices": ("LIN", "LOG", "DISP")}),
    ],
)
def test_a_feature_is_described_as_the_device_states(tree, name, expected):
    described = tree[name].describe().as_dict()
    assert {key: described[key] for key in expected} == expected


def test_features_that_the_hal_controls_are_not_parameters(tree):
    names = {parameter.name for parameter in tree}
    assert not names & {"AcquisitionStart", "AcquisitionStop", "AcquisitionMode", "TLParamsLocked"}


def test_every_parameter_can_be_described(tree):
    described = tree.describe()
    assert len(described) > 15
    assert all(isinstance(entry.description, str) for entry in described)


def test_what_the_device_locks_while_streaming_is_known_when_idle(tree):
    assert tree["GenDCStreamingMode"].access is Access.RW_IDLE


@pytest.mark.parametrize(
    ("name", "value", "read_back"),
    [
        ("Width", 512, 512),
        ("PixelFormat", "Mono8", "Mono8"),
        ("BouncingBallSize", 33, 33),
        ("AcquisitionFrameRate", 33.3, 33.0),  # the device rounds to whole hertz
        ("ChunkModeActive", False, False),
        ("PixelIntensityRelationship", "LIN", "LIN"),
    ],
)
def test_a_write_returns_what_the_device_made_of_it(tree, name, value, read_back):
    before = tree[name].read()
    try:
        assert tree.write(name, value) == read_back
        assert tree[name].read() == read_back
    finally:
        tree.write(name, before)


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("Width", 5000, "parameter Width cannot be 5000 px: allowed is 100 to 800 px."),
        ("Width", "wide", "allowed is a whole number"),
        ("PixelFormat", "Mono12", "allowed are RGBa8, Mono8."),
        ("AcquisitionFrameRate", 0.5, "cannot be 0.5 Hz: allowed is 1.0 to 200.0 Hz."),
        ("PayloadSize", 1, "parameter PayloadSize is read-only."),
        ("BitDepth", 12, "parameter BitDepth is read-only."),
        ("Exposure", 1, "has no parameter Exposure."),
    ],
)
def test_what_is_not_allowed_is_reported(tree, name, value, sentence):
    with pytest.raises(ParameterError) as caught:
        tree.write(name, value)
    assert "viky.cti:VikyTL_DEV_red" in str(caught.value)
    assert sentence in str(caught.value)


def test_layout_is_not_changed_while_streaming(tree):
    with pytest.raises(ParameterError, match="only while the device is IDLE"):
        tree.write("Width", 500, idle=False)


def test_access_follows_the_selector(tree):
    assert tree["ComponentEnable"].access is Access.RO
    tree.write("ComponentSelector", "Range")
    try:
        assert tree["ComponentEnable"].access is Access.RW_IDLE
        assert tree.write("ComponentEnable", True) is True
        tree.write("ComponentEnable", False)
        # there is no format for ranges that makes an image
        assert tree["PixelFormat"].limits()["choices"] == []
    finally:
        tree.write("ComponentSelector", "Intensity")


def test_a_format_that_is_not_decoded_is_refused_before_the_run(detector, tree):
    tree.write("ComponentSelector", "Range")
    try:
        with pytest.raises(DeviceError, match="PixelFormat Coord3D_ABC32f_Planar, which the gentl"):
            detector.start(sink=None)
    finally:
        tree.write("ComponentSelector", "Intensity")


class IInteger:
    """A feature by the name of genicam's interface; its access and its refusal can be set."""

    def __init__(self, name, value=0, access=4, refusal=None, visibility=0):
        self.node = SimpleNamespace(name=name, description="", tooltip="", visibility=visibility)
        self.access, self.refusal, self.unit, self.inc = access, refusal, "", 1
        self.min, self.max = -(2**63), 2**63 - 1
        self._value = value

    def get_access_mode(self):
        return self.access

    @property
    def value(self):
        return self._value

    @value.setter
    def value(self, value):
        if self.refusal:
            raise genapi.AccessException(self.refusal)
        self._value = value


class ICommand(IInteger):
    """A command; it may be run while its access is 2 (write-only) or 4."""

    executed = 0

    def execute(self):
        self.executed += 1


class ICategory:
    def __init__(self, name, *features):
        self.node = SimpleNamespace(name=name)
        self.features = list(features)


class IRegister(IInteger):
    pass


def tree_of(*features):
    root = ICategory("Root", ICategory("A", *features), ICategory("B", *features))
    node_map = SimpleNamespace(Root=root, has_node=lambda _name: False)
    return ParameterTree(device_parameters(node_map, lambda: False), "fake")


def test_registers_hidden_and_absent_features_are_no_parameters():
    tree = tree_of(
        IInteger("Gain"),
        IRegister("Raw"),
        IInteger("Hidden", visibility=3),
        IInteger("Absent", access=0),
    )
    assert [parameter.name for parameter in tree] == ["Gain"]


def test_access_and_value_are_those_of_the_moment():
    exposure = IInteger("ExposureTime", value=10)
    tree = tree_of(exposure)
    assert tree.write("ExposureTime", 20) == 20
    exposure.access = 3  # an automatic took over
    with pytest.raises(ParameterError, match="read-only"):
        tree.write("ExposureTime", 30)
    exposure.access = 1  # not available: the last value stands
    assert tree["ExposureTime"].read() == 20


def test_the_devices_refusal_is_a_sentence():
    tree = tree_of(IInteger("Gain", refusal="Node is not writable. : AccessException thrown"))
    with pytest.raises(ParameterError, match=r"refuses 3 for Gain: Node is not writable\.$"):
        tree.write("Gain", 3)


def test_a_command_is_run_by_writing_it():
    trigger = ICommand("TriggerSoftware", access=2)
    tree = tree_of(trigger)
    assert tree.write("TriggerSoftware", True) == ""
    assert trigger.executed == 1
    trigger.access = 3  # still busy with the first
    with pytest.raises(ParameterError, match="read-only"):
        tree.write("TriggerSoftware", True)


def test_binning_changes_the_layout():
    assert tree_of(IInteger("BinningHorizontal"))["BinningHorizontal"].access is Access.RW_IDLE


def test_formats_offered_but_not_decoded_are_no_choice(red):
    assert decoded_formats(GenapiFeature(red.remote_device.node_map.PixelFormat)) == [
        "RGBa8",
        "Mono8",
    ]
