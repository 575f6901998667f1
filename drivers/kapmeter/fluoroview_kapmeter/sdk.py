"""The import of pyserial, which may be missing."""

from types import ModuleType
from typing import cast

from fluoroview.hal.sdk.driver_errors import requires


def pyserial() -> ModuleType:
    """Return pyserial. Raises DriverError with the line that installs it."""
    with requires("kapmeter", "pyserial", "Install it with: pip install pyserial"):
        import serial
    return cast(ModuleType, serial)
