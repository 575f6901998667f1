"""Where things are in the medium adult, 175 cm, in patient coordinates (mm); see `technique`."""

from __future__ import annotations

import numpy as np

from fluoroview_simulated.arrays import FloatArray

VERTEBRAE = {
    **{f"C{i + 1}": z for i, z in enumerate((500, 482, 461, 440, 420, 400, 380))},
    **{
        f"T{i + 1}": z
        for i, z in enumerate((362, 340, 316, 291, 267, 243, 219, 195, 171, 146, 123, 98))
    },
    **{f"L{i + 1}": z for i, z in enumerate((70, 36, 0, -37, -74))},
}
"""Height z of the middle of each vertebral body."""

_SPINE = np.array(
    [
        (520, 8), (480, 4), (440, 2), (400, 12), (362, 32), (316, 52), (267, 60), (219, 62),
        (171, 57), (123, 48), (70, 38), (36, 32), (0, 28), (-37, 30), (-74, 40), (-95, 50),
    ],
    float,
)[::-1]  # fmt: skip


def spine_y(z: float | FloatArray) -> FloatArray:
    """Depth y of the middle of the vertebral bodies at height z: lordosis and kyphosis."""
    y: FloatArray = np.interp(z, _SPINE[:, 0], _SPINE[:, 1])
    return y


HIP_JOINT = (90.0, 15.0, -200.0)
"""Left hip; the right one has the other sign of x."""
DIAPHRAGM_Z = (170.0, 160.0)
"""Top of the right and of the left dome."""
HEAD_TOP_Z = 640.0
