"""Which recordings lie in the folders of recordings."""

from fluoroview.hal import DeviceInfo
from fluoroview.hal.sdk.playback import signed_files
from fluoroview.recording import RecordError, Recording, recording_folders

MOST_FILES = 200
"""Files looked at: a folder with years of recordings must not outlast the deadline of discovery."""
_SIGNATURE = b"\x89HDF\r\n\x1a\n"


def discover_recordings(driver: str) -> list[DeviceInfo]:
    """Return a device for each recording, the newest name first; never raises."""
    found = []
    folders = recording_folders()
    for path in signed_files(folders, _SIGNATURE, most=MOST_FILES, newest_first=True):
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
