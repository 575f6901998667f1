"""Which recordings lie in the folders of recordings."""

import time

from fluoroview.hal import DeviceInfo
from fluoroview.hal.foreign_hdf5 import Hdf5Reader
from fluoroview.hal.sdk.playback import signed_files
from fluoroview.recording import RecordError, Recording, recording_folders

MAX_FILES = 200
"""Files examined: a folder with years of recordings must not outlast the deadline of discovery."""
CPU_S = 1.0
"""Processor time for one file; a damaged one may keep its reader busy for ever."""
MAX_S = 5.0
"""Time for all files; those that it does not reach are listed unexamined."""
_NOT_EXAMINED = "Not examined: damaged files took the time. It can be opened by its name."
_SIGNATURE = b"\x89HDF\r\n\x1a\n"


def discover_recordings(driver: str) -> list[DeviceInfo]:
    """Return a device for each recording, the newest name first; never raises.

    Files that cannot be read follow, each with the reason as its note.
    """
    found, bad = [], []
    folders = recording_folders()
    begun_s = time.monotonic()
    with Hdf5Reader() as reader:
        for path in signed_files(folders, _SIGNATURE, most=MAX_FILES, newest_first=True):
            if time.monotonic() - begun_s > MAX_S:
                bad.append(DeviceInfo(driver, str(path), note=_NOT_EXAMINED))
                continue
            try:
                with Recording(path, reader, cpu_s=CPU_S) as recording:
                    found.append(_describe(driver, recording))
            except RecordError as error:
                bad.append(DeviceInfo(driver, str(path), note=error.what))
            except OSError as error:
                bad.append(DeviceInfo(driver, str(path), note=f"It cannot be read: {error}."))
    return found + bad


def _describe(driver: str, recording: Recording) -> DeviceInfo:
    note = f"{recording.frame_count} frames, recorded {recording.started_utc:%Y-%m-%d %H:%M} UTC"
    if recording.in_progress:
        note += ", still being recorded"
    elif recording.damage:
        note += ", damaged"
    return DeviceInfo(driver, str(recording.path), model=recording.info.name, note=note)
