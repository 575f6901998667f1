"""Which cameras pylon sees, and how one is opened by its id."""

import logging
from collections import Counter
from typing import Any

from fluoroview.hal import DeviceInfo
from fluoroview.hal.sdk.driver_errors import absent
from fluoroview_pylon import sdk

_LOGGER = logging.getLogger(__name__)


def present(device_class: str) -> list[Any]:
    """Return pylon's infos of the cameras of one transport layer that are there now."""
    pylon, _ = sdk.load()
    filter_info = pylon.DeviceInfo()
    filter_info.SetDeviceClass(device_class)
    return list(pylon.TlFactory.GetInstance().EnumerateDevices([filter_info]))


def transport_layers() -> list[str]:
    """Return the device classes that pylon knows; the slow one, GigE (0.25 s), comes last."""
    pylon, _ = sdk.load()
    classes = [info.GetDeviceClass() for info in pylon.TlFactory.GetInstance().EnumerateTls()]
    return sorted(classes, key=lambda name: name == "BaslerGigE")


def discover() -> list[DeviceInfo]:
    """Return the cameras; none where the SDK fails to look, which is logged.

    Raises DriverError without the SDK.
    """
    devices: list[DeviceInfo] = []
    for device_class in transport_layers():
        try:
            infos = present(device_class)
        except sdk.errors() as error:
            _LOGGER.warning("pylon cannot look for %s: %s", device_class, sdk.reason(error))
            continue
        devices += _device_infos(infos)
    return devices


def open_camera(device_id: str) -> Any:
    """Return the opened pylon InstantCamera that `device_id` names.

    `device_id` is the serial number, pylon's full or friendly name, the name that the user gave
    the camera, or its IP address. Raises DriverError without the SDK, DeviceError when the camera
    is not there or in use.
    """
    pylon, _ = sdk.load()
    with sdk.sentences(f"{device_id} cannot be opened", device_id):
        factory = pylon.TlFactory.GetInstance()
        camera = pylon.InstantCamera(factory.CreateDevice(_find(device_id)))
        # By default pylon switches every trigger off when it opens a camera; a detector that is
        # triggered by its generator must stay as its user set it up.
        camera.RegisterConfiguration(
            pylon.ConfigurationEventHandler(),
            pylon.RegistrationMode_ReplaceAll,
            pylon.Cleanup_Delete,
        )
        camera.Open()
    return camera


def info_text(info: Any, name: str) -> str:
    """Return a property of a camera's info, "" where it has none."""
    available, value = info.GetPropertyValue(name)
    return str(value) if available else ""


def _device_infos(infos: list[Any]) -> list[DeviceInfo]:
    return [
        DeviceInfo(
            "pylon",
            device_id,
            info_text(info, "VendorName"),
            info_text(info, "ModelName"),
            info_text(info, "SerialNumber"),
            _note(info),
        )
        for info, device_id in zip(infos, _ids(infos), strict=True)
    ]


def _find(device_id: str) -> Any:
    seen: list[str] = []
    for device_class in transport_layers():
        infos = present(device_class)
        ids = _ids(infos)
        seen += ids
        for info, own_id in zip(infos, ids, strict=True):
            if device_id in (own_id, *_other_names(info)):
                return info
    raise absent("pylon camera", device_id, seen)


def _ids(infos: list[Any]) -> list[str]:
    """Return each camera's serial number; where it has none of its own, pylon's full name."""
    serials = [info_text(info, "SerialNumber") for info in infos]
    times = Counter(serials)
    return [
        serial if serial and times[serial] == 1 else info_text(info, "FullName")
        for info, serial in zip(infos, serials, strict=True)
    ]


def _other_names(info: Any) -> list[str]:
    names = (
        info_text(info, name)
        for name in ("FullName", "FriendlyName", "UserDefinedName", "IpAddress")
    )
    return [name for name in names if name]


def _note(info: Any) -> str:
    name, transport, address = (
        info_text(info, key) for key in ("UserDefinedName", "TLType", "IpAddress")
    )
    parts = [
        f"named {name}" if name else "",
        f"transport {transport}" if transport else "",
        address,
    ]
    return ", ".join(part for part in parts if part)
