"""`fluoroview play` and `fluoroview recover`: what was recorded."""

from pathlib import Path
from typing import Annotated

import typer

from fluoroview.cli.output import AsJson, print_json, progress, show

_SAMPLE = "sample"


def play(
    files: Annotated[
        list[Path],
        typer.Argument(
            help="DICOM files, raw recordings (.fluoro.h5), or `sample`, `sample:NAME`."
        ),
    ],
) -> None:
    """Play recorded loops at their own timing."""
    from fluoroview.dicom import DicomCine
    from fluoroview.recording import SUFFIX as RECORDING
    from fluoroview.recording import Recording

    paths = [_sample_or_file(file) for file in files]
    for path in paths:  # a file that cannot be played is reported before a window opens
        opened = Recording(path) if path.name.endswith(RECORDING) else DicomCine(path)
        opened.close()
    from fluoroview.viewer.display_check import require_display

    require_display()
    from fluoroview.session.room import Room
    from fluoroview.viewer.app import run

    raise typer.Exit(run(Room(), files=paths, connect=False))


def recover(
    file: Annotated[Path, typer.Argument(help="A raw recording.")], as_json: AsJson = False
) -> None:
    """Report what an interrupted recording holds, and save it to a new file next to it."""
    from fluoroview.recording import recover as run_recover

    with progress(f"Reading {file.name}") as step:
        result = run_recover(file, progress=step)
    if as_json:
        print_json(result.as_dict())
    else:
        show(result.sentence)


def _sample_or_file(file: Path) -> Path:
    """Return the file of a sample, unless a file of that name exists."""
    name, _, which = str(file).partition(":")
    if name != _SAMPLE or file.exists():
        return file
    from fluoroview.samples import find_sample

    return find_sample(which).path
