"""Cerebral angiography: injection into the left internal carotid, read subtracted (DSA).

The large vessels are drawn node by node; the hundreds of small ones, the veins and the blush of
the tissue are projected once per view with their time of arrival and only looked up per pulse.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar

import cv2
import numpy as np

from fluoroview_simulated.anatomy.cerebral import CATHETER, load_tree
from fluoroview_simulated.anatomy.flow import Flow, Injection
from fluoroview_simulated.anatomy.mesh import load
from fluoroview_simulated.anatomy.parts import BODY_SCALE, Part, in_body
from fluoroview_simulated.anatomy.regions_head import head
from fluoroview_simulated.anatomy.tree_strokes import tubes
from fluoroview_simulated.anatomy.vessels import Tree, draw
from fluoroview_simulated.anatomy.view import View
from fluoroview_simulated.procedures.base import Procedure, ProcedureInfo, RefusedActionError
from fluoroview_simulated.procedures.cerebral_angiography.info import INFO
from fluoroview_simulated.render import strokes
from fluoroview_simulated.render.canvas import GRID, MARGIN, SIDE, Canvas, LayerMap, ViewLayers

IODINE_G_CM3 = 0.30
CAROTID_ML_S = 5.5
"""Blood flow in the internal carotid; a slower injection is diluted by it."""
SPEED_MM_S = 260.0
MAX_ARRIVAL_S = 9.0
"""Latest arrival that the tables know."""
VEINS_S = 7.2
"""When the blood leaves through the jugular vein."""
VEIN_SHARE = 0.62
"""Blood of the other side dilutes what comes down the sinuses."""
BLUSH_S, BLUSH_MIXING_S, BLUSH_SHARE = 1.9, 1.5, 0.03
"""Passage through the tissue, and the share of it that is blood."""
SINUSES = ("jugular", "sagittal sinus", "other transverse sinus", "straight sinus", "Galen")
CATHETER_MM = 0.83
"""Outer radius of a 5 F catheter."""
STENOSIS = (12.5, -31.0, 568.0)
"""Where the siphon turns back."""
WAIT_S = 6.0
"""Pause of the injector between two injections."""


class CerebralAngiography(Procedure):
    """The left internal carotid artery and what it feeds."""

    info: ClassVar[ProcedureInfo] = INFO

    def __init__(self, case: str, seed: int = 1, body: str = "medium") -> None:
        super().__init__(case, seed, body)
        self._scale = BODY_SCALE[body]
        arteries, speed = _with_finding(load_tree("arteries", seed), case)
        self.tree = _scaled(arteries, self._scale)
        self.veins = _scaled(load_tree("veins", seed), self._scale)
        arrival = self.tree.arrival_s(SPEED_MM_S * speed, 0.45)
        self._sac = np.zeros(len(arrival), bool)
        if case == "aneurysm":
            self._sac[self.tree.run("ICA sac")[1:]] = True
            arrival = arrival + 0.18 * self._sac
        self.flow = Flow(arrival, CAROTID_ML_S * speed, 0.14, 0.16)
        slow = np.clip(100.0 * np.sqrt(self.veins.radius_mm / 3.0), 20.0, 115.0)
        until_out = self.veins.summed(self.veins.step_mm / slow)
        beyond = self.veins.run("other transverse sinus")  # runs from the confluence away
        until_out[beyond] = 2 * until_out[beyond[0]] - until_out[beyond]
        self._vein_arrival = VEINS_S / speed**0.3 - until_out
        self._table_flow = replace(self.flow, arrival_s=np.linspace(0.0, MAX_ARRIVAL_S, 256))
        self._trunks = _only(self.tree, [n for n in self.tree.names if "." not in n])
        self._sinuses = _only(self.veins, SINUSES)
        self._catheter = CATHETER * self._scale
        self._back = self._collaterals(speed) if case == "occlusion" else None

    def _collaterals(self, speed: float) -> tuple[Tree, np.ndarray]:
        """What fills backwards beyond the occlusion: its outermost vessels, late."""
        whole = _scaled(load_tree("arteries", self.seed), self._scale)
        fed = whole.downstream(whole.node("M1", 0.5))
        names = [
            n for n, r in zip(whole.names, whole.runs, strict=True)
            if "." in n and fed[r[1]] and whole.points[r[-1], 2] > 596.0 * self._scale
        ]  # fmt: skip
        top = (640.0 * self._scale - whole.points[:, 2]) / 28.0
        return _only(whole, names), 2.2 / speed + top

    def parts(self) -> Sequence[Part]:
        """The head."""
        return [p.in_body(self.body) for p in head()]

    def layers(self, view: View, layers: ViewLayers) -> None:
        """Small arteries and veins with their time of arrival; the tissue's blush."""
        fine = [n for n in self.tree.names if "." in n]
        _project_tree(view, layers, "arteries", _only(self.tree, fine), self.flow.arrival_s)
        small = [n for n in self.veins.names if n not in SINUSES]
        _project_tree(view, layers, "veins", _only(self.veins, small), self._vein_arrival)
        if self._back is not None:
            _project_tree(view, layers, "collaterals", *self._back)
        blush = np.zeros((GRID, GRID), np.float32)
        territories = ("aca",) if self.case == "occlusion" else ("aca", "mca")
        for name in territories:
            own = ViewLayers(view)
            own.path(name, in_body(load(f"head_brain_{name}"), self.body))
            kept = own.maps[name]
            wide = np.zeros((SIDE, SIDE), np.float32)
            wide[kept.place] = kept.path
            blush += wide[MARGIN:-MARGIN, MARGIN:-MARGIN]
        layers.custom("blush", contrast=cv2.GaussianBlur(blush, (0, 0), 11.0) * _gyri(view))

    def injections(self, t_s: float) -> list[Injection]:
        """What the injector gave up to `t_s`, with what was set when it was started."""
        return [
            Injection(
                t,
                float(self.actions.value("InjectionVolume", t)),
                float(self.actions.value("InjectionRate", t)),
                IODINE_G_CM3,
                float(self.actions.value("InjectionDelay", t)),
            )
            for t in self.actions.times("Inject", t_s)
        ]

    def draw(self, t_s: float, canvas: Canvas) -> None:
        """Catheter, arteries, blush and veins."""
        canvas.tube(self._catheter, CATHETER_MM, 0.05, "metal")
        given = [i for i in self.injections(t_s) if t_s - i.start_s < 40.0]
        if not given:
            return
        self._draw_catheter(t_s, canvas, given)
        concentration = self.flow.concentration(t_s, given)
        if self._sac.any():
            concentration[self._sac] = self._in_sac(t_s, given)[self._sac]
        draw(canvas, self._trunks, concentration)
        table = self._table_flow.concentration(t_s, given).astype(np.float32)
        canvas.flow("arteries", table, 0.0, MAX_ARRIVAL_S)
        if self._back is not None:
            canvas.flow("collaterals", table, 0.0, MAX_ARRIVAL_S, factor=0.5)
        if table.max() > 0.004:
            share = VEIN_SHARE * (0.4 if self.case == "occlusion" else 1.0)
            canvas.flow("veins", table, 0.0, MAX_ARRIVAL_S, factor=1.3 * share)
            drawn = np.interp(self._vein_arrival, self._table_flow.arrival_s, table)
            draw(canvas, self._sinuses, share * drawn)
        blush = self.blush_g_cm3(t_s, given)
        if blush > 2e-5:
            canvas.custom("blush", blush)

    def _draw_catheter(self, t_s: float, canvas: Canvas, given: Sequence[Injection]) -> None:
        """Draw the catheter, full of contrast during the injection, and the reflux along it."""
        start, end = given[-1].span_s
        if not start <= t_s <= end + 0.3:
            return
        canvas.tube(self._catheter, 0.5, IODINE_G_CM3)
        excess = given[-1].rate_ml_s / self.flow.flow_ml_s - 1.0
        if excess > 0.02 and t_s <= end:
            tip, down = self._catheter[-1], self._catheter[-2] - self._catheter[-1]
            share = np.linspace(0.16, 0.3 + 0.9 * min(excess, 1.0), 6)
            fade = np.linspace(0.75, 0.0, 6) * IODINE_G_CM3
            canvas.tube(tip + share[:, None] * down, 2.1 * self._scale, fade)

    def _in_sac(self, t_s: float, given: Sequence[Injection]) -> np.ndarray:
        """Concentration in the sac: it swirls in, and stays when the artery is empty."""
        slow = replace(self.flow, mixing_s=0.9, dispersion=0.16)
        quick = replace(self.flow, mixing_s=0.35, dispersion=0.16)
        return 0.6 * slow.concentration(t_s, given) + 0.4 * quick.concentration(t_s, given)

    def blush_g_cm3(self, t_s: float, given: Sequence[Injection]) -> float:
        """Contrast per volume of tissue."""
        tissue = replace(self.flow, arrival_s=np.array([BLUSH_S]), mixing_s=BLUSH_MIXING_S)
        return BLUSH_SHARE * float(tissue.concentration(t_s, given)[0])

    def sway_mm(self, t_s: float) -> tuple[float, float]:
        """A head in its rest, nearly still: what is left shows in the subtraction."""
        return 0.05 * float(np.sin(0.9 * t_s)), 0.06 * float(np.sin(0.7 * t_s + 1.0))

    def check(self, name: str, value: Any, t_s: float) -> Any:
        """The injector gives one injection after the other."""
        if name == "Inject":
            for i in self.injections(t_s):
                wait = i.span_s[1] + WAIT_S - t_s
                if wait > 0.0:
                    raise RefusedActionError(
                        f"The injector is not ready: the next injection is possible in {wait:.1f} "
                        "s.",
                        "Wait, then press I again.",
                        code="FV-SIM-013",
                    )
        return value

    def truth(self, t_s: float) -> Mapping[str, Any]:
        """What was given, where the catheter ends, and the contrast in the main vessels."""
        given = self.injections(t_s)
        at = self.flow.concentration(t_s, given)
        names = [n for n in ("ICA", "M1", "A2", "angular", "PCom") if n in self.tree.names]
        return {
            "injected_ml": round(sum(i.given_ml(t_s) for i in given), 3),
            "catheter_tip_mm": [round(float(v), 2) for v in self._catheter[-1]],
            "iodine_g_cm3": {n: round(float(at[self.tree.node(n, 0.8)]), 4) for n in names},
            "blush_g_cm3": round(self.blush_g_cm3(t_s, given), 6),
        }

    def status(self, t_s: float) -> str:
        """Where the contrast is."""
        given = self.injections(t_s)
        if not given:
            return "Catheter in the left internal carotid: start the run, then inject"
        start, end = given[-1].span_s
        since = t_s - start
        for until, text in (
            (0.0, "The injector starts"),
            (end - start, "Injecting"),
            (2.4, "Arteries"),
            (4.0, "Capillaries"),
            (9.0, "Veins and sinuses"),
        ):
            if since < until:
                return text
        return "Washed out"


def _with_finding(tree: Tree, case: str) -> tuple[Tree, float]:
    """The tree of a case, and the flow against normal."""
    if case == "aneurysm":
        at = _fraction(tree, "ICA", "PCom")
        return tree.with_sac("ICA", at, 4.6, (0.30, 0.86, -0.42), 1.7), 1.0
    if case == "stenosis":
        along = tree.length_mm[tree.run("ICA")]
        away = np.linalg.norm(tree.points[tree.run("ICA")] - STENOSIS, axis=1)
        return tree.narrowed("ICA", along[np.argmin(away)] / along[-1], 9.0, 0.76), 0.62
    if case == "occlusion":
        return tree.cut("M1", 0.42), 0.8
    return tree, 1.0


def _fraction(tree: Tree, name: str, branch: str) -> float:
    """At which fraction of a vessel's length another one leaves it."""
    along = tree.length_mm[tree.run(name)]
    node = tree.run(branch)[0]
    return float((tree.length_mm[node] - along[0]) / (along[-1] - along[0]))


def _scaled(tree: Tree, scale: float) -> Tree:
    return replace(tree, points=tree.points * scale, radius_mm=tree.radius_mm * scale)


def _only(tree: Tree, names: Sequence[str]) -> Tree:
    """The same nodes, but only some of the runs, to be drawn."""
    chosen = [n for n in names if n in tree.names]
    return Tree(
        tree.points,
        tree.radius_mm,
        tree.parent,
        tuple(chosen),
        tuple(tree.run(n) for n in chosen),
    )


def _project_tree(
    view: View, layers: ViewLayers, key: str, tree: Tree, arrival_s: np.ndarray
) -> None:
    """Keeps path lengths and mean arrival of a tree's vessels as a layer of the view."""
    nodes, starts, radius, weight = tree.strokes
    points = tree.points[nodes]
    cells, scale = view.cells(points, GRID)
    longer = strokes.lengthened(points, view.source)
    maps = []
    for amount in (weight, weight * np.clip(arrival_s[nodes], 0.01, MAX_ARRIVAL_S)):
        out = np.zeros((SIDE, SIDE), np.float32)
        scratch = np.zeros_like(out)
        tubes(cells + MARGIN, radius * scale, longer, amount, 1.0 / scale, starts, scratch, out)
        maps.append(out)
    path, total = maps
    mean = total / np.maximum(path, 1e-6)
    place = (slice(0, SIDE), slice(0, SIDE))
    layers.maps[key] = LayerMap(place, path, mean.astype(np.float32))


def _gyri(view: View) -> np.ndarray:
    """The blush is uneven: more in the cortex's folds than in the white matter between."""
    rng = np.random.default_rng(11)
    total = np.ones((GRID, GRID), np.float32)
    for scale_mm, strength in ((8.0, 0.07), (3.2, 0.09)):
        sigma = scale_mm / view.view_mm * GRID / 2
        noise = cv2.GaussianBlur(
            rng.standard_normal((GRID, GRID)).astype(np.float32), (0, 0), sigma
        )
        total += strength * noise / noise.std()
    return np.clip(total, 0.2, 2.0)
