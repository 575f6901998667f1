"""The cone of rays: from points of the patient to places in the image and back.

Image coordinates are mm in the plane through the isocentre, X to the right and Y down, so that
they do not change with the matrix; `cells` are the same in cells of a square grid over the view.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from fluoroview_simulated.arrays import FloatArray
from fluoroview_simulated.room.technique import Geometry


@dataclass(frozen=True)
class View:
    """One geometry, ready to project. Immutable; safe in any thread."""

    geometry: Geometry

    @cached_property
    def axes(self) -> FloatArray:
        """Unit vectors in patient coordinates: image right, image down, source to detector."""
        a, b = np.deg2rad([self.geometry.primary_deg, self.geometry.secondary_deg])
        ray = np.array([np.sin(a) * np.cos(b), -np.cos(a) * np.cos(b), np.sin(b)])
        right = np.array([np.cos(a), np.sin(a), 0.0])
        return np.stack([right, np.cross(right, ray), ray])

    @cached_property
    def isocentre(self) -> FloatArray:
        """The isocentre in patient coordinates, (3,)."""
        return np.array(self.geometry.isocentre_mm, float)

    @cached_property
    def source(self) -> FloatArray:
        """The focal spot in patient coordinates, (3,)."""
        ray: FloatArray = self.axes[2]
        return self.isocentre - ray * self.geometry.source_isocentre_mm

    @property
    def view_mm(self) -> float:
        """Side of the image in the plane of the isocentre."""
        return self.geometry.view_mm

    def project(self, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Points (n, 3) in mm to places (n, 2) in image mm, and their magnification (n,).

        The magnification is relative to the plane of the isocentre.
        """
        local = (np.asarray(points, float) - self.isocentre) @ self.axes.T
        scale = self.geometry.source_isocentre_mm / (
            self.geometry.source_isocentre_mm + local[:, 2]
        )
        return local[:, :2] * scale[:, None], scale

    def cells(self, points: np.ndarray, grid: int) -> tuple[np.ndarray, np.ndarray]:
        """The same in cells of a grid of `grid`² over the view; cell (0, 0) has its middle at 0."""
        place, scale = self.project(points)
        return (place / self.view_mm + 0.5) * grid - 0.5, scale * (grid / self.view_mm)

    def unproject(self, x_mm: float, y_mm: float, depth_mm: float = 0.0) -> FloatArray:
        """The point on the ray through image place (x, y), `depth_mm` beyond the isocentre."""
        scale = (self.geometry.source_isocentre_mm + depth_mm) / self.geometry.source_isocentre_mm
        return self.isocentre + np.array([x_mm * scale, y_mm * scale, depth_mm]) @ self.axes
