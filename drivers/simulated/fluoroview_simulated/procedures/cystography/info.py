"""What is known of both procedures: patients, what to see, controls, start technique."""

from __future__ import annotations

from dataclasses import dataclass, replace

from fluoroview_simulated.procedures.base import Case, Control, ProcedureInfo
from fluoroview_simulated.procedures.cystography.course import Bladder, Reflux
from fluoroview_simulated.room.technique import Geometry, Technique


@dataclass(frozen=True)
class Patient:
    """One case's bladder and what its image needs besides the volumes."""

    bladder: Bladder
    trabeculated: float = 0.0
    prostate_mm: float = 0.0
    valve: bool = False


_CHILD = Bladder(capacity_ml=180.0)
_ADULT = Bladder(
    capacity_ml=420.0, urine_ml=15.0, residual_ml=8.0, flow_ml_s=20.0, agent_g_cm3=0.10, fast=30.0
)
# The capacity of a ureter is that of its shape and is set when the patient is built.
CHILDREN = {
    "normal": Patient(_CHILD),
    "reflux-2": Patient(replace(_CHILD, left=Reflux(2, 26.0, 0.03, 1.0))),
    "reflux-3": Patient(replace(_CHILD, left=Reflux(3, 18.0, 0.05, 1.0))),
    "reflux-4": Patient(
        replace(_CHILD, right=Reflux(4, 7.0, 0.22, 1.0, 45.0), left=Reflux(1, 30.0, 0.01, 1.0))
    ),
    "reflux-5": Patient(
        replace(
            _CHILD, left=Reflux(5, 5.0, 0.5, 1.0, 80.0), right=Reflux(3, 16.0, 0.06, 1.0, 30.0)
        ),
        trabeculated=0.25,
    ),
    "residual-urine": Patient(
        replace(_CHILD, capacity_ml=205.0, urine_ml=35.0, residual_ml=170.0, flow_ml_s=9.0),
        trabeculated=0.3,
    ),
    "urethral-valve": Patient(
        replace(
            _CHILD,
            capacity_ml=150.0,
            residual_ml=70.0,
            flow_ml_s=3.2,
            squeeze_cm=110.0,
            left=Reflux(4, 9.0, 0.12, 1.0, 60.0),
        ),
        trabeculated=0.9,
        valve=True,
    ),
}
ADULTS = {
    "normal": Patient(_ADULT),
    "residual-urine": Patient(
        replace(_ADULT, capacity_ml=520.0, urine_ml=130.0, residual_ml=170.0, flow_ml_s=6.0),
        trabeculated=0.55,
        prostate_mm=17.0,
    ),
    "diverticulum": Patient(
        replace(_ADULT, capacity_ml=380.0, residual_ml=60.0, flow_ml_s=9.0, diverticulum_ml=75.0),
        trabeculated=0.8,
    ),
    "rupture": Patient(replace(_ADULT, capacity_ml=300.0, leak_ml_s=7.0)),
}


def _controls(rate: float, fast: int) -> tuple[Control, ...]:
    return (
        Control(
            "Fill",
            "switch",
            "Opens the infusion through the catheter.",
            default=False,
            shortcut=("I",),
        ),
        Control(
            "FillRate",
            "number",
            f"Infusion rate; the image shows it {fast} times as fast.",
            unit="ml/min",
            default=rate,
            minimum=5.0,
            maximum=150.0,
            step=5.0,
        ),
        Control(
            "Drain",
            "switch",
            "Drains the bladder through the catheter.",
            default=False,
            shortcut=("D",),
        ),
        Control("Void", "command", "Asks the patient to void.", shortcut=("V",)),
    )


VOIDING = ProcedureInfo(
    name="voiding-cystourethrography",
    title="Voiding cystourethrography",
    agent="iodine",
    teaching=(
        "The child's bladder is filled by gravity through a thin catheter with dilute iodinated "
        "contrast medium (about 110 mg/ml) until there is a strong urge to void; the expected "
        "capacity in ml is (age in years + 2) × 30. Open the infusion (I) and use short bursts "
        "of fluoroscopy: early filling shows a ureterocele, later filling passive reflux. When "
        "the bladder is full, ask the child to void (V). Reflux often appears only now, and the "
        "male urethra is assessed now, in a steep oblique view with the whole urethra in the "
        "field. Finish with the kidneys and the post-void residual. Grades of the International "
        "Reflux Study: I ureter only; II up to the calyces, not dilated; III mild dilatation, "
        "fornices slightly blunted; IV tortuous ureter, fornices blunted, papillary impressions "
        "preserved; V gross dilatation and tortuosity, papillary impressions lost. A low pulse "
        "rate and no magnification keep the child's dose low."
    ),
    cases=(
        Case(
            "normal",
            "Normal",
            False,
            "A smooth, round bladder without reflux in any phase. During voiding the bladder "
            "neck opens like a funnel, the verumontanum is a small filling defect in the "
            "posterior wall of the prostatic urethra, and the membranous urethra is the "
            "narrowest segment proximal to the bulb. A few ml remain.",
        ),
        Case(
            "reflux-2",
            "Reflux grade II, left",
            True,
            "No reflux during filling. When the detrusor contracts, a thin column ascends the "
            "left ureter and fills the renal pelvis and calyces, whose cups stay sharp. It "
            "drains within half a minute: look at the kidneys while the child voids.",
        ),
        Case(
            "reflux-3",
            "Reflux grade III, left",
            True,
            "During voiding the left ureter fills, mildly dilated and slightly tortuous, up to "
            "calyces with nearly sharp fornices.",
        ),
        Case(
            "reflux-4",
            "Reflux grade IV, right; grade I, left",
            True,
            "The right ureter fills during the infusion; it is dilated and tortuous, the renal "
            "pelvis is large and the calyces are blunted with papillary impressions just "
            "preserved. During voiding there is reflux into the distal left ureter, too. What "
            "drains back into the bladder afterwards is not residual urine.",
        ),
        Case(
            "reflux-5",
            "Reflux grade V, left; grade III, right",
            True,
            "Early in filling, contrast medium refluxes into a left ureter as wide as bowel, "
            "kinked on itself, and into a renal pelvis and calyces that form one group of round "
            "cavities without papillary impressions. Note how much of the infused volume is not "
            "in the bladder: its capacity is misjudged.",
        ),
        Case(
            "residual-urine",
            "Residual urine, incomplete emptying of the bladder",
            True,
            "Urine in the bladder dilutes the first contrast medium. Voiding starts but fades "
            "after some seconds, and more than half remains: the post-void residual is what "
            "counts, and the child should be asked to void again before it is reported.",
        ),
        Case(
            "urethral-valve",
            "Posterior urethral valves",
            True,
            "A coarsely trabeculated bladder with saccules. During voiding the posterior urethra "
            "is dilated and elongated down to an abrupt change of calibre, distal to which the "
            "stream is thin; the bladder neck forms a collar. Left-sided reflux and a large "
            "residual belong to it. Turn the boy oblique: in the frontal view the change of "
            "calibre is foreshortened.",
        ),
    ),
    technique=Technique(kv=66.0, tube_current_ma=5.0, pulse_width_ms=5.0, filter_cu_mm=0.2),
    geometry=Geometry(
        detector_mm=320.0,
        field_width_mm=312.0,
        field_height_mm=312.0,
        isocentre_mm=(0.0, -5.0, -46.0),
    ),
    rate_hz=7.5,
    bodies=("child", "small", "medium", "large"),
    controls=_controls(30.0, 20),
    gallery_s=(18.0, 27.0),
    gallery_actions=((0.0, "Fill", True), (18.2, "Void", None)),
)

CYSTOGRAPHY = ProcedureInfo(
    name="cystography",
    title="Cystography",
    agent="iodine",
    teaching=(
        "The adult's bladder is filled through a balloon catheter with dilute iodinated contrast "
        "medium to look for a leak after trauma or surgery, for its shape and for residual "
        "urine. Start with a scout image. Open the infusion (I); image the bladder empty, half "
        "full and full, in the frontal and both oblique views; then drain it (D): a leak behind "
        "a full bladder shows only then. Less than 300 ml does not exclude a rupture. The "
        "balloon is a round filling defect at the bladder neck. The patient may void instead (V)."
    ),
    cases=(
        Case(
            "normal",
            "Normal",
            False,
            "A smooth wall throughout. Bowel indents the dome while the bladder is slack; full, "
            "it is round, with its base just above the symphysis. No contrast medium outside the "
            "bladder after drainage.",
        ),
        Case(
            "residual-urine",
            "Enlarged prostate with residual urine",
            True,
            "Residual urine dilutes the first contrast medium. A smooth, round impression at the "
            "bladder neck elevates the base, and the wall is trabeculated. The stream is thin "
            "and prolonged, and about a third remains.",
        ),
        Case(
            "diverticulum",
            "Trabeculated bladder with a diverticulum",
            True,
            "Between thick muscle bundles the mucosa bulges in small saccules. Behind the left "
            "side a diverticulum fills through a narrow neck; in the frontal view the bladder "
            "obscures part of it and its neck: turn 30 to 45 degrees LAO. During voiding it "
            "enlarges while the bladder empties, and it retains its contrast medium.",
        ),
        Case(
            "rupture",
            "Extraperitoneal rupture",
            True,
            "After a pelvic fracture. As the bladder fills, contrast medium extravasates at the "
            "left of its base into the perivesical fat, in flame-shaped streaks that do not "
            "outline bowel. They remain when the bladder is drained. Contrast medium between "
            "loops of bowel or in the paracolic gutters would indicate an intraperitoneal "
            "rupture.",
        ),
    ),
    technique=Technique(kv=76.0, tube_current_ma=12.0, pulse_width_ms=8.0, filter_cu_mm=0.1),
    geometry=Geometry(
        detector_mm=250.0,
        field_width_mm=244.0,
        field_height_mm=244.0,
        isocentre_mm=(0.0, -15.0, -172.0),
    ),
    rate_hz=7.5,
    bodies=("medium", "small", "large", "child"),
    controls=_controls(60.0, 30),
    gallery_s=(11.0, 18.0),
    gallery_actions=((0.0, "Fill", True),),
)
