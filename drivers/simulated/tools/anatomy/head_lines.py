"""Lines in the bone of the vault: sutures, and the grooves of the meningeal vessels."""

from __future__ import annotations

import numpy as np
from head_solids import brain_room, thickness
from solid import Solid


def sutures() -> list[np.ndarray]:
    """Lines (n, 3) in the middle of the vault's bone: coronal, sagittal, lambdoid, squamous."""
    room = brain_room()
    bregma, lambda_ = (0, -14, 640), (0, 90, 606)
    rows = [
        ([bregma, (34, -18, 622), (58, -26, 594), (64, -34, 566)], 2.2),
        (
            [(-p[0], p[1], p[2]) for p in (bregma, (34, -18, 622), (58, -26, 594), (64, -34, 566))],
            2.2,
        ),
        ([bregma, (0.5, 15, 642), (-0.5, 50, 636), lambda_], 2.6),
        ([lambda_, (24, 86, 584), (44, 70, 560), (60, 46, 542)], 3.4),
        ([lambda_, (-24, 86, 584), (-44, 70, 560), (-60, 46, 542)], 3.4),
        ([(66, -28, 556), (70, -6, 575), (71, 16, 571), (66, 38, 548)], 1.0),
        ([(-66, -28, 556), (-70, -6, 575), (-71, 16, 571), (-66, 38, 548)], 1.0),
    ]
    return [_on_bone(room, np.array(p, float), wave, k) for k, (p, wave) in enumerate(rows)]


def grooves() -> list[np.ndarray]:
    """Lines of the middle meningeal vessels on the inner table, both sides."""
    room = brain_room()
    rows = [
        [(58, -30, 552), (63, -24, 575), (60, -20, 600), (44, -14, 622)],
        [(62, -26, 566), (66, -4, 588), (58, 18, 612)],
        [(60, -29, 556), (68, 0, 566), (68, 30, 578), (58, 54, 592)],
    ]
    lines = []
    for side in (1.0, -1.0):
        for k, row in enumerate(rows):
            points = np.array(row) * (side, 1, 1)
            lines.append(_on_bone(room, points, 0.9, 20 + k + int(side), inner=True))
    return lines


def _on_bone(
    room: Solid, points: np.ndarray, wave_mm: float, seed: int, inner: bool = False
) -> np.ndarray:
    """A winding line through points, laid into the vault's bone."""
    at = np.linspace(0, len(points) - 1, 90)
    knots = np.arange(len(points))
    line = np.stack([np.interp(at, knots, c) for c in points.T], 1)
    kernel = np.hanning(19) / np.hanning(19).sum()
    padded = np.concatenate([np.repeat(line[:1], 9, 0), line, np.repeat(line[-1:], 9, 0)])
    line = np.stack([np.convolve(c, kernel, "valid") for c in padded.T], 1)
    rng = np.random.default_rng(seed)
    steps = rng.standard_normal((90, 3))
    steps = 0.6 * steps + 0.9 * np.roll(steps, 1, 0) + 0.5 * np.roll(steps, 3, 0)
    line += steps * wave_mm * 0.55 if not inner else np.cumsum(steps, 0) * 0.12
    middle = np.array([0.0, 0.0, 575.0])
    ray = line - middle
    ray /= np.linalg.norm(ray, axis=1, keepdims=True)
    low, high = np.full(len(ray), 20.0), np.full(len(ray), 130.0)
    for _ in range(24):
        half = (low + high) / 2
        out = room(middle + ray * half[:, None]) > 0
        low, high = np.where(out, low, half), np.where(out, half, high)
    edge = middle + ray * low[:, None]
    deep = 0.2 if inner else 0.5
    return edge + ray * (deep * thickness(edge))[:, None]
