"""On which processors a reader may trust the ring's published count.

A frame is published by storing a count after its pixels and header. Only where another processor
sees stores in the order in which they were made does the count say that the frame is whole; Python
has no barrier to ask for it (docs/decisions/0020-frames-between-processes-need-ordered-stores.md).
"""

import platform
import sys

from fluoroview.hal.errors import DeviceError

_ORDERED = frozenset({"x86_64", "amd64", "x64", "i386", "i486", "i586", "i686"})


def require_ordered_stores(device: str, isolation: str) -> None:
    """Raise DeviceError where frames of a driver in this isolation could be read half-written."""
    machine = platform.machine()
    if machine.lower() in _ORDERED:
        return
    if isolation == "process":
        raise DeviceError(
            f"{device} cannot run in a child process on this computer: its processor ({machine}) "
            "does not keep the order of stores, and images could be shown half-written.",
            'Set isolation = "thread" for this device in the room file, or use a computer with an '
            "x86-64 processor.",
            device,
            code="FV-HAL-041",
        )
    if not getattr(sys, "_is_gil_enabled", lambda: True)():
        raise DeviceError(
            f"{device} cannot run on this computer: its processor ({machine}) does not keep the "
            "order of stores, and this Python has no global interpreter lock to do so.",
            "Use a Python with the global interpreter lock.",
            device,
            code="FV-HAL-042",
        )
