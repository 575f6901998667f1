"""The patient at rest in one view: projected once, kept on disk, and again when the view turns.

`Projector` works in a thread of its own: a preview of the newest view first, then the whole
image; an outdated projection is dropped between two parts of the body.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np

from fluoroview_simulated.anatomy.project import project_parts, unsharp
from fluoroview_simulated.anatomy.texture import soft_texture
from fluoroview_simulated.anatomy.view import View
from fluoroview_simulated.physics.kernels import PATH_UNIT_MM
from fluoroview_simulated.physics.scatter import COARSE
from fluoroview_simulated.procedures.base import Procedure
from fluoroview_simulated.render import cache as store
from fluoroview_simulated.render.canvas import ViewLayers
from fluoroview_simulated.room.technique import Geometry

PAD_MM = 4.0
"""Margin of the maps, so that the patient may sway."""
PREVIEW = 256
"""Rows and columns of the maps while the view turns."""


@dataclass(frozen=True, eq=False)
class Projected:
    """One view of one patient, ready for the pulses.

    Attributes:
        soft, bone: (size + 2·pad + 1)² uint16 in PATH_UNIT_MM.
        coarse: the two in mm on (COARSE, COARSE).
        layers: what the procedure projected.
    """

    view: View
    soft: np.ndarray
    bone: np.ndarray
    pad: int
    coarse: tuple[np.ndarray, np.ndarray]
    layers: ViewLayers
    preview: bool


def project(
    procedure: Procedure,
    view: View,
    size: int,
    unsharpness_mm: float,
    preview: bool = False,
    going_on: Callable[[], bool] | None = None,
) -> Projected | None:
    """Projects a patient; None when `going_on` says no meanwhile.

    `unsharpness_mm` is that of focal spot and scintillator, as the standard deviation of a Gaussian
    in the plane of the isocentre.
    """
    layers = ViewLayers(view)
    procedure.layers(view, layers)
    maps = _resting(procedure, view, size, unsharpness_mm, preview, going_on)
    if maps is None:
        return None
    pad = int(np.ceil(PAD_MM * size / view.view_mm))
    border = (pad, pad + 1, pad, pad + 1, cv2.BORDER_REPLICATE)
    soft, bone = (cv2.copyMakeBorder(m, *border) for m in maps)
    coarse = tuple(
        cv2.resize(m, (COARSE, COARSE), interpolation=cv2.INTER_AREA) * np.float32(PATH_UNIT_MM)
        for m in maps
    )
    return Projected(view, soft, bone, pad, (coarse[0], coarse[1]), layers, preview)


def _resting(
    procedure: Procedure,
    view: View,
    size: int,
    unsharpness_mm: float,
    preview: bool,
    going_on: Callable[[], bool] | None,
) -> tuple[np.ndarray, np.ndarray] | None:
    """Soft and bone, (size, size) uint16 in PATH_UNIT_MM, from the disk where they are there."""
    path = store.place(procedure, view, size, unsharpness_mm)
    if not preview and (kept := store.load(path, size)) is not None:
        return kept
    cells = PREVIEW if preview else size
    drawn = procedure.resting(view, cells)
    if drawn is None:
        drawn = project_parts(procedure.anatomy(), view, cells, going_on)
        if drawn is None:
            return None
        if procedure.textured:
            drawn = (drawn[0] + soft_texture(view, cells, drawn[0]), drawn[1])
    sigma = unsharpness_mm / view.view_mm * cells
    maps = []
    for drawn_map in drawn:
        map_ = np.rint(np.clip(unsharp(drawn_map, sigma), 0, 655) / PATH_UNIT_MM)
        if preview:
            map_ = cv2.resize(map_, (size, size), interpolation=cv2.INTER_LINEAR)
        maps.append(map_.astype(np.uint16))
    if not preview:
        store.save(path, *maps)
    return maps[0], maps[1]


class Projector:
    """Keeps a view at hand in the background; the newest order counts."""

    def __init__(
        self, procedure: Procedure, size: int, unsharpness_mm: Callable[[Geometry], float]
    ) -> None:
        self._procedure, self._size, self._unsharpness_mm = procedure, size, unsharpness_mm
        self._lock = threading.Condition()
        self._requested: View | None = None
        self._done: Projected | None = None
        self._error: Exception | None = None
        self._working = False

    def now(self, view: View) -> Projected:
        """The whole image of a view, made here and now."""
        done = project(self._procedure, view, self._size, self._unsharpness_mm(view.geometry))
        assert done is not None
        with self._lock:
            self._requested, self._done = view, done
        return done

    def request(self, view: View) -> None:
        """Request a view; return at once."""
        with self._lock:
            if view == self._requested:
                return
            self._requested = view
            if not self._working:
                self._working = True
                # Not a daemon: cut off inside OpenCV at the program's end, it would abort it.
                threading.Thread(target=self._work, name="simulated view").start()

    def newest(self) -> Projected | None:
        """What was projected last.

        Raises:
            Exception: what the projection failed with, once.
        """
        with self._lock:
            if self._error is not None:
                error, self._error = self._error, None
                raise error
            return self._done

    def drop(self) -> None:
        """Forgets the order; a projection in work ends soon."""
        with self._lock:
            self._requested = None

    @property
    def busy(self) -> bool:
        """Whether a projection is in work."""
        with self._lock:
            return self._working

    def _work(self) -> None:
        while True:
            with self._lock:
                view, done = self._requested, self._done
                if view is None or (done is not None and done.view == view and not done.preview):
                    self._working = False
                    return
            preview = done is None or done.view != view
            try:
                fresh = project(
                    self._procedure,
                    view,
                    self._size,
                    self._unsharpness_mm(view.geometry),
                    preview,
                    lambda view=view: self._requested == view,  # type: ignore[misc]
                )
            except Exception as error:
                with self._lock:
                    self._error, self._working = error, False
                return
            if fresh is not None:
                with self._lock:
                    self._done = fresh
