"""What `fluoroview bench sim` runs: milliseconds per pulse and stage of the simulated source.

In the same run stand a copy of the same bytes and the same picture computed with plain NumPy, so
that the figures can be read as ratios on any machine.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np

START_S = 2.5
"""Moment of the procedure from which frames are timed: the swallow is under way."""


def run(size: int = 1024, frames: int = 100) -> dict[str, Any]:
    """Time every stage over `frames` pulses of `size`².

    Returns:
        "stages": median ms of each stage; "total_ms", "total_p99_ms" and "frames_per_s" of the
        whole chain; "memcpy_ms" and "numpy_ms" as yardsticks; "start_s" to a first picture.
    """
    import cv2

    cv2.setNumThreads(1)
    began = time.perf_counter()
    from fluoroview_simulated.beam import beam
    from fluoroview_simulated.procedure.course import motion_at
    from fluoroview_simulated.scene import Scene
    from fluoroview_simulated.technique import Technique

    technique = Technique()
    scene = Scene(size)
    out = np.empty((size, size), np.uint16)
    scene.frame(0, START_S, technique, out)
    start_s = time.perf_counter() - began
    weights, mu = beam(technique.kv, technique.filter_al_mm, technique.filter_cu_mm).terms

    def at(pulse: int) -> float:
        return START_S + pulse / 30.0

    motions = [motion_at(at(i), scene.seed) for i in range(frames)]
    scene.layers.render(motions[0])
    veil = scene.veil(weights, mu)
    stages: dict[str, Callable[[int], object]] = {
        "course": lambda i: motion_at(at(i), scene.seed),
        "moving layers": lambda i: scene.layers.render(motions[i]),
        "scatter": lambda i: scene.veil(weights, mu),
        "attenuation, noise, lag, digitisation": lambda i: scene.expose(
            i, technique, motions[i], veil, out
        ),
    }
    timed = {name: _times(stage, frames) for name, stage in stages.items()}
    whole = _times(
        lambda i: scene.frame(i, at(i), technique, out, at(i - 1) if i else None), frames
    )
    copy = np.empty_like(out)
    plain = _plain_numpy(scene, technique)
    return {
        "size": size,
        "frames": frames,
        "stages": {name: _ms(times) for name, times in timed.items()},
        "total_ms": _ms(whole),
        "total_p99_ms": round(float(np.percentile(whole, 99)) * 1e3, 3),
        "frames_per_s": round(1.0 / float(np.median(whole)), 1),
        "memcpy_ms": _ms(_times(lambda _i: np.copyto(copy, out), frames)),
        "numpy_ms": _ms(_times(lambda _i: plain(), max(3, frames // 30))),
        "start_s": round(start_s, 3),
    }


def _times(stage: Callable[[int], object], frames: int) -> np.ndarray:
    """Seconds of each call, shape (frames,)."""
    seconds = np.empty(frames)
    for i in range(frames):
        began = time.perf_counter()
        stage(i)
        seconds[i] = time.perf_counter() - began
    return seconds


def _ms(seconds: np.ndarray) -> float:
    return round(float(np.median(seconds)) * 1e3, 4)


def _plain_numpy(scene: Any, technique: Any) -> Callable[[], np.ndarray]:
    """The same picture as anyone would first write it: whole arrays, float64 noise, no lag."""
    import cv2

    from fluoroview_simulated.beam import SWANK, beam
    from fluoroview_simulated.patient.maps import PATH_UNIT_MM, patient_maps
    from fluoroview_simulated.procedure.course import motion_at

    size = scene.size
    weights, mu = beam(technique.kv, technique.filter_al_mm, technique.filter_cu_mm).terms
    maps = patient_maps(size, scene.geometry.view_mm, scene.seed)
    resting = np.stack([maps.soft, maps.bone, np.zeros_like(maps.soft)], -1) * PATH_UNIT_MM
    moving = scene.layers.render(motion_at(START_S, scene.seed))
    changes = np.zeros((512, 512, 3))
    window = np.s_[
        scene.layers.row0 : scene.layers.row0 + moving.soft.shape[0],
        scene.layers.column0 : scene.layers.column0 + moving.soft.shape[1],
    ]
    changes[window] = np.stack([moving.soft, moving.bone, moving.barium], -1)
    veil = cv2.resize(scene.veil(weights, mu), (size, size))
    rng = np.random.default_rng(1)

    def picture() -> np.ndarray:
        paths = np.maximum(resting + cv2.resize(changes, (size, size)), 0.0)
        through = np.exp(-paths @ mu.T) @ weights
        signal = scene.quanta_open(technique) * (through + veil)
        signal += rng.standard_normal(signal.shape) * np.sqrt(signal / SWANK)
        counts = signal * scene.panel.counts_per_quantum
        return np.clip(np.rint(counts), 0, 16383).astype(np.uint16)

    return picture
