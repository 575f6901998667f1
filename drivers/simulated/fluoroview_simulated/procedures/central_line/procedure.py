"""Central venous catheter: a wire that may take the wrong vein, a catheter over it, its tip."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from fluoroview_simulated.anatomy import central_veins as veins
from fluoroview_simulated.anatomy.flow import Flow, Injection
from fluoroview_simulated.anatomy.heart import Heart, Rhythm
from fluoroview_simulated.anatomy.moving_chest import MovingChest
from fluoroview_simulated.anatomy.parts import BODY_SCALE, Part
from fluoroview_simulated.anatomy.regions_head import cervical_spine, head_soft
from fluoroview_simulated.anatomy.regions_skeleton import left, right, spine
from fluoroview_simulated.anatomy.sliding import Slide, Way, pointing, relaxed
from fluoroview_simulated.anatomy.vessels import smooth_line
from fluoroview_simulated.arrays import FloatArray
from fluoroview_simulated.procedures.base import Procedure, ProcedureInfo, RefusedActionError
from fluoroview_simulated.procedures.central_line.info import INFO

if TYPE_CHECKING:
    from fluoroview_simulated.anatomy.view import View
    from fluoroview_simulated.render.canvas import Canvas, ViewLayers

WIRE_RADIUS_MM, CATHETER_RADIUS_MM = 0.45, 1.2
BEND_DEG, J_RADIUS_MM = 60.0, 3.2
AGENT_G_CM3, SHOT_ML, SHOT_ML_S = 0.30, 5.0, 3.0
CASES = {
    "good": "right jugular",
    "malposition": "right subclavian",
    "azygos": "left subclavian",
}
WELL_MM = (-25.0, 12.0)
"""Tip from the cavo-atrial junction along the vein: what is called well placed."""


@dataclass(frozen=True, eq=False)
class _Lie:
    """A device at rest: its line, and how far from the skin each point is."""

    points: np.ndarray
    along_mm: np.ndarray


class CentralLine(Procedure):
    """One patient on the table with a wire in a vein of neck or arm."""

    info: ClassVar[ProcedureInfo] = INFO

    def __init__(self, case: str, seed: int = 1, body: str = "medium") -> None:
        super().__init__(case, seed, body)
        self.access = veins.ACCESS[CASES[case]]
        self._tree = veins.veins(CASES[case])
        self._slide = Slide(self._tree, BEND_DEG, self.access.side)
        self.heart, self.rhythm = Heart(), Rhythm(breath_s=4.8, seed=seed)
        self._chest = MovingChest(self.heart, body, seed)
        self._scale = BODY_SCALE[body]
        self._tail, _ = smooth_line(self.access.tail, 4.0)
        self._found = lru_cache(maxsize=64)(self._slide.way)
        self._lain = lru_cache(maxsize=64)(self._lie)
        self._streams = lru_cache(maxsize=16)(self._stream)

    def parts(self) -> Sequence[Part]:
        """Chest without lungs and heart, with the shoulder girdle and the root of the neck."""
        more = [*spine("T1", "T2", self.seed), *cervical_spine("C3", "C7"), *head_soft()]
        for side in (left, right):
            more.append(side("clavicle", bone=0.25, shell_mm=0.8, grain=0.4))
            more.append(side("scapula", bone=0.20, shell_mm=0.5, grain=0.4))
        return [*self._chest.parts(), *(p.in_body(self.body) for p in more)]

    def layers(self, view: View, layers: ViewLayers) -> None:
        """Lungs and heart."""
        self._chest.layers(layers)

    # ---- where things are --------------------------------------------------------------------

    def _moves(self, t_s: float) -> tuple[tuple[float, float], ...]:
        """Every state of the wire up to `t_s`: insertion and rotation."""
        actions = [  # what is turned at the same moment is turned first
            (t, k, float(v))
            for k, name in ((0, "GuidewireRotate"), (1, "GuidewireAdvance"))
            for t, v in self.actions.history(name, t_s)
        ]
        state = [0.0, float(self.actions.controls["GuidewireAdvance"].default)]
        moves = [(state[1], state[0])]
        for _, k, value in sorted(actions):
            state[k] = value
            moves.append((state[1], state[0]))
        return tuple(moves)

    def way(self, t_s: float) -> Way:
        """The way of the wire through the veins."""
        return self._found(self._moves(t_s))

    def _depth_mm(self, t_s: float) -> float:
        return float(self.actions.value("CatheterAdvance", t_s))

    def _wire_in(self, t_s: float) -> bool:
        return not self.actions.value("GuidewireOut", t_s)

    def _lie(self, moves: tuple[tuple[float, float], ...], to_mm: float, thick: float) -> _Lie:
        """A device as it lies relaxed in the veins, from the skin to `to_mm`."""
        way = self._found(moves)
        s = np.linspace(0.0, max(to_mm, 2.0), max(int(to_mm / 2.0), 3))
        nodes = self._tree.points[way.nodes]
        middle = np.stack([np.interp(s, way.along_mm, nodes[:, k]) for k in range(3)], axis=1)
        room = np.interp(s, way.along_mm, self._tree.radius_mm[way.nodes]) - thick
        # At a fork there is more room than in either vein: the last rounds know no walls.
        return _Lie(relaxed(relaxed(middle, 0.85 * room, 160), 9.0, 30), s)

    def _stream(
        self, moves: tuple[tuple[float, float], ...], to_mm: float, vein: str
    ) -> veins.Stream:
        """Where the blood takes what leaves a catheter that lies `to_mm` deep."""
        return veins.stream(self._lain(moves, to_mm, CATHETER_RADIUS_MM).points, vein)

    def _swaying(self, points: FloatArray, t_s: float) -> FloatArray:
        """Points carried by heart and breath, the more the nearer to the heart."""
        beat, breath = self.rhythm.contraction(t_s), self._breath_mm(t_s)
        near = np.clip((320.0 - points[:, 2]) / 110.0, 0.0, 1.0)[:, None]
        moved: FloatArray = points + near * (np.array([0.8, -0.6, -1.6]) * beat)
        moved = moved + near * np.array([0.0, -0.05, -0.45]) * breath
        return moved * self._scale

    def _breath_mm(self, t_s: float) -> float:
        return 0.7 * self.rhythm.breath_mm(t_s, self.actions.history("BreathHold", t_s))

    def tip_mm(self, t_s: float) -> FloatArray:
        """The catheter's tip, or the wire's if it leads."""
        depth, way = self._depth_mm(t_s), self.way(t_s)
        to = max(depth, way.inserted_mm) if self._wire_in(t_s) else depth
        lie = self._lain(self._moves(t_s), to, WIRE_RADIUS_MM)
        tip: FloatArray = self._swaying(lie.points[-1:], t_s)[0]
        return tip

    # ---- drawing -----------------------------------------------------------------------------

    def draw(self, t_s: float, canvas: Canvas) -> None:
        """Lungs and heart, wire, catheter, contrast."""
        self._chest.draw(canvas, self.rhythm.contraction(t_s), self._breath_mm(t_s))
        if self._wire_in(t_s):
            self._draw_wire(canvas, t_s)
        if self._depth_mm(t_s) > 0.0:
            self._draw_catheter(canvas, t_s)
        self._draw_contrast(canvas, t_s)

    def _draw_wire(self, canvas: Canvas, t_s: float) -> None:
        way = self.way(t_s)
        lie = self._lain(self._moves(t_s), way.inserted_mm, WIRE_RADIUS_MM)
        inside = self._swaying(lie.points, t_s)
        hook = self._hook(inside, way)
        tail = self._tail * self._scale
        canvas.tube(np.concatenate([tail[:-1], inside, hook]), WIRE_RADIUS_MM, 1.0, "metal")

    def _hook(self, inside: FloatArray, way: Way) -> FloatArray:
        """The J at the tip, as far as the vein lets it curl."""
        forward = inside[-1] - inside[-2]
        forward /= np.linalg.norm(forward)
        side = pointing(forward, way.side, way.rotation_deg, np.pi / 2)
        room = float(np.interp(way.inserted_mm, way.along_mm, way.tree.radius_mm[way.nodes]))
        curl = np.linspace(0.0, np.deg2rad(200.0) * min(1.0, room / 5.0), 14)[1:, None]
        r = J_RADIUS_MM
        hook: FloatArray = inside[-1] + r * (np.sin(curl) * forward + (1.0 - np.cos(curl)) * side)
        return hook

    def _draw_catheter(self, canvas: Canvas, t_s: float) -> None:
        """A shaft that is hardly seen, with an opaque stripe."""
        lie = self._lain(self._moves(t_s), self._depth_mm(t_s), CATHETER_RADIUS_MM)
        inside = self._swaying(lie.points, t_s)
        line = np.concatenate([self._tail[:-1] * self._scale, inside])
        canvas.tube(line, CATHETER_RADIUS_MM, 0.07, "metal")
        tangent = np.gradient(line, axis=0)
        off = np.cross(tangent, (0.3, 1.0, 0.2))
        off /= np.linalg.norm(off, axis=1, keepdims=True)
        canvas.tube(line + 0.75 * off, 0.35, 0.8, "metal")

    def _draw_contrast(self, canvas: Canvas, t_s: float) -> None:
        """Portions of contrast that leave the tip and follow the blood."""
        for start in self.actions.times("Inject", t_s):
            age = t_s - start
            if age > 14.0 or self._depth_mm(start) <= 0.0:
                continue
            lie = self._lain(self._moves(start), self._depth_mm(start), CATHETER_RADIUS_MM)
            if age < SHOT_ML / SHOT_ML_S:
                canvas.tube(self._swaying(lie.points, t_s), 0.7, AGENT_G_CM3, "contrast")
            blood = self._streams(self._moves(start), self._depth_mm(start), self._vein(start))
            self._draw_stream(canvas, blood, start, t_s)

    def _draw_stream(self, canvas: Canvas, blood: veins.Stream, start: float, t_s: float) -> None:
        """A streak in the veins, clouds in the chambers of the heart."""
        flow = Flow(blood.arrival_s, blood.flow_ml_s[0], 0.15, 0.35)
        shot = Injection(start, SHOT_ML, SHOT_ML_S, AGENT_G_CM3)
        c = flow.concentration(t_s, [shot]) * blood.flow_ml_s[0] / blood.flow_ml_s
        place = self._swaying(blood.points, t_s)
        mixing = np.minimum(1.0, 0.25 + np.arange(len(c)) * 3.0 / 25.0)  # a jet that widens
        radius = blood.radius_mm * mixing
        c = np.minimum(c / mixing**2, AGENT_G_CM3)
        vein = blood.radius_mm <= veins.HEART_MM
        last = len(c) if vein.all() else int(np.argmin(vein))
        if last > 1 and c[:last].max() > 0.002:
            canvas.tube(place[:last], radius[:last] * self._scale, c[:last], "contrast")
        grams = c * np.pi * radius**2 * 3.0 * 1e-3
        for k in range(last, len(c), 5):
            here = slice(k, k + 5)
            held = float(grams[here].sum())
            if held > 1e-4:
                canvas.blobs(place[here].mean(axis=0), 0.55 * float(radius[here].mean()), held)

    # ---- the operator ------------------------------------------------------------------------

    def _vein(self, t_s: float) -> str:
        """The vein in which the catheter's tip lies."""
        return self.way(t_s).branch_at(self._depth_mm(t_s))

    def check(self, name: str, value: Any, t_s: float) -> Any:
        """Refuses what would hurt the patient or cannot be done, and says what can."""
        if name == "GuidewireAdvance":
            self._check_wire(float(value), t_s)
        if name == "CatheterAdvance":
            self._check_catheter(float(value), t_s)
        if name == "GuidewireOut" and value and self._depth_mm(t_s) <= 0.0:
            raise RefusedActionError(
                "Access would be lost: no catheter is in the vein yet.",
                "Advance the catheter over the wire (Shift+↑), then remove the wire (W).",
                code="FV-SIM-005",
            )
        if name == "Inject":
            if self._depth_mm(t_s) <= 0.0:
                raise RefusedActionError(
                    "No catheter is in the vein yet.",
                    "Advance it over the wire (Shift+↑), then remove the wire (W).",
                    code="FV-SIM-006",
                )
            if self._wire_in(t_s):
                raise RefusedActionError(
                    "The guidewire occludes the catheter.",
                    "Remove the wire (W), then inject.",
                    code="FV-SIM-007",
                )
        return value

    def _check_wire(self, value: float, t_s: float) -> None:
        if not self._wire_in(t_s):
            raise RefusedActionError("The guidewire is out.", "Reinsert it (W).", code="FV-SIM-008")
        if value < self._depth_mm(t_s):
            raise RefusedActionError(
                f"The wire would slip into the catheter, whose tip is at {self._depth_mm(t_s):g} "
                "mm.",
                "Withdraw the catheter first (Shift+↓).",
                code="FV-SIM-009",
            )
        moves = self._moves(t_s)
        way = self._found((*moves, (value, moves[-1][1])))
        if way.inserted_mm < value - 0.01:
            raise RefusedActionError(
                f"Too deep: the wire would perforate the {way.branch} at {way.end_mm:.0f} mm.",
                "Withdraw (↓) and rotate (← →).",
                code="FV-SIM-010",
            )

    def _check_catheter(self, value: float, t_s: float) -> None:
        advanced = value > self._depth_mm(t_s)
        if advanced and not self._wire_in(t_s):
            raise RefusedActionError(
                "Without the wire the catheter could perforate the vein.",
                "Reinsert the wire (W); withdrawing the catheter is allowed (Shift+↓).",
                code="FV-SIM-011",
            )
        wire = self.way(t_s).inserted_mm
        if advanced and value > wire - 5.0:
            raise RefusedActionError(
                f"The wire must lead by 5 mm, and its tip is at {wire:.0f} mm.",
                "Advance the wire first (↑).",
                code="FV-SIM-012",
            )

    def truth(self, t_s: float) -> Mapping[str, Any]:
        """Devices, the vein that each tip is in, and how far from the cavo-atrial junction."""
        way, depth = self.way(t_s), self._depth_mm(t_s)
        return {
            "guidewire_mm": way.inserted_mm,
            "guidewire_vein": way.branch if self._wire_in(t_s) else "",
            "catheter_mm": depth,
            "catheter_vein": self._vein(t_s) if depth > 0.0 else "",
            "tip_mm": self.tip_mm(t_s).tolist(),
            "tip_from_junction_mm": self._from_junction(t_s),
            "well_placed": self._well_placed(t_s),
            "breath_mm": self._breath_mm(t_s),
            "contraction": self.rhythm.contraction(t_s),
            "injected_ml": SHOT_ML * len(self.actions.times("Inject", t_s)),
        }

    def _from_junction(self, t_s: float) -> float | None:
        """How far the catheter is beyond the cavo-atrial junction; None in another vein."""
        depth, way = self._depth_mm(t_s), self.way(t_s)
        line = self._tree.points[way.nodes]
        gap = np.linalg.norm(line - veins.JUNCTION, axis=1)
        if depth <= 0.0 or gap.min() > 3.0:
            return None
        return depth - float(way.along_mm[int(np.argmin(gap))])

    def _well_placed(self, t_s: float) -> bool:
        beyond = self._from_junction(t_s)
        return beyond is not None and WELL_MM[0] <= beyond <= WELL_MM[1]

    def status(self, t_s: float) -> str:
        """Where the tips are."""
        depth, way = self._depth_mm(t_s), self.way(t_s)
        if self._wire_in(t_s) and way.branch == "right ventricle":
            return "Extra beats: the wire is in the right ventricle, withdraw it with Down"
        if depth <= 0.0:
            return f"Wire {way.inserted_mm:.0f} mm, in the {way.branch}"
        beyond = self._from_junction(t_s)
        place = f"Catheter {depth:.0f} mm, in the {self._vein(t_s)}"
        if beyond is None or abs(beyond) > 80.0:
            return place
        side = "beyond" if beyond > 0 else "above"
        return f"{place}, {abs(beyond):.0f} mm {side} the cavo-atrial junction"
