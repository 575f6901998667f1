"""What is known of hysterosalpingography: cases, what to see, controls, start technique."""

from __future__ import annotations

from fluoroview_simulated.procedures.base import Case, Control, ProcedureInfo
from fluoroview_simulated.room.technique import Geometry, Technique

SYRINGE_ML = 20.0

INFO = ProcedureInfo(
    name="hysterosalpingography",
    title="Hysterosalpingography",
    agent="iodine",
    teaching=(
        "Day 6 to 12 of the cycle, pregnancy excluded. An acorn-tipped cannula seals the cervix "
        "and a tenaculum holds it: traction straightens the uterus, so that the triangle of the "
        "cavity is seen en face and not foreshortened. Press the plunger (I) and inject slowly, "
        "about 0.2 ml/s, under short bursts of fluoroscopy: early filling for small filling "
        "defects, the full cavity, the uterine tubes, the spill, and a late image of its "
        "distribution. Four or five spot images are enough. The ovaries are in the field: "
        "collimate, use the lowest pulse rate, and do not magnify without need."
    ),
    cases=(
        Case(
            "normal",
            "Normal, bilateral spill",
            False,
            "A smooth, triangular cavity with a straight or slightly concave fundus, and a "
            "cervical canal serrated by its folds. The isthmus of each tube is hair-thin, the "
            "ampulla is wider with longitudinal folds. Then contrast medium spills from both "
            "fimbriated ends and outlines loops of bowel, first next to the uterus, later behind "
            "it.",
        ),
        Case(
            "blocked-tube",
            "Distal occlusion of the left tube, hydrosalpinx",
            True,
            "The right tube fills and spills. The left tube dilates distally like a club, its "
            "folds are effaced, and nothing leaves it however long the injection: a round "
            "collection that stays where it is. Contrast medium that spreads between loops of "
            "bowel would be spill; compare with a late image.",
        ),
        Case(
            "cornual-block",
            "Right tube does not fill",
            True,
            "The right cornu ends in a rounded stump while the left tube fills and spills. "
            "Cornual spasm looks the same: wait, inject slowly, turn the patient, and look again "
            "before diagnosing an occlusion.",
        ),
        Case(
            "septum",
            "Septate uterus",
            True,
            "A septum divides the cavity into two narrow horns at an acute angle of less than 75 "
            "degrees; both uterine tubes fill and spill. The external contour of the fundus is "
            "not visible here, so a bicornuate uterus cannot be excluded: that requires "
            "ultrasound or MRI.",
        ),
    ),
    technique=Technique(kv=76.0, tube_current_ma=18.0, pulse_width_ms=7.0, filter_cu_mm=0.2),
    geometry=Geometry(
        detector_mm=200.0,
        field_width_mm=194.0,
        field_height_mm=194.0,
        isocentre_mm=(0.0, 0.0, -178.0),
    ),
    rate_hz=4.0,
    bodies=("medium", "small", "large"),
    controls=(
        Control(
            "Inject",
            "switch",
            "Presses the plunger of the syringe.",
            default=False,
            shortcut=("I",),
        ),
        Control(
            "InjectRate",
            "number",
            "Speed of the injection.",
            unit="ml/s",
            default=0.5,
            minimum=0.1,
            maximum=2.0,
            step=0.1,
        ),
    ),
    gallery_s=(10.0, 26.0),
    gallery_actions=((1.0, "Inject", True),),
)
