"""Head and neck by region: what a projection needs from skull to windpipe."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from fluoroview_simulated.anatomy.mesh import Mesh, load
from fluoroview_simulated.anatomy.parts import Part, tissue
from fluoroview_simulated.anatomy.regions_skeleton import left, ribs, right, spine
from fluoroview_simulated.anatomy.regions_soft import LUNG

CERVICAL = ("C1", "C2", "C3", "C4", "C5", "C6", "C7")
AIR = -1.0
DENTINE, ENAMEL = 0.9, 1.4
"""Against compact bone; the enamel's comes on top of the crown's dentine."""


def _bone(name: str, spongy: float, cortex_mm: float, grain: float = 0.3) -> Part:
    """A shipped mesh of this region as a bone whose mineral takes the place of marrow."""
    return Part(load(f"head_{name}"), soft=-spongy, bone=spongy, shell_mm=cortex_mm, grain=grain)


@lru_cache(maxsize=4)
def _mirrored(name: str) -> Mesh:
    return load(name).moved(np.diag([-1.0, 1.0, 1.0]))


def cervical_spine(first: str = "C1", last: str = "C7") -> list[Part]:
    """Vertebrae from `first` down to `last`, C1 to C7.

    Raises:
        ValueError: if one of them is not a cervical level, or they stand upside down.
    """
    for name in (first, last):
        if name not in CERVICAL:
            raise ValueError(f"There is no vertebra {name!r} in the neck. Name one from C1 to C7.")
    a, b = CERVICAL.index(first), CERVICAL.index(last)
    if b < a:
        raise ValueError(f"{first} lies below {last}. Name the upper vertebra first.")
    return [_bone(level, 0.22, 0.6, 0.35) for level in CERVICAL[a : b + 1]]


def skull() -> list[Part]:
    """Vault, base with petrous bones and mastoid cells, face with its sinuses, upper teeth."""
    parts = [_bone("cranium", 0.30, 0.85, 0.25), _bone("face", 0.25, 0.75, 0.3)]
    parts += [_bone("palate", 0.3, 0.5, 0.2)]
    for name, soft, bone in (("petrous", -0.30, 0.34), ("mastoid_cells", -0.75, -0.42)):
        parts.append(Part(load(f"head_{name}"), soft=soft, bone=bone))
        parts.append(Part(_mirrored(f"head_{name}"), soft=soft, bone=bone))
    return [
        *parts,
        Part(load("head_sutures"), bone=-0.85),
        Part(load("head_grooves"), bone=-0.55),
        *teeth("upper"),
        tissue("head_sinuses", AIR),
        tissue("head_nose_air", AIR),
    ]


def teeth(jaw: str) -> list[Part]:
    """The teeth of the "upper" or "lower" jaw."""
    return [
        Part(load(f"head_teeth_{jaw}"), soft=-DENTINE, bone=DENTINE - 0.2),
        Part(load(f"head_enamel_{jaw}"), bone=ENAMEL),
    ]


def lower_jaw() -> list[Part]:
    """Mandible and its teeth."""
    return [_bone("mandible", 0.28, 1.4, 0.3), *teeth("lower")]


def larynx() -> list[Part]:
    """Hyoid, and the cartilages as far as they are calcified."""
    return [_bone("hyoid", 0.35, 0.5), _bone("cartilage", 0.08, 0.16, 0.9)]


def pharynx_air() -> Part:
    """The air from the nose's back door and the mouth to the windpipe at z = 345."""
    return tissue("head_pharynx", AIR)


def head_soft(pharynx: bool = True) -> list[Part]:
    """Skin of head and neck down to z = 400, and the air of pharynx and windpipe."""
    parts = [Part(load("head_skin"), soft=1.0, skin=False)]
    return [*parts, pharynx_air()] if pharynx else parts


def head(pharynx: bool = True) -> list[Part]:
    """The head with the upper neck, down to z = 400."""
    return [*head_soft(pharynx), *skull(), *lower_jaw(), *larynx(), *cervical_spine()]


def head_and_neck(swallowing: bool = False) -> list[Part]:
    """Head, neck and what a view of them shows of the shoulders and the upper chest.

    Lower jaw, larynx and the air of the pharynx are absent for a swallow, which moves them itself.
    """
    still = [] if swallowing else [pharynx_air(), *lower_jaw(), *larynx()]
    clavicles = [make("clavicle", 0.25, shell_mm=0.8, grain=0.4) for make in (left, right)]
    return [
        tissue("head_skin_shoulders", 1.0),
        *still,
        tissue("soft_lungs", LUNG),
        *skull(),
        *cervical_spine(),
        *spine("T1", "T3"),
        *ribs(1, 3),
        *clavicles,
    ]
