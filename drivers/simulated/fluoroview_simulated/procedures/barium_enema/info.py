"""What is known of the barium enema: cases, what to see in each, controls, start technique."""

from __future__ import annotations

from fluoroview_simulated.procedures.base import Case, Control, ProcedureInfo
from fluoroview_simulated.room.technique import Geometry, Technique

_SINGLE = (
    "Single contrast: barium of 18 % w/v, 100 to 110 kV so that the column remains translucent. "
    "Open the valve and follow the head of the column through every flexure. "
)
_DOUBLE = (
    "Double contrast: 500 ml of barium of 90 % w/v to the mid transverse colon, then air. Every "
    "wall seen in profile is a thin dark line, and barium pools in the dependent segments: turn "
    "the patient so that each pool clears the wall that it obscures. "
)
_FINDINGS = {
    "normal": (
        "normal",
        False,
        "Rectum with its three transverse folds anterior to the sacrum, the sigmoid loop, "
        "haustra that do not meet across the lumen, both flexures, the caecum in the right iliac "
        "fossa. In the frontal view the sigmoid loop and the flexures are superimposed: turn 30 "
        "to 45 degrees RAO for the sigmoid and the hepatic flexure, LAO for the splenic flexure.",
    ),
    "diverticulosis": (
        "diverticulosis",
        True,
        "Flask-shaped outpouchings with narrow necks along the sigmoid and the descending colon, "
        "and crowded, saw-tooth folds in the thickened sigmoid. Seen en face, a diverticulum is "
        "a round pool or a ring, easily mistaken for a polyp: turn the patient until it projects "
        "beyond the wall. The ring of a diverticulum is sharp on its outer edge and fades "
        "inward; the ring of a polyp is sharp on its inner edge.",
    ),
    "polyp": (
        "polyps",
        True,
        "A sessile polyp of 13 mm on the wall of the proximal sigmoid, and a pedunculated one of "
        "20 mm in its loop. In a full column they are round filling defects, obscured where the "
        "column is dense; in double contrast they are rings of barium, and the stalk is a pair "
        "of parallel lines that leads to the wall (a target sign when seen end-on). Stool moves "
        "with the pool, a polyp does not.",
    ),
    "apple-core": (
        "annular carcinoma of the sigmoid",
        True,
        "Near the junction of sigmoid and descending colon the lumen narrows over 4 cm to an "
        "irregular channel between two overhanging shoulders, unchanged in every image: an "
        "apple-core lesion. A contraction changes within seconds, tapers smoothly, and its folds "
        "are preserved. Examine the rest of the colon too: one patient in twenty has a second "
        "tumour.",
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
        "Acquire a scout image first: is the colon clean? Open the valve (E) and watch the "
        "rectum fill in the lateral view; stop if the patient has pain. For double contrast, "
        "close the valve when the column reaches the mid transverse colon and insufflate air (I) "
        "slowly; lower the bag to drain (D). Change position and tilt: pools and levels move, "
        "and every wall must be seen once free of them. Filling is complete when the caecum is "
        "identified by the ileocaecal valve or the appendix. Three to four pulses per second "
        "show all that moves here; the diagnosis is made on spot images."
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
        Control(
            "Enema", "switch", "Opens the valve of the barium bag.", default=False, shortcut=("E",)
        ),
        Control("Insufflate", "switch", "Insufflates air.", default=False, shortcut=("I",)),
        Control(
            "Drain", "switch", "Lowers the bag: barium drains back.", default=False, shortcut=("D",)
        ),
        Control(
            "BreathHold", "switch", "The patient holds the breath.", default=False, shortcut=("H",)
        ),
    ),
    gallery_s=(47.0, 55.0),
    gallery_actions=((0.0, "Enema", True), (18.0, "Insufflate", True)),
)
