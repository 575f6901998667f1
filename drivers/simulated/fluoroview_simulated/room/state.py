"""The state of the simulated room: one frozen value, from which every pulse and parameter is read.

What the operator sets and what the brightness control finds are separate fields: the control never
writes what the operator has set. `room.Room` owns the value; every method here returns another one.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from fluoroview_simulated import procedures
from fluoroview_simulated.panel.settings import DetectorSettings
from fluoroview_simulated.physics.beam import pulse_kerma_ugy
from fluoroview_simulated.procedures.base import ProcedureInfo
from fluoroview_simulated.room.brightness import (
    HIGH_LEVEL_KERMA_RATE_LIMIT_MGY_MIN,
    KERMA_RATE_LIMIT_MGY_MIN,
    BrightnessControl,
)
from fluoroview_simulated.room.technique import (
    PULSE_WIDTH_MS_MAX,
    TUBE_CURRENT_MA_MAX,
    Geometry,
    Technique,
)
from fluoroview_simulated.room.tube import Tube, collimation_refusal, rating_kw, technique_refusal

PATIENT, OPEN_FIELD, DARK = "patient", "open field", "dark"
"""What is in the field: the latter two are for calibrating the detector."""
FLUOROSCOPY, ACQUISITION, SINGLE_IMAGE = "fluoroscopy", "acquisition", "single image"
PULSED, CONTINUOUS = "pulsed fluoroscopy", "continuous fluoroscopy"
CONTINUOUS_HZ = 30.0
DETECTOR_DOSE = {FLUOROSCOPY: 1.0, ACQUISITION: 8.0, SINGLE_IMAGE: 16.0}
"""Detector dose per pulse by acquisition type, relative to fluoroscopy: a cine or DSA frame and a
single image are diagnostic images of their own."""
BLADE_EDGE_MM = 6.0
"""The collimator blades stand this much inside the detector's field: their edge is visible."""


@dataclass(frozen=True)
class SceneRequest:
    """Which patient is requested in front of which detector."""

    procedure: str
    case: str
    patient_size: str
    seed: int
    size: int
    raw: bool
    settings: DetectorSettings
    focal_spot: str


@dataclass(frozen=True, slots=True)
class AutomaticFactors:
    """The exposure factors that the brightness control has chosen, in a generator's steps."""

    kv: float
    tube_current_ma: float
    pulse_width_ms: float


@dataclass(frozen=True, slots=True)
class ProcedureClock:
    """The procedure's time: it goes on while the pedal is up.

    Attributes:
        time_s: procedure time of the last pulse.
        stopped_ns: host time when the last run ended; None during a run and before the first.
    """

    time_s: float = 0.0
    stopped_ns: int | None = None

    def now_s(self, host_ns: int) -> float:
        """Return the procedure time at a host time."""
        return self.time_s + self.paused_s(host_ns)

    def paused_s(self, host_ns: int) -> float:
        """Return how long the pedal has been up; 0 during a run and before the first."""
        return 0.0 if self.stopped_ns is None else (host_ns - self.stopped_ns) / 1e9


@dataclass(frozen=True)
class RoomState:
    """Everything that is set in the room, and everything that it has come to.

    Attributes:
        technique: the operator's exposure factors and filters.
        automatic_brightness: whether the brightness control chooses kV, mA and ms.
        automatic_factors: its choice; None before its first image.
        control: what it has inferred of the patient.
        measured_geometry: the geometry in which it last measured a signal.
        tube: the anode's heat.
        clock: the procedure's time.
    """

    procedure: str
    case: str
    patient_size: str
    technique: Technique
    geometry: Geometry
    rate_hz: float
    acquisition_type: str
    seed: int = 1
    size: int = 1024
    raw: bool = False
    field_content: str = PATIENT
    radiation_mode: str = PULSED
    truth_folder: str = ""
    settings: DetectorSettings = field(default_factory=DetectorSettings)
    focal_spot: str = "0.6"
    automatic_brightness: bool = True
    brightness_curve: str = "kV first"
    dose_level: str = "normal"
    high_level: bool = False

    automatic_factors: AutomaticFactors | None = None
    control: BrightnessControl = field(default_factory=BrightnessControl)
    measured_geometry: Geometry | None = None
    tube: Tube = field(default_factory=Tube)
    clock: ProcedureClock = field(default_factory=ProcedureClock)

    @classmethod
    def of(cls, procedure: str) -> RoomState:
        """Return the room as it is when a procedure begins."""
        info = procedures.find(procedure).info
        case, patient_size = info.cases[0].name, info.bodies[0]
        return cls(
            procedure,
            case,
            patient_size,
            info.technique,
            procedures.start_geometry(info, case, patient_size),
            info.rate_hz,
            ACQUISITION if info.subtraction else FLUOROSCOPY,
        )

    @property
    def info(self) -> ProcedureInfo:
        """Return what is known of the chosen procedure."""
        return procedures.find(self.procedure).info

    @property
    def scene_request(self) -> SceneRequest:
        """Return the patient that belongs to this state."""
        return SceneRequest(
            self.procedure,
            self.case,
            self.patient_size,
            self.seed,
            self.size,
            self.raw,
            self.settings,
            self.focal_spot,
        )

    # ---- the operator's choices ---------------------------------------------------------------

    def with_procedure(self, procedure: str) -> RoomState:
        """Return the room with another procedure: its start technique, view and first case."""
        start = RoomState.of(procedure)
        return replace(
            self,
            procedure=start.procedure,
            patient_size=start.patient_size,
            technique=start.technique,
            rate_hz=start.rate_hz,
            acquisition_type=start.acquisition_type,
        ).with_patient(case=start.case)

    def with_patient(self, **changes: str) -> RoomState:
        """Return the room with another case or patient size, positioned where that begins."""
        chosen = replace(self, **changes)  # type: ignore[arg-type]
        geometry = procedures.start_geometry(chosen.info, chosen.case, chosen.patient_size)
        return replace(chosen, geometry=geometry)._without_measurement()

    def with_geometry(self, **changes: Any) -> RoomState:
        """Return the room with positioner, table or collimator moved.

        A field of view opens the blades up to its edge.
        """
        geometry = replace(self.geometry, **changes)
        if "detector_mm" in changes:
            side = geometry.detector_mm - BLADE_EDGE_MM
            geometry = replace(geometry, field_width_mm=side, field_height_mm=side)
        return replace(self, geometry=geometry)

    def with_table(self, axis: int, offset_mm: float) -> RoomState:
        """Return the room with the table moved along one axis (lateral, vertical, longitudinal)."""
        place = list(self.geometry.isocentre_mm)
        place[axis] = self._start_mm(axis) + offset_mm
        return self.with_geometry(isocentre_mm=(place[0], place[1], place[2]))

    def with_focal_spot(self, focal_spot: str) -> RoomState:
        """Return the room with another focal spot; the brightness control keeps to its power."""
        limits = replace(self.control.limits, tube_power_kw=rating_kw(focal_spot))
        return replace(self, focal_spot=focal_spot, control=BrightnessControl(limits))

    def with_factors(self, **changes: float) -> RoomState:
        """Return the room with the operator's kV, mA or ms; that ends the automatic control."""
        off = self.with_automatic_brightness(False)
        return replace(off, technique=replace(off.technique, **changes))

    def with_filter(self, copper_mm: float) -> RoomState:
        """Return the room with another copper filter; the automatic control stays as it is."""
        return replace(self, technique=replace(self.technique, filter_cu_mm=copper_mm))

    def with_automatic_brightness(self, on: bool) -> RoomState:
        """Return the room with the control on or off; off, the present factors stay."""
        chosen = replace(self, automatic_brightness=on, technique=self.technique_in_use)
        return chosen._without_measurement()

    def _without_measurement(self) -> RoomState:
        """Return the room before the control has seen an image."""
        return replace(
            self, automatic_factors=None, control=self.control.reset(), measured_geometry=None
        )

    # ---- the brightness control ---------------------------------------------------------------

    def answer(self, technique: Technique, quanta_per_mm2: float) -> Answer:
        """Return the control's answer to an image that was made in this state."""
        control, chosen = self.control.next(
            technique,
            self.geometry,
            self.pulses_per_s,
            quanta_per_mm2,
            self.dose_level,
            self.brightness_curve,
            self.high_level,
        )
        factors = AutomaticFactors(  # a generator sets them in steps
            chosen.kv, round(chosen.tube_current_ma, 2), round(chosen.pulse_width_ms, 2)
        )
        return Answer(self.control, control, factors, self.geometry)

    def with_answer(self, answer: Answer) -> RoomState:
        """Return the room with the control's answer, unless the control was reset meanwhile."""
        if not self.automatic_brightness or self.control is not answer.asked:
            return self
        return replace(
            self,
            control=answer.control,
            automatic_factors=answer.factors,
            measured_geometry=answer.geometry,
        )

    @property
    def technique_in_use(self) -> Technique:
        """Return the operator's filters with the factors that apply, automatic or set."""
        automatic = self.automatic_factors
        if not self.automatic_brightness or automatic is None:
            return self.technique
        return replace(
            self.technique,
            kv=automatic.kv,
            tube_current_ma=automatic.tube_current_ma,
            pulse_width_ms=automatic.pulse_width_ms,
        )

    @property
    def needs_test_pulses(self) -> bool:
        """Whether an acquisition has yet to find its exposure factors."""
        known = self.control.water_mm is not None and self.measured_geometry == self.geometry
        return self.automatic_brightness and self.acquisition_type != FLUOROSCOPY and not known

    # ---- the next pulse -----------------------------------------------------------------------

    @property
    def pulses_per_s(self) -> float:
        """Return pulses, and frames, in a second; continuous radiation is read out 30 times."""
        return CONTINUOUS_HZ if self.continuous else self.rate_hz

    @property
    def continuous(self) -> bool:
        """Whether the beam stays on between frames: in fluoroscopy only."""
        return self.radiation_mode == CONTINUOUS and self.acquisition_type == FLUOROSCOPY

    def factors(self) -> Technique:
        """Return the factors of the next pulse: of the acquisition type, within what is allowed."""
        technique = self.technique_in_use
        if self.acquisition_type == FLUOROSCOPY:
            technique = self.within_kerma_rate(technique)
            return spread(technique, 1e3 / CONTINUOUS_HZ) if self.continuous else technique
        return stronger(technique, DETECTOR_DOSE[self.acquisition_type], rating_kw(self.focal_spot))

    def within_kerma_rate(self, technique: Technique) -> Technique:
        """Return less current where the air kerma rate would exceed the limit (21 CFR 1020.32)."""
        excess = self._rate_mgy_min(technique) / self.max_kerma_rate_mgy_min
        if excess <= 1.0001:
            return technique
        return replace(technique, tube_current_ma=technique.tube_current_ma / excess)

    @property
    def max_kerma_rate_mgy_min(self) -> float:
        """Return the air kerma rate that is allowed now."""
        high = HIGH_LEVEL_KERMA_RATE_LIMIT_MGY_MIN
        return high if self.high_level else KERMA_RATE_LIMIT_MGY_MIN

    @property
    def brightness_limit(self) -> str:
        """Return what keeps the image from its dose level or limits the technique; or ""."""
        if self.acquisition_type == FLUOROSCOPY:
            limit = self.max_kerma_rate_mgy_min
            if self._rate_mgy_min(self.technique_in_use) / limit > 1.0001:
                return f"air kerma rate {limit:g} mGy/min at the reference point (21 CFR 1020.32)"
        return self.control.limited_by if self.automatic_brightness else ""

    def _rate_mgy_min(self, technique: Technique) -> float:
        return pulse_kerma_ugy(technique, self.geometry) * self.pulses_per_s * 60e-3

    def refusal(self, technique: Technique, t_s: float) -> str:
        """Return why no pulse can be made now; "" when it can."""
        return (
            collimation_refusal(self.geometry)
            or technique_refusal(technique, self.focal_spot)
            or self.tube.refusal(technique, t_s)
        )

    def table_mm(self, axis: int) -> float:
        """Return how far the table stands from where the procedure began."""
        return self.geometry.isocentre_mm[axis] - self._start_mm(axis)

    def _start_mm(self, axis: int) -> float:
        start = procedures.start_geometry(self.info, self.case, self.patient_size)
        return start.isocentre_mm[axis]


@dataclass(frozen=True)
class Answer:
    """What the brightness control answers to one image.

    Attributes:
        asked: the control that the image was evaluated with.
        control, factors: the control afterwards, and its factors.
        geometry: that of the image.
    """

    asked: BrightnessControl
    control: BrightnessControl
    factors: AutomaticFactors
    geometry: Geometry


def spread(technique: Technique, width_ms: float) -> Technique:
    """Return the technique with the same charge over another time."""
    ma = technique.mas * 1e3 / width_ms
    return replace(technique, tube_current_ma=ma, pulse_width_ms=width_ms)


def stronger(technique: Technique, times: float, rating: float) -> Technique:
    """Return `times` the charge: more current up to the spot's `rating` in kW, then longer."""
    max_ma = min(TUBE_CURRENT_MA_MAX, rating * 1e3 / technique.kv)
    ma = min(technique.tube_current_ma * times, max_ma)
    ms = min(technique.mas * times * 1e3 / ma, PULSE_WIDTH_MS_MAX)
    return replace(technique, tube_current_ma=ma, pulse_width_ms=ms)
