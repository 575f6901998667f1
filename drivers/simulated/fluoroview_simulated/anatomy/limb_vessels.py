"""Arteries of the left leg from the groin to the ankle, sound and diseased.

Names: "femoral" (common, then superficial, then popliteal: one unbroken line), "profunda",
"anterior tibial", "posterior tibial", "peroneal" and their smaller branches.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache, partial
from typing import TYPE_CHECKING

import numpy as np

from fluoroview_simulated.anatomy.vessels import Branch, Tree, smooth_line, sprouted, tree_of

if TYPE_CHECKING:
    from fluoroview_simulated.render.canvas import Canvas

FEMORAL = np.array(
    [  # x, y, z, radius: common femoral, superficial femoral, popliteal, to the trifurcation
        (74, -42, -188, 4.6), (77, -40, -215, 4.5), (79, -36, -240, 4.3), (80, -33, -258, 3.5),
        (79, -28, -300, 3.3), (77, -20, -350, 3.2), (77, -9, -400, 3.1), (79, 6, -445, 3.0),
        (84, 24, -485, 3.0), (91, 42, -520, 3.0), (96, 51, -555, 2.9), (98, 55, -590, 2.8),
        (100, 57, -625, 2.7), (101, 53, -655, 2.5), (102, 48, -676, 2.3),
    ],
    float,
)  # fmt: skip
PROFUNDA = [
    (79, -35, -244), (87, -22, -262), (97, -4, -300), (103, 8, -350), (106, 15, -400),
    (106, 22, -448), (104, 30, -486),
]  # fmt: skip
CIRCUMFLEX = [(86, -24, -259), (104, -16, -262), (126, -14, -272), (140, -14, -300),
              (144, -14, -350), (141, -16, -420), (134, -18, -500), (126, -22, -556)]  # fmt: skip
MEDIAL_CIRCUMFLEX = [(83, -30, -252), (72, -12, -250), (64, 8, -254), (66, 28, -262)]
GENICULAR = {
    "descending genicular": [(80, 8, -452), (68, -2, -490), (60, -10, -535), (64, -22, -580)],
    "upper medial genicular": [(97, 53, -566), (80, 50, -566), (60, 34, -568), (58, 8, -574)],
    "upper lateral genicular": [(97, 53, -562), (116, 48, -562), (138, 32, -566), (140, 6, -576)],
    "lower medial genicular": [(100, 57, -622), (82, 50, -634), (62, 34, -640), (66, 8, -632)],
    "lower lateral genicular": [(100, 57, -620), (118, 50, -622), (138, 34, -622), (132, 6, -618)],
    "medial sural": [(99, 56, -596), (88, 64, -632), (82, 70, -690), (84, 70, -750)],
    "lateral sural": [(99, 56, -598), (112, 66, -632), (120, 72, -690), (120, 70, -740)],
}
TIBIAL: dict[str, tuple[list[tuple[float, float, float]], tuple[float, float], str]] = {
    "anterior tibial": (
        [(102, 48, -676), (112, 36, -686), (118, 20, -698), (119, 8, -730), (118, 2, -800),
         (114, -2, -880), (106, -6, -960), (101, -12, -1020)],
        (1.7, 1.2), "femoral",
    ),
    "posterior tibial": (
        [(102, 48, -676), (101, 46, -700), (96, 44, -726), (90, 44, -770), (86, 44, -840),
         (82, 42, -920), (78, 38, -1000), (80, 36, -1040)],
        (2.0, 1.15), "femoral",
    ),
    "peroneal": (
        [(98.5, 45, -714), (108, 44, -740), (118, 44, -780), (121, 43, -850), (122, 40, -930),
         (122, 36, -990)],
        (1.55, 0.8), "posterior tibial",
    ),
}  # fmt: skip


def _branches(seed: int) -> list[Branch]:
    rng = np.random.default_rng((seed, 3))
    femoral = Branch("femoral", FEMORAL[:, :3], list(FEMORAL[:, 3]))
    rest = [
        Branch("profunda", _wound(PROFUNDA, 1.5, rng), (2.9, 1.1), "femoral"),
        Branch("lateral circumflex", _wound(CIRCUMFLEX, 2.0, rng), (1.9, 0.6), "profunda"),
        Branch("medial circumflex", _wound(MEDIAL_CIRCUMFLEX, 2.0, rng), (1.6, 0.6), "profunda"),
        *(
            Branch(n, _wound(p, 2.6, rng), (rng.uniform(0.6, 0.95), 0.3), "femoral")
            for n, p in GENICULAR.items()
        ),
        *(Branch(n, _wound(p, 0.8, rng), r, parent) for n, (p, r, parent) in TIBIAL.items()),
    ]
    return [femoral, *rest]


def _muscular(tree: Tree, seed: int) -> Tree:
    """With small branches to the muscles, and their branches."""
    rng = np.random.default_rng(seed)
    grow = partial(sprouted, angle_deg=38.0, wander_deg=17.0)
    tree = grow(
        tree, rng, ["femoral"], 11, 50.0, between=(0.22, 0.86), thickness=0.22, end_radius_mm=0.2
    )
    tree = grow(tree, rng, ["profunda"], 9, 70.0, thickness=0.5, end_radius_mm=0.2)
    tree = grow(tree, rng, ["lateral circumflex"], 7, 45.0, thickness=0.5, end_radius_mm=0.2)
    small = [n for n in tree.names if "." in n]
    tree = grow(tree, rng, small, 2, 30.0, thickness=0.7, end_radius_mm=0.15)
    tree = grow(tree, rng, ["medial sural", "lateral sural"], 6, 45.0, end_radius_mm=0.2)
    return grow(
        tree, rng, list(TIBIAL), 12, 30.0, between=(0.1, 0.95), thickness=0.3, end_radius_mm=0.16
    )


@lru_cache(maxsize=4)
def leg_tree(seed: int = 1) -> Tree:
    """The sound arteries."""
    return _muscular(tree_of(_branches(seed), 2.5), seed)


def roughened(tree: Tree, seed: int, strength: float = 0.12) -> Tree:
    """With the uneven walls of atheroma along the femoral artery."""
    rng = np.random.default_rng(seed)
    for at in rng.uniform(0.15, 0.7, 9):
        depth = strength * rng.uniform(0.4, 2.0)
        tree = tree.narrowed("femoral", float(at), rng.uniform(8, 25), depth)
    return tree


def at_height(tree: Tree, name: str, z: float) -> float:
    """The fraction of a branch's length where it passes a height z."""
    run = tree.run(name)
    along = tree.length_mm[run] - tree.length_mm[run[0]]
    return float(along[np.argmin(np.abs(tree.points[run, 2] - z))] / along[-1])


@lru_cache(maxsize=4)
def occluded(top_z: float, low_z: float, seed: int = 1) -> Tree:
    """Superficial femoral artery shut between two heights; collaterals fill the popliteal artery.

    What lies beyond is a branch "popliteal", fed by the corkscrew of "collateral 1".
    """
    rng = np.random.default_rng(seed)
    line, at = smooth_line(FEMORAL[:, :3], 2.5)
    radius = np.interp(at, np.arange(len(FEMORAL)), FEMORAL[:, 3])
    above, below = line[:, 2] > top_z, line[:, 2] < low_z
    stump = radius[above] * np.clip((line[above, 2] - top_z) / 7.0 + 0.15, 0.15, 1.0)
    rejoin = line[below][0]
    branches = [Branch("femoral", line[above], list(stump))]
    whole = _branches(seed)
    branches += [b for b in whole if b.name == "profunda" or "circumflex" in b.name]
    bridges = [
        ("collateral 1", "profunda", PROFUNDA[-3], (101, 30, -470), 1.35, 3.5),
        ("collateral 2", "profunda", PROFUNDA[-2], (116, 44, -500), 0.75, 3.0),
        ("collateral 3", "lateral circumflex", CIRCUMFLEX[-2], (126, 28, -545), 0.6, 2.5),
        ("collateral 4", "femoral", line[above][-6], (64, 12, -470), 0.8, 3.0),
    ]
    for name, parent, start, middle, r, curl in bridges:
        way = _wound([start, middle, rejoin + rng.normal(0, 1.5, 3)], curl, rng)
        if name == "collateral 1":
            way[-1] = rejoin
        branches.append(Branch(name, way, r, parent))
    rest, low = line[below], radius[below] * 0.92
    ends = np.clip(np.arange(len(rest)) / 4.0 + 0.4, 0.4, 1.0)
    branches.append(Branch("popliteal", rest, list(low * ends), "collateral 1"))
    for b in whole:
        if b.parent == "femoral" and b.name != "profunda" and b.points[0][2] < low_z:
            branches.append(Branch(b.name, b.points, b.radius_mm, "popliteal"))
        elif b.name == "peroneal":
            branches.append(b)
    tree = tree_of(branches, 2.5)
    grow = partial(sprouted, angle_deg=38.0, wander_deg=20.0)
    tree = grow(
        tree, rng, ["femoral"], 8, 55.0, between=(0.35, 0.99), thickness=0.26, end_radius_mm=0.25
    )
    tree = grow(
        tree, rng, ["profunda", "collateral 1", "collateral 2"], 8, 50.0, end_radius_mm=0.25
    )
    small = [n for n in tree.names if "." in n]
    tree = grow(tree, rng, small, 2, 30.0, thickness=0.7, end_radius_mm=0.15)
    return grow(tree, rng, list(TIBIAL), 7, 26.0, thickness=0.3, end_radius_mm=0.16)


def _wound(points: Sequence[object], curl_mm: float, rng: np.random.Generator) -> np.ndarray:
    """A line through points, wound about itself as small arteries are, and collaterals more."""
    line, _ = smooth_line(np.array(points, float), 4.0)
    n = len(line)
    along = np.gradient(line, axis=0)
    along /= np.linalg.norm(along, axis=1, keepdims=True)
    side = np.cross(along, (0.2, 0.9, 0.3))
    side /= np.linalg.norm(side, axis=1, keepdims=True)
    up = np.cross(along, side)
    turn = np.cumsum(rng.uniform(0.35, 0.75, n)) + rng.uniform(0, 6)
    size = curl_mm * rng.uniform(0.5, 1.2, n) * np.sin(np.linspace(0, np.pi, n)) ** 0.5
    aside = (size * np.cos(turn))[:, None] * side + (size * np.sin(turn))[:, None] * up
    return np.asarray(line + aside)


def leg_arrival_s(
    tree: Tree, speed_mm_s: float, delays: Sequence[tuple[int, float]] = ()
) -> np.ndarray:
    """Arrival times from the groin; `delays` adds seconds to all that is fed through a node."""
    arrival = tree.arrival_s(speed_mm_s, slowing=0.45)
    for node, seconds in delays:
        arrival = arrival + seconds * tree.downstream(node)
    return arrival


def pulsing(rate_hz: float = 1.15, strength: float = 0.09) -> Callable[[float], float]:
    """Flow time of an artery of the leg: forward in systole, almost at rest in diastole."""

    def clock(t_s: float) -> float:
        w = 2 * np.pi * rate_hz
        return t_s - strength * float(np.cos(w * t_s) + 0.35 * np.cos(2 * w * t_s + 0.6) - 1.0)

    return clock


class Painter:
    """Draws the contrast of a whole tree in two strokes: large vessels, and all the small ones.

    Within a stroke vessels that lie over each other are not added; a stroke for each of a hundred
    small branches would cost too much per pulse.
    """

    def __init__(self, tree: Tree, large: Sequence[str], without: Sequence[str] = ()) -> None:
        self._strokes = []
        chosen = [(n, r) for n, r in zip(tree.names, tree.runs, strict=True) if n not in without]
        for is_large in (True, False):
            runs = [r for n, r in chosen if (n in large) == is_large]
            nodes = np.concatenate([np.concatenate([r[:1], r, r[-1:]]) for r in runs])
            ends = np.cumsum([len(r) + 2 for r in runs])
            gap = np.zeros(len(nodes), bool)
            gap[ends - 1] = gap[np.concatenate([[0], ends[:-1]])] = True
            radius = tree.radius_mm[nodes]
            starts = np.concatenate([[0], ends[:-1]])
            # The first node is the parent's, and so is its radius.
            radius[starts] = radius[starts + 1] = radius[starts + 2]
            self._strokes.append((nodes, gap, radius))

    def draw(self, canvas: Canvas, concentration: np.ndarray, points: np.ndarray) -> None:
        """Adds contrast: `concentration` (n,) g/cm³ at the nodes, which lie at `points` (n, 3)."""
        faint = np.where(concentration > 0.003, concentration, 0.0)
        for nodes, gap, radius in self._strokes:
            amount = np.where(gap, 0.0, faint[nodes])
            if amount.any():
                canvas.tube(points[nodes], radius, amount, "contrast")
