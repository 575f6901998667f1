"""The procedures: the bladder fills, refluxes and voids, and is drawn as it is at each pulse."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar

import numpy as np

from fluoroview_simulated.anatomy import regions_skeleton, regions_soft
from fluoroview_simulated.anatomy.breathing import Trunk, breathing
from fluoroview_simulated.anatomy.mesh import Mesh, tube_mesh
from fluoroview_simulated.anatomy.parts import BODY_SCALE, Part
from fluoroview_simulated.anatomy.view import View
from fluoroview_simulated.arrays import FloatArray
from fluoroview_simulated.procedures.base import Procedure, RefusedActionError
from fluoroview_simulated.procedures.cystography import info as known
from fluoroview_simulated.procedures.cystography import shape as anatomy
from fluoroview_simulated.procedures.cystography.course import Course, State
from fluoroview_simulated.procedures.cystography.info import Patient
from fluoroview_simulated.render.canvas import Canvas, ViewLayers

CATHETER_MM = {"child": 1.35, "adult": 2.4}
"""Radius: a feeding tube of 8 F, a balloon catheter of 14 F."""
BALLOON_MM = 10.0
WALL = 0.22
"""Plastic with barium in it, as bone."""
POUCH = np.array([0.50, 0.84, 0.20])
"""Where on the bladder a diverticulum sits, next to the left ureter."""


class _Bladder(Procedure):
    """A bladder that is filled through a catheter and voids."""

    patients: ClassVar[Mapping[str, Patient]]

    def __init__(self, case: str, seed: int = 1, body: str = "medium") -> None:
        super().__init__(case, seed, body)
        self.patient = self.patients[case]
        self.scale = BODY_SCALE[body]
        self.tracts: dict[str, anatomy.UpperTract] = {}
        bladder = self.patient.bladder
        for side, sign in (("left", 1), ("right", -1)):
            reflux = getattr(bladder, side)
            if reflux is not None:
                tract = anatomy.UpperTract(sign, reflux.grade, self.scale)
                self.tracts[side] = tract
                held = replace(reflux, capacity_ml=tract.capacity_ml)
                bladder = replace(bladder, **{side: held})
        self.course = Course(bladder, self.actions)
        p = self.patient
        self._shape = anatomy.BladderShape(seed, p.trabeculated, p.prostate_mm)
        wide = anatomy.VALVE_MM if p.valve else anatomy.WIDE_MM
        line = anatomy.smooth_line(np.column_stack([anatomy.URETHRA, wide]), 90)
        self._urethra, self._wide = line[:, :3] * self.scale, line[:, 3] * self.scale
        self._ball = anatomy.ball(14, 22)
        self._pouch = anatomy.uneven_ball(seed, 18, 28)
        self._streaks = _streaks(seed, self.scale)
        inside = anatomy.NECK + np.array([[3, 8, 34], [-2, 6, 24], [0, 3, 12], [0, 1, 4]])
        self._catheter = anatomy.smooth_line(np.concatenate([inside, anatomy.URETHRA]), 60)
        self._catheter *= self.scale
        self._catheter_mm = CATHETER_MM["child" if body == "child" else "adult"]
        self._ranks = {
            side: np.quantile(tract.from_junction_mm, np.linspace(0, 1, 33))
            for side, tract in self.tracts.items()
        }
        self.trunk = self._trunk()

    def parts(self) -> Sequence[Part]:
        """What stands still."""
        return self.trunk.resting

    def _trunk(self) -> Trunk:
        """Abdomen and pelvis of a boy or a man, without the bladder."""
        parts = [
            *regions_soft.abdomen(lungs=False, stomach_gas=False),
            *(Part(tube_mesh(line, radius), soft=0.95) for line, radius in anatomy.MALE_PARTS),
            *regions_skeleton.spine("T11", "L5", self.seed),
            *regions_skeleton.pelvis(self.seed),
            *regions_skeleton.femora(self.seed),
            *regions_skeleton.ribs(11, 12, self.seed),
        ]
        return Trunk(parts, self.body)

    def layers(self, view: View, layers: ViewLayers) -> None:
        """Organs that breathe, and the collecting systems that reflux can reach."""
        self.trunk.layers(layers)
        for side, tract in self.tracts.items():
            if tract.grade > 1:
                layers.path(f"calyces {side}", tract.calyces, tract.from_junction_mm)

    def draw(self, t_s: float, canvas: Canvas) -> None:
        """Bladder, what refluxes and leaks, the urethra while it flows, the catheter."""
        now = self.course.at(t_s)
        agent = now.agent_g_cm3
        flow = now.flow_ml_s / self.course.patient.flow_ml_s
        with self.trunk.breathes(canvas, breathing((), t_s)):
            for side, tract in self.tracts.items():
                self._draw_reflux(canvas, side, tract, now, t_s)
        if now.bladder_ml > 1.0 and agent > 1e-3:
            self._draw_bladder(canvas, now, flow)
        if flow > 0.02 and agent > 1e-3:
            self._draw_urethra(canvas, agent, flow, t_s)
        if now.leaked_ml > 0.05:
            self._draw_leak(canvas, now)
        if now.catheter:
            canvas.tube(self._catheter, self._catheter_mm, WALL, "bone")
            if now.drip_ml_s > 0:
                canvas.tube(
                    self._catheter, 0.5 * self._catheter_mm, self.patient.bladder.agent_g_cm3
                )

    def _draw_bladder(self, canvas: Canvas, now: State, flow: float) -> None:
        agent = now.agent_g_cm3
        mesh = self._shape.mesh(now.bladder_ml, min(1.5 * flow, 1.0), self.scale)
        canvas.mesh(mesh, contrast=agent)
        if self.body != "child" and now.catheter and now.bladder_ml > 60.0:
            lifted = 13.0 + self.patient.prostate_mm
            middle = (anatomy.NECK + np.array([0, 3, lifted])) * self.scale
            balloon = self._ball.moved(np.eye(3) * BALLOON_MM * self.scale, middle)
            canvas.mesh(balloon, contrast=-agent)
        if now.diverticulum_ml > 0.3:
            radius = (3e3 * now.diverticulum_ml / (4 * np.pi)) ** (1 / 3)
            at = int(np.argmax(self._pouch_side(mesh.vertices)))
            wall, out = mesh.vertices[at].astype(float), _normal(mesh, at)
            away = wall + out * (0.93 * radius + 3.0 * self.scale)
            turn = np.diag([1.0, 0.92, 1.09]) * radius
            canvas.mesh(self._pouch.moved(turn, away), contrast=agent)
            canvas.tube(np.stack([wall - out * 2, away]), 3.6 * self.scale, 0.9 * agent)

    def _pouch_side(self, points: np.ndarray) -> FloatArray:
        middle = 0.5 * (points.min(axis=0) + points.max(axis=0))
        d = points - middle
        cosine: FloatArray = d @ POUCH / np.linalg.norm(d, axis=1)
        return cosine

    def _draw_reflux(
        self, canvas: Canvas, side: str, tract: anatomy.UpperTract, now: State, t_s: float
    ) -> None:
        """Ureter up to the front, then the calyces; waves run down the ureter in between."""
        volume = getattr(now, f"{side}_ml")
        most = getattr(now, f"max_{side}_ml")
        if volume < 0.02:
            return
        agent = now.agent_g_cm3 * min(1.0, volume / most)
        last = max(int(np.searchsorted(tract.ureter_ml, most)), 3)
        u = np.linspace(0.0, 1.0, len(tract.ureter))[:last]
        under_pressure = min(max(now.pressure_cm - 10.0, 0.0) / 20.0, 1.0)
        wave = 1.0 - ((t_s / 4.5 + 0.37 * tract.side) % 1.0) * 1.35
        squeezed = 0.85 * (1.0 - 0.8 * under_pressure) / (1.0 + 0.15 * tract.grade)
        radius = tract.radius_mm[:last] * (1.0 - squeezed * np.exp(-(((u - wave) / 0.045) ** 2)))
        radius *= np.clip((last - np.arange(last)) / 5.0, 0.3, 1.0)
        canvas.tube(tract.ureter[:last], radius, agent)
        beyond = most - float(tract.ureter_ml[-1])
        if beyond <= 0.05 or tract.grade == 1:
            return
        filled = beyond / (tract.capacity_ml - float(tract.ureter_ml[-1]))
        ranks = self._ranks[side]
        front = float(np.interp(filled, np.linspace(0, 1, 33), ranks)) + 4.0 * self.scale
        reach = np.linspace(0.0, ranks[-1] + 1.0, 256)
        table = agent * np.clip((front - reach) / (8.0 * self.scale), 0.0, 1.0)
        canvas.flow(f"calyces {side}", table, 0.0, float(reach[-1]))

    def _draw_urethra(self, canvas: Canvas, agent: float, flow: float, t_s: float) -> None:
        opened = np.clip(flow, 0.0, 1.0) ** 0.4
        radius = self._wide * (0.35 + 0.65 * opened)
        canvas.tube(self._urethra, radius, agent)
        bulge = 1.9 * self.scale * opened
        canvas.tube(anatomy.VERU * self.scale, bulge, -0.8 * agent)
        meatus = self._urethra[-1]
        ahead = self._urethra[-1] - self._urethra[-4]
        ahead /= np.linalg.norm(ahead)
        s = np.linspace(0.0, 70.0, 24)[:, None]
        stream = meatus + ahead * s + canvas.down * (s**2 / 500.0)
        wobble = 0.7 * np.sin(s[:, 0] / 5.0 - 40.0 * t_s)
        canvas.tube(stream, np.maximum(1.5 + wobble * s[:, 0] / 70.0, 0.6), agent)

    def _draw_leak(self, canvas: Canvas, now: State) -> None:
        """Around the bladder, contrast spreads between planes of fat, like flames."""
        agent = 0.55 * now.agent_g_cm3
        per = self.scale
        reach = min(now.leaked_ml / 60.0, 1.0) ** 0.4
        for line, radius in self._streaks:
            n = max(int(reach * len(line)), 3)
            canvas.tube(line[:n], radius[:n] * (0.5 + 0.5 * reach), agent)
        grams = 0.22 * now.leaked_ml * now.agent_g_cm3
        ends = np.array(
            [line[max(int(0.5 * reach * len(line)), 1)] for line, _ in self._streaks[::2]]
        )
        canvas.blobs(ends, (3.0 + 3.0 * reach) * per, grams / len(ends))

    def check(self, name: str, value: Any, t_s: float) -> Any:
        """Nobody voids an empty bladder, and nothing drains through a catheter that is out."""
        now = self.course.at(t_s)
        least = self.course.patient.residual_ml + 10.0
        if name == "Void" and now.bladder_ml < least:
            raise RefusedActionError(
                f"The bladder holds {now.bladder_ml:.0f} ml; voiding needs more than {least:.0f} "
                "ml.",
                "Fill it first (I).",
                code="FV-SIM-018",
            )
        if name == "Drain" and value and not now.catheter:
            raise RefusedActionError(
                "The catheter came out when the patient voided.",
                "Open the infusion (I), which inserts it again, then drain.",
                code="FV-SIM-019",
            )
        return value

    def sway_mm(self, t_s: float) -> tuple[float, float]:
        """Quiet breathing, and the strain of voiding."""
        strain = 0.4 if self.course.at(t_s).flow_ml_s > 0 else 0.0
        return 0.3 * float(np.sin(0.8 * t_s)), float(0.8 * np.sin(1.9 * t_s) + strain)

    def truth(self, t_s: float) -> Mapping[str, Any]:
        """Volumes in ml, pressure in cmH2O, concentration in g/cm³."""
        s = self.course.at(t_s)
        return {
            "bladder_ml": s.bladder_ml,
            "infused_ml": s.infused_ml,
            "voided_ml": s.voided_ml,
            "drained_ml": s.drained_ml,
            "reflux_left_ml": s.left_ml,
            "reflux_right_ml": s.right_ml,
            "diverticulum_ml": s.diverticulum_ml,
            "leaked_ml": s.leaked_ml,
            "urine_flow_ml_s": s.flow_ml_s,
            "pressure_cm_h2o": s.pressure_cm,
            "iodine_g_cm3": s.agent_g_cm3,
        }

    def status(self, t_s: float) -> str:
        """What the bladder holds and does."""
        s = self.course.at(t_s)
        held = f"Bladder {s.bladder_ml:.0f} ml"
        if s.flow_ml_s > 0.05:
            return f"Voiding {s.flow_ml_s:.0f} ml/s; {held}"
        if s.drip_ml_s > 0:
            return f"Drip open, shown {self.course.patient.fast:.0f} times as fast; {held}"
        if s.bladder_ml >= 0.98 * self.course.patient.capacity_ml:
            return f"Strong urge; {held}: void with V"
        if s.voided_ml > 1.0:
            return f"Voided {s.voided_ml:.0f} ml; {held} left"
        return f"{held}: open the drip with I" if s.infused_ml < 1.0 else held


def _normal(mesh: Mesh, at: int) -> FloatArray:
    """Outward at one vertex: cheaper than all normals of a mesh that is new in every pulse."""
    faces = mesh.faces[(mesh.faces == at).any(axis=1)]
    a, b, c = (mesh.vertices[faces[:, k]].astype(float) for k in range(3))
    out: FloatArray = np.cross(b - a, c - a).sum(axis=0)
    return out / float(np.linalg.norm(out))


def _streaks(seed: int, scale: float) -> list[tuple[np.ndarray, np.ndarray]]:
    """Ways that leaked contrast takes from the left side of the bladder's base."""
    rng = np.random.default_rng(seed + 90)
    lines = []
    for k in range(11):
        angle = np.deg2rad(-60 + 16 * k + rng.uniform(-6, 6))
        heading = np.array([np.cos(angle), rng.uniform(-0.35, 0.5), np.sin(angle)])
        s = np.linspace(0, rng.uniform(40, 86), 30)[:, None]
        bend = np.cumsum(np.cumsum(rng.normal(0, 0.09, (30, 3)), axis=0), axis=0)
        line = np.array([33.0, -36.0, -203.0]) + heading * s + bend
        lean = rng.uniform(1.4, 3.6) * np.sin(np.linspace(0.35, np.pi, 30)) ** 0.8 + 0.25
        lean *= 1.0 + 0.3 * np.sin(np.arange(30) * rng.uniform(0.6, 1.3))
        lines.append((line * scale, lean * scale))
    return lines


class Cystography(_Bladder):
    """The adult's bladder, filled through a balloon catheter."""

    info = known.CYSTOGRAPHY
    patients = known.ADULTS


class VoidingCystourethrography(_Bladder):
    """The child's bladder and urethra, for reflux."""

    info = known.VOIDING
    patients = known.CHILDREN
