"""Devices in vessels: the way of a catheter or wire from the sheath through a tree to its tip.

The operator advances and turns; at each fork the tip takes the branch towards which its bend
points. The way is a function of the history of both, so that any moment can be asked for again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from fluoroview_simulated.anatomy.vessels import Tree


@dataclass(frozen=True, eq=False)
class Way:
    """Where a device lies.

    Attributes:
        nodes: of the tree from the entry to beyond the tip, as far as the chosen vessel goes.
        along_mm: (len(nodes),) distance of each from the entry.
        inserted_mm: from the entry to the tip.
    """

    tree: Tree
    nodes: np.ndarray
    along_mm: np.ndarray
    inserted_mm: float

    @property
    def end_mm(self) -> float:
        """Insertion at which the vessel that lies ahead ends."""
        return float(self.along_mm[-1])

    @property
    def branch(self) -> str:
        """Name of the branch in which the tip lies."""
        node = self.nodes[
            min(np.searchsorted(self.along_mm, self.inserted_mm), len(self.nodes) - 1)
        ]
        return self.tree.names[int(branch_of(self.tree)[node])]

    @property
    def tip(self) -> np.ndarray:
        """The tip, (3,) mm."""
        return self.points(1.0)[-1]

    def points(self, step_mm: float = 2.0, lag_mm: float = 0.0) -> np.ndarray:
        """The device's line along the middle of the vessels, (k, 3), entry first, tip last.

        `lag_mm` ends it that far before the tip (a catheter over a wire that leads).
        """
        end = max(self.inserted_mm - lag_mm, 0.1)
        s = np.linspace(0.0, end, max(int(np.ceil(end / step_mm)) + 1, 2))
        p = self.tree.points[self.nodes]
        return np.stack([np.interp(s, self.along_mm, p[:, k]) for k in range(3)], axis=1)

    def radius_mm(self, points: int) -> np.ndarray:
        """Radius of the vessel at `points` even places from entry to tip."""
        s = np.linspace(0.0, self.inserted_mm, points)
        return np.interp(s, self.along_mm, self.tree.radius_mm[self.nodes])


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
        side: direction in which the bend points at rotation 0.
    """

    def __init__(
        self, tree: Tree, bend_deg: float = 40.0, side: Sequence[float] = (0.0, -1.0, 0.0)
    ) -> None:
        self.tree = tree
        self._side = np.asarray(side, float)
        self._bend = np.deg2rad(bend_deg)
        self._children: list[list[int]] = [[] for _ in tree.parent]
        for k, p in enumerate(tree.parent):
            if p >= 0:
                self._children[p].append(k)

    def way(self, moves: Sequence[tuple[float, float]]) -> Way:
        """Where the device lies after `moves`: (inserted mm, rotation deg) one after the other.

        Insertion beyond the vessel's end stays at the end.
        """
        nodes, along = [0], [0.0]
        inserted = 0.0
        for to_mm, rotation_deg in moves:
            while len(along) > 1 and along[-2] >= to_mm:
                nodes.pop(), along.pop()
            while along[-1] < to_mm and self._children[nodes[-1]]:
                self._step(nodes, along, rotation_deg)
            inserted = min(to_mm, along[-1])
        last = moves[-1][1] if moves else 0.0
        while self._children[nodes[-1]]:  # what lies ahead, if it is advanced as it is turned now
            self._step(nodes, along, last)
        return Way(self.tree, np.array(nodes), np.array(along), inserted)

    def _step(self, nodes: list[int], along: list[float], rotation_deg: float) -> None:
        """To the next node: the one towards which the bent tip points."""
        at = nodes[-1]
        ahead = self._children[at]
        k = ahead[0] if len(ahead) == 1 else self._chosen(at, ahead, rotation_deg)
        nodes.append(k)
        along.append(along[-1] + float(self.tree.step_mm[k]))

    def _chosen(self, at: int, ahead: list[int], rotation_deg: float) -> int:
        forward = self.tree.tangent[at]
        tip = self.pointing(forward, rotation_deg)
        scores = [float(self._heading(k) @ tip) for k in ahead]
        return ahead[int(np.argmax(scores))]

    def _heading(self, node: int, reach_mm: float = 10.0) -> np.ndarray:
        """Direction of a vessel over its first millimetres: nodes alone are too near to tell."""
        start, k, gone = self.tree.points[self.tree.parent[node]], node, 0.0
        while gone < reach_mm and self._children[k]:
            k = self._children[k][0]
            gone += float(self.tree.step_mm[k])
        d = self.tree.points[k] - start
        return d / max(float(np.linalg.norm(d)), 1e-9)

    def pointing(self, forward: np.ndarray, rotation_deg: float) -> np.ndarray:
        """Unit vector of the bent tip of a device that lies along `forward`."""
        side = self._side - forward * (forward @ self._side)
        side /= max(float(np.linalg.norm(side)), 1e-9)
        a = np.deg2rad(rotation_deg)
        turned = np.cos(a) * side + np.sin(a) * np.cross(forward, side)
        return np.cos(self._bend) * forward + np.sin(self._bend) * turned


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
