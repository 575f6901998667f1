"""Moving parts, drawn again for every pulse: contrast, organs and devices as path-length maps.

The maps cover the view with `GRID` cells a side, whatever the matrix of the detector, and a margin
for the patient's sway. What is too slow for a pulse is projected once per view into `ViewLayers`
and only looked up here.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import cv2
import numpy as np

from fluoroview_simulated.anatomy.mesh import Mesh
from fluoroview_simulated.anatomy.project import draw_mesh
from fluoroview_simulated.anatomy.view import View
from fluoroview_simulated.render import strokes
from fluoroview_simulated.render.layers import (
    GRID,
    MARGIN,
    SIDE,
    LayerMap,
    ViewLayers,
    draw_path,
    place_of,
)

__all__ = ["GRID", "MARGIN", "MATERIALS", "SIDE", "Canvas", "LayerMap", "ViewLayers"]
MATERIALS = ("soft", "bone", "contrast", "metal")
"""Soft tissue, bone and steel in mm; contrast agent in mm·g/cm³ of barium sulphate or iodine."""


class Canvas:
    """The four maps of what moves; buffers are made once, and every drawing adds.

    `soft`, `bone`, `contrast` and `metal` are (GRID, GRID) float32 views for drawing by hand.
    """

    def __init__(self) -> None:
        self.base = {name: np.zeros((SIDE, SIDE), np.float32) for name in MATERIALS}
        self.used = dict.fromkeys(MATERIALS, False)
        self._scratch = np.zeros((SIDE, SIDE), np.float32)
        self._carried: dict[str, np.ndarray] = {}
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

    @contextmanager
    def carried(self, down_cells: np.ndarray) -> Iterator[None]:
        """All that is drawn within is carried down the image, by so many cells in each row.

        Breathing moves organs along the body, which runs along the columns from any side. Whatever
        is drawn, layers, tubes or maps by hand, goes along, and neighbours stay joined.

        Args:
            down_cells: (SIDE,), changing slowly from row to row; fractions count.
        """
        rest, rest_used = self.base, self.used
        for name in MATERIALS:
            if name not in self._carried:
                self._carried[name] = np.zeros_like(rest[name])
        self.base, self.used = self._carried, dict.fromkeys(MATERIALS, False)
        try:
            yield
        finally:
            drawn, used = self.base, self.used
            self.base, self.used = rest, rest_used
            for name in MATERIALS:
                if used[name]:
                    rest_used[name] = True
                    strokes.carry(drawn[name], np.asarray(down_cells, np.float32), rest[name])
                    drawn[name][:] = 0.0

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
        points, view = np.ascontiguousarray(points_mm, float), self.view
        cells, scale = strokes.placed(
            points,
            view.isocentre,
            view.axes,
            float(view.geometry.source_isocentre_mm),
            GRID / view.view_mm,
            0.5 * GRID - 0.5 + MARGIN,
        )
        radius = np.asarray(radius_mm, float) * scale
        strength = np.zeros(len(points)) + amount
        box = strokes.box_of(cells, radius, SIDE)
        if box[1] - box[0] < 2 or box[3] - box[2] < 2 or not strength.any():
            return
        sign = 1.0 if strength.sum() > 0 else -1.0
        args = (
            cells,
            radius,
            strokes.lengthened(points, self.view.source),
            np.abs(strength),
            1.0 / scale,
        )
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
        patch: Mesh | None = None,
    ) -> None:
        """Adds a layer times `amount`, moved and scaled in the image.

        Args:
            shift_mm: to the right and down, in the plane of the isocentre.
            scale: across and along, about the image place `about_mm` (default: its middle).
            patch: the faces that `ViewLayers.solid` skipped, where they are now.
        """
        layer = self.layers.maps[key]
        if patch is not None:
            layer = self._patched(layer, patch)
        out = self.base[material]
        self.used[material] = True
        if shift_mm == (0.0, 0.0) and scale == (1.0, 1.0):
            out[layer.place] += layer.path if amount == 1.0 else layer.path * np.float32(amount)
            return
        per = 1.0 / self.cell_mm
        top, left = layer.place[0].start, layer.place[1].start
        rows, columns = layer.path.shape
        if about_mm is None:
            about = (left + columns / 2, top + rows / 2)
        else:
            x, y = (v * per + GRID / 2 - 0.5 + MARGIN for v in about_mm)
            about = (x, y)
        shift = np.multiply(shift_mm, per) + about - np.multiply(scale, about)
        self._warped(layer, out, amount, np.column_stack([np.diag(scale), shift]))

    def turned_organ(self, key: str, material: str, amount: float, matrix: np.ndarray) -> None:
        """Adds a layer times `amount` where an affine (2, 3) of image mm puts it."""
        self.used[material] = True
        middle = np.full(2, GRID / 2 - 0.5 + MARGIN)
        linear = matrix[:, :2]
        shift = matrix[:, 2] / self.cell_mm + middle - linear @ middle
        layer = self.layers.maps[key]
        self._warped(layer, self.base[material], amount, np.column_stack([linear, shift]))

    def _patched(self, layer: LayerMap, patch: Mesh) -> LayerMap:
        path = layer.path.copy()
        origin = (float(layer.place[1].start - MARGIN), float(layer.place[0].start - MARGIN))
        draw_path(patch, self.view, path, origin)
        np.maximum(path, 0.0, out=path)
        return LayerMap(layer.place, path)

    @staticmethod
    def _warped(layer: LayerMap, out: np.ndarray, amount: float, matrix: np.ndarray) -> None:
        """Adds a layer where an affine (2, 3) of the maps' cells puts it."""
        linear = matrix[:, :2]
        corner = np.array([layer.place[1].start, layer.place[0].start], float)
        rows, columns = layer.path.shape
        corners = corner + np.array([(0, 0), (columns, 0), (0, rows), (columns, rows)], float)
        place = place_of(corners @ linear.T + matrix[:, 2], 1)
        if place is None:
            return
        start = (place[1].start, place[0].start)
        inner = np.column_stack([linear, linear @ corner + matrix[:, 2] - start])
        size = (place[1].stop - place[1].start, place[0].stop - place[0].start)
        warped = cv2.warpAffine(layer.path, inner, size, flags=cv2.INTER_LINEAR)
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
        if volume_ml > 0.0:
            self.pool_to(key, np.full(SIDE, level), amount, material, displaces)
        return level

    def pool_to(
        self,
        key: str,
        levels_mm: np.ndarray,
        amount: float,
        material: str = "contrast",
        displaces: float = 0.0,
    ) -> None:
        """Fills a lumen to a height in each row of the maps, (SIDE,) mm against gravity."""
        layer = self.layers.maps[key]
        if layer.path.size == 1:
            return
        assert layer.low is not None
        assert layer.high is not None
        self.used[material] = True
        self.used["soft"] |= displaces != 0.0
        strokes.pool(
            layer.path,
            layer.low,
            layer.high,
            np.asarray(levels_mm, np.float32)[layer.place[0]],
            (layer.place[0].start, layer.place[1].start),
            np.float32(amount),
            np.float32(-displaces),
            self.base[material],
            self.base["soft"],
        )

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
