"""`fluoroview procedures` and `fluoroview gallery`: the examinations that drivers offer."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from fluoroview.cli.output import AsJson, err, out, print_json, progress
from fluoroview.hal.errors import FluoroError

if TYPE_CHECKING:
    from fluoroview.session.devices.catalogue import Catalogue, ProcedureEntry


def procedures(
    name: Annotated[str, typer.Argument(help="Only this examination.")] = "",
    driver: Annotated[str, typer.Option(help="Only this driver's.")] = "",
    as_json: AsJson = False,
) -> None:
    """List the examinations and cases that can be simulated, with controls and what to see."""
    from fluoroview.session.devices.catalogue import read_catalogue

    catalogue = read_catalogue()
    found = _chosen(catalogue, driver, [name] if name else [])
    if as_json:
        print_json([entry.model_dump(mode="json") for entry in found])
        return
    for entry in found:
        _print_procedure(entry)
    for error in catalogue.errors.values():
        err.print(error, style="yellow", highlight=False, soft_wrap=True, markup=False)


def gallery(
    out_dir: Annotated[Path, typer.Option("--out", help="Where images and page go.")],
    procedure: Annotated[
        list[str] | None, typer.Option(help="Only this examination; may repeat.")
    ] = None,
    case: Annotated[list[str] | None, typer.Option(help="Only this case; may repeat.")] = None,
    size: Annotated[int, typer.Option(min=128, max=2048, help="Rows and columns.")] = 768,
    force: Annotated[bool, typer.Option(help="Render anew what is there already.")] = False,
    movies: Annotated[bool, typer.Option(help="A movie of each case, beside the still.")] = True,
) -> None:
    """Render a still and a short movie of every case, and a page that shows them."""
    from fluoroview.bench.gallery import make_gallery
    from fluoroview.session.devices.catalogue import read_catalogue

    found = _chosen(read_catalogue(), "", procedure or [])
    names = {entry.case(name).name for name in case or [] for entry in _having(found, name)}
    wanted = [(p, c) for p in found for c in p.cases if not names or c.name in names]
    with progress("Gallery") as step:
        result = make_gallery(out_dir, wanted, size=size, force=force, movies=movies, step=step)
    for which, why in result.failed.items():
        err.print(f"{which}: {why}", style="red", highlight=False, soft_wrap=True, markup=False)
    out.print(
        f"{len(result.written)} files written, {len(result.kept)} kept, "
        f"{len(result.failed)} of {len(wanted)} cases failed: {result.page}",
        highlight=False,
        soft_wrap=True,
    )
    if result.failed:
        raise typer.Exit(1)


def _chosen(catalogue: "Catalogue", driver: str, names: list[str]) -> "list[ProcedureEntry]":
    """Return the examinations asked for: all, or those named. Raises FluoroError."""
    if not driver and not catalogue.procedures:
        raise FluoroError(
            "No installed driver offers examinations. " + " ".join(catalogue.errors.values()),
            "Install the simulated source: `pip install ./drivers/simulated`.",
        )
    if not names:
        return list(catalogue.of(driver))
    return [catalogue.procedure(driver, name) for name in names]


def _print_indented(words: str, by: int, style: str = "") -> None:
    out.print(Padding(Text(words, style=style), (0, 2, 0, by)))


def _having(found: "list[ProcedureEntry]", case: str) -> "list[ProcedureEntry]":
    """Return the examinations with such a case; all, so that one can say that it has none."""
    having = [entry for entry in found if any(each.name == case for each in entry.cases)]
    return having or found


def _print_procedure(entry: "ProcedureEntry") -> None:
    from fluoroview.session.labels import control_words, humanize, key_cap, technique_words

    out.print(f"[bold]{entry.name}[/]  {entry.title}", highlight=False)
    words = technique_words(entry) + (" · subtracted" if entry.subtraction else "")
    _print_indented(f"{words} · {', '.join(entry.bodies)}", 2, "dim")
    _print_indented(entry.teaching, 2)
    for case in entry.cases:
        kind = "[yellow]abnormal[/]" if case.abnormal else "[green]normal[/]"
        out.print(f"  [bold]{case.name}[/]  {case.title}  {kind}", highlight=False)
        _print_indented(case.teaching, 6)
    if entry.controls:
        keys = Table("Keys", "Control", "", box=None, padding=(0, 2, 0, 2))
        for control in entry.controls:
            caps = " ".join(key_cap(key) for key in control.keys)
            keys.add_row(caps, humanize(control.name), control_words(control))
        out.print(keys)
    out.print()
