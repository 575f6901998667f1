"""Drivers by name: what is installed, what it finds, and the sentence when it cannot."""

import pytest

from fluoroview.hal import DeviceError, DeviceHost, DriverError
from fluoroview.hal.runtime.registry import discover, installed_drivers, load_driver, look_for
from fluoroview.hal.testing import has_code

pytestmark = pytest.mark.usefixtures("test_drivers")


def by_name():
    return {driver.name: driver for driver in installed_drivers()}


def test_installed_drivers_are_listed_without_importing_them():
    assert by_name()["broken_import"].distribution == "fluoroview-testdrivers"


def test_discover_finds_devices():
    assert [info.id for info in discover(by_name()["ramp"]).devices] == ["r0", "r1"]


@pytest.mark.parametrize(
    ("driver", "sentence"),
    [
        ("broken_import", "cannot be imported: ImportError: libvendor.so.7"),
        ("not_a_detector", "is not a fluoroview.hal device"),
        ("rude", "raised OSError in discover: the bus does not answer"),
    ],
)
def test_a_broken_driver_reports_why_and_does_not_affect_the_others(driver, sentence):
    assert sentence in discover(by_name()[driver]).error
    assert discover(by_name()["ramp"]).devices


def test_the_first_device_is_the_first_that_was_found():
    assert look_for("ramp").first_id() == "r0"


@pytest.mark.parametrize(
    ("driver", "remedy"),
    [
        ("meter", "Plug one in, or name it; `fluoroview devices` shows what is found."),
        ("dicom_replay", "Name a file of yours: `--device FILE`; or "),
        ("recording", "Record a run, or name a recording of yours"),
        ("gentl", "Plug one in; GENICAM_GENTL64_PATH must name the folder of its producer"),
        ("pylon", "Plug one in, or set PYLON_CAMEMU=2 for two emulated cameras."),
        ("epics", "Name a PV: `--device 13SIM1:Pva1:Image`, or in the variable"),
        ("kapmeter", "Name its port: `--device /dev/ttyUSB0`, or in the variable"),
    ],
)
def test_without_a_device_the_driver_states_what_to_do(monkeypatch, tmp_path, driver, remedy):
    for variable in ("REPLAY_PATH", "RECORDING_PATH"):
        monkeypatch.setenv(f"FLUOROVIEW_{variable}", str(tmp_path))
    monkeypatch.setenv("GENICAM_GENTL64_PATH", str(tmp_path))
    for variable in ("PYLON_CAMEMU", "FLUOROVIEW_EPICS_PVS", "FLUOROVIEW_KAPMETER_PORTS"):
        monkeypatch.delenv(variable, raising=False)
    with pytest.raises(DeviceError) as caught:
        look_for(driver).first_id()
    assert f"Driver {driver} found no device. {remedy}" in str(caught.value)


def test_warnings_of_a_driver_during_discovery_are_reported(monkeypatch, tmp_path):
    (tmp_path / "broken.cti").write_bytes(b"no library")
    monkeypatch.setenv("GENICAM_GENTL64_PATH", str(tmp_path))
    with pytest.raises(DeviceError, check=has_code("FV-HAL-030")):
        look_for("gentl").first_id()


@pytest.mark.parametrize(
    ("driver", "sentence"), [("rampp", "Did you mean ramp"), ("rude", "the bus does not answer")]
)
def test_a_driver_whose_discovery_fails_reports_why(driver, sentence):
    with pytest.raises((DriverError, DeviceError), match=sentence):
        look_for(driver)


def test_an_unknown_driver_offers_near_names():
    with pytest.raises(DriverError, check=has_code("FV-HAL-031")):
        load_driver("rampp")


@pytest.mark.parametrize("isolation", ["thread", "process"])
def test_a_driver_that_cannot_be_imported_is_reported_when_opened(isolation):
    host = DeviceHost("broken_import", "x", isolation)
    with pytest.raises(DriverError, check=has_code("FV-HAL-032")):
        host.open()
    host.close()
