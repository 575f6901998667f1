"""Cerebral angiography as it is offered: cases, teaching, controls, start technique and view."""

from __future__ import annotations

from fluoroview_simulated.procedures.base import Case, Control, ProcedureInfo
from fluoroview_simulated.room.technique import Geometry, Technique

CASES = (
    Case(
        "normal",
        "Normal internal carotid",
        False,
        "The siphon, the ophthalmic artery to the orbit, the middle cerebral with its loops over "
        "the insula (the Sylvian triangle), the anterior cerebral about the corpus callosum; "
        "capillary blush after two seconds, from four seconds cortical veins, sagittal, straight "
        "and transverse sinus, jugular vein.",
    ),
    Case(
        "aneurysm",
        "Aneurysm at the posterior communicating artery",
        True,
        "A round sac of 9 mm with a narrow neck on the back wall of the carotid, where the "
        "posterior communicating artery leaves: best from the side and obliquely. It fills with "
        "the artery, swirls, and keeps contrast when the arteries are already empty.",
    ),
    Case(
        "stenosis",
        "Stenosis of the internal carotid",
        True,
        "A short narrowing by three quarters of the diameter in the siphon, where it turns back; "
        "everything beyond fills late and pale. Measure it against the vessel behind.",
    ),
    Case(
        "occlusion",
        "Occlusion of the middle cerebral artery",
        True,
        "The first part of the middle cerebral artery ends in a stump; its branches and its blush "
        "are missing. Late in the run the outermost of them fill backwards from the anterior "
        "cerebral artery.",
    ),
)

CONTROLS = (
    Control("Inject", "command", "Start the power injector.", shortcut=("I",)),
    Control(
        "InjectionRate", "number", "Contrast per second.", "ml/s", 6.0, 1.0, 12.0, 0.5
    ),
    Control("InjectionVolume", "number", "Contrast per injection.", "ml", 8.0, 1.0, 20.0, 1.0),
    Control(
        "InjectionDelay",
        "number",
        "From the key to the contrast, so that the mask is taken before.",
        "s",
        0.6,
        0.0,
        5.0,
        0.1,
    ),
)  # fmt: skip

INFO = ProcedureInfo(
    name="cerebral-angiography",
    title="Cerebral angiography",
    agent="iodine",
    teaching="Start the run, then inject: the first images are the mask. Arteries, blush "
    "and veins pass in eight seconds. It begins from the side; for the frontal view turn to 0 "
    "degrees and 20 degrees cranially, so that the petrous ridges leave the orbits.",
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
