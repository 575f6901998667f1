"""The live figure: simulated driver in a child process, the real window, under Xvfb.

Measured are frames lost and skipped, display latency (commit to painted), processor time of both
processes, and growth of memory after the first 10 s. The limits come with the figures. Where there
is no display an Xvfb of 1600×1200 is started for the run.
"""

import math
import tempfile
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import psutil
from PyQt6.QtCore import QTimer

from fluoroview.bench.screen import BenchError, screen
from fluoroview.session.events import Mode
from fluoroview.session.room import DetectorSection, LoopSection, Room
from fluoroview.session.session import Session

Step = Callable[[float, float], None]
WINDOW_PX = (1600, 1200)
SETTLE_S = 2.0
"""Not counted in the processor time: the driver still prepares its patient."""
FLAT_AFTER_S = 10.0
_FLAT_MB = 8.0
_SAMPLE_MS = 500


def run(size: int, rate_hz: float, seconds: float, isolation: str, step: Step) -> dict[str, Any]:
    """Run the viewer live for `seconds`; return figures and limits, JSON-able."""
    with screen() as name, tempfile.TemporaryDirectory(prefix="fluoroview-") as folder:
        from fluoroview.viewer.app import application
        from fluoroview.viewer.image.offscreen import close
        from fluoroview.viewer.main_window import MainWindow

        session = Session(_room(size, rate_hz, isolation, folder))
        problems: list[str] = []
        session.events.problem.connect(lambda problem: problems.append(problem.sentence))
        app = application()
        window = MainWindow(session)
        window.resize(*WINDOW_PX)
        window.show()
        try:
            session.connect().result()
            watch = _Watch(session, window, seconds, step)
            app.exec()
            return watch.result(size, rate_hz, name) | {"problems": problems}
        finally:
            close(window)
            session.close()


class _Watch:
    """Presses the pedal, samples both processes, releases, and ends the event loop."""

    def __init__(self, session: Session, window: Any, seconds: float, step: Step) -> None:
        self._session = session
        self._window = window
        self._seconds = seconds
        self._step = step
        self._latencies_ms: list[float] = []
        self._memory: list[tuple[float, float, float]] = []  # time, MB here, MB of the child
        pid = session.device_status().pid
        self._processes = [psutil.Process()] + ([psutil.Process(pid)] if pid else [])
        self._cpu_s: float | None = None
        self._cpu_from = self._cpu_to = 0.0
        window.canvas.painted.connect(self._painted)
        self._timer = QTimer()
        self._timer.timeout.connect(self._tick)
        self._timer.start(_SAMPLE_MS)
        self._start = time.monotonic()
        session.press_pedal()

    def _painted(self, _number: int, painted_ns: int) -> None:
        image = self._window.canvas.image
        if image is not None and image.mode is Mode.LIVE:
            self._latencies_ms.append((painted_ns - image.host_time_ns) / 1e6)

    def _tick(self) -> None:
        at = time.monotonic() - self._start
        self._step(min(at, self._seconds), self._seconds)
        if at >= self._seconds and self._session.snapshot().pedal_down:
            self._cpu_s = self._cpu() - (self._cpu_s or 0.0)
            self._cpu_to = at
            self._session.release_pedal()
        elif at >= self._seconds:
            if self._session.runs or at > self._seconds + 10:
                self._timer.stop()
                from fluoroview.viewer.app import application

                application().quit()
            return
        elif at >= SETTLE_S and self._cpu_s is None:
            self._cpu_s, self._cpu_from = self._cpu(), at
        here, *child = [process.memory_info().rss / 1e6 for process in self._processes]
        self._memory.append((at, here, child[0] if child else 0.0))

    def _cpu(self) -> float:
        return sum(sum(process.cpu_times()[:2]) for process in self._processes)

    def result(self, size: int, rate_hz: float, screen: str) -> dict[str, Any]:
        """Return figures and limits."""
        if not self._session.runs:
            raise BenchError(
                "The run did not end.", "Look at `fluoroview live`.", code="FV-BEN-007"
            )
        record = self._session.runs[-1]
        health = self._session.snapshot().health
        latency = np.array(self._latencies_ms)
        flat = [entry for entry in self._memory if entry[0] >= FLAT_AFTER_S] or self._memory[-1:]
        growth_mb = (flat[-1][1] + flat[-1][2]) - (flat[0][1] + flat[0][2])
        cores = (self._cpu_s or math.nan) / (self._cpu_to - self._cpu_from)
        period_ms = 1000 / rate_hz
        p99 = float(np.percentile(latency, 99))
        return {
            "size": size,
            "pulses_per_second": rate_hz,
            "seconds": self._seconds,
            "screen": screen,
            "ledger": record.ledger.as_dict(),
            "pulses": record.dose.pulses,
            "painted": int(latency.size),
            "skipped_by_display": health.skipped_by_display,
            "frames_per_second": health.frames_per_second,
            "display_latency_ms": {
                "median": float(np.median(latency)),
                "p99": p99,
                "max": float(latency.max()),
            },
            "cores_both_processes": cores,
            "memory_mb": {"viewer": flat[-1][1], "child": flat[-1][2]},
            "memory_growth_after_10_s_mb": growth_mb,
            "within_limits": {
                "no frame lost": record.ledger.lost == 0 and record.ledger.exact,
                "none skipped by the display": health.skipped_by_display == 0,
                f"p99 at most {period_ms:.0f} ms": p99 <= period_ms,
                "at most one core": cores <= 1.0,
                f"memory flat (within {_FLAT_MB:g} MB)": growth_mb <= _FLAT_MB,
            },
        }


def _room(size: int, rate_hz: float, isolation: str, folder: str) -> Room:
    detector = DetectorSection(
        driver="simulated",
        isolation="thread" if isolation == "thread" else "process",
        parameters={"Matrix": str(size), "PulseRate": f"{rate_hz:g}"},
    )
    return Room(detector=detector, loop=LoopSection(folder=folder))
