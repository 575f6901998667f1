"""The options that choose a room, a driver and a device, and the room that they make."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from fluoroview.session.room import Room

Driver = Annotated[str, typer.Option(help="Driver name; `fluoroview drivers` lists them.")]
Device = Annotated[str, typer.Option(help="Device id; `fluoroview devices` lists them.")]
RoomFile = Annotated[Path | None, typer.Option("--room", help="Room file (TOML).")]


def chosen_room(
    path: Path | None,
    driver: str,
    device: str,
    case: tuple[str, str, str] = ("", "", ""),
    faults: Path | None = None,
) -> "Room":
    """Return the room of the file, overridden by the command line.

    `case` is procedure, case and patient size. Raises FluoroError.
    """
    from fluoroview.hal.runtime.registry import find_driver
    from fluoroview.session.room import Room, read_room

    room = read_room(path) if path is not None else Room()
    section = room.detector
    if driver and driver != section.driver:
        section = section.model_copy(update={"driver": driver, "device": "", "parameters": {}})
    if device:
        section = section.model_copy(update={"device": device})
    find_driver(section.driver)
    if any(case):
        from fluoroview.session.devices.catalogue import read_catalogue

        # Before the parameters of the room file: a procedure sets its own technique.
        written = read_catalogue().parameters(section.driver, *case)
        others = {name: v for name, v in section.parameters.items() if name not in written}
        section = section.model_copy(update={"parameters": {**written, **others}})
    if faults is not None:
        from fluoroview.hal.runtime.faults import read_faults

        read_faults(faults)  # its errors are shown before anything starts
        section = section.model_copy(update={"faults": str(faults)})
    return room.model_copy(update={"detector": section})
