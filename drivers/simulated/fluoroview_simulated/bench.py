"""What `fluoroview bench sim` runs: milliseconds per pulse of every simulated procedure.

Each procedure runs with noise, scatter, lag and motion on. The same run times a copy of the
same bytes and one image computed with plain NumPy, so that the figures can be read as ratios on
any machine.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections import deque
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from fluoroview_simulated.arrays import FloatArray, UInt16Array

LIMITS = {
    "frames_per_s": 60.0,
    "previews_per_s": 10.0,
    "start_cold_s": 6.0,
    "start_warm_s": 1.5,
    "memory_mb": 600.0,
}
"""Limits of every procedure: minima for the first two, maxima for the others."""


def run(size: int = 1024, frames: int = 100) -> dict[str, Any]:
    """Time every procedure over `frames` pulses of `size`² on one core, each in its own process.

    Returns:
        "procedures": for each its median and 99th percentile ms per pulse, frames per second,
        previews per second while the C-arm turns, seconds from the start of the process to the
        first image without and with a cache on disk, and the memory at the end; the worst of
        these; "memcpy_ms" and "numpy_ms" as yardsticks; "limits" that the project has
        set itself, and "within_limits".
    """
    from fluoroview_simulated import procedures

    with tempfile.TemporaryDirectory(prefix="fluoroview-bench-") as folder:
        timed = {name: _in_process(name, size, frames, folder) for name in procedures.names()}
    slowest = {
        "frames_per_s": min(t["frames_per_s"] for t in timed.values()),
        "previews_per_s": min(t["previews_per_s"] for t in timed.values()),
        "start_cold_s": max(t["start_cold_s"] for t in timed.values()),
        "start_warm_s": max(t["start_warm_s"] for t in timed.values()),
        "memory_mb": max(t["memory_mb"] for t in timed.values()),
    }
    return {
        "size": size,
        "frames": frames,
        "procedures": timed,
        "worst": slowest,
        **_yardsticks(size, frames),
        "limits": LIMITS,
        "within_limits": {
            name: slowest[name] >= limit if name.endswith("per_s") else slowest[name] <= limit
            for name, limit in LIMITS.items()
        },
    }


def _in_process(name: str, size: int, frames: int, folder: str) -> dict[str, Any]:
    """Time one procedure twice: with an empty cache up to its first image, then completely."""
    environment = os.environ | {"FLUOROVIEW_SIMULATED_CACHE": str(Path(folder) / name)}

    def child(count: int) -> dict[str, Any]:
        began = time.time()
        done = subprocess.run(
            [
                sys.executable,
                "-m",
                "fluoroview_simulated.bench",
                name,
                str(size),
                str(count),
                repr(began),
            ],
            env=environment,
            capture_output=True,
            check=False,
            text=True,
        )
        if done.returncode:
            raise RuntimeError(f"{name}: {done.stderr.strip().splitlines()[-1]}")
        figures: dict[str, Any] = json.loads(done.stdout)
        return figures

    cold = child(0)
    timed = child(frames)
    return {"start_cold_s": cold["start_s"], "start_warm_s": timed.pop("start_s"), **timed}


def _child(name: str, size: int, frames: int, began: float) -> dict[str, Any]:
    """What one process measures; `began` is when it was started, in seconds of the clock."""
    import cv2

    cv2.setNumThreads(1)
    scene, _ = _start(name, size)
    start_s = round(time.time() - began, 2)
    return {"start_s": start_s, **(_procedure(scene, frames) if frames else {})}


def _yardsticks(size: int, frames: int) -> dict[str, float]:
    import cv2

    cv2.setNumThreads(1)
    out = np.empty((size, size), np.uint16)
    copy = np.empty_like(out)
    scene, _ = _start("phantom", size)
    return {
        "memcpy_ms": _ms(_times(lambda _i: np.copyto(copy, out), frames)),
        "numpy_ms": _ms(_times(lambda _i: _plain_numpy(scene), 3)),
    }


def _start(name: str, size: int) -> tuple[Any, float]:
    """Return a scene of a procedure's first case with its first image, and the seconds it took."""
    from fluoroview_simulated import procedures
    from fluoroview_simulated.render.scene import Scene

    began = time.perf_counter()
    patient = procedures.make(name)
    scene = Scene(patient, size)
    scene.frame(0, 0.0, patient.info.technique)
    return scene, time.perf_counter() - began


def _procedure(scene: Any, frames: int) -> dict[str, Any]:
    """Time the pulses of a procedure, and turning of its C-arm."""
    from fluoroview_simulated.panel.panel import LAG_PULSES

    info, size = scene.procedure.info, scene.size
    for t_s, control, value in info.gallery_actions_of(scene.procedure.case):
        scene.procedure.actions.record(t_s, control, value)
    start, end = info.gallery_s
    step = (end - start) / frames
    out = np.empty((size, size), np.uint16)
    scene.frame(0, start, info.technique, out)

    lag: deque[tuple[float, Any]] = deque(maxlen=LAG_PULSES)

    def pulse(i: int) -> None:
        t_s = start + i * step
        scene.frame(i, t_s, info.technique, out, lag)
        lag.appendleft((t_s, info.technique))

    pulses = _times(pulse, frames)
    return {
        "pulse_ms": _ms(pulses),
        "pulse_p99_ms": round(float(np.percentile(pulses, 99)) * 1e3, 2),
        "frames_per_s": round(1.0 / float(np.mean(pulses)), 1),
        "previews_per_s": round(1.0 / float(np.median(_times(_turner(scene), 8))), 1),
        "memory_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
    }


def _turner(scene: Any) -> Callable[[int], object]:
    """Projects a preview of one more degree of the C-arm."""
    from fluoroview_simulated.anatomy.view import View
    from fluoroview_simulated.render.projection import project

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


def _plain_numpy(scene: Any) -> UInt16Array:
    """The same image as anyone would first write it: whole arrays, float64 noise, no lag."""
    from fluoroview_simulated.physics.beam import SWANK, beam

    t = scene.procedure.info.technique
    weights, mu = beam(t.kv, t.filter_al_mm, t.filter_cu_mm, scene.agent).terms
    known = scene.truth(0.0, t)
    paths = np.stack([known.soft, known.bone, known.contrast, known.metal], -1).astype(float)
    signal = scene.quanta_open(t) * (np.exp(-paths @ mu.T) @ weights)
    noise = np.random.default_rng(1).standard_normal(signal.shape)
    signal += noise * np.sqrt(signal / SWANK)
    counts: FloatArray = signal * scene.panel.counts_per_quantum
    return np.clip(np.rint(counts), 0, 16383).astype(np.uint16)


if __name__ == "__main__":
    _name, _size, _frames, _began = sys.argv[1:]
    print(json.dumps(_child(_name, int(_size), int(_frames), float(_began))))
