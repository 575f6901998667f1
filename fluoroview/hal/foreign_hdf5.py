"""Reading HDF5 files from outside: recordings and calibration sets.

A child process does it (`foreign_hdf5_child`), under limits of memory and processor time, so that
a damaged or hostile file costs that process and never this one. It follows no link, opens no other
file, and checks every size before it reads.
"""

import contextlib
import json
import os
import signal
import stat
import subprocess
import sys
import threading
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Self

import numpy as np
import numpy.typing as npt

from fluoroview.hal.foreign_text import plain
from fluoroview.hal.runtime.python_child import child_environment

CPU_S = 2.0
"""Processor time that one file may take, plus what its size explains."""
_BYTES_PER_CPU_S = 50e6
_MAX_CPU_S = 60.0
_MAX_WAIT_S = 90.0
"""Time on the clock: for a disk that does not answer. It says nothing about a busy computer."""
_CHILD = Path(__file__).with_name("foreign_hdf5_child.py")
_NO_PLUGINS = {"HDF5_PLUGIN_PRELOAD": "::"}

Array = npt.NDArray[Any]


class Trouble(StrEnum):
    """What kind of trouble a file made."""

    NOT_HDF5 = "not_hdf5"
    REFUSED = "refused"
    DAMAGED = "damaged"
    TOO_LARGE = "too_large"
    CRASHED = "crashed"
    ENDLESS = "endless"


class ForeignHdf5Error(Exception):
    """A file that could not be read; the text is a clause about the file."""

    def __init__(self, trouble: Trouble, text: str) -> None:
        self.trouble = trouble
        super().__init__(text)


@dataclass(frozen=True, slots=True)
class DatasetSpec:
    """What is asked of a dataset, and how large it may be.

    `kinds` are NumPy's letters of the types that are allowed. `index`: where the chunks of the
    rows lie, not the data. `block_rows`: the rows are read in blocks of that many, and a damaged
    block does not cost the others.
    """

    name: str
    kinds: str
    rank: int
    max_rows: int
    max_row_items: int = 1
    max_items: int = 1 << 33
    max_chunk_bytes: int = 256 << 20
    block_rows: int = 0
    index: bool = False


@dataclass(frozen=True, slots=True)
class ChunkIndex:
    """Where the chunks of a dataset lie in the file, one a row.

    `places`: (rows, 3) int64: offset in bytes, size in bytes, mask of the filters that were
    skipped; an offset of -1 is a chunk that does not exist or cannot be found.
    """

    shape: tuple[int, ...]
    dtype: str
    filters: tuple[int, ...]
    places: npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Hdf5Content:
    """What was asked for of a file; what the file does not have is not in it.

    `unreadable`: the first row of each block that could not be read; its rows are 0.
    """

    attributes: dict[str, dict[str, Any]]
    arrays: dict[str, Array]
    indexes: dict[str, ChunkIndex]
    unreadable: dict[str, list[int]]
    cut_off_bytes: int


class _Readable:
    """A pipe as NumPy can use it: it has no position."""

    def __init__(self, pipe: BinaryIO) -> None:
        self._pipe = pipe

    def read(self, count: int = -1, /) -> bytes:
        return self._pipe.read(count)


class Hdf5Reader:
    """Reads files one after the other in one child process; one that costs it starts the next."""

    def __init__(self) -> None:
        self._child: subprocess.Popen[bytes] | None = None

    def read(
        self,
        path: Path,
        groups: tuple[str, ...],
        datasets: tuple[DatasetSpec, ...],
        *,
        cpu_s: float = CPU_S,
    ) -> Hdf5Content:
        """Return the attributes of the groups ("" is the file itself), and the datasets.

        Raises ForeignHdf5Error, and OSError for a file that cannot be opened.
        """
        size = _size_of(path)
        request = {
            "path": str(path.absolute()),
            "groups": groups,
            "datasets": [asdict(spec) for spec in datasets],
            "cpu_s": min(cpu_s + size / _BYTES_PER_CPU_S, _MAX_CPU_S),
        }
        child = self._started()
        timed_out = threading.Event()
        timer = threading.Timer(_MAX_WAIT_S, _end, (child, timed_out))
        timer.daemon = True
        timer.start()
        try:
            return _ask(child, request)
        except (OSError, EOFError, ValueError, KeyError, TypeError) as error:
            self.close()
            raise _loss(child.returncode, timed_out.is_set()) from error
        except ForeignHdf5Error as error:
            if error.trouble is Trouble.TOO_LARGE:
                self.close()  # what it took stays with it
            raise
        finally:
            timer.cancel()

    def close(self) -> None:
        """End the child; twice does no harm."""
        child, self._child = self._child, None
        if child is not None:
            with contextlib.suppress(OSError):
                _pipe(child.stdin).close()
            _pipe(child.stdout).close()
            with contextlib.suppress(subprocess.TimeoutExpired):
                child.wait(0.5)
            child.kill()
            child.wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self.close()

    def _started(self) -> subprocess.Popen[bytes]:
        if self._child is None:
            given = child_environment()
            kept = {key: value for key, value in given.items() if not key.startswith("HDF5_")}
            self._child = subprocess.Popen(
                [sys.executable, "-P", str(_CHILD)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=kept | _NO_PLUGINS,
            )
        return self._child


def _size_of(path: Path) -> int:
    """Return the size of a regular file. Raises ForeignHdf5Error for a pipe or a device."""
    with _opened(path) as stream:
        status = os.fstat(stream.fileno())
    return status.st_size


def _opened(path: Path) -> BinaryIO:
    if path.exists() and not stat.S_ISREG(path.stat().st_mode):
        raise ForeignHdf5Error(Trouble.NOT_HDF5, "it is not a file")
    return path.open("rb")


def _ask(child: subprocess.Popen[bytes], request: dict[str, Any]) -> Hdf5Content:
    stdin, stdout = _pipe(child.stdin), _pipe(child.stdout)
    stdin.write(json.dumps(request).encode() + b"\n")
    stdin.flush()
    line = stdout.readline()
    if not line.endswith(b"\n"):
        raise EOFError
    facts = json.loads(line)
    if "error" in facts:
        raise ForeignHdf5Error(Trouble(facts["error"]), plain(facts["text"]).rstrip("."))
    found = {name: _read_array(stdout) for name in facts["arrays"]}
    indexes = {
        name: ChunkIndex(
            tuple(index["shape"]), index["dtype"], tuple(index["filters"]), found.pop(name)
        )
        for name, index in facts["indexes"].items()
    }
    return Hdf5Content(
        facts["attributes"], found, indexes, facts["unreadable"], facts["cut_off_bytes"]
    )


def _read_array(pipe: BinaryIO) -> Array:
    array: Array = np.lib.format.read_array(_Readable(pipe), allow_pickle=False)
    return array


def _loss(returncode: int | None, timed_out: bool) -> ForeignHdf5Error:
    """Return why the child ended in the middle of a file."""
    endless = getattr(signal, "SIGXCPU", None)
    if timed_out or (endless is not None and returncode == -endless):
        return ForeignHdf5Error(Trouble.ENDLESS, "reading it does not come to an end")
    return ForeignHdf5Error(Trouble.CRASHED, "its HDF5 structure is damaged beyond reading")


def _end(child: subprocess.Popen[bytes], timed_out: threading.Event) -> None:
    timed_out.set()
    child.kill()


def _pipe(pipe: Any) -> BinaryIO:
    stream: BinaryIO = pipe
    return stream
