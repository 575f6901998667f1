"""REPLACE ME: stands in for your SDK, so that the driver runs as it is.

It has what a polled SDK usually has: a list of serial numbers, a handle that one program can hold,
settings that it rounds, a stream with a frame counter that wraps, and a wait with a timeout.
Delete this file and import your SDK in `detector` instead.
"""

import time

import numpy as np
import numpy.typing as npt

SERIALS = ("SN001", "SN002")
COUNTER_BITS = 16
_held: set[str] = set()


class SdkError(Exception):
    """What this SDK raises."""


class Panel:
    """One opened panel."""

    def __init__(self, serial: str) -> None:
        if serial not in SERIALS:
            raise SdkError(f"no panel {serial}")
        if serial in _held:
            raise SdkError(f"panel {serial} is in use")
        _held.add(serial)
        self.serial = serial
        self.binning = 1
        self.exposure_us = 20_000
        self._count = 0
        self._due_s = 0.0

    def size(self) -> tuple[int, int]:
        """Return rows and columns."""
        return 96 // self.binning, 128 // self.binning

    def set_exposure_us(self, time_us: float) -> None:
        """Set the integration time; it is rounded to 100 µs."""
        self.exposure_us = round(time_us / 100) * 100

    def start_stream(self) -> None:
        """Begin to integrate."""
        self._due_s = time.monotonic() + self.exposure_us / 1e6

    def wait_frame(self, timeout_s: float) -> tuple[int, int, npt.NDArray[np.uint16]] | None:
        """Return counter, time in ns and pixels of the next frame, or None after `timeout_s`."""
        wait_s = self._due_s - time.monotonic()
        time.sleep(max(0.0, min(wait_s, timeout_s)))
        if wait_s > timeout_s:
            return None
        self._due_s += self.exposure_us / 1e6
        self._count = (self._count + 1) % (1 << COUNTER_BITS)
        rows, columns = self.size()
        pixels = np.full((rows, columns), 1000, np.uint16)
        pixels[:, self._count % columns] = 4000
        return self._count, time.monotonic_ns(), pixels

    def stop_stream(self) -> None:
        """Stop integrating."""

    def close(self) -> None:
        """Let go of the panel."""
        _held.discard(self.serial)
