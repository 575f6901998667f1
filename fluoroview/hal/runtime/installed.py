"""Entry points of installed distributions, and of nothing that lies in the current folder.

`importlib.metadata` searches the whole path; under `python -m` that begins with the current folder,
where anybody may have laid a `.dist-info` that announces a driver.
"""

import os
import site
import sys
from importlib.metadata import EntryPoint, distributions
from pathlib import Path

from fluoroview.hal.runtime.python_child import python_path


def installed_entry_points(group: str) -> list[EntryPoint]:
    """Return the entry points of a group by name, each distribution once."""
    points: dict[str, EntryPoint] = {}
    seen: set[str] = set()
    for distribution in distributions(path=_installed_path()):
        name = _normalized(distribution.name)
        if name in seen:
            continue  # another copy, later on the path
        seen.add(name)
        for point in distribution.entry_points.select(group=group):
            points.setdefault(point.name, point)
    return [points[name] for name in sorted(points)]


def _installed_path() -> list[str]:
    """Return the path without the current folder, unless it was named as one of the path."""
    named = {*map(os.path.abspath, python_path()), *site.getsitepackages()}
    named.add(site.getusersitepackages())
    current = _current_folder()
    return [
        entry
        for entry in sys.path
        if os.path.isabs(entry) and (entry in named or os.path.realpath(entry) != current)
    ]


def _current_folder() -> str:
    try:
        return str(Path.cwd().resolve())
    except OSError:
        return ""  # it was removed; nothing can lie in it


def _normalized(name: str | None) -> str:
    """Return a distribution's name as PyPI compares it; a broken one has none."""
    return (name or "").lower().replace("-", "_").replace(".", "_")
