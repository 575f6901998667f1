"""What the program repairs in its environment before anything else runs."""

import contextlib
import os
import sys
import time
from collections.abc import MutableMapping
from datetime import datetime
from pathlib import Path

_FOLDERS = ("HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME")


def prepare_environment(environment: MutableMapping[str, str] = os.environ) -> list[str]:
    """Make folders absolute, the time zone valid and the terminal safe; return warnings.

    Child processes start in other folders, where a relative HOME would be another folder. A
    terminal without Unicode shows what it cannot show as an escape.
    """
    for name in _FOLDERS:
        folder = environment.get(name)
        if folder and not Path(folder).is_absolute():
            environment[name] = str(Path(folder).absolute())
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(AttributeError, OSError):
            stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    return _without_invalid_zone(environment)


def _without_invalid_zone(environment: MutableMapping[str, str]) -> list[str]:
    try:
        datetime.now().astimezone()
    except ValueError:
        zone = environment.pop("TZ", "")
        environment["TZ"] = "UTC"
        time.tzset()
        return [f"TZ={zone} is not a time zone: an offset is less than 24 h. UTC is used."]
    return []
