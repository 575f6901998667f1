"""One driver on the test bench: the HAL's own server, a recording sink, a deadline for each call.

The driver runs in this process, its methods in a thread of their own, as under
`isolation = "thread"`. The caller is the consumer of the ring.
"""

import os
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import Any, TypeVar

import numpy as np

from fluoroview.conformance.effort import Effort
from fluoroview.conformance.probe import ProbeSink, RunLog
from fluoroview.hal.clock import SystemClock
from fluoroview.hal.device import Device, DeviceTraits, Progress
from fluoroview.hal.errors import FluoroError
from fluoroview.hal.frame import Frame, FrameFormat, Pixels
from fluoroview.hal.parameter import ParameterTree
from fluoroview.hal.runtime.dead_man import DeadMan, ProcessHeartbeat, arm_switch
from fluoroview.hal.runtime.ledger import Ledger, read_ledger
from fluoroview.hal.runtime.ring import FrameRing, RingReader, Word, slots_for
from fluoroview.hal.runtime.server import DeviceServer, Reports, format_fields
from fluoroview.hal.runtime.starvation import TICK_S, Patience, Starvation
from fluoroview.hal.states import DEADLINE_S

_STALL_S = 1.0
_LOOK_S = 0.1
"""How often a wait for a frame checks whether the driver has reported a failure."""
T = TypeVar("T")


class Violation(Exception):  # noqa: N818 - it is a finding, not an error of this program
    """A driver broke a rule, and the trial cannot continue."""

    def __init__(self, rule: str, seen: str) -> None:
        super().__init__(seen)
        self.rule = rule
        self.seen = seen


class Hang(Violation):
    """A call into the driver did not return; this process is of no further use."""


class Rig:
    """One device under test. Each method raises Violation, or Hang at its deadline."""

    def __init__(
        self,
        driver_class: type[Device],
        driver: str,
        device_id: str,
        effort: Effort,
        step: Callable[[str], None] = lambda _rule: None,
    ) -> None:
        self.effort = effort
        self.step = step
        self.took_s: dict[str, float] = {}
        self.logs: list[RunLog] = []
        self._progress: list[Progress] = []
        self.silences: list[float] = []
        """After how many seconds of silence the dead man's switch ended a run."""
        self.before_commit: Callable[[], None] | None = None
        self.after_commit: Callable[[], None] | None = None
        self.bit_depth = 16
        self.rate_hz = float("nan")
        self._sink: ProbeSink | None = None
        self._ring: FrameRing | None = None
        self._reader: RingReader | None = None
        self._heartbeat: ProcessHeartbeat | None = None
        self._end_of_run: Future[None] | None = None
        self._poison: Pixels | None = None
        self.running = False
        self._opened = False
        self._driver_thread = ThreadPoolExecutor(1, "device")
        self._run = 0
        self.step("open-close")
        try:
            self.server = DeviceServer(
                driver_class,
                driver,
                device_id,
                clock=SystemClock(),
                reports=Reports(
                    bell=self._bell,
                    silent=self.silences.append,
                    progress=self._progress.append,
                ),
                end_run=self._end_run,
            )
        except Exception as error:
            raise Violation("open-close", f"The constructor raised {_described(error)}.") from error
        self.server.sink_type = self._make_sink

    # the five methods, as the HAL calls them

    def open(self, rule: str = "open-close") -> None:
        """Open the device and read its parameters once."""
        self._opened = True
        self.call("open", rule)

    def arm(self, slots: int | None = None, *, poison: bool = False) -> FrameFormat:
        """Bind a ring; with `poison` each slot contains a pattern that a driver must overwrite."""
        stated = self.call("format", "parameters-required")
        self.bit_depth, self.rate_hz = stated["bit_depth"], stated["rate_hz"]
        frame_format = FrameFormat(stated["rows"], stated["columns"], stated["dtype"])
        if frame_format.frame_bytes <= 0:
            raise Violation("parameters-required", f"It states {frame_format} for its frames.")
        try:
            count = slots or min(32, slots_for(frame_format, self.rate_hz, self.server.name))
        except FluoroError as error:
            raise Violation("parameters-required", str(error)) from error
        self._ring = FrameRing.create(frame_format, count)
        self._reader = self._ring.reader()
        self._poison = None
        if poison:
            self._poison = _noise(frame_format)
            for pixels in self._ring.pixels:
                pixels[:] = self._poison
        self.call(
            "arm",
            "parameters-required",
            path=str(self._ring.block.path),
            frame_format=format_fields(frame_format),
            slots=count,
        )
        self._ring.block.unlink()
        return frame_format

    def start(self, rule: str = "start-stop") -> None:
        """Start a run."""
        self.permit()
        self.running = True
        self.call("start", rule, hang_rule="start-at-once")

    def permit(self) -> None:
        """Allow pulses for the run that comes next, as the host does before it calls start."""
        self._run += 1
        self.ring.words[Word.RUN] = self._run
        arm_switch(self.ring, DeadMan.OPERATOR if self._heartbeat is not None else None)
        self.ring.words[Word.STOPPING] = 0

    def release_pedal(self) -> None:
        """Forbid further pulses, as the host does before it calls stop."""
        self.ring.words[Word.STOPPING] = 1

    def stop(self, rule: str = "start-stop") -> Ledger:
        """End the run; return its account."""
        self.release_pedal()
        self.running = False
        self.call("stop", rule, hang_rule=rule if rule != "start-stop" else "stop-deadline")
        return read_ledger(self.ring)

    def disarm(self) -> None:
        """Release the ring."""
        self.call("disarm", "open-close")
        self._drop_ring()

    def close(self, rule: str = "open-close") -> None:
        """Stop and close as the HAL does; do nothing where nothing is open."""
        if self._opened:
            self._opened = False
            self.call("close", rule)
        self._drop_ring()
        self._driver_thread.shutdown(wait=False)

    def abandon(self) -> None:
        """Abandon a hanging driver."""
        self._driver_thread.shutdown(wait=False, cancel_futures=True)

    # ways to call

    def call(
        self, method: str, rule: str, *, hang_rule: str | None = None, **arguments: Any
    ) -> Any:
        """Run one command of the server; a refusal breaks `rule`, a hang breaks `hang_rule`."""
        self.step(rule)
        try:
            return self.do(
                method,
                lambda: self.server.handle(method, arguments),
                hang_rule or rule,
            )
        except FluoroError as error:
            raise Violation(rule, f"{method.capitalize()} was refused: {error}") from error

    def do(self, method: str, action: Callable[[], T], hang_rule: str) -> T:
        """Run `action` in the driver's thread under the deadline of `method`; errors pass."""
        limit_s = DEADLINE_S.get(method, DEADLINE_S["parameters"]) * self.effort.deadline_scale
        began = time.monotonic()
        future = self._driver_thread.submit(action)
        patience = Patience(limit_s, Starvation(os.getpid()), began)
        self._progress.clear()
        try:
            while not wait([future], TICK_S).done:
                if patience.exhausted(reports=len(self._progress)):
                    raise Hang(hang_rule, f"{method} did not return within {limit_s:g} s.")
            return future.result()
        finally:
            self.took_s[method] = time.monotonic() - began

    # what is known of the run

    @property
    def device(self) -> Device:
        """The driver's object itself."""
        return self.server._device

    @property
    def traits(self) -> DeviceTraits:
        """What kinds of device it is, and what it can do."""
        return self.server.traits

    @property
    def tree(self) -> ParameterTree:
        """The driver's parameters."""
        return self.server._parameters()

    @property
    def ring(self) -> FrameRing:
        """The ring, once armed."""
        assert self._ring is not None
        return self._ring

    @property
    def sink(self) -> ProbeSink:
        """The sink of the present or last run."""
        assert self._sink is not None
        return self._sink

    @property
    def log(self) -> RunLog:
        """What happened in the present or last run."""
        return self.logs[-1]

    @property
    def ledger(self) -> Ledger:
        """The account so far."""
        return read_ledger(self.ring)

    @property
    def stall_s(self) -> float:
        """How long without a frame is too long at the present rate."""
        return stall_s(self.rate_hz)

    # the consumer

    def frames(
        self, seconds: float, at_least: int = 0, patience_s: float | None = None
    ) -> Iterator[Frame]:
        """Yield frames for `seconds` (and until `at_least` came, or none follows).

        `patience_s` is how long the first of `at_least` may take.
        """
        assert self._reader is not None
        end = time.monotonic() + seconds
        first_s = self.effort.first_frame_s if patience_s is None else patience_s
        count = 0
        while (left := end - time.monotonic()) > 0 or count < at_least:
            patience = self.stall_s if count else first_s
            frame = self._next(max(0.0, left) if count >= at_least else patience)
            if frame is None:
                return
            yield frame
            count += 1
            if self._poison is not None:
                self.ring.pixels[self.ring.slot_of(self._reader._next)][:] = self._poison
            self._reader.release()

    def _next(self, timeout_s: float) -> Frame | None:
        """Return the next frame; None when none came in time, or the driver reported a failure."""
        assert self._reader is not None
        end = time.monotonic() + timeout_s
        while (frame := self._reader.next(min(_LOOK_S, max(0.0, end - time.monotonic())))) is None:
            if time.monotonic() >= end or self.log.failures:
                return None
        return frame

    def wait_frames(
        self, count: int, rule: str = "continuous-run", patience_s: float | None = None
    ) -> None:
        """Wait for `count` frames, or raise Violation with the number that came."""
        came = sum(1 for _ in self.frames(0.0, count, patience_s))
        if came < count:
            if self.log.wrong_sizes:
                raise Violation("frame-size", f"In its run {self.log.wrong_sizes[0]}")
            self.step(rule)
            sentence = f" It sentence: {self.log.failures[0]}" if self.log.failures else ""
            raise Violation(rule, f"{came} of {count} frames came, then none.{sentence}")

    def wait_kept(self, count: int, rule: str = "continuous-run") -> None:
        """Wait until `count` frames are pending, and leave them in the ring."""
        until(lambda: self.pending >= count or bool(self.log.failures), self.effort.first_frame_s)
        if self.pending < count:
            self.wait_frames(count, rule)

    def peek(self, place: int) -> Frame | None:
        """Return the pending frame at `place` without releasing it."""
        assert self._reader is not None
        return self.ring.frame(self._reader._next + place) if 0 <= place < self.pending else None

    def drain(self) -> None:
        """Release all pending frames."""
        assert self._reader is not None
        while self._reader.pending > 0:
            self._reader.release()

    def held(self) -> dict[int, int]:
        """Return sequence number → checksum of every frame that the reader holds."""
        assert self._reader is not None
        first = self._reader._next
        return {
            sequence: checksum(self.ring.frame(sequence).pixels)
            for sequence in range(first, first + self._reader.pending)
        }

    def untouched(self, frame: Frame) -> tuple[int, int]:
        """Return how many whole rows and columns of a frame the driver did not write."""
        assert self._poison is not None
        same = frame.pixels == self._poison
        return int(same.all(axis=1).sum()), int(same.all(axis=0).sum())

    @property
    def pending(self) -> int:
        """Frames that wait for the consumer."""
        assert self._reader is not None
        return self._reader.pending

    def _make_sink(self, *arguments: Any, **named: Any) -> ProbeSink:
        self._sink = ProbeSink(*arguments, before_commit=self.before_commit, **named)
        self.logs.append(self._sink.log)
        return self._sink

    def _end_run(self) -> None:
        """Call stop in the driver's thread, as the child process does."""
        self._end_of_run = self._driver_thread.submit(self.server.handle, "stop", {})

    def await_end_of_run(self) -> None:
        """Wait for the stop that the dead man's switch asked for; raise what the driver raised."""
        end, self._end_of_run = self._end_of_run, None
        if end is not None:
            self.do("stop", lambda: None, "dead-man")  # comes after it in the driver's thread
            end.result()

    def _bell(self) -> None:
        ring = self._ring
        if ring is not None:
            ring.ring_bell()
        if self.after_commit is not None:
            self.after_commit()

    def hold_pedal(self) -> None:
        """Begin the heartbeat of an operator, without which the armed device has no switch."""
        self._heartbeat = ProcessHeartbeat(self.ring)

    def fall_silent(self) -> None:
        """Stop the heartbeat of the operator, as a stopped host does."""
        heartbeat, self._heartbeat = self._heartbeat, None
        if heartbeat is not None:
            heartbeat.close()

    def _drop_ring(self) -> None:
        self.fall_silent()
        reader, self._reader = self._reader, None
        ring, self._ring = self._ring, None
        if reader is not None:
            reader.close()
        if ring is not None:
            ring.close()


def checksum(pixels: Pixels) -> int:
    """Return a checksum of an image."""
    return zlib.crc32(np.ascontiguousarray(pixels).data)


def stall_s(rate_hz: float) -> float:
    """Return how long without a frame is too long: ten periods, at least a second."""
    return max(_STALL_S, 10.0 / rate_hz) if rate_hz > 0 else 3.0


def until(condition: Callable[[], bool], timeout_s: float) -> bool:
    """Wait until `condition` holds; False when it did not in time."""
    end, pause = time.monotonic() + timeout_s, threading.Event()
    while not condition():
        if time.monotonic() > end:
            return False
        pause.wait(0.002)
    return True


def _noise(frame_format: FrameFormat) -> Pixels:
    top = np.iinfo(frame_format.dtype).max
    shape = (frame_format.rows, frame_format.columns)
    generator = np.random.default_rng(20)
    return generator.integers(0, top, shape, frame_format.dtype, endpoint=True)


def _described(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}"
