"""GenTL producers: where the .cti files are, which devices they see, and who has them loaded.

A producer may be opened once per process only, so that all detectors of a process share it.
"""

import os
import threading
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from fluoroview.hal import DeviceError, DeviceInfo
from fluoroview.hal.sdk.driver_errors import absent
from fluoroview_gentl import sdk

SEARCH_VARIABLE = "GENICAM_GENTL64_PATH"
_UPDATE_TIMEOUT_MS = 1000
_SHORTEST_SERIAL = 4  # shorter ones ("0", "1") say nothing to a reader: the GenTL id is taken
# DEVICE_ACCESS_STATUS_LIST of the GenTL standard
_ACCESS_NOTES = {2: "read only", 3: "no access", 4: "in use by another program"}


@dataclass(frozen=True)
class Found:
    """A device that a producer sees; `name` is its part of the device id."""

    producer: Path
    name: str
    gentl_id: str
    serial: str = ""
    user_name: str = ""
    vendor: str = ""
    model: str = ""
    note: str = ""


def search_path() -> list[Path]:
    """Return the .cti files of GENICAM_GENTL64_PATH, else the one that genicam ships.

    Entries of the variable are folders or .cti files, separated as in PATH.
    """
    entries = [
        Path(entry) for entry in os.environ.get(SEARCH_VARIABLE, "").split(os.pathsep) if entry
    ]
    if not entries:
        entries = [_genicam_folder()]
    files: dict[Path, None] = {}
    for entry in entries:
        for file in [entry] if entry.suffix == ".cti" else sorted(entry.glob("*.cti")):
            if file.is_file():
                files[file.resolve()] = None
    return list(files)


def _genicam_folder() -> Path:
    import genicam

    return Path(genicam.__file__).parent


class Producer:
    """One loaded producer, shared by all who borrowed it; unloaded when the last gives it back."""

    _loaded: ClassVar[dict[Path, "Producer"]] = {}
    _lock: ClassVar[threading.RLock] = threading.RLock()

    def __init__(self, path: Path) -> None:
        from harvesters.core import Harvester, ParameterKey, ParameterSet

        self.path = path
        self._borrowers = 0
        config = ParameterSet(
            {
                ParameterKey.LOGGER: sdk.LOGGER,
                ParameterKey.TIMEOUT_PERIOD_ON_MODULE_ENUMERATION: _UPDATE_TIMEOUT_MS,
            }
        )
        self._harvester = Harvester(config=config)
        self._harvester.add_file(str(path), check_existence=True, check_validity=True)
        self._harvester.update()

    @classmethod
    def borrow(cls, path: Path) -> "Producer":
        """Return the loaded producer; each borrower calls `release` once.

        Raises DeviceError when the file cannot be loaded.
        """
        with cls._lock:
            if path not in cls._loaded:
                try:
                    cls._loaded[path] = cls(path)
                except OSError as error:
                    raise DeviceError(
                        f"The GenTL producer {path} cannot be loaded: {error or 'no such file'}.",
                        "Reinstall the vendor's package, or take its folder out of "
                        f"{SEARCH_VARIABLE}.",
                        code="FV-GTL-004",
                    ) from error
            producer = cls._loaded[path]
            producer._borrowers += 1
            return producer

    def release(self) -> None:
        """Give the producer back; the last borrower unloads it."""
        with self._lock:
            self._borrowers -= 1
            if self._borrowers == 0:
                self._loaded.pop(self.path, None)
                self._harvester.reset()

    def devices(self) -> list[Found]:
        """Return the devices this producer saw when it was loaded."""
        infos = self._harvester.device_info_list
        serials = Counter(_text(info, "serial_number") for info in infos)
        return [_found(self.path, info, serials) for info in infos]

    def create(self, gentl_id: str, buffers: int) -> Any:
        """Open a device for sole use and return harvesters' ImageAcquirer."""
        from harvesters.core import ParameterKey, ParameterSet

        config = ParameterSet(
            {
                ParameterKey.ENABLE_AUTO_CHUNK_DATA_UPDATE: False,
                ParameterKey.NUM_BUFFERS_FOR_FETCH_CALL: buffers,
                # genicam holds the GIL while it waits: the driver asks without waiting instead.
                ParameterKey.TIMEOUT_PERIOD_ON_UPDATE_EVENT_DATA_CALL: 0,
            }
        )
        with self._lock, sdk.kept_signals():
            return self._harvester.create({"id_": gentl_id}, config=config)

    def destroy(self, acquirer: Any) -> None:
        """Close a device that `create` opened."""
        with self._lock:
            acquirer.destroy()
            if acquirer in self._harvester.image_acquirers:
                self._harvester.image_acquirers.remove(acquirer)


def _text(info: Any, name: str) -> str:
    """Return what the producer states about a device, "" where it states nothing."""
    try:
        return str(getattr(info, name) or "")
    except sdk.errors():
        return ""


def _found(producer: Path, info: Any, serials: Counter[str]) -> Found:
    gentl_id, serial = _text(info, "id_"), _text(info, "serial_number")
    unique = len(serial) >= _SHORTEST_SERIAL and serials[serial] == 1
    return Found(
        producer,
        serial if unique else gentl_id,
        gentl_id,
        serial,
        _text(info, "user_defined_name"),
        _text(info, "vendor"),
        _text(info, "model"),
        _note(info),
    )


def _note(info: Any) -> str:
    try:
        access = _ACCESS_NOTES.get(int(info.access_status), "")
    except sdk.errors():
        access = ""
    name = _text(info, "user_defined_name")
    transport = _text(info, "tl_type")
    parts = [f"named {name}" if name else "", f"transport {transport}" if transport else "", access]
    return ", ".join(part for part in parts if part)


def discover() -> tuple[list[DeviceInfo], list[str]]:
    """Return the devices of all producers, and a sentence for each producer that fails."""
    sdk.require()
    devices: list[DeviceInfo] = []
    failures: list[str] = []
    paths = search_path()
    for path in paths:
        try:
            producer = Producer.borrow(path)
        except DeviceError as error:
            failures.append(str(error))
            continue
        try:
            devices += [_device_info(found, paths) for found in producer.devices()]
        finally:
            producer.release()
    return devices, failures


def _device_info(found: Found, paths: list[Path]) -> DeviceInfo:
    same_name = sum(path.name == found.producer.name for path in paths) > 1
    producer = str(found.producer) if same_name else found.producer.name
    return DeviceInfo(
        "gentl",
        f"{producer}:{found.name}",
        found.vendor,
        found.model,
        found.serial,
        found.note,
    )


def borrow_device(device_id: str) -> tuple[Producer, Found]:
    """Return the device that `device_id` names, and its producer, to be released by the caller.

    `device_id` is "PRODUCER.cti:DEVICE", where PRODUCER may be a path and DEVICE is the serial
    number, the GenTL id or the user's name of the device; or DEVICE alone. Raises DeviceError.
    """
    sdk.require()
    producer_name, device_name = _split(device_id)
    seen: list[str] = []
    for path in _producers_named(producer_name, device_id):
        producer = Producer.borrow(path)
        for found in producer.devices():
            seen.append(f"{path.name}:{found.name}")
            if device_name in (found.name, found.gentl_id, found.serial, found.user_name):
                return producer, found
        producer.release()
    raise absent("GenTL device", device_id, seen)


def _split(device_id: str) -> tuple[str, str]:
    head, mark, tail = device_id.rpartition(".cti:")
    return (f"{head}.cti", tail) if mark else ("", device_id)


def _producers_named(name: str, device_id: str) -> list[Path]:
    paths = search_path()
    if not name:
        return paths
    given = Path(name)
    if given.parent != Path():
        return [given.resolve()]
    named = [path for path in paths if path.name == name]
    if not named:
        raise DeviceError(
            f"There is no GenTL producer {name!r}, which {device_id!r} asks for.",
            f"Found are: {', '.join(path.name for path in paths) or 'none'}. Set "
            f"{SEARCH_VARIABLE} to the folder that holds it, or give its full path.",
            device_id,
            code="FV-GTL-005",
        )
    return named
