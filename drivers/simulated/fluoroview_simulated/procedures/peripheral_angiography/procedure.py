"""Peripheral angiography: run-off of the left leg from the groin, subtracted (DSA)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from fluoroview_simulated.anatomy import limb_vessels as arteries
from fluoroview_simulated.anatomy import regions_limbs as limbs
from fluoroview_simulated.anatomy.flow import Flow, Injection
from fluoroview_simulated.anatomy.parts import BODY_SCALE, Part
from fluoroview_simulated.anatomy.sliding import Slide, Way, relaxed
from fluoroview_simulated.anatomy.vessels import Tree
from fluoroview_simulated.procedures.base import Procedure, ProcedureInfo, RefusedActionError
from fluoroview_simulated.procedures.peripheral_angiography.info import INFO

if TYPE_CHECKING:
    from fluoroview_simulated.render.canvas import Canvas

AGENT_G_CM3 = 0.30
"""Iodine, 300 mg/ml."""
FLOW_ML_S = 6.0
SPEED_MM_S = {"normal": 210.0, "stenosis": 190.0, "occlusion": 190.0, "aneurysm": 170.0}
CATHETER_RADIUS_MM, WIRE_RADIUS_MM = 0.85, 0.45
STENOSIS_Z, ANEURYSM_Z = -470.0, -588.0
OCCLUSION_Z = (-448.0, -520.0)
DEEPEST_MM = 420.0


class PeripheralAngiography(Procedure):
    """One left leg."""

    info: ClassVar[ProcedureInfo] = INFO

    def __init__(self, case: str, seed: int = 1, body: str = "medium") -> None:
        super().__init__(case, seed, body)
        self._scale = BODY_SCALE[body]
        self._tree, delays = _diseased(case, seed)
        arrival = arteries.leg_arrival_s(self._tree, SPEED_MM_S[case], delays)
        self._arrival = arrival
        clock = arteries.pulsing()
        self._flow = Flow(arrival, FLOW_ML_S, 0.25, 0.16, clock)
        self._slow = self._lingering(clock)
        self._points = self._tree.points * self._scale
        large = ("femoral", "profunda", "popliteal", *arteries.TIBIAL)
        self._reached = lru_cache(maxsize=16)(self._share)
        self._painter = arteries.Painter(self._tree, large)
        self._slid = lru_cache(maxsize=64)(Slide(self._tree, 25.0, (-1.0, 0.0, 0.0)).way)

    def _lingering(self, clock: Any) -> tuple[np.ndarray, Flow] | None:
        """Nodes of the sac and beyond, and the flow there: the sac mixes and holds contrast."""
        if self.case != "aneurysm":
            return None
        tree = self._tree
        sac = tree.near("femoral", arteries.at_height(tree, "femoral", ANEURYSM_Z), 60.0)
        entry = tree.node("femoral", arteries.at_height(tree, "femoral", ANEURYSM_Z + 26.0))
        return tree.downstream(entry), Flow(self._arrival + 0.3 * sac, FLOW_ML_S, 1.5, 0.2, clock)

    # ---- at rest ---------------------------------------------------------------------------

    def parts(self) -> Sequence[Part]:
        """The leg from the groin to the ankle."""
        rest = [*limbs.leg_soft(), *limbs.leg_bones(), *limbs.foot_bones()]
        return [p.in_body(self.body) for p in rest]

    def sway_mm(self, t_s: float) -> tuple[float, float]:
        """The leg is strapped down; a trace of movement is left in the subtraction."""
        return 0.05 * float(np.sin(0.7 * t_s)), 0.04 * float(np.sin(1.1 * t_s))

    # ---- in motion -------------------------------------------------------------------------

    def way(self, t_s: float) -> Way:
        """The catheter's way now."""
        rotate = self.actions.history("CatheterRotate", t_s)
        moves: list[tuple[float, float]] = [(float(INFO.controls[0].default), 0.0)]
        for at, to in self.actions.history("CatheterAdvance", t_s):
            turned = [v for when, v in rotate if when <= at]
            moves.append((float(to), float(turned[-1]) if turned else 0.0))
        return self._slid(tuple(moves))

    def injections(self, t_s: float) -> list[tuple[Injection, int]]:
        """What was injected and at which node the tip lay."""
        given = []
        for press in self.actions.times("Inject", t_s):
            rate, volume, delay = (
                float(self.actions.value(n, press)) for n in ("Rate", "Volume", "Delay")
            )
            way = self.way(press)
            i = int(np.searchsorted(way.along_mm, way.inserted_mm))
            node = int(way.nodes[min(i, len(way.nodes) - 1)])
            given.append((Injection(press, volume, rate, AGENT_G_CM3, delay), node))
        return given

    def draw(self, t_s: float, canvas: Canvas) -> None:
        """Catheter and contrast."""
        way = self.way(t_s)
        line = way.points(3.0)
        line = relaxed(line, np.maximum(way.radius_mm(len(line)) - 1.0, 0.0), 20) * self._scale
        canvas.tube(line, CATHETER_RADIUS_MM, 0.035, "metal")
        canvas.tube(line[-3:], CATHETER_RADIUS_MM, 0.16, "metal")
        given = self.injections(t_s)
        flowing = [i for i, _ in given if i.span_s[0] < t_s < i.span_s[1] + 0.1]
        if flowing:
            canvas.tube(line, 0.5, AGENT_G_CM3, "contrast")
        c = self.concentration(t_s, given)
        if c is not None:
            self._painter.draw(canvas, c, self._points)

    def concentration(
        self, t_s: float, given: Sequence[tuple[Injection, int]]
    ) -> np.ndarray | None:
        """Contrast at the tree's nodes in g/cm³; None when there is none anywhere."""
        total = None
        for injection, node in given:
            if not 0.0 < t_s - injection.span_s[0] < 45.0:
                continue
            # Past the tip the blood carries it on; above it only what ran back is seen.
            late = float(self._arrival[node])
            moved = Injection(injection.start_s - late, injection.volume_ml, injection.rate_ml_s,
                              AGENT_G_CM3, injection.delay_s)  # fmt: skip
            c = self._flow.concentration(t_s, [moved])
            if self._slow is not None:
                beyond, slow = self._slow
                c = np.where(beyond, slow.concentration(t_s, [moved]), c)
            c = c * self._reached(node)
            total = c if total is None else np.minimum(total + c, AGENT_G_CM3)
        return total

    def _share(self, node: int) -> np.ndarray:
        """Share of an injection at a node that each node gets: 1 below it, and a little above."""
        share = self._tree.downstream(node).astype(float)
        above = int(self._tree.parent[node])
        while above >= 0:
            share[above] = np.exp(-(self._arrival[node] - self._arrival[above]) / 0.06)
            above = int(self._tree.parent[above])
        return share

    # ---- the operator ------------------------------------------------------------------------

    def check(self, name: str, value: Any, t_s: float) -> Any:
        """Refuses what would hurt the patient or cannot be done, and says what can."""
        if name == "CatheterAdvance":
            end = self._slid(((float(value), float(self.actions.value("CatheterRotate", t_s))),))
            limit = min(end.end_mm - 5.0, DEEPEST_MM)
            if value > limit:
                raise RefusedActionError(
                    f"Too deep: the tip would perforate the end of the {end.branch} artery at "
                    f"{limit:.0f} mm.",
                    "Withdraw (↓), or rotate the tip (← →) into another branch.",
                    code="FV-SIM-035",
                )
        if name == "Inject":
            last = [i.span_s[1] for i, _ in self.injections(t_s)]
            if last and t_s < last[-1]:
                raise RefusedActionError(
                    f"The injector is still running for {last[-1] - t_s:.1f} s.",
                    "Wait, then press I again.",
                    code="FV-SIM-036",
                )
            self._check_rate(t_s)
        return value

    def _check_rate(self, t_s: float) -> None:
        way = self.way(t_s)
        radius = float(way.radius_mm(40)[-1])
        most = 15.0 if radius > 2.2 else 3.0
        if float(self.actions.value("Rate", t_s)) > most:
            raise RefusedActionError(
                f"The vessel at the tip ({way.branch}, {2 * radius:.1f} mm) could rupture above "
                f"{most:g} ml/s.",
                "Lower Rate, or withdraw the catheter (↓).",
                code="FV-SIM-037",
            )

    def status(self, t_s: float) -> str:
        """What the injector does."""
        given = self.injections(t_s)
        if not given:
            return "Inject with I after the mask"
        start, end = given[-1][0].span_s
        if t_s < start:
            return f"Injector waits {start - t_s:.1f} s"
        if t_s < end:
            return f"Injecting, {given[-1][0].given_ml(t_s):.0f} ml given"
        return f"{t_s - end:.0f} s after the injection"

    def truth(self, t_s: float) -> Mapping[str, Any]:
        """Catheter, contrast given, and how far it has come."""
        way, given = self.way(t_s), self.injections(t_s)
        c = self.concentration(t_s, given)
        lowest = None
        if c is not None and c.max() > 0.02:
            lowest = float(self._points[c > 0.02, 2].min())
        return {
            "tip_mm": (way.tip * self._scale).tolist(),
            "branch": way.branch,
            "given_ml": sum(i.given_ml(t_s) for i, _ in given),
            "lowest_contrast_z_mm": lowest,
        }


def _diseased(case: str, seed: int) -> tuple[Tree, list[tuple[int, float]]]:
    """The tree of a case, and where it delays the flow by how many seconds."""
    if case == "occlusion":
        tree = arteries.occluded(*OCCLUSION_Z, seed)
        tree = arteries.roughened(tree, seed)
        return tree, [(tree.node("collateral 1", 0.5), 0.5)]
    tree = arteries.leg_tree(seed)
    if case == "stenosis":
        tree = arteries.roughened(tree, seed)
        at = arteries.at_height(tree, "femoral", STENOSIS_Z)
        tree = tree.narrowed("femoral", at, 34.0, 0.45).narrowed("femoral", at + 0.008, 13.0, 0.58)
        return tree, [(tree.node("femoral", at), 0.6)]
    if case == "aneurysm":
        at = arteries.at_height(tree, "femoral", ANEURYSM_Z)
        tree = tree.widened("femoral", at, 58.0, 10.5).widened("femoral", at + 0.02, 30.0, 9.0)
        tree = tree.cut("peroneal", 0.35)
        return tree, [(tree.node("femoral", at + 0.06), 0.5)]
    return tree, []
