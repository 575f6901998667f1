"""The generator and the dose meter of a room: devices that tell pulses, and no frames."""

import math
import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from fluoroview.hal import Clock, DeadMan, DeviceError, DeviceHost, DeviceState, FluoroError, Pulse
from fluoroview.hal.frame import NAN, Exposure
from fluoroview.session.room import DeviceSection

_POLL_S = 0.03
_REFRESH_POLLS = 16
"""Every so many polls the parameters are read again: a generator's state and heat change."""


class Peripheral:
    """One armed source or meter; its pulses go to `on_pulses(pulses, missed)` from a thread."""

    def __init__(
        self,
        section: DeviceSection,
        kind: str,
        *,
        clock: Clock,
        on_pulses: Callable[[list[Pulse], int], None],
        on_fault: Callable[[FluoroError], None],
    ) -> None:
        self.host = DeviceHost(
            section.driver, section.device, section.isolation, clock=clock, on_fault=on_fault
        )
        self._on_pulses = on_pulses
        self._end = threading.Event()
        self._calls = threading.Lock()  # a host is not to be called twice at once
        self._passing_on = threading.Lock()  # a pulse read by two threads would be dose twice
        self._seen = 0
        try:
            self.host.open()
            self._traits = self.host.traits
            # until the session reports the operator's input, this process is the operator
            self._dead_man = DeadMan.PROCESS if self._traits.makes_radiation else None
            if self._traits.kind != kind:
                raise DeviceError(
                    f"{self.host.name} is a {self._traits.kind}, not a {kind}.",
                    "Name another driver in the room file; `fluoroview drivers` lists them.",
                )
            for name, value in section.parameters.items():
                self.host.write(name, value)
            self._ring = self.host.arm()
        except BaseException:
            self.host.close()
            raise
        self.parameters = self.host.parameters()
        self._thread = threading.Thread(target=self._poll, name=kind, daemon=True)
        self._thread.start()

    @property
    def reports_pulses(self) -> bool:
        """Whether a source tells each of its pulses."""
        return bool(self._traits.reports_pulses)

    def prepare(self) -> None:
        """Shake hands, where the source does. Raises DeviceError when it refuses."""
        if self._traits.handshake:
            with self._calls:
                self.host.prepare()

    def start(self, pedal_held: Callable[[], bool] = lambda: True) -> None:
        """Begin: expose, or measure."""
        with self._calls:
            self.host.start(pedal_held, self._dead_man)

    def release(self) -> None:
        """Forbid any further pulse, at once."""
        self.host.release_pedal()

    def stop(self) -> None:
        """End; what was told until now is passed on before this returns."""
        with self._calls:
            if self.host.state is DeviceState.RUNNING:
                self.host.stop()
        self._pass_on()

    def write(self, name: str, value: Any) -> Any:
        """Write a parameter and return the value read back."""
        with self._calls:
            written = self.host.write(name, value)
            self.parameters = self.host.parameters()
        return written

    def technique(self) -> Exposure:
        """Return the technique that is set, NaN where it is not known or not yet stated."""
        if any(p.name == "TechniqueStated" and not p.value for p in self.parameters):
            return Exposure()

        def value(name: str) -> float:
            return next((float(p.value) for p in self.parameters if p.name == name), math.nan)

        return Exposure(
            value("TubeVoltage"),
            value("TubeCurrent"),
            value("PulseWidth"),
            value("AluminiumFilter"),
            value("CopperFilter"),
            value("SourceImageDistance"),
            value("FieldWidth"),
            value("FieldHeight"),
        )

    def close(self) -> None:
        """Give the device back."""
        self._end.set()
        self._thread.join()
        self._pass_on()
        self.host.close()

    def _poll(self) -> None:
        polls = 0
        while not self._end.wait(_POLL_S):
            self._pass_on()
            polls += 1
            if polls % _REFRESH_POLLS == 0:
                self._refresh()

    def _refresh(self) -> None:
        """Read the parameters again, unless a command is under way: nothing waits for this."""
        if not self._calls.acquire(blocking=False):
            return
        try:
            if self.host.state in (DeviceState.ARMED, DeviceState.RUNNING):
                self.parameters = self.host.parameters()
        except FluoroError:
            pass  # a fault was told when it came
        finally:
            self._calls.release()

    def _pass_on(self) -> None:
        with self._passing_on:
            count, pulses = self._ring.pulses_since(self._seen)
            missed, self._seen = count - self._seen - len(pulses), count
            if pulses or missed:
                self._on_pulses(pulses, missed)


def without(pulse: Pulse, measured: frozenset[str]) -> Pulse:
    """Return the pulse without the figures that a meter measures instead."""
    return replace(
        pulse,
        air_kerma_ugy=NAN if "air_kerma" in measured else pulse.air_kerma_ugy,
        kap_ugym2=NAN if "kap" in measured else pulse.kap_ugym2,
    )
