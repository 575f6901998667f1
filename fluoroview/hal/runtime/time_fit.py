"""Hardware time mapped to host time by a running line fit.

host = offset + rate · hardware, by least squares over the last frames. The residual shows how well
a device's clock can be used: it is the jitter of transport and scheduling, not of the detector.
"""

from collections import deque
from dataclasses import dataclass

import numpy as np

MIN_FRAMES = 10
SPAN_FRAMES = 300


@dataclass(frozen=True, slots=True)
class ClockFit:
    """A fit at one moment."""

    rate: float
    """Host ns per hardware ns; 1 + drift."""
    offset_ns: float
    residual_rms_ms: float
    residual_max_ms: float

    @property
    def drift_ppm(self) -> float:
        """How much faster host time runs, in parts per million."""
        return (self.rate - 1) * 1e6

    def to_host_ns(self, hardware_time_ns: int) -> float:
        """Return the host's monotonic time of a hardware time."""
        return self.offset_ns + self.rate * hardware_time_ns


class TimeFit:
    """Collects pairs of times; `reading` fits the line."""

    def __init__(self) -> None:
        self._pairs: deque[tuple[int, int]] = deque(maxlen=SPAN_FRAMES)

    def add(self, hardware_time_ns: int, host_time_ns: int) -> None:
        """Add one frame; a hardware clock that was set back restarts the fit."""
        if self._pairs and hardware_time_ns < self._pairs[-1][0]:
            self._pairs.clear()
        self._pairs.append((hardware_time_ns, host_time_ns))

    def clear(self) -> None:
        """Discard all pairs."""
        self._pairs.clear()

    def reading(self) -> ClockFit | None:
        """Return the fit; None with too few frames, or from a device without a hardware time."""
        pairs = list(self._pairs)
        if len(pairs) < MIN_FRAMES or pairs[0][0] == pairs[-1][0]:
            return None
        hardware = np.array([pair[0] - pairs[0][0] for pair in pairs], np.float64)
        host = np.array([pair[1] - pairs[0][1] for pair in pairs], np.float64)
        rate, start = np.polyfit(hardware, host, 1)
        residual_ms = (host - (start + rate * hardware)) / 1e6
        return ClockFit(
            rate=float(rate),
            offset_ns=float(pairs[0][1] + start - rate * pairs[0][0]),
            residual_rms_ms=float(np.sqrt(np.mean(residual_ms**2))),
            residual_max_ms=float(np.abs(residual_ms).max()),
        )
