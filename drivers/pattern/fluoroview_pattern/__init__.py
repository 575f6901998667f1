"""A test pattern of any size at any rate: one copy per frame, paced by absolute deadlines."""

import threading
import time

import numpy as np

from fluoroview.hal import (
    Access,
    DeviceError,
    DeviceInfo,
    EnumParameter,
    FloatParameter,
    FrameHeader,
    IntParameter,
    ParameterTree,
    PolledDetector,
)

_DEVICE_ID = "ramp"
_LARGEST_PX = 4096


class PatternDetector(PolledDetector):
    """A ramp from left to right, with a bright bar that moves."""

    def __init__(self, device_id: str) -> None:
        super().__init__(device_id)
        self._size = {"Width": 1024, "Height": 1024}
        self._rate_hz = 30.0
        self._pattern: np.ndarray | None = None
        self._counter = 0
        self._due_s = 0.0
        self._wait = threading.Event()

    @classmethod
    def discover(cls) -> list[DeviceInfo]:
        """Return the one pattern."""
        return [DeviceInfo("pattern", _DEVICE_ID, "FluoroView", "Test pattern", note="no hardware")]

    def open(self) -> None:
        """There is nothing to claim. DeviceError for another device than the pattern."""
        if self.device_id not in (_DEVICE_ID, ""):
            raise DeviceError(
                f"The test pattern has no device {self.device_id!r}.",
                f"It has one: {_DEVICE_ID}.",
                code="FV-PAT-001",
            )

    def parameters(self) -> ParameterTree:
        """Return size and rate."""
        return ParameterTree(
            [
                self._dimension("Width"),
                self._dimension("Height"),
                EnumParameter("PixelFormat", lambda: "Mono16", choices=["Mono16"]),
                IntParameter("BitDepth", lambda: 14, unit="bit"),
                FloatParameter(
                    "AcquisitionFrameRate",
                    lambda: self._rate_hz,
                    self._set_rate,
                    minimum=0.5,
                    maximum=1000.0,
                    unit="Hz",
                ),
            ]
        )

    def read(self, pixels: np.ndarray, timeout_s: float) -> FrameHeader | None:
        """Wait until the next frame is due and copy the pattern."""
        now_s = time.monotonic()
        if now_s - self._due_s > 1.0:  # the first frame of a run
            self._due_s = now_s
        wait_s = self._due_s - now_s
        if wait_s > 0 and self._wait.wait(min(wait_s, timeout_s)):
            return None
        if wait_s > timeout_s:
            return None
        self._due_s += 1 / self._rate_hz
        if self._pattern is None or self._pattern.shape != pixels.shape:
            ramp = np.linspace(500, 15000, pixels.shape[1]).astype(pixels.dtype)
            self._pattern = np.broadcast_to(ramp, pixels.shape).copy()
        np.copyto(pixels, self._pattern)
        self._counter += 1
        pixels[:, self._counter % pixels.shape[1]] = 16000
        return FrameHeader(self._counter, time.monotonic_ns())

    def close(self) -> None:
        """Stop, if need be."""
        self.stop()

    def _dimension(self, name: str) -> IntParameter:
        def write(value: int) -> None:
            self._size[name] = value

        return IntParameter(
            name,
            lambda: self._size[name],
            write,
            minimum=64,
            maximum=_LARGEST_PX,
            increment=8,
            unit="px",
            access=Access.RW_IDLE,
        )

    def _set_rate(self, value: float) -> None:
        self._rate_hz = value
