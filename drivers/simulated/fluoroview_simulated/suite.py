"""What is set in the simulated room, and the patient who belongs to it: state without threads.

The device's parameters write here, its pulse thread reads here. A patient is prepared in the
background (`Workshop`), because that takes a moment.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from fluoroview_simulated import procedures
from fluoroview_simulated.procedures.base import ProcedureInfo
from fluoroview_simulated.technique import Geometry, Technique

if TYPE_CHECKING:
    from fluoroview_simulated.scene import Scene

PATIENT, OPEN_FIELD, DARK = "patient", "open field", "dark"
"""What is before the detector: the latter two are for calibrating it."""
SHUTTER_EDGE_MM = 6.0
"""The shutters stand this much inside the detector's field: their edge is seen."""


@dataclass(frozen=True)
class Order:
    """Which patient is wanted before which detector."""

    procedure: str
    case: str
    body: str
    seed: int
    size: int
    raw: bool


@dataclass
class Suite:
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
    run_kind: str = "fluoroscopy"
    truth_folder: str = ""

    def __post_init__(self) -> None:
        self.choose(self.procedure)

    @property
    def info(self) -> ProcedureInfo:
        """What is known of the chosen examination."""
        return procedures.find(self.procedure).info

    @property
    def order(self) -> Order:
        """The patient that is wanted."""
        return Order(self.procedure, self.case, self.body, self.seed, self.size, self.raw)

    def choose(self, procedure: str) -> None:
        """Takes an examination with its start technique, view and first case."""
        info = procedures.find(procedure).info
        self.procedure, self.case, self.body = procedure, info.cases[0].name, info.bodies[0]
        self.technique, self.geometry, self.rate_hz = info.technique, info.geometry, info.rate_hz

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
        place[axis] = self.info.geometry.isocentre_mm[axis] + offset_mm
        self.geometry = replace(self.geometry, isocentre_mm=(place[0], place[1], place[2]))

    def table_mm(self, axis: int) -> float:
        """How far the table stands from where the examination began."""
        return self.geometry.isocentre_mm[axis] - self.info.geometry.isocentre_mm[axis]


class Workshop:
    """Prepares the patient in the background; the newest order counts."""

    def __init__(self) -> None:
        self._lock = threading.Condition()
        self._order: tuple[Order, Geometry] | None = None
        self._scene: Scene | None = None
        self._error: Exception | None = None
        self._working = False

    def order(self, order: Order, geometry: Geometry) -> None:
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


def make_scene(order: Order, geometry: Geometry) -> Scene:
    """Imports the compiled part only here: the device lists and opens without it."""
    import cv2

    from fluoroview_simulated.scene import Scene

    cv2.setNumThreads(1)  # one core is this process's share
    patient = procedures.make(order.procedure, order.case, order.seed, order.body)
    scene = Scene(patient, order.size, order.seed, geometry, order.raw)
    scene.frame(0, 0.0, patient.info.technique)  # loads the compiled code
    return scene
