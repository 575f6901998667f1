"""When pulses fall due: a fixed grid of absolute times, so that no delay adds up."""

from __future__ import annotations


class PulseSchedule:
    """Due times `start_ns + n · period`; a time missed by a period is skipped.

    A real generator waits for the detector to be ready in the same way: a pulse that cannot be
    read out is not fired, so no dose is given without an image.
    """

    def __init__(self, start_ns: int, rate_hz: float) -> None:
        self.start_ns, self.rate_hz = start_ns, rate_hz
        self.slot = -1

    def due_ns(self, slot: int) -> int:
        """Time of slot `slot`, rounded once."""
        return self.start_ns + round(slot * 1e9 / self.rate_hz)

    def next(self, now_ns: int) -> int:
        """Moves to the next slot that has not passed by a full period; returns its due time."""
        late = int((now_ns - self.start_ns) * self.rate_hz / 1e9)
        self.slot = max(self.slot + 1, late)
        return self.due_ns(self.slot)

    @property
    def slot_s(self) -> float:
        """Seconds from the start to the present slot, exactly on the raster."""
        return self.slot / self.rate_hz
