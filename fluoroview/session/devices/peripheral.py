"""The generator or the dose meter of a room: a device that reports pulses and no frames."""

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from fluoroview.hal import (
    Clock,
    DeviceError,
    DeviceHost,
    DeviceKind,
    DeviceState,
    FluoroError,
    ParameterSet,
    Pulse,
)
from fluoroview.hal.frame import NAN, Exposure
from fluoroview.session.messages import DeviceFaulted, DeviceRefused, Message
from fluoroview.session.pedal import Pedal
from fluoroview.session.pulse_reader import PulseReader
from fluoroview.session.room import DeviceSection
from fluoroview.session.schedule import Schedule

_DRAIN_S = 2.0


class Peripheral:
    """One armed generator or dose meter; its methods run on the command thread."""

    def __init__(
        self,
        section: DeviceSection,
        kind: DeviceKind,
        *,
        clock: Clock,
        schedule: Schedule,
        pedal: Pedal,
        send: Callable[[Message], None],
        make_host: Callable[..., DeviceHost] = DeviceHost,
    ) -> None:
        """Open, set and arm the device of a room section. Raises FluoroError."""
        self._kind = kind
        self._pedal = pedal
        self._send = send
        self.host = make_host(
            section.driver,
            section.device,
            section.isolation,
            clock=clock,
            on_fault=self._faulted,
            on_refuse=self._refused,
        )
        try:
            self.host.open()
            self._traits = self.host.traits
            if self._traits.kind != kind:
                raise DeviceError(
                    f"{self.host.name} is a {self._traits.kind}, not a {kind}.",
                    "Name another driver in the room file; `fluoroview drivers` lists them.",
                    code="FV-SES-014",
                )
            for name, value in section.parameters.items():
                self.host.write(name, value)
            ring = self.host.arm()
            self.parameters = self.host.parameters()
        except BaseException:
            self.host.close()
            raise
        self._pulses = PulseReader(
            ring, kind, self.host.name, schedule=schedule, send=send, withdraw=pedal.release
        )
        if self.governed:
            pedal.attach(self.host)

    @property
    def governed(self) -> bool:
        """Whether the pedal governs it; a dose meter measures whether or not it is down."""
        return self._kind is DeviceKind.GENERATOR

    @property
    def reports_pulses(self) -> bool:
        """Whether a generator reports each of its pulses."""
        return bool(self._traits.reports_pulses)

    def prepare(self) -> None:
        """Shake hands, where the generator does. Raises DeviceError when it refuses."""
        if self._traits.handshake:
            self.host.prepare()

    def start(self, pedal_held: Callable[[], bool] = lambda: True) -> None:
        """Begin to expose, or to measure."""
        self.host.start(pedal_held, self._pedal.dead_man(self.host) if self.governed else None)

    def release(self) -> None:
        """Forbid any further pulse, at once; from any thread."""
        self.host.release_pedal()

    def stop(self) -> None:
        """End; every pulse was sent when this returns."""
        if self.host.state is DeviceState.RUNNING:
            self.host.stop()
        self._pulses.drain(_DRAIN_S)

    def write(self, name: str, value: Any) -> Any:
        """Write a parameter and return the value read back."""
        written = self.host.write(name, value)
        self.parameters = self.host.parameters()
        return written

    def refresh(self) -> None:
        """Read the parameters again."""
        if self.host.state in (DeviceState.ARMED, DeviceState.RUNNING):
            self.parameters = self.host.parameters()

    def close(self) -> None:
        """Close the device; every pulse was sent when this returns."""
        self._pedal.detach(self.host)
        self._pulses.close()
        self.host.close()

    def _faulted(self, fault: FluoroError) -> None:
        withdrawn = self._pedal.release() if self.governed else None
        self._send(DeviceFaulted(self._kind, fault, withdrawn))

    def _refused(self, refusal: FluoroError) -> None:
        withdrawn = self._pedal.release() if self.governed else None
        self._send(DeviceRefused(refusal, withdrawn))


def technique_of(parameters: ParameterSet) -> Exposure:
    """Return the technique that is set, NaN where it is not known or not yet stated."""
    if parameters.value("TechniqueStated") is False:
        return Exposure()

    def value(name: str) -> float:
        number = parameters.number(name)
        return math.nan if number is None else number

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


def without(pulse: Pulse, measured: frozenset[str]) -> Pulse:
    """Return the pulse without the figures that a dose meter measures instead."""
    return replace(
        pulse,
        air_kerma_ugy=NAN if "air_kerma" in measured else pulse.air_kerma_ugy,
        kap_ugym2=NAN if "kap" in measured else pulse.kap_ugym2,
    )
