"""What is set in the simulated room, and the patient who belongs to it: state without threads.

The device's parameters write here, its pulse thread reads here. A patient is prepared in the
background (`SceneBuilder`), because that takes a moment.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from fluoroview_simulated import procedures
from fluoroview_simulated.panel.settings import DetectorSettings
from fluoroview_simulated.physics.beam import prepare, pulse_kerma_ugy
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

if TYPE_CHECKING:
    from fluoroview_simulated.render.scene import Scene

PATIENT, OPEN_FIELD, DARK = "patient", "open field", "dark"
"""What is before the detector: the latter two are for calibrating it."""
FLUOROSCOPY, ACQUISITION, SPOT = "fluoroscopy", "acquisition", "spot image"
PULSED, CONTINUOUS = "pulsed", "continuous"
CONTINUOUS_HZ = 30.0
DETECTOR_DOSE = {FLUOROSCOPY: 1.0, ACQUISITION: 8.0, SPOT: 16.0}
"""Detector dose per pulse of the kinds of run against fluoroscopy: a cine or DSA frame and a spot
image are to be read by themselves."""
SETTLING_PULSES = 12
SHUTTER_EDGE_MM = 6.0
"""The shutters stand this much inside the detector's field: their edge is seen."""


@dataclass(frozen=True)
class SceneRequest:
    """Which patient is wanted before which detector."""

    procedure: str
    case: str
    body: str
    seed: int
    size: int
    raw: bool
    settings: DetectorSettings
    focal_spot: str


@dataclass
class RoomState:
    """Everything that the operator has chosen."""

    procedure: str = next(iter(procedures.MODULES))
    case: str = ""
    body: str = ""
    seed: int = 1
    size: int = 1024
    raw: bool = False
    before_detector: str = PATIENT
    technique: Technique = field(default_factory=Technique)
    geometry: Geometry = field(default_factory=Geometry)
    rate_hz: float = 30.0
    acquisition_type: str = FLUOROSCOPY
    radiation_mode: str = PULSED
    truth_folder: str = ""
    settings: DetectorSettings = field(default_factory=DetectorSettings)
    focal_spot: str = "0.6"
    automatic: bool = True
    curve: str = "kV first"
    level: str = "normal"
    high_level: bool = False
    tube: Tube = field(default_factory=Tube)
    control: BrightnessControl = field(default_factory=BrightnessControl)

    _measured: Geometry | None = None
    """Where the stand was when the control last saw a signal."""

    def __post_init__(self) -> None:
        self.choose(self.procedure)

    @property
    def info(self) -> ProcedureInfo:
        """What is known of the chosen examination."""
        return procedures.find(self.procedure).info

    @property
    def order(self) -> SceneRequest:
        """The patient that is wanted."""
        return SceneRequest(
            self.procedure,
            self.case,
            self.body,
            self.seed,
            self.size,
            self.raw,
            self.settings,
            self.focal_spot,
        )

    def choose(self, procedure: str) -> None:
        """Takes an examination with its start technique, view and first case."""
        info = procedures.find(procedure).info
        self.procedure, self.case, self.body = procedure, info.cases[0].name, info.bodies[0]
        self.technique, self.rate_hz = info.technique, info.rate_hz
        self.geometry = procedures.start_geometry(info, self.case, self.body)
        self.acquisition_type = ACQUISITION if info.subtraction else FLUOROSCOPY
        self.control.reset()

    def set_geometry(self, **changes: Any) -> None:
        """Moves stand, table or shutters; the shutters stay within the detector's field."""
        g = replace(self.geometry, **changes)
        if "detector_mm" in changes:
            side = g.detector_mm - SHUTTER_EDGE_MM
            g = replace(g, field_width_mm=side, field_height_mm=side)
        self.geometry = g

    def set_isocentre(self, axis: int, offset_mm: float) -> None:
        """Moves the table along one axis (0 lateral, 1 vertical, 2 longitudinal)."""
        place = list(self.geometry.isocentre_mm)
        place[axis] = self._start_mm(axis) + offset_mm
        self.geometry = replace(self.geometry, isocentre_mm=(place[0], place[1], place[2]))

    @property
    def pulses_per_s(self) -> float:
        """Pulses, and frames, in a second; continuous radiation is read out 30 times."""
        return CONTINUOUS_HZ if self.continuous else self.rate_hz

    @property
    def continuous(self) -> bool:
        """Whether the beam stays on between frames: a way of fluoroscopy only."""
        return self.radiation_mode == CONTINUOUS and self.acquisition_type == FLUOROSCOPY

    def choose_focal_spot(self, focal_spot: str) -> None:
        """Takes another focal spot; the brightness control keeps to its power."""
        self.focal_spot = focal_spot
        limits = replace(self.control.limits, tube_power_kw=rating_kw(focal_spot))
        self.control = BrightnessControl(limits)

    def factors(self) -> Technique:
        """The factors of the next pulse: of the chosen kind of run, within what is allowed."""
        technique = self.technique
        if self.acquisition_type == FLUOROSCOPY:
            technique = self.within_kerma_rate(technique)
            return spread(technique, 1e3 / CONTINUOUS_HZ) if self.continuous else technique
        return stronger(technique, DETECTOR_DOSE[self.acquisition_type], rating_kw(self.focal_spot))

    def within_kerma_rate(self, technique: Technique) -> Technique:
        """Less current where the air kerma rate would pass the limit (21 CFR 1020.32)."""
        excess = self._rate_mgy_min(technique) / self.most_mgy_min
        if excess <= 1.0001:
            return technique
        return replace(technique, tube_current_ma=technique.tube_current_ma / excess)

    @property
    def most_mgy_min(self) -> float:
        """The air kerma rate that is allowed now."""
        high = HIGH_LEVEL_KERMA_RATE_LIMIT_MGY_MIN
        return high if self.high_level else KERMA_RATE_LIMIT_MGY_MIN

    @property
    def limit(self) -> str:
        """What keeps the image from its dose level, or the technique from being used; or ""."""
        if self.acquisition_type == FLUOROSCOPY:
            excess = self._rate_mgy_min(self.technique) / self.most_mgy_min
            if excess > 1.0001:
                return (
                    f"air kerma rate {self.most_mgy_min:g} mGy/min at the reference point "
                    "(21 CFR 1020.32)"
                )
        return self.control.limited_by if self.automatic else ""

    def _rate_mgy_min(self, technique: Technique) -> float:
        return pulse_kerma_ugy(technique, self.geometry) * self.pulses_per_s * 60e-3

    @property
    def needs_test_pulses(self) -> bool:
        """Whether a run other than fluoroscopy has yet to find its factors."""
        known = self.control.water_mm is not None and self._measured == self.geometry
        return self.automatic and self.acquisition_type != FLUOROSCOPY and not known

    def answer(self, technique: Technique, measured_quanta_per_mm2: float) -> None:
        """The brightness control's answer to a fluoroscopic or a test pulse.

        It is locked in other runs than fluoroscopy: the frames of a subtraction must be alike.
        """
        if not self.automatic:
            return
        chosen = self.control.next(
            technique,
            self.geometry,
            self.pulses_per_s,
            measured_quanta_per_mm2,
            self.level,
            self.curve,
            self.high_level,
        )
        self._measured = self.geometry
        # As a generator sets them: in steps.
        ma, ms = round(chosen.tube_current_ma, 2), round(chosen.pulse_width_ms, 2)
        self.technique = replace(chosen, tube_current_ma=ma, pulse_width_ms=ms)

    def refusal(self, technique: Technique, t_s: float) -> str:
        """Why no pulse can be made now; "" when it can."""
        return (
            collimation_refusal(self.geometry)
            or technique_refusal(technique, self.focal_spot)
            or self.tube.refusal(technique, t_s)
        )

    def table_mm(self, axis: int) -> float:
        """How far the table stands from where the examination began."""
        return self.geometry.isocentre_mm[axis] - self._start_mm(axis)

    def choose_case(self, case: str) -> None:
        """Takes another patient of the examination; the stand goes to where it begins."""
        self.case = case
        self._begin()

    def choose_body(self, body: str) -> None:
        """Takes another size of patient; the stand goes to where the examination begins."""
        self.body = body
        self._begin()

    def _begin(self) -> None:
        self.geometry = procedures.start_geometry(self.info, self.case, self.body)
        self.control.reset()

    def _start_mm(self, axis: int) -> float:
        return procedures.start_geometry(self.info, self.case, self.body).isocentre_mm[axis]


def settled(scene: Scene, t_s: float, rate_hz: float) -> Technique:
    """The factors that the brightness control finds for a patient at one moment."""
    control, technique = BrightnessControl(), scene.procedure.info.technique
    for pulse in range(SETTLING_PULSES):
        scene.frame(pulse, t_s, technique)
        measured = scene.measured_quanta_per_mm2
        technique = control.next(technique, scene.geometry, rate_hz, measured)
    return technique


def spread(technique: Technique, width_ms: float) -> Technique:
    """The same charge over another time."""
    ma = technique.mas * 1e3 / width_ms
    return replace(technique, tube_current_ma=ma, pulse_width_ms=width_ms)


def stronger(technique: Technique, times: float, rating: float) -> Technique:
    """`times` the charge of a pulse: more current as far as the focal spot allows, then longer."""
    most_ma = min(TUBE_CURRENT_MA_MAX, rating * 1e3 / technique.kv)
    ma = min(technique.tube_current_ma * times, most_ma)
    ms = min(technique.mas * times * 1e3 / ma, PULSE_WIDTH_MS_MAX)
    return replace(technique, tube_current_ma=ma, pulse_width_ms=ms)


class SceneBuilder:
    """Prepares the patient in the background; the newest order counts."""

    def __init__(self) -> None:
        self._lock = threading.Condition()
        self._order: tuple[SceneRequest, Geometry] | None = None
        self._scene: Scene | None = None
        self._error: Exception | None = None
        self._working = False

    def order(self, order: SceneRequest, geometry: Geometry) -> None:
        """Asks for a patient, seen first in `geometry`."""
        with self._lock:
            if self._order is not None and order == self._order[0] and self._error is None:
                return
            self._order, self._scene, self._error = (order, geometry), None, None
            if not self._working:
                self._working = True
                # Not a daemon: cut off inside OpenCV at the program's end, it would abort it.
                threading.Thread(target=self._work, name="simulated patient").start()

    def drop(self) -> None:
        """Forgets scene and order."""
        with self._lock:
            if self._scene is not None:
                self._scene.projector.drop()
            self._order = self._scene = None

    def ready(self) -> Scene | None:
        """The scene, if it is there."""
        with self._lock:
            return self._scene

    def wait(self, end: threading.Event, seconds: float = float("inf")) -> Scene | None:
        """The scene as soon as it is there; None when `end` is set first, or time is up.

        Raises:
            Exception: what the preparation failed with.
        """
        until = time.monotonic() + seconds
        with self._lock:
            while self._scene is None and not end.is_set() and time.monotonic() < until:
                if self._error is not None:
                    raise self._error
                self._lock.wait(0.02)
            return self._scene

    def _work(self) -> None:
        while True:
            with self._lock:
                order = self._order
                if order is None or self._scene is not None or self._error is not None:
                    self._working = False
                    return
            scene, error = None, None
            try:
                scene = make_scene(*order)
            except Exception as failure:
                error = failure
            with self._lock:
                if order == self._order:
                    self._scene, self._error = scene, error
                    self._lock.notify_all()
            if scene is not None:
                t = scene.procedure.info.technique
                prepare(t.filter_al_mm, t.filter_cu_mm, scene.agent, scene.settings.absorption)


def make_scene(order: SceneRequest, geometry: Geometry) -> Scene:
    """Imports the compiled part only here: the device lists and opens without it."""
    import cv2

    from fluoroview_simulated.render.scene import Scene

    cv2.setNumThreads(1)  # one core is this process's share
    patient = procedures.make(order.procedure, order.case, order.seed, order.body)
    scene = Scene(
        patient, order.size, order.seed, geometry, order.raw, order.settings, order.focal_spot
    )
    scene.frame(0, 0.0, patient.info.technique)  # loads the compiled code
    return scene
