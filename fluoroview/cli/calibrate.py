"""`fluoroview calibrate`: measure a calibration set of a detector."""

from pathlib import Path
from typing import Annotated

import typer

from fluoroview.cli.output import err, out
from fluoroview.cli.rooms import Device, Driver, RoomFile, chosen_room


def calibrate(
    out_file: Annotated[Path, typer.Option("--out", help="The calibration set to write (HDF5).")],
    driver: Driver = "",
    device: Device = "",
    room: RoomFile = None,
    darks: Annotated[int, typer.Option(help="Dark frames.")] = 32,
    flats: Annotated[int, typer.Option(help="Frames of the empty field per level.")] = 32,
    levels: Annotated[int, typer.Option(help="Exposure levels of the empty field.")] = 3,
    lag: Annotated[bool, typer.Option(help="Measure the lag as well.")] = True,
    yes: Annotated[
        bool, typer.Option("--yes", help="Ask nobody: for a device that clears its own field.")
    ] = False,
) -> None:
    """Calibrate a detector step by step: offset, gain, defects, lag."""
    from fluoroview.cli.calibration_steps import Terminal, calibrate_detector
    from fluoroview.session.calibration.workflow import CalibrationPlan

    plan = CalibrationPlan(darks, flats, levels, lag)
    chosen = chosen_room(room, driver, device)
    calibrate_detector(chosen, out_file, plan, Terminal(out, err), yes=yes)
