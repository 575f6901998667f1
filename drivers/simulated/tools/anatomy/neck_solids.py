"""Cervical spine, teeth, pharynx and skin of head and neck as solids and meshes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from solid import (
    Solid,
    box,
    capsule,
    common,
    cut,
    ellipsoid,
    grown,
    half_space,
    join,
    lofted,
    mesh_of,
    placed,
    tube,
    turn,
    uneven,
)
from spine_solids import Size, body, both, canal, oval, slab, squeezed_about

from fluoroview_simulated.anatomy.mesh import Mesh, tube_mesh


@dataclass(frozen=True)
class Level:
    """A typical cervical vertebra: place, lean, and measures in mm (Panjabi et al. 1991)."""

    y: float
    z: float
    lean_deg: float
    width: float
    depth: float
    height: float
    spinous: float
    drop: float


LEVELS = {
    "C3": Level(13.0, 456.5, -6.0, 20.0, 15.8, 13.0, 15.0, 5.0),
    "C4": Level(11.5, 438.0, -3.0, 21.0, 16.0, 12.8, 15.0, 6.0),
    "C5": Level(11.5, 419.5, 2.0, 22.0, 16.3, 12.6, 17.0, 7.0),
    "C6": Level(14.5, 400.5, 10.0, 24.5, 16.8, 13.0, 23.0, 10.0),
    "C7": Level(21.0, 381.0, 19.0, 27.0, 17.2, 14.4, 32.0, 14.0),
}


def typical(name: str) -> Solid:
    """C3 to C7: body with raised lips, pillars with sloping facets, forked spinous process."""
    v = LEVELS[name]
    s = Size(v.width, v.depth, v.height, 24.0, 15.0, 5.5, 7.0, 27.0, v.spinous, v.drop)
    h, back = v.height / 2, v.depth / 2
    centrum = body(s, dish=1.0, waist=0.07)
    lip = both(oval((v.width / 2 - 2, -3, h - 1), (v.width / 2 - 1, back - 2, h), (2, 3.6), (2, 4)))
    # The facets slope back and down at 45 degrees.
    slope = turn(x_deg=-42)
    pillar = placed(box((0, 0, 0), (6.2, 5.6, 10.5), 2.6), slope, (20.5, back + 6.5, -1.0))
    top = half_space((20, back + 2.5, h + 3.0), (0, -0.70, 0.72))
    bottom = half_space((20, back + 11.0, -h - 3.0), (0, 0.70, -0.72))
    pillar = common(pillar, top, bottom, smooth=0.8)
    pedicle = oval((9, back - 3, 1), (18, back + 4, 0), (2.8, 3.6), (2.8, 3.6))
    front = tube(
        [(v.width / 2 - 1, -1, -1), (19, 1, -2.5), (25, 5, -4.5)], [3.2, 2.2, 3.0], smooth=2
    )
    rear = tube([(19, back + 4, -2), (25, 7, -5)], [3.2, 3.0])
    hole = capsule((15.5, back - 3.2, -20), (15.5, back - 3.2, 20), 2.9)
    lamina = slab((17, back + 10, -2.0), (1.0, back + 17.5, -3.5), 11.0, 3.6, 1.6)
    half = cut(join(pillar, pedicle, front, rear, lamina, smooth=2.5), hole, smooth=0.8)
    root = back + 16.0
    tip = np.array([0.0, root + v.spinous, -3.0 - v.drop])
    stem = squeezed_about(
        tube([(0, root, -3), (0, root + v.spinous * 0.55, -3.5 - v.drop * 0.55), tip],
             [4.8, 3.8, 3.6], smooth=2.5),
        (0, root, -3), (0.62, 1, 1.1),
    )  # fmt: skip
    fork = both(capsule(tip - (0, 3, 0), tip + np.array([4.0, 1.5, -1.0]), 2.8, 2.2))
    parts = [both(half), stem] + ([fork] if name != "C7" else [])
    arch = cut(join(*parts, smooth=2.5), canal(s), smooth=1.0)
    arch = common(arch, half_space((0, -3.0, 0), (0, -1, 0)))
    whole = join(centrum, lip, arch, smooth=1.8)
    return placed(uneven(whole, 0.35, 9.0, int(name[1])), turn(x_deg=v.lean_deg), (0, v.y, v.z))


def axis() -> Solid:
    """C2: body with the dens, facets like shoulders, big forked spinous process."""
    centrum = common(
        squeezed_about(
            tube([(0, 14, 466), (0, 13.5, 486)], [9.5, 8.0]), (0, 14, 475), (1, 0.82, 1)
        ),
        half_space((0, 13, 466.5), (0, -0.28, -1)), smooth=1.5,
    )  # fmt: skip
    dens = tube([(0, 13, 484), (0, 13.0, 494), (0, 14, 505), (0, 14.5, 509)], [6.0, 4.8, 5.2, 3.2],
                smooth=2.5)  # fmt: skip
    shoulder = oval((14.5, 14, 484), (15.5, 17, 487), (8.0, 4.6), (7.5, 4.2))
    cap = half_space((15, 15, 490), (0.42, 0, 0.9))
    shoulder = common(shoulder, cap, smooth=1.0)
    pillar = placed(box((0, 0, 0), (5.6, 5.0, 8.5), 2.4), turn(x_deg=-38), (19.0, 27, 473))
    pedicle = oval((11, 18, 479), (18, 24, 477), (4, 5), (4, 5))
    side = tube([(17, 16, 480), (24, 17, 475)], [4.0, 2.8])
    hole = capsule((17, 14.5, 470), (21, 17, 490), 2.8)
    lamina = slab((17, 30, 474), (1, 39, 470), 13.0, 5.0, 2.0)
    half = cut(join(shoulder, pillar, pedicle, side, lamina, smooth=3.0), hole, smooth=0.8)
    spinous = squeezed_about(
        tube([(0, 38, 471), (0, 50, 469), (0, 57, 465)], [8.0, 7.0, 5.5], smooth=3), (0, 45, 469),
        (0.6, 1, 1.0),
    )  # fmt: skip
    fork = both(capsule((1, 54, 466), (6, 58, 463), 4.0, 3.2))
    around = squeezed_about(
        capsule((0, 29.5, 455), (0, 30.5, 500), 11.0), (0, 30, 475), (1.05, 0.78, 1)
    )
    arch = cut(join(both(half), spinous, fork, smooth=3.0), around, smooth=1.0)
    return uneven(join(centrum, dens, arch, smooth=2.5), 0.4, 9.0, 2)


def atlas() -> Solid:
    """C1: two lateral masses held by a front and a back arch."""
    mass = common(
        ellipsoid((20, 17, 499), (8.0, 10.0, 9.5)),
        half_space((20, 17, 507), (-0.35, 0, 1)), half_space((18, 17, 490.5), (0.4, 0, -1)),
        smooth=1.5,
    )  # fmt: skip
    front = tube([(0, 5.5, 499), (9, 7, 498.5), (17, 12, 498)], [4.4, 3.4, 4.5], smooth=2.0)
    tubercle = ellipsoid((0, 3.6, 498.5), (4.2, 2.8, 5.4))
    back = tube([(20, 24, 499), (20, 34, 500), (12, 48, 500), (0, 54, 499.5)], [3.6, 3.0, 3.2, 4.2],
                smooth=2.0)  # fmt: skip
    wing = tube([(24, 18, 498), (34, 20, 496), (39, 22, 495)], [5.0, 3.2, 4.0], smooth=2.0)
    hole = capsule((30, 19, 485), (30, 19, 512), 2.9)
    half = cut(join(mass, front, back, wing, smooth=2.5), hole, smooth=0.8)
    socket = ellipsoid((0, 13.5, 500), (6.6, 6.4, 20))
    return uneven(cut(join(both(half), tubercle, smooth=2.0), socket, smooth=1.0), 0.35, 9.0, 1)


def pharynx() -> Solid:
    """Air from the nose's back door to the windpipe at z = 345."""
    naso = squeezed_about(
        tube([(0, -30, 517), (0, -14, 521), (0, -5, 513), (0, -4, 490)], [11, 10, 8.5, 6.0],
             smooth=6),
        (0, -10, 505), (1.35, 1, 1),
    )  # fmt: skip
    oro = squeezed_about(
        tube([(0, -4, 492), (0, -5.5, 470), (0, -8, 450), (0, -9, 434), (0, -7.5, 421)],
             [5.0, 6.5, 8.0, 7.0, 3.0], smooth=6),
        (0, -6, 460), (1.9, 1, 1),
    )  # fmt: skip
    vallecula = both(ellipsoid((8, -24, 442), (6.0, 4.5, 5.5)))
    vestibule = squeezed_about(
        tube([(0, -14, 448), (0, -19, 435), (0, -23, 424)], [7.0, 7.5, 3.6], smooth=4),
        (0, -19, 436), (1.1, 1, 1),
    )  # fmt: skip
    ventricle = both(ellipsoid((6, -23, 421.5), (5.0, 5.0, 1.5)))
    cleft = box((0, -22, 419.5), (1.3, 8, 3.5), 1.0)
    below = tube([(0, -22, 416), (0, -21, 408), (0, -18, 385), (0, -9, 345), (0, -6, 330)],
                 [3.5, 8.5, 8.8, 8.6, 8.6], smooth=4.0)  # fmt: skip
    piriform = both(tube([(14, -6, 440), (15, -7, 428), (11, -8, 418)], [3.4, 3.6, 1.8], smooth=2))
    mouth = squeezed_about(
        tube([(0, -78, 489), (0, -55, 494), (0, -34, 494), (0, -20, 489)], [2, 2.4, 2.6, 2.2],
             smooth=2),
        (0, -50, 492), (7.0, 1, 1),
    )  # fmt: skip
    leaf = squeezed_about(
        tube([(0, -27, 432), (0, -19, 446), (0, -14, 458)], [2.4, 1.7, 1.4]),
        (0, -20, 445),
        (6.5, 1, 1),
    )
    velum = squeezed_about(
        tube([(0, -31, 501), (0, -16, 496), (0, -9, 484), (0, -8, 475)], [3.2, 3.8, 3.6, 2.4],
             smooth=2),
        (0, -15, 490), (4.0, 1, 1),
    )  # fmt: skip
    air = join(naso, oro, vestibule, vallecula, cleft, ventricle, below, piriform, smooth=2.0)
    whole = cut(join(air, mouth), leaf, velum, smooth=0.6)
    return common(whole, half_space((0, 0, 345), (0, 0, -1)))


def nose_air() -> Solid:
    """The air of the nasal cavity between conchae and septum."""
    import head_solids as h

    return cut(h.nasal_room(1.0), grown(h.conchae(), 0.4), smooth=0.5)


# Rows z, x, y, half width, half depth, squareness. At z = 400 the trunk's skin goes on.
NECK = [
    (400, 0, 14, 62, 66, 2.0), (408, 0, 14, 59.5, 64.5, 2.0), (425, 0, 14, 57, 62, 2.0),
    (445, 0, 16, 56, 62, 2.0), (470, 0, 20, 57, 62, 2.0), (500, 0, 24, 60, 66, 2.0),
    (530, 0, 24, 64, 72, 2.0),
]  # fmt: skip


def skin() -> Solid:
    """Head, face, ears and neck."""
    vault = ellipsoid((0, 4, 573), (79.5, 104, 72))
    upper = ellipsoid((0, -30, 560), (68, 71, 70))
    cheeks = ellipsoid((0, -36, 494), (62, 62, 62))
    jaw = join(
        both(tube([(0, -78, 447), (26, -64, 450), (52, -22, 466), (60, -8, 500)], [16, 16, 12, 12],
                  smooth=10)), ellipsoid((0, -72, 455), (34, 26, 26)), smooth=14.0,
    )  # fmt: skip
    mouth = ellipsoid((0, -82, 478), (27, 17, 17))
    nose = tube([(0, -99, 556), (0, -106, 540), (0, -112, 523)], [6.5, 7.5, 10.0], smooth=6.0)
    wings = both(ellipsoid((10, -104, 520), (7.5, 9, 7.5)))
    floor = ellipsoid((0, -40, 452), (40, 40, 22))
    lips = join(
        squeezed_about(tube([(-20, -92, 484), (0, -102, 485), (20, -92, 484)], 4.5, smooth=3),
                       (0, -98, 484), (1, 1, 1.0)),
        squeezed_about(tube([(-18, -92, 474), (0, -100, 473), (18, -92, 474)], 5.0, smooth=3),
                       (0, -98, 474), (1, 1, 1.0)), smooth=2.0,
    )  # fmt: skip
    eyes = both(ellipsoid((32, -96, 545), (15, 11, 9)))
    neck = lofted(None, np.array(NECK, float))
    head = join(vault, upper, cheeks, jaw, mouth, floor, smooth=18.0)
    head = join(cut(head, eyes, smooth=8.0), nose, wings, lips, smooth=7.0)
    ear = both(
        cut(
            placed(ellipsoid((0, 0, 0), (4.5, 16, 31)), turn(x_deg=-10, z_deg=-22), (79, 12, 534)),
            placed(ellipsoid((0, 0, 0), (4, 10, 20)), turn(x_deg=-10, z_deg=-22), (83, 8, 537)),
            smooth=2.0,
        )
    )  # fmt: skip
    return join(join(head, neck, smooth=12.0), ear, smooth=4.0)


def skin_above(z_mm: float) -> Solid:
    """The head's own skin, cut off at a height."""
    return common(skin(), half_space((0, 0, z_mm), (0, 0, -1)))


def skin_with_shoulders() -> Solid:
    """Head, neck and the upper trunk in one piece, down to z = 250."""
    from make_soft import skin_solid

    trunk = common(skin_solid(), half_space((0, 0, 401), (0, 0, 1)))
    whole = join(skin_above(398.0), trunk, smooth=10.0)
    return common(whole, half_space((0, 0, 250), (0, 0, -1)))


# Along each jaw from the middle: x, y of the neck's middle, crown width and depth, root length.
_UPPER = (
    (4.3, -89, 8.4, 6.0, 13.0, 1), (12.0, -86.5, 6.6, 5.6, 12.5, 1), (18.5, -82, 7.4, 7.4, 16.0, 1),
    (22.5, -75.2, 6.6, 8.6, 13.0, 1), (24.8, -68.5, 6.6, 8.6, 13.0, 1),
    (27.5, -60, 10.0, 10.4, 12, 3), (29.5, -50, 9.6, 10.2, 11.5, 3),
)  # fmt: skip
_LOWER = (
    (2.8, -86, 5.2, 5.4, 12.0, 1), (8.3, -84.5, 5.8, 5.8, 12.5, 1), (14.0, -81, 6.8, 7.2, 15.0, 1),
    (18.5, -75, 6.8, 7.4, 13.5, 1), (21.2, -68, 7.0, 7.8, 13.5, 1),
    (24.6, -58.5, 11.0, 9.6, 13.0, 2), (28.4, -47.5, 10.6, 9.4, 12.0, 2),
)  # fmt: skip


def teeth(upper: bool, enamel: bool) -> Mesh:
    """Crowns and roots of one jaw, or the enamel caps that lie over the crowns."""
    meshes = []
    for index, (x, y, wide, deep, root, roots) in enumerate(_UPPER if upper else _LOWER):
        crown = (9.6, 8.8, 9.8, 7.8, 7.4, 7.0, 6.8)[index]
        neck_z = 491.5 if upper else 473.0 - 0.55 * max(index - 3, 0) ** 1.2
        up = -1.0 if upper else 1.0  # towards the biting edge
        outward = np.array([x, y + 62.0]) / np.hypot(x, y + 62.0)
        for side in (1.0, -1.0):
            at = np.array([side * x, y, neck_z])
            lean = np.array([side * outward[0], outward[1], 0.0]) * (0.16 if index < 3 else 0.03)
            meshes += _tooth(at, up, lean, (wide, deep, crown, root), roots, enamel, index)
    return meshes[0].joined(*meshes[1:])


def _tooth(
    at: np.ndarray,
    up: float,
    lean: np.ndarray,
    sizes: tuple[float, float, float, float],
    roots: int,
    enamel: bool,
    index: int,
) -> list[Mesh]:
    wide, deep, crown, root = sizes
    axis_ = np.array([0.0, 0.0, up]) + lean
    radius = (wide + deep) / 4.0
    if enamel:
        level = np.array([0.0, 0.25, 0.6, 0.88, 1.0]) * crown
        thick = np.array([0.80, 0.98, 1.0, 0.82, 0.45 if index > 2 else 0.3]) * radius
        cap = tube_mesh(at + np.outer(level, axis_), thick, 9)
        pulp = tube_mesh(
            at + np.outer(np.array([0.02, 0.3, 0.62, 0.74]) * crown, axis_),
            np.array([0.62, 0.70, 0.62, 0.3]) * radius, 9,
        )  # fmt: skip
        return [cap, Mesh(pulp.vertices, pulp.faces[:, ::-1].copy())]
    level = np.array([0.9, 0.6, 0.0, -0.15])
    stem = [
        tube_mesh(at + np.outer(level * crown, axis_), np.array([0.3, 0.75, 0.84, 0.8]) * radius, 9)
    ]
    spread = radius * 0.5 * (roots > 1)
    for k in range(roots):
        angle = 2 * np.pi * k / max(roots, 1) + 0.5
        foot = np.array([np.cos(angle), np.sin(angle), 0.0]) * spread
        line = at + np.outer(np.array([-0.1, -0.5, -1.0]) * root, axis_)
        line = line + np.outer([0.5, 1.0, 1.1], foot)
        first = 0.82 if roots == 1 else 0.46
        stem.append(tube_mesh(line, np.array([first, first * 0.75, 0.18]) * radius, 8))
    return stem


MAKERS: dict[str, Callable[[], Mesh]] = {
    **{
        name: (lambda name=name: mesh_of(
            typical(name), (-32, LEVELS[name].y - 14, LEVELS[name].z - 30),
            (32, LEVELS[name].y + 72, LEVELS[name].z + 20), 0.9, 5500,
        ))
        for name in LEVELS
    },
    "C2": lambda: mesh_of(axis(), (-30, -2, 450), (30, 66, 516), 0.9, 6000),
    "C1": lambda: mesh_of(atlas(), (-46, -4, 484), (46, 62, 514), 0.9, 5000),
    "pharynx": lambda: mesh_of(pharynx(), (-26, -84, 343), (26, 14, 536), 1.2, 9000),
    "nose_air": lambda: mesh_of(nose_air(), (-18, -98, 500), (18, -26, 560), 1.2, 7000),
    "skin": lambda: mesh_of(skin_above(400.0), (-100, -128, 398), (100, 116, 650), 3.5, 12000),
    "skin_shoulders": lambda: mesh_of(
        skin_with_shoulders(), (-240, -128, 248), (240, 140, 650), 4.5, 16000
    ),
    "teeth_upper": lambda: teeth(True, False),
    "teeth_lower": lambda: teeth(False, False),
    "enamel_upper": lambda: teeth(True, True),
    "enamel_lower": lambda: teeth(False, True),
}  # fmt: skip
"""Meshes by name, as `make_head` writes them."""
