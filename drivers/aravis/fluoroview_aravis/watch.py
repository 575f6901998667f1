"""Asks a silent device whether it is still there, without holding up the stream.

A device that waits for its trigger is silent too; only one that does not answer is gone.
"""

import threading
import time
from collections.abc import Callable

from fluoroview.hal import DeviceError
from fluoroview_aravis import sdk

_SILENCE_S = 0.5


class Watch:
    """`ask` reads a register and raises Aravis' error when the device does not answer.

    Aravis tries for 2.5 s before it gives up, so each question has a thread of its own.
    """

    def __init__(
        self, ask: Callable[[], object], now_s: Callable[[], float] = time.monotonic
    ) -> None:
        self._ask = ask
        self._now_s = now_s
        self._heard_s = now_s()
        self._thread: threading.Thread | None = None
        self._gone = ""

    @property
    def gone(self) -> bool:
        """Whether the device is known to be gone."""
        return bool(self._gone)

    def heard(self) -> None:
        """Take note that something came from the device."""
        self._heard_s = self._now_s()

    def control_lost(self, *_: object) -> None:
        """Take note that the device no longer obeys us (signal "control-lost" of a device)."""
        self._gone = self._gone or "it no longer answers, or another program took control of it"

    def check(self) -> None:
        """Start a question when the device is silent. Raises DeviceError when it is gone."""
        if self._gone:
            raise DeviceError(f"{self._gone}.", "Check its power and cable, then open it again.")
        silent = self._now_s() - self._heard_s > _SILENCE_S
        if silent and (self._thread is None or not self._thread.is_alive()):
            self._thread = threading.Thread(target=self._question, name="aravis ask", daemon=True)
            self._thread.start()

    def _question(self) -> None:
        try:
            self._ask()
        except sdk.error_type() as error:
            self._gone = f"it does not answer ({sdk.reason(error)})"
        else:
            self.heard()
