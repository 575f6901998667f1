"""Block ids of GigE Vision and USB3 Vision: what is missing, and who lost it."""

import pytest

from fluoroview.hal import LossCause
from fluoroview.hal.sdk.frame_ids import GEV_PERIOD
from fluoroview_pylon.block_ids import BlockIds

LINK, SDK = LossCause.LINK, LossCause.SDK


def test_ids_without_a_gap_report_nothing():
    ids = BlockIds(None)
    assert [ids.arrived(number) for number in range(3)] == [(0, []), (1, []), (2, [])]


@pytest.mark.parametrize(
    ("underruns", "losses"),
    [
        (0, [(4, LINK)]),
        (4, [(4, SDK)]),
        (1, [(1, SDK), (3, LINK)]),
        (99, [(4, SDK)]),  # never more than are missing
    ],
)
def test_a_gap_is_the_sdks_as_far_as_it_had_no_buffer(underruns, losses):
    ids = BlockIds(None)
    ids.arrived(10)
    assert ids.arrived(15, underruns) == (15, losses)
    assert ids.arrived(16, underruns) == (16, [])


def test_underruns_are_counted_once():
    ids = BlockIds(None)
    ids.arrived(0)
    assert ids.arrived(3, 2) == (3, [(2, SDK)])
    assert ids.arrived(6, 2) == (6, [(2, LINK)])


def test_an_incomplete_buffer_is_lost_in_its_place():
    ids = BlockIds(None)
    ids.arrived(0)
    assert ids.failed(3) == [(2, LINK), (1, LINK)]
    assert ids.arrived(4) == (4, [])


def test_an_incomplete_buffer_before_the_first_frame_counts():
    ids = BlockIds(None)
    assert ids.failed(0) == [(1, LINK)]
    assert ids.arrived(1) == (1, [])


def test_a_repeated_incomplete_buffer_is_not_counted_again():
    ids = BlockIds(None)
    ids.arrived(5)
    assert ids.failed(5) == []
    assert ids.arrived(6) == (6, [])


def test_an_incomplete_buffer_without_an_id_is_seen_as_a_gap():
    ids = BlockIds(None)
    ids.arrived(5)
    assert ids.failed(2**64 - 1) == []
    assert ids.arrived(7) == (7, [(1, LINK)])


def test_sixteen_bit_ids_leave_zero_out_when_they_wrap():
    ids = BlockIds(GEV_PERIOD)
    assert ids.arrived(65534) == (65534, [])
    assert ids.arrived(65535) == (65535, [])
    assert ids.arrived(1) == (65536, [])
    assert ids.arrived(4) == (65539, [(2, LINK)])


def test_an_id_that_goes_back_stays_behind():
    ids = BlockIds(GEV_PERIOD)
    ids.arrived(1)
    ids.arrived(2)
    assert ids.arrived(1) == (1, [])
    assert ids.arrived(3) == (3, [])


def test_cameras_that_do_not_count_are_counted_by_the_driver():
    ids = BlockIds(GEV_PERIOD)
    assert [ids.arrived(0)[0] for _ in range(3)] == [0, 1, 2]
    assert ids.failed(0) == []
