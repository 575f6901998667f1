"""Hip bone and upper femur as solids, left side."""

from __future__ import annotations

import numpy as np
from scipy.interpolate import CubicSpline
from solid import Solid, capsule, cut, ellipsoid, half_space, join, mesh_of, plate, tube, uneven

from fluoroview_simulated.anatomy.landmarks import HIP_JOINT
from fluoroview_simulated.anatomy.mesh import Mesh

HEAD_MM = 24.0
OPENING = np.array([0.80, -0.28, -0.53])
"""Where the acetabulum looks: outward, forward, down."""

# From the front spine over the crest to the back spines; the line below from the front lower spine
# over the roof of the acetabulum to the greater sciatic notch. Same number of points.
_CREST = np.array(
    [
        (118, -54, -118), (130, -42, -86), (141, -14, -55), (138, 18, -38), (118, 52, -36),
        (88, 80, -52), (60, 99, -78), (48, 103, -98), (50, 96, -126),
    ],
    float,
)  # fmt: skip
_LOWER = np.array(
    [
        (104, -36, -150), (104, -28, -156), (103, -14, -163), (99, 2, -166), (93, 16, -164),
        (86, 29, -160), (79, 42, -155), (73, 53, -151), (66, 66, -146),
    ],
    float,
)  # fmt: skip


def _line(points: np.ndarray, n: int) -> np.ndarray:
    """A smooth line through points, `n` along it."""
    s = np.r_[0, np.cumsum(np.linalg.norm(np.diff(points, axis=0), axis=1))]
    return CubicSpline(s / s[-1], points)(np.linspace(0, 1, n))


def _wing() -> Solid:
    """The iliac wing: a bent plate, thin in the fossa and thick along crest and roof."""
    n, m = 320, 130
    top, low = _line(_CREST, n), _line(_LOWER, n)
    t = np.linspace(0, 1, m)[None, :, None]
    grid = top[:, None] * (1 - t) + low[:, None] * t
    bow = 4 * t * (1 - t)
    along = np.linspace(0, 1, n)[:, None, None]
    outward = np.array([0.75, 0.65, 0.0])
    grid = grid + bow * outward * (7.0 * np.sin(np.pi * np.clip(along * 1.25, 0, 1)))
    s = t[..., 0]
    crest = (
        5.2
        * np.exp(-((s / 0.07) ** 2))
        * (0.75 + 0.5 * np.exp(-(((along[..., 0] - 0.28) / 0.12) ** 2)))
    )
    roof = 8.0 * np.clip((s - 0.55) / 0.45, 0, 1) ** 2
    back = 6.5 * np.clip((along[..., 0] - 0.62) / 0.25, 0, 1)
    half = 1.9 + crest + np.maximum(roof, back * (1 - 0.35 * s))
    return plate(grid.reshape(-1, 3), np.broadcast_to(half, (n, m)).ravel())


def hip() -> Solid:
    """The left hip bone."""
    c = np.array(HIP_JOINT)
    cup = ellipsoid(c - OPENING * 3, (34, 34, 34))
    column = tube([(100, -22, -152), (96, -12, -172), (80, -12, -192)], [9, 12, 12], smooth=8)
    behind = tube([(80, 44, -158), (82, 44, -185), (82, 44, -215)], [11, 13, 13], smooth=8)
    roof = tube([(98, -16, -158), (101, 8, -166), (94, 32, -164)], [9, 11, 10], smooth=8)
    pubis = tube(
        [(72, -14, -196), (54, -36, -197), (34, -53, -204), (16, -60, -214)],
        [11, 7.5, 7.0, 8.0], smooth=6,
    )  # fmt: skip
    pubic_body = ellipsoid((13, -58, -226), (12, 8.5, 19))
    lower = tube(
        [(13, -54, -240), (26, -40, -252), (42, -14, -268), (56, 12, -279)],
        [7.0, 5.4, 5.4, 9], smooth=5,
    )  # fmt: skip
    ischium = tube(
        [(82, 40, -212), (78, 44, -238), (70, 38, -262), (60, 22, -279)],
        [14, 12.5, 14, 11], smooth=8,
    )  # fmt: skip
    brim = tube(
        [(60, 62, -126), (67, 46, -148), (72, 16, -170), (74, -12, -194)], [2.5, 6, 7, 9], smooth=5
    )
    spine = capsule((76, 54, -196), (60, 66, -203), 7.0, 2.2)
    front = ellipsoid((116, -55, -119), (6, 7, 8))
    lower_spine = ellipsoid((104, -40, -152), (6.5, 8, 9))
    bone = join(
        _wing(), cup, column, brim, behind, roof, pubis, pubic_body, lower, ischium, spine, front,
        lower_spine, smooth=9.0,
    )  # fmt: skip
    socket = ellipsoid(c, (HEAD_MM + 2.6,) * 3)
    fossa = ellipsoid(c - OPENING * 24 + np.array([0, 0, -8.0]), (11, 13, 16))
    mouth = half_space(c + OPENING * 7.0, -OPENING)
    bone = cut(bone, socket, fossa, _within(mouth, ellipsoid(c, (46,) * 3)), smooth=2.5)
    middle = half_space((2.0, 0, 0), (1, 0, 0))
    return uneven(cut(bone, middle, smooth=1.0), 0.5, 24.0, 5)


def _within(a: Solid, b: Solid) -> Solid:
    return lambda p: np.maximum(a(p), b(p))


_SHAFT = np.array([(134, 29, -222), (131, 29, -252), (127, 27, -290), (121, 22, -345)], float)


def femur() -> Solid:
    """The upper end of the left femur, cut at z = -335."""
    c = np.array(HIP_JOINT)
    base = np.array((128.0, 26.0, -229.0))
    head = ellipsoid(c, (HEAD_MM,) * 3)
    neck = tube([c, c + (base - c) * 0.55, base], [16, 13.5, 18], smooth=7)
    greater = join(
        ellipsoid((138, 33, -220), (11, 16, 19)),
        ellipsoid((141, 40, -203), (7.5, 11, 12)),
        smooth=8,
    )
    lesser = capsule((124, 36, -266), (107, 42, -260), 9.5, 6.0)
    crest = tube([(140, 46, -208), (130, 47, -235), (111, 43, -258)], [6, 5, 5], smooth=6)
    shaft = tube(_SHAFT, [18, 17, 14.6, 13.8], smooth=6)
    bone = join(head, neck, smooth=5)
    bone = join(bone, greater, shaft, crest, smooth=9)
    bone = join(bone, lesser, smooth=9)
    pit = ellipsoid(c + np.array([-24.5, 4, -6]), (4.5, 5, 5))
    return uneven(cut(bone, pit, half_space((0, 0, -335), (0, 0, 1)), smooth=2), 0.4, 20.0, 6)


_CANAL = tube(
    [(130, 28, -236), (128, 27.5, -262), (126, 26.5, -290), (121, 22, -345)],
    [24, 15.0, 9.0, 7.2], smooth=4,
)  # fmt: skip


def shaft_wall() -> Solid:
    """The thick cortex below the trochanters, thinning out towards them."""
    return cut(_femur_below(), _CANAL)


def _femur_below() -> Solid:
    bone = femur()
    return lambda p: np.maximum(bone(p), p[:, 2] + 238.0)


def marrow() -> Solid:
    """The canal inside, without trabeculae: pointed towards the spongy bone above."""
    tip = tube([(129, 28, -250), (127, 27, -285), (121, 22, -345)], [2.0, 9.0, 7.0], smooth=3)
    return cut(tip, half_space((0, 0, -334), (0, 0, 1)))


def _hip_mesh() -> Mesh:
    return mesh_of(hip(), (-2, -80, -300), (156, 122, -18), 1.6, 15000)


MAKERS = {
    "hip": _hip_mesh,
    "femur_upper": lambda: mesh_of(femur(), (58, -16, -340), (160, 66, -168), 1.5, 7000),
    "femur_wall": lambda: mesh_of(shaft_wall(), (90, -5, -340), (162, 66, -230), 1.3, 4500),
    "femur_marrow": lambda: mesh_of(marrow(), (100, 0, -338), (150, 50, -240), 1.5, 1200),
}
