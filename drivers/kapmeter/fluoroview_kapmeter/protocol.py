"""The line protocol: text to bytes and back. README.md defines it. No port and no state in here."""

import binascii
import re
from dataclasses import dataclass
from decimal import Decimal

MAX_LINE_BYTES = 96
"""Bytes of a line without its end."""
NUMBERS = 10_000
"""Readings are numbered 0 to 9999 and begin again."""
BAUD_RATES = (9600, 19200, 38400, 57600, 115200)
IDENTIFY = "?ID"
RESET = "RESET"

_READING = re.compile(r"KAP (\d{1,9}(?:\.\d{1,6})?) uGym2 N (\d{1,4})")
_IDENTITY = re.compile(r"ID ([^,]+),([^,]+),([^,]+),(\d{1,9}(?:\.\d{1,6})?)")
_WAS_RESET = re.compile(r"RESET (host|button|power)")
_ERROR = re.compile(r"ERR (\d{1,4}) (.+)")


class GarbageError(ValueError):
    """A line that is not of this protocol."""


class ChecksumError(ValueError):
    """A line of this protocol whose checksum does not fit."""


@dataclass(frozen=True, slots=True)
class Reading:
    """KAP measured since the last reset, µGy·m², and the number of the reading."""

    kap_ugym2: Decimal
    number: int


@dataclass(frozen=True, slots=True)
class Identity:
    """Who answers; the counter goes from `full_scale_ugym2` less one step to 0."""

    vendor: str
    model: str
    serial: str
    full_scale_ugym2: Decimal


@dataclass(frozen=True, slots=True)
class WasReset:
    """The meter counts from 0 again; `by` is host, button or power."""

    by: str


@dataclass(frozen=True, slots=True)
class Trouble:
    """The meter cannot measure, and says why."""

    number: int
    text: str


Message = Reading | Identity | WasReset | Trouble


def checksum(body: bytes) -> int:
    """Return CRC-16/CCITT-FALSE (polynomial 0x1021, from 0xFFFF) of all before the asterisk."""
    return binascii.crc_hqx(body, 0xFFFF)


def encode(text: str) -> bytes:
    """Return the bytes of a line, with checksum and end."""
    body = text.encode("ascii")
    return b"%s*%04X\r\n" % (body, checksum(body))


def decode(line: bytes) -> Message | None:
    """Return what a line without its end says; None for a message that is not known here.

    Raises GarbageError or ChecksumError.
    """
    body, star, check = line.strip().rpartition(b"*")
    if not star or not re.fullmatch(rb"[0-9A-Fa-f]{4}", check) or len(line) > MAX_LINE_BYTES:
        raise GarbageError("no line of the protocol")
    if int(check, 16) != checksum(body):
        raise ChecksumError("the checksum does not fit")
    if not body.isascii():
        raise GarbageError("not ASCII")
    return _message(body.decode("ascii"))


def _message(text: str) -> Message | None:
    if found := _READING.fullmatch(text):
        return Reading(Decimal(found[1]), int(found[2]))
    if found := _IDENTITY.fullmatch(text):
        return Identity(found[1], found[2], found[3], Decimal(found[4]))
    if found := _WAS_RESET.fullmatch(text):
        return WasReset(found[1])
    if found := _ERROR.fullmatch(text):
        return Trouble(int(found[1]), found[2])
    return None


class LineSplitter:
    """Cuts what a port delivers into lines; noise without an end is handed out as a line too."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, data: bytes) -> list[bytes]:
        """Return the lines that are complete now, without their ends; empty ones are skipped."""
        *lines, self._rest = (self._rest + data).split(b"\n")
        if len(self._rest) > MAX_LINE_BYTES:
            lines.append(self._rest)
            self._rest = b""
        return [line for line in lines if line.strip()]
