"""Peripheral angiography as it is offered: cases, teaching, controls, start technique, view."""

from __future__ import annotations

from fluoroview_simulated.procedures.base import Case, Control, ProcedureInfo
from fluoroview_simulated.room.technique import Geometry, Technique

INFO = ProcedureInfo(
    name="peripheral-angiography",
    title="Peripheral angiography of the leg",
    agent="iodine",
    teaching=(
        "Keep the leg still, start the run, and inject (I) after the mask: the injector waits "
        "for its delay, then delivers the volume at its rate. Common femoral, superficial "
        "femoral and profunda femoris, popliteal and the three crural arteries fill one after "
        "the other; move the table and start later for the distal stations. Advance the catheter "
        "(Up) for less contrast medium and more detail. Assess a vessel when it is full and "
        "before it washes out; slow flow needs a longer run, not more dose per image."
    ),
    cases=(
        Case(
            "normal",
            "Normal run-off",
            False,
            "Smooth femoral and popliteal arteries of even calibre, profunda femoris with its "
            "perforating branches, then anterior tibial, posterior tibial and peroneal arteries. "
            "Contrast medium reaches the knee within 2 s, the ankle within 5 s.",
        ),
        Case(
            "stenosis",
            "Stenosis of the superficial femoral artery",
            True,
            "In the adductor canal an irregular, eccentric stenosis of three quarters of the "
            "diameter over 2 cm; proximal to it the wall is irregular. Distal to the stenosis "
            "the artery fills late. Turn the C-arm by 30° to see it in profile.",
        ),
        Case(
            "occlusion",
            "Occlusion with collaterals",
            True,
            "The superficial femoral artery ends in a stump in the adductor canal. Corkscrew "
            "collaterals from the profunda femoris bridge 7 cm and reconstitute the popliteal "
            "artery late and faintly: follow the run for 8 s or more.",
        ),
        Case(
            "aneurysm",
            "Aneurysm of the popliteal artery",
            True,
            "Behind the knee the lumen widens to 2 cm; contrast medium swirls in it and remains "
            "after the proximal vessels have washed out. Mural thrombus is not visible: the "
            "aneurysm is larger than its lumen. The peroneal artery is occluded by an embolus.",
        ),
    ),
    technique=Technique(kv=70.0, tube_current_ma=90.0, pulse_width_ms=10.0),
    geometry=Geometry(
        detector_mm=420.0,
        field_width_mm=330.0,
        field_height_mm=412.0,
        isocentre_mm=(100.0, 18.0, -545.0),
    ),
    rate_hz=4.0,
    bodies=("medium", "small", "large"),
    subtraction=True,
    controls=(
        Control(
            "CatheterAdvance",
            "step",
            "Catheter tip beyond the sheath in the groin.",
            "mm",
            30.0,
            0.0,
            600.0,
            10.0,
            shortcut=("Up", "Down"),
        ),
        Control(
            "CatheterRotate",
            "step",
            "Rotation of the angled catheter tip.",
            "deg",
            0.0,
            -180.0,
            180.0,
            30.0,
            shortcut=("Right", "Left"),
        ),
        Control("Inject", "command", "Starts the injector.", shortcut=("I",)),
        Control("Rate", "number", "Flow of the injector.", "ml/s", 5.0, 0.5, 15.0, 0.5),
        Control("Volume", "number", "Volume of one injection.", "ml", 12.0, 1.0, 40.0, 1.0),
        Control(
            "Delay", "number", "From the key press to the injection.", "s", 0.5, 0.0, 10.0, 0.5
        ),
    ),
    gallery_s=(0.0, 9.0),
    gallery_actions=((0.5, "Inject", None),),
)
