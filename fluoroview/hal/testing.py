"""What the tests of a driver need and would each write again; for makers of drivers, too.

Nothing here is used by the program. `drivers/template/tests` shows the use.
"""

from collections.abc import Callable

from fluoroview.hal.run_thread import RunThread


class RunHere(RunThread):
    """A run in the thread that starts it: `start` returns when the run has ended.

    With a FakeClock, and a `wait` that advances it, a run of minutes takes no time.
    """

    def start(
        self, name: str, run: Callable[[], None], failed: Callable[[Exception], object]
    ) -> None:
        """Call `run`; what it raises goes to `failed`."""
        self._guard(run, failed)
