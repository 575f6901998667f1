"""Sums of dose that do not lose small pulses beside large totals, and that know what is missing."""

import math
from dataclasses import dataclass, field

from fluoroview.hal.frame import DoseOrigin, Exposure, Pulse

MGY_PER_UGY = 1e-3
GYCM2_PER_UGYM2 = 1e-2  # 1 µGy·m² = 1e-6 Gy · 1e4 cm²

TRUST = (
    DoseOrigin.MEASURED,
    DoseOrigin.RECORDED,
    DoseOrigin.COMPUTED,
    DoseOrigin.SIMULATED,
    DoseOrigin.NOT_AVAILABLE,
)
"""Origins, from the most trusted to the least. A sum is of the least trusted one in it."""


class CompensatedSum:
    """A running sum with Neumaier's compensation: its error does not grow with the count."""

    def __init__(self) -> None:
        self._sum = 0.0
        self._compensation = 0.0

    def add(self, value: float) -> None:
        """Add a finite value."""
        total = self._sum + value
        if abs(self._sum) >= abs(value):
            self._compensation += (self._sum - total) + value
        else:
            self._compensation += (value - total) + self._sum
        self._sum = total

    @property
    def value(self) -> float:
        """The sum."""
        return self._sum + self._compensation


def stated(value: float, origin: DoseOrigin) -> bool:
    """Return whether a dose figure can be used: finite, not negative, and of a known origin."""
    return math.isfinite(value) and value >= 0 and origin is not DoseOrigin.NOT_AVAILABLE


@dataclass(slots=True)
class Mean:
    """Mean of the values that are known; None if none is."""

    total: CompensatedSum = field(default_factory=CompensatedSum)
    count: int = 0

    def add(self, value: float) -> None:
        """Take in a value; NaN (unknown) is left out."""
        if math.isfinite(value):
            self.total.add(value)
            self.count += 1

    @property
    def value(self) -> float | None:
        """The mean."""
        return self.total.value / self.count if self.count else None


class DoseSum:
    """What a set of pulses adds up to."""

    def __init__(self) -> None:
        self.pulses = 0
        self._with_kerma = 0
        self._with_kap = 0
        self.kerma_metered = False
        self.kap_metered = False
        self.meter_gone = False
        """Set while the meter that measured is not there: pulses are then missing from its sums."""
        self._kerma_missed = 0
        self._kap_missed = 0
        self._kerma_ugy = CompensatedSum()
        self._kap_ugym2 = CompensatedSum()
        self._origin: DoseOrigin | None = None

    def add(self, pulse: Pulse) -> None:
        """Take in one pulse, or one increment of a dose meter (`pulse_index` -1)."""
        metered = pulse.pulse_index < 0
        self.pulses += not metered
        kerma = stated(pulse.air_kerma_ugy, pulse.origin)
        kap = stated(pulse.kap_ugym2, pulse.origin)
        if self.meter_gone and not metered:
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
        """Pulses whose air kerma is in the sum; of a meter, those that it saw."""
        if not self.kerma_metered:
            return self._with_kerma
        return max(self.pulses, 1) - self._kerma_missed

    @property
    def with_kap(self) -> int:
        """Pulses whose kerma-area product is in the sum, likewise."""
        if not self.kap_metered:
            return self._with_kap
        return max(self.pulses, 1) - self._kap_missed

    @property
    def air_kerma_mgy(self) -> float:
        """Sum of what is stated, mGy."""
        return self._kerma_ugy.value * MGY_PER_UGY

    @property
    def kap_gycm2(self) -> float:
        """Sum of what is stated, Gy·cm²."""
        return self._kap_ugym2.value * GYCM2_PER_UGYM2

    @property
    def origin(self) -> DoseOrigin:
        """The least trusted origin among the figures in the sums."""
        return self._origin or DoseOrigin.NOT_AVAILABLE


class TechniqueMeans:
    """Mean technique of a run, for its irradiation event."""

    def __init__(self) -> None:
        self.tube_voltage_kv = Mean()
        self.tube_current_ma = Mean()
        self.pulse_width_ms = Mean()

    def add(self, exposure: Exposure) -> None:
        """Take in the technique of one pulse."""
        self.tube_voltage_kv.add(exposure.tube_voltage_kv)
        self.tube_current_ma.add(exposure.tube_current_ma)
        self.pulse_width_ms.add(exposure.pulse_width_ms)
