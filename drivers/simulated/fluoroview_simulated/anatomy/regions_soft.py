"""Soft tissue of the trunk, by region: what a projection needs besides the bones.

The muscle of the abdominal wall encloses a room of fat in which the organs lie; each part counts
only the difference to what it lies in.
"""

from __future__ import annotations

from fluoroview_simulated.anatomy.parts import Part, tissue

FAT = -0.16
"""Fat against muscle at the 45 to 55 keV of a fluoroscopy beam."""
LUNG = -0.74
AIR = -1.0
BLADDER = "soft_bladder"
"""Mesh of the resting bladder, for procedures that draw it themselves."""


def trunk_wall() -> list[Part]:
    """Skin with its fat and the muscle under it, from the neck to the thighs."""
    return [tissue("soft_skin", 1.0 + FAT, skin=True), tissue("soft_muscle", -FAT)]


def chest(female: bool = False) -> list[Part]:
    """Trunk with lungs and their vessels, windpipe, heart, great vessels and the upper abdomen."""
    return [
        *trunk_wall(),
        tissue("soft_lungs", LUNG),
        tissue("soft_lung_vessels", -LUNG),
        tissue("soft_airway", AIR),
        *upper_organs(),
        tissue("soft_stomach_gas", AIR),
        *([tissue("soft_breasts", 1.0 + 0.6 * FAT)] if female else []),
    ]


def upper_organs() -> list[Part]:
    """Fat of the abdomen with liver, spleen, kidneys and psoas."""
    return [
        tissue("soft_cavity", FAT),
        tissue("soft_liver", 0.17),
        tissue("soft_spleen", 0.17),
        tissue("soft_kidneys", 0.17),
        tissue("soft_psoas", 0.04),
    ]


def bowel(gas: bool = True) -> list[Part]:
    """Small bowel and colon with fluid and faeces, and with some gas unless it was prepared."""
    loops = [tissue("soft_bowel", -0.6 * FAT)]
    if not gas:
        return loops
    return [
        *loops,
        tissue("soft_colon_gas", AIR),
        tissue("soft_bowel_gas", AIR),
        tissue("soft_faeces", -0.8),
    ]


def abdomen(gas: bool = True, stomach_gas: bool = True, lungs: bool = True) -> list[Part]:
    """Trunk from the lower lungs to the pelvis with its organs and bowel gas."""
    parts = [*trunk_wall(), *upper_organs(), *bowel(gas), tissue("soft_pelvic_organs", -FAT)]
    if stomach_gas:
        parts.append(tissue("soft_stomach_gas", AIR))
    if lungs:
        parts.append(tissue("soft_lungs", LUNG))
    return parts


def pelvis_soft(female: bool = False, gas: bool = True, bladder: bool = True) -> list[Part]:
    """Lower trunk: bowel, rectum, pelvic floor, bladder; the uterus in a woman."""
    parts = [
        *trunk_wall(),
        tissue("soft_cavity", FAT),
        tissue("soft_psoas", 0.04),
        *bowel(gas),
        tissue("soft_pelvic_organs", -FAT),
    ]
    if bladder:
        parts.append(tissue(BLADDER, 0.14))
    if female:
        parts.append(tissue("soft_uterus", 0.17))
    return parts
