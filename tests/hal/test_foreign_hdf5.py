"""HDF5 files from outside cost at most the process that reads them."""

import os
import signal
import zlib

import h5py
import numpy as np
import pytest

from fluoroview.hal.foreign_hdf5 import DatasetSpec, ForeignHdf5Error, Hdf5Reader, Trouble

VALUES = DatasetSpec("values", "fu", 1, 1000)
SQUARE = DatasetSpec("values", "fu", 2, 50_000, 50_000)


@pytest.fixture(scope="module")
def reader():
    with Hdf5Reader() as reader:
        yield reader


@pytest.fixture
def path(tmp_path):
    return tmp_path / "foreign.h5"


def trouble_with(reader, path, spec=VALUES):
    with pytest.raises(ForeignHdf5Error) as caught:
        reader.read(path, ("",), (spec,), cpu_s=1.0)
    return caught.value.trouble


def test_attributes_and_data_are_read(reader, path):
    with h5py.File(path, "w") as file:
        file["values"] = np.arange(5.0)
        file.attrs.update(text="µGy", number=7, fraction=0.5, flag=True, several=[1, 2])
        file.create_group("key/mode").attrs["Width"] = 512
    content = reader.read(path, ("", "key/mode", "lag"), (VALUES,))
    assert content.attributes[""] == {
        "text": "µGy",
        "number": 7,
        "fraction": 0.5,
        "flag": True,
        "several": [1, 2],
    }
    assert content.attributes["key/mode"] == {"Width": 512}
    assert "lag" not in content.attributes
    np.testing.assert_array_equal(content.arrays["values"], np.arange(5.0))


def test_what_a_file_does_not_have_is_not_in_the_content(reader, path):
    h5py.File(path, "w").close()
    assert reader.read(path, ("",), (VALUES,)).arrays == {}


def a_soft_link(file, _folder):
    file["other"] = np.arange(3.0)
    file["values"] = h5py.SoftLink("/other")


def an_external_link(file, folder):
    with h5py.File(folder / "other.h5", "w") as other:
        other["values"] = np.arange(3.0)
    file["values"] = h5py.ExternalLink("other.h5", "values")


def an_external_link_to_a_pipe(file, folder):
    os.mkfifo(folder / "pipe")
    file["values"] = h5py.ExternalLink("pipe", "values")


def a_virtual_dataset(file, folder):
    layout = h5py.VirtualLayout((3,), "f8")
    layout[:] = h5py.VirtualSource(folder / "other.h5", "values", shape=(3,))
    file.create_virtual_dataset("values", layout)


def external_storage(file, folder):
    (folder / "secret").write_bytes(bytes(24))
    file.create_dataset("values", (3,), "f8", external=[(str(folder / "secret"), 0, 24)])


def values_of_python(file, _folder):
    file.create_dataset("values", (3,), h5py.string_dtype())


def too_many_dimensions(file, _folder):
    file["values"] = np.zeros((2, 2))


def too_many_rows(file, _folder):
    file.create_dataset("values", (2**40,), "f8", chunks=(1000,))


def chunks_that_are_too_large(file, _folder):
    file.create_dataset("values", (1000,), "f8", chunks=(2**26,), maxshape=(None,))


def a_group(file, _folder):
    file.create_group("values")


@pytest.mark.parametrize(
    "make",
    [
        a_soft_link,
        an_external_link,
        an_external_link_to_a_pipe,
        a_virtual_dataset,
        external_storage,
        values_of_python,
        too_many_dimensions,
        too_many_rows,
        chunks_that_are_too_large,
        a_group,
    ],
)
def test_what_is_not_plain_data_of_a_bounded_size_is_refused(reader, path, make):
    with h5py.File(path, "w") as file:
        make(file, path.parent)
    assert trouble_with(reader, path) is Trouble.REFUSED


def test_a_small_file_that_unpacks_to_gigabytes_is_given_up(reader, path):
    with h5py.File(path, "w") as file:
        file.create_dataset(
            "values", (40_000, 40_000), "u4", chunks=(4000, 4000), compression="gzip"
        )
        file["values"].id.write_direct_chunk((0, 0), b"\x78\x9c" + bytes(100))
    assert path.stat().st_size < 100_000
    assert trouble_with(reader, path, SQUARE) in (
        Trouble.TOO_LARGE,
        Trouble.ENDLESS,
        Trouble.DAMAGED,
    )


def test_a_chunk_that_inflates_to_4_gb_is_given_up(reader, path):
    compressor = zlib.compressobj()
    header = compressor.compress(b"") + compressor.flush(zlib.Z_FULL_FLUSH)
    inflates_to_64_mb = compressor.compress(bytes(64 << 20)) + compressor.flush(zlib.Z_FULL_FLUSH)
    with h5py.File(path, "w") as file:
        file.create_dataset("values", (1000,), "f8", chunks=(1000,), compression="gzip")
        file["values"].id.write_direct_chunk((0,), header + inflates_to_64_mb * 64)
    assert path.stat().st_size < 10_000_000
    assert trouble_with(reader, path) in (Trouble.TOO_LARGE, Trouble.ENDLESS, Trouble.DAMAGED)


def test_a_pipe_and_another_file_are_not_hdf5(reader, path):
    path.write_bytes(b"no HDF5" * 100)
    assert trouble_with(reader, path) is Trouble.NOT_HDF5
    os.mkfifo(path.with_name("pipe"))
    assert trouble_with(reader, path.with_name("pipe")) is Trouble.NOT_HDF5


def test_a_missing_file_is_an_error_of_the_system(reader, path):
    with pytest.raises(FileNotFoundError):
        reader.read(path, ("",), ())


def test_code_in_the_current_folder_does_not_run(path, monkeypatch, tmp_path):
    with h5py.File(path, "w") as file:
        file["values"] = np.arange(3.0)
    (tmp_path / "h5py.py").write_text("raise SystemExit(3)")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", os.pathsep + os.environ.get("PYTHONPATH", ""))
    with Hdf5Reader() as reader:
        assert len(reader.read(path, ("",), (VALUES,)).arrays["values"]) == 3


def test_a_child_that_computes_too_long_is_ended_and_the_next_file_is_read(path, monkeypatch):
    with h5py.File(path, "w") as file:
        file["values"] = np.arange(3.0)
    endless = path.with_name("endless.py")
    endless.write_text(
        "import sys\n"
        "sys.path.insert(0, sys.argv[0].rsplit('/', 1)[0])\n"
        "import resource\n"
        "for line in sys.stdin:\n"
        "    resource.setrlimit(resource.RLIMIT_CPU, (1, 5))\n"
        "    while True: pass\n"
    )
    with Hdf5Reader() as reader:
        with monkeypatch.context() as patch:
            patch.setattr("fluoroview.hal.foreign_hdf5._CHILD", endless)
            assert trouble_with(reader, path) is Trouble.ENDLESS
        assert len(reader.read(path, ("",), (VALUES,)).arrays["values"]) == 3


def test_a_child_that_crashes_is_a_damaged_file_and_the_next_one_is_read(path):
    with h5py.File(path, "w") as file:
        file["values"] = np.arange(3.0)
    with Hdf5Reader() as reader:
        reader.read(path, ("",), (VALUES,))
        reader._child.send_signal(signal.SIGSEGV)
        reader._child.wait()
        assert trouble_with(reader, path) is Trouble.CRASHED
        assert len(reader.read(path, ("",), (VALUES,)).arrays["values"]) == 3


@pytest.mark.parametrize("libver", ["earliest", "latest"])
def test_zeroed_bytes_anywhere_in_the_structure_end_in_a_sentence_or_in_data(path, libver):
    with h5py.File(path, "w", libver=libver) as file:
        for number in range(12):
            file[f"group{number}/values"] = np.arange(100.0)
            file.attrs[f"a{number}"] = "x" * 50
        file.create_dataset("values", data=np.arange(500.0), chunks=(20,), compression="gzip")
    good = path.read_bytes()
    with Hdf5Reader() as reader:
        for at in range(8, min(len(good), 6000), 97):
            path.write_bytes(good[:at] + bytes(10) + good[at + 10 :])
            try:
                content = reader.read(path, ("", "group3"), (VALUES,), cpu_s=1.0)
            except ForeignHdf5Error:
                continue
            assert len(content.arrays.get("values", ())) in (0, 500)
