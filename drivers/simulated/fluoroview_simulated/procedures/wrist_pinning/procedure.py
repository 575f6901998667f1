"""Orthopaedic guidance at the wrist: a Colles fracture is reduced and held with Kirschner wires.

The patient's frame is the hand's own (`regions_limbs`): middle of the wrist at the origin, palm
down on the table (+y), fingers towards +z, thumb towards +x, left hand. In the AP view (C-arm 0°)
the image shows the back of the hand; the lateral view is the C-arm at 90°. Reduction moves the
hand with the broken end of the radius; the forearm lies still.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from fluoroview_simulated.anatomy import implants
from fluoroview_simulated.anatomy import regions_limbs as limbs
from fluoroview_simulated.anatomy.mesh import Mesh, tube_mesh
from fluoroview_simulated.anatomy.parts import BODY_SCALE, Part
from fluoroview_simulated.anatomy.project import project_parts
from fluoroview_simulated.anatomy.texture import soft_texture
from fluoroview_simulated.procedures.base import (
    OperatorActions,
    Procedure,
    ProcedureInfo,
    RefusedActionError,
)
from fluoroview_simulated.procedures.wrist_pinning.info import (
    CONTROLS,
    DORSAL_DEG,
    INFO,
    RADIAL_DEG,
    SHORT_MM,
)

if TYPE_CHECKING:
    from fluoroview_simulated.anatomy.view import View
    from fluoroview_simulated.render.canvas import Canvas

BREAK = (10.0, 0.0, -19.0)
DORSAL_MM, RADIAL_MM = 4.5, 2.0
WIRE_RADIUS_MM, WIRE_MM = 0.8, 110.0
ENTRY = {1: np.array((22.0, 0.0, 7.5)), 2: np.array((-3.5, -8.4, -6.0))}
SIDE = {1: -1.0, 2: 1.0}
"""Wire 1 starts at the radial styloid and runs towards the ulna, wire 2 the other way."""
BEYOND_MM = 4.0
"""How far a wire may stand out of the far cortex."""
RADIUS = np.array(
    [  # z, x, y, half width, half depth of the radius
        (-110, 13, 0.5, 7.8, 6.4), (-60, 11.5, 1.0, 7.6, 6.3), (-38, 10.5, 1.0, 8.8, 7.0),
        (-24, 10, 0.5, 12.5, 8.8), (-14, 9.6, 0, 15.4, 10.2), (0, 10.5, 0, 16.2, 10.2),
        (12, 17, 0, 9, 7),
    ],
    float,
)  # fmt: skip
JOINT_AT, JOINT_NORMAL = np.array((9.0, 0.0, -1.2)), np.array((-0.40, 0.19, 0.90))

REDUCING = ("Traction", "PalmarFlexion", "UlnarDeviation")
PENETRATION = {
    "Traction": 3.0, "PalmarFlexion": 8.0, "UlnarDeviation": 5.0,
    "Wire1": 62.0, "Wire1Angle": 20.0, "Wire1Tilt": -12.0,
}  # fmt: skip
THROUGH_JOINT = (np.array((20.5, -1.0, -47.0)), np.array((4.5, -1.5, 15.0)))
"""A wire from the shaft that has come out through the joint surface into the lunate."""


@dataclass(frozen=True)
class Course:
    """One wire's way in the unbroken hand.

    Attributes:
        start, direction: where it enters the bone, and its unit vector.
        out_mm: depth at which it leaves the bone.
        into_joint: whether that is at the joint.
    """

    start: np.ndarray
    direction: np.ndarray
    out_mm: float
    into_joint: bool


class WristPinning(Procedure):
    """One left wrist on the table."""

    info: ClassVar[ProcedureInfo] = INFO

    def __init__(self, case: str, seed: int = 1, body: str = "medium") -> None:
        super().__init__(case, seed, body)
        self._scale = BODY_SCALE[body]
        fixed = PENETRATION if case == "joint-penetration" else {}
        controls = [replace(c, default=fixed.get(c.name, c.default)) for c in CONTROLS]
        self.actions = OperatorActions(controls)
        self._hand = implants.Fragment(
            [p.in_body(body) for p in self._moving()],
            [p.in_body(body) for p in limbs.hand_soft()],
            lambda v: np.clip((v[:, 2] / self._scale + 44.0) / 46.0, 0.0, 1.0),
        )
        self._metal = implants.Kept()

    # ---- at rest ---------------------------------------------------------------------------

    def _moving(self) -> list[Part]:
        """What reduction moves: the hand with the end of the radius."""
        hand = [*limbs.radius_end(), *limbs.hand()]
        return [*hand, *_growth_plate(9.5, 0.0, 14.6, 9.0)] if self.body == "child" else hand

    def parts(self) -> Sequence[Part]:
        """Forearm and soft tissue; the whole hand where nothing is broken."""
        rest = [*limbs.hand_soft(), *limbs.filled("hand_ulna", wall_mm=0.12)]
        if self.case == "normal":
            rest += [*limbs.radius(), *limbs.hand()]
            if self.body == "child":
                rest += _growth_plate(9.5, 0.0, 14.6, 9.0)
        else:
            rest += limbs.radius_shaft()
        if self.body == "child":
            rest += _growth_plate(-14.0, 0.0, 6.2, 6.0)
        return [p.in_body(self.body) for p in rest]

    def resting(self, view: View, size: int) -> tuple[np.ndarray, np.ndarray] | None:
        """As usual, but no uneven fat where the hand moves away: it would stay behind."""
        if self.case == "normal":
            return None
        maps = project_parts(self.parts(), view, size)
        assert maps is not None
        place = (np.arange(size) + 0.5) / size - 0.5
        right, down, _ = view.axes
        x, y = np.meshgrid(place, place)
        z = view.isocentre[2] + view.view_mm * (x * right[2] + y * down[2])
        still = np.clip((-14.0 - z / self._scale) / 12.0, 0.0, 1.0).astype(np.float32)
        return maps[0] + still * soft_texture(view, size, maps[0]), maps[1]

    def sway_mm(self, t_s: float) -> tuple[float, float]:
        """The arm lies on its table; only the surgeon moves it a little."""
        return 0.12 * float(np.sin(0.9 * t_s)), 0.08 * float(np.sin(1.4 * t_s))

    # ---- where things are --------------------------------------------------------------------

    def _value(self, name: str, t_s: float) -> float:
        """What stands now; only the fresh fracture is operated on."""
        if self.case != "colles":
            return float(self.actions.controls[name].default)
        return float(self.actions.value(name, t_s))

    def displacement(self, t_s: float) -> tuple[float, float, float]:
        """Shortening in mm, tilt to the back and lean to the thumb in degrees that are left."""
        if self.case == "normal":
            return 0.0, 0.0, 0.0
        return (
            SHORT_MM - self._value("Traction", t_s),
            DORSAL_DEG - self._value("PalmarFlexion", t_s),
            RADIAL_DEG - self._value("UlnarDeviation", t_s),
        )

    def pose(self, t_s: float) -> tuple[np.ndarray, np.ndarray]:
        """Matrix and shift that bring the sound hand to where it is now."""
        short, dorsal, radial = self.displacement(t_s)
        aside = RADIAL_MM * max(radial / RADIAL_DEG, 0.0)
        back = -DORSAL_MM * float(np.clip(dorsal / DORSAL_DEG, -0.4, 1.2))
        return implants.pose(BREAK, dorsal, radial, 0.0, (aside, back, -short))

    def course(self, wire: int, t_s: float) -> Course:
        """The way of one wire with its angles as they stand."""
        a, tilt = np.deg2rad(
            [self._value(f"Wire{wire}Angle", t_s), self._value(f"Wire{wire}Tilt", t_s)]
        )
        d = np.array(
            (SIDE[wire] * np.sin(a) * np.cos(tilt), np.sin(tilt), -np.cos(a) * np.cos(tilt))
        )
        return Course(ENTRY[wire], d, *_way_out(ENTRY[wire], d))

    # ---- the pulse ---------------------------------------------------------------------------

    def draw(self, t_s: float, canvas: Canvas) -> None:
        """The hand where it is now, and the wires."""
        if self.case == "normal":
            return
        matrix, shift = self.pose(t_s)
        self._hand.draw(canvas, matrix, shift * self._scale)
        state = tuple(self._value(c.name, t_s) for c in CONTROLS)
        self._metal.draw(canvas, state, lambda: self._draw_wires(canvas, t_s))

    def _draw_wires(self, canvas: Canvas, t_s: float) -> None:
        matrix, shift = self.pose(t_s)
        for wire in (1, 2):
            deep = self._value(f"Wire{wire}", t_s)
            if deep > 0.0:
                way = self.course(wire, t_s)
                ends = np.stack([way.start + way.direction * d for d in (deep - WIRE_MM, deep)])
                ends = (ends @ matrix.T + shift) * self._scale
                implants.pin(canvas, ends[0], ends[1], WIRE_RADIUS_MM)
        if self.case == "joint-penetration":
            a, b = THROUGH_JOINT
            tail = a - (b - a) / np.linalg.norm(b - a) * 38.0
            implants.pin(canvas, tail * self._scale, b * self._scale, WIRE_RADIUS_MM)

    # ---- the operator --------------------------------------------------------------------------

    def check(self, name: str, value: Any, t_s: float) -> Any:
        """Refuses what cannot be done or would harm, and says what can."""
        if self.case != "colles":
            state = "is normal" if self.case == "normal" else "has already been pinned"
            raise RefusedActionError(
                f"This wrist {state}: inspect it in both views.",
                "Choose the Colles case to reduce and pin a fracture.",
                code="FV-SIM-053",
            )
        if name in REDUCING:
            for wire in (1, 2):
                if self._value(f"Wire{wire}", t_s) > 18.0:
                    raise RefusedActionError(
                        f"Wire {wire} has crossed the fracture and holds it.",
                        "Withdraw it (↓, Shift+↓) to below 18 mm, then reduce.",
                        code="FV-SIM-054",
                    )
        elif name in ("Wire1", "Wire2"):
            self._check_depth(name, float(value), self.course(int(name[-1]), t_s))
        elif self._value(name[:5], t_s) > 6.0:
            raise RefusedActionError(
                f"The wire is {self._value(name[:5], t_s):g} mm deep in the bone: its direction "
                "cannot be changed.",
                f"Withdraw {name[:5]} to 6 mm or less first.",
                code="FV-SIM-055",
            )
        return value

    @staticmethod
    def _check_depth(name: str, value: float, way: Course) -> None:
        if way.into_joint and value > way.out_mm:
            raise RefusedActionError(
                "Too deep: the wire would cross the articular surface into the wrist beyond "
                f"{max(way.out_mm - 2.0, 0.0):.0f} mm.",
                "Withdraw it and choose a smaller angle to the forearm.",
                code="FV-SIM-056",
            )
        if value > way.out_mm + BEYOND_MM:
            raise RefusedActionError(
                f"Too deep: the wire would protrude {value - way.out_mm:.0f} mm into tendons and "
                f"nerves; {way.out_mm + BEYOND_MM:.0f} mm is the limit in this direction.",
                "Check both views, C-arm at 0° and 90°.",
                code="FV-SIM-057",
            )

    def status(self, t_s: float) -> str:
        """What is left to do."""
        if self.case == "normal":
            return "Unbroken wrist"
        short, dorsal, radial = self.displacement(t_s)
        return f"Shortening {short:.0f} mm, dorsal tilt {dorsal:.0f}°, radial tilt {radial:.0f}°"

    def truth(self, t_s: float) -> Mapping[str, Any]:
        """Displacement and wires."""
        short, dorsal, radial = self.displacement(t_s)
        matrix, shift = self.pose(t_s)
        wires = []
        for wire in (1, 2):
            deep, way = self._value(f"Wire{wire}", t_s), self.course(wire, t_s)
            tip = (matrix @ (way.start + way.direction * deep) + shift) * self._scale
            wires.append({"depth_mm": deep, "tip_mm": tip.tolist(), "far_cortex_mm": way.out_mm})
        return {
            "shortening_mm": short,
            "dorsal_tilt_deg": dorsal,
            "radial_tilt_deg": radial,
            "wires": wires,
        }


def _way_out(start: np.ndarray, direction: np.ndarray) -> tuple[float, bool]:
    """Depth at which a line leaves the unbroken radius, and whether it does so at the joint."""
    t = np.arange(3.0, 95.0, 0.25)
    p = start + t[:, None] * direction
    x, y, a, b = (np.interp(p[:, 2], RADIUS[:, 0], RADIUS[:, k]) for k in (1, 2, 3, 4))
    within = np.hypot((p[:, 0] - x) / a, (p[:, 1] - y) / b) < 1.0
    beyond = ((p - JOINT_AT) @ JOINT_NORMAL > 1.5) & (p[:, 0] < 18.0)
    entered = np.flatnonzero(within & ~beyond)
    if not len(entered):
        return float(t[0]), True
    out = np.flatnonzero((~within | beyond) & (t > t[entered[0]]))
    last = int(out[0]) if len(out) else len(t) - 1
    return float(t[last]), bool(beyond[last] or p[last, 2] > 0.0)


def _growth_plate(x: float, y: float, half_x: float, half_y: float) -> list[Part]:
    """A child's cartilage across the end of a bone: a wavy plate without bone."""
    z = np.array([-9.6, -9.4, -7.6, -7.4])
    flat = tube_mesh(np.stack([0 * z, 0 * z, z], 1), np.array([0.4, 1.0, 1.0, 0.4]), 28)
    v = flat.vertices.astype(float)
    v[:, :2] *= (half_x, half_y)
    v[:, 2] += 0.9 * np.sin(v[:, 0] / 3.1) + 0.4 * np.sin(v[:, 1] / 1.7)
    plate = Mesh((v + np.array((x, y, 0.0))).astype(np.float32), flat.faces)
    return [Part(plate, soft=0.22, bone=-0.27)]
