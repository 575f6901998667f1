"""Peripheral angiography as it is offered: cases, teaching, controls, start technique, view."""

from __future__ import annotations

from fluoroview_simulated.procedures.base import Case, Control, ProcedureInfo
from fluoroview_simulated.room.technique import Geometry, Technique

INFO = ProcedureInfo(
    name="peripheral-angiography",
    title="Peripheral angiography of the leg",
    agent="iodine",
    teaching=(
        "Keep the leg still, start the run, and inject (I) after the mask: the injector waits for "
        "its delay, then gives volume at rate. Common femoral, superficial femoral and profunda, "
        "popliteal and the three arteries of the lower leg fill one after the other; move the "
        "table downward and start later for the lower stations. Advance the catheter (Up) for less "
        "contrast and more detail. A vessel is judged when it is full and before it washes out; "
        "slow flow needs a longer run, not more dose per image."
    ),
    cases=(
        Case(
            "normal",
            "Normal run-off",
            False,
            "Smooth femoral and popliteal artery of even calibre, profunda with its perforating "
            "branches, then anterior tibial, posterior tibial and peroneal artery. The knee is "
            "reached within 2 s, the ankle within 5 s.",
        ),
        Case(
            "stenosis",
            "Stenosis of the superficial femoral artery",
            True,
            "At the adductor canal the lumen is narrowed by three quarters over 2 cm, uneven and "
            "one-sided; above it the wall is rough. Beyond the stenosis the artery fills late. "
            "Turn the C-arm by 30° to see it edge-on.",
        ),
        Case(
            "occlusion",
            "Occlusion with collaterals",
            True,
            "The superficial femoral artery ends in a stump at the adductor canal. Corkscrew "
            "collaterals from the profunda bridge 7 cm and fill the popliteal artery from above "
            "late and faintly: follow the run for 8 s or more.",
        ),
        Case(
            "aneurysm",
            "Aneurysm of the popliteal artery",
            True,
            "Behind the knee the lumen widens to 2 cm; contrast swirls in it and stays after the "
            "vessels above have washed out. Thrombus on the wall is not seen: the sac is larger "
            "than its lumen. The peroneal artery ends in an embolus.",
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
            "CatheterAdvance", "step", "Tip of the catheter below the sheath in the groin.", "mm",
            30.0, 0.0, 600.0, 10.0, shortcut=("Up", "Down"),
        ),
        Control(
            "CatheterRotate", "step", "Rotation of the catheter's bent tip.", "deg",
            0.0, -180.0, 180.0, 30.0, shortcut=("Right", "Left"),
        ),
        Control("Inject", "command", "Starts the injector.", shortcut=("I",)),
        Control("Rate", "number", "Flow of the injector.", "ml/s", 5.0, 0.5, 15.0, 0.5),
        Control("Volume", "number", "Volume of one injection.", "ml", 12.0, 1.0, 40.0, 1.0),
        Control("Delay", "number", "From the press to the injection.", "s", 0.5, 0.0, 10.0, 0.5),
    ),
    gallery_s=(0.0, 9.0),
    gallery_actions=((0.5, "Inject", None),),
)  # fmt: skip
