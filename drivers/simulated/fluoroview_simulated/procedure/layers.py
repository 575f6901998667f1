"""What moves, as path-length maps per frame: air and barium, and the parts that move as a whole.

The maps cover a window of the picture on a grid of `GRID` cells over the whole view, whatever the
matrix of the detector; the detector's unsharpness is coarser than a cell. A contour becomes a path
length by blurring its mask and reading the blur through an elliptic profile: thick in the middle,
thin at the edge, without steps when it moves.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from fluoroview_simulated.patient.canvas import cloud, smooth_curve
from fluoroview_simulated.procedure import throat
from fluoroview_simulated.procedure.course import Motion
from fluoroview_simulated.procedure.rigid import RigidParts

GRID = 512
VIEW_MM = 200.0
BLOCK = 8
"""The window starts and ends on multiples of this, to be averaged into coarse cells."""
BOLUS_RADIUS_MM = 6.0
"""Half of the bolus's thickness: how far from its edge the path is still growing."""
X0_MM, X1_MM, Y0_MM, Y1_MM = -100.0, 56.25, -87.5, 100.0


STEEL_AS_BARIUM = 9.0
"""A spoon lets almost nothing through: as good as this much BaSO4, mm·g/cm³."""
SPOON = np.array([(-128, -17), (-104, -21), (-84, -25), (-75, -26), (-66, -26.4), (-57, -28.4)])
SPOON_LOAD = np.array([(-76, -27.6), (-68, -29.0), (-59, -29.0), (-62, -27.0), (-70, -26.2)])
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
        self._round = _profile(1.15)
        self._mask = np.zeros(self.shape, np.uint8)
        self._blur = np.zeros(self.shape, np.uint8)
        self._wide = np.zeros(self.shape, np.uint8)
        self._leaf = np.zeros(self.shape, np.uint8)
        self._air = np.zeros(self.shape, np.float32)
        self._soft = np.zeros(self.shape, np.float32)
        self._bone = np.zeros(self.shape, np.float32)
        self._barium = np.zeros(self.shape, np.float32)
        self._scratch = np.zeros(self.shape, np.float32)
        rows, columns = self.shape
        self._y = (np.arange(rows, dtype=np.float32) + self.row0 + 0.5) * self.cell_mm - VIEW_MM / 2
        self._x = (
            np.arange(columns, dtype=np.float32) + self.column0 + 0.5
        ) * self.cell_mm - VIEW_MM / 2
        self._barium_width = np.interp(
            self._y, (-60, -34, -10, 14, 28, 38, 50, 100), (34, 33, 30, 26, 20, 15, 14, 15)
        ).astype(np.float32)[:, None]
        window = (
            slice(self.row0, self.row0 + rows),
            slice(self.column0, self.column0 + columns),
        )
        # Barium sticks in patches; the bolus itself is mixed unevenly and holds small bubbles.
        self._sticky = np.clip(0.5 + 0.4 * cloud(GRID, VIEW_MM, seed + 60, 14.0, 4)[window], 0, 2)
        self._mixed = 1.0 + 0.07 * cloud(GRID, VIEW_MM, seed + 61, 6.0, 3)[window]
        self._rigid = RigidParts(seed, GRID, VIEW_MM, window)
        self.maps = MovingMaps(self._soft, self._bone, self._barium)

    def render(self, m: Motion) -> MovingMaps:
        """Maps at one moment. The arrays are reused by the next call."""
        self._draw_air(m)
        self._draw_barium(m)
        self._rigid.draw(m, self._soft, self._bone)
        return self.maps

    def _blur_wide(self, mask: np.ndarray, sigma: float) -> None:
        """A wide blur into `_wide`, done on a quarter of the rows and columns."""
        rows, columns = self.shape
        small = cv2.resize(mask, (columns // 4, rows // 4), interpolation=cv2.INTER_AREA)
        cv2.GaussianBlur(small, (0, 0), sigma / 4, dst=small)
        cv2.resize(small, (columns, rows), dst=self._wide, interpolation=cv2.INTER_LINEAR)

    # ---- parts ---------------------------------------------------------------------------

    def _pixels(self, points: np.ndarray) -> np.ndarray:
        """Millimetres to fixed-point pixels of the window (4 fractional bits)."""
        pixel = (points + VIEW_MM / 2) / self.cell_mm - (self.column0 + 0.5, self.row0 + 0.5)
        return np.rint(pixel * 16.0).astype(np.int32)

    def _fill(self, mask: np.ndarray, points: np.ndarray, value: int = 255) -> None:
        cv2.fillPoly(mask, [self._pixels(points)], value, cv2.LINE_AA, 4)

    def _stroke(self, mask: np.ndarray, points: np.ndarray, value: int, width_px: int) -> None:
        cv2.polylines(mask, [self._pixels(points)], False, value, width_px, cv2.LINE_AA, 4)

    def _draw_leaf(self, m: Motion) -> tuple[slice, slice]:
        """The epiglottis: soft tissue standing in air or in barium. Returns where it is."""
        line = smooth_curve(throat.epiglottis(m), 6, closed=False)
        t = np.linspace(0, 1, len(line))
        tangent = np.gradient(line, axis=0)
        normal = np.stack([-tangent[:, 1], tangent[:, 0]], 1) / np.hypot(*tangent.T)[:, None]
        half = (1.9 - 0.75 * t)[:, None]
        outline = np.concatenate([line + normal * half, (line - normal * half)[::-1]])
        pixels = self._pixels(outline)
        low, high = pixels.min(axis=0) // 16 - 5, pixels.max(axis=0) // 16 + 6
        place = (slice(max(low[1], 0), high[1]), slice(max(low[0], 0), high[0]))
        leaf = self._leaf[place]
        leaf[:] = 0
        corner = np.array([place[1].start, place[0].start], np.int32) * 16
        cv2.fillPoly(leaf, [pixels - corner], 255, cv2.LINE_AA, 4)
        cv2.GaussianBlur(leaf, (5, 5), 1.1, dst=leaf)
        return place

    def _draw_air(self, m: Motion) -> None:
        """All air that changes, as soft tissue taken away."""
        mask = self._mask
        mask[:] = 0
        for space in (
            throat.nasopharynx(m),
            throat.oropharynx(m),
            throat.vestibule(m),
            throat.trachea(m),
        ):
            self._fill(mask, smooth_curve(space, 5))
        self._mouth_air(mask, m)
        cv2.GaussianBlur(mask, (9, 9), 2.0, dst=self._blur)
        self._blur_wide(mask, 7.5)
        air = cv2.LUT(self._blur, self._round, dst=self._air)
        wide = cv2.LUT(self._wide, self._round, dst=self._scratch)
        cv2.addWeighted(air, 0.42, wide, 0.58, 0.0, dst=air)
        air *= self._air_width(m)
        place = self._draw_leaf(m)
        air[place] *= 1.0 - self._leaf[place] * np.float32(0.8 / 255)
        np.negative(air, out=self._soft)

    def _mouth_air(self, mask: np.ndarray, m: Motion) -> None:
        """The slit between tongue and palate while the mouth is empty."""
        empty = 1.0 - m.loaded * (1.0 - m.reopening)
        gap = 2.6 * empty + 0.3 * m.breath
        if gap < 0.6:
            return
        top = np.array([(-52, -39), (-44, -43.6), (-30, -45.6), (-14, -45.8), (0, -45.2), (8, -43)])
        low = (
            top[::-1]
            + np.array([[-0.5, 0.4], [0, 1.0], [0, 1.2], [0, 1.3], [1, 1.2], [1.5, 0.6]]) * gap
        )
        self._fill(mask, smooth_curve(np.concatenate([top, low]), 4), 255)

    def _air_width(self, m: Motion) -> np.ndarray:
        """Width of the air spaces along the ray, mm, as an outer shape over rows."""
        y = self._y - (m.larynx * throat.LARYNX_LIFT_MM[1] + 1.1 * m.breath) * (self._y > -20)
        column = np.interp(
            y,
            (-86, -60, -40, -20, 0, 12, 22, 28.5, 30, 31.5, 33, 36, 60, 100),
            (12, 15, 20, 28, 30, 25, 17, 15, 12, 8, 9, 12.5, 14.5, 13.0),
        )
        rings = 0.7 * np.sin(y * (2 * np.pi / 4.6)) * np.clip((y - 38) / 6, 0, 1)
        return (column + rings).astype(np.float32)[:, None]

    def _draw_barium(self, m: Motion) -> None:
        """Bolus, pools in valleculae and piriform sinuses, and the coat on the walls."""
        barium = self._barium
        mask = self._mask
        mask[:] = 0
        strength = m.bolus.barium_g_cm3
        outline = throat.bolus_outline(m)
        if outline is not None:
            self._fill(mask, outline)
        # Round like a filled tube: elliptic over its half thickness.
        depth = cv2.distanceTransform(mask, cv2.DIST_L2, 3, dst=barium, dstType=cv2.CV_32F)
        np.multiply(depth, np.float32(self.cell_mm / BOLUS_RADIUS_MM), out=depth)
        np.minimum(depth, np.float32(1.0), out=depth)
        np.subtract(np.float32(2.0), depth, out=self._scratch)
        np.multiply(depth, self._scratch, out=depth)
        cv2.sqrt(depth, dst=depth)
        cv2.GaussianBlur(depth, (5, 5), 1.1, dst=barium)
        barium *= self._barium_width * np.float32(strength)
        barium *= self._mixed
        self._soft += np.minimum(barium * np.float32(1.0 / strength), -self._soft)
        self._draw_residue(m)
        self._draw_vessel(m)

    def _draw_vessel(self, m: Motion) -> None:
        """What the bolus comes in: a steel spoon for 5 ml, a cup for more."""
        if m.spoon < 0.01:
            return
        mask = self._mask
        mask[:] = 0
        away = np.array([-52.0, 7.0]) * (1.0 - m.spoon)
        if m.bolus.volume_ml > 5.0:
            self._fill(mask, smooth_curve(CUP + away, 5))
            depth_mm = 40.0 * m.bolus.barium_g_cm3
        else:
            left = int(255 * (1.0 - m.loaded))
            self._fill(mask, smooth_curve(SPOON_LOAD + away, 5), max(left, 1))
            self._stroke(mask, smooth_curve(SPOON + away, 5, closed=False), 255, 4)
            depth_mm = STEEL_AS_BARIUM
        cv2.GaussianBlur(mask, (5, 5), 1.0, dst=self._blur)
        self._barium += np.multiply(self._blur, np.float32(depth_mm / 255), out=self._scratch)

    def _draw_residue(self, m: Motion) -> None:
        """Pools with a level top, and a thin coat where the bolus went."""
        mask = self._mask
        mask[:] = 0
        if m.coat > 0.02:
            way = throat.lifted_way(m)
            value = int(np.clip(70 * m.coat, 0, 255))
            self._stroke(mask, way[8:56], int(value * 0.5), 1)
            self._stroke(mask, way[94:142], int(value * 0.5), 1)
            self._stroke(mask, way[140:], int(value * 0.3), 2)
            self._stroke(mask, smooth_curve(throat.tongue_base(m), 4, closed=False), value, 1)
            self._stroke(
                mask, smooth_curve(throat.epiglottis(m)[1:], 4, closed=False), value // 2, 1
            )
        cv2.GaussianBlur(mask, (5, 5), 0.9, dst=self._blur)
        coat = np.multiply(self._blur, np.float32(7.0 / 255), out=self._scratch)
        coat *= self._sticky
        self._barium += coat
        pool = min(m.residue, 1.5) * (1.0 - m.epiglottis)
        if pool < 0.03:
            return
        mask[:] = 0
        wall = throat.tongue_base(m, squeezed=False)
        leaf = throat.epiglottis(m)
        bottom = (wall[-1] + leaf[1]) / 2
        level = bottom[1] - 5.5 * pool**0.6
        vallecula = np.concatenate([wall[5:], leaf[1:3]])
        vallecula[:, 1] = np.maximum(vallecula[:, 1], level)
        self._fill(mask, vallecula, 255)
        sinus = throat.lift(
            np.array([(14.5, 22.0), (19.5, 22.0), (20.2, 29.0), (18.6, 33.5), (16.2, 31.0)]), m
        )
        sinus[:, 1] = np.maximum(sinus[:, 1], sinus[:, 1].max() - 7.0 * pool**0.7)
        self._fill(mask, sinus, 120)
        cv2.GaussianBlur(mask, (7, 7), 1.4, dst=self._blur)
        pools = np.multiply(self._blur, np.float32(4.2 * min(pool, 1.0) / 255), out=self._scratch)
        self._barium += pools
