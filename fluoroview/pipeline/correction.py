"""First stage: raw counts to corrected counts (offset, gain, defects)."""

import cv2
import numpy as np
import numpy.typing as npt

from fluoroview.pipeline.arrays import Mask, Plane, Raw
from fluoroview.pipeline.calibration.calibration import Calibration, CalibrationError
from fluoroview.pipeline.settings import CorrectionSettings

NEIGHBOURS = 8
"""Number of good pixels from which a defect is filled."""
MAX_REACH_PX = 32
"""Largest distance of a good pixel from a defect."""


class Correction:
    """corrected = (raw - offset)·gain, with defects filled; float32, may be negative.

    Writes into `target`, a (H, W) float32 plane that it is given once. Without a calibration it
    only converts to float32.
    """

    def __init__(
        self, settings: CorrectionSettings, calibration: Calibration | None, target: Plane
    ) -> None:
        self._target = target
        self._calibration = calibration
        self._fill: DefectFill | None = None
        if calibration is not None and calibration.defects.any():
            self._fill = DefectFill(calibration.defects)
        self.configure(settings)

    def configure(self, settings: CorrectionSettings) -> None:
        """Use other settings from the next frame on."""
        self._settings = settings

    @property
    def changes_pixels(self) -> bool:
        """Whether anything is corrected at all."""
        settings = self._settings
        return self._calibration is not None and (
            settings.offset or settings.gain or settings.defects
        )

    def apply(self, raw: Raw) -> Plane:
        """Correct one frame (H, W), uint8 or uint16; the next one overwrites the result."""
        plane = self._target
        # Convert first: OpenCV is 3 times slower where the types of its operands differ.
        np.copyto(plane, raw)
        calibration, settings = self._calibration, self._settings
        if calibration is None:
            return plane
        if settings.offset:
            cv2.subtract(plane, calibration.offset, dst=plane)
        if settings.gain:
            cv2.multiply(plane, calibration.gain, dst=plane)
        if settings.defects and self._fill is not None:
            self._fill.apply(plane)
        return plane


class DefectFill:
    """Replaces each defect by the mean of its nearest good pixels, weighted with 1/distance².

    Index lists are made once; a mean and not a median, so that the fill is linear and carries
    less noise than its neighbours instead of a selection of it.
    """

    def __init__(self, defects: Mask) -> None:
        self._at = np.flatnonzero(defects)
        self._from, self._weight = _nearest_good(defects)
        self._taken = np.empty_like(self._weight)
        self._filled = np.empty(self._at.size, np.float32)

    def apply(self, plane: Plane) -> None:
        """Fill the defects of a C-contiguous plane in place."""
        flat = plane.reshape(-1)
        np.take(flat, self._from, out=self._taken, mode="clip")
        np.multiply(self._taken, self._weight, out=self._taken)
        np.sum(self._taken, axis=1, out=self._filled)
        flat[self._at] = self._filled


def _nearest_good(defects: Mask) -> tuple[npt.NDArray[np.intp], Plane]:
    """Return flat indices and weights (sum 1), (defects, NEIGHBOURS); unused ones weigh 0."""
    columns = defects.shape[1]
    at = np.argwhere(defects)
    index = np.zeros((len(at), NEIGHBOURS), np.intp)
    weight = np.zeros((len(at), NEIGHBOURS), np.float32)
    for n, (row, column) in enumerate(at):
        reach = 1
        while True:
            top, left = max(row - reach, 0), max(column - reach, 0)
            good = np.argwhere(~defects[top : row + reach + 1, left : column + reach + 1])
            if len(good) >= 3:
                break
            if reach >= MAX_REACH_PX:
                raise CalibrationError(
                    f"The calibration's defect at row {row}, column {column} has no good pixels"
                    f" within {MAX_REACH_PX} px to fill it from.",
                    "Check the detector, or leave the defect map out.",
                    code="FV-PIP-002",
                )
            reach += 1
        good += (top, left)
        squared_px = ((good - (row, column)) ** 2).sum(axis=1)
        nearest = np.argsort(squared_px, kind="stable")[:NEIGHBOURS]
        share = 1.0 / squared_px[nearest]
        index[n, : len(nearest)] = good[nearest] @ (columns, 1)
        weight[n, : len(nearest)] = share / share.sum()
    return index, weight
