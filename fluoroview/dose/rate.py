"""Air kerma rate from single pulses."""

from collections import deque

from fluoroview.dose.kerma_and_kap import MGY_PER_UGY, stated
from fluoroview.dose.timer import NS_PER_S
from fluoroview.hal.frame import Pulse

WINDOW_S = 1.0
"""The rate is a mean over the last second of pulses ..."""
MAX_GAP_S = 5.0
"""... or over the last two, where pulses are slower; beyond this gap the beam counts as silent."""


class KermaRate:
    """Sliding air kerma rate, mGy/min.

    rate = (kerma of the pulses after the first in the window) / (time from the first to the last),
    which is exact for a steady beam at any pulse rate and any moment of reading. The first pulse
    of a run stands for one whole second until the second one arrives.
    """

    def __init__(self) -> None:
        self._pulses: deque[tuple[int, float | None]] = deque()

    def clear(self) -> None:
        """Discard all pulses (a new run begins)."""
        self._pulses.clear()

    def add(self, pulse: Pulse) -> None:
        """Add one pulse."""
        kerma = pulse.air_kerma_ugy if stated(pulse.air_kerma_ugy, pulse.origin) else None
        pulses = self._pulses
        pulses.append((pulse.host_time_ns, kerma))
        # Keep the newest pulse that is older than the window: it is where the span begins.
        start_ns = pulse.host_time_ns - round(WINDOW_S * NS_PER_S)
        while len(pulses) > 2 and pulses[1][0] <= start_ns:
            pulses.popleft()

    def mgy_min(self, now_ns: int) -> float | None:
        """Return the rate; None if a pulse in the window does not state its kerma.

        0 if there is no pulse, or if the last one is longer ago than two pulse intervals (and
        1 s): the beam is then silent, whatever the pedal says.
        """
        pulses = self._pulses
        if not pulses:
            return 0.0
        kermas = [kerma for _, kerma in pulses]
        if any(kerma is None for kerma in kermas):
            return None
        silent_s = (now_ns - pulses[-1][0]) / NS_PER_S
        if len(pulses) == 1:
            span_s, total_ugy, max_silence_s = WINDOW_S, kermas[0] or 0.0, MAX_GAP_S
        else:
            span_s = max((pulses[-1][0] - pulses[0][0]) / NS_PER_S, 1e-6)
            total_ugy = sum(kerma or 0.0 for kerma in kermas[1:])
            interval_s = span_s / (len(pulses) - 1)
            max_silence_s = min(max(2 * interval_s, WINDOW_S), MAX_GAP_S)
        if silent_s > max_silence_s:
            return 0.0
        return total_ugy * MGY_PER_UGY / span_s * 60
