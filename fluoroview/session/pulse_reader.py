"""Every x-ray pulse of one device: read from its ring and reported, whatever the images do."""

import logging
import threading
from collections.abc import Callable

from fluoroview.hal import DeviceKind
from fluoroview.hal.runtime.ring import FrameRing, PulseCursor
from fluoroview.session.messages import Message, PulsesRead, ReaderFailed
from fluoroview.session.pedal import Permit
from fluoroview.session.schedule import Schedule

PERIOD_S = 0.02

logger = logging.getLogger(__name__)


class PulseReader:
    """Reads the pulses of a ring until closed.

    `send` receives the pulses. If reading fails, `withdraw` is called first and at once, then
    the failure is logged and sent.
    """

    def __init__(
        self,
        ring: FrameRing,
        reporter: DeviceKind,
        name: str,
        *,
        schedule: Schedule,
        send: Callable[[Message], None],
        withdraw: Callable[[], Permit | None],
    ) -> None:
        self._cursor = PulseCursor(ring)
        self._reporter = reporter
        self._name = name
        self._send = send
        self._withdraw = withdraw
        self._woken = threading.Event()
        self._loop = schedule.loop(f"pulses of {name}", self._read, self._woken.set, self._failed)
        self._loop.start()

    def drain(self, timeout_s: float) -> bool:
        """Wait until every pulse that is in the ring was sent; False if that takes too long."""
        return self._loop.drain(timeout_s)

    def close(self) -> None:
        """Send what is left and end."""
        self._loop.drain(PERIOD_S * 50)
        self._loop.close()

    def _read(self, wait_s: float) -> bool:
        if wait_s:
            self._woken.wait(min(wait_s, PERIOD_S))
        self._woken.clear()
        pulses, missed = self._cursor.read()
        if pulses or missed:
            self._send(PulsesRead(self._reporter, pulses, missed))
        return True

    def _failed(self, error: Exception) -> None:
        withdrawn = self._withdraw()
        logger.error("the pulses of %s are no longer read", self._name, exc_info=error)
        self._send(ReaderFailed("pulses", self._name, error, withdrawn))
