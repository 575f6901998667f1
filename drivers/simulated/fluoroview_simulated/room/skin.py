"""Entrance dose of the patient's skin, patch by patch, as pulses add up.

The skin is cut into patches of some 10 mm, by height and by angle around the body, and can be laid
out flat. A pulse adds to each patch that faces the focal spot within the field: its air kerma at
the reference point, by inverse square and heel at the patch, times the backscatter of the body.
What is counted is entrance surface air kerma in mGy, not dose to water (2 to 6 % more from 50 to
125 kV, by Benmakhlouf et al., Phys. Med. Biol. 56 (2011) 7179); the table is taken to attenuate
nothing.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from fluoroview_simulated.anatomy.mesh import Mesh
from fluoroview_simulated.anatomy.parts import Part
from fluoroview_simulated.anatomy.view import View
from fluoroview_simulated.physics.beam import beam, pulse_kerma_ugy
from fluoroview_simulated.room import tube
from fluoroview_simulated.room.technique import Geometry, Technique

PATCH_MM = 10.0
COLUMNS = 96
"""Patches around the body: the first in front, the others towards the patient's left."""
ELLIPSE_MM = (150.0, 110.0)
ELLIPSE_REACH_MM = 400.0
SKIN_SOFT = 0.8
"""A part with as much tissue per mm bounds the body."""

_FIELD_MM = np.array([50.0, 100.0, 200.0, 250.0, 350.0])
_BACKSCATTER = np.array(
    [
        [1.00870, 9.29969e-1, 8.65442e-1, 8.58665e-1, 8.57065e-1],
        [2.35816e-3, 4.08549e-3, 5.36739e-3, 5.51579e-3, 5.55933e-3],
        [-9.48937e-6, -1.66271e-5, -2.21494e-5, -2.27532e-5, -2.28004e-5],
        [1.03143e-1, 1.53605e-1, 1.72418e-1, 1.70826e-1, 1.66418e-1],
        [-1.04881e-3, -1.45187e-3, -1.46088e-3, -1.38540e-3, -1.28180e-3],
        [3.59731e-6, 5.05312e-6, 5.17430e-6, 4.91192e-6, 4.53036e-6],
        [-7.31303e-3, -9.32427e-3, -8.30138e-3, -7.64330e-3, -6.81574e-3],
        [7.93272e-5, 9.40568e-5, 7.13576e-5, 6.13126e-5, 4.94197e-5],
        [-2.74296e-7, -3.28449e-7, -2.54885e-7, -2.21399e-7, -1.79074e-7],
    ]
)
"""Water, by side of the field: coefficients of kV⁰ to kV² times HVL⁰, HVL¹ and HVL². Equation 8 of
Benmakhlouf et al., Phys. Med. Biol. 58 (2013) 247, after their Monte Carlo calculations (50 to
150 kV, 2.5 to 5.1 mm Al, 0 to 0.9 mm Cu), which it meets within 1 %."""
_BACKSCATTER_KV = (50.0, 150.0)
_FIELD_SCALE_MM = 100.0


def backscatter_factor(kv: float, hvl_mm_al: float, field_mm: float) -> float:
    """Air kerma at the skin over that without the patient.

    Args:
        kv: tube voltage; below and above the published voltages as at their limits.
        hvl_mm_al: half-value layer of the beam.
        field_mm: side of the square field at the skin; none gives 1, and beyond 350 mm nothing
            is added.
    """
    kv = float(np.clip(kv, *_BACKSCATTER_KV))
    powers = np.outer(hvl_mm_al ** np.arange(3), kv ** np.arange(3)).ravel()
    # Over this scale the factor rises almost straight from none to the largest field.
    fields = np.concatenate([[0.0], _FIELD_MM])
    fields = fields / (fields + _FIELD_SCALE_MM)
    field = field_mm / (field_mm + _FIELD_SCALE_MM)
    return float(np.interp(field, fields, np.concatenate([[1.0], powers @ _BACKSCATTER])))


@lru_cache(maxsize=256)
def _hvl_mm_al(kv: float, filter_al_mm: float, filter_cu_mm: float) -> float:
    return beam(kv, filter_al_mm, filter_cu_mm).hvl_mm_al()


@dataclass(frozen=True)
class SkinSurface:
    """Patches of the skin: middles and outward normals, (rows, COLUMNS, 3).

    Rows go from the head down, `heights_mm` is their z; columns turn from the front to the
    patient's left, `angles_deg`. Where a height has no body, `there` is False.
    """

    points_mm: np.ndarray
    normals: np.ndarray
    there: np.ndarray
    heights_mm: np.ndarray
    angles_deg: np.ndarray

    @staticmethod
    def of(parts: Iterable[Part]) -> SkinSurface:
        """The skin around parts: of those that hold a body's tissue, else an ellipse."""
        skins = [p.mesh for p in parts if p.skin or p.soft >= SKIN_SOFT]
        return SkinSurface.around(skins[0].joined(*skins[1:])) if skins else SkinSurface.ellipse()

    @staticmethod
    def around(mesh: Mesh) -> SkinSurface:
        """The outermost of a closed mesh, seen from the middle of each height."""
        low, high = mesh.vertices[:, 2].min(), mesh.vertices[:, 2].max()
        count = max(int((high - low) / PATCH_MM), 1)
        heights = high - (np.arange(count) + 0.5) * (high - low) / count
        triangles = mesh.vertices[mesh.faces].astype(np.float64)
        bottoms, tops = triangles[:, :, 2].min(axis=1), triangles[:, :, 2].max(axis=1)
        outlines = [_outline(triangles[(bottoms < z) & (tops >= z)], float(z)) for z in heights]
        return _surface(heights, np.stack([o[0] for o in outlines]), [o[1] for o in outlines])

    @staticmethod
    def ellipse(
        half_mm: tuple[float, float] = ELLIPSE_MM, reach_mm: float = ELLIPSE_REACH_MM
    ) -> SkinSurface:
        """A trunk as an elliptic cylinder about the origin."""
        heights = np.arange(reach_mm - PATCH_MM / 2, -reach_mm, -PATCH_MM)
        turn = _directions()
        radius = 1.0 / np.hypot(turn[:, 0] / half_mm[0], turn[:, 1] / half_mm[1])
        middle = np.zeros((len(heights), 2))
        return _surface(heights, np.tile(radius, (len(heights), 1)), list(middle))


@dataclass(frozen=True)
class PeakSkinDose:
    """The patch with the largest dose.

    Attributes:
        kerma_mgy: entrance surface air kerma, backscatter included.
        height_mm, angle_deg: where on the map; 0° in front, 90° at the patient's left.
        place_mm: in patient coordinates.
        side: "front", "left", "back" or "right".
    """

    kerma_mgy: float
    height_mm: float
    angle_deg: float
    place_mm: tuple[float, float, float]
    side: str


class SkinMap:
    """Dose of the skin since the last `reset`.

    `kerma_mgy` is (rows, COLUMNS): the skin laid out flat, head up, front at the left edge. It is
    replaced as a whole, so that any thread may read it while another adds or resets.
    """

    def __init__(self, surface: SkinSurface | None = None) -> None:
        self.surface = surface or SkinSurface.ellipse()
        self.kerma_mgy = np.zeros(self.surface.there.shape)
        self._lock = threading.Lock()
        self._geometry: Geometry | None = None
        self._shares = np.zeros_like(self.kerma_mgy)
        self._field_mm = 0.0

    def reset(self) -> None:
        """Begin a new patient or procedure."""
        with self._lock:
            self.kerma_mgy = np.zeros_like(self.kerma_mgy)

    def add(self, technique: Technique, geometry: Geometry) -> float:
        """Add one pulse; return the sum over all patches, in mGy."""
        if geometry != self._geometry:
            self._look(geometry)
        hvl = _hvl_mm_al(technique.kv, technique.filter_al_mm, technique.filter_cu_mm)
        kerma = pulse_kerma_ugy(technique, geometry) * 1e-3
        dose = self._shares * (kerma * backscatter_factor(technique.kv, hvl, self._field_mm))
        with self._lock:
            self.kerma_mgy = self.kerma_mgy + dose
        return float(dose.sum())

    def peak(self) -> PeakSkinDose:
        """Return the peak skin dose and its place."""
        kerma_mgy = self.kerma_mgy
        row, column = np.unravel_index(int(np.argmax(kerma_mgy)), kerma_mgy.shape)
        surface = self.surface
        angle = float(surface.angles_deg[column])
        x, y, z = (float(v) for v in surface.points_mm[row, column])
        return PeakSkinDose(
            float(kerma_mgy[row, column]),
            float(surface.heights_mm[row]),
            angle,
            (x, y, z),
            ("front", "left", "back", "right")[int((angle + 45.0) // 90.0) % 4],
        )

    def _look(self, geometry: Geometry) -> None:
        """Works out what each patch gets of the kerma at the reference point."""
        surface, view = self.surface, View(geometry)
        points = surface.points_mm.reshape(-1, 3)
        away = points - view.source
        facing = np.einsum("ij,ij->i", away, surface.normals.reshape(-1, 3)) < 0.0
        place, scale = view.project(points)
        open_ = _covered(place, scale, geometry)
        lean = np.rad2deg(np.arctan(-place[:, 1] / geometry.source_isocentre_mm))
        square = geometry.source_reference_mm**2 / np.einsum("ij,ij->i", away, away)
        shares = np.where(facing & (scale > 0.0), open_ * tube.heel(lean) * square, 0.0)
        shares = np.where(surface.there.ravel(), shares, 0.0)
        self._shares = shares.reshape(surface.there.shape)
        self._geometry = geometry
        distance = float(np.sqrt(1.0 / square[int(np.argmax(shares))])) if shares.any() else 1.0
        at_skin = distance * geometry.source_reference_mm / geometry.source_isocentre_mm
        self._field_mm = tube.field_mm(geometry) * at_skin


def _covered(place: np.ndarray, scale: np.ndarray, geometry: Geometry) -> np.ndarray:
    """Share of each patch within the field; `place` in the plane of the isocentre."""
    half_patch = PATCH_MM / 2.0 * scale
    widest = geometry.detector_mm + 10.0
    share = np.ones(len(place))
    for k, opening in enumerate((geometry.field_width_mm, geometry.field_height_mm)):
        edge = min(opening, widest) / 2.0 / geometry.magnification
        share *= np.clip((edge - np.abs(place[:, k])) / (2.0 * half_patch) + 0.5, 0.0, 1.0)
    if np.isfinite(geometry.iris_mm):
        edge = geometry.iris_mm / 2.0 / geometry.magnification
        radius = np.hypot(place[:, 0], place[:, 1])
        share *= np.clip((edge - radius) / (2.0 * half_patch) + 0.5, 0.0, 1.0)
    return share


def _directions() -> np.ndarray:
    """Unit vectors (x, y) of the columns, from the front to the patient's left, (COLUMNS, 2)."""
    angle = 2.0 * np.pi * np.arange(COLUMNS) / COLUMNS
    return np.stack([np.sin(angle), -np.cos(angle)], axis=1)


def _outline(triangles: np.ndarray, z: float) -> tuple[np.ndarray, np.ndarray]:
    """Outermost radii (COLUMNS,) of a section, and the middle (x, y) they are measured from."""
    ends = []
    for a, b in ((0, 1), (1, 2), (2, 0)):
        p, q = triangles[:, a], triangles[:, b]
        rise = q[:, 2] - p[:, 2]
        crosses = (p[:, 2] < z) != (q[:, 2] < z)
        at = np.where(crosses, (z - p[:, 2]) / np.where(crosses, rise, 1.0), np.nan)
        ends.append(p[:, :2] + at[:, None] * (q[:, :2] - p[:, :2]))
    crossings = np.stack(ends, axis=1)  # (triangles, 3, 2), one of the three is nan
    known = crossings[~np.isnan(crossings[:, :, 0])].reshape(-1, 2, 2)
    if len(known) == 0:
        return np.full(COLUMNS, np.nan), np.zeros(2)
    flat = known.reshape(-1, 2)
    middle = (flat.min(axis=0) + flat.max(axis=0)) / 2.0
    first, along = known[:, 0] - middle, known[:, 1] - known[:, 0]
    turn = _directions()
    # Where the ray from the middle meets the line of each segment.
    across = turn[:, None, 0] * along[None, :, 1] - turn[:, None, 1] * along[None, :, 0]
    across = np.where(np.abs(across) < 1e-9, np.nan, across)
    radius = (first[:, 0] * along[:, 1] - first[:, 1] * along[:, 0])[None, :] / across
    share = (first[None, :, 0] * turn[:, None, 1] - first[None, :, 1] * turn[:, None, 0]) / across
    hit = (share >= -1e-6) & (share <= 1.0 + 1e-6) & (radius > 0.0)
    outermost = np.where(hit, radius, -1.0).max(axis=1)
    return np.where(outermost > 0.0, outermost, np.nan), middle


def _surface(heights: np.ndarray, radius: np.ndarray, middles: list[np.ndarray]) -> SkinSurface:
    there = np.isfinite(radius)
    filled = np.where(there, radius, 1.0)
    turn = _directions()
    points = np.empty((*radius.shape, 3))
    points[:, :, :2] = np.stack(middles)[:, None, :] + filled[:, :, None] * turn[None]
    points[:, :, 2] = heights[:, None]
    around = np.roll(points, -1, axis=1) - np.roll(points, 1, axis=1)
    down = np.gradient(points, axis=0) if len(heights) > 1 else np.zeros_like(points) - [0, 0, 1.0]
    normals = np.cross(down, around)
    outward = np.sign(np.einsum("ijk,jk->ij", normals[:, :, :2], turn))
    length = np.linalg.norm(normals, axis=2)
    normals *= (outward / np.maximum(length, 1e-9))[:, :, None]
    angles = np.arange(COLUMNS) * 360.0 / COLUMNS
    return SkinSurface(points, normals, there, heights, angles)
