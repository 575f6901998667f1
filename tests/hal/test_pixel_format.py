"""Decoding against a reference that reads one bit after the other."""

import numpy as np
import pytest

from fluoroview.hal.sdk.pixel_format import BY_NAME, Decoder

ROWS, COLUMNS = 5, 7  # odd: groups of packed pixels end within a line and within the image

LSB_PACKED = {"Mono10p": 10, "Mono12p": 12, "Mono14p": 14}
UNPACKED = {"Mono8": 8, "Mono10": 16, "Mono12": 16, "Mono14": 16, "Mono16": 16}
# Which bits of a three-byte group make each of its two pixels, highest first, as
# (byte, bit).
GEV_PACKED = {
    "Mono10Packed": [
        [(0, b) for b in range(7, -1, -1)] + [(1, 1), (1, 0)],
        [(2, b) for b in range(7, -1, -1)] + [(1, 5), (1, 4)],
    ],
    "Mono12Packed": [
        [(0, b) for b in range(7, -1, -1)] + [(1, b) for b in (3, 2, 1, 0)],
        [(2, b) for b in range(7, -1, -1)] + [(1, b) for b in (7, 6, 5, 4)],
    ],
}


def lsb_pixels(line, bits, count):
    """Read `count` pixels of `bits` from a bit string that starts with the lowest bit of byte 0."""
    string = [(byte >> bit) & 1 for byte in line for bit in range(8)]
    return [
        sum(string[k * bits + bit] << bit for bit in range(bits) if k * bits + bit < len(string))
        for k in range(count)
    ]


def gev_pixels(line, groups, count):
    pixels = []
    for k in range(count):
        value = 0
        for byte, bit in groups[k % 2]:
            value = value << 1 | (line[k // 2 * 3 + byte] >> bit) & 1
        pixels.append(value)
    return pixels


def reference(name, line, count):
    if name in GEV_PACKED:
        return gev_pixels(line, GEV_PACKED[name], count)
    mask = (1 << BY_NAME[name].bits) - 1
    return [
        pixel & mask if name in LSB_PACKED else pixel
        for pixel in lsb_pixels(line, (LSB_PACKED | UNPACKED)[name], count)
    ]


def noise(size):
    return np.random.default_rng(size).integers(0, 256, size, dtype=np.uint8)


@pytest.mark.parametrize("name", [*LSB_PACKED, *UNPACKED, *GEV_PACKED])
def test_mono_formats_run_on_across_lines(name):
    decoder = Decoder(BY_NAME[name], ROWS, COLUMNS)
    data = noise(decoder.needed_bytes())
    out = np.zeros((ROWS, COLUMNS), BY_NAME[name].dtype)

    decoder.decode(data, out)

    expected = reference(name, data.tolist(), ROWS * COLUMNS)
    assert out.ravel().tolist() == expected


@pytest.mark.parametrize("name", [*LSB_PACKED, *UNPACKED, *GEV_PACKED])
@pytest.mark.parametrize("padding", [1, 3])
def test_padded_lines_each_begin_on_a_byte(name, padding):
    decoder = Decoder(BY_NAME[name], ROWS, COLUMNS)
    data = noise(decoder.needed_bytes(padding))
    out = np.zeros((ROWS, COLUMNS), BY_NAME[name].dtype)

    decoder.decode(data, out, line_padding=padding)

    lines = data.reshape(ROWS, -1).tolist()
    assert out.tolist() == [reference(name, line, COLUMNS) for line in lines]


def test_big_endian_samples_are_swapped():
    out = np.zeros((1, 2), np.uint16)
    data = np.array([0x12, 0x34, 0x0A, 0xBC], np.uint8)

    Decoder(BY_NAME["Mono16"], 1, 2).decode(data, out, big_endian=True)

    assert out.tolist() == [[0x1234, 0x0ABC]]


COLOURS = [
    # name, position of red, green, blue, components
    ("RGB8", (0, 1, 2), 3),
    ("BGR8", (2, 1, 0), 3),
    ("RGBa8", (0, 1, 2), 4),
    ("BGRa8", (2, 1, 0), 4),
    ("RGB10", (0, 1, 2), 3),
    ("BGR12", (2, 1, 0), 3),
    ("RGB14", (0, 1, 2), 3),
    ("RGB16", (0, 1, 2), 3),
    ("BGRa16", (2, 1, 0), 4),
]


@pytest.mark.parametrize(("name", "positions", "components"), COLOURS)
def test_colour_becomes_bt601_luminance(name, positions, components):
    fmt = BY_NAME[name]
    samples = np.random.default_rng(1).integers(
        0, 1 << fmt.bits, (ROWS, COLUMNS, components), dtype=np.uint16
    )
    out = np.zeros((ROWS, COLUMNS), fmt.dtype)

    Decoder(fmt, ROWS, COLUMNS).decode(samples.astype(fmt.dtype).view(np.uint8).ravel(), out)

    red, green, blue = (samples[:, :, k].astype(float) for k in positions)
    exact = 0.299 * red + 0.587 * green + 0.114 * blue
    # weights in 256ths are off by at most 0.0018 each, and the sum is rounded
    assert np.abs(out - exact).max() <= 0.5 + 0.004 * (1 << fmt.bits)


@pytest.mark.parametrize("name", [name for name, *_ in COLOURS])
def test_grey_stays_what_it_is(name):
    fmt = BY_NAME[name]
    greys = np.arange(1 << fmt.bits, dtype=fmt.dtype)[:: max(1, (1 << fmt.bits) // 256)]
    greys[-1] = (1 << fmt.bits) - 1
    samples = np.repeat(greys[None, :, None], fmt.components, axis=2)
    out = np.zeros((1, greys.size), fmt.dtype)

    Decoder(fmt, 1, greys.size).decode(samples.view(np.uint8).ravel(), out)

    assert out[0].tolist() == greys.tolist()


BT601 = {"R": 0.299, "G": 0.587 / 2, "B": 0.114}


def bayer_luminance(raw, order):
    """Weigh the 2×2 window at each pixel by the colour of its pixels; the edges take the last."""
    second = {"RG": "GB", "GR": "BG", "GB": "RG", "BG": "GR"}[order]
    rows, columns = raw.shape
    return [
        [
            sum(
                BT601[(order, second)[y % 2][x % 2]] * float(raw[y, x])
                for y in (min(row, rows - 2), min(row, rows - 2) + 1)
                for x in (min(column, columns - 2), min(column, columns - 2) + 1)
            )
            for column in range(columns)
        ]
        for row in range(rows)
    ]


@pytest.mark.parametrize("order", ["RG", "GR", "GB", "BG"])
@pytest.mark.parametrize("kind", ["8", "10", "12", "16", "10p", "12p", "10Packed", "12Packed"])
def test_a_bayer_mosaic_becomes_bt601_luminance(order, kind):
    fmt = BY_NAME[f"Bayer{order}{kind}"]
    decoder = Decoder(fmt, ROWS, COLUMNS)
    data = noise(decoder.needed_bytes())
    if kind in ("10", "12"):
        data.view("<u2")[...] &= (1 << fmt.bits) - 1
    out = np.zeros((ROWS, COLUMNS), fmt.dtype)

    decoder.decode(data, out)

    raw = np.zeros_like(out)
    Decoder(BY_NAME[f"Mono{kind}"], ROWS, COLUMNS).decode(data, raw)
    difference = np.abs(out - np.array(bayer_luminance(raw, order)))
    assert difference.max() <= 0.5 + 0.004 * (1 << fmt.bits)


@pytest.mark.parametrize("grey", [0, 1, 128, 255])
def test_a_grey_mosaic_stays_grey(grey):
    out = np.zeros((4, 6), np.uint8)
    Decoder(BY_NAME["BayerRG8"], 4, 6).decode(np.full(24, grey, np.uint8), out)
    assert set(out.ravel().tolist()) == {grey}


@pytest.mark.parametrize(
    ("name", "first", "step"),
    [
        ("YUV422_8", 0, 2),
        ("YUV422_8_UYVY", 1, 2),
        ("YUV8_UYV", 1, 3),
        ("YCbCr8", 0, 3),
        ("YCbCr8_CbYCr", 1, 3),
        ("YCbCr601_422_8", 0, 2),
        ("YCbCr709_422_8_CbYCrY", 1, 2),
    ],
)
def test_luma_of_yuv_is_taken_as_it_is(name, first, step):
    decoder = Decoder(BY_NAME[name], 4, 6)
    data = noise(decoder.needed_bytes())
    out = np.zeros((4, 6), np.uint8)

    decoder.decode(data, out)

    assert out.ravel().tolist() == data[first::step].tolist()


def test_eight_bits_may_be_delivered_in_sixteen():
    data = noise(6 * 4)
    out = np.zeros((2, 3), np.uint16)

    Decoder(BY_NAME["RGBa8"], 2, 3).decode(data, out)

    narrow = np.zeros((2, 3), np.uint8)
    Decoder(BY_NAME["RGBa8"], 2, 3).decode(data, narrow)
    assert out.tolist() == narrow.tolist()


def test_too_few_bytes_are_refused():
    decoder = Decoder(BY_NAME["Mono12p"], 2, 3)
    with pytest.raises(ValueError, match="8 bytes are too few, 9 make the image"):
        decoder.decode(np.zeros(8, np.uint8), np.zeros((2, 3), np.uint16))
