"""The figures of the hardware layer: next to those of a bare pipe, with their ledger."""

import pytest

from fluoroview.bench.hal import random_faults, wake


@pytest.mark.parametrize("busy", [False, True])
def test_a_wake_is_compared_with_a_bare_pipe_at_the_same_moment(busy):
    figures = wake(256, 100.0, 1.5, busy=busy)
    assert figures["ledger"]["exact"]
    assert figures["ledger"]["delivered"] > 15
    assert 0 < figures["wake_median_ms"] <= figures["wake_p99_ms"] <= figures["wake_max_ms"]
    ratio = figures["wake_p99_ms"] / figures["bare_pipe_p99_ms"]
    assert figures["p99_over_bare_pipe"] == pytest.approx(ratio)


def test_random_faults_leave_every_ledger_exact():
    figures = random_faults(3.0, 1, lambda *_: None)
    assert figures["inexact_ledgers"] == 0
