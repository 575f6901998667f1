"""Frame ids of a camera's stream: wrap-around, gaps, and the cause of each gap.

GigE Vision counts blocks in 16 bits from 1 to 65535 and then from 1 again: 0 is skipped, so that
no modulus of two unwraps it. Ids are unwrapped here and leave as 64-bit counters.
"""

from collections.abc import Callable

from fluoroview.hal.runtime.ledger import LossCause

GEV_PERIOD = 65535

Lost = Callable[[int, LossCause], None]
"""Reports lost frames and their cause, such as `FrameSink.lost`."""


class FrameIds:
    """Unwraps the ids of one run and reports each loss with its cause, before the next frame.

    An id of None means that the device does not count: then the driver's own count stands in.

    Args:
        lost: reports the losses.
        period: how many ids there are before they repeat; None for 64-bit ids.
        buffers: how many buffers the stream has: for so many frames after the SDK ran out of them,
            a gap is the SDK's.
    """

    def __init__(self, lost: Lost, *, period: int | None, buffers: int = 0) -> None:
        self._lost = lost
        self._period = period
        self._buffers = buffers
        self._last: int | None = None
        self._reported = 0  # frames since the last one that are reported already (incomplete ones)
        self._starved_for = 0
        self._underruns = 0

    def starved(self) -> None:
        """Record that the SDK has no buffer left to fill."""
        self._starved_for = self._buffers + 1

    def incomplete(self, raw_id: int | None = None, underruns: int = 0) -> None:
        """Report an incomplete frame as lost(link), unless its id came before."""
        if raw_id is None:
            self._reported += 1
        else:
            number = unwrap(raw_id, self._last, self._period)
            if self._last is not None and number <= self._last:
                return
            self._pass(number, underruns)
        self._lost(1, LossCause.LINK)

    def arrived(self, raw_id: int | None, underruns: int = 0) -> int:
        """Return the unwrapped id of a whole frame; report what the SDK lost before it.

        `underruns` is the SDK's own count of frames without a buffer, since it was opened. What a
        gap holds beyond reported and underrun frames is left to the ledger: lost(link).
        """
        if raw_id is None:
            number = (-1 if self._last is None else self._last) + 1 + self._reported
        else:
            number = unwrap(raw_id, self._last, self._period)
        self._pass(number, underruns)
        return number

    def _pass(self, number: int, underruns: int) -> None:
        """Move on to `number`; report the part of the gap before it that the SDK lost."""
        gap = 0 if self._last is None else max(0, number - self._last - 1 - self._reported)
        without_buffer = gap if self._starved_for else min(gap, underruns - self._underruns)
        self._underruns = underruns
        self._reported = 0
        self._starved_for = 0 if gap else max(0, self._starved_for - 1)
        self._last = number if self._last is None else max(number, self._last)
        if without_buffer > 0:
            self._lost(without_buffer, LossCause.SDK)


def unwrap(raw_id: int, last: int | None, period: int | None) -> int:
    """Return the id without wrap-around; `last` is the unwrapped one before it, None at first.

    A step of more than half a `period` goes back: a repeated or reordered frame. An id beyond the
    period does not wrap.
    """
    if period is None or last is None or raw_id > period:
        return raw_id
    step = (raw_id - last) % period
    return last + (step - period if step > period // 2 else step)
