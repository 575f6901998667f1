"""The patient at rest as two maps, soft tissue and bone; what moves is added per frame."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from fluoroview_simulated.patient import store
from fluoroview_simulated.patient.body import add_body
from fluoroview_simulated.patient.canvas import Canvas, Pose
from fluoroview_simulated.patient.jaw import add_upper_teeth
from fluoroview_simulated.patient.skull import add_cavity_texture, add_skull
from fluoroview_simulated.patient.spine import add_spine

UNSHARPNESS_MM = 0.28
"""Focal spot and scintillator, as the standard deviation of a Gaussian at the isocentre."""


PATH_UNIT_MM = 0.01
"""Step of the maps."""


@dataclass(frozen=True)
class PatientMaps:
    """Line integrals of what stands still, (size, size) uint16 in steps of PATH_UNIT_MM."""

    soft: np.ndarray
    bone: np.ndarray


def patient_maps(size: int, view_mm: float, seed: int) -> PatientMaps:
    """The resting patient, from the disk if it was drawn before."""
    path = store.place(size, view_mm, seed)
    kept = store.load(path, size)
    if kept is not None:
        return PatientMaps(*kept)
    maps = draw_patient(size, view_mm, seed)
    store.save(path, maps.soft, maps.bone)
    return maps


def draw_patient(size: int, view_mm: float, seed: int) -> PatientMaps:
    """Draws the lateral head and neck: about half a second for 1024²."""
    canvas = Canvas(size, view_mm, seed, patient_pose(seed))
    add_body(canvas)
    add_skull(canvas)
    add_spine(canvas)
    add_upper_teeth(canvas)
    add_cavity_texture(canvas)
    sigma = UNSHARPNESS_MM * canvas.px_per_mm
    return PatientMaps(_finish(canvas.soft, sigma), _finish(canvas.bone, sigma))


def patient_pose(seed: int) -> Pose:
    """How far this patient is turned out of the true side view."""
    luck = np.random.default_rng([seed, 8]).uniform(-1.0, 1.0, 2)
    return Pose(yaw_rad=0.032 + 0.016 * float(luck[0]), roll_rad=0.024 + 0.014 * float(luck[1]))


def _finish(path_mm: np.ndarray, sigma_px: float) -> np.ndarray:
    """Blurs as the whole chain does, and rounds."""
    blurred = cv2.GaussianBlur(np.maximum(path_mm, 0.0), (0, 0), sigma_px)
    return np.minimum(np.rint(blurred / PATH_UNIT_MM), 65535).astype(np.uint16)
