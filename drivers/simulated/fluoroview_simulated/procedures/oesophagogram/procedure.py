"""The procedure: barium in the oesophagus as tubes along its line, levels in what is wide."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from fluoroview_simulated.anatomy import regions_gut as gut
from fluoroview_simulated.anatomy.breathing import breathing
from fluoroview_simulated.anatomy.mesh import Mesh
from fluoroview_simulated.anatomy.parts import BODY_SCALE, Part, in_body
from fluoroview_simulated.anatomy.view import View
from fluoroview_simulated.procedures.barium_enema.coat import grain, soft
from fluoroview_simulated.procedures.base import Procedure, RefusedActionError
from fluoroview_simulated.procedures.oesophagogram import course
from fluoroview_simulated.procedures.oesophagogram.info import INFO
from fluoroview_simulated.procedures.oesophagogram.oesophagus import STEP_MM, make_oesophagus
from fluoroview_simulated.render.canvas import Canvas, ViewLayers

BARIUM_G_CM3 = 0.75
FOLD_MM = 0.85
COAT_MM = 0.2
VALSALVA_S = 4.0
REFLUX_TOP_MM = 92.0
DRAINS_S = {"stricture": 22.0, "carcinoma": 10.0, "achalasia": 150.0}
RETAINED_ML = 95.0


class Oesophagogram(Procedure):
    """A patient who swallows barium, standing and turned."""

    info = INFO

    def __init__(self, case: str, seed: int = 1, body: str = "medium") -> None:
        super().__init__(case, seed, body)
        self.oesophagus = make_oesophagus(case, body)
        g = self.oesophagus
        self.trunk = gut.chest(body, seed, stomach_gas=case != "achalasia")
        self.scale = BODY_SCALE[body]
        low, high = g.narrow_mm or (-2.0, -1.0)
        self._stiff = ((g.s_mm > low) & (g.s_mm < high)).astype(float)
        self._inside = g.s_mm <= g.end_mm
        self._sac_mesh = in_body(g.sac.piece()[0], body) if g.sac is not None else None
        stop = g.narrow_mm[0] if g.narrow_mm else g.sphincter_mm
        self._above = (
            np.pi
            * np.cumsum((np.where(g.s_mm <= stop + 4.0, 0.92 * g.wide_mm, 0.0) ** 2)[::-1])[::-1]
            * (STEP_MM * 1e-3)
        )

    def parts(self) -> Sequence[Part]:
        """What stands still in the chest."""
        return self.trunk.resting

    def layers(self, view: View, layers: ViewLayers) -> None:
        """Organs that breathe, and what holds a level: the pouch or the wide oesophagus."""
        self.trunk.layers(layers)
        if self._sac_mesh is None or self.oesophagus.sac is None:
            return
        ends = 2 * self.oesophagus.sac.radius.shape[1]
        wall = Mesh(self._sac_mesh.vertices, self._sac_mesh.faces[:-ends])
        layers.lumen("sac", "sac wall", self._sac_mesh, wall)
        kept = layers.maps["sac wall"]
        if kept.path.size > 1:
            texture = grain(view, self.seed)[kept.place]
            layers.maps["sac wall"] = replace(kept, path=soft(kept.path) * texture)

    def swallows(self, t_s: float) -> list[float]:
        """Times of all swallows so far."""
        return course.swallows(t_s, self.actions.times("Swallow", t_s))

    def draw(self, t_s: float, canvas: Canvas) -> None:
        """All that breathes: the lungs, what is below them, and the oesophagus between."""
        with self.trunk.breathes(canvas, self.breath(t_s)):
            self._draw_oesophagus(t_s, canvas)

    def _draw_oesophagus(self, t_s: float, canvas: Canvas) -> None:
        """Folds, then what is in the oesophagus, by case."""
        times = self.swallows(t_s)
        since = [t_s - at for at in times[-3:]]
        line = self.oesophagus.line
        self._folds(canvas, since)
        if self.case == "achalasia":
            self._achalasia(canvas, line, times, t_s)
        elif self.oesophagus.narrow_mm is not None:
            self._held_up(canvas, line, times, t_s)
        else:
            if self.case == "hiatal-hernia":
                self._pouch(canvas, line, since, t_s)
            for s in since:
                self._swallow(canvas, line, s)

    # ---- parts of the image ---------------------------------------------------------------

    def breath(self, t_s: float) -> float:
        """Depth of the breath, -1 to 1."""
        return breathing(self.actions.history("BreathHold", t_s), t_s)

    def _span(self, canvas: Canvas, line: np.ndarray, span: course.Span) -> None:
        g = self.oesophagus
        r = course.radii(g.s_mm, span, g.shape, g.wide_mm)
        self._tube(canvas, line, r)

    def _tube(self, canvas: Canvas, line: np.ndarray, radius: np.ndarray) -> None:
        """Barium of a radius along the line; neighbours press on it where it is wide."""
        on = np.flatnonzero(radius > 0.35)
        if len(on) < 2:
            return
        part = slice(max(on[0] - 1, 0), on[-1] + 2)
        r, pressed = radius[part], self.oesophagus.pressed[part]
        share = np.clip((r - 2.0) / 5.0, 0.0, 1.0)
        if self.case == "carcinoma":  # what is eaten away is aside at any width
            share = np.maximum(share, self._stiff[part])
        deep = np.linalg.norm(pressed, axis=1) * share * (1.0 - self._stiff[part])
        points = line[part] + 0.8 * pressed * share[:, None]
        canvas.tube(points, self.scale * np.maximum(r - 0.8 * deep, 0.3), BARIUM_G_CM3)

    def _swallow(self, canvas: Canvas, line: np.ndarray, since: float) -> None:
        g = self.oesophagus
        end = g.sphincter_mm if g.sac is not None else g.end_mm
        for span in course.normal_spans(since, g.sphincter_mm, end):
            opened = course.sphincter_open(since)
            shut = 1.0 - np.exp(-(((g.s_mm - g.sphincter_mm) / 7.0) ** 2)) * (1.0 - opened)
            r = course.radii(g.s_mm, span, g.shape, np.maximum(g.wide_mm * shut, 0.4))
            self._tube(canvas, line, r)
        self._stream(canvas, line, course.trickle(since))

    def _stream(self, canvas: Canvas, line: np.ndarray, strength: float) -> None:
        """What runs down along the lesser curvature."""
        if strength < 0.05:
            return
        below = self.oesophagus.s_mm >= self.oesophagus.end_mm - (
            24.0 if self.case == "hiatal-hernia" else 3.0
        )
        n = int(below.sum())
        wide = (1.6 + 1.3 * strength) * (1.0 + 0.25 * np.sin(np.arange(n) * 0.7))
        canvas.tube(
            line[below], self.scale * wide * np.linspace(1.3, 0.8, n), 0.7 * BARIUM_G_CM3 * strength
        )

    def _folds(self, canvas: Canvas, since: Sequence[float]) -> None:
        """Coated furrows of the empty oesophagus, fading with the time since they were wetted."""
        if self.case == "achalasia" or not since:
            return
        g = self.oesophagus
        passed = course.passed_s(g.s_mm, g.end_mm)
        wet = np.zeros(len(g.s_mm))
        for s in since:
            wet = np.maximum(wet, np.where(s > passed, np.exp(-(s - passed) / 16.0), 0.0))
        if len(since) > 1:
            wet = np.maximum(wet, 0.25)
        wet *= np.interp(g.s_mm, [0, 15, g.end_mm - 4, g.end_mm + 2], [0.5, 1, 1, 0])
        wet *= 0.75 + 0.25 * np.sin(g.s_mm / 9.0) * np.sin(g.s_mm / 23.0)
        if not wet.any():
            return
        squeezed = np.clip(g.wide_mm / 6.0, 0.25, 1.0)[:, None]
        for fold in g.folds:
            points = g.line + (fold - g.line) * squeezed
            at = self._inside
            canvas.tube(points[at], self.scale * FOLD_MM, (0.95 * BARIUM_G_CM3 * wet)[at])

    def _held_up(
        self, canvas: Canvas, line: np.ndarray, times: Sequence[float], t_s: float
    ) -> None:
        """A fixed narrowing: a column stands above it, a thread runs through."""
        g = self.oesophagus
        assert g.narrow_mm is not None
        held = course.held_ml(t_s, times, DRAINS_S[self.case], 1.6)
        top = float(np.interp(-held, -self._above, g.s_mm)) if held > 0.2 else g.narrow_mm[0]
        r = 0.92 * g.wide_mm * np.clip((g.s_mm - top + 14.0) / 32.0, 0.0, 1.0) ** 0.6
        flows = np.clip(held / 5.0, 0.0, 1.0)
        ripple = 1.0 + 0.05 * np.sin(g.s_mm / 7.0 - 2.4 * t_s) * (r > 5.0)
        below = np.minimum(g.wide_mm, 2.6 + 0.8 * np.sin(g.s_mm / 9.0 - 3.0 * t_s))
        r = np.where(g.s_mm > g.narrow_mm[1] + 4.0, below * flows, r * ripple)
        inner = (g.s_mm > g.narrow_mm[0]) & (g.s_mm <= g.narrow_mm[1] + 4.0)
        thread = np.minimum(g.wide_mm, 3.2 if self.case == "stricture" else 4.6)
        r = np.where(inner, thread * max(flows, 0.35), r)
        self._tube(canvas, line, np.where(self._inside, r, 0.0))
        for at in times[-2:]:
            self._falling(canvas, line, t_s - at, top)
        self._stream(canvas, line, 0.5 * flows)

    def _falling(self, canvas: Canvas, line: np.ndarray, since: float, stop: float) -> None:
        """A mouthful on its way down to what stands there."""
        if not 0.0 < since < 3.4:
            return
        head = min(course.head_mm(since, stop + 10.0), stop + 6.0)
        tail = max(course.wave_mm(since, stop + 20.0), 160.0 * (since - 1.2), 0.0)
        if head - tail > 6.0:
            g = self.oesophagus
            ml = course.MOUTHFUL_ML * min(1.0, since / 0.7) * (head - tail) / max(head, 60.0)
            wide = np.minimum(g.wide_mm, 8.5)
            r = course.radii(g.s_mm, course.Span(tail, head, max(ml, 0.4)), g.shape, wide)
            self._tube(canvas, line, r)

    def _achalasia(
        self, canvas: Canvas, line: np.ndarray, times: Sequence[float], t_s: float
    ) -> None:
        """A wide oesophagus with a level; a thin stream through the beak as the sphincter opens."""
        g = self.oesophagus
        held = RETAINED_ML + course.held_ml(t_s, times, DRAINS_S["achalasia"], 1.9)
        held = min(self.scale**3 * held, 0.8 * canvas.volume_ml("sac"))
        canvas.organ("sac", "soft", -1.0)
        level = canvas.pool("sac", held, 0.55 * BARIUM_G_CM3, displaces=-1.0)
        canvas.pool("sac", 0.8 * held, 0.30 * BARIUM_G_CM3)
        canvas.organ("sac wall", "contrast", COAT_MM * 0.7 * BARIUM_G_CM3)
        gives = np.clip(np.sin(2 * np.pi * t_s / 9.0) * 1.6 - 0.5, 0.0, 1.0)
        beak = g.s_mm > g.sphincter_mm - 14.0
        canvas.tube(
            line[beak & self._inside],
            self.scale * (1.1 + 0.7 * gives),
            BARIUM_G_CM3 * (0.35 + 0.65 * gives),
        )
        self._stream(canvas, line, 0.55 * float(gives))
        stop = float(np.interp(-level, -line[:, 2], g.s_mm))
        for at in times[-2:]:
            self._drips(canvas, line, t_s - at, stop)

    def _drips(self, canvas: Canvas, line: np.ndarray, since: float, stop: float) -> None:
        """A mouthful that runs down the wall of the wide oesophagus to the level."""
        if not 0.0 < since < 3.2:
            return
        g = self.oesophagus
        head = min(course.head_mm(since, stop + 4.0), stop + 3.0)
        tail = float(np.interp(since, [0.8, 3.2], [0.0, stop]))
        on = (g.s_mm >= tail) & (g.s_mm <= head)
        if on.sum() < 4:
            return
        n = int(on.sum())
        aside = np.interp(g.s_mm[on], [0, 25, 70], [0, 2, 9])[:, None] * np.array([0.55, 0.5, 0])
        wide = np.interp(g.s_mm[on], [0, 20, 60], [5.0, 4.5, 2.6])
        wide = wide * (1 + 0.3 * np.sin(g.s_mm[on] / 4.0 - 11 * since))
        ends = np.sqrt(np.clip(np.minimum(np.arange(n) + 0.5, n - np.arange(n)) / 6.0, 0.05, 1))
        canvas.tube(line[on] + aside, self.scale * wide * ends, BARIUM_G_CM3)

    def _pouch(self, canvas: Canvas, line: np.ndarray, since: Sequence[float], t_s: float) -> None:
        """The hernia's pouch with air over a level; bearing down fills it and sends it back."""
        room = canvas.volume_ml("sac")
        push, after = self.valsalva(t_s)
        full = 0.34
        for s in since:
            arrives = float(np.interp(s, [2.2, 4.5, 8.0, 13.0], [0.0, 0.36, 0.30, 0.0]))
            full += arrives
        full = min(full + 0.64 * push, 0.995)
        canvas.organ("sac", "soft", -0.9)
        canvas.pool("sac", full * room, BARIUM_G_CM3, displaces=-0.9)
        canvas.organ("sac wall", "contrast", COAT_MM * 1.2 * BARIUM_G_CM3)
        g = self.oesophagus
        if push > 0.02 or 0.0 < after < 6.0:
            # Up with the push; then a secondary wave from above clears it.
            top = g.sphincter_mm - (g.sphincter_mm - REFLUX_TOP_MM) * push
            if after > 0.0:
                top = max(REFLUX_TOP_MM + 44.0 * (after - 0.8), REFLUX_TOP_MM)
            length = g.sphincter_mm - top
            if length > 8.0:
                span = course.Span(top, g.sphincter_mm + 12.0, 0.11 * length, 22.0, 2.0)
                self._span(canvas, line, span)

    def valsalva(self, t_s: float) -> tuple[float, float]:
        """How hard the patient bears down, 0 to 1, and seconds since he stopped (0 if never)."""
        times = self.actions.times("Valsalva", t_s)
        if not times:
            return 0.0, 0.0
        since = t_s - times[-1]
        push = float(np.interp(since, [0, 0.9, VALSALVA_S - 0.2, VALSALVA_S], [0, 1, 1, 0]))
        return push * push * (3 - 2 * push), max(since - VALSALVA_S, 0.0)

    # ---- what else the procedure answers -----------------------------------------------------

    def sway_mm(self, t_s: float) -> tuple[float, float]:
        """A standing patient sways a little."""
        aside, up = float(np.sin(0.7 * t_s)), float(np.sin(0.9 * t_s + 1))
        return 0.9 * aside, 0.5 * up + 0.3 * self.breath(t_s)

    def begin(self, t_s: float) -> float:
        """Handle the pressed pedal: the patient is asked to swallow soon."""
        turn = np.ceil((t_s - course.FIRST_S) / course.TURN_S)
        return float(max(t_s, course.FIRST_S + turn * course.TURN_S - 0.8))

    def check(self, name: str, value: Any, t_s: float) -> Any:
        """One swallow at a time."""
        last = [t_s - at for at in self.swallows(t_s)[-1:]]
        if name == "Swallow" and last and last[0] < 1.5:
            raise RefusedActionError(
                f"The patient began to swallow {last[0]:.1f} s ago; swallows are at least 1.5 s "
                "apart.",
                "Wait, then press S again.",
                code="FV-SIM-034",
            )
        return value

    def truth(self, t_s: float) -> Mapping[str, Any]:
        """Where the newest mouthful and its wave are, mm from the upper sphincter."""
        times = self.swallows(t_s)
        since = t_s - times[-1] if times else -1.0
        g = self.oesophagus
        return {
            "since_swallow_s": since,
            "swallows": len(times),
            "head_mm": course.head_mm(since, g.sphincter_mm) if times else 0.0,
            "wave_mm": course.wave_mm(since, g.end_mm) if times else 0.0,
            "sphincter_share": course.sphincter_open(since),
            "valsalva_share": self.valsalva(t_s)[0],
            "breath": self.breath(t_s),
        }

    def status(self, t_s: float) -> str:
        """What the patient does now."""
        if self.valsalva(t_s)[0] > 0.2:
            return "The patient bears down"
        times = self.swallows(t_s)
        since = t_s - times[-1] if times else -1.0
        if since < 0:
            return "The patient holds the mouthful"
        if since < 2.0:
            return f"Swallow {len(times)}: the head falls"
        return f"Swallow {len(times)}, {since:.0f} s"
