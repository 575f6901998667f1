"""Who may speak of dose in a room, and the account that listens. Thread-safe.

One authority for each figure, so that no gray is counted twice: a generator that tells its pulses
speaks for them, else the detector's own pulses count, else, with a technique typed in by the
operator, each frame counts as one pulse of that technique (computed). What a dose meter measures
is taken from the meter alone.
"""

import threading
from collections.abc import Callable
from enum import Enum, auto
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
from fluoroview.hal import Clock, Exposure, FrameHeader, Pulse
from fluoroview.hal.tube_output import pulse_output
from fluoroview.session.devices.peripheral import without
from fluoroview.session.events import FIVE_MINUTES, Alarm
from fluoroview.session.room import Room

MAX_PULSES_PER_FRAME = 10_000
"""Pulses that one frame may stand for, when frames before it were lost."""


class _Beam(Enum):
    OFF = auto()
    AWAITED = auto()
    ON = auto()
    LATE = auto()
    """The pedal is up again, and the first pulse has not been heard of."""


class DoseTracker:
    """The dose of one examination."""

    def __init__(
        self,
        room: Room,
        clock: Clock,
        on_alarm: Callable[[Alarm], None],
        on_missed: Callable[[int], None],
    ) -> None:
        self._clock = clock
        self._on_alarm = on_alarm
        self._on_missed = on_missed
        self._account = DoseAccount(clock)
        self._limits = LimitWatch(
            DoseLimits(
                notify_air_kerma_mgy=room.dose.air_kerma_notification_mgy,
                notify_kap_gycm2=room.dose.kap_notification_gycm2,
            )
        )
        self._reference_mm = room.geometry.source_to_reference_mm
        self._measured = frozenset(room.dose_meter.measures if room.dose_meter.driver else ())
        self._lock = threading.RLock()
        self._last_frame: int | None = None
        self._beam = _Beam.OFF
        self._run_opened = False
        self.acquisition_type: Callable[[], str] = lambda: ""
        """What a run that begins now is: fluoroscopy, where nothing else is told."""
        self.high_level: Callable[[], bool] = lambda: False
        """Whether the high-level control is held: 21 CFR 1020.32(d) allows twice the rate."""
        self.generator_reports_pulses = False
        """A generator speaks for the pulses; those of the detector are its echo."""
        self.technique: Callable[[], Exposure] | None = None
        """Where each frame is one pulse: the technique that is set."""

    def beam_on(self) -> None:
        """The pedal is down; the run and its time begin with the first pulse or frame."""
        with self._lock:
            self._last_frame = None
            self._beam = _Beam.AWAITED
            self._run_opened = False

    def beam_off(self) -> None:
        """The pedal is up. A first pulse that is still on its way makes a run all the same."""
        with self._lock:
            if self._beam is _Beam.ON:
                self._account.beam_off(self._clock.monotonic_ns())
            self._beam = _Beam.LATE if self._beam is _Beam.AWAITED else _Beam.OFF

    def _first(self, host_time_ns: int) -> None:
        """Begin the run, if it has not begun; call with the lock held."""
        if self._beam not in (_Beam.AWAITED, _Beam.LATE):
            return
        self._account.beam_on(host_time_ns, self.acquisition_type())
        self._run_opened = True
        if self._beam is _Beam.LATE:
            self._account.beam_off(host_time_ns)
        self._beam = _Beam.ON if self._beam is _Beam.AWAITED else _Beam.OFF

    def detector_pulses(self, pulses: list[Pulse], missed: int) -> None:
        """Hear pulses that the detector's driver tells."""
        if not self.generator_reports_pulses and self.technique is None:
            self._hear(pulses, missed)

    def source_pulses(self, pulses: list[Pulse], missed: int) -> None:
        """Hear pulses that the generator tells."""
        self._hear(pulses, missed)

    def meter_increments(self, increments: list[Pulse], missed: int) -> None:
        """Hear what a dose meter measured since it told last."""
        with self._lock:
            for increment in increments:
                self._account.pulse(increment)
        self._after(missed)

    def set_meter_present(self, there: bool) -> None:
        """Hear whether the meter measures: without it what it has measured is not the whole."""
        with self._lock:
            self._account.set_meter_present(there)

    def frame(self, header: FrameHeader) -> None:
        """Count the pulses of a frame, and of those lost before it, at the technique typed in."""
        with self._lock:
            self._first(header.host_time_ns)
        if self.technique is None:
            return
        before, self._last_frame = self._last_frame, header.frame_number
        count = 1 if before is None else header.frame_number - before
        exposure = self.technique()
        output = pulse_output(exposure, self._reference_mm)
        pulse = Pulse(
            header.frame_number,
            header.host_time_ns,
            exposure,
            output.air_kerma_ugy,
            output.kap_ugym2,
            output.origin,
        )
        told = min(count, MAX_PULSES_PER_FRAME)  # a counter that jumps is no radiation
        self._hear([pulse] * told, count - told)

    def reading(self) -> DoseReading:
        """Return the dose now, and raise the alarms that are due."""
        with self._lock:
            reading = self._account.reading()
            passages = self._account.timer.new_passages()
            events = self._limits.check(reading, self.high_level())
        if passages:
            text = minutes_text(reading.fluoroscopy_time_s)
            self._on_alarm(Alarm(FIVE_MINUTES, f"{text} of fluoroscopy. The beam is not stopped."))
        for event in events:
            self._on_alarm(Alarm(str(event.kind), event.text))
        return reading

    @property
    def five_minute_signal(self) -> bool:
        """Whether the 5-minute signal is due and not acknowledged."""
        with self._lock:
            return self._account.timer.signal

    def acknowledge(self) -> None:
        """Silence the 5-minute signal until its next passage."""
        with self._lock:
            self._account.timer.acknowledge()

    def add_fluoroscopy_time(self, seconds: float) -> None:
        """Count time of this procedure that was used before this program was started."""
        with self._lock:
            now_ns = self._clock.monotonic_ns()
            self._account.timer.beam_on(now_ns - round(seconds * 1e9))
            self._account.timer.beam_off(now_ns)

    def reset(self) -> None:
        """Begin a new procedure."""
        with self._lock:
            self._account.reset()

    def last_run(self) -> RunDose | None:
        """Return the run that the last beam made; None when not one pulse or frame came."""
        with self._lock:
            runs = self._account.runs() if self._run_opened else ()
        return runs[-1] if runs else None

    def report(self) -> dict[str, Any]:
        """Return totals and runs, JSON-able."""
        with self._lock:
            return DoseReport.of(self._account, self._clock).to_dict()

    def _hear(self, pulses: list[Pulse], missed: int) -> None:
        with self._lock:
            if pulses:
                self._first(pulses[0].host_time_ns)
            for pulse in pulses:
                self._account.pulse(without(pulse, self._measured) if self._measured else pulse)
        self._after(missed)

    def _after(self, missed: int) -> None:
        if missed:
            self._on_missed(missed)
        self.reading()
