"""The driver that the HAL loads: pedal, technique and pulses around a `Scene`.

Rendering starts in a thread of its own when the device is opened, so that opening is immediate;
the first pulse waits until the patient is ready. One pulse: wait until it is due, look at the
pedal, tell the dose, render into the slot, commit.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from fluoroview.hal import (
    Detector,
    DeviceError,
    DeviceInfo,
    DoseOrigin,
    Exposure,
    FrameHeader,
    FrameSink,
    ParameterTree,
    Pulse,
    Slot,
)
from fluoroview.hal.runtime.run_thread import RunThread
from fluoroview_simulated.driver import (
    controls,
    panel_parameters,
    parameters,
    positioner_parameters,
)
from fluoroview_simulated.driver.pulse_schedule import PulseSchedule
from fluoroview_simulated.driver.roles import with_roles
from fluoroview_simulated.panel.panel import LAG_PULSES
from fluoroview_simulated.panel.settings import jitter_s
from fluoroview_simulated.physics.beam import beam, prepare, pulse_kap_ugym2, pulse_kerma_ugy
from fluoroview_simulated.render import truth
from fluoroview_simulated.room.state import (
    DARK,
    FLUOROSCOPY,
    PATIENT,
    SPOT,
    RoomState,
    SceneBuilder,
)
from fluoroview_simulated.room.technique import Geometry, Technique

if TYPE_CHECKING:
    from fluoroview_simulated.procedures.base import Procedure
    from fluoroview_simulated.render.scene import Scene

DEVICE_ID = "suite"
PAUSE_S = 1.5
"""After a longer pause the examination goes on where it is worth seeing: the patient waits."""
TEST_PULSES = 3
READY_S = 3.0
"""How long an act of the operator waits for a patient who is still being prepared."""


class SimulatedDetector(Detector):
    """A fluoroscopy suite with a patient in it."""

    @classmethod
    def discover(cls) -> list[DeviceInfo]:
        """Return the one simulated suite; it is always there."""
        return [
            DeviceInfo(
                "simulated",
                DEVICE_ID,
                "FluoroView",
                "Simulated fluoroscopy suite",
                note="every examination of `fluoroview procedures`; no hardware, no radiation",
            )
        ]

    def __init__(self, device_id: str) -> None:
        super().__init__(device_id)
        self.suite = RoomState()
        self._workshop = SceneBuilder()
        self._thread = RunThread()
        self._tree = ParameterTree([], device_id)
        self._pulse_index = 0
        self._frame_index = 0
        self._time_s = 0.0
        self._stopped_ns: int | None = None
        self._never = threading.Event()

    def open(self) -> None:
        """Starts to prepare the patient in the background."""
        if self.device_id not in (DEVICE_ID, ""):
            raise DeviceError(
                f"The simulated source has no device {self.device_id!r}.",
                f"It has one: {DEVICE_ID}.",
            )
        self.prepare()

    def parameters(self) -> ParameterTree:
        """Return technique, geometry, matrix, examination and what the operator can do in it."""
        self._tree = ParameterTree(self._all_parameters())
        return self._tree

    def start(self, sink: FrameSink) -> None:
        """Starts the pulse thread."""
        self._thread.start("simulated pulses", lambda: self._expose(sink), sink.fail)

    def stop(self) -> None:
        """Ends the pulses; at most the image in work is finished."""
        self._thread.stop()

    def close(self) -> None:
        """Stops and forgets the patient."""
        self.stop()
        self._workshop.drop()

    # ---- what the parameters call -------------------------------------------------------------

    def prepare(self) -> None:
        """Has the patient made anew, with what is set now."""
        self._workshop.order(self.suite.order, self.suite.geometry)
        self._pulse_index, self._frame_index = 0, 0
        self._time_s, self._stopped_ns = 0.0, None

    def choose(self, procedure: str) -> None:
        """Takes another examination; its controls take the place of the old one's."""
        self.suite.choose(procedure)
        self.prepare()
        self._tree.replace(self._all_parameters())

    def patient(self) -> Procedure:
        """The patient as soon as there is one.

        Raises:
            ValueError: if the preparation takes too long.
        """
        scene = self._workshop.wait(self._never, READY_S)
        if scene is None:
            raise ValueError("the patient is still being prepared; try again in a moment")
        return scene.procedure

    def scene(self) -> Scene | None:
        """What is before the detector, or None while it is being prepared."""
        return self._workshop.ready()

    def set_technique(self, **changes: float) -> None:
        """Changes factors of the pulses to come; the operator's own ones end the automatic."""
        if "filter_cu_mm" not in changes:
            self.suite.automatic = False
        technique = replace(self.suite.technique, **changes)
        t, suite = technique, self.suite  # fitted here, not in a pulse's time
        filters = (t.filter_al_mm, t.filter_cu_mm)
        if "filter_cu_mm" in changes:
            prepare(*filters, suite.info.agent, suite.settings.absorption)
        _ = beam(t.kv, *filters, suite.info.agent, suite.settings.absorption).terms
        suite.technique = technique

    def reset_skin(self) -> None:
        """Another patient lies down: the skin has had no dose."""
        scene = self.scene()
        if scene is not None:
            scene.skin.reset()

    def now_s(self) -> float:
        """Time of the procedure: it goes on while the pedal is up."""
        if self._stopped_ns is None:
            return self._time_s
        return self._time_s + (time.monotonic_ns() - self._stopped_ns) / 1e9

    def kerma_ugy(self) -> float:
        """Air kerma per pulse at the reference point with what is set now."""
        return pulse_kerma_ugy(self.suite.factors(), self.suite.geometry)

    def kerma_rate_mgy_min(self) -> float:
        """Air kerma rate at the reference point with what is set now."""
        return self.kerma_ugy() * self.suite.pulses_per_s * 60e-3

    # ---- pulses ---------------------------------------------------------------------------------

    def _expose(self, sink: FrameSink) -> None:
        """One run: pulses on the raster until the pedal is up."""
        scene = self._workshop.wait(self._thread.end)
        if scene is None:
            return
        from fluoroview_simulated.panel.empty_room import EmptyRoom  # compiled, loaded by now

        suite = self.suite
        now = time.monotonic_ns()
        run_start_s = self._run_start_s(scene, now)
        self._stopped_ns = None
        raster, rate = PulseSchedule(now, suite.pulses_per_s), suite.pulses_per_s
        empty = EmptyRoom(scene)
        lag: deque[tuple[float, Technique]] = deque(maxlen=LAG_PULSES)
        if suite.needs_test_pulses and suite.before_detector == PATIENT:
            self._test_pulses(sink, scene, run_start_s)
        while not sink.stopping:
            if rate != suite.pulses_per_s:  # the operator chose another pulse rate
                run_start_s += raster.slot_s
                rate = suite.pulses_per_s
                raster = PulseSchedule(time.monotonic_ns(), rate)
            due = raster.next(time.monotonic_ns())
            if self._thread.wait_until(due) or sink.stopping:
                break
            self._time_s = run_start_s + raster.slot_s
            before, technique, geometry = suite.before_detector, suite.factors(), suite.geometry
            if before != PATIENT:
                geometry = _beyond_detector(geometry)
            refusal = suite.refusal(technique, _clock_s()) if before != DARK else ""
            if refusal:
                sink.refuse(refusal)
                break
            exposure = None if before == DARK else _exposure(technique, geometry)
            index = self._pulse(sink, technique, geometry, exposure)
            if before == PATIENT:
                scene.skin.add(technique, geometry)
            slot = sink.acquire()
            scene.move(geometry)
            if before == PATIENT:
                scene.frame(index, self._time_s, technique, slot.pixels, lag)
                lag.appendleft((self._time_s, technique))
                self._after(scene, technique)
            else:
                shown = technique if exposure else None
                empty.frame(self._frame_index, shown, slot.pixels, 1.0 / rate)
                lag.clear()
            self._commit(slot, due, index, exposure)
            if suite.acquisition_type == SPOT and before == PATIENT:
                break  # one image for each press of the pedal
        self._stopped_ns = time.monotonic_ns()

    def _commit(self, slot: Slot, due_ns: int, index: int, exposure: Exposure | None) -> None:
        """Hands a frame over when it was due, or as much later as frames jitter."""
        late_ns = round(jitter_s(self.suite.settings, self.suite.seed, self._frame_index) * 1e9)
        if late_ns > 0:
            self._thread.wait_until(time.monotonic_ns() + late_ns)
        slot.commit(FrameHeader(self._frame_index, due_ns + late_ns, index, exposure))
        self._frame_index += 1

    def _test_pulses(self, sink: FrameSink, scene: Scene, t_s: float) -> None:
        """Fluoroscopic pulses before an acquisition, to find its factors.

        Their images are not read out as frames; their dose counts.
        """
        suite = self.suite
        scene.move(suite.geometry)
        for _ in range(TEST_PULSES):
            technique = suite.within_kerma_rate(suite.technique)
            if sink.stopping or suite.refusal(technique, _clock_s()):
                return
            exposure = _exposure(technique, suite.geometry)
            index = self._pulse(sink, technique, suite.geometry, exposure)
            scene.skin.add(technique, suite.geometry)
            scene.frame(index, t_s, technique)
            suite.answer(technique, scene.measured_quanta_per_mm2)

    def _after(self, scene: Scene, technique: Technique) -> None:
        """What follows from an image of the patient: the next factors, and the truth if wanted."""
        suite = self.suite
        if suite.acquisition_type == FLUOROSCOPY:
            suite.answer(technique, scene.measured_quanta_per_mm2)
        if suite.truth_folder:
            known = scene.truth(self._time_s, technique)
            truth.write(suite.truth_folder, self._frame_index, self._time_s, known)

    def _run_start_s(self, scene: Scene, now_ns: int) -> float:
        """Where the procedure stands when a run begins; short pauses pass like any other time."""
        paused_s = float("inf") if self._stopped_ns is None else (now_ns - self._stopped_ns) / 1e9
        if paused_s <= PAUSE_S:
            return self._time_s + paused_s
        return scene.procedure.begin(self.now_s())

    def _pulse(
        self, sink: FrameSink, technique: Technique, geometry: Geometry, exposure: Exposure | None
    ) -> int:
        """Tell one pulse and return its index; without an exposure there is none, and -1."""
        if exposure is None:
            return -1
        index = self._pulse_index
        self._pulse_index += 1
        self.suite.tube.pulse(technique, _clock_s())
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

    def _all_parameters(self) -> list[Any]:
        return with_roles(
            [
                *parameters.detector(self),
                *parameters.examination(self),
                *parameters.source(self),
                *positioner_parameters.stand(self),
                *panel_parameters.panel(self),
                *controls.of(self),
            ]
        )


def _clock_s() -> float:
    """The tube's clock: it cools while nobody looks."""
    return time.monotonic_ns() / 1e9


def _exposure(technique: Technique, geometry: Geometry) -> Exposure:
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


def _beyond_detector(geometry: Geometry) -> Geometry:
    """Shutters out of the way, as for a calibration: their edges lie outside the detector."""
    open_mm = geometry.detector_mm + 10.0
    return replace(geometry, field_width_mm=open_mm, field_height_mm=open_mm, iris_mm=float("inf"))
