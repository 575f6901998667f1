"""The procedures: one module each, imported when it is asked for."""

from __future__ import annotations

from dataclasses import replace
from difflib import get_close_matches
from functools import lru_cache
from importlib import import_module
from importlib.util import find_spec

from fluoroview_simulated.anatomy.parts import BODY_SCALE
from fluoroview_simulated.procedures.base import Procedure, ProcedureInfo
from fluoroview_simulated.room.technique import Geometry

MODULES = {
    "modified-barium-swallow": "modified_barium_swallow",
    "oesophagogram": "oesophagogram",
    "upper-gi": "upper_gi",
    "barium-enema": "barium_enema",
    "cerebral-angiography": "cerebral_angiography",
    "peripheral-angiography": "peripheral_angiography",
    "cystography": "cystography",
    "voiding-cystourethrography": "cystography",
    "myelography": "myelography",
    "hysterosalpingography": "hysterosalpingography",
    "coronary-angiography": "coronary_angiography",
    "central-line": "central_line",
    "stent-placement": "stent_placement",
    "femoral-nailing": "femoral_nailing",
    "wrist-pinning": "wrist_pinning",
    "phantom": "phantom",
}
"""Names of the procedures, in the order in which they are offered, and where they live."""


def names() -> list[str]:
    """Names of all procedures."""
    return [n for n, m in MODULES.items() if find_spec(f"{__name__}.{m}") is not None]


@lru_cache(maxsize=len(MODULES))
def find(name: str) -> type[Procedure]:
    """The procedure of that name.

    Raises:
        ValueError: if there is none; the nearest names are offered.
    """
    if name not in MODULES:
        raise ValueError(f"There is no procedure {name!r}. {nearest(name, list(MODULES))}")
    module = import_module(f"{__name__}.{MODULES[name]}")
    classes: tuple[type[Procedure], ...] = getattr(module, "PROCEDURES", None) or (
        module.PROCEDURE,
    )
    return next(c for c in classes if c.info.name == name)


def nearest(name: str, known: list[str]) -> str:
    """A sentence that offers the names most like `name`."""
    close = get_close_matches(name, known, n=3, cutoff=0.4)
    if close:
        return f"The nearest are: {', '.join(close)}."
    return f"There are: {', '.join(known)}."


def start_geometry(info: ProcedureInfo, case: str, body: str) -> Geometry:
    """Where the stand is when a procedure begins: organs of a smaller body lie nearer."""
    scale = BODY_SCALE[body]
    x, y, z = info.geometry.isocentre_mm
    start = replace(info.geometry, isocentre_mm=(x * scale, y * scale, z * scale))
    angles = info.case(case).angles_deg
    if angles is None:
        return start
    return replace(start, primary_deg=angles[0], secondary_deg=angles[1])


def make(name: str, case: str = "", seed: int = 1, body: str = "") -> Procedure:
    """One case of a procedure; the first one, and its usual body, if none is named.

    Raises:
        ValueError: for an unknown procedure, case or body, with what is offered.
    """
    kind = find(name)
    cases = [c.name for c in kind.info.cases]
    if case and case not in cases:
        raise ValueError(f"{kind.info.title} has no case {case!r}. {nearest(case, cases)}")
    if body and body not in kind.info.bodies:
        allowed = ", ".join(kind.info.bodies)
        raise ValueError(f"{kind.info.title} has no body {body!r}. There are: {allowed}.")
    return kind(case or cases[0], seed, body or kind.info.bodies[0])
