"""A driver that misbehaves in the way its device id names: "raise-start", "hang-stop", …"""

import ctypes
import os
import signal
import sys
import threading
import time

import numpy as np

from fluoroview.hal import (
    Detector,
    DeviceError,
    EnumParameter,
    FloatParameter,
    FrameHeader,
    IntParameter,
    LossCause,
    ParameterTree,
)


def _hold_the_interpreter():
    """As an SDK does that waits inside a call without letting go of the GIL."""
    ctypes.PyDLL(None).sleep(30)


class RudeDetector(Detector):
    def _misbehave(self, method):
        if self.device_id == f"raise-{method}":
            raise ZeroDivisionError("division by zero")
        if self.device_id == f"hang-{method}":
            time.sleep(3600)
        if self.device_id == f"exit-{method}":
            sys.exit(3)
        if self.device_id == f"crash-{method}-amid-a-line":
            os.write(3, b'{"id": 7, "resu')  # 3 leads to the host
        if self.device_id.startswith(f"crash-{method}"):
            os.kill(os.getpid(), signal.SIGSEGV)

    def __init__(self, device_id):
        super().__init__(device_id)
        self._misbehave("init")

    @classmethod
    def discover(cls):
        raise OSError("the bus does not answer")

    def open(self):
        self._misbehave("open")
        if self.device_id == "progress":
            self.report_progress("Warming up", 0.5)
            self.report_progress("Warm", 1.0)
        if self.device_id == "escape-open":
            raise DeviceError("\x1b[31mThe panel\nis \u202egone.", "\x1b]0;Call\x07 the service.")
        if self.device_id == "refuse-open":
            raise DeviceError("The panel is in use.", "End the other program.")
        if self.device_id == "helper" and os.fork() == 0:  # it holds every pipe of its parent open
            time.sleep(20)
            os._exit(0)
        print("a vendor library that prints to standard output", flush=True)

    def parameters(self):
        self._misbehave("parameters")
        tree = [
            IntParameter("Width", lambda: 32),
            IntParameter("Height", lambda: 32),
            EnumParameter("PixelFormat", lambda: "Mono16", choices=["Mono16"]),
        ]
        if self.device_id == "nan-limits":
            tree.append(FloatParameter("Gain", lambda: 1.0, lambda _v: None, minimum=float("nan")))
        if self.device_id == "no-width":
            tree = tree[1:]
        return ParameterTree(tree)

    def start(self, sink):
        self._misbehave("start")
        if self.device_id == "compute-start":
            end_s = time.thread_time() + 0.4
            while time.thread_time() < end_s:
                pass
        pixels = np.ones((32, 32), np.uint16)
        if self.device_id == "wrong-size":
            sink.offer(np.ones((8, 8), np.uint16), FrameHeader(1))
        if self.device_id == "commit-twice":
            slot = sink.acquire()
            slot.commit(FrameHeader(1))
            slot.commit(FrameHeader(2))
        if self.device_id == "forget-slots":
            sink.offer(pixels, FrameHeader(1))
            for _ in range(100):
                sink.acquire()
        if self.device_id == "counter-back":
            for counter in (5, 6, 4, 7):
                sink.offer(pixels, FrameHeader(counter))
        if self.device_id == "gap-and-causes":
            sink.lost(2, LossCause.SDK)
            sink.offer(pixels, FrameHeader(10))
            sink.offer(pixels, FrameHeader(14))
            sink.lost(1, LossCause.LINK)
            sink.offer(pixels, FrameHeader(16))
        if self.device_id == "stall":
            threading.Timer(0.1, _hold_the_interpreter).start()
        if self.device_id == "leak":
            threading.Thread(target=self._leak, daemon=True).start()
        if self.device_id == "flood":
            threading.Thread(target=self._flood, args=(sink, pixels), daemon=True).start()
        if self.device_id == "fail":
            sink.fail("the cable was pulled")
        self._sink = sink

    def _leak(self):
        self._hoard = []
        while True:
            self._hoard.append(bytearray(16 << 20))
            time.sleep(0.002)

    def _flood(self, sink, pixels):
        for counter in range(1, 10_000_000):
            sink.offer(pixels, FrameHeader(counter))

    def stop(self):
        self._misbehave("stop")
        if self.device_id == "commit-after-stop":
            late = (np.ones((32, 32), np.uint16), FrameHeader(1))
            threading.Timer(0.02, self._sink.offer, late).start()

    def close(self):
        self._misbehave("close")
