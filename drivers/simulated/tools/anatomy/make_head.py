"""Makes the head and neck: skull, jaws and teeth, cervical spine, larynx, air, skin.

`python tools/anatomy/make_head.py [NAME…]` writes `head_NAME.npz`, all of them by default.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
sys.path.insert(0, str(Path(__file__).resolve().parent))

import head_lines as lines
import head_solids as h
import head_vessels as v
import neck_solids as n
from solid import mesh_of

from fluoroview_simulated.anatomy.cerebral import save_trees
from fluoroview_simulated.anatomy.mesh import Mesh, save, tube_mesh

FOLDER = Path(__file__).resolve().parents[2] / "fluoroview_simulated" / "anatomy" / "meshes"


def _air() -> Mesh:
    sinus = h.sinuses()
    return mesh_of(h.join(*sinus.values()), (-50, -100, 495), (50, -2, 585), 1.5, 7000)


def _lines(lines: list, radius_mm: float) -> Mesh:
    meshes = [tube_mesh(line, radius_mm, 5) for line in lines]
    return meshes[0].joined(*meshes[1:])


MAKERS: dict[str, Callable[[], Mesh]] = {
    "cranium": lambda: mesh_of(h.cranium(), (-80, -104, 480), (80, 110, 646), 1.6, 36000),
    "petrous": lambda: mesh_of(h.petrous(), (5, -20, 525), (66, 36, 560), 1.0, 2500),
    "mastoid_cells": lambda: mesh_of(h.mastoid_cells(), (38, 0, 500), (70, 45, 548), 0.9, 6000),
    "face": lambda: mesh_of(h.face(), (-76, -112, 488), (76, 4, 566), 1.2, 22000),
    "palate": lambda: mesh_of(h.palate(), (-28, -92, 490), (28, -24, 508), 1.0, 2500),
    "mandible": lambda: mesh_of(h.mandible(), (-66, -98, 425), (66, 4, 532), 1.4, 12000),
    "hyoid": lambda: mesh_of(h.hyoid(), (-26, -48, 428), (26, -4, 460), 1.0, 1000),
    "cartilage": lambda: mesh_of(h.cartilage(), (-26, -46, 396), (26, 2, 452), 0.9, 1800),
    "sinuses": _air,
    "sutures": lambda: _lines(lines.sutures(), 0.85),
    "grooves": lambda: _lines(lines.grooves(), 0.95),
    "brain_mca": lambda: mesh_of(v.territory(False), (0, -90, 528), (68, 92, 634), 2.5, 3000),
    "brain_aca": lambda: mesh_of(v.territory(True), (0, -90, 560), (44, 80, 634), 2.5, 2500),
    **n.MAKERS,
}


def main() -> None:
    """Writes the meshes that are named, or all."""
    chosen = sys.argv[1:] or [*MAKERS, "vessels"]
    if "vessels" in chosen:
        chosen.remove("vessels")
        trees = {"arteries": v.arteries(), "veins": v.veins()}
        path = save_trees("head_vessels", trees, FOLDER)
        print("vessels:", {k: len(t.names) for k, t in trees.items()}, path.stat().st_size // 1024)
    for name in chosen:
        mesh = MAKERS[name]()
        path = save(f"head_{name}", mesh, FOLDER)
        low, high = mesh.vertices.min(axis=0).round(), mesh.vertices.max(axis=0).round()
        print(
            f"{name}: {len(mesh.faces)} faces, {path.stat().st_size // 1024} kB, "
            f"{mesh.volume_ml:.1f} ml, {low} to {high}"
        )


if __name__ == "__main__":
    main()
