"""Stomach and duodenum of a case, and their layers for a view.

The body of the stomach keeps its shape and is projected once per view; the antrum moves. Both share
one level of barium.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from fluoroview_simulated.anatomy import regions_gut as gut
from fluoroview_simulated.anatomy.mesh import Mesh, tube_mesh
from fluoroview_simulated.anatomy.moving_chest import inverse
from fluoroview_simulated.anatomy.parts import BODY_SCALE, in_body
from fluoroview_simulated.arrays import FloatArray
from fluoroview_simulated.procedures.barium_enema.coat import grain, soft
from fluoroview_simulated.procedures.upper_gi.antrum import ANTRUM_MM, Antrum, make_antrum
from fluoroview_simulated.render.canvas import ViewLayers
from fluoroview_simulated.render.layers import levels_together

DUODENUM_CUTS_MM = (0.0, 44.0, 128.0, 205.0, 262.0, 400.0)
ULCER_MM, ULCER_DEG = 146.0, 180.0
TUMOUR_MM, TUMOUR_DEG = 222.0, 10.0


@dataclass(frozen=True, eq=False)
class Anatomy:
    """Meshes of one patient's stomach and duodenum."""

    stomach: gut.Lumen
    duodenum: gut.Lumen
    scale: float
    body: tuple[Mesh, np.ndarray]
    grooves: np.ndarray
    """Depth of the furrows between the folds at the vertices of the body, 0 to 1."""
    pieces: tuple[tuple[Mesh, np.ndarray], ...]
    crater: Mesh | None
    mass: Mesh | None
    """The tissue of a tumour between its own lumen and its outer surface."""
    antrum: Antrum
    spokes: tuple[np.ndarray, np.ndarray] | None
    """Folds that run to an ulcer: points (n, 3) one after the other, and how deep each is (n,)."""


def make_anatomy(disease: str, body: str) -> Anatomy:
    """The organs of a case ("normal", "ulcer" or "carcinoma")."""
    stomach = gut.stomach({"ulcer": _mound, "carcinoma": _mass}.get(disease))
    duodenum = gut.duodenum()
    scale = BODY_SCALE[body]
    mesh, along = stomach.piece(-1.0, ANTRUM_MM)
    sides = stomach.radius.shape[1]
    angle = np.tile(2 * np.pi * np.arange(sides) / sides, (len(along) - 2) // sides)
    high = gut.ruga(along[:-2, None], angle[:, None])[:, 0]
    weight = np.interp(along[:-2], [0, 30, 135, ANTRUM_MM], [0.4, 1.0, 0.9, 0.0])
    grooves = np.append(weight * np.maximum(1.0 - 1.8 * high, 0.0) ** 1.5, [0.0, 0.0])
    crater, mass, spokes = (None, None, None)
    if disease == "ulcer":
        crater, spokes = _ulcer(stomach, scale)
    antrum = make_antrum(stomach, scale)
    if disease == "carcinoma":
        mass = in_body(_tumour(stomach), body)
        antrum = make_antrum(stomach, scale, 3, (TUMOUR_MM - 30.0, TUMOUR_MM + 30.0))
    return Anatomy(
        stomach,
        duodenum,
        scale,
        (in_body(mesh, body), along),
        grooves.astype(np.float32),
        tuple(_pieces(duodenum, body)),
        crater,
        mass,
        antrum,
        spokes,
    )


def _pieces(duodenum: gut.Lumen, body: str) -> list[tuple[Mesh, np.ndarray]]:
    out = []
    for low, high in pairwise(DUODENUM_CUTS_MM):
        mesh, along = duodenum.piece(low, high)
        out.append((in_body(mesh, body), along))
    return out


def lay_out(parts: Anatomy, layers: ViewLayers, seed: int) -> None:
    """Projects all that stands still for one view."""
    texture = grain(layers.view, seed, 0.09)
    layers.custom("grain", texture=texture)
    mesh, along = parts.body
    wall = _open_wall(mesh, parts.stomach)
    layers.lumen("body", "body wall", mesh, wall, along)
    dependent = np.clip(wall.normals @ layers.view.geometry.down + 0.15, 0, 1)
    layers.shell("grooves", wall, parts.grooves * dependent)
    for key in ("body wall", "grooves"):
        _coated(layers, key, texture)
    for i, (piece, place) in enumerate(parts.pieces):
        wall, key = _open_wall(piece, parts.duodenum), f"duodenum wall {i}"
        layers.lumen(f"duodenum {i}", key, piece, wall, place)
        _coated(layers, key, texture)
    layers.path("antrum at rest", parts.antrum.mesh((), 0.0))
    _levels(layers)
    if parts.mass is not None:
        layers.path("mass", parts.mass)
    if parts.crater is not None:
        layers.lumen("crater", "crater wall", parts.crater, parts.crater)
        _coated(layers, "crater wall", texture)


def _coated(layers: ViewLayers, key: str, texture: np.ndarray) -> None:
    kept = layers.maps[key]
    if kept.path.size > 1:
        layers.maps[key] = replace(kept, path=soft(kept.path) * texture[kept.place])


def _open_wall(mesh: Mesh, lumen: gut.Lumen) -> Mesh:
    """The wall of a piece without the discs that close it."""
    return Mesh(mesh.vertices, mesh.faces[: -2 * lumen.radius.shape[1]])


def _levels(layers: ViewLayers) -> None:
    """Heights, and ml of body and resting antrum together below each."""
    maps = [layers.maps["body"], layers.maps["antrum at rest"]]
    at, ml = levels_together(maps, 200)
    layers.custom("levels", mm=at, ml=ml)


# ----------------------------------------------------------------------------------- lesions


def _towards(angle: FloatArray, degrees: float) -> FloatArray:
    """Angle from a direction, rad, -π to π."""
    turned: FloatArray = (angle - np.deg2rad(degrees) + np.pi) % (2 * np.pi) - np.pi
    return turned


def _mound(s: FloatArray, angle: FloatArray, normal: FloatArray) -> FloatArray:
    """The swollen edge round a benign ulcer: smooth, and the folds reach it."""
    across = _towards(angle, ULCER_DEG) * normal
    d = np.hypot(s - ULCER_MM, across)
    collar = np.exp(-(((d - 9.0) / 6.0) ** 2))
    return normal - 3.2 * collar


def _mass(s: FloatArray, angle: FloatArray, normal: FloatArray) -> FloatArray:
    """A carcinoma: a lobed mass with steep shoulders, ulcerated in its middle."""
    across = np.abs(_towards(angle, TUMOUR_DEG)) * 18.0
    d = np.hypot((s - TUMOUR_MM) / 1.15, across / 2.3)
    lobes = 1.0 + 0.26 * gut.rough(s, angle, 15.0, 91) + 0.16 * gut.rough(s, 2 * angle, 9.0, 92)
    inside = 0.5 * (1.0 - np.tanh((d - 19.0) / 1.7))
    crater = 0.45 * np.exp(-((d / 7.0) ** 2))
    return normal * (1.0 - np.clip(0.68 * lobes * inside * (1 - crater), 0.0, 0.84))


def _tumour(sick: gut.Lumen) -> Mesh:
    """The tissue of the carcinoma: what fills the healthy lumen, and as much beyond the wall."""
    well = gut.stomach()
    near = (np.abs(well.s_mm - TUMOUR_MM) < 36.0).nonzero()[0]
    angle = 2 * np.pi * np.arange(0, 96, 3) / 96
    s = well.s_mm[near][:, None]
    across = np.abs(_towards(angle, TUMOUR_DEG)) * 18.0
    d = np.hypot((s - TUMOUR_MM) / 1.15, across / 2.3)
    thick = 13.0 * np.exp(-((d / 20.0) ** 4)) * (1.0 + 0.3 * gut.rough(s, angle, 22.0, 93))
    outer, inner = (
        gut.Lumen(o.axis[near], o.s_mm[near], o.side[near], o.up[near], r, o.flat).piece()[0]
        for o, r in (
            (well, well.radius[near][:, ::3] + np.maximum(thick, 0.0)),
            (sick, sick.radius[near][:, ::3]),
        )
    )
    return outer.joined(inverse(inner))


def _ulcer(stomach: gut.Lumen, scale: float) -> tuple[Mesh, tuple[np.ndarray, np.ndarray]]:
    """The niche beyond the lesser curvature, and the folds that run towards it."""
    at, out = stomach.wall(ULCER_MM, ULCER_DEG)
    along = np.array([-3.0, 0.0, 2.0, 5.0, 8.0, 10.5, 12.0])
    width = np.array([4.6, 5.0, 5.8, 6.5, 5.6, 3.4, 0.3])
    crater = tube_mesh((at + out * along[:, None]) * scale, width * scale, 20)
    spokes = []
    for k, turn in enumerate(np.linspace(-1.2, 1.2, 6)):
        reach = np.linspace(9.0, 25.0 + 4 * np.sin(3.0 * k), 10)
        wave = 0.9 * np.sin(reach / 6.0 + 2.1 * k)
        for sign in (-1, 1):
            points = []
            for r, w in zip(reach, wave, strict=True):
                degrees = ULCER_DEG + np.rad2deg((sign * r * np.cos(turn) + w) / 28.0)
                points.append(stomach.wall(ULCER_MM + r * np.sin(turn), degrees)[0])
            # Drawn as one line; between two folds it has no depth.
            spokes.append(np.array([points[0], *points, points[-1]]) * scale)
    taper = np.concatenate([[0.0], np.linspace(0.45, 0.08, 10), [0.0]])
    return crater, (np.concatenate(spokes), np.tile(taper, len(spokes)))
