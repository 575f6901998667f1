"""The thread in which a driver delivers a run, for devices without an SDK's callbacks."""

import logging
import threading
from collections.abc import Callable

from fluoroview.hal.clock import Clock, SystemClock

logger = logging.getLogger(__name__)


class RunThread:
    """A thread for each run, which ends on request and reports what went wrong.

    `clock` and `wait(seconds) -> bool` (true: the run was ended meanwhile) are for tests.
    """

    def __init__(
        self, clock: Clock | None = None, wait: Callable[[float], bool] | None = None
    ) -> None:
        self.clock = clock or SystemClock()
        self.end = threading.Event()
        """Set when the run has to end."""
        self.wait = wait or self.end.wait
        self._thread: threading.Thread | None = None

    def start(
        self, name: str, run: Callable[[], None], failed: Callable[[Exception], object]
    ) -> None:
        """Call `run` in a new thread; its exception goes to `failed`, usually `sink.fail`."""
        self.end.clear()
        self._thread = threading.Thread(
            target=self._guard, args=(run, failed), name=name, daemon=True
        )
        self._thread.start()

    def stop(self) -> None:
        """End the run and wait for its thread, unless called from it. Safe at any time."""
        self.end.set()
        thread, self._thread = self._thread, None
        if thread is not None and thread is not threading.current_thread():
            thread.join()

    def wait_until(self, due_ns: float) -> bool:
        """Wait for a time of the clock; return True when the run has to end instead."""
        return self.wait(max(0.0, (due_ns - self.clock.monotonic_ns()) / 1e9))

    def ended_within(self, timeout_s: float) -> bool:
        """Wait for a run that ends on its own; return whether it did."""
        if self._thread is not None:
            self._thread.join(timeout_s)
        return self._thread is None or not self._thread.is_alive()

    @staticmethod
    def _guard(run: Callable[[], None], failed: Callable[[Exception], object]) -> None:
        try:
            run()
        except Exception as error:  # reported to the operator, whatever it is
            logger.exception("A run ended with an exception")
            failed(error)
