"""Mandible of both sides, teeth of both jaws with roots, pulp and a few fillings."""

from __future__ import annotations

import numpy as np

from fluoroview_simulated.procedures.modified_barium_swallow.lateral.drawing import (
    Canvas,
    rounded,
    smooth_curve,
)

ENAMEL_AS_BONE = 2.1
"""Enamel absorbs about twice what compact bone does over 40 to 60 keV."""
AMALGAM_AS_BONE = 32.0
"""An amalgam filling is opaque: as many mm of bone per mm."""

# Middle of each crown along the jaw: x, y of the neck, lean from vertical in degrees (crown
# forward is positive), crown width, crown height, root length, distance from the midline.
UPPER = (
    (-61.0, -41.0, 22, 6.4, 10.2, 13.0, 4.0),
    (-58.0, -41.0, 17, 5.6, 9.0, 12.5, 10.0),
    (-53.6, -40.6, 11, 6.6, 9.6, 16.0, 16.0),
    (-47.6, -40.6, 5, 6.4, 7.8, 13.0, 20.0),
    (-41.2, -40.8, 2, 6.4, 7.4, 13.0, 22.0),
    (-32.6, -41.2, -2, 9.8, 7.0, 12.5, 25.0),
    (-22.8, -42.0, -6, 9.4, 6.8, 11.5, 27.0),
)
LOWER = (
    (-57.2, -22.8, 16, 4.4, 8.6, 12.0, 3.0),
    (-55.0, -22.8, 13, 5.0, 8.6, 12.5, 9.0),
    (-51.0, -22.8, 9, 6.0, 9.8, 15.0, 14.0),
    (-45.4, -23.4, 5, 6.2, 8.0, 13.5, 18.0),
    (-39.2, -24.2, 2, 6.6, 7.6, 13.5, 20.0),
    (-30.0, -25.8, -3, 10.6, 7.0, 13.0, 23.0),
    (-18.8, -28.4, -9, 10.2, 6.6, 12.0, 25.0),
)


def add_upper_teeth(canvas: Canvas) -> None:
    """Adds the teeth of the upper jaw, which stand still with the skull."""
    for side in (1.0, -1.0):
        for index, tooth in enumerate(UPPER):
            _add_tooth(canvas, tooth, side, up=True, index=index)


def add_lower_jaw(canvas: Canvas) -> None:
    """Adds the mandible and its teeth, mouth nearly shut."""
    for side in (1.0, -1.0):
        _add_mandible(canvas, side)
        for index, tooth in enumerate(LOWER):
            _add_tooth(canvas, tooth, side, up=False, index=index)
    _add_symphysis(canvas)
    canvas.bone *= 0.85 + 0.15 * canvas.patchy


def _add_mandible(canvas: Canvas, side: float) -> None:
    """One half: body, angle, ramus, coronoid and condyle, with the canal of its nerve."""
    half = [
        *[(-57.0, -12.0), (-55.0, -20.8), (-44.0, -22.6), (-28.0, -25.2), (-16.0, -28.6)],
        *[(-10.8, -33.0), (-10.6, -42.0), (-11.5, -51.0), (-13.5, -60.0), (-11.0, -66.5)],
        *[(-6.0, -62.0), (-1.0, -55.0), (5.0, -54.5), (9.5, -60.0), (12.5, -67.0), (14.5, -73.5)],
        *[(19.5, -75.5), (23.0, -72.0), (22.0, -66.0), (19.5, -56.0), (18.2, -42.0)],
        *[(17.0, -26.0), (13.5, -13.5), (7.5, -6.0), (-2.0, -1.5), (-14.0, 2.6), (-28.0, 8.0)],
        *[(-42.0, 13.4), (-50.0, 15.6), (-56.0, 12.0), (-58.5, 2.0)],
    ]
    canvas.add_bone(half, 13.0, 5.5, 1.7, 0.44, 0.11, side * 38.0, 60)
    # The bone is thicker where the molars stand than in the ramus above.
    thick = [(-56, -10), (-44, -20), (-22, -23), (-4, -19), (2, -10), (-10, 0), (-36, 9), (-52, 13)]
    window, depth = canvas.shape(thick, side * 34.0)
    canvas.bone[window.slices] += 1.6 * rounded(depth, 10.0) * canvas.patchy[window.slices]
    # Lower border and the two oblique ridges are thick compact bone met edge-on.
    canvas.add_line(
        [(12.0, -13.0), (7.5, -6.6), (-4, -1.2), (-20.0, 4.0), (-38.0, 11.0), (-51.0, 14.4)],
        8.5,
        2.6,
        side * 33.0,
    )
    canvas.add_line(
        [(-10.0, -40.0), (-9.5, -30.0), (-14.0, -22.0), (-24.0, -15.0)], 4.2, 1.6, side * 40.0
    )
    canvas.add_line(
        [(19.2, -56.0), (17.6, -42.0), (16.4, -27.0), (13.2, -14.0)], 3.6, 1.4, side * 46.0
    )
    canal = smooth_curve(
        [
            (4.0, -36.0),
            (0.0, -24.0),
            (-8.0, -14.0),
            (-22.0, -8.0),
            (-38.0, -4.0),
            (-37.6, -1.4),
            (-21.0, -5.2),
            (-6.0, -11.0),
            (2.6, -22.0),
            (6.4, -35.0),
        ]
    )
    window, depth = canvas.shape(canal, side * 34.0, smooth=False)
    canvas.bone[window.slices] -= np.minimum(
        1.5 * rounded(depth, 1.4), 0.5 * canvas.bone[window.slices]
    )


def _add_symphysis(canvas: Canvas) -> None:
    """The chin, where the two halves meet and the ray runs along the bone."""
    chin = [
        (-55.0, -19.0),
        (-51.0, -17.0),
        (-49.5, -6.0),
        (-47.5, 4.0),
        (-46.5, 11.5),
        (-51.0, 15.8),
        (-57.5, 13.4),
        (-60.4, 6.0),
        (-58.6, -4.0),
        (-57.8, -13.0),
    ]
    canvas.add_bone(chin, 13.0, 8.5, 1.4, 0.36, 0.2, 0.0, 60)
    canvas.add_line([(-47.6, 10.5), (-51.0, 15.0), (-57.0, 13.0), (-60.0, 6.0)], 6.0, 2.0)


def _add_tooth(canvas: Canvas, tooth: tuple[float, ...], side: float, up: bool, index: int) -> None:
    """Crown with enamel cap, root of dentine with its pulp, ligament space around it."""
    x, y, lean, width, crown, root, z = tooth
    sign = 1.0 if up else -1.0  # crown points down in the upper jaw
    a = np.deg2rad(lean)
    axis = np.array([-np.sin(a), np.cos(a) * sign])  # from neck to biting edge
    across = np.array([np.cos(a), np.sin(a) * sign])
    neck = np.array([x + 1.2 * side * (0.4 if index else 1.0), y])
    depth_mm = side * z

    def outline(points: list[tuple[float, float]]) -> np.ndarray:
        return np.array([neck + p * across * width / 2 + q * axis for p, q in points])

    molar = width > 8
    thick = 9.0 if molar else (7.5 if index > 2 else 6.0)
    if molar:
        dentine = [
            (-0.84, -1),
            (-0.9, crown * 0.7),
            (0, crown * 0.75),
            (0.9, crown * 0.7),
            (0.84, -1),
            (0.78, -root * 0.6),
            (0.52, -root),
            (0.28, -root * 0.7),
            (0, -root * 0.36),
            (-0.28, -root * 0.7),
            (-0.58, -root),
            (-0.8, -root * 0.6),
        ]
        cap = [
            (-0.84, 0),
            (-1.02, crown * 0.5),
            (-0.9, crown * 0.95),
            (-0.45, crown),
            (0, crown * 0.86),
            (0.45, crown),
            (0.9, crown * 0.95),
            (1.02, crown * 0.5),
            (0.84, 0),
            (0.6, crown * 0.45),
            (0, crown * 0.55),
            (-0.6, crown * 0.45),
        ]
    else:
        tip = 0.5 if index < 2 else 0.25
        dentine = [
            (-0.8, 0),
            (-0.85, crown * 0.6),
            (0, crown * 0.8),
            (0.85, crown * 0.6),
            (0.8, 0),
            (0.62, -root * 0.5),
            (0.12, -root),
            (-0.12, -root),
            (-0.62, -root * 0.5),
        ]
        cap = [
            (-0.82, 0.2),
            (-1.0, crown * 0.55),
            (-tip, crown),
            (tip * 0.6, crown),
            (1.0, crown * 0.55),
            (0.82, 0.2),
            (0.5, crown * 0.5),
            (0, crown * 0.66),
            (-0.5, crown * 0.5),
        ]
    window, depth = canvas.shape(outline(dentine), depth_mm)
    canvas.bone[window.slices] += 0.85 * thick * rounded(depth, width * 0.42)
    canvas.soft[window.slices] -= 0.6 * thick * rounded(depth, width * 0.42)
    ligament = np.exp(-(((depth + 0.25) / 0.32) ** 2))
    canvas.bone[window.slices] -= np.minimum(0.9 * ligament, 0.4 * canvas.bone[window.slices])
    window, depth = canvas.shape(outline(cap), depth_mm)
    canvas.bone[window.slices] += ENAMEL_AS_BONE * 0.75 * thick * rounded(depth, 1.7)
    pulp = outline(
        [
            (-0.16, crown * 0.3),
            (0.16, crown * 0.3),
            (0.12, -root * 0.4),
            (0.04, -root * 0.9),
            (-0.04, -root * 0.9),
            (-0.12, -root * 0.4),
        ]
    )
    window, depth = canvas.shape(pulp, depth_mm)
    canvas.bone[window.slices] -= 1.5 * rounded(depth, 0.8)
    if (up, index, side) in FILLED:
        _add_filling(canvas, outline(FILLED[(up, index, side)]), depth_mm)


FILLED = {
    (True, 5, 1.0): [(-0.5, 5.9), (-0.2, 3.4), (0.35, 3.6), (0.5, 6.0), (0.1, 5.6)],
    (False, 6, -1.0): [(-0.6, 5.4), (-0.4, 3.0), (0.1, 2.6), (0.2, 4.4), (0.62, 5.0), (0, 5.2)],
    (False, 5, 1.0): [(-0.9, 5.6), (-0.85, 2.6), (-0.5, 3.2), (0, 3.6), (0.4, 5.6)],
    (True, 4, -1.0): [(-0.2, 6.6), (-0.1, 4.2), (0.6, 3.8), (0.7, 6.2)],
}


def _add_filling(canvas: Canvas, points: np.ndarray, z_mm: float) -> None:
    """Amalgam: a few millimetres of it let nothing through."""
    window, depth = canvas.shape(points, z_mm)
    canvas.bone[window.slices] += AMALGAM_AS_BONE * 2.6 * rounded(depth, 1.2)
