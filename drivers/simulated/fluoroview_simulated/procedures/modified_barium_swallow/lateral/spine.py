"""The cervical spine: atlas, axis, C3 to C7 and the first thoracic vertebra."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fluoroview_simulated.arrays import FloatArray
from fluoroview_simulated.procedures.modified_barium_swallow.lateral.drawing import (
    Canvas,
    Window,
    rounded,
)


@dataclass(frozen=True)
class Vertebra:
    """A typical cervical vertebra: middle of the body in mm, tilt (front lower is positive)."""

    x: float
    y: float
    tilt_deg: float
    depth: float = 16.5
    height: float = 13.5
    width: float = 23.0
    spinous: float = 24.0
    droop_deg: float = 18.0


COLUMN = (
    Vertebra(41.5, -6.5, -6.0, 16.0, 13.2, 21.0, 17.0, 14.0),
    Vertebra(39.8, 12.2, -3.0, 16.3, 12.8, 22.0, 18.0, 16.0),
    Vertebra(39.2, 30.6, 2.0, 16.6, 12.6, 23.0, 19.0, 20.0),
    Vertebra(40.6, 49.2, 8.0, 17.2, 13.0, 25.0, 24.0, 24.0),
    Vertebra(44.2, 68.6, 14.0, 17.6, 14.6, 28.0, 33.0, 28.0),
    Vertebra(50.4, 89.2, 20.0, 18.4, 16.4, 30.0, 34.0, 34.0),
)


def add_spine(canvas: Canvas) -> None:
    """Adds all vertebrae, from below upwards."""
    for index, vertebra in enumerate(COLUMN):
        _add_body(canvas, vertebra, index)
        _add_arch(canvas, vertebra)
    _add_axis(canvas)
    _add_atlas(canvas)


def _place(vertebra: Vertebra, points: list[tuple[float, float]]) -> FloatArray:
    """From the vertebra's own axes (backwards, downwards) to the canvas."""
    a = np.deg2rad(-vertebra.tilt_deg)
    turn = np.array([[np.cos(a), -np.sin(a)], [np.sin(a), np.cos(a)]])
    placed: FloatArray = np.asarray(points, float) @ turn.T + (vertebra.x, vertebra.y)
    return placed


def _edge(distance: np.ndarray, soft_mm: float) -> np.ndarray:
    """Soft step from 0 (outside, negative) to 1."""
    return 1.0 / (1.0 + np.exp(-np.clip(distance / soft_mm * 2.2, -30, 30)))


def _add_body(canvas: Canvas, v: Vertebra, index: int) -> None:
    """The body: round from front to back, with flat end plates that the ray meets edge-on."""
    d, h = v.depth, v.height
    corners = _place(v, [(-d, -h), (d, -h), (d, h), (-d, h)])
    window: Window = canvas.window(corners, 2.0)
    if window.empty:
        return
    a = np.deg2rad(-v.tilt_deg)
    dx, dy = window.x - v.x, window.y - v.y
    u = dx * np.cos(a) + dy * np.sin(a)  # backwards
    w = -dx * np.sin(a) + dy * np.cos(a)  # downwards
    t = u / (d / 2)
    waist = 0.55 * (1 - np.clip(np.abs(w) / (h / 2), 0, 1.3) ** 2)
    front, back = -d / 2 + waist, d / 2 - 0.5 * waist
    # End plates are slightly hollow; the lower front lip hangs over the disc.
    wobble = 0.35 * np.sin(u * 0.9 + index) + 0.2 * np.sin(u * 2.1 + 2 * index)
    uneven = canvas.uneven[window.slices]
    top = -h / 2 + 0.7 * (1 - (t + 0.15) ** 2).clip(0) + 0.3 * wobble - 0.5 * _edge(t - 0.5, 0.4)
    bottom = h / 2 - 1.1 * (1 - (t - 0.1) ** 2).clip(0) + 0.9 * _edge(-t - 0.65, 0.3)
    bottom = bottom - 0.3 * wobble
    inside_w = np.minimum(w - top, bottom - w) + 0.6 * uneven
    inside_u = np.minimum(u - front, back - u) + uneven
    corner = 2.4
    inside = corner - np.hypot(np.maximum(corner - inside_u, 0), np.maximum(corner - inside_w, 0))
    chord = rounded(inside_u, d * 0.42)
    patchy = canvas.patchy[window.slices]
    body = v.width * chord * _edge(inside, 0.45)
    grain = canvas.trabeculae(90.0 - v.tilt_deg)[window.slices]
    cross = canvas.trabeculae(0.0 - v.tilt_deg)[window.slices]
    sponge = 0.36 * (1 + 0.075 * grain + 0.045 * cross) * (1 + 0.3 * np.abs(w) / h)
    sponge *= 0.6 + 0.4 * patchy
    rim = np.exp(-(((inside - 0.55) / 0.55) ** 2))
    plate = rim * v.width * 0.25 * rounded(inside_u + 0.6, d * 0.4) * (inside_w < inside_u + 1.0)
    wall = rim * np.where(u > 0, 2.8, 3.4) * (inside_u <= inside_w + 1.0)
    canvas.bone[window.slices] += body * sponge + (plate + wall) * patchy + 0.9 * (body > 0.5)
    canvas.soft[window.slices] -= 0.45 * body
    # Uncinate processes: the raised lateral lips, seen through the body above.
    for z in (9.0, -9.0):
        lip = _place(
            v,
            [
                (-1.0, -h / 2 + 1.0),
                (3.0, -h / 2 - 1.8),
                (d / 2 - 1, -h / 2 - 2.6),
                (d / 2 + 0.2, -h / 2 + 1.2),
            ],
        )
        canvas.add_bone(lip, 4.5, 2.0, 0.6, 0.4, 0.2, z)


def _add_arch(canvas: Canvas, v: Vertebra) -> None:
    """Pedicles, articular pillars of both sides, laminae and spinous process."""
    d, h = v.depth, v.height
    for z in (20.0, -20.0):
        # Pillar: a rhomb whose facets slope backwards and down.
        pillar = _place(
            v,
            [
                (d / 2 - 3.0, -h / 2 - 3.5),
                (d / 2 + 0.5, -h / 2 - 7.0),
                (d / 2 + 10.0, h / 2 - 8.6),
                (d / 2 + 12.8, h / 2 + 3.0),
                (d / 2 + 10.4, h / 2 + 6.8),
                (d / 2 + 1.8, h / 2 - 0.6),
                (d / 2 - 2.4, h / 2 - 5.0),
            ],
        )
        canvas.add_bone(pillar, 11.5, 4.2, 0.5, 0.44, 0.11, z, 60 - v.tilt_deg)
        facet = _place(
            v, [(d / 2 + 0.6, -h / 2 - 6.6), (d / 2 + 5, -h / 2 - 1.8), (d / 2 + 9.8, h / 2 - 8.6)]
        )
        canvas.add_line(facet, 3.0, 1.0, z)
        lower = _place(
            v, [(d / 2 + 2.0, h / 2 - 0.8), (d / 2 + 6, h / 2 + 3.0), (d / 2 + 10.2, h / 2 + 6.4)]
        )
        canvas.add_line(lower, 2.6, 1.0, z)
        transverse = _place(
            v, [(-1.5, -2.2), (3.5, -3.6), (6.2, -0.6), (5.0, 3.4), (0.5, 4.0), (-2.2, 1.4)]
        )
        canvas.add_bone(transverse, 5.5, 1.6, 0.5, 0.2, 0.2, z * 1.1)
        pedicle = _place(
            v, [(d / 2 - 3, -3.5), (d / 2 + 3, -3.5), (d / 2 + 3, 2.2), (d / 2 - 3, 2.2)]
        )
        canvas.add_bone(pedicle, 5.0, 2.4, 0.8, 0.3, 0.2, z * 0.7)
    root = d / 2 + 16.5
    lamina = _place(
        v,
        [
            (d / 2 + 9, -4.2),
            (root - 1, -5.0),
            (root + 2.2, 0.5),
            (root + 1.0, 6.4),
            (root - 2.5, 5.0),
            (d / 2 + 9.6, 4.0),
        ],
    )
    canvas.add_bone(lamina, 9.0, 3.6, 0.5, 0.44, 0.12)
    spinolaminar = _place(v, [(root - 1.0, -4.6), (root - 0.2, 0.4), (root - 0.8, 5.2)])
    canvas.add_line(spinolaminar, 5.0, 1.0)
    s, droop = v.spinous, np.tan(np.deg2rad(v.droop_deg))
    spinous = _place(
        v,
        [
            (root - 0.5, -3.6),
            (root + s * 0.4, -2.0 + s * 0.4 * droop),
            (root + s * 0.9, -2.6 + s * droop),
            (root + s, 1.6 + s * droop),
            (root + s * 0.88, 4.6 + s * droop),
            (root + s * 0.4, 4.4 + s * 0.5 * droop),
            (root - 0.5, 5.6),
        ],
    )
    canvas.add_bone(spinous, 7.5, 4.2, 0.5, 0.44, 0.12, 3.0, -v.droop_deg)
    canvas.add_bone(spinous + np.array([0.5, 0.9]), 6.0, 4.2, 0.5, 0.4, 0.12, -3.0, -v.droop_deg)


def _add_axis(canvas: Canvas) -> None:
    """C2: body with the dens in one piece, its ring, pillars and the big spinous process."""
    body = [
        (38.4, -59.5),
        (41.5, -61.6),
        (45.0, -60.0),
        (46.6, -52.0),
        (46.2, -44.0),
        (48.8, -37.5),
        (50.2, -30.0),
        (50.4, -18.6),
        (42.0, -20.0),
        (35.8, -18.2),
        (32.2, -15.8),
        (32.0, -19.6),
        (34.4, -28.0),
        (35.0, -36.0),
        (36.2, -42.0),
        (37.4, -48.0),
        (37.2, -54.0),
    ]
    canvas.add_bone(body, 16.0, 6.0, 0.6, 0.44, 0.12)
    canvas.add_line([(33.0, -16.6), (38.0, -19.0), (44.0, -19.8), (50.0, -18.6)], 7.5, 0.9)
    for z in (18.0, -18.0):
        ring = [
            (36.0, -38.5),
            (43.0, -41.0),
            (52.0, -39.0),
            (56.5, -33.0),
            (52.0, -25.0),
            (44.0, -23.0),
            (38.0, -28.0),
        ]
        canvas.add_bone(ring, 9.0, 4.0, 0.5, 0.34, 0.12, z)
        pillar = [
            (47.0, -34.0),
            (54.0, -33.0),
            (61.5, -22.0),
            (63.6, -16.0),
            (59.6, -14.0),
            (53.0, -20.0),
            (48.0, -25.0),
        ]
        canvas.add_bone(pillar, 11.0, 4.4, 0.5, 0.42, 0.12, z)
        canvas.add_line([(53.0, -19.8), (57.0, -16.0), (60.6, -13.8)], 3.2, 0.8, z)
    spinous = [
        (62.5, -34.5),
        (70.0, -35.0),
        (80.0, -32.0),
        (87.0, -26.0),
        (87.5, -20.5),
        (82.0, -18.5),
        (72.0, -21.0),
        (65.0, -22.5),
    ]
    canvas.add_bone(spinous, 9.0, 5.6, 0.7, 0.42, 0.12, 3.0, 0)
    canvas.add_bone(spinous, 7.5, 5.6, 0.6, 0.38, 0.12, -3.0, 0)
    canvas.add_line([(64.0, -34.0), (65.0, -28.0), (64.4, -22.5)], 6.0, 1.1)


def _add_atlas(canvas: Canvas) -> None:
    """C1: anterior tubercle before the dens, lateral masses, posterior arch."""
    canvas.add_bone(
        [(31.2, -56.0), (34.2, -55.0), (35.4, -50.0), (34.6, -44.8), (31.8, -43.4), (29.8, -48.0)],
        13.0,
        2.8,
        0.7,
        0.42,
        0.15,
    )
    for z in (17.0, -17.0):
        mass = [
            (36.0, -56.0),
            (45.0, -60.5),
            (54.5, -58.0),
            (56.0, -51.0),
            (52.0, -43.0),
            (43.0, -41.0),
            (37.0, -45.0),
        ]
        canvas.add_bone(mass, 12.5, 5.6, 0.6, 0.44, 0.12, z)
        canvas.add_line([(37.0, -43.6), (44.0, -40.8), (52.0, -42.4)], 3.4, 0.8, z)
        arch = [
            (52.0, -53.0),
            (60.0, -53.6),
            (70.0, -52.8),
            (80.0, -52.6),
            (87.0, -50.0),
            (88.0, -45.0),
            (82.0, -43.0),
            (70.0, -46.2),
            (60.0, -48.0),
            (53.0, -47.0),
        ]
        canvas.add_bone(arch, 7.0, 2.8, 1.0, 0.45, 0.2, z * 0.45)
    canvas.add_line([(79.5, -51.5), (80.2, -47.5), (79.6, -43.8)], 5.0, 1.0)
