"""Makes the chest's aerated room without the heart's place, for hearts that beat in it.

`python tools/anatomy/make_vessels.py` writes `vessel_lungs_open.npz`: the lungs as they would be if
the heart were lung, but for what of it lies between the great vessels. What a ray has in it more
than in `soft_lungs` is heart.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import numpy as np

from fluoroview_simulated.anatomy.landmarks import spine_y
from fluoroview_simulated.anatomy.mesh import Mesh, save
from tools.anatomy import make_soft_chest
from tools.anatomy import solid as s

FOLDER = Path(__file__).resolve().parents[2] / "fluoroview_simulated" / "anatomy" / "meshes"

# Fat and thymus between the lungs: rows z, x, y, half width, half depth, squareness.
MIDDLE = np.array(
    [
        (60, 0, -18, 15, 66, 2.1), (200, 0, -18, 17, 68, 2.1), (240, -1, -16, 24, 68, 1.9),
        (262, -2, -14, 30, 64, 1.8), (285, -3, -12, 29, 58, 1.8), (305, -2, -8, 28, 52, 1.8),
        (325, 0, -2, 24, 42, 1.8), (345, 0, 4, 27, 36, 1.8), (360, 0, 8, 33, 36, 1.9),
        (400, 0, 10, 36, 36, 2.0),
    ],
    float,
)  # fmt: skip


def lungs_open() -> Mesh:
    """Both lungs and the heart between them."""
    c = make_soft_chest
    z = np.arange(60.0, 380.0, 20.0)
    spine = s.tube(np.stack([0 * z, spine_y(z) + 8, z], 1), 26.0, smooth=6.0)
    middle = s.uneven(s.lofted(np.eye(3), MIDDLE), 1.5, 45.0, 8)
    between = s.join(spine, middle, c.vessels_solid(), s.tube(c.TRACHEA, 13.0), smooth=9.0)
    heart = s.cut(s.grown(c.heart_solid(), 3.0), between, smooth=4.0)
    space = s.cut(s.join(c.lungs_solid(), heart, smooth=4.0), between, smooth=6.0)
    above = s.common(space, lambda p: (c.diaphragm(p) - p[:, 2]) * 0.55)
    return s.mesh_of(above, (-142, -104, 84), (142, 104, 374), 2.5, 15000)


def main() -> None:
    """Makes the mesh and says how large it is."""
    mesh = lungs_open()
    path = save("vessel_lungs_open", mesh, FOLDER)
    size = path.stat().st_size // 1000
    print(f"lungs_open: {len(mesh.faces)} faces, {mesh.volume_ml:.0f} ml, {size} kB")


if __name__ == "__main__":
    main()
