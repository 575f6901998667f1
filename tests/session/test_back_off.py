"""Automatic restarts: later each time the device fails again, and only when nobody acts first."""

import pytest

from fluoroview.hal import FakeClock
from fluoroview.session.devices.back_off import MAX_DELAY_S, BackOff


@pytest.fixture
def clock():
    return FakeClock()


@pytest.fixture
def back_off(clock):
    return BackOff(clock)


def test_restarts_come_later_each_time_until_a_run_ends_in_order(back_off):
    assert [back_off.after_fault() for _ in range(8)] == [0.5, 1, 2, 4, 8, 16, 30, MAX_DELAY_S]
    back_off.went_well()
    assert back_off.delay_s == 0.5


def test_a_restart_is_due_once_and_not_before_its_time(back_off, clock):
    back_off.after_fault()
    assert not back_off.take_due()
    clock.advance_s(0.5)
    assert back_off.take_due()
    assert not back_off.take_due()


def test_a_restart_by_the_operator_cancels_the_automatic_one(back_off, clock):
    back_off.after_fault()
    back_off.cancel()
    clock.advance_s(60)
    assert not back_off.take_due()
