"""The modified barium swallow as it is offered: cases, teaching, controls, technique, view."""

from __future__ import annotations

from fluoroview_simulated.procedures.base import Case, Control, ProcedureInfo
from fluoroview_simulated.procedures.modified_barium_swallow.boluses import (
    CHOICES,
    IN_ORDER,
    THIN_10,
)
from fluoroview_simulated.procedures.modified_barium_swallow.lateral.resting import ORIGIN_MM
from fluoroview_simulated.room.technique import Geometry, Technique

CASES = (
    Case(
        "normal",
        "Normal swallow",
        False,
        "The soft palate closes the nasopharynx, the tongue base and the posterior pharyngeal "
        "wall propel the bolus, hyoid and larynx move up and forward, the epiglottis inverts and "
        "the upper oesophageal sphincter opens. All within one second, with nothing in the "
        "airway and hardly any residue in valleculae and piriform sinuses.",
    ),
    Case(
        "penetration",
        "Laryngeal penetration",
        True,
        "The laryngeal vestibule closes late and incompletely: as the bolus passes, thin barium "
        "runs down the laryngeal surface of the epiglottis, stays above the vocal folds, and "
        "most of it is expelled at the height of the swallow. Thicker consistencies penetrate "
        "less.",
    ),
    Case(
        "aspiration",
        "Aspiration during the swallow",
        True,
        "Thin barium passes below the vocal folds while the larynx is still open, and trickles "
        "along the anterior wall of the trachea. The first aspiration is silent: no cough, "
        "although barium lies below the folds. Later ones are partly cleared by coughing. Ask "
        "for a cough and see what remains. Mildly thick barium is aspirated less, extremely "
        "thick barium not at all.",
    ),
    Case(
        "residue",
        "Pharyngeal residue",
        True,
        "Weak tongue base retraction and reduced hyoid excursion; the epiglottis does not "
        "invert. Residue remains in the valleculae and piriform sinuses and increases with every "
        "swallow, most with thick consistencies: a risk of aspiration after the swallow.",
    ),
    Case(
        "cricopharyngeal-bar",
        "Cricopharyngeal bar",
        True,
        "A smooth posterior shelf indents the barium column at C5/6 as the bolus passes: the "
        "cricopharyngeus does not relax. The pharynx above it is distended, a narrow jet emerges "
        "below, and the tail of the bolus is held up.",
    ),
)

INFO = ProcedureInfo(
    name="modified-barium-swallow",
    title="Modified barium swallow",
    agent="barium",
    teaching=(
        "Lateral view from the lips to the sixth cervical vertebra, at 30 pulses per second: the "
        "pharyngeal phase takes less than a second. Start with thin barium and proceed to "
        "thicker consistencies; turn to the frontal view for the symmetry of valleculae and "
        "piriform sinuses."
    ),
    cases=CASES,
    technique=Technique(),
    geometry=Geometry(primary_deg=90.0, isocentre_mm=ORIGIN_MM, position="erect"),
    rate_hz=30.0,
    controls=(
        Control(
            "Bolus",
            "choice",
            "The next bolus. In order: thin to thick, then the cracker.",
            default=IN_ORDER,
            choices=CHOICES,
        ),
        Control("Swallow", "command", "The patient takes the next bolus now.", shortcut=("S",)),
        Control("Cough", "command", "Asks the patient to cough.", shortcut=("C",)),
    ),
    gallery_s=(25.2, 28.2),
    gallery_actions=((0.0, "Bolus", THIN_10.name),),
)
