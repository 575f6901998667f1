"""The procedure: valves move barium and air, and each piece of the colon shows what is in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from fluoroview_simulated.anatomy import regions_gut as gut
from fluoroview_simulated.anatomy.breathing import breathing
from fluoroview_simulated.anatomy.parts import BODY_SCALE, Part
from fluoroview_simulated.anatomy.view import View
from fluoroview_simulated.procedures.barium_enema import colon as anatomy
from fluoroview_simulated.procedures.barium_enema.coat import without_steps
from fluoroview_simulated.procedures.barium_enema.filling import Filling, filling
from fluoroview_simulated.procedures.barium_enema.info import INFO
from fluoroview_simulated.procedures.base import Procedure, RefusedActionError
from fluoroview_simulated.render.canvas import Canvas, ViewLayers

LENGTH_MM = 1300.0
"""Scale of the tables along the colon."""
S_MM = np.linspace(0.0, LENGTH_MM, 256)
SINGLE_G_CM3, DOUBLE_G_CM3 = 0.18, 0.90
SETTLED = 2.2
"""Thin barium thickens in a sac, so that even its neck is seen."""
COAT_MM = 0.30
SINGLE_BAG_ML, DOUBLE_BAG_ML = 1800.0, 500.0
TIP_MM = 52.0
APPENDIX = ((-73, -6, -94), (-66, 0, -108), (-52, 6, -120), (-46, 10, -138), (-50, 8, -152))
ILEUM = (
    (-66, -4, -62), (-56, -8, -64), (-40, -6, -76), (-26, 4, -98), (-30, 12, -122), (-14, 6, -138),
    (8, -6, -132),
)  # fmt: skip
"""From the pole of the caecum, and back from the valve on its inner side."""


class BariumEnema(Procedure):
    """A colon that is filled from the rectum."""

    info = INFO

    def __init__(self, case: str, seed: int = 1, body: str = "medium") -> None:
        super().__init__(case, seed, body)
        contrast, _, disease = case.partition("-")
        self.double = contrast == "double"
        self.trunk = gut.abdomen(body, seed)
        self.colon = anatomy.make_colon(disease, body)
        self.amount = DOUBLE_G_CM3 if self.double else SINGLE_G_CM3
        scale = BODY_SCALE[body]
        self._size = scale**3
        tip = np.linspace(-70.0, TIP_MM, 24)
        inside = self.colon.lumen.at(np.maximum(tip, 0.0))
        outside = np.minimum(tip, 0.0)[:, None] * np.array([0.0, -0.25, 0.97])
        self._tip = (inside + outside) * scale
        self._stripe = self._tip + np.array([4.0, 0.0, 0.0])
        self._appendix = gut.smooth_line(APPENDIX, 2.0) * scale
        self._ileum = gut.smooth_line(ILEUM, 1.5) * scale
        n, m = len(self._appendix), len(self._ileum)
        self._appendix_mm = scale * (2.0 + 0.35 * np.sin(np.arange(n) * 0.55))
        lips = np.interp(np.arange(m), [0, 3, 7, 12], [2.0, 2.0, 4.0, 7.0])
        folds = 1.0 + 0.13 * np.sin(np.arange(m) * 1.9)
        self._ileum_mm = scale * lips * folds * np.interp(np.arange(m), [m - 25, m - 1], [1, 0.5])
        self._line = self.colon.lumen.axis * scale
        self._sacs = [*self.colon.diverticula, *self.colon.polyps]

    def parts(self) -> Sequence[Part]:
        """What stands still in abdomen and pelvis."""
        return self.trunk.resting

    def layers(self, view: View, layers: ViewLayers) -> None:
        """Organs that breathe, pieces of the colon, their walls and the lesions."""
        self.trunk.layers(layers)
        anatomy.lay_out(self.colon, layers, self.seed)

    def state(self, t_s: float) -> Filling:
        """What has run in until now, in ml of the medium adult (others have smaller bags)."""
        bag = DOUBLE_BAG_ML if self.double else SINGLE_BAG_ML
        enema, drain, air = (self.actions.history(n, t_s) for n in ("Enema", "Drain", "Insufflate"))
        air = air if self.double else []
        return filling(enema, drain, air, t_s, bag, self.colon.capacity_ml)

    def draw(self, t_s: float, canvas: Canvas) -> None:
        """All that breathes, and the tube in the rectum, which does not."""
        now = self.state(t_s)
        with self.trunk.breathes(canvas, self.breath(t_s)):
            self._draw_colon(now, canvas)
        self._rectal_tube(canvas, now)

    def breath(self, t_s: float) -> float:
        """Depth of the breath, -1 to 1."""
        return breathing(self.actions.history("BreathHold", t_s), t_s)

    def _draw_colon(self, now: Filling, canvas: Canvas) -> None:
        """Column, air, coat and pools."""
        s = self.colon.s_of
        start, end = s(now.column_start_ml), s(now.column_end_ml)
        airy, coated = s(now.air_end_ml), s(now.coated_ml)
        if now.air_ml <= 0.0:
            airy = 0.0
        edge = 22.0  # the head of the column is a tongue, not a wall
        end += edge * min(1.0, now.column_end_ml / self.colon.capacity_ml) ** 8
        column = _step(end - S_MM, edge) * (_step(S_MM - start + 10.0, 20.0) if start > 0 else 1.0)
        air = _step(airy + 10.0 - S_MM, 20.0) if airy > 0 else np.zeros(256)
        coat = air * _step(coated - S_MM, 12.0)
        pools = self._pools(now, canvas)
        for i in range(len(self.colon.pieces)):
            low, high = anatomy.CUTS_MM[i], min(anatomy.CUTS_MM[i + 1], LENGTH_MM)
            _along(canvas, f"piece {i}", column * self.amount, "contrast", low, high)
            _along(canvas, f"piece {i}", -air, "soft", low, high)
            _along(canvas, f"wall {i}", coat * (COAT_MM * self.amount), "contrast", low, high)
            if pools[i] > 0.2:
                canvas.pool(f"piece {i}", pools[i], self.amount, displaces=-1.0)
        self._collapsed(canvas, airy, start)
        self._lesions(canvas, column, air, coat)
        self._beyond(canvas, now)
        without_steps(canvas)

    def _pools(self, now: Filling, canvas: Canvas) -> np.ndarray:
        """How the barium left behind lies in the pieces, ml: one level in each basin."""
        first = self.colon.first_ml
        opened = np.clip(now.air_end_ml - first[:-1], 0, np.diff(first))
        opened = np.minimum(opened, np.clip(now.coated_ml - first[:-1], 0, None))
        if opened.sum() <= 0:
            return np.zeros(len(opened))
        tables = canvas.layers.own["basins"]
        owner = tables["owner"].astype(int)
        pools = np.zeros(len(opened))
        for k, (level, ml) in enumerate(zip(tables["level"], tables["ml"], strict=True)):
            mine = owner == k
            share = self._size * now.pooled_ml * opened[mine].sum() / opened.sum()
            height = np.interp(share, ml, level)
            for i in np.flatnonzero(mine & (opened > 0)):
                pools[i] = canvas.layers.maps[f"piece {i}"].ml_below(height)
        return pools

    def _collapsed(self, canvas: Canvas, airy: float, start: float) -> None:
        """Between air and column the drained bowel has fallen together, its folds coated."""
        if start - airy < 6.0:
            return
        s = self.colon.lumen.s_mm
        inside = (s >= airy) & (s <= start)
        crenate = 4.0 + 1.6 * np.sin(s[inside] * 1.3) + 1.0 * np.sin(s[inside] * 0.53)
        if inside.sum() > 2:
            canvas.tube(self._line[inside], crenate, 0.5 * self.amount)

    def _lesions(
        self, canvas: Canvas, column: np.ndarray, air: np.ndarray, coat: np.ndarray
    ) -> None:
        for i, sac in enumerate(self.colon.diverticula):
            full, gas, wall = (float(np.interp(sac.s_mm, S_MM, t)) for t in (column, air, coat))
            dense = max(full, sac.filled * wall)
            if dense > 0.02:
                settled = 1.0 if self.double else SETTLED
                canvas.organ(f"sac {i}", "contrast", settled * self.amount * dense)
            if gas * (1 - dense) > 0.02:
                canvas.organ(f"sac {i}", "soft", -gas * (1 - dense))
            if wall > 0.02:
                canvas.organ(f"sac wall {i}", "contrast", 1.3 * COAT_MM * self.amount * wall)
        for i, polyp in enumerate(self.colon.polyps):
            full, gas, wall = (float(np.interp(polyp.s_mm, S_MM, t)) for t in (column, air, coat))
            if full > 0.02:
                canvas.organ(f"polyp {i}", "contrast", -self.amount * full)
            if gas > 0.02:
                canvas.organ(f"polyp {i}", "soft", gas)
            if wall > 0.02:
                canvas.organ(f"polyp wall {i}", "contrast", 2.2 * COAT_MM * self.amount * wall)

    def _beyond(self, canvas: Canvas, now: Filling) -> None:
        """The full caecum fills the appendix, and lets some barium back into the ileum."""
        share = float(np.clip((now.coated_ml / self.colon.capacity_ml - 0.93) / 0.06, 0.0, 1.0))
        if share <= 0.0:
            return
        canvas.tube(self._appendix, self._appendix_mm, 0.8 * share * self.amount)
        if not self.double:
            shown = max(2, int(share * len(self._ileum)))
            canvas.tube(self._ileum[:shown], self._ileum_mm[:shown], 0.6 * self.amount)

    def _rectal_tube(self, canvas: Canvas, now: Filling) -> None:
        """A plastic tube with an opaque stripe, full of what runs through it."""
        canvas.tube(self._tip, 5.6, 0.28, "bone")
        canvas.tube(self._stripe, 0.7, 0.9, "bone")
        if now.let_in_ml > 0 and not now.air_ml:
            canvas.tube(self._tip, 3.6, self.amount)
        else:
            canvas.tube(self._tip, 3.6, -0.8, "soft")

    def sway_mm(self, t_s: float) -> tuple[float, float]:
        """The body rocks a little with each breath."""
        return 0.2 * float(np.sin(0.7 * t_s)), 0.3 * self.breath(t_s)

    def check(self, name: str, value: Any, t_s: float) -> Any:
        """Air belongs to double contrast; the bag gives only what it holds."""
        if name == "Insufflate" and value and not self.double:
            raise RefusedActionError(
                "Single-contrast enema: no air is used.",
                "Choose a double-contrast case to insufflate.",
                code="FV-SIM-004",
            )
        return value

    def truth(self, t_s: float) -> Mapping[str, Any]:
        """Volumes in ml, and where column and air end, mm from the anus."""
        now, size = self.state(t_s), self._size
        return {
            "barium_ml": size * (now.let_in_ml - now.drained_ml),
            "drained_ml": size * now.drained_ml,
            "air_ml": size * now.air_ml,
            "pooled_ml": size * now.pooled_ml,
            "column_end_mm": self.colon.s_of(now.column_end_ml),
            "column_start_mm": self.colon.s_of(now.column_start_ml),
            "breath": self.breath(t_s),
        }

    def status(self, t_s: float) -> str:
        """Volumes and how far the column has come."""
        now = self.state(t_s)
        if now.let_in_ml <= 0:
            return "Scout: open the valve with E"
        where = place_name(self.colon.s_of(now.column_end_ml))
        barium, air = (self._size * v for v in (now.let_in_ml - now.drained_ml, now.air_ml))
        blown = f", air {air:.0f} ml" if self.double else ""
        return f"Barium {barium:.0f} ml{blown}; head in the {where}"


def place_name(s_mm: float) -> str:
    """Which part of the colon lies `s_mm` from the anus."""
    parts = (
        (150, "rectum"), (440, "sigmoid"), (665, "descending colon"), (745, "splenic flexure"),
        (960, "transverse colon"), (1050, "hepatic flexure"), (1170, "ascending colon"),
    )  # fmt: skip
    return next((name for end, name in parts if s_mm < end), "caecum")


def _step(distance_mm: np.ndarray, soft_mm: float) -> np.ndarray:
    """0 to 1 over `soft_mm` to the inside of a front."""
    t = np.clip(distance_mm / soft_mm, 0.0, 1.0)
    return t * t * (3 - 2 * t)


def _along(
    canvas: Canvas, key: str, table: np.ndarray, material: str, low: float, high: float
) -> None:
    """Adds a layer by its distance along the colon; the cheapest way that gives the same."""
    here = table[np.abs(S_MM - (low + high) / 2) <= (high - low) / 2 + 6.0]
    if not here.any():
        return
    if here.min() == here.max():
        canvas.organ(key, material, float(here[0]))
    else:
        fine = np.interp(np.linspace(low - 4.0, high + 4.0, 256), S_MM, table)
        canvas.flow(key, fine, low - 4.0, high + 4.0, material)
