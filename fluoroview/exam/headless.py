"""The same examination without a window: pedal down for a while, then store what there is."""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fluoroview.dose import minutes_text
from fluoroview.exam.events import Mode, Problem, Severity
from fluoroview.exam.examination import Examination
from fluoroview.exam.room import Room
from fluoroview.exam.snapshot import ExamSnapshot
from fluoroview.hal import FluoroError
from fluoroview.record import SUFFIX as RECORDING

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
    write_picture: Callable[[Examination, Path], None],
    *,
    record: bool = False,
) -> HeadlessResult:
    """Press the pedal for `seconds`, then write the files to `folder`.

    `write_picture(exam, path)` makes the picture of the viewer; it comes from outside, because
    the viewer is not this package's business. Raises FluoroError when there is no run at all.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise HeadlessError(
            f"The folder {folder} cannot be made: {error.strerror}.", "Name another one with --out."
        ) from error
    exam = Examination(_ends_with_a_fault(room))
    problems: list[str] = []

    failed: list[Problem] = []

    def hear(problem: Problem) -> None:
        problems.append(problem.sentence)
        if problem.severity is Severity.ERROR:
            failed.append(problem)

    exam.events.problem.connect(hear)
    try:
        exam.connect().result()
        recording = folder / f"raw{RECORDING}"
        if record:
            exam.start_recording(recording)
        with _pictures_taken(exam):
            _hold_pedal(exam, seconds, step)
        if not exam.runs or not exam.runs[-1].frames:
            raise HeadlessError(
                "No frame came while the pedal was down.",
                " ".join(problems) or "Look at `fluoroview devices`.",
            )
        summary = _summary(exam.snapshot(), exam)
        health = exam.health_report()
        exam.stop_recording()
        files = _store(exam, folder, step, write_picture, problems)
        files += [recording] if record else []
        return HeadlessResult(
            summary, files, problems, health, whole=not failed and len(files) == FILES + record
        )
    finally:
        exam.close()


def _ends_with_a_fault(room: Room) -> Room:
    """Return the room without restarts: nobody presses the pedal again, and the run is stored."""
    return room.model_copy(
        update={"detector": room.detector.model_copy(update={"restart": "offer"})}
    )


@contextmanager
def _pictures_taken(exam: Examination) -> Iterator[None]:
    """Take each live picture as a display would, so that its latency is known."""

    def take() -> None:
        if not exam.snapshot().beam_on:
            return  # the hold stays for the viewer's picture
        picture = exam.take_picture()
        if picture is not None:
            exam.painted((exam.clock.monotonic_ns() - picture.host_time_ns) / 1e6)

    exam.events.picture_ready.connect(take)
    try:
        yield
    finally:
        exam.events.picture_ready.disconnect(take)


def _hold_pedal(exam: Examination, seconds: float, step: Step) -> None:
    """Hold the pedal until `seconds` after the first frame: a source may need to get ready."""
    exam.press_pedal()
    latest = time.monotonic() + _FIRST_FRAME_S
    while not exam.snapshot().run_frames and time.monotonic() < latest:
        time.sleep(0.01)
        if not exam.snapshot().pedal_down:
            break
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0 and exam.snapshot().pedal_down:
        step(seconds - left, seconds)
        time.sleep(min(_STEP_S, left))
    exam.release_pedal()
    end = time.monotonic() + _END_S
    while not exam.runs and exam.snapshot().mode is Mode.HOLD and time.monotonic() < end:
        time.sleep(0.01)


def _summary(shot: ExamSnapshot, exam: Examination) -> str:
    dose, run = shot.dose, exam.runs[-1]
    kerma = dose.cumulative_air_kerma_mgy
    told = "not available" if kerma is None else f"{kerma:.3f} mGy ({dose.origin})"
    account = run.ledger
    return (
        f"{shot.device.name}: {account.delivered} of {account.expected} frames "
        f"({account.lost} lost), {run.dose.pulses} pulses, "
        f"{minutes_text(dose.fluoroscopy_time_s)} of fluoroscopy, air kerma {told}."
    )


def _store(
    exam: Examination,
    folder: Path,
    step: Step,
    write_picture: Callable[[Examination, Path], None],
    problems: list[str],
) -> list[Path]:
    """Write each file; one that cannot be written is said, and the others still are."""
    exam.events.task.connect(lambda task: step(task.done, task.total, task.name))
    writers: dict[str, Callable[[Path], object]] = {
        "viewer.png": lambda path: write_picture(exam, path),
        "hold.dcm": lambda path: exam.save_hold(path).result(),
        "hold.png": lambda path: exam.save_hold(path).result(),
        "loop.dcm": lambda path: exam.save_loop(path).result(),
        "dose.json": lambda path: path.write_text(
            json.dumps(exam.dose_report(), indent=2, ensure_ascii=False), encoding="utf-8"
        ),
    }
    files = []
    for name, write in writers.items():
        path = folder / name
        try:
            write(path)
            files.append(path)
        except OSError as error:
            problems.append(f"{path} was not written: {error.strerror}. Free some disk space.")
        except FluoroError as error:
            if str(error) not in problems:
                problems.append(str(error))
    return files
