"""The course of a lumbar myelography: needle, injection, and contrast under gravity."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from fluoroview_simulated.anatomy import regions_skeleton, regions_soft
from fluoroview_simulated.anatomy.breathing import Trunk, breathing
from fluoroview_simulated.anatomy.parts import BODY_SCALE, GIRTH, Part
from fluoroview_simulated.anatomy.view import View
from fluoroview_simulated.procedures.base import Procedure, RefusedActionError
from fluoroview_simulated.procedures.myelography.contrast_flow import Running, turned
from fluoroview_simulated.procedures.myelography.info import (
    INFO,
    IODINE_G_ML,
    LIMIT_G,
    PORTION_ML,
)
from fluoroview_simulated.procedures.myelography.thecal_sac import ThecalSac
from fluoroview_simulated.render.canvas import GRID, MARGIN, SIDE, Canvas, LayerMap, ViewLayers

INJECTION_S = 5.0
RUNNING_S = 3.5
"""How long contrast runs from the needle to the pool."""
PRONE_BREATH = 0.6
"""Depth of the breath of a patient who lies on the belly."""
ROOT_MM = 0.7
MIXED_G_ML = 0.20
"""Iodine where contrast has settled in the fluid of the thecal sac."""
LAYERS = np.array([0.55, 0.85, 1.0, 1.15, 1.45])
"""Steps of its upper edge, as shares of the volume; mixing has no sharp level."""
ENTRY = np.array([0.0, 112.0, -33.0])
TARGET = np.array([0.0, 53.0, -18.0])
WINDOW_MM = 8.0
"""Half width of the gap between the laminae."""
BEFORE_MM, BEYOND_MM = 21.0, 10.0
"""The needle meets the lamina before the middle of the thecal sac, and the disc beyond it."""


class Myelography(Procedure):
    """One case of lumbar myelography."""

    info = INFO

    def __init__(self, case: str, seed: int = 1, body: str = "medium") -> None:
        super().__init__(case, seed, body)
        self.scale = BODY_SCALE[body]
        self.thecal_sac = ThecalSac(case, seed, self.scale)
        self._running = Running(self.thecal_sac)
        rng = np.random.default_rng(seed + 40)
        self._jitter = rng.standard_normal((48, 3))
        self._spill = rng.standard_normal((70, 3)) * (3.5, 1.2, 10.0)

        self.trunk = self._trunk()

    def parts(self) -> Sequence[Part]:
        """What stands still."""
        return self.trunk.resting

    def _trunk(self) -> Trunk:
        """Lumbar spine and pelvis in the abdomen."""
        parts = [
            *regions_soft.abdomen(gas=True, lungs=False),
            *regions_skeleton.spine("T10", "L5", self.seed),
            *regions_skeleton.ribs(10, 12, self.seed),
            *regions_skeleton.pelvis(self.seed),
        ]
        return Trunk(parts, self.body)

    def layers(self, view: View, layers: ViewLayers) -> None:
        """Breathing bowel, the lumen of the thecal sac; sleeves, roots and cord as gaps in it."""
        self.trunk.layers(layers)
        layers.path("thecal_sac", self.thecal_sac.mesh)
        down, pen = view.geometry.down, Canvas()
        sleeves = [(s.line, s.radius) for s in self.thecal_sac.sleeves]
        gaps: list[tuple[np.ndarray, float | np.ndarray]] = [
            (s.root, 0.7 * self.scale) for s in self.thecal_sac.sleeves
        ]
        gaps += [(r, ROOT_MM * self.scale) for r in self.thecal_sac.roots]
        if self.case != "block":
            gaps.append((self.thecal_sac.cord, self.thecal_sac.cord_mm))
        layers.maps["sleeves"] = _lines(pen, layers, sleeves, down)
        layers.maps["gaps"] = _lines(pen, layers, gaps, down)

    def draw(self, t_s: float, canvas: Canvas) -> None:
        """The needle, the pool of contrast with what lies in it, and what still runs."""
        with self.trunk.breathes(canvas, PRONE_BREATH * breathing((), t_s)):
            pass
        inside_g, running, outside_g = self._shares(t_s)
        if inside_g > 0.0:
            self._pool(canvas, inside_g, t_s)
        if running or outside_g:
            self._stream(canvas, running, t_s)
        for tip, grams in outside_g:
            spread = tip + self._spill * self.scale * min(1.0, 0.35 + grams / 0.7)
            canvas.blobs(spread, 2.0, grams / len(spread))
        self._needle(canvas, t_s)

    def check(self, name: str, value: Any, t_s: float) -> Any:
        """Refuses what the needle cannot do, and too much iodine."""
        if name == "Inject":
            given = (len(self.actions.times("Inject", t_s)) + 1) * PORTION_ML * IODINE_G_ML
            if given > LIMIT_G:
                raise RefusedActionError(
                    f"Another injection would bring the iodine to {given:.1f} g; the limit for an "
                    f"adult is {LIMIT_G:g} g.",
                    "Tilt the table to move the contrast medium.",
                    code="FV-SIM-030",
                )
        if name in ("NeedleAdvance", "NeedleLean"):
            depth = float(value if name == "NeedleAdvance" else self._value("NeedleAdvance", t_s))
            lean = float(value if name == "NeedleLean" else self._value("NeedleLean", t_s))
            self._reachable(name, depth, lean, t_s)
        return value

    def _reachable(self, name: str, depth: float, lean: float, t_s: float) -> None:
        aside = depth * np.tan(np.deg2rad(abs(lean)))
        middle = float(np.linalg.norm(TARGET * self.scale - self._entry()))
        lamina, disc = middle - BEFORE_MM, middle + BEYOND_MM
        if depth > lamina and aside > WINDOW_MM:
            raise RefusedActionError(
                f"The needle would meet the lamina, {aside:.0f} mm from the midline; beyond "
                f"{lamina:.0f} mm it must stay within {WINDOW_MM:g} mm.",
                "Withdraw (↓) and reduce the angle (← →).",
                code="FV-SIM-031",
            )
        if name == "NeedleLean" and depth > lamina and lean != self._value("NeedleLean", t_s):
            raise RefusedActionError(
                f"The ligaments hold the needle at {depth:g} mm: its angle cannot be changed.",
                f"Withdraw (↓) to {lamina:.0f} mm or less first.",
                code="FV-SIM-032",
            )
        if depth > disc:
            raise RefusedActionError(
                "Too deep: the needle would pass through the thecal sac into the L3/4 disc; the "
                f"sac lies about {middle:.0f} mm deep.",
                "Withdraw (↓).",
                code="FV-SIM-033",
            )

    def truth(self, t_s: float) -> Mapping[str, Any]:
        """Needle and contrast."""
        tip = self._tip(t_s)
        inside_g, running, outside = self._shares(t_s)
        return {
            "needle_tip_mm": [round(float(v), 2) for v in tip],
            "needle_in_thecal_sac": self.thecal_sac.inside(tip) < 1.0,
            "iodine_in_sac_g": round(inside_g + sum(g for _, g in running), 4),
            "iodine_outside_g": round(sum(g for _, g in outside), 4),
        }

    def status(self, t_s: float) -> str:
        """What the trainee should know now."""
        times = self.actions.times("Inject", t_s)
        given = len(times) * PORTION_ML
        if times and t_s - times[-1] < INJECTION_S:
            return f"injecting, {given:g} ml"
        where = (
            "in the thecal sac"
            if self.thecal_sac.inside(self._tip(t_s)) < 1.0
            else "not in the thecal sac"
        )
        return f"needle {self._value('NeedleAdvance', t_s):g} mm deep, {given:g} ml given" + (
            "" if times else f"; drips: {'yes' if where == 'in the thecal sac' else 'no'}"
        )

    def _value(self, name: str, t_s: float) -> float:
        return float(self.actions.value(name, t_s))

    def _tip(self, t_s: float) -> np.ndarray:
        """The needle's tip in the patient."""
        return self._entry() + self._along(t_s) * self._value("NeedleAdvance", t_s)

    def _entry(self) -> np.ndarray:
        """Where the needle goes through the skin."""
        return ENTRY * (self.scale, self.scale * GIRTH[self.body], self.scale)

    def _along(self, t_s: float) -> np.ndarray:
        """The needle's direction inward."""
        lean = np.deg2rad(self._value("NeedleLean", t_s))
        along = TARGET * self.scale - self._entry()
        along /= np.linalg.norm(along)
        return np.array([np.sin(lean), along[1] * np.cos(lean), along[2] * np.cos(lean)])

    def _shares(
        self, t_s: float
    ) -> tuple[float, list[tuple[float, float]], list[tuple[np.ndarray, float]]]:
        """Iodine (g) settled in the sac; portions on their way as (age in s, g); and outside."""
        settled, running, outside = 0.0, [], []
        rate = PORTION_ML * IODINE_G_ML / INJECTION_S
        for start in self.actions.times("Inject", t_s):
            tip = self._tip(start)
            if self.thecal_sac.inside(tip) >= 1.0:
                outside.append((tip, rate * min(t_s - start, INJECTION_S)))
                continue
            old, young = t_s - start, max(t_s - start - INJECTION_S, 0.0)
            settled += rate * max(old - max(young, RUNNING_S), 0.0)
            if young < RUNNING_S:
                oldest = min(old, RUNNING_S)
                ages = young + (oldest - young) * (np.arange(24) + 0.5) / 24
                running += [(float(a), rate * (oldest - young) / 24) for a in ages]
        return settled, running, outside

    def _pool(self, canvas: Canvas, grams: float, t_s: float) -> None:
        """Contrast in its places, and the roots and the cord as gaps in it."""
        room = canvas.volume_ml("thecal_sac")
        volumes = LAYERS * min(grams / MIXED_G_ML / LAYERS.mean(), room / LAYERS[0])
        levels = self._levels(canvas, np.minimum(volumes, room), t_s)
        share = MIXED_G_ML / len(LAYERS)
        for level in levels:
            canvas.pool_to("thecal_sac", level, share)
        for key, factor in (("sleeves", 0.9), ("gaps", -1.0)):
            layer = canvas.layers.maps[key]
            wet = np.zeros_like(layer.path)
            for level in levels[:, layer.place[0], None].astype(np.float32):
                wet += np.clip((level - layer.scalar) / 2.0 + 0.5, 0.0, 1.0)
            canvas.map("contrast")
            canvas.base["contrast"][layer.place] += layer.path * wet * np.float32(share * factor)
        np.maximum(canvas.contrast, 0.0, out=canvas.contrast)

    def _levels(self, canvas: Canvas, volumes_ml: np.ndarray, t_s: float) -> np.ndarray:
        """How high each volume stands in each row of the maps, (volumes, SIDE) mm."""
        start = self.info.geometry
        tilts, positions = (
            self.actions.history(name, t_s) for name in ("TableTilt", "PatientPosition")
        )
        stood = turned(tilts, positions, (start.tilt_deg, start.position), t_s)
        layer = canvas.layers.maps["thecal_sac"]
        assert layer.levels_ml is not None
        assert layer.levels_mm is not None
        rest = np.interp(volumes_ml, layer.levels_ml, layer.levels_mm)
        if len(stood) == 1:  # level
            return np.repeat(rest[:, None], SIDE, axis=1)
        downs = [(t, replace(start, tilt_deg=d, position=p).down) for t, d, p in stood]
        downs[-1] = (downs[-1][0], canvas.down)
        rows = canvas.view.cells(self._running.middles, GRID)[0][:, 1] + MARGIN
        order = np.argsort(rows)
        levels = np.empty((len(rest), SIDE))
        for k, (volume, level) in enumerate(zip(volumes_ml, rest, strict=True)):
            filled = self._running.filled(downs, float(volume), float(level), t_s)
            along = self._running.levels_mm(filled, canvas.down)
            levels[k] = np.interp(np.arange(SIDE), rows[order], along[order])
        return levels

    def _stream(self, canvas: Canvas, running: list[tuple[float, float]], t_s: float) -> None:
        """Contrast on its way from the needle down the wall of the thecal sac, in wisps."""
        if not running:
            return
        line = self._runway(canvas, t_s)
        ages = np.array([a for a, _ in running])
        grams = np.array([g for _, g in running])
        place = np.clip(ages / RUNNING_S, 0.0, 1.0) ** 1.3 * (len(line) - 1)
        points = np.stack([np.interp(place, range(len(line)), line[:, k]) for k in range(3)], 1)
        order = (np.arange(len(points)) * 7 + int(t_s * 9)) % len(self._jitter)
        points = points + self._jitter[order] * (0.7 + 1.7 * ages / RUNNING_S)[:, None]
        canvas.blobs(points, 1.0 + 1.2 * ages / RUNNING_S, grams)

    def _runway(self, canvas: Canvas, t_s: float) -> np.ndarray:
        """From the tip to the lowest wall and along it downhill, (n, 3)."""
        tip, down = self._tip(t_s), canvas.down
        flat = np.array([down[0], down[1]])
        flat = flat / max(float(np.linalg.norm(flat)), 0.3)
        z0 = float(np.clip(tip[2] / self.scale, -120.0, self.thecal_sac.top - 4.0))
        ways = []
        for stop in (-126.0, self.thecal_sac.top - 2.0):
            z = np.linspace(z0, stop, 40)
            wall = self.thecal_sac.at(np.full(40, 0.7 * flat[0]), np.full(40, 0.7 * flat[1]), z)
            uphill = np.nonzero(np.diff(wall @ down) < 0.0)[0]
            ways.append(wall[: (uphill[0] + 1 if len(uphill) else 40)])
        best = max(ways, key=lambda w: float(w[-1] @ down))
        return np.concatenate([tip[None], best])

    def _needle(self, canvas: Canvas, t_s: float) -> None:
        """A spinal needle of 22 G with its hub."""
        tip, along = self._tip(t_s), self._along(t_s)
        canvas.tube(np.stack([tip, tip - along * 88.0]), 0.36, 1.0, material="metal")
        hub = np.stack([tip - along * 88.0, tip - along * 102.0])
        canvas.tube(hub, np.array([2.2, 3.2]), 0.12, material="metal")


def _lines(
    pen: Canvas,
    layers: ViewLayers,
    lines: Sequence[tuple[np.ndarray, float | np.ndarray]],
    down: np.ndarray,
) -> LayerMap:
    """Thin tubes as one layer that knows their mean height (mm against gravity) on each ray."""
    maps = []
    least = min(float((line @ -down).min()) for line, _ in lines) - 1.0
    for weighted in (False, True):
        pen.begin(layers, 0.0)
        for line, radius in lines:
            pen.tube(line, radius, line @ -down - least if weighted else 1.0)
        maps.append(pen.base["contrast"].copy())
    path, total = maps
    height = least + total / np.maximum(path, 1e-3)
    rows, columns = np.nonzero(path.any(axis=1))[0], np.nonzero(path.any(axis=0))[0]
    if not len(rows):
        return LayerMap((slice(0, 1), slice(0, 1)), path[:1, :1], height[:1, :1])
    place = (
        slice(int(rows[0]), min(int(rows[-1]) + 2, SIDE)),
        slice(int(columns[0]), min(int(columns[-1]) + 2, SIDE)),
    )
    return LayerMap(place, path[place].copy(), height[place].astype(np.float32))
