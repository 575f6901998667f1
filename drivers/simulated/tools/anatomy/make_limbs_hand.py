"""Makes the meshes of a left hand with its wrist: bones, a broken radius, trabeculae, soft tissue.

The hand has a frame of its own: middle of the wrist joint at the origin, palm down (+y), fingers
towards +z, thumb towards +x. `python make_limbs_hand.py [NAME…]` writes all or some of the files.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from anatomy import solid as s
from anatomy.make_limbs import FOLDER, by_height, inside
from anatomy.trabeculae import rounded, struts, upright_trabeculae
from fluoroview_simulated.anatomy.mesh import Mesh, save

BREAK_AT = np.array((11.0, 0.0, -19.0))
BREAK_NORMAL = np.array((0.06, 0.17, 1.0)) / np.linalg.norm((0.06, 0.17, 1.0))

RAYS = {  # finger: base of the metacarpal, joints, tip (x, y, z); half widths of its bones
    "1": ([(29, 7, 31), (47, 11, 70), (58, 12, 100), (64, 13, 124)], (6.6, 5.8, 5.2)),
    "2": (
        [(13.5, 0, 38), (20.5, -1, 102), (27, 1, 145), (29.5, 2, 170), (31, 3, 189)],
        (5.4, 5.2, 4.4, 3.9),
    ),
    "3": (
        [(2.5, -1, 38), (2.5, -2, 101), (3.5, 0, 149), (3.5, 1, 178), (3.5, 2, 198)],
        (5.4, 5.3, 4.6, 4.0),
    ),
    "4": (
        [(-7, 0, 37), (-13, -1, 94), (-17.5, 1, 138), (-19, 2, 165), (-20, 3, 185)],
        (4.6, 4.9, 4.2, 3.7),
    ),
    "5": (
        [(-14.5, 1, 35), (-25.5, 0, 87), (-34.5, 2, 122), (-38.5, 3, 141), (-41, 3.5, 158)],
        (4.6, 4.4, 3.8, 3.3),
    ),
}


def radius_bone() -> s.Solid:
    """Distal radius: styloid, slanted joint surface with hollow for scaphoid and lunate."""
    rows = np.array(
        [
            (-190, 14, 0, 7.6, 6.6, 2.0),
            (-110, 13, 0.5, 7.8, 6.4, 2.0),
            (-60, 11.5, 1.0, 7.6, 6.3, 2.0),
            (-38, 10.5, 1.0, 8.8, 7.0, 2.1),
            (-24, 10, 0.5, 12.5, 8.8, 2.3),
            (-14, 9.6, 0, 15.4, 10.2, 2.5),
            (-6, 9.6, 0, 16.4, 10.6, 2.5),
            (0, 10.5, 0, 16.2, 10.2, 2.4),
            (8, 14, 0, 13.5, 8.5, 2.2),
            (14, 17, 0, 10, 7, 2.0),
        ],
        float,
    )
    body = s.lofted(None, rounded(rows))
    slant = np.array((-0.40, 0.19, 0.90))  # 23° towards the thumb, 11° towards the palm
    body = s.common(body, s.half_space((9.0, 0.0, -1.2), slant), smooth=4.0)
    body = s.join(body, s.ellipsoid((22.0, 0.0, 3.0), (4.2, 6.0, 8.0)), smooth=4.0)
    lister = s.ellipsoid((9.0, -9.6, -12.0), (3.0, 3.2, 8.0))
    body = s.join(body, lister, smooth=4.0)
    hollows = s.join(
        s.ellipsoid((15.2, 0.6, 10.4), (9.0, 9.8, 8.8)),
        s.ellipsoid((1.8, 0.6, 6.2), (8.6, 9.8, 9.2)),
    )
    notch = s.ellipsoid((-13.2, 0.0, -7.0), (8.6, 8.6, 9.0))
    return s.uneven(s.cut(body, hollows, notch, smooth=1.6), 0.25, 10.0, 21)


def ulna_bone() -> s.Solid:
    """Distal ulna with head and styloid."""
    line = [
        (-17, 1, -190, 6.6), (-15.5, 0.5, -110, 6.2), (-14.6, 0, -50, 5.4), (-14.2, 0, -25, 5.2),
        (-14.0, 0, -15, 6.4), (-14.2, 0, -9.5, 7.6),
    ]  # fmt: skip
    p = np.array(line, float)
    shaft = s.tube(p[:, :3], p[:, 3], 3.0)
    flat = s.common(shaft, s.half_space((-14, 0, -4.6), (0, 0, 1)), smooth=3.0)
    styloid = s.capsule((-19.0, -3.0, -7.0), (-19.8, -3.4, 0.2), 2.6, 1.7)
    return s.uneven(s.join(flat, styloid, smooth=2.5), 0.25, 10.0, 22)


def carpals() -> dict[str, s.Solid]:
    """The eight bones of the wrist, fitted to each other with about 1.5 mm of cartilage between."""
    t = s.turn
    solids = {
        "scaphoid": s.join(
            s.ellipsoid((13.8, -1.0, 7.6), (7.0, 6.6, 6.6)),
            s.ellipsoid((19.0, 3.0, 15.2), (5.2, 5.2, 6.6), t(0, 25, 0).T),
            smooth=5.0,
        ),
        "lunate": s.cut(
            s.ellipsoid((1.6, 0.0, 4.8), (7.2, 8.4, 7.4)),
            s.ellipsoid((2.5, -0.5, 17.0), (6.4, 6.6, 9.4)),
            smooth=1.0,
        ),
        "triquetrum": s.ellipsoid((-11.2, -1.5, 9.2), (6.2, 6.2, 7.2), t(0, -35, 0).T),
        "pisiform": s.ellipsoid((-13.0, 8.4, 10.0), (4.6, 4.2, 5.4)),
        "trapezium": s.box((24.0, 4.0, 25.5), (6.6, 6.6, 5.8), 4.2, t(0, 28, 0).T),
        "trapezoid": s.box((14.2, -1.5, 28.6), (4.6, 6.4, 6.2), 3.2, t(0, 10, 0).T),
        "capitate": s.join(
            s.ellipsoid((2.8, -0.5, 17.4), (5.4, 6.2, 6.0)),
            s.box((3.6, -1.0, 29.2), (5.8, 7.0, 6.4), 3.2),
            smooth=5.0,
        ),
        "hamate": s.join(
            s.box((-9.4, -1.0, 28.6), (7.0, 6.6, 5.0), 3.4, t(0, -14, 0).T),
            s.ellipsoid((-5.6, -0.5, 19.8), (4.8, 5.6, 7.4), t(0, -22, 0).T),
            smooth=4.0,
        ),
    }
    hook = s.capsule((-8.0, 4.0, 27.0), (-8.6, 10.0, 27.5), 2.8, 2.6)
    solids["hamate"] = s.join(solids["hamate"], hook, smooth=2.0)
    solids = {n: s.grown(solid, 0.3 if n == "pisiform" else 1.1) for n, solid in solids.items()}
    apart = {}
    for k, (name, one) in enumerate(solids.items()):
        others = [o for n, o in solids.items() if n != name and "pisiform" not in (n, name)]
        # Halfway between neighbours runs the joint: each keeps 0.7 mm away from it.
        fitted = _fitted(one, others) if others and name != "pisiform" else one
        apart[name] = s.uneven(fitted, 0.25, 9.0, 30 + k)
    return apart


def _fitted(one: s.Solid, others: list[s.Solid]) -> s.Solid:
    def distance(p: np.ndarray) -> np.ndarray:
        d = one(p)
        near = np.min([o(p) for o in others], axis=0)
        return np.maximum(d, (d - near) * 0.5 + 0.75)

    return distance


def long_bone(a: np.ndarray, b: np.ndarray, half: float, kind: str) -> s.Solid:
    """Metacarpal or phalanx: broad base, waist, head (or tuft) seen in its own direction."""
    along = (b - a) / np.linalg.norm(b - a)
    a = a + along * 0.8
    b = b - along * 0.8
    length = float(np.linalg.norm(b - a))
    base = {"metacarpal": 1.34, "phalanx": 1.30, "end": 1.5}[kind] * half
    head = {"metacarpal": 1.36, "phalanx": 1.14, "end": 0.92}[kind] * half
    waist = {"metacarpal": 0.84, "phalanx": 0.86, "end": 0.55}[kind] * half
    at = [0.0, 0.10, 0.28, 0.5, 0.72, 0.90, 1.0]
    radii = np.array([base * 0.9, base, waist * 1.15, waist, waist * 1.12, head, head * 0.92])
    if kind == "end":
        radii[-3:] = (waist * 1.0, head * 1.05, head * 0.9)
    margin = np.array([radii[0] * 0.55, *[0.0] * 5, -radii[-1] * 0.75]) / length
    points = a + (np.array(at) + margin)[:, None] * along * length
    body = s.tube(points, radii, 2.0)
    ends = s.common(body, s.half_space(a, -along), smooth=1.5)
    squeezed = s.box((a + b) / 2, (40, half * (1.22 if kind == "metacarpal" else 1.0), length), 2.0)
    return s.common(ends, squeezed, smooth=2.0)


def rays() -> list[tuple[str, s.Solid, np.ndarray, np.ndarray]]:
    """All metacarpals and phalanges with their ends."""
    out = []
    for finger, (points, halves) in RAYS.items():
        p = np.array(points, float)
        for k, half in enumerate(halves):
            kind = "metacarpal" if k == 0 else "end" if k == len(halves) - 1 else "phalanx"
            out.append((f"{finger}{k}", long_bone(p[k], p[k + 1], half, kind), p[k], p[k + 1]))
    return out


def fracture(p: np.ndarray) -> np.ndarray:
    """Signed distance from the Colles fracture's surface, 2 cm below the joint; hand positive."""
    jag = s.uneven(s.uneven(lambda q: (q - BREAK_AT) @ BREAK_NORMAL, 1.9, 13.0, 41), 0.6, 4.5, 42)
    return jag(p)


def radius_cortex(p: np.ndarray) -> np.ndarray:
    """Thin at the joint, thick in the shaft."""
    return np.interp(p[:, 2], [-100, -60, -35, -20, -4, 10], [3.3, 3.0, 1.9, 0.8, 0.7, 0.8])


def make_forearm() -> None:
    """Radius whole and broken, and ulna."""
    solid, space = radius_bone(), inside(radius_bone(), radius_cortex)
    box = (-12, -16, -120), (34, 16, 16)
    save("hand_radius", s.mesh_of(solid, *box, 0.8, 9000), FOLDER)
    save("hand_radius_spongy", s.mesh_of(space, *box, 0.8, 8000), FOLDER)
    for name, side in (("end", lambda p: -fracture(p)), ("shaft", fracture)):
        save(f"hand_radius_{name}", s.mesh_of(s.common(solid, side), *box, 0.7, 7000), FOLDER)
        save(
            f"hand_radius_{name}_spongy", s.mesh_of(s.common(space, side), *box, 0.7, 5500), FOLDER
        )
    box = (-28, -12, -120), (-4, 12, 6)
    thin = by_height([-60, -25, -10], [2.6, 1.6, 0.7])
    save("hand_ulna", s.mesh_of(ulna_bone(), *box, 0.8, 5000), FOLDER)
    save("hand_ulna_spongy", s.mesh_of(inside(ulna_bone(), thin), *box, 0.8, 4500), FOLDER)


def make_struts() -> None:
    """Trabeculae of radius (whole and broken), ulna, and wrist."""
    space = inside(radius_bone(), 0.9)
    curves = upright_trabeculae(space, (-8, -10, -12), (26, 10, 8), 26, 2400, 43, 0.3)
    curves += upright_trabeculae(space, (-6, -10, -45), (24, 10, -8), 16, 900, 44, 0.35)
    rng = np.random.default_rng(45)
    size = rng.uniform(0.16, 0.40, len(curves))
    save("hand_radius_struts", struts(curves, size), FOLDER)
    parts: dict[str, list[np.ndarray]] = {"end": [], "shaft": []}
    for curve in curves:
        f = fracture(curve)
        for key, ok in (("end", f > 0.2), ("shaft", f < -0.2)):
            run = np.flatnonzero(ok)
            if len(run) >= 3:
                parts[key].append(curve[run[0] : run[-1] + 1])
    for key, kept in parts.items():
        save(f"hand_radius_{key}_struts", struts(kept, rng.uniform(0.16, 0.40, len(kept))), FOLDER)


def make_carpals() -> None:
    """Eight bones, each its own file, so that one may move."""
    curves: list[np.ndarray] = []
    for k, (name, solid) in enumerate(carpals().items()):
        mesh = s.mesh_of(solid, (-26, -18, -8), (40, 20, 44), 0.8, 2000)
        save(f"hand_{name}", mesh, FOLDER)
        low, high = mesh.vertices.min(axis=0), mesh.vertices.max(axis=0)
        curves += upright_trabeculae(s.grown(solid, -0.4), low, high, 7.0, 260, 60 + k, 0.55)
    size = np.random.default_rng(59).uniform(0.18, 0.36, len(curves))
    save("hand_carpal_struts", struts(curves, size), FOLDER)


def make_fingers() -> None:
    """Metacarpals and phalanges together, with their marrow."""
    outside: list[Mesh] = []
    marrow: list[Mesh] = []
    for name, smooth, a, b in rays():
        low, high = np.minimum(a, b) - 11, np.maximum(a, b) + 11
        solid = s.uneven(smooth, 0.15, 8.0, int(name))
        outside.append(s.mesh_of(solid, low, high, 0.9, 1000))
        length = float(np.linalg.norm(b - a))
        along = (b - a) / length

        def cortex(p: np.ndarray, a=a, along=along, length=length) -> np.ndarray:  # noqa: ANN001
            u = (p - a) @ along / length
            return 0.55 + 1.5 * np.exp(-(((u - 0.5) / 0.24) ** 4))

        marrow.append(s.mesh_of(inside(solid, cortex), low, high, 0.9, 800))
    save("hand_fingers", outside[0].joined(*outside[1:]), FOLDER)
    save("hand_fingers_spongy", marrow[0].joined(*marrow[1:]), FOLDER)


def make_soft() -> None:
    """Skin, and the flesh under it."""
    fingers = []
    for finger, (points, halves) in RAYS.items():
        p = np.array(points, float)
        p[-1] += (p[-1] - p[-2]) / np.linalg.norm(p[-1] - p[-2]) * 3.0
        r = np.array([10.5, *(max(h * 1.35 + 3.4, 7.0) for h in halves)])
        fingers.append(s.tube(p[1:] + np.array((0, 1.5, 0)), r[1:], 4.0))
        if finger == "1":
            fingers.append(s.tube(p[:2] + np.array((0, 2, 0)), [13.0, 11.0], 2.0))
    palm = s.lofted(
        None,
        rounded(
            np.array(
                [
                    (-125, -1, 2, 34, 27, 2.2),
                    (-60, -1, 1.5, 31, 22, 2.2),
                    (-20, 0, 1, 30, 19, 2.3),
                    (5, 1, 1.5, 30.5, 18.5, 2.3),
                    (30, 4, 3, 37, 18, 2.3),
                    (60, 1, 3, 41, 16.5, 2.4),
                    (90, -2, 2, 39, 13, 2.6),
                    (105, -2, 2, 34, 10, 2.4),
                ],
                float,
            )
        ),
    )
    skin = s.uneven(s.join(palm, *fingers, smooth=9.0), 0.5, 25.0, 46)
    box = (-60, -35, -120), (85, 40, 212)
    save("hand_skin", s.mesh_of(skin, *box, 2.6, 5000), FOLDER)
    fat = lambda p: 2.6 + np.interp(p[:, 2], [-40, 0, 40, 110], [2.2, 1.4, 0.4, -0.6])  # noqa: E731
    flesh = lambda p: skin(p) + fat(p)  # noqa: E731
    save("hand_flesh", s.mesh_of(flesh, *box, 2.4, 5000), FOLDER)


MAKERS: dict[str, Callable[[], None]] = {
    "forearm": make_forearm,
    "struts": make_struts,
    "carpals": make_carpals,
    "fingers": make_fingers,
    "soft": make_soft,
}

if __name__ == "__main__":
    for chosen in sys.argv[1:] or MAKERS:
        MAKERS[chosen]()
