"""Files that are damaged, cut short, or something else altogether."""

import contextlib
import json
import stat
import subprocess
import sys
import textwrap

import h5py
import numpy as np
import pytest

from fluoroview.hal.foreign_hdf5 import Hdf5Reader
from fluoroview.hal.foreign_hdf5_child import stated_end
from fluoroview.hal.testing import has_code
from fluoroview.recording import Recorder, RecordError, Recording, recover
from fluoroview.recording.compression import make_decompressor
from fluoroview.recording.space import SpaceAhead


def _harm_frame(path, index):
    """Change one byte in the middle of a stored image."""
    with h5py.File(path, "r") as file:
        chunk = file["images"].id.get_chunk_info(index)
    with path.open("r+b") as file:
        file.seek(chunk.byte_offset + chunk.size // 2)
        byte = file.read(1)[0]
        file.seek(-1, 1)
        file.write(bytes([byte ^ 0x40]))


def test_a_damaged_frame_is_named_by_its_number_and_the_others_are_whole(recording_path, bench):
    _harm_frame(recording_path, 12)
    with Recording(recording_path) as recording:
        with pytest.raises(RecordError, check=has_code("FV-REC-005")):
            recording.read(12)
        np.testing.assert_array_equal(recording.read(13), bench.pixels_of(103))


def test_recover_skips_damaged_frames_and_reports_how_many(recording_path):
    _harm_frame(recording_path, 3)
    report = recover(recording_path)
    assert (report.frames, report.damaged, report.pulses, report.runs) == (14, 1, 15, 2)
    assert "1 frame is damaged and could not be saved." in report.sentence
    assert json.loads(json.dumps(report.as_dict()))["damaged"] == 1
    with Recording(report.saved) as saved:
        assert [header.frame_number for header in saved.headers[:4]] == [0, 1, 2, 4]
        assert saved.runs[0].recorded == 9


def test_recover_reports_its_progress(recording_path):
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
def test_a_copy_that_was_cut_short_yields_its_whole_frames(long_recording, kept):
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
    ("content", "sentence"),
    [
        (b"", "is not a recording of FluoroView"),
        (b"not HDF5 at all" * 100, "is not a recording of FluoroView"),
        (b"\x89HDF\r\n\x1a\n" + bytes(500), "is not a recording of FluoroView"),
    ],
)
def test_other_files_are_refused(tmp_path, content, sentence):
    path = tmp_path / "other.h5"
    path.write_bytes(content)
    with pytest.raises(RecordError, match=sentence):
        Recording(path)


def test_a_missing_file_is_a_sentence(tmp_path):
    with pytest.raises(RecordError, check=has_code("FV-REC-002")):
        Recording(tmp_path / "none.h5")


def test_another_hdf5_file_is_refused(tmp_path):
    with h5py.File(tmp_path / "other.h5", "w") as file:
        file["x"] = 1
    with pytest.raises(RecordError, check=has_code("FV-REC-003")):
        Recording(tmp_path / "other.h5")


def test_a_later_format_is_refused_with_both_versions(recording_path):
    with h5py.File(recording_path, "r+") as file:
        file.attrs["format_version"] = 9
    with pytest.raises(RecordError, check=has_code("FV-REC-004")):
        Recording(recording_path)


def test_missing_attributes_are_a_sentence(recording_path):
    with h5py.File(recording_path, "r+") as file:
        del file.attrs["started_utc"]
    with pytest.raises(RecordError, check=has_code("FV-REC-001")):
        Recording(recording_path)


def replaced(path, name, make):
    with h5py.File(path, "r+") as file:
        del file[name]
        make(file)


def external_link(file):
    file["images"] = h5py.ExternalLink("/dev/zero", "images")


def virtual_images(file):
    layout = h5py.VirtualLayout((15, 24, 40), "u2")
    layout[:] = h5py.VirtualSource("elsewhere.h5", "images", shape=(15, 24, 40))
    file.create_virtual_dataset("images", layout)


def external_images(file):
    file.create_dataset("images", (15, 24, 40), "u2", external=[("/dev/zero", 0, 28_800)])


def huge_images(file):
    file.create_dataset("images", (15, 32_000, 32_000), "u2", chunks=(1, 32_000, 32_000))


def images_of_another_filter(file):
    file.create_dataset("images", (15, 24, 40), "u2", chunks=(1, 24, 40), compression="gzip")


def images_of_floats(file):
    file.create_dataset("images", (15, 24, 40), "f8", chunks=(1, 24, 40))


def no_images(_file):
    pass


@pytest.mark.parametrize(
    "make",
    [
        external_link,
        virtual_images,
        external_images,
        huge_images,
        images_of_another_filter,
        images_of_floats,
        no_images,
    ],
)
def test_images_that_no_recording_has_are_refused_with_the_file(recording_path, make):
    replaced(recording_path, "images", make)
    with pytest.raises(RecordError) as caught:
        Recording(recording_path)
    assert str(recording_path) in caught.value.what


@pytest.mark.parametrize("name", ["pulses", "runs", "ending"])
def test_a_table_that_is_missing_costs_what_it_holds_and_not_the_frames(recording_path, name):
    replaced(recording_path, name, lambda _file: None)
    with Recording(recording_path) as recording:
        assert recording.frame_count == 15
        assert recording.read(14).any()


def test_a_table_with_other_columns_is_refused(recording_path):
    replaced(
        recording_path,
        "frames",
        lambda file: file.create_dataset("frames", (15,), np.dtype([("stored", "u1")])),
    )
    with pytest.raises(RecordError, check=has_code("FV-REC-001")):
        Recording(recording_path)


def test_escape_sequences_in_a_recording_are_shown_and_not_sent(recording_path):
    with h5py.File(recording_path, "r+") as file:
        file.attrs["started_utc"] = "\x1b]0;owned\x07"
    with pytest.raises(RecordError) as caught:
        Recording(recording_path)
    assert str(caught.value).isprintable()


def test_zeroed_bytes_anywhere_cost_at_most_the_recording(recording_path):
    good = recording_path.read_bytes()
    with Hdf5Reader() as reader:
        for at in range(8, len(good), max(1, len(good) // 120)):
            recording_path.write_bytes(good[:at] + bytes(10) + good[at + 10 :])
            with (
                contextlib.suppress(RecordError),
                Recording(recording_path, reader, cpu_s=1.0) as recording,
            ):
                for index in range(recording.frame_count):
                    with contextlib.suppress(RecordError):
                        recording.read(index)


def test_a_mutated_chunk_is_a_damaged_frame(recording_path, monkeypatch):
    rng = np.random.default_rng(7)
    with Recording(recording_path) as recording:
        *_, chunk = recording.chunk(0)
        for library in (True, False):
            if not library:
                monkeypatch.setattr("fluoroview.recording.compression._library", lambda: None)
            decompressor = make_decompressor(recording.format)
            out = recording.read(0)
            expected = out.copy()
            for _ in range(200 if library else 20):
                mutated = bytearray(chunk)
                mutated[rng.integers(len(chunk))] ^= int(rng.integers(1, 256))
                with contextlib.suppress(ValueError):
                    decompressor.decompress(bytes(mutated[: rng.integers(1, len(chunk) + 1)]), out)
            decompressor.decompress(chunk, out)
            np.testing.assert_array_equal(out, expected)


def test_a_full_disk_leaves_no_recovered_file_and_reports_why(recording_path, tmp_path):
    _harm_frame(recording_path, 3)
    script = """
        import resource, sys
        from fluoroview.recording import RecordError, recover
        resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
        try:
            recover(sys.argv[1])
        except RecordError as error:
            print(error)
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script), str(recording_path)],
        capture_output=True,
        text=True,
        check=True,
    )
    assert "recording-0.recovered.fluoro.h5 was not written: the disk is full." in done.stdout
    assert list(tmp_path.iterdir()) == [recording_path]


def test_a_recording_and_what_is_recovered_are_their_owners_alone(recording_path):
    _harm_frame(recording_path, 3)
    saved = recover(recording_path).saved
    assert [stat.S_IMODE(path.stat().st_mode) for path in (recording_path, saved)] == [0o600] * 2


def test_space_is_reserved_ahead_and_released(tmp_path):
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
    assert stated_end(b"") is None
    assert stated_end(bytes(64)) is None
    assert stated_end(b"\x89HDF\r\n\x1a\n\x00" + bytes(55)) is None
