"""Folders and names of recordings."""

import os
import re
from pathlib import Path

from platformdirs import user_data_path

from fluoroview.hal import Clock
from fluoroview.recording.layout import SUFFIX, RecordingInfo

VARIABLE = "FLUOROVIEW_RECORDING_PATH"
"""Folders of recordings, separated as in PATH; new recordings go into the first."""


def recording_folders() -> list[Path]:
    """Return the folders that are searched for recordings."""
    named = [Path(part) for part in os.environ.get(VARIABLE, "").split(os.pathsep) if part]
    return named or [user_data_path("fluoroview") / "recordings"]


def new_recording_path(info: RecordingInfo, clock: Clock, folder: Path | None = None) -> Path:
    """Return a new name of date and time (UTC) and device."""
    device = re.sub(r"[^\w.-]+", "-", info.name)[-60:].strip("-.")
    stem = f"{clock.utc_now():%Y%m%dT%H%M%SZ}-{device}"
    folder = folder or recording_folders()[0]
    path, number = folder / f"{stem}{SUFFIX}", 1
    while path.exists():
        number += 1
        path = folder / f"{stem}-{number}{SUFFIX}"
    return path
