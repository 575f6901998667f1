"""A busy computer is not a dead driver: a deadline counts the driver's own silence."""

import contextlib
import os
import subprocess
import sys
import threading
import time

import pytest

from fluoroview.hal import Detector, DeviceError, DeviceState, ParameterTree
from fluoroview.hal.runtime.starvation import Patience, Starvation, ThreadSample, starved_s
from fluoroview.hal.states import DEADLINE_S
from fluoroview.hal.testing import Bench, WatchedHost, has_code, until

WAITS = ThreadSample(runnable=False, cpu_s=1.0)


def runs(cpu_s):
    return ThreadSample(runnable=True, cpu_s=cpu_s)


@pytest.mark.parametrize(
    ("before", "after", "starved"),
    [
        pytest.param({}, {}, 0.0, id="nothing is known of its threads"),
        pytest.param({1: WAITS}, {1: WAITS}, 0.0, id="it waits for its device"),
        pytest.param({1: runs(1.0)}, {1: runs(1.05)}, 0.0, id="it computes undisturbed"),
        pytest.param({1: runs(1.0)}, {1: runs(1.0)}, 0.05, id="it gets no processor at all"),
        pytest.param({1: runs(1.0)}, {1: runs(1.02)}, 0.03, id="it gets a part of one"),
        pytest.param({1: runs(1.0)}, {1: WAITS}, 0.0, id="it has finished computing"),
        pytest.param(
            {1: runs(1.0), 2: runs(5.0)}, {1: runs(1.0), 2: runs(5.05)}, 0.0, id="one of two runs"
        ),
        pytest.param({1: WAITS, 2: runs(5.0)}, {1: WAITS, 2: runs(5.0)}, 0.05, id="its helper"),
    ],
)
def test_what_counts_as_starvation(before, after, starved):
    assert starved_s(0.05, before, after, tick_s=0.05) == pytest.approx(starved)


def test_a_measurement_that_comes_late_was_starved_itself():
    assert starved_s(0.5, {1: WAITS}, {1: WAITS}, tick_s=0.05) == pytest.approx(0.4)


class Starved:
    """A starvation that is given in advance."""

    def __init__(self, *ticks_s):
        self._ticks_s = iter(ticks_s)

    def tick(self):
        return next(self._ticks_s, 0.0)


def patience(waited_s, *starved, deadline_s=1.0):
    return Patience(deadline_s, Starved(*starved), time.monotonic() - waited_s)


def test_patience_ends_with_the_deadline_of_a_silent_driver():
    assert not patience(0.5).exhausted(0)
    assert patience(1.0).exhausted(0)


def test_time_without_a_processor_does_not_count():
    assert not patience(5.0, 4.5).exhausted(0)


def test_starvation_does_not_extend_a_deadline_without_limit():
    assert patience(12.0, 12.0).exhausted(0)


def test_a_progress_report_starts_the_deadline_again():
    waiting = patience(5.0)
    assert not waiting.exhausted(1)
    assert not waiting.exhausted(1)


def test_no_call_outlives_the_hard_maximum_whatever_it_reports():
    assert patience(Patience.MAX_S).exhausted(1)


_SPIN_AND_WAIT = """
import threading
spin = threading.Thread(target=lambda: [None for _ in iter(int, 1)], daemon=True)
spin.start()
print(spin.native_id, flush=True)
input()
"""


def test_a_computing_thread_is_distinguished_from_a_waiting_one():
    with subprocess.Popen(
        [sys.executable, "-c", _SPIN_AND_WAIT],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as child:
        spinning = int(child.stdout.readline())
        samples = Starvation(child.pid)._sample
        until(lambda: not samples()[child.pid].runnable)  # input() waits
        first = samples()[spinning]
        until(lambda: samples()[spinning].cpu_s > first.cpu_s)
        assert first.runnable
        child.kill()


@contextlib.contextmanager
def crowded(pid):
    """Confine a process to one processor that three busy ones share with it."""
    processor = min(os.sched_getaffinity(pid))
    os.sched_setaffinity(pid, {processor})
    spin = (
        f"import os\nos.sched_setaffinity(0, {{{processor}}})\nprint(flush=True)\nwhile True: pass"
    )
    with contextlib.ExitStack() as stack:
        for _ in range(3):
            crowd = subprocess.Popen([sys.executable, "-c", spin], stdout=subprocess.PIPE)
            stack.enter_context(crowd)
            stack.callback(crowd.kill)
            assert crowd.stdout.readline()
        yield


def test_a_driver_that_computes_on_a_crowded_processor_is_not_abandoned(monkeypatch, test_drivers):
    """It needs 0.4 s of a processor, of which it gets about a quarter."""
    monkeypatch.setitem(DEADLINE_S, "start", 0.8)
    with Bench() as bench:
        host = bench.open("rude", "compute-start", "process")
        host.arm()
        with crowded(host.pid):
            began_s = time.monotonic()
            host.start()
            took_s = time.monotonic() - began_s
        assert host.state is DeviceState.RUNNING
    assert took_s > 0.8, "the wall clock alone would have abandoned it"


class SlowGenerator(Detector):
    """Prepares in ten steps of 50 ms each; "reports" reports each of them."""

    def open(self):
        pass

    def parameters(self):
        for step in range(10):
            if self.device_id == "reports":
                self.report_progress("Tracing the beam", step / 10)
            threading.Event().wait(0.05)
        return ParameterTree([])

    def start(self, sink):
        pass

    def stop(self):
        pass

    def close(self):
        pass


def test_a_long_call_that_reports_progress_is_not_abandoned(monkeypatch):
    monkeypatch.setitem(DEADLINE_S, "open", 0.3)
    reported = []
    with Bench() as bench:
        host = bench.open(
            "slow", "reports", driver_class=SlowGenerator, on_progress=reported.append
        )
        assert host.state is DeviceState.IDLE
    assert [each.fraction for each in reported] == [step / 10 for step in range(10)]
    assert reported[0].text == "Tracing the beam"


def test_a_long_call_that_reports_nothing_is_abandoned(monkeypatch):
    monkeypatch.setitem(DEADLINE_S, "open", 0.1)
    host = WatchedHost("slow", "silent", "thread", driver_class=SlowGenerator)
    with pytest.raises(DeviceError, check=has_code("FV-HAL-024")):
        host.open()
    host.close()
