"""Missing libraries and calls that do not return, each in a sentence."""

import sys
import threading

import gi
import pytest

from fluoroview.hal import DeviceError, DriverError
from fluoroview_aravis import AravisDetector, sdk

INSTALL = "apt-get install gir1.2-aravis-0.8 libgirepository1.0-dev"


@pytest.mark.parametrize("call", [AravisDetector.discover, AravisDetector("any").open])
def test_missing_pygobject_is_reported_with_the_line_that_installs_it(monkeypatch, call):
    monkeypatch.setitem(sys.modules, "gi", None)
    with pytest.raises(DriverError) as caught:
        call()
    assert "needs Aravis 0.8 and PyGObject" in str(caught.value)
    assert INSTALL in str(caught.value)
    assert "pip install 'PyGObject<3.52'" in str(caught.value)


def test_a_missing_typelib_is_reported_with_the_line_that_installs_it(monkeypatch):
    def no_typelib(name, _version):
        raise ValueError(f"Namespace {name} not available")

    monkeypatch.setattr(gi, "require_version", no_typelib)
    with pytest.raises(DriverError) as caught:
        sdk.load()
    assert "Namespace Aravis not available" in str(caught.value)
    assert INSTALL in str(caught.value)


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("[Width] [WidthRegister] GigEVision write_register timeout", "GigEVision write_register"),
        ("Device 'x' not found", "Device 'x' not found"),
    ],
)
def test_the_reason_is_without_the_names_of_registers(message, expected):
    error = sdk.errors()[0](message)
    assert sdk.reason(error).startswith(expected)
    with pytest.raises(DeviceError, match=f"it broke: {expected}"), sdk.sentences("it broke"):
        raise error


def test_a_call_in_time_is_waited_for_and_one_that_is_late_is_left():
    done = threading.Event()
    sdk.within(5.0, done.set, "it")
    assert done.is_set()
    never = threading.Event()
    with pytest.raises(sdk.LateError, match="it: it did not answer within"):
        sdk.within(0.01, never.wait, "it")
    never.set()


def test_what_a_call_raises_comes_through_as_a_sentence():
    def refuse():
        raise sdk.errors()[0]("[X] access denied")

    with pytest.raises(DeviceError, match="it: access denied"):
        sdk.within(5.0, refuse, "it")
