"""What all commands write with: tables, JSON, progress. Figures go to standard output, the rest to
standard error.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from fluoroview.hal.safe_files import write_whole

out = Console(emoji=False)  # a device may be called :one:
err = Console(stderr=True, emoji=False)
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def write_text(path: Path, text: str) -> None:
    """Write a report that others may read. Raises NotWrittenError."""
    write_whole(path, text, private=False)


@contextmanager
def progress(title: str) -> Iterator[Any]:
    """Yield `step(done, total)`; the bar goes to standard error, so that JSON stays clean."""
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), TimeRemainingColumn())
    with Progress(*columns, console=err, transient=True) as bar:
        task = bar.add_task(title, total=None)

        def step(done: float, total: float, title: str = "") -> None:
            bar.update(task, completed=done, total=total)
            if title:
                bar.update(task, description=title)

        yield step


def print_json(value: Any) -> None:
    """Print JSON that people can read too."""
    print(json.dumps(value, indent=2, ensure_ascii=False))


def print_result(result: dict[str, Any], as_json: bool) -> None:
    """Print figures as a table, or as JSON."""
    if as_json:
        print_json(result)
        return
    table = Table("Figure", "Value")
    for key, value in _flat(result):
        shown = f"{value:.4g}" if isinstance(value, float) else str(value)
        table.add_row(key, shown)
    out.print(table)


def _flat(value: Any, prefix: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _flat(inner, f"{prefix}.{key}" if prefix else str(key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _flat(inner, f"{prefix}[{index}]")
    else:
        yield prefix, value
