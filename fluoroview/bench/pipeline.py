"""`fluoroview bench pipeline`: what the chain costs and what it does to an image.

Cost: ms per frame and stage of the default chain, on one thread, with a plain NumPy chain and a
memory copy of the same bytes, in turns in one run, so that ratios hold on a busy machine.
Quality: a scene with a static vessel, a slow and a fast wire, of which the truth is known. Signal
to noise alone rewards a filter for erasing wires, so the contrast that is kept is given as well.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
from rich.table import Table

from fluoroview.hal.frame import PixelIntensityRelationship
from fluoroview.pipeline import (
    COUNTS_PER_E_FOLD,
    Calibration,
    Pipeline,
    PipelineSettings,
    RecursiveMode,
    RecursiveSettings,
    SpatialSettings,
    Window,
    WindowLut,
)
from fluoroview.pipeline.recursive import RecursiveAverage
from fluoroview.pipeline.spatial import SpatialSmoothing

Progress = Callable[[float], None]
"""Receives the fraction done, 0 to 1."""
Floats = npt.NDArray[Any]
Filter = Callable[[Floats], Floats]

STAGES = ("correction", "recursive", "spatial", "tone")
WARM_UP = 5


def run(
    sizes: Sequence[int] = (1024, 2048),
    frames: int = 60,
    quality: bool = True,
    progress: Progress = lambda fraction: None,
) -> dict[str, Any]:
    """Measure and return everything, ready for JSON. Takes about 15 s with the defaults."""
    threads = cv2.getNumThreads()
    cv2.setNumThreads(1)
    try:
        cost = []
        steps = len(sizes) + quality
        for n, side_px in enumerate(sizes):
            cost.append(measure_cost(side_px, frames))
            progress((n + 1) / steps)
        result: dict[str, Any] = {"opencv": cv2.__version__, "numpy": np.__version__, "cost": cost}
        if quality:
            result["quality"] = measure_quality()
            progress(1.0)
        return result
    finally:
        cv2.setNumThreads(threads)


# Cost


class _Timed:
    """A stage that notes how long its calls took, in place of the stage itself."""

    def __init__(self, stage: Any) -> None:
        self._stage = stage
        self.spent_s = 0.0

    def apply(self, *arguments: Any) -> Any:
        start_s = time.perf_counter()
        result = self._stage.apply(*arguments)
        self.spent_s += time.perf_counter() - start_s
        return result

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stage, name)


def measure_cost(side_px: int, frames: int) -> dict[str, Any]:
    """Time the default chain on frames of side_px × side_px, 16 bit, LIN."""
    rng = np.random.default_rng(1)
    shape = (side_px, side_px)
    calibration = Calibration(
        rng.normal(100, 3, shape).astype(np.float32),
        rng.uniform(0.9, 1.1, shape).astype(np.float32),
        rng.random(shape) < 0.001,
    )
    raws = [rng.poisson(800, shape).astype(np.uint16) for _ in range(4)]
    pipeline = Pipeline(*shape, PipelineSettings(), PixelIntensityRelationship.LIN, calibration)
    stages = {name: _Timed(getattr(pipeline, name)) for name in STAGES}
    for name, stage in stages.items():
        setattr(pipeline, name, stage)
    reference = PlainNumpy(calibration)
    painter = WindowLut(*shape, Window(27_000, 8_000))
    image, copy = np.zeros(shape, np.uint16), np.zeros(shape, np.uint16)
    grey = np.zeros(shape, np.uint8)
    spent: dict[str, list[float]] = {}

    def time_of(name: str, work: Callable[[], object]) -> None:
        start_s = time.perf_counter()
        work()
        spent.setdefault(name, []).append(time.perf_counter() - start_s)

    for n in range(frames + WARM_UP):
        raw = raws[n % len(raws)]
        for stage in stages.values():
            stage.spent_s = 0.0
        time_of("chain", lambda raw=raw: pipeline.process(raw, image))  # type: ignore[misc]
        for name, stage in stages.items():
            spent.setdefault(name, []).append(stage.spent_s)
        time_of("window", lambda: painter.apply(image, grey))
        time_of("plain_numpy", lambda raw=raw: reference.process(raw))  # type: ignore[misc]
        time_of("memory_copy", lambda raw=raw: np.copyto(copy, raw))  # type: ignore[misc]
    ms = {name: _summary(values[WARM_UP:]) for name, values in spent.items()}
    chain = ms["chain"]["median"]
    return {
        "side_px": side_px,
        "frames": frames,
        "ms": ms,
        "chain_to_plain_numpy": round(chain / ms["plain_numpy"]["median"], 3),
        "chain_to_memory_copy": round(chain / ms["memory_copy"]["median"], 1),
    }


def _summary(seconds: Sequence[float]) -> dict[str, float]:
    ms = np.array(seconds) * 1e3
    return {
        "median": round(float(np.median(ms)), 3),
        "p99": round(float(np.percentile(ms, 99)), 3),
        "min": round(float(ms.min()), 3),
    }


class PlainNumpy:
    """The same chain as one would first write it in NumPy, with a plain recursive average."""

    def __init__(self, calibration: Calibration, weight: float = 0.1) -> None:
        self._calibration = calibration
        self._defects = np.nonzero(calibration.defects)
        self._weight = weight
        self._mean: Floats | None = None

    def process(self, raw: Floats) -> Floats:
        """Return the uint16 log image of a frame (H, W)."""
        frame = (raw - self._calibration.offset) * self._calibration.gain
        rows, columns = self._defects
        frame[rows, columns] = (frame[rows - 1, columns] + frame[rows, columns - 1]) / 2
        if self._mean is None:
            self._mean = frame
        self._mean = (1 - self._weight) * self._mean + self._weight * frame
        tap = np.array([0.1065, 0.787, 0.1065], np.float32)
        padded = np.pad(self._mean, 1, mode="reflect")
        smooth = tap[0] * padded[:-2] + tap[1] * padded[1:-1] + tap[2] * padded[2:]
        smooth = tap[0] * smooth[:, :-2] + tap[1] * smooth[:, 1:-1] + tap[2] * smooth[:, 2:]
        image: Floats = np.rint(COUNTS_PER_E_FOLD * np.log(np.maximum(smooth, 1)))
        counts: Floats = image.astype(np.uint16)
        return counts


# Quality


class WireScene:
    """A static vessel, a wire of 1 px/frame and one of 6 px/frame, at 40 quanta per pixel.

    512×512; frames are in counts of 10 per quantum, the truth in quanta.
    """

    SIDE_PX = 512
    FRAMES = 44
    SETTLED = 24
    QUANTA = 40.0
    COUNTS_PER_QUANTUM = 10.0

    def __init__(self, seed: int = 1) -> None:
        self._rng = np.random.default_rng(seed)
        self._row, self._column = np.mgrid[0 : self.SIDE_PX, 0 : self.SIDE_PX].astype(np.float32)
        shade = (0.8 + 0.4 * self._column / self.SIDE_PX) * np.exp(-0.15 * np.cos(self._row / 40))
        self.empty = self.QUANTA * shade
        self.vessel = self._line(60, 4)
        self.still = self.empty * np.exp(-0.25 * self.vessel)
        self.inside = np.zeros_like(self.empty, bool)
        self.inside[40:-40] = True

    def slow(self, frame: int) -> Floats:
        """Profile of the slow wire, 0 to 1."""
        return self._line(140 + 1.0 * frame, 1.2)

    def fast(self, frame: int) -> Floats:
        """Profile of the fast wire, 0 to 1."""
        return self._line(230 + 6.0 * frame, 1.2)

    def truth(self, frame: int) -> Floats:
        """Return expected quanta (512, 512)."""
        wires = np.exp(-0.5 * (self.slow(frame) + self.fast(frame)))
        quanta: Floats = self.still * wires
        return quanta

    def noisy(self, frame: int) -> Floats:
        """Return a frame in counts (512, 512) float32."""
        counts: Floats = self._rng.poisson(self.truth(frame)) * self.COUNTS_PER_QUANTUM
        return counts.astype(np.float32)

    def _line(self, x_px: float, sigma_px: float) -> Floats:
        across = self._column - x_px - 0.15 * (self._row - self.SIDE_PX / 2)
        profile: Floats = np.exp(-0.5 * (across / sigma_px) ** 2)
        return profile


def measure_quality() -> list[dict[str, Any]]:
    """Run each filter over the same scene; means over the frames after it has settled."""
    scene = WireScene()
    frames = [scene.noisy(frame) for frame in range(scene.FRAMES)]
    rulers = {frame: _rulers(scene, frame) for frame in range(scene.SETTLED, scene.FRAMES)}
    return [{"filter": name, **_judge(apply, frames, rulers)} for name, apply in _filters().items()]


def _filters() -> dict[str, Filter]:
    side = WireScene.SIDE_PX

    def recursive(**settings: Any) -> Filter:
        stage = RecursiveAverage(RecursiveSettings(**settings), np.zeros((side, side), np.float32))
        return stage.apply

    default = PipelineSettings()
    average = RecursiveAverage(default.recursive, np.zeros((side, side), np.float32))
    smoothing = SpatialSmoothing(default.spatial, side, side)
    light = SpatialSmoothing(SpatialSettings(sigma_px=1.0), side, side)
    return {
        "none": lambda frame: frame,
        "plain k 0.25": recursive(mode=RecursiveMode.PLAIN, weight=0.25),
        "plain k 0.1": recursive(mode=RecursiveMode.PLAIN, weight=0.1),
        "adaptive k ≥ 0.1": recursive(mode=RecursiveMode.ADAPTIVE, weight=0.1),
        "default chain": lambda frame: smoothing.apply(average.apply(frame), 0, side),
        "Gaussian 1 px alone": lambda frame: light.apply(frame, 0, side),
        "bilateral alone": lambda frame: cv2.bilateralFilter(frame, 7, 150.0, 1.5),
    }


@dataclass(frozen=True)
class _Line:
    """Where a line lies in one frame, and how deep its shadow is there."""

    weight: Floats
    behind: Floats
    shadow: float


@dataclass(frozen=True)
class _Rulers:
    """What one filtered frame is measured against."""

    truth: Floats
    lines: dict[str, _Line]


def _rulers(scene: WireScene, frame: int) -> _Rulers:
    truth = scene.truth(frame)
    lines = {}
    for name, profile, behind in (
        ("static_vessel", scene.vessel, scene.empty),
        ("slow_wire", scene.slow(frame), scene.still),
        ("fast_wire", scene.fast(frame), scene.still),
    ):
        weight = profile * ((profile > 0.5) & scene.inside)
        lines[name] = _Line(weight, behind, float((weight * (behind - truth)).sum()))
    return _Rulers(truth, lines)


def _judge(apply: Filter, frames: Sequence[Floats], rulers: dict[int, _Rulers]) -> dict[str, float]:
    figures: list[dict[str, float]] = []
    spent: list[float] = []
    for n, frame in enumerate(frames):
        noisy = frame.copy()  # stages may overwrite their input
        start_s = time.perf_counter()
        filtered = apply(noisy)
        spent.append(time.perf_counter() - start_s)
        if n in rulers:
            figures.append(_figures(filtered / WireScene.COUNTS_PER_QUANTUM, rulers[n]))
    means = {name: round(float(np.mean([f[name] for f in figures])), 2) for name in figures[0]}
    return {**means, "ms": _summary(spent)["median"]}


def _figures(image: Floats, rulers: _Rulers) -> dict[str, float]:
    """Return PSNR, and contrast kept and contrast-to-noise ratio of each line, of one image."""
    error = image - rulers.truth
    noise = float(error[40:-40, 90:125].std())
    peak = 1.2 * WireScene.QUANTA
    figures = {"psnr_db": float(10 * np.log10(peak**2 / np.mean(error**2)))}
    for name, line in rulers.lines.items():
        shadow = float((line.weight * (line.behind - image)).sum())
        figures[f"{name}_kept"] = shadow / line.shadow
        figures[f"{name}_cnr"] = shadow / float(line.weight.sum()) / noise
    return figures


# Tables


def table(result: dict[str, Any]) -> Table:
    """Return what `run` found as a table for the terminal."""
    both = Table.grid(padding=(1, 0))
    both.add_row(_cost_table(result["cost"]))
    if "quality" in result:
        both.add_row(_quality_table(result["quality"]))
    return both


def _cost_table(cost: Sequence[dict[str, Any]]) -> Table:
    grid = Table(title="Pipeline, ms per frame on one thread: median (99th percentile)")
    grid.add_column("")
    for size in cost:
        grid.add_column(f"{size['side_px']}×{size['side_px']}", justify="right")
    for name in (*STAGES, "chain", "window", "plain_numpy", "memory_copy"):
        cells = [f"{s['ms'][name]['median']:.2f} ({s['ms'][name]['p99']:.2f})" for s in cost]
        grid.add_row(name.replace("_", " "), *cells, end_section=name in {"tone", "window"})
    return grid


def _quality_table(quality: Sequence[dict[str, Any]]) -> Table:
    grid = Table(title="Filters: contrast-to-noise ratio, and contrast kept, of three lines")
    for name in ("filter", "PSNR dB", "static vessel", "slow wire", "fast wire", "ms at 512²"):
        grid.add_column(name, justify="left" if name == "filter" else "right")
    for row in quality:
        lines = [
            f"{row[f'{line}_cnr']:.1f} ({row[f'{line}_kept']:.2f})"
            for line in ("static_vessel", "slow_wire", "fast_wire")
        ]
        grid.add_row(row["filter"], f"{row['psnr_db']:.1f}", *lines, f"{row['ms']:.2f}")
    return grid
