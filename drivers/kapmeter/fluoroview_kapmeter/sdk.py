"""The import of pyserial, which may be missing."""

from types import ModuleType
from typing import cast

from fluoroview.hal import DriverError


def pyserial() -> ModuleType:
    """Return pyserial. Raises DriverError with the line that installs it."""
    try:
        import serial
    except ImportError as error:
        raise DriverError(
            f"The kapmeter driver needs pyserial, which cannot be imported: {error}.",
            "Install it with: pip install pyserial",
            "kapmeter",
            code="FV-KAP-008",
        ) from error
    return cast(ModuleType, serial)
