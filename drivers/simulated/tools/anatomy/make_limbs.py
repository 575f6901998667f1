"""Makes the meshes of the left leg: femur whole and broken, knee, lower leg, ankle, soft tissue.

A long bone is three closed surfaces: the outside (compact bone), the spongy space inside it and
the marrow canal, each of which takes away part of what is around it; trabeculae are bundles of
thin struts along the lines of load. `python make_limbs.py [NAME…]` writes all or some of the files.
The hand is made by `make_limbs_hand.py`.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from anatomy import solid as s
from fluoroview_simulated.anatomy.mesh import Mesh, save

FOLDER = Path(__file__).resolve().parents[2] / "fluoroview_simulated" / "anatomy" / "meshes"
HEAD = np.array((90.0, 15.0, -200.0))
NECK_END = np.array((134.5, 27.0, -243.0))
SHAFT = np.array(
    [  # x, y, z, radius, thickness of the cortex
        (135.0, 27.0, -240.0, 18.0, 2.0),
        (134.5, 26.0, -262.0, 17.8, 3.0),
        (133.0, 24.0, -290.0, 15.8, 4.8),
        (129.5, 19.0, -340.0, 14.3, 5.9),
        (124.0, 15.0, -400.0, 13.8, 6.2),
        (117.5, 14.0, -450.0, 14.2, 5.6),
        (110.5, 16.0, -500.0, 16.0, 4.2),
        (105.0, 19.0, -535.0, 19.0, 2.2),
    ]
)
FRACTURE_AT = np.array((134.0, 30.0, -247.0))
FRACTURE_NORMAL = np.array((-0.83, 0.10, 0.55)) / np.linalg.norm((-0.83, 0.10, 0.55))


# --- bones -------------------------------------------------------------------------------------


def proximal_femur() -> s.Solid:
    """Head, neck, trochanters."""
    mid = HEAD + 0.52 * (NECK_END - HEAD)
    up = np.array((0.62, 0.05, 0.78)) * 4.5  # the neck is higher than it is deep
    neck = s.join(
        s.tube([HEAD + up * 0.3, mid + up, NECK_END + up], [14.5, 12.0, 15.0], 4.0),
        s.tube([HEAD - up * 0.3, mid - up, NECK_END - up], [14.0, 12.2, 17.0], 4.0),
        smooth=5.0,
    )
    great = s.join(
        s.ellipsoid((145.0, 36.0, -220.0), (13.5, 19.0, 21.5), s.turn(0, 14, 0).T),
        s.capsule((146.0, 31.0, -226.0), (139.0, 27.0, -268.0), 15.5, 13.0),
        smooth=8.0,
    )
    crest = s.capsule((141.0, 46.0, -212.0), (124.0, 40.0, -264.0), 7.0, 6.5)
    less = s.ellipsoid((119.0, 40.5, -273.0), (9.0, 8.0, 11.5), s.turn(0, -25, 0).T)
    body = s.join(neck, great, smooth=9.0)
    body = s.join(body, crest, less, smooth=9.0)
    fossa = s.ellipsoid((127.0, 42.0, -203.0), (12.0, 10.0, 17.0), s.turn(0, 35, 0).T)
    body = s.cut(body, fossa, smooth=6.0)
    head = s.cut(
        s.ellipsoid(HEAD, (24.0, 24.0, 24.0)),
        s.ellipsoid(HEAD + (-24.0, 3.0, 3.0), (2.4, 5.0, 5.0)),
        smooth=2.0,
    )
    return s.join(body, head, smooth=4.0)


def distal_femur() -> s.Solid:
    """Metaphysis and condyles with groove and notch; the knee is bent by a few degrees."""
    flare = s.lofted(
        None,
        np.array(
            [
                (-525, 107, 18, 17.5, 17, 2),
                (-545, 103, 19, 23, 19, 2.1),
                (-562, 99, 20, 31, 21, 2.2),
                (-574, 97, 19, 34, 23, 2.3),
                (-582, 97, 17, 31, 22, 2.2),
                (-590, 97, 12, 26, 19, 2.0),
                (-598, 97, 5, 18, 12, 2.0),
                (-602, 97, 1, 8, 5, 2.0),
            ],
            float,
        ),
    )
    medial = s.join(
        s.ellipsoid((74.5, 41.0, -587.0), (12.5, 24.0, 21.5)),
        s.ellipsoid((76.5, 15.0, -585.0), (14.0, 26.0, 23.0)),
        s.ellipsoid((62.0, 22.0, -579.0), (7.0, 11.0, 11.0)),
        smooth=7.0,
    )
    lateral = s.join(
        s.ellipsoid((120.0, 40.0, -586.0), (12.0, 23.0, 20.5)),
        s.ellipsoid((118.0, 11.0, -583.0), (14.5, 29.0, 24.0)),
        s.ellipsoid((131.5, 24.0, -580.0), (6.0, 10.0, 10.0)),
        smooth=7.0,
    )
    body = s.join(flare, medial, lateral, smooth=9.0)
    notch = s.tube([(98, 62, -608), (97, 40, -597), (97, 22, -599)], [11.0, 9.5, 7.0], 3.0)
    groove = s.tube([(99, -30, -560), (98, -29, -585), (97, -12, -608)], [9, 10.5, 9.0], 3.0)
    return s.cut(body, notch, groove, smooth=5.0)


def femur() -> s.Solid:
    """The whole left femur."""
    aspera = s.tube([(131, 36, -290), (121.5, 28, -400), (112, 29, -490)], [2.6, 2.6, 2.0])
    line = rounded(SHAFT[:, [2, 0, 1, 3]])[::2]
    shaft = s.join(s.tube(line[:, [1, 2, 0]], line[:, 3]), aspera, smooth=6.0)
    whole = s.join(proximal_femur(), shaft, smooth=8.0)
    return s.uneven(s.join(whole, distal_femur(), smooth=8.0), 0.3, 30.0, 5)


def femur_cortex(p: np.ndarray) -> np.ndarray:
    """Thickness of the compact bone, mm: thick in the shaft and at the calcar, thin in the head."""
    z = p[:, 2]
    shaft = np.interp(z, SHAFT[::-1, 2], SHAFT[::-1, 4], left=1.1, right=1.6)
    calcar = 3.6 * np.exp(-(((p - (117.0, 27.0, -248.0)) / (9.0, 16.0, 17.0)) ** 2).sum(axis=1))
    head = np.linalg.norm(p - HEAD, axis=1)
    return np.where(head < 27.0, 1.0, shaft) + calcar


def inside(solid: s.Solid, cortex: Callable[[np.ndarray], np.ndarray] | float) -> s.Solid:
    """The space within the compact bone, with an uneven wall."""
    thick = cortex if callable(cortex) else (lambda p: cortex)
    return s.uneven(lambda p: solid(p) + thick(p), 0.22, 6.0, 8)


def fracture(p: np.ndarray) -> np.ndarray:
    """Signed distance from the intertrochanteric fracture's jagged surface, head side positive."""
    jag = s.uneven(s.uneven(lambda q: (q - FRACTURE_AT) @ FRACTURE_NORMAL, 3.6, 21.0, 3), 0.7, 7, 4)
    return jag(p)


def tibia() -> s.Solid:
    """Plateau with its spines, tuberosity, three-edged shaft, medial malleolus."""
    top = s.lofted(
        None,
        np.array(
            [
                (-600, 97, 24, 35.0, 23, 2.3),
                (-616, 97, 24, 37.5, 24.5, 2.3),
                (-624, 97, 23, 37.0, 25, 2.3),
                (-634, 98, 21, 31.5, 24, 2.2),
                (-652, 99, 17, 23, 20, 2.0),
                (-675, 99, 14, 17, 17, 2.0),
                (-700, 99, 14, 13, 13, 2.0),
                (-740, 99, 14, 7, 7, 2.0),
            ],
            float,
        ),
    )
    plane = s.half_space((97, 22, -613.5), (0, 0.1, 1.0))
    hollow = s.join(
        s.ellipsoid((77, 24, -607.5), (21, 24, 8.5)),
        s.ellipsoid((118, 25, -608), (20, 22, 8)),
        smooth=2.0,
    )
    top = s.cut(s.common(top, plane, smooth=7.0), hollow, smooth=4.0)
    spines = s.join(
        s.capsule((92, 22, -618), (93.5, 21, -608.0), 5.0, 1.6),
        s.capsule((102, 25, -618), (101, 24, -609.0), 5.0, 1.6),
    )
    shaft = s.join(
        s.tube([(96, 19, -690), (97, 18, -800), (98, 19, -920)], [11.5, 10.5, 9.5], 4),
        s.tube([(101, 5, -690), (101, 7, -800), (99, 13, -920)], [7.5, 6.0, 8.5], 4),
        s.tube([(107, 21, -690), (107, 20, -800), (104, 21, -920)], [6.0, 5.5, 7.0], 4),
        smooth=9.0,
    )
    low = s.lofted(
        None,
        np.array(
            [
                (-890, 99.5, 17, 5, 5, 2.0),
                (-920, 99.5, 18, 11, 11, 2.0),
                (-970, 99, 20, 16, 16, 2.1),
                (-1005, 98, 21, 22, 19, 2.3),
                (-1026, 98, 21, 23.5, 20, 2.6),
            ],
            float,
        ),
    )
    malleolus = s.capsule((80, 17, -1014), (80, 17, -1035), 9.0, 6.5)
    tuberosity = s.ellipsoid((101, -4, -655), (10, 7, 16))
    body = s.join(top, shaft, low, tuberosity, smooth=10.0)
    body = s.join(body, spines, smooth=4.0)
    return s.uneven(s.join(body, malleolus, smooth=8.0), 0.4, 20.0, 6)


def fibula() -> s.Solid:
    """Head, thin shaft, lateral malleolus."""
    line = [
        (134, 41, -632, 10.5), (132.5, 40, -650, 7.0), (131, 37, -690, 6.2), (130, 34, -800, 6.6),
        (128, 31, -920, 6.4), (126.5, 29, -985, 7.2), (127, 28, -1025, 9.2), (127.5, 29, -1046, 6.0),
    ]  # fmt: skip
    p = np.array(line, float)
    return s.uneven(s.tube(p[:, :3], p[:, 3], 5.0), 0.4, 18.0, 7)


def patella() -> s.Solid:
    """The kneecap before the groove."""
    body = s.ellipsoid((99, -31, -577), (21.5, 10.0, 20))
    tip = s.ellipsoid((99, -32, -594), (9, 6.5, 9))
    return s.uneven(s.join(body, tip, smooth=7.0), 0.5, 14.0, 9)


def foot() -> s.Solid:
    """Talus, heel and what lies before them, pointing to the front."""
    talus = s.join(
        s.common(
            s.ellipsoid((104, 18, -1046), (19, 24, 18)), s.half_space((0, 0, -1029), (0, 0, 1))
        ),
        s.capsule((101, 2, -1047), (97, -18, -1052), 11, 13),
        smooth=6.0,
    )
    heel = s.join(
        s.capsule((105, 12, -1072), (105, 58, -1082), 14.5, 17),
        s.capsule((108, 8, -1070), (112, -12, -1074), 13, 10.5),
        smooth=8.0,
    )
    navicular = s.ellipsoid((93, -34, -1058), (17, 6.5, 11))
    cuboid = s.ellipsoid((115, -30, -1078), (11, 14, 10))
    return s.uneven(s.join(talus, heel, navicular, cuboid), 0.5, 14.0, 10)


# --- trabeculae --------------------------------------------------------------------------------


def struts(curves: list[np.ndarray], radius_mm: np.ndarray) -> Mesh:
    """Many thin three-sided prisms along curves (n, 3), as one mesh."""
    vertices, faces, start = [], [], 0
    for curve, r in zip(curves, radius_mm, strict=True):
        along = np.gradient(curve, axis=0)
        along /= np.linalg.norm(along, axis=1, keepdims=True)
        side = np.cross(along, (0.31, 0.87, 0.38))
        side /= np.linalg.norm(side, axis=1, keepdims=True)
        up = np.cross(along, side)
        taper = np.sin(np.linspace(0.25, np.pi - 0.25, len(curve)))[:, None] * r
        rings = [
            curve + taper * (np.cos(a) * side + np.sin(a) * up)
            for a in np.arange(3) * 2 * np.pi / 3
        ]
        vertices.append(np.stack(rings, 1).reshape(-1, 3))
        n = len(curve)
        i = start + 3 * np.arange(n - 1)
        for k in range(3):
            j = (k + 1) % 3
            faces += [
                np.stack([i + k, i + j, i + 3 + j], 1),
                np.stack([i + k, i + 3 + j, i + 3 + k], 1),
            ]
        end = start + 3 * (n - 1)
        faces += [np.array([[start, start + 2, start + 1], [end, end + 1, end + 2]])]
        start += 3 * n
    return Mesh(np.concatenate(vertices).astype(np.float32), np.concatenate(faces).astype(np.int32))


def bundle(
    inner: s.Solid,
    ways: np.ndarray,
    count: int,
    spread: tuple[float, float],
    seed: int,
    points: int = 9,
) -> list[np.ndarray]:
    """Random curves between the outer ways of a fan, kept within the spongy space.

    `ways` is (m, k, 3): m neighbouring ways of k points each; a strut lies somewhere between two.
    """
    rng = np.random.default_rng(seed)
    kept = []
    t = np.linspace(0, 1, points)
    basis = np.linspace(0, 1, ways.shape[1])
    for _ in range(count):
        at = rng.uniform(0, ways.shape[0] - 1)
        i = min(int(at), ways.shape[0] - 2)
        way = ways[i] + (at - i) * (ways[i + 1] - ways[i])
        a, b = np.sort(rng.uniform(-0.1, 1.1, 2))
        if b - a < 0.3:
            a, b = max(a - 0.25, 0.0), min(b + 0.25, 1.0)
        u = np.clip(a + t * (b - a), 0, 1)
        curve = np.stack([_smooth_way(u, basis, way[:, k]) for k in range(3)], 1)
        aside = rng.normal(0, 1, 3) * (spread[0], spread[1], spread[0])
        curve += aside + np.cumsum(rng.normal(0, 0.22, (points, 3)), axis=0)
        ok = inner(curve) < -0.3
        if ok.sum() >= 4:
            run = np.flatnonzero(ok)
            curve = curve[run[0] : run[-1] + 1]
            if np.all(inner(curve) < 0.5):
                kept.append(curve)
    return kept


def _smooth_way(u: np.ndarray, basis: np.ndarray, values: np.ndarray) -> np.ndarray:
    from scipy.interpolate import make_interp_spline

    return make_interp_spline(basis, values, k=min(3, len(basis) - 1))(u)


def hip_trabeculae(inner: s.Solid) -> list[np.ndarray]:
    """The groups of the upper femur: principal compressive and tensile, secondary, trochanteric.

    Between them Ward's triangle stays empty.
    """
    y = 21.0
    compressive = np.array(
        [
            [(114, y + 4, -262), (107, y, -237), (97, y - 4, -212), (83, 15, -181)],
            [(117, y + 5, -266), (112, y + 1, -238), (105, y - 3, -212), (95, 15, -178)],
            [(119, y + 5, -270), (116, y + 2, -240), (112, y - 2, -214), (107, 16, -184)],
        ],
        float,
    )
    tensile = np.array(
        [
            [(151, 30, -262), (141, 28, -226), (118, 21, -207), (85, 15, -208), (72, 14, -216)],
            [(152, 30, -246), (140, 28, -216), (118, 21, -201), (88, 15, -202), (69, 14, -208)],
        ],
        float,
    )
    second = np.array(
        [
            [(119, 30, -284), (127, 30, -262), (139, 32, -235), (150, 34, -214)],
            [(118, 30, -272), (126, 30, -250), (136, 32, -226), (146, 34, -205)],
        ],
        float,
    )
    great = np.array(
        [
            [(153, 34, -240), (150, 35, -222), (143, 38, -203)],
            [(147, 34, -240), (144, 35, -220), (138, 38, -203)],
        ],
        float,
    )
    return [
        *bundle(inner, compressive, 330, (0.6, 6.5), 1),
        *bundle(inner, tensile, 170, (0.8, 5.5), 2),
        *bundle(inner, second, 70, (1.2, 6.0), 3),
        *bundle(inner, great, 60, (1.0, 6.0), 4),
    ]


def upright_trabeculae(
    inner: s.Solid, low: tuple, high: tuple, length_mm: float, count: int, seed: int, cross: float
) -> list[np.ndarray]:
    """Struts about parallel to z, where a joint presses, and some across them."""
    rng = np.random.default_rng(seed)
    kept = []
    for _ in range(count):
        start = rng.uniform(low, high)
        way = np.array((0, 0, -1.0)) if rng.uniform() > cross else rng.normal(0, 1, 3) * (1, 1, 0.1)
        way += rng.normal(0, 0.06, 3)
        steps = np.linspace(0, length_mm * rng.uniform(0.4, 1.0), 6)
        curve = start + steps[:, None] * way + np.cumsum(rng.normal(0, 0.25, (6, 3)), axis=0)
        ok = inner(curve) < -0.2
        if ok.all():
            kept.append(curve)
    return kept


# --- soft tissue -------------------------------------------------------------------------------

THIGH_SKIN = np.array(
    [  # z, x, y, half width, half depth, power
        (10, 0, 0, 158, 108, 2.4),
        (-60, 0, 3, 166, 108, 2.5),
        (-130, 0, 6, 174, 110, 2.6),
        (-190, 0, 8, 172, 112, 2.5),
        (-230, 8, 12, 156, 106, 2.3),
        (-258, 22, 16, 132, 96, 2.0),
        (-285, 36, 20, 104, 80, 2.0),
        (-310, 50, 22, 70, 60, 2.0),
    ],
    float,
)
LEG_SKIN = np.array(
    [
        (-215, 100, 12, 76, 100, 2.2),
        (-280, 102, 14, 80, 90, 2.1),
        (-340, 103, 14, 77, 82, 2.0),
        (-420, 104, 13, 70, 74, 2.0),
        (-500, 103, 14, 62, 66, 2.0),
        (-550, 101, 15, 58, 62, 2.1),
        (-585, 99, 15, 57, 64, 2.2),
        (-615, 98, 17, 54, 58, 2.2),
        (-650, 100, 20, 52, 54, 2.0),
        (-720, 104, 30, 54, 58, 2.0),
        (-780, 105, 29, 51, 55, 2.0),
        (-860, 104, 24, 41, 44, 2.0),
        (-940, 103, 20, 32, 36, 2.0),
        (-1000, 103, 18, 34, 38, 2.1),
        (-1060, 104, 16, 36, 50, 2.2),
        (-1095, 104, 16, 34, 52, 2.6),
    ],
    float,
)


def rounded(rows: np.ndarray) -> np.ndarray:
    """Sections every 5 mm between the given ones, without kinks."""
    from scipy.interpolate import PchipInterpolator

    rows = rows[np.argsort(rows[:, 0])]
    z = np.arange(rows[0, 0], rows[-1, 0] + 1, 5.0)
    return np.column_stack([z, PchipInterpolator(rows[:, 0], rows[:, 1:])(z)])


def leg_skin() -> s.Solid:
    """Left leg below the groin."""
    return s.uneven(s.lofted(None, rounded(LEG_SKIN)), 1.0, 70.0, 11)


def hip_skin() -> s.Solid:
    """Lower trunk with the left thigh; the other leg is held away, as on a fracture table."""
    into_trunk = np.array([(-110, 88, 4, 10, 14, 2), (-150, 92, 8, 44, 66, 2)], float)
    thigh = s.lofted(None, rounded(np.vstack([into_trunk, LEG_SKIN[LEG_SKIN[:, 0] > -600]])))
    trunk = s.lofted(None, rounded(THIGH_SKIN))
    return s.uneven(s.join(trunk, thigh, smooth=25.0), 1.2, 80.0, 12)


def fat_mm(p: np.ndarray) -> np.ndarray:
    """Thickness of the fat under the skin, mm."""
    z = p[:, 2]
    thick = np.interp(z, [-1100, -960, -720, -640, -590, -500, -300, -200, 0],
                      [4, 4, 6, 6, 6, 9, 13, 19, 22])  # fmt: skip
    return thick * (1.0 + 0.25 * np.sin(0.02 * p[:, 0] + 0.013 * z))


MUSCLES = np.array(
    [  # x, y at z -280; x, y at -520; x, y at -700; x, y at -900; weight mm
        (118, -48, 104, -28, 118, -8, 112, -6, 0),  # rectus femoris; tibialis anterior
        (150, -18, 134, -10, 127, 8, 118, 4, 4),  # vastus lateralis; peronei
        (108, -20, 80, -14, 112, 8, 108, 6, 2),  # vastus medialis and intermedius; extensors
        (76, -52, 56, 8, 70, 8, 72, 12, -8),  # sartorius
        (68, -8, 72, 22, 96, 38, 96, 30, 6),  # adductors; deep flexors
        (42, 2, 52, 32, 68, 44, 78, 36, -8),  # gracilis
        (78, 48, 72, 46, 76, 62, 86, 50, 0),  # semimembranosus; medial gastrocnemius
        (100, 66, 84, 58, 102, 54, 102, 46, -5),  # semitendinosus; soleus
        (126, 60, 128, 50, 130, 62, 116, 48, 1),  # biceps; lateral gastrocnemius
        (158, 40, 140, 34, 136, 38, 128, 30, -2),  # gluteus and tract
    ],
    float,
)


def muscles(envelope: s.Solid) -> s.Solid:
    """Flesh within the fascia, parted by septa of fat between neighbouring muscles."""

    def distance(p: np.ndarray) -> np.ndarray:
        z = p[:, 2]
        level = [-900.0, -700.0, -520.0, -280.0]
        wave = 3.0 * np.sin(0.035 * z)[:, None]
        x = np.stack([np.interp(z, level, m[[6, 4, 2, 0]]) for m in MUSCLES], 1) + wave
        y = np.stack([np.interp(z, level, m[[7, 5, 3, 1]]) for m in MUSCLES], 1) - wave
        d = np.hypot(p[:, :1] - x, p[:, 1:2] - y) - MUSCLES[:, 8]
        d.partition(1, axis=1)
        half = (
            1.4
            + 0.8 * np.sin(0.05 * p[:, 0] + 0.04 * z)
            + np.interp(z, [-640, -575, -540], [0, 2, 0])
        )
        return np.maximum(envelope(p) + fat_mm(p), half - (d[:, 1] - d[:, 0]) * 0.5)

    return distance


# --- files -------------------------------------------------------------------------------------


def make_femur(
    step: float, low: float, high: float, name: str, faces: tuple[int, int, int]
) -> None:
    """One femur, or a stretch of it, as outside, spongy space and canal."""
    solid = femur()
    space = inside(solid, femur_cortex)
    corner = (55, -35, low), (170, 75, high)
    save(name, s.mesh_of(solid, *corner, step, faces[0]), FOLDER)
    save(f"{name}_spongy", s.mesh_of(space, *corner, step, faces[1]), FOLDER)


def canal() -> Mesh:
    """The marrow canal, pointed at its ends where spongy bone takes over."""
    from fluoroview_simulated.anatomy.mesh import tube_mesh

    z = np.linspace(-285, -520, 26)
    x, y = (np.interp(-z, -SHAFT[:, 2], SHAFT[:, k]) for k in (0, 1))
    inner = np.interp(-z, -SHAFT[:, 2], SHAFT[:, 3] - SHAFT[:, 4]) - 0.6
    fade = np.clip(np.minimum((-285 - z) / 60, (z + 520) / 60), 0.03, 1.0) ** 0.5
    return tube_mesh(np.stack([x, y, z], 1), inner * fade, 20)


def make_fragments() -> None:
    """The broken upper femur: head and neck, and shaft, with their spongy spaces and struts."""
    solid = femur()
    space = inside(solid, femur_cortex)
    upper, lower = (lambda p: -fracture(p)), fracture
    head = (55, -20, -300), (170, 75, -170)
    shaft = (85, -20, -430), (170, 75, -185)
    floor = s.half_space((0, 0, -425), (0, 0, -1))
    for name, side, corner, faces in (
        ("limb_fragment_head", upper, head, 9000),
        ("limb_fragment_shaft", s.common(lower, floor), shaft, 9000),
    ):
        save(name, s.mesh_of(s.common(solid, side), *corner, 1.5, faces), FOLDER)
        save(
            f"{name}_spongy", s.mesh_of(s.common(space, side), *corner, 1.5, faces * 3 // 4), FOLDER
        )
    curves = hip_trabeculae(space)
    rng = np.random.default_rng(1)
    parts: dict[str, list[np.ndarray]] = {"head": [], "shaft": []}
    for curve in curves:
        f = fracture(curve)
        for key, ok in (("head", f > 0.5), ("shaft", f < -0.5)):
            if ok.sum() >= 3:
                run = np.flatnonzero(ok)
                parts[key].append(curve[run[0] : run[-1] + 1])
    for key, kept in parts.items():
        save(f"limb_fragment_{key}_struts", struts(kept, rng.uniform(0.35, 0.8, len(kept))), FOLDER)
    save("limb_hip_struts", struts(curves, rng.uniform(0.35, 0.8, len(curves))), FOLDER)


def make_knee() -> None:
    """Knee and lower leg."""
    shin, calf = tibia(), fibula()
    cortex = lambda p: np.interp(
        p[:, 2], [-1030, -1000, -940, -700, -640, -615], [1, 1.5, 4.5, 5, 1.6, 1.3]
    )  # noqa: E731
    box = (55, -20, -1050), (145, 55, -600)
    save("limb_tibia", s.mesh_of(shin, *box, 1.8, 12000), FOLDER)
    save("limb_tibia_spongy", s.mesh_of(inside(shin, cortex), *box, 1.8, 9000), FOLDER)
    box = (112, 15, -1060), (150, 60, -615)
    save("limb_fibula", s.mesh_of(calf, *box, 1.6, 4500), FOLDER)
    thin = lambda p: np.interp(p[:, 2], [-1040, -1000, -950, -700, -640], [1, 1.6, 2.8, 2.8, 1.0])  # noqa: E731
    save("limb_fibula_spongy", s.mesh_of(inside(calf, thin), *box, 1.2, 4000), FOLDER)
    save("limb_patella", s.mesh_of(patella(), (70, -55, -610), (130, -20, -548), 1.5, 3500), FOLDER)
    save("limb_foot", s.mesh_of(foot(), (70, -55, -1110), (140, 85, -1022), 2.0, 7000), FOLDER)
    rng = np.random.default_rng(2)
    knee = [
        *upright_trabeculae(inside(shin, 2.0), (60, 0, -650), (135, 46, -614), 30, 900, 3, 0.25),
        *upright_trabeculae(
            inside(distal_femur(), 2.0), (60, -15, -600), (135, 55, -540), 30, 1300, 4, 0.25
        ),
    ]
    save("limb_knee_struts", struts(knee, rng.uniform(0.28, 0.5, len(knee))), FOLDER)


def make_soft() -> None:
    """Skin and muscles."""
    leg, hip = leg_skin(), hip_skin()
    save("limb_leg_skin", s.mesh_of(leg, (0, -110, -1100), (200, 130, -200), 6.0, 5000), FOLDER)
    save("limb_hip_skin", s.mesh_of(hip, (-190, -120, -480), (200, 135, 15), 6.0, 6000), FOLDER)
    flesh = muscles(leg)
    save(
        "limb_leg_muscles",
        s.mesh_of(flesh, (10, -100, -1000), (190, 120, -260), 3.2, 22000),
        FOLDER,
    )
    low = s.half_space((0, 0, -470), (0, 0, -1))
    flesh = s.common(muscles(hip), low)
    save(
        "limb_hip_muscles", s.mesh_of(flesh, (-180, -110, -475), (190, 125, 5), 4.5, 16000), FOLDER
    )


MAKERS: dict[str, Callable[[], None]] = {
    "femur": lambda: make_femur(2.0, -615, -170, "limb_femur", (12000, 9000, 0)),
    "hip": lambda: make_femur(1.4, -430, -170, "limb_femur_hip", (13000, 10000, 0)),
    "canal": lambda: save("limb_femur_canal", canal(), FOLDER) and None,
    "fragments": make_fragments,
    "knee": make_knee,
    "soft": make_soft,
}

if __name__ == "__main__":
    for chosen in sys.argv[1:] or MAKERS:
        MAKERS[chosen]()
