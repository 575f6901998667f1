"""On a screen of 1366×768 nothing is cut off, and what is done has more room than what is shown."""

import cv2
import numpy as np

from fluoroview.viewer.dialogs.help_dialog import keys_and_texts
from fluoroview.viewer.widgets.control_rows import COMPACT_ROW_PX, ROW_PX
from fluoroview.viewer.widgets.lamp import COMPACT_PX, HEIGHT_PX

LOW, TALL = (1366, 768), (1366, 1200)


def test_a_low_window_gives_its_height_to_the_tabs(make_window, qtbot):
    window = make_window(driver="theatre", device="one")
    ui = window.ui
    qtbot.waitUntil(lambda: bool(ui.procedure_panel.rows))
    heights = {}
    for size, lamp_px, row_px in ((TALL, HEIGHT_PX, ROW_PX), (LOW, COMPACT_PX, COMPACT_ROW_PX)):
        window.resize(*size)
        qtbot.waitUntil(lambda lamp_px=lamp_px: ui.lamp.height() == lamp_px)
        rows = ui.procedure_panel.rows.values()
        qtbot.waitUntil(lambda px=row_px, rows=rows: {row.height() for row in rows} == {px})
        heights[size] = ui.dose.sizeHint().height()
    assert heights[LOW] < 0.85 * heights[TALL]


def test_keys_and_mouse_fit_the_screen(window):
    size = window.help.sizeHint()
    assert size.width() < LOW[0]
    assert size.height() < 0.9 * LOW[1]
    words = dict(keys_and_texts())
    assert "↕" in words["Right drag"]
    assert "↕" in words["Ctrl + wheel"]


def test_the_skin_map_is_seen_whole_however_small_its_window_is(window, qtbot, tmp_path, grey_of):
    drawn = np.full((900, 1200), 40, np.uint8)
    drawn[:8], drawn[-8:], drawn[:, :8], drawn[:, -8:] = 255, 255, 255, 255
    place = tmp_path / "skin.png"
    cv2.imwrite(str(place), drawn)
    dialog = window.skin_map
    dialog.show()
    dialog._show(str(place))
    dialog.resize(700, 420)
    qtbot.waitUntil(lambda: dialog.width() == 700)
    seen = grey_of(dialog.image)
    bright = np.argwhere(seen > 150)
    (top, left), (bottom, right) = bright.min(axis=0), bright.max(axis=0)
    assert (right - left) / (bottom - top) == np.clip((right - left) / (bottom - top), 1.30, 1.37)
    for edge in (seen[top + 1, left:right], seen[bottom - 1, left:right]):
        assert np.median(edge) > 150
