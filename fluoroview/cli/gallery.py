"""`fluoroview gallery` and `fluoroview screenshots`: images of every case and of the viewer."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fluoroview.cli.output import fail, progress, show
from fluoroview.cli.procedures import chosen_procedures
from fluoroview.translation import tr

if TYPE_CHECKING:
    from fluoroview.session.devices.catalogue import ProcedureEntry


def gallery(
    out_dir: Annotated[Path, typer.Option("--out", help="Folder for images and page.")],
    procedure: Annotated[
        list[str] | None, typer.Option(help="Only this procedure; may repeat.")
    ] = None,
    case: Annotated[list[str] | None, typer.Option(help="Only this case; may repeat.")] = None,
    size: Annotated[int, typer.Option(min=128, max=2048, help="Rows and columns.")] = 768,
    force: Annotated[bool, typer.Option(help="Render again what exists.")] = False,
    movies: Annotated[bool, typer.Option(help="Also make a movie of each case.")] = True,
) -> None:
    """Render a still and a short movie of every case, and a page that shows them."""
    from fluoroview.bench.gallery import make_gallery
    from fluoroview.session.devices.catalogue import read_catalogue

    found = chosen_procedures(read_catalogue(), "", procedure or [])
    names = {entry.case(name).name for name in case or [] for entry in _having(found, name)}
    chosen = [(p, c) for p in found for c in p.cases if not names or c.name in names]
    with progress(tr("Gallery")) as step:
        result = make_gallery(out_dir, chosen, size=size, force=force, movies=movies, step=step)
    for which, why in result.failed.items():
        fail(f"{which}: {why}")
    summary = tr("{written} files written, {kept} kept, {failed} of {cases} cases failed: {page}")
    show(
        summary.format(
            written=len(result.written),
            kept=len(result.kept),
            failed=len(result.failed),
            cases=len(chosen),
            page=result.page,
        )
    )
    if result.failed:
        raise typer.Exit(1)


def screenshots(
    out_dir: Annotated[Path, typer.Option("--out", help="Folder for the images.")] = Path("out"),
) -> None:
    """Write an image of the running viewer in each of its states."""
    from fluoroview.viewer.screenshots import write_screenshots

    with progress(tr("Viewer states")) as step:
        written = write_screenshots(out_dir, step)
    for path in written:
        show(path)


def _having(found: "list[ProcedureEntry]", case: str) -> "list[ProcedureEntry]":
    """Return the procedures with such a case; all where none has it, so that one reports it."""
    having = [entry for entry in found if any(each.name == case for each in entry.cases)]
    return having or found
