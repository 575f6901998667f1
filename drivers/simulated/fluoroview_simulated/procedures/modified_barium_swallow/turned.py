"""The swallow in space, for views that are not from the side.

The bolus follows the same course as in the drawing, whose plane is the patient's middle. In front
of the larynx it parts: half of it runs down each side, through valleculae and piriform sinuses, and
joins again at the upper sphincter.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from fluoroview_simulated.anatomy.mesh import Mesh
from fluoroview_simulated.anatomy.project import draw_mesh
from fluoroview_simulated.anatomy.regions_head import larynx
from fluoroview_simulated.canvas import GRID, MARGIN, Canvas
from fluoroview_simulated.procedures.modified_barium_swallow import remains, throat
from fluoroview_simulated.procedures.modified_barium_swallow.course import Motion
from fluoroview_simulated.procedures.modified_barium_swallow.lateral.drawing import smooth_curve
from fluoroview_simulated.procedures.modified_barium_swallow.lateral.resting import ORIGIN_MM

SIDES = 18
PARTED_MM = (116.0, 150.0)
"""Along the way from the incisors: where the bolus runs on both sides of the larynx."""


def in_space(points: np.ndarray, x_mm: float | np.ndarray = 0.0) -> np.ndarray:
    """Points of the drawing (n, 2) in patient coordinates (n, 3), `x_mm` to the left."""
    x = np.broadcast_to(np.asarray(x_mm, float), (len(points),))
    return np.stack([x, ORIGIN_MM[1] + points[:, 0], ORIGIN_MM[2] - points[:, 1]], axis=1)


def draw(m: Motion, t_s: float, canvas: Canvas, scale: float) -> None:
    """Bolus, residue and what is in the airway."""
    density = m.bolus.barium_g_cm3
    _fill(canvas, [*_bolus(m), *_chewed(m, t_s)], density, scale)
    _coat(m, canvas, scale)
    _larynx(m, canvas, scale)
    pools, pooled = _pools(m)
    _fill(canvas, pools, pooled, scale)
    _fill(canvas, _airway(m), density, scale)


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


def _bolus(m: Motion) -> list[Mesh]:
    """The bolus as solids with elliptic sections, whole or parted."""
    head, tail = m.head_mm, m.tail_mm
    present = m.loaded * (1.0 - m.chewing) > 0.02 and head - tail > 2.0
    if not present or tail > throat.WAY_MM[-1]:
        return []
    low, high = PARTED_MM
    pieces = []
    for start, end, parted in (
        (tail, min(head, low + 8.0), False),
        (max(tail, low - 6.0), min(head, high + 6.0), True),
        (max(tail, high - 4.0), head, False),
    ):
        if end - start < 1.5:
            continue
        s = np.linspace(start, end, max(8, int((end - start) / 3.0)))
        ends = np.clip(np.minimum(s - start + 0.6, end - s + 0.6) / 8.0, 0.06, 1.0) ** 0.5
        pieces += [_solid(s, m, ends, side) for side in ((-1, 1) if parted else (0,))]
    return pieces


def _solid(s: np.ndarray, m: Motion, ends: np.ndarray, side: int) -> Mesh:
    """The piece of the bolus at `s` along the way: in the middle (0), or on one side (±1)."""
    way, inward = throat.along(s, throat.lifted_way(m)), throat.along(s, throat.INWARD)
    deep = throat.bolus_thickness(s, m) / 2.0
    half_width = np.interp(
        s, (0, 30, 60, 95, 118, 140, 155, 170, 260), (15, 16, 14, 13, 13, 9, 6.5, 7, 7)
    )
    half_width = half_width * np.clip(deep / 4.0, 0.25, 1.0) ** 0.5
    apart = np.zeros_like(s)
    if side:
        apart = side * np.interp(s, (108, 118, 128, 138, 148, 158), (6, 9.5, 11.5, 12.5, 9.0, 4.0))
        half_width = half_width * 0.42
    middle = in_space(way + inward * (deep + 0.4)[:, None], apart)
    towards = np.stack([np.zeros_like(s), inward[:, 0], -inward[:, 1]], axis=1)
    return lofted(middle, towards, deep * ends, half_width * ends)


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
    for k, piece in enumerate(remains.chewed(m, t_s)):
        centre = piece.mean(axis=0)
        radius = float(np.hypot(*(piece - centre).T).mean()) * m.chewing**0.33
        z = np.linspace(-0.98, 0.98, 6)
        x = 20.0 + 2.5 * np.sin(2.2 * k)
        middle = in_space(centre + np.stack([np.zeros(6), z * radius], 1), x)
        ring = radius * np.sqrt(1 - z**2)
        meshes.append(lofted(middle, np.tile([0.0, 1.0, 0.0], (6, 1)), 1.2 * ring, ring))
    return meshes


def _larynx(m: Motion, canvas: Canvas, scale: float) -> None:
    """Hyoid and cartilages, which rise with the swallow."""
    breath = np.array([0.0, 1.1 * m.breath])
    for part, lift in zip(
        larynx(),
        (m.hyoid * throat.HYOID_LIFT_MM + breath, m.larynx * throat.LARYNX_LIFT_MM + breath),
        strict=True,
    ):
        moved = part.mesh.moved(np.eye(3) * scale, np.array([0.0, lift[0], -lift[1]]) * scale)
        canvas.mesh(moved, part.soft, part.bone, part.shell_mm, part.grain)


def _coat(m: Motion, canvas: Canvas, scale: float) -> None:
    """The thin coat of the lateral walls, which the ray meets edge-on from the front."""
    if m.coat < 0.05:
        return
    y = np.linspace(-36.0, 30.0, 24)
    back = np.interp(y, throat.BACK_WALL[:, 1], throat.BACK_WALL[:, 0]) - 6.0
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
    for pool, x_top, x_bottom, wide in zip(
        remains.pools(m, amount), (9.5, 14.5), (7.5, 9.5), (6.5, 4.6), strict=True
    ):
        y = np.linspace(pool[:, 1].min(), pool[:, 1].max(), 9)
        front, back = (_edge(pool, y, far) for far in (np.min, np.max))
        share = np.linspace(0.0, 1.0, 9)
        round_end = np.sqrt(np.clip(1.0 - share**2.2, 0.0, 1.0)) * 0.9 + 0.08
        for side, fuller in ((-1, 1.0), (1, 0.88)):  # no two sides fill alike
            x = side * (x_top + share * (x_bottom - x_top))
            middle = in_space(np.stack([(front + back) / 2, y], 1), x)
            half_wide = wide * round_end * fuller * min(1.0, 0.55 + 0.2 * amount)
            half_deep = np.maximum(back - front, 0.6) * 0.58
            meshes.append(lofted(middle, np.tile([0.0, 1.0, 0.0], (9, 1)), half_deep, half_wide))
    return meshes, 0.30 * min(amount, 1.0) ** 0.5


def _edge(curve: np.ndarray, y: np.ndarray, far: object) -> np.ndarray:
    """Foremost or hindmost x of a closed curve near each height."""
    reach = max(1.2, float(y[1] - y[0]))
    dense = smooth_curve(curve, 3)
    return np.array([far(dense[np.abs(dense[:, 1] - v) <= reach, 0]) for v in y])  # type: ignore[operator]


def _airway(m: Motion) -> list[Mesh]:
    """Barium in vestibule and windpipe; from the front it lies in the middle."""
    inside = remains.vestibule_barium(m)
    pieces = [] if inside is None else [(inside, 3.4 + 2.6 * m.airway.vestibule)]
    for strip, known in zip(remains.trachea_barium(m), m.airway.strips, strict=True):
        pieces.append((strip, 1.6 + 2.0 * min(1.0, known.amount)))
    meshes = []
    for outline, wide in pieces:
        half = len(outline) // 2
        there, back = outline[:half], outline[: half - 1 : -1]
        thick = np.hypot(*(there - back).T) / 2
        line = (there + back) / 2
        meshes.append(
            lofted(
                in_space(line, 1.0 * np.sin(line[:, 1] * 0.11 + 0.6)),
                np.tile([0.0, 1.0, 0.0], (half, 1)),
                np.clip(thick, 0.3, 4.0),
                wide * np.clip(thick / 1.6, 0.15, 1.0) ** 0.5,
            )
        )
    return meshes
