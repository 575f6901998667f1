"""The compiled inner loops: everything that is done once per pixel and pulse.

One pass over the rows reads the maps, attenuates, adds scatter and noise, mixes in the lag and
writes 16-bit pixels, so that nothing wide goes to memory twice. Maps are kept in small integers,
because the pass is bound by memory. Numba is used because the same chain costs about ten times as
much in NumPy (see `fluoroview bench sim`); the compiled code is cached on disk.

Each loop stores to one row and loads from few: with more, the compiler gives up proving that they
do not overlap and stops using vectors (a factor of ten).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit

from fluoroview_simulated.arrays import BoolArray, Float32Array, Int8Array, IntArray, UInt16Array
from fluoroview_simulated.panel.panel import NOISE_UNIT

PATH_UNIT_MM = 0.01
"""Step of the resting maps."""
LOG2E = 1.4426950408889634
BEAM_UNIT = 1.0 / 32768
"""Step of the open beam."""

ONE = np.float32(1.0)
ZERO = np.float32(0.0)
_PATH = np.float32(PATH_UNIT_MM)
_BEAM = np.float32(BEAM_UNIT)
_NOISE = np.float32(NOISE_UNIT)
BELOW = 256.0
"""Counts below zero that a signal is kept to: three deviations of read-out noise and more."""
_BELOW = np.float32(BELOW)


class Resting(NamedTuple):
    """What stands still: maps of (size + 2·pad + 1)² uint16 in PATH_UNIT_MM, and their shift.

    `dx` and `dy` are the patient's sway in pixels, smaller than `pad`.
    """

    soft: UInt16Array
    bone: UInt16Array
    pad: int
    dx: float
    dy: float


class Moving(NamedTuple):
    """What moves: float32 changes on a grid of `cells` over the view, with `margin` around it.

    `soft`, `bone` and `metal` in mm, `contrast` in mm·g/cm³; `used` (4,) says which of the four,
    in this order, hold anything, `metal_rows` (rows,) where there is metal.
    """

    soft: Float32Array
    bone: Float32Array
    contrast: Float32Array
    metal: Float32Array
    used: BoolArray
    metal_rows: BoolArray
    margin: int
    cells: int


class BeamHere(NamedTuple):
    """The beam: six exponentials (`mu` (6, 4) times -log2 e), open field, veil, quanta.

    `open_field` is size² uint16 in BEAM_UNIT; `veil` (coarse rows, size) float32, per quantum of
    the open beam; `quanta` per pixel of the open beam.
    """

    weights: Float32Array
    mu: Float32Array
    open_field: UInt16Array
    veil: Float32Array
    quanta: np.float32


class Noise(NamedTuple):
    """Unit noise, int8 in NOISE_UNIT: `tile` of the quanta, to be used from (y, x), with its shape
    (`Panel.noise_shape`); `white` of the electronics, from (white_y, white_x), and its deviation
    in quanta.
    """

    tile: Int8Array
    y: int
    x: int
    factor: np.float32
    less: np.float32
    white: Int8Array
    white_y: int
    white_x: int
    deviation: np.float32


class Readout(NamedTuple):
    """Signals of pulses, `kept` (pulses, size, size) uint16 in steps of `unit` counts from -BELOW.

    `now` is where this pulse's goes; `before` (n,) where those lie that are still in the panel,
    with their `shares` (n,) float32. `raised` counts are added, so that no pixel is below zero.
    """

    kept: UInt16Array
    now: int
    before: IntArray
    shares: Float32Array
    unit: np.float32
    counts_per_quantum: np.float32
    raised: np.float32
    ceiling: np.float32


@njit(fastmath=True, inline="always")
def exp2_negative(x: np.float32) -> np.float32:
    """2**x for -120 < x ≤ 0 in float32: polynomial for the fraction, exponent bits for the rest."""
    whole = np.int32(x - ONE)
    f = x - np.float32(whole)
    p = np.float32(1.8775767e-3)
    p = p * f + np.float32(8.9893397e-3)
    p = p * f + np.float32(5.5826318e-2)
    p = p * f + np.float32(2.4015361e-1)
    p = p * f + np.float32(6.9315308e-1)
    p = p * f + np.float32(9.9999994e-1)
    bits = np.int32((whole + np.int32(127)) << np.int32(23))
    return p * bits.view(np.float32)


@njit(fastmath=True, inline="always")
def _term(
    mu_soft: np.float32,
    mu_bone: np.float32,
    mu_contrast: np.float32,
    soft: np.float32,
    bone: np.float32,
    contrast: np.float32,
) -> np.float32:
    """One exponential of the beam; below 2**-100 there is nothing."""
    x = mu_soft * soft + mu_bone * bone + mu_contrast * contrast
    return exp2_negative(max(x, np.float32(-100.0)))


@njit(fastmath=True, cache=True, nogil=True)
def _moving_row(
    layer: Float32Array,
    row: float,
    first: int,
    ratio: int,
    fraction: np.float32,
    mixed: Float32Array,
    line: Float32Array,
) -> None:
    """One image row of a moving layer, interpolated from its coarser grid into `line`.

    `ratio` pixels (1, 2 or 4) lie in each cell, the first of them `fraction` of a cell after the
    middle of the cell before; pixel `first` is the first of cell 0.
    """
    top = int(np.floor(row))
    v = np.float32(row - top)
    upper, lower = layer[top], layer[top + 1]
    for c in range(mixed.shape[0]):
        mixed[c] = upper[c] + v * (lower[c] - upper[c])
    # Views from 0 on, so that no index can be negative: with that, the loops become vectors.
    begin = (ratio - 1 - first) // ratio if first < 0 else 0
    count = min(mixed.shape[0] - 1, (line.shape[0] - first) // ratio) - begin
    left, right = mixed[begin : begin + count], mixed[begin + 1 : begin + 1 + count]
    start = first + ratio * begin
    pixels = line[start : start + ratio * count].reshape(count, ratio)
    if ratio == 1:
        for m in range(count):
            pixels[m, 0] = left[m] + fraction * (right[m] - left[m])
    elif ratio == 2:
        f1 = fraction + np.float32(0.5)
        for m in range(count):
            d = right[m] - left[m]
            pixels[m, 0] = left[m] + fraction * d
            pixels[m, 1] = left[m] + f1 * d
    else:
        f1, f2 = fraction + np.float32(0.25), fraction + np.float32(0.5)
        f3 = fraction + np.float32(0.75)
        for m in range(count):
            d = right[m] - left[m]
            pixels[m, 0] = left[m] + fraction * d
            pixels[m, 1] = left[m] + f1 * d
            pixels[m, 2] = left[m] + f2 * d
            pixels[m, 3] = left[m] + f3 * d


@njit(fastmath=True, cache=True, nogil=True)
def _resting_row(
    upper: UInt16Array,
    lower: UInt16Array,
    fx: np.float32,
    fy: np.float32,
    mixed: Float32Array,
    moving: Float32Array,
    line: Float32Array,
) -> None:
    """One row of a resting map, shifted by a fraction of a pixel, plus what moves there."""
    above, below = (ONE - fy) * _PATH, fy * _PATH
    for j in range(mixed.shape[0]):
        mixed[j] = above * np.float32(upper[j]) + below * np.float32(lower[j])
    left = mixed[:-1]
    right = mixed[1:]
    for j in range(line.shape[0]):
        line[j] = max(left[j] + fx * (right[j] - left[j]) + moving[j], ZERO)


@njit(fastmath=True, cache=True, nogil=True)
def _through_row(
    soft: Float32Array,
    bone: Float32Array,
    contrast: Float32Array,
    weights: Float32Array,
    mu: Float32Array,
    line: Float32Array,
) -> None:
    """Share of the beam's signal behind three materials: six exponentials, written out."""
    w0, s0, b0, c0 = weights[0], mu[0, 0], mu[0, 1], mu[0, 2]
    w1, s1, b1, c1 = weights[1], mu[1, 0], mu[1, 1], mu[1, 2]
    w2, s2, b2, c2 = weights[2], mu[2, 0], mu[2, 1], mu[2, 2]
    w3, s3, b3, c3 = weights[3], mu[3, 0], mu[3, 1], mu[3, 2]
    w4, s4, b4, c4 = weights[4], mu[4, 0], mu[4, 1], mu[4, 2]
    w5, s5, b5, c5 = weights[5], mu[5, 0], mu[5, 1], mu[5, 2]
    for j in range(line.shape[0]):
        s, b, c = soft[j], bone[j], contrast[j]
        line[j] = (
            w0 * _term(s0, b0, c0, s, b, c)
            + w1 * _term(s1, b1, c1, s, b, c)
            + w2 * _term(s2, b2, c2, s, b, c)
            + w3 * _term(s3, b3, c3, s, b, c)
            + w4 * _term(s4, b4, c4, s, b, c)
            + w5 * _term(s5, b5, c5, s, b, c)
        )


@njit(fastmath=True, cache=True, nogil=True)
def _through_metal(
    soft: Float32Array,
    bone: Float32Array,
    contrast: Float32Array,
    metal: Float32Array,
    weights: Float32Array,
    mu: Float32Array,
    line: Float32Array,
) -> None:
    """The same with a fourth material, for the few rows that have metal."""
    for j in range(line.shape[0]):
        total = ZERO
        for k in range(6):
            x = mu[k, 0] * soft[j] + mu[k, 1] * bone[j]
            x += mu[k, 2] * contrast[j] + mu[k, 3] * metal[j]
            total += weights[k] * exp2_negative(max(x, np.float32(-100.0)))
        line[j] = total


@njit(fastmath=True, cache=True, nogil=True)
def _signal_row(
    field: UInt16Array,
    upper: Float32Array,
    lower: Float32Array,
    v: np.float32,
    quanta: np.float32,
    line: Float32Array,
) -> None:
    """From the share in `line` to quanta per pixel: primary in the open field, and the veil."""
    for j in range(line.shape[0]):
        veil = upper[j] + v * (lower[j] - upper[j])
        line[j] = quanta * (np.float32(field[j]) * _BEAM * line[j] + veil)


@njit(fastmath=True, cache=True, nogil=True)
def _noisy_row(
    noise: Int8Array,
    factor: np.float32,
    less: np.float32,
    white: Int8Array,
    deviation: np.float32,
    line: Float32Array,
) -> None:
    """Gives the quanta their noise, and adds that of the electronics."""
    factor, deviation = factor * _NOISE, deviation * _NOISE
    for j in range(line.shape[0]):
        root = np.sqrt(max(line[j] - less, ZERO)) + factor * np.float32(noise[j])
        line[j] = root * root - less + deviation * np.float32(white[j])


@njit(fastmath=True, cache=True, nogil=True)
def _keep_row(
    line: Float32Array, counts_per_quantum: np.float32, unit: np.float32, kept: UInt16Array
) -> None:
    """Rounds the signal to what is kept of it for the lag."""
    scale, zero = counts_per_quantum / unit, _BELOW / unit + np.float32(0.5)
    for j in range(kept.shape[0]):
        kept[j] = np.uint16(min(max(line[j] * scale + zero, ZERO), np.float32(65535.0)))


@njit(fastmath=True, cache=True, nogil=True)
def _lag_row(before: UInt16Array, share: np.float32, unit: np.float32, line: Float32Array) -> None:
    """Adds the share of an earlier pulse that is still in the panel, in counts."""
    scale, zero = share * unit, share * _BELOW
    for j in range(line.shape[0]):
        line[j] += np.float32(before[j]) * scale - zero


@njit(fastmath=True, cache=True, nogil=True)
def _digitise_row(line: Float32Array, ceiling: np.float32, pixels: UInt16Array) -> None:
    """Rounds counts to pixels."""
    for j in range(pixels.shape[0]):
        pixels[j] = np.uint16(min(max(line[j] + np.float32(0.5), ZERO), ceiling))


@njit(fastmath=True, cache=True, nogil=True)
def _read_row(i: int, readout: Readout, line: Float32Array, pixels: UInt16Array) -> None:
    """Keeps row `i` of the signal in `line`, mixes in the lag and digitises; `line` is used up."""
    _keep_row(line, readout.counts_per_quantum, readout.unit, readout.kept[readout.now, i])
    fresh = readout.counts_per_quantum * (ONE - readout.shares.sum())
    for j in range(line.shape[0]):
        line[j] = line[j] * fresh + readout.raised
    for k in range(readout.before.shape[0]):
        _lag_row(readout.kept[readout.before[k], i], readout.shares[k], readout.unit, line)
    _digitise_row(line, readout.ceiling, pixels)


@njit(fastmath=True, cache=True, nogil=True)
def _attenuated_row(
    i: int, resting: Resting, moving: Moving, at: _Place, beam: BeamHere, rows: _Rows
) -> None:
    """The share of the beam behind everything in image row `i`, into rows.line."""
    row = (i + 0.5 + resting.dy) / at.ratio - 0.5 + moving.margin
    moves = 0.0 <= row < moving.soft.shape[0] - 1.001
    change, contrast = rows.change, rows.contrast
    first, ratio, fraction, mixed = at.first, at.ratio, at.fraction, rows.mixed
    contrast[:] = ZERO
    if moves and moving.used[2]:
        _moving_row(moving.contrast, row, first, ratio, fraction, mixed, contrast)
    change[:] = ZERO
    if moves and moving.used[0]:
        _moving_row(moving.soft, row, first, ratio, fraction, mixed, change)
    above, below = resting.soft[i + at.iy, at.ix :], resting.soft[i + at.iy + 1, at.ix :]
    _resting_row(above, below, at.fx, at.fy, rows.wide, change, rows.soft)
    change[:] = ZERO
    if moves and moving.used[1]:
        _moving_row(moving.bone, row, first, ratio, fraction, mixed, change)
    above, below = resting.bone[i + at.iy, at.ix :], resting.bone[i + at.iy + 1, at.ix :]
    _resting_row(above, below, at.fx, at.fy, rows.wide, change, rows.bone)
    top = int(row)
    if moves and moving.used[3] and (moving.metal_rows[top] or moving.metal_rows[top + 1]):
        change[:] = ZERO
        _moving_row(moving.metal, row, first, ratio, fraction, mixed, change)
        _through_metal(rows.soft, rows.bone, contrast, change, beam.weights, beam.mu, rows.line)
    else:
        _through_row(rows.soft, rows.bone, contrast, beam.weights, beam.mu, rows.line)


class _Place(NamedTuple):
    """Where the maps lie against the pixels, the patient's sway included."""

    ratio: int
    first: int
    fraction: np.float32
    ix: int
    iy: int
    fx: np.float32
    fy: np.float32


class _Rows(NamedTuple):
    """Buffers of one image row."""

    mixed: Float32Array
    soft: Float32Array
    bone: Float32Array
    contrast: Float32Array
    change: Float32Array
    line: Float32Array
    wide: Float32Array


@njit(cache=True, nogil=True)
def _place(resting: Resting, moving: Moving, size: int) -> _Place:
    ratio = size // moving.cells
    # First pixel whose middle lies in cell 0, that is between the middles of cells 0 and 1.
    first = int(np.ceil((0.5 - moving.margin) * ratio - 0.5 - resting.dx))
    fraction = np.float32((first + 0.5 + resting.dx) / ratio - 0.5 + moving.margin)
    return _Place(
        ratio,
        first,
        fraction,
        resting.pad + int(np.floor(resting.dx)),
        resting.pad + int(np.floor(resting.dy)),
        np.float32(resting.dx - np.floor(resting.dx)),
        np.float32(resting.dy - np.floor(resting.dy)),
    )


@njit(cache=True, nogil=True)
def _rows(size: int, columns: int) -> _Rows:
    return _Rows(
        np.empty(columns, np.float32),
        np.zeros(size, np.float32),
        np.zeros(size, np.float32),
        np.zeros(size, np.float32),
        np.zeros(size, np.float32),
        np.zeros(size, np.float32),
        np.zeros(size + 1, np.float32),
    )


@njit(fastmath=True, cache=True, nogil=True)
def render(
    resting: Resting,
    moving: Moving,
    beam: BeamHere,
    noise: Noise,
    readout: Readout,
    out: UInt16Array,
) -> None:
    """Renders one pulse into `out`, size² uint16, from the records above."""
    size = out.shape[0]
    at = _place(resting, moving, size)
    rows = _rows(size, moving.soft.shape[1])
    line = rows.line
    coarse = beam.veil.shape[0]
    for i in range(size):
        _attenuated_row(i, resting, moving, at, beam, rows)
        y = min(max((i + 0.5) * coarse / size - 0.5, 0.0), coarse - 1.001)
        r = int(y)
        v = np.float32(y - r)
        _signal_row(beam.open_field[i], beam.veil[r], beam.veil[r + 1], v, beam.quanta, line)
        quanta, electronic = noise.tile[i + noise.y], noise.white[i + noise.white_y]
        quanta, electronic = quanta[noise.x :], electronic[noise.white_x :]
        _noisy_row(quanta, noise.factor, noise.less, electronic, noise.deviation, line)
        _read_row(i, readout, line, out[i])


@njit(cache=True, nogil=True)
def uncorrect(
    out: UInt16Array,
    raised: np.float32,
    gain: Float32Array,
    offset: Float32Array,
    ceiling: np.float32,
) -> None:
    """Puts the panel's own pattern back: pixels less `raised`, times gain plus offset, in place."""
    for i in range(out.shape[0]):
        for j in range(out.shape[1]):
            value = (np.float32(out[i, j]) - raised) * gain[i, j] + offset[i, j] + np.float32(0.5)
            out[i, j] = np.uint16(min(max(value, ZERO), ceiling))
