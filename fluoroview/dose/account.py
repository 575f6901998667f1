"""The dose account of a procedure: every pulse, by run and in total."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from fluoroview.dose.kerma_and_kap import KermaAndKapSum
from fluoroview.dose.rate import KermaRate
from fluoroview.dose.sums import TechniqueMeans
from fluoroview.dose.timer import NS_PER_S, FluoroscopyTimer
from fluoroview.hal.clock import Clock
from fluoroview.hal.frame import DoseOrigin, Pulse

FLUOROSCOPY = "fluoroscopy"
"""The kind of a run unless the device states another; every other kind is an acquisition."""


def is_acquisition(kind: str) -> bool:
    """Whether a run of this kind is recorded (single image, cine, DSA) and not fluoroscopy."""
    return bool(kind) and kind.casefold() != FLUOROSCOPY


@dataclass(frozen=True, slots=True)
class DoseReading:
    """The figures of the dose display. None means not available, which is not 0.

    Kerma is air kerma at the reference point, free in air. The rate is the present one: 0 while
    the beam is off. `origin` is that of the least trusted figure in the sums.
    """

    air_kerma_rate_mgy_min: float | None
    cumulative_air_kerma_mgy: float | None
    kap_gycm2: float | None
    fluoroscopy_time_s: float
    pulses: int
    pulses_without_kerma: int
    pulses_without_kap: int
    origin: DoseOrigin
    acquisition_air_kerma_mgy: float | None = None
    """The part of the cumulative air kerma that is from acquisitions; the rest is fluoroscopy."""
    acquisition_kap_gycm2: float | None = None
    acquires: bool = False
    """Whether the beam is on for an acquisition: the limits of fluoroscopy are not its limits."""

    @property
    def complete(self) -> bool:
        """Whether the cumulative air kerma contains every pulse."""
        return self.pulses_without_kerma == 0


@dataclass(frozen=True, slots=True)
class RunDose:
    """The dose of one run, that is, of one irradiation event."""

    run: int
    """1 for the first run of the procedure."""
    started_utc: datetime
    duration_s: float
    ended: bool
    pulses: int
    pulses_without_kerma: int
    pulses_without_kap: int
    air_kerma_mgy: float | None
    kap_gycm2: float | None
    origin: DoseOrigin
    peak_air_kerma_rate_mgy_min: float | None
    pulse_rate_hz: float | None
    """Mean rate of the pulses, from the first to the last; None with fewer than 2."""
    mean_tube_voltage_kv: float | None
    mean_tube_current_ma: float | None
    mean_pulse_width_ms: float | None
    kind: str = FLUOROSCOPY


class _Run:
    """A run while its pulses are added."""

    def __init__(self, number: int, kind: str, started_ns: int, started_utc: datetime) -> None:
        self.number = number
        self.kind = kind
        self.started_ns = started_ns
        self.started_utc = started_utc
        self.ended_ns: int | None = None
        self.dose = KermaAndKapSum()
        self.technique = TechniqueMeans()
        self.first_pulse_ns = self.last_pulse_ns = 0
        self.peak_mgy_min: float | None = None

    def add(self, pulse: Pulse, rate_mgy_min: float | None) -> None:
        if pulse.pulse_index >= 0:  # a meter's readings go on after the last pulse
            if self.dose.pulses == 0:
                self.first_pulse_ns = pulse.host_time_ns
            self.last_pulse_ns = pulse.host_time_ns
        self.dose.add(pulse)
        self.technique.add(pulse.exposure)
        # The first pulse of a run has no interval yet, so it cannot be the peak.
        if rate_mgy_min is not None and self.dose.pulses > 1:
            self.peak_mgy_min = max(self.peak_mgy_min or 0.0, rate_mgy_min)

    def freeze(self, now_ns: int) -> RunDose:
        dose = self.dose
        end_ns = now_ns if self.ended_ns is None else self.ended_ns
        span_ns = self.last_pulse_ns - self.first_pulse_ns
        return RunDose(
            run=self.number,
            started_utc=self.started_utc,
            duration_s=max(end_ns - self.started_ns, 0) / NS_PER_S,
            ended=self.ended_ns is not None,
            pulses=dose.pulses,
            pulses_without_kerma=max(0, dose.pulses - dose.with_kerma),
            pulses_without_kap=max(0, dose.pulses - dose.with_kap),
            air_kerma_mgy=dose.air_kerma_mgy if dose.with_kerma else None,
            kap_gycm2=dose.kap_gycm2 if dose.with_kap else None,
            origin=dose.origin,
            peak_air_kerma_rate_mgy_min=self.peak_mgy_min,
            pulse_rate_hz=(dose.pulses - 1) / (span_ns / NS_PER_S) if span_ns > 0 else None,
            mean_tube_voltage_kv=self.technique.tube_voltage_kv.value,
            mean_tube_current_ma=self.technique.tube_current_ma.value,
            mean_pulse_width_ms=self.technique.pulse_width_ms.value,
            kind=self.kind,
        )


class DoseAccount:
    """Adds every pulse, whether or not its image arrived.

    Times are host monotonic, ns. A pulse that arrives after its run ended still counts, in that
    run; one before the first run counts in the totals only. Once a generator or meter has stated
    kerma, a reset account shows 0; before that it shows "not available". For one thread at a
    time.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.timer = FluoroscopyTimer(clock)
        self._total = KermaAndKapSum()
        self._acquired = KermaAndKapSum()
        self._kind = FLUOROSCOPY
        self._rate = KermaRate()
        self._runs: list[_Run] = []
        self._beam_on = False
        self._known = KermaAndKapSum()  # what the room was ever able to state

    def pulse(self, pulse: Pulse) -> None:
        """Count one pulse, or one increment of a dose meter (`pulse_index` -1)."""
        self._total.add(pulse)
        if self._runs and is_acquisition(self._runs[-1].kind):
            self._acquired.add(pulse)
        metered = self._known.kerma_metered
        self._known.add(pulse)
        if self._known.kerma_metered and not metered:
            self._rate.clear()  # of pulses that did not state what the meter now measures
        if pulse.pulse_index < 0 or not self._known.kerma_metered:
            self._rate.add(pulse)
        if self._runs:
            self._runs[-1].add(pulse, self._rate.mgy_min(pulse.host_time_ns))

    def set_meter_present(self, present: bool) -> None:
        """Set whether the dose meter measures: pulses without it are missing from its figures."""
        sums = [self._total, self._acquired, self._known]
        if self._runs:
            sums.append(self._runs[-1].dose)
        for each in sums:
            each.meter_absent = not present

    def beam_on(self, t_ns: int, kind: str = FLUOROSCOPY) -> None:
        """Begin a run; without effect during a run.

        An acquisition adds dose, but no fluoroscopy time.
        """
        if self._beam_on:
            return
        self._beam_on = True
        self._kind = kind or FLUOROSCOPY
        self._rate.clear()
        if not is_acquisition(self._kind):
            self.timer.beam_on(t_ns)
        self._open_run(t_ns)

    def resume(self, t_ns: int) -> None:
        """Continue the last run, whose beam is on again; without effect while it is on."""
        if self._beam_on or not self._runs:
            return
        self._beam_on = True
        if not is_acquisition(self._kind):
            self.timer.beam_on(t_ns)
        self._runs[-1].ended_ns = None

    def beam_off(self, t_ns: int) -> None:
        """End the run; without effect between runs."""
        if not self._beam_on:
            return
        self._beam_on = False
        self.timer.beam_off(t_ns)
        self._runs[-1].ended_ns = t_ns

    def reading(self) -> DoseReading:
        """Return all figures as of now; cheap enough for every repaint."""
        total, known = self._total, self._known
        origin = total.origin if total.with_kerma or total.with_kap else known.origin
        return DoseReading(
            air_kerma_rate_mgy_min=self._rate_mgy_min(),
            cumulative_air_kerma_mgy=_if_stated(
                total.air_kerma_mgy, total.with_kerma, total.pulses, known.with_kerma
            ),
            kap_gycm2=_if_stated(total.kap_gycm2, total.with_kap, total.pulses, known.with_kap),
            fluoroscopy_time_s=self.timer.time_s,
            pulses=total.pulses,
            pulses_without_kerma=max(0, total.pulses - total.with_kerma),
            pulses_without_kap=max(0, total.pulses - total.with_kap),
            origin=origin,
            acquisition_air_kerma_mgy=_if_stated(
                self._acquired.air_kerma_mgy,
                self._acquired.with_kerma,
                self._acquired.pulses,
                known.with_kerma,
            ),
            acquisition_kap_gycm2=_if_stated(
                self._acquired.kap_gycm2,
                self._acquired.with_kap,
                self._acquired.pulses,
                known.with_kap,
            ),
            acquires=self._beam_on and is_acquisition(self._kind),
        )

    @property
    def run_count(self) -> int:
        """Number of runs since the last reset; the last one may be going on."""
        return len(self._runs)

    def runs(self) -> tuple[RunDose, ...]:
        """Return the runs since the last reset, oldest first; the last one may not have ended."""
        now_ns = self._clock.monotonic_ns()
        return tuple(run.freeze(now_ns) for run in self._runs)

    def reset(self) -> None:
        """Begin a new procedure: totals, runs, time and signal are 0.

        A run that has not ended counts from now on, as the first of the new procedure.
        """
        self._total = KermaAndKapSum()
        self._acquired = KermaAndKapSum()
        self._runs = []
        self.timer.reset()
        if self._beam_on:
            self._open_run(self._clock.monotonic_ns())

    def _open_run(self, t_ns: int) -> None:
        ago = timedelta(microseconds=(self._clock.monotonic_ns() - t_ns) / 1000)
        self._runs.append(_Run(len(self._runs) + 1, self._kind, t_ns, self._clock.utc_now() - ago))

    def _rate_mgy_min(self) -> float | None:
        if not self._known.with_kerma:
            return None
        if not self._beam_on:
            return 0.0
        if self._known.kerma_metered and self._known.meter_absent:
            return None
        return self._rate.mgy_min(self._clock.monotonic_ns())


def _if_stated(value: float, with_value: int, pulses: int, ever_stated: int) -> float | None:
    """Return a sum, or None where none of its pulses stated it."""
    if with_value or (pulses == 0 and ever_stated):
        return value
    return None
