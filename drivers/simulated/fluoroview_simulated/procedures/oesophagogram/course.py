"""When the patient swallows, and what a healthy oesophagus does then. Pure functions of time.

Erect, the head of the barium falls ahead of the peristaltic wave; the wave is its tail, an
inverted V that strips the oesophagus clean within eight seconds. What escapes it near the arch is
fetched by a secondary wave.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from fluoroview_simulated.arrays import FloatArray

TURN_S = 14.0
FIRST_S = 1.0
MOUTHFUL_ML = 24.0
SECONDARY_S = 9.6
CLEAR_S = 13.5


@dataclass(frozen=True)
class Span:
    """Barium that lies in the oesophagus between two places, mm from the upper sphincter.

    Attributes:
        tail_mm, head_mm: where it begins and ends.
        volume_ml: how much it is.
        tail_taper_mm, head_taper_mm: over how far it comes to a point.
    """

    tail_mm: float
    head_mm: float
    volume_ml: float
    tail_taper_mm: float = 26.0
    head_taper_mm: float = 14.0


def swallows(t_s: float, asked: Sequence[float]) -> list[float]:
    """Times of all swallows up to `t_s`: one each turn, and those asked for."""
    turns = np.arange(FIRST_S, t_s + 1e-9, TURN_S)
    return sorted([*(float(t) for t in turns), *asked])


def wave_mm(since_s: float, end_mm: float) -> float:
    """Where the primary wave is: quick in the striated upper third, then slower."""
    return float(np.interp(since_s, [0.6, 2.6, 8.0], [-20.0, 82.0, end_mm + 12.0]))


def passed_s(s_mm: FloatArray, end_mm: float) -> FloatArray:
    """Seconds from the swallow until the wave passes a place."""
    return np.interp(s_mm, [-20.0, 82.0, end_mm + 12.0], [0.6, 2.6, 8.0])


def head_mm(since_s: float, stop_mm: float) -> float:
    """Where the head is: it falls, and waits where it is stopped."""
    return float(np.interp(since_s, [0.0, 0.4, 0.9, 2.0], [0.0, 40.0, 120.0, stop_mm]))


def sphincter_open(since_s: float) -> float:
    """How wide the lower sphincter stands open, 0 to 1."""
    return _rise((since_s - 1.7) / 0.8) * (1.0 - _rise((since_s - 7.6) / 0.7))


def normal_spans(since_s: float, sphincter: float, end: float) -> list[Span]:
    """The barium of one healthy swallow, down to `end`."""
    spans = []
    tail, stop = wave_mm(since_s, end), sphincter - 2.0
    head = head_mm(since_s, stop)
    if since_s > 2.1 and end > sphincter:
        head = float(np.interp(since_s, [2.1, 2.6], [stop, end]))
    out = MOUTHFUL_ML * _rise((since_s - 2.2) / 5.4)
    inside = MOUTHFUL_ML * _rise(since_s / 0.8) - out
    if 0.0 < since_s < 8.2 and head - tail > 6.0:
        spans.append(Span(max(tail, 0.0), min(head, end), max(inside, 0.3)))
    escaped = _rise((since_s - float(passed_s(np.array(120.0), end))) / 0.8)
    if escaped > 0.0 and since_s < CLEAR_S:
        moved = 42.0 * max(since_s - SECONDARY_S, 0.0)
        low, high = 88.0 + moved, max(132.0 + 1.1 * moved, 0.0)
        if low < end - 8.0:
            spans.append(Span(low, min(high, end), 0.55 * escaped, 14.0, 16.0))
    return spans


def trickle(since_s: float) -> float:
    """How strong the stream into the stomach is, 0 to 1."""
    return _rise((since_s - 2.4) / 0.8) * (1.0 - _rise((since_s - 7.2) / 1.4))


def held_ml(t_s: float, times: Sequence[float], drains_s: float, arrives_s: float) -> float:
    """Barium above a narrowing: each mouthful arrives, and all drains with time."""
    total = 0.0
    for at in times:
        since = t_s - at - arrives_s
        if since > -1.0:
            total += MOUTHFUL_ML * _rise((since + 1.0) / 1.6) * np.exp(-max(since, 0.0) / drains_s)
    return float(total)


def radii(s_mm: FloatArray, span: Span, shape: FloatArray, wide_mm: FloatArray) -> FloatArray:
    """Radius along the oesophagus of a span, mm: so wide that it holds its volume, if it can."""
    up = np.clip((s_mm - span.tail_mm) / span.tail_taper_mm, 0.0, 1.0)
    down = np.sqrt(np.clip((span.head_mm - s_mm) / span.head_taper_mm, 0.0, 1.0))
    relative = shape * up**0.8 * down
    step = s_mm[1] - s_mm[0]
    r = relative
    for _ in range(3):  # where it is narrow, the rest must hold the more
        held = np.pi * float((np.minimum(r, wide_mm) ** 2).sum()) * step * 1e-3
        r = r * np.sqrt(span.volume_ml / max(held, 1e-6))
        r = np.minimum(r, 30.0)
    return np.minimum(r, wide_mm)


def _rise(share: float) -> float:
    """0 to 1, without corners."""
    t = min(max(share, 0.0), 1.0)
    return t * t * (3 - 2 * t)
