"""Contrast in the root of the aorta: what misses the artery or runs back from it."""

from __future__ import annotations

import numpy as np

from fluoroview_simulated.anatomy.coronary_devices import AORTA
from fluoroview_simulated.anatomy.flow import Injection
from fluoroview_simulated.anatomy.heart import Rhythm

STROKE_MM = 95.0
"""How far one heart beat drives the blood in the ascending aorta."""
PORTION_S, GONE_S, GONE_MM = 0.2, 1.8, 150.0
_ALONG = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(AORTA, axis=0), axis=1))])


def clouds(
    shot: Injection, share: float, t_s: float, rhythm: Rhythm, tip: np.ndarray, number: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray] | None:
    """Where the portions of one injection are: places (n, 3), sizes in mm and grams (n,), or None.

    In diastole they stay in the sinus; each beat carries them up the aorta and spreads them.

    Args:
        share: of the injection that gets into the aorta.
        tip: of the catheter, or the ostium in which it lies.
        number: of the injection, for the chance of where each portion goes.
    """
    start, end = shot.span_s
    at = np.arange(start + 0.1, min(end, t_s), PORTION_S)
    nth = np.arange(len(at))
    swept = np.array([rhythm.ejected(t_s) - rhythm.ejected(float(a)) for a in at]) * STROKE_MM
    here = (t_s - at < GONE_S) & (swept < GONE_MM)
    if not here.any():
        return None
    at, nth, swept = at[here], nth[here], swept[here]
    jitter = np.random.default_rng((rhythm.seed, 9, number)).normal(0, 3.5, (64, 3))[nth % 64]
    # From the tip they get into the middle of the stream as they are carried off.
    start_mm = float(_ALONG[_nearest(tip)])
    middle = np.stack([np.interp(swept + start_mm, _ALONG, a) for a in AORTA.T], axis=1)
    near = np.exp(-(swept + 6.0 * (t_s - at)) / 15.0)[:, None]
    place = middle + near * (tip - middle) + jitter * (1.2 - near)
    spread = 2.6 + 4.0 * np.minimum(t_s - at, 1.0) + 0.02 * swept
    grams = PORTION_S * shot.rate_ml_s * shot.agent_g_cm3 * share
    return place, spread, np.full(len(at), grams)


def _nearest(place: np.ndarray) -> int:
    """The point of the aorta's middle, from root to arch, that is nearest."""
    return int(np.argmin(np.linalg.norm(AORTA[:5] - place, axis=1)))
