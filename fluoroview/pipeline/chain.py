"""The chain of stages, in one place: frame in, image out."""

import numpy as np

from fluoroview.hal.frame import PixelIntensityRelationship
from fluoroview.pipeline.arrays import Image, Plane, Raw
from fluoroview.pipeline.calibration.calibration import Calibration, CalibrationError
from fluoroview.pipeline.correction import Correction
from fluoroview.pipeline.lag import LagCorrection
from fluoroview.pipeline.recursive import RecursiveAverage
from fluoroview.pipeline.settings import PipelineSettings
from fluoroview.pipeline.spatial import SpatialSmoothing
from fluoroview.pipeline.subtraction import Subtraction, can_be_subtracted
from fluoroview.pipeline.technique import JUMP, Technique, technique_changed
from fluoroview.pipeline.tone import COUNTS_PER_E_FOLD, IdentityTransform, tone_for

BAND_ROWS = 256
"""Rows smoothed and toned at a time. What lies between the two then stays in the cache, which
saves a third of their time at 2048×2048; fewer rows cost more in calls."""


class Pipeline:
    """Offset, gain, defects → lag → recursive average → light smoothing → tone → subtraction.

    For frames of (rows, columns), uint8 or uint16, of which `bits` are used. Images of LIN
    sources are logarithmic (`COUNTS_PER_E_FOLD`); those of LOG and DISP sources keep their counts,
    and pass untouched while nothing is asked of them. Everything is allocated here and nothing
    per frame. For one thread.

    Raises CalibrationError if the calibration is not of this size.
    """

    def __init__(
        self,
        rows: int,
        columns: int,
        settings: PipelineSettings,
        relationship: PixelIntensityRelationship,
        calibration: Calibration | None = None,
        *,
        bits: int = 16,
    ) -> None:
        if rows < 1 or columns < 1:
            raise ValueError(f"frames of {rows}×{columns} px cannot be processed")
        if not 1 <= bits <= 16:
            raise ValueError(f"{bits} bits per pixel are not possible; 1 to 16 are")
        if calibration is not None and calibration.shape != (rows, columns):
            raise CalibrationError(
                "The calibration is of {}×{} px, but the frames are of {}×{} px.".format(
                    *calibration.shape, rows, columns
                ),
                "Use the calibration set of this detector mode, or none.",
                code="FV-PIP-001",
            )
        self.shape = (rows, columns)
        self.relationship = relationship
        frame: Plane = np.zeros(self.shape, np.float32)
        scratch: Plane = np.zeros(self.shape, np.float32)
        self.correction = Correction(settings.correction, calibration, target=frame)
        lag = None if calibration is None else calibration.lag
        self.lag = LagCorrection(lag, self.shape, on=settings.correction.lag)
        self.recursive = RecursiveAverage(settings.recursive, scratch)
        self.spatial = SpatialSmoothing(settings.spatial, BAND_ROWS, columns)
        self.tone = tone_for(relationship, BAND_ROWS, columns, bits)
        logarithmic = can_be_subtracted(relationship)
        linear = relationship is PixelIntensityRelationship.LIN
        per_e_fold = COUNTS_PER_E_FOLD if linear else None
        self.subtraction = (
            Subtraction(settings.subtraction, self.shape, per_e_fold) if logarithmic else None
        )
        self._technique: Technique | None = None
        self.subtracted = False
        """Whether the last image is a difference to the mask."""
        self._settings = settings

    def process(self, raw: Raw, out: Image, technique: Technique | None = None) -> None:
        """Turn a frame into an image, both (rows, columns); `raw` is only read.

        `technique` is what the frame was exposed with, where that is known.

        Raises ValueError if shape, type or memory layout is not as promised.
        """
        self._check(raw, out)
        self.subtracted = self.subtracts
        if technique_changed(technique, self._technique, JUMP):
            # Its noise law would mistake a jump of the whole image for noise, and average it away.
            self.recursive.reset()
        self._technique = technique
        if self.passes_untouched:
            np.copyto(out, raw)
        else:
            plane = self.correction.apply(raw)
            plane = self.lag.apply(plane)
            if self.subtracted:
                # Contrast that arrives changes less than motion: an average would smear it in time.
                self.recursive.reset()
            else:
                plane = self.recursive.apply(plane)
            self.finish(plane, out)
        if self.subtraction is not None:
            self.subtraction.apply(out, technique, on=self.subtracted)

    def finish(self, plane: Plane, out: Image) -> None:
        """Smooth and tone, band by band."""
        for top in range(0, len(plane), BAND_ROWS):
            bottom = min(top + BAND_ROWS, len(plane))
            band = self.spatial.apply(plane, top, bottom)
            self.tone.apply(band, out[top:bottom])

    @property
    def settings(self) -> PipelineSettings:
        """The settings in use."""
        return self._settings

    def configure(self, settings: PipelineSettings) -> None:
        """Use other settings from the next frame on; the average continues."""
        self.correction.configure(settings.correction)
        self.lag.configure(on=settings.correction.lag)
        self.recursive.configure(settings.recursive)
        self.spatial.configure(settings.spatial)
        if self.subtraction is not None:
            self.subtraction.configure(settings.subtraction)
        self._settings = settings

    def reset(self) -> None:
        """Begin a new run, without any frame of the last one."""
        self.lag.reset()
        self.recursive.reset()
        self._technique = None
        if self.subtraction is not None:
            self.subtraction.reset()

    @property
    def subtracts(self) -> bool:
        """Whether a mask is subtracted from the next frame on."""
        return self.subtraction is not None and self._settings.subtraction.on

    @property
    def image_maximum(self) -> int:
        """Largest image count to be expected, for the limits of a window."""
        return self.tone.maximum

    @property
    def passes_untouched(self) -> bool:
        """Whether images are the frames as they are, before anything is subtracted."""
        return isinstance(self.tone, IdentityTransform) and not (
            self.correction.changes_pixels
            or self.lag.changes_pixels
            or self.recursive.changes_pixels
            or self.spatial.changes_pixels
        )

    def _check(self, raw: Raw, out: Image) -> None:
        for name, array, types in (("frame", raw, ("u1", "u2")), ("image", out, ("u2",))):
            if array.shape != self.shape or array.dtype.str[1:] not in types:
                raise ValueError(
                    f"the {name} is {array.shape} {array.dtype}, not {self.shape} of"
                    f" {' or '.join('uint8' if t == 'u1' else 'uint16' for t in types)}"
                )
            if not array.flags.c_contiguous:
                raise ValueError(f"the {name} is not C-contiguous; copy it first")
