"""The bones of the trunk by region, with what they are made of; each loads only what it names.

`seed` names a patient, whose two sides differ; without one both are mirror images.
"""

from __future__ import annotations

from typing import TypedDict, Unpack

from fluoroview_simulated.anatomy.landmarks import VERTEBRAE
from fluoroview_simulated.anatomy.parts import Part
from fluoroview_simulated.anatomy.posture import STRAIGHT, bone_mesh


class Cortex(TypedDict, total=False):
    """The shell of a bone, as in `Part`."""

    shell_mm: float
    grain: float


LEVELS = tuple(v for v in VERTEBRAE if v[0] in "TL")
"""Vertebrae with a mesh here, from the head down."""


def left(name: str, bone: float, seed: int = STRAIGHT, **cortex: Unpack[Cortex]) -> Part:
    """A shipped bone of the left side: what its mineral leaves room for is marrow."""
    return Part(bone_mesh(name, False, seed), soft=-bone, bone=bone, **cortex)


def right(name: str, bone: float, seed: int = STRAIGHT, **cortex: Unpack[Cortex]) -> Part:
    """The same bone on the right."""
    return Part(bone_mesh(name, True, seed), soft=-bone, bone=bone, **cortex)


def _pair(name: str, bone: float, seed: int, **material: float) -> list[Part]:
    return [left(name, bone, seed, **material), right(name, bone, seed, **material)]


def vertebra(level: str, seed: int = STRAIGHT) -> Part:
    """One vertebra, T1 to L5."""
    return left(level, 0.20, seed, shell_mm=0.7, grain=0.45)


def spine(first: str = "T1", last: str = "L5", seed: int = STRAIGHT) -> list[Part]:
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
    return [vertebra(level, seed) for level in LEVELS[a : b + 1]]


def pelvis(seed: int = STRAIGHT) -> list[Part]:
    """Sacrum with coccyx, and both hip bones."""
    return [
        left("sacrum", 0.14, seed, shell_mm=0.65, grain=0.45),
        *_pair("hip", 0.17, seed, shell_mm=0.75, grain=0.45),
    ]


def femora(seed: int = STRAIGHT) -> list[Part]:
    """The upper ends of both femora, down to z = -335; thick cortex below the trochanters."""
    parts = _pair("femur_upper", 0.20, seed, shell_mm=0.7, grain=0.45)
    for part in (left, right):
        parts.append(part("femur_wall", 0.70, seed))
        parts.append(part("femur_marrow", -0.17, seed))
    return parts


def ribs(first: int = 1, last: int = 12, seed: int = STRAIGHT) -> list[Part]:
    """Both sides' ribs of these numbers."""
    return [
        part
        for i in range(first, last + 1)
        for part in _pair(f"rib_{i}", 0.20, seed, shell_mm=0.65, grain=0.4)
    ]


def breastbone(seed: int = STRAIGHT) -> list[Part]:
    """Sternum, and the cartilages that join ribs 1 to 10 to it: denser than flesh, hardly limed."""
    return [
        left("sternum", 0.13, seed, shell_mm=0.45, grain=0.45),
        *(
            Part(bone_mesh(f"costal_{i}", mirrored, seed), soft=0.12, shell_mm=0.1, grain=0.9)
            for i in range(1, 11)
            for mirrored in (False, True)
        ),
    ]


def thorax(first: str = "T1", last: str = "T12", seed: int = STRAIGHT) -> list[Part]:
    """Thoracic spine, ribs with cartilages, sternum, clavicles and scapulae."""
    return [
        *spine(first, last, seed),
        *ribs(seed=seed),
        *breastbone(seed),
        *_pair("clavicle", 0.25, seed, shell_mm=0.8, grain=0.4),
        *_pair("scapula", 0.20, seed, shell_mm=0.5, grain=0.4),
    ]
