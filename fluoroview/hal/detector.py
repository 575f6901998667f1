"""What a driver author implements: `Detector`, or the shorter `PolledDetector`.

The HAL calls the five methods in order and never two at once; it owns the threads of its own
calls, the buffers, the states and the deadline of each call.
"""

import threading
from abc import ABC, abstractmethod

from fluoroview.hal.frame import DeviceInfo, FrameHeader, Pixels
from fluoroview.hal.parameter import ParameterTree
from fluoroview.hal.sink import FrameSink


class Detector(ABC):
    """A source of frames. `device_id` is the id from `discover`, or what the user typed.

    The tree that `parameters` returns always has Width, Height and PixelFormat (SFNC), and may
    have PixelIntensityRelationship (LIN, LOG, DISP; default DISP), BitDepth, FrameCounterBits
    (default 64) and AcquisitionFrameRate in Hz.
    """

    def __init__(self, device_id: str) -> None:
        self.device_id = device_id

    @classmethod
    def discover(cls) -> list[DeviceInfo]:
        """Return what is plugged in; an empty list for nothing, never an exception for it."""
        return []

    @abstractmethod
    def open(self) -> None:
        """Claim the device. Raise DeviceError with a sentence when it is gone."""

    @abstractmethod
    def parameters(self) -> ParameterTree:
        """Return the parameters; called after `open`. The tree stays valid until `close`."""

    @abstractmethod
    def start(self, sink: FrameSink) -> None:
        """Start the run and return at once; frames then arrive at `sink` from any thread."""

    @abstractmethod
    def stop(self) -> None:
        """End the run. When this returns, no commit can follow."""

    @abstractmethod
    def close(self) -> None:
        """Give the device back. Safe at any time, twice, and while streaming."""


class PolledDetector(Detector):
    """A detector that is asked for each frame: the HAL runs the loop in a thread of its own."""

    _thread: threading.Thread | None = None
    _poll_timeout_s = 0.25

    @abstractmethod
    def read(self, pixels: Pixels, timeout_s: float) -> FrameHeader | None:
        """Wait up to `timeout_s` for a frame, write it to `pixels` (rows × columns), return it.

        Return None when no frame came in time.
        """

    def start(self, sink: FrameSink) -> None:
        """Start the HAL's loop around `read`."""
        self._thread = threading.Thread(
            target=self._poll, args=(sink,), name=f"poll {self.device_id}", daemon=True
        )
        self._thread.start()

    def stop(self) -> None:
        """Wait for the loop to end; it looks at the pedal before each `read`."""
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join()
        self._thread = None

    def _poll(self, sink: FrameSink) -> None:
        try:
            slot = sink.acquire()
            while not sink.stopping:
                header = self.read(slot.pixels, self._poll_timeout_s)
                if header is not None and not sink.stopping:
                    slot.commit(header)
                    slot = sink.acquire()
            slot.discard()
        except Exception as error:
            sink.fail(error)
