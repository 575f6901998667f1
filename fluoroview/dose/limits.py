"""Limits and notification levels of dose, as events. Nothing here stops a beam."""

from dataclasses import dataclass
from enum import StrEnum

from fluoroview.dose.account import DoseReading


class DoseEventKind(StrEnum):
    """Which limit was passed."""

    AIR_KERMA_RATE = "air kerma rate above its limit"
    AIR_KERMA = "cumulative air kerma at its notification level"
    KAP = "kerma-area product at its notification level"


@dataclass(frozen=True, slots=True)
class DoseLimits:
    """Limits of 21 CFR 1020.32(d), (e) and the notification levels in common use."""

    air_kerma_rate_mgy_min: float = 88.0
    high_level_air_kerma_rate_mgy_min: float = 176.0
    """Under high-level control: manual, continuous activation and a continuous audible signal."""
    notify_air_kerma_mgy: float = 2000.0
    notify_kap_gycm2: float = 200.0


@dataclass(frozen=True, slots=True)
class DoseEvent:
    """A limit that was passed."""

    kind: DoseEventKind
    value: float
    limit: float
    unit: str

    @property
    def text(self) -> str:
        """One sentence for the user."""
        return (
            f"{self.kind[0].upper()}{self.kind[1:]}: {self.value:.4g} {self.unit}"
            f" (limit {self.limit:g} {self.unit})."
        )


class LimitWatch:
    """Turns readings into events, once for each passage.

    A rate event can occur again once the rate has fallen to the limit; a notification level occurs
    once until the dose is reset. A figure that is not available passes no limit.
    """

    def __init__(self, limits: DoseLimits | None = None) -> None:
        self.limits = limits or DoseLimits()
        self._active: frozenset[DoseEventKind] = frozenset()

    @property
    def active(self) -> frozenset[DoseEventKind]:
        """The limits that the last reading passes."""
        return self._active

    def check(self, reading: DoseReading, high_level: bool = False) -> tuple[DoseEvent, ...]:
        """Return an event for each limit that this reading passes and the previous one did not."""
        limits = self.limits
        rate_limit = (
            limits.high_level_air_kerma_rate_mgy_min
            if high_level
            else limits.air_kerma_rate_mgy_min
        )
        rate, kerma, kap = (
            reading.air_kerma_rate_mgy_min,
            reading.cumulative_air_kerma_mgy,
            reading.kap_gycm2,
        )
        passed: list[DoseEvent] = []
        # A limit of fluoroscopy: 21 CFR 1020.32(d)(2)(iii) exempts the recording of images.
        if rate is not None and rate > rate_limit and not reading.acquires:
            passed.append(DoseEvent(DoseEventKind.AIR_KERMA_RATE, rate, rate_limit, "mGy/min"))
        if kerma is not None and kerma >= limits.notify_air_kerma_mgy:
            passed.append(
                DoseEvent(DoseEventKind.AIR_KERMA, kerma, limits.notify_air_kerma_mgy, "mGy")
            )
        if kap is not None and kap >= limits.notify_kap_gycm2:
            passed.append(DoseEvent(DoseEventKind.KAP, kap, limits.notify_kap_gycm2, "Gy·cm²"))
        before, self._active = self._active, frozenset(event.kind for event in passed)
        return tuple(event for event in passed if event.kind not in before)
