"""Benches that drivers bring along, by name, from the entry-point group "fluoroview.bench"."""

from collections.abc import Callable
from importlib.metadata import entry_points
from typing import Any

from fluoroview.hal.errors import DriverError


def load(name: str) -> Callable[..., dict[str, Any]]:
    """Return the bench `name`. Raises DriverError when no installed driver brings it."""
    for point in entry_points(group="fluoroview.bench", name=name):
        loaded: Callable[..., dict[str, Any]] = point.load()
        return loaded
    raise DriverError(
        f"No installed driver brings the bench {name!r}.",
        "Install the simulated source: `pip install ./drivers/simulated`.",
    )
