"""Cardiac catheterisation: coronary arteries on a beating heart, injected by hand, dilated."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any, ClassVar

import cv2
import numpy as np

from fluoroview_simulated.anatomy import coronary_devices as devices
from fluoroview_simulated.anatomy.coronary_tree import (
    AORTIC_ROOT,
    LEFT_OSTIUM,
    RIGHT_OSTIUM,
    cardiac_veins,
    left_coronary,
    right_coronary,
)
from fluoroview_simulated.anatomy.flow import Flow, Injection
from fluoroview_simulated.anatomy.heart import Heart, Rhythm, heart_shift_mm
from fluoroview_simulated.anatomy.moving_chest import MovingChest, inverse, ventricles
from fluoroview_simulated.anatomy.parts import BODY_SCALE, Part, in_body
from fluoroview_simulated.anatomy.vessels import Tree, draw
from fluoroview_simulated.arrays import FloatArray
from fluoroview_simulated.procedures.base import Procedure, ProcedureInfo, RefusedActionError
from fluoroview_simulated.procedures.coronary_angiography import reflux
from fluoroview_simulated.procedures.coronary_angiography.info import INFO

if TYPE_CHECKING:
    from fluoroview_simulated.anatomy.view import View
    from fluoroview_simulated.render.canvas import Canvas, ViewLayers

AGENT_G_CM3 = 0.37
HAND_ML, HAND_ML_S = 7.0, 3.0
CORONARY_ML_S = 2.9
STENOSIS = 0.76
LESION = ("LAD", 0.125)
BALLOON_MM, BALLOON_RADIUS_MM = 15.0, 1.5
WIRE_RADIUS_MM = 0.18
BLUSH_G_CM3 = 0.007
"""Iodine in the muscle after a whole syringe."""


class CoronaryAngiography(Procedure):
    """One patient on the table, the catheter above the root of the aorta."""

    info: ClassVar[ProcedureInfo] = INFO

    def __init__(self, case: str, seed: int = 1, body: str = "medium") -> None:
        super().__init__(case, seed, body)
        self.side = "right" if case == "right-coronary" else "left"
        self._ostium = LEFT_OSTIUM if self.side == "left" else RIGHT_OSTIUM
        self.heart = Heart()
        self.rhythm = Rhythm(seed=seed)
        self._scale = BODY_SCALE[body]
        self._chest = MovingChest(self.heart, body, seed)
        grown = (right_coronary if self.side == "right" else left_coronary)(self.heart, seed)
        self._diseased = case in ("stenosis", "balloon")
        self._tree = grown
        self._beyond = np.zeros(len(grown.parent), bool)
        if self._diseased:
            self._beyond = grown.downstream(grown.node(*LESION))
        self._local = self.heart.local(grown.points)
        arrival = grown.arrival_s(250.0, 0.35)
        late = 0.55 if self._diseased else 0.0
        clock = self.rhythm.coronary_clock
        self._flow = Flow(arrival, CORONARY_ML_S, 0.22, 0.30, clock)
        self._late = Flow(arrival * 1.25 + late, CORONARY_ML_S, 0.35, 0.35, clock)
        self._muscle = Flow(np.array([1.5]), CORONARY_ML_S, 1.9, 0.0, clock)
        self._veins = cardiac_veins(self.heart)
        self._veins_local = self.heart.local(self._veins.points)
        drained = 3.4 + self._veins.arrival_s(90.0, 0.1)
        # Diluted by the blood of other veins, most where it enters the right atrium.
        self._fading = 0.16 * np.linspace(1.0, 0.35, len(drained))
        self._venous = Flow(drained, CORONARY_ML_S, 1.2, 0.25, clock)
        self._opened = lru_cache(maxsize=32)(self._narrowed)

    def _narrowed(self, opened: int) -> Tree:
        """The tree with what is left of the stenosis when `opened` hundredths have yielded."""
        if not self._diseased:
            return self._tree
        rest = 1.0 - opened / 100.0
        tree = self._tree.narrowed(*LESION, 26.0, 0.30 * rest)
        return tree.narrowed(*LESION, 11.0, (STENOSIS - 0.30) / 0.70 * rest)

    # ---- at rest ---------------------------------------------------------------------------

    def parts(self) -> Sequence[Part]:
        """The chest without lungs and heart, which move."""
        return self._chest.parts()

    def layers(self, view: View, layers: ViewLayers) -> None:
        """Lungs and heart, and the ventricles' muscle for the blush."""
        self._chest.layers(layers)
        outer, hollow = ventricles(self.heart, 1.04), ventricles(self.heart, 0.74)
        layers.solid("muscle", in_body(outer.joined(inverse(hollow)), self.body))
        # A blush has no edge; blurred by as much as the heart moves it may stand still.
        blush = layers.maps["muscle"]
        layers.maps["muscle"] = replace(blush, path=cv2.GaussianBlur(blush.path, (0, 0), 9.0))

    # ---- in motion -------------------------------------------------------------------------

    def breath_mm(self, t_s: float) -> float:
        """How far the diaphragm is below its place at the end of expiration."""
        return self.rhythm.breath_mm(t_s, self.actions.history("BreathHold", t_s))

    def draw(self, t_s: float, canvas: Canvas) -> None:
        """Lungs and heart, catheter, contrast, wire and balloon."""
        beat, breath = self.rhythm.contraction(t_s), self.breath_mm(t_s)
        self._chest.draw(canvas, beat, breath)
        self._draw_catheter(canvas, t_s, beat, breath)
        self._draw_contrast(canvas, t_s, beat, breath)
        if self.case == "balloon":
            self._draw_balloon(canvas, t_s, beat, breath)

    def _moved(self, local: np.ndarray, beat: float, breath: float) -> np.ndarray:
        return self.heart.moved(local, beat, breath) * self._scale

    def _catheter_at(self, t_s: float) -> tuple[float, float]:
        depth = float(self.actions.value("CatheterAdvance", t_s))
        return depth, float(self.actions.value("CatheterRotate", t_s))

    def _catheter(self, t_s: float, beat: float, breath: float) -> FloatArray:
        """The catheter's line now: its lower end goes with the root of the aorta."""
        line = devices.catheter(self.side, *self._catheter_at(t_s))
        ostium = self._ostium[None]
        goes = self.heart.moved(self.heart.local(ostium), beat, breath)[0] - ostium[0]
        along = np.linspace(0.0, 1.0, len(line))[:, None]
        held = np.clip((along - 0.55) / 0.45, 0.0, 1.0) ** 1.5
        placed: FloatArray = line + goes * held
        return placed * self._scale

    def _draw_catheter(self, canvas: Canvas, t_s: float, beat: float, breath: float) -> None:
        line = self._catheter(t_s, beat, breath)
        canvas.tube(line, devices.CATHETER_RADIUS_MM, 0.11, "metal")
        flowing = any(i.span_s[0] < t_s < i.span_s[1] + 0.1 for i in self._shots(t_s))
        if flowing:
            canvas.tube(line, 0.75, AGENT_G_CM3, "contrast")

    # ---- contrast --------------------------------------------------------------------------

    def _shots(self, t_s: float) -> list[Injection]:
        """Everything that was injected, wherever it went."""
        times = self.actions.times("Inject", t_s)
        return [Injection(t, HAND_ML, HAND_ML_S, AGENT_G_CM3) for t in times]

    def _injections(self, t_s: float) -> list[Injection]:
        """What got into the artery: all of a selective shot, a little of one into the root."""
        into = []
        for shot in self._shots(t_s):
            if devices.engaged(self.side, *self._catheter_at(shot.start_s)):
                into.append(shot)
            else:
                into.append(Injection(shot.start_s, HAND_ML, HAND_ML_S, AGENT_G_CM3 * 0.1))
        return [i for i in into if t_s - i.start_s < 25.0]

    def _draw_contrast(self, canvas: Canvas, t_s: float, beat: float, breath: float) -> None:
        shots = self._injections(t_s)
        if not shots:
            return
        swelling = self._inflation(t_s)
        tree = self._opened(round(100 * swelling.opened))
        c = self._flow.concentration(t_s, shots)
        if self._diseased:
            open_ = swelling.opened
            shut = [s for s in shots if self._inflation(s.start_s).pressure < 0.5]
            slow = self._late.concentration(t_s, shut)
            quick = self._flow.concentration(t_s, shut)
            c = np.where(self._beyond, slow + open_ * (quick - slow), c)
        if t_s - shots[-1].start_s < 14.0:
            draw(canvas, tree, c, self._moved(self._local, beat, breath), 0.006)
        venous = self._venous.concentration(t_s, shots) * self._fading
        if venous.max() > 0.004:
            draw(canvas, self._veins, venous, self._moved(self._veins_local, beat, breath), 0.004)
        blush = float(self._muscle.concentration(t_s, shots)[0])
        if blush > 0.003:
            canvas.organ("muscle", "contrast", BLUSH_G_CM3 * blush / AGENT_G_CM3)
        self._draw_reflux(canvas, t_s, breath)

    def _draw_reflux(self, canvas: Canvas, t_s: float, breath: float) -> None:
        """What runs back into the root of the aorta and is swept away with the next beats."""
        for n, shot in enumerate(self._shots(t_s)):
            posture = self._catheter_at(shot.start_s)
            hit = devices.engaged(self.side, *posture)
            tip = devices.catheter(self.side, *posture)[-1]
            if hit:  # it pools in the sinus below the ostium
                tip = 0.55 * self._ostium + 0.45 * AORTIC_ROOT + (0.0, 0.0, -4.0)
            clouds = reflux.clouds(shot, 0.25 if hit else 0.9, t_s, self.rhythm, tip, n)
            if clouds is not None:
                place, sigma_mm, grams = clouds
                moved = (place + heart_shift_mm(breath)) * self._scale
                canvas.blobs(moved, sigma_mm, grams)

    # ---- wire and balloon ------------------------------------------------------------------

    def _inflation(self, t_s: float) -> devices.Inflation:
        if self.case != "balloon":
            return devices.Inflation(0.0, 0.0)
        switches = [
            (t, bool(on), float(self.actions.value("BalloonAdvance", t)))
            for t, on in self.actions.history("Inflate", t_s)
        ]
        return devices.inflation(switches, t_s)

    def _draw_balloon(self, canvas: Canvas, t_s: float, beat: float, breath: float) -> None:
        """Wire to the apex, shaft, two markers, and the balloon when it is filled."""
        tree = self._tree
        way = np.concatenate([tree.run("left main"), tree.run("LAD")[1:]])
        along = tree.length_mm[way]
        p = self._moved(self._local[way], beat, breath)
        catheter = self._catheter(t_s, beat, breath)
        reach = along <= along[-1] * 0.72
        wire = np.concatenate([catheter[-6:], p[reach]])
        canvas.tube(wire, WIRE_RADIUS_MM, 0.8, "metal")
        canvas.tube(wire[-16:], WIRE_RADIUS_MM + 0.02, 1.6, "metal")
        lesion = tree.length_mm[tree.node(*LESION)]
        middle = lesion + float(self.actions.value("BalloonAdvance", t_s))
        for off in (-BALLOON_MM / 2, BALLOON_MM / 2):
            ends = [np.interp(middle + off + d, along, a) for d in (-0.6, 0.6) for a in p.T]
            canvas.tube(np.array(ends).reshape(2, 3), 0.42, 2.2, "metal")
        state = self._inflation(t_s)
        if state.pressure > 0.02:
            x = np.linspace(-BALLOON_MM / 2 - 2, BALLOON_MM / 2 + 2, 40)
            line = np.stack([np.interp(middle + x, along, a) for a in p.T], axis=1)
            free = 0.4 + (BALLOON_RADIUS_MM - 0.4) * min(1.0, 1.3 * state.pressure)
            ends = np.sqrt(np.clip(1.0 - (np.abs(x) / x[-1]) ** 6, 0.02, 1.0))
            # The plaque leaves a waist until it yields.
            lumen = self._opened(round(100 * state.opened)).radius_mm[tree.node(*LESION)]
            waist = (
                lumen * (1.05 + 0.25 * state.pressure) + 1.2 * ((x + middle - lesion) / 4.0) ** 2
            )
            radius = np.minimum(np.minimum(free, waist), BALLOON_RADIUS_MM) * ends
            canvas.tube(line, radius, 0.24, "contrast")

    # ---- the operator ----------------------------------------------------------------------

    def check(self, name: str, value: Any, t_s: float) -> Any:
        """Refuses what would hurt the patient or cannot be done, and says what can."""
        if name == "CatheterAdvance" and value > devices.DEEPEST_MM:
            vessel = "left main" if self.side == "left" else "right coronary artery"
            raise RefusedActionError(
                f"Too deep: the tip would occlude the {vessel}.", "Withdraw (↓).", code="FV-SIM-014"
            )
        if name in ("Inflate", "BalloonAdvance") and self.case != "balloon":
            raise RefusedActionError(
                "This patient has no balloon.",
                "Choose the balloon case to dilate.",
                code="FV-SIM-015",
            )
        if name == "BalloonAdvance" and self._inflation(t_s).pressure > 0.15:
            raise RefusedActionError(
                "The inflated balloon would tear the vessel.",
                "Deflate it (B), wait 2 s, then move it.",
                code="FV-SIM-016",
            )
        if name == "Inject" and any(t_s < s.span_s[1] for s in self._shots(t_s)):
            raise RefusedActionError(
                "The previous injection is still running; it takes 2.3 s.",
                "Wait, then press I again.",
                code="FV-SIM-017",
            )
        return value

    def truth(self, t_s: float) -> Mapping[str, Any]:
        """Beat, breath, devices, contrast and the lesion."""
        beat, breath = self.rhythm.contraction(t_s), self.breath_mm(t_s)
        state = self._inflation(t_s)
        tree = self._opened(round(100 * state.opened))
        found: dict[str, Any] = {
            "contraction": beat,
            "breath_mm": breath,
            "beats": self.rhythm.beats(t_s),
            "catheter_tip_mm": self._catheter(t_s, beat, breath)[-1].tolist(),
            "engaged": devices.engaged(self.side, *self._catheter_at(t_s)),
            "injected_ml": sum(s.given_ml(t_s) for s in self._shots(t_s)),
        }
        if self._diseased:
            node = tree.node(*LESION)
            narrow = 1.0 - tree.radius_mm[node] / self._tree.radius_mm[node]
            found |= {
                "stenosis": float(narrow),
                "stenosis_mm": self._moved(self._local[[node]], beat, breath)[0].tolist(),
                "balloon_pressure": state.pressure,
            }
        return found

    def status(self, t_s: float) -> str:
        """Where the tip is and what runs."""
        depth, turn = self._catheter_at(t_s)
        if self._inflation(t_s).pressure > 0.05:
            return f"Balloon {100 * self._inflation(t_s).pressure:.0f} % inflated"
        if any(s.span_s[0] <= t_s < s.span_s[1] for s in self._shots(t_s)):
            return "Injecting"
        if devices.engaged(self.side, depth, turn):
            return f"{self.side.capitalize()} ostium engaged: inject with I"
        if depth < -2.0:
            return f"Tip {-depth:.0f} mm above the ostium: advance with Up"
        return "Tip next to the ostium: turn with Left and Right"
