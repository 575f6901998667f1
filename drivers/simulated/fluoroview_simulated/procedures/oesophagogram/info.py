"""What is known of the oesophagogram: cases, what to see, controls, start technique."""

from __future__ import annotations

from fluoroview_simulated.procedures.base import Case, Control, ProcedureInfo
from fluoroview_simulated.room.technique import Geometry, Technique

CASES = (
    Case(
        "normal",
        "Normal oesophagus",
        False,
        "Three smooth impressions from the left: aortic arch, left main bronchus, left atrium. "
        "The head of the bolus falls; behind it the primary peristaltic wave strips the "
        "oesophagus from top to bottom in eight seconds, its tail an inverted V. The lower "
        "oesophageal sphincter opens when the head arrives; above it the phrenic ampulla "
        "distends briefly. A little barium that escapes at the aortic arch is cleared by a "
        "secondary wave. Collapsed, the oesophagus shows three or four thin, straight, coated "
        "folds.",
    ),
    Case(
        "stricture",
        "Peptic stricture",
        True,
        "Above the diaphragm the oesophagus tapers smoothly to a channel of 5 mm over 3 cm, "
        "unchanged in every image; above it the oesophagus is dilated, and a column stands and "
        "drains slowly. Distend it well: a stricture is missed in an oesophagus that is only "
        "half full. Compare with a contraction, which moves.",
    ),
    Case(
        "carcinoma",
        "Carcinoma of the middle third",
        True,
        "An irregular, ulcerated stricture of 4 cm near the left main bronchus: shouldered "
        "margins, no peristalsis through it, and barium is held up. Mucosal folds end at its "
        "margin. Measure its length and its distance from the cardia.",
    ),
    Case(
        "hiatal-hernia",
        "Sliding hiatal hernia with reflux",
        True,
        "The oesophagus ends 4 cm above the diaphragm at a ring; below it a pouch with gastric "
        "folds narrows again where it passes the hiatus. Erect, it holds air above a fluid "
        "level. Let the patient bear down (V): the pouch fills and barium refluxes into the "
        "oesophagus up to the aortic arch; a secondary wave clears it. The phrenic ampulla of a "
        "normal oesophagus has no folds and empties with the wave: do not mistake it for a "
        "hernia.",
    ),
    Case(
        "achalasia",
        "Achalasia",
        True,
        "A dilated, tortuous oesophagus with a standing column below an air-fluid level, and "
        "retained food. No primary peristalsis, only tertiary contractions. It ends in a smooth "
        "bird's beak at the lower sphincter, which passes a thin stream now and then. There is "
        "no gas in the stomach. Images after one, two and five minutes show how the column "
        "falls. A short, irregular or shouldered beak suggests a tumour of the cardia.",
    ),
)

INFO = ProcedureInfo(
    name="oesophagogram",
    title="Oesophagogram (barium swallow)",
    agent="barium",
    teaching=(
        "Turn the patient until the oesophagus is projected clear of the spine (RAO 35 to 40 "
        "degrees). The patient takes one mouthful every quarter of a minute; S asks for another. "
        "Follow one mouthful from the upper sphincter to the stomach before the next: a second "
        "swallow inhibits the first wave. Eight to fifteen pulses per second show peristalsis; "
        "three are enough for morphology. Image the oesophagus distended, collapsed and coated, "
        "and while the patient bears down (V)."
    ),
    cases=CASES,
    technique=Technique(kv=95.0, tube_current_ma=9.0, pulse_width_ms=6.0, filter_cu_mm=0.2),
    geometry=Geometry(
        source_image_mm=1150.0,
        source_isocentre_mm=950.0,
        detector_mm=320.0,
        field_width_mm=250.0,
        field_height_mm=314.0,
        primary_deg=-38.0,
        isocentre_mm=(14.0, 18.0, 249.0),
        position="erect",
    ),
    rate_hz=10.0,
    controls=(
        Control(
            "Swallow", "command", "The patient swallows a mouthful of barium.", shortcut=("S",)
        ),
        Control("Valsalva", "command", "The patient bears down for 4 s.", shortcut=("V",)),
        Control(
            "BreathHold", "switch", "The patient holds the breath.", default=False, shortcut=("H",)
        ),
    ),
    gallery_s=(13.8, 21.3),
    gallery_actions=((17.4, "Valsalva", None),),
)
