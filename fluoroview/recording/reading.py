"""`Recording`: a recording as it lies on disk, whole or damaged, read without changing it.

A recording may come from anywhere. A child process reads its structure (`hal/foreign_hdf5`); the
frames are read here, each from its place in the file, and checked against their checksums.
"""

import zlib
from datetime import datetime
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from fluoroview.hal import FrameFormat, FrameHeader, Pulse
from fluoroview.hal.foreign_hdf5 import (
    CPU_S,
    ChunkIndex,
    DatasetSpec,
    ForeignHdf5Error,
    Hdf5Content,
    Hdf5Reader,
    Trouble,
)
from fluoroview.hal.foreign_text import plain
from fluoroview.hal.frame import Pixels
from fluoroview.recording.compression import FILTER, make_decompressor, max_chunk_bytes
from fluoroview.recording.errors import RecordError
from fluoroview.recording.layout import (
    ENDING_ROW,
    ENDINGS,
    FORMAT,
    FRAME_ROW,
    PULSE_ROW,
    RUN_ROW,
    TABLE_BLOCK,
    VERSION,
    Ending,
    RecordingInfo,
    account_of,
    header_of,
    pulse_of,
)
from fluoroview.recording.writing import writer_alive

MAX_FRAMES = 2_000_000
MAX_PULSES = 8_000_000
MAX_RUNS = 100_000
MAX_SIDE_PX = 16_384
MAX_FRAME_BYTES = 128 << 20
_RECOVER = "`fluoroview recover` reports what can be saved of it, and saves it."
_OTHER_FILE = "Choose a file that FluoroView recorded."
_DTYPES = ("uint8", "uint16")
_IMAGES = DatasetSpec(
    "images",
    "u",
    3,
    MAX_FRAMES + TABLE_BLOCK,
    MAX_FRAME_BYTES,
    max_chunk_bytes=MAX_FRAME_BYTES,
    index=True,
)
_TABLES = (
    DatasetSpec("frames", "V", 1, MAX_FRAMES, block_rows=TABLE_BLOCK),
    DatasetSpec("pulses", "V", 1, MAX_PULSES, block_rows=TABLE_BLOCK),
    DatasetSpec("runs", "V", 1, MAX_RUNS, block_rows=16),
    DatasetSpec("ending", "V", 1, 1, block_rows=1),
)
_ROWS = {"frames": FRAME_ROW, "pulses": PULSE_ROW, "runs": RUN_ROW, "ending": ENDING_ROW}
_BAD_VALUES = (KeyError, ValueError, TypeError, RecursionError, OverflowError)


class Recording:
    """A recording opened for reading. One thread at a time.

    Raises RecordError when the file is not a recording, or when nothing of it can be read. A
    recording that was cut off (killed process, full disk, truncated copy) opens, too: what is
    whole can be read, and `damage` lists in sentences what is not. `reader` may be shared by
    several recordings, which then need no process of their own; it may spend `cpu_s` on this one.
    """

    def __init__(
        self, path: str | Path, reader: Hdf5Reader | None = None, *, cpu_s: float = CPU_S
    ) -> None:
        self.path = Path(path)
        self.damage: list[str] = []
        content = self._read_content(reader, cpu_s)
        try:
            self._read_attributes(content.attributes.get("", {}))
            index = content.indexes["images"]
            self.format = _format_of(index)
            self._read_tables(content)
        except _BAD_VALUES as error:
            reason = f"it has no {error}" if isinstance(error, KeyError) else plain(error)
            raise RecordError(
                f"The recording {plain(self.path)} is damaged at its beginning: {reason}.",
                "Nothing of it can be read; use another copy.",
                code="FV-REC-001",
            ) from error
        self._places: npt.NDArray[np.int64] = index.places
        self._decompressor = make_decompressor(self.format)
        self._stream = self.path.open("rb")

    def _read_content(self, reader: Hdf5Reader | None, cpu_s: float) -> Hdf5Content:
        own = reader or Hdf5Reader()
        try:
            return own.read(self.path, ("",), (_IMAGES, *_TABLES), cpu_s=cpu_s)
        except OSError as error:
            raise RecordError(
                f"The recording {plain(self.path)} cannot be read: {error.strerror or error}.",
                "Check its name.",
                code="FV-REC-002",
            ) from error
        except ForeignHdf5Error as error:
            raise _refused(self.path, error) from error
        finally:
            if reader is None:
                own.close()

    def _read_attributes(self, attributes: dict[str, Any]) -> None:
        if attributes.get("format") != FORMAT:
            raise RecordError(
                f"{plain(self.path)} is an HDF5 file, but not a recording of FluoroView.",
                _OTHER_FILE,
                code="FV-REC-003",
            )
        version = int(attributes["format_version"])
        if version > VERSION:
            raise RecordError(
                f"The recording {plain(self.path)} has format version {version}, but this "
                f"FluoroView reads up to {VERSION}.",
                "Install a newer FluoroView.",
                code="FV-REC-004",
            )
        self.info = RecordingInfo.from_attributes(attributes)
        self.fluoroview_version = str(attributes["fluoroview_version"])
        self.started_utc = datetime.fromisoformat(attributes["started_utc"])
        self.started_host_time_ns = int(attributes["started_host_time_ns"])
        self._writer = str(attributes["writer"])

    def _read_tables(self, content: Hdf5Content) -> None:
        tables = {name: _table(content, name) for name in _ROWS}
        stored = np.flatnonzero(tables["frames"]["stored"] == 1)
        self._numbers = stored[stored < len(content.indexes["images"].places)]
        self._rows = tables["frames"][self._numbers]
        self._pulse_rows = tables["pulses"][tables["pulses"]["stored"] == 1]
        for name in ("frames", "pulses", "runs"):
            for _ in content.unreadable.get(name, ()):
                self.damage.append(f"Part of its table {name!r} cannot be read.")
        self.ending, promised = _ending(tables["ending"])
        lost = promised - len(self._rows)
        if lost > 0:
            self.damage.append(f"The headers of {lost} frames cannot be read.")
        self.runs = [account_of(row) for row in tables["runs"]]
        if content.cut_off_bytes:
            self.damage.append(f"{content.cut_off_bytes} bytes are missing at its end.")
        if self.ending is Ending.OPEN and not self.in_progress:
            self.damage.append("It was not closed: it was cut off while it was recorded.")

    @property
    def in_progress(self) -> bool:
        """Whether the process that writes this recording still runs."""
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
        self._read_chunk(index, out)
        return out

    def chunk(self, index: int) -> tuple[FrameHeader, int, bytes]:
        """Return header, checksum and compressed bytes of frame `index`, after checking it."""
        out = np.empty((self.format.rows, self.format.columns), self.format.dtype)
        data = self._read_chunk(index, out)
        return self.headers[index], int(self._rows[index]["crc32"]), data

    def close(self) -> None:
        """Close the file; twice does no harm."""
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

    def _read_chunk(self, index: int, out: Pixels) -> bytes:
        """Read and check a frame; return its compressed bytes. Raises RecordError."""
        offset, size, mask = (int(value) for value in self._places[self._numbers[index]])
        if offset < 0:
            raise self._damaged(index, "its pixels are missing")
        if mask or size > max_chunk_bytes(self.format):
            raise self._damaged(index, "its compressed data are damaged")
        try:
            self._stream.seek(offset)
            data = self._stream.read(size)
            self._decompressor.decompress(data, out)
        except (OSError, ValueError) as error:
            raise self._damaged(index, plain(error)) from error
        if zlib.crc32(out.data) != self._rows[index]["crc32"]:
            raise self._damaged(index, "its checksum does not match")
        return data

    def _damaged(self, index: int, reason: str) -> RecordError:
        number = self.headers[index].frame_number
        return RecordError(
            f"Frame {number} of the recording {plain(self.path)} is damaged: {reason}.",
            _RECOVER,
            code="FV-REC-005",
        )


def _format_of(images: ChunkIndex) -> FrameFormat:
    """Return the format of the frames. Raises ValueError for one that no recording has."""
    _, rows, columns = images.shape
    if images.dtype not in _DTYPES or images.filters != (FILTER,):
        raise ValueError(f"its frames are {images.dtype} with the filters {images.filters}")
    frame_format = FrameFormat(rows, columns, images.dtype)
    if not 0 < min(rows, columns) <= max(rows, columns) <= MAX_SIDE_PX:
        raise ValueError(f"frames of {columns} × {rows} px are not possible")
    if frame_format.frame_bytes > MAX_FRAME_BYTES:
        raise ValueError(f"frames of {columns} × {rows} px are too large")
    return frame_format


def _table(content: Hdf5Content, name: str) -> npt.NDArray[Any]:
    """Return a table; one that is missing is damage only where frames are."""
    rows = content.arrays.get(name)
    if rows is None:
        if name == "frames":
            raise KeyError(name)
        return np.empty(0, _ROWS[name])
    if rows.dtype != _ROWS[name]:
        raise ValueError(f"its table {name!r} has other columns")
    return rows


def _ending(rows: npt.NDArray[Any]) -> tuple[Ending, int]:
    """Return how the recording ended, and how many frames it should have."""
    if not len(rows) or rows[0]["ending"] >= len(ENDINGS):
        return Ending.OPEN, 0
    return ENDINGS[int(rows[0]["ending"])], int(rows[0]["frames"])


def _refused(path: Path, error: ForeignHdf5Error) -> RecordError:
    if error.trouble is Trouble.NOT_HDF5:
        return RecordError(
            f"{plain(path)} is not a recording of FluoroView, or its beginning is damaged.",
            f"{_OTHER_FILE} HDF5 reports: {error}.",
            code="FV-REC-006",
        )
    return RecordError(
        f"The recording {plain(path)} cannot be read: {error}.",
        "Nothing of it can be read; use another copy.",
        code="FV-REC-007",
    )
