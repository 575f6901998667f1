"""Breathing: what it moves in the trunk, how far, and when it is held.

With each breath the domes of the diaphragm go down by about a centimetre and take along what lies
below them: liver, spleen and stomach wholly, kidneys and colon mostly, the pelvis hardly.
Above, the lungs are drawn out and their tops stay. The bones stand still.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

from fluoroview_simulated.anatomy.mesh import load
from fluoroview_simulated.anatomy.parts import BODY_SCALE, Part
from fluoroview_simulated.arrays import Float32Array, FloatArray
from fluoroview_simulated.render.layers import GRID, MARGIN, SIDE

if TYPE_CHECKING:
    from fluoroview_simulated.anatomy.view import View
    from fluoroview_simulated.render.canvas import Canvas, ViewLayers

DEEP_MM = 5.5
"""How far the domes go either way from their resting place in quiet breathing."""
PERIOD_S = 4.2
_SHARE = np.array(
    [
        (-230, 0.0), (-150, 0.06), (-90, 0.22), (-30, 0.52), (30, 0.82), (90, 0.97), (140, 1.0),
        (185, 1.0), (260, 0.62), (345, 0.14), (395, 0.0),
    ]
)  # fmt: skip
"""Height in the medium adult, and how far what lies there goes along with the domes."""
MOVING = (
    "soft_lungs", "soft_lung_vessels", "soft_airway", "soft_cavity", "soft_liver", "soft_spleen",
    "soft_kidneys", "soft_stomach_gas", "soft_bowel", "soft_colon_gas", "soft_bowel_gas",
    "soft_faeces",
)  # fmt: skip
"""Meshes that move; what is left of a trunk stands still."""


def breathing(holds: Sequence[tuple[float, Any]], t_s: float) -> float:
    """Depth of the breath, -1 (out) to 1 (in); held, it stays about where it was (a small drift).

    Breath rests a while when it is out, and is in only for a moment.

    `holds`: when the breath was held (True) and let go (False).
    """
    phase, last, held = 0.0, 0.0, False
    for t, value in [*holds, (t_s, None)]:
        phase += (t - last) * (0.02 if held else 1.0)
        last, held = t, bool(value)
    turn = 2 * np.pi * phase / PERIOD_S
    return float(np.sin(turn) - 0.2 * np.cos(2 * turn) - 0.2)


def share(z_mm: np.ndarray | float) -> FloatArray:
    """How much of the domes' way an organ goes at a height of the medium adult."""
    share: FloatArray = np.interp(z_mm, _SHARE[:, 0], _SHARE[:, 1])
    return share


class Trunk:
    """A trunk whose organs breathe.

    Args:
        parts: of the medium adult, all of them.
        body: the patient's size.
    """

    def __init__(self, parts: Sequence[Part], body: str) -> None:
        moving = {id(load(name)) for name in MOVING}
        self.scale = BODY_SCALE[body]
        self.resting = [p.in_body(body) for p in parts if id(p.mesh) not in moving]
        self.moving = [p.in_body(body) for p in parts if id(p.mesh) in moving]

    def layers(self, layers: ViewLayers) -> None:
        """Projects the organs that breathe, together: they overlap, but do not slide."""
        layers.tissue("trunk", self.moving)

    def down_mm(self, z_mm: np.ndarray | float, breath: float) -> FloatArray:
        """How far organs at a height of this patient have gone down at a depth of the breath."""
        return share(np.asarray(z_mm) / self.scale) * (DEEP_MM * self.scale * breath)

    def rows(self, view: View, breath: float) -> Float32Array:
        """The same in the image: cells down in each row of the maps, (SIDE,)."""
        cell_mm = view.view_mm / GRID
        along = view.axes[1][2]  # the body's length in a step down the image, about -1
        y_mm = (np.arange(SIDE) - MARGIN + 0.5) * cell_mm - 0.5 * view.view_mm
        down_mm = self.down_mm(view.isocentre[2] + y_mm * along, breath)
        down_cells: FloatArray = -along * down_mm / cell_mm
        return down_cells.astype(np.float32)

    @contextmanager
    def breathes(self, canvas: Canvas, breath: float) -> Iterator[None]:
        """Draws the organs, and carries them and all that is drawn within with the breath."""
        with canvas.carried(self.rows(canvas.view, breath)):
            canvas.organ("trunk", "soft", 1.0)
            yield
