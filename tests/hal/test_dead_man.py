"""A beam does not outlive its operator: the driver's side ends a run within 300 ms of silence."""

import json
import signal
import subprocess
import sys
import threading
import time

import pytest

from fluoroview.hal import DeadMan, DeviceHost, FakeClock
from fluoroview.hal.frame import FrameFormat
from fluoroview.hal.runtime.dead_man import SILENCE_S, WATCH_S
from fluoroview.hal.runtime.ring import FrameRing, Word
from fluoroview.hal.sink import FrameSink, SlotPool
from fluoroview.hal.testing import until

pytestmark = pytest.mark.usefixtures("test_drivers")
BOTH = pytest.mark.parametrize("isolation", ["thread", "process"])
SILENT_NS = round(SILENCE_S * 1e9)
DEVICES = [
    pytest.param("tube", 300, id="reads the switch before each pulse"),
    # its stop is called in time, and on a busy computer still has to wait for a processor
    pytest.param("deaf", 900, id="pulses until it is stopped"),
]


@pytest.fixture
def ring():
    made = FrameRing.create(FrameFormat(4, 6), 4)
    yield made
    made.close()


@pytest.fixture
def sink(ring):
    return FrameSink(
        SlotPool(ring), clock=FakeClock(), run=1, counter_bits=64,
        bell=ring.ring_bell, on_fail=lambda _text: None,
    )  # fmt: skip


def beat_before(ring, nanoseconds):
    """Write the heartbeat of so long ago."""
    ring.words[Word.OPERATOR] = time.monotonic_ns() - nanoseconds


@pytest.fixture
def running():
    """Yield a function that starts a run; its refusals are in `host.refusals`."""
    opened = []

    def start(driver, device, isolation, dead_man=None):
        refusals = []
        host = DeviceHost(driver, device, isolation, on_refuse=refusals.append)
        host.refusals = refusals
        opened.append(host)
        host.open()
        host.arm()
        host.start(dead_man=dead_man)
        return host

    yield start
    for host in opened:
        host.close()


class Operator:
    """Beats as the viewer does, until released."""

    def __init__(self, host):
        self._host = host
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._beat)
        self._thread.start()

    def _beat(self):
        while not self._end.wait(0.01):
            self._host.beat()

    def vanish(self):
        self._end.set()
        self._thread.join()


def test_the_limits_add_up_to_less_than_300_ms():
    assert SILENCE_S + WATCH_S < 0.3


def test_a_sink_stops_when_the_heartbeat_is_too_old(ring, sink):
    beat_before(ring, 0)
    assert not sink.stopping
    beat_before(ring, SILENT_NS + 1)
    assert sink.stopping


def test_a_beat_that_comes_too_late_does_not_start_the_beam_again(ring, sink):
    beat_before(ring, SILENT_NS + 1)
    assert sink.stopping
    beat_before(ring, 0)
    assert sink.stopping


def test_a_run_without_a_switch_needs_no_heartbeat(ring, sink):
    ring.words[Word.OPERATOR] = 0
    assert not sink.stopping


@BOTH
@pytest.mark.parametrize(("device", "limit_ms"), DEVICES)
def test_a_generator_stops_within_300_ms_of_the_last_beat(running, isolation, device, limit_ms):
    host = running("tube", device, isolation)
    operator = Operator(host)
    until(lambda: host.ring.pulses_since(0)[0] > 20)
    operator.vanish()
    silent_from_ns = time.monotonic_ns()
    until(lambda: host.refusals)
    host.stop()
    _, pulses = host.ring.pulses_since(0)
    assert pulses[-1].host_time_ns - silent_from_ns < limit_ms * 1e6
    assert "the operator was silent" in str(host.refusals[0])
    assert len(host.refusals) == 1


@BOTH
def test_a_detector_whose_run_needs_an_operator_stops_too(running, isolation):
    host = running("ramp", "r0", isolation, DeadMan.OPERATOR)
    until(lambda: host.refusals)
    ledger = host.stop()
    assert ledger.exact


@BOTH
def test_the_next_run_begins_with_a_fresh_heartbeat(running, isolation):
    host = running("tube", "tube", isolation)
    until(lambda: host.refusals)
    host.stop()
    before, _ = host.ring.pulses_since(0)
    host.start(dead_man=DeadMan.PROCESS)
    until(lambda: host.ring.pulses_since(0)[0] > before + 20)
    host.stop()
    assert len(host.refusals) == 1


def test_a_device_without_radiation_needs_no_operator(running):
    host = running("ramp", "r0", "thread")
    assert not host.ring.words[Word.OPERATOR]


_HOST = """
import json, sys, threading, time
from fluoroview.hal import DeadMan, DeviceHost
refused = threading.Event()
refusals = []
def refuse(error):
    refusals.append(str(error))
    refused.set()
host = DeviceHost(sys.argv[1], sys.argv[2], on_refuse=refuse)
host.open()
ring = host.arm()
host.start(dead_man=DeadMan.PROCESS)
while ring.pulses_since(0)[0] < 20:
    time.sleep(0.01)
print("running", flush=True)
refused.wait(30)
ledger = host.stop()
pulses = [pulse.host_time_ns for pulse in ring.pulses_since(0)[1]]
print(json.dumps({"pulses": pulses, "refusals": refusals, "exact": ledger.exact}), flush=True)
host.close()
"""


@pytest.mark.parametrize(
    ("driver", "device", "limit_ms"),
    [("tube", "tube", 300), ("tube", "deaf", 900), ("ramp", "r0", 300)],
)
def test_a_host_that_is_stopped_leaves_no_beam_on(driver, device, limit_ms):
    """SIGSTOP halts the whole host, its threads too; only the child's own watch is left."""
    with subprocess.Popen(
        [sys.executable, "-c", _HOST, driver, device], stdout=subprocess.PIPE, text=True
    ) as host:
        assert host.stdout.readline() == "running\n"
        host.send_signal(signal.SIGSTOP)
        stopped_ns = time.monotonic_ns()
        until(lambda: time.monotonic_ns() > stopped_ns + 1_500_000_000)  # pulses would come
        host.send_signal(signal.SIGCONT)
        seen = json.loads(host.stdout.readline())
    assert "the operator was silent" in seen["refusals"][0]
    assert seen["exact"]
    late = [pulse for pulse in seen["pulses"] if pulse > stopped_ns + limit_ms * 1_000_000]
    assert late == [], f"{len(late)} pulses after {limit_ms} ms"
