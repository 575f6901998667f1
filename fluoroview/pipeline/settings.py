"""The settings of each stage, with their limits. Frozen: a change is a new object."""

from enum import StrEnum
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from fluoroview.hal.frame import PixelIntensityRelationship


class _Settings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class CorrectionSettings(_Settings):
    """Which parts of the calibration are applied, if there is one."""

    offset: bool = True
    """Subtract the dark image."""
    gain: bool = True
    """Multiply by the flat-field gain."""
    defects: bool = True
    """Replace dead pixels by their neighbours' weighted mean."""
    lag: bool = False
    """Remove the lag of earlier frames, where the calibration has measured it."""


class RecursiveMode(StrEnum):
    """How a frame enters the recursive average."""

    OFF = "off"
    PLAIN = "plain"
    """One weight for all pixels: least noise variance k/(2 - k), lag of about 1/k frames."""
    ADAPTIVE = "adaptive"
    """Weight 1/age where nothing moves, rising to 1 where the noise cannot explain the change."""


class RecursiveSettings(_Settings):
    """Recursive average y = (1 - k)·y + k·x."""

    mode: RecursiveMode = RecursiveMode.ADAPTIVE
    weight: float = Field(default=0.1, ge=0.01, le=1.0)
    """k of the plain average, least k of the adaptive one."""
    motion_onset: float = Field(default=1.8, ge=0.5, le=20.0)
    """Local energy of the change, in noise variances, above which it begins to count as motion."""
    motion_full: float = Field(default=4.5, ge=1.0, le=50.0)
    """The same, above which it is certainly motion and the new frame replaces the average."""

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.motion_full <= self.motion_onset:
            raise ValueError(
                f"motion_full is {self.motion_full}; it must be above motion_onset,"
                f" which is {self.motion_onset}"
            )
        return self


class SpatialSettings(_Settings):
    """Light Gaussian smoothing."""

    sigma_px: float = Field(default=0.5, ge=0.0, le=1.5)
    """Standard deviation in detector pixels; 0 leaves the image as it is."""


class SubtractionSettings(_Settings):
    """Subtraction of a mask (DSA), of logarithmic images."""

    on: bool = False
    """Show the difference to the mask."""
    mask_frames: int = Field(default=6, ge=1, le=64)
    """Number of frames at the beginning of a run whose mean is the mask."""
    skip_frames: int = Field(default=1, ge=0, le=64)
    """Frames skipped before those: the lag of a panel still builds up."""
    shift_x_px: float = Field(default=0.0, ge=-50.0, le=50.0)
    """Shift of the mask to the right in pixels, where the patient moved; fractions too."""
    shift_y_px: float = Field(default=0.0, ge=-50.0, le=50.0)
    """Shift of the mask downwards in pixels."""


class PipelineSettings(_Settings):
    """All stages. The defaults are for the raw, linear counts of a detector (LIN)."""

    correction: CorrectionSettings = CorrectionSettings()
    recursive: RecursiveSettings = RecursiveSettings()
    spatial: SpatialSettings = SpatialSettings()
    subtraction: SubtractionSettings = SubtractionSettings()

    @classmethod
    def for_relationship(cls, relationship: PixelIntensityRelationship) -> Self:
        """Return the settings with which a new detector starts.

        LOG and DISP images were processed where they were made: they pass unchanged until a
        user asks for more.
        """
        if relationship is PixelIntensityRelationship.LIN:
            return cls()
        return cls(
            recursive=RecursiveSettings(mode=RecursiveMode.OFF),
            spatial=SpatialSettings(sigma_px=0.0),
        )
