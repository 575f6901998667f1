"""Drivers with one fault each, and the rule that must find it.

`FAULTS` is the table: name of the driver → its class, the rule, the verdict. The entry points of
the distribution next to this package carry the same names.
"""

import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import replace
from pathlib import Path

import numpy as np

from fluoroview.hal import (
    DeviceError,
    DeviceInfo,
    EnumParameter,
    FloatParameter,
    IntParameter,
    LossCause,
)
from fluoroview_planted.right import BITS, COLUMNS, ROWS, RightDetector

FAULTS = {}


def planted(rule, verdict="FAIL"):
    """Enter a class into the table under the name of its entry point."""

    def enter(fault):
        fault.name = "wrong-" + "".join(
            f"-{letter.lower()}" if letter.isupper() else letter for letter in fault.__name__
        ).lstrip("-")
        FAULTS[fault.name] = (fault, rule, verdict)
        return fault

    return enter


def replaced(parameters, *others):
    """Return the list with parameters of the same names replaced."""
    by_name = {parameter.name: parameter for parameter in (*parameters, *others)}
    return list(by_name.values())


# discovery


@planted("discover")
class DiscoverRaises(RightDetector):
    @classmethod
    def discover(cls):
        raise OSError("the bus does not answer")


@planted("discover-ids")
class SameIdTwice(RightDetector):
    @classmethod
    def discover(cls):
        return [DeviceInfo(cls.name, "r0"), DeviceInfo(cls.name, "r0")]


# open and close


@planted("open-close")
class OpensThreeTimes(RightDetector):
    opened = 0

    def open(self):
        type(self).opened += 1
        if self.opened > 3:
            raise DeviceError("The device is busy.", "Unplug it.")
        super().open()


@planted("close-twice")
class CloseTwiceRaises(RightDetector):
    closed = False

    def close(self):
        if self.closed:
            raise RuntimeError("invalid handle")
        self.closed = True
        super().close()


@planted("close-unopened")
class CloseNeedsOpen(RightDetector):
    handle = None

    def open(self):
        super().open()
        self.handle = 7

    def close(self):
        super().close()
        self.handle += 0


@planted("unknown-device")
class UnknownDeviceKeyError(RightDetector):
    def open(self):
        {"r0": 0, "r1": 1}[self.device_id]


@planted("close-streaming")
class CloseDoesNotStop(RightDetector):
    def close(self):
        pass


@planted("close-in-fault")
class CloseAfterFaultRaises(RightDetector):
    def close(self):
        in_fault = self.thread is None and self.runs and self.sink._closed and self.stopped_late
        super().close()
        if in_fault:
            raise RuntimeError("buffer queue is gone")

    def stop(self):
        self.stopped_late = self.runs > 0 and self.sink._closed
        super().stop()


# start and stop


@planted("start-stop")
class FifthStartRefused(RightDetector):
    def start(self, sink):
        if self.runs == 4:
            raise DeviceError("No stream buffer is left.", "Reopen the device.")
        super().start(sink)


@planted("start-stop")
class CrashInStart(RightDetector):
    def start(self, sink):
        os.kill(os.getpid(), signal.SIGSEGV)


@planted("start-at-once")
class StartBlocks(RightDetector):
    def start(self, sink):
        super().start(sink)
        self.thread.join()


@planted("stop-deadline")
class StopHangs(RightDetector):
    def stop(self):
        super().stop()
        if self.runs:
            threading.Event().wait()


@planted("no-commit-after-stop")
class StopDoesNotWait(RightDetector):
    def stop(self):
        self.quit.set()
        if self.thread is not None and self.thread is not threading.current_thread():
            self.thread.join(timeout=0.1)


@planted("stop-in-commit")
class StopJoinsItself(RightDetector):
    def stop(self):
        self.quit.set()
        if self.thread is not None:
            self.thread.join()


@planted("stop-while-committing")
class StopIsImpatient(RightDetector):
    def stop(self):
        self.quit.set()
        thread = self.thread
        if thread is not None and thread is not threading.current_thread():
            thread.join(timeout=0.2)
            if thread.is_alive():
                thread.join()
                raise DeviceError("The callback was busy.", "Try again.")


@planted("stale-frame")
class StaleFirstFrame(RightDetector):
    last = None

    def run(self, sink):
        if self.last is not None:
            header, image = self.last
            sink.offer(image, header)
        super().run(sink)

    def expose(self, sink):
        image = np.empty((self.values["Height"], self.values["Width"]), np.uint16)
        self.pulses += 1
        sink.pulse(self.pulse())
        slot = sink.acquire()
        self.paint(slot.pixels)
        image = slot.pixels.copy()
        header = self.header()
        slot.commit(header)
        self.last = (header, image)
        self.count()


@planted("memory-flat")
class Leaks(RightDetector):
    kept = []  # noqa: RUF012 - the leak

    def start(self, sink):
        self.kept.append(np.ones(4 << 20, np.uint8))
        super().start(sink)


@planted("threads-flat")
class LeavesThreads(RightDetector):
    def start(self, sink):
        threading.Thread(target=threading.Event().wait, daemon=True).start()
        super().start(sink)


@planted("handles-flat")
class LeavesFilesOpen(RightDetector):
    kept = []  # noqa: RUF012 - the leak

    def start(self, sink):
        self.kept.append(os.open(os.devnull, os.O_RDONLY))
        super().start(sink)


@planted("processes-flat")
class LeavesProcesses(RightDetector):
    kept = []  # noqa: RUF012 - the leak

    def start(self, sink):
        nowhere = subprocess.DEVNULL
        self.kept.append(
            subprocess.Popen(["sleep", "10"], stdin=nowhere, stdout=nowhere, stderr=nowhere)
        )
        super().start(sink)


# a run


@planted("continuous-run")
class EndsAfter15(RightDetector):
    def goes_on(self, sink):
        return super().goes_on(sink) and self.made < 15


@planted("errors-reported")
class ThreadDies(RightDetector):
    def start(self, sink):
        super().start(sink)
        threading.Thread(target=self.measure_temperature, daemon=True).start()

    def measure_temperature(self):
        raise ValueError("-273 °C")


@planted("pixel-format")
class Mono10With12Bits(RightDetector):
    def parameter_list(self):
        return replaced(
            super().parameter_list(),
            EnumParameter("PixelFormat", lambda: "Mono10", choices=["Mono10"]),
        )


@planted("pixel-range")
class HighBitSet(RightDetector):
    def paint(self, pixels):
        super().paint(pixels)
        pixels[0, 0] |= 0x8000


@planted("frame-size")
class OneLineShort(RightDetector):
    def expose(self, sink):
        height, width = self.values["Height"] - 1, self.values["Width"]
        sink.offer(np.zeros((height, width), np.uint16), self.header())
        self.count()


@planted("slot-written")
class LastRowMissing(RightDetector):
    def paint(self, pixels):
        super().paint(pixels[:-1])


@planted("image-content", "WARN")
class ConstantImage(RightDetector):
    def paint(self, pixels):
        pixels[:] = self.pulses % (1 << BITS)


@planted("fresh-image", "WARN")
class EveryImageTwice(RightDetector):
    def paint(self, pixels):
        rows, columns = pixels.shape
        pixels[:] = self.noise[:rows, :columns] ^ (self.pulses // 2 % (1 << BITS))


# counting


@planted("counter-continuity")
class CounterStandsStill(RightDetector):
    def count(self):
        if self.pulses % 10:
            super().count()


@planted("counter-continuity", "WARN")
class LossesNotReported(RightDetector):
    def count(self):
        super().count()
        if self.pulses % 20 == 0:
            super().count()


@planted("counter-wrap")
class MoreBitsThanStated(RightDetector):
    def parameter_list(self):
        return replaced(
            super().parameter_list(), IntParameter("FrameCounterBits", lambda: 12, unit="bit")
        )


@planted("ledger-exact")
class LossReportedTwice(RightDetector):
    def expose(self, sink):
        if self.pulses % 20 == 10:
            self.count()
            sink.lost(2, LossCause.SDK)
        super().expose(sink)


@planted("commit-once")
class CommitsTwice(RightDetector):
    def expose(self, sink):
        self.pulses += 1
        sink.pulse(self.pulse())
        slot = sink.acquire()
        self.paint(slot.pixels)
        slot.commit(self.header())
        slot.commit(self.header())
        self.count()


@planted("slots-returned")
class ForgetsSlots(RightDetector):
    def expose(self, sink):
        if self.pulses % 10 == 5:
            sink.acquire()
        super().expose(sink)


# time


@planted("time-monotonic")
class TimeGoesBack(RightDetector):
    def header(self):
        header = super().header()
        back_ns = 25_000_000 if self.pulses % 10 == 0 else 0
        return replace(header, hardware_time_ns=header.hardware_time_ns - back_ns)


@planted("time-unit")
class MicrosecondsAsNanoseconds(RightDetector):
    def header(self):
        header = super().header()
        return replace(header, hardware_time_ns=header.hardware_time_ns // 1000)


@planted("rate")
class SlowerThanStated(RightDetector):
    def period_ns(self):
        period_ns = super().period_ns()
        return period_ns * 2 if self.values["AcquisitionFrameRate"] == 100.0 else period_ns


@planted("jitter")
class Bursts(RightDetector):
    def wait(self):
        return self.made % 4 == 0 and self.quit.wait(
            max(0.0, (self.due_ns + 3 * self.period_ns() - time.monotonic_ns()) / 1e9)
        )


@planted("rate-set")
class RateNotApplied(RightDetector):
    def period_ns(self):
        return 10_000_000


# pulses


@planted("pulse-index")
class PulseReportedTwice(RightDetector):
    def expose(self, sink):
        super().expose(sink)
        if self.pulses % 10 == 0:
            sink.pulse(self.pulse())


@planted("pulse-values")
class TimeOfDay(RightDetector):
    def pulse(self):
        return replace(super().pulse(), host_time_ns=time.time_ns())


class PedalDown:
    stopping = False


@planted("pulse-after-release")
class IgnoresThePedal(RightDetector):
    def goes_on(self, _sink):
        return super().goes_on(PedalDown)


# parameters


@planted("parameters-required")
class NoPixelFormat(RightDetector):
    def parameter_list(self):
        return [p for p in super().parameter_list() if p.name != "PixelFormat"]


@planted("parameter-limits")
class NanLimit(RightDetector):
    def parameter_list(self):
        return replaced(
            super().parameter_list(),
            self.number("Gain", FloatParameter, 1.0, float("nan"), "dB"),
        )


@planted("parameter-limits", "WARN")
class NoLimits(RightDetector):
    def parameter_list(self):
        return replaced(
            super().parameter_list(), self.number("Gain", FloatParameter, None, None, "dB")
        )


@planted("parameter-units")
class ExposureInMilliseconds(RightDetector):
    def parameter_list(self):
        return replaced(
            super().parameter_list(),
            self.number("ExposureTime", FloatParameter, 0.01, 4000.0, "ms"),
        )


@planted("parameter-readback")
class GainNotApplied(RightDetector):
    def setter(self, name):
        return (lambda _value: None) if name == "Gain" else super().setter(name)


class Clamping(FloatParameter):
    def check(self, value):
        limits = self.limits()
        return min(max(float(value), limits["minimum"]), limits["maximum"])


@planted("parameter-refusal")
class ClampsInSilence(RightDetector):
    def parameter_list(self):
        return replaced(super().parameter_list(), self.number("Gain", Clamping, 1.0, 16.0, "dB"))


@planted("parameters-streaming")
class ExposureLockedInRuns(RightDetector):
    def setter(self, name):
        put = super().setter(name)

        def guarded(value):
            if name == "ExposureTime" and self.thread is not None:
                raise RuntimeError("error -1014")
            put(value)

        return guarded


@planted("settings-kept")
class StartLoadsDefaults(RightDetector):
    def start(self, sink):
        self.values["Gain"] = 1.0
        super().start(sink)


# geometry


@planted("roi")
class HalfOfTheRegion(RightDetector):
    def paint(self, pixels):
        if pixels.shape == (ROWS, COLUMNS):
            super().paint(pixels)
        else:
            super().paint(pixels[:, : self.values["Width"] // 2])

    def parameter_list(self):
        binning = ("BinningHorizontal", "BinningVertical")
        return [p for p in super().parameter_list() if p.name not in binning]


@planted("binning")
class BinningWithoutEffect(RightDetector):
    def size(self, name, full, binning):
        return super().size(name, full, "AcquisitionFrameCount")


@planted("counted-run")
class OneFrameMore(RightDetector):
    def goes_on(self, sink):
        self.made -= 1
        try:
            return super().goes_on(sink)
        finally:
            self.made += 1


# consumers


@planted("slow-consumer")
class GivesUpWhenFull(RightDetector):
    full = 0

    def expose(self, sink):
        slot = sink.acquire()
        self.full = self.full + 1 if slot.index is None else 0
        slot.discard()
        if self.full > 2:
            sink.fail("no buffer is free")
            self.quit.set()
        else:
            super().expose(sink)


@planted("kept-frame")
class WritesToTheLastSlot(RightDetector):
    before = None

    def paint(self, pixels):
        if self.before is not None and self.before.shape == pixels.shape:
            self.before[0] = self.pulses % (1 << BITS)
        super().paint(pixels)
        self.before = pixels


# several devices, several processes


@planted("two-devices")
class StateInTheClass(RightDetector):
    shared = threading.Event()

    def __init__(self, device_id):
        super().__init__(device_id)
        self.quit = self.shared


@planted("unplug")
class UnplugUnseen(RightDetector):
    def unplug(self):
        self.quit.set()


@planted("process-isolation")
class OnlyInThread(RightDetector):
    def open(self):
        super().open()
        spec = sys.modules["__main__"].__spec__
        if spec is not None and spec.name == "fluoroview.hal.runtime.child":
            raise DeviceError("The licence is bound to the main process.", "Buy another.")


@planted("discover-in-run")
class DiscoverResets(RightDetector):
    """Looking for devices resets the bus, which ends the stream of whoever has one."""

    reset = Path(tempfile.gettempdir()) / "planted-reset"

    @classmethod
    def discover(cls):
        cls.reset.touch()
        return super().discover()

    def start(self, sink):
        self.reset.unlink(missing_ok=True)
        super().start(sink)

    def goes_on(self, sink):
        return super().goes_on(sink) and not self.reset.exists()


@planted("kill-9")
class LockFileStays(RightDetector):
    lock = None

    def open(self):
        super().open()
        path = Path(tempfile.gettempdir()) / f"planted-{self.device_id}.lock"
        try:
            os.close(os.open(path, os.O_CREAT | os.O_EXCL))
        except FileExistsError as error:
            raise DeviceError("The device is in use.", "Close the other program.") from error
        self.lock = path

    def close(self):
        super().close()
        if self.lock is not None:
            self.lock.unlink(missing_ok=True)
