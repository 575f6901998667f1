"""Gaps, wrap-around and causes of the frame ids."""

import pytest

from fluoroview.hal import LossCause
from fluoroview.hal.sdk.frame_ids import GEV_PERIOD, FrameIds, unwrap


def unwrapped(ids, raw_ids, underruns=0):
    """Return the unwrapped ids and how many frames were reported as lost(sdk)."""
    answers = [ids.arrived(raw_id, underruns) for raw_id in raw_ids]
    assert {cause for _, (_, cause) in answers} == {LossCause.SDK}
    return [number for number, _ in answers], sum(count for _, (count, _) in answers)


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
    assert unwrapped(FrameIds(period=period, buffers=4), raw_ids) == (expected, 0)


def test_a_gap_without_a_cause_is_left_to_the_ledger():
    assert unwrapped(FrameIds(period=None, buffers=4), [1, 2, 9])[1] == 0


def test_a_gap_after_the_producer_ran_out_of_buffers_is_the_sdks():
    ids = FrameIds(period=None, buffers=4)
    unwrapped(ids, [1])
    ids.starved()
    # four frames were still in buffers, then eleven had none
    assert unwrapped(ids, [2, 3, 4, 5, 17]) == ([2, 3, 4, 5, 17], 11)
    assert unwrapped(ids, [30])[1] == 0  # the next gap has its own cause


def test_starvation_without_a_gap_is_forgotten_when_the_buffers_went_round():
    ids = FrameIds(period=None, buffers=2)
    unwrapped(ids, [1])
    ids.starved()
    assert unwrapped(ids, [2, 3, 4, 9])[1] == 0


def test_underruns_counted_by_the_producer_are_the_sdks():
    ids = FrameIds(period=None, buffers=4)
    ids.arrived(1, underruns=7)  # counted in an earlier run
    assert ids.arrived(12, underruns=10)[1] == (3, LossCause.SDK)
    assert ids.arrived(20, underruns=10)[1] == (0, LossCause.SDK)


def test_incomplete_buffers_are_reported_once():
    ids = FrameIds(period=None, buffers=4)
    unwrapped(ids, [1])
    assert ids.incomplete() == (1, LossCause.LINK)
    ids.starved()
    assert unwrapped(ids, [5])[1] == 2  # of 2, 3, 4 one is reported already


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
