"""Stent placement: cases, controls, teaching."""

from __future__ import annotations

from collections.abc import Sequence

from fluoroview_simulated.anatomy import limb_devices as devices
from fluoroview_simulated.procedures.base import Case, Control, ProcedureInfo
from fluoroview_simulated.room.technique import Geometry, Technique

CONTROLS = (
    Control("WireAdvance", "step", "Tip of the wire below the end of the sheath.", "mm",
            0.0, 0.0, 420.0, 15.0, shortcut=("Up", "Down")),
    Control("BalloonAdvance", "step", "Middle of the balloon below the end of the sheath; 0 is "
            "out of the patient.", "mm", 0.0, 0.0, 300.0, 5.0, shortcut=("Shift+Up", "Shift+Down")),
    Control("Inflate", "switch", "Inflates the balloon.", default=False, shortcut=("B",)),
    Control("StentAdvance", "step", "Middle of the crimped stent below the end of the sheath; 0 is "
            "out of the patient.", "mm", 0.0, 0.0, 300.0, 5.0, shortcut=("T", "Shift+T")),
    Control("Deploy", "step", "How far the stent's sheath is drawn back; 60 mm sets it free.", "mm",
            0.0, 0.0, devices.STENT_MM, 10.0, shortcut=("D",)),
    Control("Inject", "command", "7 ml of contrast by hand through the sheath.", shortcut=("I",)),
)  # fmt: skip


def _stepped(name: str, start_s: float, values: Sequence[float]) -> list[tuple[float, str, float]]:
    """A control moved from value to value, 0.1 s apart."""
    return [(start_s + 0.1 * i, name, v) for i, v in enumerate(values)]


INFO = ProcedureInfo(
    name="stent-placement",
    title="Stent in the superficial femoral artery",
    agent="iodine",
    teaching=(
        "Inject (I) and find the stenosis: below the 6 French sheath, at mid-thigh. Bring the wire "
        "across (Up) and leave its tip well beyond. Advance the balloon (Shift+Up) until its two "
        "markers lie on both sides, inflate (B): the waist shows where the plaque is and yields at "
        "full pressure. Deflate, withdraw. Bring the stent (T) across so that both its ends lie in "
        "sound vessel, then draw its sheath back (D): it opens from the far end. Withdraw the "
        "delivery system, dilate once more inside the stent, inject and compare."
    ),
    cases=(
        Case(
            "stenosis",
            "Stenosis, dilated and stented",
            True,
            "A one-sided stenosis by four fifths over 2.5 cm, with calcium in the plaque. After "
            "the stent the lumen is even, struts lie along the wall and the diamonds of the mesh "
            "are regular from end to end.",
        ),
        Case(
            "underexpanded",
            "Underexpanded stent in hard plaque",
            True,
            "The stent was released without dilatation. In the plaque it keeps a waist of less "
            "than half its width, the diamonds are drawn out long, and contrast is narrowed. "
            "Dilatation helps only in part: the plaque is calcified.",
        ),
        Case(
            "malposition",
            "Stent too far up",
            True,
            "The stent is well open but more than 3 cm too high: its lower end lies at the upper "
            "shoulder of the plaque, the stenosis itself is not covered. Compare markers and "
            "injection before a stent is released.",
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
