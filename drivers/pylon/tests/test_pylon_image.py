"""Pixels through pypylon's converter and past it: the counts are exact."""

from types import SimpleNamespace

import numpy as np
import pytest

from fluoroview_pylon.image import PixelDecoder, bits, is_known

ROWS, COLUMNS = 6, 32
RNG = np.random.default_rng(7)


def packed_lsb(counts, depth):
    """The p formats: bits one after another, the lowest first (GenICam PFNC)."""
    planes = (counts.ravel()[:, None] >> np.arange(depth, dtype=np.uint16)) & 1
    return np.packbits(planes.astype(np.uint8).ravel(), bitorder="little")


def packed_gev(counts, depth):
    """The Packed formats of GigE Vision: two pixels in three bytes, low bits in the middle."""
    first, second = counts.ravel()[0::2], counts.ravel()[1::2]
    low = (1 << (depth - 8)) - 1
    middle = (first & low) | ((second & low) << 4)
    return (
        np.stack([first >> (depth - 8), middle, second >> (depth - 8)], axis=1)
        .astype(np.uint8)
        .ravel()
    )


def unpacked(counts, depth):
    return counts.astype(np.uint8 if depth == 8 else np.uint16).ravel().view(np.uint8)


def image_of(pylon, pixel_type, data):
    image = pylon.PylonImage()
    image.Reset(pixel_type, COLUMNS, ROWS)
    np.asarray(image.GetMemoryView())[: data.size] = data
    return image


@pytest.mark.parametrize(
    ("name", "depth", "layout"),
    [
        ("Mono8", 8, unpacked),
        ("Mono10", 10, unpacked),
        ("Mono12", 12, unpacked),
        ("Mono16", 16, unpacked),
        ("Mono10p", 10, packed_lsb),
        ("Mono12p", 12, packed_lsb),
        ("Mono10packed", 10, packed_gev),
        ("Mono12packed", 12, packed_gev),
    ],
)
def test_counts_come_out_as_they_went_in(pylon, name, depth, layout):
    pixel_type = getattr(pylon, f"PixelType_{name}")
    counts = RNG.integers(0, 1 << depth, (ROWS, COLUMNS)).astype(np.uint16)
    counts[0, :2] = 0, (1 << depth) - 1
    pixels = np.zeros((ROWS, COLUMNS), np.uint8 if depth == 8 else np.uint16)
    assert PixelDecoder(pixel_type).decode(
        image_of(pylon, pixel_type, layout(counts, depth)), pixels
    )
    assert np.array_equal(pixels, counts)
    assert bits(pixel_type) == depth


def test_padding_at_the_end_of_lines_is_skipped(pylon):
    counts = RNG.integers(0, 4096, (ROWS, COLUMNS)).astype(np.uint16)
    lines = np.full((ROWS, COLUMNS + 3), 9999, np.uint16)
    lines[:, :COLUMNS] = counts
    image = SimpleNamespace(
        GetPaddingX=lambda: 6, GetImageMemoryView=lambda: memoryview(lines.tobytes()[:-6])
    )
    pixels = np.zeros((ROWS, COLUMNS), np.uint16)
    assert PixelDecoder(pylon.PixelType_Mono12).decode(image, pixels)
    assert np.array_equal(pixels, counts)


@pytest.mark.parametrize(
    ("name", "dtype", "channels", "value"),
    [
        ("RGB8packed", np.uint8, 3, 200),
        ("BGR8packed", np.uint8, 3, 200),
        ("BGRA8packed", np.uint8, 4, 200),
        ("RGB16packed", np.uint16, 3, 40000),
    ],
)
def test_grey_in_colour_keeps_its_value(pylon, name, dtype, channels, value):
    pixel_type = getattr(pylon, f"PixelType_{name}")
    data = np.full(ROWS * COLUMNS * channels, value, dtype).view(np.uint8)
    pixels = np.zeros((ROWS, COLUMNS), np.uint16)
    assert PixelDecoder(pixel_type).decode(image_of(pylon, pixel_type, data), pixels)
    assert np.all(pixels == value)


@pytest.mark.parametrize("name", ["Mono12", "Mono12p"])
def test_an_image_that_is_too_short_is_not_written(pylon, name):
    pixel_type = getattr(pylon, f"PixelType_{name}")
    image = pylon.PylonImage()
    image.Reset(pixel_type, COLUMNS, ROWS - 1)
    pixels = np.full((ROWS, COLUMNS), 7, np.uint16)
    assert not PixelDecoder(pixel_type).decode(image, pixels)
    assert np.all(pixels == 7)


def test_types_that_make_no_image_are_known_as_such(pylon):
    assert not is_known(pylon.PixelType_Mono8signed)
    assert not is_known(pylon.PixelType_Mono1packed)
    assert not is_known(pylon.PixelType_Coord3D_ABC32f)
    assert not is_known(0x7FFFFFFF)
    assert is_known(pylon.PixelType_Mono12p)
