"""The bones of the trunk by region, with what they are made of; each loads only what it names."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from fluoroview_simulated.anatomy.landmarks import VERTEBRAE
from fluoroview_simulated.anatomy.mesh import Mesh, load
from fluoroview_simulated.anatomy.parts import Part

LEVELS = tuple(v for v in VERTEBRAE if v[0] in "TL")
"""Vertebrae with a mesh here, from the head down."""


def left(name: str, bone: float, **material: float) -> Part:
    """A shipped bone of the left side: what its mineral leaves room for is marrow."""
    return Part(load(name), soft=-bone, bone=bone, **material)


def right(name: str, bone: float, **material: float) -> Part:
    """The same bone on the right."""
    return Part(_mirrored(name), soft=-bone, bone=bone, **material)


@lru_cache(maxsize=64)
def _mirrored(name: str) -> Mesh:
    return load(name).moved(np.diag([-1.0, 1.0, 1.0]))


def _pair(name: str, **material: float) -> list[Part]:
    return [left(name, **material), right(name, **material)]


def vertebra(level: str) -> Part:
    """One vertebra, T1 to L5."""
    return left(level, bone=0.20, shell_mm=0.7, grain=0.45)


def spine(first: str = "T1", last: str = "L5") -> list[Part]:
    """Vertebrae from `first` down to `last`, T1 to L5.

    Raises:
        ValueError: if one of them is not a level of the trunk, or they stand upside down.
    """
    for name in (first, last):
        if name not in LEVELS:
            raise ValueError(f"There is no vertebra {name!r} in the trunk. Name one from T1 to L5.")
    a, b = LEVELS.index(first), LEVELS.index(last)
    if b < a:
        raise ValueError(f"{first} lies below {last}. Name the upper vertebra first.")
    return [vertebra(level) for level in LEVELS[a : b + 1]]


def pelvis() -> list[Part]:
    """Sacrum with coccyx, and both hip bones."""
    return [
        left("sacrum", bone=0.14, shell_mm=0.65, grain=0.45),
        *_pair("hip", bone=0.17, shell_mm=0.75, grain=0.45),
    ]


def femora() -> list[Part]:
    """The upper ends of both femora, down to z = -335; thick cortex below the trochanters."""
    parts = _pair("femur_upper", bone=0.20, shell_mm=0.7, grain=0.45)
    for part in (left, right):
        parts.append(part("femur_wall", bone=0.70))
        parts.append(part("femur_marrow", bone=-0.17))
    return parts


def ribs(first: int = 1, last: int = 12) -> list[Part]:
    """Both sides' ribs of these numbers."""
    return [
        part
        for i in range(first, last + 1)
        for part in _pair(f"rib_{i}", bone=0.20, shell_mm=0.65, grain=0.4)
    ]


def thorax(first: str = "T1", last: str = "T12") -> list[Part]:
    """Thoracic spine, ribs, sternum, clavicles and scapulae."""
    return [
        *spine(first, last),
        *ribs(),
        left("sternum", bone=0.13, shell_mm=0.45, grain=0.45),
        *_pair("clavicle", bone=0.25, shell_mm=0.8, grain=0.4),
        *_pair("scapula", bone=0.20, shell_mm=0.5, grain=0.4),
    ]
