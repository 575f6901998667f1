"""The skull as solids: vault and base about the room of the brain, face, jaw, air spaces.

Everything is laid out in patient coordinates. The cranium is what lies between the brain's room and
a surface some millimetres outside of it, so that both tables follow the same shape.
"""

from __future__ import annotations

from itertools import pairwise

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
    tube,
    turn,
    uneven,
)
from spine_solids import both, oval, squeezed_about

ORBIT = (32.0, -70.0, 543.0)
"""Middle of the left orbit's opening."""


def _hull() -> Solid:
    """The brain's room as if nothing stood into it: an egg, broader behind, over three fossae."""

    def egg(p: np.ndarray) -> np.ndarray:
        x, y, z = p.T
        front = np.clip((10.0 - y) / 95.0, 0.0, 1.0)
        u = np.abs(x) / (66.5 - 12.5 * front * front * (3 - 2 * front))
        v = np.abs(y - 1.0) / np.where(y < 1.0, 88.0, 89.0)
        up = z - 574.0 - 0.02 * (y - 1.0)
        w = np.abs(up) / np.where(up > 0, 59.5, 46.0)
        return ((u**2.25 + v**2.25 + w**2.25) ** (1 / 2.25) - 1.0) * 58.0

    return join(
        egg,
        both(ellipsoid((39, -17, 556), (24, 29, 23))),
        both(ellipsoid((26, 55, 545), (32, 33, 33))),
        smooth=14.0,
    )


def brain_room() -> Solid:
    """The hull of the cranial cavity, without what stands into it from the base."""
    # The roofs of the orbits, higher at the sides than over the nose.
    floor = join(
        both(ellipsoid((32, -78, 543), (34, 44, 20.5))),
        box((0, -78, 538), (22, 44, 20.0), 6.0),
        box((0, -92, 530), (60, 50, 26.0), 10.0),
        smooth=6.0,
    )
    return cut(_hull(), floor, smooth=5.0)


def _base_bodies() -> Solid:
    """Body of the sphenoid, clivus and petrous ridges: what stands into the cavity."""
    clivus = squeezed_about(
        tube([(0, 19, 516), (0, 4, 536), (0, -10, 556)], [6.5, 8.0, 7.5]), (0, 5, 535), (1.75, 1, 1)
    )
    sphenoid = box((0, -25, 547), (17, 17, 12), 5.0)
    dorsum = box((0, -9.5, 562), (9, 2.0, 7.5), 1.6, turn(x_deg=-18).T)
    tuberculum = ellipsoid((0, -31, 559), (12, 6, 3.5))
    clinoid = capsule((11.5, -25, 565.5), (14, -33, 566), 2.2, 3.0)
    wing = tube([(13, -33, 564.5), (32, -41, 563.5), (51, -45, 568)], [3.0, 2.4, 2.8], smooth=3.0)
    ridge = tube(
        [(11, -8, 543), (26, 4, 548), (42, 14, 550), (60, 26, 545)], [6.0, 8.0, 9.5, 11.0],
        smooth=4.0,
    )  # fmt: skip
    protuberance = squeezed_about(
        tube([(0, 92, 545), (0, 84, 528), (0, 62, 513)], [5.0, 4.5, 3.0]), (0, 85, 530), (0.8, 1, 1)
    )
    return join(
        clivus, sphenoid, dorsum, tuberculum, both(clinoid), both(wing), both(ridge), protuberance,
        smooth=3.5,
    )  # fmt: skip


def thickness(p: np.ndarray) -> np.ndarray:
    """Of the bone about the cavity: thick vault, thin temporal squama and floor."""
    x, y, z = np.abs(p[:, 0]), p[:, 1], p[:, 2]
    thick = 5.0 + 1.2 * np.exp(-(((y - 85) / 25) ** 2)) + 0.8 * np.sin(x * 0.045 + y * 0.03)
    temple = np.exp(-(((y + 12) / 30) ** 2) - ((z - 560) / 26) ** 2) * np.clip((x - 40) / 18, 0, 1)
    floor = 1.0 / (1.0 + np.exp((z - 545) / 6.0)) * np.clip((88 - y) / 30, 0.15, 1)
    roof = 1.0 / (1.0 + np.exp((z - 575) / 4.0)) * np.clip((-42 - y) / 10, 0, 1)
    return thick - 3.2 * temple - 2.2 * floor - 3.4 * roof * (x < 52)


def sinuses(inset: float = 0.0) -> dict[str, Solid]:
    """Air in the bones of the face, each smaller by `inset`."""
    maxillary = both(
        join(
            ellipsoid((26.5, -62, 519), (12.5, 16.5, 14.5)),
            ellipsoid((36, -60, 523), (9, 9, 7)),
            ellipsoid((26, -60, 508), (9, 13, 7)),
            smooth=7.0,
        )
    )
    rng = np.random.default_rng(7)
    cells = [
        ellipsoid(
            (rng.uniform(5.0, 10.5), -80 + 3.6 * i + rng.normal(0, 1.2), 541 + rng.normal(0, 5.5)),
            rng.uniform(2.6, 4.6, 3),
        )
        for i in range(13)
    ]
    frontal = join(
        both(ellipsoid((9, -90.5, 566), (8, 4.2, 11))),
        both(ellipsoid((21, -88, 568), (9, 3.8, 7.5))),
        ellipsoid((4, -91, 575), (8, 3.5, 7)),
        smooth=4.0,
    )
    sphenoid = cut(
        join(ellipsoid((7.5, -24, 546), (9, 13, 9)), ellipsoid((-7.5, -25, 545), (8.5, 12.5, 9.5))),
        box((0.6, -24, 546), (0.8, 20, 16), 0.0),
    )
    named = {
        "maxillary": uneven(maxillary, 0.8, 18.0, 4),
        "ethmoid": both(join(*cells)),
        "frontal": uneven(frontal, 1.2, 14.0, 5),
        "sphenoid": sphenoid,
    }
    return {name: grown(solid, -inset) for name, solid in named.items()}


def orbits(extra: float = 0.0) -> Solid:
    """The rooms of the eyes: pyramids with round edges, open in front."""
    cone = join(
        ellipsoid((33, -72, 543), (19.0, 16, 17.2)),
        ellipsoid((27, -58, 544), (15.5, 16, 14.5)),
        ellipsoid((20, -44, 547), (9, 12, 8.5)),
        ellipsoid((37, -90, 542), (19.5, 18, 17.0)),
        smooth=8.0,
    )
    return both(grown(cone, extra))


def ear_canals() -> Solid:
    """External and internal auditory meatus, and the canal of the carotid."""
    outer = capsule((80, 4, 529), (49, 3, 530), 4.2)
    inner = capsule((6, 12, 539), (28, 13, 540), 2.8)
    return both(join(outer, inner))


def cranium() -> Solid:
    """Vault and base with foramen magnum, mastoids and styloids; hollow."""
    room = brain_room()
    bodies = _base_bodies()
    whole = _hull()
    forehead = common(
        lambda p: whole(p) - thickness(p), half_space((0, 0, 556), (0, 0.15, -1)),
        half_space((0, -58, 0), (0, 1, 0)), smooth=3.0,
    )  # fmt: skip
    hull = join(lambda p: room(p) - thickness(p), forehead, smooth=2.0)
    hull = uneven(hull, 0.9, 55.0, 2)
    mastoid = both(
        join(
            ellipsoid((54, 21, 526), (11, 17, 15)), capsule((54, 19, 519), (52, 15, 509), 9.5, 4.5),
            smooth=7.0,
        )
    )  # fmt: skip
    styloid = both(capsule((43, 6, 516), (38, -6, 488), 2.6, 1.2))
    condyle = both(oval((17, 12, 511), (21, 31, 510), (6.0, 5.0), (6.0, 4.5)))
    inion = ellipsoid((0, 95, 543), (8, 4.5, 6))
    brow = both(tube([(4, -90, 560), (20, -89.5, 563), (38, -82, 563), (50, -68, 555)],
                     [5.5, 5.0, 5.0, 4.5], smooth=6.0))  # fmt: skip
    eminence = both(tube([(66, 6, 531), (58, -8, 531), (52, -18, 531)], [4.0, 3.5, 3.0], smooth=3))
    solid = join(hull, bodies, mastoid, styloid, condyle, inion, brow, eminence, smooth=4.0)
    inside = cut(room, bodies, smooth=2.5)
    pituitary = ellipsoid((0, -17.5, 564.5), (7.5, 6.2, 8.0))
    magnum = squeezed_about(capsule((0, 35, 495), (0, 35, 530), 15.0), (0, 35, 512), (1, 1.2, 1))
    joint = both(ellipsoid((51.5, -8.5, 524), (11, 7, 7)))
    hollow = grown(orbits(), 0.0)
    air = sinuses()
    return cut(
        solid, inside, magnum, pituitary, joint, hollow, ear_canals(), air["frontal"],
        air["sphenoid"], air["ethmoid"], nasal_room(), smooth=1.2,
    )  # fmt: skip


def petrous() -> Solid:
    """The dense bone about the inner ear, left side, without its canals."""
    pyramid = tube(
        [(14, -5, 541), (27, 4, 543), (39, 13, 544), (50, 20, 541)],
        [4.5, 7.5, 9.0, 8.0],
        smooth=4.0,
    )
    solid = uneven(pyramid, 0.8, 12.0, 8)
    labyrinth = join(
        capsule((24, 4, 540), (30, 5, 541), 2.6),
        ellipsoid((36, 11, 545), (3.2, 3.2, 3.2)),
        smooth=1.0,
    )
    carotid = tube([(27, 2, 528), (25, 2, 536), (15, -5, 540)], 3.2, smooth=2.0)
    return cut(solid, capsule((4, 12, 539), (28, 13, 540), 2.8), labyrinth, carotid, smooth=1.0)


def mastoid_cells(seed: int = 3) -> Solid:
    """Air cells of the left mastoid: larger and smaller bubbles about the antrum."""
    rng = np.random.default_rng(seed)
    bubbles = []
    while len(bubbles) < 120:
        p = rng.normal((53, 23, 525), (5.5, 8.5, 8.0))
        r = rng.gamma(6.0, 0.36)
        q = (p - (54, 21, 524)) / (10.5, 16.5, 17)
        if np.linalg.norm(q) + r / 14.0 < 1.0:
            bubbles.append(ellipsoid(p, r * rng.uniform(0.8, 1.3, 3)))
    return join(*bubbles)


def nasal_room(inset: float = 0.0) -> Solid:
    """The nasal cavity, both sides, behind the pear-shaped opening."""

    def distance(p: np.ndarray) -> np.ndarray:
        x, y, z = np.abs(p[:, 0]), p[:, 1], p[:, 2]
        half = np.interp(z, (503, 506, 516, 530, 542, 554, 557), (6, 12.5, 14, 10, 4.5, 2.2, 1.0))
        half = half * np.interp(y, (-92, -84, -40, -30), (0.85, 1.0, 0.95, 0.8)) - inset
        front = -92.0 + 0.62 * np.clip(z - 524, 0, 40) * 0.35
        return np.maximum.reduce([x - half, 503.5 + inset - z, z - 557, front - y, y + 31])

    return distance


def conchae() -> Solid:
    """Turbinates and septum, in the air of the nose."""
    lower = tube([(8.5, -80, 511), (9.5, -62, 511), (8, -42, 513)], [3.0, 4.0, 3.0], smooth=3.0)
    middle = tube([(6.5, -74, 526), (7, -60, 525), (6, -44, 526)], [2.4, 3.2, 2.4], smooth=3.0)
    upper = tube([(4.5, -62, 538), (4.5, -46, 537)], 1.8)
    flat = squeezed_about(both(join(lower, middle, upper)), (0, -60, 520), (1, 1, 1.35))
    septum = box((0.4, -62, 529), (1.1, 30, 27), 0.8)
    return join(flat, septum)


def face() -> Solid:
    """Maxillae, cheekbones, nasal bones, walls of orbits and nose, palate, pterygoid plates."""
    maxilla = both(
        join(
            ellipsoid((22, -65, 515), (19, 23, 24)),
            ellipsoid((14, -79, 500), (15, 12, 10)),
            ellipsoid((24, -60, 499), (11, 20, 10)),
            smooth=10.0,
        )
    )
    cheek = both(
        tube(
            [(36, -76, 523), (47, -70, 524), (53, -60, 527), (53, -60, 541), (50, -62, 553)],
            [7.0, 7.5, 5.5, 4.5, 4.0], smooth=6.0,
        )
    )  # fmt: skip
    arch = both(
        squeezed_about(
            tube([(52, -58, 525), (62, -42, 526), (67, -22, 529), (65, -4, 532)],
                 [4.5, 3.6, 3.4, 3.6], smooth=3.0),
            (0, -30, 528), (0.62, 1, 1.15),
        )
    )  # fmt: skip
    rim = both(
        tube([(13, -86, 548), (17, -84, 531), (30, -83, 525), (44, -76, 527)], [4.0, 3.8, 3.4, 4.0],
             smooth=3.0)
    )  # fmt: skip
    outer_rim = both(
        tube([(44, -76, 527), (50, -71, 536), (52, -68, 547), (49, -72, 557)], [3.6, 3.4, 3.4, 4.0],
             smooth=3.0)
    )  # fmt: skip
    nasal = both(tube([(2, -96, 558), (3.5, -101, 546), (4.5, -106, 536)], [3.4, 2.4, 1.4]))
    frontal_process = both(tube([(9, -93, 556), (11, -93, 538), (14, -87, 522)], [3.0, 3.0, 4.0]))
    block = box((0, -60, 541), (17, 32, 14), 5.0)  # ethmoid
    outer_wall = both(tube([(51, -62, 552), (44, -52, 545), (36, -44, 545)], [3, 2.4, 2.4]))
    plates = both(
        join(
            box((11, -28, 512), (1.2, 6, 17), 0.8, turn(x_deg=8)),
            box((17, -26, 513), (1.2, 6.5, 16), 0.8, turn(x_deg=8, z_deg=20)),
            ellipsoid((14, -33, 517), (5, 3, 15)), smooth=2.0,
        )
    )  # fmt: skip
    spine = capsule((0, -84, 504), (0, -92, 504.5), 3.0, 1.2)
    solid = join(maxilla, cheek, rim, outer_rim, frontal_process, block, outer_wall, smooth=4.0)
    solid = join(solid, arch, nasal, spine, plates, smooth=2.5)
    air = sinuses()
    mouth = box((0, -52, 482), (19, 30, 18.5), 8.0)
    behind = both(ellipsoid((52, -38, 510), (17, 24, 30)))
    brain = grown(brain_room(), 1.2)
    return cut(
        solid, orbits(), air["maxillary"], air["ethmoid"], air["frontal"], nasal_room(), mouth,
        behind, brain, half_space((0, 0, 492), (0, 0, 1)), smooth=1.5,
    )  # fmt: skip


def palate() -> Solid:
    """Hard palate, a thin vault."""
    plate = common(
        ellipsoid((0, -55, 500.0), (23, 33, 3.6)), half_space((0, -31, 0), (0, 1, 0)), smooth=2.0
    )
    return cut(plate, ellipsoid((0, -54, 495.5), (21, 34, 5.4)), smooth=1.0)


def mandible() -> Solid:
    """Lower jaw with its canals left to the marrow."""
    rows = np.array(
        [
            # x, y, z, half thickness, half height
            (0, -83.0, 452, 6.0, 18.5), (7, -82.0, 452, 5.8, 18.5), (15, -77.5, 453, 5.6, 17.5),
            (21, -68.5, 455, 5.8, 16.5), (26, -57, 458, 6.2, 15.0), (32, -44, 461.5, 6.2, 13.5),
            (39, -32, 464, 5.4, 12.5), (44, -22, 468, 4.4, 13.0),
        ],
        float,
    )  # fmt: skip
    at = np.linspace(0, len(rows) - 1, 22)
    rows = np.stack([np.interp(at, np.arange(len(rows)), c) for c in rows.T], 1)
    body = join(
        *(oval(a[:3], b[:3], a[3:], b[3:]) for a, b in pairwise(rows)),
        smooth=0.8,
    )
    chin = ellipsoid((0, -87, 438.5), (12, 4.5, 6.5))
    ramus = box((46.5, -22, 484), (3.4, 15.5, 27), 3.2, turn(x_deg=-9, y_deg=6))
    angle = ellipsoid((44.5, -17, 465), (4.0, 11, 12))
    neck = capsule((48.5, -14, 506), (51, -9, 521), 4.5, 4.0)
    condyle = ellipsoid((51.5, -8.5, 523.5), (9.5, 4.6, 4.6))
    coronoid = tube([(47, -32, 497), (47.5, -36, 508), (47.5, -37, 516)], [5.0, 3.8, 1.8])
    coronoid = squeezed_about(coronoid, (47, -34, 500), (0.62, 1, 1))
    half = join(body, ramus, angle, neck, condyle, coronoid, smooth=5.0)
    notch = ellipsoid((49, -24, 521), (14, 8.5, 11))
    return uneven(join(both(cut(half, notch, smooth=3.0)), chin, smooth=5.0), 0.5, 16.0, 9)


def hyoid() -> Solid:
    """Body and greater horns."""
    body = squeezed_about(
        tube([(-11, -36, 440), (0, -40.5, 440), (11, -36, 440)], 4.2, smooth=2),
        (0, -38, 440),
        (1, 0.7, 1.3),
    )
    horn = both(tube([(12, -35, 441), (17, -22, 447), (18, -11, 453)], [3.0, 2.0, 2.2], smooth=1.5))
    return join(body, horn, smooth=2.5)


def cartilage() -> Solid:
    """Thyroid and cricoid cartilage, as far as they are calcified."""
    wing = box((11, -22, 424), (1.3, 14.5, 12), 1.0, turn(z_deg=36))
    upper = both(capsule((16.5, -12, 434), (15, -10, 446), 1.6, 1.2))
    lower = both(capsule((15.5, -11, 414), (13.5, -10, 405), 1.8, 1.5))
    ring = cut(
        squeezed_about(ellipsoid((0, -20, 408), (15, 13.5, 9)), (0, -20, 408), (1, 1, 1)),
        squeezed_about(capsule((0, -20, 390), (0, -20, 430), 10.0), (0, -20, 408), (1, 1, 1)),
        half_space((0, -30, 404), (0, -0.5, -1)),
    )
    ring = common(ring, half_space((0, -24, 412), (0, -0.75, 1.0)))
    return join(both(wing), upper, lower, ring, smooth=1.0)
