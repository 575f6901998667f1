"""Sums and means that do not lose small values next to large totals."""

import math
from dataclasses import dataclass, field

from fluoroview.hal.frame import Exposure


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


@dataclass(slots=True)
class Mean:
    """Mean of the values that are known; None if none is."""

    total: CompensatedSum = field(default_factory=CompensatedSum)
    count: int = 0

    def add(self, value: float) -> None:
        """Add a value; NaN (unknown) is skipped."""
        if math.isfinite(value):
            self.total.add(value)
            self.count += 1

    @property
    def value(self) -> float | None:
        """The mean."""
        return self.total.value / self.count if self.count else None


class TechniqueMeans:
    """Mean technique of a run, for its irradiation event."""

    def __init__(self) -> None:
        self.tube_voltage_kv = Mean()
        self.tube_current_ma = Mean()
        self.pulse_width_ms = Mean()

    def add(self, exposure: Exposure) -> None:
        """Add the technique of one pulse."""
        self.tube_voltage_kv.add(exposure.tube_voltage_kv)
        self.tube_current_ma.add(exposure.tube_current_ma)
        self.pulse_width_ms.add(exposure.pulse_width_ms)
