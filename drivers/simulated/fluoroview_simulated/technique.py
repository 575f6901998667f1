"""What the operator sets at the generator, and the geometry of the room: data only, no physics."""

from __future__ import annotations

from dataclasses import dataclass

KV_MIN, KV_MAX = 40.0, 125.0
TUBE_CURRENT_MA_MIN, TUBE_CURRENT_MA_MAX = 1.0, 100.0
PULSE_WIDTH_MS_MIN, PULSE_WIDTH_MS_MAX = 1.0, 20.0
COPPER_MM = (0.0, 0.1, 0.2, 0.3, 0.6, 0.9)
PULSE_RATES_HZ = (30.0, 15.0, 7.5, 3.0)


@dataclass(frozen=True, slots=True)
class Technique:
    """One pulse's factors. The defaults are a thin adult's neck seen from the side."""

    kv: float = 72.0
    tube_current_ma: float = 7.0
    pulse_width_ms: float = 5.0
    filter_al_mm: float = 2.8
    filter_cu_mm: float = 0.1

    @property
    def mas(self) -> float:
        """Tube charge of one pulse in mA·s."""
        return self.tube_current_ma * self.pulse_width_ms * 1e-3


@dataclass(frozen=True, slots=True)
class Geometry:
    """Distances from the focal spot in mm, and the field that the shutters leave open.

    The reference point lies 150 mm from the isocentre towards the source (21 CFR 1020.32).
    """

    source_image_mm: float = 1100.0
    source_isocentre_mm: float = 880.0
    detector_mm: float = 250.0
    field_width_mm: float = 244.0
    field_height_mm: float = 244.0

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
        scale = self.source_reference_mm / self.source_image_mm
        return self.field_width_mm * self.field_height_mm * scale**2 * 1e-6
