"""Which calibration corrects the images of a device that is being armed, or why none does."""

import math
from dataclasses import replace
from pathlib import Path

from fluoroview.hal import ParameterSet
from fluoroview.pipeline.calibration.calibration import Calibration, CalibrationError
from fluoroview.pipeline.calibration.file import fitting_calibration
from fluoroview.pipeline.calibration.key import CalibrationKey
from fluoroview.session.events import Problem, Severity


def calibration_for(
    place: str, key: CalibrationKey, parameters: ParameterSet, *, lag_requested: bool
) -> tuple[Path | None, Calibration | None, Problem | None]:
    """Return the file and the set at `place` (a file or a folder) that fits, or the problem.

    A set that does not fit is never applied: the images then stay uncorrected, and the problem
    states it. Its lag alone is skipped where it was measured at another frame rate; the problem
    states that if the lag correction is requested.
    """
    if not place:
        return None, None, None
    try:
        path, calibration = fitting_calibration(Path(place), key)
    except CalibrationError as refused:
        remedy = f"The images are not corrected. {refused.remedy}"
        return (
            None,
            None,
            Problem(refused.what, remedy, severity=Severity.WARNING, code=refused.code),
        )
    rate_hz = parameters.number("AcquisitionFrameRate")
    lag = calibration.lag
    if lag is None or rate_hz is None or math.isnan(lag.frame_rate_hz):
        return path, calibration, None
    if math.isclose(lag.frame_rate_hz, rate_hz, rel_tol=0.02):
        return path, calibration, None
    calibration = replace(calibration, lag=None)
    if not lag_requested:
        return path, calibration, None
    problem = Problem(
        f"The lag in {path} was measured at {lag.frame_rate_hz:g} frames/s, and the detector runs"
        f" at {rate_hz:g}: lag is not corrected.",
        "Calibrate at this rate, if its correction is wanted.",
        severity=Severity.WARNING,
    )
    return path, calibration, problem
