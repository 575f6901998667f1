"""The settings of one panel: set to a known state, changed, and read back where XISL can.

XISL reports the timer, the binning and the size of the image; camera mode, gain and
synchronisation mode have no getter, so the last value that it accepted is kept.
"""

import ctypes
import math
from dataclasses import dataclass
from typing import Any

from fluoroview.hal import DeviceError, ParameterError
from fluoroview_xisl import errors
from fluoroview_xisl.library import Xisl
from fluoroview_xisl.structs import (
    BOOL,
    DATA_16_BIT,
    DWORD,
    EXTERNAL_TRIGGER,
    FREE_RUNNING,
    HEADER_WITH_FRAME_COUNT,
    INTERNAL_TIMER,
    MAX_TIMINGS,
    UINT,
    WORD,
    CHwHeaderInfo,
    CHwHeaderInfoEx,
)

SYNC_MODES = {
    "InternalTimer": INTERNAL_TIMER,
    "FreeRunning": FREE_RUNNING,
    "ExternalTrigger": EXTERNAL_TRIGGER,
}
MAX_TIMER_US = 5_000_000
LAST_GAIN = 5
_BINNING_SELECTORS = range(1, 6)  # 1: none; 2 to 5 are the detector's own


@dataclass(frozen=True)
class ImageSize:
    """Rows and columns of the image as it is set now."""

    rows: int
    columns: int


class Settings:
    """The panel's settings as they stand. `device` names it in sentences."""

    def __init__(self, xisl: Xisl, handle: int, device: str) -> None:
        self._xisl = xisl
        self._handle = handle
        self._device = device
        self.sync_mode = "InternalTimer"
        self.camera_mode = 0
        self.gain = 0
        self.has_counter = False
        self.timer_us = 0
        self.frame_times_us: list[float] = []
        self.size = ImageSize(0, 0)
        self._full = ImageSize(0, 0)
        self._selectors: dict[str, int] = {}
        self._binning = ""

    def load(self) -> None:
        """End what an unclean exit left running, and set the panel to a known state."""
        self._xisl.status("Acquisition_Abort", self._handle)
        self._read_header()
        self._call("cannot be set up", "Acquisition_SetCameraMode", 0)
        self._find_binnings()
        self._refresh()
        self._full = self.size
        code = self._status("Acquisition_SetFrameSyncMode", INTERNAL_TIMER)
        if code:  # older panels have no timer
            self.sync_mode = "FreeRunning"
            self._call("cannot be set up", "Acquisition_SetFrameSyncMode", FREE_RUNNING)
        self.set_exposure_time_us(self.shortest_us())

    # size and binning

    @property
    def binnings(self) -> list[str]:
        """The binnings that the panel has, as "2x2"."""
        return list(self._selectors)

    @property
    def binning(self) -> str:
        """The present binning, as "2x2"."""
        return self._binning

    def binning_factors(self) -> tuple[int, int]:
        """Return how many columns and how many rows make one pixel."""
        columns, rows = self._binning.split("x")
        return int(columns), int(rows)

    def set_binning(self, binning: str) -> None:
        """Choose a binning; size, frame times and exposure time follow."""
        selector = self._selectors[binning]
        self._write("BinningMode", binning, "Acquisition_SetCameraBinningMode", selector)
        reported = WORD()
        self._call(
            "does not report its binning",
            "Acquisition_GetCameraBinningMode",
            ctypes.byref(reported),
        )
        by_selector = {number: name for name, number in self._selectors.items()}
        self._binning = by_selector.get(reported.value & 0xFF, binning)
        self._refresh()
        self._renew_timer()

    def _find_binnings(self) -> None:
        """Ask for each binning in turn: XISL has no call that lists them."""
        full: ImageSize | None = None
        for selector in _BINNING_SELECTORS:
            if self._status("Acquisition_SetCameraBinningMode", selector) == errors.ALL_OK:
                size = self._configured_size()
                full = full or size
                name = f"{full.columns // size.columns}x{full.rows // size.rows}"
                self._selectors.setdefault(name, selector)
        if full is None:  # a panel without binning refuses even 1
            self._selectors = {"1x1": 1}
        else:
            self._call(
                "cannot be set up",
                "Acquisition_SetCameraBinningMode",
                next(iter(self._selectors.values())),
            )
        self._binning = next(iter(self._selectors))

    def _configured_size(self) -> ImageSize:
        frames, rows, columns, data_type, sort = (UINT() for _ in range(5))
        irq = BOOL()
        rest = [DWORD() for _ in range(4)]
        configuration = (frames, rows, columns, data_type, sort, irq, *rest)
        self._call(
            "does not report its configuration",
            "Acquisition_GetConfiguration",
            *(ctypes.byref(value) for value in configuration),
        )
        if data_type.value != DATA_16_BIT:
            raise DeviceError(
                f"{self._device} delivers pixels of XISL data type {data_type.value}, but the "
                "xisl driver takes those of 16 bits only.",
                "Switch the detector to 16-bit data with its own program.",
                self._device,
                code="FV-XIS-008",
            )
        return ImageSize(rows.value, columns.value)

    def _refresh(self) -> None:
        self.size = self._configured_size()
        times_us, count = (ctypes.c_double * MAX_TIMINGS)(), ctypes.c_int(MAX_TIMINGS)
        self._call(
            "does not report its frame times",
            "Acquisition_GetIntTimes",
            times_us,
            ctypes.byref(count),
        )
        self.frame_times_us = [float(time_us) for time_us in times_us[: count.value]]

    def _read_header(self) -> None:
        info, extended = CHwHeaderInfo(), CHwHeaderInfoEx()
        self._call(
            "does not report its header",
            "Acquisition_GetHwHeaderInfoEx",
            ctypes.byref(info),
            ctypes.byref(extended),
        )
        self.has_counter = info.dwHeaderID >= HEADER_WITH_FRAME_COUNT
        self.gain = int(extended.wGain if self.has_counter else info.dwGain)

    # time

    def shortest_us(self) -> int:
        """Return the shortest frame time of the present camera mode, µs."""
        return math.ceil(self.frame_times_us[self.camera_mode])

    def exposure_time_us(self) -> float:
        """Return how long a frame integrates: the timer's cycle, or the readout's own time, µs."""
        return float(self.timer_us if self.sync_mode == "InternalTimer" else self.shortest_us())

    def exposure_limits_us(self) -> tuple[float, float]:
        """Return what exposure time may be set now; only the internal timer has a choice."""
        if self.sync_mode == "InternalTimer":
            return float(self.shortest_us()), float(MAX_TIMER_US)
        return self.exposure_time_us(), self.exposure_time_us()

    def set_exposure_time_us(self, time_us: float) -> None:
        """Set the internal timer, µs; XISL rounds it and returns the value it uses."""
        if self.sync_mode != "InternalTimer":
            return  # its limits leave one value only
        cycle = DWORD(round(time_us))
        self._write("ExposureTime", time_us, "Acquisition_SetTimerSync", ctypes.byref(cycle))
        self.timer_us = int(cycle.value)

    def set_sync_mode(self, name: str) -> None:
        """Choose what starts a frame."""
        self._write("FrameSyncMode", name, "Acquisition_SetFrameSyncMode", SYNC_MODES[name])
        self.sync_mode = name
        self._renew_timer()

    def set_camera_mode(self, mode: int) -> None:
        """Choose the readout timing, 0 the fastest; frame times and exposure time follow."""
        self._write("CameraMode", mode, "Acquisition_SetCameraMode", mode)
        self.camera_mode = mode
        self._refresh()
        self._renew_timer()

    def set_gain(self, gain: int) -> None:
        """Choose the gain, as XISL numbers it."""
        self._write("CameraGain", gain, "Acquisition_SetCameraGain", gain)
        self.gain = gain

    def _renew_timer(self) -> None:
        self.set_exposure_time_us(max(self.timer_us, self.shortest_us()))

    # calls

    def _status(self, name: str, *arguments: Any) -> int:
        return self._xisl.status(name, self._handle, *arguments)

    def _call(self, what: str, name: str, *arguments: Any) -> None:
        self._xisl.call(f"{self._device} {what}", name, self._handle, *arguments)

    def _write(self, parameter: str, value: Any, name: str, *arguments: Any) -> None:
        code = self._status(name, *arguments)
        if code != errors.ALL_OK:
            raise ParameterError(
                f"{self._device}: parameter {parameter} cannot be {value}: {errors.text(code)}.",
                "Choose another value.",
                self._device,
                code="FV-XIS-009",
            )
