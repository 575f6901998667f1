"""From a cumulative counter to increments."""

from decimal import Decimal

import pytest

from fluoroview_kapmeter.counter import KapCounter


@pytest.mark.parametrize(
    ("values", "increments"),
    [
        (["10.0", "10.5", "10.5", "12.0"], ["0", "0.5", "0", "1.5"]),
        (["99.8", "99.9", "0.0", "0.3"], ["0", "0.1", "0.1", "0.3"]),  # 99.9, then 100 = 0
        (["75.0", "25.0"], ["0", "50.0"]),
        (["40.0", "3.0", "4.0"], ["0", "3.0", "1.0"]),  # an unannounced reset
        (["99.0", "26.0"], ["0", "26.0"]),
    ],
)
def test_increments(values, increments):
    counter = KapCounter(Decimal("100.0"))
    assert [counter.reading(Decimal(value)) for value in values] == list(map(Decimal, increments))


def test_rollover_and_unannounced_reset_are_distinguished():
    counter = KapCounter(Decimal(100))
    for value in (90, 1, 50, 2):
        counter.reading(Decimal(value))
    assert (counter.rollovers, counter.unannounced, counter.resets) == (1, 1, 0)


def test_after_a_reset_it_counts_from_0():
    counter = KapCounter(Decimal(100))
    counter.reading(Decimal(95))
    counter.reset()
    assert counter.reading(Decimal("0.2")) == Decimal("0.2")
    assert (counter.rollovers, counter.unannounced, counter.resets) == (0, 0, 1)


def test_small_increments_on_a_large_counter_add_up_exactly():
    counter = KapCounter(Decimal("999999999"))
    value = Decimal("123456789.000000")
    counter.reading(value)
    total = Decimal(0)
    for _ in range(1000):
        value += Decimal("0.000001")
        total += counter.reading(value)
    assert total == Decimal("0.001")
