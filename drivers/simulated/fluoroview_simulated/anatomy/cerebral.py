"""The vessels of the left half of the brain, as they were grown and stored; varied by seed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from importlib.resources import files
from pathlib import Path

import numpy as np

from fluoroview_simulated.anatomy.vessels import Tree
from fluoroview_simulated.arrays import FloatArray

CATHETER = np.array(
    [(33, 16, 340), (31, 12, 370), (29.5, 9, 405), (29, 8, 430), (29.5, 5, 465), (29, 3.5, 490)],
    float,
)
"""The way of the catheter up to its tip in the internal carotid."""
_FIELDS = ("points", "radius_mm", "parent", "names", "nodes", "starts")


def save_trees(name: str, trees: Mapping[str, Tree], folder: Path) -> Path:
    """Stores trees as `folder`/`name`.npz for `load_tree`."""
    kept: dict[str, np.ndarray] = {}
    for key, tree in trees.items():
        starts = np.cumsum([0, *(len(r) for r in tree.runs)])
        kept |= {
            f"{key}.points": np.rint(tree.points * 50).astype(np.int16),
            f"{key}.radius_mm": np.rint(tree.radius_mm * 1000).astype(np.uint16),
            f"{key}.parent": tree.parent.astype(np.int16),
            f"{key}.names": np.array(tree.names),
            f"{key}.nodes": np.concatenate(tree.runs).astype(np.uint16),
            f"{key}.starts": starts.astype(np.uint16),
        }
    path = folder / f"{name}.npz"
    np.savez_compressed(path, allow_pickle=False, **kept)
    return path


def load_tree(key: str, seed: int = 1) -> Tree:
    """The "arteries" or the "veins"; another seed bends them a little otherwise.

    In the arteries a parent comes before its children and the named trunks before the sprouts; the
    root of the veins is where the blood leaves.
    """
    place = files("fluoroview_simulated").joinpath("anatomy", "meshes", "head_vessels.npz")
    with place.open("rb") as stream, np.load(stream, allow_pickle=False) as kept:
        points, radius, parent, names, nodes, starts = (kept[f"{key}.{f}"] for f in _FIELDS)
    runs = np.split(nodes.astype(int), starts[1:-1].astype(int))
    tree = Tree(
        points / 50.0,
        radius / 1000.0,
        parent.astype(int),
        tuple(str(n) for n in names),
        tuple(runs),
    )
    return replace(tree, points=_bent(tree.points, seed))


def _bent(points: FloatArray, seed: int) -> FloatArray:
    """Points moved by up to a few mm, smoothly; nearly still near the base of the skull."""
    rng = np.random.default_rng((seed, 510))
    waves = rng.normal(0, 2 * np.pi / 48.0, (5, 3))
    phase = rng.uniform(0, 2 * np.pi, (5, 3))
    free = np.clip((points[:, 2:] - 575.0) / 20.0, 0.0, 1.0) * np.clip(points[:, :1] / 8, 0, 1)
    shift: FloatArray = np.sin((points @ waves.T)[:, :, None] + phase).sum(axis=1)
    return points + free * 0.8 * shift
