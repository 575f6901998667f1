"""A source and a meter that keep every rule: a generator of 50 pulses/s, a meter of 50 readings/s.

Each step is a method of its own, so that a wrong driver overrides one of them.
"""

import threading
import time

from fluoroview.hal import (
    BoolParameter,
    DeviceError,
    DeviceInfo,
    DoseMeter,
    DoseOrigin,
    Exposure,
    FloatParameter,
    Generator,
    ParameterTree,
    Pulse,
)

RATE_HZ = 50.0


class Ticking:
    """Calls `tick` at the rate between start and stop; `r0` is the only device."""

    name = ""
    thread = None

    def __init__(self, device_id):
        super().__init__(device_id)
        self.quit = threading.Event()
        self.count = 0

    @classmethod
    def discover(cls):
        return [DeviceInfo(cls.name, "r0", model="Planted")]

    def open(self):
        if self.device_id != "r0":
            raise DeviceError(f"There is no device {self.device_id}.", "Choose r0.")

    def start(self, sink):
        self.sink = sink
        self.quit.clear()
        self.thread = threading.Thread(target=self.run, args=(sink,), daemon=True)
        self.thread.start()

    def run(self, sink):
        due_s = time.monotonic()
        while self.goes_on(sink):
            due_s += 1 / self.rate_hz()
            if self.quit.wait(max(0.0, due_s - time.monotonic())) or not self.goes_on(sink):
                return
            self.count += 1
            self.tick(sink)

    def rate_hz(self):
        return RATE_HZ

    def goes_on(self, sink):
        return not (self.quit.is_set() or sink.stopping)

    def stop(self):
        self.quit.set()
        if self.thread is not None and self.thread is not threading.current_thread():
            self.thread.join()
        self.thread = None

    def close(self):
        Ticking.stop(self)


class RightGenerator(Ticking, Generator):
    """The generator: it must be prepared, and refuses or trips when its door is open."""

    name = "right-generator"
    handshake = True
    ready = door_open = False

    def parameters(self):
        return ParameterTree(
            [
                FloatParameter("PulseRate", lambda: RATE_HZ, unit="1/s"),
                BoolParameter("Interlock", lambda: self.door_open, self.set_door),
            ]
        )

    def open(self):
        super().open()
        self.ready = self.door_open = False

    def prepare(self):
        self.require_door()
        self.ready = True

    def require_door(self):
        if self.door_open:
            raise DeviceError("The door is open.", "Close it.")

    def start(self, sink):
        self.require_ready()
        super().start(sink)

    def require_ready(self):
        if not self.ready:
            raise DeviceError("The generator is not ready.", "Prepare it first.")

    def set_door(self, is_open):
        self.door_open = is_open
        if is_open and self.thread is not None:
            self.trip()

    def trip(self):
        self.quit.set()
        self.sink.fail("the door was opened during the exposure")

    def tick(self, sink):
        sink.pulse(self.pulse())

    def pulse(self):
        return Pulse(
            self.count,
            time.monotonic_ns(),
            Exposure(tube_voltage_kv=70.0),
            1.0,
            0.02,
            DoseOrigin.SIMULATED,
        )

    def stop(self):
        super().stop()
        self.ready = False


class RightMeter(Ticking, DoseMeter):
    """The meter: it reports KAP, and no air kerma."""

    name = "right-meter"

    def parameters(self):
        return ParameterTree([FloatParameter("ReadingRate", lambda: RATE_HZ, unit="1/s")])

    def tick(self, sink):
        sink.pulse(self.reading())

    def reading(self, kap_ugym2=0.5, index=-1, origin=DoseOrigin.MEASURED):
        return Pulse(index, time.monotonic_ns(), Exposure(), float("nan"), kap_ugym2, origin)
