"""Cameras by their names, and what is reported when there is none."""

import logging
import sys

import pytest

from fluoroview.hal import DeviceError, DriverError
from fluoroview.hal.runtime.registry import DriverInfo, discover
from fluoroview_pylon import PylonDetector, cameras, sdk

EMULATION = DriverInfo("pylon", "fluoroview-pylon", "", "")


class Info:
    """A camera's info as pylon gives it: a property is there or not."""

    def __init__(self, **values):
        self._values = {"VendorName": "Basler", "ModelName": "acA", "TLType": "GEV", **values}

    def GetPropertyValue(self, name):
        return name in self._values, self._values.get(name, "N/A")


def test_emulated_cameras_are_found_in_the_child_process():
    found = discover(EMULATION)
    assert found.error == ""
    assert [(info.id, info.vendor, info.note) for info in found.devices] == [
        ("0815-0000", "Basler", "transport CamEmu"),
        ("0815-0001", "Basler", "transport CamEmu"),
    ]


def test_no_camera_is_an_empty_list(monkeypatch):
    monkeypatch.setenv("PYLON_CAMEMU", "0")
    assert PylonDetector.discover() == []


def test_a_transport_that_fails_to_look_is_logged_and_the_others_are_not_touched(
    monkeypatch, caplog
):
    _, genicam = sdk.load()

    look = cameras.present

    def fails_for_usb(device_class):
        if device_class == "BaslerUsb":
            raise genicam.RuntimeException("No USB here. : RuntimeException thrown (file 'x.h')")
        return look(device_class)

    monkeypatch.setattr(cameras, "present", fails_for_usb)
    with caplog.at_level(logging.WARNING):
        assert len(PylonDetector.discover()) == 2
    assert "pylon cannot look for BaslerUsb: No USB here\n" in caplog.text


def test_the_slow_transport_is_looked_at_last():
    layers = cameras.transport_layers()
    assert {"BaslerUsb", "BaslerCamEmu"} < set(layers)
    assert layers[-1] == "BaslerGigE"


def test_names_addresses_and_ids_are_listed(monkeypatch):
    infos = [
        Info(SerialNumber="21", UserDefinedName="left", IpAddress="10.0.0.2", FullName="a#1"),
        Info(SerialNumber="22", FullName="a#2"),
        Info(SerialNumber="22", FullName="a#3"),
        Info(FullName="a#4"),
    ]
    monkeypatch.setattr(cameras, "transport_layers", lambda: ["BaslerGigE"])
    monkeypatch.setattr(cameras, "present", lambda _device_class: infos)
    found = PylonDetector.discover()
    assert [info.id for info in found] == ["21", "a#2", "a#3", "a#4"]
    assert found[0].note == "named left, transport GEV, 10.0.0.2"
    assert [cameras._find(name) is infos[0] for name in ("21", "left", "10.0.0.2", "a#1")] == [
        True
    ] * 4
    with pytest.raises(DeviceError, match=r"Present: 21, a#2, a#3, a#4\."):
        cameras._find("23")


@pytest.mark.parametrize("name", ["0815-0001", "Emulation (0815-0001)"])
def test_a_camera_opens_by_serial_number_and_by_name(name):
    detector = PylonDetector(name)
    detector.open()
    try:
        assert detector.parameters()["DeviceModelName"].read() == "CamEmu"
    finally:
        detector.close()


def test_opening_leaves_the_triggers_as_they_are(detector, tree):
    tree.write("TriggerMode", "On")
    detector._camera.Close()
    detector._camera.Open()
    assert detector._camera.GetNodeMap().GetNode("TriggerMode").GetValue() == "On"
    tree.write("TriggerMode", "Off")


def test_a_camera_in_use_is_reported(monkeypatch):
    _, genicam = sdk.load()
    text = "The device is controlled by another application. Err: Access denied : RuntimeException"

    def in_use(_device_id):
        raise genicam.RuntimeException(text)

    monkeypatch.setattr(cameras, "_find", in_use)
    with pytest.raises(DeviceError) as caught:
        PylonDetector("21").open()
    assert str(caught.value) == (
        "21 cannot be opened: The device is controlled by another application. Err: Access "
        "denied. Another program holds it: close that program, then open it again."
    )


def test_a_missing_sdk_is_one_sentence_with_the_line_that_installs_it(monkeypatch):
    for name in ("pypylon", "pypylon.pylon", "pypylon.genicam"):
        monkeypatch.setitem(sys.modules, name, None)
    for call in (PylonDetector.discover, PylonDetector("21").open):
        with pytest.raises(DriverError, match=r"Install it with: pip install pypylon$"):
            call()
