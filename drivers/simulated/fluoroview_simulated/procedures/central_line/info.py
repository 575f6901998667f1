"""Central venous catheter as it is offered: cases, start technique and view, controls, teaching."""

from __future__ import annotations

from fluoroview_simulated.procedures.base import Case, Control, ProcedureInfo
from fluoroview_simulated.room.technique import Geometry, Technique

WIRE_START_MM, CATHETER_MAX_MM = 40.0, 320.0

INFO = ProcedureInfo(
    name="central-line",
    title="Central venous catheter",
    agent="iodine",
    teaching=(
        "The vein is punctured and the J-tip of the guidewire lies in it. Advance the wire (Up) "
        "and watch its tip all the way; if it enters a wrong branch, withdraw it (Down), rotate "
        "it (Left, Right) and advance again. Once it descends along the right side of the "
        "mediastinum, advance the catheter over it (Shift+Up) until its tip lies at the junction "
        "of the superior vena cava with the right atrium: about two vertebral bodies below the "
        "carina. Remove the wire (W) and confirm with a small injection of contrast medium (I): "
        "it must wash out into the right heart at once. A wire in the right ventricle causes "
        "ectopic beats."
    ),
    cases=(
        Case(
            "good",
            "Right internal jugular access",
            False,
            "The wire descends to the right of the trachea into the superior vena cava. The "
            "catheter is well placed with its tip at the cavo-atrial junction, parallel to the "
            "wall of the vein; injected contrast medium is carried into the right heart.",
        ),
        Case(
            "malposition",
            "Right subclavian access: wire ascends into the neck",
            True,
            "With the J as it points at first, the wire enters the internal jugular vein and "
            "ascends into the neck. Withdraw it to behind the medial end of the clavicle, rotate "
            "the J by 180° so that it points down, and advance again: it must descend to the "
            "right of the spine.",
        ),
        Case(
            "azygos",
            "Left subclavian access: wire enters the azygos vein",
            True,
            "The wire crosses the midline, but in the superior vena cava it turns posteriorly "
            "over the right main bronchus into the azygos arch. In the frontal view the tip "
            "curls at the level of the carina or descends over the spine; the lateral view, or "
            "contrast medium that stagnates, shows it. Withdraw to the left brachiocephalic "
            "vein, rotate by 180° and advance again.",
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
            "Guidewire tip, from the skin.",
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
            "Rotation of the guidewire's J-tip.",
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
            "Catheter tip, from the skin, over the wire.",
            "mm",
            0.0,
            0.0,
            CATHETER_MAX_MM,
            10.0,
            shortcut=("Shift+Up", "Shift+Down"),
        ),
        Control(
            "GuidewireOut",
            "switch",
            "Removes the guidewire from the catheter.",
            default=False,
            shortcut=("W",),
        ),
        Control("Inject", "command", "Injects 5 ml of contrast medium by hand.", shortcut=("I",)),
        Control(
            "BreathHold", "switch", "The patient holds the breath.", default=False, shortcut=("H",)
        ),
    ),
    gallery_s=(0.0, 6.0),
    gallery_actions=(
        *((0.25 * k, "GuidewireAdvance", WIRE_START_MM + 26.0 * k) for k in range(1, 10)),
        *((1.9 + 0.22 * k, "CatheterAdvance", 22.0 * k) for k in range(1, 9)),
    ),
)
