"""The command line. Every error that a user can cause is a sentence and exit code 1."""

import os
import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from fluoroview import __version__
from fluoroview.cli.bench import bench_app
from fluoroview.cli.output import AsJson, err, out, print_json, progress, write_text
from fluoroview.cli.procedures import gallery, procedures
from fluoroview.hal.errors import FluoroError
from fluoroview.hal.runtime.gil import set_short_switch_interval
from fluoroview.hal.runtime.threads import limit_numerical_threads

if TYPE_CHECKING:
    from fluoroview.hal import DeviceInfo
    from fluoroview.session.room import Room
    from fluoroview.session.session import Session

app = typer.Typer(
    name="fluoroview",
    help="Real-time fluoroscopy viewer on a hardware abstraction layer. Not a medical device.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
app.add_typer(bench_app, name="bench")
app.command()(procedures)
app.command()(gallery)
_WIDEST_ID = 36
_VERDICTS = {
    "PASS": "[green]PASS[/]",
    "WARN": "[yellow]WARN[/]",
    "FAIL": "[bold red]FAIL[/]",
    "NOT_APPLICABLE": "[dim]not applicable[/]",
}
Driver = Annotated[str, typer.Option(help="Driver name; `fluoroview drivers` lists them.")]
Device = Annotated[str, typer.Option(help="Device id; `fluoroview devices` lists them.")]
RoomFile = Annotated[Path | None, typer.Option("--room", help="Room file (TOML).")]


@app.command()
def live(
    driver: Driver = "",
    device: Device = "",
    procedure: Annotated[
        str, typer.Option(help="Session; `fluoroview procedures` lists them.")
    ] = "",
    case: Annotated[str, typer.Option(help="Case of the examination.")] = "",
    body: Annotated[str, typer.Option(help="Size of the patient.")] = "",
    room: RoomFile = None,
    faults: Annotated[Path | None, typer.Option(help="Fault script (TOML).")] = None,
    headless: Annotated[bool, typer.Option(help="Run without a window, pedal down.")] = False,
    seconds: Annotated[float, typer.Option(min=0.1, help="How long, headless.")] = 15.0,
    out_dir: Annotated[Path, typer.Option("--out", help="Where headless files go.")] = Path("out"),
    record: Annotated[bool, typer.Option(help="Headless: also record every raw frame.")] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Headless: print ledger and health as JSON.")
    ] = False,
) -> None:
    """Watch a device live: the simulated source, a detector, or a recorded loop."""
    chosen = _room(room, driver, device, (procedure, case, body), faults)
    if headless:
        _headless(chosen, seconds, out_dir, record=record, as_json=as_json)
        return
    _require_display()
    from fluoroview.viewer.app import run  # Qt only where there is a window

    raise typer.Exit(run(chosen))


@app.command()
def play(
    files: Annotated[
        list[Path], typer.Argument(help="DICOM files, or raw recordings (.fluoro.h5).")
    ],
) -> None:
    """Play recorded loops at their own timing."""
    from fluoroview.dicom import DicomCine
    from fluoroview.recording import SUFFIX as RECORDING
    from fluoroview.recording import Recording

    for file in files:  # a file that cannot be played is said before a window opens
        opened = Recording(file) if file.name.endswith(RECORDING) else DicomCine(file)
        opened.close()
    _require_display()
    from fluoroview.session.room import Room
    from fluoroview.viewer.app import run

    raise typer.Exit(run(Room(), files=files, connect=False))


@app.command()
def drivers(as_json: AsJson = False) -> None:
    """List the installed drivers and whether each can be loaded."""
    rows = [
        {
            "name": found.driver.name,
            "distribution": found.driver.distribution,
            "version": found.driver.version,
            "kind": found.kind,
            "works": not found.error,
            "error": found.error,
        }
        for found in _discover()
    ]
    if as_json:
        print_json(rows)
        return
    table = Table("Driver", "Kind", "Distribution", "Version", "State")
    for column in table.columns[:3]:
        column.overflow = "fold"
    for row in rows:
        state = row["error"] or "works"
        told = (row["name"], row["kind"], row["distribution"], row["version"], state)
        table.add_row(*map(escape, told))
    out.print(table)


@app.command()
def devices(driver: Driver = "", as_json: AsJson = False) -> None:
    """List the devices that the drivers find."""
    found = _discover(driver)
    if as_json:
        from dataclasses import asdict

        print_json(
            {
                "devices": [
                    asdict(info) | {"kind": entry.kind} for entry in found for info in entry.devices
                ],
                "errors": {e.driver.name: e.error for e in found if e.error},
                "warnings": {e.driver.name: e.warnings for e in found if e.warnings},
            }
        )
        return
    table = Table("Driver", "Device", "Kind", "What it is")
    told = [
        (info.driver, info.id, entry.kind, _about(info))
        for entry in found
        for info in entry.devices
    ]
    for place in (0, 1):  # a name and an id are there to be copied: whole, in one line if it goes
        column = table.columns[place]
        column.overflow = "fold"
        column.width = min(_WIDEST_ID, max([len(row[place]) for row in told], default=6))
    for row in told:
        table.add_row(*map(escape, row))
    out.print(table)
    for entry in found:
        for sentence in [entry.error] if entry.error else entry.warnings:
            err.print(sentence, style="yellow", highlight=False, markup=False)
        if driver and not entry.error and not entry.devices and not entry.warnings:
            err.print(str(entry.missing), style="yellow", highlight=False, markup=False)


def _about(info: "DeviceInfo") -> str:
    """Return maker, model, serial number where it is not the id, and note of a device."""
    serial = f"serial {info.serial}" if info.serial and info.serial != info.id else ""
    parts = (f"{info.vendor} {info.model}".strip(), serial, info.note)
    return ", ".join(part for part in parts if part)


class EffortName(StrEnum):
    """How much `check` does."""

    QUICK = "quick"
    STANDARD = "standard"
    THOROUGH = "thorough"


@app.command()
def check(
    driver: Annotated[str, typer.Argument(help="Driver name; `fluoroview drivers` lists them.")],
    device: Device = "",
    effort: Annotated[EffortName, typer.Option(help="How much is tried.")] = EffortName.STANDARD,
    rule: Annotated[list[str] | None, typer.Option(help="Only this rule; may repeat.")] = None,
    report: Annotated[Path | None, typer.Option(help="Write an HTML report.")] = None,
    as_json: AsJson = False,
) -> None:
    """Check a driver against the contract: PASS, WARN or FAIL, with what was seen and why."""
    from fluoroview.conformance import EFFORTS
    from fluoroview.conformance import check as run_check

    if report is not None and not report.absolute().parent.is_dir():  # said before the hour's work
        raise FluoroError(f"There is no folder {report.parent}.", "Make it, or name another.")
    with progress(driver) as step:
        result = run_check(
            driver, device, selection=rule, effort=EFFORTS[effort.value], progress=step
        )
    if as_json:
        print_json(result.as_dict())
    else:
        table = Table("Rule", "Verdict", "Seen")
        for entry in result.results:
            table.add_row(entry.rule.id, _VERDICTS[entry.verdict.name], escape(entry.finding.seen))
        out.print(table)
        for entry in result.failed:
            out.print(f"[red]{entry.rule.id}[/]: expected: {entry.rule.expected} {entry.rule.why}")
        out.print(result.summary, highlight=False, markup=False)
    if report is not None:  # last: what was seen is on the screen, should the file not be written
        write_text(report, result.html())
    raise typer.Exit(result.exit_code)


@app.command()
def calibrate(
    out_file: Annotated[Path, typer.Option("--out", help="The calibration set to write (HDF5).")],
    driver: Driver = "",
    device: Device = "",
    room: RoomFile = None,
    darks: Annotated[int, typer.Option(help="Dark frames.")] = 32,
    flats: Annotated[int, typer.Option(help="Frames of the empty field, each level.")] = 32,
    levels: Annotated[int, typer.Option(help="Exposures of the empty field.")] = 3,
    lag: Annotated[bool, typer.Option(help="Measure the lag as well.")] = True,
    yes: Annotated[
        bool, typer.Option("--yes", help="Ask nobody: for a device that clears its own field.")
    ] = False,
) -> None:
    """Calibrate a detector step by step: offset, gain, defects, lag."""
    from fluoroview.cli.calibrate import Terminal
    from fluoroview.cli.calibrate import calibrate as run_calibrate
    from fluoroview.session.calibration.workflow import CalibrationPlan

    plan = CalibrationPlan(darks, flats, levels, lag)
    chosen = _room(room, driver, device)
    run_calibrate(chosen, out_file, plan, Terminal(out, err), yes=yes)


@app.command()
def recover(
    file: Annotated[Path, typer.Argument(help="A raw recording.")], as_json: AsJson = False
) -> None:
    """Say what a recording holds that was cut short, and save it to a new file beside it."""
    from fluoroview.recording import recover as run_recover

    with progress(f"Reading {file.name}") as step:
        result = run_recover(file, progress=step)
    if as_json:
        print_json(result.as_dict())
    else:
        out.print(result.sentence, highlight=False, soft_wrap=True, markup=False)


@app.command()
def screenshots(
    out_dir: Annotated[Path, typer.Option("--out", help="Where the images go.")] = Path("out"),
) -> None:
    """Write an image of the running viewer in each of its states."""
    from fluoroview.viewer.screenshots import write_screenshots

    with progress("Viewer states") as step:
        written = write_screenshots(out_dir, step)
    for path in written:
        out.print(str(path), highlight=False, soft_wrap=True)


def main() -> None:
    """Run the command line; the entry point."""
    set_short_switch_interval()
    limit_numerical_threads()
    try:
        app()
    except FluoroError as error:
        err.print(str(error), style="red", highlight=False, soft_wrap=True, markup=False)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
    except Exception as error:
        if os.environ.get("FLUOROVIEW_DEBUG"):
            raise
        err.print(
            f"Something failed that should not: {type(error).__name__}: {error}. "
            "Please report it; FLUOROVIEW_DEBUG=1 shows where it happened.",
            style="red",
            highlight=False,
            soft_wrap=True,
            markup=False,
        )
        sys.exit(1)


def _version(shown: bool) -> None:
    if shown:
        out.print(f"fluoroview {__version__}", highlight=False)
        raise typer.Exit


@app.callback()
def _common(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print it.")
    ] = False,
) -> None:
    pass


def _room(
    path: Path | None,
    driver: str,
    device: str,
    examination: tuple[str, str, str] = ("", "", ""),
    faults: Path | None = None,
) -> "Room":
    """Return the room of the file, with what the command line says put over it."""
    from fluoroview.hal.runtime.registry import find_driver
    from fluoroview.session.room import Room, read_room

    room = read_room(path) if path is not None else Room()
    section = room.detector
    if driver and driver != section.driver:
        section = section.model_copy(update={"driver": driver, "device": "", "parameters": {}})
    if device:
        section = section.model_copy(update={"device": device})
    find_driver(section.driver)
    if any(examination):
        from fluoroview.session.devices.catalogue import read_catalogue

        # Before what the room sets: an examination brings its own technique along.
        written = read_catalogue().parameters(section.driver, *examination)
        others = {name: v for name, v in section.parameters.items() if name not in written}
        section = section.model_copy(update={"parameters": {**written, **others}})
    if faults is not None:
        from fluoroview.hal.runtime.faults import read_faults

        read_faults(faults)  # what is wrong with it is said before anything starts
        section = section.model_copy(update={"faults": str(faults)})
    return room.model_copy(update={"detector": section})


def _headless(room: "Room", seconds: float, out_dir: Path, *, record: bool, as_json: bool) -> None:
    from fluoroview.session.headless import run_headless

    def image(session: "Session", path: Path) -> None:
        from fluoroview.viewer.image.offscreen import write_image

        write_image(session, path)

    with progress(f"{room.detector.driver}, pedal down") as step:
        result = run_headless(room, seconds, out_dir, step, image, record=record)
    for problem in result.problems:
        err.print(problem, style="yellow", highlight=False, soft_wrap=True, markup=False)
    if as_json:
        print_json(result.health | {"files": [str(path) for path in result.files]})
    else:
        out.print(result.summary, highlight=False, soft_wrap=True, markup=False)
        for path in result.files:
            out.print(f"  {path}", highlight=False, soft_wrap=True, markup=False)
    if not result.whole:
        raise typer.Exit(1)


def _discover(driver: str = "") -> list[Any]:
    from fluoroview.hal.runtime.registry import (
        discover,
        discover_all,
        find_driver,
        installed_drivers,
    )

    with err.status("Looking for devices …"):
        if not driver:
            return discover_all()
        find_driver(driver)
        return [discover(info) for info in installed_drivers() if info.name == driver]


def _require_display() -> None:
    from fluoroview.viewer.display_check import require_display

    require_display()
