"""One and the same driver in a thread and in a child process."""

import contextlib
import os
import re
import signal
import subprocess
import sys
import threading
import time

import psutil
import pytest

from fluoroview.hal import DeviceError, DeviceHost, DeviceState, DriverError, StateError
from fluoroview.hal.errors import FluoroError
from fluoroview.hal.runtime.transport import _exit_text
from fluoroview.hal.states import DEADLINE_S
from fluoroview.hal.testing import Bench, has_code, until

pytestmark = pytest.mark.usefixtures("test_drivers")
BOTH = pytest.mark.parametrize("isolation", ["thread", "process"])


@contextlib.contextmanager
def opened(device_id, driver="rude", isolation="process"):
    with Bench() as bench:
        yield bench.open(driver, device_id, isolation)


@BOTH
def test_frames_travel_in_order_and_the_ledger_adds_up(isolation):
    with opened("r0", "ramp", isolation) as host:
        host.write("DropEvery", 7)
        ring = host.arm()
        reader = ring.reader()
        host.start()
        numbers = []
        while len(numbers) < 40:
            frame = reader.next(2.0)
            assert frame is not None
            assert (frame.pixels == frame.header.frame_number % 65536).all()
            assert not frame.pixels.flags.writeable
            numbers.append(frame.header.frame_number)
            reader.release()
        ledger = host.stop()
        assert numbers == sorted(numbers)
        assert numbers[-1] > 65535, "the 16-bit counter was unwrapped"
        assert ledger.exact
        assert ledger.lost_link == ledger.lost > 0
        pulses, _ = ring.pulses_since(0)
        assert pulses >= ledger.expected, "pulses are reported also for lost images"
        reader.close()
        assert host.state is DeviceState.ARMED


@BOTH
def test_a_reader_that_never_releases_makes_lost_ring_and_keeps_its_frame(isolation):
    with opened("r0", "ramp", isolation) as host:
        ring = host.arm(slots=8)
        reader = ring.reader()
        host.start()
        first = reader.next(2.0)
        kept = first.pixels.copy()
        until(lambda: host.ledger().lost_ring > 10)
        assert (first.pixels == kept).all()
        ledger = host.stop()
        assert ledger.exact
        assert ledger.delivered == 8
        reader.close()


@BOTH
def test_no_pulse_after_the_pedal_is_released(isolation):
    with opened("r0", "ramp", isolation) as host:
        ring = host.arm()
        host.start()
        until(lambda: ring.pulses_since(0)[0] > 5)
        host.release_pedal()
        released_ns = time.monotonic_ns()
        host.stop()
        _, pulses = ring.pulses_since(0)
        assert pulses[-1].host_time_ns <= released_ns + 1_000_000


@BOTH
def test_many_runs_number_themselves(isolation):
    with opened("r0", "ramp", isolation) as host:
        ring = host.arm()
        reader = ring.reader()
        for run in range(1, 6):
            assert host.start() == run
            frame = reader.next(2.0)
            assert frame.header.run == run
            reader.release()
            assert host.stop().run == run
            while reader.next(0.0):
                reader.release()
        reader.close()


def test_parameters_that_fix_the_format_wait_for_idle():
    with opened("r0", "ramp") as host:
        host.arm()
        with pytest.raises(FluoroError, check=has_code("FV-HAL-015")):
            host.write("Width", 128)
        host.disarm()
        assert host.write("Width", 128) == 128
        assert host.arm().layout.format.columns == 128
        with pytest.raises(StateError, check=has_code("FV-HAL-045")):
            host.stop()


@BOTH
@pytest.mark.parametrize(
    ("device", "raised"),
    [
        ("raise-init", "ZeroDivisionError in __init__: division by zero."),
        ("raise-open", "ZeroDivisionError in open: division by zero."),
        ("raise-parameters", "ZeroDivisionError in open: division by zero."),
        ("raise-start", "ZeroDivisionError in start: division by zero."),
        ("raise-stop", "ZeroDivisionError in stop: division by zero."),
        ("raise-close", ""),
        ("exit-open", "SystemExit in open: 3."),
    ],
)
def test_a_driver_that_raises_gets_a_sentence(device, raised, isolation):
    host = DeviceHost("rude", device, isolation)
    sentence = re.escape(f"rude:{device}: the driver raised {raised}")
    try:
        if not raised:
            host.open()
            host.close()
            assert host.state is DeviceState.CLOSED
            return
        with pytest.raises(DriverError, match=sentence):
            host.open()
            host.arm()
            host.start()
            host.stop()
    finally:
        host.close()
    assert host.state is DeviceState.CLOSED


@pytest.mark.parametrize("method", ["open", "parameters", "start", "stop", "close"])
def test_a_driver_that_hangs_is_abandoned_at_its_deadline(method, monkeypatch):
    monkeypatch.setitem(DEADLINE_S, "open", 3.0)
    for name in ("start", "stop", "close"):
        monkeypatch.setitem(DEADLINE_S, name, 0.3)
    faults = []
    host = DeviceHost("rude", f"hang-{method}", on_fault=faults.append)
    try:
        if method == "close":
            host.open()
        else:
            with pytest.raises(DeviceError, check=has_code("FV-HAL-024")):
                host.open()
                host.arm()
                host.start()
                host.stop()
            assert host.state is DeviceState.FAULT
            assert len(faults) == 1
    finally:
        host.close()
    assert host.state is DeviceState.CLOSED


@pytest.mark.parametrize("method", ["open", "start", "stop", "start-amid-a-line"])
def test_a_driver_that_crashes_leaves_this_process_alone(method):
    host = DeviceHost("rude", f"crash-{method}")
    try:
        with pytest.raises(DeviceError, check=has_code("FV-HAL-025")):
            host.open()
            host.arm()
            host.start()
            host.stop()
    finally:
        host.close()


def test_kill_9_is_noticed_and_the_device_starts_again():
    with opened("r0", "ramp") as host:
        ring = host.arm()
        host.start()
        until(lambda: ring.pulses_since(0)[0] > 3)
        os.kill(host.pid, signal.SIGKILL)
        until(lambda: host.faults)
        assert "killed by signal 9 (SIGKILL)" in host.faults[0]
        assert host.ledger().exact, "the account survives the driver"
        host.close()
        host.open()
        host.arm()
        host.start()
        assert host.stop().exact


@BOTH
@pytest.mark.parametrize(
    ("device", "expected"),
    [
        ("commit-twice", {"delivered": 1, "repeated": 1, "expected": 1}),
        ("forget-slots", {"delivered": 1, "expected": 1}),
        ("counter-back", {"delivered": 3, "repeated": 1, "expected": 3}),
        (
            "gap-and-causes",
            {"delivered": 3, "lost_sdk": 2, "lost_link": 4, "expected": 9, "exact": True},
        ),
    ],
)
def test_what_a_driver_does_wrong_is_counted(device, expected, isolation):
    with opened(device, isolation=isolation) as host:
        host.arm()
        host.start()
        counted = host.stop().as_dict()
        assert {key: counted[key] for key in expected} == expected


@BOTH
def test_a_commit_after_stop_is_counted_and_not_delivered(isolation):
    with opened("commit-after-stop", isolation=isolation) as host:
        reader = host.arm().reader()
        host.start()
        host.stop()
        until(lambda: host.ledger().after_stop == 1)
        assert host.ledger().delivered == 0
        assert reader.next(0) is None
        reader.close()


@BOTH
def test_slots_that_a_run_forgot_are_back_in_the_next(isolation):
    with opened("forget-slots", isolation=isolation) as host:
        host.arm(slots=8)
        for _ in range(3):
            host.start()
            ledger = host.stop()
            assert (ledger.delivered, ledger.lost_ring) == (1, 0)


@BOTH
@pytest.mark.parametrize(
    ("device", "sentence"),
    [
        ("wrong-size", "it delivered 8×8 uint16, but 32×32 uint16 was stated"),
        ("fail", "the cable was pulled"),
    ],
)
def test_a_device_that_fails_is_in_fault_with_a_sentence(device, sentence, isolation):
    with opened(device, isolation=isolation) as host:
        host.arm()
        with contextlib.suppress(DeviceError):  # the fault may overtake the reply to start
            host.start()
        until(lambda: host.faults)
        assert sentence in host.faults[0]
        assert len(host.faults) == 1


@pytest.mark.parametrize(
    ("device", "sentence"),
    [
        ("stall", "its process has been stalled for"),
        ("leak", "its process grew by"),
        ("flood", "it floods: "),
    ],
)
def test_a_child_that_stalls_leaks_or_floods_is_noticed_and_killed(device, sentence):
    with opened(device) as host:
        host.arm()
        host.start()
        until(lambda: host.faults)
        assert sentence in host.faults[0]
        assert host.ledger().exact


@pytest.mark.parametrize(
    ("device", "sentence"),
    [
        ("nan-limits", "states nan as its minimum"),
        ("no-width", "has no parameter Width"),
    ],
)
def test_a_tree_that_is_wrong_gets_a_sentence(device, sentence):
    with opened(device) as host, pytest.raises(DriverError, match=sentence):
        host.parameters()
        host.arm()


def test_close_is_safe_at_any_time_and_twice():
    host = DeviceHost("ramp", "r0")
    host.close()
    host.open()
    host.arm()
    host.start()
    host.close()
    host.close()
    assert host.state is DeviceState.CLOSED


def test_the_child_and_its_threads_have_ended_when_close_returns():
    with opened("r0", "ramp") as host:
        pid = host.pid
        host.arm()
        host.start()
    assert not os.path.exists(f"/proc/{pid}")
    assert not [each for each in threading.enumerate() if each.name.endswith("ramp")]


def test_a_child_whose_helper_outlives_it_is_missed_all_the_same():
    """A process that a driver forks holds the pipes open: their end is not the child's end."""
    with opened("helper") as host:
        os.kill(host.pid, signal.SIGKILL)
        until(lambda: host.faults)
        assert "killed by signal 9 (SIGKILL)" in host.faults[0]


def test_a_device_that_refuses_to_open_raises_and_can_be_opened_again():
    faults = []
    host = DeviceHost("rude", "refuse-open", on_fault=faults.append)
    for _ in range(2):
        with pytest.raises(DeviceError, match="in use"):
            host.open()
        assert (host.state, host.pid) == (DeviceState.CLOSED, None)
    assert faults == []


@BOTH
def test_after_a_fault_each_call_raises_that_fault(isolation):
    """Whoever shows the fault recognises the commands that fail because of it."""
    faults = []
    host = DeviceHost("rude", "fail", isolation, on_fault=faults.append)
    host.open()
    try:
        host.arm()
        with contextlib.suppress(DeviceError):  # the fault may overtake the reply to start
            host.start()
        until(lambda: faults)
        for call in (host.parameters, host.stop, host.start, host.arm, host.disarm, host.prepare):
            with pytest.raises(DeviceError) as raised:
                call()
            assert raised.value is faults[0]
        assert str(faults[0]).startswith("rude:fail failed: the cable was pulled. Restart")
    finally:
        host.close()


def test_reports_of_a_driver_in_a_thread_after_close_are_ignored():
    reported = []
    host = DeviceHost("rude", "commit-after-stop", "thread", on_refuse=reported.append)
    host.open()
    host.arm()
    host.start()
    sink = host._transport._server._sink
    host.close()
    sink.refuse("the tube is hot")
    sink.fail("the cable was pulled")
    assert reported == []
    assert host.state is DeviceState.CLOSED


@BOTH
def test_a_listener_that_raises_does_not_end_the_reports_of_a_driver(isolation):
    faults, raised = [], []

    def listen(progress):
        raised.append(progress)
        raise RuntimeError("a listener is broken")

    host = DeviceHost("rude", "progress", isolation, on_progress=listen, on_fault=faults.append)
    host.open()
    until(lambda: len(raised) == 2)
    host.close()
    assert faults == []


_PARENT = """
import sys, time
from fluoroview.hal.runtime.transport import ProcessTransport
from fluoroview.hal.runtime.server import Reports
child = ProcessTransport("rude", "hang-open", reports=Reports(), on_exit=print)
print(child.pid, flush=True)
child.call("open", {}, 60.0)
"""


def test_a_child_that_hangs_goes_when_its_parent_is_killed(monkeypatch):
    with subprocess.Popen(
        [sys.executable, "-c", _PARENT], stdout=subprocess.PIPE, text=True
    ) as parent:
        child = psutil.Process(int(parent.stdout.readline()))
        until(lambda: child.num_threads() > 1)  # it reads commands
        parent.kill()
    _gone, alive = psutil.wait_procs([child], timeout=8.0)
    assert not alive


def test_the_dump_of_a_crash_is_not_its_last_words():
    dump = [
        "Fatal Python error: Segmentation fault",
        "Current thread 0x00007f (most recent call first):",
        '  File "driver.py", line 3 in read',
        "Extension modules: numpy._core._multiarray_umath (total: 1)",
    ]
    assert _exit_text(-11, dump) == "its process was killed by signal 11 (SIGSEGV)"
    assert _exit_text(-11, [*dump[:2], "  File"]).endswith("(SIGSEGV)"), "it was cut off"
    assert _exit_text(-40, []) == "its process was killed by signal 40", "it has no name"
    last = _exit_text(-11, ["the SDK is tired", *dump])
    assert last.endswith("its last output: the SDK is tired")
