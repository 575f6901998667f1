"""Which DICOM loops lie in the folders of FLUOROVIEW_REPLAY_PATH."""

import os
from collections.abc import Iterator
from pathlib import Path

from fluoroview.dicom import DicomCine, DicomError
from fluoroview.dicom.attributes import text
from fluoroview.hal import DeviceInfo
from fluoroview.hal.sdk.playback import signed_files

VARIABLE = "FLUOROVIEW_REPLAY_PATH"
MAX_FILES = 500
"""Files looked at: a folder with a whole archive must not outlast the deadline of discovery."""


def discover_files(driver: str) -> list[DeviceInfo]:
    """Return a device for each file that can be played, by folder and name; never raises."""
    found = []
    for path in _candidates():
        try:
            with DicomCine(path) as cine:
                found.append(
                    DeviceInfo(
                        driver=driver,
                        id=str(path),
                        vendor=text(cine.header, "Manufacturer"),
                        model=text(cine.header, "ManufacturerModelName"),
                        serial=text(cine.header, "DeviceSerialNumber"),
                        note=cine.description,
                    )
                )
        except (DicomError, OSError, ValueError):
            continue  # opening it by name says what is wrong with it
    return found


def _candidates() -> Iterator[Path]:
    folders = filter(None, os.environ.get(VARIABLE, "").split(os.pathsep))
    return signed_files(map(Path, folders), b"DICM", at=128, most=MAX_FILES)
