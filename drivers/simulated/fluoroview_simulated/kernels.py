"""The compiled inner loops: everything that is done once per pixel and pulse.

One pass over the picture reads the maps, attenuates, adds scatter and noise, mixes in the lag and
writes 16-bit pixels, so that nothing is written to memory twice. Numba is used because the same
chain costs about ten times as much in NumPy (see `fluoroview bench sim`); the compiled code is
cached on disk.
"""

from __future__ import annotations

import numpy as np
from numba import njit

LOG2E = 1.4426950408889634
ONE = np.float32(1.0)


@njit(fastmath=True, inline="always")
def exp2_negative(x):  # noqa: ANN001, ANN201
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
def _term(mu_soft, mu_bone, mu_barium, soft, bone, barium):  # noqa: ANN001, ANN202
    """One exponential of the beam; below 2**-100 there is nothing."""
    return exp2_negative(
        max(mu_soft * soft + mu_bone * bone + mu_barium * barium, np.float32(-100.0))
    )


# Each loop below stores to one row and loads from few: with more, the compiler gives up proving
# that they do not overlap and stops using vectors (a factor of ten).


@njit(fastmath=True, cache=True, nogil=True)
def _moving_row(layer, row, first, ratio, fraction, mixed, line):  # noqa: ANN001, ANN202
    """One picture row of a moving layer, interpolated from its coarser grid into `line`.

    `ratio` pixels (1, 2 or 4) lie in each cell, the first of them `fraction` of a cell after the
    middle of the cell before; pixel `first` is the first of cell 0.
    """
    top = int(np.floor(row))
    v = np.float32(row - top)
    upper, lower = layer[top], layer[top + 1]
    for c in range(mixed.shape[0]):
        mixed[c] = upper[c] + v * (lower[c] - upper[c])
    steps = mixed.shape[0] - 1
    room = (line.shape[0] - first) // ratio
    begin = (ratio - 1 - first) // ratio if first < 0 else 0
    end = min(steps, room)
    if ratio == 1:
        for m in range(begin, end):
            line[first + m] = mixed[m] + fraction * (mixed[m + 1] - mixed[m])
    elif ratio == 2:
        f1 = fraction + np.float32(0.5)
        for m in range(begin, end):
            a = mixed[m]
            d = mixed[m + 1] - a
            line[first + 2 * m] = a + fraction * d
            line[first + 2 * m + 1] = a + f1 * d
    else:
        f1, f2 = fraction + np.float32(0.25), fraction + np.float32(0.5)
        f3 = fraction + np.float32(0.75)
        for m in range(begin, end):
            a = mixed[m]
            d = mixed[m + 1] - a
            line[first + 4 * m] = a + fraction * d
            line[first + 4 * m + 1] = a + f1 * d
            line[first + 4 * m + 2] = a + f2 * d
            line[first + 4 * m + 3] = a + f3 * d


@njit(fastmath=True, cache=True, nogil=True)
def _resting_row(upper, lower, fx, fy, moving, line):  # noqa: ANN001, ANN202
    """One row of a resting map, shifted by a fraction of a pixel, plus what moves there."""
    w00, w01 = (ONE - fy) * (ONE - fx), (ONE - fy) * fx
    w10, w11 = fy * (ONE - fx), fy * fx
    for j in range(line.shape[0]):
        path = w00 * upper[j] + w01 * upper[j + 1] + w10 * lower[j] + w11 * lower[j + 1]
        line[j] = max(path + moving[j], np.float32(0.0))


@njit(fastmath=True, cache=True, nogil=True)
def _through_row(soft, bone, barium, weights, mu, line):  # noqa: ANN001, ANN202
    """Share of the beam's signal behind the three materials: six exponentials, written out."""
    w0, s0, b0, c0 = weights[0], mu[0, 0], mu[0, 1], mu[0, 2]
    w1, s1, b1, c1 = weights[1], mu[1, 0], mu[1, 1], mu[1, 2]
    w2, s2, b2, c2 = weights[2], mu[2, 0], mu[2, 1], mu[2, 2]
    w3, s3, b3, c3 = weights[3], mu[3, 0], mu[3, 1], mu[3, 2]
    w4, s4, b4, c4 = weights[4], mu[4, 0], mu[4, 1], mu[4, 2]
    w5, s5, b5, c5 = weights[5], mu[5, 0], mu[5, 1], mu[5, 2]
    for j in range(line.shape[0]):
        s, b, c = soft[j], bone[j], barium[j]
        line[j] = (
            w0 * _term(s0, b0, c0, s, b, c)
            + w1 * _term(s1, b1, c1, s, b, c)
            + w2 * _term(s2, b2, c2, s, b, c)
            + w3 * _term(s3, b3, c3, s, b, c)
            + w4 * _term(s4, b4, c4, s, b, c)
            + w5 * _term(s5, b5, c5, s, b, c)
        )


@njit(fastmath=True, cache=True, nogil=True)
def _signal_row(beam, through, veil, veil_below, v, noise, quanta, noise_gain, electronic, line):  # noqa: ANN001, ANN202
    """Quanta per pixel with their noise; `v` of the veil comes from the coarse row below."""
    for j in range(line.shape[0]):
        through[j] = beam[j] * through[j] + veil[j] + v * (veil_below[j] - veil[j])
    for j in range(line.shape[0]):
        signal = quanta * through[j]
        line[j] = signal + noise[j] * np.sqrt(noise_gain * signal + electronic)


@njit(fastmath=True, cache=True, nogil=True)
def _digitise_row(now, before, lag, counts_per_quantum, ceiling, pixels):  # noqa: ANN001, ANN202
    """Counts, with the share of the previous pulse that is still in the panel."""
    for j in range(pixels.shape[0]):
        value = (now[j] + lag * (before[j] - now[j])) * counts_per_quantum + np.float32(0.5)
        pixels[j] = np.uint16(min(max(value, np.float32(0.0)), ceiling))


@njit(fastmath=True, cache=True, nogil=True)
def render(
    soft,
    bone,
    pad,
    dx,
    dy,
    moving_soft,
    moving_bone,
    moving_barium,
    row0,
    column0,
    cells,  # noqa: ANN001, ANN201
    open_beam,
    scatter,
    tile,
    tile_y,
    tile_x,
    weights,
    mu,
    quanta,
    noise_gain,
    electronic,
    lag,
    previous,
    current,
    counts_per_quantum,
    ceiling,
    out,
):
    """Renders one pulse.

    Args:
        soft, bone: resting maps (size + 2 pad + 1)² float32 in mm.
        pad: margin of these maps in pixels; dx, dy: sway of the patient in pixels, below pad.
        moving_soft, moving_bone, moving_barium: changes on the grid of `cells` over the view,
            whose first row and column are row0, column0.
        open_beam: relative fluence without the patient, size² float32.
        scatter: scattered quanta per open-beam quantum, (coarse rows, size) float32.
        tile, tile_y, tile_x: unit noise, blurred as the detector blurs it, and where to start.
        weights, mu: the beam's six exponentials, mu (6, 3) times -log2(e), float32.
        quanta: per pixel in the open beam; noise_gain: noise power over Poisson;
        electronic: noise in quanta²; lag: share of the previous pulse.
        previous, current: signals in quanta, size² float32; `current` is written.
        counts_per_quantum, ceiling: digitisation; out: uint16 pixels, written.
    """
    size = out.shape[0]
    scale = cells / size
    rows, columns = moving_soft.shape
    ratio = size // cells
    # First pixel whose middle lies in cell 0, that is between the middles of cells 0 and 1.
    first = int(np.ceil((column0 + 0.5) * ratio - 0.5 - dx))
    fraction = np.float32((first + 0.5 + dx) / ratio - 0.5 - column0)
    mixed = np.empty(columns, np.float32)
    coarse = scatter.shape[0]
    line_soft, line_bone = np.zeros(size, np.float32), np.zeros(size, np.float32)
    line_barium, moving = np.zeros(size, np.float32), np.zeros(size, np.float32)
    through = np.zeros(size, np.float32)
    ix, iy = pad + int(np.floor(dx)), pad + int(np.floor(dy))
    fx, fy = np.float32(dx - np.floor(dx)), np.float32(dy - np.floor(dy))
    for i in range(size):
        row = (i + 0.5 + dy) * scale - 0.5 - row0
        moves = 0.0 <= row < rows - 1.001
        moving[:] = 0.0
        if moves:
            _moving_row(moving_soft, row, first, ratio, fraction, mixed, moving)
        _resting_row(soft[i + iy, ix:], soft[i + iy + 1, ix:], fx, fy, moving, line_soft)
        if moves:
            _moving_row(moving_bone, row, first, ratio, fraction, mixed, moving)
        _resting_row(bone[i + iy, ix:], bone[i + iy + 1, ix:], fx, fy, moving, line_bone)
        if moves:
            _moving_row(moving_barium, row, first, ratio, fraction, mixed, line_barium)
        else:
            line_barium[:] = 0.0
        _through_row(line_soft, line_bone, line_barium, weights, mu, through)
        y = min(max((i + 0.5) * coarse / size - 0.5, 0.0), coarse - 1.001)
        _signal_row(
            open_beam[i],
            through,
            scatter[int(y)],
            scatter[int(y) + 1],
            np.float32(y - int(y)),
            tile[i + tile_y, tile_x:],
            quanta,
            noise_gain,
            electronic,
            current[i],
        )
        _digitise_row(current[i], previous[i], lag, counts_per_quantum, ceiling, out[i])


@njit(cache=True, nogil=True)
def uncorrect(out, gain, offset, ceiling):  # noqa: ANN001, ANN201
    """Puts the panel's own pattern back: pixels times gain plus offset, in place."""
    for i in range(out.shape[0]):
        for j in range(out.shape[1]):
            value = np.float32(out[i, j]) * gain[i, j] + offset[i, j] + np.float32(0.5)
            out[i, j] = np.uint16(min(value, ceiling))
