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
    "Rotation": ("Internal rotation of the foot.", "deg", 0.0, -10.0, 40.0, 4.0, ("R", "Shift+R")),
    "Abduction": ("Abduction of the leg.", "deg", 0.0, -6.0, 24.0, 2.0, ("A", "Shift+A")),
    "EntryWire": (
        "Guide wire into the medullary canal, from the tip of the greater trochanter.",
        "mm",
        0.0,
        0.0,
        220.0,
        10.0,
        ("Up", "Down"),
    ),
    "Reamer": ("Reams the canal over the guide wire.", "mm", 0.0, 0.0, 90.0, 5.0, ("M", "Shift+M")),
    "Nail": (
        "Depth of the nail tip; 184 mm is fully seated and sets the height of the lag screw.",
        "mm",
        0.0,
        0.0,
        196.0,
        8.0,
        ("N", "Shift+N"),
    ),
    "NailTurn": (
        "Rotates the nail with its aiming arm: anteversion of the lag screw.",
        "deg",
        0.0,
        -20.0,
        20.0,
        2.0,
        ("Left", "Right"),
    ),
    "LagWire": (
        "Guide wire through the nail into the femoral head; 0: lateral cortex.",
        "mm",
        0.0,
        0.0,
        140.0,
        5.0,
        ("W", "Shift+W"),
    ),
    "Drill": (
        "Step drill over the guide wire of the lag screw.",
        "mm",
        0.0,
        0.0,
        130.0,
        5.0,
        ("D", "Shift+D"),
    ),
    "LagScrew": ("Lag screw in the drilled channel.", "mm", 0.0, 0.0, 130.0, 5.0, ("L", "Shift+L")),
}
CONTROLS = tuple(
    Control(name, "step", description, unit, default, low, high, step, shortcut=keys)
    for name, (description, unit, default, low, high, step, keys) in _STEPS.items()
)
FIXED: dict[str, dict[str, float]] = {
    "malreduction": {
        "Traction": 15.0,
        "Rotation": 16.0,
        "Abduction": 1.0,
        "Nail": 182.0,
        "NailTurn": -7.0,
        "LagScrew": 92.0,
    },
    "cut-out": {
        "Traction": 12.0,
        "Rotation": 22.0,
        "Abduction": -6.0,
        "Nail": 190.0,
        "NailTurn": 3.0,
        "LagScrew": 112.0,
    },
}
"""Patients whose operation is over."""

_TEACHING = (
    "The patient lies on the fracture table with the other leg held clear. Reduce first: "
    "traction (T) restores length, internal rotation (R) turns the patella forward, abduction "
    "(A) corrects the varus. Only then insert the guide wire (Up), ream (M) and insert the nail "
    "(N). Rotate the aiming arm (Left, Right) until the guide wire of the lag screw (W) is "
    "central in the femoral head in the lateral view, and choose the depth of the nail so that "
    "it is central or slightly inferior in AP. The tip-apex distance must be below 25 mm. Work "
    "with single short exposures: expose, move, expose again. " + CAMERA
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
            "The fracture runs from the greater to the lesser trochanter. The shaft is shortened "
            "by 18 mm, in 13° of varus and 24° of external rotation; the medial cortex is "
            "interrupted. It is reduced when the calcar is one line in AP, and neck and shaft "
            "are in line in the lateral view.",
        ),
        Case(
            "malreduction",
            "Fixed in varus, lag screw too superior and too posterior",
            True,
            "The neck-shaft angle is about 12° too small, with a step at the calcar. The lag "
            "screw lies in the superior part of the head and off-centre in the lateral view, its "
            "tip far from the apex: the tip-apex distance is well above 25 mm. This screw will "
            "cut out.",
        ),
        Case(
            "cut-out",
            "Cut-out of the lag screw",
            True,
            "The femoral head has collapsed into varus around the screw, whose tip has "
            "perforated the articular surface and lies in the acetabulum. In AP the tip projects "
            "beyond the contour of the head.",
        ),
        Case(
            "normal",
            "Normal hip",
            False,
            "Follow the lines: the head is round and congruent with the acetabulum, Shenton's "
            "line runs unbroken from the neck to the obturator foramen, the calcar is thick and "
            "smooth. The principal compressive trabeculae run from the calcar up into the head, "
            "the tensile ones arch through the superior neck; between them lies Ward's triangle.",
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
