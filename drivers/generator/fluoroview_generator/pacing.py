"""When pulses and readings fall due: a fixed grid of absolute times, so that no delay adds up."""

import math


class PulseSchedule:
    """Due times `start_ns + n · period`; a missed time is skipped and never caught up."""

    def __init__(self, start_ns: int, rate_hz: float) -> None:
        self.start_ns, self.rate_hz = start_ns, rate_hz
        self.slot = -1

    def next(self, now_ns: int) -> int:
        """Move to the next slot that is at least half a period ahead; return its due time, ns.

        The first slot is due at once. Half a period keeps a pulse that came late from being
        followed closely by the next.
        """
        if self.slot >= 0:
            passed = (now_ns - self.start_ns) * self.rate_hz / 1e9
            self.slot = max(self.slot + 1, math.ceil(passed + 0.5))
        else:
            self.slot = 0
        return self.start_ns + round(self.slot * 1e9 / self.rate_hz)
