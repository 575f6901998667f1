"""Soft tissue of the trunk, by region: what a projection needs beside the bones."""

from __future__ import annotations

from fluoroview_simulated.anatomy.parts import Part, tissue

FAT = -0.1
LUNG = -0.74
AIR = -1.0


def trunk_wall() -> list[Part]:
    """Skin with its fat and the muscle under it, from the neck to the thighs."""
    return [tissue("soft_skin", 1.0 + FAT, skin=True), tissue("soft_muscle", -FAT)]


def chest() -> list[Part]:
    """Trunk with lungs and their vessels, windpipe, heart and great vessels."""
    return [
        *trunk_wall(),
        tissue("soft_lungs", LUNG),
        tissue("soft_lung_vessels", -LUNG),
        tissue("soft_airway", AIR),
    ]
