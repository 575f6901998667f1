"""What the monkey's run must keep: lamp and beam, dose, a window that answers, flat memory."""

import gc
import logging
import statistics
import sys
import threading
import time
import traceback
from collections import Counter
from datetime import datetime
from types import TracebackType
from typing import Any, Self

import psutil
from PyQt6.QtCore import QObject, Qt, QTimer, pyqtSignal
from PyQt6.QtWidgets import QMainWindow

from fluoroview.session.events import Problem
from fluoroview.session.session import Session
from fluoroview.session.state import SessionState
from fluoroview.viewer.widgets.lamp import XRayLamp

BEAT_MS = 20
MAX_STALL_S = 1.0
MAX_LAMP_WRONG_S = 0.5
"""The lamp follows the state within a refresh of the window; longer than this it is wrong."""
SETTLED_S = 1.0
"""So long after a release every pulse and every run is counted."""
MAX_GROWTH_MB = 60.0
MAX_THREADS_MORE = 4


class UnexpectedErrors(logging.Handler):
    """Collects every exception that is logged, or that nobody caught."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.found: list[str] = []

    def __enter__(self) -> Self:
        logging.getLogger("fluoroview").addHandler(self)
        self._hooks = sys.excepthook, threading.excepthook
        sys.excepthook = lambda _kind, error, _traceback: self._note(error)
        threading.excepthook = lambda arguments: self._note(arguments.exc_value)
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        sys.excepthook, threading.excepthook = self._hooks
        logging.getLogger("fluoroview").removeHandler(self)

    def emit(self, record: logging.LogRecord) -> None:
        """Note a logged error that has a traceback."""
        if record.exc_info:
            self._note(record.exc_info[1])

    def _note(self, error: BaseException | None) -> None:
        if error is not None:
            self.found.append("".join(traceback.format_exception(error)))


class Watch(QObject):
    """Looks at session and window with every beat of a timer in the window's thread."""

    beat = pyqtSignal()

    def __init__(self, session: Session, window: QMainWindow) -> None:
        super().__init__()
        self._session = session
        lamp = window.findChild(XRayLamp)
        assert isinstance(lamp, XRayLamp)
        self._lamp = lamp
        self._violations: list[str] = []
        self._start = time.monotonic()
        self._lamp_right = self._beam_seen = self._busy = self._start
        self._longest_wrong_s = 0.0
        self._pulses = 0
        self._late: tuple[float, int, str] | None = None
        """When pulses came without a pedal, how many runs there were, and the finding."""
        self._sums_checked = 0
        self._runs: set[datetime] = set()
        self._problems: Counter[str] = Counter()
        session.events.problem.connect(self._count_problem)
        self._samples: list[tuple[float, int]] = []
        self._stalls = _Stalls()
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._look)
        self._timer.start(BEAT_MS)

    def end(self) -> dict[str, Any]:
        """Stop looking; return figures and limits."""
        self._timer.stop()
        self._stalls.stop()
        self._session.release_pedal()
        time.sleep(SETTLED_S)
        self._check_sums(self._session.snapshot())
        memory = self._growth([sample[0] for sample in self._samples])
        threads = self._growth([float(sample[1]) for sample in self._samples])
        return {
            "runs": len(self._runs),
            "problems": dict(self._problems.most_common(10)),
            "dose_sums_checked": self._sums_checked,
            "longest_stall_s": self._stalls.longest_s,
            "stalls": self._stalls.stacks,
            "lamp_wrong_s": self._longest_wrong_s,
            "violations": self._violations,
            "memory_mb": self._samples[-1][0] if self._samples else 0.0,
            "memory_growth_mb": memory,
            "checkpoints": len(self._samples),
            "threads": self._samples[-1][1] if self._samples else 0,
            "threads_more": threads,
            "within_limits": {
                "lamp as beam": self._longest_wrong_s <= MAX_LAMP_WRONG_S,
                "dose is the sum of the runs, no pulse after release": not self._violations,
                f"no stall over {MAX_STALL_S:g} s": self._stalls.longest_s <= MAX_STALL_S,
                f"memory flat (within {MAX_GROWTH_MB:g} MB)": memory <= MAX_GROWTH_MB,
                "threads flat": threads <= MAX_THREADS_MORE,
            },
        }

    def sample(self) -> None:
        """Note memory and threads, at a moment when window and device are as they were before."""
        gc.collect()
        process = psutil.Process()
        self._samples.append((process.memory_info().rss / 1e6, process.num_threads()))

    @staticmethod
    def _growth(values: list[float]) -> float:
        """Return how much the median of the last values exceeds that of those before.

        The first third of the values warms up and does not count.
        """
        warm = values[len(values) // 3 :]
        half = len(warm) // 2
        return statistics.median(warm[half:]) - statistics.median(warm[:half]) if half else 0.0

    def _look(self) -> None:
        self._stalls.beat()
        now, state = time.monotonic(), self._session.snapshot()
        self._check_lamp(now, state)
        self._check_pulses(now, state)
        self._runs |= {run.dose.started_utc for run in self._session.runs}
        if state.pedal_down or state.beam_on:
            self._busy = now
        elif now - self._busy > SETTLED_S:
            self._busy = now
            self._check_sums(state)
        self.beat.emit()

    def _count_problem(self, problem: Problem) -> None:
        self._problems[problem.what] += 1

    def _check_lamp(self, now: float, state: SessionState) -> None:
        if self._lamp.on == (state.beam_on and not self._session.plays_back):
            self._lamp_right = now
        self._longest_wrong_s = max(self._longest_wrong_s, now - self._lamp_right)

    def _check_pulses(self, now: float, state: SessionState) -> None:
        """A pulse counted long after the pedal came up, and of no new run, had no pedal.

        A tap may be over between two looks: its pulse is then followed by its run.
        """
        if state.pedal_down:
            self._beam_seen = now
        if self._late is not None:
            since, runs, words = self._late
            if state.pedal_down or state.runs != runs:
                self._late = None
            elif now - since > SETTLED_S:
                self._violations.append(words)
                self._late = None
        more = state.dose.pulses - self._pulses
        if more > 0 and now - self._beam_seen > SETTLED_S and self._late is None:
            words = f"{more} pulses {now - self._beam_seen:.1f} s after release"
            self._late = (now, state.runs, words)
        self._pulses = state.dose.pulses

    def _check_sums(self, state: SessionState) -> None:
        runs = self._session.runs
        total = sum(run.dose.pulses for run in runs)
        if len(runs) != state.runs:
            return  # a run or a patient came meanwhile
        self._sums_checked += 1
        if total != state.dose.pulses:
            self._violations.append(f"{state.dose.pulses} pulses, {total} in {len(runs)} runs")
        starts = [run.dose.started_utc for run in runs]
        if len(set(starts)) != len(starts):
            self._violations.append("a run is recorded twice")


class _Stalls:
    """Measures how long the window's thread does not come round, and where it stands meanwhile."""

    def __init__(self) -> None:
        self.longest_s = 0.0
        self.stacks: list[str] = []
        self._main = threading.get_ident()
        self._last = time.monotonic()
        self._stopped = threading.Event()
        threading.Thread(target=self._observe, name="stalls", daemon=True).start()

    def beat(self) -> None:
        """Note that the thread came round."""
        now = time.monotonic()
        self.longest_s = max(self.longest_s, now - self._last)
        self._last = now

    def stop(self) -> None:
        """Stop observing."""
        self._stopped.set()

    def _observe(self) -> None:
        noted = 0.0
        while not self._stopped.wait(0.05):
            last = self._last
            if time.monotonic() - last > MAX_STALL_S and noted != last:
                noted = last
                frame = sys._current_frames().get(self._main)
                self.stacks.append("".join(traceback.format_stack(frame)[-8:]))
