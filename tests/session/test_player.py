"""Which image is due: play, pause, step, scrub, speed, loop, sweep, once, on a fake clock."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fluoroview.hal.sequencing import Sequencing
from fluoroview.session.playback.player import Playback

MS = 1_000_000


def playing(durations, sequencing=Sequencing.LOOP):
    playback = Playback(durations)
    playback.set_sequencing(sequencing, 0)
    playback.play(0)
    return playback


def shown(playback, times_ms):
    return [playback.index(int(t * MS)) for t in times_ms]


def test_each_image_stays_for_its_own_time():
    assert shown(playing([10, 30, 20]), [0, 9, 10, 39, 40, 59]) == [0, 0, 1, 1, 2, 2]


@pytest.mark.parametrize(
    ("sequencing", "expected"),
    [
        (Sequencing.LOOP, [0, 1, 2, 0, 1, 2, 0]),
        (Sequencing.SWEEP, [0, 1, 2, 2, 1, 0, 0]),
        (Sequencing.ONCE, [0, 1, 2, 2, 2, 2, 2]),
    ],
)
def test_what_comes_after_the_last_image(sequencing, expected):
    playback = playing([10, 10, 10], sequencing)
    assert shown(playback, [5, 15, 25, 35, 45, 55, 65]) == expected


def test_once_stops_at_the_end_and_plays_again_from_the_beginning():
    playback = playing([10, 10], Sequencing.ONCE)
    assert playback.index(50 * MS) == 1
    assert not playback.playing
    playback.play(60 * MS)
    assert playback.index(61 * MS) == 0


@pytest.mark.parametrize(("speed", "expected"), [(0.25, 1), (0.5, 2), (1.0, 4), (2.0, 9)])
def test_speed(speed, expected):
    playback = playing([10.0] * 20)
    playback.set_speed(speed, 0)
    assert playback.index(45 * MS) == expected


def test_a_change_of_speed_does_not_jump():
    playback = playing([10.0] * 20)
    before = playback.index(55 * MS)
    playback.set_speed(4.0, 55 * MS)
    assert playback.index(55 * MS) == before
    assert playback.index(65 * MS) == 9


def test_pause_stands_and_step_goes_one_by_one_around_the_ends():
    playback = playing([10.0] * 3)
    playback.pause(15 * MS)
    assert shown(playback, [15, 500]) == [1, 1]
    playback.step(1, 0)
    playback.step(1, 0)
    assert playback.index(0) == 0
    playback.step(-1, 0)
    assert playback.index(0) == 2


@pytest.mark.parametrize(("index", "expected"), [(-5, 0), (0, 0), (2, 2), (99, 2)])
def test_scrubbing_stays_within_bounds(index, expected):
    playback = Playback([10.0] * 3)
    playback.seek(index, 0)
    assert playback.index(123) == expected


@given(
    st.lists(st.floats(0.0, 200.0), min_size=1, max_size=30),
    st.sampled_from(list(Sequencing)),
    st.lists(st.integers(0, 10_000), max_size=20),
)
def test_an_image_is_always_due(durations, sequencing, times_ms):
    playback = playing(durations, sequencing)
    for t in sorted(times_ms):
        assert 0 <= playback.index(t * MS) < len(durations)


def test_a_cine_without_images_is_refused():
    with pytest.raises(ValueError, match="without images"):
        Playback([])
