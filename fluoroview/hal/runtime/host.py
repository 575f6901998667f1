"""The host of one device, with its driver in a thread or in a child process.

It owns the state machine, the ring and the deadline of each call. A driver that misses its
deadline, fails or dies moves the device to FAULT, is abandoned (a child is killed) and can be
opened again.
"""

import contextlib
import logging
import math
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

from fluoroview.hal.clock import Clock, SystemClock
from fluoroview.hal.device import Device, DeviceKind, DeviceTraits, Progress, device_name
from fluoroview.hal.errors import DeviceError, FluoroError, ended
from fluoroview.hal.foreign_text import plain
from fluoroview.hal.frame import FrameFormat, PixelIntensityRelationship
from fluoroview.hal.parameter import ParameterInfo, ParameterSet, Value
from fluoroview.hal.runtime.dead_man import DeadMan, ProcessHeartbeat, arm_switch, beat
from fluoroview.hal.runtime.ledger import Ledger, read_ledger
from fluoroview.hal.runtime.registry import load_driver
from fluoroview.hal.runtime.ring import FrameRing, Word, slots_for
from fluoroview.hal.runtime.server import SENTENCE_LENGTH, Reports, format_fields
from fluoroview.hal.runtime.store_order import require_ordered_stores
from fluoroview.hal.runtime.transport import (
    DeadlineMissedError,
    DriverGoneError,
    ProcessTransport,
    ThreadTransport,
    Transport,
)
from fluoroview.hal.runtime.watchdog import Watchdog, WatchLimits
from fluoroview.hal.states import DEADLINE_S, DeviceState, StateMachine

logger = logging.getLogger(__name__)
Isolation = Literal["process", "thread"]
_RESTART = "Restart the device, or choose another one."


class DeviceHost:
    """One device. Methods block up to their deadline; never call two at once.

    `on_fault(FluoroError)` is called once per fault, from any thread. `release_pedal` may be
    called from any thread at any time.
    """

    def __init__(
        self,
        driver: str,
        device_id: str,
        isolation: Isolation = "process",
        *,
        clock: Clock | None = None,
        on_fault: Callable[[FluoroError], None] = lambda _error: None,
        on_refuse: Callable[[FluoroError], None] = lambda _error: None,
        on_progress: Callable[[Progress], None] = lambda _progress: None,
        driver_class: type[Device] | None = None,
        faults: Path | None = None,
    ) -> None:
        self.driver = driver
        self.device_id = device_id
        self.name = device_name(driver, device_id)
        self.isolation = isolation
        self.ring: FrameRing | None = None
        self.relationship = PixelIntensityRelationship.DISP
        self.bit_depth = 16
        self._clock = clock or SystemClock()
        self._on_fault = on_fault
        self._on_refuse = on_refuse
        self._on_progress = on_progress
        self._driver_class = driver_class
        self._faults = faults
        self._states = StateMachine(self.name)
        self._transport: Transport | None = None
        self._run = 0
        self._limits = WatchLimits(math.nan)
        self._watchdog: Watchdog | None = None
        self._heartbeat: ProcessHeartbeat | None = None
        self._traits: DeviceTraits | None = None
        self._reported_fault: FluoroError | None = None
        self._lock = threading.Lock()

    @property
    def state(self) -> DeviceState:
        """The state of the device."""
        return self._states.state

    @property
    def pid(self) -> int | None:
        """Process id of the driver's child process, if it has one."""
        return self._transport.pid if self._transport else None

    def open(self) -> None:
        """CLOSED → IDLE. Raises DriverError or DeviceError with a sentence."""
        self._states.require(DeviceState.CLOSED, action="be opened")
        require_ordered_stores(self.name, self.isolation)
        reports = Reports(
            self._bell, self._failed, self._refused, self._operator_silent, self._on_progress
        )
        if self.isolation == "thread":
            driver_class = self._driver_class or load_driver(self.driver)
            self._transport = ThreadTransport(
                driver_class,
                self.driver,
                self.device_id,
                self._clock,
                self._faults,
                reports=reports,
                on_exit=self._exited,
            )
        else:
            self._transport = ProcessTransport(
                self.driver, self.device_id, self._faults, reports=reports, on_exit=self._exited
            )
        try:
            self._call("open")
            self._traits = _traits(self._call("traits"))
        except Exception:
            if self.state is DeviceState.CLOSED:
                self._give_up()
            raise
        self._reach(DeviceState.IDLE)

    @property
    def traits(self) -> DeviceTraits:
        """What kinds of device this is and what it can do; known once it is open."""
        if self._traits is None:
            raise self._reported_fault or DeviceError(
                f"{self.name} is not open.", _RESTART, self.name, code="FV-HAL-022"
            )
        return self._traits

    def prepare(self) -> None:
        """Prepare a generator. Raises DeviceError with the reason when it refuses."""
        self._require(DeviceState.ARMED, action="prepare")
        self._call("prepare")

    def parameters(self) -> ParameterSet:
        """Read every parameter of the device."""
        return ParameterSet(ParameterInfo.of(each) for each in self._call("parameters"))

    def write(self, name: str, value: Any) -> Value:
        """Write a parameter and return the value read back. Raises ParameterError."""
        idle = self.state is DeviceState.IDLE
        written: Value = self._call("write", name=name, value=value, idle=idle)
        if self.state is not DeviceState.IDLE:  # the rate may follow what was written
            self._limits = WatchLimits(self._call("format")["rate_hz"])
            if self._watchdog is not None:
                self._watchdog.limits = self._limits
        return written

    def arm(self, slots: int | None = None) -> FrameRing:
        """IDLE → ARMED: fix the format and bind a ring of about one second of frames."""
        self._require(DeviceState.IDLE, action="be armed")
        described = self._call("format")
        self.relationship = PixelIntensityRelationship(described["relationship"])
        self.bit_depth = described["bit_depth"]
        self._limits = WatchLimits(described["rate_hz"])
        frame_format = FrameFormat(described["rows"], described["columns"], described["dtype"])
        fitting = slots_for(frame_format, described["rate_hz"], self.name)
        ring = FrameRing.create(frame_format, slots or fitting)
        try:
            self._call(
                "arm",
                path=str(ring.block.path),
                frame_format=format_fields(frame_format),
                slots=ring.layout.slots,
            )
        except Exception:
            ring.close()
            raise
        ring.block.unlink()
        self.ring = ring
        self._reach(DeviceState.ARMED)
        return ring

    def disarm(self) -> None:
        """ARMED → IDLE; readers of the ring must have closed."""
        self._require(DeviceState.ARMED, action="be disarmed")
        self._call("disarm")
        self._drop_ring()
        self._reach(DeviceState.IDLE)

    def require_ready(self) -> None:
        """Raise StateError, or the present fault, unless a run can start now."""
        self._require(DeviceState.ARMED, action="start")

    def start(
        self,
        pedal_held: Callable[[], bool] = lambda: True,
        dead_man: DeadMan | None = None,
    ) -> int:
        """ARMED → RUNNING; return the number of the run.

        Args:
            pedal_held: read after pulses were permitted, so that a release that came meanwhile
                is not undone: whoever releases first makes it False, then calls `release_pedal`.
            dead_man: who writes the heartbeat without which the driver's side ends the run within
                300 ms, whatever this process does. OPERATOR: the caller, with `beat`. PROCESS: a
                thread of this process. None: OPERATOR where the device makes radiation, no dead
                man's switch elsewhere.
        """
        self.require_ready()
        assert self.ring is not None
        if dead_man is None and self.traits.makes_radiation:
            dead_man = DeadMan.OPERATOR
        self._run += 1
        self.ring.words[Word.RUN] = self._run
        arm_switch(self.ring, dead_man)
        self.ring.words[Word.STOPPING] = 0
        if not pedal_held():
            self.release_pedal()
        self._reach(DeviceState.RUNNING)
        if dead_man is DeadMan.PROCESS:
            self._heartbeat = ProcessHeartbeat(self.ring)
        self._call("start")
        self._watchdog = Watchdog(
            self.ring, self.pid, self._limits, clock=self._clock, on_unfit=self._failed
        )
        self._watchdog.start()
        return self._run

    def beat(self) -> None:
        """Report that the operator still holds the pedal; from any thread, cheap, without a lock.

        Due every `BEAT_S` (40 ms) in a run that was started with `DeadMan.OPERATOR`.
        """
        ring = self.ring
        if ring is not None:
            beat(ring)

    def release_pedal(self) -> None:
        """Forbid any further pulse at once; `stop` then ends the run."""
        if self.ring is not None:
            self.ring.words[Word.STOPPING] = 1

    def stop(self) -> Ledger:
        """RUNNING → ARMED; return the ledger of the run."""
        self._require(DeviceState.RUNNING, action="stop")
        self.release_pedal()
        self._unwatch()
        self._call("stop")
        self._reach(DeviceState.ARMED)
        return self.ledger()

    def ledger(self, lost_consumer: int = 0) -> Ledger:
        """Return the ledger of the present or last run; it survives the driver's death."""
        return read_ledger(self.ring, lost_consumer) if self.ring is not None else Ledger()

    def close(self) -> None:
        """Go to CLOSED from anywhere; never raises. A child process has ended when this returns."""
        self._unwatch()
        self.release_pedal()
        transport = self._transport
        if transport is not None and self.state is not DeviceState.FAULT:
            transport.mute()
            with contextlib.suppress(Exception):
                transport.call("close", {}, DEADLINE_S["close"])
        self._give_up()
        self._drop_ring()
        if self.state is not DeviceState.CLOSED:
            self._states.move(DeviceState.CLOSED)
            logger.info("%s is CLOSED", self.name)

    def _require(self, state: DeviceState, action: str) -> None:
        """Raise a fault that came meanwhile, else StateError where the state does not fit."""
        fault = self._reported_fault
        if fault is not None:
            raise fault
        self._states.require(state, action=action)

    def _reach(self, target: DeviceState) -> None:
        """Go to `target`; raise a fault that came meanwhile."""
        with self._lock:
            if self._reported_fault is not None:
                raise self._reported_fault
            self._states.move(target)
        logger.info("%s is %s", self.name, target)

    def _give_up(self) -> None:
        """Kill the rest of the driver and wait for its end; it reports nothing further."""
        with self._lock:
            transport, self._transport = self._transport, None
            self._reported_fault = None
        if transport is not None:
            transport.mute()
            transport.kill()
            transport.join(DEADLINE_S["close"])

    # reports of the transport

    def _call(self, method: str, **arguments: Any) -> Any:
        transport = self._transport
        if transport is None or self.state is DeviceState.FAULT:
            raise self._reported_fault or DeviceError(
                f"{self.name} is not open.", _RESTART, self.name, code="FV-HAL-023"
            )
        deadline_s = DEADLINE_S.get(method, DEADLINE_S["parameters"])
        fault: FluoroError
        try:
            return transport.call(method, arguments, deadline_s)
        except DeadlineMissedError:
            fault = DeviceError(
                f"{self.name} did not finish {method} within {deadline_s:g} s and was abandoned.",
                _RESTART,
                self.name,
                code="FV-HAL-024",
            )
        except DriverGoneError as gone:
            fault = DeviceError(
                f"{self.name} is gone: {gone}.", _RESTART, self.name, code="FV-HAL-025"
            )
        except FluoroError as error:
            if method not in ("start", "stop"):
                raise
            fault = error
        self._fault(fault)
        raise fault

    def _bell(self) -> None:
        ring = self.ring
        if ring is not None:
            ring.ring_bell()

    def _failed(self, sentence: str) -> None:
        self._fault(
            DeviceError(
                f"{self.name} failed: {_foreign(sentence)}", _RESTART, self.name, code="FV-HAL-026"
            )
        )

    def _refused(self, sentence: str) -> None:
        self._on_refuse(
            DeviceError(
                f"{self.name} makes no x-rays. {_foreign(sentence)}",
                "",
                self.name,
                code="FV-HAL-027",
            )
        )

    def _operator_silent(self, seconds: float) -> None:
        logger.warning("%s: the operator was silent for %.2f s", self.name, seconds)
        self._on_refuse(
            DeviceError(
                f"{self.name} ended the run: the operator was silent for {seconds:.1f} s.",
                "Release the pedal and press it again.",
                self.name,
                code="FV-HAL-028",
            )
        )

    def _exited(self, text: str) -> None:
        self._fault(
            DeviceError(f"{self.name} is gone: {text}.", _RESTART, self.name, code="FV-HAL-029")
        )

    def _fault(self, fault: FluoroError) -> None:
        with self._lock:
            if self.state in (DeviceState.FAULT, DeviceState.CLOSED) and self._transport is None:
                return
            first = self.state is not DeviceState.FAULT
            self._reported_fault = self._reported_fault or fault
            self._states.move(DeviceState.FAULT)
            transport = self._transport
        self.release_pedal()
        if transport is not None:
            transport.kill()
        if first:
            logger.error("%s", fault)
            self._on_fault(fault)

    def _unwatch(self) -> None:
        heartbeat, self._heartbeat = self._heartbeat, None
        if heartbeat is not None:
            heartbeat.close()
        watchdog, self._watchdog = self._watchdog, None
        if watchdog is not None:
            watchdog.close()

    def _drop_ring(self) -> None:
        ring, self.ring = self.ring, None
        if ring is not None:
            ring.close()


def _foreign(sentence: str) -> str:
    """Return a driver's sentence, harmless and with a full stop."""
    return ended(plain(sentence, SENTENCE_LENGTH))


def _traits(described: dict[str, Any]) -> DeviceTraits:
    """Return the traits from their JSON-able fields."""
    kinds = tuple(DeviceKind(kind) for kind in described["kinds"])
    return DeviceTraits(
        DeviceKind(described["kind"]), kinds, described["handshake"], described["reports_pulses"]
    )
