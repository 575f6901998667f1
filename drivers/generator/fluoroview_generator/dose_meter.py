"""The driver of a simulated KAP and air-kerma meter: it measures what it is set to measure.

It knows nothing of any beam. Its figures are reported as SIMULATED.
"""

from collections.abc import Callable

import numpy as np

from fluoroview.hal import (
    Clock,
    DeviceError,
    DeviceInfo,
    DoseMeter,
    DoseOrigin,
    EnumParameter,
    FloatParameter,
    FrameSink,
    IntParameter,
    ParameterTree,
)
from fluoroview.hal.dose_meter import report_reading
from fluoroview.hal.frame import NAN
from fluoroview.hal.runtime.run_thread import RunThread
from fluoroview_generator.pacing import PulseSchedule

DEVICE_ID = "meter"
READINGS_PER_S = 10.0
QUANTITIES = ("KAP", "air kerma", "both")


class SimulatedDoseMeter(DoseMeter):
    """A meter of a set rate, with noise; `clock` and `wait` are there for tests."""

    def __init__(
        self,
        device_id: str,
        clock: Clock | None = None,
        wait: Callable[[float], bool] | None = None,
    ) -> None:
        super().__init__(device_id)
        self._thread = RunThread(clock, wait)
        self._clock = self._thread.clock
        self._renew()

    def _renew(self) -> None:
        self._quantity = QUANTITIES[0]
        self._kap_rate_ugym2_s = 2.0
        self._kerma_rate_mgy_min = 6.0
        self._noise_percent = 1.0
        self._seed = 1
        self._reading = 0

    @classmethod
    def discover(cls) -> list[DeviceInfo]:
        """Return the one simulated meter; it is always there."""
        return [
            DeviceInfo(
                "dose_meter_sim",
                DEVICE_ID,
                "FluoroView",
                "Simulated dose meter",
                note="measures the rate that is set; no hardware",
            )
        ]

    def open(self) -> None:
        """Switch on; readings are numbered from here."""
        if self.device_id not in (DEVICE_ID, ""):
            raise DeviceError(
                f"The simulated dose meter has no device {self.device_id!r}.",
                f"It has one: {DEVICE_ID}.",
                code="FV-GEN-001",
            )
        self._renew()

    def parameters(self) -> ParameterTree:
        """Return rates, noise and seed."""
        return ParameterTree(
            [
                EnumParameter(
                    "Quantity",
                    lambda: self._quantity,
                    lambda value: setattr(self, "_quantity", value),
                    choices=QUANTITIES,
                    description="what this meter measures; the rest it does not state",
                ),
                self._number("KapRate", "_kap_rate_ugym2_s", 1e6, "µGy·m²/s"),
                self._number("AirKermaRate", "_kerma_rate_mgy_min", 1e4, "mGy/min"),
                self._number("NoisePercent", "_noise_percent", 100.0, "%"),
                IntParameter(
                    "Seed",
                    lambda: self._seed,
                    lambda value: setattr(self, "_seed", value),
                    minimum=0,
                    maximum=2**31 - 1,
                    description="seed and number of the reading give the same noise",
                ),
                FloatParameter("ReadingRate", lambda: READINGS_PER_S, unit="1/s"),
            ]
        )

    def start(self, sink: FrameSink) -> None:
        """Begin to read, ten times a second."""
        self._thread.start("simulated meter", lambda: self._read(sink), sink.fail)

    def stop(self) -> None:
        """End the readings."""
        self._thread.stop()

    def close(self) -> None:
        """Switch off."""
        self.stop()

    def _read(self, sink: FrameSink) -> None:
        schedule = PulseSchedule(self._clock.monotonic_ns(), READINGS_PER_S)
        reported_slot = schedule.slot = 0
        while not sink.stopping:
            if self._thread.wait_until(schedule.next(self._clock.monotonic_ns())):
                return
            self._report(sink, (schedule.slot - reported_slot) / READINGS_PER_S)
            reported_slot = schedule.slot

    def _report(self, sink: FrameSink, seconds: float) -> None:
        """Report what accumulated in `seconds`, each quantity with the noise of this reading."""
        noise = np.random.default_rng([self._seed, self._reading]).standard_normal()
        self._reading += 1
        part = max(0.0, 1.0 + noise * self._noise_percent / 100.0) * seconds
        kap_ugym2 = self._kap_rate_ugym2_s * part
        kerma_ugy = self._kerma_rate_mgy_min * 1e3 / 60.0 * part
        report_reading(
            sink,
            self._clock.monotonic_ns(),
            kap_ugym2=NAN if self._quantity == "air kerma" else kap_ugym2,
            air_kerma_ugy=NAN if self._quantity == "KAP" else kerma_ugy,
            origin=DoseOrigin.SIMULATED,
        )

    def _number(self, name: str, attribute: str, maximum: float, unit: str) -> FloatParameter:
        return FloatParameter(
            name,
            lambda: getattr(self, attribute),
            lambda value: setattr(self, attribute, value),
            minimum=0.0,
            maximum=maximum,
            unit=unit,
        )
