"""`fluoroview report`: what a bug report needs, in one zip."""

from pathlib import Path
from typing import Annotated

import typer

from fluoroview.cli.output import progress, show
from fluoroview.cli.rooms import RoomFile
from fluoroview.translation import tr


def report(
    out_file: Annotated[Path, typer.Option("--out", help="The zip to write.")] = Path(
        "fluoroview-report.zip"
    ),
    room: RoomFile = None,
) -> None:
    """Pack versions, drivers, settings and log into a zip for a bug report; no patient data."""
    from fluoroview.report import write_report

    with progress(tr("Collecting versions, drivers and log")) as step:
        names = write_report(out_file, room, step)
    for name in names:
        show(f"  {name}")
    show(tr("Saved {path}. Read it before you send it.").format(path=out_file))
