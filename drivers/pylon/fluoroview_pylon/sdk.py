"""The manners that pypylon needs: a late and quiet import, errors as sentences.

It is imported late, because it takes 0.2 s and may be missing.
"""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from fluoroview.hal import DeviceError, DriverError

_CHECK = "Check its power and cable, then open it again."
_CLOSE_OTHER = "Another program holds it: close that program, then open it again."
_IN_USE = ("controlled by another", "exclusively opened", "access denied", "already opened")


def load() -> tuple[Any, Any]:
    """Return the modules (pylon, genicam), or raise DriverError with the line that installs them.

    The import is shielded from warnings: where they are errors, the DeprecationWarning that SWIG's
    module initialisation raises on Python 3.11 crashes the process.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            from pypylon import genicam, pylon
    except ImportError as error:
        raise DriverError(
            f"The pylon driver needs pypylon, which cannot be imported: {error}.",
            "Install it with: pip install pypylon",
            "pylon",
            code="FV-PYL-003",
        ) from error
    return pylon, genicam


def errors(*more: type[Exception]) -> tuple[type[Exception], ...]:
    """Return the base class of all that the SDK raises, and `more`."""
    return (load()[1].GenericException, *more)


def reason(error: BaseException) -> str:
    """Return the SDK's reason in one line, without the place in its sources."""
    first = (str(error).strip().splitlines() or [""])[0]
    return first.split(" : ")[0].strip().rstrip(".") or type(error).__name__


@contextmanager
def sentences(what: str, device: str = "") -> Iterator[None]:
    """Turn what the SDK raises into DeviceError: "`what`: the SDK's reason."."""
    try:
        yield
    except errors() as error:
        text = reason(error)
        in_use = any(mark in text.lower() for mark in _IN_USE)
        remedy = _CLOSE_OTHER if in_use else _CHECK
        raise DeviceError(f"{what}: {text}.", remedy, device, code="FV-PYL-004") from error
