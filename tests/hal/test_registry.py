"""Drivers by name: what is installed, what it finds, and what is said when it cannot."""

import pytest

from fluoroview.hal import DeviceHost, DriverError
from fluoroview.hal.registry import discover, installed_drivers, load_driver

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
def test_a_broken_driver_says_why_and_leaves_the_others_alone(driver, sentence):
    assert sentence in discover(by_name()[driver]).error
    assert discover(by_name()["ramp"]).devices


def test_an_unknown_driver_offers_near_names():
    with pytest.raises(DriverError, match="Did you mean ramp"):
        load_driver("rampp")


@pytest.mark.parametrize("isolation", ["thread", "process"])
def test_a_driver_that_cannot_be_imported_is_told_when_opened(isolation):
    host = DeviceHost("broken_import", "x", isolation)
    with pytest.raises(DriverError, match="cannot be imported"):
        host.open()
    host.close()
