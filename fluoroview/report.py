"""A report for a bug: versions, drivers, settings and log in one zip, without patient data.

Nothing of images, recordings or DICOM files is read. The log is written without patient data
(logs.py) and filtered once more here; the home folder and the names of user and computer are
replaced.
"""

import getpass
import io
import json
import os
import platform
import sys
import zipfile
from collections.abc import Callable
from dataclasses import asdict
from importlib import metadata
from pathlib import Path

from fluoroview.hal import FluoroError
from fluoroview.hal.runtime.registry import discover_all
from fluoroview.hal.safe_files import write_whole
from fluoroview.logs import log_file, without_patient_data

_VARIABLES = ("FLUOROVIEW_", "GENICAM_", "QT_", "LANG", "LC_", "XDG_SESSION", "TZ", "DISPLAY")
_MIN_NAME = 3
"""A shorter user name would be replaced inside other words."""

Step = Callable[[float, float], None]


def write_report(path: Path, room: Path | None = None, step: Step = lambda *_: None) -> list[str]:
    """Write the zip; return the names of the files in it.

    `room` is a room file to include. Raises FluoroError where that cannot be read or the zip
    cannot be written.
    """
    files = {"versions.json": _as_json(_versions()), "environment.json": _as_json(_environment())}
    step(1, 3)
    files["drivers.json"] = _as_json(_drivers())
    step(2, 3)
    if room is not None:
        files["room.toml"] = _room_text(room)
    for log in sorted(log_file().parent.glob("fluoroview.log*")):
        files[f"log/{log.name}"] = log.read_text(encoding="utf-8", errors="replace")
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            archive.writestr(name, _anonymous(text))
    write_whole(path, stream.getvalue())
    step(3, 3)
    return list(files)


def _versions() -> dict[str, object]:
    packages = {dist.metadata["Name"]: dist.version for dist in metadata.distributions()}
    return {
        "python": sys.version,
        "implementation": platform.python_implementation(),
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
        "cores": os.cpu_count(),
        "packages": dict(sorted(packages.items())),
    }


def _environment() -> dict[str, str]:
    return {
        name: value for name, value in sorted(os.environ.items()) if name.startswith(_VARIABLES)
    }


def _drivers() -> list[dict[str, object]]:
    """Return each driver, whether it loads, and which models it finds; no serial numbers."""
    return [
        asdict(found.driver)
        | {
            "kind": found.kind,
            "error": found.error,
            "warnings": found.warnings,
            "devices": [f"{info.vendor} {info.model}".strip() for info in found.devices],
        }
        for found in discover_all()
    ]


def _room_text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise FluoroError(
            f"The room file {path} cannot be read: {error}.",
            "Name another one with --room.",
            code="FV-API-003",
        ) from error


def _anonymous(text: str) -> str:
    replaced = {str(Path.home()): "~", _user(): "[user]", platform.node(): "[computer]"}
    for name, by in replaced.items():
        if len(name) >= _MIN_NAME:
            text = text.replace(name, by)
    return without_patient_data(text)


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return ""


def _as_json(value: object) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False)
