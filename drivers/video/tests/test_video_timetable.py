"""Due times of a file's images."""

import pytest

from fluoroview_video.timetable import Timetable

MS = 1_000_000


def test_due_times_are_absolute_and_rounded_once():
    table = Timetable()
    due = [table.next(now_ns=5, rate_hz=30.0) for _ in range(301)]
    assert due[:4] == [5, 33_333_338, 66_666_672, 100_000_005]
    assert due[300] == 5 + 10_000_000_000


def test_being_late_does_not_move_the_table():
    table = Timetable()
    table.next(0, 25.0)
    assert table.next(100 * MS, 25.0) == 40 * MS
    assert table.next(100 * MS, 25.0) == 80 * MS
    assert table.next(100 * MS, 25.0) == 120 * MS


def test_more_than_a_second_late_restarts_the_timetable():
    table = Timetable()
    table.next(0, 25.0)
    assert table.next(1_041 * MS, 25.0) == 1_041 * MS
    assert table.next(1_041 * MS, 25.0) == 1_081 * MS


@pytest.mark.parametrize(("rate_hz", "step_ms"), [(50.0, 20), (10.0, 100)])
def test_a_new_rate_counts_from_the_last_image(rate_hz, step_ms):
    table = Timetable()
    for _ in range(3):
        last = table.next(0, 25.0)
    assert table.next(0, rate_hz) == last + step_ms * MS
    assert table.next(0, rate_hz) == last + 2 * step_ms * MS
