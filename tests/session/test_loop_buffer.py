"""The loop buffer: the last images, in order, on a disk that may be full."""

import resource
import subprocess
import sys

import numpy as np
import pytest

from fluoroview.hal import FrameHeader
from fluoroview.session.images.image_pool import ImagePool
from fluoroview.session.loop_buffer import LoopBuffer, LoopBufferError


@pytest.fixture
def pool():
    return ImagePool(16, 16, 16)


@pytest.fixture
def store(tmp_path):
    made = LoopBuffer(16, 16, 10.0, seconds=2.0, folder=tmp_path)
    yield made
    made.close()


def add(store, pool, number, run=1, time_ms=None):
    buffer = pool.take()
    buffer.pixels[:] = number
    time_ns = int((number * 100 if time_ms is None else time_ms) * 1e6)
    store.add(buffer, FrameHeader(number, run=run, frame_number=number, host_time_ns=time_ns))
    buffer.drop()
    store.flush()


def values(cine):
    return [int(cine.read(index)[3, 3]) for index in range(cine.frame_count)]


def test_images_come_back_as_they_were(store, pool):
    for number in range(5):
        add(store, pool, number)
    cine = store.snapshot()
    assert values(cine) == [0, 1, 2, 3, 4]
    assert cine.read(2).dtype == np.uint16


def test_only_the_last_seconds_are_kept(store, pool):
    for number in range(50):
        add(store, pool, number)
    assert values(store.snapshot()) == list(range(50 - 21, 50))


def test_every_image_stays_as_long_as_it_did_without_the_pauses_between_runs(store, pool):
    for number, run, time_ms in [(0, 1, 0), (1, 1, 30), (2, 1, 100), (3, 2, 9000), (4, 2, 9050)]:
        add(store, pool, number, run, time_ms)
    cine = store.snapshot()
    assert [cine.duration_ms(i) for i in range(5)] == [30, 70, 50, 50, 50]


def test_the_last_run_can_be_had_alone(store, pool):
    add(store, pool, 0, run=1)
    add(store, pool, 1, run=2)
    add(store, pool, 2, run=2)
    assert values(store.snapshot(last_run_only=True)) == [1, 2]


def test_a_loop_that_newer_images_overtake_is_refused_and_not_mixed(store, pool):
    for number in range(21):
        add(store, pool, number)
    cine = store.snapshot()
    add(store, pool, 21)
    with pytest.raises(LoopBufferError) as caught:
        cine.read(0)
    assert caught.value.code == "FV-SES-022"
    assert int(cine.read(1)[0, 0]) == 1


def test_a_loop_of_a_closed_buffer_is_refused(tmp_path, pool):
    store = LoopBuffer(16, 16, 10.0, seconds=2.0, folder=tmp_path)
    add(store, pool, 1)
    cine = store.snapshot()
    store.close()
    with pytest.raises(LoopBufferError) as caught:
        cine.read(0)
    assert caught.value.code == "FV-SES-021"


def test_buffers_go_back_to_the_pool(store, pool):
    for number in range(100):
        add(store, pool, number)
    assert sum(buffer.users for buffer in pool._buffers) == 0


def test_the_file_is_gone_after_close(tmp_path, pool):
    store = LoopBuffer(16, 16, 10.0, seconds=2.0, folder=tmp_path)
    add(store, pool, 1)
    store.close()
    assert list(tmp_path.iterdir()) == []


FULL_DISK = """
import resource, sys
from pathlib import Path
from fluoroview.session.loop_buffer import LoopBuffer, LoopBufferError
from fluoroview.session.images.image_pool import ImagePool
from fluoroview.hal import FrameHeader
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), int(sys.argv[2])))
problems = []
store = LoopBuffer(64, 64, 30.0, seconds=60.0, folder=Path(sys.argv[1]),
                  on_problem=lambda what, remedy: problems.append(what + " " + remedy))
pool = ImagePool(64, 64, 4)
for number in range(10):
    buffer = pool.take()
    store.add(buffer, FrameHeader(number, host_time_ns=number))
    buffer.drop()
    store.flush()
print(store.snapshot().frame_count, store.capacity)
print("\\n".join(problems))
store.close()
"""


def on_disk_of(size, folder):
    """Run in a process whose files cannot grow beyond `size` bytes, as on a full disk."""
    done = subprocess.run(
        [sys.executable, "-c", FULL_DISK, str(folder), str(size)],
        capture_output=True, text=True, timeout=30, check=True,
    )  # fmt: skip
    counts, *problems = done.stdout.splitlines()
    return [int(count) for count in counts.split()], "\n".join(problems)


def test_on_a_nearly_full_disk_the_loop_is_shorter_and_states_it(tmp_path):
    (stored, capacity), problems = on_disk_of(8192 * 300, tmp_path)
    assert stored == 10
    assert 60 <= capacity <= 300
    assert "holds only the last 8 s instead of 60 s" in problems
    assert "loop.folder" in problems


def test_on_a_full_disk_nothing_is_kept_and_the_rest_goes_on(tmp_path):
    (stored, _), problems = on_disk_of(4096, tmp_path)
    assert stored == 0
    assert "The images of this session are not kept for replay" in problems
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[0] != 4096, "only the child was limited"


def test_a_disk_that_fails_in_the_middle_of_a_run_keeps_what_was_stored(tmp_path, pool):
    problems = []
    store = LoopBuffer(
        16, 16, 10.0, seconds=2.0, folder=tmp_path, on_problem=lambda what, _: problems.append(what)
    )
    add(store, pool, 1)
    store._file.close()  # as when the medium is pulled out
    store._file = open("/dev/full", "r+b", buffering=0)  # noqa: SIM115 - the store closes it
    add(store, pool, 2)
    add(store, pool, 3)
    assert store.snapshot().frame_count == 1
    assert len(problems) == 1
    assert "No space left on device" in problems[0]
    store.close()


def test_over_a_restart_the_runs_of_before_are_none_of_the_coming_ones(store, pool):
    for number, run in enumerate([1, 1, 2]):
        add(store, pool, number, run)
    store.carry_over()
    add(store, pool, 3, 1)
    store.carry_over()
    add(store, pool, 4, 1)
    cine = store.snapshot()
    assert values(cine) == [0, 1, 2, 3, 4]
    runs = [entry.run for entry in cine.entries]
    assert runs[0] == runs[1]
    assert len(set(runs)) == 4
    assert values(store.snapshot(last_run_only=True)) == [4]
    assert max(runs[:4]) < 0


def test_a_store_goes_on_only_with_images_of_its_size_and_rate(store):
    assert store.fits(16, 16, 10.0)
    assert not store.fits(16, 17, 10.0)
    assert not store.fits(16, 16, 30.0)
