"""What moves, drawn anew for every pulse: contrast, organs and devices as path-length maps.

The maps cover the view with `GRID` cells a side, whatever the matrix of the detector, and a margin
for the patient's sway. What is too slow for a pulse is projected once per view into `ViewLayers`
and only looked up here.
"""

from __future__ import annotations

from dataclasses import dataclass
from weakref import WeakKeyDictionary

import cv2
import numpy as np

from fluoroview_simulated import strokes
from fluoroview_simulated.anatomy.mesh import Mesh
from fluoroview_simulated.anatomy.project import draw_mesh
from fluoroview_simulated.anatomy.view import View

GRID = 512
"""Cells over the view."""
MARGIN = 8
"""Cells around it."""
SIDE = GRID + 2 * MARGIN
MATERIALS = ("soft", "bone", "contrast", "metal")
"""Soft tissue, bone and steel in mm; contrast agent in mm·g/cm³ of barium sulphate or iodine."""


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
    levels_mm: np.ndarray | None = None
    levels_ml: np.ndarray | None = None


class ViewLayers:
    """Everything that was projected for one view. Written by one thread, then only read."""

    def __init__(self, view: View) -> None:
        self.view = view
        self.maps: dict[str, LayerMap] = {}
        self.own: dict[str, dict[str, np.ndarray]] = {}
        self._indices: dict[tuple[str, float, float], np.ndarray] = {}

    def path(self, key: str, mesh: Mesh, scalar: np.ndarray | None = None) -> None:
        """Projects a closed mesh; `scalar` (n_vertices,) is averaged along each ray."""
        self._trace(key, mesh, scalar, 0.0)

    def shell(
        self, key: str, mesh: Mesh, scalar: np.ndarray | None = None, thickness_mm: float = 1.0
    ) -> None:
        """Projects the wall of a mesh: `thickness_mm` over the cosine at each crossing."""
        self._trace(key, mesh, scalar, thickness_mm)

    def custom(self, key: str, **maps: np.ndarray) -> None:
        """Keeps own maps (GRID, GRID) by material, for `Canvas.custom`."""
        self.own[key] = {name: np.asarray(m, np.float32) for name, m in maps.items()}

    def index(self, key: str, low: float, high: float) -> np.ndarray:
        """The scalar of a layer as steps 0 to 255 between two values, uint8."""
        wanted = (key, low, high)
        if wanted not in self._indices:
            scalar = self.maps[key].scalar
            if scalar is None:
                raise ValueError(f"layer {key!r} was projected without a scalar")
            steps = np.clip((scalar - low) * (255.0 / (high - low)), 0, 255)
            self._indices[wanted] = np.rint(steps).astype(np.uint8)
        return self._indices[wanted]

    def _trace(self, key: str, mesh: Mesh, scalar: np.ndarray | None, thickness: float) -> None:
        cells, _ = self.view.cells(mesh.vertices, GRID)
        cells += MARGIN
        place = _place(cells, 1)
        if place is None:
            nothing = np.zeros((1, 1), np.float32)
            place, shape = (slice(0, 1), slice(0, 1)), (1, 1)
            none = nothing if scalar is not None else None
            levels = _levels(mesh, self.view.geometry.down) if not thickness else (None, None)
            self.maps[key] = LayerMap(place, nothing, none, nothing, nothing, *levels)
            return
        shape = (place[0].stop - place[0].start, place[1].stop - place[1].start)
        cells -= (place[1].start, place[0].start)
        away = mesh.vertices - self.view.source
        distance = np.linalg.norm(away, axis=1)
        cosine = np.einsum("ij,ij->i", away / distance[:, None], mesh.normals)
        down = self.view.geometry.down
        height = -(mesh.vertices @ down)
        path, total, count = (np.zeros(shape, np.float32) for _ in range(3))
        low, high = np.full(shape, 1e6, np.float32), np.full(shape, -1e6, np.float32)
        strokes.trace(
            cells,
            (distance - self.view.geometry.source_isocentre_mm).astype(np.float32),
            mesh.faces,
            cosine.astype(np.float32),
            np.zeros(1, np.float32) if scalar is None else np.asarray(scalar, np.float32),
            height.astype(np.float32),
            np.float32(thickness),
            (path, total, count, low, high),
        )
        np.maximum(path, 0.0, out=path)
        mean = None
        if scalar is not None:
            mean = _filled(total / np.maximum(count, 1.0), count > 0)
        levels = _levels(mesh, down) if not thickness else (None, None)
        self.maps[key] = LayerMap(place, path, mean, low, high, *levels)


def _filled(values: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Values spread a little over the rim, where no ray went in."""
    weight = cv2.blur(known.astype(np.float32), (3, 3))
    near = cv2.blur(np.where(known, values, 0).astype(np.float32), (3, 3))
    return np.where(known, values, near / np.maximum(weight, 1e-6)).astype(np.float32)


def _place(cells: np.ndarray, margin: int) -> tuple[slice, slice] | None:
    """The rectangle of cells around points, within the maps; None when it lies outside."""
    low = np.floor(cells.min(axis=0)).astype(int) - margin
    high = np.ceil(cells.max(axis=0)).astype(int) + margin + 1
    left, top = max(int(low[0]), 0), max(int(low[1]), 0)
    right, bottom = min(int(high[0]), SIDE), min(int(high[1]), SIDE)
    if right - left < 2 or bottom - top < 2:
        return None
    return slice(top, bottom), slice(left, right)


_known_levels: WeakKeyDictionary[Mesh, dict[tuple, tuple[np.ndarray, np.ndarray]]]
_known_levels = WeakKeyDictionary()
"""They depend on gravity, not on the view: turning the C-arm asks for the same again."""


def _levels(mesh: Mesh, down: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Heights in mm against gravity, and the ml of a closed mesh below each."""
    known = _known_levels.setdefault(mesh, {})
    key = tuple(np.round(down, 4))
    if key not in known:
        known[key] = _levels_of(mesh, down)
    return known[key]


def _levels_of(mesh: Mesh, down: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
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
        flat,
        np.zeros(1, np.float32),
        flat,
        np.float32(0.0),
        (path, total, count, low, high),
    )
    ml = np.concatenate([[0.0], np.cumsum(np.abs(path.sum(axis=1)) * row_mm * column_mm / 1e3)])
    heights = bottom + row_mm * np.arange(n + 1)
    volume = abs(mesh.volume_ml)
    return heights, ml * (volume / max(ml[-1], 1e-9))


class Canvas:
    """The four maps of what moves; buffers are made once, and every drawing adds.

    `soft`, `bone`, `contrast` and `metal` are (GRID, GRID) float32 views for drawing by hand.
    """

    def __init__(self) -> None:
        self.base = {name: np.zeros((SIDE, SIDE), np.float32) for name in MATERIALS}
        self.used = dict.fromkeys(MATERIALS, False)
        self._scratch = np.zeros((SIDE, SIDE), np.float32)
        self._empty = np.zeros((SIDE, SIDE), np.float32)
        self._layers: ViewLayers | None = None
        self.t_s = 0.0

    def begin(self, layers: ViewLayers, t_s: float) -> None:
        """Empties the maps for a pulse at procedure time `t_s` in the view of `layers`."""
        for name, map_ in self.base.items():
            if self.used[name]:
                map_[:] = 0.0
                self.used[name] = False
        self._layers, self.t_s = layers, t_s

    def finish(self) -> None:
        """Ends a pulse's drawing: a filling defect can take away no more than there is."""
        for name in ("contrast", "metal"):
            if self.used[name]:
                np.maximum(self.base[name], 0.0, out=self.base[name])

    @property
    def layers(self) -> ViewLayers:
        """What was projected for this view."""
        assert self._layers is not None
        return self._layers

    @property
    def view(self) -> View:
        """The geometry of this pulse."""
        return self.layers.view

    @property
    def down(self) -> np.ndarray:
        """Where gravity points, unit vector in patient coordinates."""
        return self.view.geometry.down

    @property
    def cell_mm(self) -> float:
        """Side of a cell in the plane of the isocentre."""
        return self.view.view_mm / GRID

    def map(self, material: str) -> np.ndarray:
        """One map, (GRID, GRID) float32, to write into."""
        self.used[material] = True
        return self.base[material][MARGIN:-MARGIN, MARGIN:-MARGIN]

    @property
    def soft(self) -> np.ndarray:
        """Change of soft tissue in mm."""
        return self.map("soft")

    @property
    def bone(self) -> np.ndarray:
        """Change of bone in mm."""
        return self.map("bone")

    @property
    def contrast(self) -> np.ndarray:
        """Contrast agent in mm·g/cm³."""
        return self.map("contrast")

    @property
    def metal(self) -> np.ndarray:
        """Steel in mm."""
        return self.map("metal")

    # ---- drawn per pulse -------------------------------------------------------------------

    def tube(
        self,
        points_mm: np.ndarray,
        radius_mm: float | np.ndarray,
        amount: float | np.ndarray,
        material: str = "contrast",
        displaces: float = 0.0,
    ) -> None:
        """A round tube along a line in space, as chord lengths times `amount`.

        Args:
            points_mm: (n, 3), n ≥ 2, patient coordinates.
            radius_mm: one or (n,).
            amount: one or (n,): g/cm³ of contrast agent, or mm of material per mm (-1 in "soft"
                is air). All of one sign.
            displaces: this share of the path is taken from the soft tissue.
        """
        points = np.asarray(points_mm, float)
        cells, scale = self.view.cells(points, GRID)
        cells += MARGIN
        radius = np.broadcast_to(np.asarray(radius_mm, float), (len(points),)) * scale
        strength = np.broadcast_to(np.asarray(amount, float), (len(points),))
        place = _place(cells, int(min(radius.max(), SIDE)) + 2)
        if place is None or not strength.any():
            return
        sign = 1.0 if strength.sum() > 0 else -1.0
        args = (
            cells,
            radius,
            strokes.lengthened(points, self.view.source),
            np.abs(strength),
            1.0 / scale,
        )
        box = (place[0].start, place[0].stop, place[1].start, place[1].stop)
        self.used[material] = True
        self.used["soft"] |= displaces != 0.0
        strokes.tube(*args, self._scratch, box)
        strokes.take(self._scratch, self.base[material], box, np.float32(sign))
        if displaces:
            ones = np.full(len(points), 1.0)
            strokes.tube(args[0], radius, args[2], ones, args[4], self._scratch, box)
            share = np.float32(-displaces)
            strokes.take(self._scratch, self.base["soft"], box, share)

    def mesh(
        self,
        mesh: Mesh,
        soft: float = 0.0,
        bone: float = 0.0,
        shell_mm: float = 0.0,
        grain: float = 0.0,
        metal: float = 0.0,
        contrast: float = 0.0,
    ) -> None:
        """Projects a small mesh now: about 1 ms for 5 000 faces.

        Args:
            mesh: where it is at this moment.
            soft, bone, metal: mm of material per mm inside; `contrast` in g/cm³.
            shell_mm, grain: as in `Part`.
        """
        shift = (-float(MARGIN), -float(MARGIN))
        if soft or bone or shell_mm:
            self.used["soft"] |= bool(soft)
            self.used["bone"] |= bool(bone or shell_mm)
            maps = self.base["soft"], self.base["bone"]
            draw_mesh(mesh, self.view, *maps, (soft, bone, shell_mm, grain), shift, GRID)
        if metal or contrast:
            self.used["metal"] |= bool(metal)
            self.used["contrast"] |= bool(contrast)
            maps = self.base["metal"], self.base["contrast"]
            draw_mesh(mesh, self.view, *maps, (metal, contrast, 0.0, 0.0), shift, GRID)

    def blobs(
        self,
        points_mm: np.ndarray,
        sigma_mm: float | np.ndarray,
        amount_g: float | np.ndarray,
        material: str = "contrast",
    ) -> None:
        """Clouds: each Gaussian holds `amount_g` grams of contrast agent (ml · g/cm³)."""
        points = np.atleast_2d(np.asarray(points_mm, float))
        cells, scale = self.view.cells(points, GRID)
        sigma = np.broadcast_to(np.asarray(sigma_mm, float), (len(points),)) * scale
        grams = np.broadcast_to(np.asarray(amount_g, float), (len(points),))
        self.used[material] = True
        # g to mm³·g/cm³, spread over cells of the plane where the cloud is.
        strokes.blobs(cells + MARGIN, sigma, grams * 1e3 * scale**2, self.base[material])

    # ---- looked up from the view's layers ----------------------------------------------------

    def organ(
        self,
        key: str,
        material: str,
        amount: float,
        shift_mm: tuple[float, float] = (0.0, 0.0),
        scale: tuple[float, float] = (1.0, 1.0),
        about_mm: tuple[float, float] | None = None,
    ) -> None:
        """Adds a layer times `amount`, moved and scaled in the picture.

        Args:
            shift_mm: to the right and down, in the plane of the isocentre.
            scale: across and along, about the picture place `about_mm` (default: its middle).
        """
        layer = self.layers.maps[key]
        out = self.base[material]
        self.used[material] = True
        if shift_mm == (0.0, 0.0) and scale == (1.0, 1.0):
            out[layer.place] += layer.path * np.float32(amount)
            return
        per = 1.0 / self.cell_mm
        top, left = layer.place[0].start, layer.place[1].start
        rows, columns = layer.path.shape
        if about_mm is None:
            about = (left + columns / 2, top + rows / 2)
        else:
            about = tuple(v * per + GRID / 2 - 0.5 + MARGIN for v in about_mm)
        corners = np.array([(left, top), (left + columns, top + rows)], float)
        moved = (corners - about) * scale + about + np.multiply(shift_mm, per)
        place = _place(moved, 1)
        if place is None:
            return
        matrix = np.array(
            [
                [scale[0], 0, moved[0, 0] - place[1].start],
                [0, scale[1], moved[0, 1] - place[0].start],
            ]
        )
        size = (place[1].stop - place[1].start, place[0].stop - place[0].start)
        warped = cv2.warpAffine(layer.path, matrix, size, flags=cv2.INTER_LINEAR)
        cv2.scaleAdd(warped, float(amount), out[place], dst=warped)
        out[place] = warped

    def flow(
        self,
        key: str,
        table: np.ndarray,
        low: float,
        high: float,
        material: str = "contrast",
        factor: float = 1.0,
        displaces: float = 0.0,
    ) -> None:
        """Adds path × `table`[scalar], the table's 256 steps running from `low` to `high`."""
        layer = self.layers.maps[key]
        if layer.path.size == 1:
            return
        values = np.asarray(table, np.float32) * np.float32(factor)
        added = cv2.LUT(self.layers.index(key, low, high), values.reshape(256))
        added *= layer.path
        self.used[material] = True
        self.base[material][layer.place] += added
        if displaces:
            self.used["soft"] = True
            share = cv2.LUT(self.layers.index(key, low, high), (values != 0).astype(np.float32))
            self.base["soft"][layer.place] -= layer.path * share * np.float32(displaces)

    def volume_ml(self, key: str) -> float:
        """Capacity of a layer's mesh."""
        levels = self.layers.maps[key].levels_ml
        assert levels is not None
        return float(levels[-1])

    def pool(
        self,
        key: str,
        volume_ml: float,
        amount: float,
        material: str = "contrast",
        displaces: float = 0.0,
    ) -> float:
        """Fills a lumen from below with a level surface; returns the height of the level in mm."""
        layer = self.layers.maps[key]
        assert layer.levels_ml is not None
        assert layer.levels_mm is not None
        level = float(np.interp(volume_ml, layer.levels_ml, layer.levels_mm))
        if volume_ml <= 0.0 or layer.path.size == 1:
            return level
        self.used[material] = True
        self.used["soft"] |= displaces != 0.0
        out, soft = self.base[material], self.base["soft"]
        strokes.pool(
            layer.path,
            layer.low,
            layer.high,
            np.float32(level),
            (layer.place[0].start, layer.place[1].start),
            np.float32(amount),
            np.float32(-displaces),
            out,
            soft,
        )
        return level

    def coat(
        self, key: str, amount: float | np.ndarray, low: float = 0.0, high: float = 1.0
    ) -> None:
        """Adds a shell layer: mm·g/cm³ per mm of its thickness, one value or a table by scalar."""
        if isinstance(amount, np.ndarray):
            self.flow(key, amount, low, high)
        else:
            self.organ(key, "contrast", amount)

    def custom(self, key: str, factor: float = 1.0) -> None:
        """Adds the maps that were kept with `ViewLayers.custom`."""
        for name, map_ in self.layers.own[key].items():
            self.map(name)[:] += map_ * np.float32(factor)
