"""Coronary angiography as it is offered: cases, start technique and view, controls, teaching."""

from __future__ import annotations

from fluoroview_simulated.procedures.base import Case, Control, ProcedureInfo
from fluoroview_simulated.room.technique import Geometry, Technique

_TEACHING = (
    "Advance the catheter (Up) until its tip jumps into the ostium, then inject (I) during "
    "exposure and keep on until the contrast has left the vessels. In diastole the arteries lie "
    "still and fill; in systole the base of the heart comes down and they bend. Ask for breath "
    "hold (H): the diaphragm leaves the field and the tree stops drifting. Turn the C-arm: RAO "
    "caudal shows left main and circumflex, RAO cranial the LAD and its diagonals, LAO cranial the "
    "septum's edge, LAO the right coronary as a C."
)
_ENGAGED = ((0.0, "CatheterRotate", 30.0), (0.0, "CatheterAdvance", 0.0))

INFO = ProcedureInfo(
    name="coronary-angiography",
    title="Coronary angiography",
    agent="iodine",
    teaching=_TEACHING,
    cases=(
        Case(
            "normal",
            "Normal left coronary artery",
            False,
            "The left main stem divides into the LAD, which runs in the anterior groove to the "
            "apex and gives diagonals and comb-like septals, and the circumflex, which turns down "
            "in the left groove and gives the marginals. Edges are smooth and calibre falls "
            "steadily. Arteries fill within 1.5 s, the muscle blushes, the coronary sinus fills "
            "after 4 s.",
        ),
        Case(
            "stenosis",
            "Stenosis of the LAD",
            True,
            "Before its first diagonal the LAD is narrowed by three quarters of its diameter over "
            "about 1 cm; the vessel beyond fills later than the circumflex and keeps its contrast "
            "longer. Judge it in two views at right angles, at the end of diastole.",
        ),
        Case(
            "balloon",
            "Balloon dilatation of the LAD",
            True,
            "A wire lies through the stenosis, on it a balloon with two markers. Bring the markers "
            "to both sides of the stenosis (Shift+Up, Shift+Down), inflate (B): the dilute "
            "contrast shows a waist where the plaque is, which yields at full pressure. Deflate, "
            "inject: the narrowing is gone but for a little.",
            gallery_actions=(
                *_ENGAGED,
                (0.0, "BalloonAdvance", 0.0),
                (0.5, "Inject", None),
                (1.6, "Inflate", True),
            ),
        ),
        Case(
            "right-coronary",
            "Normal right coronary artery",
            False,
            "A JR4 catheter lies above the root and looks to the left. Turn it clockwise (Right) "
            "by about 60° and advance it into the right ostium. The artery runs round in the right "
            "groove, gives conus, right ventricular and marginal branches and divides at the crux "
            "into posterior descending and posterolateral arteries. Best seen in LAO 45.",
            angles_deg=(45.0, 0.0),
        ),
    ),
    technique=Technique(kv=80.0, tube_current_ma=60.0, pulse_width_ms=6.0),
    geometry=Geometry(
        detector_mm=200.0,
        field_width_mm=196.0,
        field_height_mm=196.0,
        primary_deg=-30.0,
        secondary_deg=-20.0,
        isocentre_mm=(26.0, -30.0, 206.0),
    ),
    rate_hz=15.0,
    bodies=("medium", "small", "large"),
    controls=(
        Control(
            "CatheterAdvance",
            "step",
            "Depth of the catheter's tip past the ostium; negative is above it, in the aorta.",
            "mm",
            -14.0,
            -40.0,
            30.0,
            4.0,
            shortcut=("Up", "Down"),
        ),
        Control(
            "CatheterRotate",
            "step",
            "Rotation of the catheter, clockwise seen from the hub.",
            "deg",
            0.0,
            -180.0,
            180.0,
            15.0,
            shortcut=("Right", "Left"),
        ),
        Control("Inject", "command", "7 ml of contrast by hand, 3 ml/s.", shortcut=("I",)),
        Control(
            "BreathHold", "switch", "The patient holds the breath.", default=False, shortcut=("H",)
        ),
        Control(
            "BalloonAdvance",
            "step",
            "Middle of the balloon from the middle of the stenosis, downstream positive.",
            "mm",
            -6.0,
            -30.0,
            60.0,
            3.0,
            shortcut=("Shift+Up", "Shift+Down"),
        ),
        Control("Inflate", "switch", "Inflates the balloon.", default=False, shortcut=("B",)),
    ),
    gallery_s=(0.0, 4.2),
    gallery_actions=(*_ENGAGED, (0.5, "Inject", None)),
)
