"""What moves, as path-length maps per frame: air and barium, and the parts that move as a whole.

The maps cover a window of the image on a grid of `GRID` cells over the whole view, whatever the
matrix of the detector; the detector's unsharpness is coarser than a cell. A contour becomes a path
length by blurring its mask and reading the blur through an elliptic profile: thick in the middle,
thin at the edge, without steps when it moves.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from fluoroview_simulated.arrays import Float32Array, FloatArray
from fluoroview_simulated.procedures.modified_barium_swallow import pharynx, residue
from fluoroview_simulated.procedures.modified_barium_swallow.course import Motion
from fluoroview_simulated.procedures.modified_barium_swallow.lateral.area import Buffers
from fluoroview_simulated.procedures.modified_barium_swallow.lateral.drawing import (
    cloud,
    smooth_curve,
)
from fluoroview_simulated.procedures.modified_barium_swallow.lateral.rigid import RigidParts

GRID = 640
VIEW_MM = 250.0
"""Cells and side of the plane that the window is cut from; in a view of 200 mm, cells of 512."""
BOLUS_RADIUS_MM = 6.0
"""Half of the bolus's thickness: how far from its edge the path is still growing."""
X0_MM, X1_MM, Y0_MM, Y1_MM = -100.0, 56.25, -87.5, 118.75
PHARYNX_MM = ((-62.5, -87.4), (42.0, 118.6))
"""The part of the window that holds air and mucosa."""
COATED_MM = ((-62.5, -52.0), (36.0, 74.0))
"""The part of it where a coat is seen."""
CUP_MM = 40.0
"""Width of the cup along the ray."""
STEEL_AS_BARIUM = 9.0
"""A spoon lets almost nothing through: as good as this much BaSO4, mm·g/cm³."""
SPOON = np.array([(-128, -17), (-104, -21), (-84, -25), (-75, -26), (-66, -26.4), (-57, -28.4)])
SPOON_LOAD = np.array([(-76, -27.6), (-68, -29.0), (-59, -29.0), (-62, -27.0), (-70, -26.2)])
BISCUIT = np.array([(-104, -29.5), (-58, -31.2), (-57, -33.6), (-80, -33.4), (-104, -32)])
CUP = np.array(
    [(-132, -30.5), (-104, -30.5), (-84, -30.3), (-77.5, -29), (-79, -26.5), (-92, -19), (-132, -2)]
)
"""The barium in a tilted cup: level on top, the wall of the cup below."""


@dataclass(frozen=True)
class MovingMaps:
    """Changes to soft tissue and bone in mm and barium in mm·g/cm³, float32 (rows, columns)."""

    soft: np.ndarray
    bone: np.ndarray
    barium: np.ndarray


def _profile(sharpness: float) -> np.ndarray:
    """Look-up table from a blurred mask (0…255, edge at 127) to the share of the full path."""
    inside = np.clip((np.arange(256) / 255.0 - 0.5) * 2.0 * sharpness, 0.0, 1.0)
    return np.sqrt(inside * (2.0 - inside)).astype(np.float32)


class MovingLayers:
    """Renders the moving parts; holds the buffers and what can be drawn once."""

    def __init__(self, seed: int) -> None:
        self.cell_mm = VIEW_MM / GRID
        self.column0 = int((X0_MM + VIEW_MM / 2) / self.cell_mm)
        self.row0 = int((Y0_MM + VIEW_MM / 2) / self.cell_mm)
        self.shape = (int((Y1_MM - Y0_MM) / self.cell_mm), int((X1_MM - X0_MM) / self.cell_mm))
        rows, columns = self.shape
        self.maps = MovingMaps(*(np.zeros(self.shape, np.float32) for _ in range(3)))
        self._buffers = Buffers(self.shape, (X0_MM, Y0_MM), self.cell_mm)
        self._pharynx = self._buffers.area(*PHARYNX_MM)
        self._coated = self._buffers.area(*COATED_MM)
        self._round = _profile(1.15)
        y = (np.arange(rows, dtype=np.float32) + 0.5) * self.cell_mm + Y0_MM
        self._pharynx_y = y[self._pharynx.place[0]]
        self._barium_width = np.interp(
            y, (-60, -34, -10, 14, 28, 38, 50, 100), (34, 33, 30, 26, 20, 15, 14, 15)
        ).astype(np.float32)[:, None]
        window = np.s_[self.row0 : self.row0 + rows, self.column0 : self.column0 + columns]
        # Barium sticks in patches; the bolus itself is mixed unevenly and holds small bubbles.
        self._sticky = np.clip(0.5 + 0.4 * cloud(GRID, VIEW_MM, seed + 60, 14.0, 4)[window], 0, 2)
        self._mixed = 1.0 + 0.07 * cloud(GRID, VIEW_MM, seed + 61, 6.0, 3)[window]
        lumps = cloud(GRID, VIEW_MM, seed + 62, 4.0, 2)[window]
        self._lumpy = np.clip(0.85 + 0.38 * lumps, 0.15, 1.8).astype(np.float32)
        self._rigid = RigidParts(seed, GRID, VIEW_MM, window)

    def render(self, m: Motion, t_s: float) -> MovingMaps:
        """Maps at one moment. The arrays are reused by the next call."""
        self.maps.soft[:] = 0.0
        self.maps.barium[:] = 0.0
        self._draw_air(m)
        self._draw_bolus(m)
        self._draw_coat(m)
        self._draw_pools(m)
        self._draw_airway(m)
        if m.chewing > 0.02:
            self._draw_chewed(m, t_s)
        self._draw_vessel(m)
        self._rigid.draw(m, self.maps.soft, self.maps.bone)
        return self.maps

    def _draw_air(self, m: Motion) -> None:
        """All air that changes, as soft tissue taken away."""
        area = self._pharynx
        area.clear()
        for space in (
            pharynx.nasopharynx(m),
            pharynx.oropharynx(m),
            pharynx.vestibule(m),
            pharynx.trachea(m),
        ):
            area.fill(smooth_curve(space, 5))
        mouth = pharynx.mouth_air(m)
        if mouth is not None:
            area.fill(smooth_curve(mouth, 4))
        air = area.rounded(2.0, self._round, area.path)
        wide = area.rounded(7.5, self._round, area.scratch)
        cv2.addWeighted(air, -0.42, wide, -0.58, 0.0, dst=air)
        np.multiply(air, self._air_width(m), out=self.maps.soft[area.place])
        self._draw_leaf(m)

    def _draw_leaf(self, m: Motion) -> None:
        """The epiglottis: soft tissue standing in the air."""
        line = smooth_curve(pharynx.epiglottis(m), 6, closed=False)
        tangent = np.gradient(line, axis=0)
        normal = np.stack([-tangent[:, 1], tangent[:, 0]], 1) / np.hypot(*tangent.T)[:, None]
        half = np.linspace(1.9, 1.15, len(line))[:, None]
        area = self._buffers.around(line, 10)
        area.fill(np.concatenate([line + normal * half, (line - normal * half)[::-1]]))
        self.maps.soft[area.place] *= 1.0 - area.blurred(1.1, 0.8)

    def _air_width(self, m: Motion) -> Float32Array:
        """Width of the air spaces along the ray, mm, (rows, 1)."""
        y = self._pharynx_y
        y = y - (m.larynx * pharynx.LARYNX_LIFT_MM[1] + 1.1 * m.breath) * (y > -20)
        column = np.interp(
            y,
            (-86, -60, -40, -20, 0, 12, 22, 28.5, 30, 31.5, 33, 36, 60, 100),
            (12, 15, 20, 28, 30, 25, 17, 15, 12, 8, 9, 12.5, 14.5, 13.0),
        )
        rings: FloatArray = 0.7 * np.sin(y * (2 * np.pi / 4.6)) * np.clip((y - 38) / 6, 0, 1)
        width: FloatArray = (column + rings)[:, None]
        return width.astype(np.float32)

    def _draw_bolus(self, m: Motion) -> None:
        """The bolus, and the air that it pushes away."""
        outline = pharynx.bolus_outline(m)
        if outline is None:
            return
        area = self._buffers.around(outline, 6)
        area.fill(outline)
        path = area.tube(BOLUS_RADIUS_MM)
        path *= self._barium_width[area.place[0]]
        soft = self.maps.soft[area.place]
        soft += np.minimum(path, -soft)
        texture = self._lumpy if m.bolus.chew_s else self._mixed
        path *= texture[area.place]
        path *= np.float32(m.bolus.barium_g_cm3)
        self.maps.barium[area.place] += path

    def _draw_coat(self, m: Motion) -> None:
        """A thin coat where the bolus went."""
        if m.coat < 0.02:
            return
        area = self._coated
        area.clear()
        way = pharynx.lifted_way(m)
        value = int(np.clip(70 * m.coat, 0, 255))
        area.stroke(way[8:56], int(value * 0.5), 1)
        area.stroke(way[94:142], int(value * 0.5), 1)
        area.stroke(way[140:], int(value * 0.3), 2)
        area.stroke(smooth_curve(pharynx.tongue_base(m), 4, closed=False), value, 1)
        area.stroke(smooth_curve(pharynx.epiglottis(m)[1:], 4, closed=False), value // 2, 1)
        coat = area.blurred(0.9, 7.0)
        coat *= self._sticky[area.place]
        self.maps.barium[area.place] += coat

    def _draw_pools(self, m: Motion) -> None:
        """Residue in valleculae and piriform sinuses, level on top."""
        pool = m.residue * (1.0 - m.epiglottis)
        if pool < 0.03:
            return
        vallecula, sinus = residue.pools(m, pool)
        area = self._buffers.around(np.concatenate([vallecula, sinus]), 6)
        area.fill(vallecula)
        area.fill(sinus, 120)
        heaped = 1.0 + 0.3 * float(np.clip(pool - 1.5, 0.0, 2.0))
        self.maps.barium[area.place] += area.blurred(1.4, 4.2 * min(pool, 1.0) * heaped)

    def _draw_airway(self, m: Motion) -> None:
        """What got into larynx and windpipe."""
        inside = residue.vestibule_barium(m)
        strength = m.bolus.barium_g_cm3 / 0.24 * (0.4 + 0.6 * min(m.airway.vestibule, 1.0))
        if inside is not None:
            area = self._buffers.around(inside, 5)
            area.fill(inside)
            self.maps.barium[area.place] += area.blurred(1.1, 3.4 * strength)
        if m.airway.glottis > 0.03:
            line = smooth_curve(residue.glottis(m), 6, closed=False)
            area = self._buffers.around(line, 8)
            area.stroke(line, int(255 * min(m.airway.glottis, 1.0)), 4)
            self.maps.barium[area.place] += area.blurred(1.2, 2.2)
        strips = residue.trachea_barium(m)
        if strips:
            area = self._buffers.around(np.concatenate(strips), 6)
            for strip, known in zip(strips, m.airway.strips, strict=True):
                area.fill(strip, int(255 * min(1.0, 0.35 + 0.65 * known.amount)))
            self.maps.barium[area.place] += area.blurred(1.1, 2.6)

    def _draw_chewed(self, m: Motion, t_s: float) -> None:
        """A cracker coated with paste, while it is broken up."""
        pieces = [smooth_curve(p, 3) for p in residue.chewed(m, t_s)]
        area = self._buffers.around(np.concatenate(pieces), 6)
        for piece in pieces:
            area.fill(piece)
        path = area.blurred(1.3, 13.0 * m.chewing * m.bolus.barium_g_cm3)
        path *= self._lumpy[area.place]
        self.maps.barium[area.place] += path

    def _draw_vessel(self, m: Motion) -> None:
        """What the bolus comes in: a steel spoon for 5 ml, a cup for more."""
        if m.spoon < 0.01:
            return
        away = np.array([-52.0, 7.0]) * (1.0 - m.spoon)
        if m.bolus.chew_s:
            area = self._buffers.around(BISCUIT + away, 4)
            area.fill(BISCUIT + away)
            path = area.blurred(1.0, 16.0 * m.bolus.barium_g_cm3 * float(1.0 - 0.6 * m.loaded))
            path *= self._lumpy[area.place]
        elif m.bolus.volume_ml > 5.0:
            area = self._buffers.around(CUP + away, 4)
            area.fill(smooth_curve(CUP + away, 5))
            path = area.blurred(1.0, CUP_MM * m.bolus.barium_g_cm3)
        else:
            area = self._buffers.around(SPOON + away, 12)
            left = int(255 * (1.0 - m.loaded))
            area.fill(smooth_curve(SPOON_LOAD + away, 5), max(left, 1))
            area.stroke(smooth_curve(SPOON + away, 5, closed=False), 255, 4)
            path = area.blurred(1.0, STEEL_AS_BARIUM)
        self.maps.barium[area.place] += path
