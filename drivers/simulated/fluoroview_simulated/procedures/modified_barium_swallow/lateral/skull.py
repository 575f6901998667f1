"""Skull base and upper face: clivus, petrous bone and mastoid, occiput, palate, maxilla, nose."""

from __future__ import annotations

import numpy as np

from fluoroview_simulated.procedures.modified_barium_swallow.lateral.drawing import (
    Canvas,
    cloud,
    rounded,
)


def add_skull(canvas: Canvas) -> None:
    """Adds the bones of the skull and the air that they hold."""
    _add_vault(canvas)
    _add_petrous(canvas)
    _add_clivus(canvas)
    _add_midface(canvas)
    _add_palate(canvas)


def _add_vault(canvas: Canvas) -> None:
    """Side walls of the skull above the base, and the floor of the posterior fossa edge-on."""
    fossa = [
        *[(-14, -150), (-12, -102), (8, -88), (26, -84), (44, -78), (60, -70.5), (72, -63.5)],
        *[(84, -59.5), (96, -61), (110, -69), (130, -86), (150, -110), (160, -150)],
    ]
    window, depth = canvas.shape(fossa, 0.0)
    place = window.slices
    # A bowl 5 mm thick: along its floor the ray runs through a long stretch of bone.
    back = np.clip((window.x - 62.0) / 14.0, 0.12, 1.0)
    bowl = rounded(depth, 52.0) - rounded(depth - 4.6, 50.0)
    canvas.bone[place] += 54.0 * back * np.maximum(bowl, 0.0) * 0.6 * canvas.patchy[place]
    canvas.bone[place] += 9.5 * rounded(depth, 22.0)
    for offset, strength in ((0.7, 3.4), (4.4, 2.2)):
        table = np.exp(-(((depth - offset) / 0.7) ** 2)) * (back > 0.5)
        canvas.bone[place] += strength * table * canvas.patchy[place]
    wing = [(-16, -120), (-18, -98), (-8, -84), (6, -78), (22, -78), (36, -84), (40, -120)]
    window, depth = canvas.shape(wing, 0.0)
    canvas.bone[window.slices] += 8.0 * rounded(depth, 14.0) * canvas.patchy[window.slices]
    for z in (22.0, -22.0):
        condyle = [
            (47.5, -68.0),
            (55.0, -70.0),
            (63.0, -67.5),
            (61.0, -62.0),
            (53.0, -59.6),
            (47.5, -62.0),
        ]
        canvas.add_bone(condyle, 13.0, 3.4, 1.0, 0.34, 0.3, z)


def _add_petrous(canvas: Canvas) -> None:
    """Petrous pyramids, mastoids with their air cells, ear canals, the joint's socket."""
    size, view = canvas.size, canvas.view_mm
    for z in (42.0, -42.0):
        pyramid = [
            (24, -88),
            (30, -97),
            (42, -101),
            (56, -99),
            (68, -91),
            (71, -82),
            (64, -75),
            (52, -73),
            (41, -75),
            (31, -79),
        ]
        canvas.add_bone(pyramid, 21.0, 19.0, 0.8, 0.74, 0.06, z * 0.8, 45)
        mastoid = [
            (38, -84),
            (48, -86),
            (58, -84),
            (66, -76),
            (64, -68),
            (56, -58),
            (50.5, -54.5),
            (46, -58),
            (43, -68),
            (39, -76),
        ]
        window, depth = canvas.shape(mastoid, z * 1.2)
        cells = np.clip(
            0.72 + 0.30 * cloud(size, view, canvas.seed + 9, 2.6, 2)[window.slices], 0.08, 1.6
        )
        canvas.bone[window.slices] += 11.0 * rounded(depth, 8.0) * cells
        canvas.soft[window.slices] -= 9.0 * rounded(depth, 8.0)
        canvas.bone[window.slices] += 3.5 * np.exp(-(((depth - 0.8) / 0.7) ** 2))
        canal = [
            (33.0, -83.0),
            (36.6, -80.6),
            (36.4, -76.8),
            (33.0, -75.4),
            (30.2, -77.8),
            (30.4, -81.4),
        ]
        window, depth = canvas.shape(canal, z * 1.3)
        hole = rounded(depth, 2.0)
        canvas.soft[window.slices] -= 6 * hole
        canvas.bone[window.slices] *= 1 - 0.16 * hole
        canvas.bone[window.slices] += 3.0 * np.exp(-(((depth + 0.4) / 0.7) ** 2))
        socket = [(10.0, -80.0), (15.0, -84.0), (21.0, -85.0), (26.0, -82.0), (28.5, -76.0)]
        canvas.add_line(socket, 4.5, 1.4, z)
        canvas.add_line([(10.0, -80.0), (2.0, -81.5), (-10.0, -80.0), (-26.0, -76.0)], 2.6, 1.8, z)


def _add_clivus(canvas: Canvas) -> None:
    """Clivus from the sella to the front of the foramen magnum, sphenoid sinus before it."""
    clivus = [
        (17.0, -108.0),
        (24.0, -104.0),
        (30.0, -94.0),
        (38.0, -80.0),
        (46.0, -68.6),
        (46.5, -65.6),
        (42.5, -66.0),
        (34.0, -75.0),
        (25.0, -86.0),
        (18.0, -94.0),
    ]
    canvas.add_bone(clivus, 22.0, 6.5, 0.6, 0.38, 0.12, 0.0, 60)
    sinus = [
        (-2.0, -104.0),
        (12.0, -106.0),
        (19.0, -97.0),
        (20.0, -90.0),
        (12.0, -84.0),
        (0.0, -86.0),
        (-5.0, -94.0),
    ]
    window, depth = canvas.shape(sinus, 0.0)
    canvas.soft[window.slices] -= 20.0 * rounded(depth, 8.0)
    canvas.bone[window.slices] += 2.6 * np.exp(-(((depth - 0.2) / 0.6) ** 2))
    for z in (12.0, -12.0):
        plate = [
            (-4.0, -84.0),
            (2.0, -85.0),
            (5.0, -72.0),
            (6.0, -60.0),
            (7.5, -49.0),
            (5.0, -46.5),
            (1.0, -52.0),
            (-2.5, -62.0),
        ]
        canvas.add_bone(plate, 7.0, 3.4, 0.5, 0.3, 0.15, z)
        canvas.add_line([(-8.0, -84.0), (-9.4, -72.0), (-7.6, -60.0), (-5.0, -50.0)], 4.5, 0.9, z)


def _add_midface(canvas: Canvas) -> None:
    """Maxilla with its sinus, cheekbone, nasal cavity with the conchae, anterior wall."""
    size, view = canvas.size, canvas.view_mm
    for z in (24.0, -24.0):
        sinus = [
            (-46, -62),
            (-50, -74),
            (-46, -90),
            (-34, -100),
            (-16, -98),
            (-9, -84),
            (-8, -66),
            (-12, -56),
            (-26, -53),
            (-40, -55),
        ]
        window, depth = canvas.shape(sinus, z)
        canvas.soft[window.slices] -= 13.0 * rounded(depth, 16.0)
        canvas.bone[window.slices] += (
            1.3 * np.exp(-(((depth - 0.1) / 0.6) ** 2)) * canvas.patchy[window.slices]
        )
        canvas.bone[window.slices] += 1.1 * rounded(depth, 4.0)
        zygoma = [
            *[(-46, -104), (-34, -112), (-16, -108), (-18, -84), (-22, -72), (-26, -63)],
            *[(-29.5, -59), (-33.5, -64), (-38, -76), (-42, -90)],
        ]
        canvas.add_bone(zygoma, 10.0, 12.0, 0.4, 0.34, 0.1, z * 2.0, 60)
        canvas.add_line(
            [(-36, -80), (-33.0, -66), (-29.4, -58.6), (-25.0, -66), (-22.5, -78)],
            3.4,
            1.5,
            z * 1.7,
        )
        wall = [(-64, -104), (-58, -84), (-55, -66), (-53, -57)]
        canvas.add_line(wall, 3.4, 1.0, z * 0.7)
    nose = [
        (-60, -60),
        (-58, -84),
        (-48, -100),
        (-20, -104),
        (-2, -96),
        (1, -76),
        (-1, -57),
        (-20, -55.5),
        (-44, -57),
    ]
    window, depth = canvas.shape(nose, 0.0)
    conchae = np.clip(
        0.62 + 0.4 * cloud(size, view, canvas.seed + 12, 13.0, 2)[window.slices], 0, 1
    )
    canvas.soft[window.slices] -= 18.0 * rounded(depth, 5.0) * conchae
    for y in (-64.0, -77.0):
        concha = [(-46, y), (-30, y - 4), (-10, y - 2), (-2, y + 3), (-12, y + 6), (-34, y + 5)]
        canvas.add_soft(concha, 9.0, 3.5)
        canvas.add_line([(-44, y), (-28, y - 2), (-6, y + 2)], 1.3, 1.0)
    canvas.add_line([(-66.0, -107.0), (-70.5, -96.0), (-74.0, -88.0)], 4.0, 1.8)


def _add_palate(canvas: Canvas) -> None:
    """Hard palate edge-on, alveolar process, nasal spine."""
    palate = [
        *[(-50.0, -53.6), (-46, -55.2), (-38, -55.0), (-20, -53.4), (-4, -51.8), (-1.5, -50.4)],
        *[(-5, -49.4), (-20, -50.2), (-36, -51.0), (-46, -51.0)],
    ]
    canvas.add_bone(palate, 20.0, 2.4, 0.5, 0.3, 0.15, 0.0, 0)
    canvas.add_line([(-60, -55.0), (-46, -55.8), (-30, -54.4), (-12, -52.6), (-3, -51.2)], 4.0, 0.9)
    for z in (20.0, -20.0):
        canvas.add_line([(-52, -50.5), (-40, -50.8), (-24, -51.2), (-10, -50.6)], 4.0, 0.9, z * 0.6)
        alveolus = [
            (-63.5, -52),
            (-60, -56),
            (-44, -55),
            (-24, -54),
            (-12, -52),
            (-11.5, -44),
            (-18, -41),
            (-36, -40.5),
            (-52, -39.5),
            (-61.5, -40),
            (-64.5, -45),
        ]
        canvas.add_bone(alveolus, 11.0, 7.0, 0.45, 0.36, 0.22, z, 90)
        tuberosity = [(-14, -58), (-8, -58), (-6.5, -50), (-9, -43.5), (-13.5, -43), (-15, -50)]
        canvas.add_bone(tuberosity, 9.0, 4.0, 0.4, 0.3, 0.2, z * 1.2, 90)


def add_cavity_texture(canvas: Canvas) -> None:
    """Unevenness of compact bone, so that no plate is of one thickness."""
    rough = cloud(canvas.size, canvas.view_mm, canvas.seed + 21, 5.0, 3)
    np.maximum(canvas.bone, 0.0, out=canvas.bone)
    canvas.bone *= 1.0 + 0.085 * rough
