"""The canvas paints the newest image, exactly as windowed, and follows the mouse."""

import os
import subprocess
import sys
import time

import cv2
import numpy as np
import pytest
from PyQt6.QtCore import QPoint, QPointF, Qt
from PyQt6.QtGui import QWheelEvent
from PyQt6.QtWidgets import QApplication

from fluoroview.hal.window import Window
from fluoroview.pipeline.display import WindowLut
from fluoroview.viewer.image.canvas import ImageCanvas
from fluoroview.viewer.widgets.message_bar import FOOT_PX

SIDE = 320


@pytest.fixture
def counts():
    return np.random.default_rng(3).integers(0, 65536, (SIDE, SIDE)).astype(np.uint16)


@pytest.fixture
def canvas(qtbot):
    made = ImageCanvas()
    qtbot.addWidget(made)
    made.resize(SIDE, SIDE)
    made.show()
    qtbot.waitExposed(made)
    return made


@pytest.mark.parametrize(
    "window",
    [
        Window(32768, 65536),
        Window(20000, 10000),
        Window(20000.3, 9999),
        Window(30000, 256),
        Window(1000, 5000),
        Window(20000, 10000, invert=True),
    ],
)
def test_painted_pixels_are_the_windowed_ones(canvas, counts, window, grey_of, shown):
    canvas.set_window(window)
    canvas.show_image(shown(counts))
    expected = WindowLut.lut(window)[counts]
    assert np.abs(grey_of(canvas).astype(int) - expected).max() <= 1, "rounding of one grey at most"


def test_shrinking_averages_whole_cells_before_windowing(canvas, qtbot, counts, grey_of, shown):
    canvas.resize(SIDE, SIDE)
    large = cv2.resize(counts, (2 * SIDE, 2 * SIDE), interpolation=cv2.INTER_CUBIC)
    window = Window(32768, 40000)
    canvas.set_window(window)
    canvas.show_image(shown(large))
    cells = large.reshape(SIDE, 2, SIDE, 2).mean(axis=(1, 3)).round().astype(np.uint16)
    assert np.abs(grey_of(canvas).astype(int) - WindowLut.lut(window)[cells]).max() <= 1


def test_a_part_of_an_image_can_be_shown_without_a_copy(canvas, counts, grey_of, shown):
    part = np.tile(counts, (1, 2))[:, 7 : 7 + SIDE]
    assert not part.flags.c_contiguous
    canvas.show_image(shown(part))
    expected = WindowLut.lut(Window(32768, 65536))[part]
    assert np.abs(grey_of(canvas).astype(int) - expected).max() <= 1


def test_warming_up_shows_nothing_and_leaves_the_buffers(canvas, counts, grey_of, shown):
    before = grey_of(canvas)
    canvas.warm_up(*counts.shape)
    assert canvas.image is None
    assert np.array_equal(grey_of(canvas), before)
    made = canvas._buffers["screen"]
    canvas.show_image(shown(counts))
    assert (
        np.abs(grey_of(canvas) - WindowLut.lut(Window(32768, 65536))[counts].astype(int)).max() <= 1
    )
    assert canvas._buffers["screen"] is made
    canvas.warm_up(10, 10)
    assert canvas.image is not None, "an image that is shown stays"


def test_far_zoom_shows_pixels_as_squares(canvas, counts, grey_of, shown):
    canvas.show_image(shown(counts))
    canvas.zoom_by(16.0, QPointF(0, 0))
    seen = grey_of(canvas)
    expected = WindowLut.lut(Window(32768, 65536))[counts[: SIDE // 16, : SIDE // 16]]
    assert np.abs(seen.astype(int) - np.kron(expected, np.ones((16, 16), int))).max() <= 1


def test_only_the_newest_of_waiting_images_is_painted(canvas, qtbot, counts, shown):
    painted = []
    canvas.painted.connect(lambda number, at_ns: painted.append((number, at_ns)))
    begun_ns = time.monotonic_ns()
    for number in range(5):
        canvas.show_image(shown(counts, number))
    qtbot.waitUntil(lambda: bool(painted))
    QApplication.processEvents()
    assert [number for number, _ in painted] == [4]
    assert begun_ns < painted[0][1] <= time.monotonic_ns()


def test_repainting_the_same_image_is_not_reported_again(canvas, counts, shown):
    painted = []
    canvas.painted.connect(lambda number, _: painted.append(number))
    canvas.show_image(shown(counts, 7))
    canvas.repaint()
    canvas.set_mode("LIVE")
    canvas.set_window(Window(1000, 500))
    canvas.repaint()
    assert painted == [7]


def test_a_larger_canvas_leaves_black_around_the_image(canvas, counts, grey_of, shown):
    canvas.resize(2 * SIDE, SIDE)
    canvas.show_image(shown(np.full_like(counts, 65535)))
    seen = grey_of(canvas)
    assert (seen[:, : SIDE // 2] == 0).all()
    assert (seen[:, SIDE // 2 : SIDE // 2 + SIDE] == 255).all()
    assert (seen[:, SIDE // 2 + SIDE :] == 0).all()


def test_without_an_image_the_canvas_is_dark_and_states_it(canvas, grey_of):
    seen = grey_of(canvas)
    assert np.median(seen) == 0
    assert seen.max() > 60, "words"


def test_taking_the_image_away_leaves_none_of_it(canvas, counts, grey_of, shown):
    canvas.show_image(shown(np.full_like(counts, 65535)))
    assert grey_of(canvas).min() == 255
    canvas.show_image(None)
    assert np.median(grey_of(canvas)) == 0


def drag(qtbot, canvas, start, end, button=Qt.MouseButton.LeftButton, keys=None):
    keys = keys or Qt.KeyboardModifier.NoModifier
    qtbot.mousePress(canvas, button, keys, start)
    qtbot.mouseMove(canvas, (start + end) / 2)
    qtbot.mouseMove(canvas, end)
    qtbot.mouseRelease(canvas, button, keys, end)


def test_dragging_right_widens_and_dragging_down_darkens(canvas, qtbot, counts, shown):
    canvas.show_image(shown(counts))
    canvas.set_window(Window(30000, 10000))
    emitted = []
    canvas.window_changed.connect(emitted.append)
    drag(qtbot, canvas, QPoint(100, 100), QPoint(200, 100))
    assert canvas.window_shown.width > 11000
    assert canvas.window_shown.centre == 30000
    drag(qtbot, canvas, QPoint(100, 100), QPoint(100, 200))
    assert canvas.window_shown.centre > 31000
    assert emitted[-1] == canvas.window_shown


def test_a_slow_drag_moves_as_far_as_a_fast_one(canvas, qtbot, counts, shown):
    canvas.show_image(shown(counts))
    canvas.set_window(Window(500, 20))
    qtbot.mousePress(canvas, Qt.MouseButton.LeftButton, pos=QPoint(10, 100))
    for x in range(11, 111):
        qtbot.mouseMove(canvas, QPoint(x, 100))
    qtbot.mouseRelease(canvas, Qt.MouseButton.LeftButton)
    assert canvas.window_shown.width == pytest.approx(20 * np.exp(2 * 100 / SIDE), abs=2)


def test_shift_drag_pans_and_leaves_the_window(canvas, qtbot, counts, shown):
    canvas.show_image(shown(counts))
    canvas.zoom_by(4.0)
    before, window = canvas.to_image(QPointF(0, 0)), canvas.window_shown
    shift = Qt.KeyboardModifier.ShiftModifier
    drag(qtbot, canvas, QPoint(100, 100), QPoint(60, 80), keys=shift)
    after = canvas.to_image(QPointF(0, 0))
    assert after == pytest.approx((before[0] + 10, before[1] + 5))
    assert canvas.window_shown == window


def test_the_wheel_zooms_about_the_cursor_and_a_double_click_fits(canvas, qtbot, counts, shown):
    canvas.show_image(shown(counts))
    at = QPointF(80, 200)
    before = canvas.to_image(at)
    wheel = QWheelEvent(
        at,
        canvas.mapToGlobal(at),
        QPoint(),
        QPoint(0, 240),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(canvas, wheel)
    assert canvas.zoom == pytest.approx(1.44)
    assert canvas.to_image(at) == pytest.approx(before)
    qtbot.mouseDClick(canvas, Qt.MouseButton.LeftButton, pos=QPoint(5, 5))
    assert canvas.zoom == 1.0


def test_the_pointer_shows_position_and_counts(canvas, qtbot, counts, shown):
    canvas.show_image(shown(counts))
    emitted = []
    canvas.pointed.connect(emitted.append)
    qtbot.mouseMove(canvas, QPoint(30, 40))
    qtbot.waitUntil(lambda: bool(emitted))
    assert emitted[-1] == (30, 40, counts[40, 30])


@pytest.mark.parametrize(
    ("mode", "colour_is"),
    [("LIVE", "green"), ("HOLD", "pale"), ("REPLAY", "violet")],
)
def test_each_state_has_its_badge_and_frame(canvas, counts, mode, colour_is, colours_of, shown):
    canvas.show_image(shown(np.zeros_like(counts)))
    plain = colours_of(canvas)
    canvas.set_mode(mode)
    seen = colours_of(canvas)
    blue, green, red = (int(value) for value in seen[1, SIDE // 2, :3])
    named = {
        "green": green > red + 50 and green > blue + 50,
        "pale": min(red, green, blue) > 180,
        "violet": blue > green + 50 and red > green,
    }
    assert named[colour_is], "the frame"
    assert (seen[16:56, 16:60] != plain[16:56, 16:60]).any(), "the badge"
    canvas.set_mode("IDLE")
    assert (colours_of(canvas) == plain).all()


def test_overlay_texts_are_drawn_and_taken_away(canvas, counts, grey_of, shown):
    canvas.show_image(shown(np.zeros_like(counts)))
    for corner, rows, columns in (
        ("top right", slice(0, 40), slice(160, None)),
        ("bottom left", slice(280, None), slice(0, 160)),
        ("bottom right", slice(280, None), slice(160, None)),
    ):
        canvas.set_corner(corner, "30 pulses/s")
        assert grey_of(canvas)[rows, columns].max() > 150
        canvas.set_corner(corner)
        assert grey_of(canvas)[rows, columns].max() == 0
    canvas.set_orientation(left="A", right="P")
    assert grey_of(canvas)[140:180, :40].max() > 150
    assert grey_of(canvas)[140:180, -40:].max() > 150


def test_what_happens_and_what_is_moved_lie_clear_of_the_corners_and_the_messages(canvas, grey_of):
    canvas.resize(640, 480)
    canvas.set_corner("top right", "30 pulses/s", "110 kV  100.0 mA  10.0 ms", "88 mGy/min reached")
    canvas.set_corner("bottom right", "subtracted", "C 32000  W 2000", "100 %")
    canvas.set_corner("bottom left", "Central venous catheter", "Loop", "1 / 100")
    canvas.set_procedure_status(
        "Catheter 120 mm, in the superior vena cava, 57 mm above the junction"
    )
    canvas.set_moved("Guidewire advance  120 mm")
    grey_of(canvas)
    places = canvas.overlay.places()
    for note in ("procedure status", "moved"):
        for name, place in places.items():
            assert name == note or not place.intersects(places[note]), f"{note} on {name}"
    assert places["procedure status"].top() >= 480 - FOOT_PX, "messages lie above"


SCALED = """
import numpy as np
from PyQt6.QtGui import QImage
from PyQt6.QtWidgets import QApplication
from fluoroview.hal.window import Window
from fluoroview.pipeline.display import WindowLut
from fluoroview.viewer.image.canvas import ImageCanvas

class Shown:
    number = 0
    pixels = np.random.default_rng(3).integers(0, 65536, (600, 600)).astype(np.uint16)

app = QApplication([])
canvas = ImageCanvas()
canvas.resize(300, 300)
canvas.show_image(Shown())
canvas.show()
image = canvas.grab().toImage().convertToFormat(QImage.Format.Format_Grayscale8)
assert (image.width(), image.height()) == (600, 600), (image.width(), image.height())
bits = image.constBits().asarray(image.sizeInBytes())
seen = np.frombuffer(bits, np.uint8).reshape(600, image.bytesPerLine())[:, :600].astype(int)
expected = WindowLut.lut(Window(32768, 65536))[Shown.pixels]
assert np.abs(seen - expected).max() <= 1
"""


def test_on_a_screen_of_double_density_an_image_pixel_is_one_screen_pixel():
    env = {**os.environ, "QT_SCALE_FACTOR": "2", "QT_QPA_PLATFORM": "offscreen"}
    done = subprocess.run(
        [sys.executable, "-c", SCALED],
        env=env,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
