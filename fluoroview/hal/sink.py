"""Where a driver delivers its frames: `FrameSink` and `Slot`.

Everything here may be called from an SDK's own thread, never blocks on a consumer and never raises
into C: a driver's mistake is counted in the ledger or reported as a failure, not raised.
"""

import struct
import threading
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from fluoroview.hal.clock import Clock
from fluoroview.hal.frame import FrameHeader, Pixels, Pulse
from fluoroview.hal.runtime.dead_man import is_silent
from fluoroview.hal.runtime.ledger import LedgerWriter, LossCause
from fluoroview.hal.runtime.ring import FrameRing, Word

# A float instead of an integer, or one beyond 64 bits; an SDK's thread would lose the exception.
_UNSTORABLE = (struct.error, TypeError, ValueError, OverflowError, AttributeError)


class SlotPool:
    """The producer's free slots, for the life of the ring.

    The sinks of all runs share `lock`: a driver may still call the sink of a run that has ended.
    `ledger` is that of the present run.
    """

    def __init__(self, ring: FrameRing) -> None:
        self.ring = ring
        self.scratch: Pixels = np.zeros_like(ring.pixels[0])
        self.lock = threading.Lock()
        self.ledger: LedgerWriter
        self.renew()

    def renew(self) -> None:
        """Free, at the start of a run, every slot that no reader holds.

        This includes slots that a driver acquired in the last run and did not use.
        """
        committed = int(self.ring.words[Word.COMMITTED])
        self._reclaimed = min(self.ring.released(), committed)
        held = {self.ring.slot_of(sequence) for sequence in range(self._reclaimed, committed)}
        self._free = [slot for slot in range(self.ring.layout.slots) if slot not in held]

    def take(self) -> int | None:
        """Return a free slot, or None when readers hold them all."""
        if not self._free:
            released = self.ring.released()
            while self._reclaimed < released:
                self._free.append(self.ring.slot_of(self._reclaimed))
                self._reclaimed += 1
        return self._free.pop(0) if self._free else None

    def put_back(self, slot: int) -> None:
        """Return a slot that was not committed."""
        self._free.append(slot)


class Slot:
    """A writable slot for one frame. `pixels` is rows × columns in the armed format."""

    def __init__(self, sink: "FrameSink", pixels: Pixels, index: int | None) -> None:
        self.pixels = pixels
        self._sink = sink
        self.index = index
        self._used = False

    def commit(self, header: FrameHeader) -> None:
        """Publish the frame. A second commit of one slot is counted as a repetition."""
        used, self._used = self._used, True
        self._sink._commit(self.index, header, again=used)

    def discard(self) -> None:
        """Release the slot unused."""
        if not self._used:
            self._used = True
            self._sink._discard(self.index)


class FrameSink:
    """The driver's end of the ring during one run."""

    def __init__(
        self,
        pool: SlotPool,
        *,
        clock: Clock,
        run: int,
        counter_bits: int,
        bell: Callable[[], None],
        on_fail: Callable[[str], None],
        on_refuse: Callable[[str], None] | None = None,
    ) -> None:
        self._pool = pool
        self._ring = pool.ring
        self._clock = clock
        self._run = run
        self._bell = bell
        self._on_fail = on_fail
        self._on_refuse = on_refuse or on_fail
        self._lock = pool.lock
        with self._lock:
            self._ledger = pool.ledger = LedgerWriter(self._ring, counter_bits)
        self._closed = False
        self._operator_silent = False
        self._trial = memoryview(bytearray(FrameHeader.LAYOUT.size))

    @property
    def stopping(self) -> bool:
        """True once the pedal is released or the operator is silent; read before each pulse."""
        return self._closed or bool(self._ring.words[Word.STOPPING]) or self.operator_silent

    @property
    def operator_silent(self) -> bool:
        """True once the dead man's switch has ended the run; it stays so until the next run."""
        if not self._operator_silent and is_silent(self._ring):
            self._operator_silent = True
        return self._operator_silent

    def acquire(self) -> Slot:
        """Return a slot for the next frame; never blocks.

        When the ring is full this is a scratch buffer, and its commit counts as lost(ring).
        """
        with self._lock:
            index = None if self._closed else self._pool.take()
        pixels = self._pool.scratch if index is None else self._ring.pixels[index]
        return Slot(self, pixels, index)

    def offer(self, array: Pixels, header: FrameHeader) -> None:
        """Copy `array` (rows × columns) into a slot and commit it; a wrong size fails the run."""
        slot = self.acquire()
        fits = array.dtype.kind == "u" and array.dtype.itemsize <= slot.pixels.itemsize
        if array.shape != slot.pixels.shape or not fits:
            slot.discard()
            self.fail(
                f"it delivered {_shape(array)}, but {_shape(slot.pixels)} was stated when it was "
                "armed"
            )
            return
        np.copyto(slot.pixels, array, casting="same_kind")
        slot.commit(header)

    def lost(self, count: int, cause: LossCause) -> None:
        """Count frames that the driver knows to be lost."""
        with self._lock:
            if not self._closed:
                self._ledger.lose(count, cause)

    def pulse(self, pulse: Pulse) -> None:
        """Report one x-ray pulse, whether or not its image arrives. Dose counts these.

        Pulses count even after stop: radiation is never omitted.
        """
        try:
            with self._lock:
                self._ring.put_pulse(pulse)
        except _UNSTORABLE as error:
            self.fail(f"it reported a pulse that cannot be stored: {error}")

    def fail(self, error: str | BaseException) -> None:
        """Report that the device cannot continue; the HAL moves it to FAULT."""
        self._on_fail(str(error) or type(error).__name__)

    def refuse(self, reason: str) -> None:
        """Report that no pulse is made, and why: the run ends, and the device stays usable.

        For what the operator can correct: a tube that is too hot, a closed collimator.
        """
        self._on_refuse(reason)

    def close(self) -> None:
        """End the run: later frames are counted as committed after stop, and not delivered."""
        with self._lock:
            self._closed = True

    def _commit(self, index: int | None, header: FrameHeader, *, again: bool) -> None:
        try:  # before anything is counted
            header.pack_into(self._trial, 0, 0)
        except _UNSTORABLE as error:
            self._discard(None if again else index)
            self.fail(f"it committed a frame whose header cannot be stored: {error}")
            return
        with self._lock:
            if self._closed:
                self._pool.ledger.count_after_stop()  # in the present run
                return
            number = None if again else self._ledger.number(header.hardware_counter)
            if number is None:
                if again:
                    self._ledger.count_repeated()
                elif index is not None:
                    self._pool.put_back(index)
                return
            if index is None:
                self._ledger.count_ring_loss()
                return
            self._ring.put_header(
                index,
                replace(
                    header,
                    run=self._run,
                    frame_number=number,
                    host_time_ns=self._clock.monotonic_ns(),
                ),
            )
            self._ledger.count_commit()
        self._bell()

    def _discard(self, index: int | None) -> None:
        with self._lock:
            if index is not None and not self._closed:  # after close, the next run frees them
                self._pool.put_back(index)


def _shape(array: Pixels) -> str:
    rows, columns = (*array.shape, 0, 0)[:2]
    return f"{columns}×{rows} {array.dtype}"
