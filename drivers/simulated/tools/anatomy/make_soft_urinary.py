"""Solids of the urinary tract and of the uterine cavity, as contrast fills them.

`make_soft.py` writes them to files. Reflux dilates: the collecting system comes in the shapes of
grades II, IV and V (International Reflux Study: sharp, blunted and clubbed calyces).
"""

from __future__ import annotations

import numpy as np

from tools.anatomy import solid as s

KIDNEY = ((66.0, 44.0, 62.0), s.turn(-14, -14, 28))
"""Middle of the left kidney and its axes, as the kidneys in `make_soft_abdomen` have them."""
# Tips of the minor calyces in the kidney's own axes (outward, backward, upward), mm.
CALYCES = (
    (-2, -7, 38), (3, 6, 33), (10, -9, 17), (12, 8, 9), (12, -9, -3), (11, 7, -13), (6, -8, -26),
    (3, 6, -31), (-4, -4, -38),
)  # fmt: skip
# What each drains into: the upper, middle or lower major calyx.
MAJOR = ((-12, -1, 16), (-6, -1, 3), (-11, -1, -16))
OF_MAJOR = (0, 0, 0, 1, 1, 1, 2, 2, 2)
PELVIS, JUNCTION = (-24.0, -2.0, -2.0), (-33.0, 1.0, -24.0)
# Grade: radius of stem, major calyx, pelvis, cup, papilla, all in mm.
GRADES = {
    2: (2.3, 3.0, 6.0, 4.8, 3.6),
    4: (4.2, 6.5, 13.0, 8.6, 3.6),
    5: (6.5, 9.5, 19.0, 12.0, 0.0),
}


def calyces(grade: int) -> s.Solid:
    """The left collecting system dilated to a grade."""
    stem, major, pelvis, cup, papilla = GRADES[grade]
    rng = np.random.default_rng(30 + grade)
    hollow = [
        s.tube(
            [JUNCTION, np.add(JUNCTION, (4, -1, 10)), PELVIS], [0.45 * major, 0.7 * pelvis, pelvis]
        ),
        *(s.capsule(PELVIS, m, 0.75 * pelvis, major) for m in MAJOR),
    ]
    papillae = []
    for place, k in zip(np.array(CALYCES, float), OF_MAJOR, strict=True):
        root = np.array(MAJOR[k], float)
        out = (place - root) / np.linalg.norm(place - root)
        tip = place + rng.normal(0, 1.2, 3)
        hollow.append(s.capsule(root, tip - out * 3.0, stem + 0.6, stem))
        r = cup * rng.uniform(0.85, 1.12)
        axes = np.stack([*np.linalg.svd(out[None])[2][1:], out])
        hollow.append(s.ellipsoid(tip, (r, r, 0.62 * r), axes))
        if papilla:
            papillae.append(
                s.ellipsoid(tip + out * (0.75 * r), (0.86 * r, 0.86 * r, papilla), axes)
            )
    shape = s.join(*hollow, smooth=3.0 + 0.5 * grade)
    if papillae:
        shape = s.cut(shape, s.join(*papillae), smooth=1.0)
    middle, turn = KIDNEY
    return s.uneven(s.placed(shape, turn, middle), 0.3, 9.0, grade)


OS, ISTHMUS, FUNDUS = (0.0, 17.0, -212.0), (0.0, 8.0, -185.0), (0.0, -14.0, -152.0)
"""External os, internal os and the middle of the fundus; a pull at the cervix straightens."""
CORNU = (19.0, -12.0, -153.0)


def _frame() -> np.ndarray:
    """Axes of the uterus as rows: left, forward and up, along the cavity."""
    along = np.subtract(FUNDUS, ISTHMUS)
    along /= np.linalg.norm(along)
    across = np.array([1.0, 0.0, 0.0])
    return np.stack([across, np.cross(along, across), along])


def cavity_of_uterus(septum: bool = False) -> s.Solid:
    """Flat triangle with horns, and the cervical canal with its feathered wall."""
    axes, low = _frame(), np.array(ISTHMUS)
    height = float(np.linalg.norm(np.subtract(FUNDUS, ISTHMUS)))

    def triangle(p: np.ndarray) -> np.ndarray:
        x, y, z = ((p - low) @ axes.T).T
        f = np.clip(z / height, 0, 1.1)
        half = 2.4 + 4.5 * f + 12.5 * f**1.9
        thick = 1.5 + 1.5 * np.sin(np.pi * np.clip(f, 0, 1)) ** 0.8
        edge = np.abs(x) / half
        top = z - (height - 3.0 + 3.5 * np.minimum(edge, 1.2) ** 2)
        return np.maximum.reduce(
            [(np.hypot(edge, y / thick) - 1.0) * np.minimum(half, thick) * 0.9, top, -2.0 - z]
        )

    horn = [(16, -11.5, -154.5), (19.5, -12.5, -151.5), (23, -13.0, -150.5)]
    canal = s.tube(
        [OS, (0.6, 14, -203), (-0.4, 11, -194), ISTHMUS, (0, 5, -181)],
        [1.6, 3.4, 3.2, 2.0, 2.4],
        3.0,
    )
    horns = [s.tube(np.array(horn) * [side, 1, 1], [1.9, 1.1, 0.7], 2.0) for side in (1, -1)]
    shape = s.join(
        s.uneven(triangle, 0.22, 14.0, 3), s.uneven(canal, 0.5, 2.8, 4), *horns, smooth=3.0
    )
    if septum:
        tip, root = low + axes[2] * 10.0, np.array(FUNDUS) + axes[2] * 4.0
        flat = s.tube([root, 0.5 * (tip + root), tip], [7.5, 5.0, 2.0], 3.0)
        shape = s.cut(shape, s.uneven(flat, 0.4, 10.0, 5), smooth=3.0)
    return shape
