"""How much of a wait is the computer's load, and not the device's silence.

A deadline is for a device that does not answer. A driver that is ready to run and gets no
processor, because other programs take them all, is not silent; its deadline must not run
meanwhile. `Starvation` measures that share from outside, so that it also works while the driver
holds its interpreter.
"""

import os
import threading
import time
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

TICK_S = 0.05
"""How often a wait is measured."""
_LATE_FACTOR = 2.0
"""A measurement that comes later than this many ticks was itself kept waiting."""
_RUNNABLE = "R"
_TASKS = "/proc/{pid}/task"
_CLOCK_TICK_S = 1.0 / os.sysconf("SC_CLK_TCK") if hasattr(os, "sysconf") else 0.01


@dataclass(frozen=True, slots=True)
class ThreadSample:
    """One thread at one moment."""

    runnable: bool
    cpu_s: float


class Starvation:
    """Measures for how long the threads of a process were ready to run without a processor.

    Linux shows this per thread. Elsewhere only a delay of the measurement itself is noticed: then
    the whole computer was busy.
    """

    def __init__(
        self, pid: int | None, threads: Collection[int] | None = None, tick_s: float = TICK_S
    ) -> None:
        """Prepare to watch the process `pid` (None: nothing), or only some `threads` of it."""
        self._tasks = Path(_TASKS.format(pid=pid)) if pid is not None else None
        self._threads = threads
        self._tick_s = tick_s
        self._at_s = time.monotonic()
        self._samples = self._sample()

    def tick(self) -> float:
        """Return how much of the time since the last tick was starvation, in s."""
        now_s, samples = time.monotonic(), self._sample()
        elapsed_s, before = now_s - self._at_s, self._samples
        self._at_s, self._samples = now_s, samples
        return starved_s(elapsed_s, before, samples, self._tick_s)

    def _sample(self) -> dict[int, ThreadSample]:
        if self._tasks is None:
            return {}
        if self._threads is not None:
            tasks = [self._tasks / str(thread) for thread in self._threads]
        else:
            try:
                tasks = list(self._tasks.iterdir())
            except OSError:
                return {}  # no /proc here, or the process has ended
        own = str(threading.get_native_id())  # it samples: it is always runnable
        return {
            int(task.name): found
            for task in tasks
            if task.name != own and (found := _read(task)) is not None
        }


def starved_s(
    elapsed_s: float,
    before: dict[int, ThreadSample],
    after: dict[int, ThreadSample],
    tick_s: float = TICK_S,
) -> float:
    """Return the starved share of `elapsed_s` between two samples of a process.

    A thread that is runnable in both was ready all the time; the time it did not run is
    starvation. The thread that got the most counts: the others may wait for it.
    """
    late_s = max(0.0, elapsed_s - _LATE_FACTOR * tick_s)
    had_s = [
        after[thread].cpu_s - before[thread].cpu_s
        for thread in after.keys() & before.keys()
        if after[thread].runnable and before[thread].runnable
    ]
    if not had_s:
        return late_s
    return max(late_s, elapsed_s - min(elapsed_s, max(had_s)))


def _read(task: Path) -> ThreadSample | None:
    """Return the state of a thread from its `stat` (proc_pid_stat(5)); None once it has ended."""
    try:
        fields = (task / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return ThreadSample(fields[0] == _RUNNABLE, (int(fields[11]) + int(fields[12])) * _CLOCK_TICK_S)


class Patience:
    """Decides when a call into a driver has taken too long.

    The deadline counts the driver's own silence: not the time in which it got no processor, and
    from its last progress report on. A hard maximum holds whatever is reported.
    """

    STARVED_FACTOR = 12.0
    """A starved driver gets at most so many deadlines without a progress report."""
    MAX_S = 600.0
    """No call takes longer, whatever it reports."""

    def __init__(self, deadline_s: float, starvation: Starvation, began_s: float) -> None:
        """Begin to count at `began_s`, a moment of `time.monotonic()`."""
        self._deadline_s = deadline_s
        self._starvation = starvation
        self._began_s = self._reported_s = began_s
        self._starved_s = 0.0
        self._reports = 0

    def exhausted(self, reports: int) -> bool:
        """Return whether to give up now; `reports` counts the driver's progress reports."""
        now_s = time.monotonic()
        starved_s = self._starvation.tick()
        if reports != self._reports:
            self._reports, self._reported_s, self._starved_s = reports, now_s, 0.0
        else:
            self._starved_s += starved_s
        waited_s = now_s - self._reported_s
        return (
            waited_s - self._starved_s >= self._deadline_s
            or waited_s >= self.STARVED_FACTOR * self._deadline_s
            or now_s - self._began_s >= max(self.MAX_S, self._deadline_s)
        )
