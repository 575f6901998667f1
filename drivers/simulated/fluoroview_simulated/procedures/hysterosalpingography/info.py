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
        "Day 6 to 12 of the cycle, pregnancy ruled out. A cannula with an acorn closes the neck of "
        "the uterus, forceps hold it: a pull straightens the uterus, so that the triangle of the "
        "cavity is seen from the front and not foreshortened. Press the plunger (I) and inject "
        "slowly, about 0.2 ml/s, with short looks: early filling for small gaps in the cavity, "
        "full cavity, uterine tubes, spill, and a late image of how the spill spreads. Four or "
        "five spot images are enough. The ovaries are in the field: collimate, use the lowest "
        "pulse rate, and do not magnify without need."
    ),
    cases=(
        Case(
            "normal",
            "Normal, spill on both sides",
            False,
            "A smooth triangle with a fundus that is straight or a little sunk in, cervical "
            "canal feathered by its folds. The isthmus of each tube is a hair line, the ampulla "
            "is wider with folds along it. Then contrast spills from both funnels and outlines "
            "loops of bowel, first beside the uterus, later behind it.",
        ),
        Case(
            "blocked-tube",
            "Left tube closed at its end, hydrosalpinx",
            True,
            "The right tube fills and spills. The left one widens towards its end like a club, "
            "its folds are gone, and nothing leaves it however long is injected: a round puddle "
            "that stays where it is. Contrast that spreads between loops would be spill; compare "
            "with a late image.",
        ),
        Case(
            "cornual-block",
            "Right tube does not fill",
            True,
            "The right horn ends in a rounded stump while the left tube fills and spills. Spasm "
            "looks the same: wait, inject slowly, turn the patient, and look again before it is "
            "called a block.",
        ),
        Case(
            "septum",
            "Septate uterus",
            True,
            "A wedge from the fundus parts the cavity into two narrow horns with an acute angle "
            "between them, less than 75 degrees; both uterine tubes fill and spill. The outline of "
            "the fundus is not seen here, so a bicornuate uterus cannot be ruled out: that takes "
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
        Control("Inject", "switch", "plunger pressed", default=False, shortcut=("I",)),
        Control(
            "InjectRate",
            "number",
            "speed of the plunger",
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
