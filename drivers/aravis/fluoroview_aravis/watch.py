"""Asks a silent device whether it is still there, without holding up the stream.

A device that waits for its trigger is silent too; only one that does not answer is gone.
"""

import select
import socket
import threading
import time
from collections.abc import Callable
from typing import Any

from fluoroview.hal import DeviceError
from fluoroview.hal.sdk.driver_errors import CHECK_POWER
from fluoroview_aravis import sdk

_SILENCE_S = 0.5
# GigE Vision's control protocol (GVCP): "discovery", to which every device answers everybody.
_GVCP_PORT = 3956
_DISCOVERY = bytes.fromhex("4201000200000001")
_TRIES = 3
_TRY_S = 0.25


class Watch:
    """`ask` raises Aravis' error or OSError when the device does not answer.

    It may take its time, so each question has a thread of its own.
    """

    def __init__(
        self, ask: Callable[[], object], now_s: Callable[[], float] = time.monotonic
    ) -> None:
        self._ask = ask
        self._now_s = now_s
        self._last_sign_s = now_s()
        self._thread: threading.Thread | None = None
        self._gone = ""

    @property
    def gone(self) -> bool:
        """Whether the device is known to be gone."""
        return bool(self._gone)

    def sign_of_life(self) -> None:
        """Note that the device has sent or answered something."""
        self._last_sign_s = self._now_s()

    def control_lost(self, *_: object) -> None:
        """Note that this process no longer controls the device (its signal "control-lost")."""
        self._gone = self._gone or "it no longer answers, or another program took control of it"

    def check(self) -> None:
        """Start a question when the device is silent. Raises DeviceError when it is gone."""
        if self._gone:
            raise DeviceError(f"{self._gone}.", CHECK_POWER, code="FV-ARV-007")
        silent = self._now_s() - self._last_sign_s > _SILENCE_S
        if silent and (self._thread is None or not self._thread.is_alive()):
            self._thread = threading.Thread(target=self._question, name="aravis ask", daemon=True)
            self._thread.start()

    def _question(self) -> None:
        try:
            self._ask()
        except sdk.errors(OSError) as error:
            self._gone = f"it does not answer ({sdk.reason(error)})"
        else:
            self.sign_of_life()


def question_for(device: Any) -> Callable[[], object]:
    """Return what asks an Aravis.Device whether it is there.

    GigE Vision is asked on a socket of our own: Aravis would try for 2.5 s, and for as long again
    when its heartbeat is at it.
    """
    if not hasattr(device, "get_device_address"):
        return lambda: device.read_register(0)
    address = device.get_device_address().get_address().to_string()
    return lambda: ask_over_network(address)


def ask_over_network(address: str) -> None:
    """Ask the GigE Vision device at an IP address for a sign of life. Raises OSError for none."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as link:
        for _ in range(_TRIES):
            link.sendto(_DISCOVERY, (address, _GVCP_PORT))
            if select.select([link], [], [], _TRY_S)[0]:
                return
    raise TimeoutError(f"{_TRIES} questions to {address} in {_TRIES * _TRY_S:g} s")
