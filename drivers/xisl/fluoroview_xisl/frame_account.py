"""Where the frames between two callbacks went, from the two counters that XISL gives.

The panel's frame counter (16 bits, in the frame's header) says how many are missing. The index in
the grabber's ring (1 to 8) says how many of them had reached the computer: those are lost by the
SDK, the others on the link.
"""

from fluoroview_xisl.structs import GRABBER_FRAMES

COUNTER_BITS = 16
_MODULUS = 1 << COUNTER_BITS


class FrameAccount:
    """The account of one run; call `step` for each frame in the order of the callbacks."""

    def __init__(self) -> None:
        self.counter: int | None = None
        self._index = 0

    def step(self, counter: int | None, grabber_index: int) -> tuple[int, int]:
        """Take one frame; return how many before it were lost on the link and by the SDK.

        `counter` is None for a panel without one: then the grabber's index stands in for it, and
        what is lost on the link is not seen. `self.counter` is the number of this frame.
        """
        last, reached = self.counter, (grabber_index - self._index - 1) % GRABBER_FRAMES
        if counter is None:
            counter = 0 if last is None else (last + 1 + reached) % _MODULUS
        missing = 0 if last is None else (counter - last - 1) % _MODULUS
        self.counter = counter
        if missing >= _MODULUS // 2:  # it stands or goes back: the HAL counts a repetition
            self.counter = last
            return 0, 0
        self._index = grabber_index
        if reached > missing or reached == missing % GRABBER_FRAMES:
            return 0, missing
        return missing - reached, reached
