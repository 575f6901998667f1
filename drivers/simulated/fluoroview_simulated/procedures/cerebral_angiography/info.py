"""Cerebral angiography as it is offered: cases, teaching, controls, start technique and view."""

from __future__ import annotations

from fluoroview_simulated.procedures.base import Case, Control, ProcedureInfo
from fluoroview_simulated.room.technique import Geometry, Technique

CASES = (
    Case(
        "normal",
        "Normal internal carotid",
        False,
        "Carotid siphon, ophthalmic artery to the orbit, middle cerebral artery with its loops "
        "over the insula (the Sylvian triangle), anterior cerebral artery around the corpus "
        "callosum; capillary blush after two seconds; from four seconds cortical veins, "
        "sagittal, straight and transverse sinuses, jugular vein.",
    ),
    Case(
        "aneurysm",
        "Aneurysm at the posterior communicating artery",
        True,
        "A round, narrow-necked aneurysm of 9 mm on the posterior wall of the carotid at the "
        "origin of the posterior communicating artery, best seen in lateral and oblique views. "
        "It fills with the artery; contrast medium swirls in it and remains after the arteries "
        "have emptied.",
    ),
    Case(
        "stenosis",
        "Stenosis of the internal carotid",
        True,
        "A short stenosis of three quarters of the diameter in the siphon, where it turns back; "
        "everything distal to it fills late and faintly. Measure it against the normal vessel "
        "distal to it.",
    ),
    Case(
        "occlusion",
        "Occlusion of the middle cerebral artery",
        True,
        "The M1 segment of the middle cerebral artery ends in a stump; its branches and its "
        "blush are missing. Late in the run its most distal branches fill retrogradely from the "
        "anterior cerebral artery (leptomeningeal collaterals).",
    ),
)

CONTROLS = (
    Control("Inject", "command", "Starts the power injector.", shortcut=("I",)),
    Control("InjectionRate", "number", "Flow of contrast medium.", "ml/s", 6.0, 1.0, 12.0, 0.5),
    Control(
        "InjectionVolume",
        "number",
        "Volume of contrast medium of one injection.",
        "ml",
        8.0,
        1.0,
        20.0,
        1.0,
    ),
    Control(
        "InjectionDelay",
        "number",
        "From the key press to the injection, so that the mask is acquired before it.",
        "s",
        0.6,
        0.0,
        5.0,
        0.1,
    ),
)

INFO = ProcedureInfo(
    name="cerebral-angiography",
    title="Cerebral angiography",
    agent="iodine",
    teaching=(
        "Start the run, then inject: the first images are the mask. Arterial, capillary and "
        "venous phases pass within eight seconds. The view begins lateral; for the frontal view "
        "turn to 0 degrees and 20 degrees cranial, which projects the petrous ridges clear of "
        "the orbits."
    ),
    cases=CASES,
    technique=Technique(kv=76.0, tube_current_ma=60.0, pulse_width_ms=8.0, filter_cu_mm=0.1),
    geometry=Geometry(
        source_image_mm=1100.0,
        source_isocentre_mm=850.0,
        detector_mm=290.0,
        field_width_mm=282.0,
        field_height_mm=282.0,
        primary_deg=90.0,
        isocentre_mm=(5.0, 3.0, 571.0),
    ),
    rate_hz=6.0,
    controls=CONTROLS,
    subtraction=True,
    gallery_s=(2.6, 8.6),
    gallery_actions=((4.4, "Inject", None),),
)
