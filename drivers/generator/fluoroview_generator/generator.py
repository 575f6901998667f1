"""The driver of the simulated generator: handshake, pulses, and the ways in which it refuses.

off → preparing → ready (prepare) → exposing (start) → off (stop). An open door is `interlock`, from
anywhere; a trip is `fault`, until the device is opened again.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from fluoroview.hal import (
    Access,
    BoolParameter,
    Clock,
    DeviceError,
    DeviceInfo,
    DoseOrigin,
    EnumParameter,
    FloatParameter,
    FrameSink,
    Generator,
    GeneratorState,
    IntParameter,
    Parameter,
    ParameterTree,
    Pulse,
    StrParameter,
)
from fluoroview.hal.roles import Role
from fluoroview.hal.runtime.run_thread import RunThread
from fluoroview.hal.tube_output import pulse_output
from fluoroview_generator import technique as limits
from fluoroview_generator.anode import Anode
from fluoroview_generator.pacing import PulseSchedule
from fluoroview_generator.technique import Geometry, Rating, Technique, exposure_of

DEVICE_ID = "tube"
HOT_PERCENT = 100.0
"""Above this no exposure begins."""
TRIP_PERCENT = 110.0
"""Above this an exposure is ended."""


_POLLING_S = 0.5
"""How often state and heat are to be read."""


class SimulatedGenerator(Generator):
    """An x-ray generator that must be prepared, and may refuse, trip and overheat.

    `clock` and `wait(seconds) -> bool` (true: the run was ended meanwhile) are there for tests;
    `open` makes it as it was when new: cold, door closed, nothing tripped.
    """

    handshake = True

    def __init__(
        self,
        device_id: str,
        clock: Clock | None = None,
        wait: Callable[[float], bool] | None = None,
    ) -> None:
        super().__init__(device_id)
        self._thread = RunThread(clock, wait)
        self._clock = self._thread.clock
        self._renew()

    def _renew(self) -> None:
        self._state = GeneratorState.OFF
        self._technique, self._geometry, self._rating = Technique(), Geometry(), Rating()
        self._anode = Anode(self._clock)
        self._rotor_time_s = 0.3
        self._trip_after = 0
        self._pulse_index = 0

    @classmethod
    def discover(cls) -> list[DeviceInfo]:
        """Return the one simulated generator; it is always there."""
        return [
            DeviceInfo(
                "generator",
                DEVICE_ID,
                "FluoroView",
                "Simulated x-ray generator",
                note="no hardware, no radiation",
            )
        ]

    def open(self) -> None:
        """Switch on a new and cold tube."""
        if self.device_id not in (DEVICE_ID, ""):
            raise DeviceError(
                f"The simulated generator has no device {self.device_id!r}.",
                f"It has one: {DEVICE_ID}.",
                code="FV-GEN-002",
            )
        self._renew()

    def parameters(self) -> ParameterTree:
        """Return technique, geometry, rating, heat, and what makes it refuse or trip."""
        return ParameterTree(
            [
                *self._technique_parameters(),
                *self._geometry_parameters(),
                *self._tube_parameters(),
                *self._trouble_parameters(),
            ]
        )

    # ---- the handshake -------------------------------------------------------------------

    def prepare(self) -> None:
        """Run the rotor up and return when ready; DeviceError with the reason when it refuses."""
        self._require_fit()
        self._state = GeneratorState.PREPARING
        self._thread.end.clear()
        self._thread.wait(self._rotor_time_s)
        if self._state is not GeneratorState.PREPARING:  # the door, meanwhile
            self._require_fit()
        self._state = GeneratorState.READY

    def start(self, sink: FrameSink) -> None:
        """Begin to expose. DeviceError unless ready, or when the technique no longer fits."""
        if self._state is not GeneratorState.READY:
            raise DeviceError(
                f"The generator {self.device_id} cannot expose: it is {self._state}, not ready.",
                "Prepare it first.",
                self.device_id,
                code="FV-GEN-003",
            )
        self._require_fit()
        self._state = GeneratorState.EXPOSING
        self._thread.start(
            "generator pulses",
            lambda: self._expose(sink),
            lambda error: self._trip(sink, str(error)),
        )

    def stop(self) -> None:
        """End the exposure; the rotor runs down."""
        self._thread.stop()
        if self._state in (GeneratorState.EXPOSING, GeneratorState.READY, GeneratorState.PREPARING):
            self._state = GeneratorState.OFF

    def close(self) -> None:
        """Switch off."""
        self.stop()

    def _require_fit(self) -> None:
        """Raise DeviceError with the reason and the remedy when no exposure may begin."""
        what, remedy = self._refusal()
        if what:
            raise DeviceError(
                f"The generator {self.device_id} refuses: {what}.", remedy, code="FV-GEN-004"
            )

    def _refusal(self) -> tuple[str, str]:
        if self._state is GeneratorState.FAULT:
            return "it tripped", "Close the device and open it again."
        if self._state is GeneratorState.INTERLOCK:
            return "the interlock is open (the door of the room)", "Close the door."
        if self._anode.heat_percent > HOT_PERCENT:
            seconds = self._anode.seconds_until(HOT_PERCENT)
            return (
                f"the anode is too hot ({self._anode.heat_percent:.0f} % of its capacity)",
                f"Let it cool for {seconds:.0f} s.",
            )
        objection = self._rating.objection(self._technique)
        if objection:
            return objection, "Lower tube voltage, tube current, pulse width or pulse rate."
        return "", ""

    # ---- pulses --------------------------------------------------------------------------

    def _expose(self, sink: FrameSink) -> None:
        """Pulse on the raster until the pedal is up or something trips."""
        rate_hz, raster, fired = 0.0, None, 0
        while not sink.stopping:
            if raster is None or rate_hz != self._technique.pulse_rate_hz:
                rate_hz = self._technique.pulse_rate_hz
                raster = PulseSchedule(self._clock.monotonic_ns(), rate_hz)
            if self._thread.wait_until(raster.next(self._clock.monotonic_ns())):
                return
            pulse = self._pulse()
            if sink.stopping or self._tripped(sink, fired):
                return
            sink.pulse(pulse)
            self._pulse_index += 1
            self._anode.add(self._technique.energy_kj)
            fired += 1

    def _tripped(self, sink: FrameSink, fired: int) -> bool:
        """Say why the exposure is cut off here, if it is."""
        if self._state is GeneratorState.INTERLOCK:
            sink.fail("the interlock opened during the exposure (the door of the room)")
        elif self._trip_after and fired >= self._trip_after:
            self._trip(sink, f"the tube arced after {fired} pulses, and the generator tripped")
        elif self._anode.heat_percent > TRIP_PERCENT:
            self._trip(
                sink,
                f"the anode overheated ({self._anode.heat_percent:.0f} % of its capacity), and the "
                "generator tripped",
            )
        else:
            return False
        return True

    def _trip(self, sink: FrameSink, why: str) -> None:
        self._state = GeneratorState.FAULT
        sink.fail(why)

    def _pulse(self) -> Pulse:
        exposure = exposure_of(self._technique, self._geometry)
        given = pulse_output(exposure, self._geometry.source_reference_mm)
        return Pulse(
            self._pulse_index,
            self._clock.monotonic_ns(),
            exposure,
            given.air_kerma_ugy,
            given.kap_ugym2,
            DoseOrigin.SIMULATED,
        )

    # ---- parameters ----------------------------------------------------------------------

    def _technique_parameters(self) -> list[Parameter]:
        return [
            self._number("TubeVoltage", "kv", limits.KV, "kV", Role.TUBE_VOLTAGE),
            self._number("TubeCurrent", "tube_current_ma", limits.MA, "mA", Role.TUBE_CURRENT),
            self._number(
                "PulseWidth", "pulse_width_ms", limits.PULSE_WIDTH_MS, "ms", Role.PULSE_WIDTH
            ),
            EnumParameter(
                "PulseRate",
                lambda: f"{self._technique.pulse_rate_hz:g}",
                lambda value: self._set_technique(pulse_rate_hz=float(value)),
                unit="1/s",
                choices=[f"{rate:g}" for rate in limits.PULSE_RATES_HZ],
                role=Role.FRAME_RATE,
            ),
            EnumParameter(
                "CopperFilter",
                lambda: f"{self._technique.copper_mm:g}",
                lambda value: self._set_technique(copper_mm=float(value)),
                unit="mm",
                choices=[f"{copper:g}" for copper in limits.COPPER_MM],
                role=Role.COPPER_FILTER,
            ),
            FloatParameter("AluminiumFilter", lambda: limits.ALUMINIUM_MM, unit="mm"),
        ]

    def _geometry_parameters(self) -> list[Parameter]:
        return [
            self._distance("SourceImageDistance", "source_image_mm", (700.0, 1500.0)),
            self._distance(
                "SourceReferenceDistance",
                "source_reference_mm",
                (300.0, 1200.0),
                "focal spot to reference point, 150 mm from the isocentre towards the source",
            ),
            self._distance("FieldWidth", "field_width_mm", (20.0, 430.0), "at the detector"),
            self._distance("FieldHeight", "field_height_mm", (20.0, 430.0), "at the detector"),
            FloatParameter(
                "AirKermaPerPulse",
                lambda: self._pulse().air_kerma_ugy,
                unit="µGy",
                description="at the reference point, simulated",
            ),
        ]

    def _tube_parameters(self) -> list[Parameter]:
        anode = self._anode
        return [
            StrParameter(
                "GeneratorState",
                lambda: str(self._state),
                description="how far the handshake has come",
                role=Role.GENERATOR_STATE,
                polling_interval_s=_POLLING_S,
            ),
            FloatParameter("RatedPower", lambda: self._rating.power_kw, unit="kW"),
            FloatParameter("RatedPulseCharge", lambda: self._rating.charge_mas, unit="mAs"),
            FloatParameter(
                "AnodeHeat",
                lambda: anode.heat_kj,
                unit="kJ",
                role=Role.ANODE_HEAT,
                polling_interval_s=_POLLING_S,
            ),
            FloatParameter(
                "AnodeHeatPercent",
                lambda: anode.heat_percent,
                unit="%",
                role=Role.ANODE_HEAT_PERCENT,
                polling_interval_s=_POLLING_S,
                description=f"no exposure begins above {HOT_PERCENT:g} %, none goes on above "
                f"{TRIP_PERCENT:g} %",
            ),
            FloatParameter(
                "AnodeHeatCapacity",
                lambda: anode.capacity_kj,
                lambda value: setattr(anode, "capacity_kj", value),
                unit="kJ",
                minimum=0.01,
                maximum=5000.0,
            ),
            FloatParameter(
                "AnodeCoolingTime",
                lambda: anode.cooling_time_s,
                lambda value: setattr(anode, "cooling_time_s", value),
                unit="s",
                minimum=0.1,
                maximum=3600.0,
                description="time in which the anode cools to 1/e",
            ),
            FloatParameter(
                "RotorTime",
                lambda: self._rotor_time_s,
                lambda value: setattr(self, "_rotor_time_s", value),
                unit="s",
                minimum=0.0,
                maximum=4.0,
                access=Access.RW_IDLE,
                description="how long preparing takes",
            ),
        ]

    def _trouble_parameters(self) -> list[Parameter]:
        return [
            BoolParameter(
                "Interlock",
                lambda: self._state is GeneratorState.INTERLOCK,
                self._set_interlock,
                description="true: the door is open; preparing is refused, an exposure is cut off",
            ),
            IntParameter(
                "TripAfterPulses",
                lambda: self._trip_after,
                lambda value: setattr(self, "_trip_after", value),
                minimum=0,
                maximum=1_000_000,
                description="trip after so many pulses of a run; 0: never",
            ),
        ]

    def _number(
        self, name: str, field: str, bounds: tuple[float, float], unit: str, role: Role
    ) -> FloatParameter:
        return FloatParameter(
            name,
            lambda: getattr(self._technique, field),
            lambda value: self._set_technique(**{field: value}),
            minimum=bounds[0],
            maximum=bounds[1],
            unit=unit,
            role=role,
        )

    def _distance(
        self, name: str, field: str, bounds: tuple[float, float], description: str = ""
    ) -> FloatParameter:
        return FloatParameter(
            name,
            lambda: getattr(self._geometry, field),
            lambda value: self._set_geometry(**{field: value}),
            minimum=bounds[0],
            maximum=bounds[1],
            unit="mm",
            description=description,
        )

    def _set_technique(self, **changes: Any) -> None:
        """Set at any time; while exposing only what the tube is rated for."""
        requested = replace(self._technique, **changes)
        if self._state is GeneratorState.EXPOSING and (
            objection := self._rating.objection(requested)
        ):
            raise DeviceError(
                f"The generator {self.device_id} refuses: {objection}.",
                "Lower another factor first.",
                code="FV-GEN-005",
            )
        self._technique = requested

    def _set_geometry(self, **changes: float) -> None:
        self._geometry = replace(self._geometry, **changes)

    def _set_interlock(self, is_open: bool) -> None:
        if self._state is GeneratorState.FAULT:
            return  # what tripped stays tripped, door or not
        if is_open:
            self._state = GeneratorState.INTERLOCK
        elif self._state is GeneratorState.INTERLOCK:
            self._state = GeneratorState.OFF
