"""The frame ring in shared memory: N slots, sequence-numbered, one producer, several readers.

A slot is free again when every reader has released it; the producer never overwrites a frame that
a reader still holds. When no slot is free the frame goes to a scratch buffer and is counted as
lost(ring). A second, smaller ring carries the x-ray pulses, which outnumber the
images when images are lost.

Layout of the block: control words (int64) · order of commits · frame headers · pulses · pixels.
Each control word is written by one side only, except STOPPING, which either side may set. An
aligned int64 is stored whole on the machines Python runs on; store_order.py refuses those that do
not keep the order of stores.
"""

import math
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import IntEnum

import numpy as np

from fluoroview.hal.errors import DeviceError
from fluoroview.hal.frame import Frame, FrameFormat, FrameHeader, Pixels, Pulse
from fluoroview.hal.runtime.shared_memory import SharedBlock

MAX_READERS = 4
PULSE_SLOTS = 4096
MAX_RING_BYTES = 256 << 20
"""Bound of a ring's pixels in bytes; it holds before every count of slots."""
MIN_SLOTS = 3
"""One that is filled, one that is read, one between them."""
_USUAL_MIN_SLOTS = 8
_MAX_SLOTS = 64
_SLOTS_OF_UNKNOWN_RATE = 32
_PAGE = 4096
_HEADER_BYTES = 192
_PULSE_BYTES = 128


class Word(IntEnum):
    """Control words. Written by the producer unless stated otherwise."""

    COMMITTED = 0  # frames committed since the ring was made
    PULSES = 1  # pulses reported since the ring was made
    STOPPING = 2  # consumer side: 1 from the instant the pedal is released
    RUN = 3  # consumer side: number of the run
    LEDGER = 4  # transactions of the ledger; the lowest bit selects the current bank
    HEARTBEAT = 5  # monotonic ns; written while the producer's interpreter runs
    OPERATOR = 6  # consumer side: monotonic ns of the operator's last beat; 0 without a switch
    HOST_PID = (
        7  # consumer side: the process whose beats count, where it beats automatically; else 0
    )
    # consumer side: the next sequence number of each reader; -1 where there is none
    READER_0 = 16
    # two banks of the ledger, see ledger.py
    BANK_0 = 32
    BANK_1 = 48


@dataclass(frozen=True)
class RingLayout:
    """The layout of the block; both processes compute it from the same four figures."""

    format: FrameFormat
    slots: int

    @property
    def order_offset(self) -> int:
        """Byte offset of the table: sequence number → slot."""
        return 64 * 8

    @property
    def headers_offset(self) -> int:
        """Byte offset of the headers, one per slot."""
        return self.order_offset + 8 * self.slots

    @property
    def pulses_offset(self) -> int:
        """Byte offset of the pulse ring."""
        return self.headers_offset + _HEADER_BYTES * self.slots

    @property
    def slot_bytes(self) -> int:
        """Bytes from one slot's pixels to the next's, whole pages."""
        return -(-self.format.frame_bytes // _PAGE) * _PAGE

    @property
    def pixels_offset(self) -> int:
        """Byte offset of the first slot's pixels."""
        return -(-(self.pulses_offset + _PULSE_BYTES * PULSE_SLOTS) // _PAGE) * _PAGE

    @property
    def size(self) -> int:
        """Bytes of the whole block."""
        return self.pixels_offset + self.slots * self.slot_bytes


class FrameRing:
    """One side's view of the block: words, headers and pixel arrays."""

    def __init__(self, block: SharedBlock, layout: RingLayout) -> None:
        self.block = block
        self.layout = layout
        self.words = np.frombuffer(block.buffer, np.int64, 64)
        self._order = np.frombuffer(block.buffer, np.int64, layout.slots, layout.order_offset)
        shape = (layout.format.rows, layout.format.columns)
        dtype = np.dtype(layout.format.dtype)
        self.pixels: list[Pixels] = [
            np.frombuffer(
                block.buffer,
                dtype,
                shape[0] * shape[1],
                layout.pixels_offset + slot * layout.slot_bytes,
            ).reshape(shape)
            for slot in range(layout.slots)
        ]
        self._frozen = [_read_only(pixels) for pixels in self.pixels]
        self._readers: list[RingReader] = []
        self._lock = threading.Lock()

    @classmethod
    def create(cls, frame_format: FrameFormat, slots: int) -> "FrameRing":
        """Create a ring. Raises DeviceError when there is no memory for it."""
        layout = RingLayout(frame_format, slots)
        ring = cls(SharedBlock.create(layout.size), layout)
        ring.words[:] = 0
        ring.words[Word.READER_0 : Word.READER_0 + MAX_READERS] = -1
        for pixels in ring.pixels:  # pages are allocated now, not during a run
            pixels.fill(0)
        return ring

    @classmethod
    def attach(cls, path: str, frame_format: FrameFormat, slots: int) -> "FrameRing":
        """Map a ring that another process created."""
        layout = RingLayout(frame_format, slots)
        return cls(SharedBlock.attach(path, layout.size), layout)

    # producer side

    def put_header(self, slot: int, header: FrameHeader) -> None:
        """Publish `slot` as the next frame."""
        sequence = int(self.words[Word.COMMITTED])
        header.pack_into(
            self.block.buffer, self.layout.headers_offset + slot * _HEADER_BYTES, sequence
        )
        self._order[sequence % self.layout.slots] = slot
        self.words[Word.COMMITTED] = sequence + 1

    def put_pulse(self, pulse: Pulse) -> None:
        """Append one pulse record."""
        count = int(self.words[Word.PULSES])
        offset = self.layout.pulses_offset + (count % PULSE_SLOTS) * _PULSE_BYTES
        pulse.pack_into(self.block.buffer, offset)
        self.words[Word.PULSES] = count + 1

    def released(self) -> int:
        """Return the sequence number below which every reader has released."""
        cursors = self.words[Word.READER_0 : Word.READER_0 + MAX_READERS]
        active = cursors[cursors >= 0]
        return int(active.min()) if active.size else int(self.words[Word.COMMITTED])

    def slot_of(self, sequence: int) -> int:
        """Return the slot that carries frame `sequence`."""
        return int(self._order[sequence % self.layout.slots])

    # consumer side

    def frame(self, sequence: int) -> Frame:
        """Return frame `sequence`; only for a reader that has not released it."""
        slot = self.slot_of(sequence)
        offset = self.layout.headers_offset + slot * _HEADER_BYTES
        stored, header = FrameHeader.unpack_from(self.block.buffer, offset)
        if stored != sequence:
            raise RuntimeError(f"ring slot {slot} holds frame {stored}, not {sequence}")
        return Frame(header, self._frozen[slot])

    def header(self, sequence: int) -> FrameHeader:
        """Return the header in the slot of frame `sequence`; another frame's, if it was reused."""
        offset = self.layout.headers_offset + self.slot_of(sequence) * _HEADER_BYTES
        return FrameHeader.unpack_from(self.block.buffer, offset)[1]

    def pulses_since(self, count: int) -> tuple[int, list[Pulse]]:
        """Return the new count and the pulses after the first `count`.

        Only the last PULSE_SLOTS pulses are kept; the caller notices a loss from the count, which
        then grew by more than the length of the list.
        """
        now = int(self.words[Word.PULSES])
        first = max(count, now - PULSE_SLOTS)
        return now, list(self._unpack_pulses(first, now))

    def _unpack_pulses(self, first: int, end: int) -> Iterator[Pulse]:
        for index in range(first, end):
            offset = self.layout.pulses_offset + (index % PULSE_SLOTS) * _PULSE_BYTES
            yield Pulse.unpack_from(self.block.buffer, offset)

    def reader(self) -> "RingReader":
        """Add a reader that sees every frame committed from now on."""
        with self._lock:
            taken = {reader.index for reader in self._readers}
            free = [index for index in range(MAX_READERS) if index not in taken]
            if not free:
                raise RuntimeError(f"a ring has at most {MAX_READERS} readers")
            reader = RingReader(self, free[0], self._forget)
            self._readers.append(reader)
            return reader

    def _forget(self, reader: "RingReader") -> None:
        with self._lock:
            self._readers.remove(reader)

    def ring_bell(self) -> None:
        """Wake every reader of this process."""
        with self._lock:
            readers = list(self._readers)
        for reader in readers:
            reader.ring_bell()

    def close(self) -> None:
        """Release the views and the memory; readers get no further frame."""
        for reader in list(self._readers):
            reader.wake()
        self.words = self.words.copy()
        self._order = self._order.copy()
        self.pixels = []
        self._frozen = []
        self.block.close()


class RingReader:
    """One reader's position in the ring. Frames come in order, one at a time."""

    def __init__(self, ring: FrameRing, index: int, forget: Callable[["RingReader"], None]) -> None:
        self.index = index
        self._ring = ring
        self._forget = forget
        self._bell = threading.Event()
        self._woken = False
        self._next = int(ring.words[Word.COMMITTED])
        ring.words[Word.READER_0 + index] = self._next

    @property
    def pending(self) -> int:
        """Frames committed and not yet released by this reader."""
        return int(self._ring.words[Word.COMMITTED]) - self._next

    def ring_bell(self) -> None:
        """Let a waiting `next` check again for a frame."""
        self._bell.set()

    def wake(self) -> None:
        """Let a waiting `next` return at once, frame or not."""
        self._woken = True
        self._bell.set()

    def next(self, timeout_s: float) -> Frame | None:
        """Wait for the next frame; None when none came in time. Call `release` after use."""
        end_s = time.monotonic() + timeout_s
        while self.pending <= 0 and not self._woken:
            self._bell.clear()
            if self._woken:
                break  # it was woken before the bell was cleared
            left_s = end_s - time.monotonic()
            if self.pending <= 0 and (left_s <= 0 or not self._bell.wait(left_s)):
                break  # the bell may belong to a frame read before it rang: check again
        self._woken = False
        return self._ring.frame(self._next) if self.pending > 0 else None

    def release(self) -> None:
        """Release the frame of the last `next` to the producer."""
        self._next += 1
        self._ring.words[Word.READER_0 + self.index] = self._next

    def close(self) -> None:
        """Leave the ring; frames are no longer held for this reader."""
        self._ring.words[Word.READER_0 + self.index] = -1
        self._forget(self)
        self._bell.set()


def slots_for(frame_format: FrameFormat, rate_hz: float, device: str = "") -> int:
    """Return how many slots hold about one second of frames, within the memory bound.

    Raises DeviceError where the bound does not hold even the fewest slots of a stream.
    """
    fitting = MAX_RING_BYTES // max(1, frame_format.frame_bytes)
    if fitting < MIN_SLOTS:
        raise DeviceError(
            f"{device} states frames of {frame_format.columns}×{frame_format.rows} pixels, "
            f"{frame_format.frame_bytes / 1e6:.0f} MB each: too large for the frame buffers.",
            f"A frame may have at most {MAX_RING_BYTES // MIN_SLOTS / 1e6:.0f} MB; choose a "
            "smaller frame size, or binning.",
            device,
            code="FV-HAL-035",
        )
    per_second = _SLOTS_OF_UNKNOWN_RATE if math.isnan(rate_hz) else math.ceil(rate_hz) + 2
    return min(max(_USUAL_MIN_SLOTS, per_second), _MAX_SLOTS, fitting)


class PulseCursor:
    """One place in the pulse ring: returns each pulse once. For one thread at a time."""

    def __init__(self, ring: FrameRing) -> None:
        """Begin with the next pulse that is reported."""
        self._ring = ring
        self._count = int(ring.words[Word.PULSES])

    def read(self) -> tuple[list[Pulse], int]:
        """Return the pulses since the last read, and how many were overwritten before it."""
        count, pulses = self._ring.pulses_since(self._count)
        missed = count - self._count - len(pulses)
        self._count = count
        return pulses, missed


def _read_only(pixels: Pixels) -> Pixels:
    view = pixels.view()
    view.flags.writeable = False
    return view
