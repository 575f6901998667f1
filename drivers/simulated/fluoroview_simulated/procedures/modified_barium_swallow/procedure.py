"""The modified barium swallow as a procedure: cases, controls, teaching, and its two faces.

From the side it is the drawing in `lateral`; from any other angle the head and neck are meshes and
the bolus is a solid that takes the same course.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import cv2
import numpy as np

from fluoroview_simulated.anatomy.parts import BODY_SCALE, GIRTH, Part
from fluoroview_simulated.anatomy.regions_head import head_and_neck
from fluoroview_simulated.anatomy.view import View
from fluoroview_simulated.procedures.base import Procedure, ProcedureInfo, RefusedActionError
from fluoroview_simulated.procedures.modified_barium_swallow import moving_neck, turned
from fluoroview_simulated.procedures.modified_barium_swallow.boluses import (
    BY_NAME,
)
from fluoroview_simulated.procedures.modified_barium_swallow.course import (
    Motion,
    motion_at,
    turns_until,
)
from fluoroview_simulated.procedures.modified_barium_swallow.info import INFO
from fluoroview_simulated.procedures.modified_barium_swallow.lateral import layers as moving
from fluoroview_simulated.procedures.modified_barium_swallow.lateral import resting
from fluoroview_simulated.procedures.modified_barium_swallow.turn import Turn
from fluoroview_simulated.render.canvas import GRID, MARGIN, SIDE, Canvas, ViewLayers


class ModifiedBariumSwallow(Procedure):
    """One patient at the swallow."""

    info: ClassVar[ProcedureInfo] = INFO

    def __init__(self, case: str, seed: int = 1, body: str = "medium") -> None:
        super().__init__(case, seed, body)
        self._scale = BODY_SCALE[body]
        self._girth = self._scale * GIRTH[body]
        self._layers: moving.MovingLayers | None = None
        self._wide = np.zeros((SIDE, SIDE), np.float32)
        self._known: tuple[tuple[Any, ...], Motion] | None = None

    def parts(self) -> Sequence[Part]:
        """What stands still of head and neck in space, for every view but the lateral."""
        return [p.in_body(self.body) for p in head_and_neck(swallowing=True)]

    def resting(self, view: View, size: int) -> tuple[np.ndarray, np.ndarray] | None:
        """The drawn patient where the view is from the side; None where `parts` are projected."""
        return resting.resting_maps(view, size, self.seed, self._scale, self._girth)

    def layers(self, view: View, layers: ViewLayers) -> None:
        """What moves of the neck, for every view but the lateral."""
        if not resting.covers(view, self._scale):
            moving_neck.add_layers(layers, self.body)

    def draw(self, t_s: float, canvas: Canvas) -> None:
        """Air, barium and what moves of the bones."""
        m = self.motion(t_s)
        if resting.covers(canvas.view, self._scale):
            self._draw_lateral(m, t_s, canvas)
        else:
            moving_neck.draw(m, canvas, self.body)
            turned.draw(m, t_s, canvas, self._scale)

    def _draw_lateral(self, m: Motion, t_s: float, canvas: Canvas) -> None:
        if self._layers is None:
            self._layers = moving.MovingLayers(self.seed)
        layers = self._layers
        maps = layers.render(m, t_s)
        matrix = resting.cells_matrix(
            canvas.view, moving.GRID / moving.VIEW_MM, moving.GRID, GRID, self._scale
        )
        matrix[:, 2] += matrix[:, :2] @ (layers.column0, layers.row0) + MARGIN
        for name, path, factor in (
            ("soft", maps.soft, self._girth),
            ("bone", maps.bone, self._scale),
            ("contrast", maps.barium, self._scale),
        ):
            canvas.map(name)
            _add(canvas.base[name], path, matrix, factor, self._wide)

    def turns(self, t_s: float) -> list[Turn]:
        """The swallows that began up to `t_s`."""
        return turns_until(t_s, self.actions.times("Swallow", t_s), self._chosen)

    def _chosen(self, t_s: float) -> Any:
        return BY_NAME.get(str(self.actions.value("Bolus", t_s)))

    def motion(self, t_s: float) -> Motion:
        """State of the pharynx at `t_s`."""
        coughs = self.actions.times("Cough", t_s)
        turns = self.turns(t_s)
        key = (t_s, turns[-1].start_s, turns[-1].bolus.name, len(coughs))
        if self._known is None or self._known[0] != key:
            self._known = key, motion_at(t_s, self.seed, self.case, turns, coughs)
        return self._known[1]

    def sway_mm(self, t_s: float) -> tuple[float, float]:
        """The patient moves a little, and jerks when coughing."""
        return self.motion(t_s).sway_mm

    def begin(self, t_s: float) -> float:
        """After a pause the patient has waited for the pedal, and takes the next bolus."""
        now = self.turns(t_s)[-1]
        return t_s if t_s < now.start_s + 0.5 else now.end_s

    def check(self, name: str, value: Any, t_s: float) -> Any:
        """A patient who is swallowing cannot take more."""
        if name == "Swallow":
            wait = self.turns(t_s)[-1].free_s - t_s
            if wait > 0.0:
                raise RefusedActionError(
                    f"The patient is still swallowing: the next bolus is possible in {wait:.1f} s.",
                    "Wait, then press S again.",
                    code="FV-SIM-029",
                )
        return value

    def truth(self, t_s: float) -> Mapping[str, Any]:
        """Bolus, its head and tail along the way from the incisors, and what is in the airway."""
        m = self.motion(t_s)
        present = m.loaded > 0.02 and m.tail_mm < 260.0
        return {
            "swallow": m.turn + 1,
            "bolus": m.bolus.name,
            "iddsi": m.bolus.iddsi,
            "bolus_ml": m.bolus.volume_ml,
            "bolus_head_mm": round(m.head_mm, 2) if present else None,
            "bolus_tail_mm": round(m.tail_mm, 2) if present else None,
            "since_onset_s": round(m.since_onset_s, 4),
            "larynx_closed": round(m.closure, 3),
            "larynx_lift": round(m.larynx, 3),
            "residue": round(m.residue, 3),
            "penetrated": round(m.airway.vestibule, 3),
            "aspirated_ml": round(m.airway.aspirated_ml, 3),
            "cough": round(m.cough, 3),
        }

    def status(self, t_s: float) -> str:
        """Which bolus this is."""
        m = self.motion(t_s)
        return f"Swallow {m.turn + 1}: {m.bolus.name}"


def _add(
    out: np.ndarray, path: np.ndarray, matrix: np.ndarray, factor: float, wide: np.ndarray
) -> None:
    """Adds a window of the drawing's plane to a map, where `matrix` puts its cells."""
    linear, shift = matrix[:, :2], matrix[:, 2]
    if np.abs(linear - np.eye(2)).max() < 1e-4 and np.abs(shift - np.rint(shift)).max() < 1e-3:
        left, top = (int(v) for v in np.rint(shift))
        rows = slice(max(top, 0), min(top + path.shape[0], out.shape[0]))
        columns = slice(max(left, 0), min(left + path.shape[1], out.shape[1]))
        piece = path[rows.start - top : rows.stop - top, columns.start - left : columns.stop - left]
        cv2.scaleAdd(piece, factor, out[rows, columns], dst=out[rows, columns])
        return
    cv2.warpAffine(path, matrix, wide.shape[::-1], dst=wide, flags=cv2.INTER_LINEAR)
    cv2.scaleAdd(wide, factor, out, dst=out)
