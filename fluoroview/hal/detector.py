"""What a driver author implements: `Detector`, or the shorter `PolledDetector`.

The five methods that it has in common with other devices are in device.py.
"""

import threading
from abc import abstractmethod

from fluoroview.hal.device import Device
from fluoroview.hal.frame import FrameHeader, Pixels
from fluoroview.hal.sink import FrameSink


class Detector(Device):
    """A source of frames: after `start` they arrive at the sink from any thread.

    The tree that `parameters` returns always has Width, Height and PixelFormat (SFNC), and may
    have PixelIntensityRelationship (LIN, LOG, DISP; default DISP), BitDepth, FrameCounterBits
    (default 64) and AcquisitionFrameRate in Hz. When `stop` returns, no commit can follow.
    """

    kind = "detector"


class PolledDetector(Detector):
    """A detector that is asked for each frame: the HAL runs the loop in a thread of its own."""

    _thread: threading.Thread | None = None
    _halt: threading.Event | None = None
    _poll_timeout_s = 0.25

    @abstractmethod
    def read(self, pixels: Pixels, timeout_s: float) -> FrameHeader | None:
        """Wait up to `timeout_s` for a frame, write it to `pixels` (rows × columns), return it.

        Return None when no frame came in time.
        """

    def start(self, sink: FrameSink) -> None:
        """Start the HAL's loop around `read`."""
        self._halt = halt = threading.Event()
        self._thread = threading.Thread(
            target=self._poll, args=(sink, halt), name=f"poll {self.device_id}", daemon=True
        )
        self._thread.start()

    def stop(self) -> None:
        """End the loop and wait for it; it looks at the pedal before each `read`."""
        if self._halt is not None:
            self._halt.set()  # the pedal may still be down: close while streaming, parent gone
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join()
        self._thread = None

    def _poll(self, sink: FrameSink, halt: threading.Event) -> None:
        try:
            slot = sink.acquire()
            while not (sink.stopping or halt.is_set()):
                header = self.read(slot.pixels, self._poll_timeout_s)
                if header is not None and not sink.stopping:
                    slot.commit(header)
                    slot = sink.acquire()
            slot.discard()
        except Exception as error:
            sink.fail(error)
