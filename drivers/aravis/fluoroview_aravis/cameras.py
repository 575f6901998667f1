"""Which cameras Aravis sees, and how one is claimed."""

import time
from types import ModuleType
from typing import Any

from fluoroview.hal import DeviceError, DeviceInfo
from fluoroview.hal.sdk.driver_errors import CLOSE_OTHER_PROGRAM, absent
from fluoroview_aravis import sdk

# A camera keeps its last controller for its heartbeat time-out (3 s by default) when that one died
# without saying goodbye.
_CLAIM_S = 4.0
_CLAIM_STEP_S = 0.25
_CHECK = (
    "Check its power and cable, and that its network address belongs to this computer's network"
)


def discover() -> list[DeviceInfo]:
    """Return the cameras on all networks and USB ports; takes the second that Aravis listens."""
    aravis = sdk.load()
    aravis.update_device_list()
    return [
        DeviceInfo(
            "aravis",
            aravis.get_device_id(index),
            aravis.get_device_vendor(index) or "",
            aravis.get_device_model(index) or "",
            aravis.get_device_serial_nbr(index) or "",
            f"{aravis.get_device_protocol(index)} at {aravis.get_device_address(index)}",
        )
        for index in range(aravis.get_n_devices())
    ]


def claim(device_id: str) -> Any:
    """Return the Aravis.Camera that `device_id` names, under our control.

    `device_id` is Aravis' id, a GigE Vision camera's MAC or IP address, or "Fake_1" for the camera
    inside Aravis. Raises DeviceError when it is absent, silent or another program's.
    """
    aravis = sdk.load()
    camera = _open(device_id, aravis)
    device = camera.get_device()
    if isinstance(device, aravis.GvDevice):
        _take_control(device, device_id)
    return camera


def _open(device_id: str, aravis: ModuleType) -> Any:
    inside_aravis = device_id.startswith("Fake_")
    if inside_aravis:
        aravis.enable_interface("Fake")
    try:
        return aravis.Camera.new(device_id)
    except sdk.errors() as error:
        if not sdk.is_not_found(error):
            raise
        present = [found.id for found in discover()]
        raise absent("Aravis device", device_id, present, _CHECK) from error
    finally:
        if inside_aravis:
            aravis.disable_interface("Fake")  # nobody else wants to see it


def _take_control(device: Any, device_id: str) -> None:
    """Wait until the device obeys us. Raises DeviceError when another program keeps it."""
    deadline_s = time.monotonic() + _CLAIM_S
    while not device.is_controller():
        if time.monotonic() > deadline_s:
            raise DeviceError(
                f"{device_id} is controlled by another program.",
                CLOSE_OTHER_PROGRAM,
                device_id,
                code="FV-ARV-004",
            )
        time.sleep(_CLAIM_STEP_S)
        try:
            device.take_control()
        except sdk.errors():
            continue  # it answers "access denied", or nothing, until its last controller is gone
