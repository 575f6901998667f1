"""The loop buffer: the images of at least the last 60 s, on disk, as they were shown.

One file of fixed size, allocated in advance, so that a full disk shows at the start and not in the
middle of a run, and memory stays flat. It has no name (it vanishes with the process). A thread of
its own writes; if the disk is too slow, images are missing from the loop and counted, and the
live image is not delayed.
"""

import os
import queue
import tempfile
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from io import FileIO
from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt
from platformdirs import user_cache_dir

from fluoroview.hal import Exposure, FluoroError, FrameHeader
from fluoroview.session.images.image_pool import ImageBuffer, ImagePixels

MIN_SECONDS = 2.0
WAITING_IMAGES = 4


class LoopBufferError(FluoroError):
    """A stored image that is no longer available."""


@dataclass(frozen=True, slots=True)
class LoopEntry:
    """One stored image: its number, where, when committed, in which run, with which exposure.

    `source` is whose window it is shown with; the images of a run may be subtracted or not.
    """

    serial: int
    place: int
    host_time_ns: int
    run: int
    frame_number: int
    exposure: Exposure | None
    source: int = 0


class LoopBuffer:
    """A ring of images on disk. `add` from one thread, everything else from any."""

    def __init__(
        self,
        rows: int,
        columns: int,
        rate_hz: float,
        *,
        seconds: float = 60.0,
        folder: Path | None = None,
        on_problem: Callable[[str, str], None] = lambda _what, _remedy: None,
    ) -> None:
        self.rows = rows
        self.columns = columns
        self.rate_hz = rate_hz
        self.missing = 0
        """Images that the disk was too slow for."""
        self._image_bytes = rows * columns * 2
        self._on_problem = on_problem
        self._lock = threading.Lock()
        self._entries: list[LoopEntry] = []
        self._next_serial = 0
        self._oldest = 0  # serial of the oldest image that is whole
        self._failed = False
        self._folder = folder or Path(user_cache_dir("fluoroview"))
        self.capacity = 0
        self._file = self._make_file(rate_hz, seconds)
        self._waiting: queue.Queue[tuple[ImageBuffer, FrameHeader, int] | None] = queue.Queue(
            WAITING_IMAGES
        )
        self._thread = threading.Thread(target=self._write_all, name="loop buffer", daemon=True)
        self._thread.start()

    def _make_file(self, rate_hz: float, seconds: float) -> FileIO | None:
        """Allocate the space, or as much of it as there is; None when there is none."""
        requested_s = seconds
        while requested_s >= MIN_SECONDS:
            images = int(requested_s * rate_hz) + 1
            try:
                file = _anonymous_file(self._folder, images * self._image_bytes)
            except OSError as error:
                reason = error.strerror or str(error)
                requested_s /= 2
                continue
            self.capacity = images
            if requested_s < seconds:
                self._on_problem(
                    f"The loop buffer holds only the last {requested_s:.0f} s instead of "
                    f"{seconds:.0f} s, because there is no space in {self._folder} ({reason}).",
                    "Free some disk space, or name another folder as loop.folder in the room.",
                )
            return file
        self._on_problem(
            f"The images of this session are not kept for replay: there is no space in "
            f"{self._folder} ({reason}).",
            "Free some disk space, or name another folder as loop.folder in the room. "
            "Live image, last-image hold and dose are not affected.",
        )
        return None

    def add(self, image: ImageBuffer, header: FrameHeader, source: int = 0) -> None:
        """Store one image; returns at once."""
        if self._file is None or self._failed:
            return
        try:
            self._waiting.put_nowait((image.keep(), header, source))
        except queue.Full:
            image.drop()
            self.missing += 1

    def fits(self, rows: int, columns: int, rate_hz: float) -> bool:
        """Return whether it can continue with images of this size and rate."""
        usable = self._file is not None and not self._failed
        return usable and (self.rows, self.columns, self.rate_hz) == (rows, columns, rate_hz)

    def carry_over(self) -> None:
        """Keep what it holds over a restart of the device, which counts its runs from 1 again.

        The runs until now get negative numbers, so that none is mistaken for a later one.
        """
        self.flush()
        with self._lock:
            lowest = min((entry.run for entry in self._entries), default=0)
            self._entries = [
                replace(entry, run=min(lowest, 0) - entry.run) if entry.run > 0 else entry
                for entry in self._entries
            ]

    def flush(self) -> None:
        """Wait until all that was added is stored."""
        self._waiting.join()

    def _write_all(self) -> None:
        while (item := self._waiting.get()) is not None:
            image, header, source = item
            try:
                self._write(image.pixels, header, source)
            except OSError as error:
                self._failed = True
                self._on_problem(
                    f"The loop buffer stopped: writing to {self._folder} failed "
                    f"({error.strerror or error}). What it holds can still be replayed.",
                    "Free some disk space and reconnect the device.",
                )
            finally:
                image.drop()
                self._waiting.task_done()
        self._waiting.task_done()

    def _write(self, pixels: ImagePixels, header: FrameHeader, source: int) -> None:
        assert self._file is not None
        serial = self._next_serial
        place = serial % self.capacity
        entry = LoopEntry(
            serial,
            place,
            header.host_time_ns,
            header.run,
            header.frame_number,
            header.exposure,
            source,
        )
        with self._lock:
            if len(self._entries) >= self.capacity:  # forgotten before it is overwritten
                del self._entries[0]
                self._oldest = self._entries[0].serial if self._entries else serial
            _write_at(self._file, pixels.data.cast("B"), place * self._image_bytes)
            self._entries.append(entry)
        self._next_serial = serial + 1

    def snapshot(self, last_run_only: bool = False) -> "LoopCine":
        """Return what is stored now as a cine; later images replace its oldest."""
        self.flush()
        with self._lock:
            entries = list(self._entries)
        if last_run_only and entries:
            entries = [entry for entry in entries if entry.run == entries[-1].run]
        return LoopCine(self, entries)

    def read(self, entry: LoopEntry, out: ImagePixels) -> ImagePixels:
        """Read a stored image into `out`.

        Raises LoopBufferError when newer images replaced it, or the buffer was closed.
        """
        with self._lock:
            if self._file is None:
                raise LoopBufferError(
                    "Loop unavailable: the device was disconnected.",
                    "Save a loop before disconnecting.",
                    code="FV-SES-021",
                )
            if self._oldest > entry.serial:
                raise LoopBufferError(
                    "Newer images replaced the oldest images of this loop.",
                    "Release the pedal, then replay or save it.",
                    code="FV-SES-022",
                )
            _read_at(self._file, out.data.cast("B"), entry.place * self._image_bytes)
        return out

    def close(self) -> None:
        """Stop writing and release the disk space."""
        self._waiting.put(None)
        self._thread.join()
        with self._lock:
            file, self._file = self._file, None
        if file is not None:
            file.close()


class LoopCine:
    """The stored images as a `Cine`: in their own timing, without the pauses between runs."""

    def __init__(self, loop_buffer: LoopBuffer, entries: list[LoopEntry]) -> None:
        self._loop_buffer = loop_buffer
        self.entries = entries
        self._durations_ms = _durations_ms(entries)

    @property
    def frame_count(self) -> int:
        """Number of images."""
        return len(self.entries)

    @property
    def rows(self) -> int:
        """Rows of each image."""
        return self._loop_buffer.rows

    @property
    def columns(self) -> int:
        """Columns of each image."""
        return self._loop_buffer.columns

    def read(self, index: int, out: npt.NDArray[np.uint16] | None = None) -> npt.NDArray[np.uint16]:
        """Return image `index`."""
        if out is None:
            out = np.empty((self.rows, self.columns), np.uint16)
        return self._loop_buffer.read(self.entries[index], out)

    def source_of(self, index: int) -> int:
        """Return whose window image `index` is shown with."""
        return self.entries[index].source

    def duration_ms(self, index: int) -> float:
        """Return how long image `index` stayed on the screen, ms."""
        return self._durations_ms[index]


def _durations_ms(entries: list[LoopEntry]) -> list[float]:
    """Return the gap after each image; after the last of a run, the run's usual gap."""
    gaps = [
        (after.host_time_ns - before.host_time_ns) / 1e6 if after.run == before.run else np.nan
        for before, after in pairwise(entries)
    ] + [np.nan]
    known = [gap for gap in gaps if not np.isnan(gap)]
    usual = float(np.median(known)) if known else 1000.0 / 15
    return [usual if np.isnan(gap) else gap for gap in gaps[: len(entries)]]


def _anonymous_file(folder: Path, size: int) -> FileIO:
    """Return a nameless file of `size` bytes whose space is allocated."""
    folder.mkdir(parents=True, exist_ok=True)
    file = tempfile.TemporaryFile(dir=folder, prefix="loop-", buffering=0)  # noqa: SIM115 - kept open
    try:
        if hasattr(os, "posix_fallocate"):
            os.posix_fallocate(file.fileno(), 0, size)
        else:
            file.truncate(size)
    except OSError:
        file.close()
        raise
    return file


def _write_at(file: FileIO, data: memoryview, offset: int) -> None:
    file.seek(offset)
    while data:
        data = data[file.write(data) :]


def _read_at(file: FileIO, data: memoryview, offset: int) -> None:
    file.seek(offset)
    while data:
        count = file.readinto(data)
        if not count:
            raise OSError("the loop buffer is shorter than it should be")
        data = data[count:]
