"""Zoom, pan and fit as arithmetic."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fluoroview.viewer.image.view_geometry import SNAP, View

sizes = st.tuples(st.integers(64, 3000), st.integers(64, 3000))
zooms = st.floats(0.1, 20.0)


@pytest.mark.parametrize(
    ("image", "screen", "zoom"),
    [
        ((1000, 1000), (500, 500), 0.5),
        ((1000, 1000), (500, 900), 0.5),
        ((500, 1000), (500, 500), 0.5),
        ((1000, 1000), (1000, 1000), 1.0),
        ((1000, 1000), (1080, 1400), 1.0),  # within SNAP: sharp is better than 8 % larger
        ((1000, 1000), (1500, 1500), 1.5),
    ],
)
def test_a_fit_shows_the_whole_image_as_large_as_it_goes(image, screen, zoom):
    assert View().resolved(image, screen).zoom == zoom
    assert SNAP < 1.2


@given(sizes, sizes)
def test_a_fit_is_inside_the_screen_and_shows_almost_everything(image, screen):
    view = View().resolved(image, screen)
    place = view.placement(image, screen)
    assert place.left >= -1
    assert place.top >= -1
    assert place.left + place.width <= screen[1] + 1
    assert place.top + place.height <= screen[0] + 1
    assert place.x0 == place.y0 == 0
    assert image[1] - place.x1 < place.reduce
    assert image[0] - place.y1 < place.reduce


@given(sizes, sizes, zooms, st.floats(0, 1), st.floats(0, 1))
def test_what_is_seen_covers_the_screen_where_there_is_image(image, screen, zoom, fx, fy):
    view = View(False, zoom, fx * image[1], fy * image[0])
    place = view.placement(image, screen)
    cell = place.reduce * zoom + 2
    for x, y in ((0, 0), (screen[1], screen[0])):
        px, py = view.to_image(screen, x, y)
        if 0 < px < place.x1 and 0 < py < place.y1:
            assert place.left - cell <= x <= place.left + place.width + cell
            assert place.top - cell <= y <= place.top + place.height + cell


@given(sizes, zooms, st.floats(0, 1), st.floats(0, 1), st.floats(0.5, 2))
def test_zooming_keeps_the_point_under_the_cursor(screen, zoom, fx, fy, factor):
    view = View(False, zoom, 300.0, 200.0)
    x, y = fx * screen[1], fy * screen[0]
    after = view.zoomed(screen, x, y, factor)
    assert after.to_image(screen, x, y) == pytest.approx(view.to_image(screen, x, y), abs=1e-6)


def test_a_pan_cannot_lose_the_image():
    view = View(False, 2.0, 100.0, 100.0).panned(1e6, -1e6, (200, 200))
    assert (view.centre_x, view.centre_y) == (0.0, 200.0)
