"""Gaps, wrap-around and causes of the frame ids."""

import pytest

from fluoroview.hal import LossCause
from fluoroview.hal.sdk.frame_ids import GEV_PERIOD, FrameIds, unwrap

LINK, SDK = LossCause.LINK, LossCause.SDK


class Counted(FrameIds):
    """Frame ids that keep what they report."""

    def __init__(self, period=None, buffers=4):
        self.losses = []
        super().__init__(lambda *loss: self.losses.append(loss), period=period, buffers=buffers)

    def numbers(self, raw_ids):
        return [self.arrived(raw_id) for raw_id in raw_ids]


@pytest.mark.parametrize(
    ("period", "raw_ids", "expected"),
    [
        (None, [1, 2, 3], [1, 2, 3]),
        (None, [65534, 65535, 65536], [65534, 65535, 65536]),
        (GEV_PERIOD, [65534, 65535, 1, 2], [65534, 65535, 65536, 65537]),
        (GEV_PERIOD, [65533, 2], [65533, 65537]),  # three lost over the wrap
        (GEV_PERIOD, [65535, 1, 65535, 1], [65535, 65536, 65535, 65536]),  # one came again
        (GEV_PERIOD, [65535, 65536, 65537], [65535, 65536, 65537]),  # unwrapped by the producer
        (GEV_PERIOD, [5, 4], [5, 4]),  # reordered
    ],
)
def test_ids_are_unwrapped(period, raw_ids, expected):
    ids = Counted(period)
    assert ids.numbers(raw_ids) == expected
    assert ids.losses == []


def test_a_gap_without_a_cause_is_left_to_the_ledger():
    ids = Counted()
    ids.numbers([1, 2, 9])
    assert ids.losses == []


def test_a_gap_after_the_sdk_ran_out_of_buffers_is_the_sdks():
    ids = Counted(buffers=4)
    ids.numbers([1])
    ids.starved()
    # four frames were still in buffers, then eleven had none
    assert ids.numbers([2, 3, 4, 5, 17]) == [2, 3, 4, 5, 17]
    ids.numbers([30])  # the next gap has its own cause
    assert ids.losses == [(11, SDK)]


def test_starvation_without_a_gap_ends_when_every_buffer_was_used_once():
    ids = Counted(buffers=2)
    ids.numbers([1])
    ids.starved()
    ids.numbers([2, 3, 4, 9])
    assert ids.losses == []


@pytest.mark.parametrize(
    ("underruns", "losses"),
    [
        (7, []),
        (10, [(3, SDK)]),
        (99, [(4, SDK)]),  # never more than are missing
    ],
)
def test_a_gap_is_the_sdks_as_far_as_it_had_no_buffer(underruns, losses):
    ids = Counted()
    ids.arrived(10, underruns=7)  # counted in an earlier run
    assert ids.arrived(15, underruns) == 15
    assert ids.arrived(20, underruns) == 20  # underruns count once
    assert ids.losses == losses


def test_an_incomplete_frame_without_an_id_is_reported_once():
    ids = Counted()
    ids.numbers([1])
    ids.incomplete()
    ids.starved()
    ids.numbers([5])
    assert ids.losses == [(1, LINK), (2, SDK)]  # of 2, 3, 4 one was reported already


@pytest.mark.parametrize("before", [[], [5]])
def test_an_incomplete_frame_is_reported_in_its_place(before):
    ids = Counted()
    ids.numbers(before)
    ids.incomplete(8, underruns=2)
    assert ids.arrived(9, underruns=2) == 9
    assert ids.losses == ([(2, SDK)] if before else []) + [(1, LINK)]


def test_a_repeated_incomplete_frame_is_not_reported_again():
    ids = Counted()
    ids.numbers([5])
    ids.incomplete(5)
    assert ids.arrived(6) == 6
    assert ids.losses == []


def test_a_device_that_does_not_count_is_counted_by_the_driver():
    ids = Counted(GEV_PERIOD)
    assert ids.numbers([None, None]) == [0, 1]
    ids.incomplete()
    assert ids.numbers([None]) == [3]
    assert ids.losses == [(1, LINK)]


@pytest.mark.parametrize(
    ("raw_id", "last", "period", "number"),
    [
        (7, None, GEV_PERIOD, 7),
        (1, GEV_PERIOD, GEV_PERIOD, GEV_PERIOD + 1),  # 0 is skipped
        (GEV_PERIOD, GEV_PERIOD + 1, GEV_PERIOD, GEV_PERIOD),  # an older one, after the wrap
        (70000, 69999, GEV_PERIOD, 70000),  # 64 bits after all
        (2**40, 5, None, 2**40),
    ],
)
def test_an_id_is_unwrapped_by_the_one_before(raw_id, last, period, number):
    assert unwrap(raw_id, last, period) == number
