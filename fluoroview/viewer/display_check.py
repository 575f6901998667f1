"""Whether there is a display. Qt ends the program without one; this reports it first."""

import os
import socket
import sys

from fluoroview.hal.errors import FluoroError


class DisplayError(FluoroError):
    """No window can be opened."""


def require_display() -> None:
    """Raise DisplayError, with what to do, when no window can be opened."""
    if sys.platform in ("win32", "darwin") or os.environ.get("QT_QPA_PLATFORM"):
        return
    if os.environ.get("WAYLAND_DISPLAY"):
        return
    display = os.environ.get("DISPLAY", "")
    remedy = (
        "Log in to a desktop, put `xvfb-run` before the command, "
        "or run without a window: `fluoroview live --headless`."
    )
    if not display:
        raise DisplayError("There is no display: DISPLAY is not set.", remedy, code="FV-GUI-002")
    if not _answers(display):
        raise DisplayError(
            f"There is no display: nothing answers at DISPLAY={display}.", remedy, code="FV-GUI-003"
        )


def _answers(display: str) -> bool:
    """Return whether an X server of this host answers; another host's is left to Qt."""
    host, _, number = display.rpartition(":")
    if host not in ("", "unix"):
        return True
    name = f"/tmp/.X11-unix/X{number.split('.')[0]}"
    for address in (name, f"\0{name}"):
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            try:
                connection.connect(address)
            except OSError:
                continue
            return True
    return False
