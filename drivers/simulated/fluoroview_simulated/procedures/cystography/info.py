"""What is known of both examinations: patients, what to see, controls, start technique."""

from __future__ import annotations

from dataclasses import dataclass, replace

from fluoroview_simulated.procedures.base import Case, Control, ProcedureInfo
from fluoroview_simulated.procedures.cystography.course import Bladder, Reflux
from fluoroview_simulated.room.technique import Geometry, Technique


@dataclass(frozen=True)
class Patient:
    """One case's bladder and what its image needs beside the volumes."""

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
            _CHILD, capacity_ml=150.0, residual_ml=70.0, flow_ml_s=3.2, squeeze_cm=110.0,
            left=Reflux(4, 9.0, 0.12, 1.0, 60.0),
        ),
        trabeculated=0.9,
        valve=True,
    ),
}  # fmt: skip
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
        Control("Fill", "switch", "drip through the catheter open", default=False, shortcut=("I",)),
        Control(
            "FillRate", "number", f"drip; the image shows it {fast} times as fast",
            unit="ml/min", default=rate, minimum=5.0, maximum=150.0, step=5.0,
        ),
        Control("Drain", "switch", "catheter drains the bladder", default=False, shortcut=("D",)),
        Control("Void", "command", "the patient is asked to void", shortcut=("V",)),
    )  # fmt: skip


VOIDING = ProcedureInfo(
    name="voiding-cystourethrography",
    title="Voiding cystourethrography",
    agent="iodine",
    teaching=(
        "A child's bladder is filled by gravity through a thin tube with dilute iodine (about 110 "
        "mg/ml) until there is a strong urge: expected capacity in ml is (age + 2) × 30. Open "
        "the drip (I) and look in short bursts: early filling shows a ureterocele, later filling "
        "passive reflux. Full, ask to void (V). Reflux often comes only now, and the boy's "
        "urethra is judged now, in a steep oblique view with the whole urethra in the field. "
        "Last, the kidneys and what is left after voiding. Grades of the International Reflux "
        "Study: I ureter only; II to the calyces, not dilated; III mildly dilated, fornices "
        "hardly blunted; IV ureter winding, fornices blunted, papillae still seen; V grossly "
        "dilated and winding, papillae gone. Low pulse rates and no magnification keep the dose "
        "of a child low."
    ),
    cases=(
        Case(
            "normal",
            "Normal",
            False,
            "A smooth round bladder, no contrast above it in any phase. While voiding its neck "
            "opens like a funnel, the verumontanum is a small gap in the back wall of the "
            "prostatic urethra, the membranous urethra is the narrowest place before the bulb. A "
            "few ml are left.",
        ),
        Case(
            "reflux-2",
            "Reflux grade II, left",
            True,
            "Nothing refluxes while the bladder fills. When the detrusor contracts a thin column "
            "runs up the left ureter and fills pelvis and calyces, whose cups stay sharp. It is "
            "gone within half a minute: look at the kidneys while the child voids.",
        ),
        Case(
            "reflux-3",
            "Reflux grade III, left",
            True,
            "On voiding the left ureter fills, a little wide and slightly winding, up to calyces "
            "whose angles are still sharp.",
        ),
        Case(
            "reflux-4",
            "Reflux grade IV, right; grade I, left",
            True,
            "The right ureter fills while the drip still runs; it is wide and winding, the "
            "pelvis is large and the calyces are blunted with the papillae just seen. On voiding "
            "some runs into the lower left ureter too. What drains back into the bladder "
            "afterwards is not residual urine.",
        ),
        Case(
            "reflux-5",
            "Reflux grade V, left; grade III, right",
            True,
            "Early in filling contrast runs into a left ureter as wide as bowel, kinked on "
            "itself, and into a pelvis and calyces that are one group of round cavities without "
            "papillae. Note how much of what was given is not in the bladder: capacity is "
            "misjudged.",
        ),
        Case(
            "residual-urine",
            "Residual urine, bladder that empties badly",
            True,
            "Old urine dilutes the first contrast. Voiding starts but fades after some seconds, "
            "and more than half stays: the volume after voiding is what counts, and the child "
            "should be asked to try again before it is believed.",
        ),
        Case(
            "urethral-valve",
            "Posterior urethral valve",
            True,
            "A bladder with coarse bundles and sacs between them. On voiding the posterior "
            "urethra is wide and long up to a step, beyond which the stream is thin; the neck of "
            "the bladder is a collar. Reflux on the left and a large residue belong to it. Turn "
            "the boy oblique: from the front the step hides in its own shadow.",
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
        "The adult's bladder is filled through a balloon catheter with dilute iodine, for leaks "
        "after injury or operation, for its shape and for what it leaves behind. Start with a "
        "image before contrast. Open the drip (I); see the bladder empty, half full and full, "
        "from the front and both obliques; then drain (D), for a leak behind a full bladder "
        "shows only then. Less than 300 ml does not rule out a tear. The balloon is a round gap "
        "over the neck. The patient may void instead (V)."
    ),
    cases=(
        Case(
            "normal",
            "Normal",
            False,
            "A smooth wall all round. The dome is dented by bowel while the bladder is slack and "
            "is round when full; the base rests just above the symphysis. Nothing above, beside "
            "or behind it once it was drained.",
        ),
        Case(
            "residual-urine",
            "Enlarged prostate with residual urine",
            True,
            "Urine left in the bladder thins the first contrast. The base is lifted by a smooth "
            "round impression over the neck, the wall is uneven with trabeculae. Voiding is thin "
            "and long, and about a third stays behind.",
        ),
        Case(
            "diverticulum",
            "Trabeculated bladder with a diverticulum",
            True,
            "Between thick bundles of muscle the mucosa bulges in small sacs. Behind the left "
            "side a diverticulum fills through a narrow neck; from the front the bladder hides "
            "part of it and its neck: turn 30 to 45 degrees LAO. On voiding it grows while the "
            "bladder shrinks, and keeps its contrast.",
        ),
        Case(
            "rupture",
            "Extraperitoneal rupture",
            True,
            "After a fracture of the pelvis. As the bladder fills, contrast runs out beside its "
            "base on the left into the fat, in streaks like flames that do not outline bowel. "
            "They stay when the bladder is drained. Contrast between loops of bowel or in the "
            "flanks would mean an intraperitoneal tear.",
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
