"""Where frames went, from the panel's counter and the grabber's index."""

import pytest

from fluoroview_xisl.frame_account import FrameAccount


@pytest.mark.parametrize(
    ("counters", "indices", "lost"),
    [
        ((10, 11, 12), (3, 4, 5), [(0, 0), (0, 0), (0, 0)]),
        ((65534, 65535, 0, 1), (1, 2, 3, 4), [(0, 0)] * 4),  # the counter wraps
        ((7, 8, 9), (7, 8, 1), [(0, 0)] * 3),  # the index wraps
        ((10, 13), (3, 4), [(0, 0), (2, 0)]),  # the grabber saw one frame only
        ((10, 13), (3, 6), [(0, 0), (0, 2)]),  # it saw all three
        ((10, 13), (3, 5), [(0, 0), (1, 1)]),  # it saw two
        ((65535, 3), (8, 1), [(0, 0), (3, 0)]),  # lost over the wrap
        ((10, 27), (3, 4), [(0, 0), (0, 16)]),  # two whole rounds of the grabber: it kept counting
        ((10, 12), (3, 7), [(0, 0), (0, 1)]),  # an index that cannot be: the SDK is not trusted
        ((10, 10, 11), (3, 4, 4), [(0, 0), (0, 0), (0, 0)]),  # a repetition
        ((10, 9, 11), (3, 4, 4), [(0, 0), (0, 0), (0, 0)]),  # and one that goes back
    ],
)
def test_each_missing_frame_has_a_cause(counters, indices, lost):
    account = FrameAccount()
    assert [account.step(*frame) for frame in zip(counters, indices, strict=True)] == lost


def test_without_a_counter_the_grabber_index_stands_in_for_it():
    account = FrameAccount()
    steps = [(account.step(None, index), account.counter) for index in (4, 5, 8, 1)]
    assert steps == [((0, 0), 0), ((0, 0), 1), ((0, 2), 4), ((0, 0), 5)]
