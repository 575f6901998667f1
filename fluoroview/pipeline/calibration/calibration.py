"""The calibration of one detector mode: what corrects its frames, and the key of the mode.

How the maps are made of frames is in `build`, how they are kept in `file`.
"""

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from fluoroview.hal.errors import FluoroError
from fluoroview.pipeline.arrays import Mask, Plane
from fluoroview.pipeline.calibration.key import CalibrationKey
from fluoroview.pipeline.lag import LagModel

Reasons = npt.NDArray[np.uint8]
"""(H, W) uint8: why a pixel is a defect, flags of `defects.Reason`."""


class CalibrationError(FluoroError):
    """A calibration set that cannot be built or used."""


@dataclass(frozen=True, slots=True)
class Level:
    """One of the exposures that the gain was fitted to."""

    signal: float
    """Mean counts above dark."""
    frames: int
    residual: float
    """Robust relative spread of the pixels about the fit: noise left, and non-linearity."""


@dataclass(frozen=True, slots=True)
class Calibration:
    """Offset, gain and defects, each (H, W); the key of the mode; the lag, where it was measured.

    corrected = (raw - offset)·gain, then defects are filled from their neighbours. `offset` is
    in detector counts, `gain` has a mean of about 1. It holds for one mode of one detector only;
    without a `key` it is not known which, and only who made it may use it.
    """

    offset: Plane
    gain: Plane
    defects: Mask
    key: CalibrationKey | None = None
    lag: LagModel | None = None
    reasons: Reasons | None = None
    levels: tuple[Level, ...] = field(default=())
    dark_noise: float = float("nan")
    """Median over the pixels of the standard deviation in time, in counts."""

    def __post_init__(self) -> None:
        shapes = {self.offset.shape, self.gain.shape, self.defects.shape}
        if len(shapes) != 1 or self.offset.ndim != 2:
            raise CalibrationError(
                f"The calibration's offset, gain and defect maps have shapes {self.offset.shape},"
                f" {self.gain.shape} and {self.defects.shape}, but must be one and the same.",
                "Calibrate this detector mode again.",
                code="FV-CAL-006",
            )
        good = ~self.defects
        if not good.any():
            raise CalibrationError(
                "The calibration marks every pixel as defect.",
                "Calibrate this detector again.",
                code="FV-CAL-007",
            )
        if not (np.isfinite(self.offset[good]).all() and self._gain_is_right(good)):
            raise CalibrationError(
                "The calibration has a pixel that is not marked as defect and whose offset is not"
                " finite or whose gain is not above 0.",
                "Calibrate this detector mode again.",
                code="FV-CAL-008",
            )

    def _gain_is_right(self, good: Mask) -> bool:
        gain = self.gain[good]
        return bool(np.isfinite(gain).all() and (gain > 0).all())

    @property
    def shape(self) -> tuple[int, int]:
        """(rows, columns)."""
        rows, columns = self.offset.shape
        return rows, columns
