"""The flat detector: matrix, unsharpness of its noise, patterns, lag, digitisation.

`settings.py` says what is modelled.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from fluoroview_simulated.arrays import BoolArray, Float32Array, Int8Array
from fluoroview_simulated.panel.settings import DetectorSettings
from fluoroview_simulated.physics.beam import SWANK
from fluoroview_simulated.room import tube
from fluoroview_simulated.room.technique import Geometry

BIT_DEPTH = 14
CEILING = 2**BIT_DEPTH - 1
MATRICES = (512, 1024, 2048)

LAG_PULSES = 4
"""Pulses before the present one that are still in the panel; what is older is below 0.3 %."""
LAG_SHARES, LAG_TIMES_S, LAG_FIRST_S = (0.0129, 0.0071), (0.0163, 0.116), 1.0 / 30.0
"""Two exponentials: what a frame LAG_FIRST_S after a pulse holds of it, and how that decays.

They pass 2.0, 0.7, 0.4 and 0.3 % in the first to fourth frame: Siewerdsen and Jaffray, Med. Phys.
26 (1999) 1624, for an amorphous-silicon panel (first frame 2 to 10 %, by exposure). Which frame
time these hold for was not found; they are taken for 30/s. Values for a caesium iodide panel
(Starman 2010, Granfors 2003) were looked for and not found."""
ELECTRONIC_QUANTA = 2.5
"""Electronic noise per pixel at 1024², as the quanta whose statistics would equal it.

In large areas that of 1.5 nGy in the 250 mm field. Assumed: published values were looked for
(Siewerdsen 1997, Granfors 2003) and not found."""
FULL_SCALE_QUANTA_PER_MM2 = 40_000.0
"""Quanta per mm² at which the digitiser is full."""
RESIDUAL_GAIN = 0.003
"""What the panel's own flat-field correction leaves."""
NOISE_UNIT = 1.0 / 24
"""Step of the noise tile, in standard deviations before blurring."""
MTF_SIGMA_MM = 0.17
"""Spread of light in the scintillator, at the detector; assumed (MTF 0.57 at 1 lp/mm)."""


@dataclass(frozen=True)
class Panel:
    """One matrix of the detector with everything that belongs to its pixels.

    Attributes:
        tile, white: unit noise as the scintillator filters it, and as electronics make it; larger
            than the image, int8 in NOISE_UNIT, to be used from places that change with every
            pulse.
        noise_variance: variance of a pixel of the tile: what the filter leaves of 1.
        noise_gain: power of the quantum noise over that of Poisson, before the filter.
        electronic_quanta2: variance of the electronic noise, in quanta².
        lag: whether it holds anything of the pulses before; see `lag_after`.
        ceiling: largest pixel value.
        mtf_sigma_mm: the scintillator's blur at the detector.
        residual: gains that are left after correction, about 1.
        raw_gain, raw_offset: patterns of a raw panel, else None.
        defects: (size, size) bool, of a raw panel: pixels that do not follow their gain.
    """

    size: int
    pixel_mm: float
    settings: DetectorSettings
    counts_per_quantum: float
    noise_gain: float
    noise_variance: float
    electronic_quanta2: float
    lag: bool
    ceiling: int
    mtf_sigma_mm: float
    tile: Int8Array
    white: Int8Array
    residual: Float32Array
    raw_gain: Float32Array | None
    raw_offset: Float32Array | None
    defects: BoolArray | None

    @property
    def tile_room(self) -> int:
        """Number of different places, each way, from which the tile can be used."""
        return len(self.tile) - self.size

    def lag_after(self, elapsed_s: Sequence[float] | np.ndarray) -> np.ndarray:
        """Shares of pulses, each so long ago, that are in a frame; float32."""
        later = np.maximum(np.asarray(elapsed_s, float) - LAG_FIRST_S, 0.0)[:, None]
        return (np.exp(-later / LAG_TIMES_S) @ LAG_SHARES).astype(np.float32)

    @property
    def noise_shape(self) -> tuple[float, float]:
        """Quantum noise of a signal of N quanta: (√(N - b) + a·z)² - b, with z from `tile`; a, b.

        Mean and variance are those of N + z·√(gain·N), but like counted quanta it is skewed to the
        right, and never below nothing.
        """
        return float(np.sqrt(self.noise_gain)) / 2.0, self.noise_gain * self.noise_variance / 8.0

    def variance(self, quanta: np.ndarray | float) -> np.ndarray:
        """Variance in counts² of pixels with that mean signal in quanta, digitisation included."""
        power = self.noise_gain * self.noise_variance * np.asarray(quanta, float)
        return (power + self.electronic_quanta2) * self.counts_per_quantum**2 + 1.0 / 12.0

    def mtf(self, per_mm: np.ndarray | float) -> np.ndarray:
        """Modulation transfer of the scintillator at spatial frequencies at the detector."""
        return _mtf(self.mtf_sigma_mm, per_mm)

    def noise_power(self, quanta: float, per_mm: np.ndarray | float) -> np.ndarray:
        """Noise power spectrum in counts²·mm² at a mean signal in quanta per pixel."""
        filter_ = _mtf(_noise_sigma_mm(self.settings), per_mm) ** 2
        power = self.noise_gain * quanta * filter_ + self.electronic_quanta2
        return (power * self.counts_per_quantum**2 + 1.0 / 12.0) * self.pixel_mm**2


def make_panel(
    size: int,
    detector_mm: float,
    seed: int,
    raw: bool = False,
    settings: DetectorSettings | None = None,
) -> Panel:
    """Builds the panel for a matrix of `size`²; the same seed gives the same panel.

    Offset patterns and defects are there only for a `raw` panel.
    """
    settings = settings or DetectorSettings()
    pixel_mm = detector_mm / size
    tile, variance = _noise_tile(size, pixel_mm, [seed, 5, size], _noise_sigma_mm(settings))
    residual, gain, offset, defects = _patterns(size, detector_mm, seed, settings)
    return Panel(
        size=size,
        pixel_mm=pixel_mm,
        settings=settings,
        counts_per_quantum=CEILING / (FULL_SCALE_QUANTA_PER_MM2 * pixel_mm**2),
        noise_gain={"off": 0.0, "Poisson": 1.0, "compound": 1.0 / SWANK}[settings.noise],
        noise_variance=variance,
        electronic_quanta2=ELECTRONIC_QUANTA * 1024 / size if settings.electronic_noise else 0.0,
        lag=settings.lag,
        ceiling=CEILING if settings.saturation else 65535,
        mtf_sigma_mm=MTF_SIGMA_MM if settings.mtf else 0.0,
        tile=tile,
        white=_noise_tile(size, pixel_mm, [seed, 7, size], 0.0)[0],
        residual=residual,
        raw_gain=gain if raw else None,
        raw_offset=offset if raw else None,
        defects=defects if raw else None,
    )


def _mtf(sigma_mm: float, per_mm: np.ndarray | float) -> np.ndarray:
    return np.exp(-2.0 * (np.pi * sigma_mm * np.asarray(per_mm, float)) ** 2)


def _noise_sigma_mm(settings: DetectorSettings) -> float:
    return MTF_SIGMA_MM if settings.correlated else 0.0


def _noise_tile(
    size: int, pixel_mm: float, seed: list[int], sigma_mm: float
) -> tuple[np.ndarray, float]:
    """Noise of the spectrum MTF² in NOISE_UNIT, and its variance: the mean of MTF² over the pixels.

    The spectrum is made, not a kernel's in space: that would not keep to it at high frequencies.
    """
    side = size + max(256, size // 4)
    rng = np.random.default_rng(seed)
    tile: Float32Array = rng.standard_normal((side, side), dtype=np.float32)
    variance = 1.0
    if sigma_mm > 0.0:
        transfer = _mtf(sigma_mm, np.fft.fftfreq(side, pixel_mm)).astype(np.float32)
        spectrum = np.asarray(cv2.dft(tile), np.float32)
        # In OpenCV's packed layout, columns 2k - 1 and 2k hold frequency k.
        place = (np.arange(side) + 1) // 2
        packed = _mtf(sigma_mm, place / (side * pixel_mm)).astype(np.float32)
        spectrum *= packed
        _filter_rows(spectrum, transfer)
        back = cv2.dft(spectrum, flags=cv2.DFT_INVERSE | cv2.DFT_SCALE)
        tile = np.asarray(back, np.float32)
        variance = float(np.mean(transfer.astype(np.float64) ** 2)) ** 2
    steps = np.float32(np.sqrt(variance) / tile.std() / NOISE_UNIT)
    # Rounding adds a twelfth of a step squared.
    steps *= np.float32(np.sqrt(max(1.0 - NOISE_UNIT**2 / 12.0 / variance, 0.1)))
    return np.clip(np.rint(tile * steps), -127, 127).astype(np.int8), variance


def _filter_rows(spectrum: np.ndarray, transfer: np.ndarray) -> None:
    """Applies the transfer over the rows' frequencies to OpenCV's packed spectrum, in place.

    Its first column, and the last of an even number, are packed along the rows themselves.
    """
    side = spectrum.shape[0]
    packed = transfer[(np.arange(side) + 1) // 2]
    alone = [0, side - 1] if side % 2 == 0 else [0]
    first, rest = spectrum[:, alone].copy(), slice(1, side - 1 if side % 2 == 0 else side)
    spectrum[:, rest] *= transfer[:, None]
    spectrum[:, alone] = first * packed[:, None]


def _patterns(
    size: int, detector_mm: float, seed: int, settings: DetectorSettings
) -> tuple[np.ndarray, ...]:
    """Residual gain, raw gain and raw offset, float32, and where defects are, bool; size²."""
    rng = np.random.default_rng([seed, 9, size])
    gain = np.ones((size, size), np.float32)
    residual, offset = gain.copy(), np.full((size, size), 180.0, np.float32)
    if settings.patterns:
        rows = rng.standard_normal((size, 1), dtype=np.float32)
        columns = rng.standard_normal((1, size), dtype=np.float32)
        blocks = np.repeat(rng.standard_normal((1, 8), dtype=np.float32), size // 8, axis=1)
        pattern = rng.standard_normal((size, size), dtype=np.float32) + 0.5 * columns + 0.3 * rows
        slow = _slow(size, detector_mm, rng)
        residual += np.float32(RESIDUAL_GAIN) * (0.6 * pattern + 0.6 * slow)
        gain += 0.02 * pattern + 0.025 * slow + 0.02 * blocks
        offset += 6.0 * pattern + 9.0 * columns + 12.0 * blocks
        np.maximum(offset, 0.0, out=offset)
    clean = gain.copy(), offset.copy()
    if settings.defects:
        _spoil(gain, offset, np.random.default_rng([seed, 6, size]))
    return residual, gain, offset, (gain != clean[0]) | (offset != clean[1])


def _slow(size: int, detector_mm: float, rng: np.random.Generator) -> Float32Array:
    """Smooth field of unit variance, some 70 mm across: uneven scintillator."""
    total = np.zeros((size, size), np.float32)
    for octave in range(2):
        cells = max(3, round(detector_mm / 70.0 * 2**octave)) + 3
        knots = rng.standard_normal((cells, cells), dtype=np.float32)
        total += cv2.resize(knots, (size, size), interpolation=cv2.INTER_CUBIC) * 0.5**octave
    unit: Float32Array = total / total.std()
    return unit


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


def unsharpness_mm(
    settings: DetectorSettings, geometry: Geometry, focal_spot: str = "0.6"
) -> float:
    """Scintillator and focal spot as one Gaussian, in mm in the plane of the isocentre."""
    light = MTF_SIGMA_MM if settings.mtf else 0.0
    both = np.hypot(light, tube.focal_blur_mm(focal_spot, geometry))
    return float(both) / geometry.magnification
