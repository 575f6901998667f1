"""The guided calibration of the detector of a session: step by step, without a user interface.

Each step instructs the operator, acquires its frames as a run of the session (so that its dose
counts), and is checked; a step that fails is repeated. The viewer's dialog and
`fluoroview calibrate` show the same object.
"""

import math
import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np
from psygnal import Signal

from fluoroview.hal import Frame
from fluoroview.hal.runtime.ring import RingReader
from fluoroview.pipeline.calibration.build import FrameStatistics, build_calibration
from fluoroview.pipeline.calibration.calibration import Calibration, CalibrationError
from fluoroview.pipeline.calibration.key import CalibrationKey
from fluoroview.pipeline.lag import MIN_DECAY_FRAMES, LagError, decay_after, fit_lag
from fluoroview.session.calibration.checks import Finding, check_dark, check_flat
from fluoroview.session.session import Session
from fluoroview.session.silence import FIRST_FRAME_S, Silence

BRIGHTEST = 0.7
"""Signal of the highest level, of what full scale leaves above dark."""
SETTLING_FRAMES = 3
"""First frames of a run, which may be partly exposed or carry what lay in the panel."""
BEAM_FRAMES = 90
"""So many frames are waited for the beam to come on."""
BEAM_ON = 0.01
"""Signal above dark, of full scale, from which the beam is taken to be on."""
MAX_LEVELS = 10
NO_FRAME_S = 5.0
_POLL_S = 0.1
_LOST_RING = (IndexError, ValueError, RuntimeError, TypeError)


class StepKind(StrEnum):
    """What a step takes."""

    DARK = "dark"
    FLAT = "flat"
    LAG = "lag"


@dataclass(frozen=True, slots=True)
class Step:
    """One step: what to do, and how many frames are then taken."""

    kind: StepKind
    frames: int
    title: str
    instruction: str
    level: int = 0
    aim: float = 0.0
    """Signal of a flat, of what full scale leaves above dark."""


@dataclass(frozen=True, slots=True)
class CalibrationPlan:
    """How much is taken. Noise of the maps falls with the root of the frames."""

    darks: int = 32
    flats: int = 32
    """Frames of each level."""
    levels: int = 3
    lag: bool = True
    lag_frames: int = 60
    """Half under beam, half after it."""

    def __post_init__(self) -> None:
        limits = (
            ("darks", self.darks, 2, 1000),
            ("flats", self.flats, 2, 1000),
            ("levels", self.levels, 1, MAX_LEVELS),
            ("lag_frames", self.lag_frames, 2 * MIN_DECAY_FRAMES, 1000),
        )
        for name, value, low, high in limits:
            if not low <= value <= high:
                raise CalibrationError(
                    f"A calibration with {name} = {value} is not possible.",
                    f"Allowed are {low} to {high}.",
                    code="FV-CAL-023",
                )

    def steps(self) -> tuple[Step, ...]:
        """Return the steps in order: dark, levels from weak to strong, lag."""
        dark = Step(
            StepKind.DARK,
            self.darks,
            "Dark frames",
            "Close the shutter, or keep the beam off, and wait a minute after the last exposure.",
        )
        flats = [self._flat(level) for level in range(1, self.levels + 1)]
        lag = Step(
            StepKind.LAG,
            self.lag_frames,
            "Lag",
            f"Expose the empty field; after about {self.lag_frames // 2} frames the beam goes off"
            " at once while the frames go on. Where the detector does not switch it, do it"
            " yourself.",
            aim=BRIGHTEST,
        )
        return (dark, *flats, *([lag] if self.lag else []))

    def _flat(self, level: int) -> Step:
        aim = BRIGHTEST * level / self.levels
        which = f", level {level} of {self.levels}" if self.levels > 1 else ""
        return Step(
            StepKind.FLAT,
            self.flats,
            f"Empty field{which}",
            "Take everything out of the beam, open the collimator beyond the detector, and set"
            f" the technique for about {aim:.0%} of the range; keep the beam on.",
            level,
            aim,
        )


@dataclass(frozen=True, slots=True)
class StepProgress:
    """How far the frames of a step are; `counts` is the mean of the newest."""

    step: Step
    done: int
    total: int
    counts: float


@dataclass(frozen=True, slots=True)
class StepResult:
    """What the frames of a step showed."""

    step: Step
    frames: int
    counts: float
    """Dark: median offset; flat: median above dark; lag: first-frame residual in per cent."""
    findings: tuple[Finding, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether the next step may follow."""
        return all(finding.allowed for finding in self.findings)

    @property
    def summary(self) -> str:
        """The figures in words."""
        if self.step.kind is StepKind.DARK:
            return f"{self.frames} frames, offset {self.counts:.1f} counts"
        if self.step.kind is StepKind.FLAT:
            return f"{self.frames} frames, {self.counts:.0f} counts above dark"
        return f"{self.frames} frames, {self.counts:.2f} % left in the first frame after the beam"


class CalibratingEvents:
    """The signals of a calibration; they come from its threads."""

    changed = Signal()
    """Another step is due, or one is being taken or was."""
    progress = Signal(StepProgress)
    beam_off_due = Signal()
    """In the lag step: now switch the beam off."""


class CalibrationWorkflow:
    """A calibration on its way. For one thread at a time; `cancel` may be called from any."""

    def __init__(self, session: Session, plan: CalibrationPlan | None = None) -> None:
        self.session = session
        self.plan = plan or CalibrationPlan()
        self.steps = self.plan.steps()
        self.events = CalibratingEvents()
        self.results: dict[Step, StepResult] = {}
        self.taking = False
        self.end_beam: Callable[[], object] = session.end_beam
        """What switches the beam off in the lag step; a device may have a way of its own."""
        self._frames: dict[Step, FrameStatistics] = {}
        self._decay: list[float] = []
        self._key: CalibrationKey | None = None
        self._temperatures_c: list[float] = []
        self._cancelled = threading.Event()

    @property
    def current(self) -> Step | None:
        """The first step that has not passed; None when all have."""
        for step in self.steps:
            result = self.results.get(step)
            if result is None or not result.passed:
                return step
        return None

    @property
    def full_scale(self) -> float:
        """Largest count of the detector."""
        found = {p.name: p.value for p in self.session.parameters}
        digits = "".join(c for c in str(found.get("PixelFormat", "")) if c.isdigit())
        return float(2 ** int(found.get("BitDepth", digits or 16)) - 1)

    def take(self, step: Step | None = None) -> "Future[StepResult]":
        """Take the frames of a step (the current one) and check them.

        Steps that rest on one taken again have to be taken again too. FluoroError in the future
        where the frames could not be had.
        """
        requested = step or self.current
        if requested is None:
            raise CalibrationError(
                "All steps of the calibration are taken.", "Save it.", code="FV-CAL-024"
            )
        if self.taking:
            raise CalibrationError(
                "Frames are being taken.", "Wait for them, or cancel.", code="FV-CAL-025"
            )
        if requested.kind is not StepKind.DARK and not self._dark_passed:
            raise CalibrationError(
                "The dark frames are missing.",
                "Every other step rests on them: take them first.",
                code="FV-CAL-026",
            )
        self.taking = True
        self._cancelled.clear()
        self._forget(requested)
        self.events.changed.emit()
        return self.session.submit(lambda: self._take(requested))

    def skip_lag(self) -> None:
        """Leave the lag out."""
        self.steps = tuple(step for step in self.steps if step.kind is not StepKind.LAG)
        self._decay = []
        self.events.changed.emit()

    def cancel(self) -> None:
        """End the frames that are being taken; the beam goes off at once."""
        self._cancelled.set()
        if self.taking:
            self.session.release_pedal()

    def finish(self) -> Calibration:
        """Return the calibration of the frames taken, with its key.

        Raises CalibrationError where a step is missing or the frames do not allow one; the flats
        are then to be taken again.
        """
        step = self.current
        if step is not None:
            raise CalibrationError(
                f"The step {step.title!r} has not been taken.", "Take it first.", code="FV-CAL-027"
            )
        assert self._key is not None
        flats = [s for s in self.steps if s.kind is StepKind.FLAT]
        try:
            made = build_calibration(self._dark, [self._frames[s] for s in flats])
        except CalibrationError:
            for flat in flats:
                self._forget(flat)
            self.events.changed.emit()
            raise
        known = [t for t in self._temperatures_c if not math.isnan(t)]
        temperature_c = float(np.mean(known)) if known else self._key.temperature_c
        key = replace(self._key, temperature_c=temperature_c)
        lag = fit_lag(decay_after(self._decay), self._rate_hz) if self._decay else None
        return replace(made, key=key, lag=lag)

    # on a worker

    def _take(self, step: Step) -> StepResult:
        try:
            self._check_mode()
            if step.kind is StepKind.DARK:
                result = self._take_dark(step)
            elif step.kind is StepKind.FLAT:
                result = self._take_flat(step)
            else:
                result = self._take_lag(step)
            self.results[step] = result
            return result
        finally:
            self.taking = False
            self.events.changed.emit()

    def _take_dark(self, step: Step) -> StepResult:
        frames, exposed = FrameStatistics(), 0

        def look(frame: Frame) -> bool:
            nonlocal exposed
            frames.add(frame.pixels)
            exposed += frame.header.exposure is not None
            self._report(step, frames)
            return frames.count >= step.frames

        self.run(look, beam=False)
        self._frames[step] = frames
        found = check_dark(frames, self.full_scale, exposed)
        return StepResult(step, frames.count, float(np.median(frames.mean)), tuple(found))

    def _take_flat(self, step: Step) -> StepResult:
        frames, waiting = FrameStatistics(), _BeamWait(self._dark_counts, self.full_scale)

        def look(frame: Frame) -> bool:
            if waiting.on(float(frame.pixels.mean())):
                frames.add(frame.pixels)
                self._temperatures_c.append(frame.header.temperature_c)
                self._report(step, frames)
            return frames.count >= step.frames

        self.run(look)
        self._frames[step] = frames
        others = [r.counts for s, r in self.results.items() if s.kind is StepKind.FLAT]
        found = check_flat(frames, self._dark, self.full_scale, others)
        counts = float(np.median(frames.mean - self._dark.mean))
        return StepResult(step, frames.count, counts, tuple(found))

    def _take_lag(self, step: Step) -> StepResult:
        dark, waiting = self._dark_counts, _BeamWait(self._dark_counts, self.full_scale)
        signals: list[float] = []
        under_beam = step.frames // 2
        after = 0

        def look(frame: Frame) -> bool:
            nonlocal after
            counts = float(frame.pixels.mean())
            if not waiting.on(counts):
                return False
            signals.append(counts - dark)
            if len(signals) == under_beam:
                self.events.beam_off_due.emit()
                self.end_beam()
            after = after + 1 if signals[-1] < 0.5 * max(signals) else 0
            done = min(len(signals), under_beam) + after
            self.events.progress.emit(
                StepProgress(step, min(done, step.frames), step.frames, counts)
            )
            return after > step.frames - under_beam or len(signals) > 10 * step.frames

        self.run(look)
        self._decay = signals
        try:
            residual = fit_lag(decay_after(signals)).first_frame_residual
        except LagError as error:
            return StepResult(step, len(signals), math.nan, (Finding(error.what, error.remedy),))
        return StepResult(step, len(signals), 100 * residual)

    def run(self, look: Callable[[Frame], bool], *, beam: bool = True) -> None:
        """Make a run and show its frames, after the first few, to `look` until that is True.

        Raises CalibrationError when frames stay away or the run ends early.
        """
        session = self.session
        if session.state.pedal_down:
            raise CalibrationError(
                "The pedal is down.", "Release it; calibrating presses it.", code="FV-CAL-028"
            )
        reader = session.frame_reader()
        session.press_pedal(beam=beam).result()
        try:
            self._read(reader, look)
        except _LOST_RING as error:
            raise CalibrationError(
                "The device was changed while frames were taken.",
                "Take the step again.",
                code="FV-CAL-029",
            ) from error
        finally:
            reader.close()
            session.release_pedal()
            session.settled().result()

    def _read(self, reader: RingReader, look: Callable[[Frame], bool]) -> None:
        seen, silence = 0, Silence(self.session)
        while True:
            if self._cancelled.is_set():
                raise CalibrationError("The step was cancelled.", code="FV-CAL-030")
            frame = reader.next(_POLL_S)
            if frame is None:
                self._check_alive(seen, silence.seconds())
                continue
            silence.end()
            try:
                seen += 1
                done = seen > SETTLING_FRAMES and look(frame)
            finally:
                reader.release()
            if done:
                return

    def _check_alive(self, seen: int, silence_s: float) -> None:
        now = self.session.state
        if self._cancelled.is_set():
            return
        if not now.pedal_down:
            raise CalibrationError(
                f"The run ended after {seen} frames, before the step was done.",
                "Take the step again.",
                code="FV-CAL-031",
            )
        limit_s = NO_FRAME_S if seen else FIRST_FRAME_S
        if silence_s > limit_s:
            raise CalibrationError(
                f"{now.device.name} sent no frame for {limit_s:g} s ({seen} came before).",
                "Check its trigger and `fluoroview devices`, and acquire the step again.",
                code="FV-CAL-032",
            )

    def _check_mode(self) -> None:
        """Hold the mode of the first step fast, and refuse another one."""
        now = self.session.calibration_key()
        if self._key is None or not self._frames:
            self._key = now
            return
        reasons = self._key.misfits(now)
        if reasons:
            raise CalibrationError(
                f"The detector was changed since the first step: {'; '.join(reasons)}.",
                "Set it back, or begin again with the dark frames.",
                code="FV-CAL-033",
            )

    def _forget(self, step: Step) -> None:
        """Drop a step's frames, and with the dark ones everything that rests on them."""
        if step.kind is StepKind.DARK:
            self._frames.clear()
            self.results.clear()
            self._decay = []
            self._temperatures_c = []
        self._frames.pop(step, None)
        self.results.pop(step, None)

    def _report(self, step: Step, frames: FrameStatistics) -> None:
        newest = frames.frame_means[-1]
        self.events.progress.emit(StepProgress(step, frames.count, step.frames, newest))

    @property
    def _dark(self) -> FrameStatistics:
        return self._frames[self.steps[0]]

    @property
    def _dark_passed(self) -> bool:
        result = self.results.get(self.steps[0])
        return result is not None and result.passed

    @property
    def _dark_counts(self) -> float:
        """Mean of the whole dark frame, against which that of other frames is held."""
        return float(np.mean(self._dark.frame_means))

    @property
    def _rate_hz(self) -> float:
        rate_hz = self.session.parameters.number("AcquisitionFrameRate")
        return math.nan if rate_hz is None else rate_hz


class _BeamWait:
    """Passes over the frames before the beam and the first ones under it; not for ever."""

    def __init__(self, dark_counts: float, full_scale: float) -> None:
        self._limit = dark_counts + BEAM_ON * full_scale
        self._waited = 0
        self._under_beam = 0

    def on(self, counts: float) -> bool:
        """Return whether the frame with this mean belongs to the step."""
        if self._under_beam == 0 and counts < self._limit and self._waited < BEAM_FRAMES:
            self._waited += 1
            return False
        self._under_beam += 1
        return self._under_beam > SETTLING_FRAMES
