"""The barium in space, for views that are not from the side.

The bolus follows the same course as in the drawing, whose plane is the patient's middle; residue
lies on both sides, and what is in the airway in the middle.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from fluoroview_simulated.anatomy.mesh import Mesh
from fluoroview_simulated.anatomy.project import draw_mesh
from fluoroview_simulated.procedures.modified_barium_swallow import pharynx, residue
from fluoroview_simulated.procedures.modified_barium_swallow.bolus_solid import (
    ACROSS,
    bolus,
    sheet,
)
from fluoroview_simulated.procedures.modified_barium_swallow.course import Motion
from fluoroview_simulated.procedures.modified_barium_swallow.lateral.drawing import smooth_curve
from fluoroview_simulated.procedures.modified_barium_swallow.moving_neck import in_space
from fluoroview_simulated.render.canvas import GRID, MARGIN, Canvas

SIDES = 18
LEAF_SIDE_MM = (112.0, 140.0)
"""Along the way: a bolus whose head and tail lie about this touches the epiglottis."""
FULLER = {-1: 1.0, 1: 0.86}
"""No two sides fill alike: what lies on the right (-1) and on the left."""


def draw(m: Motion, t_s: float, canvas: Canvas, scale: float) -> None:
    """Bolus, residue and what is in the airway."""
    density = m.bolus.barium_g_cm3
    _fill(canvas, [*bolus(m), *_chewed(m, t_s)], density, scale)
    _epiglottis(m, canvas, density, scale)
    _coat(m, canvas, scale)
    pools, pooled = _pools(m)
    _fill(canvas, pools, pooled, scale)
    _fill(canvas, _airway(m), density, scale)
    if m.airway.glottis > 0.02:
        stream = in_space(residue.glottis(m)) * scale
        canvas.tube(stream, (0.5 + 0.9 * m.airway.glottis) * scale, density)


def _fill(canvas: Canvas, meshes: Sequence[Mesh], density: float, scale: float) -> None:
    """Barium in solids, for which most of the air in the way makes room."""
    if not meshes:
        return
    whole = meshes[0].joined(*meshes[1:])
    canvas.used["soft"] = canvas.used["contrast"] = True
    draw_mesh(
        Mesh(whole.vertices * np.float32(scale), whole.faces),
        canvas.view,
        canvas.base["soft"],
        canvas.base["contrast"],
        (0.6, density, 0.0, 0.0),
        (-float(MARGIN), -float(MARGIN)),
        GRID,
    )


def lofted(
    middle: np.ndarray, towards: np.ndarray, half_deep: np.ndarray, half_wide: np.ndarray
) -> Mesh:
    """A closed solid of ellipses about `middle` (n, 3), deep along `towards`, wide along x."""
    angle = 2 * np.pi * np.arange(SIDES) / SIDES
    rings = (
        middle[:, None, :]
        + (half_deep[:, None] * np.cos(angle))[..., None] * towards[:, None, :]
        + (half_wide[:, None] * np.sin(angle))[..., None] * np.array([1.0, 0.0, 0.0])
    )
    n = len(middle)
    vertices = np.concatenate([rings.reshape(-1, 3), middle[:1], middle[-1:]])
    k, first, last = np.arange(SIDES), n * SIDES, n * SIDES + 1
    after = (k + 1) % SIDES
    start = (np.arange(n - 1) * SIDES)[:, None]
    a, b = start + k, start + after
    sheets = [np.stack([a, b, b + SIDES], -1), np.stack([a, b + SIDES, a + SIDES], -1)]
    end = (n - 1) * SIDES
    faces = np.concatenate(
        [
            *(f.reshape(-1, 3) for f in sheets),
            np.stack([np.full(SIDES, first), after, k], 1),
            np.stack([np.full(SIDES, last), end + k, end + after], 1),
        ]
    ).astype(np.int32)
    mesh = Mesh(vertices.astype(np.float32), faces)
    return mesh if mesh.volume_ml > 0 else Mesh(mesh.vertices, faces[:, ::-1].copy())


def _chewed(m: Motion, t_s: float) -> list[Mesh]:
    """Pieces of a cracker between the molars of one side."""
    if m.chewing < 0.02:
        return []
    meshes = []
    for k, piece in enumerate(residue.chewed(m, t_s)):
        centre = piece.mean(axis=0)
        radius = float(np.hypot(*(piece - centre).T).mean()) * m.chewing**0.33
        z = np.linspace(-0.98, 0.98, 6)
        x = 20.0 + 2.5 * np.sin(2.2 * k)
        middle = in_space(centre + np.stack([np.zeros(6), z * radius], 1), x)
        ring = radius * np.sqrt(1 - z**2)
        meshes.append(lofted(middle, np.tile([0.0, 1.0, 0.0], (6, 1)), 1.2 * ring, ring))
    return meshes


def _epiglottis(m: Motion, canvas: Canvas, density: float, scale: float) -> None:
    """The leaf that turns down over the larynx, and the gap that it leaves in the bolus."""
    if m.epiglottis < 0.02:
        return  # the air of the pharynx keeps its room for it
    upright, here = (
        _leaf(pharynx.epiglottis(state)).moved(np.eye(3) * scale)
        for state in (replace(m, epiglottis=0.0), m)
    )
    canvas.mesh(upright, soft=-0.9)
    canvas.mesh(here, soft=0.9)
    if m.head_mm > LEAF_SIDE_MM[0] and m.tail_mm < LEAF_SIDE_MM[1]:
        canvas.mesh(here, contrast=-0.5 * density)


def _leaf(line: np.ndarray) -> Mesh:
    """The epiglottis about its middle line, root to tip: a spoon as broad as two fingers' tips."""
    at = np.linspace(0.0, 1.0, 12)
    points = np.stack([np.interp(at, np.linspace(0.0, 1.0, len(line)), c) for c in line.T], axis=1)
    along = np.gradient(points, axis=0)
    along /= np.linalg.norm(along, axis=1, keepdims=True)
    towards = np.stack([np.zeros(len(at)), along[:, 1], along[:, 0]], axis=1)
    half_wide = np.interp(at, (0.0, 0.3, 0.7, 0.9, 1.0), (4.0, 7.5, 10.5, 9.0, 3.0))
    thick = 3.0 * np.sqrt(1.0 - 0.999 * ACROSS**2) * np.ones((len(at), 1))
    thick[[0, -1]] = 0.0
    return sheet(in_space(points), towards, half_wide, thick)


def _coat(m: Motion, canvas: Canvas, scale: float) -> None:
    """The thin coat of the lateral walls, which the ray meets edge-on from the front."""
    if m.coat < 0.05:
        return
    y = np.linspace(-36.0, 30.0, 24)
    back = np.interp(y, pharynx.BACK_WALL[:, 1], pharynx.BACK_WALL[:, 0]) - 6.0
    wide = np.interp(y, (-36, -20, 0, 15, 30), (13.0, 15.0, 17.0, 16.0, 8.0))
    patchy = 0.5 + 0.4 * np.sin(1.3 * y + 1.0) * np.sin(0.41 * y)
    for side in (-1, 1):
        line = in_space(np.stack([back, y], 1), side * (wide + 0.6 * np.sin(0.5 * y + side)))
        canvas.tube(line * scale, 0.8 * scale, 0.16 * m.coat * patchy)


def _pools(m: Motion) -> tuple[list[Mesh], float]:
    """Residue in valleculae and piriform sinuses, left and right, level on top; its density."""
    amount = m.residue * (1.0 - m.epiglottis)
    if amount < 0.03:
        return [], 0.0
    meshes = []
    for side, fuller in FULLER.items():
        vallecula, sinus = residue.pools(m, amount * fuller)
        meshes += [_pool(vallecula, side, _vallecula), _pool(sinus, side, _sinus)]
    return meshes, 0.30 * min(amount, 1.0) ** 0.5


def _pool(
    pool: np.ndarray, side: int, cup: Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]
) -> Mesh:
    """What fills a pocket of one side: as deep as drawn from the side, as wide as its cup."""
    y = np.linspace(pool[:, 1].min(), pool[:, 1].max(), 11)
    front, back = (_edge(pool, y, far) for far in (np.min, np.max))
    aside, half_wide = cup(y[-1] - y)
    middle = in_space(np.stack([(front + back) / 2, y], 1), side * aside)
    half_deep = np.maximum(back - front, 0.6) * 0.58
    return lofted(middle, np.tile([0.0, 1.0, 0.0], (len(y), 1)), half_deep, half_wide)


def _vallecula(up_mm: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return middle and half width of a vallecula, a lateral cup, at heights over its bottom."""
    wide = 6.3 * np.sqrt(np.clip(1.0 - (1.0 - np.clip(up_mm / 11.0, 0.02, 1.0)) ** 2, 0.0, 1.0))
    return 7.3 + 0.10 * up_mm, wide


def _sinus(up_mm: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The same of a piriform sinus: a pear that hangs down and inwards."""
    round_end = np.sqrt(np.clip(up_mm / 3.0, 0.02, 1.0))
    return 10.2 + 4.6 * np.clip(up_mm / 22.0, 0.0, 1.0), round_end * (1.7 + 0.17 * up_mm)


def _edge(curve: np.ndarray, y: np.ndarray, far: object) -> np.ndarray:
    """Foremost or hindmost x of a closed curve near each height."""
    reach = max(1.2, float(y[1] - y[0]))
    dense = smooth_curve(curve, 3)
    return np.array([far(dense[np.abs(dense[:, 1] - v) <= reach, 0]) for v in y])  # type: ignore[operator]


def _airway(m: Motion) -> list[Mesh]:
    """Barium in vestibule and windpipe."""
    meshes = [
        _vestibule(m, outline) for outline in (residue.vestibule_barium(m),) if outline is not None
    ]
    for strip, known in zip(residue.trachea_barium(m), m.airway.strips, strict=True):
        line, thick = _halved(strip)
        wide = 2.2 + 2.6 * min(1.0, known.amount)
        aside = 1.3 * np.sin(line[:, 1] * 0.11 + 0.6) + 0.5 * np.sin(line[:, 1] * 0.37)
        meshes.append(
            lofted(
                in_space(line, aside),
                np.tile([0.0, 1.0, 0.0], (len(line), 1)),
                np.clip(0.8 * thick, 0.3, 5.0),
                wide * np.clip(thick / 3.2, 0.15, 1.0) ** 0.5,
            )
        )
    return meshes


def _vestibule(m: Motion, outline: np.ndarray) -> Mesh:
    """What has got in under the epiglottis: on both walls of a funnel, and full at its bottom."""
    line, thick = _halved(outline)
    share = np.linspace(0.0, m.airway.depth, len(line))
    half_wide = np.interp(share, (0.0, 0.35, 0.75, 1.0), (7.5, 6.2, 3.4, 1.4))
    whole = np.sqrt(np.clip(1.0 - ACROSS**2, 0.0, 1.0))
    walls = 2.2 * np.exp(-(((np.abs(ACROSS) - 0.86) / 0.13) ** 2)) * whole + 0.12 * whole
    full = np.clip((share - 0.45) / 0.4, 0.0, 1.0)[:, None]
    across = np.minimum(thick, 8.0)[:, None] * (walls + full * (whole - walls))
    across[[0, -1]] = 0.0
    towards = np.tile([0.0, 1.0, 0.0], (len(line), 1))
    return sheet(in_space(line), towards, half_wide, across)


def _halved(outline: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Middle line and thickness of a contour whose second half comes back along the first."""
    half = len(outline) // 2
    there, back = outline[:half], outline[: half - 1 : -1]
    return (there + back) / 2, np.hypot(*(there - back).T)
