"""Restarting a device automatically, later each time it fails again, until a run goes well."""

from fluoroview.hal import Clock

FIRST_S = 0.5
MAX_DELAY_S = 30.0


class BackOff:
    """Decides when a device that failed is restarted. For the dispatcher alone."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._delay_s = FIRST_S
        self._due_ns: int | None = None

    @property
    def delay_s(self) -> float:
        """How long the restart after the next fault waits."""
        return self._delay_s

    @property
    def waiting(self) -> bool:
        """Whether a restart waits for its time."""
        return self._due_ns is not None

    def after_fault(self) -> float:
        """Plan a restart instead of one that still waits; return after how many seconds."""
        delay_s, self._delay_s = self._delay_s, min(2 * self._delay_s, MAX_DELAY_S)
        self._due_ns = self._clock.monotonic_ns() + round(delay_s * 1e9)
        return delay_s

    def take_due(self) -> bool:
        """Return whether a restart is due now; it then waits no longer."""
        if self._due_ns is None or self._clock.monotonic_ns() < self._due_ns:
            return False
        self._due_ns = None
        return True

    def went_well(self) -> None:
        """A run ended in order: the next fault waits as little as the first."""
        self._delay_s = FIRST_S

    def cancel(self) -> None:
        """Forget a restart that still waits: the operator acted first."""
        self._due_ns = None
