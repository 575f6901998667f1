"""A ring with a sink on it: what a device would do, without the device."""

import itertools
import threading
from dataclasses import dataclass

import numpy as np
import pytest

from fluoroview.hal import DoseOrigin, Exposure, FakeClock, FrameFormat, FrameHeader, Pulse
from fluoroview.hal.runtime.ledger import read_ledger
from fluoroview.hal.runtime.ring import FrameRing, Word
from fluoroview.hal.sink import FrameSink, SlotPool
from fluoroview.recording import Recorder, RecordingInfo

SHAPE = (24, 40)
EXPOSURE = Exposure(72.5, 9.0, 5.0, 2.8, 0.1, 1100.0, 246.0, 240.0)
INFO = RecordingInfo("test", "panel 7", bit_depth=14, rate_hz=30.0)


def pixels_of(number, shape=SHAPE, dtype=np.uint16):
    """Return the frame that belongs to a number."""
    rng = np.random.default_rng(number)
    return rng.integers(0, np.iinfo(dtype).max, shape, dtype, endpoint=True)


@dataclass
class Bench:
    """Reports frames and pulses to a ring on a clock that is moved by hand."""

    ring: FrameRing
    clock: FakeClock
    exposure = EXPOSURE
    info = INFO
    pixels_of = staticmethod(pixels_of)

    def __post_init__(self):
        self.pool = SlotPool(self.ring)
        self.failed = []
        self.sink = None

    def begin_run(self, run):
        self.ring.words[Word.RUN] = run
        self.pool.renew()
        self.sink = FrameSink(
            self.pool,
            clock=self.clock,
            run=run,
            counter_bits=64,
            bell=self.ring.ring_bell,
            on_fail=self.failed.append,
        )

    def pulse(self, index, origin=DoseOrigin.SIMULATED):
        self.sink.pulse(
            Pulse(index, self.clock.monotonic_ns(), EXPOSURE, 2.5 + index, 0.07, origin)
        )

    def frame(self, number, **fields):
        self.clock.advance_s(0.02)
        header = FrameHeader(
            number,
            hardware_time_ns=7_000_000_000 + number * 20_000_000,
            pulse_index=number,
            exposure=EXPOSURE,
            **fields,
        )
        frame_format = self.ring.layout.format
        shape = (frame_format.rows, frame_format.columns)
        self.sink.offer(pixels_of(number, shape, np.dtype(frame_format.dtype)), header)

    def run_of(self, run, numbers, *, pulses=True):
        """One run with these frame numbers, each with its pulse."""
        self.begin_run(run)
        for number in numbers:
            if pulses:
                self.pulse(number)
            self.frame(number)
        return read_ledger(self.ring)


@pytest.fixture
def make_bench():
    benches = []

    def make(shape=SHAPE, dtype="uint16", slots=64):
        bench = Bench(FrameRing.create(FrameFormat(*shape, dtype), slots), FakeClock())
        benches.append(bench)
        return bench

    yield make
    for bench in benches:
        bench.ring.close()


@pytest.fixture
def bench(make_bench):
    return make_bench()


@pytest.fixture
def problems():
    return []


@pytest.fixture
def record(bench, tmp_path, problems):
    """Return a function that starts a recorder on the bench's ring."""
    count = itertools.count()

    def start(path=None):
        path = path or tmp_path / f"recording-{next(count)}.fluoro.h5"
        return Recorder(
            bench.ring,
            path,
            INFO,
            clock=bench.clock,
            on_problem=lambda what, remedy: problems.append(f"{what} {remedy}"),
        )

    yield start
    left = [each.name for each in threading.enumerate() if each.name.startswith("recorder ")]
    assert not left


@pytest.fixture
def recording_path(bench, record, wait_for_frames):
    """A whole recording: run 1 with frames 0 to 9, run 2 with frames 100 to 104."""
    recorder = record()
    recorder.end_run(bench.run_of(1, range(10)))
    wait_for_frames(recorder, 10)
    recorder.end_run(bench.run_of(2, range(100, 105)))
    recorder.close()
    return recorder.path


@pytest.fixture
def wait_for_frames():
    """Return a function that waits until a recorder has taken so many frames and pulses."""

    def wait(recorder, count):
        done = threading.Event()
        for _ in range(3000):
            if recorder.status.frames >= count and recorder.status.pulses >= count:
                return
            done.wait(0.01)
        raise AssertionError(f"only {recorder.status.frames} of {count} frames came in 30 s")

    return wait
