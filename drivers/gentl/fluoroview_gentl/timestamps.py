"""Hardware time in nanoseconds from what a GenTL producer offers."""

import time
from collections.abc import Callable
from typing import Any

from fluoroview_gentl import sdk

_NS_PER_S = 1_000_000_000


def ticks_to_ns(ticks: int, frequency_hz: int) -> int:
    """Return a device timestamp in ns, in whole numbers: a float would lose them after 104 days."""
    return ticks * _NS_PER_S // frequency_hz


class Timestamps:
    """Reads the time of each buffer, in the best way that the first buffer of a run allows.

    In order: the producer's nanoseconds; its ticks with the tick frequency; else the host's
    monotonic time at which the driver took the buffer (`from_device` is then False).
    """

    def __init__(self, node_map: Any) -> None:
        self._node_map = node_map
        self._way: Callable[[Any], int] | None = None
        self.from_device = False

    def read_ns(self, buffer: Any) -> int:
        """Return the time of `buffer` (a genicam.gentl.Buffer) in ns."""
        if self._way is None:
            self._way = self._choose(buffer)
            self.from_device = self._way is not _arrival_ns
        return self._way(buffer)

    def _choose(self, buffer: Any) -> Callable[[Any], int]:
        try:
            _device_ns(buffer)
        except sdk.errors():
            pass
        else:
            return _device_ns
        try:
            frequency_hz = self._frequency_hz(buffer)
            ticks_to_ns(int(buffer.timestamp), frequency_hz)
        except sdk.errors(AttributeError, ZeroDivisionError):
            return _arrival_ns
        return lambda taken: ticks_to_ns(int(taken.timestamp), frequency_hz)

    def _frequency_hz(self, buffer: Any) -> int:
        try:
            return int(buffer.parent.parent.timestamp_frequency)
        except sdk.errors():
            return int(self._node_map.GevTimestampTickFrequency.value)


def _device_ns(buffer: Any) -> int:
    return int(buffer.timestamp_ns)


def _arrival_ns(_buffer: Any) -> int:
    return time.monotonic_ns()
