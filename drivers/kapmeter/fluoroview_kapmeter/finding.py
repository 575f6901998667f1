"""Opens a port and identifies the meter, at each speed in turn; finds meters on the named ports.

A port that nobody named is never opened: it may belong to a printer, or to a device that moves.
"""

import errno
import logging
import os
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import TYPE_CHECKING

from fluoroview.hal import DeviceError, DeviceInfo
from fluoroview_kapmeter import sdk
from fluoroview_kapmeter.protocol import (
    BAUD_RATES,
    IDENTIFY,
    ChecksumError,
    GarbageError,
    Identity,
    LineSplitter,
    Message,
    Trouble,
    decode,
    encode,
)

if TYPE_CHECKING:
    import serial

PORTS_VARIABLE = "FLUOROVIEW_KAPMETER_PORTS"
ANSWER_S = 0.4
"""How long a meter may take to say who it is, at each speed."""
_LOGGER = logging.getLogger(__name__)
_REASONS = {
    errno.ENOENT: ("there is no such port", "Check the name and the cable."),
    errno.EACCES: ("it may not be opened", "Ask for the right to it (on Linux: group dialout)."),
    errno.EAGAIN: ("another program has it", "Close that program, or choose another port."),
    errno.EBUSY: ("another program has it", "Close that program, or choose another port."),
    errno.EIO: ("it gives nothing but errors", "Check the cable."),
}


def named_ports() -> list[str]:
    """Return the ports of FLUOROVIEW_KAPMETER_PORTS, separated as in PATH."""
    named = os.environ.get(PORTS_VARIABLE, "").split(os.pathsep)
    return list(dict.fromkeys(port.strip() for port in named if port.strip()))


def discover() -> list[DeviceInfo]:
    """Return the meters that answer on the named ports; the reason why others do not is logged.

    Raises DriverError without pyserial.
    """
    sdk.pyserial()
    ports = named_ports()
    if not ports:
        return []
    with ThreadPoolExecutor(min(len(ports), 8)) as pool:
        return [found for found in pool.map(_look, ports) if found is not None]


def _look(port: str) -> DeviceInfo | None:
    try:
        link, identity = connect(port)
    except DeviceError as error:
        _LOGGER.warning("%s", error)
        return None
    link.close()
    return DeviceInfo(
        "kapmeter", port, identity.vendor, identity.model, identity.serial, f"{link.baudrate} baud"
    )


def connect(port: str) -> "tuple[serial.Serial, Identity]":
    """Open `port`, locked against other programs, and find the speed at which a meter answers.

    Raises DeviceError when the port cannot be had, when nobody answers, and with the meter's own
    words when it reports an error; DriverError without pyserial.
    """
    link = _open(port)
    try:
        for baud in BAUD_RATES:
            link.baudrate = baud
            identity = _ask(link)
            if identity is not None:
                return link, identity
    except OSError as error:
        link.close()
        raise cannot_open(port, error) from error
    except DeviceError:
        link.close()
        raise
    link.close()
    rates = ", ".join(map(str, BAUD_RATES))
    raise DeviceError(
        f"No KAP meter answers on {port}, at none of {rates} baud.",
        "Check that it is switched on, that the cable is the right one, and the port.",
        port,
        code="FV-KAP-001",
    )


def cannot_open(port: str, error: OSError) -> DeviceError:
    """Return the sentence for a port that cannot be opened."""
    what, remedy = _REASONS.get(error.errno or 0, (str(error), "Check the name and the cable."))
    return DeviceError(
        f"The KAP meter's port {port} cannot be opened: {what}.", remedy, port, code="FV-KAP-002"
    )


def _open(port: str) -> "serial.Serial":
    line = sdk.pyserial().Serial
    try:
        opened: serial.Serial = line(
            port, BAUD_RATES[0], timeout=0.05, write_timeout=0.5, exclusive=True
        )
        return opened
    except OSError as error:
        raise cannot_open(port, error) from error


def _ask(link: "serial.Serial") -> Identity | None:
    link.reset_input_buffer()
    with suppress(sdk.pyserial().SerialTimeoutException):
        link.write(encode(IDENTIFY))
    splitter, end_s = LineSplitter(), time.monotonic() + ANSWER_S
    while time.monotonic() < end_s:
        for line in splitter.feed(link.read(256)):
            message = _understood(line)
            if isinstance(message, Identity):
                return message
            if isinstance(message, Trouble):
                raise reported(link.port, message)
    return None


def reported(port: str, trouble: Trouble) -> DeviceError:
    """Return the sentence for an error that the meter itself reports."""
    return DeviceError(
        f"The KAP meter on {port} reports error {trouble.number}: {trouble.text}.",
        "See the meter's manual; its readings do not count until this is mended.",
        port,
        code="FV-KAP-003",
    )


def _understood(line: bytes) -> Message | None:
    try:
        return decode(line)
    except (GarbageError, ChecksumError):
        return None
