"""The coronary vessels on the heart: both arteries, the cardiac veins, and variants by seed.

Places are given on the surface of `heart.Heart`: s from base (-1) to apex (1) and the azimuth from
the anterior interventricular groove, positive over the left ventricle, negative over the right.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from fluoroview_simulated.anatomy.heart import Heart
from fluoroview_simulated.anatomy.vessels import Branch, Tree, smooth_line, sprouted, tree_of

LEFT_OSTIUM = np.array([7.0, -16.0, 246.0])
RIGHT_OSTIUM = np.array([-15.0, -42.0, 244.0])
AORTIC_ROOT = np.array([-2.0, -22.0, 240.0])
STEP_MM = 2.0

Places = Sequence[Sequence[float]]

# name, parent, radii at start and end in mm, places (s, azimuth, depth).
_LEFT: tuple[tuple[str, str, tuple[float, ...], Places], ...] = (
    ("LAD", "left main", (1.95, 1.8, 1.6, 1.4, 1.1, 0.75, 0.4), (
        (-0.50, 8), (-0.40, 3), (-0.24, -3), (-0.05, 0), (0.16, 3), (0.36, -1), (0.55, 2),
        (0.72, 6), (0.86, 3), (0.955, 0), (0.985, 120), (0.93, 176), (0.85, 180))),
    ("D1", "LAD", (1.2, 1.05, 0.8, 0.35), (
        (-0.24, -3), (-0.14, 13), (0.0, 22), (0.16, 33), (0.33, 38), (0.5, 45), (0.64, 48))),
    ("D2", "LAD", (1.0, 0.8, 0.32), (
        (0.10, 2), (0.24, 14), (0.38, 24), (0.52, 28), (0.68, 34), (0.8, 36))),
    ("D3", "LAD", (0.6, 0.45, 0.22), ((0.42, 0), (0.54, 11), (0.66, 16), (0.78, 24))),
    ("LCX", "left main", (1.85, 1.7, 1.5, 1.2, 0.9, 0.5), (
        (-0.53, 22), (-0.50, 38), (-0.52, 54), (-0.48, 72), (-0.50, 90), (-0.46, 108),
        (-0.47, 126), (-0.42, 142), (-0.38, 154))),
    ("OM1", "LCX", (1.3, 1.15, 0.9, 0.35), (
        (-0.52, 50), (-0.40, 58), (-0.22, 61), (-0.05, 68), (0.14, 70), (0.3, 77), (0.46, 79),
        (0.62, 86))),
    ("OM2", "LCX", (1.15, 1.0, 0.75, 0.33), (
        (-0.49, 88), (-0.36, 96), (-0.18, 98), (0.02, 105), (0.2, 106), (0.36, 113), (0.5, 114))),
    ("OM3", "LCX", (0.9, 0.7, 0.3), (
        (-0.46, 122), (-0.32, 130), (-0.14, 131), (0.02, 138), (0.2, 140))),
    ("atrial", "LCX", (0.55, 0.4, 0.2), (
        (-0.51, 40), (-0.62, 46, 1.05), (-0.74, 58, 1.1), (-0.8, 74, 1.1), (-0.82, 88, 1.05))),
)  # fmt: skip
_RIGHT: tuple[tuple[str, str, tuple[float, ...], Places], ...] = (
    ("PDA", "RCA", (1.15, 0.95, 0.75, 0.33), (
        (-0.40, -176), (-0.26, -179), (-0.06, 178), (0.14, -179), (0.34, 178), (0.54, -178),
        (0.72, 179))),
    ("PLV", "RCA", (1.25, 1.1, 0.8, 0.33), (
        (-0.40, -176), (-0.46, 172), (-0.40, 160), (-0.24, 154), (-0.04, 156), (0.14, 150),
        (0.32, 152))),
    ("PLV2", "PLV", (0.9, 0.7, 0.3), (
        (-0.44, 168), (-0.28, 166), (-0.1, 170), (0.08, 166), (0.24, 168))),
    ("conus", "RCA", (0.7, 0.5, 0.25), (
        (-0.66, -58, 1.26), (-0.50, -48, 1.2), (-0.3, -38, 1.1), (-0.1, -32), (0.06, -24))),
    ("acute marginal", "RCA", (0.9, 0.7, 0.28), (
        (-0.54, -110, 1.3), (-0.38, -112, 1.2), (-0.18, -108, 1.15), (0.04, -114, 1.1),
        (0.26, -110, 1.05), (0.46, -116))),
    ("RV branch", "RCA", (0.75, 0.5, 0.25), (
        (-0.60, -84, 1.4), (-0.42, -76, 1.3), (-0.2, -76, 1.2), (0.02, -70, 1.1), (0.22, -70))),
    ("sinus node", "RCA", (0.55, 0.4, 0.22), (
        (-0.65, -64, 1.3), (-0.80, -72, 1.5), (-0.94, -90, 2.2), (-0.99, -115, 4.0))),
)  # fmt: skip
_SEPTAL_AT = (0.18, 0.25, 0.31, 0.38, 0.46, 0.54)


def _line(
    heart: Heart, places: Places, rng: np.random.Generator, wander_mm: float = 1.7
) -> np.ndarray:
    """A vessel's line through places on the heart, wavy as vessels are, (k, 3)."""
    p = heart.surface(places)
    line, _ = smooth_line(p, 11.0)
    depth = np.linalg.norm(heart.local(line), axis=1, keepdims=True)
    depth_share = np.interp(
        np.linspace(0, 1, len(line)),
        np.linspace(0, 1, len(places)),
        [r[2] if len(r) > 2 else 1.0 for r in places],
    )
    line = heart.world(heart.local(line) / depth * np.maximum(depth_share, 0.2)[:, None])
    aside = rng.normal(0, wander_mm, (len(line), 3))
    aside[[0, -1]] = 0.0
    # Successive bends are correlated: a vessel winds, it does not zigzag.
    smooth = 0.4 * (np.roll(aside, 1, axis=0) + np.roll(aside, -1, axis=0)) + 0.8 * aside
    line[1:-1] += smooth[1:-1]
    return line


def left_coronary(heart: Heart, seed: int = 1) -> Tree:
    """Left main with LAD (diagonals, septals), circumflex (marginals) and their small branches."""
    rng = np.random.default_rng((seed, 301))
    fork = heart.surface([(-0.56, 12, 1.03)])[0]
    main = [LEFT_OSTIUM, 0.5 * (LEFT_OSTIUM + fork) + (0, -1.5, 2.0), fork]
    branches = [Branch("left main", main, (2.2, 2.15))]
    for name, parent, radii, places in _LEFT:
        line = _line(heart, places, rng)
        if parent == "left main":
            line = np.concatenate([[fork], line])
        branches.append(Branch(name, line, radii, parent))
    tree = tree_of(branches, STEP_MM)
    septals = []
    for k, at in enumerate(_SEPTAL_AT):
        s, _, _ = heart.local(tree.points[[tree.node("LAD", at)]])[0]
        deep = rng.uniform(0.35, 0.75) * (1.0 if k else 0.1)
        inside = [(1.0, 0.0), (0.82, 0.02), (0.55, 0.06), (deep - 0.3, 0.1)]
        up = [
            heart.world(np.array([[s + 0.07 * j, d * np.sqrt(1 - s * s), w]]))[0]
            for j, (d, w) in enumerate(inside)
        ]
        septals.append(Branch(f"S{k + 1}", up, (0.8 if k == 0 else 0.6, 0.45, 0.25), "LAD"))
    tree = _added(tree, septals)
    first = len(tree.names)
    tree = sprouted(tree, rng, ["LAD"], 8, 18, heart.kept, (0.2, 0.97), 0.35, 0.2, 60)
    tree = sprouted(tree, rng, ["D1", "OM1", "OM2"], 6, 24, heart.kept, (0.2, 0.95), 0.55, 0.2, 42)
    tree = sprouted(tree, rng, ["D2", "OM3", "LCX"], 4, 18, heart.kept, (0.3, 0.95), 0.5, 0.2, 45)
    tree = sprouted(tree, rng, tree.names[first::2], 2, 11, heart.kept, (0.3, 0.8), 0.8, 0.18, 45)
    return _uneven(tree, rng)


def right_coronary(heart: Heart, seed: int = 1) -> Tree:
    """Right coronary with marginals, posterior descending and posterolateral branches."""
    rng = np.random.default_rng((seed, 302))
    groove = [  # far out, between the right atrium and ventricle
        (-0.66, -58, 1.26), (-0.64, -70, 1.38), (-0.60, -84, 1.42), (-0.56, -98, 1.38),
        (-0.54, -112, 1.28), (-0.52, -128, 1.16), (-0.48, -144, 1.06), (-0.44, -160, 1.0),
        (-0.40, -176, 1.0),
    ]  # fmt: skip
    line = _line(heart, groove, rng, 1.5)
    main = np.concatenate([[RIGHT_OSTIUM, 0.6 * RIGHT_OSTIUM + 0.4 * line[0] + (0, -2, 3)], line])
    branches = [Branch("RCA", main, (2.15, 2.1, 2.0, 1.9, 1.75, 1.5))]
    for name, parent, radii, places in _RIGHT:
        branches.append(Branch(name, _line(heart, places, rng), radii, parent))
    tree = tree_of(branches, STEP_MM)
    names = ["PDA", "PLV", "PLV2", "acute marginal"]
    tree = sprouted(tree, rng, names, 5, 16, heart.kept, (0.2, 0.95), 0.45, 0.2, 45)
    tree = sprouted(tree, rng, ["RV branch", "conus"], 3, 14, heart.kept, (0.3, 0.95), 0.45)
    return _uneven(tree, rng)


def _uneven(tree: Tree, rng: np.random.Generator, share: float = 0.045) -> Tree:
    """The tree with calibres that vary a little from centimetre to centimetre."""
    factor = np.ones(len(tree.parent))
    for run in tree.runs:
        along = tree.length_mm[run] - tree.length_mm[run[0]]
        knots = np.arange(0.0, along[-1] + 9.0, 7.0)
        wave = np.interp(along, knots, rng.normal(0.0, share, len(knots)))
        factor[run[1:]] = 1.0 + wave[1:]
    return replace(tree, radius_mm=tree.radius_mm * factor)


def _added(tree: Tree, branches: Sequence[Branch]) -> Tree:
    """The tree with more branches."""
    for b in branches:
        line, at = smooth_line(b.points, STEP_MM)
        assert b.parent is not None
        run = tree.run(b.parent)
        node = int(run[np.argmin(np.linalg.norm(tree.points[run] - line[0], axis=1))])
        radii = np.asarray(b.radius_mm, float)
        r = np.interp(at / max(at[-1], 1e-9), np.linspace(0, 1, len(radii)), radii)
        tree = tree._with(b.name, node, line[1:], r[1:])
    return tree


def cardiac_veins(heart: Heart) -> Tree:
    """Great and middle cardiac vein and the coronary sinus, root at the farthest small vein.

    The tree follows the blood: from the apex along the anterior groove to the left groove and the
    right atrium.
    """
    rng = np.random.default_rng(303)
    great = [
        (0.8, 14), (0.6, 8), (0.4, 10), (0.2, 11), (0.0, 9), (-0.2, 12), (-0.4, 20), (-0.56, 32),
        (-0.58, 60), (-0.58, 90), (-0.58, 115), (-0.58, 140), (-0.58, 158), (-0.60, 172),
    ]  # fmt: skip
    lines = [
        Branch("great cardiac vein", _line(heart, great, rng), (0.6, 1.1, 1.4, 1.7, 2.3, 3.0, 3.6))
    ]
    return tree_of(lines, 3.0)
