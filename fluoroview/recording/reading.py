"""`Recording`: a recording as it lies on disk, whole or damaged, read without changing it."""

import io
import zlib
from datetime import datetime
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np

from fluoroview.hal import FrameFormat, FrameHeader, Pulse
from fluoroview.hal.frame import Pixels
from fluoroview.recording.errors import RecordError
from fluoroview.recording.layout import (
    ENDINGS,
    FORMAT,
    TABLE_BLOCK,
    VERSION,
    Ending,
    RecordingInfo,
    account_of,
    header_of,
    pulse_of,
)
from fluoroview.recording.space import end_of_file
from fluoroview.recording.writing import writer_alive

_H5_ERRORS = (OSError, RuntimeError, KeyError, ValueError)
_RECOVER = "`fluoroview recover` says what of it can be saved, and saves it."


class Recording:
    """A recording opened for reading. One thread at a time.

    Raises RecordError when the file is not a recording, or when nothing of it can be read. A
    recording that was cut off (killed process, full disk, truncated copy) opens, too: what is
    whole can be read, and `damage` says in sentences what is not.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self.damage: list[str] = []
        self._stream, self._file = _open(self.path)
        try:
            self._read_all()
        except RecordError:
            self.close()
            raise
        except _H5_ERRORS as error:
            self.close()
            raise RecordError(
                f"The recording {self.path} is damaged where it begins: {error}.",
                "Nothing of it can be read; look for another copy.",
            ) from error

    def _read_all(self) -> None:
        attributes = dict(self._file.attrs)
        if attributes.get("format") != FORMAT:
            raise RecordError(
                f"{self.path} is an HDF5 file, but not a recording of FluoroView.",
                "Choose a file that FluoroView recorded.",
            )
        version = int(attributes["format_version"])
        if version > VERSION:
            raise RecordError(
                f"The recording {self.path} has format version {version}, but this FluoroView "
                f"reads up to {VERSION}.",
                "Install a newer FluoroView.",
            )
        self.info = RecordingInfo.from_attributes(attributes)
        self.fluoroview_version = str(attributes["fluoroview_version"])
        self.started_utc = datetime.fromisoformat(attributes["started_utc"])
        self.started_host_time_ns = int(attributes["started_host_time_ns"])
        self._writer = str(attributes["writer"])
        self._images = self._file["images"]
        _, rows, columns = self._images.shape
        self.format = FrameFormat(rows, columns, str(self._images.dtype))
        self._read_tables()

    def _read_tables(self) -> None:
        frame_rows, places = self._table("frames")
        self._rows, self._places = frame_rows, places
        self._pulse_rows, _ = self._table("pulses")
        self.ending, promised = self._read_ending()
        lost = promised - len(frame_rows)
        if lost > 0:
            self.damage.append(f"The headers of {lost} frames cannot be read.")
        try:
            self.runs = [account_of(row) for row in self._file["runs"][:]]
        except _H5_ERRORS as error:
            self.runs = []
            self.damage.append(f"The accounts of the runs cannot be read: {error}.")
        if self._stream.cut_off:
            self.damage.append(f"{self._stream.cut_off} bytes are missing at its end.")
        if self.ending is Ending.OPEN and not self.in_progress:
            self.damage.append("It was not closed: it was cut off while it was recorded.")

    @property
    def in_progress(self) -> bool:
        """Whether the process that writes this recording is still at it."""
        return self.ending is Ending.OPEN and writer_alive(self._writer)

    @property
    def frame_count(self) -> int:
        """Number of frames whose headers can be read."""
        return len(self._rows)

    @cached_property
    def headers(self) -> list[FrameHeader]:
        """The header of each frame."""
        return [header_of(row) for row in self._rows]

    @cached_property
    def pulses(self) -> list[tuple[int, Pulse]]:
        """Each pulse with the number of its run."""
        return [(int(row["run"]), pulse_of(row)) for row in self._pulse_rows]

    @property
    def left_out(self) -> int:
        """Frames that were delivered but not recorded, because the disk was slow."""
        return sum(account.left_out for account in self.runs)

    def read(self, index: int, out: Pixels | None = None) -> Pixels:
        """Return the pixels of frame `index` (rows × columns), checked against their checksum.

        Raises RecordError when they are damaged.
        """
        if out is None:
            out = np.empty((self.format.rows, self.format.columns), self.format.dtype)
        try:
            self._images.read_direct(out, np.s_[int(self._places[index])])
        except _H5_ERRORS as error:
            raise self._damaged(index, str(error)) from error
        if zlib.crc32(out.data) != self._rows[index]["crc32"]:
            raise self._damaged(index, "its checksum does not fit")
        return out

    def chunk(self, index: int) -> tuple[FrameHeader, int, bytes]:
        """Return header, checksum and compressed bytes of frame `index`, after checking it."""
        self.read(index)
        _, data = self._images.id.read_direct_chunk((int(self._places[index]), 0, 0))
        return self.headers[index], int(self._rows[index]["crc32"]), bytes(data)

    def close(self) -> None:
        """Close the file; twice does no harm."""
        self._file.close()
        self._stream.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self.close()

    def _read_ending(self) -> tuple[Ending, int]:
        try:
            row = self._file["ending"][0]
            return ENDINGS[int(row["ending"])], int(row["frames"])
        except (*_H5_ERRORS, IndexError):
            return Ending.OPEN, 0

    def _table(self, name: str) -> tuple[Any, Any]:
        """Return the rows that were written and can be read, and their places in the table."""
        table = self._file[name]
        parts, places = [], []
        for first in range(0, table.shape[0], TABLE_BLOCK):
            try:
                rows = table[first : first + TABLE_BLOCK]
            except _H5_ERRORS:
                self.damage.append(f"Part of its table {name!r} cannot be read.")
                continue
            stored = np.flatnonzero(rows["stored"] == 1)
            parts.append(rows[stored])
            places.append(stored + first)
        if not parts:
            return np.empty(0, table.dtype), np.empty(0, np.int64)
        return np.concatenate(parts), np.concatenate(places)

    def _damaged(self, index: int, reason: str) -> RecordError:
        number = self.headers[index].frame_number
        return RecordError(
            f"Frame {number} of the recording {self.path} is damaged: {reason}.", _RECOVER
        )


class _Lengthened(io.RawIOBase):
    """A file as long as its superblock says, with zeros where it was cut off.

    HDF5 refuses a file that is shorter than it should be, although most of it may be whole.
    """

    def __init__(self, path: Path) -> None:
        self._file = path.open("rb", buffering=0)
        size = self._file.seek(0, io.SEEK_END)
        self._file.seek(0)
        stated = end_of_file(self._file.read(64) or b"") or 0
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


def _open(path: Path) -> tuple[_Lengthened, Any]:
    import h5py
    import hdf5plugin  # noqa: F401 - registers the filter

    try:
        stream = _Lengthened(path)
    except OSError as error:
        raise RecordError(
            f"The recording {path} cannot be read: {error.strerror or error}.", "Check its name."
        ) from error
    try:
        return stream, h5py.File(stream, "r")
    except _H5_ERRORS as error:
        stream.close()
        raise RecordError(
            f"{path} is not a recording of FluoroView, or its beginning is damaged.",
            f"Choose a file that FluoroView recorded. HDF5 says: {error}.",
        ) from error
