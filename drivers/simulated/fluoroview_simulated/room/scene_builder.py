"""Prepares the patient who belongs to the room's state, in the background: it takes a moment."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from fluoroview_simulated import procedures
from fluoroview_simulated.room.brightness import BrightnessControl
from fluoroview_simulated.room.state import SceneRequest
from fluoroview_simulated.room.technique import Geometry, Technique

if TYPE_CHECKING:
    from fluoroview_simulated.render.scene import Scene

SETTLING_PULSES = 12
LOOK_S = 0.02
"""How often a waiting run checks whether it is to end."""


class SceneBuilder:
    """Prepares the patient in the background; the newest request counts."""

    def __init__(self) -> None:
        self._lock = threading.Condition()
        self._request: tuple[SceneRequest, Geometry] | None = None
        self._scene: Scene | None = None
        self._error: Exception | None = None
        self._working = False

    def request(self, request: SceneRequest, geometry: Geometry) -> None:
        """Ask for a patient, seen first in `geometry`."""
        with self._lock:
            same = self._request is not None and request == self._request[0]
            if same and self._error is None:
                return
            self._request, self._scene, self._error = (request, geometry), None, None
            if not self._working:
                self._working = True
                # Not a daemon: cut off inside OpenCV at the program's end, it would abort it.
                threading.Thread(target=self._work, name="simulated patient").start()

    def drop(self) -> None:
        """Forget scene and request."""
        with self._lock:
            if self._scene is not None:
                self._scene.projector.drop()
            self._request = self._scene = None

    def ready(self) -> Scene | None:
        """Return the scene if it is ready."""
        with self._lock:
            return self._scene

    def wait(self, given_up: Callable[[], bool], seconds: float = float("inf")) -> Scene | None:
        """Return the scene as soon as it is ready; None if the caller gives up or time is up.

        Raises:
            Exception: what the preparation failed with.
        """
        until = time.monotonic() + seconds
        with self._lock:
            while self._scene is None and not given_up() and time.monotonic() < until:
                if self._error is not None:
                    raise self._error
                self._lock.wait(LOOK_S)
            return self._scene

    def _work(self) -> None:
        while True:
            with self._lock:
                request = self._request
                if request is None or self._scene is not None or self._error is not None:
                    self._working = False
                    return
            scene, error = None, None
            try:
                scene = make_scene(*request)
            except Exception as failure:
                error = failure
            with self._lock:
                if request == self._request:
                    self._scene, self._error = scene, error
                    self._lock.notify_all()


def make_scene(request: SceneRequest, geometry: Geometry) -> Scene:
    """Make a scene; the compiled part is imported here, so that the device opens without it."""
    import cv2

    from fluoroview_simulated.render.scene import Scene

    cv2.setNumThreads(1)  # one core is this process's share
    patient = procedures.make(request.procedure, request.case, request.seed, request.patient_size)
    scene = Scene(
        patient,
        request.size,
        request.seed,
        geometry,
        request.raw,
        request.settings,
        request.focal_spot,
    )
    scene.frame(0, 0.0, patient.info.technique)  # loads the compiled code
    return scene


def settled(scene: Scene, t_s: float, rate_hz: float) -> Technique:
    """Return the factors that the brightness control finds for a patient at one moment."""
    control, technique = BrightnessControl(), scene.procedure.info.technique
    for pulse in range(SETTLING_PULSES):
        scene.frame(pulse, t_s, technique)
        measured = scene.measured_quanta_per_mm2
        control, technique = control.next(technique, scene.geometry, rate_hz, measured)
    return technique
