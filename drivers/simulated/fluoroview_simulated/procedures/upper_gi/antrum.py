"""The antrum: built and traced again for every pulse, because waves run over it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fluoroview_simulated.anatomy import regions_gut as gut
from fluoroview_simulated.anatomy.mesh import Mesh
from fluoroview_simulated.render.canvas import GRID, MARGIN, SIDE, Canvas, LayerMap
from fluoroview_simulated.render.layers import traced

ANTRUM_MM = 168.0
"""From here on the stomach moves."""


@dataclass(frozen=True, eq=False)
class Antrum:
    """What stays the same of one patient's antrum.

    Attributes:
        s_mm: (n,) place of each ring along the stomach; `length_mm` is its whole.
        axis: (n, 3) middles of the rings, and (n, m, 3) from there to the wall at rest.
        faces: of the closed mesh; the last `discs` of them shut its ends.
    """

    s_mm: np.ndarray
    length_mm: float
    axis: np.ndarray
    spokes: np.ndarray
    faces: np.ndarray
    discs: int

    def mesh(self, waves: tuple[float, ...], pylorus: float) -> Mesh:
        """With contractions at places along the stomach, and the pylorus so wide open."""
        s, narrow = self.s_mm, np.ones(len(self.s_mm))
        for at in waves:
            deep = 0.62 * np.clip((at - ANTRUM_MM) / 70.0, 0, 1) ** 0.8
            wide = np.interp(at, [ANTRUM_MM, self.length_mm], [11.0, 15.0])
            narrow *= 1.0 - deep * np.exp(-(((s - at) / wide) ** 2))
        narrow *= np.where(s > self.length_mm - 9.0, 0.7 + 0.75 * pylorus, 1.0)
        narrow = 1.0 + (narrow - 1.0) * np.clip((s - ANTRUM_MM) / 15.0, 0, 1)
        rings = self.axis[:, None] + self.spokes * narrow[:, None, None]
        ends = self.axis[:1], self.axis[-1:]
        vertices = np.concatenate([rings.reshape(-1, 3), *ends])
        return Mesh(vertices.astype(np.float32), self.faces)

    def trace(
        self, canvas: Canvas, waves: tuple[float, ...], pylorus: float
    ) -> tuple[LayerMap, LayerMap]:
        """Lumen and wall as they are in this pulse."""
        mesh = self.mesh(waves, pylorus)
        wall = Mesh(mesh.vertices, mesh.faces[: -self.discs])
        cells = canvas.view.cells(mesh.vertices, GRID)[0] + MARGIN
        low = np.clip(np.floor(cells.min(axis=0)).astype(int) - 1, 0, SIDE - 2)
        high = np.clip(np.ceil(cells.max(axis=0)).astype(int) + 2, low + 2, SIDE)
        place = (slice(low[1], high[1]), slice(low[0], high[0]))
        return traced(canvas.view, mesh, wall, cells, place)


def make_antrum(
    lumen: gut.Lumen, scale: float, every: int = 4, fine_mm: tuple[float, float] = (0.0, 0.0)
) -> Antrum:
    """The antrum of a stomach, coarser than it is.

    Args:
        lumen: the stomach of the medium adult.
        scale: of the body.
        every: how many sides of the section are one.
        fine_mm: between these places no ring is skipped.
    """
    i = np.arange(lumen.ring(ANTRUM_MM), len(lumen.s_mm))
    fine = i[(lumen.s_mm[i] > fine_mm[0]) & (lumen.s_mm[i] < fine_mm[1])]
    i = np.unique(np.concatenate([i[::2], fine, i[-5:]]))
    radius = lumen.radius[i][:, ::every] * scale
    axis = lumen.axis[i] * scale
    coarse = gut.Lumen(axis, lumen.s_mm[i], lumen.side[i], lumen.up[i], radius, lumen.flat)
    return Antrum(
        coarse.s_mm,
        float(lumen.s_mm[-1]),
        axis,
        coarse.rings - axis[:, None],
        coarse.piece()[0].faces,
        2 * radius.shape[1],
    )
