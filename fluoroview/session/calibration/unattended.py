"""Calibration without an operator, where the device itself can darken and clear its field.

Such a device has a parameter for its field content (`Role.FIELD_CONTENT`) with the choices "open
field" (nothing in the beam, collimator beyond the detector) and "dark", and parameters for tube
current and pulse width. A real room has none of that: there, somebody makes sure that nobody is
in the beam.
"""

from collections.abc import Callable
from typing import Any, Self

from fluoroview.hal import Frame, ParameterInfo
from fluoroview.hal.roles import Role
from fluoroview.pipeline.calibration.calibration import CalibrationError
from fluoroview.session.calibration.workflow import CalibrationWorkflow, Step, StepKind, StepResult
from fluoroview.session.session import Session

OPEN_FIELD, DARK = "open field", "dark"
CHARGE = (Role.TUBE_CURRENT, Role.PULSE_WIDTH)
_PROBE_FRAMES = 3


class FieldContentSwitch:
    """Darkens and clears the field of a device, and restores every parameter at the end."""

    def __init__(self, session: Session, content: ParameterInfo) -> None:
        self._session = session
        self._content = content.name
        self._before: dict[str, Any] = {}
        self._weakest_signal: float | None = None

    @classmethod
    def of(cls, session: Session) -> Self | None:
        """Return the switch of the connected device, or None if it has none."""
        content = session.parameters.with_role(Role.FIELD_CONTENT)
        if content is None or not {OPEN_FIELD, DARK} <= set(content.choices):
            return None
        return cls(session, content)

    def prepare(self, calibrating: CalibrationWorkflow, step: Step) -> None:
        """Set the device for a step. Raises FluoroError."""
        if step.kind is StepKind.DARK:
            self._set(self._content, DARK)
            return
        self._set(self._content, OPEN_FIELD)
        self._aim(calibrating, step)

    def end_beam(self) -> None:
        """Switch the beam off while frames go on."""
        self._set(self._content, DARK)

    def restore(self) -> None:
        """Write the values from before the calibration."""
        for name, value in self._before.items():
            self._session.set_parameter(name, value).result()
        self._before.clear()

    def _aim(self, calibrating: CalibrationWorkflow, step: Step) -> None:
        """Set current and pulse width for the step's signal; it is proportional to both."""
        dark = calibrating.results[calibrating.steps[0]].counts
        aim = step.aim * (calibrating.full_scale - dark)
        charge = [self._charge(role) for role in CHARGE]
        if self._weakest_signal is None:
            for name, low, _high in charge:
                self._set(name, low)
            self._weakest_signal = _mean_counts(calibrating) - dark
        if self._weakest_signal <= 0:
            raise CalibrationError(
                "The open field gives no signal at the lowest tube current and pulse width.",
                "Raise the tube voltage, or calibrate step by step.",
                code="FV-CAL-019",
            )
        factor = aim / self._weakest_signal
        if factor < 1:
            raise CalibrationError(
                f"At the lowest tube current and pulse width the open field gives"
                f" {self._weakest_signal:.0f} counts; at most {aim:.0f} are allowed.",
                "Lower the tube voltage or insert a filter.",
                code="FV-CAL-020",
            )
        for name, low, high in charge:
            value = min(low * factor, high)
            factor /= value / low
            self._set(name, value)

    def _charge(self, role: Role) -> tuple[str, float, float]:
        """Return name, minimum and maximum of a parameter that sets the charge of a pulse."""
        info = self._session.parameters.with_role(role)
        if info is None or info.minimum is None or info.maximum is None:
            raise CalibrationError(
                f"The device has no {role} with limits, so that its levels cannot be set.",
                "Calibrate step by step, without --yes.",
                code="FV-CAL-021",
            )
        return info.name, float(info.minimum), float(info.maximum)

    def _set(self, name: str, value: Any) -> None:
        info = self._session.parameters.get(name)
        if info is not None:
            self._before.setdefault(name, info.value)
        self._session.set_parameter(name, value).result()


def take_unattended(
    calibrating: CalibrationWorkflow,
    switch: FieldContentSwitch,
    on_result: Callable[[StepResult], None] = lambda _result: None,
) -> None:
    """Acquire all steps, one after the other; the device is restored whatever happens.

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
                raise CalibrationError(f"{step.title}: {bad.what}", bad.remedy, code="FV-CAL-022")
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
