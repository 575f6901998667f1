"""What the runtime logs, and that foreign text is harmless before it reaches log or terminal."""

import contextlib
import logging

import pytest

from fluoroview.hal import DeviceError, DriverError
from fluoroview.hal.testing import Bench, WatchedHost, until

pytestmark = pytest.mark.usefixtures("test_drivers")
BOTH = pytest.mark.parametrize("isolation", ["thread", "process"])
RUNTIME = "fluoroview.hal.runtime"


@pytest.fixture
def log(caplog):
    caplog.set_level(logging.INFO, RUNTIME)
    return caplog


@BOTH
def test_state_changes_are_logged(log, isolation):
    with Bench() as bench:
        host = bench.open("ramp", "r0", isolation)
        host.arm()
        host.start()
        host.stop()
    states = [r.getMessage() for r in log.records if r.name == f"{RUNTIME}.host"]
    assert states == [
        f"ramp:r0 is {state}" for state in ("IDLE", "ARMED", "RUNNING", "ARMED", "CLOSED")
    ]


def test_what_a_child_prints_is_logged(log):
    with Bench() as bench:
        bench.open("rude", "polite", "process")
        until(lambda: "a vendor library that prints to standard output" in log.text)


@BOTH
def test_an_exception_of_a_driver_is_logged_with_its_traceback(log, isolation):
    host = WatchedHost("rude", "raise-open", isolation)
    with pytest.raises(DriverError):
        host.open()
    host.close()
    until(lambda: "ZeroDivisionError: division by zero" in log.text)
    assert 'raise ZeroDivisionError("division by zero")' in log.text


def test_a_fault_is_logged(log):
    with Bench() as bench:
        host = bench.open("rude", "fail", "process")
        host.arm()
        with contextlib.suppress(DeviceError):  # the fault may overtake the reply to start
            host.start()
        until(lambda: host.faults)
    assert [r.levelname for r in log.records if "rude:fail failed" in r.getMessage()] == ["ERROR"]


@BOTH
def test_escape_sequences_of_a_driver_do_not_reach_a_terminal(isolation):
    host = WatchedHost("rude", "escape-open", isolation)
    with pytest.raises(DeviceError) as caught:
        host.open()
    host.close()
    assert str(caught.value).isprintable()
    assert "The panel is" in str(caught.value)


def test_escape_sequences_of_a_device_id_do_not_reach_a_terminal():
    host = WatchedHost("ramp", "\x1b[2Jr0", "thread")
    assert host.name == r"ramp:\x1b[2Jr0"
