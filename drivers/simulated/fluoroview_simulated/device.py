"""The driver that the HAL loads: pedal, technique and pulses around a `Scene`.

Rendering starts in a thread of its own when the device is opened, so that opening is immediate;
the first pulse waits until the patient is ready. One pulse: wait until it is due, look at the
pedal, tell the dose, render into the slot, commit.
"""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from typing import Any

from fluoroview.hal import (
    Access,
    Detector,
    DeviceError,
    DeviceInfo,
    DoseOrigin,
    EnumParameter,
    Exposure,
    FloatParameter,
    FrameHeader,
    FrameSink,
    IntParameter,
    ParameterTree,
    Pulse,
    StrParameter,
)
from fluoroview.hal.run_thread import RunThread
from fluoroview_simulated import technique as limits
from fluoroview_simulated.beam import pulse_kap_ugym2, pulse_kerma_ugy
from fluoroview_simulated.detector.panel import BIT_DEPTH, MATRICES
from fluoroview_simulated.pacing import Raster
from fluoroview_simulated.procedure import PROCEDURES
from fluoroview_simulated.procedure.course import motion_at, next_turn_start
from fluoroview_simulated.technique import Geometry, Technique

DEVICE_ID = "suite"
PAUSE_S = 1.5
"""A longer pause than this ends with a new bolus: the patient swallows when told to."""
START_IN_TURN_S = 1.3
"""Where in a swallow's turn a run begins: the bolus is just taken, the swallow is near."""
PATIENT, OPEN_FIELD, DARK = "patient", "open field", "dark"
"""What is before the detector: the latter two are for calibrating it."""


class SimulatedDetector(Detector):
    """A fluoroscopy suite with a patient who swallows barium, seen from the side."""

    @classmethod
    def discover(cls) -> list[DeviceInfo]:
        """Return the one simulated suite; it is always there."""
        return [
            DeviceInfo(
                "simulated",
                DEVICE_ID,
                "FluoroView",
                "Simulated fluoroscopy suite",
                note="modified barium swallow, lateral; no hardware, no radiation",
            )
        ]

    def __init__(self, device_id: str) -> None:
        super().__init__(device_id)
        self._technique = Technique()
        self._geometry = Geometry()
        self._rate_hz = 30.0
        self._size = 1024
        self._seed = 1
        self._raw = False
        self._procedure = PROCEDURES[0]
        self._workshop = _Workshop()
        self._thread = RunThread()
        self._before_detector = PATIENT
        self._pulse_index = 0
        self._frame_index = 0
        self._time_s = 0.0
        self._stopped_ns: int | None = None

    def open(self) -> None:
        """Starts to prepare the patient in the background."""
        if self.device_id not in (DEVICE_ID, ""):
            raise DeviceError(
                f"The simulated source has no device {self.device_id!r}.",
                f"It has one: {DEVICE_ID}.",
            )
        self._prepare()

    def parameters(self) -> ParameterTree:
        """Return technique, geometry, matrix and procedure."""
        return ParameterTree(
            [
                *self._detector_parameters(),
                *self._source_parameters(),
                *self._procedure_parameters(),
            ]
        )

    def start(self, sink: FrameSink) -> None:
        """Starts the pulse thread."""
        self._thread.start("simulated pulses", lambda: self._expose(sink), sink.fail)

    def stop(self) -> None:
        """Ends the pulses; at most the picture in work is finished."""
        self._thread.stop()

    def close(self) -> None:
        """Stops and forgets the patient."""
        self.stop()
        self._workshop.drop()

    # ---- pulses --------------------------------------------------------------------------

    def _expose(self, sink: FrameSink) -> None:
        """One run: pulses on the raster until the pedal is up."""
        scene = self._workshop.wait(self._thread.end)
        from fluoroview_simulated.detector.empty_room import EmptyRoom  # compiled, loaded by now

        now = time.monotonic_ns()
        run_start_s = self._procedure_time(now)
        raster, rate = Raster(now, self._rate_hz), self._rate_hz
        empty = EmptyRoom(scene) if scene is not None else None
        previous_s: float | None = None
        while scene is not None and not sink.stopping:
            if rate != self._rate_hz:  # the operator chose another pulse rate
                run_start_s += raster.slot_s
                raster, rate = Raster(time.monotonic_ns(), self._rate_hz), self._rate_hz
            due = raster.next(time.monotonic_ns())
            if self._thread.wait_until(due) or sink.stopping:
                break
            self._time_s = run_start_s + raster.slot_s
            before, technique, geometry = self._before_detector, self._technique, self._geometry
            if before != PATIENT:
                geometry = _beyond_detector(geometry)
            exposure = None if before == DARK else self._exposure(technique, geometry)
            index = self._pulse(sink, technique, geometry, exposure)
            slot = sink.acquire()
            scene.collimate(geometry)
            if before == PATIENT:
                scene.frame(index, self._time_s, technique, slot.pixels, previous_s)
                previous_s = self._time_s
            else:
                empty.frame(self._frame_index, technique if exposure else None, slot.pixels)
                previous_s = None
            slot.commit(FrameHeader(self._frame_index, due, index, exposure))
            self._frame_index += 1
        self._stopped_ns = time.monotonic_ns()

    def _pulse(
        self, sink: FrameSink, technique: Technique, geometry: Geometry, exposure: Exposure | None
    ) -> int:
        """Tell one pulse and return its index; without an exposure there is none, and -1."""
        if exposure is None:
            return -1
        index = self._pulse_index
        self._pulse_index += 1
        sink.pulse(
            Pulse(
                index,
                time.monotonic_ns(),
                exposure,
                pulse_kerma_ugy(technique, geometry),
                pulse_kap_ugym2(technique, geometry),
                DoseOrigin.SIMULATED,
            )
        )
        return index

    def _procedure_time(self, now_ns: int) -> float:
        """Where the procedure stands when a run begins.

        Short pauses pass like any other time. After a longer one the patient has been given a
        new bolus and holds it in the mouth.
        """
        if self._stopped_ns is None:
            return START_IN_TURN_S
        paused_s = (now_ns - self._stopped_ns) / 1e9
        if paused_s <= PAUSE_S:
            return self._time_s + paused_s
        return next_turn_start(self._time_s) + START_IN_TURN_S

    def _exposure(self, technique: Technique, geometry: Geometry) -> Exposure:
        return Exposure(
            technique.kv,
            technique.tube_current_ma,
            technique.pulse_width_ms,
            technique.filter_al_mm,
            technique.filter_cu_mm,
            geometry.source_image_mm,
            geometry.field_width_mm,
            geometry.field_height_mm,
        )

    def _prepare(self) -> None:
        """Has the scene made anew, with what is set now."""
        self._workshop.order(self._size, self._seed, self._geometry, self._raw)
        self._pulse_index, self._frame_index = 0, 0
        self._time_s, self._stopped_ns = 0.0, None

    # ---- parameters ----------------------------------------------------------------------

    def _detector_parameters(self) -> list:
        return [
            IntParameter("Width", lambda: self._size, unit="px", doc="columns; see Matrix"),
            IntParameter("Height", lambda: self._size, unit="px", doc="rows; see Matrix"),
            EnumParameter("PixelFormat", lambda: "Mono16", choices=["Mono16"]),
            EnumParameter(
                "PixelIntensityRelationship",
                lambda: "LIN",
                choices=["LIN"],
                doc="pixel values are linear in exposure",
            ),
            IntParameter("BitDepth", lambda: BIT_DEPTH, unit="bit"),
            StrParameter(
                "DeviceSerialNumber",
                lambda: f"SIM{self._seed:05d}",
                doc="another Seed is another panel",
            ),
            FloatParameter(
                "AcquisitionFrameRate",
                lambda: self._rate_hz,
                unit="Hz",
                doc="one frame per pulse; see PulseRate",
            ),
            EnumParameter(
                "Matrix",
                lambda: str(self._size),
                self._set_matrix,
                unit="px",
                choices=[str(m) for m in MATRICES],
                access=Access.RW_IDLE,
                doc="rows and columns of the detector",
            ),
            EnumParameter(
                "PanelCorrection",
                lambda: "off" if self._raw else "on",
                self._set_correction,
                choices=["on", "off"],
                access=Access.RW_IDLE,
                doc="offset and gain corrected in the panel; off gives raw pixels",
            ),
            EnumParameter(
                "Scene",
                lambda: self._before_detector,
                self._set_scene,
                choices=[PATIENT, OPEN_FIELD, DARK],
                doc="open field: no patient, shutters beyond the detector; dark: no x-ray pulses",
            ),
        ]

    def _source_parameters(self) -> list:
        return [
            self._number("TubeVoltage", "kv", limits.KV_MIN, limits.KV_MAX, "kV"),
            self._number(
                "TubeCurrent",
                "tube_current_ma",
                limits.TUBE_CURRENT_MA_MIN,
                limits.TUBE_CURRENT_MA_MAX,
                "mA",
            ),
            self._number(
                "PulseWidth",
                "pulse_width_ms",
                limits.PULSE_WIDTH_MS_MIN,
                limits.PULSE_WIDTH_MS_MAX,
                "ms",
            ),
            EnumParameter(
                "PulseRate",
                lambda: f"{self._rate_hz:g}",
                self._set_rate,
                unit="1/s",
                choices=[f"{r:g}" for r in limits.PULSE_RATES_HZ],
            ),
            EnumParameter(
                "CopperFilter",
                lambda: f"{self._technique.filter_cu_mm:g}",
                lambda v: self._set_technique(filter_cu_mm=float(v)),
                unit="mm",
                choices=[f"{c:g}" for c in limits.COPPER_MM],
            ),
            FloatParameter("AluminiumFilter", lambda: self._technique.filter_al_mm, unit="mm"),
            self._shutter("FieldWidth", "field_width_mm"),
            self._shutter("FieldHeight", "field_height_mm"),
            FloatParameter(
                "SourceImageDistance", lambda: self._geometry.source_image_mm, unit="mm"
            ),
            FloatParameter(
                "AirKermaPerPulse",
                lambda: pulse_kerma_ugy(self._technique, self._geometry),
                unit="µGy",
                doc="at the reference point, simulated",
            ),
            FloatParameter(
                "AirKermaRate",
                self._kerma_rate,
                unit="mGy/min",
                doc="at the reference point, simulated",
            ),
        ]

    def _procedure_parameters(self) -> list:
        return [
            EnumParameter(
                "Procedure",
                lambda: self._procedure,
                self._set_procedure,
                choices=list(PROCEDURES),
                access=Access.RW_IDLE,
            ),
            IntParameter(
                "Seed",
                lambda: self._seed,
                self._set_seed,
                minimum=0,
                maximum=2**31 - 1,
                access=Access.RW_IDLE,
                doc="another patient, another noise",
            ),
            StrParameter(
                "Bolus",
                lambda: motion_at(self._time_s, self._seed).bolus.name,
                doc="what is being swallowed",
            ),
        ]

    def _number(self, name: str, field: str, low: float, high: float, unit: str) -> FloatParameter:
        return FloatParameter(
            name,
            lambda: getattr(self._technique, field),
            lambda v: self._set_technique(**{field: float(v)}),
            minimum=low,
            maximum=high,
            unit=unit,
        )

    def _shutter(self, name: str, field: str) -> FloatParameter:
        def write(value: float) -> None:
            self._geometry = replace(self._geometry, **{field: float(value)})

        return FloatParameter(
            name,
            lambda: getattr(self._geometry, field),
            write,
            minimum=20.0,
            maximum=self._geometry.detector_mm,
            unit="mm",
            doc="open field, measured at the detector",
        )

    def _kerma_rate(self) -> float:
        return pulse_kerma_ugy(self._technique, self._geometry) * self._rate_hz * 60e-3

    def _set_technique(self, **changes: float) -> None:
        technique = replace(self._technique, **changes)
        pulse_kerma_ugy(technique, self._geometry)  # makes the beam here, not in the pulse's time
        self._technique = technique

    def _set_rate(self, value: str) -> None:
        self._rate_hz = float(value)

    def _set_matrix(self, value: str) -> None:
        self._size = int(value)
        self._prepare()

    def _set_correction(self, value: str) -> None:
        self._raw = value == "off"
        self._prepare()

    def _set_scene(self, value: str) -> None:
        self._before_detector = value

    def _set_procedure(self, value: str) -> None:
        self._procedure = value
        self._prepare()

    def _set_seed(self, value: int) -> None:
        self._seed = int(value)
        self._prepare()


def _beyond_detector(geometry: Geometry) -> Geometry:
    """Shutters out of the way, as for a calibration: their edges lie outside the detector."""
    open_mm = geometry.detector_mm + 10.0
    return replace(geometry, field_width_mm=open_mm, field_height_mm=open_mm)


class _Workshop:
    """Makes the scene in the background; the newest order counts."""

    def __init__(self) -> None:
        self._lock = threading.Condition()
        self._order: tuple | None = None
        self._scene: object | None = None
        self._error: Exception | None = None
        self._working = False

    def order(self, *what: object) -> None:
        """Asks for a scene of size, seed, geometry and raw."""
        with self._lock:
            if what == self._order and self._error is None:
                return
            self._order, self._scene, self._error = what, None, None
            if not self._working:
                self._working = True
                # Not a daemon: cut off inside OpenCV at the program's end, it would abort it.
                threading.Thread(target=self._work, name="simulated patient").start()

    def drop(self) -> None:
        """Forgets scene and order."""
        with self._lock:
            self._order = self._scene = None

    def wait(self, end: threading.Event) -> Any:
        """Return the scene as soon as it is there; None when `end` is set first."""
        with self._lock:
            while self._scene is None and not end.is_set():
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
                scene = _make_scene(*order)
            except Exception as failure:
                error = failure
            with self._lock:
                if order == self._order:
                    self._scene, self._error = scene, error
                    self._lock.notify_all()


def _make_scene(size: int, seed: int, geometry: Geometry, raw: bool) -> Any:
    """Imports the compiled part only here: the device lists and opens without it."""
    import cv2

    from fluoroview_simulated.scene import Scene

    cv2.setNumThreads(1)  # one core is this process's share
    scene = Scene(size, seed, geometry, raw)
    scene.frame(0, 0.0, Technique())  # loads the compiled code
    return scene
