"""Files that are damaged, cut short, or something else altogether."""

import json

import h5py
import numpy as np
import pytest

from fluoroview.recording import Recorder, RecordError, Recording, recover
from fluoroview.recording.space import SpaceAhead, end_of_file


def _harm_frame(path, index):
    """Change one byte in the middle of a stored image."""
    with h5py.File(path, "r") as file:
        chunk = file["images"].id.get_chunk_info(index)
    with path.open("r+b") as file:
        file.seek(chunk.byte_offset + chunk.size // 2)
        byte = file.read(1)[0]
        file.seek(-1, 1)
        file.write(bytes([byte ^ 0x40]))


def test_a_damaged_frame_is_told_by_its_number_and_the_others_are_whole(recording_path, bench):
    _harm_frame(recording_path, 12)
    with Recording(recording_path) as recording:
        with pytest.raises(RecordError, match=r"Frame 102 of the recording .* is damaged"):
            recording.read(12)
        np.testing.assert_array_equal(recording.read(13), bench.pixels_of(103))


def test_recover_leaves_damaged_frames_behind_and_says_how_many(recording_path):
    _harm_frame(recording_path, 3)
    report = recover(recording_path)
    assert (report.frames, report.damaged, report.pulses, report.runs) == (14, 1, 15, 2)
    assert "1 frame is damaged and could not be saved." in report.sentence
    assert json.loads(json.dumps(report.as_dict()))["damaged"] == 1
    with Recording(report.saved) as saved:
        assert [header.frame_number for header in saved.headers[:4]] == [0, 1, 2, 4]
        assert saved.runs[0].recorded == 9


def test_recover_tells_its_progress(recording_path):
    steps = []
    assert recover(recording_path, progress=lambda *step: steps.append(step)).whole
    assert steps == [(done, 15) for done in range(1, 16)]


@pytest.fixture
def long_recording(make_bench, tmp_path, wait_for_frames):
    """60 frames of 128 × 128: long enough to be cut in the middle."""
    bench = make_bench((128, 128))
    recorder = Recorder(bench.ring, tmp_path / "long.fluoro.h5", bench.info, clock=bench.clock)
    for run in range(1, 7):
        recorder.end_run(bench.run_of(run, range(run * 10, run * 10 + 10)))
        wait_for_frames(recorder, run * 10)
    recorder.close()
    return recorder.path


@pytest.mark.parametrize("kept", [0.95, 0.6])
def test_a_copy_that_was_cut_short_gives_what_is_in_it(long_recording, kept):
    content = long_recording.read_bytes()
    cut = long_recording.with_name("cut.fluoro.h5")
    cut.write_bytes(content[: int(len(content) * kept)])
    with Recording(cut) as recording:
        assert any("bytes are missing at its end" in text for text in recording.damage)
    report = recover(cut)
    assert 60 * kept - 12 < report.frames < 60
    with Recording(report.saved) as saved, Recording(long_recording) as original:
        places = {header.frame_number: index for index, header in enumerate(original.headers)}
        for index, header in enumerate(saved.headers):
            place = places[header.frame_number]
            assert (saved.read(index) == original.read(place)).all()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is not a recording of FluoroView"),
        (b"not HDF5 at all" * 100, "is not a recording of FluoroView"),
        (b"\x89HDF\r\n\x1a\n" + bytes(500), "is not a recording of FluoroView"),
    ],
)
def test_other_files_are_refused(tmp_path, content, said):
    path = tmp_path / "other.h5"
    path.write_bytes(content)
    with pytest.raises(RecordError, match=said):
        Recording(path)


def test_a_file_that_is_not_there_is_a_sentence(tmp_path):
    with pytest.raises(RecordError, match=r"none\.h5 cannot be read: No such file"):
        Recording(tmp_path / "none.h5")


def test_another_hdf5_file_is_refused(tmp_path):
    with h5py.File(tmp_path / "other.h5", "w") as file:
        file["x"] = 1
    with pytest.raises(RecordError, match="an HDF5 file, but not a recording"):
        Recording(tmp_path / "other.h5")


def test_a_later_format_is_refused_with_both_versions(recording_path):
    with h5py.File(recording_path, "r+") as file:
        file.attrs["format_version"] = 9
    with pytest.raises(RecordError, match=r"format version 9, but this FluoroView reads up to 1"):
        Recording(recording_path)


def test_missing_attributes_are_a_sentence(recording_path):
    with h5py.File(recording_path, "r+") as file:
        del file.attrs["started_utc"]
    with pytest.raises(RecordError, match="is damaged where it begins"):
        Recording(recording_path)


def test_space_is_taken_ahead_and_given_back(tmp_path):
    path = tmp_path / "file.h5"
    with h5py.File(path, "w", libver="latest") as file:
        file["x"] = np.arange(1000)
    size = path.stat().st_size
    space = SpaceAhead(path)
    space.need(size, 1000)
    assert path.stat().st_size > size + 60_000_000
    space.close(trim=True)
    assert path.stat().st_size == size


def test_the_stated_end_is_read_only_from_a_superblock_that_is_known():
    assert end_of_file(b"") is None
    assert end_of_file(bytes(64)) is None
    assert end_of_file(b"\x89HDF\r\n\x1a\n\x00" + bytes(55)) is None
