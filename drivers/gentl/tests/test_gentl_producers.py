"""Finding producers and devices, and the sentences for what is not there."""

import os
import shutil
import signal
import sys

import pytest

from fluoroview.hal import DeviceError, DriverError
from fluoroview_gentl import GenTLDetector, producers
from fluoroview_gentl.producers import SEARCH_VARIABLE, Producer

VIKY_IDS = [f"viky.cti:VikyTL_DEV_{colour}" for colour in ("red", "green", "blue")]


def test_without_the_variable_the_producer_of_genicam_is_found():
    devices = GenTLDetector.discover()
    assert [device.id for device in devices] == VIKY_IDS
    assert {device.driver for device in devices} == {"gentl"}
    assert {device.vendor for device in devices} == {"Machine Vision Games Ltd."}
    assert [device.serial for device in devices] == ["0", "1", "2"]


def test_the_variable_names_folders_and_files(monkeypatch, tmp_path, viky):
    monkeypatch.setenv(SEARCH_VARIABLE, f"{tmp_path}{os.pathsep}{viky}")
    assert producers.search_path() == [viky]
    monkeypatch.setenv(SEARCH_VARIABLE, os.pathsep.join([str(viky.parent), str(viky)]))
    assert producers.search_path() == [viky]


def test_nothing_there_is_no_error(monkeypatch, tmp_path):
    monkeypatch.setenv(SEARCH_VARIABLE, str(tmp_path))
    assert GenTLDetector.discover() == []


def test_a_broken_producer_leaves_the_others(monkeypatch, tmp_path, viky, caplog):
    (tmp_path / "broken.cti").write_text("not a library")
    monkeypatch.setenv(SEARCH_VARIABLE, os.pathsep.join([str(tmp_path), str(viky)]))
    assert [device.id for device in GenTLDetector.discover()] == VIKY_IDS
    assert "broken.cti cannot be loaded: " in caplog.text
    assert f"take its folder out of {SEARCH_VARIABLE}" in caplog.text


def test_producers_of_one_name_are_distinguished_by_their_path(monkeypatch, tmp_path, viky):
    copy = tmp_path / "viky.cti"
    shutil.copy(viky, copy)
    for library in viky.parent.glob("lib*.so"):
        (tmp_path / library.name).symlink_to(library)
    monkeypatch.setenv(SEARCH_VARIABLE, os.pathsep.join([str(viky), str(copy)]))
    ids = [device.id for device in GenTLDetector.discover()]
    assert f"{viky}:VikyTL_DEV_red" in ids
    assert len(ids) == len(set(ids)) == 6


@pytest.mark.parametrize(
    "device_id",
    ["viky.cti:VikyTL_DEV_green", "viky.cti:1", "VikyTL_DEV_green", "{path}:VikyTL_DEV_green"],
)
def test_a_device_is_found_by_producer_and_name(device_id, viky):
    producer, found = producers.borrow_device(device_id.format(path=viky))
    producer.release()
    assert found.gentl_id == "VikyTL_DEV_green"


def test_a_full_path_needs_no_search_path(monkeypatch, tmp_path, viky):
    monkeypatch.setenv(SEARCH_VARIABLE, str(tmp_path))
    producer, found = producers.borrow_device(f"{viky}:VikyTL_DEV_blue")
    producer.release()
    assert found.gentl_id == "VikyTL_DEV_blue"


@pytest.mark.parametrize(
    ("device_id", "sentence"),
    [
        (
            "viky.cti:gone",
            "There is no GenTL device 'viky.cti:gone'. Present: " + ", ".join(VIKY_IDS),
        ),
        ("gone", "There is no GenTL device 'gone'."),
        (
            "other.cti:x",
            "There is no GenTL producer 'other.cti', which 'other.cti:x' asks for. "
            f"Found are: viky.cti. Set {SEARCH_VARIABLE} to the folder",
        ),
        ("/nowhere/other.cti:x", "The GenTL producer /nowhere/other.cti cannot be loaded"),
    ],
)
def test_what_is_not_there_is_reported(device_id, sentence):
    with pytest.raises(DeviceError) as caught:
        GenTLDetector(device_id).open()
    assert str(caught.value).startswith(sentence)


def test_no_producer_at_all_is_reported(monkeypatch, tmp_path):
    monkeypatch.setenv(SEARCH_VARIABLE, str(tmp_path))
    with pytest.raises(DeviceError, match="Present: none"):
        GenTLDetector("x").open()


def test_a_missing_sdk_is_one_sentence_with_the_line_that_installs_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "harvesters.core", None)
    for call in (GenTLDetector.discover, GenTLDetector("viky.cti:x").open):
        with pytest.raises(DriverError, match=r"Install them with: pip install harvesters$"):
            call()


def test_a_device_in_use_is_reported():
    first, second = (GenTLDetector(VIKY_IDS[0]) for _ in range(2))
    first.open()
    try:
        with pytest.raises(DeviceError) as caught:
            second.open()
    finally:
        first.close()
    assert str(caught.value) == (
        "viky.cti:VikyTL_DEV_red cannot be opened: Requested resource is already in use. "
        "Another program holds it: close that program, then open it again."
    )
    second.open()
    second.close()


def test_detectors_of_one_process_share_their_producer(viky):
    red, green = GenTLDetector(VIKY_IDS[0]), GenTLDetector(VIKY_IDS[1])
    red.open()
    green.open()
    assert [device.id for device in GenTLDetector.discover()] == VIKY_IDS
    red.close()
    assert set(Producer._loaded) == {viky}
    assert green.parameters()["Width"].read() == 400
    green.close()
    assert not Producer._loaded


def test_closing_twice_and_before_opening_is_nothing():
    detector = GenTLDetector(VIKY_IDS[0])
    detector.close()
    detector.open()
    detector.close()
    detector.close()
    with pytest.raises(DeviceError, match="is not open"):
        detector.parameters()


def test_ctrl_c_stays_with_the_program():
    before = signal.getsignal(signal.SIGINT)
    detector = GenTLDetector(VIKY_IDS[0])
    detector.open()
    try:
        assert signal.getsignal(signal.SIGINT) is before
    finally:
        detector.close()
