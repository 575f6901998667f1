"""What tests of drivers share: bounded waits, faults kept, rings read, what was opened closed."""

import pytest

from fluoroview.hal import DeviceState, FluoroError
from fluoroview.hal.testing import Bench, Faults, RunHere, until

pytestmark = pytest.mark.usefixtures("test_drivers")


@pytest.fixture
def bench():
    with Bench() as bench:
        yield bench


def test_waiting_has_a_bound():
    answers = iter([False, False, True])
    until(lambda: next(answers))
    with pytest.raises(AssertionError, match="did not hold within 0"):
        until(lambda: False, timeout_s=0.0)


def test_faults_are_kept_as_sentences():
    faults = Faults()
    with pytest.raises(AssertionError, match="there was no fault"):
        faults.first(timeout_s=0.0)
    faults(FluoroError("It is gone.", "Check its cable."))
    assert faults.first(timeout_s=0.0) == faults[0] == "It is gone. Check its cable."


def test_a_consumer_reads_all_that_came(bench):
    host = bench.open("ramp", "r0")
    consumer = bench.consume(host.arm(), lambda frame: frame.pixels.shape)
    ledger = consumer.run(host, 5)
    assert ledger.delivered == len(consumer.headers) == len(consumer.seen)
    assert consumer.numbers == sorted(set(consumer.numbers))
    assert set(consumer.seen) == {host.ring.pixels[0].shape}
    with pytest.raises(AssertionError, match=f"only {ledger.delivered} frames came"):
        consumer.wait_for(ledger.delivered + 1, timeout_s=0.0)


def test_leaving_the_bench_closes_what_runs():
    with Bench() as bench:
        host = bench.open("ramp", "r0")
        consumer = bench.consume(host.arm())
        host.start()
        consumer.wait_for(1)
    assert host.state is DeviceState.CLOSED
    assert host.faults == []


def test_a_run_here_is_over_when_it_was_started():
    done, errors = [], []
    RunHere().start("run", lambda: done.append(1), errors.append)
    RunHere().start("run", lambda: 1 // 0, errors.append)
    assert (done, [type(error) for error in errors]) == ([1], [ZeroDivisionError])
