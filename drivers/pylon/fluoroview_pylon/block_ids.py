"""The account of pylon's block ids: wrap-around, gaps, and who lost the frames of a gap.

GigE Vision counts blocks in 16 bits from 1 to 65535 and then 1 again; 0 says that the camera does
not count. USB3 Vision and the emulation count from 0 in 64 bits. Ids are unwrapped here.
"""

from fluoroview.hal import LossCause
from fluoroview.hal.sdk.frame_ids import unwrap

_INVALID = 2**64 - 1

Loss = tuple[int, LossCause]


class BlockIds:
    """Unwraps the ids of one run and says which losses to report, in their place.

    `period` is how many ids there are before they repeat (GigE Vision), None for 64-bit ids.
    """

    def __init__(self, period: int | None) -> None:
        self._period = period
        self._last: int | None = None
        self._underruns = 0

    def failed(self, block_id: int, underruns: int = 0) -> list[Loss]:
        """Take note of a buffer that arrived incomplete; return the losses to report.

        One without a valid id is not reported: the gap that it leaves will be.
        """
        if not self._counts(block_id):
            return []
        number = unwrap(block_id, self._last, self._period)
        if self._last is not None and number <= self._last:
            return []
        return [*self._gap(number, underruns), (1, LossCause.LINK)]

    def arrived(self, block_id: int, underruns: int = 0) -> tuple[int, list[Loss]]:
        """Return the unwrapped id of a good frame, and the losses to report before it.

        `underruns` is pylon's count of frames without a buffer in this run; so many frames of a
        gap are lost(sdk). What else a gap holds is lost(link).
        """
        if not self._counts(block_id):  # then nothing but the driver counts
            block_id = 0 if self._last is None else self._last + 1
            number = block_id
        else:
            number = unwrap(block_id, self._last, self._period)
        return number, self._gap(number, underruns)

    def _counts(self, block_id: int) -> bool:
        return block_id != _INVALID and not (block_id == 0 and self._period is not None)

    def _gap(self, number: int, underruns: int) -> list[Loss]:
        gap = 0 if self._last is None else max(0, number - self._last - 1)
        without_buffer = min(gap, max(0, underruns - self._underruns))
        self._underruns = underruns
        self._last = number if self._last is None else max(number, self._last)
        losses = [(without_buffer, LossCause.SDK), (gap - without_buffer, LossCause.LINK)]
        return [loss for loss in losses if loss[0]]
