"""What is known of the upper gastrointestinal series: cases, teaching, controls, technique."""

from __future__ import annotations

from fluoroview_simulated.procedures.base import Case, Control, ProcedureInfo
from fluoroview_simulated.room.technique import Geometry, Technique

CASES = (
    Case(
        "normal",
        "Normal stomach and duodenum",
        False,
        "Folds of the body run along the greater curvature and flatten as gas fills the stomach; "
        "the antrum has none. Three waves a minute start in the lower body, deepen in the antrum "
        "and press a spurt through the pylorus: then the bulb fills, a smooth triangle without "
        "folds, and the C-loop shows its feathery circular folds. Supine, barium lies in the "
        "fundus and the body is seen in double contrast; erect it lies in the sinus under a level.",
    ),
    Case(
        "ulcer",
        "Benign ulcer of the lesser curvature",
        True,
        "On the lesser curvature above the angular notch a niche stands out beyond the line of the "
        "wall and keeps its barium in every position. A smooth mound of swelling surrounds it and "
        "thin folds run evenly to its edge: both speak for a benign ulcer. From the front it is in "
        "profile; turned, it is a round pool or, when empty, a ring. A crater that lies within the "
        "line of the wall, with clubbed or broken folds, is a tumour until biopsied.",
    ),
    Case(
        "carcinoma",
        "Carcinoma of the antrum",
        True,
        "In the antrum a lobed mass grows in from the greater curvature, with steep shoulders and "
        "a ragged channel; its tissue is a faint shadow beyond the line of the wall. It stays the "
        "same in every image, and the waves of the antrum "
        "stop at it: a spasm goes, a tumour does not. Compare images one wave apart.",
    ),
)

INFO = ProcedureInfo(
    name="upper-gi",
    title="Upper gastrointestinal series, double contrast",
    agent="barium",
    teaching=(
        "The patient takes effervescent granules and three mouthfuls of thick barium (S gives "
        "another), then is turned over once so that all walls are coated (R turns again). Change "
        "the position: supine shows the body and antrum in gas, erect the fundus in gas and the "
        "sinus under a level; supine with the right side raised (C-arm to LAO) the antrum and "
        "bulb. Wait for the wave that fills the bulb; hold the breath (H) for the spot image. "
        "Barium that hides a wall must be moved: a pool is not a finding, and a fold that stays "
        "in three positions is."
    ),
    cases=CASES,
    technique=Technique(kv=95.0, tube_current_ma=12.0, pulse_width_ms=7.0, filter_cu_mm=0.2),
    geometry=Geometry(
        source_image_mm=1150.0,
        source_isocentre_mm=950.0,
        detector_mm=320.0,
        field_width_mm=314.0,
        field_height_mm=314.0,
        isocentre_mm=(6.0, -15.0, 52.0),
        position="supine",
    ),
    rate_hz=7.5,
    controls=(
        Control("Swallow", "command", "another mouthful of barium", shortcut=("S",)),
        Control(
            "Roll", "command", "the patient turns over once: the coat is renewed", shortcut=("R",)
        ),
        Control(
            "BreathHold", "switch", "the patient holds the breath", default=False, shortcut=("H",)
        ),
    ),
    gallery_s=(26.0, 38.0),
)
