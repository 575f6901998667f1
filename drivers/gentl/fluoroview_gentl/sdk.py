"""The manners that harvesters and genicam need: imports, silence, signals, errors as sentences.

Both are imported late, because they take 0.3 s and may be missing.
"""

import logging
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from fluoroview.hal import DeviceError, DriverError

# harvesters logs each failure with a traceback before it raises it; the sentence is enough.
LOGGER = logging.getLogger("fluoroview_gentl.harvesters")
LOGGER.propagate = False
LOGGER.addHandler(logging.NullHandler())

_CHECK = "Check its power and cable, then open it again."
_REMEDIES = {
    "ResourceInUseException": "Another program holds it: close that program, then open it again.",
    "AccessDeniedException": "Another program holds it: close that program, then open it again.",
    "NotImplementedException": "Its producer lacks a call that is needed: update the producer.",
    "OutOfMemoryException": "Close other programs, or choose a smaller Width and Height.",
    "ResourceExhaustedException": "Close other programs, or choose a smaller Width and Height.",
}


def require() -> None:
    """Raise DriverError with the line that installs the SDK, where it is missing."""
    try:
        import harvesters.core  # noqa: F401 - imports genicam, and may fail in either
    except ImportError as error:
        raise DriverError(
            f"The gentl driver needs harvesters and genicam, which cannot be imported: {error}.",
            "Install them with: pip install harvesters",
            "gentl",
            code="FV-GTL-007",
        ) from error


def errors(*more: type[Exception]) -> tuple[type[Exception], ...]:
    """Return the base classes of all that the SDK raises, and `more`."""
    from genicam import genapi, gentl

    return (gentl.GenericException, genapi.GenericException, *more)


def reason(error: BaseException) -> str:
    """Return the SDK's reason in one line, without the call stack it appends."""
    first = (str(error).strip().splitlines() or [""])[0]
    first = first.removeprefix("GenTL exception: ")
    for tail in (" : ", " (Message from the source: )", " (ID:"):
        first = first.split(tail)[0]
    return first.strip().rstrip(".") or type(error).__name__


@contextmanager
def sentences(what: str, device: str = "") -> Iterator[None]:
    """Turn what the SDK raises into DeviceError: "`what`: the SDK's reason."."""
    try:
        yield
    except errors() as error:
        remedy = _REMEDIES.get(type(error).__name__, _CHECK)
        raise DeviceError(f"{what}: {reason(error)}.", remedy, device, code="FV-GTL-008") from error


@contextmanager
def kept_signals() -> Iterator[None]:
    """Keep SIGINT as it is: harvesters installs a handler of its own, which ends acquisition."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    handler = signal.getsignal(signal.SIGINT)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, handler)
