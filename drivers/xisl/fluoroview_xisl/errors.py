"""XISL's error codes as sentences."""

from fluoroview.hal import DeviceError
from fluoroview.hal.sdk.driver_errors import CHECK_POWER

ALL_OK = 0
ALREADY_RUNNING = 5
FUNCTION_MISSING = 40
NO_DETECTOR = frozenset({3, 52})  # nobody answered: at the grabber, in the network

_TEXTS = {
    1: "memory could not be allocated",
    2: "the board could not be initialised",
    3: "no detector answered",
    5: "an acquisition is already running",
    6: "the hardware did not answer in time",
    7: "the sensor is not open any more",
    12: "the acquisition was aborted",
    13: "the acquisition failed",
    17: "the frame synchronisation could not be set",
    18: "the synchronisation mode could not be set",
    19: "the timer could not be set",
    20: "the call is not allowed now",
    22: "the frame header could not be read",
    23: "the frame header is not valid",
    25: "the detector could not be written to",
    26: "the detector could not be read from",
    28: "there are no more sensors",
    29: "the buffer does not fit the image",
    30: "the camera mode could not be set",
    31: "a frame was not valid",
    32: "the computer is too slow",
    34: "another program holds it",
    39: "the board's driver could not be loaded",
    40: "the detector does not have this function",
    43: "the acquisition could not be started",
    45: "the value is not valid for this detector",
    46: "the acquisition could not be aborted",
    48: "the mode cannot change during an acquisition",
    50: "the sorting of the pixels is not valid",
    52: "no detector answered in this network",
    53: "the connection could not be opened",
    54: "the connection could not be closed",
    56: "no frame header came from the detector",
    57: "the detector did not acknowledge a command",
}
_REMEDIES = {
    1: "Close other programs.",
    5: "Stop the acquisition first.",
    32: "Close other programs, or choose a longer ExposureTime or a coarser BinningMode.",
    34: "Close that program, then open it again.",
    39: "Install the frame grabber's driver from the Varex XIS software.",
    45: "Choose another value.",
    48: "Stop the acquisition first.",
}


def text(code: int) -> str:
    """Return what an XISL error code means, with the code."""
    return f"{_TEXTS.get(code, 'it gives no reason')} (XISL error {code})"


def device_error(what: str, code: int, device: str = "") -> DeviceError:
    """Return the DeviceError "`what`: what the code means." with what to do about it."""
    return DeviceError(
        f"{what}: {text(code)}.", _REMEDIES.get(code, CHECK_POWER), device, code="FV-XIS-004"
    )
