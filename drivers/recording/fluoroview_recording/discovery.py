"""Which recordings lie in the folders of recordings."""

from collections.abc import Iterator
from pathlib import Path

from fluoroview.hal import DeviceInfo
from fluoroview.record import RecordError, Recording, recording_folders

MOST_FILES = 200
"""Files looked at: a folder with years of recordings must not outlast the deadline of discovery."""
_SIGNATURE = b"\x89HDF\r\n\x1a\n"


def discover_recordings(driver: str) -> list[DeviceInfo]:
    """Return a device for each recording, the newest name first; never raises."""
    found = []
    for path in _candidates():
        try:
            with Recording(path) as recording:
                found.append(_describe(driver, recording))
        except (RecordError, OSError):
            continue  # opening it by name says what is wrong with it
    return found


def _describe(driver: str, recording: Recording) -> DeviceInfo:
    note = f"{recording.frame_count} frames, recorded {recording.started_utc:%Y-%m-%d %H:%M} UTC"
    if recording.in_progress:
        note += ", still being recorded"
    elif recording.damage:
        note += ", damaged"
    return DeviceInfo(driver, str(recording.path), model=recording.info.name, note=note)


def _candidates() -> Iterator[Path]:
    left = MOST_FILES
    for folder in recording_folders():
        try:
            paths = sorted((path for path in folder.iterdir() if path.is_file()), reverse=True)
        except OSError:
            continue  # a folder that is not there holds no devices
        for path in paths:
            if left and _is_hdf5(path):
                left -= 1
                yield path


def _is_hdf5(path: Path) -> bool:
    try:
        with path.open("rb") as stream:
            return stream.read(8) == _SIGNATURE
    except OSError:
        return False
