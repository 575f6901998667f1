"""The patient at rest as two maps, soft tissue and bone; what moves is added per frame."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from fluoroview_simulated.patient.body import add_body
from fluoroview_simulated.patient.canvas import Canvas
from fluoroview_simulated.patient.jaw import add_jaw
from fluoroview_simulated.patient.skull import add_cavity_texture, add_skull
from fluoroview_simulated.patient.spine import add_spine

UNSHARPNESS_MM = 0.28
"""Focal spot and scintillator, as the standard deviation of a Gaussian at the isocentre."""


@dataclass(frozen=True)
class PatientMaps:
    """Line integrals of what stands still, (size, size) float32 in mm."""

    soft: np.ndarray
    bone: np.ndarray


def render_patient(size: int, view_mm: float, seed: int) -> PatientMaps:
    """Draws the lateral head and neck; about a second for 1024²."""
    canvas = Canvas(size, view_mm, seed)
    add_body(canvas)
    add_skull(canvas)
    add_spine(canvas)
    add_jaw(canvas)
    add_cavity_texture(canvas)
    sigma = UNSHARPNESS_MM * canvas.px_per_mm
    soft = cv2.GaussianBlur(np.maximum(canvas.soft, 0.0), (0, 0), sigma)
    bone = cv2.GaussianBlur(np.maximum(canvas.bone, 0.0), (0, 0), sigma)
    return PatientMaps(soft, bone)


def patient_maps(size: int, view_mm: float, seed: int) -> PatientMaps:
    """The resting maps, from the disk if they were rendered before."""
    return render_patient(size, view_mm, seed)
