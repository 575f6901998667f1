"""Ribs with their cartilages, sternum, clavicle and scapula, left side."""

from __future__ import annotations

import numpy as np
from scipy.interpolate import CubicSpline
from solid import Solid, box, capsule, ellipsoid, join, mesh_of, plate, tube, turn, uneven
from spine_solids import frame, size

from fluoroview_simulated.anatomy.landmarks import VERTEBRAE, spine_y
from fluoroview_simulated.anatomy.mesh import Mesh

# Widest place, its depth y; front end x, y, z; height of the widest place.
_RIBS = {
    1: ((52, 25, 344), (36, -22, 322)), 2: ((78, 30, 316), (44, -50, 294)),
    3: ((98, 28, 288), (56, -66, 258)), 4: ((112, 24, 258), (67, -78, 229)),
    5: ((121, 20, 229), (76, -86, 199)), 6: ((127, 16, 203), (83, -91, 170)),
    7: ((131, 14, 178), (91, -90, 140)), 8: ((133, 14, 153), (101, -82, 114)),
    9: ((132, 16, 130), (111, -66, 92)), 10: ((127, 22, 106), (119, -42, 70)),
    11: ((118, 40, 80), (120, 10, 62)), 12: ((78, 80, 70), (90, 72, 63)),
}  # fmt: skip


def rib_line(number: int, n: int = 70) -> np.ndarray:
    """The middle of a rib from its head to its front end, (n, 3)."""
    level = f"T{number}"
    s = size(level)
    at, middle = frame(level)
    lift = s.height / 2 - 1 if 2 <= number <= 9 else 2.0
    yb = s.depth / 2

    def own(x: float, y: float, z: float) -> np.ndarray:
        return at @ np.array([x, y, z]) + middle

    (ax, ay, az), end = _RIBS[number]
    head = own(s.width / 2 + 2, yb - 3, lift)
    tubercle = own(s.transverse + 1, yb + 15 + 0.4 * number * (number < 11), 7.0)
    back_y = min(float(spine_y(VERTEBRAE[level])) + 42.0, 99.0)
    if number == 1:
        points = [head, tubercle, (49, 52, 357), (ax, ay, az), (49, 0, 333), end]
    elif number == 12:
        points = [head, own(30, yb + 18, 0), (56, 90, 80), (ax, ay, az), end]
    else:
        angle = (ax * 0.58, back_y, tubercle[2] - 0.22 * (tubercle[2] - az) - 2)
        side = (ax * 0.88, (back_y + ay) / 2 + 16, (angle[2] + az) / 2 + 2)
        if number == 11:
            points = [head, tubercle, angle, side, (ax, ay, az), end]
        else:
            front = ((ax + end[0]) / 2 + 9, ay + (end[1] - ay) * 0.62, az + (end[2] - az) * 0.55)
            points = [head, tubercle, angle, side, (ax, ay, az), front, end]
    points = np.asarray(points, float)
    t = np.r_[0, np.cumsum(np.sqrt(np.linalg.norm(np.diff(points, axis=0), axis=1)))]
    dense = CubicSpline(t, points)(np.linspace(0, t[-1], 400))
    arc = np.r_[0, np.cumsum(np.linalg.norm(np.diff(dense, axis=0), axis=1))]
    even = np.linspace(0, arc[-1], n)
    return np.stack([np.interp(even, arc, dense[:, k]) for k in range(3)], 1)


def _stations(number: int) -> tuple[np.ndarray, np.ndarray]:
    """Where along a rib its rings stand (0 to 1), and their size: the front end is rounded."""
    length = np.linalg.norm(np.diff(rib_line(number), axis=0), axis=1).sum()
    end = 6.5 / length
    u = np.sin(np.linspace(0, np.pi / 2, 8))
    s = np.concatenate([np.linspace(0, 1 - end, 66)[:-1], 1 - end + end * u])
    rounded = np.sqrt(np.clip(1.0 - (np.clip((s - 1 + end) / end, 0, 1) ** 3), 0.0, 1.0))
    return s, np.maximum(rounded, 0.12)


_NOTCHES = {
    1: (23, -43, 328), 2: (19, -56, 303), 3: (17, -63, 280), 4: (18, -70, 256), 5: (20, -76, 234),
    6: (20, -82, 213), 7: (14, -87, 196), 8: (55, -94, 158), 9: (72, -90, 126), 10: (88, -78, 98),
}  # fmt: skip
"""Where each cartilage ends: at the sternum, from the eighth on at the one above."""


def cartilage(number: int, sides: int = 8) -> Mesh:
    """What joins a left rib to the sternum: on in the rib's way, then upwards to its notch."""
    line = rib_line(number)
    end, onward = line[-1], line[-1] - line[-5]
    onward = onward / np.linalg.norm(onward)
    notch = np.array(_NOTCHES[number], float)
    span = np.linalg.norm(notch - end)
    low = end + onward * 0.38 * span
    low[2] -= 0.05 * span
    t = np.linspace(0, 1, 26)[:, None]
    near = notch + (low - notch) * 0.45
    points = (
        (1 - t) ** 3 * (end - 3.0 * onward)
        + 3 * (1 - t) ** 2 * t * low
        + 3 * (1 - t) * t**2 * near
        + t**3 * notch
    )
    tangent = np.gradient(points, axis=0)
    tangent /= np.linalg.norm(tangent, axis=1, keepdims=True)
    out = np.cross(tangent, [0.0, 0.0, 1.0])
    out /= np.linalg.norm(out, axis=1, keepdims=True)
    up = np.cross(out, tangent)
    angle = 2 * np.pi * np.arange(sides) / sides
    uneven_tall = 6.0 - 1.2 * t + 0.5 * np.sin(17 * t + number)
    ends = np.clip(np.minimum(t, 1 - t) / 0.06, 0.2, 1) ** 0.5
    return swept(
        points[:, None]
        + out[:, None] * (np.cos(angle) * 3.6 * ends)[..., None]
        + up[:, None] * (np.sin(angle) * uneven_tall * ends)[..., None]
    )


def rib(number: int, sides: int = 12) -> Mesh:
    """One left rib: flat, its lower edge sharp over the groove, its neck round."""
    s, rounded = _stations(number)
    line = np.stack([np.interp(s, np.linspace(0, 1, 400), c) for c in rib_line(number, 400).T], 1)
    n = len(line)
    tangent = np.gradient(line, axis=0)
    tangent /= np.linalg.norm(tangent, axis=1, keepdims=True)
    heart = np.array([0.0, 10.0, 0.0])
    out = line * [1, 1, 0] - heart
    out[:, 2] = 45.0 if number == 2 else 12.0
    neck = np.exp(-((s / 0.09) ** 2))[:, None]
    out = out / np.linalg.norm(out, axis=1, keepdims=True)
    if number == 1:  # flat from above
        out = out * 0.25 + np.array([0, -0.35, 0.9])
    out = out * (1 - neck) + neck * np.array([0.2, -0.4, 0.9] if number == 1 else [0.2, 0.9, 0.1])
    out -= tangent * np.einsum("ij,ij->i", out, tangent)[:, None]
    out /= np.linalg.norm(out, axis=1, keepdims=True)
    up = np.cross(tangent, out)
    up *= np.sign(up[:, 2:3].sum() or 1.0)
    flare = np.clip((s - 0.84) / 0.14, 0, 1) ** 2 * (number < 11)
    tall = (5.9 if number < 11 else 4.6) * (1 - 0.16 * np.sin(np.pi * s)) + 1.7 * flare
    knob = 1.3 * np.exp(-(((s - 0.10) / 0.03) ** 2)) + 1.6 * np.exp(-((s / 0.025) ** 2))
    tall = tall * (1 - 0.35 * neck[:, 0]) + knob
    thick = 3.1 * np.ones(n) + 0.9 * neck[:, 0] + knob - 0.5 * s
    if number > 10:
        shrink = 1 - 0.45 * s**3
        tall, thick = tall * shrink, thick * shrink
    tall, thick = tall * rounded, (thick + 0.4 * flare) * rounded
    angle = 2 * np.pi * np.arange(sides) / sides
    c, d = np.cos(angle), np.sin(angle)
    rings = (
        line[:, None]
        + out[:, None] * (c * (0.62 + 0.38 * (d > -0.3)))[None, :, None] * thick[:, None, None]
        + up[:, None] * d[None, :, None] * tall[:, None, None]
    )
    return swept(rings)


def swept(rings: np.ndarray) -> Mesh:
    """A closed mesh over rings (n, sides, 3) of points."""
    n, sides, _ = rings.shape
    vertices = np.concatenate([rings.reshape(-1, 3), rings[:1].mean(1), rings[-1:].mean(1)])
    k = np.arange(sides)
    nxt = (k + 1) % sides
    faces = []
    for i in range(n - 1):
        a, b = i * sides, (i + 1) * sides
        faces += [np.stack([a + k, a + nxt, b + nxt], 1), np.stack([a + k, b + nxt, b + k], 1)]
    first, end = n * sides, (n - 1) * sides
    faces.append(np.stack([np.full(sides, first), nxt, k], 1))
    faces.append(np.stack([np.full(sides, first + 1), end + k, end + nxt], 1))
    mesh = Mesh(vertices.astype(np.float32), np.concatenate(faces).astype(np.int32))
    return mesh if mesh.volume_ml > 0 else Mesh(mesh.vertices, mesh.faces[:, ::-1].copy())


def sternum() -> Solid:
    """Manubrium, body with faint segments, xiphoid; leaning forward as it goes down."""
    manubrium = join(
        box((0, -44, 330), (24, 6, 13), 5, turn(x_deg=-24).T),
        box((0, -53, 309), (17, 5.5, 14), 5, turn(x_deg=-24).T),
        smooth=8,
    )
    notch = capsule((0, -60, 352), (0, -20, 352), 11)
    pieces = [
        box((0, -60 - 0.30 * (297 - z), z), (a, 5.0, 17), 4.5, turn(x_deg=-17).T)
        for z, a in ((284, 14), (258, 15.5), (232, 17.5), (208, 18.0), (188, 13))
    ]
    xiphoid = capsule((0, -95, 178), (1, -97, 158), 6, 3.5)
    bone = join(join(*pieces, smooth=5), join(manubrium, smooth=1), xiphoid, smooth=2)
    return uneven(lambda p: np.maximum(bone(p), -notch(p)), 0.5, 18.0, 8)


def clavicle() -> Solid:
    """An S from the manubrium to the acromion."""
    line = [
        (19, -44, 340), (40, -56, 343), (64, -55, 347), (88, -38, 351), (110, -14, 353),
        (128, 3, 352), (139, 10, 350),
    ]  # fmt: skip
    fine = CubicSpline(np.arange(7), np.array(line, float))(np.linspace(0, 6, 19))
    radius = np.interp(np.linspace(0, 6, 19), range(7), [8.3, 6.2, 5.6, 5.4, 5.6, 6.4, 6.0])
    return uneven(tube(fine, radius, smooth=3), 0.4, 15.0, 9)


def scapula() -> Solid:
    """Blade with thick borders, spine and acromion, glenoid and coracoid."""
    n = 150
    medial = CubicSpline(
        [0, 0.35, 0.8, 1], [(72, 82, 338), (66, 96, 305), (74, 106, 235), (86, 103, 205)]
    )
    lateral = CubicSpline(
        [0, 0.35, 0.8, 1], [(118, 45, 345), (138, 44, 308), (112, 82, 240), (92, 100, 207)]
    )
    s = np.linspace(0, 1, n)
    t = np.linspace(0, 1, n)[None, :, None]
    grid = medial(s)[:, None] * (1 - t) + lateral(s)[:, None] * t
    grid[..., 1] += 6 * np.sin(np.pi * t[..., 0])
    edge = 2.6 * np.exp(-(((1 - t[..., 0]) / 0.06) ** 2)) + 1.2 * np.exp(-((t[..., 0] / 0.05) ** 2))
    blade = plate(grid.reshape(-1, 3), np.broadcast_to(1.2 + edge, (n, n)).ravel())
    spine_low = CubicSpline([0, 0.5, 1], [(68, 98, 308), (104, 76, 322), (134, 54, 330)])
    spine_high = CubicSpline([0, 0.5, 1], [(67, 104, 311), (106, 96, 333), (150, 66, 350)])
    ridge = spine_low(s)[:, None] * (1 - t) + spine_high(s)[:, None] * t
    thick = 1.5 + 3.0 * np.exp(-(((1 - t[..., 0]) / 0.15) ** 2))
    ridge = plate(ridge.reshape(-1, 3), np.broadcast_to(thick, (n, n)).ravel())
    acromion = tube([(150, 66, 350), (163, 44, 357), (160, 20, 357)], [5.5, 6.5, 5.5], smooth=4)
    glenoid = ellipsoid((143, 36, 318), (7, 13, 19), turn(z_deg=-32).T)
    neck = capsule((128, 48, 318), (141, 38, 320), 8, 10)
    coracoid = tube([(133, 36, 338), (128, 18, 345), (136, -4, 338)], [7.5, 6.5, 5.0], smooth=4)
    bone = join(blade, ridge, acromion, neck, glenoid, coracoid, smooth=6)
    narrow = np.array([1.0 / 0.92, 1.0, 1.0])
    return lambda p: 0.92 * bone(p * narrow)


MAKERS = {
    **{f"rib_{i}": (lambda i=i: rib(i)) for i in _RIBS},
    **{f"costal_{i}": (lambda i=i: cartilage(i)) for i in _NOTCHES},
    "sternum": lambda: mesh_of(sternum(), (-32, -108, 148), (32, -28, 350), 1.4, 5000),
    "clavicle": lambda: mesh_of(clavicle(), (5, -72, 325), (165, 25, 368), 1.3, 3000),
    "scapula": lambda: mesh_of(scapula(), (53, -16, 198), (164, 116, 370), 1.4, 9000),
}
