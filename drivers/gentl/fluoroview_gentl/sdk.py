"""What harvesters and genicam need: imports, silence, signals, errors as sentences.

Both are imported late, because they take 0.3 s and may be missing.
"""

import logging
import signal
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager

from fluoroview.hal.sdk.driver_errors import (
    CHECK_POWER,
    CLOSE_OTHER_PROGRAM,
    requires,
    translated,
)

# harvesters logs each failure with a traceback before it raises it; the sentence is enough.
LOGGER = logging.getLogger("fluoroview_gentl.harvesters")
LOGGER.propagate = False
LOGGER.addHandler(logging.NullHandler())

_REMEDIES = {
    "ResourceInUseException": CLOSE_OTHER_PROGRAM,
    "AccessDeniedException": CLOSE_OTHER_PROGRAM,
    "NotImplementedException": "Its producer lacks a call that is needed: update the producer.",
    "OutOfMemoryException": "Close other programs, or choose a smaller Width and Height.",
    "ResourceExhaustedException": "Close other programs, or choose a smaller Width and Height.",
}


def require() -> None:
    """Raise DriverError with the line that installs the SDK, where it is missing."""
    install = "Install them with: pip install harvesters"
    with requires("gentl", "harvesters and genicam", install):
        import harvesters.core  # noqa: F401 - imports genicam, and may fail in either


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


def sentences(what: str, device: str = "") -> AbstractContextManager[None]:
    """Turn what the SDK raises into DeviceError: "`what`: the SDK's reason."."""
    return translated(what, device, errors, reason, _remedy)


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


def _remedy(error: BaseException) -> str:
    return _REMEDIES.get(type(error).__name__, CHECK_POWER)
