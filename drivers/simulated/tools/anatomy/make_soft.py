"""Makes the soft tissue of the trunk: skin, muscle, and the organs of chest and abdomen.

`python tools/anatomy/make_soft.py [NAME…]` writes `soft_NAME.npz`, all of them by default.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from fluoroview_simulated.anatomy.mesh import Mesh, save
from tools.anatomy import make_soft_abdomen as abdomen
from tools.anatomy import make_soft_chest as chest
from tools.anatomy import make_soft_urinary as urinary
from tools.anatomy import solid as s
from tools.anatomy.make_soft_chest import both

FOLDER = Path(__file__).resolve().parents[2] / "fluoroview_simulated" / "anatomy" / "meshes"

# Rows z, x, y, half width, half depth, squareness (2 is an ellipse).
SKIN = [
    (400, 0, 14, 62, 66, 2.0), (385, 0, 16, 66, 68, 2.0), (368, 0, 20, 84, 74, 2.0),
    (350, 0, 20, 118, 84, 2.0), (330, 0, 16, 148, 93, 2.2), (300, 0, 8, 160, 104, 2.4),
    (270, 0, 2, 161, 112, 2.5), (235, 0, 0, 160, 116, 2.5), (200, 0, 0, 159, 116, 2.5),
    (150, 0, 0, 156, 112, 2.5), (100, 0, 0, 151, 108, 2.5), (50, 0, 0, 146, 107, 2.5),
    (0, 0, 0, 150, 110, 2.5), (-50, 0, 2, 160, 112, 2.4), (-100, 0, 6, 169, 116, 2.4),
    (-150, 0, 10, 175, 118, 2.3), (-200, 0, 12, 177, 114, 2.3), (-235, 0, 12, 172, 104, 2.3),
    (-262, 0, 12, 150, 84, 2.2),
]  # fmt: skip
THIGH = [
    (-190, 90, 14, 80, 92, 2.1), (-240, 90, 13, 85, 94, 2.1), (-290, 91, 12, 84, 92, 2.1),
    (-350, 92, 8, 80, 88, 2.0), (-420, 94, 4, 75, 82, 2.0), (-480, 95, 2, 71, 77, 2.0),
]  # fmt: skip


def skin_solid(inset: float = 0.0) -> s.Solid:
    """Trunk, shoulders without arms and two thighs; `inset` is the thickness of fat taken off."""
    rows = np.array(SKIN, float)
    trunk = s.lofted(None, rows)
    shoulder = s.join(
        s.capsule((105, 26, 322), (172, 18, 318), 48, 40),
        s.capsule((70, 30, 352), (172, 22, 338), 34, 27),
        smooth=20.0,
    )
    nape = s.tube([(0, 42, 420), (0, 50, 380), (30, 48, 345)], [40, 40, 40], smooth=15.0)
    buttock = s.ellipsoid((72, 68, -190), (78, 62, 92))
    whole = s.join(
        trunk, both(shoulder), both(nape), both(buttock), both(s.lofted(None, THIGH)), smooth=26.0
    )
    ends = s.common(s.half_space((0, 0, 400), (0, 0, 1)), s.half_space((0, 0, -480), (0, 0, -1)))
    furrow = s.tube([(0, 130, -120), (0, 132, -200), (0, 105, -262)], [6, 14, 16], smooth=8)
    body = s.cut(whole, furrow, smooth=14.0)
    return s.common(s.grown(body, -inset), s.grown(ends, -1.0 if inset else 0.0))


def skin() -> Mesh:
    """The body's surface."""
    return s.mesh_of(skin_solid(), (-245, -130, -482), (245, 145, 402), 5.0, 9000)


def muscle() -> Mesh:
    """The surface under the subcutaneous fat; below the iliac crests muscle by muscle."""
    wall = s.uneven(skin_solid(12.0), 2.5, 70.0, 3)
    trunk = s.common(wall, s.half_space((0, 0, -70), (0, 0.25, -1)), smooth=20.0)
    belly = s.common(wall, s.lofted(None, abdomen.BELLY), smooth=6.0)
    deep = s.common(s.grown(skin_solid(9.0), 0.0), abdomen.bellies(), smooth=3.0)
    return s.mesh_of(
        s.join(trunk, belly, deep, smooth=3.0), (-240, -125, -482), (240, 140, 402), 4.0, 13500
    )


def breasts() -> s.Solid:
    """What lies before the chest of a woman, lying down."""
    one = s.ellipsoid((76, -104, 232), (60, 34, 56))
    return s.cut(s.uneven(both(one), 1.5, 40.0, 17), s.grown(skin_solid(), -0.5), smooth=3.0)


def of(make: Callable[[], s.Solid], low: tuple, high: tuple, step_mm: float, faces: int) -> Mesh:
    """The mesh of an organ between two corners."""
    return s.mesh_of(make(), low, high, step_mm, faces)


MAKERS: dict[str, Callable[[], Mesh]] = {
    "skin": skin,
    "muscle": muscle,
    "breasts": lambda: of(breasts, (-145, -146, 165), (145, -70, 300), 3.0, 2500),
    "lungs": chest.lungs,
    "airway": chest.airway,
    "lung_vessels": chest.lung_vessels,
    "cavity": lambda: of(abdomen.cavity, (-135, -100, -250), (135, 90, 185), 4.0, 6000),
    "psoas": lambda: of(abdomen.psoas, (-125, -50, -255), (125, 75, 95), 3.0, 4000),
    "kidneys": lambda: of(abdomen.kidneys, (-110, 5, -20), (110, 85, 130), 2.5, 3000),
    "liver": lambda: of(abdomen.liver, (-135, -95, 20), (80, 90, 180), 3.0, 4500),
    "spleen": lambda: of(abdomen.spleen, (55, -10, 40), (135, 95, 175), 2.5, 1600),
    "pelvic_organs": lambda: of(abdomen.pelvic_organs, (-64, 0, -255), (64, 80, -140), 2.5, 2500),
    "bladder": lambda: of(abdomen.bladder, (-50, -62, -225), (50, 22, -155), 2.0, 2500),
    "uterus": lambda: of(abdomen.uterus, (-60, -48, -222), (60, 36, -132), 2.0, 2500),
    "bowel": abdomen.bowel_wall,
    "colon_gas": lambda: of(abdomen.colon_gas, (-140, -110, -250), (140, 75, 125), 1.7, 7500),
    "bowel_gas": lambda: of(abdomen.small_bowel_gas, (-90, -85, -140), (90, -10, 60), 1.7, 2400),
    "stomach_gas": lambda: of(abdomen.stomach_gas, (-30, -85, 45), (110, 40, 160), 2.0, 2400),
    "faeces": abdomen.faeces,
    **{
        f"calyces_{g}": partial(
            of,
            partial(urinary.calyces, g),
            (15, 5, 0),
            (120, 95, 125),
            0.7 if g == 2 else 1.4,
            4800,
        )
        for g in urinary.GRADES
    },
    "uterine_cavity": partial(
        of, urinary.cavity_of_uterus, (-28, -24, -218), (28, 24, -144), 0.7, 4500
    ),
    "uterine_cavity_septum": partial(
        of, partial(urinary.cavity_of_uterus, True), (-28, -24, -218), (28, 24, -144), 0.7, 4500
    ),
}


def main() -> None:
    """Makes the meshes that are named, or all."""
    for name in sys.argv[1:] or MAKERS:
        mesh = MAKERS[name]()
        path = save(f"soft_{name}", mesh, FOLDER)
        size = path.stat().st_size // 1000
        print(f"{name}: {len(mesh.faces)} faces, {mesh.volume_ml:.0f} ml, {size} kB")


if __name__ == "__main__":
    main()
