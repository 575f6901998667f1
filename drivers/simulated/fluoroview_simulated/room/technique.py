"""What the operator sets at the generator and the stand: data only, no physics.

Patient coordinates, in mm, as in DICOM: x to the patient's left, y to the back, z to the head. The
origin lies in the middle of the trunk at the height of the third lumbar vertebra.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fluoroview_simulated.arrays import FloatArray

KV_MIN, KV_MAX = 40.0, 125.0
TUBE_CURRENT_MA_MIN, TUBE_CURRENT_MA_MAX = 1.0, 1000.0
PULSE_WIDTH_MS_MIN, PULSE_WIDTH_MS_MAX = 1.0, 40.0
ALUMINIUM_MM = 2.8
COPPER_MM = (0.0, 0.1, 0.2, 0.3, 0.6, 0.9)
PULSE_RATES_HZ = (30.0, 15.0, 10.0, 7.5, 6.0, 4.0, 3.0, 2.0, 1.0, 0.5)
FIELDS_OF_VIEW_MM = (420.0, 320.0, 250.0, 200.0, 160.0)
"""Sides of the detector's square input field: the whole panel, and the magnification modes."""
POSITIONS = {
    "supine": (0.0, 1.0, 0.0),
    "prone": (0.0, -1.0, 0.0),
    "erect": (0.0, 0.0, -1.0),
    "left side down": (1.0, 0.0, 0.0),
    "right side down": (-1.0, 0.0, 0.0),
}
"""Where down is, in patient coordinates."""


@dataclass(frozen=True, slots=True)
class Technique:
    """One pulse's factors. The defaults are a thin adult's neck seen from the side."""

    kv: float = 72.0
    tube_current_ma: float = 7.0
    pulse_width_ms: float = 5.0
    filter_al_mm: float = ALUMINIUM_MM
    filter_cu_mm: float = 0.1

    @property
    def mas(self) -> float:
        """Tube charge of one pulse in mA·s."""
        return self.tube_current_ma * self.pulse_width_ms * 1e-3


@dataclass(frozen=True, slots=True)
class Geometry:
    """Where source, detector and patient are, and the field that the shutters leave open.

    Attributes:
        source_image_mm, source_isocentre_mm: distances from the focal spot.
        detector_mm: side of the square of the panel that is read out (magnification mode).
        field_width_mm, field_height_mm: opening of the shutters, measured at the detector.
        iris_mm: diameter of the iris at the detector; infinite when it is open.
        primary_deg: PositionerPrimaryAngle, LAO positive, RAO negative; 0 is the detector in front
            of the patient, 90 the detector at the patient's left.
        secondary_deg: PositionerSecondaryAngle, cranial positive.
        isocentre_mm: point of the patient in the isocentre (table and stand), x, y, z.
        position: key of POSITIONS; `tilt_deg` raises the head end of the table.
        grid: whether the anti-scatter grid is in.

    The reference point lies 150 mm from the isocentre towards the source (21 CFR 1020.32).
    """

    source_image_mm: float = 1100.0
    source_isocentre_mm: float = 880.0
    detector_mm: float = 250.0
    field_width_mm: float = 244.0
    field_height_mm: float = 244.0
    iris_mm: float = float("inf")
    primary_deg: float = 0.0
    secondary_deg: float = 0.0
    isocentre_mm: tuple[float, float, float] = (0.0, 0.0, 0.0)
    position: str = "supine"
    tilt_deg: float = 0.0
    grid: bool = True

    @property
    def source_reference_mm(self) -> float:
        """Focal spot to reference point."""
        return self.source_isocentre_mm - 150.0

    @property
    def magnification(self) -> float:
        """Size at the detector over size in the plane of the isocentre."""
        return self.source_image_mm / self.source_isocentre_mm

    @property
    def view_mm(self) -> float:
        """Side of the square that the detector sees in the plane of the isocentre."""
        return self.detector_mm / self.magnification

    @property
    def field_area_reference_m2(self) -> float:
        """Area of the open field in the plane of the reference point."""
        width = min(self.field_width_mm, self.detector_mm + 10.0)
        height = min(self.field_height_mm, self.detector_mm + 10.0)
        scale = self.source_reference_mm / self.source_image_mm
        return open_area_mm2(width, height, self.iris_mm) * scale**2 * 1e-6

    @property
    def down(self) -> FloatArray:
        """Unit vector of gravity in patient coordinates, (3,)."""
        base: FloatArray = np.array(POSITIONS[self.position])
        if self.position == "erect":
            return base
        a = np.deg2rad(self.tilt_deg)
        down: FloatArray = base * np.cos(a) + np.array([0.0, 0.0, -1.0]) * np.sin(a)
        return down


def open_area_mm2(width: float, height: float, iris: float) -> float:
    """Area that a rectangle and a circle about the same middle have in common, mm²."""
    if iris >= float(np.hypot(width, height)):
        return width * height
    x = (np.arange(400) + 0.5) / 400 * min(width, iris) / 2
    half = np.minimum(height / 2, np.sqrt(np.maximum((iris / 2) ** 2 - x**2, 0.0)))
    return float(4.0 * half.mean() * min(width, iris) / 2)
