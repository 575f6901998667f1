"""Metal for bones: pins, drills, reamers, screws and nails, drawn as they are at this moment.

All are given by lines in patient coordinates, tail first and tip last. A broken bone's fragment,
which moves when the operator reduces the fracture, is here too: it is projected once for each pose.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from copy import copy
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from fluoroview_simulated.anatomy.mesh import Mesh, tube_mesh
from fluoroview_simulated.anatomy.parts import Part
from fluoroview_simulated.anatomy.project import draw_mesh, unsharp
from fluoroview_simulated.anatomy.vessels import smooth_line

if TYPE_CHECKING:
    from fluoroview_simulated.anatomy.view import View
    from fluoroview_simulated.render.canvas import Canvas

Point = np.ndarray | Sequence[float]
"""x, y, z in mm."""
STEEL, TITANIUM = 1.0, 0.34
"""mm of steel that weaken the beam as 1 mm does (Ti-6Al-4V, 60 keV)."""
UNSHARPNESS_MM = 0.18
"""Focal spot and scintillator, as the standard deviation of a Gaussian at the isocentre."""


def line(a: Point, b: Point, step_mm: float = 2.0) -> np.ndarray:
    """Points from `a` to `b`, (n, 3)."""
    a_, b_ = np.asarray(a, float), np.asarray(b, float)
    count = max(int(np.linalg.norm(b_ - a_) / step_mm) + 1, 2)
    return np.asarray(a_ + np.linspace(0, 1, count)[:, None] * (b_ - a_))


def pin(canvas: Canvas, a: Point, b: Point, radius_mm: float) -> None:
    """A Kirschner or guide wire with a trocar point."""
    points = line(a, b, 0.75)
    left = np.linalg.norm(points - points[-1], axis=1)
    canvas.tube(points, radius_mm * np.clip(left / (3.0 * radius_mm), 0.08, 1.0), STEEL, "metal")


def drill(canvas: Canvas, a: Point, b: Point, radius_mm: float) -> None:
    """A cannulated step drill: flutes at the tip, a thinner shank."""
    _turned_part(canvas, _drill(round(radius_mm, 2)), a, b, STEEL * 0.8)
    _bored(canvas, a, b, min(1.6, 0.4 * radius_mm), STEEL * 0.6)


def reamer(canvas: Canvas, way: np.ndarray, radius_mm: float) -> None:
    """A conical reamer on a flexible shaft."""
    canvas.tube(way, 3.6, STEEL * 0.5, "metal")
    canvas.tube(way, 1.8, -STEEL * 0.4, "metal")
    back = way[-1] + 44.0 * (way[-6] - way[-1]) / np.linalg.norm(way[-6] - way[-1])
    _turned_part(canvas, _reamer(round(radius_mm, 2)), back, way[-1], STEEL * 0.5)


def screw(
    canvas: Canvas,
    a: Point,
    b: Point,
    radius_mm: float,
    thread_mm: float,
    pitch_mm: float = 3.6,
    lumen_mm: float = 1.7,
    metal: float = TITANIUM,
) -> None:
    """A screw with a thread over `thread_mm` behind its tip, hollow if `lumen_mm` is not 0."""
    length = float(np.linalg.norm(np.subtract(b, a)))
    mesh = _screw(round(radius_mm, 2), round(thread_mm, 1), pitch_mm, round(length, 1))
    _turned_part(canvas, mesh, a, b, metal)
    if lumen_mm:
        _bored(canvas, a, b, lumen_mm, metal)


def _bored(canvas: Canvas, a: Point, b: Point, radius_mm: float, metal: float) -> None:
    """Takes the metal out of a bore between two ends; a tube's ends are round."""
    d = np.subtract(b, a) / np.linalg.norm(np.subtract(b, a)) * (radius_mm + 0.4)
    canvas.tube(line(a + d, b - d), radius_mm, -metal, "metal")


def nail(
    canvas: Canvas,
    way: np.ndarray,
    top_radius_mm: float,
    radius_mm: float,
    holes: Sequence[tuple[float, np.ndarray, float]],
    metal: float = TITANIUM,
) -> None:
    """A hollow nail along `way`, tail first.

    Args:
        top_radius_mm, radius_mm: of its thick upper end (65 mm) and of the rest.
        holes: each as (mm below the upper end, direction, radius in mm).
    """
    along = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(way, axis=0), axis=1))])
    slim = np.clip((along - 62.0) / 14.0, 0.0, 1.0)
    radius = top_radius_mm + slim * (radius_mm - top_radius_mm)
    radius *= np.sqrt(np.clip((along[-1] - along) / 9.0, 0.15, 1.0))
    radius *= np.clip(0.8 + 0.1 * along, 0.8, 1.0)
    canvas.mesh(tube_mesh(way, radius, 24), metal=metal)
    canvas.tube(way[1:-1], 2.3, -metal, "metal")
    for at_mm, direction, hole_mm in holes:
        middle = np.array([np.interp(at_mm, along, way[:, k]) for k in range(3)])
        tangent = _tangent(way, along, at_mm)
        sine = float(np.linalg.norm(np.cross(direction, tangent)))
        half = float(np.interp(at_mm, along, radius)) / max(sine, 0.3)
        hole = line(middle - direction * half, middle + direction * half, 1.0)
        canvas.tube(hole, hole_mm, -metal, "metal")


# ---- turned parts, along +z with the tip at the origin ------------------------------------------


def _turned_part(canvas: Canvas, mesh: Mesh, a: Point, b: Point, metal: float) -> None:
    """Draws a turned part with its axis from `a` to the tip `b`."""
    z = np.subtract(b, a) / np.linalg.norm(np.subtract(b, a))
    x = np.cross(z, np.eye(3)[np.argmin(np.abs(z))])
    x /= np.linalg.norm(x)
    canvas.mesh(mesh.moved(np.stack([x, np.cross(z, x), z], 1), np.asarray(b)), metal=metal)


def _lathe(z: np.ndarray, radius: np.ndarray) -> Mesh:
    """A closed surface of revolution: radii (len(z), sides), z rising to the tip at 0."""
    sides = radius.shape[1]
    mesh = tube_mesh(np.stack([0 * z, 0 * z, z], 1), 1.0, sides)
    points = mesh.vertices.astype(float)
    ring = points[: len(z) * sides]
    ring[:, :2] *= radius.reshape(-1, 1)
    return Mesh(points.astype(np.float32), mesh.faces)


def _polar(length: float, step: float, sides: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Heights (n, 1) ending at 0, distances from the tip, and angles (1, sides)."""
    z = np.linspace(-length, 0.0, int(length / step) + 1)
    return z, -z[:, None], (np.arange(sides) * 2 * np.pi / sides)[None]


@lru_cache(maxsize=8)
def _screw(radius: float, thread_mm: float, pitch: float, length: float) -> Mesh:
    threaded, left, angle = _polar(thread_mm + 2.0, pitch / 8.0, 14)
    phase = (left / pitch + angle / (2 * np.pi)) % 1.0
    crest = np.clip(1.6 - 4.0 * np.abs(phase - 0.5), 0.0, 1.0)
    fade = np.clip((thread_mm - left) / 3.0, 0.0, 1.0) * np.clip(0.25 + left / 5.0, 0.0, 1.0)
    r = radius * (0.70 + 0.30 * crest * fade)
    r = np.where(left > thread_mm, radius * 0.80, r) * np.clip(0.5 + left / (0.9 * radius), 0.5, 1)
    z = np.concatenate([[-length, -length + 1.2], threaded])
    shank = np.full((2, r.shape[1]), radius * 0.80)
    return _lathe(z, np.concatenate([shank * [[0.9], [1.0]], r]))


@lru_cache(maxsize=4)
def _drill(radius: float) -> Mesh:
    z, left, angle = _polar(95.0, 1.5, 12)
    flute = np.abs(np.sin(angle + left * 2 * np.pi / 34.0))
    r = radius * (0.62 + 0.38 * flute) * np.clip(0.3 + left / (1.5 * radius), 0.3, 1.0)
    return _lathe(z, np.where(left > 80.0, radius * 0.7, r))


@lru_cache(maxsize=4)
def _reamer(radius: float) -> Mesh:
    z, left, angle = _polar(44.0, 1.5, 16)
    flute = np.abs(np.sin(2 * angle + left * 2 * np.pi / 60.0))
    cone = np.clip(0.35 + left / 34.0, 0.35, 1.0) * np.clip(0.4 + (44.0 - left) / 8.0, 0.4, 1.0)
    return _lathe(z, radius * cone * (0.72 + 0.28 * flute))


def _tangent(way: np.ndarray, along: np.ndarray, at_mm: float) -> np.ndarray:
    i = int(np.clip(np.searchsorted(along, at_mm), 1, len(way) - 1))
    d = way[i] - way[i - 1]
    return np.asarray(d / max(float(np.linalg.norm(d)), 1e-9))


class Track:
    """The way of a nail or reamer down a bone, by distance from its entry.

    Negative distances run straight back out of the bone.
    """

    def __init__(
        self, points: np.ndarray | Sequence[Sequence[float]], outside_mm: float = 260.0
    ) -> None:
        p = np.asarray(points, float)
        back = p[0] - p[1]
        back /= np.linalg.norm(back)
        inner, _ = smooth_line(p, 2.0)
        outer = line(p[0] + back * outside_mm, p[0], 2.0)
        self.points = np.concatenate([outer[:-1], inner])
        step = np.linalg.norm(np.diff(self.points, axis=0), axis=1)
        self.along = np.concatenate([[0.0], np.cumsum(step)]) - outside_mm

    def moved(self, matrix: np.ndarray, shift_mm: np.ndarray, scale: float) -> Track:
        """The same way in a bone that was moved; distances stay those of the medium adult."""
        other = copy(self)
        other.points = (self.points @ matrix.T + shift_mm) * scale
        return other

    def at(self, mm: float | np.ndarray) -> np.ndarray:
        """Points at distances from the entry, (3,) or (n, 3)."""
        return np.stack([np.interp(mm, self.along, self.points[:, k]) for k in range(3)], axis=-1)

    def stretch(self, start_mm: float, end_mm: float, step_mm: float = 2.0) -> np.ndarray:
        """The way between two distances, (n, 3)."""
        count = max(int((end_mm - start_mm) / step_mm) + 1, 2)
        return self.at(np.linspace(start_mm, end_mm, count))


class Fragment:
    """Parts that move together; their maps are kept for the last poses.

    Args:
        parts: what moves as one.
        bent: what is drawn at rest elsewhere and follows only in part: soft tissue. It is drawn
            as the difference from its place at rest.
        share: how much of the movement a point takes part in, (n, 3) to (n,), 0 to 1.
    """

    KEPT = 4

    def __init__(
        self,
        parts: Sequence[Part],
        bent: Sequence[Part] = (),
        share: Callable[[np.ndarray], np.ndarray] | None = None,
    ) -> None:
        self.parts, self.bent, self.share = list(parts), list(bent), share
        self._maps: dict[tuple[object, ...], tuple[np.ndarray, np.ndarray]] = {}

    def draw(self, canvas: Canvas, matrix: np.ndarray, shift_mm: np.ndarray) -> None:
        """Adds the parts, turned by `matrix` and then moved."""
        soft, bone = self._projected(canvas, matrix, shift_mm)
        canvas.used["soft"] = canvas.used["bone"] = True
        canvas.base["soft"] += soft
        canvas.base["bone"] += bone

    def _projected(
        self, canvas: Canvas, matrix: np.ndarray, shift_mm: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        key = (canvas.view.geometry, matrix.tobytes(), np.asarray(shift_mm, float).tobytes())
        if key not in self._maps:
            pieces = [replace(p, mesh=_carried(p.mesh, matrix, shift_mm)) for p in self.parts]
            pieces += self._bent(matrix, shift_mm)
            maps = _drawn(pieces, canvas.view, canvas.base["soft"].shape[0])
            while len(self._maps) >= self.KEPT:
                self._maps.pop(next(iter(self._maps)))
            self._maps[key] = maps
        return self._maps[key]

    def _bent(self, matrix: np.ndarray, shift_mm: np.ndarray) -> list[Part]:
        """Soft tissue where it is now, less where it is at rest."""
        pieces = []
        for part in self.bent:
            assert self.share is not None
            v = part.mesh.vertices
            goes = part.mesh.moved(matrix, shift_mm).vertices - v
            now = Mesh(v + self.share(v)[:, None].astype(np.float32) * goes, part.mesh.faces)
            pieces += [replace(part, mesh=now), replace(part, soft=-part.soft)]
        return pieces


def _carried(mesh: Mesh, matrix: np.ndarray, shift_mm: np.ndarray) -> Mesh:
    """A mesh turned and moved, whose normals turn with it and need not be computed again."""
    moved = mesh.moved(matrix, shift_mm)
    moved.__dict__["normals"] = mesh.normals @ np.asarray(matrix, np.float32).T
    return moved


def _drawn(parts: Sequence[Part], view: View, side: int) -> tuple[np.ndarray, np.ndarray]:
    from fluoroview_simulated.render.canvas import GRID, MARGIN

    soft, bone = np.zeros((side, side), np.float32), np.zeros((side, side), np.float32)
    for part in parts:
        weights = (part.soft, part.bone, part.shell_mm, part.grain)
        draw_mesh(part.mesh, view, soft, bone, weights, (-float(MARGIN), -float(MARGIN)), GRID)
    return _unsharp(soft, view), _unsharp(bone, view)


def _unsharp(path_mm: np.ndarray, view: View) -> np.ndarray:
    from fluoroview_simulated.render.canvas import GRID

    return unsharp(path_mm, UNSHARPNESS_MM / view.view_mm * GRID)


class Kept:
    """What was drawn of the metal is kept while nothing of it moves."""

    KEPT = 4

    def __init__(self) -> None:
        self._maps: dict[tuple[object, ...], np.ndarray] = {}

    def draw(self, canvas: Canvas, state: tuple[object, ...], drawing: Callable[[], None]) -> None:
        """Adds the metal of a state; `drawing` draws it onto the canvas, which has none yet."""
        key = (canvas.view.geometry, *state)
        if (metal := self._maps.get(key)) is not None:
            canvas.map("metal")
            canvas.base["metal"] += metal
            return
        drawing()
        np.maximum(canvas.base["metal"], 0.0, out=canvas.base["metal"])
        canvas.base["metal"][:] = _unsharp(canvas.base["metal"], canvas.view)
        while len(self._maps) >= self.KEPT:
            self._maps.pop(next(iter(self._maps)))
        self._maps[key] = canvas.base["metal"].copy()


def pose(
    about: Point, x_deg: float, y_deg: float, z_deg: float, shift_mm: Point
) -> tuple[np.ndarray, np.ndarray]:
    """Matrix and shift of a turn about a point (about y, x, then z), followed by a move."""
    (cx, cy, cz), (sx, sy, sz) = (f(np.deg2rad([x_deg, y_deg, z_deg])) for f in (np.cos, np.sin))
    x = np.array([[1, 0, 0], [0, cx, -sx], [0, sx, cx]])
    y = np.array([[cy, 0, sy], [0, 1, 0], [-sy, 0, cy]])
    z = np.array([[cz, -sz, 0], [sz, cz, 0], [0, 0, 1]])
    matrix = z @ x @ y
    c = np.asarray(about, float)
    return matrix, c - matrix @ c + np.asarray(shift_mm, float)
