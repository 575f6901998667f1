"""What `fluoroview bench calibration` runs: the pattern that a calibration leaves, and its time.

The simulated panel, raw, is calibrated unattended; then frames of the open field at a technique
of none of the levels show how much fixed pattern there is before and after, compared with the
quantum noise of one frame.
"""

import time
from collections.abc import Callable, Sequence
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from fluoroview.hal import Frame
from fluoroview.pipeline import Calibration, CorrectionSettings
from fluoroview.pipeline.calibration.calibration import CalibrationError
from fluoroview.pipeline.calibration.defects import summarise
from fluoroview.pipeline.correction import Correction
from fluoroview.session.calibration.unattended import FieldContentSwitch, take_unattended
from fluoroview.session.calibration.workflow import CalibrationPlan, CalibrationWorkflow
from fluoroview.session.room import DetectorSection, Room
from fluoroview.session.session import Session

FRAMES = 32
FINE_PX = 8.0
"""Only what is finer than a Gaussian of this sigma is called pattern; heel is no fault."""
BORDER_PX = 64
_TECHNIQUE = {"TubeCurrent": 6.0, "FieldContent": "open field"}


def run(
    size: int, step: Callable[[float, float], None] = lambda _done, _all: None
) -> dict[str, Any]:
    """Calibrate the simulated panel of size² px and measure; JSON-able, noise in per cent."""
    parameters: dict[str, bool | int | float | str] = {
        "Matrix": str(size),
        "PanelCorrection": "off",
    }
    detector = DetectorSection(driver="simulated", device="suite", parameters=parameters)
    session = Session(Room(detector=detector))
    try:
        session.connect().result()
        calibrating = CalibrationWorkflow(session, CalibrationPlan())
        switch = FieldContentSwitch.of(session)
        if switch is None:
            raise CalibrationError(
                "The simulated driver offers no open field.",
                "Install its newest version.",
                code="FV-BEN-009",
            )
        count = len(calibrating.steps) + 1
        take_unattended(calibrating, switch, lambda _: step(len(calibrating.results), count))
        began = time.perf_counter()
        made = calibrating.finish()
        seconds = time.perf_counter() - began
        for name, value in _TECHNIQUE.items():
            session.set_parameter(name, value).result()
        raw = frames_of(session, FRAMES)
    finally:
        session.close()
    step(1, 1)
    return {"size": size, "make_s": seconds} | _figures(raw, made)


def frames_of(session: Session, count: int) -> list[npt.NDArray[Any]]:
    """Return raw frames of a run."""
    frames: list[npt.NDArray[Any]] = []

    def look(frame: Frame) -> bool:
        frames.append(frame.pixels.copy())
        return len(frames) >= count

    CalibrationWorkflow(session).run(look)
    return frames


def pattern_and_quantum_noise(frames: Sequence[npt.NDArray[Any]]) -> tuple[float, float]:
    """Return fixed pattern and noise in time of frames of one field, as fractions of the signal.

    The variance over space of the mean of n frames is that of the pattern plus 1/n of that in
    time, which is subtracted.
    """
    inside = (slice(BORDER_PX, -BORDER_PX),) * 2
    wide = [frame.astype(np.float32) for frame in frames]
    fine = [(f - cv2.GaussianBlur(f, (0, 0), FINE_PX))[inside] for f in wide]
    stack = np.stack(fine).astype(np.float64)
    in_time = float(stack.var(axis=0, ddof=1).mean())
    fixed = max(float(stack.mean(axis=0).var()) - in_time / len(stack), 0.0)
    signal = float(np.mean([f[inside].mean() for f in wide]))
    return fixed**0.5 / signal, in_time**0.5 / signal


def _figures(raw: Sequence[npt.NDArray[Any]], made: Calibration) -> dict[str, Any]:
    correction = Correction(CorrectionSettings(), made, np.zeros(raw[0].shape, np.float32))
    corrected = [correction.apply(frame).copy() for frame in raw]
    middle = float(np.median(raw[0]))
    without_defects = [np.where(made.defects, middle, frame) for frame in raw]
    before, _ = pattern_and_quantum_noise(without_defects)
    after, quantum = pattern_and_quantum_noise(corrected)
    bad = made.defects
    off = np.abs(corrected[0][bad] / np.median(corrected[0]) - 1)
    return {
        "signal_counts": float(np.median(corrected[0])),
        "pattern_before_percent": 100 * before,
        "pattern_after_percent": 100 * after,
        "quantum_noise_percent": 100 * quantum,
        "defects": str(summarise(bad)),
        "defects_off_before_percent": 100 * float(np.abs(raw[0][bad] / middle - 1).mean()),
        "defects_off_after_percent": 100 * float(off.mean()),
        "lag_first_frame_percent": 100 * made.lag.first_frame_residual if made.lag else None,
    }
