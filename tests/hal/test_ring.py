"""The frame ring: order, readers, pulses, and what a full ring means."""

import errno
import os
import platform
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pytest

from fluoroview.hal import DeviceError, DoseOrigin, Exposure, FakeClock, FrameHeader, Pulse
from fluoroview.hal.frame import FrameFormat
from fluoroview.hal.runtime import shared_memory as memory
from fluoroview.hal.runtime.ring import PULSE_SLOTS, FrameRing, slots_for
from fluoroview.hal.runtime.store_order import require_ordered_stores
from fluoroview.hal.sink import FrameSink, SlotPool
from fluoroview.hal.testing import has_code


@pytest.fixture
def ring():
    made = FrameRing.create(FrameFormat(4, 6), 4)
    yield made
    made.close()


@pytest.fixture
def sink(ring):
    return FrameSink(
        SlotPool(ring), clock=FakeClock(77), run=3, counter_bits=64,
        bell=ring.ring_bell, on_fail=lambda _text: None,
    )  # fmt: skip


def commit(sink, counter, value=None):
    slot = sink.acquire()
    slot.pixels[:] = counter if value is None else value
    slot.commit(FrameHeader(counter))


def read_all(reader):
    numbers = []
    while (frame := reader.next(0)) is not None:
        numbers.append(int(frame.pixels[0, 0]))
        reader.release()
    return numbers


def test_a_header_comes_back_whole(ring, sink):
    exposure = Exposure(70.0, 12.5, 5.0, 2.8, 0.1, 1200.0, 200.0, 180.0)
    reader = ring.reader()
    slot = sink.acquire()
    slot.commit(FrameHeader(9, 123, 4, exposure, 31.5, 2, 1))
    header = reader.next(0).header
    assert header == FrameHeader(9, 123, 4, exposure, 31.5, 2, 1, 3, 9, 77)


def test_a_frame_without_exposure_has_none(ring, sink):
    reader = ring.reader()
    commit(sink, 1)
    assert reader.next(0).header.exposure is None


def test_two_readers_see_every_frame_at_their_own_pace(ring, sink):
    fast, slow = ring.reader(), ring.reader()
    commit(sink, 1)
    commit(sink, 2)
    assert read_all(fast) == [1, 2]
    commit(sink, 3)
    assert read_all(slow) == [1, 2, 3]
    assert read_all(fast) == [3]


def test_frames_come_in_the_order_of_their_commits(ring, sink):
    reader = ring.reader()
    first, second = sink.acquire(), sink.acquire()
    second.pixels[:] = 1
    first.pixels[:] = 2
    second.commit(FrameHeader(1))
    first.commit(FrameHeader(2))
    assert read_all(reader) == [1, 2]


def test_what_a_reader_holds_is_never_overwritten(ring, sink):
    reader = ring.reader()
    commit(sink, 1)
    held = reader.next(0).pixels
    for counter in range(2, 20):
        commit(sink, counter)
    assert (held == 1).all()
    assert read_all(reader) == [1, 2, 3, 4]


def test_a_reader_that_joins_late_sees_only_what_comes(ring, sink):
    commit(sink, 1)
    reader = ring.reader()
    commit(sink, 2)
    assert read_all(reader) == [2]


def test_a_reader_that_leaves_keeps_nothing(ring, sink):
    reader = ring.reader()
    commit(sink, 1)
    reader.close()
    other = ring.reader()
    for counter in range(2, 6):
        commit(sink, counter)
    assert read_all(other) == [2, 3, 4, 5]


def test_pixels_of_a_reader_are_read_only(ring, sink):
    reader = ring.reader()
    commit(sink, 1)
    with pytest.raises(ValueError, match="read-only"):
        reader.next(0).pixels[:] = 0


def test_pulses_come_back_whole_and_are_counted_apart_from_frames(ring, sink):
    pulse = Pulse(5, 99, Exposure(tube_voltage_kv=80.0), 1.25, 0.5, DoseOrigin.MEASURED)
    sink.pulse(pulse)
    count, pulses = ring.pulses_since(0)
    assert count == 1
    assert pulses[0].air_kerma_ugy == 1.25
    assert pulses[0].origin is DoseOrigin.MEASURED
    assert pulses[0].exposure.tube_voltage_kv == 80.0


def test_pulses_that_were_overrun_are_seen_from_the_count(ring, sink):
    for index in range(PULSE_SLOTS + 10):
        sink.pulse(Pulse(index, 0, Exposure()))
    count, pulses = ring.pulses_since(0)
    assert count - len(pulses) == 10
    assert pulses[0].pulse_index == 10


def test_pulses_count_even_after_the_run_was_closed(ring, sink):
    sink.close()
    sink.pulse(Pulse(1, 0, Exposure()))
    assert ring.pulses_since(0)[0] == 1


def test_another_mapping_of_the_block_sees_the_same(ring, sink):
    other = FrameRing.attach(str(ring.block.path), ring.layout.format, ring.layout.slots)
    commit(sink, 1, 4711)
    assert np.array_equal(other.frame(0).pixels, np.full((4, 6), 4711))
    other.close()


def left_by(pid):
    places = (Path("/dev/shm"), Path(tempfile.gettempdir()))
    return [file for place in places for file in place.glob(f"fluoroview-{pid}-*")]


@pytest.fixture(params=["nameless", "named"])
def way(request, monkeypatch):
    if request.param == "named":  # as without /proc
        monkeypatch.setattr(memory, "_others_may_open", lambda _descriptor: False)
    return request.param


def test_nothing_is_left_in_memory_files_after_close(way):
    ring = FrameRing.create(FrameFormat(4, 4), 4)
    path = ring.block.path
    assert path.exists()
    assert len(left_by(os.getpid())) == (way == "named")
    other = FrameRing.attach(str(path), ring.layout.format, ring.layout.slots)
    other.close()
    assert path.exists(), "who looks at it does not take it away"
    ring.block.unlink()
    assert not path.exists()
    ring.close()
    assert left_by(os.getpid()) == []


def test_a_ring_without_memory_raises_and_leaves_nothing(way, monkeypatch):
    def full(_descriptor, _size):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(memory, "_reserve", full)
    opened = len(os.listdir("/proc/self/fd"))
    with pytest.raises(DeviceError, check=has_code("FV-HAL-040")):
        FrameRing.create(FrameFormat(512, 512), 4)
    assert left_by(os.getpid()) == []
    assert len(os.listdir("/proc/self/fd")) == opened


def test_a_killed_process_leaves_no_ring_behind():
    script = (
        "from fluoroview.hal.runtime.ring import FrameFormat, FrameRing\n"
        "import os, signal\n"
        "ring = FrameRing.create(FrameFormat(64, 64), 4)\n"
        "print(os.getpid(), flush=True)\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], stdout=subprocess.PIPE, check=False)
    assert left_by(int(done.stdout)) == []


@pytest.mark.parametrize(
    ("rows", "columns", "rate_hz", "slots"),
    [
        pytest.param(1024, 1024, 30.0, 32, id="one second"),
        pytest.param(1024, 1024, 3.0, 8, id="slow: enough for a reader that pauses"),
        pytest.param(256, 256, 500.0, 64, id="fast: at most so many"),
        pytest.param(1024, 1024, float("nan"), 32, id="of unknown rate"),
        pytest.param(4096, 4096, 30.0, 8, id="large: within 256 MiB"),
        pytest.param(6000, 6000, 7.5, 3, id="very large: fewer than usual"),
    ],
)
def test_a_ring_holds_a_second_within_its_bound(rows, columns, rate_hz, slots):
    assert slots_for(FrameFormat(rows, columns), rate_hz) == slots


def test_frames_too_large_for_the_bound_are_refused():
    with pytest.raises(DeviceError, check=has_code("FV-HAL-035")):
        slots_for(FrameFormat(32000, 32000), 30.0, "huge:d0")


@pytest.mark.parametrize("machine", ["aarch64", "arm64", "riscv64", "ppc64le", ""])
def test_a_child_process_is_refused_where_stores_may_be_reordered(machine, monkeypatch):
    monkeypatch.setattr(platform, "machine", lambda: machine)
    with pytest.raises(DeviceError, check=has_code("FV-HAL-041")):
        require_ordered_stores("ramp:r0", "process")
    require_ordered_stores("ramp:r0", "thread")


def test_a_thread_is_refused_where_no_lock_orders_its_stores(monkeypatch):
    monkeypatch.setattr(platform, "machine", lambda: "aarch64")
    monkeypatch.setattr(sys, "_is_gil_enabled", lambda: False, raising=False)
    with pytest.raises(DeviceError, check=has_code("FV-HAL-042")):
        require_ordered_stores("ramp:r0", "thread")


@pytest.mark.parametrize("machine", ["x86_64", "AMD64", "i686"])
def test_processors_that_keep_the_order_of_stores_may_run_children(machine, monkeypatch):
    monkeypatch.setattr(platform, "machine", lambda: machine)
    require_ordered_stores("ramp:r0", "process")
