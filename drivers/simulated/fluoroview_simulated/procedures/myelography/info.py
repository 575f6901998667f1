"""What is known of lumbar myelography: cases, what to see in each, controls, start technique."""

from __future__ import annotations

from fluoroview_simulated.procedures.base import Case, Control, ProcedureInfo
from fluoroview_simulated.room.technique import Geometry, Technique

PORTION_ML = 3.0
IODINE_G_ML = 0.24
LIMIT_G = 3.06
"""Most iodine that may be given into the thecal sac of an adult."""

CASES = (
    Case(
        "normal",
        "Normal lumbar thecal sac",
        False,
        "The thecal sac is a smooth column that ends in a point at S1 or S2. Fine dark-light "
        "stripes are the roots of the cauda equina, which run down from the conus (L1) and leave "
        "one by one through pointed sleeves under each pedicle, alike on both sides. From the side "
        "(90 degrees) the front wall has only shallow waves at the discs, and a gap of fat before "
        "L5/S1. Tilt the head down to see the conus: a wide pale gap that tapers at L1.",
    ),
    Case(
        "disc-protrusion",
        "Disc protrusion L4/5, left",
        True,
        "At the disc L4/5 the left edge of the column is pressed in, and the left L5 sleeve is "
        "missing while the right one is filled: the root is cut off where it crosses the disc, and "
        "swollen above. From the side an angular step in the front wall, opposite to the disc. An "
        "oblique view (15 to 30 degrees) throws the sleeves clear: compare both sides. A bulge in "
        "the front wall alone, with both sleeves filled, is not yet a root lesion.",
    ),
    Case(
        "stenosis",
        "Stenosis of the lumbar canal",
        True,
        "The column is waisted like an hourglass at L2/3, L3/4 and most at L4/5, always at the "
        "disc, where the facets and the yellow ligaments press from behind and the disc from in "
        "front. Between them it is wide. Above the narrowest place the roots are long and wind in "
        "the thecal sac. Contrast passes slowly: tilt the head up further and wait.",
    ),
    Case(
        "block",
        "Tumour in the thecal sac at L3, complete block",
        True,
        "The column ends at L3 against a smooth round mass, in a cup with sharp horns left and "
        "right: the meniscus of a tumour inside the thecal sac (a neurinoma or meningioma), which "
        "lies between the roots and pushes them aside. A mass outside the dura would leave a "
        "ragged or tapered end, shifted to one side. Nothing passes it even with the head down: "
        "mark its lower end for the surgeon; the upper one needs a puncture from above.",
    ),
)

INFO = ProcedureInfo(
    name="myelography",
    title="Lumbar myelography",
    agent="iodine",
    teaching=(
        "The patient lies prone on the tilting table, the head end raised. Puncture in the midline "
        "at L3/4: Up and Down move the needle, Left and Right lean it; from behind it is almost a "
        "point, from the side (90 degrees) its depth is seen: the tip belongs into the canal, "
        "behind the body. Inject (I) in portions of 3 ml of 240 mg/ml, and watch the first of it: "
        "contrast in the thecal sac runs off at once to the lowest place; a streak that stays at "
        "the tip lies outside of the thecal sac - stop and correct the needle. 10 to 12 ml fill "
        "the thecal sac to L2; more than 3 g of iodine must not be given. Then tilt: the head up "
        "fills the end of the thecal sac, level or head down the upper lumbar region and the "
        "conus. Take each level from the front, from the side and in both obliques, with the "
        "column in it."
    ),
    cases=CASES,
    technique=Technique(kv=80.0, tube_current_ma=40.0, pulse_width_ms=8.0, filter_cu_mm=0.2),
    geometry=Geometry(
        source_image_mm=1150.0,
        source_isocentre_mm=1000.0,
        detector_mm=250.0,
        field_width_mm=180.0,
        field_height_mm=244.0,
        isocentre_mm=(0.0, 55.0, -30.0),
        position="prone",
        tilt_deg=25.0,
    ),
    rate_hz=7.5,
    bodies=("medium", "small", "large"),
    controls=(
        Control(
            "NeedleAdvance",
            "step",
            "depth of the needle's tip below the skin",
            unit="mm",
            default=26.0,
            minimum=0.0,
            maximum=120.0,
            step=2.0,
            shortcut=("Up", "Down"),
        ),
        Control(
            "NeedleLean",
            "step",
            "lean of the needle to the patient's left",
            unit="deg",
            default=0.0,
            minimum=-20.0,
            maximum=20.0,
            step=2.0,
            shortcut=("Right", "Left"),
        ),
        Control("Inject", "command", f"injects {PORTION_ML:g} ml of contrast", shortcut=("I",)),
    ),
    gallery_s=(26.0, 30.0),
    gallery_actions=(
        (0.5, "NeedleAdvance", 62.0),
        (1.0, "Inject", None),
        (6.5, "Inject", None),
        (12.0, "Inject", None),
        (17.5, "Inject", None),
    ),
)
