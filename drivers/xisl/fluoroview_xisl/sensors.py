"""The panels that XISL finds, and the claim on them.

XISL enumerates and claims all sensors of the machine at once, so the devices of one process share
one enumeration, which ends when the last of them is released.
"""

import ctypes
import threading
from dataclasses import dataclass

from fluoroview.hal import DeviceError, DeviceInfo
from fluoroview.hal.sdk.driver_errors import absent
from fluoroview_xisl.errors import ALL_OK, NO_DETECTOR, device_error
from fluoroview_xisl.library import Xisl, load
from fluoroview_xisl.structs import ACQDESCPOS, HACQDESC, UINT, DetectorProperties

_BOARDS = {1: "Eltec", 2: "Dipix", 4: "USB", 8: "XRD-FGX", 0x10: "XRD-FGE", 0x20: "GbIF"}


@dataclass(frozen=True)
class Sensor:
    """One panel: `handle` is XISL's HACQDESC, `channel` the board and number it is connected to."""

    handle: int
    channel: str
    model: str = ""
    serial: str = ""

    @property
    def id(self) -> str:
        """The serial number, or the channel of a panel that does not report one."""
        return self.serial or self.channel

    def info(self) -> DeviceInfo:
        """Return the panel as FluoroView lists it."""
        return DeviceInfo("xisl", self.id, "Varex", self.model, self.serial, self.channel)


class _Claim:
    """The enumeration that the devices of this process share."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.users = 0
        self.xisl: Xisl | None = None
        self.sensors: list[Sensor] = []


_claim = _Claim()


def discover() -> list[DeviceInfo]:
    """Return the panels that are plugged in. Raises DriverError without the library."""
    _, sensors = claim()
    try:
        return [sensor.info() for sensor in sensors]
    finally:
        release()


def claim_sensor(device_id: str) -> tuple[Xisl, Sensor]:
    """Claim the panel with this serial number or channel; `release` ends it.

    Raises DriverError without the library, DeviceError when there is no such panel.
    """
    xisl, sensors = claim()
    for sensor in sensors:
        if device_id in (sensor.serial, sensor.channel):
            return xisl, sensor
    release()
    raise absent("XISL detector", device_id, [sensor.id for sensor in sensors])


def claim() -> tuple[Xisl, list[Sensor]]:
    """Enumerate, or join the enumeration that this process has; `release` ends it."""
    with _claim.lock:
        if not _claim.users:
            _claim.xisl = load()
            _claim.sensors = _enumerate(_claim.xisl)
        assert _claim.xisl is not None
        _claim.users += 1
        return _claim.xisl, list(_claim.sensors)


def release() -> None:
    """End one use of the enumeration; after the last, XISL releases the hardware."""
    with _claim.lock:
        _claim.users -= 1
        if _claim.users == 0 and _claim.xisl is not None:
            _claim.xisl.status("Acquisition_CloseAll")
            _claim.sensors = []


def _enumerate(xisl: Xisl) -> list[Sensor]:
    count = UINT()
    try:
        code = xisl.status("Acquisition_EnumSensors", ctypes.byref(count), True, False)
        if code in NO_DETECTOR:
            return []
        if code != ALL_OK:
            raise device_error("XISL cannot look for detectors", code)
        position = ACQDESCPOS()
        return [_next_sensor(xisl, position) for _ in range(count.value)]
    except DeviceError:
        xisl.status("Acquisition_CloseAll")
        raise


def _next_sensor(xisl: Xisl, position: ctypes.c_void_p) -> Sensor:
    handle, board, number = HACQDESC(), UINT(), ctypes.c_int()
    xisl.call(
        "XISL cannot give the next detector",
        "Acquisition_GetNextSensor",
        ctypes.byref(position),
        ctypes.byref(handle),
    )
    xisl.status("Acquisition_GetCommChannel", handle, ctypes.byref(board), ctypes.byref(number))
    channel = f"{_BOARDS.get(board.value, f'board{board.value}')}-{number.value}"
    properties = DetectorProperties()
    if xisl.status("Acquisition_GetDetectorProperties", handle, ctypes.byref(properties)) != ALL_OK:
        properties = DetectorProperties()
    return Sensor(
        handle.value or 0,
        channel,
        model=_text(properties.cDetectorType),
        serial=_text(properties.cUniqueDeviceIdentifier),
    )


def _text(raw: bytes) -> str:
    return raw.decode("latin-1").strip()
