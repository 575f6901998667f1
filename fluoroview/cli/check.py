"""`fluoroview check`: a driver against the contract."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from fluoroview.cli.output import AsJson, cell, out, print_json, progress, show, write_text
from fluoroview.cli.rooms import Device
from fluoroview.hal.errors import FluoroError
from fluoroview.translation import tr

_VERDICTS = {
    "PASS": "[green]PASS[/]",
    "WARN": "[yellow]WARN[/]",
    "FAIL": "[bold red]FAIL[/]",
    "NOT_APPLICABLE": "[dim]not applicable[/]",
}


class EffortName(StrEnum):
    """How much `check` does."""

    QUICK = "quick"
    STANDARD = "standard"
    THOROUGH = "thorough"


def check(
    driver: Annotated[str, typer.Argument(help="Driver name; `fluoroview drivers` lists them.")],
    device: Device = "",
    effort: Annotated[EffortName, typer.Option(help="How long to try.")] = EffortName.STANDARD,
    rule: Annotated[list[str] | None, typer.Option(help="Only this rule; may repeat.")] = None,
    report: Annotated[Path | None, typer.Option(help="Write an HTML report.")] = None,
    as_json: AsJson = False,
) -> None:
    """Check a driver against the contract: PASS, WARN or FAIL, with what was seen and why."""
    from fluoroview.conformance import EFFORTS
    from fluoroview.conformance import check as run_check

    if report is not None and not report.absolute().parent.is_dir():  # before an hour of work
        raise FluoroError(
            f"There is no folder {report.parent}.", "Make it, or name another.", code="FV-CLI-006"
        )
    with progress(driver) as step:
        result = run_check(
            driver, device, selection=rule, effort=EFFORTS[effort.value], progress=step
        )
    if as_json:
        print_json(result.as_dict())
    else:
        table = Table(tr("Rule"), tr("Verdict"), tr("Observed"))
        for entry in result.results:
            table.add_row(
                cell(entry.rule.id), _VERDICTS[entry.verdict.name], cell(entry.finding.seen)
            )
        out.print(table)
        for entry in result.failed:
            expected = cell(f"{entry.rule.expected} {entry.rule.why}")
            out.print(f"[red]{cell(entry.rule.id)}[/]: {tr('expected')}: {expected}")
        show(result.summary)
    if report is not None:  # last: the result is on the screen if the file cannot be written
        write_text(report, result.html())
    raise typer.Exit(result.exit_code)
