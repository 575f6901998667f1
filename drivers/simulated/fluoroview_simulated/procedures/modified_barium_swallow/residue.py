"""Contours of the barium that is not in the bolus: pools, what is chewed, what is in the airway."""

from __future__ import annotations

import numpy as np

from fluoroview_simulated.procedures.modified_barium_swallow import pharynx
from fluoroview_simulated.procedures.modified_barium_swallow.course import Motion
from fluoroview_simulated.procedures.modified_barium_swallow.lateral.drawing import smooth_curve

PIRIFORM = np.array(
    [(13, 8), (18.6, 6), (20.6, 14), (21.0, 24), (20.4, 29.5), (18.8, 33.8), (16.4, 31.5), (14, 21)]
)
"""The piriform sinuses seen from the side, one behind the other."""


def vestibule_barium(m: Motion) -> np.ndarray | None:
    """What has got in under the epiglottis: a coat on the front wall, deepest at the bottom."""
    share, depth = m.airway.vestibule, m.airway.depth
    if share < 0.02 or depth < 0.05:
        return None
    front, back = pharynx.vestibule_walls(m)
    s = np.linspace(0.0, depth, 20)
    wall = _resampled(front, s)
    across = _resampled(back[::-1], s) - wall
    filled = share * (0.30 + 0.62 * np.clip((s - depth + 0.42) / 0.35, 0.0, 1.0))
    end = np.clip((depth - s) / 0.16, 0.0, 1.0)
    end = np.sqrt(end * (2.0 - end))
    filled *= end * (0.45 + 0.55 * np.clip(s / 0.25, 0, 1))
    uneven = 1.0 + 0.25 * np.sin(9.0 * s + 1.0) + 0.15 * np.sin(23.0 * s)
    least = (0.5 + 0.9 * share) * end * uneven / np.maximum(np.hypot(*across.T), 0.3)
    return np.concatenate([wall, (wall + across * np.maximum(filled, least)[:, None])[::-1]])


def glottis(m: Motion) -> np.ndarray:
    """The line between the vocal folds, from the vestibule into the windpipe."""
    front, _ = pharynx.vestibule_walls(m)
    below = trachea_front(m)[0]
    top = _resampled(front, np.array([0.8]))[0] + (1.2, 0.0)
    end = below + np.array([0.8, 1.5])
    return np.array([top, (top + below) / 2 + (1.4, 0.5), end])


def trachea_front(m: Motion) -> np.ndarray:
    """Front wall of the windpipe from the folds down, (n, 2)."""
    curve = pharynx.TRACHEA[:7].copy()
    curve[[0, 1]] += m.closure * pharynx.TRACHEA_SHUT[:2]
    return pharynx.lift(smooth_curve(curve, 8, closed=False), m)


def trachea_barium(m: Motion) -> list[np.ndarray]:
    """What has passed the folds: strips that run down along the front wall."""
    wall = trachea_front(m)
    length = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(wall, axis=0).T))])
    strips = []
    for strip in m.airway.strips:
        s = np.linspace(strip.top_mm, strip.front_mm, 40)
        edge = np.stack([np.interp(s, length, c) for c in wall.T], axis=1)
        to_head, to_top = strip.front_mm - s, s - strip.top_mm
        thick = 1.1 + 2.4 * strip.amount**0.5 * np.exp(-(((to_head - 5.0) / 7.0) ** 2))
        thick = thick + 0.35 * np.sin(s * 0.7) + 0.25 * np.sin(s * 1.9 + 1.0)
        thick = thick * np.clip(to_head / 2.5, 0, 1) ** 0.5 * np.clip(to_top / 4.0, 0.15, 1)
        inner = edge + np.stack([thick, np.zeros_like(thick)], axis=1)
        strips.append(np.concatenate([edge - (0.5, 0.0), inner[::-1]]))
    return strips


def _resampled(curve: np.ndarray, shares: np.ndarray) -> np.ndarray:
    """Points at shares (0 to 1) of a curve's vertices."""
    at = np.linspace(0.0, 1.0, len(curve))
    return np.stack([np.interp(shares, at, column) for column in curve.T], axis=1)


def pools(m: Motion, amount: float) -> tuple[np.ndarray, np.ndarray]:
    """Residue in vallecula and piriform sinus, up to a level that `amount` (0 to 4) raises."""
    wall, leaf = pharynx.tongue_base(m, squeezed=False), pharynx.epiglottis(m)
    bottom = (wall[-1] + leaf[1]) / 2
    vallecula = np.concatenate([wall[2:], leaf[1:5]])
    sinus = pharynx.lift(PIRIFORM, m)
    return (
        _below(smooth_curve(vallecula, 4), bottom[1] - 1.5 - 3.8 * amount),
        _below(smooth_curve(sinus, 4), sinus[:, 1].max() - 2.6 - 4.4 * amount),
    )


def _below(curve: np.ndarray, level_y: float) -> np.ndarray:
    """The part of a closed curve below a level (y down); at least a sliver."""
    y = curve[:, 1]
    level_y = min(level_y, y.max() - 0.4)
    kept = []
    for k in range(len(curve)):
        here, there = curve[k - 1], curve[k]
        if (here[1] > level_y) != (there[1] > level_y):
            share = (level_y - here[1]) / (there[1] - here[1])
            kept.append(here + share * (there - here))
        if there[1] > level_y:
            kept.append(there)
    return np.array(kept)


def chewed(m: Motion, t_s: float) -> list[np.ndarray]:
    """Pieces of a cracker between the molars, carried about by tongue and cheek."""
    pieces = []
    angle = np.linspace(0, 2 * np.pi, 18, endpoint=False)
    for k in range(6):
        phase = 2 * np.pi * 1.35 * t_s + 1.1 * k
        middle = np.array([-43.0 + 6.4 * k, -35.5 + 1.1 * k * 0.5])
        middle += (2.2 * np.sin(0.5 * phase), 0.35 * m.jaw_mm + 0.9 * np.sin(phase))
        radius = (3.0 + 1.2 * np.sin(2.1 * k)) * (1 + 0.22 * np.sin(3 * angle + k))
        squeezed = 1.0 - 0.35 * np.clip(1.0 - m.jaw_mm / 3.0, 0, 1)
        shape = np.stack([np.cos(angle) * radius * 1.35, np.sin(angle) * radius * squeezed], 1)
        pieces.append(middle + shape)
    return pieces
