"""Really killed, really full: what a recording holds then, and what `recover` makes of it.

The child processes are this file's own: they record made-up frames from a ring.
"""

import os
import subprocess
import sys
import textwrap
import time

import pytest

from fluoroview.hal.testing import has_code
from fluoroview.recording import Ending, RecordError, Recording, recover

_CHILD = """
import resource, sys, time
import numpy as np
from fluoroview.hal import FrameFormat, FrameHeader, SystemClock
from fluoroview.hal.runtime.ledger import read_ledger
from fluoroview.hal.runtime.ring import FrameRing, Word
from fluoroview.hal.sink import FrameSink, SlotPool
from fluoroview.recording import Recorder, RecordingInfo

ring = FrameRing.create(FrameFormat(128, 128), 32)
ring.block.unlink()  # it will be killed, and leaves nothing behind
noise = np.random.default_rng(1).integers(0, 65536, (200, 128, 128), np.uint16)

def recorder(path):
    report = lambda what, remedy: print("PROBLEM", what, remedy, flush=True)
    return Recorder(ring, path, RecordingInfo("test", "child", rate_hz=100.0), on_problem=report)

def sink():
    ring.words[Word.RUN] = 1
    return FrameSink(SlotPool(ring), clock=SystemClock(), run=1, counter_bits=64,
                     bell=ring.ring_bell, on_fail=print)
"""

_KILLED = """
recording = recorder(sys.argv[1])
frames = sink()
for number in range(100_000):
    frames.offer(noise[number % 200], FrameHeader(number))
    print(number, time.monotonic_ns(), flush=True)
    time.sleep(0.01)
"""

_FULL = """
early, limit = sys.argv[2] == "early", (4_000_000, 4_000_000)
if early:
    resource.setrlimit(resource.RLIMIT_FSIZE, limit)
recording = recorder(sys.argv[1])
if not early:
    resource.setrlimit(resource.RLIMIT_FSIZE, limit)
frames = sink()
for number in range(200):
    frames.offer(noise[number], FrameHeader(number))
    time.sleep(0.002)
ledger = read_ledger(ring)
recording.end_run(ledger)
print("LEDGER", ledger.delivered, ledger.lost, recording.close().ending, flush=True)
"""


def _child(script, *arguments):
    return subprocess.Popen(
        [sys.executable, "-c", _CHILD + textwrap.dedent(script), *map(str, arguments)],
        stdout=subprocess.PIPE,
        text=True,
    )


@pytest.fixture(scope="module")
def killed(tmp_path_factory):
    """A recording whose process was killed, and the frames it had printed 1 s before that."""
    path = tmp_path_factory.mktemp("killed") / "killed.fluoro.h5"
    printed = []
    with _child(_KILLED, path) as child:
        for line in child.stdout:
            number, at_ns = map(int, line.split())
            printed.append((number, at_ns))
            if at_ns - printed[0][1] > 1_800_000_000:
                break
        child.kill()
        killed_ns = time.monotonic_ns()
    return path, sum(at_ns < killed_ns - 1_000_000_000 for _, at_ns in printed)


def test_after_kill_9_all_but_the_last_second_is_readable(killed):
    path, due = killed
    assert due > 20
    with Recording(path) as recording:
        assert recording.frame_count >= due
        assert not recording.in_progress
        assert recording.damage == ["It was not closed: it was cut off while it was recorded."]
        assert recording.runs[0].ledger.exact
        for index in range(recording.frame_count):
            assert recording.read(index).any()
        numbers = [header.frame_number for header in recording.headers]
        assert numbers == list(range(len(numbers)))


def test_recover_saves_a_copy_and_leaves_the_recording_as_it_was(killed):
    path, due = killed
    before = path.read_bytes()
    report = recover(path)
    assert path.read_bytes() == before
    assert report.frames >= due
    assert report.damaged == 0
    assert report.saved is not None
    assert report.saved.name == "killed.recovered.fluoro.h5"
    assert report.sentence.startswith(
        f"Saved from {path} to {report.saved}: {report.frames} frames"
    )
    with Recording(path) as original, Recording(report.saved) as saved:
        assert saved.ending is Ending.CLOSED
        assert saved.damage == []
        assert list(map(repr, saved.headers)) == list(map(repr, original.headers))  # NaN
        assert saved.info == original.info
        assert saved.started_utc == original.started_utc
        assert saved.runs[0].ledger == original.runs[0].ledger
        assert saved.runs[0].recorded == report.frames
        assert (saved.read(7) == original.read(7)).all()
    assert recover(report.saved).whole
    assert recover(path).saved.name == "killed.recovered-2.fluoro.h5"


def test_a_full_disk_ends_the_recording_keeps_it_and_lets_the_run_go_on(tmp_path):
    path = tmp_path / "full.fluoro.h5"
    with _child(_FULL, path, "early") as child:
        output = child.stdout.read()
    assert child.returncode == 0
    assert f"The recording {path} stopped after" in output
    assert f"The disk of {path} is full." in output
    assert "the live image goes on" in output
    assert "LEDGER 200 0 disk full" in output
    assert path.stat().st_size <= 4_000_000
    _check_early_end(path, Ending.DISK_FULL)
    report = recover(path)
    assert report.whole
    assert "It ended early: disk full." in report.sentence


def test_a_disk_that_breaks_its_promise_of_space_costs_only_what_comes_after(tmp_path):
    path = tmp_path / "broken.fluoro.h5"
    with _child(_FULL, path, "late") as child:
        output = child.stdout.read()
    assert child.returncode == 0
    assert output.count("stopped after") == 1  # a busy disk may be reported as well
    assert "LEDGER 200 0 writing failed" in output
    with Recording(path) as recording:
        count = recording.frame_count
    assert count > 30
    report = recover(path)
    assert report.frames == count
    assert report.damaged == 0


def _check_early_end(path, ending):
    with Recording(path) as recording:
        assert recording.ending is ending
        assert 50 < recording.frame_count < 130
        for index in range(recording.frame_count):
            recording.read(index)


def test_no_room_at_all_is_reported_before_the_run(tmp_path):
    script = """
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
    try:
        recorder(sys.argv[1])
    except Exception as error:
        print(type(error).__name__, error, flush=True)
    """
    path = tmp_path / "none.fluoro.h5"
    with _child(script, path) as child:
        output = child.stdout.read()
    assert output.startswith("DiskFullError The disk of")
    assert not path.exists()


def test_a_recording_in_progress_is_not_recovered(bench, record):
    recorder = record()
    try:
        with pytest.raises(RecordError, check=has_code("FV-REC-008")):
            recover(recorder.path)
    finally:
        recorder.close()
    assert sorted(os.listdir(recorder.path.parent)) == [recorder.path.name]
