"""The vessels of one side of the brain: internal carotid with its branches, veins and sinuses.

The trunks are laid by hand along the skull's landmarks; the vessels of the cortex run on the
surface of the brain and sprout there, which takes seconds: so it is done here, and stored. All of
the left side, x to the left.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from solid import Solid, common

from fluoroview_simulated.anatomy.vessels import Branch, Tree, smooth_line, sprouted, tree_of

MIDDLE = np.array([0.0, 1.0, 574.0])
STEP_MM = 2.0

Line = Sequence[Sequence[float]]


def _depth(points: np.ndarray) -> np.ndarray:
    """1 on the surface of the hemispheres, less inside; the egg of the brain's room, inset."""
    x, y, z = points.T
    front = np.clip((10.0 - y) / 95.0, 0.0, 1.0)
    u = np.abs(x) / (63.5 - 12.5 * front * front * (3 - 2 * front))
    v = np.abs(y - 1.0) / np.where(y < 1.0, 85.0, 86.0)
    up = z - 574.0 - 0.02 * (y - 1.0)
    w = np.abs(up) / np.where(up > 0, 56.0, 42.0)
    return (u**2.25 + v**2.25 + w**2.25) ** (1 / 2.25)


def on_cortex(points: np.ndarray) -> np.ndarray:
    """Points brought to the surface of the brain, not across the middle."""
    p = np.array(points, float)
    p[:, 0] = np.maximum(p[:, 0], 2.0)
    away = p - MIDDLE
    p = MIDDLE + away / np.maximum(_depth(p), 0.05)[:, None]
    p[:, 0] = np.maximum(p[:, 0], 2.0)
    return p


def on_medial(points: np.ndarray) -> np.ndarray:
    """Points brought to the medial surface, next to the falx, and over its edge."""
    p = np.array(points, float)
    deep = _depth(p)
    out = deep > 1.0
    if out.any():
        p[out] = on_cortex(p[out])
    inside = ~out
    p[inside, 0] = np.clip(p[inside, 0], 1.2, 4.0)
    return p


def _left(points: np.ndarray) -> np.ndarray:
    """Points kept on the left of the falx."""
    return np.column_stack([np.maximum(points[:, 0], 1.5), points[:, 1:]])


def territory(medial: bool) -> Solid:
    """The brain that the anterior (medial) or the middle cerebral artery feeds."""

    def brain(p: np.ndarray) -> np.ndarray:
        return (_depth(p) - 1.0) * 55.0

    def border(p: np.ndarray) -> np.ndarray:
        x, y, z = p.T
        reach = 15.0 + 9.0 * np.clip((z - 598) / 30, 0, 1) + 3.0 * np.sin(0.11 * y + 0.07 * z)
        return x - np.clip(reach - 0.25 * np.maximum(y - 25, 0), 4.0, 40.0)

    def occipital(p: np.ndarray) -> np.ndarray:
        return (p[:, 1] - 70.0) + 0.45 * (592 - p[:, 2])

    def floor(p: np.ndarray) -> np.ndarray:
        return 572.0 - p[:, 2] - 0.4 * np.clip(-20 - p[:, 1], 0, 50)

    if medial:
        return common(brain, border, occipital, floor, lambda p: 1.0 - p[:, 0], smooth=4.0)
    return common(brain, lambda p: -border(p), occipital, smooth=5.0)


def _at(y: float, z: float, inset: float = 0.0) -> tuple[float, float, float]:
    """The lateral surface of the left hemisphere at a depth and a height."""
    low, high = 2.0, 70.0
    for _ in range(30):
        x = (low + high) / 2
        if _depth(np.array([[x, y, z]]))[0] > 1.0:
            high = x
        else:
            low = x
    return (low - inset, y, z)


# Each branch of the middle cerebral on the cortex: from which trunk, where it leaves the insula
# (y, z of the loop's top or bottom), where it comes out of the fissure, and its course (y, z).
_CORTICAL: tuple[tuple[str, str, tuple, tuple, tuple], ...] = (
    ("orbitofrontal", "superior", (-27, 589), (-33, 580), ((-45, 577), (-60, 575), (-72, 580))),
    ("prefrontal", "superior", (-24, 597), (-28, 584), ((-40, 596), (-54, 607), (-60, 617))),
    ("precentral", "superior", (-16, 601), (-20, 586), ((-24, 602), (-34, 615), (-36, 626))),
    ("central", "superior", (-8, 603), (-10, 588), ((-9, 604), (-14, 618), (-9, 628))),
    ("anterior parietal", "superior", (1, 604), (2, 590), ((6, 606), (6, 619), (13, 628))),
    ("posterior parietal", "inferior", (10, 603), (14, 592), ((26, 603), (34, 615), (42, 620))),
    ("angular", "inferior", (17, 601), (27, 594), ((42, 598), (57, 602), (66, 604))),
    ("temporo-occipital", "inferior", (19, 596), (32, 588), ((48, 586), (63, 581), (74, 577))),
    ("posterior temporal", "inferior", (15, 588), (22, 579), ((34, 569), (48, 562), (58, 558))),
    ("middle temporal", "inferior", (5, 584), (8, 575), ((16, 563), (26, 554), (34, 549))),
    ("anterior temporal", "M1", (-16, 574), (-14, 570), ((-8, 560), (0, 552), (8, 548))),
    ("temporopolar", "M1", (-26, 571), (-30, 568), ((-36, 560), (-36, 552), (-28, 547))),
)


def _cortical(rng: np.random.Generator) -> list[Branch]:
    """The loops over the insula and the branches on the convexity (the candelabra)."""
    branches = []
    for name, trunk, top, out, course in _CORTICAL:
        sway = rng.normal(0, 1.3, 4)
        start = {
            "superior": (43.0, -14.0 + 0.35 * (top[0] + 14), 588.0),
            "inferior": (43.5, 0.6 * top[0], 585.0),
            "M1": (29.0 if name == "temporopolar" else 35.0, -19.0, 577.5),
        }[trunk]
        line = [start]
        if trunk != "M1":
            line += [
                (44.5, (start[1] + top[0]) / 2 + sway[0], (start[2] + top[1]) / 2),
                (46.5, top[0] + sway[1], top[1] + 0.5 * sway[2]),
            ]
        else:
            line += [(44.0, top[0], top[1] - 2)]
        exit_ = _at(out[0] + sway[3], out[1])
        line += [((46.5 + exit_[0]) / 2, (top[0] + out[0]) / 2, (top[1] + out[1]) / 2 + 1.5), exit_]
        line += [_at(y, z) for y, z in course]
        fine, _ = smooth_line(line, 9.0)
        outer = np.clip((_depth(fine) - 0.86) / 0.1, 0, 1)[:, None]
        bumpy = fine + rng.normal(0, 1.5, fine.shape) * outer
        fine = (1 - outer) * fine + outer * on_cortex(bumpy)
        radii = np.array([1.0, 0.92, 0.85, 0.72, 0.55, 0.34]) * rng.uniform(0.9, 1.1)
        if trunk == "M1":
            radii = radii * 0.75
        parent = "M1" if trunk == "M1" else f"M2 {trunk}"
        branches.append(Branch(name, fine, radii, parent))
    return branches


_ICA = (
    (29, 3.5, 488), (31, 5, 503), (29, 4, 517), (27, 2, 528),
    (24.5, 0, 537), (19, -4, 541.5), (14, -8, 544), (12, -11, 550), (11.5, -15.5, 555),
    (11, -22, 556.5), (11, -29.5, 556.5), (11.5, -35.5, 559.5), (12, -35.5, 565),
    (12.5, -29.5, 568.5),
    (13.5, -23, 570.5), (14.5, -20.5, 574), (15, -19, 577.5),
)  # fmt: skip
_TRUNKS: tuple[Branch, ...] = (
    Branch("ICA", _ICA, (2.45, 2.4, 2.4, 2.35, 2.2, 2.1, 2.0, 1.75)),
    Branch("ophthalmic", [(12, -33, 567.5), (15, -40, 563), (20, -52, 557), (17, -64, 555),
                          (14, -76, 556), (13, -88, 560)], (0.75, 0.6, 0.4), "ICA"),
    Branch("PCom", [(13, -25, 569.5), (13, -18, 568), (11.5, -10, 567.5), (11, -3, 569)],
           (0.85, 0.75), "ICA"),
    Branch("PCA", [(11, -3, 569), (17, 4, 570), (24, 14, 571.5), (24, 28, 574), (17, 42, 577),
                   (11, 56, 579), (9, 70, 577), (9, 80, 574)], (0.95, 0.9, 0.7, 0.4), "PCom"),
    Branch("PCA temporal", [(24, 16, 571), (34, 26, 563), (42, 40, 558), (44, 54, 558)],
           (0.65, 0.35), "PCA"),
    Branch("calcarine", [(17, 42, 577), (8, 54, 586), (4, 68, 590), (5, 80, 586)],
           (0.6, 0.3), "PCA"),
    Branch("anterior choroidal", [(13.8, -22.5, 571.5), (18, -14, 570), (23, -3, 572),
                                  (26, 9, 578), (25, 18, 584)], (0.5, 0.42, 0.25), "ICA"),
    Branch("M1", [(15, -19, 577.5), (22, -20, 578.5), (29, -19, 577.5), (36, -18.5, 577.5),
                  (40, -18, 579)], (1.5, 1.4, 1.35), "ICA"),
    Branch("M2 superior", [(40, -18, 579), (43, -17, 584), (43.5, -15, 590), (44, -13, 594)],
           (1.15, 1.05, 0.9), "M1"),
    Branch("M2 inferior", [(40, -18, 579), (43, -12, 581), (43.5, -2, 584), (44, 8, 587),
                           (45, 13, 591)], (1.2, 1.1, 0.95), "M1"),
    Branch("A1", [(15, -19, 577.5), (11, -22.5, 579), (7, -26, 579), (3, -29, 579.5)],
           (1.2, 1.1), "ICA"),
    Branch("A2", [(3, -29, 579.5), (1.6, -35, 582), (2.8, -41.5, 589), (1.4, -44.5, 597),
                  (2.6, -42, 604)], (1.05, 1.0, 0.95), "A1"),
    Branch("pericallosal", [(2.0, -42, 604), (3.4, -33, 609.5), (1.4, -18, 611.5), (3.2, 0, 611.5),
                            (1.6, 16, 609), (3.0, 29, 602), (2.6, 37, 593)], (0.9, 0.7, 0.3), "A2"),
    Branch("callosomarginal", [(1.8, -44.5, 597), (3.4, -53, 603), (1.6, -52, 611),
                               (4.2, -41, 616.5), (2.6, -25, 620), (4.4, -8, 621), (2.6, 6, 620)],
           (0.85, 0.7, 0.4), "A2"),
    Branch("orbital", [(2.2, -38, 584), (4, -50, 578), (7, -62, 574)], (0.55, 0.3), "A2"),
    Branch("frontopolar", [(1.9, -43, 592), (2.6, -58, 594), (3, -70, 600), (6, -79, 600)],
           (0.7, 0.35), "A2"),
    Branch("anterior frontal", [(2.5, -53, 609), (3, -63, 612), (4, -67, 618), (10, -62, 621)],
           (0.65, 0.3), "callosomarginal"),
    Branch("middle frontal", [(2.4, -40, 617), (2.6, -46, 623), (5, -44, 628), (13, -38, 629)],
           (0.65, 0.3), "callosomarginal"),
    Branch("posterior frontal", [(2.5, -20, 620.5), (2.4, -22, 627), (5, -20, 631), (14, -14, 630)],
           (0.62, 0.3), "callosomarginal"),
    Branch("paracentral", [(2.5, 4, 620.5), (2.6, 8, 627), (5, 12, 631), (13, 16, 630)],
           (0.55, 0.28), "callosomarginal"),
    Branch("superior parietal", [(2.0, 14, 609.5), (2.6, 25, 616), (3, 36, 622), (9, 42, 624)],
           (0.6, 0.28), "pericallosal"),
    Branch("precuneal", [(2.4, 29, 602), (2.6, 40, 607), (3, 52, 610), (6, 60, 609)],
           (0.5, 0.26), "pericallosal"),
)  # fmt: skip
_STRIATE = ((21, -15), (24.5, -12), (27.5, -9), (30.5, -6), (33, -3.5))
_SURFACE = tuple(row[0] for row in _CORTICAL)
_MEDIAL = (
    "pericallosal", "callosomarginal", "frontopolar", "anterior frontal", "middle frontal",
    "posterior frontal", "paracentral", "superior parietal", "precuneal", "orbital",
)  # fmt: skip


def arteries(seed: int = 1) -> Tree:
    """The trunks with the named branches first, then all that sprouts from them."""
    rng = np.random.default_rng((seed, 501))
    branches = [*_TRUNKS, *_cortical(rng)]
    for k, (x, y) in enumerate(_STRIATE):
        up = [(x, -19, 578), (x - 2.5, -16, 583), (x + 1.5, y, 592), (x - 1, y + 5, 602)]
        branches.append(Branch(f"striate {k + 1}", up, (0.38, 0.3, 0.18), "M1"))
    trunks = tree_of(branches, STEP_MM)
    tree = sprouted(
        trunks, rng, _SURFACE, 8, 28, on_cortex, (0.4, 0.97), 0.62, 0.17, 48, 17, STEP_MM
    )
    tree = sprouted(tree, rng, _MEDIAL, 6, 21, on_medial, (0.2, 0.97), 0.6, 0.17, 52, 17, STEP_MM)
    back = ("PCA", "calcarine", "PCA temporal")
    tree = sprouted(tree, rng, back, 3, 18, _left, (0.35, 1), 0.5, 0.17)
    for count, length, end in ((3, 14, 0.14), (2, 8, 0.12)):
        young = [n for n in tree.names if "." in n and n.split(".")[0] in _SURFACE]
        young = [n for n in young if n.count(".") == (1 if count == 3 else 2)]
        tree = sprouted(
            tree, rng, young, count, length, on_cortex, (0.2, 0.9), 0.75, end, 46, 18, STEP_MM
        )
    young = [n for n in tree.names if n.count(".") == 1 and n.split(".")[0] in _MEDIAL]
    tree = sprouted(tree, rng, young, 2, 10, on_medial, (0.2, 0.9), 0.75, 0.13, 46, 18, STEP_MM)
    return tree


# Vein by vein, each from the place where it ends, against the flow.
_JUGULAR = (
    (32, 16, 440), (33, 16, 480), (33, 16, 505), (36, 20, 515), (47, 26, 519), (56, 30, 528),
    (58, 40, 538), (54, 58, 543), (42, 76, 546), (22, 88, 548), (4, 91.5, 549),
)  # fmt: skip
_SAGITTAL = (
    (4, 91.5, 549), (1, 91, 562), (0, 89, 580), (0, 83, 600), (0, 70, 617), (0, 50, 628.5),
    (0, 25, 634), (0, 0, 635), (0, -25, 632.5), (0, -48, 624), (0, -66, 611), (0, -77, 595),
    (0, -81, 580),
)  # fmt: skip
_VEINS: tuple[Branch, ...] = (
    Branch("jugular", _JUGULAR, (4.6, 4.2, 4.2, 4.6, 3.5, 3.3, 3.1, 3.0)),
    Branch("sagittal sinus", _SAGITTAL, (3.6, 3.4, 3.1, 2.7, 2.2, 1.5, 0.8), "jugular"),
    Branch("other transverse sinus", [(4, 91.5, 549), (-18, 88, 548), (-40, 76, 546),
                                      (-54, 58, 543), (-57, 40, 538), (-54, 30, 528)],
           (2.8, 2.6, 2.3), "jugular"),
    Branch("straight sinus", [(4, 91.5, 549), (1, 80, 560), (0, 64, 575), (0, 49, 589)],
           (2.2, 1.9), "jugular"),
    Branch("Galen", [(0, 49, 589), (0, 43, 594), (1.5, 37, 593)], (2.0, 1.6), "straight sinus"),
    Branch("internal cerebral", [(1.5, 37, 593), (2.0, 24, 596.5), (2.2, 9, 595.5),
                                 (2.4, -6, 590.5)], (1.2, 1.0), "Galen"),
    Branch("thalamostriate", [(2.4, -6, 590.5), (7, -3, 597), (13, 6, 602), (19, 18, 602)],
           (0.9, 0.5), "internal cerebral"),
    Branch("septal", [(2.4, -6, 590.5), (2.6, -18, 594), (3, -30, 599)], (0.7, 0.35),
           "internal cerebral"),
    Branch("Rosenthal", [(1.5, 37, 593), (12, 33, 584), (20, 20, 576), (19, 3, 570),
                         (16, -12, 568)], (1.2, 0.6), "Galen"),
)  # fmt: skip
# Cortical veins: where on the sinus (y) they end, and the course on the convexity (y, z).
_BRIDGING = (
    (-52, ((-58, 612), (-61, 600), (-60, 588), (-54, 577))),
    (-34, ((-44, 620), (-51, 607), (-48, 592), (-40, 578))),
    (-16, ((-24, 626), (-32, 612), (-33, 596), (-30, 583))),
    (2, ((-4, 629), (-12, 616), (-14, 600), (-10, 588))),
    (20, ((16, 629), (8, 616), (7, 602), (10, 591))),
    (36, ((34, 625), (28, 614), (27, 602), (32, 590), (40, 579))),
    (52, ((52, 618), (51, 606), (46, 594), (50, 580))),
    (66, ((67, 607), (67, 595), (61, 584), (62, 572))),
)


def veins(seed: int = 1) -> Tree:
    """Sinuses, deep and cortical veins of the left side; the root is where the blood leaves."""
    rng = np.random.default_rng((seed, 502))
    sinus, _ = smooth_line(_SAGITTAL, 2.0)
    branches = list(_VEINS)
    names = []
    for k, (y, course) in enumerate(_BRIDGING):
        start = sinus[np.argmin(np.abs(sinus[:, 1] - y) + 100.0 * (sinus[:, 2] < 590))]
        top = on_cortex(np.array([start + np.array([14.0, -3.0, -2.0])]))[0]
        line = np.array([start, top, *(_at(*c) for c in course)])
        fine, _ = smooth_line(line, 8.0)
        fine[1:] = on_cortex(fine[1:] + rng.normal(0, 1.4, fine[1:].shape))
        names.append(f"bridging {k + 1}")
        size = (1.45 if k == 3 else 1.1) * rng.uniform(0.85, 1.15)
        branches.append(Branch(names[-1], fine, (size, size * 0.9, size * 0.4), "sagittal sinus"))
    labbe = np.array([(55, 54, 544), *(_at(y, z) for y, z in ((44, 556), (32, 567), (20, 577)))])
    sylvian = np.array([_at(y, z) for y, z in ((20, 577), (6, 577), (-10, 574), (-28, 571))])
    branches += [
        Branch("Labbe", labbe, (1.6, 1.3, 1.0), "jugular"),
        Branch("Sylvian", sylvian, (1.0, 1.1, 0.8), "Labbe"),
    ]
    tree = tree_of(branches, STEP_MM)
    tree = sprouted(
        tree, rng, [*names, "Sylvian", "Labbe"], 7, 24, on_cortex, (0.25, 0.95), 0.55, 0.2, 50, 16,
        STEP_MM,
    )  # fmt: skip
    return tree
