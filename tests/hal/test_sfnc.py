"""What the naming convention states about features."""

import pytest

from fluoroview.hal.sdk import sfnc


@pytest.mark.parametrize(
    ("name", "stated", "unit"),
    [
        ("ExposureTime", "", "µs"),
        ("ExposureTime", "us", "µs"),
        ("ExposureTime", "ms", "ms"),  # the device knows better
        ("Width", "", "px"),
        ("AcquisitionFrameRate", "Hz", "Hz"),
        ("MakersOwn", "", ""),
    ],
)
def test_a_unit_is_the_devices_else_the_conventions(name, stated, unit):
    assert sfnc.unit_of(name, stated) == unit


@pytest.mark.parametrize(
    ("name", "idle_only"),
    [
        ("Width", True),
        ("BinningVertical", True),
        ("GevSCPSPacketSize", True),
        ("ExposureTime", False),
        ("WidthMax", False),
    ],
)
def test_layout_is_for_the_idle_device(name, idle_only):
    assert sfnc.changes_layout(name) is idle_only


def test_start_and_stop_belong_to_the_hal():
    assert sfnc.belongs_to_hal("AcquisitionStart")
    assert not sfnc.belongs_to_hal("AcquisitionFrameRate")


@pytest.mark.parametrize(
    ("name", "present"), [("ExposureTimeAbs", "ExposureTime"), ("GainRaw", "GainRaw")]
)
def test_old_names_are_given_their_present_ones(name, present):
    assert sfnc.present_name(name) == present
