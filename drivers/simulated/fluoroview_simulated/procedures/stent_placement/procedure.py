"""Stent placement in the superficial femoral artery: wire, balloon, self-expanding stent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from fluoroview_simulated.anatomy import limb_devices as devices
from fluoroview_simulated.anatomy import limb_vessels as arteries
from fluoroview_simulated.anatomy import regions_limbs as limbs
from fluoroview_simulated.anatomy.flow import Flow, Injection
from fluoroview_simulated.anatomy.implants import Kept
from fluoroview_simulated.anatomy.parts import BODY_SCALE, Part
from fluoroview_simulated.procedures.base import (
    OperatorActions,
    Procedure,
    ProcedureInfo,
    RefusedActionError,
)
from fluoroview_simulated.procedures.stent_placement.info import CONTROLS, INFO

if TYPE_CHECKING:
    from fluoroview_simulated.render.canvas import Canvas

AGENT_G_CM3, FLOW_ML_S, HAND_ML, HAND_ML_S = 0.30, 6.0, 7.0, 5.0
SHEATH_Z, LESION_Z = -338.0, -402.0
LESION_MM, STENOSIS, ONE_SIDED = 26.0, 0.80, 0.7
SPREAD_MM = 9.0
"""Length over which a self-expanding stent opens below the edge of its sheath."""
YIELD = {"stenosis": (0.50, 0.95), "underexpanded": (0.30, 0.45), "malposition": (0.40, 0.55)}
"""How much of the stenosis a balloon opens for good: bare, and held by a stent."""
HELD = {"stenosis": 0.45, "underexpanded": 0.30, "malposition": 0.3}
"""What the stent's own force opens."""
PLACED = {"underexpanded": 0.0, "malposition": -34.0}
"""Middle of the stent against the lesion, mm, in patients who come with one."""


class StentPlacement(Procedure):
    """One left thigh with a sheath in the femoral artery."""

    info: ClassVar[ProcedureInfo] = INFO

    def __init__(self, case: str, seed: int = 1, body: str = "medium") -> None:
        super().__init__(case, seed, body)
        self._scale = BODY_SCALE[body]
        start = {"WireAdvance": 190.0, "Deploy": devices.STENT_MM} if case in PLACED else {}
        self.actions = OperatorActions(
            [replace(c, default=start.get(c.name, c.default)) for c in CONTROLS]
        )
        tree = arteries.roughened(arteries.leg_tree(seed), seed, 0.08)
        self._tree = tree
        run = tree.run("femoral")
        self._run = run
        self.line = devices.Line(tree.points[run])
        self._healthy = tree.radius_mm[run]
        z = tree.points[run, 2]
        self.sheath = float(np.interp(-SHEATH_Z, -z, self.line.along))
        self.lesion = float(np.interp(-LESION_Z, -z, self.line.along)) - self.sheath
        self._metal = Kept()
        self._prepare_flow()
        self._prepare_plaque()

    def _prepare_flow(self) -> None:
        tree, run = self._tree, self._run
        node = int(run[np.searchsorted(self.line.along, self.sheath)])
        below = int(run[np.searchsorted(self.line.along, self.sheath + self.lesion)])
        self._fed = tree.downstream(node)
        self._beyond = tree.downstream(below)
        arrival = tree.arrival_s(200.0, 0.45)
        arrival = arrival - arrival[node]
        clock = arteries.pulsing()
        self._quick = Flow(np.maximum(arrival, 0.0), FLOW_ML_S, 0.2, 0.15, clock)
        late = np.maximum(arrival, 0.0) + 0.5 * self._beyond
        self._late = Flow(late, FLOW_ML_S, 0.5, 0.3, clock)
        self._painter = arteries.Painter(tree, ("profunda", *arteries.TIBIAL), ("femoral",))
        self._points = tree.points * self._scale

    def _prepare_plaque(self) -> None:
        """Flecks of calcium in the wall about the lesion: place on it, angle, size."""
        rng = np.random.default_rng((self.seed, 5))
        count = 70 if self.case == "underexpanded" else 34
        s = self.sheath + self.lesion + rng.normal(0, 11.0, count)
        self._flecks = s, rng.normal(0.0, 1.0, count), rng.gamma(1.6, 0.9, count)

    # ---- at rest ---------------------------------------------------------------------------

    def parts(self) -> Sequence[Part]:
        """Thigh and knee."""
        return [p.in_body(self.body) for p in (*limbs.leg_soft(), *limbs.leg_bones())]

    def sway_mm(self, t_s: float) -> tuple[float, float]:
        """The leg lies still."""
        return 0.08 * float(np.sin(0.7 * t_s)), 0.06 * float(np.sin(1.1 * t_s))

    # ---- state ---------------------------------------------------------------------------------

    def _value(self, name: str, t_s: float) -> float:
        """What stands now; who comes with a stent gets no second one."""
        if self.case in PLACED and name in ("StentAdvance", "Deploy"):
            return float(self.actions.controls[name].default)
        return float(self.actions.value(name, t_s))

    def stent_middle(self, t_s: float) -> float | None:
        """Where a stent stands that is at least partly free, mm below the sheath; None: nowhere."""
        if self.case in PLACED:
            return self.lesion + PLACED[self.case]
        freed = [t for t, v in self.actions.history("Deploy", t_s) if float(v) > 0.0]
        return self._value("StentAdvance", freed[0]) if freed else None

    def balloon(self, t_s: float) -> devices.Inflation:
        """The balloon's state."""
        switches = []
        for t, on in self.actions.history("Inflate", t_s):
            off = self._value("BalloonAdvance", t) - self.lesion
            switches.append((t, bool(on), abs(off) < 14.0))
        return devices.inflation(switches, t_s)

    def opened(self, t_s: float) -> float:
        """Share of the stenosis that is gone."""
        pressed = 1.0 - np.exp(-self.balloon(t_s).pressed_s / 0.9)
        bare, held = YIELD[self.case]
        covered = self._covers(t_s)
        share = float(pressed) * (held if covered else bare)
        return max(share, HELD[self.case]) if covered else share

    def _covers(self, t_s: float) -> bool:
        middle = self.stent_middle(t_s)
        free = self._value("Deploy", t_s)
        if middle is None:
            return False
        low = middle + devices.STENT_MM / 2
        return low - free < self.lesion - 8.0 and low > self.lesion + 8.0

    def _profile(self, s: np.ndarray, t_s: float) -> tuple[np.ndarray, np.ndarray]:
        """Radius of the lumen, and how far its middle is aside, at lengths from the root."""
        healthy = np.interp(s, self.line.along, self._healthy)
        away = np.abs(s - self.sheath - self.lesion) / (LESION_MM / 2)
        shape = np.cos(np.pi / 2 * np.minimum(away, 1.0)) ** 1.4
        rough = 1.0 + 0.12 * np.sin(1.7 * s) * shape
        radius = healthy * (1.0 - STENOSIS * (1.0 - self.opened(t_s)) * shape * rough)
        pressed = self.balloon(t_s).pressure
        if pressed > 0.6 and abs(self._value("BalloonAdvance", t_s) - self.lesion) < 14.0:
            now = 1.0 - STENOSIS * (1.0 - self._while_pressed(t_s)) * shape
            radius = np.maximum(radius, healthy * now)
        return radius, ONE_SIDED * (healthy - radius) * shape

    def _while_pressed(self, t_s: float) -> float:
        """The waist yields further under pressure than stays when it is let out."""
        hard = 0.7 if self.case == "underexpanded" else 0.97
        return hard * (1.0 - float(np.exp(-self.balloon(t_s).pressed_s / 0.7)))

    # ---- the pulse ---------------------------------------------------------------------------

    def draw(self, t_s: float, canvas: Canvas) -> None:
        """Plaque, devices, stent, contrast."""
        lumen = self.truth(t_s)["lumen_radius_mm"]
        state = (*(self._value(c.name, t_s) for c in CONTROLS[:5] if c.name != "Inflate"),
                 round(lumen, 2))  # fmt: skip
        self._metal.draw(canvas, state, lambda: self._draw_metal(canvas, t_s))
        self._draw_plaque(canvas, t_s)
        self._draw_balloon(canvas, t_s)
        self._draw_contrast(canvas, t_s)

    def _draw_metal(self, canvas: Canvas, t_s: float) -> None:
        k = self._scale
        devices.draw_shaft(canvas, self.line, 0.0, self.sheath, 1.25, k, 0.035)
        devices.draw_marker(canvas, self.line, self.sheath - 1.0, 1.3, k)
        wire = self._value("WireAdvance", t_s)
        if wire > 0.0:
            devices.draw_wire(canvas, self.line, 0.0, self.sheath + wire, k)
        middle = self._value("BalloonAdvance", t_s)
        if middle > 0.0:
            at, half = self.sheath + middle, devices.BALLOON_MM / 2
            devices.draw_shaft(canvas, self.line, 0.0, at + half + 6.0, 0.8, k)
            devices.draw_marker(canvas, self.line, at - half, 0.7, k)
            devices.draw_marker(canvas, self.line, at + half, 0.7, k)
        self._draw_stent(canvas, t_s)

    def _draw_plaque(self, canvas: Canvas, t_s: float) -> None:
        s, angle, size = self._flecks
        radius, aside = self._profile(s, t_s)
        healthy = np.interp(s, self.line.along, self._healthy)
        middle = 0.5 * (radius + healthy) + 0.3
        points = self.line.around(s, middle, np.pi + angle) + (
            self.line.at(s, aside) - self.line.at(s)
        )
        canvas.blobs(points * self._scale, 0.45, size * 1e-3, "bone")

    def _draw_balloon(self, canvas: Canvas, t_s: float) -> None:
        pressure = self.balloon(t_s).pressure
        if pressure > 0.02:
            at = self.sheath + self._value("BalloonAdvance", t_s)
            x = np.linspace(at - devices.BALLOON_MM / 2, at + devices.BALLOON_MM / 2, 40)
            room, _ = self._profile(x, t_s)
            away = np.abs(x - self.sheath - self.lesion) > LESION_MM / 2
            room = np.where(away, devices.BALLOON_RADIUS_MM, room * 0.98)
            devices.draw_balloon(canvas, self.line, at, pressure, room, self._scale)

    def _draw_stent(self, canvas: Canvas, t_s: float) -> None:
        k, carrier = self._scale, self._value("StentAdvance", t_s)
        middle, freed = self.stent_middle(t_s), self._value("Deploy", t_s)
        half = devices.STENT_MM / 2
        if carrier > 0.0:
            at = self.sheath + carrier
            edge = at + half - freed
            devices.draw_shaft(canvas, self.line, 0.0, edge, 1.0, k, 0.05)
            devices.draw_marker(canvas, self.line, edge, 1.05, k)
            devices.draw_shaft(canvas, self.line, edge, at + half + 12.0, 0.55, k)
            devices.draw_marker(canvas, self.line, at + half + 3.0, 0.6, k)
            devices.draw_marker(canvas, self.line, at - half - 1.0, 0.6, k)
        if middle is None and carrier <= 0.0:
            return
        at = self.sheath + (carrier if middle is None else middle)
        s = np.linspace(at - half, at + half, 64)
        lumen, _ = self._profile(s, t_s)
        healthy = np.interp(s, self.line.along, self._healthy)
        wide = np.where(lumen > 0.9 * healthy, np.minimum(devices.STENT_RADIUS_MM, healthy * 1.03),
                        lumen * 1.03)  # fmt: skip
        edge = at + half - freed
        share = np.clip((s - edge) / SPREAD_MM, 0.0, 1.0)
        if freed >= devices.STENT_MM:
            share[:] = 1.0
        share = share * share * (3.0 - 2.0 * share)
        radius = devices.CRIMPED_MM + share * (np.maximum(wide, 0.9) - devices.CRIMPED_MM)
        devices.draw_stent(canvas, self.line, at - half, radius, k)

    def _shots(self, t_s: float) -> list[Injection]:
        times = self.actions.times("Inject", t_s)
        return [Injection(t, HAND_ML, HAND_ML_S, AGENT_G_CM3) for t in times if t_s - t < 40.0]

    def _draw_contrast(self, canvas: Canvas, t_s: float) -> None:
        shots = self._shots(t_s)
        if not shots:
            return
        if any(t_s < i.span_s[1] + 0.1 for i in shots):
            inner = np.arange(0.0, self.sheath, 3.0)
            canvas.tube(self.line.at(inner) * self._scale, 0.95, AGENT_G_CM3, "contrast")
        quick = self._quick.concentration(t_s, shots)
        slow = self._late.concentration(t_s, shots)
        open_ = self.opened(t_s)
        c = np.where(self._beyond, slow + open_ * (quick - slow), quick) * self._fed
        c = c * np.where(self._beyond, 1.0 - self.balloon(t_s).pressure, 1.0)
        if c.max() < 0.004:
            return
        self._painter.draw(canvas, c, self._points)
        s = np.arange(self.sheath - 24.0, self.line.along[-1], 1.5)
        radius, aside = self._profile(s, t_s)
        back = np.exp(-np.maximum(self.sheath - s, 0.0) / 7.0)  # reflux along the sheath
        amount = np.interp(np.maximum(s, self.sheath + 1.0), self.line.along, c[self._run]) * back
        points = self.line.at(s, aside) * self._scale
        canvas.tube(points, radius * self._scale, np.where(amount > 0.003, amount, 0.0), "contrast")

    # ---- the operator ------------------------------------------------------------------------

    def check(self, name: str, value: Any, t_s: float) -> Any:
        """Refuses what would hurt the patient or cannot be done, and says what can."""
        if name == "Inject":
            last = [i.span_s[1] for i in self._shots(t_s)]
            if last and t_s < last[-1]:
                raise RefusedActionError(
                    "The previous injection is still running; it takes 1.4 s.",
                    "Wait, then press I again.",
                    code="FV-SIM-038",
                )
        elif name == "WireAdvance":
            self._check_wire(float(value), t_s)
        elif name in ("BalloonAdvance", "Inflate"):
            self._check_balloon(name, value, t_s)
        elif self.case in PLACED:
            raise RefusedActionError(
                "This patient already has a stent.",
                "Dilate it with the balloon (Shift+↑, B), or choose the stenosis case to place "
                "one.",
                code="FV-SIM-039",
            )
        elif name == "StentAdvance":
            self._check_stent(float(value), t_s)
        else:
            self._check_deploy(float(value), t_s)
        return value

    def _check_wire(self, value: float, t_s: float) -> None:
        room = float(self.line.along[-1]) - self.sheath - 8.0
        if value > room:
            raise RefusedActionError(
                f"Too deep: the wire would perforate the end of the vessel at {room:.0f} mm.",
                "Keep its tip in the popliteal artery (↓).",
                code="FV-SIM-040",
            )
        deep = max(self._value("BalloonAdvance", t_s), self._value("StentAdvance", t_s))
        if deep > 0.0 and value < deep + 45.0:
            raise RefusedActionError(
                f"A device lies over the wire at {deep:g} mm and would lose its guide.",
                "Withdraw the device first (Shift+↓, Shift+T).",
                code="FV-SIM-041",
            )

    def _needs_wire(self, name: str, value: float, half: float, t_s: float) -> None:
        wire = self._value("WireAdvance", t_s)
        if value > 0.0 and value + half + 12.0 > wire:
            raise RefusedActionError(
                f"The wire must lead by {half + 12.0:.0f} mm, and its tip is at {wire:g} mm.",
                "Advance the wire across the stenosis (↑) first.",
                code="FV-SIM-042",
            )

    def _check_balloon(self, name: str, value: Any, t_s: float) -> None:
        if name == "Inflate":
            if value and self._value("BalloonAdvance", t_s) < devices.BALLOON_MM / 2 + 2.0:
                raise RefusedActionError(
                    "The balloon is still in the sheath and would burst it.",
                    f"Advance it (Shift+↑) to {devices.BALLOON_MM / 2 + 2.0:.0f} mm or more.",
                    code="FV-SIM-043",
                )
            return
        if self.balloon(t_s).pressure > 0.15:
            raise RefusedActionError(
                "The inflated balloon would tear the vessel.",
                "Deflate it (B), wait 1 s, then move it.",
                code="FV-SIM-044",
            )
        if float(value) > 0.0 and self._value("StentAdvance", t_s) > 0.0:
            raise RefusedActionError(
                "The delivery system of the stent is on the wire.",
                "Withdraw it (Shift+T) to 0 mm first.",
                code="FV-SIM-045",
            )
        self._needs_wire(name, float(value), devices.BALLOON_MM / 2, t_s)

    def _check_stent(self, value: float, t_s: float) -> None:
        if value > 0.0 and self._value("BalloonAdvance", t_s) > 0.0:
            raise RefusedActionError(
                "The balloon is on the wire.",
                "Withdraw it (Shift+↓) to 0 mm first.",
                code="FV-SIM-046",
            )
        freed = self._value("Deploy", t_s)
        if 0.0 < freed < devices.STENT_MM:
            raise RefusedActionError(
                f"The stent is open over {freed:g} mm and grips the wall.",
                "Release it completely (D) before moving the delivery system.",
                code="FV-SIM-047",
            )
        if freed >= devices.STENT_MM and value > self._value("StentAdvance", t_s):
            raise RefusedActionError(
                "The delivery system is empty.",
                "It can only be withdrawn (Shift+T).",
                code="FV-SIM-048",
            )
        self._needs_wire("StentAdvance", value, devices.STENT_MM / 2, t_s)

    def _check_deploy(self, value: float, t_s: float) -> None:
        wire = self._value("WireAdvance", t_s)
        if wire < self.lesion + LESION_MM / 2:
            raise RefusedActionError(
                f"The wire is not across the stenosis; its tip is {wire:g} mm beyond the sheath.",
                f"Advance it (↑) to {self.lesion + 60.0:.0f} mm, then the stent (T).",
                code="FV-SIM-049",
            )
        if self._value("StentAdvance", t_s) < devices.STENT_MM / 2 + 2.0:
            raise RefusedActionError(
                "The stent is still in the sheath.",
                f"Advance it (T) to {devices.STENT_MM / 2 + 2.0:.0f} mm or more, its markers on "
                "either side of the stenosis.",
                code="FV-SIM-050",
            )
        if value < self._value("Deploy", t_s):
            raise RefusedActionError(
                "An open stent cannot be recaptured.",
                "It can only be released further (D).",
                code="FV-SIM-051",
            )

    def status(self, t_s: float) -> str:
        """What stands where."""
        left = 100.0 * STENOSIS * (1.0 - self.opened(t_s))
        text = f"Stenosis {left:.0f} %"
        if (pressure := self.balloon(t_s).pressure) > 0.02:
            text += f", balloon {12.0 * pressure:.0f} atm"
        if 0.0 < self._value("Deploy", t_s) < devices.STENT_MM:
            text += f", stent {self._value('Deploy', t_s):.0f} of {devices.STENT_MM:.0f} mm open"
        return text

    def truth(self, t_s: float) -> Mapping[str, Any]:
        """Devices and lumen."""
        wire = self.sheath + self._value("WireAdvance", t_s)
        at = np.array([self.sheath + self.lesion])
        return {
            "wire_tip_mm": (self.line.at(wire)[0] * self._scale).tolist(),
            "stenosis_percent": 100.0 * STENOSIS * (1.0 - self.opened(t_s)),
            "lumen_radius_mm": float(self._profile(at, t_s)[0][0]),
            "balloon_pressure": self.balloon(t_s).pressure,
            "stent_middle_mm": self.stent_middle(t_s),
            "stent_open_mm": self._value("Deploy", t_s),
        }
