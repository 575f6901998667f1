"""Vessels: branching trees, how they grow, and their lesions.

A tree is built from named branches (`tree_of`), may sprout smaller random ones (`sprouted`), is
narrowed, widened, cut or given an aneurysm, and is drawn with a concentration at each node.
How contrast flows in it is in `flow`, how devices slide in it in `sliding`.

    tree = tree_of([Branch("aorta", aorta, (12, 9)), Branch("renal", renal, (3, 2), "aorta")])
    tree = sprouted(tree, np.random.default_rng(seed), ["renal"], count=6, length_mm=30)
    tree = tree.narrowed("renal", 0.3, length_mm=12, fraction=0.7)
    flow = Flow(tree.arrival_s(speed_mm_s=250), flow_ml_s=20)
    draw(canvas, tree, flow.concentration(t_s, [Injection(1.0, 15.0, 8.0)]))
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from fluoroview_simulated.anatomy.tree_strokes import room_mm, tubes
from fluoroview_simulated.arrays import FloatArray
from fluoroview_simulated.render import strokes
from fluoroview_simulated.render.canvas import GRID, MARGIN

if TYPE_CHECKING:
    from fluoroview_simulated.render.canvas import Canvas

Keep = Callable[[np.ndarray], np.ndarray]
"""Brings points (n, 3) back to where vessels may grow: onto a surface, or into a volume."""


@dataclass(frozen=True)
class Branch:
    """One vessel to be put into a tree.

    Attributes:
        name: unique in its tree.
        points: (k, 3) mm; a smooth line is laid through them, in the direction of growth.
        radius_mm: one radius, (first, last), or one for each point.
        parent: the branch from which it comes, None for the root. It leaves that branch at the
            node nearest to its first point, which is then replaced by that node.
    """

    name: str
    points: np.ndarray | Sequence[Sequence[float]]
    radius_mm: float | Sequence[float]
    parent: str | None = None


@dataclass(frozen=True, eq=False)
class Tree:
    """Vessels as nodes; a parent always comes before its children.

    Attributes:
        points: (n, 3) float64, mm.
        radius_mm: (n,) float64.
        parent: (n,) int, -1 at the root.
        names: of the branches.
        runs: for each branch the indices of its nodes, beginning with the node from which it comes
            (which belongs to the parent branch), so that each run is an unbroken line.
    """

    points: np.ndarray
    radius_mm: np.ndarray
    parent: np.ndarray
    names: tuple[str, ...]
    runs: tuple[np.ndarray, ...]

    def run(self, name: str) -> np.ndarray:
        """Indices of one branch's nodes; KeyError if there is none of that name."""
        try:
            return self.runs[self.names.index(name)]
        except ValueError:
            raise KeyError(f"no branch {name!r}; there are {', '.join(self.names)}") from None

    def node(self, name: str, at: float) -> int:
        """The node nearest to the fraction `at` of a branch's length."""
        run = self.run(name)
        along = self.length_mm[run] - self.length_mm[run[0]]
        return int(run[np.argmin(np.abs(along - at * along[-1]))])

    @cached_property
    def step_mm(self) -> np.ndarray:
        """Distance of each node from its parent, (n,); 0 at the root."""
        gap = np.linalg.norm(self.points - self.points[np.maximum(self.parent, 0)], axis=1)
        return np.where(self.parent < 0, 0.0, gap)

    @cached_property
    def length_mm(self) -> np.ndarray:
        """Length of the way from the root to each node, (n,)."""
        return self.summed(self.step_mm)

    @cached_property
    def tangent(self) -> FloatArray:
        """Unit vectors in the direction of flow, (n, 3)."""
        direction = self.points - self.points[np.maximum(self.parent, 0)]
        first = np.flatnonzero(self.parent == 0)
        if len(first):
            direction[0] = direction[first[0]]
        length = np.linalg.norm(direction, axis=1, keepdims=True)
        tangent: FloatArray = direction / np.maximum(length, 1e-9)
        return tangent

    def summed(self, per_step: np.ndarray) -> np.ndarray:
        """Sum of a quantity of the steps from the root to each node, (n,)."""
        total = np.array(per_step, float)
        for run in self.runs:
            total[run[1:]] = total[run[0]] + np.cumsum(per_step[run[1:]])
        return total

    def arrival_s(self, speed_mm_s: float, slowing: float = 0.5) -> np.ndarray:
        """Time of the blood from the root to each node, (n,).

        Args:
            speed_mm_s: at the root.
            slowing: speed goes with (radius / radius of the root) to this power.
        """
        relative = np.maximum(self.radius_mm / self.radius_mm[0], 0.02) ** slowing
        return self.summed(self.step_mm / (speed_mm_s * relative))

    @cached_property
    def strokes(self) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """All runs one after the other, for drawing: nodes, starts of runs, radius, weight.

        The weight is 0 where a branch still lies in the vessel from which it comes, so that the
        fork is not counted twice.
        """
        nodes = np.concatenate(self.runs)
        starts = np.concatenate([[0], np.cumsum([len(r) for r in self.runs])])
        radius, weight = self.radius_mm[nodes], np.ones(len(nodes))
        for k, run in enumerate(self.runs[1:], 1):
            i, j = starts[k], starts[k + 1]
            away = np.linalg.norm(self.points[run] - self.points[run[0]], axis=1)
            radius[i] = radius[i + 1]
            weight[i:j][away < 0.95 * self.radius_mm[run[0]]] = 0.0
        return nodes, starts, radius, weight

    def downstream(self, node: int) -> np.ndarray:
        """Which nodes are fed through `node` (itself included), (n,) bool."""
        fed = np.zeros(len(self.parent), bool)
        fed[node] = True
        for k in range(node + 1, len(fed)):
            fed[k] = self.parent[k] >= 0 and fed[self.parent[k]]
        return fed

    def near(self, name: str, at: float, length_mm: float) -> np.ndarray:
        """1 at a place of a branch, falling smoothly to 0 half of `length_mm` away, (n,)."""
        run, here = self.run(name), self.node(name, at)
        away = np.abs(self.length_mm[run] - self.length_mm[here]) / (length_mm / 2)
        weight = np.zeros(len(self.parent))
        weight[run] = np.cos(np.pi / 2 * np.minimum(away, 1.0)) ** 2
        return weight

    def narrowed(self, name: str, at: float, length_mm: float, fraction: float) -> Tree:
        """With a stenosis by `fraction` (0…1) of the diameter at the fraction `at` of a branch."""
        radius = self.radius_mm * (1.0 - fraction * self.near(name, at, length_mm))
        return replace(self, radius_mm=np.maximum(radius, 0.05))

    def widened(self, name: str, at: float, length_mm: float, radius_mm: float) -> Tree:
        """With a fusiform aneurysm of that radius."""
        w = self.near(name, at, length_mm)
        return replace(self, radius_mm=np.maximum(self.radius_mm, w * radius_mm))

    def cut(self, name: str, at: float) -> Tree:
        """Occluded at the fraction `at` of a branch: what is fed through that place is gone."""
        keep = ~self.downstream(self.node(name, at))
        new = np.cumsum(keep) - 1
        runs = [(n, new[r[keep[r]]]) for n, r in zip(self.names, self.runs, strict=True)]
        runs = [(n, r) for n, r in runs if len(r) > 1]
        parent = self.parent[keep]
        return Tree(
            self.points[keep],
            self.radius_mm[keep],
            np.where(parent < 0, -1, new[np.maximum(parent, 0)]),
            tuple(n for n, _ in runs),
            tuple(r for _, r in runs),
        )

    def with_sac(
        self,
        name: str,
        at: float,
        radius_mm: float,
        direction: Sequence[float],
        neck_mm: float = 1.0,
    ) -> Tree:
        """With a saccular aneurysm, a branch `NAME sac`, growing from that place in `direction`."""
        node = self.node(name, at)
        d = np.asarray(direction, float)
        start, middle = self.radius_mm[node] * 0.8, self.radius_mm[node] + 0.85 * radius_mm
        end = middle + radius_mm * 0.97
        along = np.linspace(start, end, 18)
        radius = np.sqrt(np.maximum(radius_mm**2 - (along - middle) ** 2, 0.0))
        radius = np.maximum(radius, np.where(along < middle, neck_mm, 0.1))
        points = self.points[node] + along[:, None] * d / np.linalg.norm(d)
        return self._with(f"{name} sac", node, points, radius)

    def _with(self, name: str, node: int, points: np.ndarray, radius: np.ndarray) -> Tree:
        """With one more branch, whose nodes follow `node`."""
        n, k = len(self.parent), len(points)
        parent = np.concatenate([[node], n + np.arange(k - 1)]).astype(int)
        return Tree(
            np.concatenate([self.points, points]),
            np.concatenate([self.radius_mm, radius]),
            np.concatenate([self.parent, parent]),
            (*self.names, name),
            (*self.runs, np.concatenate([[node], n + np.arange(k)])),
        )


def smooth_line(
    points: np.ndarray | Sequence[Any], step_mm: float
) -> tuple[np.ndarray, np.ndarray]:
    """A smooth line (m, 3) through points, in even steps, and where on 0…k-1 its points lie."""
    p = np.asarray(points, float)
    if len(p) == 2:
        fine = np.linspace(0, 1, 33)
        line = p[0] + fine[:, None] * (p[1] - p[0])
    else:  # centripetal Catmull-Rom: no loops where points lie close together
        chord = np.maximum(np.linalg.norm(np.diff(p, axis=0), axis=1), 1e-6)
        knot = np.concatenate([[0.0], np.cumsum(np.sqrt(chord))])
        slope = np.gradient(p, knot, axis=0)
        fine = np.linspace(0, len(p) - 1, 24 * (len(p) - 1) + 1)
        i = np.minimum(fine.astype(int), len(p) - 2)
        h = (knot[i + 1] - knot[i])[:, None]
        u = (fine - i)[:, None]
        line = (
            p[i] * (1 + 2 * u) * (1 - u) ** 2
            + slope[i] * h * u * (1 - u) ** 2
            + p[i + 1] * u**2 * (3 - 2 * u)
            + slope[i + 1] * h * u**2 * (u - 1)
        )
    along = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(line, axis=0), axis=1))])
    even = np.linspace(0, along[-1], max(int(np.ceil(along[-1] / step_mm)) + 1, 2))
    even_line = np.stack([np.interp(even, along, line[:, k]) for k in range(3)], axis=1)
    return even_line, np.interp(even, along, fine)


def tree_of(branches: Iterable[Branch], step_mm: float = 2.0, keep: Keep | None = None) -> Tree:
    """A tree of branches, parents before children, the root first; nodes `step_mm` apart.

    `keep` brings the lines onto a surface (branches may then be given by few points).
    """
    tree: Tree | None = None
    for b in branches:
        p = np.array(b.points, float)
        node = None
        if b.parent is not None:
            if tree is None:
                raise ValueError(f"branch {b.name!r} comes before its parent {b.parent!r}")
            run = tree.run(b.parent)
            node = int(run[np.argmin(np.linalg.norm(tree.points[run] - p[0], axis=1))])
            p[0] = tree.points[node]
        line, at = smooth_line(p, step_mm)
        if keep is not None:
            line[1:] = keep(line[1:])
        radius = np.atleast_1d(np.asarray(b.radius_mm, float))
        where = np.linspace(0, len(p) - 1, len(radius)) if len(radius) > 1 else np.zeros(1)
        r = np.interp(at, where, radius)
        if tree is None:
            n = len(line)
            tree = Tree(line, r, np.arange(-1, n - 1), (b.name,), (np.arange(n),))
        else:
            tree = tree._with(b.name, node, line[1:], r[1:])  # type: ignore[arg-type]
    if tree is None:
        raise ValueError("a tree needs a branch")
    return tree


def sprouted(
    tree: Tree,
    rng: np.random.Generator,
    names: Iterable[str],
    count: int,
    length_mm: float,
    keep: Keep | None = None,
    between: tuple[float, float] = (0.15, 1.0),
    thickness: float = 0.6,
    end_radius_mm: float = 0.2,
    angle_deg: float = 50.0,
    wander_deg: float = 14.0,
    step_mm: float = 2.0,
) -> Tree:
    """With `count` smaller vessels from each of the named branches, called `NAME.1`, `NAME.2`…

    They leave between two fractions of the branch, bend as they go and stay away from vessels that
    are there already. Call again with the new names (`tree.names`) for the next generation.

    Args:
        length_mm: typical length; each is between half and one and a half of it.
        keep: brings points back onto a surface or into a volume.
        thickness: radius at the start against that of the branch at this place.
        angle_deg: between branch and sprout at the start.
        wander_deg: typical change of direction per step.
    """
    for name in list(names):
        ats = between[0] + (between[1] - between[0]) * (
            (np.arange(count) + rng.uniform(0.15, 0.85, count)) / max(count, 1)
        )
        for k, at in enumerate(ats):
            node = tree.node(name, float(at))
            length = length_mm * rng.uniform(0.5, 1.5)
            line = _grown(tree, rng, node, length, keep, angle_deg, wander_deg, step_mm)
            start = max(tree.radius_mm[node] * thickness, end_radius_mm)
            radius = np.linspace(start, end_radius_mm, len(line))
            tree = tree._with(f"{name}.{k + 1}", node, line, radius)
    return tree


def _grown(
    tree: Tree,
    rng: np.random.Generator,
    node: int,
    length_mm: float,
    keep: Keep | None,
    angle_deg: float,
    wander_deg: float,
    step_mm: float,
) -> np.ndarray:
    """The line of one sprout, (m, 3), without the node from which it comes."""
    here, forward = tree.points[node].copy(), tree.tangent[node]
    others = tree.points
    side = _turned(forward, angle_deg, rng, 10)
    ahead = here + side * length_mm * 0.5
    if keep is not None:
        ahead = keep(ahead)
    room = room_mm(ahead, others)
    heading = ahead[np.argmax(room * rng.uniform(0.7, 1.0, len(room)))] - here
    heading /= max(float(np.linalg.norm(heading)), 1e-9)
    line = []
    for _ in range(max(int(length_mm / step_mm), 3)):
        choices = _turned(heading, wander_deg, rng, 3)
        places = here + choices * step_mm
        far = here + choices * step_mm * 4
        if keep is not None:
            places, far = keep(places), keep(far)
        room = room_mm(far, others)
        best = int(np.argmax(np.minimum(room, 12.0) + rng.uniform(0, 2.0, len(room))))
        heading = places[best] - here
        heading /= max(float(np.linalg.norm(heading)), 1e-9)
        here = places[best]
        line.append(here)
    return np.array(line)


def _turned(direction: FloatArray, deg: float, rng: np.random.Generator, count: int) -> FloatArray:
    """Unit vectors at about `deg` from a direction, all around it, (count, 3)."""
    x, y, z = rng.standard_normal((count, 3)).T
    u, v, w = direction
    side = np.stack([v * z - w * y, w * x - u * z, u * y - v * x], axis=1)
    side /= np.maximum(np.linalg.norm(side, axis=1, keepdims=True), 1e-9)
    a = np.deg2rad(deg * rng.uniform(0.6, 1.4, count))[:, None]
    turned: FloatArray = np.cos(a) * direction + np.sin(a) * side
    return turned


def draw(
    canvas: Canvas,
    tree: Tree,
    concentration: np.ndarray,
    points: np.ndarray | None = None,
    least: float = 0.002,
) -> None:
    """Draws the contrast in a tree, about 15 µs per branch.

    Args:
        concentration: (n,) g/cm³; branches with less than `least` are skipped.
        points: (n, 3) in place of the tree's own when it moves (a beating heart).
    """
    nodes, starts, radius, weight = tree.strokes
    p = (tree.points if points is None else points)[nodes]
    cells, scale = canvas.view.cells(p, GRID)
    amount = np.where(concentration > least, concentration, 0.0)[nodes] * weight
    longer = strokes.lengthened(p, canvas.view.source)
    out = canvas.base["contrast"]
    canvas.used["contrast"] = True
    place = cells + MARGIN, radius * scale, longer, amount, 1.0 / scale
    tubes(*place, starts, np.zeros_like(out), out)
