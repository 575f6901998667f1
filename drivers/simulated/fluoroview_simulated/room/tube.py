"""The x-ray tube and its collimator: heat, ratings, focal spots, heel, blades and iris.

Heat is in joules: a generator of constant potential puts kV·mA·s into the anode (1 HU = 0.74 J for
such a generator; data sheets give both). The figures of `Tube` are those of a mid-range
angiography tube.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from fluoroview_simulated.arrays import Float32Array, FloatArray
from fluoroview_simulated.room.technique import (
    KV_MAX,
    KV_MIN,
    PULSE_WIDTH_MS_MAX,
    PULSE_WIDTH_MS_MIN,
    TUBE_CURRENT_MA_MAX,
    TUBE_CURRENT_MA_MIN,
    Geometry,
    Technique,
    open_area_mm2,
)

FOCAL_SPOTS = {"0.3": 8.0, "0.6": 32.0, "1.0": 80.0}
"""Nominal focal spots (IEC 60336) in mm, and their short-time rating in kW."""
FOCAL_SPOT_REAL = 1.3
"""A focal spot's width over its nominal value: the standard allows up to 1.5 and more."""

ANODE_ANGLE_DEG = 12.0
HEEL_DEPTH = 0.044
"""Attenuation of the way straight out of the anode: some 6 µm of tungsten at 60 keV."""
LEAF_DISTANCE_MM = 400.0
"""Focal spot to the leaves of the collimator; the iris lies there too."""
LEAF_TRANSMISSION = 0.0015
SMALLEST_FIELD_MM = 5.0


@dataclass(frozen=True)
class Tube:
    """The anode at one moment: a value, replaced by `heated` and `latched`.

    It cools in proportion to its heat, by `cooling_w` when full. Once too hot it stays locked until
    it has cooled to `restart_share`. Times are in seconds of any clock that never goes back.
    """

    capacity_j: float = 300_000.0
    cooling_w: float = 1_300.0
    restart_share: float = 0.85
    heat_then_j: float = 0.0
    then_s: float = 0.0
    locked: bool = False

    def heat_j(self, t_s: float) -> float:
        """Return the heat in the anode at `t_s`."""
        waited = max(t_s - self.then_s, 0.0)
        return self.heat_then_j * float(np.exp(-waited * self.cooling_w / self.capacity_j))

    def heat_share(self, t_s: float) -> float:
        """Return the heat over the anode's capacity."""
        return self.heat_j(t_s) / self.capacity_j

    def heated(self, technique: Technique, t_s: float) -> Tube:
        """Return the tube after one pulse."""
        return replace(self, heat_then_j=self.heat_j(t_s) + pulse_heat_j(technique), then_s=t_s)

    def latched(self, technique: Technique, t_s: float) -> Tube:
        """Return the tube with its lock as it stands before this pulse."""
        heat = self.heat_j(t_s)
        cooled = heat <= self.restart_share * self.capacity_j
        too_hot = heat > self.capacity_j - pulse_heat_j(technique)
        locked = too_hot or (self.locked and not cooled)
        return self if locked == self.locked else replace(self, locked=locked)

    def wait_s(self, technique: Technique, t_s: float) -> float:
        """Return how long this pulse must wait; 0 if it is allowed, infinite if it never is."""
        if not self.latched(technique, t_s).locked:
            return 0.0
        room = self.capacity_j - pulse_heat_j(technique)
        if room <= 0.0:
            return float("inf")
        goal = min(room, self.restart_share * self.capacity_j)
        return self.capacity_j / self.cooling_w * float(np.log(self.heat_j(t_s) / goal))

    def refusal(self, technique: Technique, t_s: float) -> str:
        """Return in a sentence why this pulse cannot be made now; "" when it can."""
        if pulse_heat_j(technique) > self.capacity_j:
            return (
                f"One pulse of {pulse_heat_j(technique) / 1e3:.0f} kJ exceeds the capacity of the "
                f"anode ({self.capacity_j / 1e3:.0f} kJ): lower TubeCurrent or PulseWidth."
            )
        wait = self.wait_s(technique, t_s)
        if wait <= 0.0:
            return ""
        return (
            f"The x-ray tube is too hot: its anode holds {100 * self.heat_share(t_s):.0f} % of "
            f"{self.capacity_j / 1e3:.0f} kJ ({self.capacity_j / 740:.0f} kHU) and must cool to "
            f"{100 * self.restart_share:.0f} %. Wait {_spell(wait)}, then expose with less "
            "TubeCurrent, PulseWidth or PulseRate."
        )


def pulse_heat_j(technique: Technique) -> float:
    """Heat of one pulse in the anode."""
    return technique.kv * technique.mas  # kV·mA·s are joules


def _spell(seconds: float) -> str:
    whole = int(np.ceil(seconds))
    return f"{whole} s" if whole < 100 else f"{whole // 60} min {whole % 60} s"


def technique_refusal(technique: Technique, focal_spot: str = "0.6") -> str:
    """What is wrong with the factors for that focal spot, in a sentence; "" when nothing is.

    Raises:
        ValueError: for an unknown focal spot.
    """
    t = technique
    ranges = (
        ("TubeVoltage", t.kv, KV_MIN, KV_MAX, "kV"),
        ("TubeCurrent", t.tube_current_ma, TUBE_CURRENT_MA_MIN, TUBE_CURRENT_MA_MAX, "mA"),
        ("PulseWidth", t.pulse_width_ms, PULSE_WIDTH_MS_MIN, PULSE_WIDTH_MS_MAX, "ms"),
    )
    for name, value, low, high, unit in ranges:
        if not low <= value <= high:
            return (
                f"{name} {value:g} {unit} is out of the tube's range: allowed are {low:g} to "
                f"{high:g} {unit}. Set {name} within it."
            )
    rating, power = rating_kw(focal_spot), t.kv * t.tube_current_ma * 1e-3
    if power <= rating:
        return ""
    larger = [name for name, kw in FOCAL_SPOTS.items() if kw >= power]
    advice = f", or choose the focal spot {larger[0]}" if larger else ""
    return (
        f"TubeVoltage {t.kv:g} kV with TubeCurrent {t.tube_current_ma:g} mA is {power:.3g} kW: the "
        f"focal spot {focal_spot} takes {rating:g} kW. Lower TubeCurrent to "
        f"{np.floor(rating * 1e3 / t.kv):g} mA{advice}."
    )


def rating_kw(focal_spot: str) -> float:
    """Short-time rating of a focal spot, a key of FOCAL_SPOTS."""
    if focal_spot not in FOCAL_SPOTS:
        raise ValueError(
            f"FocalSpot {focal_spot!r} does not exist: allowed are {', '.join(FOCAL_SPOTS)} (mm)."
        )
    return FOCAL_SPOTS[focal_spot]


def collimation_refusal(geometry: Geometry) -> str:
    """Why shutters and iris let no image be made, in a sentence; "" when they do."""
    for name, value in (
        ("FieldWidth", geometry.field_width_mm),
        ("FieldHeight", geometry.field_height_mm),
        ("IrisDiameter", geometry.iris_mm),
    ):
        if value < SMALLEST_FIELD_MM:
            return (
                f"The collimation is closed: {name} is {value:g} mm at the detector, so the pulse "
                f"would give dose and no image. Open it to {SMALLEST_FIELD_MM:g} mm or more, up "
                f"to {geometry.detector_mm:g} mm."
            )
    return ""


def focal_blur_mm(focal_spot: str, geometry: Geometry, depth_mm: float = 0.0) -> float:
    """Standard deviation of the focal spot's unsharpness, in mm at the detector.

    Args:
        focal_spot: key of FOCAL_SPOTS.
        geometry: distances.
        depth_mm: of the object beyond the isocentre towards the detector.

    Divide by the magnification for mm in the plane of the isocentre.
    """
    rating_kw(focal_spot)
    object_mm = geometry.source_isocentre_mm + depth_mm
    spread = max(geometry.source_image_mm / object_mm - 1.0, 0.0)
    return float(float(focal_spot) * FOCAL_SPOT_REAL / np.sqrt(12.0) * spread)


def heel(towards_cathode_deg: np.ndarray | float) -> FloatArray:
    """Fluence over that of the central ray, by the way out of the anode.

    Photons arise some micrometres deep; the more a ray leans to the anode, the longer is its way
    through tungsten, until at the anode's own angle nothing comes out.
    """
    out = np.deg2rad(ANODE_ANGLE_DEG + np.asarray(towards_cathode_deg, float))
    straight = 1.0 / np.sin(np.deg2rad(ANODE_ANGLE_DEG))
    way = 1.0 / np.sin(np.clip(out, 1e-3, np.pi / 2))
    fluence: FloatArray = np.exp(-HEEL_DEPTH * (way - straight)) * (out > 1e-3)
    return fluence


def field_map(
    size: int, geometry: Geometry, focal_spot: str = "0.6", shutters: bool = True
) -> np.ndarray:
    """Fluence without patient over the detector, (size, size) float32; 1 in the open middle.

    Inverse square and the slant of the rays, heel (the anode is at the bottom of the image), and,
    with `shutters`, rectangular leaves and iris with their penumbra.
    """
    g = geometry
    axis = ((np.arange(size, dtype=np.float32) + 0.5) / size - 0.5) * np.float32(g.detector_mm)
    squared = axis * axis
    distance2 = np.float32(g.source_image_mm**2)
    slant = distance2 / (distance2 + squared[:, None] + squared[None, :])
    lean = np.rad2deg(np.arctan(-axis / g.source_image_mm))
    field = slant * np.sqrt(slant) * heel(lean)[:, None].astype(np.float32)
    if shutters:
        field *= np.float32(LEAF_TRANSMISSION) + np.float32(1 - LEAF_TRANSMISSION) * opening(
            axis, g, focal_spot
        )
    return field.astype(np.float32, copy=False)


def opening(axis_mm: np.ndarray, geometry: Geometry, focal_spot: str = "0.6") -> Float32Array:
    """Share of the focal spot that sees each place of the detector past leaves and iris, (n, n)."""
    penumbra = penumbra_mm(focal_spot, geometry)
    across = _edge(np.abs(axis_mm) - geometry.field_width_mm / 2, penumbra)
    down = _edge(np.abs(axis_mm) - geometry.field_height_mm / 2, penumbra)
    seen: Float32Array = down[:, None] * across[None, :]
    if geometry.iris_mm < np.sqrt(2.0) * geometry.detector_mm + penumbra:
        squared = axis_mm * axis_mm
        radius = np.sqrt(squared[:, None] + squared[None, :])
        seen *= _edge(radius - np.float32(geometry.iris_mm / 2), penumbra)
    return seen


def penumbra_mm(focal_spot: str, geometry: Geometry) -> float:
    """Width of the collimator's penumbra at the detector."""
    rating_kw(focal_spot)
    width = float(focal_spot) * FOCAL_SPOT_REAL
    return width * (geometry.source_image_mm - LEAF_DISTANCE_MM) / LEAF_DISTANCE_MM


def _edge(outside_mm: np.ndarray, penumbra: float) -> np.ndarray:
    """1 inside, 0 outside, straight in between: a focal spot of even brightness."""
    return np.clip(0.5 - outside_mm / penumbra, 0.0, 1.0).astype(np.float32)


def field_mm(geometry: Geometry) -> float:
    """Side of the square as large as the open field in the plane of the isocentre."""
    g = geometry
    width, height = min(g.field_width_mm, g.detector_mm), min(g.field_height_mm, g.detector_mm)
    return float(np.sqrt(open_area_mm2(width, height, g.iris_mm))) / g.magnification
