"""Reads the line in a thread from opening to closing, and counts what cannot be read.

A port that dies, a meter that falls silent and an error that it reports end the listening, each
with a sentence.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fluoroview.hal import DeviceError
from fluoroview_kapmeter.finding import reported
from fluoroview_kapmeter.protocol import (
    NUMBERS,
    ChecksumError,
    GarbageError,
    LineSplitter,
    Message,
    Reading,
    Trouble,
    decode,
)

if TYPE_CHECKING:
    import serial

SILENCE_S = 2.0
"""A meter that says nothing readable for longer has failed; it speaks ten times a second."""


@dataclass(slots=True)
class LineCounts:
    """What came over the line since it was opened."""

    good: int = 0
    garbage: int = 0
    bad_checksum: int = 0
    missing: int = 0


class Listener:
    """Hands each message to `on_message`, and the reason to `on_end` when the meter is lost."""

    def __init__(
        self,
        link: "serial.Serial",
        on_message: Callable[[Message], None],
        on_end: Callable[[DeviceError], None],
    ) -> None:
        self.counts = LineCounts()
        self._link = link
        self._on_message = on_message
        self._on_end = on_end
        self._splitter = LineSplitter()
        self._next_number: int | None = None
        self._closing = threading.Event()
        self._last_line_s = time.monotonic()
        self._thread = threading.Thread(target=self._listen, name="kap meter", daemon=True)

    def start(self) -> None:
        """Begin to listen."""
        self._last_line_s = time.monotonic()
        self._thread.start()

    def close(self) -> None:
        """End the listening and close the port."""
        self._closing.set()
        if self._thread.is_alive() and self._thread is not threading.current_thread():
            self._thread.join()
        self._link.close()

    def _listen(self) -> None:
        try:
            while not self._closing.is_set():
                for line in self._splitter.feed(self._link.read(256)):
                    self._take(line)
                self._check_silence()
        except DeviceError as error:
            self._on_end(error)
        except OSError as error:
            self._on_end(
                DeviceError(
                    f"The KAP meter's port {self._link.port} is gone: {error}.",
                    "Check the cable and the meter's power, then restart the device.",
                    str(self._link.port),
                    code="FV-KAP-004",
                )
            )

    def _take(self, line: bytes) -> None:
        try:
            message = decode(line)
        except GarbageError:
            self.counts.garbage += 1
            return
        except ChecksumError:
            self.counts.bad_checksum += 1
            return
        self.counts.good += 1
        self._last_line_s = time.monotonic()
        if isinstance(message, Trouble):
            raise reported(str(self._link.port), message)
        if isinstance(message, Reading):
            self._count_missing(message.number)
        if message is not None:
            self._on_message(message)

    def _count_missing(self, number: int) -> None:
        if self._next_number is not None:
            self.counts.missing += (number - self._next_number) % NUMBERS
        self._next_number = (number + 1) % NUMBERS

    def _check_silence(self) -> None:
        if time.monotonic() - self._last_line_s <= SILENCE_S:
            return
        counts = self.counts
        unread = counts.garbage + counts.bad_checksum
        raise DeviceError(
            f"The KAP meter on {self._link.port} has sent nothing readable for "
            f"{SILENCE_S:g} s ({unread} unreadable lines since it was opened).",
            "Check the cable and the meter's power, then restart the device.",
            str(self._link.port),
            code="FV-KAP-005",
        )
