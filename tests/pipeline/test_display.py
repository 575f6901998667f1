"""Window and level: DICOM's linear window, exactly, and auto window."""

import numpy as np
import pytest

from fluoroview.pipeline import Window, WindowLut, auto_window

ALL_COUNTS = np.arange(65536, dtype=np.uint16).reshape(256, 256)


def by_the_standard(window):
    """PS3.3 C.11.2.1.2.1, its pseudo-code with ymin = 0 and ymax = 255, rounded."""
    grey = np.empty(65536)
    centre, width = window.centre, window.width
    for x in range(65536):
        if x <= centre - 0.5 - (width - 1) / 2:
            grey[x] = 0
        elif x > centre - 0.5 + (width - 1) / 2:
            grey[x] = 255
        else:
            grey[x] = ((x - (centre - 0.5)) / (width - 1) + 0.5) * 255
    return 255 - np.floor(grey + 0.5) if window.invert else np.floor(grey + 0.5)


WINDOWS = [
    (2048, 4096),
    (2047.5, 4096),
    (128, 256),
    (32768, 65536),
    (20000, 8000),
    (20000, 8001),
    (1000, 100),
    (1000, 2),
    (1000, 1),
    (1000.25, 33.5),
    (50, 4000),
    (65000, 8000),
    (-500, 100),
    (70000, 1000),
    (30000, 200000),
    (33333, 12346),
]


@pytest.mark.parametrize("invert", [False, True])
@pytest.mark.parametrize(("centre", "width"), WINDOWS)
def test_greys_are_those_of_the_standard(centre, width, invert):
    window = Window(centre, width, invert)
    np.testing.assert_array_equal(WindowLut.lut(window), by_the_standard(window))


@pytest.mark.parametrize("invert", [False, True])
@pytest.mark.parametrize(("centre", "width"), WINDOWS)
def test_painting_gives_these_greys_for_every_count(centre, width, invert):
    window = Window(centre, width, invert)
    out = np.empty((256, 256), np.uint8)
    WindowLut(256, 256, window).apply(ALL_COUNTS, out)
    off = out.ravel().astype(int) - WindowLut.lut(window)
    # The fast path rounds exact ties to even: one grey of 255 levels, at single counts.
    assert np.abs(off).max() <= 1
    assert np.count_nonzero(off) <= 130


@pytest.mark.parametrize(
    ("centre", "width"), [(c, w) for c, w in WINDOWS if w != int(w) or w < 256]
)
def test_narrow_and_broken_windows_are_exact(centre, width):
    window = Window(centre, width)
    out = np.empty((256, 256), np.uint8)
    WindowLut(256, 256, window).apply(ALL_COUNTS, out)
    np.testing.assert_array_equal(out.ravel(), WindowLut.lut(window))


def test_what_is_below_the_window_stays_black():
    # convertScaleAbs alone would fold it back to white.
    out = np.empty((256, 256), np.uint8)
    WindowLut(256, 256, Window(50_000, 10_000)).apply(ALL_COUNTS, out)
    assert (out.ravel()[:45_000] == 0).all()
    assert (out.ravel()[55_000:] == 255).all()


def test_a_painter_takes_another_window():
    painter = WindowLut(256, 256, Window(2048, 4096))
    painter.configure(Window(1024, 2048, invert=True))
    out = np.empty((256, 256), np.uint8)
    painter.apply(ALL_COUNTS, out)
    assert out[0, 0] == 255
    assert out[-1, -1] == 0
    assert painter.window == Window(1024, 2048, invert=True)


@pytest.mark.parametrize(
    ("centre", "width"), [(0, 0.5), (0, 0), (np.nan, 10), (0, np.inf), (0, -3)]
)
def test_an_impossible_window_is_refused(centre, width):
    with pytest.raises(ValueError, match="width at least 1"):
        Window(centre, width)


def scene(rng, side=512):
    row, column = np.mgrid[0:side, 0:side] / side
    tissue = 20_000 + 6_000 * np.sin(5 * row) * np.cos(4 * column)
    return (tissue + rng.normal(0, 200, (side, side))).astype(np.uint16)


def test_auto_window_spans_what_is_there(rng):
    window = auto_window(scene(rng))
    assert window.black == pytest.approx(14_000, abs=1_200)
    assert window.white == pytest.approx(26_000, abs=1_200)


def test_auto_window_is_one_that_is_painted_fast(rng):
    window = auto_window(scene(rng))
    assert window.black.is_integer()


@pytest.mark.parametrize("dark", [0, 2_000])
def test_auto_window_does_not_look_at_the_collimators_shadow(rng, dark):
    image = scene(rng)
    free = auto_window(image)
    shut = np.full_like(image, dark)
    shut += rng.integers(0, 50, shut.shape, dtype=np.uint16) if dark else 0
    shut[100:420, 130:400] = image[100:420, 130:400]
    window = auto_window(shut)
    assert window.black > 10_000
    assert window.width < 1.3 * free.width


def collimated(rng, *sides):
    """A field of 20 000 to 24 000 counts; scatter, fading outwards, behind the collimator."""
    y, x = np.mgrid[0:256, 0:256]
    image = 22_000 + 2_000 * np.sin(x / 9) * np.cos(y / 7) + rng.normal(0, 100, (256, 256))
    inside = {"left": x - 40, "right": 215 - x, "top": y - 30, "bottom": 225 - y}
    for side in sides:
        depth = inside[side]
        shadow = 14_000 + 60 * np.minimum(depth, 0) + rng.normal(0, 400, (256, 256))
        image = np.where(depth < 0, np.minimum(image, shadow), image)
    return image.astype(np.uint16)


@pytest.mark.parametrize(
    "sides", [("left", "right"), ("top",), ("left", "right", "top", "bottom"), ("bottom",)]
)
def test_auto_window_ignores_what_scatter_leaves_behind_collimator_edges(rng, sides):
    window = auto_window(collimated(rng, *sides))
    field = auto_window(collimated(rng))
    assert window.centre == pytest.approx(field.centre, abs=200)
    assert window.width == pytest.approx(field.width, rel=0.15)


def test_auto_window_keeps_a_dark_band_of_anatomy_at_the_side(rng):
    _, x = np.mgrid[0:256, 0:256]
    spine = 24_000 - 8_000 * np.exp(-(((x - 20) / 25) ** 2)) + rng.normal(0, 100, (256, 256))
    window = auto_window(spine.astype(np.uint16))
    assert window.black < 17_500


def test_auto_window_keeps_a_metal_rod_along_the_image(rng):
    _, x = np.mgrid[0:256, 0:256]
    rod = np.where(abs(x - 60) < 8, 12_000, 22_000) + rng.normal(0, 100, (256, 256))
    assert auto_window(rod.astype(np.uint16)).black < 13_000


def test_auto_window_does_not_look_at_saturated_pixels(rng):
    image = scene(rng)
    image[:200] = 45_426
    assert auto_window(image, maximum=45_426).white < 28_000


def test_auto_window_does_not_look_at_open_air(rng):
    image = scene(rng)
    image[:, :150] = rng.normal(39_000, 200, (512, 150))
    assert auto_window(image, maximum=45_426).white < 28_000


def test_auto_window_takes_images_that_are_only_read(rng):
    image = scene(rng)
    image.flags.writeable = False
    out = np.zeros(image.shape, np.uint8)
    WindowLut(*image.shape, auto_window(image)).apply(image, out)
    assert out.std() > 20


def test_auto_window_keeps_dark_anatomy_that_fills_a_corner(rng):
    image = scene(rng)
    row, column = np.mgrid[0:512, 0:512]
    image = (image * np.clip(np.hypot(row, column) / 400, 0.3, 1)).astype(np.uint16)
    assert auto_window(image).black < 9_000


@pytest.mark.parametrize("value", [0, 1000, 65535])
@pytest.mark.parametrize("shape", [(1, 1), (3, 700), (512, 512)])
def test_auto_window_of_an_even_image_is_a_window(value, shape):
    window = auto_window(np.full(shape, value, np.uint16), invert=True)
    assert window.width >= 1
    assert window.invert
