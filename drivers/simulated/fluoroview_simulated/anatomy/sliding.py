"""Devices in vessels: the way of a catheter or wire from the sheath through a tree to its tip.

The operator advances and turns; at each fork the tip takes the branch towards which its bend
points. The way is a function of the history of both, so that any moment can be asked for again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from fluoroview_simulated.anatomy.vessels import Tree
from fluoroview_simulated.arrays import FloatArray

HAIRPIN = -0.4
"""Cosine of the sharpest turn that a wire takes when it can go elsewhere."""


@dataclass(frozen=True, eq=False)
class Way:
    """Where a device lies.

    Attributes:
        nodes: of the tree from the entry to beyond the tip, as far as the chosen vessel goes.
        along_mm: (len(nodes),) distance of each from the entry.
        inserted_mm: from the entry to the tip.
        side: where the bend would point at the tip at rotation 0.
        rotation_deg: of the hub.
    """

    tree: Tree
    nodes: np.ndarray
    along_mm: np.ndarray
    inserted_mm: float
    side: np.ndarray
    rotation_deg: float

    @property
    def end_mm(self) -> float:
        """Insertion at which the vessel that lies ahead ends."""
        return float(self.along_mm[-1])

    @property
    def branch(self) -> str:
        """Name of the branch in which the tip lies."""
        return self.branch_at(self.inserted_mm)

    def branch_at(self, along_mm: float) -> str:
        """Name of the branch at a distance from the entry."""
        at = min(int(np.searchsorted(self.along_mm, along_mm)), len(self.nodes) - 1)
        return self.tree.names[int(branch_of(self.tree)[self.nodes[at]])]

    @property
    def tip(self) -> np.ndarray:
        """The tip, (3,) mm."""
        tip: np.ndarray = self.points(1.0)[-1]
        return tip

    def points(self, step_mm: float = 2.0, lag_mm: float = 0.0) -> np.ndarray:
        """The device's line along the middle of the vessels, (k, 3), entry first, tip last.

        `lag_mm` ends it that far before the tip (a catheter over a wire that leads).
        """
        end = max(self.inserted_mm - lag_mm, 0.1)
        s = np.linspace(0.0, end, max(int(np.ceil(end / step_mm)) + 1, 2))
        p = self.tree.points[self.nodes]
        return np.stack([np.interp(s, self.along_mm, p[:, k]) for k in range(3)], axis=1)

    def radius_mm(self, points: int) -> FloatArray:
        """Radius of the vessel at `points` even places from entry to tip."""
        s = np.linspace(0.0, self.inserted_mm, points)
        radius_mm: FloatArray = self.tree.radius_mm[self.nodes]
        return np.interp(s, self.along_mm, radius_mm)


def branch_of(tree: Tree) -> np.ndarray:
    """Number of the branch to which each node belongs, (n,)."""
    owner = np.zeros(len(tree.parent), int)
    for k, run in enumerate(tree.runs):
        owner[run[1:]] = k
    return owner


class Slide:
    """A device that slides in a tree, entered at its root.

    Args:
        tree: vessels through which it can go, root at the sheath.
        bend_deg: bend of the tip; 0 follows the straightest vessel whatever the rotation.
        side: direction in which the bend points at the entry at rotation 0. It is carried along
            the vessels as a shaft carries torque.
    """

    def __init__(
        self, tree: Tree, bend_deg: float = 40.0, side: Sequence[float] = (0.0, -1.0, 0.0)
    ) -> None:
        self.tree = tree
        self._side = _across(np.asarray(side, float), tree.tangent[0])
        self._bend = np.deg2rad(bend_deg)
        self._children: list[list[int]] = [[] for _ in tree.parent]
        for k, p in enumerate(tree.parent):
            if p >= 0:
                self._children[p].append(k)

    def way(self, moves: Sequence[tuple[float, float]]) -> Way:
        """Where the device lies after `moves`: (inserted mm, rotation deg) one after the other.

        Insertion beyond the vessel's end stays at the end.
        """
        line = _Line([0], [0.0], [self._side])
        inserted, rotation_deg = 0.0, 0.0
        for to_mm, rotation_deg in moves:
            while len(line.along) > 1 and line.along[-2] >= to_mm:
                line.pop()
            while line.along[-1] < to_mm and self._children[line.nodes[-1]]:
                self._step(line, rotation_deg)
            inserted = min(to_mm, line.along[-1])
        while self._children[line.nodes[-1]]:  # what lies ahead, if it is advanced as it is now
            self._step(line, rotation_deg)
        side = line.sides[int(np.searchsorted(line.along, inserted))]
        return Way(
            self.tree, np.array(line.nodes), np.array(line.along), inserted, side, rotation_deg
        )

    def _step(self, line: _Line, rotation_deg: float) -> None:
        """To the next node: the one towards which the bent tip points."""
        at = line.nodes[-1]
        ahead = self._children[at]
        k = ahead[0]
        if len(ahead) > 1:
            forward = self.tree.tangent[at]
            tip = pointing(forward, line.sides[-1], rotation_deg, self._bend)
            headings = [self._heading(c) for c in ahead]
            back = [10.0 * (h @ forward < HAIRPIN) for h in headings]
            k = ahead[int(np.argmax([h @ tip - b for h, b in zip(headings, back, strict=True)]))]
        line.nodes.append(k)
        line.along.append(line.along[-1] + float(self.tree.step_mm[k]))
        line.sides.append(_across(line.sides[-1], self.tree.tangent[k]))

    def _heading(self, node: int, reach_mm: float = 12.0) -> np.ndarray:
        """Direction of a vessel over its first millimetres: single nodes are too close together."""
        start, k, gone = self.tree.points[self.tree.parent[node]], node, 0.0
        while gone < reach_mm and self._children[k]:
            k = self._children[k][0]
            gone += float(self.tree.step_mm[k])
        d: np.ndarray = self.tree.points[k] - start
        return d / max(float(np.linalg.norm(d)), 1e-9)


@dataclass
class _Line:
    """A way while it is found: nodes, distances from the entry, sides of the bend."""

    nodes: list[int]
    along: list[float]
    sides: list[np.ndarray]

    def pop(self) -> None:
        self.nodes.pop()
        self.along.pop()
        self.sides.pop()


def _across(side: np.ndarray, forward: np.ndarray) -> np.ndarray:
    """The part of `side` across `forward`, of unit length."""
    out: np.ndarray = side - forward * (forward @ side)
    if np.linalg.norm(out) < 1e-3:
        out = np.cross(forward, np.eye(3)[np.argmin(np.abs(forward))])
    return out / float(np.linalg.norm(out))


def pointing(
    forward: np.ndarray, side: np.ndarray, rotation_deg: float, bend_rad: float
) -> np.ndarray:
    """Unit vector of the bent tip of a device along `forward` that was turned at its hub."""
    side = _across(side, forward)
    a = np.deg2rad(rotation_deg)
    turned = np.cos(a) * side + np.sin(a) * np.cross(forward, side)
    out: np.ndarray = np.cos(bend_rad) * forward + np.sin(bend_rad) * turned
    return out


def relaxed(points: np.ndarray, room_mm: np.ndarray | float, rounds: int = 60) -> np.ndarray:
    """A line as a springy device lies in a wide vessel: straighter, touching the walls in bends.

    Args:
        points: (k, 3) along the middle of the vessel; both ends stay.
        room_mm: how far from the middle the device may lie: vessel radius less its own.
    """
    p = np.array(points, float)
    room = np.maximum(np.broadcast_to(np.asarray(room_mm, float), (len(p),))[1:-1], 0.0)
    for _ in range(rounds):
        p[1:-1] += 0.5 * (0.5 * (p[:-2] + p[2:]) - p[1:-1])
        off = p[1:-1] - points[1:-1]
        far = np.linalg.norm(off, axis=1)
        p[1:-1] = points[1:-1] + off * np.minimum(1.0, room / np.maximum(far, 1e-9))[:, None]
    return p
