"""What is known of the barium enema: cases, what to see in each, controls, start technique."""

from __future__ import annotations

from fluoroview_simulated.procedures.base import Case, Control, ProcedureInfo
from fluoroview_simulated.room.technique import Geometry, Technique

_SINGLE = (
    "Single contrast: barium of 18 % w/v, 100 to 110 kV so that the column is seen through. "
    "Open the valve and follow the head of the column round every bend. "
)
_DOUBLE = (
    "Double contrast: 500 ml of barium of 90 % w/v to the middle of the transverse colon, then "
    "air. Every wall seen from its edge is a thin dark line, pools lie in the dependent parts: "
    "turn the patient so that each pool moves off the wall that it hides. "
)
_FINDINGS = {
    "normal": (
        "normal",
        False,
        "Rectum with its three folds in front of the sacrum, the sigmoid loop, haustra that do not "
        "meet across the lumen, both flexures, the caecum in the right iliac fossa. The sigmoid "
        "loop and the flexures lie over themselves from the front: turn 30 to 45 degrees RAO for "
        "the sigmoid and the hepatic flexure, LAO for the splenic flexure.",
    ),
    "diverticulosis": (
        "diverticulosis",
        True,
        "Flask-shaped sacs with a narrow neck beside the sigmoid and the descending colon, and a "
        "saw-tooth of close folds in the thick-walled sigmoid. Seen on end a sac is a round spot "
        "or a ring, which is easily taken for a polyp: turn the patient until it stands outside "
        "the wall. A ring with a sharp outer edge that fades inward is a sac, one with a sharp "
        "inner edge is a polyp.",
    ),
    "polyp": (
        "polyps",
        True,
        "A sessile polyp of 13 mm on the wall of the upper sigmoid, and one of 20 mm on a stalk in "
        "its loop. In a full column they are round gaps, drowned where the column is dense; "
        "with air they are rings of coat, and the stalk is a pair of lines that leads to the wall "
        "(a target when seen on end). Stool moves with the pool, a polyp does not.",
    ),
    "apple-core": (
        "annular carcinoma of the sigmoid",
        True,
        "Near the junction of sigmoid and descending colon the lumen narrows over 4 cm to an "
        "irregular channel between two shelving shoulders, and stays so in every image: an apple "
        "core. A contraction changes within seconds, has smooth tapering ends, and its folds run "
        "through. Look at the rest of the colon too: a second tumour is found in one of twenty.",
    ),
}
CASES = tuple(
    Case(
        f"{contrast}-{name}",
        f"{title[0].upper()}{title[1:]}, {contrast} contrast",
        abnormal,
        (_SINGLE if contrast == "single" else _DOUBLE) + teaching,
    )
    for contrast in ("double", "single")
    for name, (title, abnormal, teaching) in _FINDINGS.items()
)

INFO = ProcedureInfo(
    name="barium-enema",
    title="Barium enema, single and double contrast",
    agent="barium",
    teaching=(
        "A scout image first: is the colon clean? Open the valve (E) and see the rectum from the "
        "side as it fills; stop when the patient has pain. For double contrast shut the valve when "
        "the column reaches the middle of the transverse colon and blow in air (I), slowly; the "
        "bag can be lowered to drain (D). Change position and tilt: pools and levels move, and "
        "each wall must be seen once free of them. Filling is complete when the caecum is seen, "
        "with the ileocaecal valve or the appendix. Three to four pulses a second show all that "
        "moves here; spot images are what is read."
    ),
    cases=CASES,
    technique=Technique(kv=102.0, tube_current_ma=14.0, pulse_width_ms=8.0, filter_cu_mm=0.2),
    geometry=Geometry(
        source_image_mm=1150.0,
        source_isocentre_mm=1000.0,
        detector_mm=420.0,
        field_width_mm=412.0,
        field_height_mm=412.0,
        isocentre_mm=(2.0, 10.0, -54.0),
    ),
    rate_hz=4.0,
    controls=(
        Control("Enema", "switch", "valve of the barium bag open", default=False, shortcut=("E",)),
        Control("Insufflate", "switch", "air is blown in", default=False, shortcut=("I",)),
        Control("Drain", "switch", "bag lowered: barium runs back", default=False, shortcut=("D",)),
        Control(
            "BreathHold", "switch", "the patient holds the breath", default=False, shortcut=("H",)
        ),
    ),
    gallery_s=(47.0, 55.0),
    gallery_actions=((0.0, "Enema", True), (18.0, "Insufflate", True)),
)
