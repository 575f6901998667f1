"""The panel's settings as parameters, and panels that the driver refuses."""

import pytest

from fluoroview.hal import DeviceError, ParameterError
from fluoroview_xisl import XislDetector


@pytest.fixture
def detector():
    opened = XislDetector("EMU0001")
    opened.open()
    yield opened
    opened.close()


@pytest.fixture
def tree(detector):
    return detector.parameters()


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Width", {"value": 64, "unit": "px", "access": "ro"}),
        ("Height", {"value": 48, "unit": "px", "access": "ro"}),
        ("PixelFormat", {"value": "Mono16"}),
        ("FrameCounterBits", {"value": 16}),
        ("PixelIntensityRelationship", {"value": "LIN"}),
        (
            "ExposureTime",
            {"value": 5000.0, "unit": "µs", "minimum": 5000.0, "maximum": 5e6, "access": "rw"},
        ),
        (
            "AcquisitionFrameRate",
            {"value": 200.0, "unit": "Hz", "minimum": 0.2, "maximum": 200.0, "access": "rw"},
        ),
        ("CameraMode", {"value": 0, "minimum": 0, "maximum": 7, "access": "rw when idle"}),
        ("CameraGain", {"value": 0, "minimum": 0, "maximum": 5, "access": "rw when idle"}),
        ("BinningMode", {"choices": ("1x1", "2x2"), "access": "rw when idle"}),
        ("DeviceSerialNumber", {"value": "EMU0001"}),
    ],
)
def test_parameters_have_unit_limits_and_access(tree, name, expected):
    described = tree[name].describe().as_dict()
    assert {key: described[key] for key in expected} == expected


def test_the_timer_is_what_the_panel_made_of_it(tree):
    assert tree.write("ExposureTime", 12344.0) == 12340.0  # rounded to 10 µs by the SDK
    assert tree["AcquisitionFrameRate"].read() == pytest.approx(81.04, abs=0.01)


def test_rate_and_exposure_time_are_one_timer(tree):
    assert tree.write("AcquisitionFrameRate", 30.0) == pytest.approx(30.0, rel=1e-3)
    assert tree["ExposureTime"].read() == 33330.0
    assert tree.write("AcquisitionFrameRate", 200.0) == 200.0
    assert tree.write("AcquisitionFrameRate", 0.2) == 0.2


def test_binning_changes_size_and_shortest_time(tree):
    assert tree.write("BinningMode", "2x2") == "2x2"
    assert [tree[name].read() for name in ("Width", "Height", "BinningHorizontal")] == [32, 24, 2]
    assert tree["ExposureTime"].limits()["minimum"] == 2500.0
    tree.write("ExposureTime", 2500.0)
    tree.write("BinningMode", "1x1")
    assert tree["ExposureTime"].read() == 5000.0  # no shorter than the readout


def test_a_slower_camera_mode_lengthens_the_exposure(tree):
    assert tree.write("CameraMode", 7) == 7
    assert tree["ExposureTime"].read() == tree["ExposureTime"].limits()["minimum"] == 75000.0


@pytest.mark.parametrize("mode", ["FreeRunning", "ExternalTrigger"])
def test_without_the_timer_the_exposure_time_has_no_choice(tree, mode):
    tree.write("ExposureTime", 20000.0)
    tree.write("FrameSyncMode", mode)
    assert tree["ExposureTime"].read() == 5000.0
    with pytest.raises(ParameterError, match=r"ExposureTime cannot be 9000\.0 µs: allowed is 5000"):
        tree.write("ExposureTime", 9000.0)
    assert tree.write("ExposureTime", 5000.0) == 5000.0
    tree.write("FrameSyncMode", "InternalTimer")
    assert tree["ExposureTime"].read() == 20000.0


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("CameraGain", 6, r"CameraGain cannot be 6: allowed is 0 to 5"),
        ("CameraMode", 8, r"CameraMode cannot be 8: allowed is 0 to 7"),
        ("BinningMode", "4x4", r"BinningMode cannot be 4x4: allowed are 1x1, 2x2"),
        ("ExposureTime", 100.0, r"ExposureTime cannot be 100\.0 µs: allowed is 5000\.0 to 5000000"),
    ],
)
def test_beyond_the_limits_is_refused_with_what_is_allowed(tree, name, value, sentence):
    with pytest.raises(ParameterError, match=sentence):
        tree.write(name, value)


def test_what_the_panel_refuses_is_reported_with_its_reason(detector, tree, monkeypatch):
    monkeypatch.setattr(detector._xisl, "status", lambda *_: 25)
    with pytest.raises(ParameterError) as caught:
        tree.write("CameraGain", 3)
    assert str(caught.value) == (
        "xisl:EMU0001: parameter CameraGain cannot be 3: the detector could not be written to "
        "(XISL error 25). Choose another value."
    )


def test_pixels_of_32_bits_are_refused(settings):
    settings(DATA_TYPE=4)
    with pytest.raises(DeviceError, match=r"XISL data type 4, but .* 16 bits only\. Switch"):
        XislDetector("EMU0001").open()


def test_a_panel_that_is_not_there_is_reported_with_those_that_are(settings):
    settings(SERIALS="A1,B2")
    with pytest.raises(DeviceError, match=r"no XISL detector 'C3'\. Present: A1, B2\."):
        XislDetector("C3").open()


def test_no_panel_at_all_is_no_error(settings):
    settings(SERIALS="")
    assert XislDetector.discover() == []


def test_a_panel_is_found_by_serial_number_and_by_channel(settings):
    settings(SERIALS="A1,B2")
    assert [(info.id, info.note) for info in XislDetector.discover()] == [
        ("A1", "GbIF-0"),
        ("B2", "GbIF-1"),
    ]
    for name in ("B2", "GbIF-1"):
        detector = XislDetector(name)
        detector.open()
        assert detector.parameters()["DeviceSerialNumber"].read() == "B2"
        detector.close()


def test_opened_and_closed_a_hundred_times_and_closed_twice():
    detector = XislDetector("EMU0001")
    for _ in range(100):
        detector.open()
        detector.close()
    detector.close()
    with pytest.raises(DeviceError, match="is not open"):
        detector.parameters()
