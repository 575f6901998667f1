"""`fluoroview procedures`: the procedures and cases that drivers offer."""

from typing import TYPE_CHECKING, Annotated

import typer
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from fluoroview.cli.output import AsJson, cell, out, print_json, warn
from fluoroview.hal.errors import FluoroError
from fluoroview.hal.foreign_text import plain
from fluoroview.translation import tr, translate_message

if TYPE_CHECKING:
    from fluoroview.session.devices.catalogue import Catalogue, ProcedureEntry

_MAX_TEACHING = 4000


def procedures(
    name: Annotated[str, typer.Argument(help="Only this procedure.")] = "",
    driver: Annotated[str, typer.Option(help="Only those of this driver.")] = "",
    as_json: AsJson = False,
) -> None:
    """List the procedures and cases that can be simulated, with controls and teaching points."""
    from fluoroview.session.devices.catalogue import read_catalogue

    catalogue = read_catalogue()
    found = chosen_procedures(catalogue, driver, [name] if name else [])
    if as_json:
        print_json([entry.model_dump(mode="json") for entry in found])
        return
    for entry in found:
        _print_procedure(entry)
    for error in catalogue.errors.values():
        warn(error)


def chosen_procedures(
    catalogue: "Catalogue", driver: str, names: list[str]
) -> "list[ProcedureEntry]":
    """Return the procedures asked for: all, or those named. Raises FluoroError."""
    if not driver and not catalogue.procedures:
        raise FluoroError(
            "No installed driver offers procedures. " + " ".join(catalogue.errors.values()),
            "Install the simulated room: `pip install ./drivers/simulated`.",
            code="FV-CLI-007",
        )
    if not names:
        return list(catalogue.of(driver))
    return [catalogue.procedure(driver, name) for name in names]


def _print_procedure(entry: "ProcedureEntry") -> None:
    from fluoroview.session.labels import control_words, humanize, key_cap, technique_words

    _print_title(entry.name, entry.title)
    words = technique_words(entry) + (f" · {tr('subtracted')}" if entry.subtraction else "")
    _print_indented(f"{words} · {', '.join(entry.bodies)}", 2, "dim")
    _print_indented(translate_message(entry.teaching), 2)
    for case in entry.cases:
        kind = f"[yellow]{tr('abnormal')}[/]" if case.abnormal else f"[green]{tr('normal')}[/]"
        _print_title(case.name, case.title, "  ", f"  {kind}")
        _print_indented(translate_message(case.teaching), 6)
    if entry.controls:
        keys = Table(tr("Keys"), tr("Control"), "", box=None, padding=(0, 2, 0, 2))
        for control in entry.controls:
            caps = " ".join(key_cap(key) for key in control.shortcut)
            keys.add_row(cell(caps), cell(humanize(control.name)), cell(control_words(control)))
        out.print(keys)
    out.print()


def _print_title(name: str, title: str, indent: str = "", kind: str = "") -> None:
    shown = cell(translate_message(title))
    out.print(f"{indent}[bold]{cell(name)}[/]  {shown}{kind}", highlight=False)


def _print_indented(words: str, by: int, style: str = "") -> None:
    out.print(Padding(Text(plain(words, _MAX_TEACHING), style=style), (0, 2, 0, by)))
