"""The state of the stream: frames per second, jitter, latency, temperature, clock of the device."""

import math
import threading
from collections import deque
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from fluoroview.hal import FrameHeader
from fluoroview.hal.runtime.time_fit import ClockFit, TimeFit

WINDOW = 300
HISTOGRAM_MS = (0.0, 2.0, 4.0, 8.0, 16.0, 33.0, 66.0, 133.0, math.inf)
"""Edges of the latency histogram."""
_RATE_SPAN_S = 2.0


@dataclass(frozen=True, slots=True)
class Health:
    """Figures over the last images; None where there are none yet."""

    frames_per_second: float | None = None
    interval_p50_ms: float | None = None
    interval_p99_ms: float | None = None
    jitter_ms: float | None = None
    """Standard deviation of the intervals between commits."""
    latency_p50_ms: float | None = None
    latency_p99_ms: float | None = None
    latency_histogram: tuple[int, ...] = ()
    """Images by display latency (commit to painted), between the edges of `HISTOGRAM_MS`."""
    temperature_c: float | None = None
    clock: ClockFit | None = None
    skipped_by_display: int = 0
    missing_from_loop: int = 0

    def as_dict(self) -> dict[str, Any]:
        """Return the figures JSON-able, the histogram by its ranges."""
        figures = asdict(self)
        edges = [f"{edge:g}" for edge in HISTOGRAM_MS[:-1]]
        names = [f"{a} to {b} ms" for a, b in pairwise(edges)]
        names.append(f"over {edges[-1]} ms")
        figures["latency_histogram"] = dict(zip(names, self.latency_histogram, strict=False))
        if self.clock is not None:
            figures["clock"]["drift_ppm"] = self.clock.drift_ppm
        return figures


class StreamStatistics:
    """Collects times; the viewer reports when an image was painted. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._commits_ns: deque[int] = deque(maxlen=WINDOW)
        self._latencies_ms: deque[float] = deque(maxlen=WINDOW)
        self._clock = TimeFit()
        self._temperature_c = math.nan

    def begin_run(self) -> None:
        """Forget the intervals of the last run: the pause between runs is no jitter."""
        with self._lock:
            self._commits_ns.clear()
            self._clock.clear()

    def committed(self, header: FrameHeader) -> None:
        """Note a frame that was committed."""
        with self._lock:
            self._commits_ns.append(header.host_time_ns)
            self._clock.add(header.hardware_time_ns, header.host_time_ns)
            self._temperature_c = header.temperature_c

    def painted(self, latency_ms: float) -> None:
        """Note how long after its commit a live image was painted."""
        with self._lock:
            self._latencies_ms.append(latency_ms)

    def latencies_ms(self) -> list[float]:
        """Return the last latencies, oldest first."""
        with self._lock:
            return list(self._latencies_ms)

    def reading(self, skipped: int, missing: int) -> Health:
        """Return the figures now."""
        with self._lock:
            commits = np.array(self._commits_ns, np.int64)
            latencies = np.array(self._latencies_ms)
            clock = self._clock.reading()
            temperature_c = self._temperature_c
        intervals = np.diff(commits) / 1e6
        recent = intervals[np.cumsum(intervals[::-1])[::-1] <= _RATE_SPAN_S * 1e3]
        return Health(
            frames_per_second=1e3 / float(recent.mean()) if recent.size else None,
            interval_p50_ms=_percentile(intervals, 50),
            interval_p99_ms=_percentile(intervals, 99),
            jitter_ms=float(intervals.std()) if intervals.size else None,
            latency_p50_ms=_percentile(latencies, 50),
            latency_p99_ms=_percentile(latencies, 99),
            latency_histogram=tuple(np.histogram(latencies, HISTOGRAM_MS)[0].tolist()),
            temperature_c=None if math.isnan(temperature_c) else temperature_c,
            clock=clock,
            skipped_by_display=skipped,
            missing_from_loop=missing,
        )


def _percentile(values: npt.NDArray[np.floating], percent: float) -> float | None:
    return float(np.percentile(values, percent)) if values.size else None
