"""Sources and meters with one fault each; they are entered into the same table."""

import math
import threading
import time

from fluoroview.hal import DeviceError, DoseOrigin
from fluoroview_planted.right_others import RATE_HZ, RightGenerator, RightMeter
from fluoroview_planted.wrong import planted

# the handshake


@planted("prepare")
class PreparesOnlyOnce(RightGenerator):
    def prepare(self):
        if self.ready:
            raise DeviceError("The generator is ready already.", "Expose.")
        super().prepare()


@planted("prepare")
class ReadyTooEarly(RightGenerator):
    ready_s = math.inf

    def prepare(self):
        super().prepare()
        self.ready_s = time.monotonic() + 0.2

    def require_ready(self):
        super().require_ready()
        if time.monotonic() < self.ready_s:
            raise DeviceError("The rotor is not at speed.", "Wait.")


@planted("refusal-reported")
class RefusesByValueError(RightGenerator):
    def require_door(self):
        if self.door_open:
            raise ValueError("code 17")


@planted("refusal-reported")
class PreparesWithTheDoorOpen(RightGenerator):
    def require_door(self):
        pass


@planted("refusal-reported", "WARN")
class ExposesUnprepared(RightGenerator):
    def require_ready(self):
        pass


# the pulses


@planted("pulses-reported")
class ReportsNoPulse(RightGenerator):
    def tick(self, sink):
        pass


@planted("pulses-reported")
class ReportsEverySecondPulse(RightGenerator):
    def rate_hz(self):
        return RATE_HZ / 2


@planted("pulses-reported")
class ReportsThoughItCannot(RightGenerator):
    reports_pulses = False


@planted("pulse-after-release")
class BeamOnUntilStop(RightGenerator):
    def goes_on(self, sink):
        return not self.quit.is_set()


@planted("silent-after-stop")
class PulseAfterStop(RightGenerator):
    def stop(self):
        was_on = self.thread is not None
        super().stop()
        if was_on:
            threading.Timer(0.01, self.tick, [self.sink]).start()


# faults


@planted("stop-in-fault")
class DoorUnseenWhileExposing(RightGenerator):
    def trip(self):
        pass


@planted("stop-in-fault")
class GoesOnAfterTheTrip(RightGenerator):
    def trip(self):
        self.sink.fail("the door was opened during the exposure")


@planted("stop-in-fault")
class StopAfterTripRaises(RightGenerator):
    tripped = False

    def trip(self):
        self.tripped = True
        super().trip()

    def stop(self):
        super().stop()
        if self.tripped:
            raise OSError("there is no exposure to stop")

    def close(self):
        self.tripped = False
        super().close()


@planted("stop-in-fault")
class StaysTripped(RightGenerator):
    tripped = False

    def trip(self):
        type(self).tripped = True
        super().trip()

    def open(self):
        if self.tripped:
            raise DeviceError("The generator has tripped.", "Call the service.")
        super().open()


# meters


@planted("meter-readings")
class InfiniteReading(RightMeter):
    def reading(self):
        return super().reading(math.inf if self.count % 5 == 3 else 0.5)


@planted("meter-readings")
class NegativeReading(RightMeter):
    def reading(self):
        return super().reading(-0.1 if self.count % 5 == 3 else 0.5)


@planted("meter-readings")
class ReadingOfNoOrigin(RightMeter):
    def reading(self):
        return super().reading(origin=DoseOrigin.NOT_AVAILABLE)


@planted("meter-readings")
class ReadingWithPulseIndex(RightMeter):
    def reading(self):
        return super().reading(index=self.count)


@planted("meter-readings", "WARN")
class ReportsNothing(RightMeter):
    def tick(self, sink):
        pass


@planted("silent-after-stop")
class ReadingAfterStop(RightMeter):
    def stop(self):
        was_on = self.thread is not None
        super().stop()
        if was_on:
            threading.Timer(0.01, self.tick, [self.sink]).start()


# the dead man's switch


@planted("dead-man")
class BeamOutlivesItsOperator(RightGenerator):
    """It obeys its host alone, and not the switch that acts in the host's place."""

    def goes_on(self, sink):
        return not self.quit.is_set() and (sink.operator_silent or not sink.stopping)

    def stop(self):
        if not (self.thread is not None and self.sink.operator_silent and self.first_stop):
            super().stop()
        self.first_stop = False

    def start(self, sink):
        self.first_stop = True
        super().start(sink)
