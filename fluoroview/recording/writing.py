"""`RecordingFile`: the HDF5 side of a recording, in one thread.

The file is written in HDF5's single-writer mode, in which metadata reaches the disk in an order
that is readable at every instant, and flushed by the caller: a killed process costs what came
after the last flush. h5py lets other threads run while HDF5 compresses and writes.
"""

import contextlib
import platform
import zlib
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Self

import numpy as np

from fluoroview import __version__
from fluoroview.hal import Clock, FrameFormat, FrameHeader, Pulse
from fluoroview.hal.foreign_text import plain
from fluoroview.hal.frame import Pixels
from fluoroview.hal.safe_files import clean_leftovers, create_file, reason_and_remedy
from fluoroview.recording.compression import make_compressor
from fluoroview.recording.errors import RecordError
from fluoroview.recording.layout import (
    ENDING_ROW,
    ENDINGS,
    FORMAT,
    FRAME_ROW,
    ORIGIN_NAMES,
    PULSE_ROW,
    RUN_ROW,
    TABLE_BLOCK,
    VERSION,
    Ending,
    RecordingInfo,
    RunAccount,
    frame_row,
    pulse_row,
    run_row,
)
from fluoroview.recording.space import SpaceAhead

_FRAME_SLACK = 4096
"""Bytes by which an incompressible frame, with its rows, may exceed its pixels, plus 1 %."""


class RecordingFile:
    """A recording being written to an empty file. Not thread-safe.

    Everything may raise RecordError or OSError.
    """

    def __init__(
        self, path: Path, frame_format: FrameFormat, info: RecordingInfo, clock: Clock
    ) -> None:
        self.path = path
        self.frames = 0
        self.pulses = 0
        self._format = frame_format
        self.compressor = make_compressor(frame_format)
        """None: HDF5 compresses, in the thread that writes."""
        self._chunk = self.compressor.new_chunk() if self.compressor is not None else None
        self._frame_rows: list[tuple[Any, ...]] = []
        self._pulse_rows: list[tuple[Any, ...]] = []
        self._runs: dict[int, int] = {}
        self._file = _open(path)
        self._space = SpaceAhead(path)
        try:
            self._make(frame_format, info, clock)
            self._space.need(self.bytes_written, frame_format.frame_bytes)
            self._file.swmr_mode = True
        except BaseException:
            self.discard()
            raise

    @classmethod
    def create(
        cls, path: Path, frame_format: FrameFormat, info: RecordingInfo, clock: Clock
    ) -> Self:
        """Begin a recording in a new file; an existing one is never replaced."""
        _create(path)
        return cls(path, frame_format, info, clock)

    @property
    def bytes_written(self) -> int:
        """Size of the recording so far, bytes."""
        return int(self._file.id.get_filesize())

    def add_frame(self, header: FrameHeader, pixels: Pixels) -> None:
        """Append one frame: rows × columns of the format, C-order. Raises DiskFullError."""
        if self.compressor is not None and self._chunk is not None:
            chunk = self.compressor.compress(pixels, self._chunk)
            self.add_stored_frame(header, zlib.crc32(pixels.data), chunk)
            return
        self._make_room(self._format.frame_bytes)
        self._images[self.frames] = pixels
        self._put_row(header, zlib.crc32(pixels.data))

    def add_stored_frame(self, header: FrameHeader, crc32: int, chunk: bytes | memoryview) -> None:
        """Append one frame that is already compressed as this file would."""
        self._make_room(len(chunk))
        self._images.id.write_direct_chunk((self.frames, 0, 0), chunk)
        self._put_row(header, crc32)

    def add_pulses(self, run: int, pulses: Iterable[Pulse]) -> None:
        """Append pulses."""
        self._pulse_rows += [pulse_row(run, pulse) for pulse in pulses]

    def put_run(self, account: RunAccount) -> None:
        """Write the account of a run in its row: as it stands now, or the final one."""
        row = self._runs.setdefault(account.run, len(self._runs))
        if row >= self._run_table.shape[0]:
            self._run_table.resize(row + 1, 0)
        self._run_table[row] = np.array(run_row(account), RUN_ROW)

    def flush(self) -> None:
        """Make everything so far readable, whatever happens to this process."""
        self.pulses += _append(self._pulse_table, self._pulse_rows, self.pulses)
        _append(self._frame_table, self._frame_rows, self.frames - len(self._frame_rows))
        self._pulse_rows, self._frame_rows = [], []
        self._file.flush()

    def close(self, ending: Ending) -> None:
        """Write what is pending and how the recording ended, and close."""
        try:
            self.flush()
            self._ending[0] = np.array(
                (ENDINGS.index(ending), self.frames, self.pulses), ENDING_ROW
            )
            self._images.resize(self.frames, 0)
            self._file.close()
        except BaseException:
            with contextlib.suppress(Exception):
                self._file.close()
            self._space.close(trim=False)
            raise
        self._space.close(trim=True)

    def discard(self) -> None:
        """Close and delete the file."""
        with contextlib.suppress(Exception):
            self._file.close()
        self._space.close(trim=False)
        self.path.unlink(missing_ok=True)

    def _put_row(self, header: FrameHeader, crc32: int) -> None:
        self._frame_rows.append(frame_row(header, crc32))
        self.frames += 1

    def _make_room(self, frame_bytes: int) -> None:
        """Reserve space for one more frame, on the disk and in the table of images."""
        self._space.need(self.bytes_written, frame_bytes + frame_bytes // 100 + _FRAME_SLACK)
        if self.frames >= self._images.shape[0]:
            self._images.resize(self.frames + TABLE_BLOCK, 0)

    def _make(self, frame_format: FrameFormat, info: RecordingInfo, clock: Clock) -> None:
        import hdf5plugin

        file = self._file
        file.attrs.update({"format": FORMAT, "format_version": VERSION})
        file.attrs.update(info.attributes())
        file.attrs.update(
            {
                "fluoroview_version": __version__,
                "started_utc": clock.utc_now().isoformat(),
                "started_host_time_ns": clock.monotonic_ns(),
                "writer": _writer(),
            }
        )
        shape = (frame_format.rows, frame_format.columns)
        self._images = file.create_dataset(
            "images",
            (0, *shape),
            frame_format.dtype,
            maxshape=(None, *shape),
            chunks=(1, *shape),
            **hdf5plugin.Bitshuffle(cname="lz4"),
        )
        self._frame_table = self._table("frames", FRAME_ROW)
        self._pulse_table = self._table("pulses", PULSE_ROW)
        self._pulse_table.attrs["origins"] = ORIGIN_NAMES
        self._run_table = self._table("runs", RUN_ROW, block=16)
        self._ending = file.create_dataset(
            "ending", (1,), ENDING_ROW, chunks=(1,), maxshape=(None,)
        )
        self._ending.attrs["endings"] = [str(ending) for ending in ENDINGS]

    def _table(self, name: str, row: np.dtype[Any], block: int = TABLE_BLOCK) -> Any:
        return self._file.create_dataset(name, (0,), row, maxshape=(None,), chunks=(block,))


def _create(path: Path) -> None:
    """Create the empty file of a recording, its owner's alone."""
    try:
        if not path.parent.is_dir():
            path.parent.mkdir(parents=True)
        clean_leftovers(path.parent)
    except OSError as error:
        raise _not_created(path, error) from error
    try:
        create_file(path)
    except FileExistsError as error:
        raise RecordError(
            f"There is a file {plain(path)} already.",
            "Choose another name; recordings are not replaced.",
            code="FV-REC-012",
        ) from error
    except OSError as error:
        raise _not_created(path, error) from error


def _open(path: Path) -> Any:
    """Return an empty file as HDF5."""
    import h5py  # 0.2 s, and most sessions are not recorded

    try:
        # no cache of chunks: each image goes to the disk when it comes, not in bursts
        return h5py.File(path, "w", libver="latest", rdcc_nbytes=0, locking="best-effort")
    except OSError as error:
        path.unlink(missing_ok=True)
        raise _not_created(path, error) from error


def _not_created(path: Path, error: OSError) -> RecordError:
    reason, remedy = reason_and_remedy(path, error)
    return RecordError(
        f"The recording {plain(path)} cannot be created: {reason}.", remedy, code="FV-REC-013"
    )


def _append(table: Any, rows: list[tuple[Any, ...]], at: int) -> int:
    if rows:
        table.resize(at + len(rows), 0)
        table[at:] = np.array(rows, table.dtype)
    return len(rows)


def _writer() -> str:
    """Return which process writes, so that a recording in progress does not count as broken."""
    import psutil

    process = psutil.Process()
    return f"{platform.node()}|{process.pid}|{process.create_time():.3f}"


def writer_alive(writer: str) -> bool:
    """Return whether the process that wrote a recording still runs on this computer."""
    import psutil

    node, _, rest = writer.partition("|")
    pid, _, created = rest.partition("|")
    if node != platform.node() or not pid.isdigit():
        return False
    try:
        return f"{psutil.Process(int(pid)).create_time():.3f}" == created
    except psutil.Error:
        return False


Job = Callable[[RecordingFile], None]
