"""What Aravis needs: its import, errors as sentences, calls that may hang.

It is imported late, because it may be missing.
"""

import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from types import ModuleType
from typing import Any

from fluoroview.hal import DeviceError
from fluoroview.hal.sdk.driver_errors import CHECK_POWER, requires, translated

_INSTALL = (
    "Install them with: apt-get install gir1.2-aravis-0.8 libgirepository1.0-dev libcairo2-dev "
    "pkg-config gcc && pip install 'PyGObject<3.52'"
)


def load() -> ModuleType:
    """Return the module Aravis. Raises DriverError with the line that installs what is missing."""
    no_typelib = ValueError
    with requires("aravis", "Aravis 0.8 and PyGObject", _INSTALL, no_typelib):
        import gi

        gi.require_version("Aravis", "0.8")
        from gi.repository import Aravis
    return Aravis  # type: ignore[no-any-return]


def errors(*more: type[Exception]) -> tuple[type[Exception], ...]:
    """Return the class of all that Aravis raises, and `more`."""
    from gi.repository import GLib

    return (GLib.Error, *more)


def is_not_found(error: Any) -> bool:
    """Return whether Aravis raised `error` because there is no such device."""
    aravis = load()
    return bool(error.matches(aravis.device_error_quark(), aravis.DeviceError.NOT_FOUND))


def reason(error: BaseException) -> str:
    """Return Aravis' reason in one line, without the register names that it puts before it."""
    text = str(getattr(error, "message", "") or error).strip()
    return text.rsplit("] ", 1)[-1].rstrip(".") or type(error).__name__


def sentences(what: str, device: str = "") -> AbstractContextManager[None]:
    """Turn what Aravis raises into DeviceError: "`what`: Aravis' reason."."""
    return translated(what, device, errors, reason)


class LateError(DeviceError):
    """A call into Aravis that did not return in time."""


def within(limit_s: float, call: Callable[[], Any], what: str, device: str = "") -> None:
    """Run `call` in a thread and wait for it at most `limit_s`.

    Aravis tries for 2.5 s to reach a device that is gone, and waits without end for its own
    threads; the HAL's deadlines are shorter. Raises LateError when the time is over (the thread is
    left to itself), else what `call` raised, as a sentence that begins with `what`.
    """
    raised: list[BaseException] = []

    def run() -> None:
        try:
            call()
        except BaseException as error:
            raised.append(error)

    thread = threading.Thread(target=run, name=f"aravis {device}", daemon=True)
    thread.start()
    thread.join(limit_s)
    if thread.is_alive():
        raise LateError(
            f"{what}: it did not answer within {limit_s:g} s.",
            CHECK_POWER,
            device,
            code="FV-ARV-005",
        )
    if raised:
        with sentences(what, device):
            raise raised[0]
