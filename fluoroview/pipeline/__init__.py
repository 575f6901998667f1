"""Frame in, image out: corrections, recursive averaging, smoothing, tone and display.

OpenCV is the engine and every buffer is allocated once. No Qt, no devices, no files.
"""

from fluoroview.hal.window import Window
from fluoroview.pipeline.calibration.calibration import Calibration, CalibrationError
from fluoroview.pipeline.calibration.key import CalibrationKey
from fluoroview.pipeline.chain import Pipeline
from fluoroview.pipeline.display import WindowLut, auto_window
from fluoroview.pipeline.settings import (
    CorrectionSettings,
    PipelineSettings,
    RecursiveMode,
    RecursiveSettings,
    SpatialSettings,
    SubtractionSettings,
)
from fluoroview.pipeline.tone import COUNTS_PER_E_FOLD

__all__ = [
    "COUNTS_PER_E_FOLD",
    "Calibration",
    "CalibrationError",
    "CalibrationKey",
    "CorrectionSettings",
    "Pipeline",
    "PipelineSettings",
    "RecursiveMode",
    "RecursiveSettings",
    "SpatialSettings",
    "SubtractionSettings",
    "Window",
    "WindowLut",
    "auto_window",
]
