"""The flat detector: matrix, unsharpness of its noise, patterns, lag, digitisation."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from fluoroview_simulated.patient.canvas import cloud

BIT_DEPTH = 14
CEILING = 2**BIT_DEPTH - 1
MATRICES = (512, 1024, 2048)

LAG = 0.025
"""Share of the previous pulse's signal that a caesium iodide panel still holds at 30/s."""
ELECTRONIC_QUANTA = 2.5
"""Electronic noise per pixel at 1024², as the quanta whose statistics would equal it."""
FULL_SCALE_QUANTA_PER_MM2 = 20_000.0
"""Quanta per mm² at which the digitiser is full."""
RESIDUAL_GAIN = 0.003
"""What the panel's own flat-field correction leaves."""
NOISE_UNIT = 1.0 / 24
"""Step of the noise tile, in standard deviations before blurring."""
NOISE_SIGMA_MM = 0.17
"""Spread of light in the scintillator that joins the noise of neighbouring pixels."""


@dataclass(frozen=True)
class Panel:
    """One matrix of the detector with everything that belongs to its pixels.

    `tile` is unit noise (before blurring) larger than the picture, to be used from a place that
    changes with every pulse; `open_beam` the fluence without patient, 1 in the middle.
    """

    size: int
    pixel_mm: float
    counts_per_quantum: float
    electronic_quanta2: float
    tile: np.ndarray
    residual: np.ndarray
    raw_gain: np.ndarray | None
    raw_offset: np.ndarray | None

    @property
    def tile_room(self) -> int:
        """Number of different places, each way, from which the tile can be used."""
        return self.tile.shape[0] - self.size


def make_panel(size: int, detector_mm: float, seed: int, raw: bool = False) -> Panel:
    """Builds the panel for a matrix of `size`²; the same seed gives the same panel.

    Gain and offset patterns, and defects, are there only for a `raw` panel.
    """
    pixel_mm = detector_mm / size
    side = size + max(256, size // 4)
    rng = np.random.default_rng([seed, 5, size])
    tile = rng.standard_normal((side, side), dtype=np.float32)
    sigma = NOISE_SIGMA_MM / pixel_mm
    if sigma > 0.2:
        cv2.GaussianBlur(tile, (0, 0), sigma, dst=tile)
    rows = rng.standard_normal((size, 1), dtype=np.float32)
    columns = rng.standard_normal((1, size), dtype=np.float32)
    blocks = np.repeat(rng.standard_normal((1, 8), dtype=np.float32), size // 8, axis=1)
    pattern = rng.standard_normal((size, size), dtype=np.float32) + 0.5 * columns + 0.3 * rows
    slow = cloud(size, detector_mm, seed + 40, 70.0, 2)
    residual = 1.0 + RESIDUAL_GAIN * (0.6 * pattern + 0.6 * slow)
    raw_gain = 1.0 + 0.02 * pattern + 0.025 * slow + 0.02 * blocks
    raw_offset = np.maximum(180.0 + 6.0 * pattern + 9.0 * columns + 12.0 * blocks, 0.0)
    _spoil(raw_gain, raw_offset, np.random.default_rng([seed, 6, size]))
    return Panel(
        size=size,
        pixel_mm=pixel_mm,
        counts_per_quantum=CEILING / (FULL_SCALE_QUANTA_PER_MM2 * pixel_mm**2),
        electronic_quanta2=ELECTRONIC_QUANTA * 1024 / size,
        tile=np.clip(np.rint(tile / NOISE_UNIT), -127, 127).astype(np.int8),
        residual=residual.astype(np.float32),
        raw_gain=raw_gain.astype(np.float32) if raw else None,
        raw_offset=raw_offset.astype(np.float32) if raw else None,
    )


def _spoil(gain: np.ndarray, offset: np.ndarray, rng: np.random.Generator) -> None:
    """Puts a raw panel's defects into its patterns: 1 pixel in 5000, two clusters, two lines."""
    size = gain.shape[0]
    dead, hot, weak = (rng.integers(0, size**2, size**2 // 15000) for _ in range(3))
    gain.flat[dead] = 0.0
    gain.flat[hot], offset.flat[hot] = 0.0, CEILING
    gain.flat[weak] *= 0.4
    for side in (3, 5):
        row, column = rng.integers(size // 8, size * 7 // 8, 2)
        gain[row : row + side, column : column + side] = 0.0
    gain[: size // 2, rng.integers(size // 8, size * 7 // 8)] = 0.0
    gain[rng.integers(size // 8, size * 7 // 8), :] = 0.0


def open_beam(
    size: int,
    detector_mm: float,
    field_width_mm: float,
    field_height_mm: float,
    source_image_mm: float,
) -> np.ndarray:
    """Fluence without patient over the detector: inverse square, heel, shutters with penumbra.

    The anode side is at the bottom (towards the chest): there the beam is some per cent weaker.
    """
    axis = ((np.arange(size, dtype=np.float32) + 0.5) / size - 0.5) * detector_mm
    x, y = axis[None, :], axis[:, None]
    square = source_image_mm**2 / (source_image_mm**2 + x**2 + y**2)
    heel = 1.0 - 0.10 * (y / detector_mm) - 0.10 * (y / detector_mm) ** 2
    blur = 0.7

    def shutter(distance: np.ndarray, half: float) -> np.ndarray:
        return 1.0 / (1.0 + np.exp(np.clip((np.abs(distance) - half) / blur * 2.2, -40, 40)))

    leaf = shutter(x, field_width_mm / 2) * shutter(y, field_height_mm / 2)
    return (square**1.5 * heel * (0.0015 + 0.9985 * leaf)).astype(np.float32)
