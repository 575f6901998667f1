"""The node map of an emulated camera as parameters."""

import pytest

from fluoroview.hal import Access, DeviceError, ParameterError


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Width", {"kind": "int", "value": 1024, "minimum": 1, "maximum": 4096, "increment": 1}),
        ("Height", {"kind": "int", "value": 1040, "unit": "px", "access": "rw when idle"}),
        ("PayloadSize", {"kind": "int", "unit": "B"}),
        ("PixelFormat", {"kind": "enum", "value": "Mono8", "access": "rw when idle"}),
        (
            "AcquisitionFrameRate",
            {"kind": "float", "value": 100.0, "unit": "Hz", "maximum": 5000.0, "access": "rw"},
        ),
        ("ExposureTime", {"kind": "float", "unit": "µs", "minimum": 1.0, "increment": 0.1}),
        ("Gain", {"kind": "float", "unit": "dB", "minimum": 0.0, "access": "rw"}),
        ("ResultingFrameRate", {"kind": "float", "unit": "Hz", "access": "ro", "minimum": None}),
        ("DeviceVendorName", {"kind": "str", "value": "Basler", "access": "ro"}),
        ("AcquisitionFrameRateEnable", {"kind": "bool", "value": True}),
        ("ForceFailedBuffer", {"kind": "command", "value": "", "access": "rw"}),
        ("Statistic_Failed_Buffer_Count", {"kind": "int", "access": "ro", "value": 0}),
        ("BitDepth", {"value": 8, "unit": "bit", "access": "ro"}),
        ("FrameCounterBits", {"value": 64}),
        ("PixelIntensityRelationship", {"value": "DISP", "choices": ("LIN", "LOG", "DISP")}),
    ],
)
def test_a_feature_is_described_as_the_camera_states(tree, name, expected):
    described = tree[name].describe().as_dict()
    assert {key: described[key] for key in expected} == expected


def test_features_that_the_hal_controls_or_that_are_superseded_are_not_parameters(tree):
    names = {parameter.name for parameter in tree}
    skipped = {"AcquisitionStart", "AcquisitionStop", "AcquisitionMode", "TLParamsLocked"}
    assert not names & skipped
    assert not {name for name in names if name.endswith("RateAbs") or name == "ExposureTimeAbs"}


def test_binning_that_does_nothing_is_not_offered(tree, detector):
    """If this fails, the emulation has learnt to bin: offer it again."""
    node_map = detector._camera.GetNodeMap()
    node_map.GetNode("BinningHorizontal").SetValue(2)
    assert node_map.GetNode("Width").GetValue() == 1024
    assert not [parameter.name for parameter in tree if parameter.name.startswith("Binning")]


def test_every_parameter_can_be_described(tree):
    described = tree.describe()
    assert len(described) > 60
    assert all(isinstance(entry.description, str) for entry in described)


def test_limits_follow_other_parameters(tree):
    tree.write("Width", 1000)
    assert tree["OffsetX"].limits()["maximum"] == 4096 - 1000
    with pytest.raises(ParameterError, match="allowed is 0 to 3096"):
        tree.write("OffsetX", 3097)


@pytest.mark.parametrize(
    "name", ["Width", "Height", "ExposureTime", "Gain", "AcquisitionFrameRate"]
)
@pytest.mark.parametrize("bound", ["minimum", "maximum"])
def test_limits_can_be_reached(tree, name, bound):
    limit = tree[name].limits()[bound]
    assert tree.write(name, limit) == pytest.approx(limit)
    assert tree[name].read() == pytest.approx(limit)


@pytest.mark.parametrize(
    ("name", "value", "read_back"),
    [
        ("Width", 512, 512),
        ("PixelFormat", "Mono12", "Mono12"),
        ("ExposureTime", 10001.23, 10001.0),  # the camera rounds
        ("AcquisitionFrameRate", 15.0, 15.0),
        ("ReverseX", True, True),
        ("DeviceUserID", "C-arm", "C-arm"),
        ("PixelIntensityRelationship", "LIN", "LIN"),
    ],
)
def test_a_write_returns_what_the_camera_made_of_it(tree, name, value, read_back):
    assert tree.write(name, value) == read_back
    assert tree[name].read() == read_back


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("Width", 5000, "parameter Width cannot be 5000 px: allowed is 1 to 4096 px."),
        ("Width", "wide", "allowed is a whole number"),
        ("PixelFormat", "Mono9", "allowed are Mono8, Mono10, Mono12, Mono16"),
        ("AcquisitionFrameRate", 0.001, "cannot be 0.001 Hz: allowed is 0.01 to 5000.0 Hz."),
        ("SensorWidth", 1, "parameter SensorWidth is read-only."),
        ("BitDepth", 12, "parameter BitDepth is read-only."),
        ("Exposure", 1, "has no parameter Exposure."),
    ],
)
def test_what_is_not_allowed_is_reported(tree, name, value, sentence):
    with pytest.raises(ParameterError) as caught:
        tree.write(name, value)
    assert "0815-0000" in str(caught.value)
    assert sentence in str(caught.value)


@pytest.mark.parametrize("name", ["Width", "PixelFormat", "OffsetX", "ReverseX"])
def test_layout_is_not_changed_while_streaming(tree, name):
    with pytest.raises(ParameterError, match="only while the device is IDLE"):
        tree.write(name, tree[name].read(), idle=False)


@pytest.mark.parametrize(
    ("pixel_format", "bit_depth"),
    [("Mono8", 8), ("Mono10", 10), ("Mono12", 12), ("Mono16", 16), ("BGR8Packed", 8)],
)
def test_bit_depth_follows_the_pixel_format(tree, pixel_format, bit_depth):
    tree.write("PixelFormat", pixel_format)
    assert tree["BitDepth"].read() == bit_depth


def test_what_the_camera_refuses_is_reported(detector, tree):
    parameter = tree["ImageFilename"]
    detector._camera.GetNodeMap().GetNode("TLParamsLocked").SetValue(1)
    try:
        with pytest.raises(ParameterError, match="The device refuses '/x' for ImageFilename: "):
            parameter.write("/x")
        assert parameter.access is Access.RO  # locked, though it does not stream
    finally:
        detector._camera.GetNodeMap().GetNode("TLParamsLocked").SetValue(0)
    assert parameter.access is Access.RW_IDLE


def test_a_closed_camera_has_no_parameters(detector):
    detector.close()
    with pytest.raises(DeviceError, match="0815-0000 is not open"):
        detector.parameters()
