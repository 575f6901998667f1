"""Benches that drivers provide, by name, from the entry-point group "fluoroview.bench"."""

from collections.abc import Callable
from typing import Any

from fluoroview.hal.errors import DriverError
from fluoroview.hal.runtime.installed import installed_entry_points


def load(name: str) -> Callable[..., dict[str, Any]]:
    """Return the bench `name`. Raises DriverError when no installed driver provides it."""
    for point in installed_entry_points("fluoroview.bench"):
        if point.name == name:
            loaded: Callable[..., dict[str, Any]] = point.load()
            return loaded
    raise DriverError(
        f"No installed driver provides the bench {name!r}.",
        "Install the simulated driver: `pip install ./drivers/simulated`.",
        code="FV-BEN-011",
    )
