"""Runs on a fake clock: pacing of files, live sources, ends, gaps."""

from types import SimpleNamespace

import numpy as np
import pytest

from fluoroview.hal import DeviceError, FakeClock
from fluoroview_video.image import Crop, Deinterlacing, FieldOrder, ImageMaker, Luminance
from fluoroview_video.runs import FileRun, LiveRun

ROWS, COLUMNS = 4, 6
MS = 1_000_000


class Script:
    """A capture that gives frames of one grey value each.

    `None` stands for a frame that cannot be decoded, False for a grab that gives nothing, a tuple
    for (value, seconds that the grab takes).
    """

    def __init__(self, clock, steps, exists=True):
        self.clock, self.steps = clock, list(steps)
        self.source = SimpleNamespace(name="/dev/video0", exists=lambda: exists)
        self.released = False

    def grab(self):
        step = self.steps.pop(0) if self.steps else False
        value, takes_s = step if isinstance(step, tuple) else (step, 0.0)
        self.clock.advance_s(takes_s)
        self.value = value
        return value is not False

    def retrieve(self, _into=None):
        if self.value is None or isinstance(self.value, np.ndarray):
            return self.value
        return np.full((ROWS, COLUMNS), self.value, np.uint8)

    def release(self):
        self.released = True


class Bench:
    """A clock, a wait that advances it, and what the runs need."""

    def __init__(self):
        self.clock = FakeClock(start_ns=0)
        self.pixels = np.zeros((ROWS, COLUMNS), np.uint8)
        self.loop = False
        self.rate_hz = 25.0
        self.captures = []

    def wait(self, seconds):
        self.clock.advance_s(seconds)
        return False

    def maker(self, how=Deinterlacing.OFF):
        crop = Crop(0, 0, COLUMNS, ROWS)
        return ImageMaker(lambda: Luminance.BT601, how, FieldOrder.TOP_FIRST, crop)

    def file(self, *passes, how=Deinterlacing.OFF):
        waiting = [Script(self.clock, steps) for steps in passes]

        def reopen():
            self.captures.append(waiting.pop(0))
            return self.captures[-1]

        return FileRun(
            reopen,
            self.maker(how),
            self.clock,
            self.wait,
            rate_hz=lambda: self.rate_hz,
            loop=lambda: self.loop,
        )

    def live(self, steps, how=Deinterlacing.OFF, held=False, exists=True, frame_rate_hz=25.0):
        self.captures.append(Script(self.clock, steps, exists))
        return LiveRun(
            self.captures[0],
            self.maker(how),
            self.clock,
            self.wait,
            held=held,
            frame_rate_hz=frame_rate_hz,
        )

    def take(self, run, timeout_s=0.25):
        """Return (counter, hardware time in ms, pixel value, clock in ms), or None."""
        header = run.take(self.pixels, timeout_s)
        if header is None:
            return None
        now_ms = self.clock.monotonic_ns() / MS
        time_ms = header.hardware_time_ns / MS
        return header.hardware_counter, time_ms, int(self.pixels[0, 0]), now_ms


@pytest.fixture
def bench():
    return Bench()


def test_images_of_a_file_come_at_their_due_times(bench):
    run = bench.file([10, 20, 30])
    assert [bench.take(run) for _ in range(3)] == [
        (0, 0.0, 10, 0.0),
        (1, 40.0, 20, 40.0),
        (2, 80.0, 30, 80.0),
    ]


def test_decoding_that_takes_long_does_not_shift_what_follows(bench):
    run = bench.file([10, (20, 0.03), (30, 0.09), 40])
    taken = [bench.take(run) for _ in range(4)]
    assert [(time_ms, now_ms) for _, time_ms, _, now_ms in taken] == [
        (0, 0),
        (40, 40),
        (80, 130),
        (120, 130),
    ]


def test_an_image_that_is_not_due_in_time_is_waited_for_again(bench):
    bench.rate_hz = 2.0
    run = bench.file([10, 20])
    assert bench.take(run) == (0, 0.0, 10, 0.0)
    assert bench.take(run) is None
    assert bench.take(run) == (1, 500.0, 20, 500.0)


def test_the_end_of_the_pedal_ends_the_wait(bench):
    run = bench.file([10, 20])
    bench.take(run)
    bench.wait = run._wait = lambda _seconds: True
    assert bench.take(run) is None
    assert bench.clock.monotonic_ns() == 0


def test_with_bob_two_images_of_a_frame_are_half_a_frame_apart(bench):
    bench.rate_hz = 50.0  # images per second
    run = bench.file([10, 20], how=Deinterlacing.BOB)
    assert [bench.take(run)[:3] for _ in range(4)] == [
        (0, 0.0, 10),
        (1, 20.0, 10),
        (2, 40.0, 20),
        (3, 60.0, 20),
    ]


def test_a_loop_goes_on_without_a_seam(bench):
    bench.loop = True
    run = bench.file([10, 20], [10, 20])
    assert [bench.take(run)[:3] for _ in range(4)] == [
        (0, 0.0, 10),
        (1, 40.0, 20),
        (2, 80.0, 10),
        (3, 120.0, 20),
    ]
    assert [capture.released for capture in bench.captures] == [True, False]
    run.close()
    assert bench.captures[1].released


def test_the_end_of_a_file_is_reported(bench):
    run = bench.file([10, 20])
    for _ in range(2):
        bench.take(run)
    with pytest.raises(DeviceError) as caught:
        bench.take(run)
    assert str(caught.value) == (
        "/dev/video0 is at its end after 2 images. Open it again, with Loop set to true if it is "
        "to go round."
    )


def test_a_file_that_is_empty_when_it_starts_again_is_reported(bench):
    bench.loop = True
    run = bench.file([10], [])
    bench.take(run)
    with pytest.raises(DeviceError, match="cannot be read from its beginning again"):
        bench.take(run)


@pytest.mark.parametrize(
    ("how", "counters"),
    [(Deinterlacing.OFF, [0, None, 2]), (Deinterlacing.BOB, [0, 1, None, 4, 5])],
)
def test_a_frame_that_cannot_be_decoded_leaves_a_gap(bench, how, counters):
    run = bench.live([10, None, 30], how=how)
    taken = [bench.take(run) for _ in counters]
    assert [one and one[0] for one in taken] == counters


def test_a_change_of_size_is_reported(bench):
    run = bench.live([10, np.zeros((ROWS, COLUMNS + 2), np.uint8)])
    bench.take(run)
    with pytest.raises(DeviceError, match="changed its size from 6×4 to 8×4"):
        bench.take(run)


def test_live_images_carry_the_time_of_their_arrival(bench):
    run = bench.live([(10, 0.04), (20, 0.041)])
    assert [bench.take(run) for _ in range(2)] == [(0, 40.0, 10, 40.0), (1, 81.0, 20, 81.0)]


def test_the_second_field_of_a_live_frame_waits_half_a_frame(bench):
    run = bench.live([(10, 0.04)], how=Deinterlacing.BOB)
    assert [bench.take(run) for _ in range(2)] == [(0, 40.0, 10, 40.0), (1, 60.0, 10, 60.0)]


def test_where_the_rate_is_not_known_the_second_field_follows_at_once(bench):
    run = bench.live([(10, 0.04)], how=Deinterlacing.BOB, frame_rate_hz=0.0)
    first, second = (bench.take(run) for _ in range(2))
    assert first[1] < second[1] < first[1] + 0.001


def test_frames_that_grew_old_in_a_held_grabber_are_thrown_away(bench):
    old = [(1, 0.0)] * 4
    run = bench.live([*old, (2, 0.03), (3, 0.04)], held=True)
    assert bench.take(run)[:3] == (0, 70.0, 3)  # the one that was waited for shows the queue empty
    run.close()
    assert not bench.captures[0].released


def test_a_grabber_that_never_makes_one_wait_is_not_read_for_ever(bench):
    run = bench.live([(number, 0.0) for number in range(100)], held=True)
    assert bench.take(run)[2] == 16


def test_a_stream_opened_for_the_run_has_nothing_old_and_is_closed(bench):
    run = bench.live([(1, 0.0), (2, 0.0)])
    assert bench.take(run)[2] == 1
    run.close()
    assert bench.captures[0].released


def test_a_live_source_that_pauses_goes_on(bench):
    run = bench.live([10, (False, 1.0), (20, 0.5)])
    assert [bench.take(run) for _ in range(3)] == [
        (0, 0.0, 10, 0.0),
        None,
        (1, 1550.0, 20, 1550.0),
    ]


def test_a_live_source_that_stays_silent_is_lost(bench):
    run = bench.live([10, *[(False, 0.5)] * 9])
    bench.take(run)
    with pytest.raises(DeviceError) as caught:
        for _ in range(9):
            assert bench.take(run) is None
    assert str(caught.value) == (
        "/dev/video0 gave no image for 2 s. Check its signal, cable or network, then open it again."
    )
    assert bench.clock.monotonic_ns() < 2_700 * MS


def test_a_grabber_that_is_gone_is_reported_at_once(bench):
    run = bench.live([False], exists=False)
    with pytest.raises(DeviceError, match="/dev/video0 was unplugged"):
        bench.take(run)
    assert bench.clock.monotonic_ns() == 0
