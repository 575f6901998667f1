"""Output of an x-ray tube: air kerma and kerma-area product of a pulse, from its exposure factors.

It is part of the HAL because two independent parts need the same table: the driver of a generator,
which reports dose with its pulses, and the session, which computes dose where only the exposure
factors are known. Drivers import only the HAL.

The tables are SpekPy 2.5.4's (physics casim, tungsten anode of 12°, 2.5 mm Al and copper, no air),
printed by `drivers/generator/tools/make_tube_output.py`. Between their points ln K is linear in
ln kV and in mm Cu, at most 4 % from SpekPy (1 % at the copper thicknesses of the table). Another
thickness of aluminium scales by the beam's own first half-value layer,

    K(Al) = K(2.5 mm) · 2^((2.5 mm − Al) / HVL),

at most 6 % from SpekPy from 2.0 to 4.5 mm. Outside these limits the output is NaN.
"""

import math
from dataclasses import dataclass

import numpy as np

from fluoroview.hal.frame import NAN, DoseOrigin, Exposure

ACCURACY = (
    "Computed for a 12° tungsten anode at constant tube voltage; a real tube of the same settings "
    "commonly gives some tens of percent more or less. Not a measurement."
)
"""Accompanies every figure that is computed here."""

TABLE_ALUMINIUM_MM = 2.5
ALUMINIUM_MM = (2.0, 4.5)
"""Total aluminium, the tube's own included, for which output is stated: minimum and maximum."""

KVP = (40.0, 45.0, 50.0, 55.0, 60.0, 70.0, 80.0, 90.0, 100.0, 110.0, 120.0, 125.0)
COPPER_MM = (0.0, 0.05, 0.1, 0.2, 0.3, 0.6, 0.9)

_KERMA_UGY_PER_MAS = (  # at 1 m; a row for each of KVP, a column for each of COPPER_MM
    (18.84, 8.463, 4.486, 1.599, 0.6718, 0.0767, 0.01176),
    (25.92, 12.75, 7.338, 3.047, 1.479, 0.2542, 0.05768),
    (33.36, 17.54, 10.72, 4.962, 2.664, 0.6058, 0.179),
    (41.05, 22.75, 14.55, 7.303, 4.222, 1.174, 0.418),
    (48.9, 28.27, 18.75, 10.03, 6.136, 1.987, 0.8125),
    (64.9, 40.1, 28.1, 16.5, 10.96, 4.392, 2.171),
    (81.98, 53.48, 39.17, 24.75, 17.48, 8.166, 4.593),
    (100.1, 68.32, 51.85, 34.66, 25.63, 13.32, 8.146),
    (118.9, 84.29, 65.82, 45.97, 35.17, 19.72, 12.8),
    (138.8, 101.6, 81.26, 58.82, 46.24, 27.5, 18.65),
    (158.7, 119.4, 97.35, 72.49, 58.2, 36.23, 25.44),
    (168.8, 128.5, 105.7, 79.63, 64.51, 40.96, 29.2),
)
_HVL_MM_AL = (  # first half-value layer of the same beams
    (1.384, 1.782, 2.079, 2.496, 2.78, 3.278, 3.546),
    (1.573, 2.054, 2.419, 2.944, 3.309, 3.966, 4.329),
    (1.75, 2.308, 2.738, 3.365, 3.807, 4.616, 5.071),
    (1.919, 2.547, 3.037, 3.758, 4.272, 5.221, 5.761),
    (2.082, 2.776, 3.321, 4.129, 4.709, 5.785, 6.402),
    (2.397, 3.211, 3.854, 4.814, 5.506, 6.795, 7.539),
    (2.734, 3.667, 4.404, 5.5, 6.284, 7.723, 8.537),
    (3.092, 4.133, 4.947, 6.14, 6.979, 8.487, 9.326),
    (3.458, 4.589, 5.46, 6.716, 7.585, 9.125, 9.979),
    (3.843, 5.047, 5.958, 7.25, 8.13, 9.678, 10.54),
    (4.219, 5.478, 6.415, 7.728, 8.615, 10.17, 11.06),
    (4.405, 5.686, 6.633, 7.952, 8.842, 10.41, 11.3),
)
_LN_KVP = np.log(KVP)
_LN_KERMA = np.log(_KERMA_UGY_PER_MAS)
_LN_HVL = np.log(_HVL_MM_AL)


@dataclass(frozen=True, slots=True)
class TubeOutput:
    """Dose of one pulse, free in air; NaN and NOT_AVAILABLE where exposure factors are missing."""

    air_kerma_ugy: float
    """µGy at the reference point."""
    kap_ugym2: float
    """µGy·m²; the same at any distance."""

    @property
    def origin(self) -> DoseOrigin:
        """COMPUTED where there is a figure."""
        if math.isnan(self.air_kerma_ugy) and math.isnan(self.kap_ugym2):
            return DoseOrigin.NOT_AVAILABLE
        return DoseOrigin.COMPUTED


def kerma_ugy_per_mas(tube_voltage_kv: float, filter_al_mm: float, filter_cu_mm: float) -> float:
    """Return air kerma per mAs at 1 m in µGy, or NaN outside the tables (see the limits above)."""
    inside = (
        KVP[0] <= tube_voltage_kv <= KVP[-1]
        and COPPER_MM[0] <= filter_cu_mm <= COPPER_MM[-1]
        and ALUMINIUM_MM[0] <= filter_al_mm <= ALUMINIUM_MM[1]
    )
    if not inside:  # a NaN is inside nothing
        return NAN
    hvl_mm = math.exp(_between(_LN_HVL, tube_voltage_kv, filter_cu_mm))
    halvings = (filter_al_mm - TABLE_ALUMINIUM_MM) / hvl_mm
    return math.exp(_between(_LN_KERMA, tube_voltage_kv, filter_cu_mm)) * math.pow(0.5, halvings)


def pulse_output(exposure: Exposure, source_reference_mm: float) -> TubeOutput:
    """Return the output of a pulse with these exposure factors.

    Args:
        exposure: `filter_al_mm` is the total, the tube's own included; field at the detector.
        source_reference_mm: focal spot to reference point. On a C-arm that point is 150 mm from
            the isocentre towards the source (21 CFR 1020.32).

    Kerma follows the inverse square of the distance. Kerma-area product is the kerma at the
    detector's distance, free in air, times the field there; without source-to-image distance or
    field it is NaN, and without voltage, current, width or filters both are.
    """
    mas = _positive(exposure.tube_current_ma) * _positive(exposure.pulse_width_ms) * 1e-3
    at_1m_ugy = mas * kerma_ugy_per_mas(
        exposure.tube_voltage_kv, exposure.filter_al_mm, exposure.filter_cu_mm
    )
    field_m2 = _positive(exposure.field_width_mm) * _positive(exposure.field_height_mm) * 1e-6
    return TubeOutput(
        at_1m_ugy * _inverse_square(source_reference_mm),
        at_1m_ugy * _inverse_square(exposure.sid_mm) * field_m2,
    )


def _between(table: np.ndarray, tube_voltage_kv: float, filter_cu_mm: float) -> float:
    at_kvp = [np.interp(math.log(tube_voltage_kv), _LN_KVP, column) for column in table.T]
    return float(np.interp(filter_cu_mm, COPPER_MM, at_kvp))


def _inverse_square(distance_mm: float) -> float:
    return (1000.0 / _positive(distance_mm)) ** 2


def _positive(value: float) -> float:
    return value if 0.0 < value < math.inf else NAN
