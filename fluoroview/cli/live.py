"""`fluoroview live`: the viewer on a device, or the same session without a window."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fluoroview.cli.output import print_json, progress, show, warn
from fluoroview.cli.rooms import Device, Driver, RoomFile, chosen_room

if TYPE_CHECKING:
    from fluoroview.session.room import Room
    from fluoroview.session.session import Session


def live(
    driver: Driver = "",
    device: Device = "",
    procedure: Annotated[
        str, typer.Option(help="Procedure; `fluoroview procedures` lists them.")
    ] = "",
    case: Annotated[str, typer.Option(help="Case of the procedure.")] = "",
    body: Annotated[str, typer.Option(help="Patient size.")] = "",
    room: RoomFile = None,
    faults: Annotated[Path | None, typer.Option(help="Fault script (TOML).")] = None,
    headless: Annotated[bool, typer.Option(help="Run without a window, pedal down.")] = False,
    seconds: Annotated[float, typer.Option(min=0.1, help="Headless: duration in seconds.")] = 15.0,
    out_dir: Annotated[Path, typer.Option("--out", help="Headless: folder for the files.")] = Path(
        "out"
    ),
    record: Annotated[bool, typer.Option(help="Headless: also record every raw frame.")] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Headless: print ledger and health as JSON.")
    ] = False,
) -> None:
    """Watch a device live: the simulated room, a detector, or a recorded loop."""
    chosen = chosen_room(room, driver, device, (procedure, case, body), faults)
    if headless:
        _run_headless(chosen, seconds, out_dir, record=record, as_json=as_json)
        return
    from fluoroview.viewer.display_check import require_display

    require_display()
    from fluoroview.viewer.app import run  # Qt only where there is a window

    raise typer.Exit(run(chosen))


def _run_headless(
    room: "Room", seconds: float, out_dir: Path, *, record: bool, as_json: bool
) -> None:
    from fluoroview.session.headless import run_headless

    def image(session: "Session", path: Path) -> None:
        from fluoroview.viewer.image.offscreen import write_image

        write_image(session, path)

    with progress(f"{room.detector.driver}, pedal down") as step:
        result = run_headless(room, seconds, out_dir, step, image, record=record)
    for problem in result.problems:
        warn(problem)
    if as_json:
        print_json(result.health | {"files": [str(path) for path in result.files]})
    else:
        show(result.summary)
        for path in result.files:
            show(f"  {path}")
    if result.ended_by is not None:
        raise typer.Exit(128 + result.ended_by)
    if not result.whole:
        raise typer.Exit(1)
