"""Parts that move as a whole: mandible with its teeth, hyoid, calcified cartilage."""

from __future__ import annotations

import cv2
import numpy as np

from fluoroview_simulated.procedures.modified_barium_swallow import pharynx
from fluoroview_simulated.procedures.modified_barium_swallow.course import Motion
from fluoroview_simulated.procedures.modified_barium_swallow.lateral.drawing import Canvas
from fluoroview_simulated.procedures.modified_barium_swallow.lateral.jaw import add_lower_jaw
from fluoroview_simulated.procedures.modified_barium_swallow.lateral.resting import (
    UNSHARPNESS_MM,
    patient_pose,
)

CONDYLE_MM = np.array([18.5, -73.0])
"""About where the lower jaw turns."""
INCISOR_MM = 92.0
"""From there to the lower incisors."""


class RigidParts:
    """Draws each part once and places it per frame. `grid` is (cells, view_mm, window slices)."""

    def __init__(self, seed: int, cells: int, view_mm: float, window: tuple[slice, slice]) -> None:
        self._cells, self._view_mm, self._window = cells, view_mm, window
        self._cell_mm = view_mm / cells
        self._corner = np.array([window[1].start, window[0].start])
        self._seed = seed
        jaw = self._canvas()
        add_lower_jaw(jaw)
        bone, self._jaw_place = self._cut(self._finish(jaw.bone, 0.0), 24)
        soft = self._finish(jaw.soft, -1e3)[self._jaw_place]
        self._jaw = np.stack([bone, soft], axis=-1)
        hyoid, larynx = self._canvas(), self._canvas()
        _add_hyoid(hyoid)
        _add_cartilage(larynx)
        self._hyoid, self._larynx = (self._cut(self._finish(c.bone, 0.0)) for c in (hyoid, larynx))
        self._warped = np.zeros_like(self._jaw)

    def draw(self, m: Motion, soft: np.ndarray, bone: np.ndarray) -> None:
        """Adds to `soft`, and sets `bone`, of the window."""
        bone[:] = 0.0
        rows, columns = self._jaw_place
        angle = -m.jaw_mm / INCISOR_MM
        turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        corner = self._corner + np.array([columns.start, rows.start])
        pivot = (CONDYLE_MM + self._view_mm / 2) / self._cell_mm - corner - 0.5
        matrix = np.column_stack([turn, pivot - turn @ pivot])
        size = self._jaw.shape[1::-1]
        cv2.warpAffine(self._jaw, matrix, size, dst=self._warped, flags=cv2.INTER_LINEAR)
        bone[rows, columns] = self._warped[..., 0]
        soft[rows, columns] += self._warped[..., 1]
        for part, move in (
            (self._hyoid, m.hyoid * pharynx.HYOID_LIFT_MM + (0, 0.7 * m.breath)),
            (self._larynx, m.larynx * pharynx.LARYNX_LIFT_MM + (0, 1.1 * m.breath)),
        ):
            self._place(part, move / self._cell_mm, bone)

    def _place(
        self, part: tuple[np.ndarray, tuple[slice, slice]], move: np.ndarray, bone: np.ndarray
    ) -> None:
        """Adds a part to the bone map, moved by cells."""
        piece, place = part
        matrix = np.array([[1, 0, move[0]], [0, 1, move[1]]])
        shifted = cv2.warpAffine(piece, matrix, piece.shape[::-1], flags=cv2.INTER_LINEAR)
        bone[place] += shifted

    @staticmethod
    def _cut(part: np.ndarray, margin: int = 66) -> tuple[np.ndarray, tuple[slice, slice]]:
        """The rectangle where there is something, with room to move, and its place."""
        found = part > 0.01
        place = []
        for axis in (1, 0):
            line = np.asarray(found.any(axis=axis))
            first, last = int(line.argmax()), len(line) - int(line[::-1].argmax())
            place.append(slice(max(0, first - margin), min(len(line), last + margin)))
        return part[place[0], place[1]].copy(), (place[0], place[1])

    def _canvas(self) -> Canvas:
        return Canvas(self._cells, self._view_mm, self._seed, patient_pose(self._seed))

    def _finish(self, path_mm: np.ndarray, least: float) -> np.ndarray:
        """Blurs like the resting maps, and cuts out the window."""
        sigma = UNSHARPNESS_MM / self._cell_mm
        blurred: np.ndarray = cv2.GaussianBlur(np.maximum(path_mm, least), (0, 0), sigma)
        return blurred[self._window].copy()


def _add_hyoid(canvas: Canvas) -> None:
    """Body of the hyoid and the greater horns of both sides."""
    body = [
        *[(-14.6, 5.2), (-11.0, 4.0), (-8.4, 6.4), (-9.6, 12.0), (-12.4, 14.8), (-15.2, 13.2)],
        (-15.8, 9.0),
    ]
    canvas.add_bone(body, 14.0, 3.4, 0.7, 0.5, 0.15)
    for z in (17.0, -17.0):
        horn = [
            *[(-10.5, 6.4), (-4.0, 4.6), (4.0, 2.2), (12.0, -1.2), (17.0, -3.6), (18.6, -2.0)],
            *[(16.4, 0.4), (8.0, 3.8), (0.0, 6.8), (-6.0, 9.2), (-10.0, 9.8)],
        ]
        canvas.add_bone(horn, 5.0, 1.6, 0.8, 0.4, 0.2, z)


def _add_cartilage(canvas: Canvas) -> None:
    """The calcified parts of thyroid and cricoid cartilage: faint, patchy."""
    for z in (14.0, -14.0):
        thyroid = [
            *[(-8.5, 15.5), (-2.0, 13.0), (8.0, 14.5), (13.5, 12.5), (15.0, 6.0), (16.6, 6.0)],
            *[(17.0, 16.0), (16.0, 30.0), (14.8, 39.0), (13.2, 39.0), (11.0, 34.5), (2.0, 36.5)],
            *[(-4.0, 36.0), (-9.0, 27.0), (-10.6, 20.0)],
        ]
        canvas.add_bone(thyroid, 2.0, 1.6, 0.7, 0.35, 0.5, z)
    lamina = [(12.6, 27.5), (16.0, 27.0), (17.6, 34.0), (16.8, 44.0), (13.6, 45.6), (12.2, 38.0)]
    canvas.add_bone(lamina, 3.0, 2.6, 0.5, 0.4, 0.5)
    arch = [(-3.6, 40.5), (-0.8, 39.4), (1.0, 44.0), (-0.6, 46.5), (-3.0, 45.0)]
    canvas.add_bone(arch, 3.0, 1.4, 0.7, 0.4, 0.5)
