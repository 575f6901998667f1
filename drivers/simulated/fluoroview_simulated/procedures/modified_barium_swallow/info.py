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
        "The soft palate shuts the nose, tongue base and back wall strip the bolus downwards, "
        "hyoid and larynx move up and forwards, the epiglottis turns down and the upper sphincter "
        "opens. All within one second, nothing in the airway, hardly any residue in valleculae and "
        "piriform sinuses.",
    ),
    Case(
        "penetration",
        "Laryngeal penetration",
        True,
        "The vestibule shuts late and not wholly: while the bolus passes, thin barium runs down "
        "the laryngeal side of the epiglottis, stays above the vocal folds, and most is squeezed "
        "out again at the height of the swallow. Thicker consistencies penetrate less.",
    ),
    Case(
        "aspiration",
        "Aspiration during the swallow",
        True,
        "Thin barium passes the vocal folds while the larynx is still open, and trickles along the "
        "front wall of the windpipe. The first time silently: no cough, although it lies below "
        "the folds. Later ones are coughed up in part. Ask for a cough and see what stays. "
        "Mildly thick leaks less; extremely thick not at all.",
    ),
    Case(
        "residue",
        "Pharyngeal residue",
        True,
        "Weak tongue base and short excursion of the hyoid; the epiglottis does not turn down. "
        "Barium stays in the valleculae and piriform sinuses and grows with every swallow, most "
        "with the thick ones: a risk of aspiration after the swallow.",
    ),
    Case(
        "cricopharyngeal-bar",
        "Cricopharyngeal bar",
        True,
        "A smooth shelf indents the column of barium from behind at C5/6 while the bolus passes: "
        "the cricopharyngeal muscle does not give way. The pharynx above is wide, a narrow jet "
        "runs below, and the tail is held up.",
    ),
)

INFO = ProcedureInfo(
    name="modified-barium-swallow",
    title="Modified barium swallow",
    agent="barium",
    teaching="Lateral view, lips to the sixth vertebra, at 30 pulses a second: what happens in "
    "the pharynx takes less than a second. Start with thin barium, go on to thicker ones; turn "
    "to the frontal view for the symmetry of valleculae and piriform sinuses.",
    cases=CASES,
    technique=Technique(),
    geometry=Geometry(primary_deg=90.0, isocentre_mm=ORIGIN_MM, position="erect"),
    rate_hz=30.0,
    controls=(
        Control(
            "Bolus",
            "choice",
            "What the patient is given next; in order: thin to thick, then the cracker.",
            default=IN_ORDER,
            choices=CHOICES,
        ),
        Control("Swallow", "command", "The patient takes the next bolus now.", shortcut=("S",)),
        Control("Cough", "command", "The patient is asked to cough.", shortcut=("C",)),
    ),
    gallery_s=(25.2, 28.2),
    gallery_actions=((0.0, "Bolus", THIN_10.name),),
)
