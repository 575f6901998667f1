"""`KermaAndKapSum`: where air kerma and kerma-area product (KAP) are summed, pulse by pulse.

`DoseAccount` keeps one of these for the whole procedure, one for its acquisitions, and one for each
run. Each knows which pulses are missing from it.
"""

import math

from fluoroview.dose.sums import CompensatedSum
from fluoroview.hal.frame import DoseOrigin, Pulse

MGY_PER_UGY = 1e-3
GYCM2_PER_UGYM2 = 1e-2  # 1 µGy·m² = 1e-6 Gy · 1e4 cm²

TRUST = (
    DoseOrigin.MEASURED,
    DoseOrigin.RECORDED,
    DoseOrigin.COMPUTED,
    DoseOrigin.SIMULATED,
    DoseOrigin.NOT_AVAILABLE,
)
"""Origins, from the most trusted to the least. A sum has the least trusted origin of its parts."""


def stated(value: float, origin: DoseOrigin) -> bool:
    """Return whether a dose figure can be used: finite, not negative, and of a known origin."""
    return math.isfinite(value) and value >= 0 and origin is not DoseOrigin.NOT_AVAILABLE


class KermaAndKapSum:
    """Air kerma and KAP of a set of pulses."""

    def __init__(self) -> None:
        self.pulses = 0
        self._with_kerma = 0
        self._with_kap = 0
        self.kerma_metered = False
        self.kap_metered = False
        self.meter_absent = False
        """Whether the meter that measured is absent: pulses are then missing from its sums."""
        self._kerma_missed = 0
        self._kap_missed = 0
        self._kerma_ugy = CompensatedSum()
        self._kap_ugym2 = CompensatedSum()
        self._origin: DoseOrigin | None = None

    def add(self, pulse: Pulse) -> None:
        """Add one pulse, or one increment of a dose meter (`pulse_index` -1)."""
        metered = pulse.pulse_index < 0
        self.pulses += not metered
        kerma = stated(pulse.air_kerma_ugy, pulse.origin)
        kap = stated(pulse.kap_ugym2, pulse.origin)
        if self.meter_absent and not metered:
            self._kerma_missed += not kerma
            self._kap_missed += not kap
        if kerma:
            self._with_kerma += not metered
            self.kerma_metered |= metered
            self._kerma_ugy.add(pulse.air_kerma_ugy)
        if kap:
            self._with_kap += not metered
            self.kap_metered |= metered
            self._kap_ugym2.add(pulse.kap_ugym2)
        if kerma or kap:
            self._origin = max(self._origin or pulse.origin, pulse.origin, key=TRUST.index)

    @property
    def with_kerma(self) -> int:
        """Pulses whose air kerma is in the sum; of a meter, those that it measured."""
        if not self.kerma_metered:
            return self._with_kerma
        return max(self.pulses, 1) - self._kerma_missed

    @property
    def with_kap(self) -> int:
        """Pulses whose KAP is in the sum; of a meter, those that it measured."""
        if not self.kap_metered:
            return self._with_kap
        return max(self.pulses, 1) - self._kap_missed

    @property
    def air_kerma_mgy(self) -> float:
        """Sum of the air kerma that is stated, mGy."""
        return self._kerma_ugy.value * MGY_PER_UGY

    @property
    def kap_gycm2(self) -> float:
        """Sum of the KAP that is stated, Gy·cm²."""
        return self._kap_ugym2.value * GYCM2_PER_UGYM2

    @property
    def origin(self) -> DoseOrigin:
        """The least trusted origin among the figures in the sums."""
        return self._origin or DoseOrigin.NOT_AVAILABLE
