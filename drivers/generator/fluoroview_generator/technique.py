"""What the operator sets, what follows from it, and what the tube is rated for: data only."""

from dataclasses import dataclass

from fluoroview.hal import Exposure

KV = (40.0, 125.0)
MA = (1.0, 200.0)
PULSE_WIDTH_MS = (1.0, 40.0)
PULSE_RATES_HZ = (30.0, 25.0, 15.0, 12.5, 7.5, 3.0, 1.0)
COPPER_MM = (0.0, 0.1, 0.2, 0.3, 0.6, 0.9)
ALUMINIUM_MM = 2.8


@dataclass(frozen=True, slots=True)
class Technique:
    """Factors of one pulse. The defaults are a thin adult's neck seen from the side."""

    kv: float = 72.0
    tube_current_ma: float = 7.0
    pulse_width_ms: float = 5.0
    copper_mm: float = 0.1
    pulse_rate_hz: float = 30.0

    @property
    def power_kw(self) -> float:
        """Power while the pulse lasts, kV·mA at constant voltage."""
        return self.kv * self.tube_current_ma * 1e-3

    @property
    def charge_mas(self) -> float:
        """Charge of one pulse, mAs."""
        return self.tube_current_ma * self.pulse_width_ms * 1e-3

    @property
    def energy_kj(self) -> float:
        """Heat that one pulse brings to the anode, kJ."""
        return self.power_kw * self.pulse_width_ms * 1e-3


@dataclass(frozen=True, slots=True)
class Geometry:
    """Distances from the focal spot, and the field at the detector, in mm."""

    source_image_mm: float = 1100.0
    source_reference_mm: float = 730.0
    field_width_mm: float = 246.0
    field_height_mm: float = 246.0


@dataclass(frozen=True, slots=True)
class Rating:
    """What tube and generator can do; more is refused."""

    power_kw: float = 15.0
    charge_mas: float = 4.0

    def objection(self, technique: Technique) -> str:
        """Return why a technique is refused, and nothing when it is not."""
        period_ms = 1000.0 / technique.pulse_rate_hz
        if technique.power_kw > self.power_kw:
            return (
                f"{technique.kv:g} kV at {technique.tube_current_ma:g} mA are "
                f"{technique.power_kw:.1f} kW, and the tube is rated for {self.power_kw:g} kW"
            )
        if technique.charge_mas > self.charge_mas:
            return (
                f"{technique.tube_current_ma:g} mA for {technique.pulse_width_ms:g} ms are "
                f"{technique.charge_mas:.2f} mAs, and a pulse may have {self.charge_mas:g} mAs"
            )
        if technique.pulse_width_ms >= period_ms:
            return (
                f"pulses of {technique.pulse_width_ms:g} ms do not fit into the {period_ms:.1f} ms "
                f"between pulses at {technique.pulse_rate_hz:g}/s"
            )
        return ""


def exposure_of(technique: Technique, geometry: Geometry) -> Exposure:
    """Return the technique as a pulse carries it."""
    return Exposure(
        technique.kv,
        technique.tube_current_ma,
        technique.pulse_width_ms,
        ALUMINIUM_MM,
        technique.copper_mm,
        geometry.source_image_mm,
        geometry.field_width_mm,
        geometry.field_height_mm,
    )
