"""Contrast in flowing blood: what injections make of the concentration along a tree of vessels."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np

from fluoroview_simulated.arrays import FloatArray


@dataclass(frozen=True)
class Injection:
    """Contrast given at the root of a tree: by hand or by injector."""

    start_s: float
    volume_ml: float
    rate_ml_s: float
    agent_g_cm3: float = 0.35
    delay_s: float = 0.0

    @property
    def span_s(self) -> tuple[float, float]:
        """From when to when it runs."""
        start = self.start_s + self.delay_s
        return start, start + self.volume_ml / self.rate_ml_s

    def given_ml(self, t_s: float) -> float:
        """What has left the syringe by then."""
        start, _ = self.span_s
        return float(np.clip((t_s - start) * self.rate_ml_s, 0.0, self.volume_ml))


@dataclass(frozen=True)
class Flow:
    """What carries contrast through a tree: arrival, dilution, dispersion, wash-out.

    Attributes:
        arrival_s: (n,) from the root to each node (`Tree.arrival_s`); also any other places.
        flow_ml_s: of blood at the root. An injection slower than that is diluted by it.
        mixing_s, dispersion: the front and the tail have a time constant of
            mixing_s + dispersion × arrival.
        clock: flow time for a time in s: the integral of the relative flow where flow pulses.
    """

    arrival_s: np.ndarray
    flow_ml_s: float
    mixing_s: float = 0.12
    dispersion: float = 0.12
    clock: Callable[[float], float] = float

    def concentration(self, t_s: float, injections: Iterable[Injection]) -> np.ndarray:
        """Contrast at the nodes, (n,) g/cm³.

        Two mixing chambers in a row behind a pure delay: what went in comes out, all of it.
        """
        total = np.zeros(len(self.arrival_s))
        tau = self.mixing_s + self.dispersion * self.arrival_s
        most = 0.0
        for i in injections:
            start, end = i.span_s
            if t_s <= start:
                continue
            mixture = i.agent_g_cm3 * min(1.0, i.rate_ml_s / self.flow_ml_s)
            now = self.clock(t_s)
            since = now - self.clock(start) - self.arrival_s
            after = now - self.clock(min(end, t_s)) - self.arrival_s if t_s > end else None
            total += mixture * _passed(since, tau)
            if after is not None:
                total -= mixture * _passed(after, tau)
            most = max(most, i.agent_g_cm3)
        return np.clip(total, 0.0, most)

    def reflux_ml(self, t_s: float, injections: Iterable[Injection]) -> float:
        """What ran back because it was given faster than the vessel takes it."""
        excess = 0.0
        for i in injections:
            share = max(0.0, 1.0 - self.flow_ml_s / i.rate_ml_s)
            excess += share * i.given_ml(t_s)
        return excess


def _passed(u: FloatArray, tau: FloatArray) -> FloatArray:
    """Answer of two mixing chambers, together of delay `tau`, to a step."""
    x = np.maximum(u, 0.0) * (2.0 / tau)
    return 1.0 - (1.0 + x) * np.exp(-x)
