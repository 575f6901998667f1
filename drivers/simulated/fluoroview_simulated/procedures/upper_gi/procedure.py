"""The procedure: gas, barium and coat in the stomach, spurts through the pylorus."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from fluoroview_simulated.anatomy import regions_gut as gut
from fluoroview_simulated.anatomy.breathing import breathing
from fluoroview_simulated.anatomy.parts import Part
from fluoroview_simulated.anatomy.view import View
from fluoroview_simulated.procedures.barium_enema.coat import soft, without_steps
from fluoroview_simulated.procedures.base import Procedure, RefusedActionError
from fluoroview_simulated.procedures.upper_gi import anatomy
from fluoroview_simulated.procedures.upper_gi.course import PASSAGE_S, Moment, moment
from fluoroview_simulated.procedures.upper_gi.info import INFO
from fluoroview_simulated.render import strokes
from fluoroview_simulated.render.canvas import Canvas, LayerMap, ViewLayers

BARIUM_G_CM3 = 1.2
COAT_MM = 0.24
GROOVE_MM = 1.1
TUMOUR_TISSUE = 0.20
"""Tissue of a tumour against the fat in which it grows."""
MAX_BARIUM_ML = 400.0
S_MM = np.linspace(0.0, 400.0, 256)


class UpperGI(Procedure):
    """A stomach with gas and barium."""

    info = INFO

    def __init__(self, case: str, seed: int = 1, body: str = "medium") -> None:
        super().__init__(case, seed, body)
        self.trunk = gut.abdomen(body, seed)
        self.organs = anatomy.make_anatomy(case, body)
        scale = self.organs.scale
        self._size = scale**3
        self._oesophagus = gut.smooth_line(gut.OESOPHAGUS_POINTS, 4.0) * scale
        lumen = self.organs.stomach
        lesser = [lumen.wall(s, 180.0)[0] for s in np.linspace(26.0, 175.0, 40)]
        inlet = np.linspace(self._oesophagus[-1], np.array(lesser[0]) * scale, 4)[1:]
        self._way = np.concatenate([self._oesophagus, inlet, np.array(lesser[1:]) * scale])
        self._length = float(lumen.s_mm[-1])
        self._ramp = np.linspace(0.0, 1.0, 256).astype(np.float32)

    def parts(self) -> Sequence[Part]:
        """What stands still in the abdomen."""
        return self.trunk.resting

    def layers(self, view: View, layers: ViewLayers) -> None:
        """Organs that breathe, body of the stomach, duodenum, lesions."""
        self.trunk.layers(layers)
        anatomy.lay_out(self.organs, layers, self.seed)

    def state(self, t_s: float) -> Moment:
        """The stomach at `t_s`, in ml of the medium adult."""
        swallows, rolls = self.actions.times("Swallow", t_s), self.actions.times("Roll", t_s)
        return moment(t_s, swallows, rolls, self._length)

    def draw(self, t_s: float, canvas: Canvas) -> None:
        """All that breathes: organs, and what is in the stomach."""
        with self.trunk.breathes(canvas, self.breath(t_s)):
            self._draw_stomach(t_s, canvas)

    def breath(self, t_s: float) -> float:
        """Depth of the breath, -1 to 1."""
        return breathing(self.actions.history("BreathHold", t_s), t_s)

    def _draw_stomach(self, t_s: float, canvas: Canvas) -> None:
        """Gas, pool and coat; mouthfuls on their way; bulb and C-loop."""
        now = self.state(t_s)
        waves = now.waves
        if self.case == "carcinoma":  # the stiff wall stops them
            waves = tuple(w for w in waves if w < anatomy.TUMOUR_MM - 24.0)
        lumen, wall = self.organs.antrum.trace(canvas, waves, now.pylorus)
        levels = canvas.layers.own["levels"]
        level = float(np.interp(self._size * now.barium_ml, levels["ml"], levels["mm"]))
        coat = COAT_MM * BARIUM_G_CM3 * now.coat
        if self.organs.mass is not None:
            canvas.organ("mass", "soft", TUMOUR_TISSUE)
        for layer in (canvas.layers.maps["body"], lumen):
            self._filled(canvas, layer, level, now)
        canvas.organ("body wall", "contrast", coat * (0.5 + 0.5 * now.gas))
        canvas.coat("grooves", self._ramp * (GROOVE_MM * BARIUM_G_CM3 * now.coat))
        self._antrum_wall(canvas, wall, coat)
        self._crater(canvas, now)
        self._duodenum(canvas, now)
        for since in now.sips:
            self._mouthful(canvas, since)
        without_steps(canvas)

    def _filled(self, canvas: Canvas, layer: LayerMap, level: float, now: Moment) -> None:
        """Gas above the level, barium below it."""
        if layer.path.size == 1:
            return
        out = canvas.base["contrast"], canvas.base["soft"]
        canvas.used["contrast"] = canvas.used["soft"] = True
        gas = np.float32(now.gas)
        out[1][layer.place] -= layer.path * gas
        if now.barium_ml > 0.5:
            assert layer.low is not None
            assert layer.high is not None
            corner = (layer.place[0].start, layer.place[1].start)
            strokes.pool(
                layer.path,
                layer.low,
                layer.high,
                np.full(layer.path.shape[0], level, np.float32),
                corner,
                np.float32(BARIUM_G_CM3),
                gas,
                *out,
            )

    def _antrum_wall(self, canvas: Canvas, wall: LayerMap, coat: float) -> None:
        if wall.path.size == 1:
            return
        texture = canvas.layers.own["grain"]["texture"][wall.place]
        canvas.used["contrast"] = True
        canvas.base["contrast"][wall.place] += soft(wall.path) * texture * np.float32(coat)

    def _crater(self, canvas: Canvas, now: Moment) -> None:
        """An ulcer keeps its barium; furrows between the folds run to it."""
        if self.organs.crater is None:
            return
        canvas.organ("crater", "contrast", 0.75 * BARIUM_G_CM3 * min(1.0, 2.0 * now.coat))
        canvas.organ("crater wall", "contrast", COAT_MM * BARIUM_G_CM3 * now.coat)
        if self.organs.spokes is not None:
            points, deep = self.organs.spokes
            canvas.tube(points, 1.0, deep * (BARIUM_G_CM3 * now.coat))

    def _duodenum(self, canvas: Canvas, now: Moment) -> None:
        """The bulb fills and shuts; what leaves it runs down the loop and leaves a coat."""
        spurts = np.zeros(256)
        passed = 0.0
        for since in now.spurts:
            head = 44.0 + 22.0 * since
            tail = 44.0 + 22.0 * max(since - 2.4, 0.0)
            share = 0.5 * np.exp(-since / 14.0)
            spurts += share * _box(S_MM, tail, head, 30.0)
            passed = max(passed, min(head, 400.0))
        if now.bulb > 0.0:
            passed = max(passed, 46.0)
        wet = _box(S_MM, -50.0, passed, 12.0) * np.interp(S_MM, [44, 60], [1.0, 0.75])
        for i in range(len(self.organs.pieces)):
            low = anatomy.DUODENUM_CUTS_MM[i]
            if i == 0:
                self._bulb(canvas, now)
            elif passed > low:
                table = np.minimum(spurts, 0.9) * BARIUM_G_CM3
                canvas.flow(f"duodenum {i}", table, 0.0, 400.0)
            if passed > low:
                table = wet * (0.6 * COAT_MM * BARIUM_G_CM3)
                canvas.coat(f"duodenum wall {i}", table, 0.0, 400.0)

    def _bulb(self, canvas: Canvas, now: Moment) -> None:
        if now.bulb <= 0.01:
            return
        room = canvas.volume_ml("duodenum 0")
        canvas.organ("duodenum 0", "soft", -0.7 * min(1.0, 2.0 * now.bulb))
        share = min(1.0, 2.0 * now.bulb)
        canvas.pool(
            "duodenum 0", 0.55 * now.bulb * room, BARIUM_G_CM3 * 0.8, displaces=-0.7 * share
        )

    def _mouthful(self, canvas: Canvas, since: float) -> None:
        """A mouthful falls down the oesophagus and trickles along the lesser curvature."""
        n, oesophagus = len(self._way), len(self._oesophagus)
        head = np.interp(
            since, [0.2, 1.7, PASSAGE_S, PASSAGE_S + 0.6], [0, oesophagus, oesophagus + 25, n]
        )
        tail = np.interp(since, [1.0, PASSAGE_S, PASSAGE_S + 2.6], [0, oesophagus, n])
        a, b = int(tail), int(head)
        if canvas.down[2] > -0.5:  # lying, it goes to the fundus at once
            b = min(b, oesophagus + 3)
        if b - a < 3:
            return
        i = np.arange(a, b)
        ends = np.sqrt(np.clip(np.minimum(i - a + 0.6, b - i) / 5.0, 0.05, 1.0))
        wide = np.where(i < oesophagus - 4, 7.5, 1.7 + 0.35 * np.sin(i * 1.3)) * ends
        canvas.tube(self._way[a:b], wide, 0.6 * BARIUM_G_CM3)

    def sway_mm(self, t_s: float) -> tuple[float, float]:
        """The body rocks a little with each breath."""
        breath = self.breath(t_s)
        return 0.2 * breath, 0.3 * breath

    def check(self, name: str, value: Any, t_s: float) -> Any:
        """A stomach takes only so much."""
        if name == "Swallow" and self.state(t_s).barium_ml > MAX_BARIUM_ML:
            held, most = (self._size * v for v in (self.state(t_s).barium_ml, MAX_BARIUM_ML))
            raise RefusedActionError(
                f"The stomach already holds {held:.0f} ml of barium; {most:.0f} ml is the limit.",
                "Wait until it has emptied.",
                code="FV-SIM-052",
            )
        return value

    def truth(self, t_s: float) -> Mapping[str, Any]:
        """Volumes, waves (mm from the fundus) and the state of the coat."""
        now = self.state(t_s)
        return {
            "barium_ml": self._size * now.barium_ml,
            "gas_share": now.gas,
            "coat_share": now.coat,
            "waves_mm": list(now.waves),
            "bulb_share": now.bulb,
            "pylorus_share": now.pylorus,
            "breath": self.breath(t_s),
        }

    def status(self, t_s: float) -> str:
        """What the patient and the stomach do."""
        now = self.state(t_s)
        if any(s < PASSAGE_S for s in now.sips):
            return "The patient swallows"
        if now.coat < 0.7:
            return "The patient turns over: the coat forms"
        if now.pylorus > 0.3:
            return "A wave reaches the pylorus: the bulb fills"
        return f"Barium {self._size * now.barium_ml:.0f} ml under gas; waves in the antrum"


def _box(s: np.ndarray, low: float, high: float, soft_mm: float) -> np.ndarray:
    """1 between two places, with ends that taper."""
    up = np.clip((s - low) / soft_mm, 0, 1)
    return up * np.clip((high - s) / soft_mm, 0, 1)
