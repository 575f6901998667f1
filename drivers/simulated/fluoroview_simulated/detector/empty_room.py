"""Frames without a patient, as a calibration wants them: the open field, and the dark.

Same panel, noise, lag and digitisation as a `Scene`, in plain NumPy: nothing moves here.
"""

from __future__ import annotations

import numpy as np

from fluoroview_simulated import kernels
from fluoroview_simulated.scene import Scene
from fluoroview_simulated.technique import Technique


class EmptyRoom:
    """The detector of a `Scene` with nothing before it, for one run."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self._previous = np.zeros((scene.size, scene.size), np.float32)
        self._started = False

    def frame(
        self,
        index: int,
        technique: Technique | None,
        out: np.ndarray,
        interval_s: float = 1.0 / 30.0,
    ) -> None:
        """Write the pixels of one frame; without a technique there was no pulse.

        Args:
            index: counts the frames; chooses the noise.
            technique: the pulse's factors.
            out: (size, size) uint16, linear in exposure, 0 to the panel's ceiling.
            interval_s: since the frame before, whose lag is still in the panel.
        """
        scene, panel = self.scene, self.scene.panel
        quanta = 0.0 if technique is None else scene.quanta_open(technique)
        signal = scene.open_field * np.float32(quanta)
        y, x = scene.noise_place(index)
        noise = panel.tile[y : y + scene.size, x : x + scene.size] * np.float32(kernels.NOISE_UNIT)
        power = signal * np.float32(panel.noise_gain) + np.float32(panel.electronic_quanta2)
        signal += noise * np.sqrt(power)
        lag = np.float32(panel.lag_after(interval_s) if self._started else 0.0)
        counts = (1 - lag) * signal + lag * self._previous
        counts *= np.float32(panel.counts_per_quantum)
        self._previous, self._started = signal, True
        if panel.raw_gain is not None and panel.raw_offset is not None:
            counts = counts * panel.raw_gain + panel.raw_offset
        np.copyto(out, np.clip(np.rint(counts), 0, panel.ceiling), casting="unsafe")
