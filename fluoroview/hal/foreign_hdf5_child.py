"""The process that reads HDF5 files from outside for `foreign_hdf5`, which starts it by its path.

A damaged or hostile file can crash the HDF5 library, keep it busy for ever or make it take all
memory, so the library reads such files here, under limits of memory and processor time. Requests
are JSON, one a line, on standard input; each answer is a JSON line on standard output, followed by
its arrays in NumPy's format. This file imports nothing of FluoroView, so that it starts fast.
"""

import contextlib
import io
import itertools
import json
import math
import os
import struct
import sys
from typing import Any, BinaryIO

import h5py
import numpy as np

MAX_MEMORY_BYTES = 3 << 30
MAX_ATTRIBUTES = 256
MAX_TEXT = 1 << 20
MAX_LIST = 1024
_LOOK_UP_S = 0.001
_MAX_LOOK_UP_S = 30.0
_ERRORS = (OSError, RuntimeError, KeyError, ValueError, TypeError, AttributeError, IndexError)
_STANDARD_FILTERS = {h5py.h5z.FILTER_DEFLATE, h5py.h5z.FILTER_SHUFFLE, h5py.h5z.FILTER_FLETCHER32}
_SIGNATURE = b"\x89HDF\r\n\x1a\n"


class RefusedError(Exception):
    """Something in the file that is not allowed."""


class _Pipe:
    """A pipe as NumPy can use it: it has no position."""

    def __init__(self, stream: BinaryIO) -> None:
        self.write = stream.write


class _LengthenedFile(io.RawIOBase):
    """A file as long as its superblock states, with zeros where it was cut off.

    HDF5 refuses a file that is shorter than it should be, although most of it may be whole.
    """

    def __init__(self, path: str) -> None:
        self._file = open(path, "rb", buffering=0)  # noqa: SIM115 - closed by close
        size = self._file.seek(0, io.SEEK_END)
        self._file.seek(0)
        stated = stated_end(self._file.read(64) or b"") or 0
        self._size, self._at = max(size, stated), 0
        self.cut_off = max(0, stated - size)

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        self._at = offset + (0, self._at, self._size)[whence]
        return self._at

    def readinto(self, buffer: Any) -> int:
        view = memoryview(buffer).cast("B")
        view = view[: max(0, self._size - self._at)]
        self._file.seek(self._at)
        filled = 0
        while filled < len(view) and (count := self._file.readinto(view[filled:])):
            filled += count
        view[filled:] = bytes(len(view) - filled)
        self._at += len(view)
        return len(view)

    def close(self) -> None:
        self._file.close()
        super().close()


def stated_end(superblock: bytes) -> int | None:
    """Return the end of file that an HDF5 superblock states, or None if its version is another.

    HDF5 File Format Specification 3.0, II.A.2: version 2 and 3, eight-byte offsets.
    """
    if len(superblock) < 48 or superblock[:8] != _SIGNATURE:
        return None
    version, offset_bytes = superblock[8], superblock[9]
    if version not in (2, 3) or offset_bytes != 8:
        return None
    return int(struct.unpack_from("<28xQ", superblock)[0])


def read_file(request: dict[str, Any]) -> tuple[dict[str, Any], list[np.ndarray[Any, Any]]]:
    """Return the facts and the arrays that a request asks for. Raises RefusedError."""
    facts: dict[str, Any] = {"attributes": {}, "arrays": [], "indexes": {}, "unreadable": {}}
    arrays: list[np.ndarray[Any, Any]] = []
    with contextlib.closing(_LengthenedFile(request["path"])) as stream:
        facts["cut_off_bytes"] = stream.cut_off
        try:
            file = h5py.File(stream, "r")
        except _ERRORS as error:
            return {"error": "not_hdf5", "text": str(error)}, []
        with file:
            for name in request["groups"]:
                group = find(file, name)
                if group is not None:
                    facts["attributes"][name] = read_attributes(name, group)
            for spec in request["datasets"]:
                dataset = find(file, spec["name"])
                if dataset is not None:
                    check_dataset(dataset, spec)
                    read = read_index if spec["index"] else read_data
                    names, found = read(dataset, spec, facts)
                    facts["arrays"] += names
                    arrays += found
    return facts, arrays


def find(file: Any, path: str) -> Any:
    """Return the object at a path of hard links, or None where there is none."""
    found = file
    for part in filter(None, path.split("/")):
        if not isinstance(found, h5py.Group):
            raise RefusedError(f"{path} is in something that is not a group")
        link = found.get(part, getlink=True)
        if link is None:
            return None
        if not isinstance(link, h5py.HardLink):
            raise RefusedError(f"{path} is a link to another place, and links are not followed")
        found = found[part]
    return found


def read_attributes(name: str, group: Any) -> dict[str, Any]:
    """Return the attributes of a group as plain values."""
    if not isinstance(group, h5py.Group):
        raise RefusedError(f"{name} is not a group")
    return {key: plain(group.attrs[key]) for key in itertools.islice(group.attrs, MAX_ATTRIBUTES)}


def plain(value: Any) -> Any:
    """Return an attribute as JSON can hold it; None for what it cannot."""
    if isinstance(value, np.ndarray):
        return [plain(each) for each in value.ravel()[:MAX_LIST]]
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, bytes):
        value = value.decode("utf-8", "backslashreplace")
    if isinstance(value, str):
        return value[:MAX_TEXT]
    return value if isinstance(value, bool | int | float) else None


def check_dataset(dataset: Any, spec: dict[str, Any]) -> None:
    """Raise RefusedError for a dataset that is not as asked, or whose data lies elsewhere."""
    name = spec["name"]
    if not isinstance(dataset, h5py.Dataset):
        raise RefusedError(f"{name} is not a dataset")
    if dataset.is_virtual:
        raise RefusedError(f"{name} is a virtual dataset, whose data lies in other files")
    if dataset.external is not None:
        raise RefusedError(f"{name} has its data in other files")
    shape, dtype = dataset.shape, dataset.dtype
    if dtype.hasobject or dtype.kind not in spec["kinds"]:
        raise RefusedError(f"{name} holds values of type {dtype}")
    if shape is None or len(shape) != spec["rank"]:
        raise RefusedError(f"{name} has the shape {shape} and not {spec['rank']} dimensions")
    row_items = math.prod(shape[1:])
    too_many = shape[0] * row_items > spec["max_items"]
    if shape[0] > spec["max_rows"] or row_items > spec["max_row_items"] or too_many:
        raise RefusedError(f"{name} is too large: {' × '.join(map(str, shape))}")
    if not spec["index"] and not filters_of(dataset) <= _STANDARD_FILTERS:
        raise RefusedError(f"{name} is compressed in a way that is not allowed")
    if dataset.chunks and math.prod(dataset.chunks) * dtype.itemsize > spec["max_chunk_bytes"]:
        raise RefusedError(f"{name} has chunks that are too large: {dataset.chunks}")


def filters_of(dataset: Any) -> set[int]:
    """Return the codes of the filters that a dataset's chunks go through."""
    properties = dataset.id.get_create_plist()
    return {properties.get_filter(number)[0] for number in range(properties.get_nfilters())}


def read_data(
    dataset: Any, spec: dict[str, Any], facts: dict[str, Any]
) -> tuple[list[str], list[np.ndarray[Any, Any]]]:
    """Return the data; with `block_rows`, blocks that cannot be read stay 0 and are listed."""
    block = spec["block_rows"]
    if not block:
        return [spec["name"]], [dataset[()]]
    rows = np.zeros(dataset.shape, dataset.dtype)
    unreadable = facts["unreadable"].setdefault(spec["name"], [])
    for first in range(0, len(rows), block):
        try:
            rows[first : first + block] = dataset[first : first + block]
        except _ERRORS:
            unreadable.append(first)
    return [spec["name"]], [rows]


def read_index(
    dataset: Any, spec: dict[str, Any], facts: dict[str, Any]
) -> tuple[list[str], list[np.ndarray[Any, Any]]]:
    """Return where in the file each row's chunk lies: offset, size, mask; offset -1: nowhere."""
    name, shape = spec["name"], dataset.shape
    if dataset.chunks != (1, *shape[1:]):
        raise RefusedError(f"{name} has chunks of {dataset.chunks} and not one a row")
    facts["indexes"][name] = {
        "shape": shape,
        "dtype": str(dataset.dtype),
        "filters": sorted(filters_of(dataset)),
    }
    places = np.full((shape[0], 3), -1, np.int64)

    def place(info: Any) -> None:
        row = info.chunk_offset[0]
        if info.byte_offset is not None and row < len(places):
            places[row] = info.byte_offset, info.size, info.filter_mask

    try:
        dataset.id.chunk_iter(place)
    except _ERRORS:
        _place_one_by_one(dataset, places, place)
    return [name], [places]


def _place_one_by_one(dataset: Any, places: np.ndarray[Any, Any], place: Any) -> None:
    """Look up what a damaged index still shows; it is 100 times slower than going through it."""
    missing = np.flatnonzero(places[:, 0] < 0)
    limit_cpu(min(1.0 + len(missing) * _LOOK_UP_S, _MAX_LOOK_UP_S))
    for row in missing:
        with contextlib.suppress(*_ERRORS):
            place(dataset.id.get_chunk_info_by_coord((int(row), *(0,) * (dataset.ndim - 1))))


def limit_memory() -> None:
    """Bound the memory of this process, where the system can."""
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_AS, (MAX_MEMORY_BYTES, MAX_MEMORY_BYTES))


def limit_cpu(seconds: float) -> None:
    """End this process (SIGXCPU) once it has computed so many seconds more."""
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource

        _, hard = resource.getrlimit(resource.RLIMIT_CPU)
        used = resource.getrusage(resource.RUSAGE_SELF)
        soft = math.ceil(used.ru_utime + used.ru_stime + seconds)
        resource.setrlimit(resource.RLIMIT_CPU, (soft, hard))


def answer(line: bytes, out: BinaryIO) -> None:
    """Carry out one request and write its answer."""
    request = json.loads(line)
    limit_cpu(request["cpu_s"])
    arrays: list[np.ndarray[Any, Any]] = []
    try:
        facts, arrays = read_file(request)
    except RefusedError as error:
        facts = {"error": "refused", "text": str(error)}
    except MemoryError:
        facts = {"error": "too_large", "text": "reading it needs too much memory"}
    except _ERRORS as error:
        facts = {"error": "damaged", "text": str(error)}
    out.write(json.dumps(facts).encode() + b"\n")
    for array in arrays:
        np.lib.format.write_array(_Pipe(out), array, allow_pickle=False)
    out.flush()


def main() -> None:
    """Answer requests until standard input ends."""
    limit_memory()
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints is no answer
    for line in sys.stdin.buffer:
        answer(line, out)


if __name__ == "__main__":
    main()
