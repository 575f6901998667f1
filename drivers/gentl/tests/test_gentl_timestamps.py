"""Nanoseconds from whatever a producer offers."""

import time
from types import SimpleNamespace

import pytest

from fluoroview_gentl.timestamps import Timestamps, ticks_to_ns


def stream_of(device):
    return SimpleNamespace(parent=device)


def test_the_producers_nanoseconds_come_first(sdk_part):
    buffer = sdk_part(
        timestamp_ns=123, timestamp=4, parent=stream_of(sdk_part(timestamp_frequency=1000))
    )
    assert Timestamps(None).read_ns(buffer) == 123


@pytest.mark.parametrize("camera_states_it", [False, True])
def test_ticks_are_converted_by_their_frequency(sdk_part, camera_states_it):
    device = sdk_part() if camera_states_it else sdk_part(timestamp_frequency=125_000_000)
    buffer = sdk_part(timestamp=250, parent=stream_of(device))
    node_map = SimpleNamespace(GevTimestampTickFrequency=SimpleNamespace(value=125_000_000))
    timestamps = Timestamps(node_map)
    assert timestamps.read_ns(buffer) == 2000
    assert timestamps.from_device


@pytest.mark.parametrize("known", [{}, {"timestamp": 9}])
def test_without_a_device_clock_it_is_the_time_of_arrival(sdk_part, known):
    timestamps = Timestamps(SimpleNamespace())
    buffer = sdk_part(**known, parent=stream_of(sdk_part()))
    before_ns = time.monotonic_ns()
    assert before_ns <= timestamps.read_ns(buffer) <= time.monotonic_ns()
    assert not timestamps.from_device


def test_conversion_is_exact_after_a_year_of_ticks():
    a_year_ticks = 125_000_000 * 86400 * 365 + 1
    assert ticks_to_ns(a_year_ticks, 125_000_000) == 86400 * 365 * 10**9 + 8
