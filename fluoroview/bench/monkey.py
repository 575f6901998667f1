"""The monkey: the real window under random clicks, keys, pedal, replay, writes, faults and devices.

What is checked all the time: the lamp is lit while the beam is on and not otherwise, no pulse comes
after the release, the dose is the sum of the runs, and the window never stands still. At the end:
memory and threads are flat, every recording is whole, and no process is left.
"""

import os
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
from PyQt6.QtCore import QObject, pyqtSignal

from fluoroview.bench.monkey_actions import FIRST_DEVICE, Monkey
from fluoroview.bench.monkey_watch import SETTLED_S, UnexpectedErrors, Watch
from fluoroview.bench.screen import screen
from fluoroview.recording import SUFFIX, Recording
from fluoroview.session.room import DetectorSection, LoopSection, Room
from fluoroview.session.session import Session

Step = Callable[[float, float], None]
WINDOW_PX = (1600, 1200)
_CHILDREN_GONE_S = 5.0
_CHECKPOINT_S = 20.0


def run(minutes: float, seed: int, step: Step) -> dict[str, Any]:
    """Let the monkey at the window for `minutes`; return figures and limits, JSON-able."""
    with _folder() as folder, screen() as name, UnexpectedErrors() as errors:
        before = {child.pid for child in psutil.Process().children(recursive=True)}
        session = Session(_room(folder))
        figures = _play(session, minutes * 60, seed, step)
        recordings = sorted(folder.glob(f"*{SUFFIX}"))
        damaged = [sentence for path in recordings for sentence in _damage(path)]
        left = _children_left(before)
        figures["within_limits"] |= {
            "no unexpected error": not errors.found,
            "every recording whole": not damaged,
            "no process left": not left,
        }
        return {
            "minutes": minutes,
            "seed": seed,
            "screen": name,
            **figures,
            "recordings": len(recordings),
            "damaged_recordings": damaged,
            "unexpected_errors": errors.found,
            "processes_left": left,
        }


def _play(session: Session, seconds: float, seed: int, step: Step) -> dict[str, Any]:
    from fluoroview.viewer.app import application
    from fluoroview.viewer.image.offscreen import close
    from fluoroview.viewer.main_window import MainWindow

    app = application()
    window = MainWindow(session)
    window.resize(*WINDOW_PX)
    window.show()
    try:
        session.connect().result()
        watch = Watch(session, window)
        monkey = Monkey(session, window, seed)
        checkpoints = _Checkpoints(session, watch, monkey, seconds, step)
        watch.beat.connect(checkpoints.look)
        checkpoints.over.connect(app.quit)
        app.exec()
        figures = watch.end()
        return {"actions": dict(sorted(monkey.done.items())), **figures}
    finally:
        close(window)
        session.close()


class _Checkpoints(QObject):
    """Halts the monkey now and then and opens the first device again: memory can be compared."""

    over = pyqtSignal()

    def __init__(
        self, session: Session, watch: Watch, monkey: Monkey, seconds: float, step: Step
    ) -> None:
        super().__init__()
        self._session, self._watch, self._monkey = session, watch, monkey
        self._step, self._seconds = step, seconds
        self._every_s = min(_CHECKPOINT_S, seconds / 5)
        self._start = time.monotonic()
        self._next = self._start
        self._opened: Future[None] | None = None
        self._settled = 0.0

    def look(self) -> None:
        """Do what is due; called with every beat of the watch."""
        now = time.monotonic()
        self._step(min(now - self._start, self._seconds), self._seconds)
        if self._opened is None:
            if now >= self._next:
                self._halt()
        elif not self._opened.done():
            self._settled = now + SETTLED_S
        elif self._opened.exception() is not None:
            self._halt()
        elif now >= self._settled:
            self._opened = None
            self._watch.sample()
            self._next = now + self._every_s
            if now - self._start >= self._seconds:
                self.over.emit()
            else:
                self._monkey.start()

    def _halt(self) -> None:
        self._monkey.stop()
        self._session.stop_replay()
        self._session.stop_recording()
        self._opened = self._session.connect(*FIRST_DEVICE)
        self._settled = time.monotonic() + SETTLED_S


@contextmanager
def _folder() -> Iterator[Path]:
    """Yield a folder for loops and recordings: the user's own stay as they are."""
    from fluoroview.recording.places import VARIABLE

    with tempfile.TemporaryDirectory(prefix="fluoroview-monkey-") as folder:
        before = os.environ.get(VARIABLE)
        os.environ[VARIABLE] = folder
        try:
            yield Path(folder)
        finally:
            del os.environ[VARIABLE]
            if before is not None:
                os.environ[VARIABLE] = before


def _room(folder: Path) -> Room:
    detector = DetectorSection(
        driver="simulated",
        restart="automatic",
        parameters={"Procedure": "phantom", "Matrix": "512", "PulseRate": "15"},
    )
    return Room(detector=detector, loop=LoopSection(folder=str(folder), seconds=5.0))


def _damage(path: Path) -> Iterator[str]:
    """Yield what is wrong with a recording, in sentences."""
    with Recording(path) as recording:
        yield from recording.damage
        if recording.in_progress:
            yield f"{path.name} is still being written."


def _children_left(before: set[int]) -> list[str]:
    """Return the command lines of child processes that outlive the session."""
    deadline = time.monotonic() + _CHILDREN_GONE_S
    while True:
        children = [
            child for child in psutil.Process().children(recursive=True) if child.pid not in before
        ]
        left = [
            child
            for child in children
            if child.is_running() and "resource_tracker" not in " ".join(child.cmdline())
        ]
        if not left or time.monotonic() > deadline:
            return [" ".join(child.cmdline()) for child in left]
        psutil.wait_procs(left, timeout=0.2)
