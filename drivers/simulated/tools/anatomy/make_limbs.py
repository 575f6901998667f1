"""Makes the bones of the left leg: femur whole and broken, knee, lower leg, ankle.

A long bone is three closed surfaces: the outside (compact bone), the spongy space inside it and
the marrow canal, each of which takes away part of what is around it; trabeculae are bundles of
thin struts along the lines of load. `python make_limbs.py [NAME…]` writes all or some of the files.
The hand is made by `make_limbs_hand.py`, soft tissue by `make_limbs_soft.py`.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from anatomy import solid as s
from anatomy.trabeculae import hip_trabeculae, rounded, struts, upright_trabeculae
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
        (106.0, 17.0, -525.0, 17.0, 2.4),
        (100.0, 18.0, -560.0, 16.0, 0.9),
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
        s.ellipsoid(HEAD + np.array((-24.0, 3.0, 3.0)), (2.4, 5.0, 5.0)),
        smooth=2.0,
    )
    return s.join(body, head, smooth=4.0)


def distal_femur() -> s.Solid:
    """Metaphysis and condyles with groove and notch; the knee is bent by a few degrees."""
    rows = [
        (-492, 111, 16, 11.5, 11.5, 2), (-512, 108.5, 16.6, 15.5, 15, 2),
        (-530, 105.5, 17, 19, 17, 2), (-546, 102, 18, 24.5, 18.5, 2.1),
        (-560, 99, 19, 31, 20.5, 2.2), (-572, 97, 19, 34, 21.5, 2.2), (-582, 97, 18, 30, 21, 2.1),
        (-591, 97, 13, 24, 17, 2), (-598, 97, 8, 16, 10, 2), (-602, 97, 4, 8, 5, 2),
    ]  # fmt: skip
    flare = s.lofted(None, rounded(np.array(rows, float)))
    medial = s.join(
        s.ellipsoid((74.5, 39.0, -587.0), (12.5, 23.5, 21.5)),
        s.ellipsoid((76.5, 19.0, -586.0), (14.0, 25.0, 22.5)),
        s.ellipsoid((62.0, 22.0, -577.0), (8.0, 13.0, 14.0)),
        smooth=12.0,
    )
    lateral = s.join(
        s.ellipsoid((120.0, 38.0, -586.0), (12.0, 22.5, 20.5)),
        s.ellipsoid((118.0, 15.0, -583.0), (14.5, 26.0, 24.0)),
        s.ellipsoid((131.0, 24.0, -577.0), (7.0, 12.0, 14.0)),
        smooth=12.0,
    )
    body = s.join(flare, medial, lateral, smooth=14.0)
    notch = s.tube([(98, 62, -608), (97, 40, -597), (97, 22, -599)], [11.0, 9.5, 7.0], 3.0)
    groove = s.tube([(99, -30, -560), (98, -29, -585), (97, -12, -608)], [9, 10.5, 9.0], 3.0)
    return s.cut(body, notch, groove, smooth=7.0)


def femur() -> s.Solid:
    """The whole left femur."""
    aspera = s.tube([(131, 36, -290), (121.5, 28, -400), (112, 29, -490)], [2.6, 2.6, 2.0])
    line = rounded(SHAFT[:, [2, 0, 1, 3]])[::2]
    shaft = s.join(s.tube(line[:, [1, 2, 0]], line[:, 3]), aspera, smooth=6.0)
    whole = s.join(proximal_femur(), shaft, smooth=8.0)
    return s.uneven(s.join(whole, distal_femur(), smooth=10.0), 0.3, 30.0, 5)


def femur_cortex(p: np.ndarray) -> np.ndarray:
    """Thickness of the compact bone, mm: thick in the shaft and at the calcar, thin in the head."""
    z = p[:, 2]
    shaft = np.interp(z, SHAFT[::-1, 2], SHAFT[::-1, 4], left=0.8, right=1.6)
    calcar = 3.6 * np.exp(-(((p - (117.0, 27.0, -248.0)) / (9.0, 16.0, 17.0)) ** 2).sum(axis=1))
    head = np.linalg.norm(p - HEAD, axis=1)
    return np.where(head < 27.0, 1.0, shaft) + calcar


def inside(solid: s.Solid, cortex: Callable[[np.ndarray], np.ndarray] | float) -> s.Solid:
    """The space within the compact bone, with an uneven wall."""
    thick = cortex if callable(cortex) else (lambda p: cortex)
    return s.uneven(lambda p: solid(p) + thick(p), 0.22, 6.0, 8)


def by_height(z: list[float], mm: list[float]) -> Callable[[np.ndarray], np.ndarray]:
    """A thickness that changes along the bone."""
    return lambda p: np.interp(p[:, 2], z, mm)


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
        s.capsule((91, 22, -618), (93.0, 21, -606.5), 6.5, 1.8),
        s.capsule((103, 25, -618), (101, 24, -608.0), 6.5, 1.8),
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
    tuberosity = s.ellipsoid((101, -1.5, -654), (9, 6, 15))
    body = s.join(top, shaft, low, tuberosity, smooth=10.0)
    body = s.join(body, spines, smooth=4.0)
    return s.uneven(s.join(body, malleolus, smooth=8.0), 0.4, 20.0, 6)


def fibula() -> s.Solid:
    """Head, thin shaft, lateral malleolus."""
    line = [
        (134, 41, -632, 10.5), (132.5, 40, -650, 7), (131, 37, -690, 6.2), (130, 34, -800, 6.6),
        (128, 31, -920, 6.4), (126.5, 29, -985, 7.2), (127, 28, -1025, 9.2), (127.5, 29, -1046, 6),
    ]  # fmt: skip
    p = np.array(line, float)
    return s.uneven(s.tube(p[:, :3], p[:, 3], 5.0), 0.4, 18.0, 7)


def patella() -> s.Solid:
    """The kneecap before the groove."""
    body = s.ellipsoid((99, -23, -574), (21, 9.6, 18))
    tip = s.ellipsoid((99, -24, -590), (9.5, 7.2, 11))
    return s.uneven(s.join(body, tip, smooth=9.0), 0.5, 14.0, 9)


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


# --- files -------------------------------------------------------------------------------------


def make_femur(
    step: float, low: float, high: float, name: str, faces: tuple[int, int, int]
) -> None:
    """One femur, or a stretch of it, as outside, spongy space and canal."""
    solid = femur()
    space = inside(solid, femur_cortex)
    corner = (48, -35, low), (170, 75, high)
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
    cortex = by_height([-1030, -1000, -940, -700, -640, -615], [0.9, 1.3, 4.0, 4.4, 1.3, 0.7])
    box = (55, -20, -1050), (145, 55, -600)
    save("limb_tibia", s.mesh_of(shin, *box, 1.8, 12000), FOLDER)
    save("limb_tibia_spongy", s.mesh_of(inside(shin, cortex), *box, 1.8, 9000), FOLDER)
    box = (112, 15, -1060), (150, 60, -615)
    save("limb_fibula", s.mesh_of(calf, *box, 1.6, 4500), FOLDER)
    thin = by_height([-1040, -1000, -950, -700, -640], [1, 1.6, 2.8, 2.8, 1.0])
    save("limb_fibula_spongy", s.mesh_of(inside(calf, thin), *box, 1.2, 4000), FOLDER)
    save("limb_patella", s.mesh_of(patella(), (70, -45, -610), (130, -5, -548), 1.5, 3500), FOLDER)
    save("limb_foot", s.mesh_of(foot(), (70, -55, -1110), (140, 85, -1022), 2.0, 7000), FOLDER)
    rng = np.random.default_rng(2)
    knee = [
        *upright_trabeculae(inside(shin, 2.0), (60, 0, -650), (135, 46, -614), 30, 900, 3, 0.25),
        *upright_trabeculae(
            inside(distal_femur(), 2.0), (60, -15, -600), (135, 55, -540), 30, 1300, 4, 0.25
        ),
    ]
    save("limb_knee_struts", struts(knee, rng.uniform(0.28, 0.5, len(knee))), FOLDER)


MAKERS: dict[str, Callable[[], None]] = {
    "femur": lambda: make_femur(2.0, -615, -170, "limb_femur", (12000, 9000, 0)),
    "hip": lambda: make_femur(1.4, -430, -170, "limb_femur_hip", (13000, 10000, 0)),
    "canal": lambda: save("limb_femur_canal", canal(), FOLDER) and None,
    "fragments": make_fragments,
    "knee": make_knee,
}

if __name__ == "__main__":
    for chosen in sys.argv[1:] or MAKERS:
        MAKERS[chosen]()
