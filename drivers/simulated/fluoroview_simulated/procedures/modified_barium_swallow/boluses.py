"""What is swallowed: barium by consistency, with the IDDSI level and the older name."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Bolus:
    """One portion.

    Attributes:
        iddsi: level of the International Dysphagia Diet Standardisation Initiative.
        barium_g_cm3: weight per volume (0.40 is 40 % w/v).
        pace: speed of the swallow against that of a thin liquid.
        residue: what stays in the pockets, relative.
        thinness: how easily it gets into an airway that is not shut, 0 to 1.
        chew_s: time of chewing before it is swallowed.
    """

    name: str
    iddsi: int
    volume_ml: float
    barium_g_cm3: float
    pace: float
    residue: float
    thinness: float
    chew_s: float = 0.0


THIN_5 = Bolus("thin, 5 ml (IDDSI 0)", 0, 5.0, 0.24, 1.0, 0.35, 1.0)
THIN_10 = Bolus("thin, 10 ml (IDDSI 0)", 0, 10.0, 0.24, 1.0, 0.45, 1.0)
NECTAR = Bolus("nectar, mildly thick, 10 ml (IDDSI 2)", 2, 10.0, 0.28, 0.92, 0.6, 0.55)
HONEY = Bolus("honey, moderately thick, 5 ml (IDDSI 3)", 3, 5.0, 0.32, 0.85, 0.9, 0.25)
PUDDING = Bolus("pudding, extremely thick, 5 ml (IDDSI 4)", 4, 5.0, 0.36, 0.78, 1.1, 0.05)
CRACKER = Bolus("cracker with barium paste (IDDSI 7)", 7, 6.0, 0.42, 0.74, 1.2, 0.03, chew_s=4.6)

BOLUSES = (THIN_5, THIN_10, NECTAR, HONEY, PUDDING, CRACKER)
IN_ORDER = "in order"
CHOICES = (IN_ORDER, *(b.name for b in BOLUSES))
BY_NAME = {b.name: b for b in BOLUSES}
