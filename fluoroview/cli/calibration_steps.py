"""The steps of a calibration on the terminal: instruct the operator, acquire, report."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.table import Table

from fluoroview.cli.output import cell, show
from fluoroview.hal import FluoroError
from fluoroview.pipeline.calibration.calibration import Calibration, CalibrationError
from fluoroview.pipeline.calibration.defects import summarise
from fluoroview.pipeline.calibration.file import save_calibration
from fluoroview.session.calibration.unattended import FieldContentSwitch, take_unattended
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
from fluoroview.translation import tr, translate_message


@dataclass(frozen=True)
class Terminal:
    """The two streams of the terminal: results and questions, and everything else."""

    out: Console
    err: Console


def calibrate_detector(
    room: Room, path: Path, plan: CalibrationPlan, terminal: Terminal, *, yes: bool
) -> None:
    """Calibrate the room's detector with its present settings, and write the set to `path`.

    With `yes` nobody is asked; that needs a device that can darken and clear its own field.
    Raises FluoroError.
    """
    if not path.parent.is_dir():
        raise CalibrationError(
            f"There is no folder {path.parent}.", "Make it, or name another.", code="FV-CLI-002"
        )
    session = Session(room.model_copy(update={"calibration": ""}))
    try:
        with terminal.err.status(tr("Connecting …")):
            session.connect().result()
        calibrating = CalibrationWorkflow(session, plan)
        calibrating_name = tr("Calibrating {name}.").format(name=session.calibration_key().name)
        show(calibrating_name, terminal.out)
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
    switch = FieldContentSwitch.of(calibrating.session)
    if switch is None:
        raise CalibrationError(
            f"{calibrating.session.device_status().name} cannot be calibrated unattended: it has no"
            " parameter Scene with an open field and a dark one.",
            "Run it without --yes and follow the steps.",
            code="FV-CLI-003",
        )
    with _progress(calibrating, terminal):
        take_unattended(calibrating, switch, lambda result: _print_result(result, terminal.out))


def _attended(calibrating: CalibrationWorkflow, path: Path, terminal: Terminal) -> Calibration:
    if path.exists() and not _asked(
        terminal, tr("{path} exists. Replace it?").format(path=path), "y", "n"
    ):
        raise CalibrationError(
            f"{path} was not replaced.", "Name another file with --out.", code="FV-CLI-004"
        )
    if FieldContentSwitch.of(calibrating.session) is not None:
        show(tr("This device needs no operator: --yes acquires all automatically."), terminal.out)
    calibrating.events.beam_off_due.connect(lambda: _announce_beam_off(terminal))
    while True:
        _take_steps(calibrating, terminal)
        try:
            return calibrating.finish()
        except CalibrationError as error:
            _fail(error, terminal)


def _take_steps(calibrating: CalibrationWorkflow, terminal: Terminal) -> None:
    while (step := calibrating.current) is not None:
        number = calibrating.steps.index(step) + 1
        title = cell(translate_message(step.title))
        terminal.out.print(f"\n[bold]{number}/{len(calibrating.steps)}  {title}[/bold]")
        show(translate_message(step.instruction), terminal.out)
        if not _ready(calibrating, step, terminal):
            continue
        _take(calibrating, step, terminal)


def _ready(calibrating: CalibrationWorkflow, step: Step, terminal: Terminal) -> bool:
    """Ask the operator to begin; return False when the step is skipped."""
    if step.kind is not StepKind.LAG:
        question = tr("Press Enter to acquire {frames} frames (Ctrl+C ends): ")
        _ask(terminal, question.format(frames=step.frames))
        return True
    question = tr("Press Enter to acquire {frames} frames, or s and Enter to skip lag: ")
    answer = _ask(terminal, question.format(frames=step.frames))
    if answer.strip().lower().startswith("s"):
        calibrating.skip_lag()
        return False
    return True


def _take(calibrating: CalibrationWorkflow, step: Step, terminal: Terminal) -> None:
    """Acquire the frames of a step; print why it failed, and let the operator try again."""
    try:
        with _progress(calibrating, terminal):
            result = calibrating.take(step).result()
    except FluoroError as error:
        _fail(error, terminal)
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
        task = progress.add_task(tr("Waiting for frames"), total=None, counts="")
        lock = threading.Lock()

        def show(now: StepProgress) -> None:
            with lock:
                progress.update(
                    task,
                    description=translate_message(now.step.title),
                    completed=now.done,
                    total=now.total,
                    counts=tr("{counts} counts").format(counts=f"{now.counts:.0f}"),
                )

        calibrating.events.progress.connect(show)
        try:
            yield
        finally:
            calibrating.events.progress.disconnect(show)


def _print_result(result: StepResult, out: Console) -> None:
    mark = "[green]✓[/green]" if result.passed else "[red]✗[/red]"
    title, summary = translate_message(result.step.title), translate_message(result.summary)
    out.print(f"{mark} {cell(title)}: {cell(summary)}", highlight=False)
    for finding in result.findings:
        sentence = cell(translate_message(finding.sentence))
        out.print(f"  {sentence}", style="yellow", highlight=False)


def _print_made(made: Calibration, path: Path, out: Console) -> None:
    table = Table("", "", show_header=False)
    assert made.key is not None
    table.add_row(tr("Detector"), cell(made.key.name))
    noise = tr("{counts} counts").format(counts=f"{made.dark_noise:.2f}")
    table.add_row(tr("Dark noise"), noise)
    for level in made.levels:
        words = tr("{counts} counts, {frames} frames").format(
            counts=f"{level.signal:.0f}", frames=level.frames
        )
        if len(made.levels) > 1:
            residual = tr(", pixels {residual} off their line")
            words += residual.format(residual=f"{level.residual:.2%}")
        table.add_row(tr("Level"), words)
    table.add_row(tr("Defects"), cell(summarise(made.defects)))
    if made.lag is not None:
        terms = zip(made.lag.fractions, made.lag.time_constants, strict=True)
        term = tr("{percent} % (τ {frames} frames)")
        words = ", ".join(
            term.format(percent=f"{100 * fraction:.2f}", frames=f"{frames:.1f}")
            for fraction, frames in terms
        )
        table.add_row(tr("Lag"), words or tr("none"))
    table.add_row(tr("Acquired"), made.key.made_utc.strftime("%Y-%m-%d %H:%M UTC"))
    out.print(table)
    show(tr("Saved {path}").format(path=path), out)
    use = tr("Use it with this line at the top of the room file:  {line}")
    show(use.format(line=f'calibration = "{path.name}"'), out)


def _announce_beam_off(terminal: Terminal) -> None:
    terminal.err.print(tr("Switch the beam off now; acquisition continues."), style="bold")


def _fail(error: FluoroError, terminal: Terminal) -> None:
    sentence = cell(translate_message(str(error)))
    terminal.err.print(sentence, style="red", highlight=False)


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
            code="FV-CLI-005",
        ) from error
