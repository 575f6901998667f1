"""Which of the detector's properties are simulated: each can be switched off separately.

The model, with all of them on:

- 0.6 mm of caesium iodide absorbs, each photon with its energy (`absorption`).
- Light spreads in it as a Gaussian of 0.17 mm: MTF(f) = exp(-2π²σ²f²), 0.57 at 1 lp/mm (`mtf`).
- N quanta per pixel come with the power of Poisson noise over Swank's factor 0.9, filtered by the
  same MTF (`noise`, `correlated`), and skewed like counted quanta. The electronics add white noise
  of variance e (`electronic_noise`): NPS(f) = pixel² · (N / 0.9 · MTF²(f) + e), in quanta²·mm².
  The frames' variance is that, integrated up to the pixels' Nyquist frequency. A corrected panel
  shows nothing below zero.
- Shares of a pulse's signal come with the four frames after it: 2.0, 0.7, 0.4 and 0.3 % at 30/s,
  less after longer pauses (`lag`): frame n = (1 - Σ share k) · signal n + Σ share k · signal n - k.
- 14 bits, full at 40 000 quanta per mm² (`saturation`).
- Pixels have gains and offsets of their own; a corrected panel leaves 0.3 % of them (`patterns`).
  A raw one shows them wholly, and has dead, hot and weak pixels, clusters and lines (`defects`).
- Frames leave the panel with a random delay (`jitter_ms`, root mean square).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

NOISE_KINDS = ("off", "Poisson", "compound")


@dataclass(frozen=True, slots=True)
class DetectorSettings:
    """The switches; the defaults are a good corrected panel.

    Attributes:
        absorption: CsI absorbs by energy; off: every photon is taken.
        mtf: the scintillator blurs the image.
        noise: "off", "Poisson" (variance of the quanta), or "compound" (with Swank's factor).
        correlated: the scintillator joins the noise of neighbouring pixels; off: white noise.
        electronic_noise: noise of the read-out.
        patterns: gain and offset patterns, wholly in a raw panel, else what correction leaves.
        defects: dead, hot and weak pixels, clusters and lines in a raw panel.
        saturation: full scale is 14 bits; off: 16 bits.
        lag: what is left of the pulses before.
        jitter_ms: spread of the frames' times in milliseconds, root mean square.
    """

    absorption: bool = True
    mtf: bool = True
    noise: str = "compound"
    correlated: bool = True
    electronic_noise: bool = True
    patterns: bool = True
    defects: bool = True
    saturation: bool = True
    lag: bool = True
    jitter_ms: float = 0.0

    def __post_init__(self) -> None:
        if self.noise not in NOISE_KINDS:
            raise ValueError(
                f"QuantumNoise {self.noise!r} does not exist: allowed are {', '.join(NOISE_KINDS)}."
            )
        if not 0.0 <= self.jitter_ms <= 20.0:
            raise ValueError(
                f"FrameJitter {self.jitter_ms:g} ms is out of range: allowed are 0 to 20 ms."
            )


IDEAL = DetectorSettings(
    absorption=False,
    mtf=False,
    noise="off",
    correlated=False,
    electronic_noise=False,
    patterns=False,
    defects=False,
    saturation=False,
    lag=False,
)
"""A detector that shows the truth."""


def jitter_s(settings: DetectorSettings, seed: int, frame: int) -> float:
    """Delay of one frame in seconds; the same seed and frame give the same.

    A normal distribution cut at three standard deviations; also negative.
    """
    if settings.jitter_ms == 0.0:
        return 0.0
    value = np.random.default_rng([seed, 8, frame]).standard_normal()
    return float(np.clip(value, -3.0, 3.0)) * settings.jitter_ms * 1e-3
