"""`Recorder`: every frame and pulse of a ring into a file, without delaying any other reader.

Two threads. One reads the ring, copies each frame into a buffer and releases its slot at once, so
that a slow disk never fills the ring and never delays the live image. The other compresses and
writes; two more compress large frames ahead of it. When all buffers wait for the disk, frames are
skipped, counted and reported.
"""

import queue
import threading
import zlib
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, fields, replace
from functools import partial
from pathlib import Path

import numpy as np

from fluoroview.hal import Clock, FluoroError, Frame, FrameHeader, Ledger, Pulse, SystemClock
from fluoroview.hal.frame import Pixels
from fluoroview.hal.runtime.ledger import read_ledger
from fluoroview.hal.runtime.ring import FrameRing, PulseCursor, Word
from fluoroview.recording.compression import Chunk, Compressor
from fluoroview.recording.errors import DiskFullError
from fluoroview.recording.layout import Ending, RecordingInfo, RunAccount
from fluoroview.recording.writing import Job, RecordingFile

FLUSH_S = 0.5
"""How often the file is made readable; a killed process costs at most this and what is queued."""
BUFFER_BYTES = 256 << 20
MAX_BUFFERS = 64
LARGE_FRAME_BYTES = 4 << 20
"""Frames from this size on are compressed ahead of the writing: one thread reaches 0.3 GB/s."""
PACKERS = 2
_POLL_S = 0.05
_FLUSH_NS = int(FLUSH_S * 1e9)


@dataclass(frozen=True, slots=True)
class RecordingStatus:
    """The state of a recording. `frames` are queued or written; `left_out` are neither."""

    path: Path
    frames: int
    left_out: int
    pulses: int
    pulses_missed: int
    bytes_written: int
    ending: Ending

    @property
    def running(self) -> bool:
        """Whether frames are still being recorded."""
        return self.ending is Ending.OPEN


class Recorder:
    """Records every frame committed from now on, until `close`.

    Raises RecordError when the file cannot be made. `on_problem(what, remedy)` is called from a
    thread of the recorder, once for each thing that goes wrong; the recorder never raises later.
    Close it before the ring is closed. `ring_pulses` False: another device of the room
    reports the pulses, through `add_pulses`, so that none is recorded twice.
    """

    def __init__(
        self,
        ring: FrameRing,
        path: str | Path,
        info: RecordingInfo,
        *,
        clock: Clock | None = None,
        ring_pulses: bool = True,
        on_problem: Callable[[str, str], None] = lambda _what, _remedy: None,
    ) -> None:
        self.path = Path(path)
        self._ring = ring
        self._clock = clock or SystemClock()
        self._on_problem = on_problem
        self._file = RecordingFile.create(self.path, ring.layout.format, info, self._clock)
        self._packing = _packing(self._file, ring)
        compressor = self._file.compressor if self._packing is not None else None
        self._buffers = _Buffers(ring, compressor)
        self._jobs: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._runs: dict[int, RunAccount] = {}
        self._finals: queue.SimpleQueue[Ledger] = queue.SimpleQueue()
        self._reported: queue.SimpleQueue[tuple[list[Pulse], int]] = queue.SimpleQueue()
        self._ring_pulses = ring_pulses
        self._ending = Ending.OPEN
        self._frames = self._left_out = self._pulses = self._pulses_missed = 0
        self._bytes_written = 0
        self._account_due = False
        self._accounted_ns = 0
        self._closed = False
        self._cursor = PulseCursor(ring)
        self._reader = ring.reader()
        self._reading = threading.Thread(target=self._read, name="recorder reads", daemon=True)
        self._writing = threading.Thread(target=self._write, name="recorder writes", daemon=True)
        self._writing.start()
        self._reading.start()

    @property
    def status(self) -> RecordingStatus:
        """The state of the recording now; from any thread."""
        return RecordingStatus(
            self.path,
            self._frames if self._ending is Ending.OPEN else self._file.frames,
            self._left_out,
            self._pulses,
            self._pulses_missed,
            self._bytes_written,
            self._ending,
        )

    def end_run(self, ledger: Ledger) -> None:
        """Store the final account of a run; return at once. Call it after `DeviceHost.stop`."""
        self._finals.put(ledger)
        self._reader.wake()

    def add_pulses(self, pulses: list[Pulse], missed: int = 0) -> None:
        """Record pulses that another device of the room reports; from any thread, at once."""
        self._reported.put((pulses, missed))

    def close(self) -> RecordingStatus:
        """Write what is pending, close the file, leave the ring; return how it ended."""
        self._closed = True
        self._reader.wake()
        self._reading.join()
        self._writing.join()
        return self.status

    # the thread that reads the ring

    def _read(self) -> None:
        try:
            while not self._closed and self._ending is Ending.OPEN:
                self._read_once(_POLL_S)
            while self._reader.pending > 0 and self._ending is Ending.OPEN:
                self._read_once(0.0)
            if self._ending is Ending.OPEN:
                self._read_once(0.0)  # pulses and accounts since then
                self._store_account()
        except Exception as error:
            self._stop(error)
        finally:
            self._reader.close()
            self._jobs.put(None)

    def _read_once(self, timeout_s: float) -> None:
        frame = self._reader.next(timeout_s)
        if frame is not None:
            self._take(frame)
        self._take_pulses()
        if self._account_due and self._clock.monotonic_ns() >= self._accounted_ns:
            self._store_account()
        if self._reader.pending == 0:
            self._take_finals()

    def _take(self, frame: Frame) -> None:
        header = frame.header
        buffer = self._buffers.take()
        if buffer is not None:
            np.copyto(buffer.pixels, frame.pixels)
        self._reader.release()
        account = self._account(header.run)
        if buffer is None:
            self._left_out += 1
            self._runs[header.run] = replace(account, left_out=account.left_out + 1)
            if account.left_out == 0:
                self._on_problem(
                    f"Frames are missing from the recording {self.path}: its disk is too slow.",
                    "The live image is complete. Record to a faster disk, or at a lower rate.",
                )
            return
        self._frames += 1
        self._runs[header.run] = replace(account, recorded=account.recorded + 1)

        self._jobs.put(self._frame_job(header, buffer))

    def _frame_job(self, header: FrameHeader, buffer: "_Buffer") -> Job:
        """Return what the writing thread does with a frame; begin to compress a large one."""
        packed: Future[tuple[int, memoryview]] | None = None
        if self._packing is not None:
            packed = self._packing.submit(buffer.pack)

        def job(file: RecordingFile) -> None:
            if packed is None:
                file.add_frame(header, buffer.pixels)
            else:
                file.add_stored_frame(header, *packed.result())
            self._buffers.release(buffer)

        return job

    def _take_pulses(self) -> None:
        if self._ring_pulses:
            self._store_pulses(*self._cursor.read())
        while not self._reported.empty():
            self._store_pulses(*self._reported.get())

    def _store_pulses(self, pulses: list[Pulse], missed: int) -> None:
        if not pulses and not missed:
            return
        run = int(self._ring.words[Word.RUN])
        self._pulses += len(pulses)
        self._pulses_missed += missed
        account = self._account(run)
        self._runs[run] = replace(account, pulses_missed=account.pulses_missed + missed)
        self._jobs.put(partial(_add_pulses, run=run, pulses=pulses))

    def _take_finals(self) -> None:
        while not self._finals.empty():
            ledger = self._finals.get()
            self._store_account()
            account = _with_ledger(self._account(ledger.run), ledger)
            self._runs[ledger.run] = replace(account, closed=True)
            self._jobs.put(partial(_put_run, account=self._runs[ledger.run]))

    def _account(self, run: int) -> RunAccount:
        self._account_due = True
        return self._runs.setdefault(run, RunAccount(run))

    def _store_account(self) -> None:
        """Write the device's ledger as it is now, so that it survives a crash."""
        self._account_due = False
        self._accounted_ns = self._clock.monotonic_ns() + _FLUSH_NS
        ledger = read_ledger(self._ring)
        account = self._runs.get(ledger.run)
        if account is None:
            return
        if ledger.run == int(self._ring.words[Word.RUN]) and not account.closed:
            account = _with_ledger(account, ledger)
            self._runs[ledger.run] = account
        self._jobs.put(partial(_put_run, account=account))

    # the thread that writes

    def _write(self) -> None:
        try:
            self._write_jobs()
        except Exception as error:
            self._stop(error)
        if self._packing is not None:
            self._packing.shutdown(cancel_futures=True)
        open_still = self._ending is Ending.OPEN
        try:
            self._file.close(Ending.CLOSED if open_still else self._ending)
        except Exception as error:
            self._stop(error)
        else:
            if open_still:
                self._ending = Ending.CLOSED

    def _write_jobs(self) -> None:
        flush_ns, dirty = 0, False
        while True:
            try:
                job = self._jobs.get(timeout=FLUSH_S)
            except queue.Empty:
                job = _nothing
            if job is None:
                return
            job(self._file)
            dirty = dirty or job is not _nothing
            if dirty and (job is _nothing or self._clock.monotonic_ns() >= flush_ns):
                self._file.flush()
                self._bytes_written = self._file.bytes_written
                flush_ns, dirty = self._clock.monotonic_ns() + _FLUSH_NS, False

    def _stop(self, error: Exception) -> None:
        """End the recording, keep what it has, and report why; the live image goes on."""
        if self._ending is not Ending.OPEN:
            return
        self._ending = Ending.DISK_FULL if isinstance(error, DiskFullError) else Ending.FAILED
        self._reader.wake()
        what = error.what if isinstance(error, FluoroError) else f"Writing failed: {error}."
        remedy = error.remedy if isinstance(error, FluoroError) else ""
        self._on_problem(
            f"The recording {self.path} stopped after {self._file.frames} frames. {what}",
            f"{remedy} What was recorded is kept, and the live image goes on.".strip(),
        )


def _packing(file: RecordingFile, ring: FrameRing) -> ThreadPoolExecutor | None:
    """Return the threads that compress, where frames are large and can be compressed here."""
    if file.compressor is None or ring.layout.format.frame_bytes < LARGE_FRAME_BYTES:
        return None
    return ThreadPoolExecutor(PACKERS, "recorder packs")


@dataclass(frozen=True, slots=True)
class _Buffer:
    """A private copy of one frame, and memory for it compressed, where that is done ahead."""

    pixels: Pixels
    compressor: Compressor | None = None
    chunk: Chunk | None = None

    def pack(self) -> tuple[int, memoryview]:
        """Return the checksum of the frame, and the frame compressed; from any thread."""
        assert self.compressor is not None
        assert self.chunk is not None
        return zlib.crc32(self.pixels.data), self.compressor.compress(self.pixels, self.chunk)


class _Buffers:
    """Buffers for frames; the last one released is the next one used, while warm in the cache."""

    def __init__(self, ring: FrameRing, compressor: Compressor | None) -> None:
        self._compressor = compressor
        frame_format = ring.layout.format
        self._shape = (frame_format.rows, frame_format.columns)
        self._dtype = np.dtype(frame_format.dtype)
        self._left = max(8, min(MAX_BUFFERS, BUFFER_BYTES // frame_format.frame_bytes))
        self._free: queue.LifoQueue[_Buffer] = queue.LifoQueue()

    def take(self) -> _Buffer | None:
        """Return a buffer, or None when all of them wait for the disk."""
        try:
            return self._free.get_nowait()
        except queue.Empty:
            if self._left == 0:
                return None
        self._left -= 1
        pixels = np.empty(self._shape, self._dtype)
        if self._compressor is None:
            return _Buffer(pixels)
        return _Buffer(pixels, self._compressor, self._compressor.new_chunk())

    def release(self, buffer: _Buffer) -> None:
        """Release a buffer whose frame is written."""
        self._free.put(buffer)


def _with_ledger(account: RunAccount, ledger: Ledger) -> RunAccount:
    return replace(account, **{part.name: getattr(ledger, part.name) for part in fields(Ledger)})


def _add_pulses(file: RecordingFile, run: int, pulses: list[Pulse]) -> None:
    file.add_pulses(run, pulses)


def _put_run(file: RecordingFile, account: RunAccount) -> None:
    file.put_run(account)


def _nothing(_file: RecordingFile) -> None:
    """Do nothing: the job when none arrived in time."""
