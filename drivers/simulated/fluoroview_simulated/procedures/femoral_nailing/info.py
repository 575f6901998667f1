"""Femoral nailing: cases, controls, teaching, and how the patient comes."""

from __future__ import annotations

from fluoroview_simulated.procedures.base import Case, Control, ProcedureInfo
from fluoroview_simulated.room.technique import Geometry, Technique

SEATED_MM = 184.0
"""Depth of the nail's tip when it is fully in."""
SHORT_MM, VARUS_DEG, EXTERNAL_DEG = 18.0, 13.0, 24.0
"""The displacement as the patient comes."""
CAMERA = "Check both views: AP, and lateral with the C-arm at 90° and 40° cranial."

_STEPS = {
    "Traction": ("Traction on the foot.", "mm", 0.0, 0.0, 30.0, 2.0, ("T", "Shift+T")),
    "Rotation": ("Turns the foot inward.", "deg", 0.0, -10.0, 40.0, 4.0, ("R", "Shift+R")),
    "Abduction": ("Spreads the leg.", "deg", 0.0, -6.0, 24.0, 2.0, ("A", "Shift+A")),
    "EntryWire": ("Guide wire into the canal, from the tip of the greater trochanter.",
                  "mm", 0.0, 0.0, 220.0, 10.0, ("Up", "Down")),
    "Reamer": ("Opens the canal over the guide wire.", "mm", 0.0, 0.0, 90.0, 5.0,
               ("M", "Shift+M")),
    "Nail": ("Depth of the nail's tip; 184 mm is fully seated and sets the height of the screw.",
             "mm", 0.0, 0.0, 196.0, 8.0, ("N", "Shift+N")),
    "NailTurn": ("Turns the nail with its aiming arm: anteversion of the screw.", "deg",
                 0.0, -20.0, 20.0, 2.0, ("Left", "Right")),
    "LagWire": ("Guide wire through the nail into the head; 0 is the lateral cortex.", "mm",
                0.0, 0.0, 140.0, 5.0, ("W", "Shift+W")),
    "Drill": ("Step drill over that wire.", "mm", 0.0, 0.0, 130.0, 5.0, ("D", "Shift+D")),
    "LagScrew": ("Lag screw in the drilled channel.", "mm", 0.0, 0.0, 130.0, 5.0,
                 ("L", "Shift+L")),
}  # fmt: skip
CONTROLS = tuple(
    Control(name, "step", description, unit, default, low, high, step, shortcut=keys)
    for name, (description, unit, default, low, high, step, keys) in _STEPS.items()
)
FIXED: dict[str, dict[str, float]] = {
    "malreduction": {
        "Traction": 15.0, "Rotation": 16.0, "Abduction": 1.0, "Nail": 182.0, "NailTurn": -7.0,
        "LagScrew": 92.0,
    },
    "cut-out": {
        "Traction": 12.0, "Rotation": 22.0, "Abduction": -6.0, "Nail": 190.0, "NailTurn": 3.0,
        "LagScrew": 112.0,
    },
}  # fmt: skip
"""Patients whose operation is over."""

_TEACHING = (
    "The patient lies on the fracture table, the other leg held away. First reduce: traction (T) "
    "brings the shaft down to length, inward rotation (R) turns the patella forward, abduction (A) "
    "corrects the varus. Only then the guide wire (Up), reamer (M) and nail (N). Turn the aiming "
    "arm (Left, Right) until the wire for the lag screw (W) lies in the middle of the head in the "
    "lateral view, and choose the nail's depth so that it lies in the middle or a little low in "
    "AP. Tip-apex distance below 25 mm. Work in single short exposures: one to see, then move, "
    "then one to see. " + CAMERA
)


def _stepped(name: str, start_s: float, value: float, count: int) -> list[tuple[float, str, float]]:
    """A control moved in `count` presses, 0.08 s apart."""
    return [(start_s + 0.08 * i, name, value * (i + 1) / count) for i in range(count)]


INFO = ProcedureInfo(
    name="femoral-nailing",
    title="Hip fracture: reduction and nail",
    agent="none",
    teaching=_TEACHING,
    cases=(
        Case(
            "displaced",
            "Displaced intertrochanteric fracture",
            True,
            "The fracture runs from the greater to the lesser trochanter. The shaft is 18 mm "
            "short, in 13° of varus and turned outward by 24°; the medial cortex is interrupted. "
            "It is reduced when the calcar is one line in AP, and neck and shaft are one line in "
            "the lateral view.",
        ),
        Case(
            "malreduction",
            "Fixed in varus, screw too high and too far back",
            True,
            "The neck-shaft angle is some 12° too small and a step is seen at the calcar. The lag "
            "screw lies in the upper part of the head and off its middle in the lateral view, its "
            "tip far from the apex: tip-apex distance well above 25 mm. This screw will cut out.",
        ),
        Case(
            "cut-out",
            "Cut-out of the lag screw",
            True,
            "The head has sunk into varus around the screw, whose tip has come through the joint "
            "surface and stands in the socket. In AP the tip crosses the line of the head.",
        ),
        Case(
            "normal",
            "Unbroken hip",
            False,
            "Follow the lines: head round in its socket, Shenton's line unbroken from neck to "
            "obturator foramen, calcar thick and smooth. Principal compressive trabeculae run from "
            "the calcar up into the head, tensile ones arch through the upper neck; between them "
            "lies Ward's triangle.",
        ),
    ),
    technique=Technique(kv=78.0, tube_current_ma=40.0, pulse_width_ms=8.0),
    geometry=Geometry(
        detector_mm=280.0,
        field_width_mm=274.0,
        field_height_mm=274.0,
        isocentre_mm=(100.0, 18.0, -246.0),
    ),
    rate_hz=7.5,
    bodies=("medium", "small", "large"),
    controls=CONTROLS,
    gallery_s=(0.0, 8.0),
    gallery_actions=(
        *_stepped("Traction", 0.4, SHORT_MM, 6),
        *_stepped("Rotation", 1.0, EXTERNAL_DEG, 6),
        *_stepped("Abduction", 1.5, VARUS_DEG, 6),
        *_stepped("EntryWire", 2.0, 200.0, 8),
        *_stepped("Reamer", 2.6, 75.0, 5),
        (3.0, "Reamer", 0.0),
        *_stepped("Nail", 3.1, SEATED_MM, 6),
        (3.6, "EntryWire", 0.0),
        *_stepped("LagWire", 3.7, 112.0, 6),
        *_stepped("Drill", 4.3, 110.0, 4),
        (4.7, "Drill", 0.0),
        *_stepped("LagScrew", 4.8, 109.0, 5),
        (5.3, "LagWire", 0.0),
    ),
)
