"""What `fluoroview bench sim` runs: milliseconds per pulse of every examination of the source.

Each examination runs with noise, scatter, lag and motion on. In the same run stand a copy of the
same bytes and one picture computed with plain NumPy, so that the figures can be read as ratios on
any machine.
"""

from __future__ import annotations

import resource
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

WANTED_FRAMES_PER_S = 60.0
WANTED_VIEWS_PER_S = 10.0
WANTED_COLD_S, WANTED_WARM_S = 6.0, 1.5
WANTED_MEMORY_MB = 600.0


def run(size: int = 1024, frames: int = 100) -> dict[str, Any]:
    """Time every examination over `frames` pulses of `size`² on one core.

    Returns:
        "examinations": for each its median and 99th percentile ms per pulse, frames per second,
        previews per second while the C-arm turns, seconds to start without and with a cache; the
        least and greatest of these; "memory_mb" resident at the end; "memcpy_ms" and "numpy_ms" as
        yardsticks; "limits" that the project has set itself.
    """
    import os

    import cv2

    from fluoroview_simulated import procedures

    cv2.setNumThreads(1)
    kept = os.environ.get("FLUOROVIEW_SIMULATED_CACHE")
    with tempfile.TemporaryDirectory(prefix="fluoroview-bench-") as folder:
        os.environ["FLUOROVIEW_SIMULATED_CACHE"] = folder
        try:
            _start(procedures.names()[0], size)  # loads the compiled code, which counts once
            timed = {name: _examination(name, size, frames) for name in procedures.names()}
        finally:
            if kept is None:
                del os.environ["FLUOROVIEW_SIMULATED_CACHE"]
            else:
                os.environ["FLUOROVIEW_SIMULATED_CACHE"] = kept
    out = np.empty((size, size), np.uint16)
    copy = np.empty_like(out)
    scene, _ = _start(procedures.names()[0], size)
    return {
        "size": size,
        "frames": frames,
        "examinations": timed,
        "slowest_frames_per_s": min(t["frames_per_s"] for t in timed.values()),
        "slowest_previews_per_s": min(t["previews_per_s"] for t in timed.values()),
        "longest_start_cold_s": max(t["start_cold_s"] for t in timed.values()),
        "longest_start_warm_s": max(t["start_warm_s"] for t in timed.values()),
        "memory_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
        "memcpy_ms": _ms(_times(lambda _i: np.copyto(copy, out), frames)),
        "numpy_ms": _ms(_times(lambda _i: _plain_numpy(scene), 3)),
        "limits": {
            "frames_per_s": WANTED_FRAMES_PER_S,
            "previews_per_s": WANTED_VIEWS_PER_S,
            "start_cold_s": WANTED_COLD_S,
            "start_warm_s": WANTED_WARM_S,
            "memory_mb": WANTED_MEMORY_MB,
        },
    }


def _start(name: str, size: int) -> tuple[Any, float]:
    """A scene of an examination's first case with its first picture, and the seconds it took."""
    from fluoroview_simulated import procedures
    from fluoroview_simulated.scene import Scene

    began = time.perf_counter()
    patient = procedures.make(name)
    scene = Scene(patient, size)
    scene.frame(0, 0.0, patient.info.technique)
    return scene, time.perf_counter() - began


def _examination(name: str, size: int, frames: int) -> dict[str, Any]:
    """One examination: start without and with a cache, pulses, turning of the C-arm."""
    scene, cold_s = _start(name, size)
    _, warm_s = _start(name, size)
    info = scene.procedure.info
    for t_s, control, value in info.gallery_acts:
        scene.procedure.acts.note(t_s, control, value)
    start, end = info.gallery_s
    step = (end - start) / frames
    out = np.empty((size, size), np.uint16)
    scene.frame(0, start, info.technique, out)

    def pulse(i: int) -> None:
        before = start + (i - 1) * step if i else None
        scene.frame(i, start + i * step, info.technique, out, before)

    pulses = _times(pulse, frames)
    return {
        "pulse_ms": _ms(pulses),
        "pulse_p99_ms": round(float(np.percentile(pulses, 99)) * 1e3, 2),
        "frames_per_s": round(1.0 / float(np.mean(pulses)), 1),
        "previews_per_s": round(1.0 / float(np.median(_times(_turner(scene), 8))), 1),
        "start_cold_s": round(cold_s, 2),
        "start_warm_s": round(warm_s, 2),
    }


def _turner(scene: Any) -> Callable[[int], object]:
    """Projects a preview of one more degree of the C-arm."""
    from fluoroview_simulated.anatomy.view import View
    from fluoroview_simulated.projection import project

    def turn(i: int) -> object:
        geometry = scene.geometry
        angle = geometry.primary_deg + 10.0 + i
        view = View(replace(geometry, primary_deg=angle))
        return project(scene.procedure, view, scene.size, 0.2, preview=True)

    turn(0)
    return turn


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


def _plain_numpy(scene: Any) -> np.ndarray:
    """The same picture as anyone would first write it: whole arrays, float64 noise, no lag."""
    from fluoroview_simulated.beam import SWANK, beam

    t = scene.procedure.info.technique
    weights, mu = beam(t.kv, t.filter_al_mm, t.filter_cu_mm, scene.agent).terms
    known = scene.truth(0.0, t)
    paths = np.stack([known.soft, known.bone, known.contrast, known.metal], -1).astype(float)
    signal = scene.quanta_open(t) * (np.exp(-paths @ mu.T) @ weights)
    noise = np.random.default_rng(1).standard_normal(signal.shape)
    signal += noise * np.sqrt(signal / SWANK)
    counts = signal * scene.panel.counts_per_quantum
    return np.clip(np.rint(counts), 0, 16383).astype(np.uint16)
