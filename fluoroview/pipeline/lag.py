"""Lag: signal that an exposure leaves in later frames; fitted to a decay, corrected by recursion.

Model, per pixel and frame (linear and time-invariant; J. Hsieh et al., "Recursive correction
algorithm for detector decay characteristics in CT", Proc. SPIE 3977, 2000; written here in
fractions): of a signal x a fraction a_n is held back by trap n and let go with time constant τ_n,

    y_k = (1 - Σ a_n)·x_k + Σ q_n,k        q_n,k+1 = d_n·q_n,k + a_n·(1 - d_n)·x_k
    d_n = exp(-1/τ_n), τ_n in frames

so that a steady signal is read as it is, and k frames after it ends Σ a_n·d_n^(k-1) of it is left:
a_n is the share of the first-frame residual that decays with τ_n. It holds for one frame rate.
"""

from dataclasses import dataclass
from itertools import combinations

import cv2
import numpy as np
import numpy.typing as npt

from fluoroview.hal.errors import FluoroError
from fluoroview.pipeline.arrays import Plane

MAX_TERMS = 2
MAX_RESIDUAL = 0.2
"""First-frame residual above which a decay is not lag but a beam that is still on."""
MIN_DECAY_FRAMES = 8
_MIN_FRAMES = 0.2
_TIME_CONSTANTS = 48
_WORTH_A_TERM = 0.5
"""A second exponential must leave less than this share of the first one's squared error."""
_GOOD_ENOUGH = 0.01
"""... and is not tried where the first one is off by less than this share of the residual, rms."""

Decay = npt.NDArray[np.float64]


class LagError(FluoroError):
    """A decay from which lag cannot be fitted."""


@dataclass(frozen=True, slots=True)
class LagModel:
    """One or two exponentials, the same for all pixels."""

    fractions: tuple[float, ...]
    """First-frame residual of each, as a fraction of the signal before."""
    time_constants: tuple[float, ...]
    """In frames."""
    frame_rate_hz: float = float("nan")

    def __post_init__(self) -> None:
        right = (
            len(self.fractions) == len(self.time_constants) <= MAX_TERMS
            and all(fraction >= 0 for fraction in self.fractions)
            and all(frames > 0 for frames in self.time_constants)
            and self.first_frame_residual <= MAX_RESIDUAL
        )
        if not right:
            raise LagError(
                f"Lag with residual fractions {self.fractions} and time constants"
                f" {self.time_constants} frames is not possible.",
                f"Allowed are up to {MAX_TERMS} pairs, together at most {MAX_RESIDUAL:.0%}.",
                code="FV-PIP-003",
            )

    @property
    def first_frame_residual(self) -> float:
        """Signal in the first frame after the beam, as a fraction of the signal before."""
        return float(sum(self.fractions))

    def residual(self, frames_after: npt.ArrayLike) -> Decay:
        """Return the residual `frames_after` (1 is the first) a long exposure, as a fraction."""
        k = np.asarray(frames_after, np.float64)
        left = np.zeros(k.shape)
        for fraction, frames in zip(self.fractions, self.time_constants, strict=True):
            left += fraction * np.exp(-(k - 1) / frames)
        return left


def decay_after(signal: npt.ArrayLike) -> Decay:
    """Return the residual fractions after the beam went off, from the mean signal of each frame.

    `signal` is counts above dark, frame by frame, beginning under beam. A frame that is between
    on and off was partly exposed and is skipped. Raises LagError where there is no such decay.
    """
    series = np.asarray(signal, np.float64)
    on = series > 0.5 * series.max(initial=0.0)
    if series.size == 0 or series.max() <= 0 or not on[0]:
        raise LagError(
            "The frames for the lag begin without signal.",
            "Begin them while the beam is on.",
            code="FV-PIP-004",
        )
    end = int(np.argmin(on)) if not on.all() else series.size
    if end == series.size:
        raise LagError(
            "The beam did not go off in the frames for the lag.",
            "Switch it off while they run.",
            code="FV-PIP-005",
        )
    plateau = float(np.median(series[:end]))
    after = series[end:] / plateau
    if after.size and after[0] > MAX_RESIDUAL:
        after = after[1:]
    if after.size < MIN_DECAY_FRAMES:
        raise LagError(
            f"Only {after.size} frames came after the beam went off.",
            f"The lag needs at least {MIN_DECAY_FRAMES}.",
            code="FV-PIP-006",
        )
    if after[0] > MAX_RESIDUAL or (after[1:] > 2 * MAX_RESIDUAL).any():
        raise LagError(
            f"In the second frame after the beam {after[0]:.0%} of its signal was left, and lag is"
            f" at most {MAX_RESIDUAL:.0%}.",
            "Switch the beam off at once, not slowly, and leave it off.",
            code="FV-PIP-007",
        )
    return after


def fit_lag(decay: npt.ArrayLike, frame_rate_hz: float = float("nan")) -> LagModel:
    """Fit one exponential to residual fractions of `decay_after`, or two where that pays.

    Time constants are tried on a logarithmic grid (0.2 frames to twice the length of the decay);
    the fractions follow by least squares and are never negative.
    """
    left = np.asarray(decay, np.float64)
    k = np.arange(left.size)
    grid = np.geomspace(_MIN_FRAMES, 2.0 * left.size, _TIME_CONSTANTS)
    shapes = np.exp(-k[None, :] / grid[:, None])
    best_error, best = float(left @ left), LagModel((), (), frame_rate_hz)
    for terms in range(1, MAX_TERMS + 1):
        if best_error <= left.size * (_GOOD_ENOUGH * left[0]) ** 2:
            break
        error, at, fractions = _best_of(left, shapes, terms)
        if error < best_error * (1.0 if terms == 1 else _WORTH_A_TERM):
            best_error = error
            best = LagModel(
                tuple(float(f) for f in fractions), tuple(float(grid[i]) for i in at), frame_rate_hz
            )
    return best


def _best_of(left: Decay, shapes: Decay, terms: int) -> tuple[float, tuple[int, ...], Decay]:
    """Return squared error, places in the grid and fractions of the best `terms` exponentials."""
    best: tuple[float, tuple[int, ...], Decay] = (float("inf"), (), np.zeros(0))
    for at in combinations(range(len(shapes)), terms):
        columns = shapes[list(at)]
        normal = columns @ columns.T + 1e-12 * np.eye(terms)
        fractions: Decay = np.linalg.solve(normal, columns @ left).astype(np.float64)
        if (fractions < 0).any():
            continue
        rest = left - fractions @ columns
        error = float(rest @ rest)
        if error < best[0]:
            best = (error, at, fractions)
    return best


class LagCorrection:
    """Stage: removes the lag of earlier frames from a corrected frame, in place.

    Two passes over memory for each exponential. Noise of earlier frames enters with their lag, in
    the same small share. Without a model, or switched off, it does nothing.
    """

    def __init__(self, model: LagModel | None, shape: tuple[int, int], *, on: bool = False) -> None:
        self._model = model if model is not None and model.fractions else None
        self._shape = shape
        self._traps: list[Plane] = []
        self._on = False
        self.configure(on=on)

    def configure(self, *, on: bool) -> None:
        """Switch the correction on or off, from the next frame on."""
        if on and self._model is not None and not self._traps:
            self._traps = [np.zeros(self._shape, np.float32) for _ in self._model.fractions]
        if not on:
            self.reset()
        self._on = on

    @property
    def changes_pixels(self) -> bool:
        """Whether anything is corrected at all."""
        return self._on and self._model is not None

    def reset(self) -> None:
        """Begin a new run without a memory of earlier frames."""
        for trap in self._traps:
            trap.fill(0)

    def apply(self, plane: Plane) -> Plane:
        """Correct one plane (H, W) float32 and return it."""
        model = self._model
        if model is None or not self._on:
            return plane
        for trap in self._traps:
            cv2.subtract(plane, trap, dst=plane)
        np.multiply(plane, np.float32(1.0 / (1.0 - model.first_frame_residual)), out=plane)
        terms = zip(self._traps, model.fractions, model.time_constants, strict=True)
        for trap, fraction, frames in terms:
            kept = float(np.exp(-1.0 / frames))
            cv2.addWeighted(trap, kept, plane, fraction * (1.0 - kept), 0.0, dst=trap)
        return plane
