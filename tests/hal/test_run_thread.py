"""The thread of a run: it starts afresh each time, ends on request, and reports what went wrong."""

import threading

from fluoroview.hal import FakeClock
from fluoroview.hal.runtime.run_thread import RunThread


def test_each_run_waits_until_it_has_to_end():
    thread, waited = RunThread(), []
    for _ in range(3):
        begun = threading.Event()

        def run(begun=begun):
            begun.set()
            waited.append(thread.wait(10.0))

        thread.start("run", run, waited.append)
        assert begun.wait(5.0)
        thread.stop()
    assert waited == [True, True, True]


def test_an_exception_of_a_run_is_reported():
    thread, errors = RunThread(), []
    thread.start("run", lambda: 1 // 0, errors.append)
    assert thread.ended_within(5.0)
    assert [type(error) for error in errors] == [ZeroDivisionError]


def test_a_run_may_stop_itself():
    thread, errors = RunThread(), []
    thread.start("run", thread.stop, errors.append)
    assert thread.ended_within(5.0)
    assert thread.end.is_set()
    assert errors == []


def test_stopping_what_never_ran_is_safe():
    thread = RunThread()
    thread.stop()
    assert thread.ended_within(0.0)


def test_it_waits_by_its_own_clock_and_not_for_what_is_past():
    clock, waits = FakeClock(start_ns=1_000), []
    thread = RunThread(clock, lambda seconds: waits.append(seconds) or len(waits) > 1)
    assert not thread.wait_until(2_000_001_000)
    assert thread.wait_until(500)
    assert waits == [2.0, 0.0]
