"""Makes the bones of the trunk: `python tools/anatomy/make_skeleton.py [names…]`.

Paired bones are made once, for the left side; the regions mirror them.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pelvis_solids
import spine_solids
import thorax_solids
from solid import mesh_of

from fluoroview_simulated.anatomy.mesh import Mesh, save

FOLDER = Path(__file__).parents[2] / "fluoroview_simulated" / "anatomy" / "meshes"


def _vertebra(level: str) -> Mesh:
    at, middle = spine_solids.frame(level)
    s = spine_solids.size(level)
    reach = max(s.transverse, s.width / 2) + 5
    low = (-reach, -s.depth / 2 - 4, -s.height / 2 - max(s.drop + 18, 20))
    high = (reach, s.depth / 2 + s.canal_depth + s.back + 8, s.height / 2 + 14)
    lumbar = level[0] == "L"
    solid = spine_solids.lumbar(level) if lumbar else spine_solids.thoracic(level)
    return mesh_of(solid, low, high, 1.0, 8000 if lumbar else 4800).moved(at, middle)


MAKERS = {
    **{level: (lambda level=level: _vertebra(level)) for level in spine_solids.LEVELS},
    "sacrum": lambda: mesh_of(spine_solids.sacrum(), (-62, 30, -242), (62, 128, -72), 1.3, 13000),
    **pelvis_solids.MAKERS,
    **thorax_solids.MAKERS,
}


def main() -> None:
    """Makes the named bones, or all."""
    np.seterr(all="ignore")
    for name in sys.argv[1:] or MAKERS:
        mesh = MAKERS[name]()
        path = save(name, mesh, FOLDER)
        print(f"{name}: {len(mesh.faces)} faces, {mesh.volume_ml:.1f} ml, {path.stat().st_size} B")


if __name__ == "__main__":
    main()
