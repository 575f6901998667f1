"""Watches one running device and reports within a second when it is no longer fit to run.

A driver's process that does not end can still stall (none of its threads gets the interpreter),
leak memory, or flood (commit far more frames than its rate). Each is reported to `on_unfit` as a
sentence. A process that wants a processor and gets none is not stalled (starvation.py).
"""

import logging
import math
import threading
from collections.abc import Callable
from dataclasses import dataclass

import psutil

from fluoroview.hal.clock import Clock
from fluoroview.hal.runtime.ledger import read_ledger
from fluoroview.hal.runtime.ring import FrameRing, Word
from fluoroview.hal.runtime.starvation import Starvation

logger = logging.getLogger(__name__)
PERIOD_S = 0.2
STALL_S = 0.8
"""A heartbeat older than this is a stall; it is noticed at most one period later."""
FLOOD_FACTOR = 5.0
FLOOD_MIN_HZ = 1000.0
"""Commits per second that no detector without a stated rate may exceed."""


@dataclass(frozen=True, slots=True)
class WatchLimits:
    """The limits of a fit device."""

    rate_hz: float
    """The rate that the device states; NaN where it states none."""
    memory_growth_bytes: int = 1 << 30
    """By how much its process may grow during one run."""

    @property
    def flood_hz(self) -> float:
        """Commits per second above which it floods."""
        stated = FLOOD_FACTOR * self.rate_hz
        return max(stated, 10.0 * FLOOD_FACTOR) if not math.isnan(stated) else FLOOD_MIN_HZ


class Watchdog:
    """Watches ring and process of one run until closed."""

    def __init__(
        self,
        ring: FrameRing,
        pid: int | None,
        limits: WatchLimits,
        *,
        clock: Clock,
        on_unfit: Callable[[str], None],
    ) -> None:
        self._ring = ring
        self.limits = limits  # changes with the parameters of the device
        self._clock = clock
        self._on_unfit = on_unfit
        self._process = _process(pid)
        self._starvation = Starvation(pid, tick_s=PERIOD_S)
        self._beat_ns = 0
        self._starved_s = 0.0
        """For how long the process was ready without a processor, since its last heartbeat."""
        self._memory_at_start = self._memory()
        self._seen = self._commits()
        self._seen_ns = clock.monotonic_ns()
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="watchdog", daemon=True)

    def start(self) -> None:
        """Begin to watch."""
        self._thread.start()

    def close(self) -> None:
        """Stop watching; `on_unfit` is not called after this returns."""
        self._end.set()
        if self._thread.is_alive() and self._thread is not threading.current_thread():
            self._thread.join()

    def look(self) -> str:
        """Return why the device is unfit now; nothing when it is fit."""
        now_ns = self._clock.monotonic_ns()
        return self._stalled(now_ns) or self._flooding(now_ns) or self._leaking()

    def _watch(self) -> None:
        while not self._end.wait(PERIOD_S):
            reason = self.look()
            if reason and not self._end.is_set():
                logger.error("Unfit device: %s", reason)
                self._on_unfit(reason)
                return

    def _stalled(self, now_ns: int) -> str:
        beat_ns = int(self._ring.words[Word.HEARTBEAT])
        starved_s = self._starvation.tick()
        if beat_ns != self._beat_ns:
            self._beat_ns, self._starved_s = beat_ns, 0.0
        else:
            self._starved_s += starved_s
        silent_s = (now_ns - beat_ns) / 1e9 - self._starved_s
        if self._process is None or beat_ns == 0 or silent_s < STALL_S:
            return ""
        return f"its process has been stalled for {silent_s:.1f} s"

    def _flooding(self, now_ns: int) -> str:
        seconds = (now_ns - self._seen_ns) / 1e9
        if seconds < PERIOD_S / 2:
            return ""
        commits = self._commits()
        rate_hz = (commits - self._seen) / seconds
        self._seen, self._seen_ns = commits, now_ns
        if rate_hz <= self.limits.flood_hz:
            return ""
        stated = self.limits.rate_hz
        limit = f"it states {stated:g}/s" if not math.isnan(stated) else "no detector is that fast"
        return f"it floods: {rate_hz:.0f} frames per second, but {limit}"

    def _leaking(self) -> str:
        growth = self._memory() - self._memory_at_start
        if growth <= self.limits.memory_growth_bytes:
            return ""
        return f"its process grew by {growth / 1e6:.0f} MB in this run"

    def _commits(self) -> int:
        account = read_ledger(self._ring)
        return account.delivered + account.lost_ring + account.repeated

    def _memory(self) -> int:
        if self._process is None:
            return 0
        try:
            return int(self._process.memory_info().rss)
        except psutil.Error:
            return 0  # it ended; the transport reports that


def _process(pid: int | None) -> psutil.Process | None:
    """Return the driver's process; None for a thread, and for one that has ended already."""
    try:
        return psutil.Process(pid) if pid is not None else None
    except psutil.NoSuchProcess:
        return None  # it ended while it started; the transport reports that
