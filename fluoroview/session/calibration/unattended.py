"""Calibration without an operator, where the device itself can darken and clear its field.

Such a device has an enumerated parameter Scene with "open field" (nothing in the beam, collimator
beyond the detector) and "dark", and sets its
technique with TubeCurrent and PulseWidth (the simulated detector does). Nothing of this is done to
a real room: there, somebody has to see that nobody is in the beam.
"""

from collections.abc import Callable
from typing import Any, Self

from fluoroview.hal import Frame, ParameterInfo
from fluoroview.pipeline.calibration.calibration import CalibrationError
from fluoroview.session.calibration.workflow import CalibrationWorkflow, Step, StepKind, StepResult
from fluoroview.session.session import Session

SCENE = "Scene"
OPEN_FIELD, DARK = "open field", "dark"
CHARGE = ("TubeCurrent", "PulseWidth")
_PROBE_FRAMES = 3


class SceneSwitch:
    """Darkens and clears the field of a device, and puts everything back at the end."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._before: dict[str, Any] = {}
        self._least_signal: float | None = None

    @classmethod
    def of(cls, session: Session) -> Self | None:
        """Return the switch of the connected device, or None if it has none."""
        scene = session.parameters.get(SCENE)
        choices = scene.choices if scene is not None else ()
        return cls(session) if {OPEN_FIELD, DARK} <= set(choices) else None

    def prepare(self, calibrating: CalibrationWorkflow, step: Step) -> None:
        """Set the device for a step. Raises FluoroError."""
        if step.kind is StepKind.DARK:
            self._set(SCENE, DARK)
            return
        self._set(SCENE, OPEN_FIELD)
        self._aim(calibrating, step)

    def end_beam(self) -> None:
        """Switch the beam off while frames go on."""
        self._set(SCENE, DARK)

    def restore(self) -> None:
        """Put back what was changed."""
        for name, value in self._before.items():
            self._session.set_parameter(name, value).result()
        self._before.clear()

    def _aim(self, calibrating: CalibrationWorkflow, step: Step) -> None:
        """Set current and pulse width for the step's signal; it is proportional to both."""
        dark = calibrating.results[calibrating.steps[0]].counts
        wanted = step.aim * (calibrating.full_scale - dark)
        if self._least_signal is None:
            for name in CHARGE:
                self._set(name, self._limit(name, "minimum"))
            self._least_signal = _mean_counts(calibrating) - dark
        if self._least_signal <= 0:
            raise CalibrationError(
                "The open field gives no signal at the least tube current and pulse width.",
                "Set the tube voltage higher, or calibrate step by step.",
            )
        factor = wanted / self._least_signal
        if factor < 1:
            raise CalibrationError(
                f"At the least tube current and pulse width the open field gives"
                f" {self._least_signal:.0f} counts, and {wanted:.0f} are wanted.",
                "Set the tube voltage lower or put in a filter.",
            )
        for name in CHARGE:
            low, high = self._limit(name, "minimum"), self._limit(name, "maximum")
            value = min(low * factor, high)
            factor /= value / low
            self._set(name, value)

    def _limit(self, name: str, which: str) -> float:
        described = self._described(name)
        limit = None if described is None else getattr(described, which)
        if limit is None:
            raise CalibrationError(
                f"The device has no {name} with limits, so that its levels cannot be set.",
                "Calibrate step by step, without --yes.",
            )
        return float(limit)

    def _described(self, name: str) -> ParameterInfo | None:
        return self._session.parameters.get(name)

    def _set(self, name: str, value: Any) -> None:
        described = self._described(name)
        if described is not None:
            self._before.setdefault(name, described.value)
        self._session.set_parameter(name, value).result()


def take_unattended(
    calibrating: CalibrationWorkflow,
    switch: SceneSwitch,
    on_result: Callable[[StepResult], None] = lambda _result: None,
) -> None:
    """Take all steps, one after the other; the device is put back as it was, whatever happens.

    Raises CalibrationError with the finding where a step does not pass.
    """
    calibrating.end_beam = switch.end_beam
    try:
        while (step := calibrating.current) is not None:
            switch.prepare(calibrating, step)
            result = calibrating.take(step).result()
            on_result(result)
            if not result.passed:
                bad = next(finding for finding in result.findings if not finding.allowed)
                raise CalibrationError(f"{step.title}: {bad.what}", bad.remedy)
    finally:
        switch.restore()


def _mean_counts(calibrating: CalibrationWorkflow) -> float:
    """Return the mean counts of a few frames as the device is set now."""
    means: list[float] = []

    def look(frame: Frame) -> bool:
        means.append(float(frame.pixels.mean()))
        return len(means) >= _PROBE_FRAMES

    calibrating.run(look)
    return sum(means) / len(means)
