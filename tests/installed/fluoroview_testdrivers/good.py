"""A correct driver: a ramp whose first pixel is the frame's number."""

import threading
import time

from fluoroview.hal import (
    Detector,
    DeviceInfo,
    DoseOrigin,
    EnumParameter,
    Exposure,
    FloatParameter,
    FrameHeader,
    IntParameter,
    ParameterTree,
    Pulse,
)
from fluoroview.hal.parameter import Access

NOT_A_DETECTOR = 42


class RampDetector(Detector):
    """Frames of 64×48 at a set rate, each with a pulse of 1 µGy."""

    @classmethod
    def discover(cls):
        return [DeviceInfo("ramp", "r0", model="Ramp"), DeviceInfo("ramp", "r1", model="Ramp")]

    def __init__(self, device_id):
        super().__init__(device_id)
        self._thread = None
        self._quit = threading.Event()

    def open(self):
        self.width, self.rate_hz, self.drop_every = 64, 200.0, 0

    def parameters(self):
        def set_width(value):
            self.width = value

        def set_rate(value):
            self.rate_hz = round(value, 1)

        def set_drop(value):
            self.drop_every = value

        return ParameterTree(
            [
                IntParameter(
                    "Width",
                    lambda: self.width,
                    set_width,
                    minimum=16,
                    maximum=256,
                    increment=16,
                    unit="px",
                    access=Access.RW_IDLE,
                ),
                IntParameter("Height", lambda: 48, unit="px"),
                EnumParameter("PixelFormat", lambda: "Mono16", choices=["Mono16"]),
                IntParameter("FrameCounterBits", lambda: 16),
                FloatParameter(
                    "AcquisitionFrameRate",
                    lambda: self.rate_hz,
                    set_rate,
                    minimum=1.0,
                    maximum=1000.0,
                    unit="Hz",
                ),
                IntParameter(
                    "DropEvery", lambda: self.drop_every, set_drop, minimum=0, maximum=100
                ),
            ]
        )

    def start(self, sink):
        self._quit.clear()
        self._thread = threading.Thread(target=self._run, args=(sink,), daemon=True)
        self._thread.start()

    def _run(self, sink):
        counter, due = 65530, time.monotonic()
        while not self._quit.is_set() and not sink.stopping:
            counter += 1
            sink.pulse(
                Pulse(
                    counter,
                    time.monotonic_ns(),
                    Exposure(tube_voltage_kv=70.0),
                    1.0,
                    0.02,
                    DoseOrigin.SIMULATED,
                )
            )
            if not (self.drop_every and counter % self.drop_every == 0):
                slot = sink.acquire()
                slot.pixels[:] = counter % 65536
                slot.commit(FrameHeader(counter % 65536, time.monotonic_ns(), counter))
            due += 1.0 / self.rate_hz
            self._quit.wait(max(0.0, due - time.monotonic()))

    def stop(self):
        self._quit.set()
        if self._thread and self._thread is not threading.current_thread():
            self._thread.join()

    def close(self):
        self.stop()
