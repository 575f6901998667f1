"""The procedure: contrast by syringe fills the cavity and the uterine tubes and spills."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from fluoroview_simulated.anatomy import regions_skeleton, regions_soft
from fluoroview_simulated.anatomy.mesh import load
from fluoroview_simulated.anatomy.parts import BODY_SCALE, Part, in_body
from fluoroview_simulated.anatomy.view import View
from fluoroview_simulated.procedures.base import Procedure, RefusedActionError
from fluoroview_simulated.procedures.cystography.shape import smooth_line
from fluoroview_simulated.procedures.hysterosalpingography import uterine_tubes as anatomy
from fluoroview_simulated.procedures.hysterosalpingography.filling import (
    Filling,
    Tube,
    filling,
    given_ml,
)
from fluoroview_simulated.procedures.hysterosalpingography.info import INFO, SYRINGE_ML
from fluoroview_simulated.render.canvas import Canvas, ViewLayers

AGENT_G_CM3 = 0.30
"""Iodine of a water-soluble agent, 300 mg/ml."""
SIDES = (("left", 1), ("right", -1))
OS = np.array([0.0, 17.0, -212.0])


class Hysterosalpingography(Procedure):
    """A uterus that is filled through a cannula in its neck."""

    info = INFO

    def __init__(self, case: str, seed: int = 1, body: str = "medium") -> None:
        super().__init__(case, seed, body)
        k = self.scale = BODY_SCALE[body]
        name = "soft_uterine_cavity_septum" if case == "septum" else "soft_uterine_cavity"
        self.cavity = in_body(load(name), body)
        self.capacity_ml = abs(self.cavity.volume_ml)
        self.shapes = {
            side: anatomy.UterineTubeShape(sign, seed, k, case == "blocked-tube" and sign > 0)
            for side, sign in SIDES
        }
        self.uterine_tubes = {
            side: Tube(
                float(shape.ml[-1]),
                opens=not shape.distended,
                patent=not (case == "cornual-block" and side == "right"),
            )
            for side, shape in self.shapes.items()
        }
        self._spill = {
            side: anatomy.Spill(self.shapes[side].points[-1], sign, seed, k) for side, sign in SIDES
        }
        run = self.cavity.vertices / k - OS
        self._along = np.linalg.norm(run * [0.55, 1.0, 1.0], axis=1)
        self._cannula = smooth_line(anatomy.CANNULA, 40) * k
        self._forceps = [smooth_line(f, 40) * k for f in anatomy.FORCEPS]

    def parts(self) -> Sequence[Part]:
        """Female pelvis."""
        parts = [
            *regions_soft.pelvis_soft(female=True),
            *regions_skeleton.spine("L4", "L5", self.seed),
            *regions_skeleton.pelvis(self.seed),
            *regions_skeleton.femora(self.seed),
        ]
        return [p.in_body(self.body) for p in parts]

    def layers(self, view: View, layers: ViewLayers) -> None:
        """The cavity by distance from the os, and the spill of both sides."""
        layers.path("cavity", self.cavity, self._along)
        for side, spill in self._spill.items():
            layers.maps[f"spill {side}"], share = spill.project(view)
            layers.custom(f"spill {side} share", share=share)

    def filled(self, t_s: float) -> Filling:
        """Where the contrast is now."""
        usual = float(self.actions.controls["InjectRate"].default)
        rates = [(0.0, usual), *self.actions.history("InjectRate", t_s)]
        given = given_ml(self.actions.history("Inject", t_s), rates, SYRINGE_ML, t_s)
        return filling(
            given, self.capacity_ml, self.uterine_tubes["left"], self.uterine_tubes["right"]
        )

    def draw(self, t_s: float, canvas: Canvas) -> None:
        """Cavity, uterine tubes, spill, instruments."""
        now = self.filled(t_s)
        self._draw_cavity(canvas, now)
        for k, (side, _) in enumerate(SIDES):
            self._draw_tube(canvas, side, now.uterine_tubes_ml[k], t_s)
            if now.spilled_ml[k] > 0.01:
                self._draw_spill(canvas, side, now.spilled_ml[k])
        canvas.tube(self._cannula, 1.3, 1.0, "metal")
        canvas.tube(anatomy.ACORN * self.scale, np.array([2.2, 4.0, 6.2, 5.0]), 0.35, "bone")
        for line in self._forceps:
            canvas.tube(line, np.linspace(0.9, 1.8, len(line)), 0.9, "metal")
        if now.back_ml > 0.05:
            reach = min(now.back_ml / 3.0, 1.0)
            where = np.array([[0, 24, -222], [2, 27, -236], [-3, 27, -250], [3, 28, -264.0]])
            canvas.blobs(where * self.scale, 5.0, AGENT_G_CM3 * now.back_ml * reach / 4)

    def _draw_cavity(self, canvas: Canvas, now: Filling) -> None:
        share = min(now.cavity_ml / self.capacity_ml, 1.0)
        if share <= 0.0:
            return
        end = float(self._along.max())
        front = (end + 6.0) * min(share / 0.62, 1.0) ** 0.7
        reach = np.linspace(0.0, end + 1.0, 256)
        tense = 0.62 + 0.38 * np.clip((share - 0.3) / 0.7, 0, 1)
        table = AGENT_G_CM3 * tense * np.clip((front - reach) / 6.0, 0.0, 1.0)
        canvas.flow("cavity", table, 0.0, float(reach[-1]))

    def _draw_tube(self, canvas: Canvas, side: str, held_ml: float, t_s: float) -> None:
        shape = self.shapes[side]
        if held_ml <= 1e-4:
            return
        # The thin isthmus shows at once; the ampulla fills as its volume comes.
        last = max(int(np.searchsorted(shape.ml, held_ml)), 4)
        u = np.linspace(0, 1, len(shape.points))[:last]
        pulse = 1.0 - 0.25 * np.exp(-(((u - (0.21 * t_s + 0.3 * shape.side) % 1.3) / 0.05) ** 2))
        taper = np.clip((last - np.arange(last)) / 6.0, 0.25, 1.0)
        radius = shape.radius_mm[:last] * pulse * taper
        canvas.tube(shape.points[:last], radius, AGENT_G_CM3 * (0.7 if shape.distended else 0.9))
        wide = (shape.radius_mm[:last] > 1.2 * self.scale).nonzero()[0]
        if shape.distended or len(wide) < 6:
            return
        start = int(wide[0])
        for line in shape.folds:
            thin = 0.20 * shape.radius_mm[start:last]
            canvas.tube(line[start:last], thin, -0.75 * AGENT_G_CM3)

    def _draw_spill(self, canvas: Canvas, side: str, spilled_ml: float) -> None:
        levels = np.linspace(0.0, anatomy.Spill.FULL_ML, 256)
        share = canvas.layers.own[f"spill {side} share"]["share"]
        reach = min(1.8 * spilled_ml + 0.8, anatomy.Spill.FULL_ML)
        edge = np.clip((reach - levels) / 1.0, 0.0, 1.0)
        there = float(np.sum(edge[1:] * np.diff(share)) + edge[0] * share[0])
        grams = spilled_ml * AGENT_G_CM3
        table = edge * (grams / max(there, 1e-3))
        canvas.flow(f"spill {side}", table, 0.0, float(levels[-1]))

    def check(self, name: str, value: Any, t_s: float) -> Any:
        """An empty syringe gives nothing."""
        if name == "Inject" and value and self.filled(t_s).given_ml >= SYRINGE_ML - 1e-6:
            raise RefusedActionError(
                f"The syringe is empty: a procedure has {SYRINGE_ML:.0f} ml.",
                "Start the procedure again for another syringe.",
                code="FV-SIM-028",
            )
        return value

    def sway_mm(self, t_s: float) -> tuple[float, float]:
        """The pelvis hardly moves with quiet breathing."""
        return 0.2 * float(np.sin(0.7 * t_s)), 0.6 * float(np.sin(1.5 * t_s))

    def truth(self, t_s: float) -> Mapping[str, Any]:
        """Volumes in ml."""
        now = self.filled(t_s)
        return {
            "given_ml": now.given_ml,
            "cavity_ml": now.cavity_ml,
            "tube_left_ml": now.uterine_tubes_ml[0],
            "tube_right_ml": now.uterine_tubes_ml[1],
            "spilled_left_ml": now.spilled_ml[0],
            "spilled_right_ml": now.spilled_ml[1],
            "back_ml": now.back_ml,
        }

    def status(self, t_s: float) -> str:
        """What the syringe has given."""
        now = self.filled(t_s)
        if now.given_ml <= 0.0:
            return "Scout: press the plunger with I"
        left = f"Given {now.given_ml:.1f} of {SYRINGE_ML:.0f} ml"
        return left + ("; runs back at the cannula" if now.back_ml > 0.1 else "")
