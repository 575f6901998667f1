"""Organs that are projected once per view, as maps that each pulse only looks up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from weakref import WeakKeyDictionary

import cv2
import numpy as np

from fluoroview_simulated.anatomy.mesh import Mesh
from fluoroview_simulated.anatomy.parts import Part
from fluoroview_simulated.anatomy.project import draw_mesh, unsharp
from fluoroview_simulated.anatomy.view import View
from fluoroview_simulated.arrays import FloatArray
from fluoroview_simulated.render import strokes

GRID = 512
"""Cells over the view."""
MARGIN = 8
"""Cells around it."""
SIDE = GRID + 2 * MARGIN
EDGE_CELLS = 0.5
"""Unsharpness of bones that move, as the standard deviation of a Gaussian."""
FAINT = 0.3
"""Tissue that differs by less than this share from what lies about it."""


@dataclass(frozen=True)
class LayerMap:
    """One organ in one view, cut out where it is.

    Attributes:
        place: where it lies in the maps with their margin.
        path: mm of the ray inside it, or crossings of its wall, (rows, columns) float32.
        scalar: mean along the ray of what the mesh carries, or None.
        low, high: least and greatest height (mm, against gravity) of the ray inside, or None.
        levels_mm, levels_ml: what is below a height, for pools.
    """

    place: tuple[slice, slice]
    path: np.ndarray
    scalar: np.ndarray | None = None
    low: np.ndarray | None = None
    high: np.ndarray | None = None
    levels_mm: FloatArray | None = None
    levels_ml: FloatArray | None = None

    def ml_below(self, height_mm: FloatArray | float) -> FloatArray:
        """Return what lies below heights against gravity, ml; of a map with levels."""
        assert self.levels_mm is not None
        assert self.levels_ml is not None
        return np.asarray(np.interp(height_mm, self.levels_mm, self.levels_ml))


class ViewLayers:
    """Everything that was projected for one view. Written by one thread, then only read."""

    def __init__(self, view: View) -> None:
        self.view = view
        self.maps: dict[str, LayerMap] = {}
        self.own: dict[str, dict[str, np.ndarray]] = {}
        self._indices: dict[tuple[str, float, float], np.ndarray] = {}

    def path(self, key: str, mesh: Mesh, scalar: np.ndarray | None = None) -> None:
        """Projects a closed mesh; `scalar` (n_vertices,) is averaged along each ray."""
        self.maps[key] = self._levelled(mesh, self._trace(mesh, scalar, None)[0])

    def solid(self, key: str, mesh: Mesh, moving: np.ndarray | None = None) -> None:
        """Projects a closed mesh for `Canvas.organ` alone: path only, in a third of the time.

        Args:
            moving: (n_faces,) whether a face is skipped, for a patch that each pulse draws.
        """
        cells = self.view.cells(mesh.vertices, GRID)[0] + MARGIN
        place = place_of(cells, 1) or (slice(0, 1), slice(0, 1))
        path = np.zeros(
            (place[0].stop - place[0].start, place[1].stop - place[1].start), np.float32
        )
        origin = (float(place[1].start - MARGIN), float(place[0].start - MARGIN))
        if moving is not None:
            mesh = Mesh(mesh.vertices, mesh.faces[~moving])
        draw_path(mesh, self.view, path, origin)
        if moving is None:
            np.maximum(path, 0.0, out=path)
        self.maps[key] = LayerMap(place, path)

    def shell(
        self, key: str, mesh: Mesh, scalar: np.ndarray | None = None, thickness_mm: float = 1.0
    ) -> None:
        """Projects the wall of a mesh: `thickness_mm` over the cosine at each crossing."""
        _, wall = self._trace(mesh, scalar, mesh)
        if thickness_mm != 1.0:
            wall = replace(wall, path=wall.path * np.float32(thickness_mm))
        self.maps[key] = wall

    def lumen(
        self, key: str, wall_key: str, mesh: Mesh, wall: Mesh, scalar: np.ndarray | None = None
    ) -> None:
        """`path` and `shell` at once, of a mesh whose wall is its first faces."""
        inside, self.maps[wall_key] = self._trace(mesh, scalar, wall)
        self.maps[key] = self._levelled(mesh, inside)

    def bones(self, key: str, parts: Sequence[Part]) -> None:
        """Projects parts that move as one, as the layers "`key` soft" and "`key` bone" in mm.

        A cortex is thinner than a cell, so it is projected on a grid twice as fine.
        """
        corners = np.concatenate([self.view.cells(p.mesh.vertices, GRID)[0] for p in parts])
        place = place_of(corners + MARGIN, 1) or (slice(0, 1), slice(0, 1))
        shape = (place[0].stop - place[0].start, place[1].stop - place[1].start)
        soft, bone = (np.zeros((2 * shape[0], 2 * shape[1]), np.float32) for _ in range(2))
        origin = (2.0 * (place[1].start - MARGIN), 2.0 * (place[0].start - MARGIN))
        for part in parts:
            weights = (part.soft, part.bone, part.shell_mm, part.grain)
            draw_mesh(part.mesh, self.view, soft, bone, weights, origin, 2 * GRID)
        for material, fine in (("soft", soft), ("bone", bone)):
            path = cv2.resize(fine, shape[::-1], interpolation=cv2.INTER_AREA)
            self.maps[f"{key} {material}"] = LayerMap(place, unsharp(path, EDGE_CELLS))

    def tissue(self, key: str, parts: Sequence[Part]) -> None:
        """Projects parts of soft tissue together, as one map of their changes in mm.

        What hardly differs from its neighbours is projected at half the grid: nobody sees its edge
        that sharp, and it takes a third of the time.
        """
        whole = np.zeros((SIDE, SIDE), np.float32)
        half = np.zeros((SIDE // 2, SIDE // 2), np.float32)
        for part in parts:
            soft, per = (half, 2) if abs(part.soft) < FAINT else (whole, 1)
            origin = (-float(MARGIN // per),) * 2
            weights = (part.soft, 0.0, 0.0, 0.0)
            draw_mesh(part.mesh, self.view, soft, np.zeros_like(soft), weights, origin, GRID // per)
        whole += cv2.resize(half, (SIDE, SIDE), interpolation=cv2.INTER_LINEAR)
        self.maps[key] = LayerMap((slice(0, SIDE), slice(0, SIDE)), whole)

    def custom(self, key: str, **maps: np.ndarray) -> None:
        """Keeps own maps (GRID, GRID) by material, for `Canvas.custom`."""
        self.own[key] = {name: np.asarray(m, np.float32) for name, m in maps.items()}

    def index(self, key: str, low: float, high: float) -> np.ndarray:
        """The scalar of a layer as steps 0 to 255 between two values, uint8."""
        steps_key = (key, low, high)
        if steps_key not in self._indices:
            scalar = self.maps[key].scalar
            if scalar is None:
                raise ValueError(f"layer {key!r} was projected without a scalar")
            steps = np.clip((scalar - low) * (255.0 / (high - low)), 0, 255)
            self._indices[steps_key] = np.rint(steps).astype(np.uint8)
        return self._indices[steps_key]

    def _trace(
        self, mesh: Mesh, scalar: np.ndarray | None, wall: Mesh | None
    ) -> tuple[LayerMap, LayerMap]:
        """What is inside a mesh, and its wall if there is one."""
        cells = self.view.cells(mesh.vertices, GRID)[0] + MARGIN
        place = place_of(cells, 1)
        if place is None:
            nothing = np.zeros((1, 1), np.float32)
            none = nothing if scalar is not None else None
            empty = LayerMap((slice(0, 1), slice(0, 1)), nothing, none, nothing, nothing)
            return empty, empty
        return traced(self.view, mesh, wall, cells, place, scalar)

    def _levelled(self, mesh: Mesh, layer: LayerMap) -> LayerMap:
        """A layer that knows how much of its mesh is below a height."""
        mm, ml = _levels(mesh, self.view.geometry.down)
        return replace(layer, levels_mm=mm, levels_ml=ml)


def draw_path(mesh: Mesh, view: View, path: np.ndarray, origin: tuple[float, float]) -> None:
    """Adds a mesh's path lengths to a map of `GRID` cells over the view that begins at `origin`."""
    # Twice the same map: what goes to the second is nothing.
    draw_mesh(mesh, view, path, path, (1.0, 0.0, 0.0, 0.0), origin, GRID)


def traced(
    view: View,
    mesh: Mesh,
    wall: Mesh | None,
    cells: np.ndarray,
    place: tuple[slice, slice],
    scalar: np.ndarray | None = None,
) -> tuple[LayerMap, LayerMap]:
    """Inside and wall of a mesh whose vertices are at `cells` of the maps, cut out at `place`."""
    shape = (place[0].stop - place[0].start, place[1].stop - place[1].start)
    away = mesh.vertices - view.source
    distance = np.linalg.norm(away, axis=1)
    cosine = np.ones(1)
    if wall is not None:
        cosine = np.einsum("ij,ij->i", away / distance[:, None], wall.normals)
    path, total, count = (np.zeros(shape, np.float32) for _ in range(3))
    shell = np.zeros(shape if wall is not None else (1, 1), np.float32)
    low, high = np.full(shape, 1e6, np.float32), np.full(shape, -1e6, np.float32)
    strokes.trace(
        cells - (place[1].start, place[0].start),
        (distance - view.geometry.source_isocentre_mm).astype(np.float32),
        mesh.faces,
        0 if wall is None else len(wall.faces),
        cosine.astype(np.float32),
        np.zeros(1, np.float32) if scalar is None else np.asarray(scalar, np.float32),
        -(mesh.vertices @ view.geometry.down).astype(np.float32),
        (path, shell, total, count, low, high),
    )
    np.maximum(path, 0.0, out=path)
    mean = None
    if scalar is not None:
        mean = _filled(total / np.maximum(count, 1.0), count > 0)
    return LayerMap(place, path, mean, low, high), LayerMap(place, shell, mean, low, high)


def _filled(values: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Values spread a little over the rim, where no ray went in."""
    weight = cv2.blur(known.astype(np.float32), (3, 3))
    near = cv2.blur(np.where(known, values, 0).astype(np.float32), (3, 3))
    return np.where(known, values, near / np.maximum(weight, 1e-6)).astype(np.float32)


def place_of(cells: np.ndarray, margin: int) -> tuple[slice, slice] | None:
    """The rectangle of cells around points, within the maps; None when it lies outside."""
    low = np.floor(cells.min(axis=0)).astype(int) - margin
    high = np.ceil(cells.max(axis=0)).astype(int) + margin + 1
    left, top = max(int(low[0]), 0), max(int(low[1]), 0)
    right, bottom = min(int(high[0]), SIDE), min(int(high[1]), SIDE)
    if right - left < 2 or bottom - top < 2:
        return None
    return slice(top, bottom), slice(left, right)


_known_levels: WeakKeyDictionary[Mesh, dict[tuple[float, ...], tuple[FloatArray, FloatArray]]]
_known_levels = WeakKeyDictionary()
"""They depend on gravity, not on the view: turning the C-arm asks for the same again."""


def _levels(mesh: Mesh, down: np.ndarray) -> tuple[FloatArray, FloatArray]:
    """Heights in mm against gravity, and the ml of a closed mesh below each."""
    known = _known_levels.setdefault(mesh, {})
    key = tuple(np.round(down, 4))
    if key not in known:
        known[key] = _levels_of(mesh, down)
    return known[key]


def levels_together(maps: Sequence[LayerMap], count: int) -> tuple[FloatArray, FloatArray]:
    """Return `count` heights in mm over maps with levels, and the ml of all below each."""
    heights = [m.levels_mm for m in maps if m.levels_mm is not None]
    low, high = min(float(h[0]) for h in heights), max(float(h[-1]) for h in heights)
    at = np.linspace(low, high, count)
    ml: FloatArray = np.zeros(count)
    for layer in maps:
        ml = ml + layer.ml_below(at)
    return at, ml


def _levels_of(mesh: Mesh, down: np.ndarray) -> tuple[FloatArray, FloatArray]:
    up = -np.asarray(down, float)
    side = np.cross(up, np.eye(3)[np.argmin(np.abs(up))])
    side /= np.linalg.norm(side)
    across = np.cross(up, side)
    height, x, depth = (mesh.vertices.astype(float) @ a for a in (up, side, across))
    n = 160
    bottom, top = height.min() - 0.5, height.max() + 0.5
    left, right = x.min() - 0.5, x.max() + 0.5
    row_mm, column_mm = (top - bottom) / n, (right - left) / n
    cells = np.stack([(x - left) / column_mm - 0.5, (height - bottom) / row_mm - 0.5], axis=1)
    path, total, count = (np.zeros((n, n), np.float32) for _ in range(3))
    low, high = np.zeros((n, n), np.float32), np.zeros((n, n), np.float32)
    flat = np.zeros(len(x), np.float32)
    strokes.trace(
        cells,
        depth.astype(np.float32),
        mesh.faces,
        0,
        flat,
        np.zeros(1, np.float32),
        flat,
        (path, np.zeros((1, 1), np.float32), total, count, low, high),
    )
    ml = np.concatenate([[0.0], np.cumsum(np.abs(path.sum(axis=1)) * row_mm * column_mm / 1e3)])
    heights = bottom + row_mm * np.arange(n + 1)
    volume = abs(mesh.volume_ml)
    return heights, ml * (volume / max(ml[-1], 1e-9))
