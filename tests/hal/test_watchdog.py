"""Within a second a stalled, leaking or flooding driver is distinguished from a busy one."""

import os

import pytest

from fluoroview.hal import FakeClock
from fluoroview.hal.frame import FrameFormat
from fluoroview.hal.runtime.ledger import LedgerWriter
from fluoroview.hal.runtime.ring import FrameRing, Word
from fluoroview.hal.runtime.watchdog import PERIOD_S, STALL_S, Watchdog, WatchLimits


@pytest.fixture
def ring():
    made = FrameRing.create(FrameFormat(4, 4), 4)
    yield made
    made.close()


def watching(ring, clock, rate_hz=30.0, **limits):
    ring.words[Word.HEARTBEAT] = clock.monotonic_ns()
    return Watchdog(ring, os.getpid(), WatchLimits(rate_hz, **limits), clock=clock, on_unfit=print)


def test_a_heartbeat_that_stops_is_noticed_within_a_second(ring):
    clock = FakeClock()
    dog = watching(ring, clock)
    clock.advance_s(STALL_S - 0.01)
    assert dog.look() == ""
    clock.advance_s(0.02)
    assert "stalled for 0.8 s" in dog.look()
    assert STALL_S + PERIOD_S <= 1.0


@pytest.mark.parametrize(
    ("rate_hz", "frames_per_second", "unfit"),
    [
        (30.0, 30, False),
        (30.0, 140, False),
        (30.0, 160, True),
        (3.0, 45, False),
        (float("nan"), 900, False),
        (float("nan"), 1100, True),
    ],
)
def test_a_flood_is_far_above_the_stated_rate(ring, rate_hz, frames_per_second, unfit):
    clock = FakeClock()
    dog = watching(ring, clock, rate_hz)
    clock.advance_s(0.5)
    ring.words[Word.HEARTBEAT] = clock.monotonic_ns()
    writer = LedgerWriter(ring)
    for counter in range(frames_per_second // 2):
        writer.number(counter)
        writer.count_ring_loss()
    assert ("it floods" in dog.look()) is unfit


def test_memory_that_grows_beyond_its_limit_is_reported(ring):
    dog = watching(ring, FakeClock(), memory_growth_bytes=1 << 20)
    hoard = bytearray(os.urandom(1 << 20)) * 256  # more than was ever freed
    assert "its process grew by" in dog.look()
    del hoard
