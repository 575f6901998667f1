"""Frames without a patient, as a calibration wants them: the open field, and the dark.

Same panel, noise, lag and digitisation as a `Scene`, in plain NumPy: nothing moves here.
"""

from __future__ import annotations

from collections import deque

import numpy as np

from fluoroview_simulated.arrays import Float32Array, Int8Array
from fluoroview_simulated.panel.panel import LAG_PULSES, NOISE_UNIT
from fluoroview_simulated.render.scene import Scene
from fluoroview_simulated.room.technique import Technique


class EmptyRoom:
    """The detector of a `Scene` with nothing before it, for one run."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self._before: deque[tuple[float, Float32Array]] = deque(maxlen=LAG_PULSES)
        self._time_s = 0.0

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
            interval_s: since the frame before; the last few are still in the panel.
        """
        panel = self.scene.panel
        signal = self._signal(index, technique)
        self._time_s += interval_s
        before = list(self._before) if panel.lag else []
        shares = panel.lag_after([self._time_s - t_s for t_s, _ in before])
        counts = (1 - shares.sum()) * signal
        for share, (_, earlier) in zip(shares, before, strict=True):
            counts += share * earlier
        counts *= np.float32(panel.counts_per_quantum)
        self._before.appendleft((self._time_s, signal))
        if panel.raw_gain is not None and panel.raw_offset is not None:
            counts = counts * panel.raw_gain + panel.raw_offset
        np.copyto(out, np.clip(np.rint(counts), 0, panel.ceiling), casting="unsafe")

    def _signal(self, index: int, technique: Technique | None) -> Float32Array:
        """Quanta of one frame with their noise and that of the electronics, without lag."""
        scene, panel = self.scene, self.scene.panel

        def noise(tile: Int8Array, y: int, x: int) -> Float32Array:
            part: Int8Array = tile[y : y + scene.size, x : x + scene.size]
            return part * np.float32(NOISE_UNIT)

        place, white = scene.noise_places(index)
        electronic = noise(panel.white, *white) * np.float32(np.sqrt(panel.electronic_quanta2))
        if technique is None:
            return electronic
        factor, less = (np.float32(value) for value in panel.noise_shape)
        quanta = scene.open_field * np.float32(scene.quanta_open(technique))
        root: Float32Array = np.sqrt(np.maximum(quanta - less, 0)) + factor * noise(
            panel.tile, *place
        )
        return root * root - less + electronic
