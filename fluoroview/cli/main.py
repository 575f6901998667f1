"""The command line: every command, and the one place where its errors become sentences.

Every error that a user can cause is a sentence and exit code 1.
"""

import logging
import os
import sys
from typing import Annotated, Any

import typer

from fluoroview import logs
from fluoroview.cli.bench import bench_app
from fluoroview.cli.calibrate import calibrate
from fluoroview.cli.check import check
from fluoroview.cli.devices import devices, drivers
from fluoroview.cli.environment import prepare_environment
from fluoroview.cli.gallery import gallery, screenshots
from fluoroview.cli.live import live
from fluoroview.cli.output import fail, show, warn
from fluoroview.cli.play import play, recover
from fluoroview.cli.procedures import procedures
from fluoroview.cli.report import report
from fluoroview.hal.errors import FluoroError
from fluoroview.hal.runtime.gil import set_short_switch_interval
from fluoroview.hal.runtime.threads import limit_numerical_threads
from fluoroview.translation import tr

_COMMANDS = (
    live,
    play,
    drivers,
    devices,
    check,
    calibrate,
    recover,
    procedures,
    gallery,
    screenshots,
    report,
)
_INTERRUPTED = 130
"""Exit code of a program that ends by Ctrl+C, as shells count: 128 + SIGINT."""

logger = logging.getLogger(__name__)

app = typer.Typer(
    name="fluoroview",
    help="Real-time fluoroscopy viewer on a hardware abstraction layer. Not a medical device.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
for _command in _COMMANDS:
    app.command()(_command)
app.add_typer(bench_app, name="bench")


def main() -> None:
    """Run the command line; the entry point."""
    warnings = prepare_environment()
    logs.log_unhandled_errors()
    set_short_switch_interval()
    limit_numerical_threads()
    for warning in warnings:
        warn(warning)
    try:
        _translated(typer.main.get_command(app))()
    except FluoroError as error:
        logger.warning("%s %s", error.code, error)
        fail(error)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(_INTERRUPTED)
    except BrokenPipeError:  # the reader of a pipe has enough: `fluoroview drivers | head -1`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except Exception as error:
        if os.environ.get("FLUOROVIEW_DEBUG"):
            raise
        logger.exception("Internal error")
        fail(_internal_error(error))
        sys.exit(1)


def _print_version(shown: bool) -> None:
    if shown:
        from fluoroview import __version__

        show(f"fluoroview {__version__}")
        raise typer.Exit


@app.callback()
def _common(
    version: Annotated[
        bool,
        typer.Option(
            "--version",
            callback=_print_version,
            is_eager=True,
            help="Print it.",
        ),
    ] = False,
    log_level: Annotated[
        logs.Level, typer.Option("--log-level", help="Lowest level that the log holds.")
    ] = logs.Level.INFO,
) -> None:
    problem = logs.configure(log_level)
    if problem:
        warn(problem)
    logger.info("fluoroview %s", " ".join(sys.argv[1:2]))


def _internal_error(error: Exception) -> str:
    sentence = tr(
        "Internal error (FV-CLI-001): {kind}: {error}. The log {log} shows where;"
        " please report it with the zip of `fluoroview report`."
    )
    return sentence.format(kind=type(error).__name__, error=error, log=logs.log_file())


def _translated(command: Any) -> Any:
    """Return a command whose help is in the user's language."""
    if command.help:
        command.help = tr(command.help)
    for parameter in command.params:
        if getattr(parameter, "help", None):
            parameter.help = tr(parameter.help)
    for inner in getattr(command, "commands", {}).values():
        _translated(inner)
    return command
