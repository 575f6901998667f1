"""Restarting a device by itself, later each time it fails again, until a run goes well."""

import threading
from collections.abc import Callable

FIRST_S = 0.5
LONGEST_S = 30.0


class BackOff:
    """Calls `restart` after a delay that doubles with each fault; `announce(delay_s)` before."""

    def __init__(
        self, restart: Callable[[], object], announce: Callable[[float], None] = lambda _s: None
    ) -> None:
        self._restart = restart
        self._announce = announce
        self._delay_s = FIRST_S
        self._timer: threading.Timer | None = None
        self._closed = False
        self._lock = threading.RLock()  # a fault may come while the examination is closed

    @property
    def delay_s(self) -> float:
        """How long the next fault will wait."""
        return self._delay_s

    def after_fault(self) -> None:
        """Restart later; an earlier restart that still waits is replaced."""
        self.cancel()
        if self._closed:
            return
        delay_s, self._delay_s = self._delay_s, min(2 * self._delay_s, LONGEST_S)
        self._announce(delay_s)
        with self._lock:
            if self._closed:
                return
            self._timer = threading.Timer(delay_s, self._restart)
            self._timer.daemon = True
            self._timer.start()

    def went_well(self) -> None:
        """A run ended as it should: the next fault waits as little as the first."""
        self._delay_s = FIRST_S

    def close(self) -> None:
        """Restart nothing any more."""
        with self._lock:
            self._closed = True
            self.cancel()

    def cancel(self) -> None:
        """Forget a restart that still waits: somebody did it by hand, or wants another device."""
        with self._lock:
            timer, self._timer = self._timer, None
        if timer is not None:
            timer.cancel()
