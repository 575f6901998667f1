"""Quiet breathing, and what is left of it while the breath is held."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np


def breathing(holds: Sequence[tuple[float, Any]], t_s: float) -> float:
    """Height of the breath, -1 to 1; held, it stays about where it was (a small drift)."""
    phase, last, held = 0.0, 0.0, False
    for t, value in [*holds, (t_s, None)]:
        phase += (t - last) * (0.02 if held else 1.0)
        last, held = t, bool(value)
    return float(np.sin(2 * np.pi * phase / 4.2))
