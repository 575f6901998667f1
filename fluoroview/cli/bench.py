"""`fluoroview bench`: measure the figures of the README."""

from enum import StrEnum
from typing import Annotated

import typer

from fluoroview.cli.output import AsJson, print_result, progress

bench_app = typer.Typer(no_args_is_help=True, help="Measure speed, loss and latency.")


class Isolation(StrEnum):
    """Where a driver runs."""

    PROCESS = "process"
    THREAD = "thread"


@bench_app.command("live")
def bench_live(
    size: Annotated[int, typer.Option(help="Rows and columns.")] = 1024,
    rate: Annotated[float, typer.Option(help="Pulses per second.")] = 30.0,
    seconds: Annotated[float, typer.Option(min=2.0, help="Duration in seconds.")] = 60.0,
    isolation: Isolation = Isolation.PROCESS,
    as_json: AsJson = False,
) -> None:
    """Run the viewer on the simulated room: loss, latency, processor time, memory."""
    from fluoroview.bench.live import run

    with progress(f"{size}×{size} at {rate:g}/s") as step:
        result = run(size, rate, seconds, isolation.value, step)
    print_result(result, as_json)


@bench_app.command("paint")
def bench_paint(as_json: AsJson = False) -> None:
    """Time a 16-bit frame until it is painted, against a bare widget and pyqtgraph."""
    from fluoroview.bench.paint import run
    from fluoroview.bench.screen import screen

    with screen(), progress("Painting") as step:
        result = run(step)
    print_result(result, as_json)


@bench_app.command("pipeline")
def bench_pipeline(as_json: AsJson = False) -> None:
    """Time the pipeline by stage, against a plain NumPy chain and a memory copy."""
    from fluoroview.bench.pipeline import run

    with progress("Pipeline") as step:
        result = run(progress=lambda fraction: step(fraction, 1.0))
    print_result(result, as_json)


@bench_app.command("hal")
def bench_hal(
    seconds: Annotated[
        float, typer.Option(min=2.0, help="Duration of each measurement in seconds.")
    ] = 10.0,
    faults_minutes: Annotated[
        float, typer.Option(min=0.0, help="Minutes of a random fault script; 0: none.")
    ] = 0.0,
    as_json: AsJson = False,
) -> None:
    """Time the transport of a frame: commit to wake, large frames, isolation, random faults."""
    from fluoroview.bench.hal import run

    with progress("HAL") as step:
        result = run(seconds, faults_minutes, step)
    print_result(result, as_json)


@bench_app.command("record")
def bench_record(
    size: Annotated[int, typer.Option(help="Rows and columns.")] = 1024,
    rate: Annotated[float, typer.Option(help="Frames per second.")] = 30.0,
    seconds: Annotated[float, typer.Option(min=2.0, help="Duration in seconds.")] = 60.0,
    as_json: AsJson = False,
) -> None:
    """Record raw frames at line rate: loss, processor time, compression."""
    from fluoroview.bench.record import run

    with progress("Recording") as step:
        result = run(size, rate, seconds, progress=step)
    print_result(result, as_json)


@bench_app.command("calibration")
def bench_calibration(
    size: Annotated[int, typer.Option(help="Rows and columns: 512, 1024 or 2048.")] = 1024,
    as_json: AsJson = False,
) -> None:
    """Calibrate the simulated panel: fixed pattern before and after, against quantum noise."""
    from fluoroview.bench.calibration import run

    with progress("Calibration") as step:
        result = run(size, step)
    print_result(result, as_json)


@bench_app.command("sim")
def bench_sim(
    size: Annotated[int, typer.Option(min=64, help="Rows and columns.")] = 1024,
    frames: Annotated[int, typer.Option(min=10, help="Number of frames.")] = 200,
    as_json: AsJson = False,
) -> None:
    """Time every simulated procedure, against a plain NumPy chain and a memory copy."""
    from fluoroview.bench.installed import load

    with progress("Simulated room") as step:
        result = load("sim")(size, frames)
        step(1, 1)
    print_result(result, as_json)


@bench_app.command("monkey")
def bench_monkey(
    minutes: Annotated[float, typer.Option(min=0.1, help="How long.")] = 10.0,
    seed: Annotated[int, typer.Option(help="The same seed does the same things.")] = 1,
    as_json: AsJson = False,
) -> None:
    """Use the window at random: lamp as beam, dose, no stall, flat memory. Exit code 1 if not."""
    from fluoroview.bench.monkey import run

    with progress("Monkey") as step:
        result = run(minutes, seed, step)
    print_result(result, as_json)
    if not all(result["within_limits"].values()):
        raise typer.Exit(1)
