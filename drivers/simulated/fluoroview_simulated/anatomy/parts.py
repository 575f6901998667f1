"""Parts of the body: a mesh and what it is made of, in mm of basis material per mm of path.

Every part is laid over what is already there: a bone takes away the soft tissue whose place it has
and adds bone; a lung takes away most of it (-0.74), fat a tenth, air all.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from fluoroview_simulated.anatomy.mesh import Mesh, load

BODY_SCALE = {"small": 0.93, "medium": 1.0, "large": 1.05, "child": 0.62}
"""Skeleton and organs against the medium adult."""
GIRTH = {"small": 0.95, "medium": 1.0, "large": 1.22, "child": 0.95}
"""Skin and fat across, on top of that."""


@dataclass(frozen=True)
class Part:
    """One closed surface and its materials.

    Attributes:
        soft, bone: mm of soft tissue and of cortical bone per mm of path inside.
        shell_mm: thickness of the cortex, added where a ray goes in and where it comes out.
        grain: relative strength of the solid texture of that shell.
        skin: whether the part grows with the girth of the body and not only with its scale.
    """

    mesh: Mesh
    soft: float = 0.0
    bone: float = 0.0
    shell_mm: float = 0.0
    grain: float = 0.0
    skin: bool = False

    def in_body(self, body: str) -> Part:
        """The same part in a body of another size."""
        if body == "medium":
            return self
        return replace(self, mesh=in_body(self.mesh, body, self.skin))


def in_body(mesh: Mesh, body: str, skin: bool = False) -> Mesh:
    """A mesh of the medium adult in a body of another size."""
    scale = BODY_SCALE[body]
    girth = scale * (GIRTH[body] if skin else 1.0)
    return mesh.moved(np.diag([girth, girth, scale]))


def bone(name: str, spongy: float = 0.2, cortex_mm: float = 0.7, grain: float = 0.7) -> Part:
    """A shipped mesh as a bone: compact shell around spongy bone, marrow between its struts."""
    return Part(load(name), soft=-spongy, bone=spongy, shell_mm=cortex_mm, grain=grain)


def tissue(name: str, soft: float, skin: bool = False) -> Part:
    """A shipped mesh as soft tissue denser or lighter than what surrounds it."""
    return Part(load(name), soft=soft, skin=skin)
