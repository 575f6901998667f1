"""The frame ids of a GenICam stream: wrap-around, gaps, and the cause of each gap.

GigE Vision counts blocks in 16 bits from 1 to 65535 and then 1 again: 0 is skipped, so that no
modulus of two unwraps it. Ids are unwrapped here and leave as 64-bit counters.
"""

from fluoroview.hal.runtime.ledger import LossCause

GEV_PERIOD = 65535


class FrameIds:
    """Unwraps the ids of one run and names the cause of each gap.

    `period` is how many ids there are before they repeat, None for 64-bit ids. `buffers` is how
    many buffers the stream has: so long after the producer ran out of them a gap is its doing.
    """

    def __init__(self, *, period: int | None, buffers: int) -> None:
        self._period = period
        self._buffers = buffers
        self._last: int | None = None
        self._told = 0  # frames since the last one that are reported already (incomplete ones)
        self._starved_for = 0
        self._underruns = 0

    def incomplete(self) -> tuple[int, LossCause]:
        """Note an incomplete buffer; return the loss to report."""
        self._told += 1
        return 1, LossCause.LINK

    def starved(self) -> None:
        """Note that the producer has no free buffer."""
        self._starved_for = self._buffers + 1

    def arrived(self, raw_id: int, underruns: int = 0) -> tuple[int, tuple[int, LossCause]]:
        """Return the unwrapped id of a frame and the loss (count, cause) to report before it.

        `underruns` is the producer's own count of frames without a buffer, since it was opened.
        What a gap holds beyond reported and underrun frames is left to the ledger: lost(link).
        """
        number = unwrap(raw_id, self._last, self._period)
        gap = 0 if self._last is None else max(0, number - self._last - 1 - self._told)
        without_buffer = gap if self._starved_for else min(gap, underruns - self._underruns)
        self._underruns = underruns
        self._told = 0
        self._starved_for = 0 if gap else max(0, self._starved_for - 1)
        self._last = number if self._last is None else max(number, self._last)
        return number, (max(0, without_buffer), LossCause.SDK)


def unwrap(raw_id: int, last: int | None, period: int | None) -> int:
    """Return the id without wrap-around; `last` is the unwrapped one before it, None at first.

    A step of more than half a `period` goes back: a repeated or reordered frame. An id beyond the
    period does not wrap.
    """
    if period is None or last is None or raw_id > period:
        return raw_id
    step = (raw_id - last) % period
    return last + (step - period if step > period // 2 else step)
