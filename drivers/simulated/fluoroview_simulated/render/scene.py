"""One pulse's image: beam, patient, procedure and detector put together.

`Scene.frame` is a function of the pulse's number, the procedure's time, the operator's actions, the
technique, the view and the seed: the same give the same pixels, in any order and in any process.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import cv2
import numpy as np

from fluoroview_simulated import procedures
from fluoroview_simulated.anatomy.view import View
from fluoroview_simulated.arrays import Float32Array
from fluoroview_simulated.panel.panel import (
    LAG_PULSES,
    MATRICES,
    Panel,
    make_panel,
    unsharpness_mm,
)
from fluoroview_simulated.panel.settings import DetectorSettings
from fluoroview_simulated.physics import kernels
from fluoroview_simulated.physics.beam import Beam, beam
from fluoroview_simulated.physics.scatter import COARSE, Scatter
from fluoroview_simulated.procedures.base import Procedure
from fluoroview_simulated.render.canvas import GRID, MARGIN, MATERIALS, Canvas
from fluoroview_simulated.render.projection import PAD_MM, Projected, Projector
from fluoroview_simulated.room import tube
from fluoroview_simulated.room.brightness import central_mean
from fluoroview_simulated.room.skin import SkinMap, SkinSurface
from fluoroview_simulated.room.technique import Geometry, Technique

LONG_PULSE_MS = 16.0
"""Longer pulses blur what moves."""
_WHOLE = (slice(0, COARSE), slice(0, COARSE))
_SPARE = LAG_PULSES + 1
"""Where the signal of no pulse is kept: behind those of the present one and of its lag."""


@dataclass(frozen=True)
class Truth:
    """What is known of one pulse beyond its pixels.

    Attributes:
        noiseless: (size, size) uint16 counts without noise, lag and patterns.
        soft, bone, contrast, metal: (size, size) float32, mm; contrast in mm·g/cm³.
        facts: the procedure's own: bolus, device, motion.
    """

    noiseless: np.ndarray
    soft: np.ndarray
    bone: np.ndarray
    contrast: np.ndarray
    metal: np.ndarray
    facts: Mapping[str, Any]


class Scene:
    """A patient before a detector of `size`² pixels. Buffers are made once."""

    def __init__(
        self,
        procedure: Procedure,
        size: int = 1024,
        seed: int = 1,
        geometry: Geometry | None = None,
        raw: bool = False,
        settings: DetectorSettings | None = None,
        focal_spot: str = "0.6",
    ) -> None:
        if size not in MATRICES:
            raise ValueError(f"matrix {size}: allowed are {', '.join(map(str, MATRICES))}")
        self.procedure, self.size, self.seed, self.raw = procedure, size, seed, raw
        self.settings, self.focal_spot = settings or DetectorSettings(), focal_spot
        self.geometry = geometry or procedures.start_geometry(
            procedure.info, procedure.case, procedure.body
        )
        self.agent = procedure.info.agent
        self.panel = self._panel()
        self.canvas = Canvas()
        self.projector = Projector(
            procedure, size, lambda g: unsharpness_mm(self.settings, g, focal_spot)
        )
        self._kept = np.zeros((_SPARE + 1, size, size), np.uint16)
        self._held: list[tuple[int, float, Technique] | None] = [None] * _SPARE
        self._now = 0
        self._scrap = np.zeros((size, size), np.uint16)
        self.skin = SkinMap(SkinSurface.of(procedure.anatomy()))
        self.projected = self.projector.now(View(_fixed(self.geometry)))
        self._open_shutters()

    def move(self, geometry: Geometry, wait: bool = False) -> None:
        """Sets stand, table and shutters.

        The image follows as soon as the view is projected, first coarsely; with `wait`, when
        this returns.
        """
        if geometry == self.geometry:
            self._follow()
            return
        if _fixed(geometry) == _fixed(self.geometry):
            self.geometry = geometry
            self._open_shutters()
            return
        other_panel = geometry.detector_mm != self.geometry.detector_mm
        self.geometry = geometry
        if other_panel:
            self.panel = self._panel()
            self._held = [None] * _SPARE
        self._open_shutters()
        if wait:
            self._take(self.projector.now(View(_fixed(geometry))))
        else:
            self.projector.request(View(_fixed(geometry)))
            self._follow()

    def _follow(self) -> None:
        """Takes over what the projector has finished."""
        newest = self.projector.newest()
        if newest is not None and newest is not self.projected:
            self._take(newest)

    def _panel(self) -> Panel:
        side = self.geometry.detector_mm
        return make_panel(self.size, side, self.seed, self.raw, self.settings)

    def _take(self, projected: Projected) -> None:
        """Another view before the same field: only the scatter is another."""
        self.projected = projected
        g = self.geometry
        self._scatter = Scatter(projected.coarse, self._field, g.view_mm, g.grid)

    def _open_shutters(self) -> None:
        """The field as stand, shutters and grid are now."""
        self._field = tube.field_map(self.size, self.geometry, self.focal_spot)
        field_map = np.rint(self._field * self.panel.residual / kernels.BEAM_UNIT)
        self._open = np.minimum(field_map, 65535).astype(np.uint16)
        self._take(self.projected)

    def frame(
        self,
        pulse_index: int,
        t_s: float,
        technique: Technique,
        out: np.ndarray | None = None,
        before: Sequence[tuple[float, Technique]] = (),
    ) -> np.ndarray:
        """Pixels of one pulse.

        Args:
            pulse_index: counts the pulses; chooses the noise.
            t_s: time of the procedure in seconds.
            technique: the pulse's factors.
            out: (size, size) uint16, C-order, to write into; a new array if None.
            before: procedure time and factors of the pulses just before in this run, the newest
                first: the first LAG_PULSES are still in the panel. Those that were just rendered
                from another view or in another field leave the lag of that.

        Returns:
            `out`, linear in exposure, 0 to the panel's ceiling.
        """
        if out is None:
            out = np.empty((self.size, self.size), np.uint16)
        lag = list(before)[:LAG_PULSES] if self.panel.lag else []
        pulses = [(pulse_index - 1 - k, *pulse) for k, pulse in enumerate(lag)]
        for pulse in pulses:
            if pulse not in self._held:  # asked for out of order
                self._render(pulse, pulses, (), self._scrap)
        self._render((pulse_index, t_s, technique), pulses, pulses, out)
        panel = self.panel
        if panel.raw_gain is not None and panel.raw_offset is not None:
            raised = np.float32(kernels.BELOW)
            ceiling = np.float32(panel.ceiling)
            kernels.uncorrect(out, raised, panel.raw_gain, panel.raw_offset, ceiling)
        return out

    def _render(
        self,
        pulse: tuple[int, float, Technique],
        needed: Sequence[tuple[int, float, Technique]],
        lag: Sequence[tuple[int, float, Technique]],
        out: np.ndarray,
    ) -> None:
        """Renders into `out` with what is left of the pulses `lag`.

        The signal without lag is kept, in the place of one that is not `needed`.
        """
        index, t_s, technique = pulse
        self._now = next(k for k, held in enumerate(self._held) if held not in needed)
        self._held[self._now] = pulse
        old = np.array([self._held.index(each) for each in lag], np.int64)
        shares = self.panel.lag_after([t_s - each[1] for each in lag])
        self.draw(t_s, technique.pulse_width_ms)
        raised = kernels.BELOW if self.raw else 0.0
        readout = self._readout(self._now, old, shares, raised)
        self.expose(index, t_s, technique, self.veil(technique), out, readout)

    def _readout(
        self, now: int, before: np.ndarray, shares: np.ndarray, raised: float
    ) -> kernels.Readout:
        """How a signal is kept and digitised; see there."""
        panel = self.panel
        return kernels.Readout(
            self._kept,
            now,
            before,
            shares,
            np.float32(self._signal_unit),
            np.float32(panel.counts_per_quantum),
            np.float32(raised),
            np.float32(min(panel.ceiling + raised, 65535.0)),
        )

    def draw(self, t_s: float, width_ms: float = 0.0) -> None:
        """Has the procedure draw what moves at `t_s`.

        In a long pulse it is drawn at a quarter and at three quarters of it, and the mean taken:
        what moves meanwhile is blurred.
        """
        canvas = self.canvas
        canvas.begin(self.projected.layers, t_s)
        if width_ms < LONG_PULSE_MS:
            self.procedure.draw(t_s, canvas)
            canvas.finish()
            return
        for part in (-0.25, 0.25):
            self.procedure.draw(t_s + part * width_ms * 1e-3, canvas)
        for name in MATERIALS:
            if canvas.used[name]:
                canvas.base[name] *= np.float32(0.5)
        canvas.finish()

    def expose(
        self,
        pulse_index: int,
        t_s: float,
        technique: Technique,
        veil: np.ndarray,
        out: np.ndarray,
        readout: kernels.Readout,
        noise: bool = True,
    ) -> None:
        """The pass over all pixels, with the canvas and the veil as they stand now."""
        weights, mu = self._terms(technique)
        projected = self.projected
        kernels.render(
            kernels.Resting(projected.soft, projected.bone, projected.pad, *self._sway_px(t_s)),
            self._moving(),
            kernels.BeamHere(
                weights.astype(np.float32),
                (mu * -kernels.LOG2E).astype(np.float32),
                self._open,
                veil,
                np.float32(self.quanta_open(technique)),
            ),
            self._noise(pulse_index, noise),
            readout,
            out,
        )

    def _noise(self, pulse_index: int, on: bool) -> kernels.Noise:
        """The noise of one pulse, or none of any."""
        panel, (place, white) = self.panel, self.noise_places(pulse_index)
        factor, less = panel.noise_shape if on else (0.0, 0.0)
        deviation = np.sqrt(panel.electronic_quanta2) if on else 0.0
        shape = np.float32(factor), np.float32(less)
        return kernels.Noise(panel.tile, *place, *shape, panel.white, *white, np.float32(deviation))

    def truth(self, t_s: float, technique: Technique) -> Truth:
        """What is known of a pulse at `t_s`; leaves no trace in the pulses that follow."""
        noiseless = np.empty((self.size, self.size), np.uint16)
        self.draw(t_s, technique.pulse_width_ms)
        readout = self._readout(_SPARE, np.empty(0, np.int64), np.empty(0, np.float32), 0.0)
        self.expose(0, t_s, technique, self.veil(technique), noiseless, readout, noise=False)
        x, y = self._sway_px(t_s)
        moving = [self._whole(name, x, y) for name in MATERIALS]
        soft, bone = (self._resting_mm(m, x, y) for m in (self.projected.soft, self.projected.bone))
        return Truth(
            noiseless,
            np.maximum(soft + moving[0], 0.0),
            np.maximum(bone + moving[1], 0.0),
            moving[2],
            moving[3],
            self.procedure.truth(t_s),
        )

    def _whole(self, material: str, x: float, y: float) -> np.ndarray:
        """A map of the canvas at the detector's matrix."""
        ratio = self.size / GRID
        middle = (0.5 - MARGIN) * ratio - 0.5
        matrix = np.array([[ratio, 0, middle - x], [0, ratio, middle - y]])
        return cv2.warpAffine(self.canvas.base[material], matrix, (self.size, self.size))

    def _resting_mm(self, map_: np.ndarray, x: float, y: float) -> np.ndarray:
        """A resting map in mm, where the patient's sway has it."""
        pad = self.projected.pad
        matrix = np.array([[1.0, 0, -pad - x], [0, 1.0, -pad - y]])
        moved = cv2.warpAffine(map_.astype(np.float32), matrix, (self.size, self.size))
        return moved * np.float32(kernels.PATH_UNIT_MM)

    def _moving(self) -> kernels.Moving:
        base, used = self.canvas.base, self.canvas.used
        rows = np.zeros(base["metal"].shape[0], np.bool_)
        if used["metal"]:
            np.any(base["metal"], axis=1, out=rows)
        return kernels.Moving(
            base["soft"],
            base["bone"],
            base["contrast"],
            base["metal"],
            np.array([used[name] for name in MATERIALS]),
            rows,
            MARGIN,
            GRID,
        )

    def _terms(self, technique: Technique) -> tuple[np.ndarray, np.ndarray]:
        """The exponentials of the technique's beam."""
        return self._beam(technique).terms

    def _beam(self, t: Technique) -> Beam:
        return beam(t.kv, t.filter_al_mm, t.filter_cu_mm, self.agent, self.settings.absorption)

    def quanta_open(self, technique: Technique) -> float:
        """Quanta per pixel in the middle of the open field."""
        g = self.geometry
        per_mm2 = (
            self._beam(technique).quanta_per_mm2_mas(g.source_image_mm, g.grid) * technique.mas
        )
        return per_mm2 * self.panel.pixel_mm**2

    def veil(self, technique: Technique) -> np.ndarray:
        """Scatter for the canvas as it is now, (COARSE, size) float32."""
        base, inner = self.canvas.base, slice(MARGIN, -MARGIN)
        nothing = np.zeros((COARSE, COARSE), np.float32)
        small = tuple(
            cv2.resize(base[name][inner, inner], (COARSE, COARSE), interpolation=cv2.INTER_AREA)
            if self.canvas.used[name]
            else nothing
            for name in MATERIALS
        )
        veil = self._scatter.veil(*self._terms(technique), small, _WHOLE)
        return cv2.resize(veil, (self.size, COARSE), interpolation=cv2.INTER_LINEAR)

    @property
    def open_field(self) -> Float32Array:
        """Fluence without patient, (size, size) float32, 1 in the middle."""
        open_field: Float32Array = self._open * np.float32(kernels.BEAM_UNIT)
        return open_field

    @property
    def measured_quanta_per_mm2(self) -> float:
        """Mean signal of the last pulse in the measuring field: what a brightness control sees."""
        mean = central_mean(self._kept[self._now], self.geometry)
        counts = mean * self._signal_unit - kernels.BELOW
        return counts / self.panel.counts_per_quantum / self.panel.pixel_mm**2

    @property
    def _signal_unit(self) -> float:
        """Counts per step of the kept signal: fine, and wide enough for the panel's ceiling."""
        return (self.panel.ceiling + kernels.BELOW) / 65535.0

    def noise_places(self, pulse_index: int) -> tuple[tuple[int, int], tuple[int, int]]:
        """Where this pulse's noise starts in the tiles of quanta and of electronics, (y, x) each.

        A hash of seed and pulse.
        """
        room = self.panel.tile_room
        h = (pulse_index * 0x9E3779B97F4A7C15 + self.seed * 0xBF58476D1CE4E5B9 + 1) % 2**64
        h = ((h ^ (h >> 30)) * 0xBF58476D1CE4E5B9) % 2**64
        h = ((h ^ (h >> 27)) * 0x94D049BB133111EB) % 2**64
        h ^= h >> 31
        y, white_y, x, white_x = ((h >> bits) % room for bits in (0, 16, 32, 48))
        return (y, x), (white_y, white_x)

    def _sway_px(self, t_s: float) -> tuple[float, float]:
        """The patient's own small movement in pixels, within the margin of what is projected.

        That may still be the view before, when another field of view was chosen just now.
        """
        limit, per = PAD_MM - 1.0, self.size / self.projected.view.view_mm
        x, y = (float(np.clip(v, -limit, limit)) * per for v in self.procedure.sway_mm(t_s))
        return x, y


def _fixed(geometry: Geometry) -> Geometry:
    """Return the geometry without collimation: what a projection depends on."""
    return replace(
        geometry, field_width_mm=0.0, field_height_mm=0.0, iris_mm=float("inf"), grid=True
    )
