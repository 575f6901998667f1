"""What pypylon needs: a late and quiet import, errors as sentences.

It is imported late, because it takes 0.2 s and may be missing.
"""

import warnings
from contextlib import AbstractContextManager
from typing import Any

from fluoroview.hal.sdk.driver_errors import (
    CHECK_POWER,
    CLOSE_OTHER_PROGRAM,
    requires,
    translated,
)

_IN_USE = ("controlled by another", "exclusively opened", "access denied", "already opened")


def load() -> tuple[Any, Any]:
    """Return the modules (pylon, genicam), or raise DriverError with the line that installs them.

    The import is shielded from warnings: where they are errors, the DeprecationWarning that SWIG's
    module initialisation raises on Python 3.11 crashes the process.
    """
    install = "Install it with: pip install pypylon"
    with requires("pylon", "pypylon", install), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from pypylon import genicam, pylon
    return pylon, genicam


def errors(*more: type[Exception]) -> tuple[type[Exception], ...]:
    """Return the base class of all that the SDK raises, and `more`."""
    return (load()[1].GenericException, *more)


def reason(error: BaseException) -> str:
    """Return the SDK's reason in one line, without the place in its sources."""
    first = (str(error).strip().splitlines() or [""])[0]
    return first.split(" : ")[0].strip().rstrip(".") or type(error).__name__


def sentences(what: str, device: str = "") -> AbstractContextManager[None]:
    """Turn what the SDK raises into DeviceError: "`what`: the SDK's reason."."""
    return translated(what, device, errors, reason, _remedy)


def _remedy(error: BaseException) -> str:
    in_use = any(mark in reason(error).lower() for mark in _IN_USE)
    return CLOSE_OTHER_PROGRAM if in_use else CHECK_POWER
