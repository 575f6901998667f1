"""Which detector and mode a calibration fits, and the reason when it does not."""

import math
from dataclasses import replace

import pytest

from fluoroview.hal import ParameterInfo
from fluoroview.pipeline import CalibrationKey

PARAMETERS = [
    ParameterInfo("DeviceModelName", "XRD 0822", unit=""),
    ParameterInfo("DeviceSerialNumber", "4711", unit=""),
    ParameterInfo("Width", 1024, unit="px"),
    ParameterInfo("Height", 1024, unit="px"),
    ParameterInfo("BinningHorizontal", 1, unit=""),
    ParameterInfo("Gain", 2.0, unit="pF"),
    ParameterInfo("ExposureTime", 33_000.0, unit="µs"),
    ParameterInfo("CameraMode", "0", unit=""),
    ParameterInfo("AcquisitionFrameRate", 30.0, unit="Hz"),
]


def key(temperature_c=math.nan, device="a", driver="xisl", **changes):
    described = [replace(p, value=changes.get(p.name, p.value)) for p in PARAMETERS]
    return CalibrationKey.of(driver, device, described, temperature_c)


def test_it_fits_itself_at_another_rate_and_by_another_address():
    assert key().misfits(key(AcquisitionFrameRate=15.0, device="b")) == []


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"DeviceSerialNumber": "4712"}, "it is of serial number 4711, but the detector's is 4712"),
        ({"DeviceModelName": "XRD 1611"}, "model XRD 0822, but the detector's is XRD 1611"),
        ({"driver": "aravis"}, "it is of driver xisl, but the detector's is aravis"),
        ({"Width": 512}, "made at Width 1024 px, but the detector is at 512 px"),
        ({"BinningHorizontal": 2}, "made at BinningHorizontal 1, but the detector is at 2"),
        ({"Gain": 4.0}, "made at Gain 2 pF, but the detector is at 4 pF"),
        ({"ExposureTime": 66e3}, "made at ExposureTime 33000 µs, but the detector is at 66000 µs"),
        ({"CameraMode": "1"}, "made at CameraMode 0, but the detector is at 1"),
    ],
)
def test_each_part_of_the_key_is_a_reason(change, reason):
    reasons = key().misfits(key(**change))
    assert len(reasons) == 1
    assert reason in reasons[0]


def test_clocks_may_round():
    assert key().misfits(key(ExposureTime=33_003.0)) == []


def test_all_reasons_are_listed_at_once():
    assert len(key().misfits(key(DeviceSerialNumber="9", Width=512, Gain=4.0))) == 3


@pytest.mark.parametrize(
    ("then", "now", "fits"), [(30.0, 34.0, True), (30.0, 36.0, False), (30.0, math.nan, True)]
)
def test_the_temperature_may_differ_by_five_degrees_where_it_is_known(then, now, fits):
    reasons = key(temperature_c=then).misfits(key(temperature_c=now))
    assert (reasons == []) is fits
    assert fits or "made at 30.0 °C, but the detector is at 36.0 °C" in reasons[0]


def test_the_detector_s_own_temperature_counts_where_frames_state_none():
    warm = [*PARAMETERS, ParameterInfo("DeviceTemperature", 41.5, unit="°C")]
    assert CalibrationKey.of("xisl", "a", warm).temperature_c == 41.5
    assert CalibrationKey.of("xisl", "a", warm, 40.0).temperature_c == 40.0


def test_without_serial_numbers_the_device_id_decides():
    bare = [p for p in PARAMETERS if p.name == "Width"]
    one, other = (CalibrationKey.of("video", device, bare) for device in ("/dev/v0", "/dev/v1"))
    assert "it is of device /dev/v0, but the detector's is /dev/v1" in one.misfits(other)


def test_a_parameter_that_only_one_side_states_is_a_misfit():
    bare = CalibrationKey.of("xisl", "a", [p for p in PARAMETERS if p.name != "Gain"])
    assert key().misfits(bare) == [
        "it was made at Gain 2 pF, but the detector is at no stated value"
    ]
