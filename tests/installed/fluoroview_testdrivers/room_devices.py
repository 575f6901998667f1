"""What a room has next to its detector: generator, manual factors, meter; and a dark detector."""

import threading
import time

from fluoroview.hal import (
    BoolParameter,
    DeviceError,
    DoseMeter,
    DoseOrigin,
    EnumParameter,
    Exposure,
    FloatParameter,
    FrameHeader,
    Generator,
    IntParameter,
    ParameterTree,
    PolledDetector,
    Pulse,
)
from fluoroview.hal.dose_meter import report_reading


class _Ticking:
    """Calls `tick` every 5 ms between start and stop."""

    def open(self):
        self._quit, self._thread = threading.Event(), None

    def start(self, sink):
        self._quit.clear()
        self._thread = threading.Thread(target=self._go, args=(sink,), daemon=True)
        self._thread.start()

    def _go(self, sink):
        count = 0
        deaf = self.device_id == "deaf"  # as hardware that pulses until its driver stops it
        while not self._quit.wait(0.005) and (deaf or not sink.stopping):
            count += 1
            self.tick(sink, count)

    def stop(self):
        self._quit.set()
        if self._thread:
            self._thread.join()

    def close(self):
        if hasattr(self, "_quit"):
            self.stop()


class Tube(_Ticking, Generator):
    """Ten µGy a pulse; refuses while the door is open, trips after as many pulses as set."""

    handshake = True

    def __init__(self, device_id):
        super().__init__(device_id)
        self.door_open, self.trip_after = device_id == "door-open", 0

    def parameters(self):
        return ParameterTree(
            [
                BoolParameter("Interlock", lambda: self.door_open, self._set_door),
                IntParameter("TripAfter", lambda: self.trip_after, self._set_trip, minimum=0),
            ]
        )

    def _set_door(self, value):
        self.door_open = value

    def _set_trip(self, value):
        self.trip_after = value

    def prepare(self):
        if self.door_open:
            raise DeviceError("The door is open.", "Close it.")

    def tick(self, sink, count):
        sink.pulse(Pulse(count, time.monotonic_ns(), Exposure(), 10.0, 1.0, DoseOrigin.SIMULATED))
        if count == self.trip_after:
            sink.fail("the generator tripped: overcurrent")


class TypedTechnique(Generator):
    """Exposure factors that the operator entered."""

    reports_pulses = False

    def open(self):
        pass

    def parameters(self):
        known = {
            "TubeVoltage": 80.0, "TubeCurrent": 10.0, "PulseWidth": 5.0, "AluminiumFilter": 2.5,
            "CopperFilter": 0.1, "SourceImageDistance": 1200.0,
            "FieldWidth": 200.0, "FieldHeight": 200.0,
        }  # fmt: skip
        return ParameterTree(
            [FloatParameter(name, lambda value=value: value) for name, value in known.items()]
        )

    def start(self, sink):
        pass

    def stop(self):
        pass

    def close(self):
        pass


class Meter(_Ticking, DoseMeter):
    """Half a µGy·m² every 5 ms, beam or not; the device "fails" does so at its 40th."""

    def parameters(self):
        return ParameterTree([])

    def tick(self, sink, count):
        if self.device_id == "fails" and count == 40:
            sink.fail("its battery is empty")
        elif self.device_id != "fails" or count < 40:
            report_reading(sink, time.monotonic_ns(), kap_ugym2=0.5)


class LampDetector(PolledDetector):
    """A detector without a link to its generator: dark, 20 frames bright, dark again."""

    def open(self):
        self.count = 0

    def parameters(self):
        return ParameterTree(
            [
                IntParameter("Width", lambda: 64),
                IntParameter("Height", lambda: 64),
                EnumParameter("PixelFormat", lambda: "Mono16", choices=["Mono16"]),
            ]
        )

    def read(self, pixels, timeout_s):
        time.sleep(0.005)
        self.count += 1
        pixels[:] = 5000 if 10 <= self.count % 60 < 30 else 100
        return FrameHeader(self.count)

    def close(self):
        pass
