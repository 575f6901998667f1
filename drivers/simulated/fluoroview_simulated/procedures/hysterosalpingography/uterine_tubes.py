"""Shapes: the uterine tubes, what spills from them over the loops of bowel, cannula and forceps."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np

from fluoroview_simulated.anatomy.view import View
from fluoroview_simulated.arrays import FloatArray
from fluoroview_simulated.procedures.cystography.shape import smooth_line
from fluoroview_simulated.render.canvas import GRID, MARGIN, SIDE, LayerMap

# x, y, z and radius in mm, left side: horn, isthmus, ampulla, funnel.
TUBE = np.array(
    [
        (20.5, -12.8, -151, 0.9), (26, -12, -149.5, 0.62), (32, -10, -151, 0.6),
        (38, -7, -150, 0.65), (44, -3, -146.5, 0.8), (50, 1, -147.5, 1.3), (55, 4, -153, 2.0),
        (60, 7, -150, 2.4), (65, 10, -155, 2.7), (64, 13, -164, 3.0), (59, 14, -170, 3.3),
        (54, 12, -172, 3.4), (51, 10, -175, 2.2),
    ]
)  # fmt: skip
HYDRO = np.array([1.0, 1.0, 1.0, 1.1, 1.5, 2.0, 2.0, 2.1, 2.2, 2.2, 2.1, 2.2, 2.6])
"""How much wider a tube is that is closed at its end and distended."""
SAG = np.array([-5.0, 9.0, -17.0])
"""How far it hangs into the pouch of Douglas."""
CANNULA = np.array([(0, 12, -200), (0, 17, -211), (-1, 21, -228), (-3, 24, -262), (-5, 22, -330.0)])
ACORN = np.array([(0, 16.5, -209.5), (0, 18, -214), (-0.4, 20, -222), (-1, 21.5, -229.0)])
FORCEPS = (
    np.array([(5, 8, -206), (9, 8, -212), (10, 12, -224), (4, 20, -262), (8, 22, -330.0)]),
    np.array([(5, 12, -207), (11, 15, -214), (13, 18, -226), (7, 23, -262), (14, 24, -330.0)]),
)


FLOOR_Z, WALL_X = -204.0, 66.0
SIGMA_MM = (0.9, 1.4, 2.2)
"""Sizes of the drops of spill."""


@dataclass(frozen=True, eq=False)
class UterineTubeShape:
    """One tube in one body.

    Attributes:
        side: 1 left, -1 right.
        distended: whether its end is closed and it is a sausage.
    """

    side: int
    seed: int
    scale: float
    distended: bool = False

    @cached_property
    def _line(self) -> np.ndarray:
        rng = np.random.default_rng(self.seed * 7 + self.side + 3)
        points = TUBE.copy()
        points[2:, :3] += np.cumsum(rng.normal(0, 0.9, (len(points) - 2, 3)), axis=0) * 0.8
        points[2:, :3] += rng.normal(0, 1.1, (len(points) - 2, 3))
        if self.distended:
            points[:, 3] *= HYDRO
            points[5:, :3] += SAG * np.linspace(0, 1, 8)[:, None] ** 0.7
        return smooth_line(points, 140)

    @cached_property
    def points(self) -> np.ndarray:
        """From the horn to the funnel, (140, 3) mm."""
        return self._line[:, :3] * [self.side, 1, 1] * self.scale

    @cached_property
    def radius_mm(self) -> np.ndarray:
        """(140,)."""
        u = np.linspace(0, 1, 140)
        r = self._line[:, 3]
        wide = np.clip((r - 0.7) / 1.5, 0, 1)
        folds = 0.10 * np.sin(46 * u + self.seed) + 0.08 * np.sin(83 * u + 2 * self.side)
        return r * (1.0 + folds * wide) * self.scale

    @cached_property
    def ml(self) -> FloatArray:
        """Volume from the horn to each place, (140,)."""
        step = np.linalg.norm(np.diff(self.points, axis=0), axis=1)
        mean = 0.5 * (self.radius_mm[1:] ** 2 + self.radius_mm[:-1] ** 2)
        return np.concatenate([[0.0], np.cumsum(np.pi * mean * step)]) / 1e3

    @cached_property
    def folds(self) -> tuple[np.ndarray, ...]:
        """Lines of the longitudinal folds of the ampulla, at its wall."""
        tangent = np.gradient(self.points, axis=0)
        tangent /= np.linalg.norm(tangent, axis=1, keepdims=True)
        across = np.cross(tangent, [0.3, 1.0, 0.2])
        across /= np.linalg.norm(across, axis=1, keepdims=True)
        up = np.cross(tangent, across)
        u = np.linspace(0, 1, 140)
        lines = []
        for k, angle in enumerate((0.4, 1.9, 3.3, 4.9)):
            a = angle + 1.2 * np.sin(7 * u + k)
            out = np.cos(a)[:, None] * across + np.sin(a)[:, None] * up
            lines.append(self.points + out * (0.5 * self.radius_mm)[:, None])
        return tuple(lines)


class Spill:
    """Contrast in the peritoneum: it coats loops of bowel near the tube's end and runs down.

    Each place has a volume at which it is reached; a projected map carries the density and that
    volume, so that a pulse only looks it up.
    """

    FULL_ML = 8.0

    def __init__(self, end: np.ndarray, side: int, seed: int, scale: float) -> None:
        rng = np.random.default_rng(seed * 11 + side + 50)
        points, reached = [], []
        for k in range(9):
            far = 4.0 + 5.2 * k
            heading = rng.normal(size=3) * [0.8, 0.7, 0.8] + [-0.35 * side, 0.25, -0.25]
            heading /= np.linalg.norm(heading)
            middle = end / scale + heading * far
            radius = rng.uniform(9.0, 14.0)
            axis = rng.normal(size=3) * [1.0, 0.6, 0.8]
            axis /= np.linalg.norm(axis)
            across = np.cross(axis, rng.normal(size=3))
            across /= np.linalg.norm(across)
            n = 300
            angle = rng.uniform(0, 2 * np.pi) + rng.normal(0, 0.6, n)
            along = rng.normal(0, 11.0, n)
            out = np.cos(angle)[:, None] * across + np.sin(angle)[:, None] * np.cross(axis, across)
            wavy = radius * (1.0 + 0.10 * np.sin(along / 3.5 + k))
            points.append(middle + along[:, None] * axis + out * wavy[:, None])
            reached.append(0.25 + 0.085 * far + 0.02 * np.abs(along) + rng.exponential(0.35, n))
        n = 600  # the pouch of Douglas, behind the uterus
        pool = np.array([6.0 * side, 34.0, -196.0]) + rng.normal(size=(n, 3)) * [13, 4, 6]
        points.append(pool)
        reached.append(3.0 + 0.12 * np.abs(pool[:, 0]) + rng.exponential(1.3, n))
        at = np.concatenate(points)
        # The peritoneum ends at the floor of the pelvis and at its walls.
        at[:, 2] = FLOOR_Z + np.abs(at[:, 2] - FLOOR_Z)
        outside = np.maximum(np.abs(at[:, 0]) - WALL_X, 0.0)
        at[:, 0] -= 2.0 * outside * np.sign(at[:, 0])
        self._points = at * scale
        self._reached = np.concatenate(reached)
        self._kind = rng.integers(0, len(SIGMA_MM), len(self._points))
        self._scale = scale

    def project(self, view: View) -> tuple[LayerMap, np.ndarray]:
        """The layer (density per gram spilled once all is reached), and the share by volume."""
        cells, scale = view.cells(self._points, GRID)
        half = SIDE // 2  # drops are wider than two cells
        column, row = np.floor((cells + MARGIN + 0.5) / 2).astype(int).T
        inside = (column >= 0) & (column < half) & (row >= 0) & (row < half)
        mass = 1e3 * scale**2 / len(self._points) / 4.0
        coarse = [np.zeros((half, half), np.float32) for _ in range(2)]
        for k, sigma_mm in enumerate(SIGMA_MM):
            mine = inside & (self._kind == k)
            place = row[mine] * half + column[mine]
            spread = float(sigma_mm * self._scale * scale.mean()) / 2.0
            for total, weight in zip(coarse, (mass, mass * self._reached), strict=True):
                sums = np.bincount(place, weight[mine], half * half).astype(np.float32)
                blurred = cv2.GaussianBlur(sums.reshape(half, half), (0, 0), spread)
                np.add(total, blurred, out=total)
        maps = [cv2.resize(total, (SIDE, SIDE)) for total in coarse]
        rows, columns = (np.flatnonzero((maps[0] > 1e-7).any(axis=k)) for k in (1, 0))
        if not len(rows):
            empty = np.zeros((1, 1), np.float32)
            return LayerMap((slice(0, 1), slice(0, 1)), empty, empty), np.ones(256)
        place = (slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1))
        path = np.ascontiguousarray(maps[0][place])
        scalar = maps[1][place] / np.maximum(path, 1e-9)
        step = np.clip(scalar * (255.0 / self.FULL_ML), 0, 255).astype(np.uint8)
        share = np.cumsum(np.bincount(step.ravel(), path.ravel(), 256)) / path.sum()
        return LayerMap(place, path, np.ascontiguousarray(scalar)), share
