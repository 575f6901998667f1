"""The same session without a window: pedal down for a while, then store what there is.

An interrupt or the end of the login (SIGINT, SIGTERM, SIGHUP) ends the exposure at once; what was
acquired until then is stored all the same.
"""

import json
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any

from fluoroview.dose import minutes_text
from fluoroview.hal import FluoroError
from fluoroview.hal.safe_files import write_whole
from fluoroview.recording import SUFFIX as RECORDING
from fluoroview.session.events import Problem, Severity
from fluoroview.session.room import Room
from fluoroview.session.session import Session
from fluoroview.session.silence import FIRST_FRAME_S, Silence
from fluoroview.session.state import SessionState

Step = Callable[..., None]
FILES = 5
_STEP_S = 0.05
_ENDING = [
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)
]


class HeadlessError(FluoroError):
    """The run could not be made, or its files could not be written."""


@dataclass(frozen=True)
class HeadlessResult:
    """The outcome of a run: a summary in words, the files, the problems and the health."""

    summary: str
    files: list[Path]
    problems: list[str]
    health: dict[str, Any]
    whole: bool
    """Whether everything requested was done, without an error."""
    ended_by: int | None = None
    """The signal that ended the run early, if one did; the exit code is 128 more."""


@dataclass
class Interruption:
    """Whether a signal asks the run to end."""

    signal: int | None = None
    event: threading.Event = field(default_factory=threading.Event)

    def note(self, number: int, _frame: FrameType | None = None) -> None:
        """Note the signal; a second one ends the program as it would without this."""
        if self.signal is not None:
            signal.signal(number, signal.SIG_DFL)
            return
        self.signal = number
        self.event.set()


@contextmanager
def interruptible() -> Iterator[Interruption]:
    """Note the signals that end a program, instead of being ended; from the main thread only."""
    interruption = Interruption()
    if threading.current_thread() is not threading.main_thread():
        yield interruption
        return
    before = {number: signal.signal(number, interruption.note) for number in _ENDING}
    try:
        yield interruption
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def run_headless(
    room: Room,
    seconds: float,
    folder: Path,
    step: Step,
    write_image: Callable[[Session, Path], None],
    *,
    record: bool = False,
) -> HeadlessResult:
    """Press the pedal for `seconds`, then write the files to `folder`.

    `write_image(session, path)` makes the image of the viewer; it comes from outside, because
    the viewer is not this package's business. Raises FluoroError when there is no run at all.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise HeadlessError(
            f"The folder {folder} cannot be made: {error.strerror}.",
            "Name another one with --out.",
            code="FV-SES-019",
        ) from error
    with interruptible() as interruption, Session(_without_restarts(room)) as session:
        problems = _Problems(session)
        session.connect().result()
        recording = folder / f"raw{RECORDING}"
        if record:
            session.start_recording(recording).result()
        with _images_taken(session):
            _hold_pedal(session, seconds, step, interruption)
        if not session.runs or not session.runs[-1].frames:
            raise HeadlessError(
                "No frame came while the pedal was down.",
                " ".join(problems.sentences) or "Look at `fluoroview devices`.",
                code="FV-SES-020",
            )
        summary = _summary(session.snapshot())
        health = session.health_report()
        session.stop_recording().result()
        files = _store(session, folder, step, write_image, problems.sentences)
        files += [recording] if record else []
        whole = not problems.errors and len(files) == FILES + record and not interruption.signal
        return HeadlessResult(
            summary, files, problems.sentences, health, whole, interruption.signal
        )


class _Problems:
    """What a session reports, and whether an error was among it."""

    def __init__(self, session: Session) -> None:
        self.sentences: list[str] = []
        self.errors = 0
        session.events.problem.connect(self._note)

    def _note(self, problem: Problem) -> None:
        self.sentences.append(problem.sentence)
        self.errors += problem.severity is Severity.ERROR


def _without_restarts(room: Room) -> Room:
    """Return the room without restarts: nobody presses the pedal again, and the run is stored."""
    return room.model_copy(
        update={"detector": room.detector.model_copy(update={"restart": "offer"})}
    )


@contextmanager
def _images_taken(session: Session) -> Iterator[None]:
    """Take each live image as a display would, so that its latency is known."""

    def take() -> None:
        if not session.state.beam_on:
            return  # the hold stays for the viewer's image
        image = session.take_image()
        if image is not None:
            session.painted((session.clock.monotonic_ns() - image.host_time_ns) / 1e6)

    session.events.image_ready.connect(take)
    try:
        yield
    finally:
        session.events.image_ready.disconnect(take)


def _hold_pedal(session: Session, seconds: float, step: Step, interruption: Interruption) -> None:
    """Hold the pedal until `seconds` after the first frame: a device may need to get ready."""
    session.press_pedal().result()
    first_s: float | None = None
    silence = Silence(session)
    while session.state.pedal_down and not interruption.event.wait(_STEP_S):
        session.operator_alive()
        now_s = time.monotonic()
        if first_s is None and session.snapshot().run_frames:
            first_s = now_s
        if first_s is None:
            if silence.seconds() > FIRST_FRAME_S:
                break
            continue
        if now_s - first_s >= seconds:
            break
        step(now_s - first_s, seconds)
    session.release_pedal().result()
    session.settled().result()


def _summary(now: SessionState) -> str:
    dose, run = now.dose, now.records[-1]
    kerma = dose.cumulative_air_kerma_mgy
    shown = "not available" if kerma is None else f"{kerma:.3f} mGy ({dose.origin})"
    ledger = run.ledger
    return (
        f"{now.device.name}: {ledger.delivered} of {ledger.expected} frames "
        f"({ledger.lost} lost), {run.dose.pulses} pulses, "
        f"{minutes_text(dose.fluoroscopy_time_s)} of fluoroscopy, air kerma {shown}."
    )


def _store(
    session: Session,
    folder: Path,
    step: Step,
    write_image: Callable[[Session, Path], None],
    problems: list[str],
) -> list[Path]:
    """Write each file, the dose first; a failure is reported and the next file follows."""
    session.events.task.connect(lambda task: step(task.done, task.total, task.name))
    writers: dict[str, Callable[[Path], object]] = {
        "dose.json": lambda path: write_whole(
            path, json.dumps(session.dose_report(), indent=2, ensure_ascii=False)
        ),
        "viewer.png": lambda path: write_image(session, path),
        "hold.dcm": lambda path: session.save_hold(path).result(),
        "hold.png": lambda path: session.save_hold(path).result(),
        "loop.dcm": lambda path: session.save_loop(path).result(),
    }
    files = []
    for name, write in writers.items():
        path = folder / name
        try:
            write(path)
            files.append(path)
        except FluoroError as error:
            if str(error) not in problems:
                problems.append(str(error))
    return files
