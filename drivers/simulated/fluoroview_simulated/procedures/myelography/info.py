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
        "The thecal sac is a smooth column that tapers to a point at S1 or S2. The fine linear "
        "filling defects are the roots of the cauda equina, which descend from the conus (L1) "
        "and leave one by one through root sleeves below each pedicle, symmetrically on both "
        "sides. In the lateral view (90 degrees) the anterior wall has only shallow indentations "
        "at the discs, and epidural fat lies in front of it at L5/S1. Tilt the head down to see "
        "the conus: a broad, faint filling defect that tapers at L1.",
    ),
    Case(
        "disc-protrusion",
        "Disc protrusion L4/5, left",
        True,
        "At L4/5 the left border of the column is indented, and the left L5 root sleeve does not "
        "fill while the right one does: the root is cut off where it crosses the disc, and "
        "swollen above. The lateral view shows an angular extradural indentation of the anterior "
        "wall at the disc. An oblique view (15 to 30 degrees) projects the sleeves clear: "
        "compare both sides. An anterior bulge alone, with both sleeves filled, is not yet a "
        "root lesion.",
    ),
    Case(
        "stenosis",
        "Lumbar spinal stenosis",
        True,
        "The column has the shape of an hourglass, with waists at L2/3, L3/4 and most at L4/5, "
        "always at the level of the disc, where facet joints and ligamenta flava encroach from "
        "behind and the disc from in front. Between them it is wide. Above the narrowest level "
        "the roots are elongated and tortuous. Contrast medium passes slowly: raise the head "
        "further and wait.",
    ),
    Case(
        "block",
        "Intradural tumour at L3, complete block",
        True,
        "The column ends at L3 against a smooth, round mass, in a cup with sharp horns on the "
        "left and right: the meniscus sign of an intradural, extramedullary tumour (schwannoma "
        "or meningioma), which displaces the roots. An extradural mass would leave a ragged or "
        "tapered end, displaced to one side. Nothing passes it even with the head down: mark its "
        "lower border for the surgeon; the upper border needs a puncture from above.",
    ),
)

INFO = ProcedureInfo(
    name="myelography",
    title="Lumbar myelography",
    agent="iodine",
    teaching=(
        "The patient lies prone on the tilting table with the head end raised. Puncture in the "
        "midline at L3/4: Up and Down advance and withdraw the needle, Left and Right angle it; "
        "in the frontal view it is almost end-on, the lateral view (90 degrees) shows its depth: "
        "the tip must lie in the spinal canal, posterior to the vertebral body. Inject (I) in "
        "portions of 3 ml of 240 mg/ml, and watch the first one: contrast medium in the thecal "
        "sac flows to the lowest point at once; a streak that stays at the tip lies outside the "
        "thecal sac: stop and correct the needle. 10 to 12 ml fill the sac to L2; do not exceed "
        "3 g of iodine. Then tilt: head up fills the caudal end of the sac, level or head down "
        "the upper lumbar region and the conus. Image each level in frontal, lateral and both "
        "oblique views while the column is in it."
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
            "Depth of the needle tip below the skin.",
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
            "Angle of the needle towards the patient's left.",
            unit="deg",
            default=0.0,
            minimum=-20.0,
            maximum=20.0,
            step=2.0,
            shortcut=("Right", "Left"),
        ),
        Control(
            "Inject", "command", f"Injects {PORTION_ML:g} ml of contrast medium.", shortcut=("I",)
        ),
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
