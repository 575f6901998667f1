"""Which device's figures count as dose, and the account that they go to.

One authority for each figure, so that no gray is counted twice: a generator that reports its
pulses is the authority for them; else the detector's own pulses count; else, with a technique
typed in by the operator, each frame counts as one pulse of that technique (computed). What a dose
meter measures is taken from the meter alone.

For the dispatcher alone.
"""

from dataclasses import dataclass
from typing import Any

from fluoroview.dose import (
    DoseAccount,
    DoseLimits,
    DoseReading,
    DoseReport,
    LimitWatch,
    RunDose,
    minutes_text,
)
from fluoroview.hal import Clock, DeviceKind, FrameHeader, ParameterSet, Pulse
from fluoroview.hal.tube_output import pulse_output
from fluoroview.session.devices.peripheral import technique_of, without
from fluoroview.session.events import FIVE_MINUTES, Alarm
from fluoroview.session.room import Room

MAX_PULSES_PER_FRAME = 10_000
"""Pulses that one frame may stand for, when frames before it were lost."""


@dataclass
class _Run:
    """A run from the pedal's point of view; the account opens its own with the first pulse."""

    kind: str
    beam: bool = True
    opened: bool = False


class DoseTracker:
    """The dose of one session."""

    def __init__(self, room: Room, clock: Clock) -> None:
        self._clock = clock
        self._account = DoseAccount(clock)
        self._limits = LimitWatch(
            DoseLimits(
                notify_air_kerma_mgy=room.dose.air_kerma_notification_mgy,
                notify_kap_gycm2=room.dose.kap_notification_gycm2,
            )
        )
        self._reference_mm = room.geometry.source_to_reference_mm
        self._measured = frozenset(room.dose_meter.measures if room.dose_meter.driver else ())
        self._run: _Run | None = None
        self._last_frame: int | None = None
        self._generator_reports = False
        self._technique: ParameterSet | None = None

    # who reports

    def generator(self, *, reports_pulses: bool, parameters: ParameterSet) -> None:
        """Take a generator as the authority for the pulses, or for their technique."""
        self._generator_reports = reports_pulses
        self._technique = None if reports_pulses else parameters

    def no_generator(self) -> None:
        """Take the detector as the authority for the pulses."""
        self._generator_reports = False
        self._technique = None

    @property
    def detector_reports(self) -> bool:
        """Whether the detector is the authority for the pulses."""
        return not self._generator_reports and self._technique is None

    @property
    def generator_reports(self) -> bool:
        """Whether a generator is."""
        return self._generator_reports

    def set_meter_present(self, there: bool) -> None:
        """Note whether the dose meter measures: pulses meanwhile are missing from its figures."""
        self._account.set_meter_present(there)

    # a run

    def begin_run(self, kind: str) -> None:
        """The beam may come on: the run and its time begin with the first pulse or frame."""
        self._last_frame = None
        self._run = _Run(kind)

    def beam_on(self) -> None:
        """The beam is on again in the same run."""
        if self._run is not None:
            self._run.beam = True
            if self._run.opened:
                self._account.resume(self._clock.monotonic_ns())

    def beam_off(self) -> None:
        """The beam is off. A first pulse that was not read yet makes a run all the same."""
        if self._run is not None:
            self._run.beam = False
            self._account.beam_off(self._clock.monotonic_ns())

    def end_run(self) -> int | None:
        """Close the run; return its number in the account, None where no pulse or frame came."""
        run, self._run = self._run, None
        return self._account.run_count if run is not None and run.opened else None

    # what the devices report

    def pulses(self, reporter: DeviceKind, pulses: list[Pulse]) -> None:
        """Count the pulses of a detector or a generator, or the increments of a dose meter."""
        if reporter is DeviceKind.DOSE_METER:
            for increment in pulses:
                self._account.pulse(increment)
        elif reporter is DeviceKind.GENERATOR or self.detector_reports:
            self._count(pulses)

    def frame(self, header: FrameHeader) -> int:
        """Count the pulses of a frame and of those lost before it, at the technique typed in.

        Return how many pulses could not be counted.
        """
        if self._run is None:
            return 0
        self._open_run(header.host_time_ns)
        if self._technique is None:
            return 0
        before, self._last_frame = self._last_frame, header.frame_number
        count = 1 if before is None else header.frame_number - before
        exposure = technique_of(self._technique)
        output = pulse_output(exposure, self._reference_mm)
        pulse = Pulse(
            header.frame_number,
            header.host_time_ns,
            exposure,
            output.air_kerma_ugy,
            output.kap_ugym2,
            output.origin,
        )
        counted = min(count, MAX_PULSES_PER_FRAME)  # a counter that jumps is no radiation
        self._count([pulse] * counted)
        return count - counted

    def _count(self, pulses: list[Pulse]) -> None:
        if not pulses:
            return
        self._open_run(pulses[0].host_time_ns)
        for pulse in pulses:
            self._account.pulse(without(pulse, self._measured) if self._measured else pulse)

    def _open_run(self, t_ns: int) -> None:
        """Open the account's run with the first pulse; no pulse is ever outside of all runs."""
        run = self._run
        if run is None:
            if self._account.run_count == 0:
                self._account.beam_on(t_ns)
                self._account.beam_off(t_ns)
            return
        if run.opened:
            return
        run.opened = True
        self._account.beam_on(t_ns, run.kind)
        if not run.beam:
            self._account.beam_off(t_ns)

    # figures

    def reading(self) -> DoseReading:
        """Return the dose now."""
        return self._account.reading()

    def runs(self) -> tuple[RunDose, ...]:
        """Return the runs since the last reset, oldest first; the last one may be under way."""
        return self._account.runs()

    @property
    def run_open(self) -> bool:
        """Whether the account's last run is under way."""
        return self._run is not None and self._run.opened

    def alarms(self, *, high_level: bool) -> list[Alarm]:
        """Return the alarms that are due now, each once.

        `high_level`: the high-level control is held; 21 CFR 1020.32(d) allows twice the rate.
        """
        reading = self._account.reading()
        due = []
        if self._account.timer.new_passages():
            text = minutes_text(reading.fluoroscopy_time_s)
            due.append(Alarm(FIVE_MINUTES, f"{text} of fluoroscopy. The beam is not stopped."))
        for event in self._limits.check(reading, high_level):
            due.append(Alarm(str(event.kind), event.text))
        return due

    @property
    def five_minute_signal(self) -> bool:
        """Whether the 5-minute signal is due and not acknowledged."""
        return self._account.timer.signal

    def acknowledge(self) -> None:
        """Silence the 5-minute signal until its next passage."""
        self._account.timer.acknowledge()

    def add_fluoroscopy_time(self, seconds: float) -> None:
        """Count time of this procedure that was used before this program was started."""
        now_ns = self._clock.monotonic_ns()
        self._account.timer.beam_on(now_ns - round(seconds * 1e9))
        self._account.timer.beam_off(now_ns)

    def reset(self) -> None:
        """Begin with a new patient; a run under way is counted from now on."""
        self._account.reset()
        if self._run is not None:
            self._run.opened = self._account.run_count > 0

    def report(self) -> dict[str, Any]:
        """Return totals and runs, JSON-able."""
        return DoseReport.of(self._account, self._clock).to_dict()
