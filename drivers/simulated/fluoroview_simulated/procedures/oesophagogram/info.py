"""What is known of the oesophagogram: cases, what to see, controls, start technique."""

from __future__ import annotations

from fluoroview_simulated.procedures.base import Case, Control, ProcedureInfo
from fluoroview_simulated.room.technique import Geometry, Technique

CASES = (
    Case(
        "normal",
        "Normal oesophagus",
        False,
        "Three smooth impressions from the left: arch of the aorta, left main bronchus, left "
        "atrium. The head falls; behind it the primary wave strips the oesophagus from top to "
        "bottom, its tail an inverted V, in eight seconds. The sphincter opens when the head "
        "arrives; above it the ampulla widens for a moment. A little barium that escapes at the "
        "arch is fetched by a secondary wave. Empty, three or four thin straight folds stay "
        "coated.",
    ),
    Case(
        "stricture",
        "Peptic stricture",
        True,
        "Above the diaphragm the oesophagus tapers smoothly to a channel of 5 mm over 3 cm and "
        "stays so in every image; above it the oesophagus is wide, and a column stands and drains "
        "slowly. Distend it well: a stricture is missed in an oesophagus that is only half full. "
        "Compare with a contraction, which moves.",
    ),
    Case(
        "carcinoma",
        "Carcinoma of the middle third",
        True,
        "Over 4 cm near the bronchus the lumen is eaten out: irregular walls, shoulders above and "
        "below, no wave runs through it, and barium is held up. Folds end at its edge. Measure its "
        "length and how far it lies from the cardia.",
    ),
    Case(
        "hiatal-hernia",
        "Sliding hiatal hernia with reflux",
        True,
        "The oesophagus ends 4 cm above the diaphragm in a ring; below it a pouch with folds of "
        "the stomach narrows again where it goes through the hiatus. Erect it holds air over a "
        "level. Let the patient bear down (V): the pouch fills and barium runs back into the "
        "oesophagus, to the arch; a secondary wave clears it. The ampulla of a healthy oesophagus "
        "has no folds and empties with the wave: do not take it for a hernia.",
    ),
    Case(
        "achalasia",
        "Achalasia",
        True,
        "A wide, winding oesophagus with a standing column under a level, and air and food above "
        "it. No primary wave: only ripples. It ends in a smooth beak at the sphincter, which lets "
        "a thread through now and then. There is no gas in the stomach. Images after one, two and "
        "five minutes show how the column sinks. A short, irregular or shouldered beak suggests a "
        "tumour of the cardia.",
    ),
)

INFO = ProcedureInfo(
    name="oesophagogram",
    title="Oesophagogram (barium swallow)",
    agent="barium",
    teaching=(
        "Turn the patient until the oesophagus stands clear of the spine (RAO 35 to 40 degrees). "
        "The patient takes one mouthful every quarter of a minute; S asks for another. Follow one "
        "mouthful from the upper sphincter to the stomach before the next: a second swallow stops "
        "the first wave. Eight to fifteen pulses a second show the wave; three are enough for "
        "morphology. Look again when it is full, when it is empty and coated, and while the "
        "patient bears down (V)."
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
        Control("Swallow", "command", "a mouthful of barium", shortcut=("S",)),
        Control("Valsalva", "command", "the patient bears down for 4 s", shortcut=("V",)),
        Control(
            "BreathHold", "switch", "the patient holds the breath", default=False, shortcut=("H",)
        ),
    ),
    gallery_s=(13.8, 21.3),
    gallery_actions=((17.4, "Valsalva", None),),
)
