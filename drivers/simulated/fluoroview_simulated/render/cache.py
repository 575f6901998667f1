"""Keeps projected patients on disk, so that a start does not project them again.

A file holds the two maps and their checksum. One that cannot be read, does not fit or fails its
checksum is made again, and a warning is logged; a disk that cannot be written to is no error.
"""

from __future__ import annotations

import hashlib
import logging
import os
import zlib
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import platformdirs

from fluoroview.hal.safe_files import NotWrittenError, whole_file

if TYPE_CHECKING:
    from fluoroview_simulated.anatomy.view import View
    from fluoroview_simulated.procedures.base import Procedure

KEPT = 40
"""Views on disk; the oldest go when there are more."""

_log = logging.getLogger(__name__)


def folder() -> Path:
    """Where the maps lie: the user's cache, or FLUOROVIEW_SIMULATED_CACHE."""
    named = os.environ.get("FLUOROVIEW_SIMULATED_CACHE")
    return Path(named or platformdirs.user_cache_dir("fluoroview-simulated"))


@lru_cache(maxsize=1)
def edition() -> str:
    """Fingerprint of code and meshes: others make other maps."""
    digest = hashlib.sha256()
    here = Path(__file__).parents[1]
    for source in sorted([*here.rglob("*.py"), *here.rglob("*.npz")]):
        state = source.stat()
        digest.update(f"{source.name} {state.st_size} {state.st_mtime_ns}".encode())
    return digest.hexdigest()[:16]


def place(procedure: Procedure, view: View, size: int, unsharpness_mm: float) -> Path:
    """File of one patient in one view, as unsharp as it is kept."""
    g = view.geometry
    key = (
        procedure.info.name,
        procedure.case,
        procedure.body,
        procedure.seed,
        size,
        unsharpness_mm,
        g.primary_deg,
        g.secondary_deg,
        g.isocentre_mm,
        g.source_isocentre_mm,
        g.source_image_mm,
        g.detector_mm,
        g.position,
        g.tilt_deg,
    )
    digest = hashlib.sha256(repr(key).encode()).hexdigest()[:24]
    return folder() / f"view-{edition()}-{digest}.npz"


def load(path: Path, size: int) -> tuple[np.ndarray, np.ndarray] | None:
    """Soft and bone maps (size, size) uint16, or None where there is no sound file."""
    try:
        with path.open("rb") as stream, np.load(stream, allow_pickle=False) as kept:
            soft, bone, check = kept["soft"], kept["bone"], int(kept["check"])
    except FileNotFoundError:
        return None
    except Exception as error:  # np.load raises whatever the damage makes of the file
        _log.warning("%s cannot be read (%s); the patient is projected again", path, error)
        return None
    if not all(m.shape == (size, size) and m.dtype == np.uint16 for m in (soft, bone)):
        _log.warning("%s does not hold a patient of %d pixels; projected again", path, size)
        return None
    if check != _check(soft, bone):
        _log.warning("%s is damaged; the patient is projected again", path)
        return None
    return soft, bone


def save(path: Path, soft: np.ndarray, bone: np.ndarray) -> None:
    """Writes the maps; whole or not at all."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with whole_file(path, sync=False) as stream:
            np.savez(stream, soft=soft, bone=bone, check=np.array(_check(soft, bone)))
        kept = sorted(path.parent.glob("view-*.npz"), key=lambda p: p.stat().st_mtime)
        for old in kept[:-KEPT]:
            old.unlink(missing_ok=True)
    except (OSError, NotWrittenError) as error:
        _log.info("the patient is not kept on disk: %s", error)


def _check(soft: np.ndarray, bone: np.ndarray) -> int:
    return zlib.crc32(bone.tobytes(), zlib.crc32(soft.tobytes()))
