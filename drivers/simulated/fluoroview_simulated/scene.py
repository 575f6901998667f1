"""One pulse's picture: beam, patient, procedure and detector put together.

`Scene.frame` is a function of the pulse's number, the procedure's time, the technique and the
seed: the same four give the same pixels, in any order and in any process.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from fluoroview_simulated import kernels
from fluoroview_simulated.beam import SWANK, beam
from fluoroview_simulated.detector.panel import CEILING, LAG, make_panel, open_beam
from fluoroview_simulated.detector.scatter import COARSE, Scatter, coarse
from fluoroview_simulated.patient.maps import patient_maps
from fluoroview_simulated.procedure.course import Motion, motion_at
from fluoroview_simulated.procedure.layers import GRID, MovingLayers
from fluoroview_simulated.technique import Geometry, Technique

PAD_MM = 4.0
"""Margin of the resting maps, so that the patient may sway."""


@dataclass(frozen=True)
class _Key:
    """What a rendered signal belongs to."""

    pulse_index: int
    t_s: float
    technique: Technique


class Scene:
    """A patient before a detector of `size`² pixels. Buffers are made once."""

    def __init__(
        self, size: int = 1024, seed: int = 1, geometry: Geometry | None = None, raw: bool = False
    ) -> None:
        self.size, self.seed, self.raw = size, seed, raw
        self.geometry = geometry or Geometry()
        g = self.geometry
        self.px_per_mm = size / g.view_mm
        self.panel = make_panel(size, g.detector_mm, seed, raw)
        maps = patient_maps(size, g.view_mm, seed)
        pad = int(np.ceil(PAD_MM * self.px_per_mm))
        self._pad = pad
        border = (pad, pad + 1, pad, pad + 1, cv2.BORDER_REPLICATE)
        self._soft = cv2.copyMakeBorder(maps.soft, *border)
        self._bone = cv2.copyMakeBorder(maps.bone, *border)
        self._coarse_maps = coarse(maps)
        self._field = (0.0, 0.0)
        self._held: _Key | None = None
        self.collimate(g)
        self.layers = MovingLayers(seed)
        cell = GRID // COARSE
        rows, columns = self.layers.shape
        top, left = self.layers.row0 // cell, self.layers.column0 // cell
        self._coarse_shape = (columns // cell, rows // cell)
        self._coarse_place = (slice(top, top + rows // cell), slice(left, left + columns // cell))
        self._signal = np.zeros((size, size), np.uint16)
        self._previous = np.zeros((size, size), np.uint16)
        self._scrap = np.zeros((size, size), np.uint16)

    def collimate(self, geometry: Geometry) -> None:
        """Sets the shutters; does nothing when they stand there already."""
        field = (geometry.field_width_mm, geometry.field_height_mm)
        if field == self._field:
            return
        self._field, self.geometry = field, geometry
        shape = open_beam(self.size, geometry.detector_mm, *field, geometry.source_image_mm)
        self._scatter = Scatter(self._coarse_maps, shape, geometry.view_mm)
        field_map = np.rint(shape * self.panel.residual / kernels.BEAM_UNIT)
        self._open = np.minimum(field_map, 65535).astype(np.uint16)
        self._held = None

    def frame(
        self,
        pulse_index: int,
        t_s: float,
        technique: Technique,
        out: np.ndarray | None = None,
        previous_t_s: float | None = None,
    ) -> np.ndarray:
        """Pixels of one pulse.

        Args:
            pulse_index: counts the pulses; chooses the noise.
            t_s: time of the procedure in seconds.
            technique: the pulse's factors.
            out: (size, size) uint16, C-order, to write into; a new array if None.
            previous_t_s: procedure time of the pulse just before, whose lag is still in the
                panel; None for the first pulse of a run.

        Returns:
            `out`, linear in exposure, 0 to 16383.
        """
        if out is None:
            out = np.empty((self.size, self.size), np.uint16)
        lag = 0.0
        if previous_t_s is not None:
            # What is left of it decays with the time since, about as its inverse.
            lag = LAG * min(1.0, 1.0 / (30.0 * max(t_s - previous_t_s, 1e-3)))
            before = _Key(pulse_index - 1, previous_t_s, technique)
            if self._held != before:
                self._render(before, 0.0, self._scrap)
            self._signal, self._previous = self._previous, self._signal
        self._render(_Key(pulse_index, t_s, technique), lag, out)
        if self.raw:
            kernels.uncorrect(out, self.panel.raw_gain, self.panel.raw_offset, np.float32(CEILING))
        return out

    def _render(self, key: _Key, lag: float, out: np.ndarray) -> None:
        """Renders into `out`, and leaves the signal without lag in `_signal`."""
        motion = motion_at(key.t_s, self.seed)
        self.layers.render(motion)
        veil = self.veil(*_terms(key.technique))
        self.expose(key.pulse_index, key.technique, motion, veil, out, lag)
        self._held = key

    def expose(
        self,
        pulse_index: int,
        technique: Technique,
        motion: Motion,
        veil: np.ndarray,
        out: np.ndarray,
        lag: float = 0.0,
    ) -> None:
        """The pass over all pixels, with the moving maps and the veil as they stand now."""
        weights, mu = _terms(technique)
        layers, panel, moving = self.layers, self.panel, self.layers.maps
        y, x = self.noise_place(pulse_index)
        kernels.render(
            kernels.Resting(self._soft, self._bone, self._pad, *self._sway(motion)),
            kernels.Moving(
                moving.soft, moving.bone, moving.barium, layers.row0, layers.column0, GRID
            ),
            kernels.BeamHere(
                weights.astype(np.float32),
                (mu * -kernels.LOG2E).astype(np.float32),
                self._open,
                veil,
                np.float32(self.quanta_open(technique)),
            ),
            kernels.Noise(
                panel.tile, y, x, np.float32(1.0 / SWANK), np.float32(panel.electronic_quanta2)
            ),
            kernels.Readout(
                self._previous,
                self._signal,
                np.float32(lag),
                np.float32(panel.counts_per_quantum),
                np.float32(CEILING),
            ),
            out,
        )

    def quanta_open(self, technique: Technique) -> float:
        """Quanta per pixel in the middle of the open field."""
        b = beam(technique.kv, technique.filter_al_mm, technique.filter_cu_mm)
        per_mm2 = b.quanta_per_mm2_mas(self.geometry.source_image_mm) * technique.mas
        return per_mm2 * self.panel.pixel_mm**2

    def veil(self, weights: np.ndarray, mu: np.ndarray) -> np.ndarray:
        """Scatter for the moving maps as they are now."""
        maps = self.layers.maps
        small = tuple(
            cv2.resize(a, self._coarse_shape, interpolation=cv2.INTER_AREA)
            for a in (maps.soft, maps.bone, maps.barium)
        )
        veil = self._scatter.veil(weights, mu, small, self._coarse_place)
        return cv2.resize(veil, (self.size, COARSE), interpolation=cv2.INTER_LINEAR)

    @property
    def open_field(self) -> np.ndarray:
        """Fluence without patient, (size, size) float32, 1 in the middle."""
        return self._open * np.float32(kernels.BEAM_UNIT)

    def noise_place(self, pulse_index: int) -> tuple[int, int]:
        """Where this pulse's noise starts in the tile: a hash of seed and pulse."""
        room = self.panel.tile_room
        h = (pulse_index * 0x9E3779B97F4A7C15 + self.seed * 0xBF58476D1CE4E5B9 + 1) % 2**64
        h = ((h ^ (h >> 30)) * 0xBF58476D1CE4E5B9) % 2**64
        h = ((h ^ (h >> 27)) * 0x94D049BB133111EB) % 2**64
        h ^= h >> 31
        return int(h % room), int((h >> 32) % room)

    def _sway(self, motion: Motion) -> tuple[float, float]:
        """The patient's own small movement in pixels, within the margin."""
        limit = PAD_MM - 1.0
        x, y = (float(np.clip(v, -limit, limit)) * self.px_per_mm for v in motion.sway_mm)
        return x, y


def _terms(technique: Technique) -> tuple[np.ndarray, np.ndarray]:
    """The exponentials of the technique's beam."""
    return beam(technique.kv, technique.filter_al_mm, technique.filter_cu_mm).terms
