"""Central venous catheter as it is offered: cases, start technique and view, controls, teaching."""

from __future__ import annotations

from fluoroview_simulated.procedures.base import Case, Control, ProcedureInfo
from fluoroview_simulated.room.technique import Geometry, Technique

WIRE_START_MM, CATHETER_LONGEST_MM = 40.0, 320.0

INFO = ProcedureInfo(
    name="central-line",
    title="Central venous catheter",
    agent="iodine",
    teaching=(
        "The needle is in and the guidewire's J lies in the vein. Advance the wire (Up) and watch "
        "its tip all the way; withdraw it (Down), turn it (Left, Right) and try again if it takes "
        "a wrong branch. When it runs down the right side of the mediastinum, bring the catheter "
        "over it (Shift+Up) until its tip lies where the superior vena cava meets the right "
        "atrium: about two vertebral bodies below the carina. Draw the wire (W) and confirm with a "
        "little contrast (I): it must run off at once into the right heart. A wire in the right "
        "ventricle makes extra beats."
    ),
    cases=(
        Case(
            "good",
            "Right internal jugular access",
            False,
            "The wire runs straight down beside the trachea into the superior vena cava. The "
            "catheter is well placed with its tip at the cavo-atrial junction, parallel to the "
            "wall of the vein; injected contrast is swept into the right heart.",
        ),
        Case(
            "malposition",
            "Right subclavian access: wire goes up into the neck",
            True,
            "As it is turned at first the wire enters the internal jugular vein and climbs to the "
            "neck. Draw it back behind the medial end of the clavicle, turn the J down by 180° and "
            "advance again: it must come down on the right of the spine.",
        ),
        Case(
            "azygos",
            "Left subclavian access: wire goes into the azygos vein",
            True,
            "The wire crosses the midline, but in the superior vena cava it turns backwards over "
            "the right main bronchus. In the frontal view the tip curls at the height of the "
            "carina or runs down on the spine; the lateral view or contrast that stays shows it. "
            "Draw back to the left brachiocephalic vein, turn by 180° and advance again.",
        ),
    ),
    technique=Technique(kv=75.0, tube_current_ma=20.0, pulse_width_ms=5.0),
    geometry=Geometry(
        detector_mm=320.0,
        field_width_mm=312.0,
        field_height_mm=312.0,
        isocentre_mm=(-6.0, 0.0, 283.0),
    ),
    rate_hz=15.0,
    bodies=("medium", "small", "large"),
    controls=(
        Control(
            "GuidewireAdvance",
            "step",
            "How far the guidewire's tip is in from the skin.",
            "mm",
            WIRE_START_MM,
            0.0,
            460.0,
            10.0,
            shortcut=("Up", "Down"),
        ),
        Control(
            "GuidewireRotate",
            "step",
            "Rotation of the guidewire's J.",
            "deg",
            0.0,
            -720.0,
            720.0,
            30.0,
            shortcut=("Right", "Left"),
        ),
        Control(
            "CatheterAdvance",
            "step",
            "How far the catheter's tip is in from the skin, over the wire.",
            "mm",
            0.0,
            0.0,
            CATHETER_LONGEST_MM,
            10.0,
            shortcut=("Shift+Up", "Shift+Down"),
        ),
        Control(
            "GuidewireOut",
            "switch",
            "The guidewire is drawn out of the catheter.",
            default=False,
            shortcut=("W",),
        ),
        Control(
            "Inject", "command", "5 ml of contrast by hand into the catheter.", shortcut=("I",)
        ),
        Control("BreathHold", "switch", "The breath is held.", default=False, shortcut=("H",)),
    ),
    gallery_s=(0.0, 6.0),
    gallery_actions=(
        *((0.25 * k, "GuidewireAdvance", WIRE_START_MM + 26.0 * k) for k in range(1, 10)),
        *((1.9 + 0.22 * k, "CatheterAdvance", 22.0 * k) for k in range(1, 9)),
    ),
)
