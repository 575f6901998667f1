"""The checks after each step of a calibration; each finding is one sentence.

A finding that is not `allowed` means that the step has to be repeated.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from fluoroview.pipeline.calibration.build import FrameStatistics
from fluoroview.pipeline.calibration.defects import (
    MIN_RESPONSE,
    block_medians,
    neighbourhood,
)

LARGEST_DARK = 0.25
"""Of full scale."""
LARGEST_DARK_DRIFT = 0.5
"""From the first to the last quarter of the dark frames, of their median noise."""
SATURATED = 0.98
"""Of full scale; a pixel whose mean is above this was clipped."""
LARGEST_SATURATED_SHARE = 0.005
MIN_SIGNAL = 0.02
"""Of what full scale leaves above dark."""
MIN_SIGNAL_TO_DARK_NOISE = 10.0
MIN_EVENNESS = 0.5
"""Weakest block of 32×32 px over the strongest one; heel and inverse square stay far above it."""
LARGEST_LUMP = 0.15
"""By how much a block may be off a smooth field (a quadratic in the logarithm)."""
LARGEST_SHADED_SHARE = 0.02
"""Share of pixels below 0.6 of their neighbourhood; defects of a panel in use are far fewer."""
UNSTEADY, BROKEN = 0.03, 0.2
"""Spread of the frames' mean signal, relative: worth reporting; the beam went on or off."""
MIN_STEP_OF_LEVELS = 0.1
_MIN_BLOCKS = 12


@dataclass(frozen=True, slots=True)
class Finding:
    """Something about the frames of a step, in words, and what to do."""

    what: str
    remedy: str = ""
    allowed: bool = False

    @property
    def sentence(self) -> str:
        """The whole text."""
        return f"{self.what} {self.remedy}".strip()


def check_dark(dark: FrameStatistics, full_scale: float, exposed: int) -> list[Finding]:
    """Return what is wrong with dark frames; `exposed` of them came with an x-ray pulse."""
    found = []
    close = "Close the shutter or switch the beam off, and take the dark frames again."
    if exposed:
        found.append(
            Finding(f"{exposed} of the {dark.count} dark frames were exposed to x-rays.", close)
        )
    level = float(np.median(dark.mean))
    if level > LARGEST_DARK * full_scale:
        found.append(
            Finding(
                f"The dark frames show signal: they are at {level:.0f} of {full_scale:.0f} counts,"
                f" and the dark of a detector lies below {LARGEST_DARK:.0%} of its range.",
                close,
            )
        )
    first, last = _ends(dark.frame_means)
    noise = float(np.median(dark.noise))
    if abs(last - first) > max(1.0, LARGEST_DARK_DRIFT * noise):
        found.append(
            Finding(
                f"The dark frames are not steady: they go from {first:.1f} to {last:.1f} counts.",
                "Wait until the last exposure has decayed and the detector is warm, and take them"
                " again.",
            )
        )
    return found


def check_flat(
    flat: FrameStatistics, dark: FrameStatistics, full_scale: float, others: Sequence[float]
) -> list[Finding]:
    """Return what is wrong with the frames of an even field.

    `others` are the signals above dark, in counts, of the levels that there are already.
    """
    signal = flat.mean - dark.mean
    level = float(np.median(signal))
    found = _too_dark(level, dark, full_scale)
    if found:
        return found  # without a field no other check makes sense
    found += _saturated(flat, dark, full_scale)
    found += _uneven(signal) or _shaded(signal)
    found += _unsteady(flat, dark)
    near = [other for other in others if abs(level / other - 1) < MIN_STEP_OF_LEVELS]
    if near:
        found.append(
            Finding(
                f"This level, {level:.0f} counts, is the same as another one, {near[0]:.0f}"
                " counts.",
                "Change the tube current or the pulse width, and take it again.",
            )
        )
    return found


def _too_dark(level: float, dark: FrameStatistics, full_scale: float) -> list[Finding]:
    room = full_scale - float(np.median(dark.mean))
    noise = float(np.median(dark.noise))
    least = max(MIN_SIGNAL * room, MIN_SIGNAL_TO_DARK_NOISE * noise)
    if level >= least:
        return []
    return [
        Finding(
            f"The field is too dark: {level:.0f} counts above dark, and at least {least:.0f} are"
            " needed.",
            "Switch the beam on or raise the technique, and take it again. If the beam was on"
            " during the dark frames, take those again first.",
        )
    ]


def _saturated(flat: FrameStatistics, dark: FrameStatistics, full_scale: float) -> list[Finding]:
    top = SATURATED * full_scale
    share = float(((flat.mean >= top) & (dark.mean < top)).mean())
    if share <= LARGEST_SATURATED_SHARE:
        return []
    return [
        Finding(
            f"The field is saturated: {share:.1%} of the pixels are at the end of the range,"
            f" {full_scale:.0f} counts.",
            "Lower the tube current or the pulse width, and take it again.",
        )
    ]


def _uneven(signal: npt.NDArray[np.float32]) -> list[Finding]:
    blocks = block_medians(signal)
    weakest, strongest = float(blocks.min()), float(blocks.max())
    where = np.unravel_index(int(blocks.argmin()), blocks.shape)
    if weakest < MIN_EVENNESS * strongest:
        return [
            Finding(
                f"The field is uneven: from {strongest:.0f} down to {weakest:.0f} counts,"
                f" weakest near {_place(where, blocks.shape, signal.shape)}.",
                "Open the collimator beyond the detector, take everything out of the beam, and"
                " take it again.",
            )
        ]
    off = _off_smooth(blocks)
    if np.abs(off).max(initial=0.0) <= LARGEST_LUMP:
        return []
    where = np.unravel_index(int(np.abs(off).argmax()), blocks.shape)
    return [
        Finding(
            f"The field is not smooth: near {_place(where, blocks.shape, signal.shape)} it is"
            f" {off[where]:+.0%} off the field around.",
            "Take everything out of the beam, also the table and its mattress, and take it again.",
        )
    ]


def _shaded(signal: npt.NDArray[np.float32]) -> list[Finding]:
    """A field that ends close to the detector's edge leaves the blocks even, but not the pixels."""
    share = float((signal < MIN_RESPONSE * neighbourhood(signal)).mean())
    if share <= LARGEST_SHADED_SHARE:
        return []
    return [
        Finding(
            f"{share:.1%} of the pixels get less than {MIN_RESPONSE:.0%} of what the field around"
            " them gets.",
            "Open the collimator beyond the detector, so that its edge is not in the field, and"
            " take it again.",
        )
    ]


def _off_smooth(blocks: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
    """Return by what fraction each block is off a quadratic surface, zeros where there are few."""
    if blocks.size < _MIN_BLOCKS:
        return np.zeros(blocks.shape)
    y, x = np.mgrid[: blocks.shape[0], : blocks.shape[1]] / max(blocks.shape)
    terms = np.stack([np.ones_like(x), x, y, x * x, x * y, y * y], axis=-1).reshape(-1, 6)
    logs = np.log(np.maximum(blocks.astype(np.float64), 1e-3)).ravel()
    fit = terms @ np.linalg.lstsq(terms, logs, rcond=None)[0]
    off: npt.NDArray[np.float64] = np.expm1(logs - fit).reshape(blocks.shape)
    return off


def _unsteady(flat: FrameStatistics, dark: FrameStatistics) -> list[Finding]:
    signals = np.array(flat.frame_means) - float(dark.mean.mean())
    spread = float(signals.std() / signals.mean())
    if spread > BROKEN:
        return [
            Finding(
                f"The beam was not on in all frames: their signal varies by {spread:.0%}.",
                "Keep it on until all frames are taken, and take them again.",
            )
        ]
    if spread > UNSTEADY:
        return [
            Finding(
                f"The output of the tube varies by {spread:.1%} from frame to frame.",
                "The gain is not harmed by it; the levels are less well known.",
                allowed=True,
            )
        ]
    return []


def _ends(means: Sequence[float]) -> tuple[float, float]:
    quarter = max(1, len(means) // 4)
    return float(np.mean(means[:quarter])), float(np.mean(means[-quarter:]))


def _place(at: Sequence[np.intp], blocks: tuple[int, ...], pixels: tuple[int, ...]) -> str:
    row, column = (
        int((place + 0.5) * size / count)
        for place, count, size in zip(at, blocks, pixels, strict=True)
    )
    return f"row {row}, column {column}"
