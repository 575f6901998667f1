"""Orthopaedic guidance at the hip: a fracture is reduced on the table and fixed with a nail.

The shaft hangs on the table's traction and moves with it; the head stays in the socket. Nail and
screw are guided through the shaft, so they move with it too. All directions are the patient's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from fluoroview_simulated.anatomy import implants
from fluoroview_simulated.anatomy import regions_limbs as limbs
from fluoroview_simulated.anatomy.parts import BODY_SCALE, Part
from fluoroview_simulated.procedures.base import (
    Control,
    OperatorActions,
    Procedure,
    ProcedureInfo,
    RefusedActionError,
)
from fluoroview_simulated.procedures.femoral_nailing.info import (
    CAMERA,
    CONTROLS,
    EXTERNAL_DEG,
    FIXED,
    INFO,
    SEATED_MM,
    SHORT_MM,
    VARUS_DEG,
)

if TYPE_CHECKING:
    from fluoroview_simulated.render.canvas import Canvas

HEAD = np.array((90.0, 15.0, -200.0))
HEAD_RADIUS_MM = 24.0
NECK_END = np.array((134.5, 27.0, -243.0))
NECK_RADIUS_MM = 13.0
BREAK = (134.0, 30.0, -247.0)
TRACK = [
    (144.7, 33, -199), (139.5, 29.5, -231), (134.6, 26, -262), (133, 24, -290), (129.5, 19, -340),
    (125.9, 16.5, -380), (122, 14.5, -420),
]  # fmt: skip
NAIL_MM, LAG_HOLE_MM = 180.0, 54.0
REAM_MM = 75.0
LATERAL_MM = 21.0
"""From the middle of the nail's hole to the lateral cortex, along the screw."""


@dataclass(frozen=True)
class Aim:
    """The way of the lag screw now: it leaves the nail's hole towards the head.

    Attributes:
        start: at the lateral cortex.
        direction: unit vector towards the head.
        limit_mm: from the start to where it would leave the bone.
        into_joint: whether it leaves through the head and not through the neck.
    """

    start: np.ndarray
    direction: np.ndarray
    limit_mm: float
    into_joint: bool

    def at(self, mm: float) -> np.ndarray:
        """A point on it."""
        return self.start + self.direction * mm


class FemoralNailing(Procedure):
    """One hip on the fracture table."""

    info: ClassVar[ProcedureInfo] = INFO

    def __init__(self, case: str, seed: int = 1, body: str = "medium") -> None:
        super().__init__(case, seed, body)
        self._scale = BODY_SCALE[body]
        fixed = FIXED.get(case, {})
        self.actions = OperatorActions([_started(c, fixed.get(c.name)) for c in CONTROLS])
        # A healed or healing hip: the leg is straight, and the head has turned in its socket.
        varus = VARUS_DEG - fixed.get("Abduction", VARUS_DEG)
        self._settled = implants.pose(HEAD, 0.0, -0.8 * varus, 0.0, (0.0, 0.0, 0.0))
        self._track = implants.Track(TRACK)
        self._metal = implants.Kept()
        self._shaft = implants.Fragment([p.in_body(body) for p in limbs.shaft_fragment()])

    # ---- at rest ---------------------------------------------------------------------------

    def parts(self) -> Sequence[Part]:
        """Pelvis, soft tissue, and of the femur what the table does not move."""
        broken = [replace(p, mesh=p.mesh.moved(*self._settled)) for p in limbs.head_fragment()]
        femur = limbs.hip_bones() if self.case == "normal" else broken
        return [p.in_body(self.body) for p in (*limbs.hip_soft(), *limbs.hip_socket(), *femur)]

    def sway_mm(self, t_s: float) -> tuple[float, float]:
        """Under anaesthesia only the ventilator moves the pelvis."""
        return 0.0, 0.15 * float(np.sin(1.3 * t_s))

    # ---- where things are --------------------------------------------------------------------

    def _value(self, name: str, t_s: float) -> float:
        """What stands now; a finished or a sound patient is not operated on."""
        if self.case != "displaced":
            return float(self.actions.controls[name].default)
        return float(self.actions.value(name, t_s))

    def pose(self, t_s: float) -> tuple[np.ndarray, np.ndarray]:
        """Matrix and shift that bring the sound shaft to where it is now."""
        if self.case == "normal":
            return np.eye(3), np.zeros(3)
        short, varus, external = self.displacement(t_s)
        part = short / SHORT_MM
        shift = (7.0 * max(part, 0.0), 4.0 * max(part, 0.0), short)
        matrix, moved = implants.pose(BREAK, -0.25 * external, varus, external, shift)
        return self._settled[0] @ matrix, self._settled[0] @ moved + self._settled[1]

    def displacement(self, t_s: float) -> tuple[float, float, float]:
        """Shortening in mm, varus and outward rotation in degrees that are left."""
        return (
            SHORT_MM - self._value("Traction", t_s),
            VARUS_DEG - self._value("Abduction", t_s),
            EXTERNAL_DEG - self._value("Rotation", t_s),
        )

    def aim(self, t_s: float, nail_mm: float, turn_deg: float) -> Aim:
        """Where the lag screw would go with the nail at this depth and turn."""
        matrix, shift = self.pose(t_s)
        ideal = self._track.at(SEATED_MM - NAIL_MM + LAG_HOLE_MM)
        to_head = HEAD - ideal - np.array((0.0, 0.0, 2.5))
        hole = self._track.at(nail_mm - NAIL_MM + LAG_HOLE_MM)
        axis = self._track.at(0.0) - self._track.at(60.0)
        d = _turned(to_head / np.linalg.norm(to_head), axis / np.linalg.norm(axis), turn_deg)
        start = matrix @ (hole - d * LATERAL_MM) + shift
        direction = matrix @ d
        limit, into_joint = _way_out(start, direction, self._settled[0] @ (NECK_END - HEAD))
        return Aim(start, direction, limit, into_joint)

    def _aim_now(self, t_s: float) -> Aim:
        return self.aim(t_s, self._value("Nail", t_s), self._value("NailTurn", t_s))

    def tip_apex_mm(self, t_s: float) -> float | None:
        """Tip-apex distance: of both views, added, without magnification."""
        deep = max(self._value("LagScrew", t_s), self._value("LagWire", t_s))
        if deep <= 0.0 or self.case == "normal":
            return None
        axis = self._settled[0] @ (HEAD - NECK_END) / np.linalg.norm(HEAD - NECK_END)
        off = self._aim_now(t_s).at(deep) - (HEAD + axis * HEAD_RADIUS_MM)
        along = float(off @ np.array((axis[0], 0.0, axis[2])) / np.hypot(axis[0], axis[2]))
        return float(np.hypot(off[0], off[2]) + np.hypot(along, off[1]))

    # ---- the pulse ---------------------------------------------------------------------------

    def draw(self, t_s: float, canvas: Canvas) -> None:
        """The shaft where it is now, and the metal."""
        if self.case == "normal":
            return
        matrix, shift = self.pose(t_s)
        self._shaft.draw(canvas, matrix, shift * self._scale)
        state = tuple(self._value(c.name, t_s) for c in CONTROLS)
        self._metal.draw(canvas, state, lambda: self._draw_metal(canvas, t_s))

    def _draw_metal(self, canvas: Canvas, t_s: float) -> None:
        track = self._track.moved(*self.pose(t_s), self._scale)
        nail_mm = self._value("Nail", t_s)
        if nail_mm > 0.0:
            self._draw_nail(canvas, t_s, track, nail_mm)
            self._draw_lag(canvas, self._aim_now(t_s), t_s)
        self._draw_canal(canvas, t_s, track)

    def _draw_canal(self, canvas: Canvas, t_s: float, track: implants.Track) -> None:
        wire, ream = self._value("EntryWire", t_s), self._value("Reamer", t_s)
        if wire > 0.0:
            points = track.stretch(wire - 300.0, wire, 1.0)
            canvas.tube(points, 1.6, implants.STEEL, "metal")
        if ream > 0.0:
            implants.reamer(canvas, track.stretch(ream - 200.0, ream, 1.0), 8.0 * self._scale)

    def _draw_nail(self, canvas: Canvas, t_s: float, track: implants.Track, deep: float) -> None:
        aim = self._aim_now(t_s)
        k = self._scale
        way = track.stretch(deep - NAIL_MM, deep, 3.0)
        across = np.cross(aim.direction, (0.0, 0.0, 1.0))
        locking = np.cross(across / np.linalg.norm(across), (0.0, 0.0, 1.0))
        holes = [(LAG_HOLE_MM, aim.direction, 5.4), (NAIL_MM - 32.0, locking, 2.6)]
        implants.nail(canvas, way, 7.8 * k, 5.5 * k, holes)
        # A hole's ends stand out of the nail's round wall: no less than no metal there.
        np.maximum(canvas.base["metal"], 0.0, out=canvas.base["metal"])
        if self.case == "displaced" and self._value("LagScrew", t_s) <= 0.0:
            top = track.stretch(deep - NAIL_MM - 70.0, deep - NAIL_MM + 1.0, 2.0)
            canvas.tube(top, 6.0, implants.STEEL * 0.5, "metal")  # bolt of the aiming arm

    def _draw_lag(self, canvas: Canvas, aim: Aim, t_s: float) -> None:
        k = self._scale
        wire, bore, screw = (self._value(n, t_s) for n in ("LagWire", "Drill", "LagScrew"))
        if wire > 0.0:
            implants.pin(canvas, aim.at(wire - 280.0) * k, aim.at(wire) * k, 1.6)
        if bore > 0.0:
            implants.drill(canvas, aim.at(bore - 200.0) * k, aim.at(bore) * k, 5.2)
        if screw > 0.0:
            implants.screw(canvas, aim.at(screw - 104.0) * k, aim.at(screw) * k, 5.3, 30.0)

    # ---- the operator --------------------------------------------------------------------------

    def check(self, name: str, value: Any, t_s: float) -> Any:
        """Refuses what cannot be done or would harm, and says what can."""
        if self.case != "displaced":
            state = "is normal" if self.case == "normal" else "has already been fixed"
            raise RefusedActionError(
                f"This hip {state}: inspect it in both views.",
                "Choose the displaced case to reduce and fix a fracture.",
                code="FV-SIM-020",
            )
        if name in ("Traction", "Rotation", "Abduction"):
            if self._value("Nail", t_s) > 100.0:
                raise RefusedActionError(
                    "The nail holds both fragments: they can no longer be reduced.",
                    "Withdraw the nail (Shift+N) to below 100 mm first.",
                    code="FV-SIM-021",
                )
        elif name in ("EntryWire", "Reamer", "Nail", "NailTurn"):
            self._check_canal(name, float(value), t_s)
        else:
            self._check_head(name, float(value), t_s)
        return value

    def _check_canal(self, name: str, value: float, t_s: float) -> None:
        wire, reamed = self._value("EntryWire", t_s), self._reamed(t_s)
        if name == "Reamer" and value > wire:
            raise RefusedActionError(
                f"The reamer would run ahead of the guide wire, which is {wire:g} mm deep.",
                "Advance the wire (↑) first.",
                code="FV-SIM-022",
            )
        if name == "Nail" and value > 20.0 and reamed < REAM_MM:
            raise RefusedActionError(
                f"The canal is reamed {reamed:g} mm deep; the proximal part of the nail needs "
                f"{REAM_MM:g} mm.",
                "Ream further (M) over the guide wire.",
                code="FV-SIM-023",
            )
        if name in ("Nail", "NailTurn") and self._value("LagWire", t_s) > 0.0:
            raise RefusedActionError(
                "The guide wire of the lag screw is in the nail and would be bent.",
                "Withdraw it (Shift+W) to 0 mm first.",
                code="FV-SIM-024",
            )

    def _reamed(self, t_s: float) -> float:
        return max([0.0, *(float(v) for _, v in self.actions.history("Reamer", t_s))])

    def _check_head(self, name: str, value: float, t_s: float) -> None:
        if value > 0.0 and self._value("Nail", t_s) < 160.0:
            raise RefusedActionError(
                "The nail is not in place and guides nothing.",
                f"Advance the nail (N) to about {SEATED_MM:g} mm first.",
                code="FV-SIM-025",
            )
        leads = {"Drill": "LagWire", "LagScrew": "Drill"}.get(name)
        deepest = (
            max([0.0, *(float(v) for _, v in self.actions.history(leads, t_s))]) if leads else 0
        )
        if leads and value > deepest:
            leader = {"LagWire": "guide wire", "Drill": "drill"}[leads]
            raise RefusedActionError(
                f"Too deep: the {leader} has reached only {deepest:g} mm.",
                f"Advance the {leader} first.",
                code="FV-SIM-026",
            )
        aim = self._aim_now(t_s)
        if value > aim.limit_mm:
            where = (
                "it would perforate the femoral head into the joint"
                if aim.into_joint
                else "it would leave the bone next to the femoral neck"
            )
            raise RefusedActionError(
                f"Too deep: {where}.",
                f"At most {aim.limit_mm - 5.0:.0f} mm is safe in this direction (5 mm from the "
                f"surface). {CAMERA}",
                code="FV-SIM-027",
            )

    def status(self, t_s: float) -> str:
        """What is left to do."""
        if self.case == "normal":
            return "Unbroken hip"
        short, varus, external = self.displacement(t_s)
        text = f"Shortening {short:.0f} mm, varus {varus:.0f}°, outward rotation {external:.0f}°"
        if (apex := self.tip_apex_mm(t_s)) is not None:
            text += f"; tip-apex distance {apex:.0f} mm"
        return text

    def truth(self, t_s: float) -> Mapping[str, Any]:
        """Displacement, devices, tip-apex distance."""
        if self.case == "normal":
            return {}
        short, varus, external = self.displacement(t_s)
        aim = self._aim_now(t_s)
        deep = max(self._value("LagScrew", t_s), self._value("LagWire", t_s))
        return {
            "shortening_mm": short,
            "varus_deg": varus,
            "external_rotation_deg": external,
            "devices_mm": {c.name: self._value(c.name, t_s) for c in CONTROLS[3:]},
            "tip_mm": (aim.at(deep) * self._scale).tolist(),
            "tip_apex_mm": self.tip_apex_mm(t_s),
        }


def _started(control: Control, value: float | None) -> Control:
    return control if value is None else replace(control, default=value)


def _turned(v: np.ndarray, axis: np.ndarray, deg: float) -> np.ndarray:
    """A vector turned about a unit axis."""
    a = np.deg2rad(deg)
    across, along = np.cross(axis, v), axis * (axis @ v)
    return np.asarray(v * np.cos(a) + across * np.sin(a) + along * (1 - np.cos(a)))


def _way_out(start: np.ndarray, direction: np.ndarray, axis: np.ndarray) -> tuple[float, bool]:
    """How far a line runs in the bone, and whether it leaves it through the head.

    `axis` runs from the middle of the head to the end of the neck.
    """
    t = np.arange(45.0, 150.0, 0.5)
    p = start + t[:, None] * direction
    in_head = np.linalg.norm(p - HEAD, axis=1) < HEAD_RADIUS_MM - 1.0
    u = np.clip((p - HEAD) @ axis / (axis @ axis), 0.0, 1.3)
    in_neck = np.linalg.norm(p - HEAD - u[:, None] * axis, axis=1) < NECK_RADIUS_MM + 6.0 * u
    inside = in_head | in_neck
    out = np.flatnonzero(~inside)
    last = int(out[0]) if len(out) else len(t) - 1
    return float(t[last]), bool(in_head[: last + 1].any())
