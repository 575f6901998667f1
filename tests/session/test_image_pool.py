"""The newest image wins, the hold is what was asked for, and buffers are never lost."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fluoroview.hal import FrameHeader
from fluoroview.session.events import Mode
from fluoroview.session.images.image_pool import ImagePool, LatestImage
from fluoroview.session.images.stream_statistics import StreamStatistics
from fluoroview.session.last_image_hold import LastImageHold


def publish(screen, pool, value):
    buffer = pool.take()
    buffer.pixels[:] = value
    screen.publish(buffer, Mode.LIVE, 1, value)
    buffer.drop()


def test_a_slow_display_gets_the_newest_and_the_skipped_are_counted():
    pool, screen = ImagePool(4, 4, 3), LatestImage()
    for value in range(10):
        publish(screen, pool, value)
    assert screen.take().pixels[0, 0] == 9
    assert screen.skipped == 9
    assert screen.take() is None


def test_what_is_shown_is_not_written_meanwhile():
    pool, screen = ImagePool(4, 4, 3), LatestImage()
    publish(screen, pool, 1)
    shown = screen.take()
    for value in range(2, 10):
        publish(screen, pool, value)
    assert (shown.pixels == 1).all()


@given(st.lists(st.sampled_from(["publish", "take"]), max_size=60))
def test_three_buffers_are_enough_for_ever(actions):
    pool, screen = ImagePool(2, 2, 3), LatestImage()
    for number, action in enumerate(actions):
        if action == "take":
            screen.take()
        else:
            publish(screen, pool, number)


@pytest.mark.parametrize(
    ("frames", "values", "expected", "made_of"),
    [
        (1, [10, 20, 31], 31, 1),
        (2, [10, 20, 31], 26, 2),
        (4, [10, 20, 31], 20, 3),
        (3, [], 0, 0),
    ],
)
def test_the_hold_is_the_mean_of_the_last(frames, values, expected, made_of):
    pool, hold = ImagePool(4, 4, 8), LastImageHold(4, 4)
    hold.begin(frames)
    for value in values:
        buffer = pool.take()
        buffer.pixels[:] = value
        hold.add(buffer)
        buffer.drop()
    out = np.zeros((4, 4), np.uint16)
    assert hold.form(out) == made_of
    assert (out == expected).all()
    hold.clear()
    assert sum(buffer.users for buffer in pool._buffers) == 0


def test_health_states_rate_and_intervals_of_the_last_frames():
    health = StreamStatistics()
    for number in range(100):
        header = FrameHeader(number, number * 33_000_000, temperature_c=31.5)
        health.committed(replace(header, host_time_ns=10**9 + number * 33_000_000))
        health.painted(5.0 + number % 2)
    reading = health.reading(skipped=3, missing=0)
    assert reading.frames_per_second == pytest.approx(1000 / 33)
    assert reading.interval_p99_ms == pytest.approx(33.0)
    assert reading.latency_p50_ms == pytest.approx(5.5)
    assert reading.skipped_by_display == 3
    assert reading.jitter_ms == pytest.approx(0.0)
    assert reading.temperature_c == 31.5
    assert reading.clock.drift_ppm == pytest.approx(0.0, abs=1e-3)
    assert reading.as_dict()["latency_histogram"]["4 to 8 ms"] == 100


def test_health_without_frames_states_nothing():
    assert StreamStatistics().reading(0, 0).frames_per_second is None
