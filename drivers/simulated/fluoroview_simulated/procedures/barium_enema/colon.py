"""The colon of a case: its lumen in pieces, its lesions, and how they are laid out for a view.

A loop may lie over another, so the colon is cut where it bends: each piece is its own layer, and
rays through two of them add up. Pools level in each piece for itself, as they do between folds.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from itertools import pairwise

import cv2
import numpy as np

from fluoroview_simulated.anatomy import regions_gut as gut
from fluoroview_simulated.anatomy.mesh import Mesh, tube_mesh
from fluoroview_simulated.anatomy.parts import in_body
from fluoroview_simulated.arrays import FloatArray
from fluoroview_simulated.procedures.barium_enema.coat import grain, soft
from fluoroview_simulated.render.canvas import LayerMap, ViewLayers
from fluoroview_simulated.render.layers import levels_together

CUTS_MM = (0, 62, 138, 205, 300, 420, 520, 610, 680, 760, 850, 950, 1010, 1070, 1130, 1190, 1400)
"""Where the colon is cut into pieces, from the anus."""
APPLE_CORE_MM = 468.0
POLYP_MM, STALKED_MM = 408.0, 330.0
HEAD_MM, HEAD_CELLS = 15.0, 41
"""How far the middle of the head of barium is ahead of its edge, and cells that span a lumen."""


@dataclass(frozen=True)
class Sac:
    """A diverticulum or a polyp: its mesh and where along the colon it sits."""

    mesh: Mesh
    s_mm: float
    filled: float = 1.0
    """Share that barium fills when air follows."""


@dataclass(frozen=True, eq=False)
class Colon:
    """Meshes of one patient's colon."""

    lumen: gut.Lumen
    pieces: tuple[tuple[Mesh, np.ndarray], ...]
    walls: tuple[tuple[Mesh, np.ndarray], ...]
    diverticula: tuple[Sac, ...] = ()
    polyps: tuple[Sac, ...] = ()
    first_ml: np.ndarray = field(default_factory=lambda: np.zeros(0))
    """Capacity up to the start of each piece, and the whole at the end."""

    @property
    def capacity_ml(self) -> float:
        """The whole colon, blown up."""
        return float(self.first_ml[-1])

    def s_of(self, ml: float) -> float:
        """How far along the colon a volume from the rectum reaches, mm."""
        return float(np.interp(ml, self.lumen.volume_ml, self.lumen.s_mm))


def make_colon(disease: str, body: str) -> Colon:
    """The colon of a case ("normal", "diverticulosis", "polyp" or "apple-core")."""
    shaped = {"apple-core": _apple_core, "diverticulosis": _saw_tooth}.get(disease)
    lumen = gut.colon(shaped)
    diverticula = tuple(_diverticula(lumen)) if disease == "diverticulosis" else ()
    polyps = tuple(_polyps(lumen)) if disease == "polyp" else ()
    pieces, walls = [], []
    for a, b in pairwise(CUTS_MM):
        mesh, along = lumen.piece(a, b)
        ends = 2 * lumen.radius.shape[1]
        pieces.append((in_body(mesh, body), along))
        walls.append((in_body(Mesh(mesh.vertices, mesh.faces[:-ends]), body), along))
    volumes = np.interp([*CUTS_MM[:-1], 1e6], lumen.s_mm, lumen.volume_ml)
    return Colon(
        lumen,
        tuple(pieces),
        tuple(walls),
        tuple(replace(s, mesh=in_body(s.mesh, body)) for s in diverticula),
        tuple(replace(s, mesh=in_body(s.mesh, body)) for s in polyps),
        volumes,
    )


def lay_out(colon: Colon, layers: ViewLayers, seed: int) -> None:
    """Projects every piece, its wall and the lesions for one view."""
    texture = grain(layers.view, seed)
    for i, ((mesh, along), (wall, _)) in enumerate(zip(colon.pieces, colon.walls, strict=True)):
        key = f"wall {i}"
        layers.lumen(f"piece {i}", key, mesh, wall, along)
        inside, kept = layers.maps[f"piece {i}"], layers.maps[key]
        reached = _reached(inside, float(colon.lumen.s_mm[-1]))
        layers.maps[f"piece {i}"] = replace(inside, scalar=reached)
        texture_here = soft(kept.path) * texture[kept.place]
        layers.maps[key] = replace(kept, path=texture_here, scalar=reached)
    layers.custom("basins", **basins(colon, layers))
    for name, sacs in (("sac", colon.diverticula), ("polyp", colon.polyps)):
        for i, sac in enumerate(sacs):
            key = f"{name} wall {i}"
            layers.lumen(f"{name} {i}", key, sac.mesh, sac.mesh)
            layers.maps[key] = replace(layers.maps[key], path=soft(layers.maps[key].path))


def _reached(piece: LayerMap, end_mm: float) -> np.ndarray | None:
    """Where along the colon a ray lies for what runs in: its head is round, the wall comes last.

    Towards the pole of the caecum nothing is ahead any more.
    """
    if piece.scalar is None or piece.path.size == 1:
        return piece.scalar
    across = cv2.dilate(piece.path, np.ones((HEAD_CELLS, HEAD_CELLS)))
    off_middle = 1.0 - (piece.path / np.maximum(across, 1.0)) ** 2
    ahead = HEAD_MM * np.clip((end_mm - piece.scalar) / 100.0 - 0.2, 0.0, 1.0)
    return (piece.scalar + ahead * np.clip(off_middle, 0.0, 1.0)).astype(np.float32)


def basins(colon: Colon, layers: ViewLayers) -> dict[str, np.ndarray]:
    """Which pieces share a level: those between two crests of the colon against gravity.

    Returns:
        owner: number of the basin of each piece, (pieces,).
        level: heights in mm, (basins, 120), and ml what the basin holds below each, (basins, 120).
    """
    down = layers.view.geometry.down
    axis = colon.lumen.axis
    height = np.convolve(np.pad(-(axis @ down), 12, mode="edge"), np.full(25, 0.04), "valid")
    crests = [0.0]
    for i in range(12, len(height) - 12):
        if height[i] == height[i - 12 : i + 13].max():
            crests.append(float(colon.lumen.s_mm[i]))
    middles = np.array([0.5 * (s.min() + s.max()) for _, s in colon.pieces])
    owner = np.searchsorted(crests, middles) - 1
    owner = np.unique(owner, return_inverse=True)[1]
    levels, volumes = [], []
    for k in range(owner.max() + 1):
        maps = [layers.maps[f"piece {i}"] for i in np.flatnonzero(owner == k)]
        at, ml = levels_together(maps, 120)
        levels.append(at)
        volumes.append(ml)
    return {"owner": owner, "level": np.array(levels), "ml": np.array(volumes)}


# ----------------------------------------------------------------------------------- lesions


def _apple_core(s: FloatArray, angle: FloatArray, normal: FloatArray) -> FloatArray:
    """An annular carcinoma: a short stiff channel between two overhanging shoulders."""
    half = 19.0 + 2.5 * np.sin(2 * angle + 0.6)
    d = np.abs(s - APPLE_CORE_MM - 2.0 * np.cos(angle))
    inside = 0.5 * (1.0 - np.tanh((d - half) / 1.5))
    channel = 4.6 + 1.5 * gut.rough(s, angle, 13.0, 61) + 0.9 * gut.rough(s, 2 * angle, 7.0, 62)
    smooth_near = np.exp(-(((d - half) / 14.0) ** 2)) * (d > half)
    proximal = 1.0 + 0.22 * np.clip((s - APPLE_CORE_MM - 20.0) / 30.0, 0, 1) * np.exp(
        -np.maximum(s - APPLE_CORE_MM - 50.0, 0) / 120.0
    )  # the bowel before the narrowing is wide
    full = normal * proximal
    full = full + smooth_near * 0.10 * normal
    return full * (1 - inside) + np.maximum(channel, 2.4) * inside


def _saw_tooth(s: np.ndarray, angle: np.ndarray, normal: np.ndarray) -> np.ndarray:
    """Thick muscle of the sigmoid: narrower, with close interdigitating folds."""
    where = np.clip((s - 190) / 50, 0, 1) * np.clip((500 - s) / 60, 0, 1)
    phase = 2 * np.pi * s / 13.5 + 0.8 * gut.rough(s, 0 * angle, 60.0, 71)
    teeth = np.maximum(np.sin(phase + np.pi * (np.cos(angle - 0.8) > 0)), 0.0) ** 1.5
    return normal * (1 - where * (0.16 + 0.36 * teeth))


def _diverticula(lumen: gut.Lumen) -> list[Sac]:
    """Flask-shaped sacs in rows along the taeniae, most of them in the sigmoid."""
    rng = np.random.default_rng(41)
    places = [*np.linspace(205, 480, 22), *np.linspace(500, 640, 7), 800.0, 830.0]
    sacs = []
    for place in places:
        s = float(place + rng.uniform(-5, 5))
        turns = rng.uniform(0, 360, 4)
        sides = [lumen.wall(s, angle) for angle in turns]
        # Most stand where they are seen in profile from the front; some are seen on end.
        profile = [abs(out[1]) for _, out in sides]
        at, out = sides[int(np.argmin(profile)) if rng.random() < 0.7 else 0]
        out = out + 0.3 * rng.standard_normal(3)
        out /= np.linalg.norm(out)
        big = rng.uniform(2.6, 5.2)
        neck = rng.uniform(1.3, 1.9)
        reach = np.array([-3.0, 0.0, 1.8, 3.3, 4.5, 5.8, 7.2, 8.4, 9.0]) / 9.0
        width = np.array([neck, neck, neck, 0.55 * big, 0.9 * big, big, 0.9 * big, 0.55 * big, 0.2])
        points = at + out * (reach * (5.5 + 2.3 * big))[:, None]
        sacs.append(
            Sac(tube_mesh(points, width, 14), float(s), float(rng.choice([0.0, 0.12, 0.3, 1.0])))
        )
    return sacs


def _polyps(lumen: gut.Lumen) -> list[Sac]:
    """A sessile polyp of 13 mm and one of 20 mm on a stalk."""
    at, out = lumen.wall(POLYP_MM, 40)
    inward = -out
    dome = at + inward * np.array([-1.0, 0.0, 1.8, 4.2, 6.5, 8.2, 9.0])[:, None]
    sessile = tube_mesh(dome, np.array([5.2, 6.1, 6.5, 6.0, 4.8, 2.6, 0.3]), 18)
    base, out = lumen.wall(STALKED_MM, 95)
    i = int(np.argmin(np.abs(lumen.s_mm - STALKED_MM)))
    tangent = lumen.axis[i + 1] - lumen.axis[i - 1]
    tangent /= np.linalg.norm(tangent)
    bend = np.linspace(0, 1, 9)[:, None]
    stalk = base - out * 9.0 * np.sin(bend * np.pi / 2) - tangent * 20.0 * bend**1.5
    head = stalk[-1] - tangent * np.linspace(1.0, 17.5, 8)[:, None]
    width = [*np.full(9, 2.0), 4.8, 7.7, 9.4, 9.9, 9.3, 7.3, 4.2, 0.4]
    return [
        Sac(sessile, POLYP_MM),
        Sac(tube_mesh(np.concatenate([stalk, head]), np.array(width), 18), STALKED_MM),
    ]
