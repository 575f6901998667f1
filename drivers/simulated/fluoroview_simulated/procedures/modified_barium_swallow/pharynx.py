"""Contours of the pharynx: rest, swallow, and any moment between. Millimetres, as in the canvas.

Each air space and pocket is a closed curve whose points stand for the same anatomy at rest and in
the swallow. The way of the bolus is the fixed wall (palate, posterior pharyngeal wall, spine)
along which it slides; its thickness is measured from there.
"""

from __future__ import annotations

import numpy as np

from fluoroview_simulated.arrays import FloatArray
from fluoroview_simulated.procedures.modified_barium_swallow.course import Motion
from fluoroview_simulated.procedures.modified_barium_swallow.lateral.drawing import smooth_curve

LARYNX_LIFT_MM = np.array([-7.0, -20.0])
BAR_WAY_MM = 177.0
"""Where the cricopharyngeal muscle lies along the way at rest: before the disc C5/6."""
HYOID_LIFT_MM = np.array([-11.0, -13.0])

# Choana, raised or hanging velum, back wall of the nasopharynx, its roof.
NASOPHARYNX_REST = np.array(
    [
        (-3, -72),
        (-2.5, -58),
        (3, -55),
        (10, -50),
        (15.5, -42),
        (18.8, -33),
        (19.2, -25),
        (23, -22),
        (27.2, -25),
        (27.8, -36),
        (28.2, -46),
        (28.0, -54),
        (25.5, -64),
        (18, -73.5),
        (8, -77),
    ],
    float,
)
NASOPHARYNX_SHUT = np.array(
    [
        (-3, -72),
        (-2.5, -58),
        (4, -57),
        (11, -57.0),
        (18, -56.5),
        (23.5, -53),
        (26.6, -49.5),
        (27.6, -48.0),
        (28.0, -48.5),
        (28.2, -49.5),
        (28.2, -51),
        (27.8, -55),
        (25.5, -64),
        (18, -73.5),
        (8, -77),
    ],
    float,
)

# Base of tongue from the uvula to the bottom of the vallecula (front wall of the oropharynx).
TONGUE_BASE = np.array(
    [
        (17.5, -27),
        (14.8, -21),
        (13.6, -15),
        (11.8, -9),
        (8.6, -3),
        (5.0, 2),
        (2.0, 6),
        (0.6, 9.5),
        (1.4, 12.4),
    ],
    float,
)
BACK_WALL = np.array(
    [
        (28.0, -40),
        (27.6, -28),
        (27.0, -16),
        (26.4, -4),
        (25.6, 8),
        (24.4, 18),
        (22.4, 27),
        (20.8, 34),
    ],
    float,
)

VESTIBULE_FRONT = np.array(
    [(12.6, -4), (8.8, 5), (4.6, 13), (1.2, 20), (-0.8, 26), (-1.6, 30.0)], float
)
VESTIBULE_BACK = np.array(
    [(5, 31.0), (11, 30.2), (12.4, 25.5), (13.8, 20.5), (16.8, 15.5), (20.4, 8), (20.6, 0)], float
)

TRACHEA = np.array(
    [
        *[(2.0, 31.2), (0.2, 34), (-0.6, 39), (1.0, 48), (4.8, 62), (9.6, 80), (16.5, 108)],
        *[(29.0, 108), (23.2, 80), (18.8, 62), (15.0, 48), (12.4, 40), (10.4, 35), (8.4, 31.2)],
    ],
    float,
)

TRACHEA_SHUT = np.array([(3.0, -0.8), (2.6, 0.2), (-1.0, 2.5), (-2.4, 0.2)])
"""Where its upper end moves when the folds close: air ends in a cone below them."""


EPIGLOTTIS_REST = np.array(
    [(-0.2, 22), (2.8, 14), (6.4, 6), (9.8, -1.5), (12.6, -6.5), (15.0, -9.0)]
)
EPIGLOTTIS_DOWN = np.array(
    [(-0.2, 22), (3.4, 14.6), (9.0, 12.4), (14.6, 16.0), (18.4, 22.0), (19.8, 26.0)]
)

# Cartilage rings notch the front wall of the windpipe; no wall is straight.
_RINGS = np.zeros((len(TRACHEA) * 8, 2))
_RINGS[:, 0] = 0.35 * np.sin(smooth_curve(TRACHEA, 8)[:, 1] * 2 * np.pi / 5.2)
_RINGS[:, 0] += 0.45 * np.sin(np.arange(len(_RINGS)) * 0.31 + 0.6)

# The fixed wall that the bolus follows, incisors to the thoracic inlet, velum raised.
WAY = smooth_curve(
    [
        (-57.0, -34.0),
        (-51.0, -42.0),
        (-40.0, -46.6),
        (-26.0, -47.6),
        (-10.0, -47.2),
        (3.0, -46.4),
        (14.0, -45.0),
        (22.0, -40.6),
        (26.6, -31.0),
        (27.2, -18.0),
        (26.6, -4.0),
        (25.6, 8.0),
        (24.4, 18.0),
        (22.6, 27.0),
        (20.9, 35.0),
        (20.4, 42.0),
        (21.2, 50.0),
        (23.4, 62.0),
        (26.6, 76.0),
        (31.0, 92.0),
        (38.0, 114.0),
        (46.0, 136.0),
    ],
    10,
    closed=False,
)
WAY_MM = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(WAY, axis=0).T))])
_tangent = np.gradient(WAY, axis=0)
INWARD = np.stack([-_tangent[:, 1], _tangent[:, 0]], axis=1)
INWARD /= np.hypot(INWARD[:, 0], INWARD[:, 1])[:, None]


def along(way_mm: FloatArray, sample: FloatArray) -> FloatArray:
    """Value of `sample` (per vertex of WAY, 1-D or 2-D) at distances along the way."""
    if sample.ndim == 1:
        return np.interp(way_mm, WAY_MM, sample)
    return np.stack([np.interp(way_mm, WAY_MM, column) for column in sample.T], axis=-1)


def lift(points: np.ndarray, m: Motion) -> np.ndarray:
    """Moves points with the larynx; the windpipe follows less the farther down."""
    weight = np.clip(1.0 - (points[:, 1] - 46.0) / 95.0, 0.0, 1.0)
    breath = np.array([0.0, 1.1]) * m.breath
    return points + weight[:, None] * (m.larynx * LARYNX_LIFT_MM + breath)


def lifted_way(m: Motion) -> np.ndarray:
    """The way of the bolus with the upper sphincter drawn up and forwards by the larynx."""
    near = np.exp(-(((WAY[:, 1] - 36.0) / 24.0) ** 2)) * (WAY[:, 0] > 15)
    moved = WAY.copy()
    moved[:, 0] += near * m.larynx * -1.6
    if m.bar_mm > 0.0:
        moved += INWARD * bar(WAY_MM, m)[:, None]
    return moved


def bar(way_mm: np.ndarray, m: Motion) -> np.ndarray:
    """How far the cricopharyngeal muscle stands into the way from behind, mm at `way_mm`."""
    middle = BAR_WAY_MM - 8.0 * m.larynx
    return m.bar_mm * np.exp(-(np.abs((way_mm - middle) / 5.2) ** 2.6))


def closed_share(y: FloatArray, m: Motion) -> FloatArray:
    """How far the pharynx is squeezed shut behind the bolus at heights `y`, 0 to 1."""
    way_mm = np.interp(y, WAY[90:, 1], WAY_MM[90:])
    shut: FloatArray = np.clip((m.tail_mm + 14.0 - way_mm) / 14.0, 0.0, 1.0)
    shut *= 1.0 if m.since_onset_s > -0.2 else 0.0
    return shut * (1.0 - m.reopening)


def tongue_base(m: Motion, squeezed: bool = True) -> FloatArray:
    """Front wall of the oropharynx, drawn forwards by the hyoid and back by the squeeze."""
    forward = np.clip((TONGUE_BASE[:, 1] + 20.0) / 30.0, 0.0, 1.0)[:, None]
    wall: FloatArray = TONGUE_BASE + forward * m.hyoid * np.array([-6.0, -9.0])
    shut = closed_share(wall[:, 1], m) * squeezed
    back = np.interp(wall[:, 1], BACK_WALL[:, 1], BACK_WALL[:, 0])
    if m.loaded > 0.0:  # the tongue follows the bolus: no air stays between them
        front = back - bolus_thickness(np.interp(wall[:, 1], WAY[90:, 1], WAY_MM[90:]), m) - 1.0
        pressed = squeezed * np.clip((m.head_mm - 118.0) / 18.0, 0.0, 1.0) * (1.0 - m.reopening)
        wall[:, 0] = np.maximum(wall[:, 0], wall[:, 0] + pressed * (front - wall[:, 0]))
    wall[:, 0] += shut * (back - 1.2 - wall[:, 0])
    wall[:, 0] += 0.5 * m.breath * (1 - m.velum)
    return wall


def nasopharynx(m: Motion) -> FloatArray:
    """Air above the velum."""
    way: FloatArray = NASOPHARYNX_SHUT - NASOPHARYNX_REST
    return NASOPHARYNX_REST + m.velum * way


def oropharynx(m: Motion) -> np.ndarray:
    """Air between base of tongue, epiglottis and back wall, down to the closed sphincter."""
    front = tongue_base(m)
    low = lift(np.array([(4.0, 13.0), (13.0, 16.0), (16.4, 20.0), (18.6, 26.0), (19.6, 33.0)]), m)
    back = BACK_WALL[::-1].copy()
    back[:, 0] -= 1.2 * closed_share(back[:, 1], m)
    low[:, 0] = np.minimum(low[:, 0], np.interp(low[:, 1], BACK_WALL[:, 1], BACK_WALL[:, 0]) - 0.3)
    shut = closed_share(low[:, 1], m)
    behind = np.interp(low[:, 1], BACK_WALL[:, 1], BACK_WALL[:, 0])
    low[:, 0] += shut * (behind - 1.2 - low[:, 0])
    return np.concatenate([front, low, back[:-1]])


def vestibule_walls(m: Motion) -> tuple[np.ndarray, np.ndarray]:
    """Front wall from above down and back wall from below up, lifted and shut with the larynx."""
    front, back = VESTIBULE_FRONT, VESTIBULE_BACK
    # Shutting: the arytenoids tip forwards onto the base of the epiglottis.
    at, along_front = np.linspace(1, 0, len(back)), np.linspace(0, 1, len(front))
    target = np.interp(at, along_front, front[:, 0])
    height = np.interp(at, along_front, front[:, 1])
    shut = np.stack([target, height * 0.45 + 14.0], axis=1)
    lowered = front + m.closure * (np.stack([front[:, 0], front[:, 1] * 0.45 + 14.0], 1) - front)
    return lift(lowered, m), lift(back + m.closure * (shut - back), m)


def vestibule(m: Motion) -> np.ndarray:
    """Air between epiglottis and arytenoids, down to the vocal folds; nothing when shut."""
    return np.concatenate(vestibule_walls(m))


def trachea(m: Motion) -> np.ndarray:
    """Air below the vocal folds, ringed in front."""
    curve = TRACHEA.copy()
    curve[[0, 1, -2, -1]] += m.closure * TRACHEA_SHUT
    return lift(smooth_curve(curve, 8) + _RINGS, m)


def mouth_air(m: Motion) -> np.ndarray | None:
    """The slit between tongue and palate while the mouth is empty."""
    empty = 1.0 - m.loaded * (1.0 - m.reopening)
    gap = 2.6 * empty + 0.3 * m.breath
    if gap < 0.6:
        return None
    top = np.array([(-52, -39), (-44, -43.6), (-30, -45.6), (-14, -45.8), (0, -45.2), (8, -43)])
    shape = np.array([(-0.5, 0.4), (0, 1.0), (0, 1.2), (0, 1.3), (1, 1.2), (1.5, 0.6)])
    return np.concatenate([top, top[::-1] + shape * gap])


def epiglottis(m: Motion) -> np.ndarray:
    """Middle line of the leaf, root to tip."""
    e = m.epiglottis
    leaf = EPIGLOTTIS_REST + e * (EPIGLOTTIS_DOWN - EPIGLOTTIS_REST)
    return lift(leaf, m)


def bolus_outline(m: Motion) -> np.ndarray | None:
    """Closed curve around the bolus (n, 2), or None when there is none in the field."""
    head = m.head_mm
    tail = m.tail_mm
    held = m.loaded * (1.0 - m.chewing)
    if held <= 0.02 or head - tail < 2.0 or tail > WAY_MM[-1]:
        return None
    # Denser towards the head, which is rounder than the tail.
    s = tail + (head - tail) * (1.0 - (1.0 - np.linspace(0.0, 1.0, 52)) ** 1.7)
    way = lifted_way(m)
    wall, inward = along(s, way), along(s, INWARD)
    near, far = bolus_faces(s, m)
    low = wall + inward * far[:, None]
    # Round off where the way bends sharper than the bolus is thick.
    padded = np.concatenate([2 * low[:1] - low[12:0:-1], low, 2 * low[-1:] - low[-2:-14:-1]])
    low = np.stack([np.convolve(column, _SMOOTHING, "valid") for column in padded.T], axis=1)
    top = wall + inward * near[:, None]
    return np.concatenate([top, low[::-1]])


_SMOOTHING = np.exp(-0.5 * (np.arange(-12, 13) / 3.0) ** 2)
_SMOOTHING /= _SMOOTHING.sum()


def bolus_faces(s: np.ndarray, m: Motion) -> tuple[np.ndarray, np.ndarray]:
    """How far off the wall the bolus begins and ends at `s` along the way, mm."""
    held = np.clip((60.0 - s) / 30.0, 0.0, 1.0)  # in the mouth: a little off the palate
    tip = np.clip(1.0 - (m.head_mm - s) / 10.0, 0.0, 1.0)
    nose = 1.0 - np.sqrt(1.0 - tip**2)  # the head is round on both sides
    free = np.interp(s, (0, 60, 90, 140, 158, 180), (1.0, 1.5, 4.5, 3.5, 2.5, 4.2)) * nose
    return 0.3 + 0.8 * held + free, np.maximum(bolus_thickness(s, m), free)


def bolus_thickness(s: FloatArray, m: Motion) -> FloatArray:
    """Thickness in mm at `s` along the way: round head, thin tail, as wide as the place allows."""
    room = np.interp(
        s,
        (0, 12, 30, 55, 78, 100, 118, 134, 148, 158, 168, 190, 260),
        (3.0, 8.5, 12.5, 11.0, 10.0, 15.0, 16.5, 12.5, 8.0, 6.6, 8.5, 11.5, 12.0),
    )
    if m.bar_mm > 0.0:
        narrow = bar(s, m)
        above = np.exp(-(((s - BAR_WAY_MM + 8.0 * m.larynx + 24.0) / 11.0) ** 2))
        below = np.exp(-(((s - BAR_WAY_MM + 8.0 * m.larynx - 13.0) / 10.0) ** 2))
        room = (room * (1.0 + 0.22 * above - 0.30 * below) - 0.92 * narrow).clip(2.4)
    size = (m.bolus.volume_ml / 10.0) ** 0.36
    length = max(m.head_mm - m.tail_mm, 1.0)
    from_head = np.clip((m.head_mm - s) / 9.0, 0.0, 1.0)
    from_tail = np.clip((s - m.tail_mm) / min(26.0, 0.45 * length), 0.0, 1.0)
    head: FloatArray = np.sqrt(from_head * (2 - from_head))
    tail: FloatArray = (from_tail * (2 - from_tail)) ** 1.2
    full = room * size * head * np.clip(tail, 0, 1.1)
    thickness: FloatArray = full * (m.loaded * (1.0 - m.chewing)) ** 0.5 + 0.15
    return thickness
