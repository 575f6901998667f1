"""Beam-on from the signal, where a detector has no link to its generator.

The mean of a sample of raw counts is compared with a threshold that the room states. A hysteresis
keeps noise at the threshold from switching the beam. Dose stays not available: a signal is not a
dose.
"""

import numpy as np

from fluoroview.hal.frame import Pixels

HYSTERESIS = 0.8
"""The beam is off again below this fraction of the threshold above dark."""
_SAMPLES = 32


class BeamOnDetector:
    """Detects from each frame whether the beam was on."""

    def __init__(self, threshold_counts: float) -> None:
        self.threshold_counts = threshold_counts
        self.on = False

    def update(self, pixels: Pixels) -> bool:
        """Return whether the beam was on in this frame (rows, columns)."""
        rows, columns = pixels.shape
        sample = pixels[:: max(1, rows // _SAMPLES), :: max(1, columns // _SAMPLES)]
        level = float(np.mean(sample))
        limit = self.threshold_counts * (HYSTERESIS if self.on else 1.0)
        self.on = level > limit
        return self.on
