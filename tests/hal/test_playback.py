"""Playing back on a fake clock: absolute deadlines, no bursts, damage that counts."""

import numpy as np
import pytest

from fluoroview.hal import FakeClock, FrameHeader, LossCause
from fluoroview.hal.sdk.playback import LATE_NS, Playback, signed_files
from fluoroview.hal.testing import RunHere

MS = 1_000_000
IMAGE = np.zeros((2, 2), np.uint16)


class Sink:
    def __init__(self):
        self.stopping, self.offered, self.losses, self.error = False, [], [], None

    def offer(self, image, header):
        self.offered.append(header.hardware_counter)

    def lost(self, count, cause):
        self.losses.append((count, cause))

    def fail(self, error):
        self.error = error


@pytest.fixture
def clock():
    return FakeClock(start_ns=0)


@pytest.fixture
def playback(clock):
    return Playback(RunHere(clock, clock.advance_s))


@pytest.fixture
def sink():
    return Sink()


def test_a_late_frame_does_not_make_the_next_one_late(playback, clock, sink):
    moments = []

    def play(sink):
        for after_ms in (0, 10, 10, 10):
            moments.append(playback.wait(sink, after_ms * MS))
            clock.advance_s(0.007)  # the driver takes its time

    playback.start("file", sink, play)
    assert moments == [(0, 0), (10 * MS, 10 * MS), (20 * MS, 20 * MS), (30 * MS, 30 * MS)]


def test_after_a_long_hold_up_it_goes_on_from_now(playback, clock, sink):
    moments = []

    def play(sink):
        playback.wait(sink, 0)
        clock.advance_s(1.0)
        moments.append(playback.wait(sink, 10 * MS))
        moments.append(playback.wait(sink, 10 * MS))

    playback.start("file", sink, play)
    assert LATE_NS < 990 * MS
    assert moments == [(10 * MS, 1000 * MS), (1010 * MS, 1010 * MS)]


def test_speed_divides_the_recorded_time(playback, clock, sink):
    speed = playback.speed_parameter("Times the recorded timing.")
    speed.write(4.0)
    playback.start("file", sink, lambda sink: playback.wait(sink, 100 * MS))
    assert (speed.read(), clock.monotonic_ns()) == (4.0, 25 * MS)


@pytest.mark.parametrize("pedal_up", [True, False])
def test_it_ends_with_the_pedal_or_the_run(clock, sink, pedal_up):
    playback = Playback(RunHere(clock, lambda _seconds: not pedal_up))
    sink.stopping = pedal_up
    moments = []
    playback.start("file", sink, lambda sink: moments.append(playback.wait(sink, 0)))
    assert moments == [None]


def test_damaged_frames_count_and_a_pass_of_them_ends_the_run(playback, sink):
    damage = ValueError("frame 1 is damaged")

    def play(sink):
        for counter, error in enumerate((damage, None, damage, damage, None)):
            playback.deliver(sink, IMAGE, FrameHeader(counter, 0), error, frames=2)

    playback.start("file", sink, play)
    assert sink.offered == [1]
    assert sink.losses == [(1, LossCause.SDK)] * 3
    assert sink.error is damage


def test_files_are_known_by_their_signature(tmp_path):
    for name, content in {"a": b"..DICM", "b": b"..DICM..", "c": b"DICM", "d": b""}.items():
        (tmp_path / name).write_bytes(content)
    (tmp_path / "folder").mkdir()
    folders = [tmp_path / "not there", tmp_path]

    def names(**options):
        return [path.name for path in signed_files(folders, b"DICM", at=2, **options)]

    assert names(most=9) == ["a", "b"]
    assert names(most=9, newest_first=True) == ["b", "a"]
    assert names(most=1) == ["a"]
