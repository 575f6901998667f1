"""`fluoroview drivers` and `fluoroview devices`: what is installed, and what is connected."""

from dataclasses import asdict
from typing import TYPE_CHECKING

from rich.table import Table

from fluoroview.cli.output import AsJson, cell, err, out, print_json, warn
from fluoroview.cli.rooms import Driver
from fluoroview.translation import tr, translate_message

if TYPE_CHECKING:
    from fluoroview.hal import DeviceInfo
    from fluoroview.hal.runtime.registry import Discovery

_MAX_ID_WIDTH = 36


def drivers(as_json: AsJson = False) -> None:
    """List the installed drivers and whether each can be loaded."""
    rows = [
        {
            "name": found.driver.name,
            "distribution": found.driver.distribution,
            "version": found.driver.version,
            "kind": found.kind,
            "works": not found.error,
            "error": found.error,
        }
        for found in discovered()
    ]
    if as_json:
        print_json(rows)
        return
    titles = tr("Driver"), tr("Kind"), tr("Distribution"), tr("Version"), tr("State")
    table = Table(*titles)
    for column in table.columns[:3]:
        column.overflow = "fold"
    for row in rows:
        state = translate_message(str(row["error"])) if row["error"] else tr("works")
        shown = (row["name"], row["kind"], row["distribution"], row["version"], state)
        table.add_row(*map(cell, shown))
    out.print(table)


def devices(driver: Driver = "", as_json: AsJson = False) -> None:
    """List the devices that the drivers find."""
    found = discovered(driver)
    if as_json:
        print_json(
            {
                "devices": [
                    asdict(info) | {"kind": entry.kind} for entry in found for info in entry.devices
                ],
                "errors": {e.driver.name: e.error for e in found if e.error},
                "warnings": {e.driver.name: e.warnings for e in found if e.warnings},
            }
        )
        return
    rows = [
        (info.driver, info.id, entry.kind, _about(info))
        for entry in found
        for info in entry.devices
    ]
    table = Table(tr("Driver"), tr("Device"), tr("Kind"), tr("Description"))
    for place in (0, 1):  # name and id are there to be copied: whole, on one line if possible
        column = table.columns[place]
        column.overflow = "fold"
        column.width = min(_MAX_ID_WIDTH, max([len(row[place]) for row in rows], default=6))
    for row in rows:
        table.add_row(*map(cell, row))
    out.print(table)
    for entry in found:
        for sentence in [entry.error] if entry.error else entry.warnings:
            warn(sentence)
        if driver and not entry.error and not entry.devices and not entry.warnings:
            warn(entry.missing)


def discovered(driver: str = "") -> "list[Discovery]":
    """Return what one driver finds, or every driver. Raises DriverError for an unknown one."""
    from fluoroview.hal.runtime.registry import (
        discover,
        discover_all,
        find_driver,
        installed_drivers,
    )

    with err.status(tr("Looking for devices …")):
        if not driver:
            return discover_all()
        find_driver(driver)
        return [discover(info) for info in installed_drivers() if info.name == driver]


def _about(info: "DeviceInfo") -> str:
    """Return maker, model, serial number where it is not the id, and note of a device."""
    serial = f"serial {info.serial}" if info.serial and info.serial != info.id else ""
    parts = (f"{info.vendor} {info.model}".strip(), serial, info.note)
    return ", ".join(part for part in parts if part)
