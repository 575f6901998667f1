"""Smooth steps in time."""

from __future__ import annotations


def rise(x: float, start: float, end: float) -> float:
    """Smooth step from 0 to 1 between `start` and `end`."""
    t = min(max((x - start) / (end - start), 0.0), 1.0)
    return t * t * t * (t * (6 * t - 15) + 10)


def hump(x: float, start: float, top: float, hold: float, end: float) -> float:
    """Rises from `start` to `top`, stays until `hold`, is back at `end`."""
    return rise(x, start, top) * (1.0 - rise(x, hold, end))
