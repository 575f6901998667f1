"""Wrist pinning as it is offered: cases, teaching, controls, start technique and view."""

from __future__ import annotations

from fluoroview_simulated.procedures.base import Case, Control, ProcedureInfo
from fluoroview_simulated.room.technique import Geometry, Technique

SHORT_MM, DORSAL_DEG, RADIAL_DEG = 5.0, 21.0, 8.0
"""The displacement as the patient comes."""
_STEPS = {
    "Traction": ("Traction on the fingers.", "mm", 0.0, 0.0, 9.0, 1.0, ("T", "Shift+T")),
    "PalmarFlexion": ("Palmar flexion of the hand.", "deg", 0.0, 0.0, 32.0, 3.0, ("P", "Shift+P")),
    "UlnarDeviation": (
        "Ulnar deviation of the hand.",
        "deg",
        0.0,
        0.0,
        16.0,
        2.0,
        ("U", "Shift+U"),
    ),
    "Wire1": (
        "First wire, from the radial styloid: depth.",
        "mm",
        0.0,
        0.0,
        90.0,
        3.0,
        ("Up", "Down"),
    ),
    "Wire1Angle": (
        "Angle of the wire to the forearm in AP.",
        "deg",
        33.0,
        9.0,
        120.0,
        3.0,
        ("Right", "Left"),
    ),
    "Wire1Tilt": (
        "Tilt of the wire towards the palm in the lateral view.",
        "deg",
        0.0,
        -40.0,
        40.0,
        3.0,
        ("W", "Shift+W"),
    ),
    "Wire2": (
        "Second wire, from the dorsal ulnar corner: depth.",
        "mm",
        0.0,
        0.0,
        90.0,
        3.0,
        ("Shift+Up", "Shift+Down"),
    ),
    "Wire2Angle": (
        "Angle of the wire to the forearm in AP.",
        "deg",
        27.0,
        9.0,
        120.0,
        3.0,
        ("Shift+Right", "Shift+Left"),
    ),
    "Wire2Tilt": (
        "Tilt of the wire towards the palm in the lateral view.",
        "deg",
        18.0,
        -40.0,
        40.0,
        3.0,
        ("E", "Shift+E"),
    ),
}
CONTROLS = tuple(
    Control(name, "step", doc, unit, default, low, high, step, shortcut=keys)
    for name, (doc, unit, default, low, high, step, keys) in _STEPS.items()
)


def _stepped(name: str, start_s: float, value: float, count: int) -> list[tuple[float, str, float]]:
    """A control moved in `count` presses, 0.12 s apart."""
    return [(start_s + 0.12 * i, name, value * (i + 1) / count) for i in range(count)]


INFO = ProcedureInfo(
    name="wrist-pinning",
    title="Wrist fracture: Kirschner wires",
    agent="none",
    teaching=(
        "Reduce first: traction (T), palmar flexion (P) until the articular surface has a palmar "
        "tilt of 10° in the lateral view, ulnar deviation (U) until its inclination in AP is "
        "22°. Then drive the first wire from the radial styloid (Up) across the fracture into "
        "the far cortex of the shaft, the second from the dorsal ulnar corner (Shift+Up) so that "
        "they cross proximal to the fracture. A wire holds when it just perforates the far "
        "cortex; it must not enter the joint. The wrist is thin: 50 kV, no copper, small field, "
        "short taps of the pedal."
    ),
    cases=(
        Case(
            "colles",
            "Colles fracture",
            True,
            "The radius is fractured 2 cm proximal to the joint; the distal fragment is "
            "displaced and tilted dorsally (dinner-fork deformity in the lateral view), "
            "shortened by 5 mm, so that the ulna is too long (positive ulnar variance), and "
            "deviated radially. Well pinned, two wires cross proximal to the fracture and hold "
            "in the far cortex.",
        ),
        Case(
            "joint-penetration",
            "Wire in the joint, reduction lost",
            True,
            "One wire, driven from the shaft, crosses the articular surface and ends in the "
            "lunate; the other passes dorsal to the shaft and holds nothing. In the lateral view "
            "the articular surface is tilted dorsally.",
        ),
        Case(
            "normal",
            "Normal wrist",
            False,
            "Three smooth carpal arcs (Gilula): the proximal and distal contours of scaphoid, "
            "lunate and triquetrum, and the proximal contour of capitate and hamate. Joint "
            "spaces of 2 mm. The articular surface of the radius has an inclination of 22° in AP "
            "and a palmar tilt of 11° in the lateral view; radius, lunate and capitate are in "
            "line.",
        ),
    ),
    technique=Technique(kv=50.0, tube_current_ma=12.0, pulse_width_ms=6.0, filter_cu_mm=0.0),
    geometry=Geometry(
        detector_mm=160.0,
        field_width_mm=156.0,
        field_height_mm=156.0,
        isocentre_mm=(4.0, 0.0, 2.0),
        grid=False,
    ),
    rate_hz=7.5,
    controls=CONTROLS,
    gallery_s=(0.0, 7.5),
    gallery_actions=(
        *_stepped("Traction", 0.5, SHORT_MM, 5),
        *_stepped("PalmarFlexion", 1.1, DORSAL_DEG, 6),
        *_stepped("UlnarDeviation", 1.8, RADIAL_DEG, 4),
        (2.3, "Wire1Angle", 21.0),
        *_stepped("Wire1", 2.4, 54.0, 9),
        *_stepped("Wire2", 3.6, 50.0, 9),
    ),
)
