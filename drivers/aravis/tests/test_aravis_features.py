"""The node map of Aravis' camera as parameters, also with what real cameras add to it."""

import math

import pytest

from fluoroview.hal import Access, DeviceError, ParameterError
from fluoroview_aravis import AravisDetector, cameras, sdk

LOCK = "<pIsLocked>TLParamsLocked</pIsLocked>"
CHANGES = [
    # a feature that the device locks while it streams
    ('<Enumeration Name="TriggerMode" NameSpace="Standard">', LOCK),
    # one that another one hides
    ('<Integer Name="BinningVertical" NameSpace="Standard">', "<pIsAvailable>0</pIsAvailable>"),
    # an old name next to the present one
    ("<pFeature>ExposureTimeAbs</pFeature>", "<pFeature>ExposureTime</pFeature>"),
    ('<EnumEntry Name="Mono16" NameSpace="Standard">', ""),
]
NEW = """
<Float Name="ExposureTime"><pValue>ExposureTimeAbsConverter</pValue><Unit>us</Unit></Float>
<IntSwissKnife Name="BinnedWidth">
<pVariable Name="SENSOR">SensorWidth</pVariable><pVariable Name="BIN">BinningHorizontal</pVariable>
<Formula>SENSOR / BIN</Formula></IntSwissKnife>
<Boolean Name="Shy"><Visibility>Invisible</Visibility><pValue>TestRegister</pValue></Boolean>
</RegisterDescription>"""


@pytest.fixture
def detector():
    opened = AravisDetector("Fake_1")
    opened.open()
    yield opened
    opened.close()


@pytest.fixture
def tree(detector):
    return detector.parameters()


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (
            "Width",
            {"kind": "int", "unit": "px", "minimum": 1, "maximum": 2048, "access": "rw when idle"},
        ),
        ("PixelFormat", {"kind": "enum", "value": "Mono8", "access": "rw when idle"}),
        (
            "ExposureTime",  # which the camera calls ExposureTimeAbs
            {"kind": "float", "value": 10000.0, "unit": "µs", "minimum": 10.0, "access": "rw"},
        ),
        ("AcquisitionFrameRate", {"value": 25.0, "unit": "Hz", "minimum": 0.1, "increment": None}),
        ("TestRegister", {"kind": "int", "value": 0x12345678, "access": "rw"}),
        ("PayloadSize", {"value": 512 * 512, "unit": "B", "access": "ro", "minimum": None}),
        ("DeviceSerialNumber", {"kind": "str", "access": "ro"}),
        ("TriggerSoftware", {"kind": "command", "access": "rw"}),
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


@pytest.mark.parametrize(
    ("name", "value", "read_back"),
    [
        ("Width", 640, 640),
        ("PixelFormat", "Mono16", "Mono16"),
        ("AcquisitionFrameRate", 30.0, 1e6 / 33333),  # the device keeps whole microseconds
        ("ExposureTime", 1234.6, 1234.0),
        ("TestRegister", 7, 7),
        ("TriggerMode", "On", "On"),
        ("PixelIntensityRelationship", "LIN", "LIN"),
    ],
)
def test_a_write_returns_what_the_device_made_of_it(tree, name, value, read_back):
    assert tree.write(name, value) == pytest.approx(read_back)
    assert tree[name].read() == pytest.approx(read_back)


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("Width", 5000, "parameter Width cannot be 5000 px: allowed is 1 to 2048 px."),
        ("PixelFormat", "Mono12", "parameter PixelFormat cannot be Mono12: allowed are "),
        ("AcquisitionFrameRate", 2000.0, "allowed is 0.1 to 1000.0 Hz."),
        ("ExposureTime", math.nan, "allowed is a finite number"),
        ("PayloadSize", 1, "parameter PayloadSize is read-only."),
        ("Exposure", 1, "has no parameter Exposure."),
    ],
)
def test_what_is_not_allowed_is_reported(tree, name, value, sentence):
    with pytest.raises(ParameterError) as caught:
        tree.write(name, value)
    assert "Fake_1" in str(caught.value)
    assert sentence in str(caught.value)


def test_a_command_runs(tree):
    assert tree.write("TriggerSoftware", "") == ""


def test_a_format_that_is_not_decoded_is_refused_before_the_run(detector, monkeypatch):
    monkeypatch.setattr("fluoroview_aravis.detector.BY_CODE", {})
    with pytest.raises(DeviceError) as caught:
        detector.start(sink=None)
    assert "Fake_1 is set to PixelFormat Mono8, which the aravis driver" in str(caught.value)
    assert "Set PixelFormat to one of: " in str(caught.value)


@pytest.fixture
def changed_tree(tmp_path):
    """The parameters of Aravis' camera with another description of itself."""
    aravis = sdk.load()
    camera = cameras.claim("Fake_1")
    original = text = str(camera.get_device().get_genicam_xml()[0])
    for place, addition in CHANGES:
        assert place in text
        text = text.replace(place, place + addition)
    text = text.replace("<Value>17825799</Value>", "<Value>42</Value>")  # an unknown format
    text = text.replace("<pMax>SensorWidth<", "<pMax>BinnedWidth<")  # a camera that does bin
    changed, plain = tmp_path / "changed.xml", tmp_path / "plain.xml"
    plain.write_text(original)
    changed.write_text(text.replace("</RegisterDescription>", NEW))
    aravis.set_fake_camera_genicam_filename(str(changed))
    opened = AravisDetector("Fake_1")
    opened.open()
    yield opened.parameters()
    opened.close()
    aravis.set_fake_camera_genicam_filename(str(plain))  # Aravis cannot forget it


def test_what_the_device_locks_while_streaming_is_known_when_idle(changed_tree):
    assert changed_tree["TriggerMode"].access is Access.RW_IDLE
    with pytest.raises(ParameterError, match="only while the device is IDLE"):
        changed_tree.write("TriggerMode", "On", idle=False)


def test_what_is_not_there_or_not_for_users_is_no_parameter(changed_tree):
    assert "BinningVertical" not in changed_tree
    assert "Shy" not in changed_tree


def test_a_camera_with_old_and_present_names_keeps_both(changed_tree):
    assert changed_tree["ExposureTime"].unit == "µs"
    assert changed_tree["ExposureTimeAbs"].read() == changed_tree["ExposureTime"].read()


def test_a_binning_without_effect_is_not_offered(tree):
    names = {parameter.name for parameter in tree}
    assert {"Width", "Height"} <= names
    assert not names & {"BinningHorizontal", "BinningVertical"}


def test_a_binning_that_limits_the_image_is_offered_and_as_it_was(changed_tree):
    assert changed_tree["BinningHorizontal"].read() == 1
    assert changed_tree["Width"].read() == 512
    changed_tree.write("BinningHorizontal", 2)
    assert changed_tree["Width"].limits()["maximum"] == 1024


def test_formats_that_are_not_decoded_are_not_offered(changed_tree):
    choices = changed_tree["PixelFormat"].limits()["choices"]
    assert "Mono8" in choices
    assert "Mono16" not in choices
