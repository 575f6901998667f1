"""How the stream is doing: frames per second, intervals, commit-to-painted latency."""

import threading
from collections import deque
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

WINDOW = 300
_RATE_SPAN_S = 2.0


@dataclass(frozen=True, slots=True)
class Health:
    """Figures over the last pictures; None where there are none yet."""

    frames_per_second: float | None = None
    interval_p50_ms: float | None = None
    interval_p99_ms: float | None = None
    latency_p50_ms: float | None = None
    latency_p99_ms: float | None = None
    skipped_by_display: int = 0
    left_out_of_loop: int = 0


class HealthMonitor:
    """Collects times; the viewer tells when a picture was painted. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._commits_ns: deque[int] = deque(maxlen=WINDOW)
        self._latencies_ms: deque[float] = deque(maxlen=WINDOW)

    def begin_run(self) -> None:
        """Forget the intervals of the last run: the pause is no jitter."""
        with self._lock:
            self._commits_ns.clear()

    def committed(self, host_time_ns: int) -> None:
        """Note when a frame was committed."""
        with self._lock:
            self._commits_ns.append(host_time_ns)

    def painted(self, latency_ms: float) -> None:
        """Note how long after its commit a live picture was painted."""
        with self._lock:
            self._latencies_ms.append(latency_ms)

    def latencies_ms(self) -> list[float]:
        """Return the last latencies, oldest first."""
        with self._lock:
            return list(self._latencies_ms)

    def reading(self, skipped: int, left_out: int) -> Health:
        """Return the figures now."""
        with self._lock:
            commits = np.array(self._commits_ns, np.int64)
            latencies = np.array(self._latencies_ms)
        intervals = np.diff(commits) / 1e6
        recent = intervals[np.cumsum(intervals[::-1])[::-1] <= _RATE_SPAN_S * 1e3]
        return Health(
            frames_per_second=1e3 / float(recent.mean()) if recent.size else None,
            interval_p50_ms=_percentile(intervals, 50),
            interval_p99_ms=_percentile(intervals, 99),
            latency_p50_ms=_percentile(latencies, 50),
            latency_p99_ms=_percentile(latencies, 99),
            skipped_by_display=skipped,
            left_out_of_loop=left_out,
        )


def _percentile(values: npt.NDArray[np.floating], percent: float) -> float | None:
    return float(np.percentile(values, percent)) if values.size else None
