"""A driver that keeps every rule: a 12-bit panel of 64×48 at 100 frames/s with its x-ray source.

Each step is a method of its own, so that a wrong driver overrides one of them.
"""

import threading
import time

import numpy as np

from fluoroview.hal import (
    Access,
    CommandParameter,
    Detector,
    DeviceError,
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

COLUMNS, ROWS, BITS = 64, 48, 12
DEVICES = ("r0", "r1")


class RightDetector(Detector):
    """The panel. Counter and pulse index go on from run to run, as most devices' do."""

    name = "right"
    thread = None

    def __init__(self, device_id):
        super().__init__(device_id)
        self.quit = threading.Event()
        self.values = {
            "Width": COLUMNS,
            "Height": ROWS,
            "AcquisitionFrameRate": 100.0,
            "ExposureTime": 1000.0,
            "Gain": 1.0,
            "BinningHorizontal": 1,
            "BinningVertical": 1,
            "AcquisitionMode": "Continuous",
            "AcquisitionFrameCount": 1,
        }
        self.counter = 65530
        self.pulses = 0
        self.runs = 0
        self.noise = np.random.default_rng(1).integers(0, 1 << BITS, (ROWS, COLUMNS), np.uint16)

    @classmethod
    def discover(cls):
        return [DeviceInfo(cls.name, device_id, model="Planted") for device_id in DEVICES]

    def open(self):
        if self.device_id not in DEVICES:
            raise DeviceError(f"There is no panel {self.device_id}.", "Choose r0 or r1.")

    # parameters

    def parameters(self):
        return ParameterTree(self.parameter_list())

    def parameter_list(self):
        return [
            self.size("Width", COLUMNS, "BinningHorizontal"),
            self.size("Height", ROWS, "BinningVertical"),
            EnumParameter("PixelFormat", lambda: "Mono16", choices=["Mono16"]),
            IntParameter("BitDepth", lambda: BITS, unit="bit"),
            IntParameter("FrameCounterBits", lambda: 16, unit="bit"),
            self.number("AcquisitionFrameRate", FloatParameter, 10.0, 400.0, "Hz"),
            self.number("ExposureTime", FloatParameter, 10.0, 4000.0, "µs"),
            self.number("Gain", FloatParameter, 1.0, 16.0, "dB"),
            self.number("BinningHorizontal", IntParameter, 1, 2, access=Access.RW_IDLE),
            self.number("BinningVertical", IntParameter, 1, 2, access=Access.RW_IDLE),
            EnumParameter(
                "AcquisitionMode",
                self.getter("AcquisitionMode"),
                self.setter("AcquisitionMode"),
                choices=["Continuous", "MultiFrame"],
                access=Access.RW_IDLE,
            ),
            self.number("AcquisitionFrameCount", IntParameter, 1, 1000, access=Access.RW_IDLE),
            CommandParameter("TestUnplug", self.unplug),
        ]

    def getter(self, name):
        return lambda: self.values[name]

    def setter(self, name):
        return lambda value: self.values.__setitem__(name, value)

    def number(self, name, kind, minimum, maximum, unit="", access=Access.RW):
        return kind(
            name,
            self.getter(name),
            self.setter(name),
            minimum=minimum,
            maximum=maximum,
            unit=unit,
            access=access,
        )

    def size(self, name, full, binning):
        return IntParameter(
            name,
            lambda: min(self.values[name], full // self.values[binning]),
            self.setter(name),
            minimum=16,
            maximum=lambda: full // self.values[binning],
            increment=8,
            unit="px",
            access=Access.RW_IDLE,
        )

    # a run

    def start(self, sink):
        self.sink = sink
        self.runs += 1
        self.quit.clear()
        self.thread = threading.Thread(target=self.run, args=(sink,), daemon=True)
        self.thread.start()

    def run(self, sink):
        self.due_ns, self.made = time.monotonic_ns(), 0
        while self.goes_on(sink):
            self.due_ns += self.period_ns()
            if self.wait() or not self.goes_on(sink):
                return
            self.expose(sink)
            self.made += 1

    def goes_on(self, sink):
        counted = self.values["AcquisitionMode"] == "MultiFrame"
        enough = counted and self.made >= self.values["AcquisitionFrameCount"]
        return not (self.quit.is_set() or sink.stopping or enough)

    def period_ns(self):
        return round(1e9 / self.values["AcquisitionFrameRate"])

    def wait(self):
        return self.quit.wait(max(0.0, (self.due_ns - time.monotonic_ns()) / 1e9))

    def expose(self, sink):
        self.pulses += 1
        sink.pulse(self.pulse())
        slot = sink.acquire()
        self.paint(slot.pixels)
        slot.commit(self.header())
        self.count()

    def count(self):
        self.counter = (self.counter + 1) % 65536

    def pulse(self):
        return Pulse(
            self.pulses,
            time.monotonic_ns(),
            Exposure(tube_voltage_kv=70.0),
            1.0,
            0.02,
            DoseOrigin.SIMULATED,
        )

    def paint(self, pixels):
        rows, columns = pixels.shape
        np.bitwise_xor(self.noise[:rows, :columns], self.pulses % (1 << BITS), out=pixels)

    def header(self):
        binning = max(self.values["BinningHorizontal"], self.values["BinningVertical"])
        return FrameHeader(self.counter, self.due_ns, self.pulses, binning=binning)

    def unplug(self):
        self.quit.set()
        self.sink.fail("the cable was pulled")

    def stop(self):
        self.quit.set()
        if self.thread is not None and self.thread is not threading.current_thread():
            self.thread.join()
        self.thread = None

    def close(self):
        self.stop()
