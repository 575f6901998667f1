"""V4L2 devices of this machine that can capture (Linux; elsewhere none are found)."""

import os
import struct
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from fluoroview.hal import DeviceInfo

# linux/videodev2.h: VIDIOC_QUERYCAP = _IOR('V', 0, struct v4l2_capability)
_QUERYCAP = 0x80685600
_CAPABILITY = struct.Struct("=16s32s32s3I12x")  # driver, card, bus, version, of all, of this node
_VIDEO_CAPTURE = 0x00000001 | 0x00001000  # single- and multi-planar
_DEVICE_CAPS = 0x80000000


@dataclass(frozen=True)
class Grabber:
    """What a device node says about itself."""

    driver: str
    card: str
    bus: str
    captures: bool


def unpack(record: bytes) -> Grabber:
    """Return what a struct v4l2_capability says."""
    *texts, _version, of_all, of_node = _CAPABILITY.unpack(record)
    driver, card, bus = (text.split(b"\0")[0].decode(errors="replace") for text in texts)
    capabilities = of_node if of_all & _DEVICE_CAPS else of_all
    return Grabber(driver, card, bus, bool(capabilities & _VIDEO_CAPTURE))


def query(node: Path) -> Grabber:
    """Ask a device node what it is. Raises OSError where it may not be opened."""
    from fcntl import ioctl  # not on Windows

    descriptor = os.open(node, os.O_RDWR | os.O_NONBLOCK)
    try:
        record = bytearray(_CAPABILITY.size)
        ioctl(descriptor, _QUERYCAP, record)
        return unpack(bytes(record))
    finally:
        os.close(descriptor)


def discover(
    folder: Path = Path("/dev"), ask: Callable[[Path], Grabber] = query
) -> list[DeviceInfo]:
    """Return the grabbers and cameras of `folder`; with a note where one may not be opened."""
    nodes = [node for node in folder.glob("video*") if node.name[5:].isdigit()]
    devices = []
    for node in sorted(nodes, key=lambda node: int(node.name[5:])):
        try:
            grabber = ask(node)
        except PermissionError:
            note = "may not be opened: join the group video, then log in again"
            devices.append(DeviceInfo("video", str(node), note=note))
            continue
        except (OSError, ImportError):
            continue  # not a V4L2 device, or gone meanwhile
        if grabber.captures:
            note = f"{grabber.driver} at {grabber.bus}"
            devices.append(DeviceInfo("video", str(node), "", grabber.card, "", note))
    return devices
