"""Coronary angiography as it is offered: cases, start technique and view, controls, teaching."""

from __future__ import annotations

from fluoroview_simulated.procedures.base import Case, Control, ProcedureInfo
from fluoroview_simulated.room.technique import Geometry, Technique

_TEACHING = (
    "Advance the catheter (Up) until its tip engages the ostium, then inject (I) during exposure "
    "and continue until the contrast medium has washed out. In diastole the arteries are still "
    "and fill; in systole the base of the heart descends and they bend. Ask for a breath hold "
    "(H): the diaphragm clears the field and the coronary tree stops drifting. Angulate the "
    "C-arm: RAO caudal shows left main and circumflex, RAO cranial the LAD and its diagonals, "
    "LAO cranial the LAD along the septum, LAO the right coronary artery as a C."
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
            "The left main divides into the LAD, which runs in the anterior interventricular "
            "groove to the apex and gives off diagonals and comb-like septal perforators, and "
            "the circumflex, which follows the left atrioventricular groove and gives off the "
            "obtuse marginals. The edges are smooth and the calibre tapers evenly. The arteries "
            "fill within 1.5 s, a myocardial blush follows, and the coronary sinus fills after 4 "
            "s.",
        ),
        Case(
            "stenosis",
            "Stenosis of the LAD",
            True,
            "Proximal to its first diagonal the LAD is narrowed by three quarters of its "
            "diameter over about 1 cm; distal to it the vessel fills later than the circumflex "
            "and washes out later. Assess it in two orthogonal views, at end-diastole.",
        ),
        Case(
            "balloon",
            "Balloon angioplasty of the LAD",
            True,
            "A wire crosses the stenosis and carries a balloon with two markers. Place the "
            "markers on either side of the stenosis (Shift+Up, Shift+Down) and inflate (B): the "
            "dilute contrast medium shows a waist at the plaque, which yields at full pressure. "
            "Deflate and inject: only a slight residual stenosis remains.",
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
            "A JR4 catheter lies above the aortic root with its tip to the left. Rotate it "
            "clockwise (Right) by about 60° and advance it into the right ostium. The artery "
            "follows the right atrioventricular groove, gives off conus, right ventricular and "
            "acute marginal branches, and divides at the crux into the posterior descending and "
            "posterolateral arteries. Best seen in LAO 45.",
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
            "Catheter tip beyond the ostium; negative: above it, in the aorta.",
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
            "Rotation of the catheter, clockwise as seen from the hub.",
            "deg",
            0.0,
            -180.0,
            180.0,
            15.0,
            shortcut=("Right", "Left"),
        ),
        Control(
            "Inject",
            "command",
            "Injects 7 ml of contrast medium by hand at 3 ml/s.",
            shortcut=("I",),
        ),
        Control(
            "BreathHold", "switch", "The patient holds the breath.", default=False, shortcut=("H",)
        ),
        Control(
            "BalloonAdvance",
            "step",
            "Centre of the balloon from the centre of the stenosis; distal positive.",
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
