"""The recorder: every frame, header and pulse bit for bit, the accounts, and what it skips."""

import math
import threading

import numpy as np
import pytest

from fluoroview import __version__
from fluoroview.hal import DoseOrigin, FrameFormat, FrameHeader, LossCause, Pulse
from fluoroview.hal.runtime.ledger import read_ledger
from fluoroview.hal.testing import has_code
from fluoroview.recording import (
    Ending,
    Recorder,
    RecordError,
    Recording,
    compression,
    new_recording_path,
    recorder,
)
from fluoroview.recording.places import VARIABLE, recording_folders
from fluoroview.recording.writing import RecordingFile


def test_every_frame_header_and_pulse_comes_back_bit_for_bit(bench, record):
    recording_to = record()
    reader = bench.ring.reader()
    bench.begin_run(3)
    for number, origin in enumerate(DoseOrigin):
        bench.pulse(number, origin)
        bench.frame(number, temperature_c=31.5, gain_mode=4, binning=2)
    committed = []
    while (frame := reader.next(0.0)) is not None:
        committed.append((frame.header, frame.pixels.copy()))
        reader.release()
    _, pulses = bench.ring.pulses_since(0)
    recording_to.close()
    reader.close()
    with Recording(recording_to.path) as recording:
        assert recording.headers == [header for header, _ in committed]
        for index, (_, pixels) in enumerate(committed):
            np.testing.assert_array_equal(recording.read(index), pixels)
        assert recording.pulses == [(3, pulse) for pulse in pulses]
        assert len(pulses) == len(DoseOrigin)


def test_unknown_exposure_and_temperature_stay_unknown(bench, record):
    recording_to = record()
    bench.begin_run(1)
    slot = bench.sink.acquire()
    slot.pixels[:] = 9
    slot.commit(FrameHeader(0, 5))
    recording_to.close()
    with Recording(recording_to.path) as recording:
        (header,) = recording.headers
        assert header.exposure is None
        assert math.isnan(header.temperature_c)


@pytest.mark.parametrize("by", ["our buffer", "threads of their own", "HDF5"])
@pytest.mark.parametrize(
    ("dtype", "shape"),
    [("uint8", (5, 7)), ("uint16", (1, 1)), ("uint16", (99, 101)), ("uint8", (128, 129))],
)
def test_any_format_is_recorded(make_bench, tmp_path, monkeypatch, dtype, shape, by):
    if by == "HDF5":
        monkeypatch.setattr(compression, "_library", lambda: None)
    else:
        assert compression.make_compressor(FrameFormat(*shape, dtype)) is not None
    if by == "threads of their own":
        monkeypatch.setattr(recorder, "LARGE_FRAME_BYTES", 1)
    bench = make_bench(shape, dtype)
    recording_to = Recorder(bench.ring, tmp_path / "r.h5", bench.info, clock=bench.clock)
    bench.run_of(1, range(3))
    recording_to.close()
    with Recording(recording_to.path) as recording:
        assert recording.format == FrameFormat(*shape, dtype)
        for index in range(3):
            expected = bench.pixels_of(index, shape, np.dtype(dtype))
            np.testing.assert_array_equal(recording.read(index), expected)


def test_the_file_states_what_was_recorded_with_what_and_when(bench, recording_path):
    with Recording(recording_path) as recording:
        assert recording.info == bench.info
        assert recording.fluoroview_version == __version__
        assert recording.started_utc.isoformat() == "2026-01-01T00:00:00+00:00"
        assert recording.ending is Ending.CLOSED
        assert recording.damage == []
        assert not recording.in_progress


def test_each_run_has_its_final_account(recording_path):
    with Recording(recording_path) as recording:
        first, second = recording.runs
        assert (first.run, first.closed, first.recorded, first.expected) == (1, True, 10, 10)
        assert (second.run, second.closed, second.recorded, second.expected) == (2, True, 5, 5)
        assert {header.run for header in recording.headers} == {1, 2}


def test_losses_of_the_device_are_in_the_account(bench, record):
    recording_to = record()
    bench.begin_run(1)
    bench.frame(0)
    bench.frame(4)
    bench.sink.lost(2, LossCause.SDK)
    bench.frame(7)
    ledger = read_ledger(bench.ring)
    recording_to.end_run(ledger)
    recording_to.close()
    with Recording(recording_to.path) as recording:
        assert recording.runs[0].ledger == ledger
        assert (ledger.lost_link, ledger.lost_sdk, ledger.expected) == (3, 2, 8)


def test_a_run_that_nobody_ended_keeps_the_last_ledger_seen(bench, record):
    recording_to = record()
    bench.run_of(1, [0, 1, 5])
    recording_to.close()
    with Recording(recording_to.path) as recording:
        (account,) = recording.runs
        assert not account.closed
        assert account.ledger.lost_link == 3
        assert account.ledger.exact


def test_a_slow_disk_costs_the_recording_and_not_the_ring(bench, record, problems, monkeypatch):
    disk = threading.Event()
    add_frame = RecordingFile.add_frame

    def slow(self, header, pixels):
        disk.wait(10.0)
        add_frame(self, header, pixels)

    monkeypatch.setattr(RecordingFile, "add_frame", slow)
    monkeypatch.setattr(recorder, "MAX_BUFFERS", 8)
    recording_to = record()
    ledger = bench.run_of(1, range(40))
    _wait(lambda: recording_to.status.frames + recording_to.status.left_out == 40)
    assert ledger.lost == 0
    disk.set()
    recording_to.end_run(ledger)
    status = recording_to.close()
    assert (status.frames, status.left_out, status.ending) == (8, 32, Ending.CLOSED)
    assert len(problems) == 1
    assert "disk is too slow" in problems[0]
    with Recording(recording_to.path) as recording:
        assert [header.frame_number for header in recording.headers] == list(range(8))
        assert recording.left_out == 32
        assert recording.runs[0].ledger.lost == 0
        assert len(recording.pulses) == 40


def test_pulses_that_could_not_be_had_any_more_are_counted(bench, record, monkeypatch):
    monkeypatch.setattr(recorder, "_POLL_S", 60.0)  # it sleeps until a frame rings
    recording_to = record()
    bench.begin_run(1)
    for index in range(4096 + 10):
        bench.pulse(index)
    status = recording_to.close()
    assert (status.pulses, status.pulses_missed) == (4096, 10)
    with Recording(recording_to.path) as recording:
        assert recording.runs[0].pulses_missed == 10


def test_where_a_generator_speaks_for_the_pulses_those_of_the_detector_are_left(bench, tmp_path):
    recording_to = Recorder(
        bench.ring, tmp_path / "r.h5", bench.info, clock=bench.clock, ring_pulses=False
    )
    bench.run_of(2, range(3))
    reported = Pulse(7, 123, bench.exposure, 3.5, 0.2, DoseOrigin.MEASURED)
    recording_to.add_pulses([reported], missed=2)
    status = recording_to.close()
    assert (status.frames, status.pulses, status.pulses_missed) == (3, 1, 2)
    with Recording(recording_to.path) as recording:
        assert recording.pulses == [(2, reported)]


def test_a_large_frame_that_cannot_be_compressed_ends_the_recording(
    bench, record, problems, monkeypatch
):
    monkeypatch.setattr(recorder, "LARGE_FRAME_BYTES", 1)
    recording_to = record()
    names = {thread.name for thread in threading.enumerate()}
    assert not any(name.startswith("recorder packs") for name in names), "no frame, no thread"

    def broken(self, pixels, chunk):
        raise OSError(12, "Cannot allocate memory")

    bench.run_of(1, range(40))  # more than there are threads
    _wait(lambda: recording_to._file.frames == 40)  # written, and not only on their way
    names = [thread.name for thread in threading.enumerate()]
    assert sum(name.startswith("recorder packs") for name in names) == recorder.PACKERS
    monkeypatch.setattr(compression.Compressor, "compress", broken)
    bench.frame(40)
    _wait(lambda: recording_to.status.ending is Ending.FAILED)
    recording_to.close()
    assert "stopped after 40 frames" in problems[0]
    assert not any(thread.name.startswith("recorder ") for thread in threading.enumerate())
    with Recording(recording_to.path) as recording:
        assert [header.frame_number for header in recording.headers] == list(range(40))


def test_a_failing_disk_ends_the_recording_and_frees_the_ring(
    bench, record, problems, monkeypatch, wait_for_frames
):
    recording_to = record()
    bench.run_of(1, range(3))
    wait_for_frames(recording_to, 3)
    _wait(lambda: recording_to._file.frames == 3)  # written, and not only on their way

    def broken(self, header, pixels):
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(RecordingFile, "add_frame", broken)
    bench.frame(3)
    _wait(lambda: recording_to.status.ending is Ending.FAILED)
    _wait(lambda: not recording_to._reading.is_alive())
    for number in range(4, 204):  # more than the ring has slots
        bench.frame(number)
    assert read_ledger(bench.ring).lost_ring == 0
    assert not recording_to.close().running
    assert len(problems) == 1
    assert "stopped after 3 frames" in problems[0]
    assert "Input/output error" in problems[0]
    with Recording(recording_to.path) as recording:
        assert recording.frame_count == 3
        assert recording.ending is Ending.FAILED


def test_an_existing_file_is_never_written_over(record, tmp_path):
    path = tmp_path / "precious.h5"
    path.write_bytes(b"precious")
    with pytest.raises(RecordError, check=has_code("FV-REC-012")):
        record(path)
    assert path.read_bytes() == b"precious"


def test_a_folder_that_cannot_be_made_is_a_sentence(record, tmp_path):
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(RecordError, check=has_code("FV-REC-013")):
        record(tmp_path / "file" / "r.h5")


def test_names_state_when_and_what_and_are_always_new(bench, tmp_path, monkeypatch):
    monkeypatch.setenv(VARIABLE, str(tmp_path))
    first = new_recording_path(bench.info, bench.clock)
    assert first == tmp_path / "20260101T000000Z-test-panel-7.fluoro.h5"
    first.touch()
    assert new_recording_path(bench.info, bench.clock).name.endswith("-2.fluoro.h5")
    monkeypatch.delenv(VARIABLE)
    assert recording_folders()[0].name == "recordings"


def _wait(condition):
    done = threading.Event()
    for _ in range(3000):
        if condition():
            return
        done.wait(0.01)
    raise AssertionError("not within 30 s")
