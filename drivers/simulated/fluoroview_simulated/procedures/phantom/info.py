"""The test phantom as it is offered: case, teaching, start technique and view."""

from __future__ import annotations

from fluoroview_simulated.procedures.base import Case, ProcedureInfo
from fluoroview_simulated.room.technique import Geometry, Technique

INFO = ProcedureInfo(
    "phantom",
    "Test phantom",
    "iodine",
    "A water drum of 120 mm with a steel wire of 1 mm and a tube of 8 mm that fills with iodine, "
    "100 mg/ml. Everything in it can be computed by hand: for measuring generator and detector.",
    (
        Case(
            "water-drum",
            "Water drum",
            False,
            "The tube to the right of the centre fills upwards at 40 mm/s; the wire is on the "
            "left.",
        ),
    ),
    technique=Technique(kv=70.0, tube_current_ma=20.0, pulse_width_ms=6.0),
    geometry=Geometry(),
    rate_hz=30.0,
    bodies=("medium",),
    gallery_s=(0.0, 3.0),
)
