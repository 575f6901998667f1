"""The driver that the HAL loads: pedal, technique and pulses around a `Scene`.

Rendering starts in the background when the device is opened, so that opening is immediate; the
first pulse waits until the patient is ready. One pulse: wait until it is due, read the pedal, take
the room's state once, report the dose, render into the slot, commit.
"""

from __future__ import annotations

import time
from collections import deque
from dataclasses import replace
from typing import TYPE_CHECKING

from fluoroview.hal import (
    Detector,
    DeviceError,
    DeviceInfo,
    DeviceKind,
    DoseOrigin,
    Exposure,
    FrameHeader,
    FrameSink,
    ParameterTree,
    Pulse,
    Slot,
)
from fluoroview.hal.parameter import Parameter, ParameterError
from fluoroview.hal.runtime.run_thread import RunThread
from fluoroview_simulated.driver import (
    controls,
    generator_parameters,
    panel_parameters,
    parameters,
    positioner_parameters,
    status_messages,
)
from fluoroview_simulated.driver.pulse_schedule import PulseSchedule
from fluoroview_simulated.panel.panel import LAG_PULSES
from fluoroview_simulated.panel.settings import jitter_s
from fluoroview_simulated.physics.beam import pulse_kap_ugym2, pulse_kerma_ugy
from fluoroview_simulated.render import truth
from fluoroview_simulated.room.owner import Room
from fluoroview_simulated.room.scene_builder import SceneBuilder
from fluoroview_simulated.room.state import (
    DARK,
    FLUOROSCOPY,
    PATIENT,
    SINGLE_IMAGE,
    ProcedureClock,
    RoomState,
)
from fluoroview_simulated.room.technique import Geometry, Technique

if TYPE_CHECKING:
    from fluoroview_simulated.procedures.base import Procedure
    from fluoroview_simulated.render.scene import Scene

DEVICE_ID = "suite"
PAUSE_S = 1.5
"""After a longer pause the procedure goes on at its next event: the patient waits."""
TEST_PULSES = 3
READY_S = 60.0
"""How long an action of the operator waits for a patient who is still being prepared."""
REPORT_S = 0.5
"""How often that wait reports its progress."""
LOOK_S = 0.05
"""How often a run that waits for its next pulse checks whether it is to end."""


class SimulatedDetector(Detector):
    """A fluoroscopy room with a patient in it: detector, generator, positioner and collimator."""

    serves = (DeviceKind.GENERATOR, DeviceKind.POSITIONER, DeviceKind.COLLIMATOR)

    @classmethod
    def discover(cls) -> list[DeviceInfo]:
        """Return the one simulated room; it is always there."""
        return [
            DeviceInfo(
                "simulated",
                DEVICE_ID,
                "FluoroView",
                "Simulated fluoroscopy room",
                note="every procedure of `fluoroview procedures`; no hardware, no radiation",
            )
        ]

    def __init__(self, device_id: str) -> None:
        super().__init__(device_id)
        self.room = Room()
        self._builder = SceneBuilder()
        self._thread = RunThread()
        self._tree = ParameterTree([], device_id)
        self._pulse_index = 0
        self._frame_index = 0

    def open(self) -> None:
        """Start to prepare the patient in the background."""
        if self.device_id not in (DEVICE_ID, ""):
            raise DeviceError(
                f"The simulated room has no device {self.device_id!r}.",
                f"It has one: {DEVICE_ID}.",
                code="FV-SIM-002",
            )
        self.prepare()

    def parameters(self) -> ParameterTree:
        """Return technique, geometry, matrix, procedure and its controls."""
        self._tree = ParameterTree(self._all_parameters(), self.device_id or DEVICE_ID)
        return self._tree

    def start(self, sink: FrameSink) -> None:
        """Start the pulse thread."""
        self._thread.start("simulated pulses", lambda: self._expose(sink), sink.fail)

    def stop(self) -> None:
        """End the pulses; at most the image in work is finished."""
        self._thread.stop()

    def close(self) -> None:
        """Stop, and release the patient."""
        self.stop()
        self._builder.drop()

    # ---- what the parameters call -------------------------------------------------------------

    def prepare(self) -> None:
        """Have the patient prepared for the state of the room as it is now."""
        state = self.room.change(lambda s: replace(s, clock=ProcedureClock()))
        self._builder.request(state.scene_request, state.geometry)
        self._pulse_index, self._frame_index = 0, 0

    def choose(self, procedure: str) -> None:
        """Choose another procedure; its controls replace those of the present one."""
        self.room.change(lambda s: s.with_procedure(procedure))
        self.prepare()
        self._tree.replace(self._all_parameters())

    def patient(self) -> Procedure:
        """Return the patient as soon as there is one, and report the wait.

        Raises:
            ParameterError: if the preparation takes too long.
        """
        until = time.monotonic() + READY_S
        while (scene := self._builder.wait(_never, REPORT_S)) is None:
            if time.monotonic() > until:
                raise ParameterError(
                    "The patient is still being prepared.",
                    "Try again in a moment.",
                    self.device_id,
                    code="FV-SIM-003",
                )
            self.report_progress("Preparing the patient")
        return scene.procedure

    def scene(self) -> Scene | None:
        """Return what is in front of the detector, or None while it is being prepared."""
        return self._builder.ready()

    def reset_skin(self) -> None:
        """Begin the skin dose of another patient."""
        scene = self.scene()
        if scene is not None:
            scene.skin.reset()

    def now_s(self) -> float:
        """Return the procedure's time: it goes on while the pedal is up."""
        return self.room.state.clock.now_s(time.monotonic_ns())

    # ---- pulses ---------------------------------------------------------------------------------

    def _expose(self, sink: FrameSink) -> None:
        """Deliver one run: pulses on schedule until the pedal is up."""
        scene = self._builder.wait(lambda: self._ending(sink))
        if scene is None:
            return
        state, start_ns = self.room.state, time.monotonic_ns()
        start_s = _run_start_s(scene, state.clock, start_ns)
        self._set_clock(start_s)
        schedule = PulseSchedule(start_ns, state.pulses_per_s)
        images = _Images(scene)
        if state.needs_test_pulses and state.field_content == PATIENT:
            self._test_pulses(sink, scene, start_s)
        while not self._ending(sink):
            rate_hz = self.room.state.pulses_per_s
            if schedule.rate_hz != rate_hz:  # the operator chose another pulse rate
                start_s += schedule.slot_s
                schedule = PulseSchedule(time.monotonic_ns(), rate_hz)
            due_ns = schedule.next(time.monotonic_ns())
            if self._wait_until(due_ns, sink):
                break
            if not self._expose_once(sink, images, start_s + schedule.slot_s, due_ns):
                break
        stopped_ns = time.monotonic_ns()
        self.room.change(lambda s: replace(s, clock=replace(s.clock, stopped_ns=stopped_ns)))

    def _expose_once(self, sink: FrameSink, images: _Images, t_s: float, due_ns: int) -> bool:
        """Make one pulse and its frame from one state of the room; return whether more follow."""
        self._set_clock(t_s)
        state = self.room.state
        technique, geometry = state.factors(), state.geometry
        if state.field_content != PATIENT:
            geometry = _open_blades(geometry)
        dark = state.field_content == DARK
        if not dark and (refusal := self._refusal(state, technique)):
            sink.refuse(refusal)
            return False
        exposure = None if dark else _exposure(technique, geometry)
        index = self._pulse(sink, technique, geometry, exposure)
        slot = sink.acquire()
        images.scene.move(geometry)
        if state.field_content == PATIENT:
            images.of_patient(index, t_s, technique, slot)
            self._after(state, images.scene, t_s, technique)
        else:
            shown = None if dark else technique
            images.of_empty_room(self._frame_index, shown, slot, 1.0 / state.pulses_per_s)
        self._commit(slot, due_ns, index, exposure, state)
        # A single image is one for each press of the pedal.
        return state.acquisition_type != SINGLE_IMAGE or state.field_content != PATIENT

    def _ending(self, sink: FrameSink) -> bool:
        """Whether the run is to end: by `stop`, by the pedal, or because the host is silent."""
        return self._thread.end.is_set() or sink.stopping

    def _wait_until(self, due_ns: int, sink: FrameSink) -> bool:
        """Wait for the next pulse; return True if the run is to end instead."""
        while not self._ending(sink):
            now = time.monotonic_ns()
            if now >= due_ns:
                return False
            self._thread.wait_until(min(due_ns, now + round(LOOK_S * 1e9)))
        return True

    def _set_clock(self, t_s: float) -> None:
        self.room.change(lambda s: replace(s, clock=ProcedureClock(t_s)))

    def _refusal(self, state: RoomState, technique: Technique) -> str:
        """Return why this pulse cannot be made, and lock the tube if it is too hot."""
        now_s = _clock_s()
        self.room.change(lambda s: replace(s, tube=s.tube.latched(technique, now_s)))
        return state.refusal(technique, now_s)

    def _commit(
        self, slot: Slot, due_ns: int, index: int, exposure: Exposure | None, state: RoomState
    ) -> None:
        """Commit a frame when it was due, or as much later as frames jitter."""
        late_ns = round(jitter_s(state.settings, state.seed, self._frame_index) * 1e9)
        if late_ns > 0:
            self._thread.wait_until(time.monotonic_ns() + late_ns)
        slot.commit(FrameHeader(self._frame_index, due_ns + late_ns, index, exposure))
        self._frame_index += 1

    def _test_pulses(self, sink: FrameSink, scene: Scene, t_s: float) -> None:
        """Make fluoroscopic pulses before an acquisition, to find its factors.

        Their images are not read out as frames; their dose counts.
        """
        scene.move(self.room.state.geometry)
        for _ in range(TEST_PULSES):
            state = self.room.state
            technique = state.within_kerma_rate(state.technique_in_use)
            if self._ending(sink) or self._refusal(state, technique):
                return
            exposure = _exposure(technique, state.geometry)
            index = self._pulse(sink, technique, state.geometry, exposure)
            scene.skin.add(technique, state.geometry)
            scene.frame(index, t_s, technique)
            self._control_brightness(state, scene, technique)

    def _after(self, state: RoomState, scene: Scene, t_s: float, technique: Technique) -> None:
        """Do what follows from an image of the patient: the next factors, and the truth."""
        if state.acquisition_type == FLUOROSCOPY:
            self._control_brightness(state, scene, technique)
        if state.truth_folder:
            known = scene.truth(t_s, technique)
            truth.write(state.truth_folder, self._frame_index, t_s, known)

    def _control_brightness(self, state: RoomState, scene: Scene, technique: Technique) -> None:
        """Answer an image; the operator's own settings are never part of the answer.

        The control is locked in acquisitions: the frames of a subtraction must be alike.
        """
        if state.automatic_brightness:
            answer = state.answer(technique, scene.measured_quanta_per_mm2)
            self.room.change(lambda s: s.with_answer(answer))

    def _pulse(
        self, sink: FrameSink, technique: Technique, geometry: Geometry, exposure: Exposure | None
    ) -> int:
        """Report one pulse and return its index; without an exposure there is none, and -1."""
        if exposure is None:
            return -1
        index = self._pulse_index
        self._pulse_index += 1
        now_s = _clock_s()
        self.room.change(lambda s: replace(s, tube=s.tube.heated(technique, now_s)))
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

    def _all_parameters(self) -> list[Parameter]:
        return [
            *parameters.detector(self),
            *parameters.procedure(self),
            *generator_parameters.generator(self),
            *positioner_parameters.positioner(self),
            *positioner_parameters.collimator(self),
            *panel_parameters.panel(self),
            *controls.controls(self),
            status_messages.parameter(),
        ]


class _Images:
    """The images of one run, with what the panel still holds of the pulses before."""

    def __init__(self, scene: Scene) -> None:
        from fluoroview_simulated.panel.empty_room import EmptyRoom  # compiled, loaded by now

        self.scene = scene
        self._empty = EmptyRoom(scene)
        self._lag: deque[tuple[float, Technique]] = deque(maxlen=LAG_PULSES)

    def of_patient(self, index: int, t_s: float, technique: Technique, slot: Slot) -> None:
        """Render the patient, and add the pulse to the skin dose."""
        self.scene.skin.add(technique, self.scene.geometry)
        self.scene.frame(index, t_s, technique, slot.pixels, self._lag)
        self._lag.appendleft((t_s, technique))

    def of_empty_room(
        self, index: int, technique: Technique | None, slot: Slot, interval_s: float
    ) -> None:
        """Render the open field, or without a technique a dark frame."""
        self._empty.frame(index, technique, slot.pixels, interval_s)
        self._lag.clear()


def _never() -> bool:
    """Do not give up."""
    return False


def _clock_s() -> float:
    """Return the tube's time: the anode cools between runs too."""
    return time.monotonic_ns() / 1e9


def _run_start_s(scene: Scene, clock: ProcedureClock, now_ns: int) -> float:
    """Return the procedure's time when a run begins; a short pause passes like any other time."""
    now_s = clock.now_s(now_ns)
    short = clock.stopped_ns is not None and clock.paused_s(now_ns) <= PAUSE_S
    return now_s if short else scene.procedure.begin(now_s)


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


def _open_blades(geometry: Geometry) -> Geometry:
    """Return the geometry with the blades outside the detector, as for a calibration."""
    open_mm = geometry.detector_mm + 10.0
    return replace(geometry, field_width_mm=open_mm, field_height_mm=open_mm, iris_mm=float("inf"))
