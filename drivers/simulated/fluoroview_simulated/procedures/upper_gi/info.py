"""What is known of the upper gastrointestinal series: cases, teaching, controls, technique."""

from __future__ import annotations

from fluoroview_simulated.procedures.base import Case, Control, ProcedureInfo
from fluoroview_simulated.room.technique import Geometry, Technique

CASES = (
    Case(
        "normal",
        "Normal stomach and duodenum",
        False,
        "Rugal folds of the body run along the greater curvature and flatten as gas distends the "
        "stomach; the antrum has none. Three peristaltic waves per minute start in the lower "
        "body, deepen in the antrum and propel a jet through the pylorus: then the duodenal bulb "
        "fills, a smooth triangle without folds, and the C-loop shows its feathery circular "
        "folds. Supine, barium lies in the fundus and the body is seen in double contrast; "
        "erect, it lies in the dependent stomach below a level.",
    ),
    Case(
        "ulcer",
        "Benign gastric ulcer of the lesser curvature",
        True,
        "On the lesser curvature above the incisura angularis an ulcer niche projects beyond the "
        "line of the wall and retains barium in every position. A smooth mound of oedema "
        "surrounds it and thin folds radiate evenly to its margin: both suggest a benign ulcer. "
        "In the frontal view it is in profile; en face it is a round pool or, when empty, a "
        "ring. A crater within the line of the wall, with clubbed or interrupted folds, is "
        "malignant until biopsied.",
    ),
    Case(
        "carcinoma",
        "Carcinoma of the antrum",
        True,
        "In the antrum a lobulated mass grows in from the greater curvature, with shouldered "
        "margins and an irregular channel; its soft tissue is a faint shadow beyond the line of "
        "the wall. It is unchanged in every image, and antral peristalsis stops at it: spasm "
        "relaxes, a tumour does not. Compare images one wave apart.",
    ),
)

INFO = ProcedureInfo(
    name="upper-gi",
    title="Upper gastrointestinal series, double contrast",
    agent="barium",
    teaching=(
        "The patient takes effervescent granules and three mouthfuls of high-density barium (S "
        "gives another), then turns over once so that all walls are coated (R turns again). "
        "Change the position: supine shows body and antrum in double contrast, erect the fundus "
        "in double contrast and the dependent stomach below a level; supine with the C-arm in "
        "LAO the antrum and bulb. Wait for the wave that fills the bulb; ask for a breath hold "
        "(H) for the spot image. Move barium that obscures a wall: a pool is not a finding, and "
        "a fold that persists in three positions is."
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
        Control(
            "Swallow",
            "command",
            "The patient swallows another mouthful of barium.",
            shortcut=("S",),
        ),
        Control(
            "Roll",
            "command",
            "The patient turns over once: the mucosal coating is renewed.",
            shortcut=("R",),
        ),
        Control(
            "BreathHold", "switch", "The patient holds the breath.", default=False, shortcut=("H",)
        ),
    ),
    gallery_s=(26.0, 38.0),
)
