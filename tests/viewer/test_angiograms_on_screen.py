"""Real angiograms on the screen: the four codings of one loop show the same, right pixels."""

from pathlib import Path

import numpy as np
import pydicom
import pytest
from PyQt6.QtCore import QPointF, Qt

from fluoroview.pipeline.display import WindowLut
from fluoroview.session.events import Mode

FOLDER = Path(__file__).parents[3] / "shared" / "data" / "dicom"
FILES = sorted(FOLDER.glob("XA1_*.dcm"))

pytestmark = pytest.mark.skipif(not FILES, reason="the real angiograms are not here")


def open_file(window, qtbot, path):
    """Open a file; return its counts, once they are what the canvas shows."""
    expected = pydicom.dcmread(path).pixel_array
    before = window.canvas.image.number if window.canvas.image else 0
    window.open_files([path])
    qtbot.waitUntil(lambda: newer(window, before), timeout=20_000)
    qtbot.waitUntil(lambda: not window.waits.waiting)
    qtbot.waitUntil(lambda: window.canvas.overlay.mode == "REPLAY")  # its frame is seen, too
    assert window.canvas.image.mode is Mode.REPLAY
    assert np.array_equal(window.canvas.image.pixels, expected)
    return expected


def newer(window, number):
    image = window.canvas.image
    return image is not None and image.number > number


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_an_angiogram_shows_its_own_pixels(make_window, qtbot, grey_of, path):
    window = make_window(connect=False)
    expected = open_file(window, qtbot, path)
    window.canvas.one_to_one()
    seen = grey_of(window.canvas)
    x, y = window.canvas.to_image(QPointF(0, 0))
    rows, columns = seen.shape
    greys = WindowLut.lut(window.canvas.window_shown)
    expected = greys[expected][round(y) :, round(x) :][:rows, :columns]
    free = (slice(rows // 4, -rows // 4), slice(columns // 4, -columns // 4))  # of words
    assert np.ptp(expected[free]) > 50, "there is something to be seen"
    assert np.abs(seen[free].astype(int) - expected[free]).max() <= 1


def test_all_codings_are_the_same_image(make_window, qtbot, grey_of):
    window = make_window(connect=False)
    seen = []
    for path in FILES:
        open_file(window, qtbot, path)
        grey = grey_of(window.canvas)
        seen.append(grey[grey.shape[0] // 4 : -grey.shape[0] // 4])  # without the file's name
    assert len(seen) > 1
    for other in seen[1:]:
        assert np.array_equal(seen[0], other)


def test_page_keys_go_through_the_files(make_window, qtbot):
    window = make_window(connect=False)
    window.open_files(FILES)
    qtbot.waitUntil(lambda: window.session.snapshot().replay is not None, timeout=20_000)
    qtbot.keyClick(window, Qt.Key.Key_PageDown)
    qtbot.waitUntil(lambda: titled(window) == FILES[1].name, timeout=20_000)
    qtbot.keyClick(window, Qt.Key.Key_PageUp)
    qtbot.waitUntil(lambda: titled(window) == FILES[0].name, timeout=20_000)


def titled(window):
    replay = window.session.snapshot().replay
    return replay.title if replay else ""
