"""The same examination without a window: pedal down for a while, then store what there is."""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fluoroview.dose import minutes_text
from fluoroview.hal import FluoroError
from fluoroview.hal.safe_files import write_whole
from fluoroview.recording import SUFFIX as RECORDING
from fluoroview.session.events import Mode, Problem, Severity
from fluoroview.session.room import Room
from fluoroview.session.session import Session
from fluoroview.session.state import SessionState

Step = Callable[..., None]
_STEP_S = 0.1
FILES = 5
_FIRST_FRAME_S = 30.0
_END_S = 10.0


class HeadlessError(FluoroError):
    """The run could not be made, or its files could not be written."""


@dataclass(frozen=True)
class HeadlessResult:
    """What a run gave: a summary in words, the files, what went wrong, and the health."""

    summary: str
    files: list[Path]
    problems: list[str]
    health: dict[str, Any]
    whole: bool
    """Whether all that was asked for was done, without an error."""


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
            f"The folder {folder} cannot be made: {error.strerror}.", "Name another one with --out."
        ) from error
    session = Session(_ends_with_a_fault(room))
    problems: list[str] = []

    failed: list[Problem] = []

    def hear(problem: Problem) -> None:
        problems.append(problem.sentence)
        if problem.severity is Severity.ERROR:
            failed.append(problem)

    session.events.problem.connect(hear)
    try:
        session.connect().result()
        recording = folder / f"raw{RECORDING}"
        if record:
            session.start_recording(recording)
        with _images_taken(session):
            _hold_pedal(session, seconds, step)
        if not session.runs or not session.runs[-1].frames:
            raise HeadlessError(
                "No frame came while the pedal was down.",
                " ".join(problems) or "Look at `fluoroview devices`.",
            )
        summary = _summary(session.snapshot(), session)
        health = session.health_report()
        session.stop_recording()
        files = _store(session, folder, step, write_image, problems)
        files += [recording] if record else []
        return HeadlessResult(
            summary, files, problems, health, whole=not failed and len(files) == FILES + record
        )
    finally:
        session.close()


def _ends_with_a_fault(room: Room) -> Room:
    """Return the room without restarts: nobody presses the pedal again, and the run is stored."""
    return room.model_copy(
        update={"detector": room.detector.model_copy(update={"restart": "offer"})}
    )


@contextmanager
def _images_taken(session: Session) -> Iterator[None]:
    """Take each live image as a display would, so that its latency is known."""

    def take() -> None:
        if not session.snapshot().beam_on:
            return  # the hold stays for the viewer's image
        image = session.take_image()
        if image is not None:
            session.painted((session.clock.monotonic_ns() - image.host_time_ns) / 1e6)

    session.events.image_ready.connect(take)
    try:
        yield
    finally:
        session.events.image_ready.disconnect(take)


def _hold_pedal(session: Session, seconds: float, step: Step) -> None:
    """Hold the pedal until `seconds` after the first frame: a source may need to get ready."""
    session.press_pedal()
    latest = time.monotonic() + _FIRST_FRAME_S
    while not session.snapshot().run_frames and time.monotonic() < latest:
        time.sleep(0.01)
        if not session.snapshot().pedal_down:
            break
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0 and session.snapshot().pedal_down:
        step(seconds - left, seconds)
        time.sleep(min(_STEP_S, left))
    session.release_pedal()
    end = time.monotonic() + _END_S
    while not session.runs and session.snapshot().mode is Mode.HOLD and time.monotonic() < end:
        time.sleep(0.01)


def _summary(shot: SessionState, session: Session) -> str:
    dose, run = shot.dose, session.runs[-1]
    kerma = dose.cumulative_air_kerma_mgy
    told = "not available" if kerma is None else f"{kerma:.3f} mGy ({dose.origin})"
    account = run.ledger
    return (
        f"{shot.device.name}: {account.delivered} of {account.expected} frames "
        f"({account.lost} lost), {run.dose.pulses} pulses, "
        f"{minutes_text(dose.fluoroscopy_time_s)} of fluoroscopy, air kerma {told}."
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
