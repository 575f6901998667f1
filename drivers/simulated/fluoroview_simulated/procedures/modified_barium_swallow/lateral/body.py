"""The soft tissue of head, neck and shoulders: skin, muscle, fat planes, the ear."""

from __future__ import annotations

import cv2
import numpy as np

from fluoroview_simulated.procedures.modified_barium_swallow.lateral.drawing import (
    Canvas,
    cloud,
    oriented_grain,
    rounded,
    smooth_curve,
)

SKIN = [
    (-72, -140),
    (-73, -104),
    (-77, -92),
    (-83, -78),
    (-89, -66),
    (-86, -59),
    (-77, -54),
    (-74.5, -50),
    (-77.5, -43),
    (-78.5, -37),
    (-74.5, -31.5),
    (-75.5, -26),
    (-75.5, -20),
    (-69.5, -11),
    (-69, -4),
    (-70.5, 4),
    (-68.5, 13),
    (-61, 21),
    (-50, 23.5),
    (-38, 25),
    (-27, 28),
    (-23.5, 34),
    (-25, 40),
    (-23, 48),
    (-19.5, 58),
    (-18, 72),
    (-20, 90),
    (-27, 108),
    (-40, 140),
    (150, 140),
    (150, -140),
]

# Lateral width in mm on a grid of 50 mm (rows: y = -100 … 100, columns: x = -100 … 100).
WIDTH_MM = np.array(
    [
        [44, 102, 146, 150, 144],
        [44, 106, 138, 140, 132],
        [48, 92, 122, 117, 112],
        [52, 76, 104, 110, 112],
        [80, 112, 142, 150, 140],
    ],
    np.float32,
)

SHOULDER = [
    (160, 22),
    (112, 38),
    (84, 50),
    (62, 62),
    (42, 77),
    (24, 92),
    (4, 118),
    (-20, 150),
    (160, 160),
]


def add_body(canvas: Canvas) -> None:
    """Lays down everything that is soft; bone and air take their part away afterwards."""
    size = canvas.size
    window, depth = canvas.shape(SKIN, 0.0)
    width = cv2.resize(WIDTH_MM, (size, size), interpolation=cv2.INTER_CUBIC)
    trunk = np.zeros((size, size), np.float32)
    trunk[window.slices] = rounded(depth, 52.0) ** 1.08
    canvas.soft += width * trunk
    for z, shift, add in ((95.0, (0.0, 0.0), 80.0), (-95.0, (9.0, 7.0), 66.0)):
        shoulder = smooth_curve(SHOULDER) + np.array(shift)
        canvas.add_soft(shoulder, add, 78.0, z * 0.15, smooth=False)
    for z in (16.0, -16.0):  # thyroid gland next to the trachea
        gland = [(-2, 36), (8, 34), (13, 46), (14, 62), (8, 74), (0, 68), (-4, 52)]
        canvas.add_soft(gland, 7.0, 9.0, z)
    _add_fat(canvas, trunk)
    _add_muscles(canvas, trunk)
    _add_ear(canvas)


def _add_fat(canvas: Canvas, trunk: np.ndarray) -> None:
    """Fat planes and unevenness: fat weighs a tenth less than water, so the path seems shorter."""
    size, view, seed = canvas.size, canvas.view_mm, canvas.seed
    canvas.soft += trunk * (
        2.2 * cloud(size, view, seed, 34.0) + 1.3 * cloud(size, view, seed + 1, 9.0, 4)
    )
    for points, take, radius in (
        ([(-52, 20), (-40, 21), (-24, 17), (-14, 20), (-22, 25), (-40, 23.5)], -5.0, 3.0),
        ([(-18, 12), (-12, 18), (-14, 34), (-19, 44), (-21, 34), (-20, 22)], -4.5, 3.0),
        ([(-50, -2), (-34, 4), (-14, 4), (2, -4), (4, 0), (-12, 8), (-34, 8), (-50, 2)], -3.5, 2.5),
        ([(52, 2), (70, 12), (90, 34), (110, 60), (110, 44), (92, 20), (72, 0)], -5.0, 6.0),
        ([(-8, 48), (-4, 62), (0, 82), (2, 104), (-6, 104), (-8, 80), (-11, 60)], -5.0, 3.0),
        (
            [
                (27.5, -30),
                (30.5, -10),
                (28.8, 10),
                (27.8, 28),
                (29.5, 50),
                (33, 70),
                (31.6, 70),
                (28, 50),
                (26.5, 28),
                (27.5, 10),
                (29, -10),
                (27, -30),
            ],
            -3.0,
            1.2,
        ),
    ):
        canvas.add_soft(points, take, radius)


def _add_muscles(canvas: Canvas, trunk: np.ndarray) -> None:
    """Sternomastoid of both sides, the muscles of the nape, the masseter, glands."""
    size, view, seed = canvas.size, canvas.view_mm, canvas.seed
    mastoid = [
        (46, -66),
        (56, -60),
        (48, -20),
        (34, 20),
        (14, 62),
        (-6, 110),
        (-22, 110),
        (0, 60),
        (18, 20),
        (34, -20),
    ]
    canvas.add_soft(mastoid, 6.5, 9.0, 48.0)
    canvas.add_soft(mastoid, 6.0, 9.0, -48.0)
    for z in (50.0, -50.0):
        canvas.add_soft([(-14, -46), (0, -56), (12, -40), (12, -10), (2, -2), (-10, -14)], 9, 9, z)
        canvas.add_soft([(-14, 2), (2, -2), (10, 6), (4, 16), (-10, 16)], 3.2, 9.0, z * 0.6)
    nape = np.clip((np.linspace(-view / 2, view / 2, size, dtype=np.float32) - 45) / 30, 0, 1)
    canvas.soft += (
        trunk
        * nape[None, :]
        * (
            1.2 * cv2.GaussianBlur(cloud(size, view, seed + 3, 5.0, 2), (0, 0), 3.0)
            + 0.5 * oriented_grain(size, view, seed + 4, 60)
        )
    )


def _add_ear(canvas: Canvas) -> None:
    """The auricle of the near side, a faint comma over the mastoid."""
    rim = [
        (44, -96),
        (54, -104),
        (68, -98),
        (70, -82),
        (62, -70),
        (54, -58),
        (48, -56),
        (47, -64),
        (56, -72),
        (62, -84),
        (60, -93),
        (52, -95),
    ]
    canvas.add_soft(rim, 6.0, 3.0, 72.0)
    canvas.add_soft([(47, -66), (53, -66), (54, -57), (49, -54), (46, -58)], 6.0, 3.0, 72.0)
