"""Stent placement: cases, controls, teaching."""

from __future__ import annotations

from collections.abc import Sequence

from fluoroview_simulated.anatomy import limb_devices as devices
from fluoroview_simulated.procedures.base import Case, Control, ProcedureInfo
from fluoroview_simulated.room.technique import Geometry, Technique

CONTROLS = (
    Control(
        "WireAdvance",
        "step",
        "Wire tip beyond the end of the sheath.",
        "mm",
        0.0,
        0.0,
        420.0,
        15.0,
        shortcut=("Up", "Down"),
    ),
    Control(
        "BalloonAdvance",
        "step",
        "Centre of the balloon beyond the end of the sheath; 0: outside the patient.",
        "mm",
        0.0,
        0.0,
        300.0,
        5.0,
        shortcut=("Shift+Up", "Shift+Down"),
    ),
    Control("Inflate", "switch", "Inflates the balloon.", default=False, shortcut=("B",)),
    Control(
        "StentAdvance",
        "step",
        "Centre of the crimped stent beyond the end of the sheath; 0: outside the patient.",
        "mm",
        0.0,
        0.0,
        300.0,
        5.0,
        shortcut=("T", "Shift+T"),
    ),
    Control(
        "Deploy",
        "step",
        "How far the outer sheath is withdrawn; at 60 mm the stent is released.",
        "mm",
        0.0,
        0.0,
        devices.STENT_MM,
        10.0,
        shortcut=("D",),
    ),
    Control(
        "Inject",
        "command",
        "Injects 7 ml of contrast medium by hand through the sheath.",
        shortcut=("I",),
    ),
)


def _stepped(name: str, start_s: float, values: Sequence[float]) -> list[tuple[float, str, float]]:
    """A control moved from value to value, 0.1 s apart."""
    return [(start_s + 0.1 * i, name, v) for i, v in enumerate(values)]


INFO = ProcedureInfo(
    name="stent-placement",
    title="Stent in the superficial femoral artery",
    agent="iodine",
    teaching=(
        "Inject (I) and find the stenosis: distal to the 6 French sheath, in the mid-thigh. "
        "Cross it with the wire (Up) and leave the tip well beyond. Advance the balloon "
        "(Shift+Up) until its two markers lie on either side, and inflate (B): the waist marks "
        "the plaque and yields at full pressure. Deflate and withdraw. Advance the stent (T) "
        "across until both its ends lie in normal vessel, then withdraw its outer sheath (D): it "
        "opens from the distal end. Withdraw the delivery system, post-dilate inside the stent, "
        "inject and compare."
    ),
    cases=(
        Case(
            "stenosis",
            "Stenosis, dilated and stented",
            True,
            "An eccentric, calcified stenosis of four fifths of the diameter over 2.5 cm. After "
            "stenting the lumen is even, the struts lie along the wall and the mesh is regular "
            "from end to end.",
        ),
        Case(
            "underexpanded",
            "Underexpanded stent in calcified plaque",
            True,
            "The stent was released without predilatation. At the plaque it keeps a waist of "
            "less than half its diameter, the cells of its mesh are elongated, and the opacified "
            "lumen is narrowed. Post-dilatation helps only in part: the plaque is calcified.",
        ),
        Case(
            "malposition",
            "Stent too far proximal",
            True,
            "The stent is fully expanded but more than 3 cm too far proximal: its distal end "
            "lies at the proximal shoulder of the plaque, the stenosis itself is not covered. "
            "Compare the markers with the angiogram before a stent is released.",
        ),
    ),
    technique=Technique(kv=70.0, tube_current_ma=40.0, pulse_width_ms=7.0),
    geometry=Geometry(
        detector_mm=160.0,
        field_width_mm=156.0,
        field_height_mm=156.0,
        isocentre_mm=(94.0, -4.0, -396.0),
    ),
    rate_hz=7.5,
    bodies=("medium", "small", "large"),
    controls=CONTROLS,
    gallery_s=(0.0, 19.2),
    gallery_actions=(
        (0.3, "Inject", None),
        *_stepped("WireAdvance", 2.4, (40, 80, 120, 160, 190)),
        *_stepped("BalloonAdvance", 3.0, (25, 45, 66)),
        (3.4, "Inflate", True),
        (6.4, "Inflate", False),
        *_stepped("BalloonAdvance", 7.0, (30, 0)),
        *_stepped("StentAdvance", 7.2, (35, 55, 66)),
        *_stepped("Deploy", 7.6, (10, 20, 30, 40, 50, 60)),
        *_stepped("StentAdvance", 8.3, (30, 0)),
        *_stepped("BalloonAdvance", 8.5, (35, 66)),
        (8.7, "Inflate", True),
        (11.0, "Inflate", False),
        (11.7, "BalloonAdvance", 0.0),
        (11.8, "Inject", None),
    ),
)
