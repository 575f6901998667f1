"""The vendor's library: where it is, and its calls with their types from one table."""

import ctypes
import os
import sys
from functools import cache
from typing import Any

from fluoroview.hal import DriverError
from fluoroview_xisl.errors import ALL_OK, FUNCTION_MISSING, device_error
from fluoroview_xisl.structs import (
    ACQDESCPOS,
    BOOL,
    CALLBACK,
    DWORD,
    HACQDESC,
    UINT,
    WORD,
    CHwHeaderInfo,
    CHwHeaderInfoEx,
    DetectorProperties,
)

LIBRARY_VARIABLE = "FLUOROVIEW_XISL_LIBRARY"
STANDARD_NAME = "XISL.dll" if sys.platform == "win32" else "libxisl.so"

_P = ctypes.POINTER
_INT = ctypes.c_int
_PIXELS = _P(ctypes.c_ushort)

# Every call returns a UINT, 0 for success. Without these types ctypes would cut handles to 32 bits.
PROTOTYPES: dict[str, list[Any]] = {
    "Acquisition_EnumSensors": [_P(UINT), BOOL, BOOL],
    "Acquisition_GetNextSensor": [_P(ACQDESCPOS), _P(HACQDESC)],
    "Acquisition_GetCommChannel": [HACQDESC, _P(UINT), _P(_INT)],
    "Acquisition_GetDetectorProperties": [HACQDESC, _P(DetectorProperties)],
    "Acquisition_GetConfiguration": [
        HACQDESC,
        *[_P(UINT)] * 5,
        _P(BOOL),
        *[_P(DWORD)] * 4,
    ],
    "Acquisition_GetHwHeaderInfoEx": [HACQDESC, _P(CHwHeaderInfo), _P(CHwHeaderInfoEx)],
    "Acquisition_GetIntTimes": [HACQDESC, _P(ctypes.c_double), _P(_INT)],
    "Acquisition_SetCameraMode": [HACQDESC, UINT],
    "Acquisition_SetCameraGain": [HACQDESC, WORD],
    "Acquisition_SetCameraBinningMode": [HACQDESC, WORD],
    "Acquisition_GetCameraBinningMode": [HACQDESC, _P(WORD)],
    "Acquisition_SetFrameSyncMode": [HACQDESC, DWORD],
    "Acquisition_SetTimerSync": [HACQDESC, _P(DWORD)],
    "Acquisition_DefineDestBuffers": [HACQDESC, _PIXELS, UINT, UINT, UINT],
    "Acquisition_SetCallbacksAndMessages": [
        HACQDESC,
        ctypes.c_void_p,
        UINT,
        UINT,
        CALLBACK,
        CALLBACK,
    ],
    "Acquisition_Acquire_Image": [HACQDESC, UINT, UINT, UINT, _PIXELS, _P(DWORD), _P(DWORD)],
    "Acquisition_GetActFrame": [HACQDESC, _P(DWORD), _P(DWORD)],
    "Acquisition_GetLatestFrameHeader": [HACQDESC, _P(CHwHeaderInfo), _P(CHwHeaderInfoEx)],
    "Acquisition_SetReady": [HACQDESC, BOOL],
    "Acquisition_GetErrorCode": [HACQDESC, _P(DWORD), _P(DWORD)],
    "Acquisition_Abort": [HACQDESC],
    "Acquisition_Close": [HACQDESC],
    "Acquisition_CloseAll": [],
}
OPTIONAL = frozenset({"Acquisition_GetDetectorProperties"})  # older libraries lack it


class Xisl:
    """A loaded library. Its calls release Python's lock and may come from any thread."""

    def __init__(self, path: str) -> None:
        try:
            self._library = _load_library(path)
        except OSError as error:
            raise DriverError(
                f"The xisl driver needs Varex's XISL library, and {path} cannot be loaded: "
                f"{str(error).removeprefix(f'{path}: ')}.",
                f"Install the Varex XIS software, or set {LIBRARY_VARIABLE} to the library's path.",
                "xisl",
                code="FV-XIS-005",
            ) from error
        self._path = path
        self._calls = {name: self._bind(name, types) for name, types in PROTOTYPES.items()}

    def status(self, name: str, *arguments: Any) -> int:
        """Call a function and return its XISL status, 0 for success."""
        call = self._calls[name]
        return int(call(*arguments)) if call is not None else FUNCTION_MISSING

    def call(self, what: str, name: str, *arguments: Any) -> None:
        """Call a function; DeviceError "`what`: reason." unless it succeeds."""
        code = self.status(name, *arguments)
        if code != ALL_OK:
            raise device_error(what, code)

    def _bind(self, name: str, types: list[Any]) -> Any:
        try:
            function = getattr(self._library, name)
        except AttributeError as error:
            if name in OPTIONAL:
                return None
            raise DriverError(
                f"The library {self._path} has no function {name}.",
                f"Set {LIBRARY_VARIABLE} to Varex's XISL library, in a version that has it.",
                "xisl",
                code="FV-XIS-006",
            ) from error
        function.argtypes = types
        function.restype = UINT
        return function


def load() -> Xisl:
    """Return the library named by FLUOROVIEW_XISL_LIBRARY, or the one of the standard name.

    Raises DriverError with the way to install it where it is missing.
    """
    return _load(os.environ.get(LIBRARY_VARIABLE) or STANDARD_NAME)


def _load_library(path: str) -> ctypes.CDLL:
    if sys.platform == "win32":
        return ctypes.WinDLL(path)
    return ctypes.CDLL(path)


@cache
def _load(path: str) -> Xisl:
    return Xisl(path)
