"""One run: the updates of a PV, in order, in a thread of its own."""

import threading
from typing import Any

from fluoroview.hal import DeviceError, FrameHeader, FrameSink, LossCause
from fluoroview_epics import image
from fluoroview_epics.image import ImageReader, Layout

# How many images the server keeps for us before it drops some.
_REQUEST = "record[queueSize=16]field()"
_CONNECT_S = 3.0
_STOP_S = 0.8
_MODULUS = 1 << 32
# So often the same uniqueId may come again (a server may post other changes of one image).
_REPEATS = 8
_GONE = "Check the IOC, the name and EPICS_PVA_ADDR_LIST, then open it again."


class Subscription:
    """The images of one PV, from `start` until `stop`."""

    def __init__(self, client: Any, name: str, layout: Layout, sink: FrameSink) -> None:
        self._client = client
        self._name = name
        self._reader = ImageReader(layout, name)
        self._sink = sink
        self._connected = threading.Event()
        self._last: int | None = None
        self._counting = False
        self._repeats = 0
        self._monitor: Any = None
        self._queue: Any = None
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Subscribe. Raises DeviceError when the PV does not answer."""
        from p4p.util import WorkQueue

        # p4p's own workers are several, and may overtake each other.
        self._queue = WorkQueue()
        self._thread = threading.Thread(
            target=self._queue.handle, name=f"epics {self._name}", daemon=True
        )
        self._thread.start()
        self._monitor = self._client.monitor(
            self._name, self._update, request=_REQUEST, notify_disconnect=True, queue=self._queue
        )
        if not self._connected.wait(_CONNECT_S):
            self.stop()
            raise DeviceError(
                f"{self._name} does not answer within {_CONNECT_S:g} s.",
                _GONE,
                self._name,
                code="FV-EPX-013",
            )

    def stop(self) -> None:
        """End the subscription; when this returns no update follows.

        The thread of the updates may stop itself: the update under way is then the last.
        """
        if self._monitor is not None:
            self._monitor.close()
        self._queue.interrupt()
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join(_STOP_S)

    def _update(self, update: Any) -> None:
        try:
            if isinstance(update, Exception):
                self._interrupted(update)
            elif self._connected.is_set():
                self._deliver(update)
            else:  # what lay there before the run
                self._last = image.counter_of(update)
                self._connected.set()
        except Exception as error:  # p4p would log it and end the subscription
            self._sink.fail(error)

    def _interrupted(self, error: Exception) -> None:
        """Handle p4p's Disconnected, which also comes once before the first update."""
        if self._connected.is_set():
            reason = str(error)
            self._sink.fail(
                DeviceError(
                    f"{self._name} went away{f' ({reason})' if reason else ''}: its IOC ended, or "
                    "the network is cut.",
                    _GONE,
                    self._name,
                    code="FV-EPX-014",
                )
            )

    def _deliver(self, update: Any) -> None:
        if self._sink.stopping:
            return
        counter = image.counter_of(update)
        if self._repeated(counter):
            return
        slot = self._sink.acquire()
        try:
            self._reader.read(update, slot.pixels)
        except DeviceError:
            slot.discard()
            raise
        self._count_gap(counter)
        slot.commit(
            FrameHeader(
                hardware_counter=counter,
                hardware_time_ns=image.time_ns(update),
                binning=image.binning_of(update),
            )
        )
        self._last = counter

    def _repeated(self, counter: int) -> bool:
        """Return whether this image came already; raise DeviceError where the IOC never counts."""
        if counter != self._last:
            self._repeats = 0
            return False
        self._repeats += 1
        if self._repeats > _REPEATS:
            raise DeviceError(
                f"{self._name} does not count its images: uniqueId stays at {counter}.",
                "Let the IOC count uniqueId, or lost images could not be known.",
                self._name,
                code="FV-EPX-015",
            )
        return True

    def _count_gap(self, counter: int) -> None:
        """Count what the server or p4p dropped: TCP itself loses nothing.

        Gaps before the first image do not count: the IOC may have restarted its counter.
        """
        if self._counting and self._last is not None:
            gap = (counter - self._last - 1) % _MODULUS
            if gap < _MODULUS // 2:
                self._sink.lost(gap, LossCause.SDK)
        self._counting = True
