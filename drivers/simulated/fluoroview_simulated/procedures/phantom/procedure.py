"""A patient that can be computed by hand: a water drum, a steel wire, and a filling iodine tube."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from fluoroview_simulated.anatomy.mesh import tube_mesh
from fluoroview_simulated.anatomy.parts import Part
from fluoroview_simulated.procedures.base import Procedure
from fluoroview_simulated.procedures.phantom.info import INFO

if TYPE_CHECKING:
    from fluoroview_simulated.render.canvas import Canvas

DRUM_MM, DRUM_LENGTH_MM = 60.0, 300.0
TUBE_MM, TUBE_LENGTH_MM, TUBE_X_MM = 4.0, 100.0, 20.0
IODINE_G_CM3 = 0.1
FILLING_MM_S = 40.0
WIRE_MM = 0.5
ROUND_S = 5.0
"""After so long the tube is empty again."""


class Phantom(Procedure):
    """Drum of radius DRUM_MM about z; in it a tube of radius TUBE_MM that fills from its lower end
    by FILLING_MM_S, and a wire of radius WIRE_MM."""

    info = INFO

    textured = False

    def parts(self) -> Sequence[Part]:
        """The drum."""
        half = DRUM_LENGTH_MM / 2
        z = np.linspace(-half, half, 61)
        return [Part(tube_mesh(np.stack([0 * z, 0 * z, z], axis=1), DRUM_MM, 96), soft=1.0)]

    def sway_mm(self, t_s: float) -> tuple[float, float]:
        """It stands still."""
        return 0.0, 0.0

    def draw(self, t_s: float, canvas: Canvas) -> None:
        """The tube as far as it is filled, and the wire."""
        half = TUBE_LENGTH_MM / 2
        z = np.linspace(-half, half, 51)
        filled = np.where(z < -half + self._filled_mm(t_s), IODINE_G_CM3, 0.0)
        canvas.tube(np.stack([0 * z + TUBE_X_MM, 0 * z, z], axis=1), TUBE_MM, filled)
        wire = np.array([(-30.0, 0.0, -40.0), (-30.0, 0.0, 40.0)])
        canvas.tube(wire, WIRE_MM, 1.0, "metal")

    def truth(self, t_s: float) -> Mapping[str, Any]:
        """How far the tube is filled."""
        return {"filled_mm": self._filled_mm(t_s)}

    def status(self, t_s: float) -> str:
        """How far the tube is filled."""
        return f"Tube filled over {self._filled_mm(t_s):.0f} mm"

    def _filled_mm(self, t_s: float) -> float:
        return min(FILLING_MM_S * (t_s % ROUND_S), TUBE_LENGTH_MM)
