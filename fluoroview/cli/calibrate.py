"""`fluoroview calibrate`: asks the operator through a calibration on the terminal."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.table import Table

from fluoroview.hal import FluoroError
from fluoroview.pipeline.calibration.calibration import Calibration, CalibrationError
from fluoroview.pipeline.calibration.defects import summarise
from fluoroview.pipeline.calibration.file import save_calibration
from fluoroview.session.calibration.unattended import SceneSwitch, take_unattended
from fluoroview.session.calibration.workflow import (
    CalibrationPlan,
    CalibrationWorkflow,
    Step,
    StepKind,
    StepProgress,
    StepResult,
)
from fluoroview.session.room import Room
from fluoroview.session.session import Session

_BEAM_OFF = "Now switch the beam off; the frames go on."


@dataclass(frozen=True)
class Terminal:
    """Where the operator is talked to."""

    out: Console
    err: Console


def calibrate(
    room: Room, path: Path, plan: CalibrationPlan, terminal: Terminal, *, yes: bool
) -> None:
    """Calibrate the room's detector as it is set, and write the set to `path`.

    With `yes` nobody is asked; that needs a device that can darken and clear its own field.
    Raises FluoroError.
    """
    if not path.parent.is_dir():
        raise CalibrationError(f"There is no folder {path.parent}.", "Make it, or name another.")
    session = Session(room.model_copy(update={"calibration": ""}))
    try:
        with terminal.err.status("Connecting …"):
            session.connect().result()
        calibrating = CalibrationWorkflow(session, plan)
        terminal.out.print(
            f"CalibrationWorkflow {session.calibration_key().name}.", highlight=False
        )
        if yes:
            _unattended(calibrating, terminal)
            made = calibrating.finish()
        else:
            made = _attended(calibrating, path, terminal)
    finally:
        session.close()
    save_calibration(path, made)
    _print_made(made, path, terminal.out)


def _unattended(calibrating: CalibrationWorkflow, terminal: Terminal) -> None:
    switch = SceneSwitch.of(calibrating.session)
    if switch is None:
        raise CalibrationError(
            f"{calibrating.session.device_status().name} cannot be calibrated unattended: it has no"
            " parameter Scene with an open field and a dark one.",
            "Leave --yes out, and follow the steps.",
        )
    with _progress(calibrating, terminal):
        take_unattended(calibrating, switch, lambda result: _print_result(result, terminal.out))


def _attended(calibrating: CalibrationWorkflow, path: Path, terminal: Terminal) -> Calibration:
    if path.exists() and not _asked(terminal, f"{path} exists. Replace it?", "y", "n"):
        raise CalibrationError(f"{path} was left as it is.", "Name another file with --out.")
    if SceneSwitch.of(calibrating.session) is not None:
        terminal.out.print("This device can do it alone: run it with --yes.", highlight=False)
    calibrating.events.beam_off_due.connect(lambda: terminal.err.print(_BEAM_OFF, style="bold"))
    while True:
        _take_steps(calibrating, terminal)
        try:
            return calibrating.finish()
        except CalibrationError as error:
            terminal.err.print(str(error), style="red", highlight=False)


def _take_steps(calibrating: CalibrationWorkflow, terminal: Terminal) -> None:
    while (step := calibrating.current) is not None:
        number = calibrating.steps.index(step) + 1
        terminal.out.print(f"\n[bold]{number}/{len(calibrating.steps)}  {step.title}[/bold]")
        terminal.out.print(step.instruction, highlight=False)
        if not _ready(calibrating, step, terminal):
            continue
        _take(calibrating, step, terminal)


def _ready(calibrating: CalibrationWorkflow, step: Step, terminal: Terminal) -> bool:
    """Ask the operator; False when the step was left out."""
    if step.kind is not StepKind.LAG:
        _ask(terminal, f"Enter takes {step.frames} frames (Ctrl+C ends): ")
        return True
    answer = _ask(terminal, f"Enter takes {step.frames} frames, s leaves the lag out: ")
    if answer.strip().lower().startswith("s"):
        calibrating.skip_lag()
        return False
    return True


def _take(calibrating: CalibrationWorkflow, step: Step, terminal: Terminal) -> None:
    """Take a step; what failed is said, and the operator is asked again."""
    try:
        with _progress(calibrating, terminal):
            result = calibrating.take(step).result()
    except FluoroError as error:
        terminal.err.print(str(error), style="red", highlight=False)
        return
    except KeyboardInterrupt:
        calibrating.cancel()
        raise
    _print_result(result, terminal.out)


@contextmanager
def _progress(calibrating: CalibrationWorkflow, terminal: Terminal) -> Iterator[None]:
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[counts]}"),
    )
    with Progress(*columns, console=terminal.err, transient=True) as progress:
        task = progress.add_task("Waiting for frames", total=None, counts="")
        lock = threading.Lock()

        def show(now: StepProgress) -> None:
            with lock:
                progress.update(
                    task,
                    description=now.step.title,
                    completed=now.done,
                    total=now.total,
                    counts=f"{now.counts:.0f} counts",
                )

        calibrating.events.progress.connect(show)
        try:
            yield
        finally:
            calibrating.events.progress.disconnect(show)


def _print_result(result: StepResult, out: Console) -> None:
    mark = "[green]✓[/green]" if result.passed else "[red]✗[/red]"
    out.print(f"{mark} {result.step.title}: {result.summary}", highlight=False)
    for finding in result.findings:
        out.print(f"  {finding.sentence}", style="yellow", highlight=False)


def _print_made(made: Calibration, path: Path, out: Console) -> None:
    table = Table("", "", show_header=False)
    assert made.key is not None
    table.add_row("Detector", made.key.name)
    table.add_row("Dark noise", f"{made.dark_noise:.2f} counts")
    for level in made.levels:
        spread = f", pixels {level.residual:.2%} off their line" if len(made.levels) > 1 else ""
        table.add_row("Level", f"{level.signal:.0f} counts, {level.frames} frames{spread}")
    table.add_row("Defects", str(summarise(made.defects)))
    if made.lag is not None:
        terms = zip(made.lag.fractions, made.lag.time_constants, strict=True)
        told = ", ".join(f"{100 * f:.2f} % (τ {frames:.1f} frames)" for f, frames in terms)
        table.add_row("Lag", told or "none")
    table.add_row("Made", made.key.made_utc.strftime("%Y-%m-%d %H:%M UTC"))
    out.print(table)
    out.print(f"Saved {path}", highlight=False, soft_wrap=True)
    out.print(
        f'Use it with this line at the top of the room file:  calibration = "{path.name}"',
        highlight=False,
        markup=False,
        soft_wrap=True,
    )


def _asked(terminal: Terminal, question: str, *choices: str) -> bool:
    answer = _ask(terminal, f"{question} [{'/'.join(choices)}] ")
    return answer.strip().lower().startswith("y")


def _ask(terminal: Terminal, question: str) -> str:
    try:
        return terminal.out.input(question, markup=False)
    except EOFError as error:
        raise CalibrationError(
            "The calibration asks the operator, and there is no terminal to answer on.",
            "Run it in a terminal, or with --yes where the device can do it alone.",
        ) from error
