"""Fluoroscopy time and its 5-minute signal, as 21 CFR 1020.32(h) requires."""

from fluoroview.hal.clock import Clock

NS_PER_S = 1_000_000_000
SIGNAL_EVERY_S = 300.0
"""A signal at each passage of 5 minutes of fluoroscopy time."""


def minutes_text(time_s: float) -> str:
    """Return a time in minutes and tenths, for example "4.3 min".

    Truncated, not rounded: the text changes every 6 s, and "5.0 min" appears with the 5-minute
    signal and not 3 s before it.
    """
    tenths = int(round(time_s * 1e6) // 6_000_000)
    return f"{tenths // 10}.{tenths % 10} min"


class FluoroscopyTimer:
    """Adds up beam-on time and signals every 5 minutes of it.

    It knows only when the beam was on, so it cannot stop it. Times are monotonic, ns.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._closed_ns = 0
        self._on_since_ns: int | None = None
        self._acknowledged = 0
        self._polled = 0

    def beam_on(self, t_ns: int) -> None:
        """Start counting; without effect while counting."""
        if self._on_since_ns is None:
            self._on_since_ns = t_ns

    def beam_off(self, t_ns: int) -> None:
        """Stop counting; without effect while stopped."""
        if self._on_since_ns is not None:
            self._closed_ns += max(t_ns - self._on_since_ns, 0)
            self._on_since_ns = None

    @property
    def time_s(self) -> float:
        """Fluoroscopy time since the last reset, s, up to now while the beam is on."""
        open_ns = 0
        if self._on_since_ns is not None:
            open_ns = max(self._clock.monotonic_ns() - self._on_since_ns, 0)
        return (self._closed_ns + open_ns) / NS_PER_S

    @property
    def text(self) -> str:
        """Fluoroscopy time in minutes and tenths; stays until reset."""
        return minutes_text(self.time_s)

    @property
    def signal(self) -> bool:
        """Whether the 5-minute signal is due: from a passage on until acknowledged or reset."""
        return self._passages() > self._acknowledged

    def new_passages(self) -> int:
        """Return the passages of 5 minutes since the last call: each starts a sound."""
        passages = self._passages()
        new, self._polled = passages - self._polled, passages
        return new

    def acknowledge(self) -> None:
        """Silence the signal until the next passage; the time goes on."""
        self._acknowledged = self._passages()

    def reset(self) -> None:
        """Set time and signal to zero; a beam that is on counts from now on."""
        self._closed_ns = 0
        if self._on_since_ns is not None:
            self._on_since_ns = self._clock.monotonic_ns()
        self._acknowledged = self._polled = 0

    def _passages(self) -> int:
        return int(self.time_s // SIGNAL_EVERY_S)
