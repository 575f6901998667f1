"""The window of a source: it follows its first images, until brightness has settled."""

import numpy as np

from fluoroview.hal.window import Window
from fluoroview.pipeline.subtraction import first_window
from fluoroview.session.images.display_windows import (
    KEPT_SOURCES,
    SETTLED_IMAGES,
    DisplayWindows,
    ExposureStability,
)


def image(rng, level):
    return rng.normal(level, 500, (64, 64)).astype(np.uint16)


def test_a_window_follows_until_the_automatic_brightness_has_settled():
    rng = np.random.default_rng(1)
    windows, steadiness = DisplayWindows(), ExposureStability()
    for number in range(30):
        kv = max(60.0, 90.0 - 3 * number)  # settles at the 11th image
        steadiness.look((kv, 0.1))
        level = 20_000 + 100 * kv
        windows.settle(1, steadiness.images, image(rng, level), 65535)
    assert abs(windows.of(1).centre - 26_000) < 400


def test_after_that_it_stays():
    rng = np.random.default_rng(1)
    windows, steadiness = DisplayWindows(), ExposureStability()
    for _ in range(SETTLED_IMAGES + 1):
        steadiness.look((70.0, 0.1))
        windows.settle(1, steadiness.images, image(rng, 20_000), 65535)
    before = windows.of(1)
    for kv in (80.0, 81.0, 90.0):
        steadiness.look((kv, 0.1))
        windows.settle(1, steadiness.images, image(rng, 30_000), 65535)
    assert windows.of(1) == before


def test_a_device_that_states_no_technique_has_settled_by_its_count():
    steadiness = ExposureStability()
    for _ in range(7):
        steadiness.look(None)
    assert steadiness.images == 7
    steadiness.begin_run()
    assert steadiness.images == 0


def test_the_operators_choice_is_never_changed():
    windows = DisplayWindows()
    windows.choose(1, Window(1000, 500))
    windows.settle(1, 1, np.full((64, 64), 9000, np.uint16), 65535)
    assert windows.of(1) == Window(1000, 500)


def test_subtracted_images_begin_with_a_window_about_no_difference():
    windows = DisplayWindows()
    windows.subtracted(2)
    windows.settle(2, 1, np.full((64, 64), 32768, np.uint16), 65535)
    assert windows.of(2) == first_window()


def test_sources_of_long_ago_are_forgotten():
    windows = DisplayWindows()
    sources = [windows.new_source() for _ in range(KEPT_SOURCES)]
    for source in sources:
        windows.subtracted(source)
    windows.new_source()
    assert windows.of(sources[0]) is None
    assert not windows.is_subtracted(sources[0])
    assert windows.of(sources[1]) == first_window()
