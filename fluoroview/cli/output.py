"""What all commands write with: sentences, tables, JSON, progress.

Results go to standard output, the rest to standard error. Text that comes from outside the program
(names of files, devices, drivers; errors that quote them) is never markup, and its control
characters are shown instead of obeyed.
"""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from fluoroview.hal.foreign_text import plain
from fluoroview.hal.safe_files import write_whole
from fluoroview.translation import tr, translate_message

out = Console(emoji=False)  # a device may be called :one:
err = Console(stderr=True, emoji=False)
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]

_MAX_SENTENCE = 4000


def show(text: object, console: Console = out) -> None:
    """Print a result as one line, whatever characters it holds."""
    line = plain(text, _MAX_SENTENCE)
    console.print(line, highlight=False, soft_wrap=True, markup=False)


def warn(text: object) -> None:
    """Print a warning in the user's language."""
    _sentence(text, "yellow")


def fail(text: object) -> None:
    """Print why a command failed in the user's language, with the error's code where it has one."""
    _sentence(text, "red")
    code = getattr(text, "code", "")
    if code:
        err.print(f"({code})", style="dim", highlight=False, markup=False)


def cell(text: object) -> str:
    """Return text for a table or for a line with markup: itself no markup."""
    return escape(plain(text, _MAX_SENTENCE))


def write_text(path: Path, text: str) -> None:
    """Write a report that others may read. Raises NotWrittenError."""
    write_whole(path, text, private=False)


@contextmanager
def progress(title: str) -> Iterator[Any]:
    """Yield `step(done, total)`; the bar goes to standard error, so that JSON stays clean."""
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=err, transient=True) as bar:
        task = bar.add_task(plain(title), total=None)

        def step(done: float, total: float, title: str = "") -> None:
            bar.update(task, completed=done, total=total)
            if title:
                bar.update(task, description=plain(title))

        yield step


def print_json(value: Any) -> None:
    """Print JSON that people can read too, in ASCII where the terminal has no Unicode."""
    unicode = (sys.stdout.encoding or "").lower().startswith("utf")
    print(json.dumps(value, indent=2, ensure_ascii=not unicode))


def print_result(result: dict[str, Any], as_json: bool) -> None:
    """Print figures as a table, or as JSON."""
    if as_json:
        print_json(result)
        return
    table = Table(tr("Figure"), tr("Value"))
    for key, value in _flat(result):
        shown = f"{value:.4g}" if isinstance(value, float) else str(value)
        table.add_row(cell(key), cell(shown))
    out.print(table)


def _sentence(text: object, style: str) -> None:
    line = plain(translate_message(str(text)), _MAX_SENTENCE)
    err.print(line, style=style, highlight=False, soft_wrap=True, markup=False)


def _flat(value: Any, prefix: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _flat(inner, f"{prefix}.{key}" if prefix else str(key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _flat(inner, f"{prefix}[{index}]")
    else:
        yield prefix, value
