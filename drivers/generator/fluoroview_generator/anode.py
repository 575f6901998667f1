"""Heat of the anode: each pulse adds its energy, and it cools exponentially. No device in here."""

import math

from fluoroview.hal import Clock


class Anode:
    """Stored heat in kJ.

    dE/dt = P − E/τ: a lumped body in surroundings that stay cold. It cools only as time passes
    on `clock`.
    """

    def __init__(
        self, clock: Clock, *, capacity_kj: float = 200.0, cooling_time_s: float = 240.0
    ) -> None:
        self._clock = clock
        self.capacity_kj = capacity_kj
        self._cooling_time_s = cooling_time_s
        self._heat_kj = 0.0
        self._at_ns = clock.monotonic_ns()

    @property
    def heat_kj(self) -> float:
        """Heat stored now, kJ."""
        self._cool()
        return self._heat_kj

    @property
    def heat_percent(self) -> float:
        """Heat stored now in percent of the capacity; above 100 the anode is too hot."""
        return 100.0 * self.heat_kj / self.capacity_kj

    @property
    def cooling_time_s(self) -> float:
        """Time in which it cools to 1/e, s."""
        return self._cooling_time_s

    @cooling_time_s.setter
    def cooling_time_s(self, seconds: float) -> None:
        self._cool()  # what has passed was at the former pace
        self._cooling_time_s = seconds

    def add(self, energy_kj: float) -> None:
        """Take in the energy of a pulse."""
        self._cool()
        self._heat_kj += energy_kj

    def seconds_until(self, percent: float) -> float:
        """Return how long it cools, unused, to `percent` of its capacity."""
        now_percent = self.heat_percent
        return (
            self._cooling_time_s * math.log(now_percent / percent) if now_percent > percent else 0
        )

    def _cool(self) -> None:
        now_ns = self._clock.monotonic_ns()
        self._heat_kj *= math.exp(-(now_ns - self._at_ns) / 1e9 / self._cooling_time_s)
        self._at_ns = now_ns
