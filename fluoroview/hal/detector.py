"""What the author of a detector driver implements: `Detector`, or the shorter `PolledDetector`.

device.py holds the five methods that all devices share.
"""

from abc import abstractmethod

from fluoroview.hal.device import Device, DeviceKind
from fluoroview.hal.frame import FrameHeader, Pixels
from fluoroview.hal.runtime.run_thread import RunThread
from fluoroview.hal.sink import FrameSink


class Detector(Device):
    """A device that delivers frames: after `start` they arrive at the sink from any thread.

    The tree that `parameters` returns has Width, Height and PixelFormat (SFNC), and may have
    PixelIntensityRelationship (LIN, LOG, DISP; default DISP), BitDepth, FrameCounterBits
    (default 64) and AcquisitionFrameRate in Hz. When `stop` returns, no commit can follow.
    """

    kind = DeviceKind.DETECTOR


class PolledDetector(Detector):
    """A detector that is polled for each frame: the HAL runs the loop in its own thread."""

    _thread: RunThread | None = None
    _poll_timeout_s = 0.25

    @abstractmethod
    def read(self, pixels: Pixels, timeout_s: float) -> FrameHeader | None:
        """Wait up to `timeout_s` for a frame, write it to `pixels` (rows × columns).

        Return its header, or None when no frame came in time.
        """

    def start(self, sink: FrameSink) -> None:
        """Start the HAL's loop around `read`."""
        self._thread = thread = RunThread()
        thread.start(f"poll {self.device_id}", lambda: self._poll(sink, thread), sink.fail)

    def stop(self) -> None:
        """End the loop and wait for it; the loop checks the pedal before each `read`."""
        if self._thread is not None:  # the pedal may still be down: close while streaming
            self._thread.stop()
        self._thread = None

    def _poll(self, sink: FrameSink, thread: RunThread) -> None:
        slot = sink.acquire()
        while not (sink.stopping or thread.end.is_set()):
            header = self.read(slot.pixels, self._poll_timeout_s)
            if header is not None and not sink.stopping:
                slot.commit(header)
                slot = sink.acquire()
        slot.discard()
