"""What is wrong with a swallow: one set of numbers per case."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Fault:
    """Departures from a normal swallow.

    Attributes:
        closure: how far the vestibule shuts, 1 is wholly.
        closure_late_s: how much later than normal it does.
        tilt: how far the epiglottis turns down, 1 is wholly.
        lift: excursion of hyoid and larynx, 1 is normal.
        enters: share of a thin bolus's leak that gets into the vestibule, 0 to 1.
        passes: share of it that goes on through the vocal folds.
        residue: what stays in the pockets, against normal.
        kept: share of the old residue that the next swallow leaves.
        residue_limit: fullest that the pockets get; above 1.5 they are heaped.
        bar_mm: depth of the indentation by the cricopharyngeal muscle.
    """

    closure: float = 1.0
    closure_late_s: float = 0.0
    tilt: float = 1.0
    lift: float = 1.0
    enters: float = 0.0
    passes: float = 0.0
    residue: float = 1.0
    kept: float = 0.5
    residue_limit: float = 0.9
    bar_mm: float = 0.0


FAULTS = {
    "normal": Fault(),
    "penetration": Fault(closure=0.80, closure_late_s=0.16, tilt=0.86, lift=0.9, enters=1.0),
    "aspiration": Fault(
        closure=0.62,
        closure_late_s=0.26,
        tilt=0.70,
        lift=0.75,
        enters=1.0,
        passes=1.0,
        residue=1.3,
        residue_limit=1.6,
    ),
    "residue": Fault(tilt=0.42, lift=0.7, residue=2.0, kept=0.88, residue_limit=5.0, closure=0.95),
    "cricopharyngeal-bar": Fault(bar_mm=5.6, residue=1.35, kept=0.6, residue_limit=2.2),
}
