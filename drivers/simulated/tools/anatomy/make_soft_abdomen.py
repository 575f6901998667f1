"""Solids of abdomen and pelvis: muscles and fat planes, organs, bowel gas and faeces.

`make_soft.py` writes them to files.
"""

from __future__ import annotations

import numpy as np
from scipy.interpolate import make_interp_spline

from fluoroview_simulated.anatomy.landmarks import spine_y
from fluoroview_simulated.anatomy.mesh import Mesh, tube_mesh
from tools.anatomy import solid as s
from tools.anatomy.make_soft_chest import both, diaphragm, inside_ribs

# Rows z, x, y, half width, half depth, squareness: inner side of the abdominal wall.
CAVITY = [
    (190, 0, -4, 120, 82, 2.3), (140, 0, -6, 126, 82, 2.3), (90, 0, -10, 124, 78, 2.3),
    (40, 0, -16, 118, 73, 2.4), (0, 0, -20, 118, 71, 2.4), (-40, 0, -22, 118, 66, 2.3),
    (-80, 0, -20, 108, 62, 2.2), (-115, 0, -8, 84, 62, 2.1), (-150, 0, 0, 62, 60, 2.1),
    (-190, 0, 2, 52, 56, 2.1), (-225, 0, 8, 34, 42, 2.0), (-245, 0, 16, 18, 26, 2.0),
]  # fmt: skip
# The wall in front of the pelvis and what lies in it; the bellies of the hips lie around it.
BELLY = [
    (-40, 0, -4, 138, 108, 2.4), (-90, 0, -8, 122, 102, 2.3), (-140, 0, -6, 94, 92, 2.2),
    (-190, 0, 0, 66, 84, 2.1), (-235, 0, 8, 42, 66, 2.0), (-252, 0, 12, 26, 46, 2.0),
]  # fmt: skip
COLON = np.array(
    [
        (-84, -18, -98), (-98, -6, -70), (-106, 14, -30), (-108, 26, 15), (-98, 18, 44),
        (-74, -30, 36), (-44, -60, 10), (0, -70, -6), (44, -64, 16), (78, -28, 62),
        (100, 12, 92), (112, 30, 50), (115, 30, 0), (110, 24, -40), (94, 6, -78), (64, -14, -112),
        (34, -26, -132), (6, -18, -122), (-20, 4, -112), (-14, 36, -124), (0, 50, -155),
        (0, 52, -190), (0, 40, -218), (0, 28, -240),
    ],
    float,
)  # fmt: skip


def fine(points: np.ndarray | list, n: int) -> np.ndarray:
    """A smooth line of `n` points through the given ones, (n, 3)."""
    p = np.asarray(points, float)
    u = np.r_[0, np.cumsum(np.linalg.norm(np.diff(p, axis=0), axis=1))]
    return make_interp_spline(u, p, k=min(3, len(p) - 1))(np.linspace(0, u[-1], n))


def psoas() -> s.Solid:
    """Psoas and iliacus of both sides down to the lesser trochanter."""
    line = [(30, 36, 78), (36, 36, 40), (43, 38, 0), (50, 38, -40), (58, 28, -85), (68, 4, -130),
            (80, -22, -168), (86, -14, -200), (78, 18, -238)]  # fmt: skip
    iliacus = s.ellipsoid((84, 20, -88), (30, 14, 46), s.turn(20, -20, -25).T)
    belly = s.tube(line, [7, 13, 18, 22, 23, 22, 20, 17, 9], smooth=8.0)
    return both(s.uneven(s.join(belly, iliacus, smooth=8.0), 1.0, 30.0, 4))


def bellies() -> s.Solid:
    """Muscles of hip and thigh, apart from each other by fat."""
    hollow = [
        s.ellipsoid((66, 84, -168), (60, 21, 84), s.turn(4, 38, -12).T),  # gluteus maximus
        s.ellipsoid((122, 34, -120), (17, 46, 66), s.turn(0, 8, 14).T),  # medius and minimus
        s.capsule((114, -34, -90), (136, -22, -260), 10, 13),  # tensor fasciae latae
        s.capsule((100, -48, -60), (44, -42, -480), 8, 11),  # sartorius
        s.capsule((102, -34, -150), (98, -58, -330), 10, 19),  # rectus femoris
        s.capsule((98, -58, -330), (98, -55, -485), 19, 17),
        s.capsule((128, 10, -225), (134, -6, -350), 16, 27),  # vastus lateralis
        s.capsule((134, -6, -350), (130, -8, -485), 27, 26),
        s.capsule((96, -18, -250), (88, -30, -485), 17, 27),  # vastus medialis and intermedius
        s.capsule((28, -40, -228), (62, -14, -330), 13, 27),  # adductors
        s.capsule((62, -14, -330), (72, 0, -485), 27, 22),
        s.capsule((30, 10, -240), (60, 28, -370), 14, 24),
        s.capsule((66, 52, -230), (86, 50, -340), 12, 25),  # hamstrings
        s.capsule((86, 50, -340), (90, 42, -485), 25, 26),
        s.ellipsoid((96, 18, -200), (36, 30, 40)),  # about the hip joint
        s.ellipsoid((58, 10, -192), (14, 34, 30)),  # obturator internus
        s.capsule((56, 56, -215), (60, 40, -245), 14, 12),
    ]
    return s.uneven(both(s.join(*hollow, smooth=1.5)), 0.8, 25.0, 8)


def cavity() -> s.Solid:
    """What the muscles of the abdominal wall, the spine and the diaphragm enclose: mostly fat."""
    z = np.arange(-120.0, 200.0, 16.0)
    spine = s.tube(np.stack([0 * z, spine_y(z) + 4, z], 1), 27.0, smooth=8.0)
    gutters = both(
        s.tube([(66, 40, 110), (70, 42, 40), (76, 40, -20), (80, 30, -60)], [34, 36, 30, 20])
    )
    room = s.join(s.lofted(None, CAVITY), gutters, smooth=20.0)
    under = s.common(room, lambda p: (p[:, 2] - diaphragm(p) + 4.0) * 0.5)
    return s.uneven(s.cut(under, spine, psoas(), smooth=6.0), 1.5, 45.0, 6)


def kidneys() -> s.Solid:
    """Both kidneys, beans with a hilum."""

    def kidney(middle: tuple, side: float) -> s.Solid:
        x, y, z = middle
        t = s.turn(-14, side * -14, side * 28)
        bean = s.ellipsoid((0, 0, 0), (29, 23, 56))
        hilum = s.ellipsoid((side * -30, -4, 0), (17, 14, 17))
        shape = s.cut(bean, hilum, smooth=14.0)
        return s.uneven(s.placed(shape, t, (x, y, z)), 0.8, 28.0, 9)

    return s.join(kidney((66, 44, 62), 1.0), kidney((-66, 44, 48), -1.0))


def liver() -> s.Solid:
    """Right lobe against ribs and dome, left lobe across the midline, thin lower edge."""
    room = inside_ribs(7.0)

    def under_side(p: np.ndarray) -> np.ndarray:
        x, y, z = p.T
        edge = 38 + 0.42 * np.clip(x + 118, 0, None) + 0.0016 * np.clip(x + 118, 0, None) ** 2
        return (edge + 0.32 * (y + 60) - z) * 0.7

    dome = lambda p: (p[:, 2] - diaphragm(p) + 5.0) * 0.55  # noqa: E731
    left = s.half_space((66, 0, 150), (0.95, -0.1, -0.25))
    back = s.half_space((-30, 74, 100), (0.35, 1, 0))
    shape = s.common(room, dome, under_side, left, back, smooth=12.0)
    fossa = s.ellipsoid((-34, -38, 62), (16, 24, 26))
    z = np.arange(40.0, 200.0, 16.0)
    spine = s.tube(np.stack([0 * z + 6, spine_y(z) - 2, z], 1), 33.0, smooth=8.0)
    return s.uneven(s.cut(shape, s.grown(kidneys(), 5.0), fossa, spine, smooth=8.0), 1.0, 35.0, 12)


def spleen() -> s.Solid:
    """A coffee bean under the left dome."""
    bean = s.ellipsoid((96, 42, 108), (24, 38, 58), s.turn(-18, -12, -30).T)
    room = inside_ribs(6.0)
    return s.common(
        s.cut(bean, s.ellipsoid((70, 20, 112), (22, 22, 40)), smooth=8.0),
        room,
        lambda p: (p[:, 2] - diaphragm(p) + 5.0) * 0.55,
        smooth=6.0,
    )


def pelvic_organs() -> s.Solid:
    """Rectum with its content and the pelvic floor."""
    floor = both(s.tube([(6, 20, -238), (30, 26, -222), (52, 26, -200)], [7, 5, 4], smooth=5.0))
    rectum = s.tube(COLON[-5:], [14, 19, 18, 15, 12], smooth=6.0)
    return s.join(floor, rectum, smooth=4.0)


def bladder() -> s.Solid:
    """The bladder with some urine, sunk in at the top by the bowel."""
    body = s.ellipsoid((0, -20, -192), (43, 36, 27))
    return s.cut(body, s.ellipsoid((4, -12, -148), (60, 50, 28)), smooth=16.0)


def uterus() -> s.Solid:
    """Anteverted pear and the ovaries."""
    pear = s.tube(
        [(2, 16, -205), (2, 8, -190), (1, -6, -172), (0, -16, -160)], [12, 13, 20, 23], 8.0
    )
    ovary = s.ellipsoid((42, 10, -168), (10, 9, 16), s.turn(20, 30, 0).T)
    return s.join(pear, both(ovary))


def bowel_wall() -> Mesh:
    """Loops of small bowel and the colon with what they hold, in the fat between them."""
    rng = np.random.default_rng(3)
    room = s.common(
        s.grown(s.lofted(None, CAVITY), -20.0), s.half_space((0, 0, 44), (0.1, -0.25, 1.0))
    )
    loops = []
    for _ in range(6):
        at = np.array([rng.uniform(-60, 60), rng.uniform(-66, -10), rng.uniform(-110, 20)])
        heading = rng.normal(size=3)
        line = []
        for _ in range(34):
            for _ in range(30):
                heading = heading + rng.normal(size=3) * 0.75
                heading /= np.linalg.norm(heading)
                if room((at + 17 * heading)[None])[0] < -4:
                    break
                heading = rng.normal(size=3)
            at = at + 17 * heading / np.linalg.norm(heading)
            line.append(at)
        p = fine(np.array(line), 86)
        beat = np.sin(np.arange(86) * 1.1 + rng.uniform(0, 6))
        loops.append(tube_mesh(p, 11.0 + 1.6 * beat + rng.normal(0, 0.6, 86), 7))
    u = np.arange(170)
    colon = tube_mesh(fine(COLON, 170), 19.0 + 3.0 * np.sin(u * 1.6) - 4.0 * (u > 85), 9)
    return colon.joined(*loops)


def _sacs(start: float, stop: float, radius: float, seed: int) -> s.Solid:
    """Gas between two places of the colon (0 to 1): sacs that semilunar folds part.

    It lies in front, as the patient lies on the back, and its ends run out.
    """
    rng = np.random.default_rng(seed)
    line = fine(COLON, 600)
    part = line[int(start * 599) : int(stop * 599) + 1]
    way = np.r_[0, np.cumsum(np.linalg.norm(np.diff(part, axis=0), axis=1))]
    n = max(round(way[-1] / 7.0), 4)
    at = np.stack([np.interp(np.linspace(0, way[-1], n), way, part[:, k]) for k in range(3)], 1)
    at += np.cumsum(rng.normal(0, 0.8, (n, 3)), axis=0) + np.array([0, -0.15 * radius, 0])
    u = np.linspace(0, 1, n)
    wide = radius * (0.45 + 0.55 * np.sin(np.pi * u) ** 0.5) * rng.uniform(0.82, 1.12, n)
    lumen = s.tube(at, wide, smooth=5.0)
    surface = at.mean(axis=0) + np.array([0, 0.45 * radius, 0])
    level = s.half_space(surface, np.array([0, 1, 0]) + rng.normal(0, 0.12, 3))
    folds = []
    run, side = rng.uniform(5.0, 11.0), rng.uniform(0, 2 * np.pi)
    while run < way[-1] - 5.0:
        i = int(np.clip(run / way[-1] * (n - 1), 1, n - 2))
        along = at[i + 1] - at[i - 1]
        along /= np.linalg.norm(along)
        across = np.cross(along, rng.normal(size=3))
        across /= np.linalg.norm(across)
        out = np.cos(side) * across + np.sin(side) * np.cross(along, across)
        axes = np.stack([out, np.cross(along, out), along])
        folds.append(s.ellipsoid(at[i] + out * 0.95 * wide[i], (0.8 * wide[i], wide[i], 2.4), axes))
        run += rng.uniform(11.0, 19.0)
        side += 2.1 + rng.normal(0, 0.4)
    shape = s.common(lumen, level, smooth=5.0)
    shape = s.cut(shape, s.join(*folds), smooth=3.0) if folds else shape
    return s.uneven(shape, 0.9, 17.0, seed)


def colon_gas() -> s.Solid:
    """Gas in caecum, flexures, transverse and sigmoid colon and in the rectum."""
    return s.join(
        _sacs(0.01, 0.05, 22, 1),
        _sacs(0.15, 0.205, 19, 2),
        _sacs(0.25, 0.345, 17, 3),
        _sacs(0.38, 0.43, 14, 4),
        _sacs(0.465, 0.57, 18, 5),
        _sacs(0.62, 0.64, 10, 8),
        _sacs(0.74, 0.80, 12, 6),
        _sacs(0.875, 0.935, 14, 7),
    )


def small_bowel_gas() -> s.Solid:
    """A few short bubbles in the small bowel."""
    rng = np.random.default_rng(15)
    pieces = []
    for x, y, z in (
        (-38, -52, -58),
        (28, -48, -72),
        (48, -50, -30),
        (-14, -58, 28),
        (12, -50, -104),
    ):
        way = rng.normal(size=(3, 3)) * [14, 4, 10] + [x, y, z]
        pieces.append(s.tube(way, rng.uniform(4.5, 8.5, 3), smooth=4.0))
    return s.uneven(s.join(*pieces), 1.2, 14.0, 2)


def stomach_gas() -> s.Solid:
    """The bubble under the left dome and some gas before the spine."""
    shape = s.join(
        s.ellipsoid((62, -4, 134), (33, 28, 17)),
        s.ellipsoid((52, -38, 112), (26, 15, 24)),
        s.tube([(44, -56, 92), (20, -62, 70), (-8, -60, 62)], [13, 8, 6], smooth=8.0),
        smooth=14.0,
    )
    cut = lambda p: (p[:, 2] - diaphragm(p) + 9.0) * 0.55  # noqa: E731
    return s.uneven(s.common(shape, cut, smooth=6.0), 1.6, 24.0, 13)


def faeces() -> Mesh:
    """Small bubbles in what the ascending and the descending colon and the rectum hold."""
    rng = np.random.default_rng(21)
    line = fine(COLON, 400)
    balls = []
    for low, high, n, spread in ((0.02, 0.19, 75, 9.0), (0.57, 0.72, 32, 6.5), (0.88, 0.96, 23, 7)):
        for u in rng.uniform(low, high, n):
            at = line[int(u * 399)] + rng.normal(0, spread, 3)
            r = rng.gamma(3.0, 0.62, 3).clip(0.7, 4.5)
            balls.append(_ball(at, r, s.turn(*rng.uniform(-90, 90, 3))))
    return balls[0].joined(*balls[1:])


def _ball(at: np.ndarray, radii: np.ndarray, turn: np.ndarray) -> Mesh:
    """An ellipsoid of 32 faces."""
    a = np.arange(8) * np.pi / 4
    rows = [
        np.stack([c * np.cos(a), c * np.sin(a), np.full(8, h)], 1)
        for c, h in ((0.87, -0.5), (0.87, 0.5))
    ]
    v = np.concatenate([*rows, [[0, 0, -1.05], [0, 0, 1.05]]])
    k, n = np.arange(8), (np.arange(8) + 1) % 8
    f = np.concatenate(
        [np.stack([k, n, n + 8], 1), np.stack([k, n + 8, k + 8], 1),
         np.stack([np.full(8, 16), n, k], 1), np.stack([np.full(8, 17), k + 8, n + 8], 1)]
    )  # fmt: skip
    return Mesh((v * radii @ turn.T + at).astype(np.float32), f.astype(np.int32))
